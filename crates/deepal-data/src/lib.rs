//! What `deepal` keeps on disk: data sets, downloads, arrays and run folders.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`datasets`] | the list of published data sets: [`by_name`](datasets::by_name), then [`load`](datasets::Entry::load) |
//! | [`source`] | where their files are looked for: `--data-dir`, the cache, a download |
//! | [`download`] | mirrors, resumption, SHA-256 |
//! | [`idx`], [`cifar`], [`svhn`] | their file formats |
//! | [`images`] | [`Images`], a [`Dataset`](deepal_core::Dataset) of bytes |
//! | [`embeddings`] | embeddings that were computed before |
//! | [`matrix`] | NumPy arrays (`.npy`), read or mapped |
//! | [`own`] | a user's own data: [`Own`](own::Own) tells what a folder, archive or file is |
//! | [`run_store`] | [`RunStore`], the folder of a run |
//! | [`tables`] | the rounds of a run as Parquet |
//! | [`tensorboard`] | the rounds of a run as TensorBoard's event files |
//! | [`weights`] | trained nets as safetensors |
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
pub mod columns;
pub mod datasets;
pub mod download;
mod element;
pub mod embeddings;
pub mod error;
mod files;
pub mod idx;
pub mod images;
pub mod matrix;
pub mod own;
pub mod run_store;
pub mod source;
mod stored;
pub mod svhn;
pub mod tables;
pub mod tensorboard;
pub mod weights;

pub use embeddings::EmbeddingStore;
pub use error::{Error, Kind, Result};
pub use files::{claim, csv_row, sweep, temporary, write_atomically, write_in_pieces};
pub use images::{Images, Scale};
pub use run_store::{Event, Round, RunStore};
pub use source::Source;
