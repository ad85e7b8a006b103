//! `deepal embed`: the embeddings of a source as a file.

use super::model::ModelArgs;
use super::{Outcome, print, wrong};
use crate::interrupt::STOP;
use crate::progress::{ProgressMode, Terminal};
use clap::Args;
use deepal::Monitor;
use deepal::text::count;
use std::path::PathBuf;

/// Options of `deepal embed`.
#[derive(Debug, Args)]
pub(crate) struct EmbedArgs {
    /// A folder or zip of pictures, a file of arrays, or a data.toml
    #[arg(value_name = "SOURCE")]
    source: PathBuf,
    #[command(flatten)]
    model: ModelArgs,
    /// The array to write, [n, d] float32; the ids go beside it, into E.ids.csv
    #[arg(short, long, value_name = "E.npy", default_value = "embeddings.npy")]
    out: PathBuf,
}

pub(crate) fn run(args: &EmbedArgs) -> Outcome {
    let model = args.model.resolve()?;
    let model = model.ok_or_else(|| wrong("name the feature extractor with `--model FEATURES.onnx`"))?;
    let terminal = Terminal::new(ProgressMode::Auto);
    let hear = |news: deepal::News<'_>| terminal.hear(&news);
    let embedded = deepal::embed(&args.source, &model, &args.out, Monitor { hear: &hear, stop: &STOP })?;
    print(&format!(
        "{} of {} numbers in {}, their ids in {}\n",
        count(embedded.n, "embedding", "embeddings"),
        embedded.width,
        args.out.display(),
        embedded.ids.display()
    ))
}
