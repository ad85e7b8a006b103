//! Deep active learning: train a good classifier from few labels.
//!
//! The loop asks for labels, trains, and asks again. Here it runs on embedded images of digits whose labels are hidden:
//!
//! ```
//! use deepal::{ActiveLearner, Oracle, datasets, metric, nets, strategy};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let data = (datasets::by_name("digits")?.load)(&datasets::Downloads::default())?;
//! let oracle = Oracle::new(data.train_labels.clone());
//! let net = nets::build("mlp", data.train.meta(), &nets::Options::default())?;
//! let mut learner = ActiveLearner::new(data.train, net, strategy::build("margin")?, 1)?;
//! learner.update(&oracle.annotate(&learner.initial(20))?)?;
//! learner.train()?;
//! for _round in 1..=3 {
//!     let query = learner.query(20)?; //            which samples to label next
//!     learner.update(&oracle.annotate(&query)?)?; // hidden labels here, or a person
//!     learner.train()?; //                          refit on all labels so far
//! }
//! let accuracy = metric::accuracy(&learner.predict(data.test.as_ref())?, &data.test_labels);
//! assert!(accuracy > 0.7, "80 labels of 1,438 reach {accuracy}");
//! # Ok(())
//! # }
//! ```
//!
//! | to | use | start from |
//! | --- | --- | --- |
//! | compare strategies, with statistics and a report | [`StudyPlan`], [`Study`] | `examples/compare_own_strategy.rs`, `compare_own_net.rs` |
//! | label your own data with a person | [`Source`], [`ActiveLearner`] | `examples/label_own_folder.rs` |
//! | keep answers on disk, and measure the accuracy | [`project`] | |
//! | pick rows of arrays, tables or folders | [`select()`] | |
//! | add a data set | [`Dataset`], or fill an [`InMemory`] | `examples/custom_dataset.rs` |
//! | add a net | [`Classifier`] for a Burn module, with fast layers from [`kernels`], or [`Net`] | `examples/custom_net.rs` |
//! | add a strategy | [`Strategy`] | `examples/custom_strategy.rs` |
//!
//! [`contract`] checks data sets, nets and strategies of your own. The engine returns [`Error`]; errors of the other crates convert to it
//! with `?`. [`CoreError`] and [`DataError`] are theirs. [`burn`] and [`ndarray`] are re-exported, as their types are in signatures.

pub use burn;
pub use ndarray;

pub use deepal_core::Error as CoreError;
pub use deepal_core::{
    ActiveLearner, Annotation, Ask, Attack, Budget, Calibration, Chooser, Class, Data, Dataset, Experiment,
    InMemory, InitialSet, Meta, Net, Oracle, Pool, Query, Round, SampleId, Selection, Signal, Signals, Sizes,
    SoftmaxRegression, Spec, StateDict, Step, Strategy, TrainReport, Trained, TrainedNet, TrainingJob,
    UpperBound, provide,
};
pub use deepal_core::{
    contract, duplicates, metric, net, score, seed, select, settings, signals, stats, strategy,
};

pub use deepal_data::source::{self, Source};
pub use deepal_data::{Error as DataError, datasets, files, formats, outputs, stores};

pub use deepal_nn::{
    BurnNet, Classifier, Device, Noise, Optimizer, Output, Schedule, Training, kernels, nets,
};

pub use deepal_engine::{
    About, Analysis, ArrayFiles, Catalog, Config, Embedded, Error, Estimate, Form, Job, JobNews, Kind,
    Monitor, Moved, News, Origin, Outputs, PickFrom, Predicted, Prediction, Preprocess, Pretrained, Record,
    SelectOptions, Selected, SourceChoice, Study, StudyPlan, StudySettings, TableColumns, Task, TaskSettings,
    TrainingChoice, analysis, embed, export, report, select, select_arrays, text, threads,
};

#[cfg(feature = "project")]
pub use deepal_project as project;
