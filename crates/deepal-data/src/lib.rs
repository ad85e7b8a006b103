//! What `deepal` reads and writes: data sets, a user's own data, arrays, run folders.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`datasets`] | the published data sets: [`by_name`](datasets::by_name), then [`load`](datasets::Entry::load) |
//! | [`source`] | a user's own data: [`Source`] tells what a folder, archive or file is |
//! | [`formats`] | file formats |
//! | [`stores`] | run folders, cached embeddings, trained nets |
//! | [`outputs`] | tables for other programs |
//! | [`files`] | files and folders that are whole or not there |
//! | [`error`] | [`Error`], and its [`Kind`] for exit codes |
//!
//! ```
//! use deepal_core::SampleId;
//! use deepal_data::datasets::{self, Downloads};
//!
//! let digits = datasets::by_name("digits")?;
//! let data = (digits.load)(&Downloads::default())?;
//! assert_eq!((data.train.len(), data.test.len()), (1438, 359));
//! assert_eq!(data.train.inputs(&[SampleId(0)])?.dim(), (1, 64));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod datasets;
pub mod error;
pub mod files;
pub mod formats;
pub mod outputs;
pub mod source;
pub mod stores;

pub use error::{Error, Kind, Result};
pub use files::{csv_row, write_atomically, write_in_pieces};
pub use source::Source;
