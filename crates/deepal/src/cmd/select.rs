//! `deepal select`: strategies on arrays from anywhere.

use crate::cli::SelectArgs;
use crate::exit::Usage;
use anyhow::{Context, bail};
use deepal::{Selection, Signal, Signals, strategy};
use deepal_data::matrix::{read_2d, read_2d_f32, read_3d};
use ndarray::{Array2, Axis};
use std::fmt::Write as _;
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
        Some(path) => Ok(deepal_data::write_atomically(path, table.as_bytes())?),
        None => super::print(&table),
    }
}

/// All arrays given, checked against each other: the first says how many candidates there are.
fn signals(args: &SelectArgs) -> anyhow::Result<Signals<'static>> {
    let mut arrays = Arrays::default();
    if let Some(path) = &args.probs {
        let probs = read_2d(path).context("`--probs`")?;
        arrays.add("--probs", path, probs.nrows(), |signals| signals.with_probs(probs))?;
    }
    if let Some(path) = &args.mc_probs {
        let probs = read_3d(path).context("`--mc-probs`")?;
        arrays.add("--mc-probs", path, probs.len_of(Axis(1)), |signals| signals.with_mc_probs(probs))?;
    }
    let mut width = None;
    if let Some(path) = &args.embeddings {
        let embeddings = read_2d_f32(path).context("`--embeddings`")?;
        width = Some(embeddings.ncols());
        arrays
            .add("--embeddings", path, embeddings.nrows(), |signals| signals.with_embeddings(embeddings))?;
    }
    let Some((signals, _)) = arrays.first else {
        bail!(Usage("no array of candidates; give `--probs`, `--mc-probs` or `--embeddings`".into()));
    };
    match (&args.labeled_embeddings, width) {
        (Some(path), _) => {
            let embeddings = read_2d_f32(path).context("`--labeled-embeddings`")?;
            signals
                .with_labeled_embeddings(embeddings)
                .with_context(|| format!("`--labeled-embeddings {}`", path.display()))
        }
        (None, Some(width)) => Ok(signals.with_labeled_embeddings(Array2::zeros((0, width)))?),
        (None, None) => Ok(signals),
    }
}

/// The signals so far, and the option that gave the first of them.
#[derive(Default)]
struct Arrays {
    first: Option<(Signals<'static>, String)>,
}

impl Arrays {
    /// Adds an array about `n` candidates.
    fn add(
        &mut self,
        option: &str,
        path: &Path,
        n: usize,
        add: impl FnOnce(Signals<'static>) -> deepal::Result<Signals<'static>>,
    ) -> anyhow::Result<()> {
        let given = format!("`{option} {}`", path.display());
        let (signals, first) = self.first.take().unwrap_or_else(|| (Signals::new(n), given.clone()));
        let about = || match first == given {
            true => given.clone(),
            false => format!("{given} (the candidates are counted in {first})"),
        };
        self.first = Some((add(signals).with_context(about)?, first.clone()));
        Ok(())
    }
}

fn csv(selection: &Selection) -> String {
    let mut table = String::from("rank,row,score\n");
    for (i, row) in selection.rows.iter().enumerate() {
        let score = selection.scores.as_ref().map_or(String::new(), |scores| scores[i].to_string());
        let _ = writeln!(table, "{},{row},{score}", i + 1);
    }
    table
}
