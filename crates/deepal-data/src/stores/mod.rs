//! What `deepal` writes to read again: run folders, cached embeddings, trained nets.

pub mod embeddings;
pub mod run;
pub mod weights;
