//! Options of pretrained nets, which several commands have.

use super::Outcome;
use clap::Args;
use deepal::source::Resize;
use deepal::{Preprocess, Pretrained};
use std::path::PathBuf;

/// A pretrained net, and how it wants its pictures.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Pretrained net")]
pub(crate) struct ModelArgs {
    /// A feature extractor in ONNX; what it makes of the samples, computed once and kept, is what nets then see
    #[arg(long, value_name = "FEATURES.onnx")]
    pub(crate) model: Option<PathBuf>,
    /// A TOML file with `size`, `mean`, `std`, `resize` or `output`; options win [default: FEATURES.toml beside the model,
    /// if there is one]
    #[arg(long, value_name = "FILE", requires = "model")]
    pub(crate) preprocess: Option<PathBuf>,
    /// Height and width of pictures, for a model that takes any
    #[arg(long, value_name = "H,W", value_delimiter = ',', requires = "model")]
    pub(crate) size: Vec<usize>,
    /// What is subtracted from each channel, 0 to 255; one number or three [default: ImageNet's, 123.675,116.28,103.53]
    #[arg(
        long,
        value_name = "R,G,B",
        value_delimiter = ',',
        allow_negative_numbers = true,
        requires = "model"
    )]
    pub(crate) mean: Vec<f32>,
    /// What each channel is divided by after that [default: ImageNet's, 58.395,57.12,57.375]
    #[arg(long, value_name = "R,G,B", value_delimiter = ',', requires = "model")]
    pub(crate) std: Vec<f32>,
    /// What becomes of a picture of another shape: its middle, all of it stretched, or all of it with borders [default: crop]
    #[arg(long, value_name = "HOW", requires = "model")]
    pub(crate) resize: Option<ResizeName>,
    /// Which output holds the features, of a model with several [default: the first]
    #[arg(long, value_name = "NAME", requires = "model")]
    pub(crate) output: Option<String>,
}

/// [`Resize`] on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ResizeName {
    /// The largest part in the middle that has the shape
    Crop,
    /// All of it, stretched
    Squash,
    /// All of it, with black borders
    Pad,
}

impl ModelArgs {
    /// The net that the options name, with everything that they leave out.
    pub(crate) fn resolve(&self) -> Outcome<Option<Pretrained>> {
        let Some(path) = &self.model else { return Ok(None) };
        let preprocess = Preprocess {
            file: self.preprocess.clone(),
            size: self.size.clone(),
            mean: self.mean.clone(),
            std: self.std.clone(),
            resize: self.resize.map(Into::into),
            output: self.output.clone(),
        };
        Pretrained::open(path, &preprocess).map(Some)
    }
}

impl From<ResizeName> for Resize {
    fn from(name: ResizeName) -> Self {
        match name {
            ResizeName::Crop => Self::Crop,
            ResizeName::Squash => Self::Squash,
            ResizeName::Pad => Self::Pad,
        }
    }
}
