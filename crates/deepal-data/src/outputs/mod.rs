//! What `deepal` writes for other programs: Parquet tables and TensorBoard's event files.

pub mod tables;
pub mod tensorboard;
