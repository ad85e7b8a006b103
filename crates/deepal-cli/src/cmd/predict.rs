//! `deepal predict`: what a trained net makes of a user's own data.

use super::formulas::FormulaArgs;
use super::{Outcome, print_bytes, wrong};
use crate::interrupt::STOP;
use crate::progress::{ProgressMode, Terminal, say};
use clap::Args;
use deepal::files::write_in_pieces;
use deepal::project::{self, Project};
use deepal::{Error, Form, Monitor, Prediction};
use std::path::PathBuf;

/// Options of `deepal predict`.
#[derive(Debug, Args)]
pub(crate) struct PredictArgs {
    /// A folder or zip of pictures, a table, a file of arrays, a data.toml, or a project
    #[arg(value_name = "SOURCE|PROJECT")]
    source: PathBuf,
    /// The net, as `deepal train` or `deepal export RUN --net` wrote it [default: the newest of the project]
    #[arg(long, value_name = "NET.safetensors")]
    net: Option<PathBuf>,
    /// Where the pretrained net is now whose embeddings it learnt from [default: where it was then]
    #[arg(long, value_name = "FEATURES.onnx")]
    model: Option<PathBuf>,
    /// The table to write; JSON lines if its name ends so [default: standard output, as CSV]
    #[arg(short, long, value_name = "P.csv|P.jsonl")]
    out: Option<PathBuf>,
    /// The probabilities of all classes too: columns `p_CLASS`, or an object `probs`
    #[arg(long)]
    probs: bool,
    #[command(flatten)]
    formulas: FormulaArgs,
}

pub(crate) fn run(args: &PredictArgs) -> Outcome {
    let terminal = Terminal::new(ProgressMode::Auto);
    let hear = |news: deepal::News<'_>| terminal.hear(&news);
    let monitor = Monitor { hear: &hear, stop: &STOP };
    let (prediction, sentence) = open(args, monitor)?;
    let extension =
        args.out.as_ref().and_then(|out| out.extension()).and_then(|extension| extension.to_str());
    let form = if matches!(extension, Some("jsonl" | "ndjson")) { Form::JsonLines } else { Form::Csv };
    // Each piece is of whole rows.
    let formulas = FormulaArgs { no_formulas: args.formulas.no_formulas && form == Form::Csv };
    let right = match &args.out {
        Some(path) => {
            let mut right = 0;
            write_in_pieces::<Error>(path, |write| {
                right = prediction
                    .table(form, args.probs, monitor, &mut |piece| Ok(write(&formulas.rows(piece))?))?;
                Ok(())
            })?;
            right
        }
        None => {
            prediction.table(form, args.probs, monitor, &mut |piece| print_bytes(&formulas.rows(piece)))?
        }
    };
    if let Some(sentence) = sentence.or_else(|| prediction.accuracy(right)) {
        say(&sentence);
    }
    Ok(())
}

/// What is predicted, and of a project what is known of its accuracy.
fn open(args: &PredictArgs, monitor: Monitor<'_>) -> Outcome<(Prediction, Option<String>)> {
    let model = args.model.clone();
    if let Some(net) = &args.net {
        let of_project = args.source.join(project::FILE).is_file();
        let source = if of_project {
            Project::read(&args.source, monitor)?.setup().source.clone()
        } else {
            args.source.clone()
        };
        return Ok((Prediction::open(net, &source, model, monitor)?, None));
    }
    let Some(folder) = Project::find(&args.source) else {
        return Err(wrong("name the net with `--net NET.safetensors`; only a project has one of its own"));
    };
    let project = Project::read(&folder, monitor)?;
    let Some(net) = project.state().net.clone() else {
        return Err(wrong(format!("`{}` has no net yet; `deepal train` makes it", folder.display())));
    };
    let prediction = Prediction::open(&net.file, &project.setup().source, model, monitor)?;
    let state = project.state();
    let is_open = |id: &str| project.row(id).is_none_or(|row| state.items[row].class.is_none());
    let sentence = format!("the samples without a label; accuracy {}", project.status().accuracy.sentence);
    Ok((prediction.only(is_open), Some(sentence)))
}
