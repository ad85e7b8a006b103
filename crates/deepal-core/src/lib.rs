//! core
mod dataset;
mod error;
mod pool;
pub use dataset::{Data, Dataset, InMemory, Meta};
pub use error::{Error, Result, did_you_mean};
pub use pool::{Annotation, Class, Pool, SampleId};
