//! `deepal predict`: what a trained net makes of a user's own data.

use super::{Outcome, print_bytes};
use crate::interrupt::STOP;
use crate::progress::{ProgressMode, Terminal, say};
use clap::Args;
use deepal::files::write_in_pieces;
use deepal::{Error, Form, Monitor, Prediction};
use std::path::PathBuf;

/// Options of `deepal predict`.
#[derive(Debug, Args)]
pub(crate) struct PredictArgs {
    /// A folder or zip of pictures, a table, a file of arrays, or a data.toml
    #[arg(value_name = "SOURCE")]
    source: PathBuf,
    /// The net, as `deepal export RUN --net` wrote it
    #[arg(long, value_name = "NET.safetensors")]
    net: PathBuf,
    /// Where the pretrained net is now whose embeddings it learnt from [default: where it was then]
    #[arg(long, value_name = "FEATURES.onnx")]
    model: Option<PathBuf>,
    /// The table to write; JSON lines if its name ends so [default: standard output, as CSV]
    #[arg(short, long, value_name = "P.csv|P.jsonl")]
    out: Option<PathBuf>,
    /// The probabilities of all classes too: columns `p_CLASS`, or an object `probs`
    #[arg(long)]
    probs: bool,
}

pub(crate) fn run(args: &PredictArgs) -> Outcome {
    let terminal = Terminal::new(ProgressMode::Auto);
    let hear = |news: deepal::News<'_>| terminal.hear(&news);
    let monitor = Monitor { hear: &hear, stop: &STOP };
    let prediction = Prediction::open(&args.net, &args.source, args.model.clone(), monitor)?;
    let extension =
        args.out.as_ref().and_then(|out| out.extension()).and_then(|extension| extension.to_str());
    let form = if matches!(extension, Some("jsonl" | "ndjson")) { Form::JsonLines } else { Form::Csv };
    let right = match &args.out {
        Some(path) => {
            let mut right = 0;
            write_in_pieces::<Error>(path, |write| {
                right = prediction.table(form, args.probs, monitor, &mut |piece| Ok(write(piece)?))?;
                Ok(())
            })?;
            right
        }
        None => prediction.table(form, args.probs, monitor, &mut |piece| print_bytes(piece))?,
    };
    if let Some(sentence) = prediction.accuracy(right) {
        say(&sentence);
    }
    Ok(())
}
