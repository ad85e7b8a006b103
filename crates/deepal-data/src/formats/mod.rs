//! File formats, read and written: each a file, none knows what its numbers mean.
//!
//! | module | format |
//! | --- | --- |
//! | [`npy`] | NumPy arrays, read or mapped |
//! | [`columns`] | CSV, TSV, JSON lines and Parquet as columns |
//! | [`idx`] | MNIST's IDX |
//! | [`cifar`] | CIFAR's binary batches |
//! | [`mat`] | SVHN's MATLAB v5 files |

pub mod cifar;
pub mod columns;
pub(crate) mod element;
pub mod idx;
pub mod mat;
pub mod npy;
pub(crate) mod stored;
