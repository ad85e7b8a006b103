//! What can be wrong with a model, each with the file and what to do about it.

use std::io;
use std::path::PathBuf;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of this crate. Messages are lower-case fragments that fit after "error: ", whole without their cause.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The system refuses to read the file.
    #[error("cannot read `{}`: {cause}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        cause: io::Error,
    },
    /// The file is no ONNX model, or a damaged one.
    #[error("`{}` is not an ONNX model, or is damaged: {why}; export the net to ONNX again", .path.display())]
    NotOnnx {
        /// The file.
        path: PathBuf,
        /// What was found instead.
        why: String,
    },
    /// The model has operators that cannot be computed.
    #[error(
        "`{}` uses {operators}, which is not supported; export the net for inference, up to its pooled features, with \
         standard ONNX operators only",
        .path.display()
    )]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// Their names, separated by commas.
        operators: String,
    },
    /// The model is no extractor of features: its inputs or outputs have another form.
    #[error("`{}` {why}", .path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong with them, and what to do.
        why: String,
    },
    /// The model cannot be made ready to run, or fails to.
    #[error("`{}` cannot be computed: {why}; export the net with other settings, or choose another", .path.display())]
    Run {
        /// The file.
        path: PathBuf,
        /// The reason in the words of the ONNX library.
        why: String,
    },
    /// Inputs, or what the model made of them, that are not as they should be.
    #[error(transparent)]
    Core(#[from] deepal_core::Error),
}
