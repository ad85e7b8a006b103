//! Labelling projects: answers that last, the next questions, a net from all labels, and an accuracy that is true.
//!
//! A [`Project`] is a folder with one SQLite file of append-only events; its [`State`] is a fold over them. The answer to a question is
//! on disk before [`Project::answer`] returns. Training and choosing questions is [`Work`], which another thread can do meanwhile.
//!
//! ```text
//! source ──▶ Project ──State──▶ page, program, Python
//!              ▲  │
//!      Answer ─┘  └─ Work (owned snapshot) ──run, on any thread──▶ Done ──Project::adopt──▶ new batch
//! ```

mod accuracy;
mod answer;
mod cross_validation;
mod events_check;
mod fold;
mod forecast;
mod outputs;
mod project;
mod reserve;
mod setup;
mod sheet;
mod state;
mod status;
mod store;
mod take_in;
mod train;
mod wanted;
mod work;

pub use accuracy::{Accuracy, FEWEST};
pub use answer::{Action, Answer, AskedBy, EventId};
pub use cross_validation::CrossValidation;
pub use forecast::{Forecast, NEXT};
pub use project::{Project, train_source};
pub use setup::Setup;
pub use state::{Batch, ClassInfo, Decision, Item, NetRecord, Question, State, TrainingRecord};
pub use status::Status;
pub use store::FILE;
pub use take_in::TakenIn;
pub use wanted::{Differs, Wanted};
pub use work::{Done, Work};
