//! What `deepal` keeps on disk: data sets, downloads, arrays and run folders.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`datasets`] | the list of published data sets: [`by_name`](datasets::by_name), then [`load`](datasets::Entry::load) |
//! | [`source`] | where their files are looked for: `--data-dir`, the cache, a download |
//! | [`download`] | mirrors, resumption, SHA-256 |
//! | [`idx`], [`cifar`], [`svhn`] | their file formats |
//! | [`images`] | [`Images`], a [`Dataset`](deepal_core::Dataset) of bytes |
//! | [`matrix`] | NumPy arrays (`.npy`) |
//! | [`run_store`] | [`RunStore`], the folder of a run |
//! | [`tables`] | the rounds of a run as Parquet |
//! | [`tensorboard`] | the rounds of a run as TensorBoard's event files |
//! | [`error`] | [`Error`], and its [`Kind`] for exit codes |
//!
//! ```
//! use deepal_core::SampleId;
//! use deepal_data::{Source, datasets};
//!
//! let digits = datasets::by_name("digits")?;
//! let data = (digits.load)(&Source::default())?;
//! assert_eq!((data.train.len(), data.test.len()), (1438, 359));
//! assert_eq!(data.train.inputs(&[SampleId(0)])?.dim(), (1, 64));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod cifar;
pub mod datasets;
pub mod download;
pub mod error;
mod files;
pub mod idx;
pub mod images;
pub mod matrix;
pub mod run_store;
pub mod source;
pub mod svhn;
pub mod tables;
pub mod tensorboard;

pub use error::{Error, Kind, Result};
pub use files::{csv_row, write_atomically};
pub use images::{Images, Scale};
pub use run_store::{Event, Round, RunStore};
pub use source::Source;
