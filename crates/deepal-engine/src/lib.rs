//! The engine of `deepal`: everything that its program, its library and its other doors do, without arguments, terminal or exit codes.
//!
//! | to | use |
//! | --- | --- |
//! | compare strategies | [`StudyPlan`], then [`Study`], then [`Outputs`] |
//! | pick what to label next | [`select()`], [`select_arrays`] |
//! | predict with a trained net | [`Prediction`] |
//! | write labels and nets of a run, or labels of a project | [`Export`](export::Export), [`write_answers`](export::write_answers) |
//! | compute embeddings | [`embed`] |
//! | add a strategy, net or data set of your own | [`Catalog`] |
//! | hear about progress, and stop | [`Monitor`] |
//!
//! It never prints and never exits; what goes wrong is an [`Error`], whose [`kind`](Error::kind) says what it is about.

pub mod analysis;
mod catalog;
mod config;
mod cost;
mod data;
mod embed;
mod error;
pub mod export;
mod file;
mod groups;
mod jobs;
mod machine;
mod monitor;
mod origin;
mod outputs;
mod pixels;
mod plan;
mod predict;
mod pretrained;
mod recorded;
#[cfg(feature = "report")]
mod report;
mod retrain;
mod select;
mod sources;
mod study;
mod study_settings;
pub mod text;
mod trained_net;

pub use analysis::Analysis;
pub use catalog::Catalog;
pub use config::{Config, Task};
pub use embed::{Embedded, embed};
pub use error::{Error, Kind, Result};
pub use jobs::Job;
pub use machine::threads;
pub use monitor::{JobNews, Monitor, News};
pub use origin::Origin;
pub use outputs::{Outputs, Record, report};
pub use plan::Estimate;
pub use predict::{Form, Predicted, Prediction};
pub use pretrained::{Preprocess, Pretrained};
pub use select::{
    ArrayFiles, PickFrom, SelectOptions, Selected, SourceChoice, TableColumns, check_classes, select,
    select_arrays,
};
pub use sources::open as open_source;
pub use study::{Study, StudyPlan};
pub use study_settings::{StudySettings, TaskSettings, TrainingChoice, default_net};
pub use trained_net::{About, Moved, write as write_net};
