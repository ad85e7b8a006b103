//! `deepal embed`: the embeddings of a source as a file.

use super::model::ModelArgs;
use super::{Outcome, ending, print, wrong};
use crate::interrupt::STOP;
use crate::progress::{ProgressMode, Terminal};
use clap::Args;
use deepal::Monitor;
use deepal::text::count;
use std::path::PathBuf;

/// Options of `deepal embed`.
#[derive(Debug, Args)]
pub(crate) struct EmbedArgs {
    #[arg(value_name = "SOURCE", help = super::SOURCE)]
    source: PathBuf,
    /// The array to write, [n, d] float32; the ids go into E.ids.csv beside it
    #[arg(short, long, value_name = "E.npy", default_value = "embeddings.npy")]
    out: PathBuf,
    #[command(flatten)]
    model: ModelArgs,
}

pub(crate) fn run(args: &EmbedArgs) -> Outcome {
    ending("--out", &args.out, &["npy"])?;
    let terminal = Terminal::new(ProgressMode::Auto, "loading the model");
    let model = args.model.resolve()?;
    let model = model.ok_or_else(|| wrong("name the feature extractor with `--model FEATURES.onnx`"))?;
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
