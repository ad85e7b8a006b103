//! `deepal select`: strategies on arrays from anywhere.

use crate::cli::SelectArgs;
use crate::exit::Usage;
use anyhow::{Context, bail};
use deepal::{Selection, Signal, Signals, strategy};
use deepal_data::matrix::{read_2d, read_2d_f32, read_3d};
use ndarray::{Array2, ArrayBase, Axis, RawData};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

pub(crate) fn run(args: &SelectArgs) -> anyhow::Result<()> {
    let entry = strategy::by_name(&args.strategy)?;
    let strategy = (entry.build)();
    for need in strategy.needs() {
        let (given, option) = match need {
            Signal::Probs => (args.probs.is_some(), "--probs"),
            Signal::McProbs { .. } => (args.mc_probs.is_some(), "--mc-probs"),
            Signal::Embeddings => (args.embeddings.is_some(), "--embeddings"),
            Signal::LabeledEmbeddings => (true, "--labeled-embeddings"),
            _ => bail!(Usage(format!(
                "strategy `{}` needs a net to attack, not arrays; use `deepal run`",
                entry.name
            ))),
        };
        if !given {
            bail!(Usage(format!("strategy `{}` looks at {need}; give them with `{option}`", entry.name)));
        }
    }
    let selection = strategy.select(&signals(args)?, args.budget, args.seed)?;
    let table = csv(&selection);
    match &args.out {
        Some(path) => deepal_data::write_atomically(path, table.as_bytes())?,
        None => std::io::stdout().write_all(table.as_bytes())?,
    }
    Ok(())
}

/// All arrays given, checked against each other.
fn signals(args: &SelectArgs) -> anyhow::Result<Signals<'static>> {
    let mut signals: Option<Signals<'static>> = None;
    let mut labeled_width = None;
    if let Some(path) = &args.probs {
        let probs = read_2d(path)?;
        signals = Some(about(signals, &probs, 0).with_probs(probs).with_context(|| name(path))?);
    }
    if let Some(path) = &args.mc_probs {
        let probs = read_3d(path)?;
        signals = Some(about(signals, &probs, 1).with_mc_probs(probs).with_context(|| name(path))?);
    }
    if let Some(path) = &args.embeddings {
        let embeddings = read_2d_f32(path)?;
        labeled_width = Some(embeddings.ncols());
        signals =
            Some(about(signals, &embeddings, 0).with_embeddings(embeddings).with_context(|| name(path))?);
    }
    let Some(signals) = signals else {
        bail!(Usage("no array of candidates; give `--probs`, `--mc-probs` or `--embeddings`".into()));
    };
    match (&args.labeled_embeddings, labeled_width) {
        (Some(path), _) => signals.with_labeled_embeddings(read_2d_f32(path)?).with_context(|| name(path)),
        (None, Some(width)) => Ok(signals.with_labeled_embeddings(Array2::zeros((0, width)))?),
        (None, None) => Ok(signals),
    }
}

/// The signals so far, or none yet about as many candidates as `array` has.
fn about<S: RawData, D: ndarray::Dimension>(
    signals: Option<Signals<'static>>,
    array: &ArrayBase<S, D>,
    axis: usize,
) -> Signals<'static> {
    signals.unwrap_or_else(|| Signals::new(array.len_of(Axis(axis))))
}

fn name(path: &Path) -> String {
    format!("`{}`", path.display())
}

fn csv(selection: &Selection) -> String {
    let mut table = String::from("rank,row,score\n");
    for (i, row) in selection.rows.iter().enumerate() {
        let score = selection.scores.as_ref().map_or(String::new(), |scores| scores[i].to_string());
        let _ = writeln!(table, "{},{row},{score}", i + 1);
    }
    table
}
