//! `deepal predict`: what a trained net makes of a user's own data.

use super::formulas::FormulaArgs;
use super::{Outcome, ending, print_bytes, wrong};
use crate::interrupt::STOP;
use crate::progress::{ProgressMode, Terminal};
use crate::say::say;
use clap::Args;
use deepal::files::write_in_pieces;
use deepal::project::{self, Project};
use deepal::{Error, Form, Monitor, Prediction};
use std::path::PathBuf;

/// Options of `deepal predict`.
#[derive(Debug, Args)]
pub(crate) struct PredictArgs {
    #[arg(value_name = "SOURCE|PROJECT", help = super::SOURCE_OR_PROJECT)]
    source: PathBuf,
    /// The net that `deepal train` or `deepal export --net` wrote [default: the newest of the project]
    #[arg(long, value_name = "NET.safetensors")]
    net: Option<PathBuf>,
    /// Where the pretrained model is now, if it was moved since the net was trained
    #[arg(long, value_name = "FEATURES.onnx")]
    model: Option<PathBuf>,
    /// The table to write: .csv or .jsonl [default: CSV to standard output]
    #[arg(short, long, value_name = "P.csv")]
    out: Option<PathBuf>,
    /// Also write the probabilities of all classes
    ///
    /// They are columns `p_CLASS`, or an object `probs` in JSON lines.
    #[arg(long)]
    probs: bool,
    #[command(flatten)]
    formulas: FormulaArgs,
}

pub(crate) fn run(args: &PredictArgs) -> Outcome {
    let form = match &args.out {
        Some(out) if ending("--out", out, &["csv", "jsonl", "ndjson"])? != "csv" => Form::JsonLines,
        _ => Form::Csv,
    };
    let terminal = Terminal::new(ProgressMode::Auto, "reading the data");
    let hear = |news: deepal::News<'_>| terminal.hear(&news);
    let monitor = Monitor { hear: &hear, stop: &STOP };
    let (prediction, sentence) = open(args, monitor)?;
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
        return Err(wrong("name a net with `--net NET.safetensors`, or a SOURCE that has a project"));
    };
    let project = Project::read(&folder, monitor)?;
    let Some(net) = project.state().net.clone() else {
        return Err(wrong(format!("`{}` has no net yet; train it with `deepal train`", folder.display())));
    };
    let prediction = Prediction::open(&net.file, &project.setup().source, model, monitor)?;
    let state = project.state();
    let is_open = |id: &str| project.row(id).is_none_or(|row| state.items[row].class.is_none());
    let sentence = format!("the samples without a label; accuracy {}", project.status().accuracy.sentence);
    Ok((prediction.only(is_open), Some(sentence)))
}
