//! `deepal select`: strategies on arrays from anywhere.

use crate::cli::SelectArgs;
use crate::config;
use crate::exit::Usage;
use crate::model;
use crate::pick::{Picks, pick};
use crate::progress;
use anyhow::{Context, bail};
use deepal::{Selection, Signal, Signals, Strategy, select, strategy};
use deepal_data::columns::Columns;
use deepal_data::csv_row;
use deepal_data::matrix::{Matrix, read_2d, read_3d};
use deepal_data::tables::{self, Asked};
use ndarray::{Array2, Axis};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

pub(crate) fn run(args: &SelectArgs) -> anyhow::Result<()> {
    let entry = strategy::by_name(&args.strategy)?;
    let strategy = (entry.build)();
    if let Some(source) = &args.source {
        return of_source(source, strategy, args);
    }
    if args.model.model.is_some() {
        bail!(Usage("`--model` needs a SOURCE to make embeddings of".into()));
    }
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
    let matrices = Matrices::open(args)?;
    let Pool { signals, ids, rows } = match &args.table {
        Some(table) => of_table(table, args)?,
        None => Pool { signals: signals(args, &matrices)?, ids: None, rows: None },
    };
    // Rows of the file that are looked at; `None`: all.
    let sampled =
        args.candidates.map(|n| usize::try_from(n).unwrap_or(usize::MAX)).filter(|n| *n < signals.len());
    let sampled = sampled.map(|n| {
        progress::say(&format!(
            "looking at {n} of {} candidates, drawn by seed {}",
            signals.len(),
            args.seed
        ));
        let mut sampled = select::random(signals.len(), n, args.seed);
        sampled.sort_unstable();
        sampled
    });
    let selection = match &sampled {
        Some(sampled) => strategy.select(&signals.of(sampled), args.budget, args.seed)?,
        None => strategy.select(&signals, args.budget, args.seed)?,
    };
    let row = |row: usize| {
        let row = sampled.as_ref().map_or(row, |sampled| sampled[row]);
        rows.as_ref().map_or(row, |rows| rows[row])
    };
    let Selection { rows: picked, scores } = selection;
    let picks = Picks { rows: picked.into_iter().map(row).collect(), scores };
    write(&picks, ids.as_deref(), args.out.as_deref())
}

/// What is chosen from.
struct Pool<'a> {
    signals: Signals<'a>,
    /// Of all rows of the file.
    ids: Option<Vec<String>>,
    /// The candidates' rows of the file; `None`: all in their order.
    rows: Option<Vec<usize>>,
}

/// The candidates of a table.
fn of_table<'a>(path: &Path, args: &SelectArgs) -> anyhow::Result<Pool<'a>> {
    let columns = Columns::read(path)?;
    let wrong = |why: String| deepal_data::Error::Own { path: path.into(), why };
    let cells = |option: &str, name: &str| -> anyhow::Result<_> {
        Ok(columns.column(name).with_context(|| format!("`--{option}`"))?.texts())
    };
    let mut ids = None;
    if let Some(name) = &args.id {
        let found = cells("id", name)?.into_iter().enumerate();
        let found = found.map(|(row, id)| {
            id.ok_or_else(|| wrong(format!("row {} has no id in column `{name}`", row + 1)))
        });
        let found = found.collect::<Result<Vec<_>, _>>()?;
        let mut seen = HashSet::new();
        if let Some(id) = found.iter().find(|id| !seen.insert(id.as_str())) {
            bail!(wrong(format!("two rows have the id `{id}` in column `{name}`")));
        }
        ids = Some(found);
    }
    let is_labeled = match &args.label {
        Some(name) => cells("label", name)?
            .iter()
            .map(|cell| cell.as_deref().is_some_and(|cell| !cell.is_empty()))
            .collect(),
        None => vec![false; columns.len()],
    };
    let (labeled, rows) = (0..columns.len()).partition::<Vec<_>, _>(|row| is_labeled[*row]);
    let matrix = |option: &str, pattern: &Path| -> anyhow::Result<Array2<f64>> {
        let names = columns.matching(&pattern.to_string_lossy()).with_context(|| format!("`--{option}`"))?;
        Ok(columns.matrix(&names)?)
    };
    let mut signals = Signals::new(rows.len());
    let about = |option: &str| format!("`--{option}` of `{}` (rows are those without label)", path.display());
    if let Some(pattern) = &args.probs {
        let probs = matrix("probs", pattern)?.select(Axis(0), &rows);
        signals = signals.with_probs(probs).with_context(|| about("probs"))?;
    }
    if let Some(pattern) = &args.embeddings {
        let embeddings = matrix("embeddings", pattern)?.mapv(|value| value as f32);
        let of = |rows: &[usize]| embeddings.select(Axis(0), rows);
        signals = signals.with_embeddings(of(&rows)).with_context(|| about("embeddings"))?;
        signals = signals.with_labeled_embeddings(of(&labeled)).with_context(|| about("embeddings"))?;
    }
    Ok(Pool { signals, ids, rows: Some(rows) })
}

