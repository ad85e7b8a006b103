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
    /// A pretrained feature extractor in ONNX; nets then learn from its embeddings
    ///
    /// Each embedding is computed once and cached.
    #[arg(long, value_name = "FEATURES.onnx")]
    pub(crate) model: Option<PathBuf>,
    /// A TOML file with `size`, `mean`, `std`, `resize` or `output` [default: FEATURES.toml beside the model, if it exists]
    ///
    /// Options win over the file.
    #[arg(long, value_name = "FILE", requires = "model", hide_short_help = true)]
    pub(crate) preprocess: Option<PathBuf>,
    /// Height and width of pictures, for a model that takes any size
    #[arg(long, value_name = "H,W", value_delimiter = ',', requires = "model", hide_short_help = true)]
    pub(crate) size: Vec<usize>,
    /// Subtract this from each channel, 0 to 255; one number or three [default: ImageNet's, 123.675,116.28,103.53]
    #[arg(
        long,
        value_name = "R,G,B",
        value_delimiter = ',',
        allow_negative_numbers = true,
        requires = "model",
        hide_short_help = true
    )]
    pub(crate) mean: Vec<f32>,
    /// Then divide each channel by this [default: ImageNet's, 58.395,57.12,57.375]
    #[arg(long, value_name = "R,G,B", value_delimiter = ',', requires = "model", hide_short_help = true)]
    pub(crate) std: Vec<f32>,
    /// How pictures of another shape are resized [default: crop]
    #[arg(long, value_name = "HOW", requires = "model", hide_short_help = true)]
    pub(crate) resize: Option<ResizeName>,
    /// The output with the features, of a model with several [default: the first]
    #[arg(long, value_name = "NAME", requires = "model", hide_short_help = true)]
    pub(crate) output: Option<String>,
}

/// [`Resize`] on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ResizeName {
    /// Cut out the middle
    Crop,
    /// Stretch the whole picture
    Squash,
    /// Keep the whole picture, with black borders
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
