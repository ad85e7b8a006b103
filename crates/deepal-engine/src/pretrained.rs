//! Pretrained nets: which one, how it wants its pictures, and embeddings by it.

#[cfg(not(feature = "onnx"))]
use crate::error::Error;
use crate::error::{Context, Result};
use crate::monitor::Monitor;
use deepal_data::source::{Manifest, Model, Resize, Source, Transform};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// How a pretrained net wants its pictures, where the net itself does not say it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Preprocess {
    /// A TOML file with `size`, `mean`, `std` or `resize`; the fields below win [default: a `.toml` beside the net, if there is one].
    pub file: Option<PathBuf>,
    /// One number, or height and width, for a net that takes any.
    pub size: Vec<usize>,
    /// What is subtracted from each channel, 0 to 255; one number or one for each [default: ImageNet's].
    pub mean: Vec<f32>,
    /// What each channel is divided by after that [default: ImageNet's].
    pub std: Vec<f32>,
    /// What becomes of a picture of another shape [default: its middle is taken].
    pub resize: Option<Resize>,
    /// Which output holds the features, of a net with several [default: the first].
    pub output: Option<String>,
}

/// A pretrained net as settings keep it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pretrained {
    /// Its file.
    pub path: PathBuf,
    /// The SHA-256 of its files, one after the other, in hexadecimal.
    pub sha256: String,
    /// How pictures become its inputs; `None` for a net of vectors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<Transform>,
    /// The output that holds the features; `None`: the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
}

impl Pretrained {
    /// The pretrained net in a file, with everything that `preprocess` leaves out.
    ///
    /// # Errors
    /// A file that is no net that can be used, settings that do not fit it, or a build without the feature `onnx`.
    pub fn open(path: &Path, preprocess: &Preprocess) -> Result<Self> {
        #[cfg(feature = "onnx")]
        return with_onnx::resolve(path, preprocess);
        #[cfg(not(feature = "onnx"))]
        {
            let _ = preprocess;
            Err(missing(path))
        }
    }

    /// The pretrained net for a source: the one that is given, or else that of its manifest.
    ///
    /// # Errors
    /// A manifest that cannot be read, or as [`open`](Self::open).
    pub fn of(source: &Path, given: Option<&Self>) -> Result<Option<Self>> {
        if given.is_some() {
            return Ok(given.cloned());
        }
        let (manifest, folder) = Manifest::of(source)?;
        let Some(model) = manifest.model else { return Ok(None) };
        let Model { file, size, mean, std, resize, output } = model;
        let preprocess = Preprocess { file: None, size, mean, std, resize, output };
        Self::open(&folder.join(file), &preprocess).context("`model` in data.toml").map(Some)
    }

    /// The same samples with embeddings for inputs. They are cached by content, so an interrupted call resumes.
    pub(crate) fn embed(&self, source: Source, monitor: &Monitor<'_>) -> Result<Source> {
        #[cfg(feature = "onnx")]
        return with_onnx::embed(source, self, monitor);
        #[cfg(not(feature = "onnx"))]
        {
            let (_, _) = (source, monitor);
            Err(missing(&self.path))
        }
    }

    /// The SHA-256 of the files of a net, one after the other, in hexadecimal.
    pub(crate) fn sha256(path: &Path) -> Result<String> {
        #[cfg(feature = "onnx")]
        return with_onnx::sha256(path);
        #[cfg(not(feature = "onnx"))]
        Err(missing(path))
    }
}

#[cfg(not(feature = "onnx"))]
fn missing(path: &Path) -> Error {
    Error::Setting(format!(
        "`{}` is a pretrained net, and this build cannot run it; build with the feature `onnx`",
        path.display()
    ))
}

#[cfg(feature = "onnx")]
mod with_onnx;
