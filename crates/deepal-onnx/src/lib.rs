//! Features of a pretrained net: an ONNX model, computed on the CPU in pure Rust. No other crate names the ONNX library.
//!
//! ```no_run
//! use deepal_onnx::Extractor;
//! use ndarray::Array2;
//!
//! let extractor = Extractor::load("efficientnet.onnx".as_ref(), None, None)?;
//! let [channels, height, width] = extractor.shape();
//! let pictures = Array2::<f32>::zeros((10, channels * height * width));
//! assert_eq!(extractor.embed(&pictures)?.dim(), (10, extractor.width()));
//! # Ok::<(), deepal_onnx::Error>(())
//! ```

mod bounds;
mod error;
mod extractor;
mod form;

pub use error::{Error, Result};
pub use extractor::Extractor;
pub use form::{Form, files};