/// Picks in a user's own data.
fn of_source(source: &Path, strategy: Box<dyn Strategy>, args: &SelectArgs) -> anyhow::Result<()> {
    let model = args.model.resolve()?;
    let mut own = model::open(source, model.as_ref())?;
    if let Some(share) = args.dedup {
        own = model::without_copies(own, share)?;
    }
    model::tell(&own);
    let net = args.net.as_deref().unwrap_or(config::default_net(&own.meta()));
    let picks = pick(&own, strategy, net, args.budget, args.seed)?;
    write(&picks, Some(&own.ids), args.out.as_deref())
}

/// Writes picks with the ids of all rows, if they have any.
fn write(picks: &Picks, ids: Option<&[String]>, out: Option<&Path>) -> anyhow::Result<()> {
    let Picks { rows, scores } = picks;
    let asked = rows.iter().enumerate().map(|(at, row)| Asked {
        rank: at + 1,
        id: ids.map(|ids| ids[*row].as_str()),
        row: *row,
        score: scores.as_ref().map(|scores| scores[at]),
    });
    let asked = asked.collect::<Vec<_>>();
    let Some(path) = out else { return super::print(&String::from_utf8_lossy(&csv(&asked, ids.is_some()))) };
    let bytes = match path.extension().and_then(|extension| extension.to_str()) {
        Some("jsonl") => jsonl(&asked)?,
        Some("parquet") => tables::asked(&asked)?,
        _ => csv(&asked, ids.is_some()),
    };
    Ok(deepal_data::write_atomically(path, &bytes)?)
}

/// Embeddings, looked at where they are.
struct Matrices {
    embeddings: Option<Matrix>,
    labeled: Option<Matrix>,
}

impl Matrices {
    fn open(args: &SelectArgs) -> anyhow::Result<Self> {
        let open =
            |option: &str, path: &Option<PathBuf>| match path.as_deref().filter(|_| args.table.is_none()) {
                Some(path) => Matrix::open(path).map(Some).with_context(|| format!("`--{option}`")),
                None => Ok(None),
            };
        Ok(Self {
            embeddings: open("embeddings", &args.embeddings)?,
            labeled: open("labeled-embeddings", &args.labeled_embeddings)?,
        })
    }
}

/// All arrays given, checked against each other: the first says how many candidates there are.
fn signals<'a>(args: &SelectArgs, matrices: &'a Matrices) -> anyhow::Result<Signals<'a>> {
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
    if let (Some(path), Some(matrix)) = (&args.embeddings, &matrices.embeddings) {
        let embeddings = matrix.view();
        width = Some(embeddings.ncols());
        arrays
            .add("--embeddings", path, embeddings.nrows(), |signals| signals.with_embeddings(embeddings))?;
    }
    let Some((signals, _)) = arrays.first else {
        bail!(Usage("no array of candidates; give `--probs`, `--mc-probs` or `--embeddings`".into()));
    };
    match (&args.labeled_embeddings, &matrices.labeled, width) {
        (Some(path), Some(matrix), _) => signals
            .with_labeled_embeddings(matrix.view())
            .with_context(|| format!("`--labeled-embeddings {}`", path.display())),
        (_, _, Some(width)) => Ok(signals.with_labeled_embeddings(Array2::zeros((0, width)))?),
        (_, _, None) => Ok(signals),
    }
}

/// The signals so far, and the option that gave the first of them.
#[derive(Default)]
struct Arrays<'a> {
    first: Option<(Signals<'a>, String)>,
}

impl<'a> Arrays<'a> {
    /// Adds an array about `n` candidates.
    fn add(
        &mut self,
        option: &str,
        path: &Path,
        n: usize,
        add: impl FnOnce(Signals<'a>) -> deepal::Result<Signals<'a>>,
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

fn csv(asked: &[Asked<'_>], has_ids: bool) -> Vec<u8> {
    let mut table = if has_ids { b"rank,id,row,score\n".to_vec() } else { b"rank,row,score\n".to_vec() };
    for Asked { rank, id, row, score } in asked {
        let (rank, row, score) =
            (rank.to_string(), row.to_string(), score.map_or(String::new(), |score| score.to_string()));
        match id {
            Some(id) => table.extend(csv_row([rank.as_str(), id, &row, &score])),
            None => table.extend(csv_row([rank, row, score])),
        }
    }
    table
}

fn jsonl(asked: &[Asked<'_>]) -> anyhow::Result<Vec<u8>> {
    let mut lines = Vec::new();
    for asked in asked {
        serde_json::to_writer(&mut lines, asked)?;
        lines.push(b'\n');
    }
    Ok(lines)
}
