//! `deepal select`: strategies on arrays from anywhere.

use crate::cli::SelectArgs;
use crate::config;
use crate::exit::Usage;
use crate::fits::Need;
use crate::model;
use crate::pick::{Picks, pick};
use crate::progress;
use crate::words;
use anyhow::{Context, bail};
use deepal::score::softmax;
use deepal::{Class, Selection, Signal, Signals, SoftmaxRegression, Strategy, select, strategy};
use deepal_data::columns::{self, Columns, Part};
use deepal_data::csv_row;
use deepal_data::matrix::{Matrix, read_2d, read_2d_f32, read_3d, read_classes};
use deepal_data::own::Open;
use deepal_data::tables::{self, Asked};
use ndarray::{Array2, Axis};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Bytes of a list of a table while it is read, besides its numbers: how long it is, in a vector that doubles.
const OF_A_LIST: usize = 32;

pub(crate) fn run(args: &SelectArgs) -> anyhow::Result<()> {
    let default = if args.rare_classes { strategy::FOR_RARE_CLASSES } else { strategy::DEFAULT };
    let entry = strategy::by_name(args.strategy.as_deref().unwrap_or(default))?;
    let strategy = (entry.build)();
    if let Some(source) = &args.source {
        return of_source(source, strategy, args);
    }
    if args.model.model.is_some() {
        bail!(Usage("`--model` needs a SOURCE to make embeddings of".into()));
    }
    let is_cold = args.labeled_embeddings.is_none() && args.label.is_none() && strategy.starts_cold();
    for need in strategy.needs() {
        let (given, option) = match need {
            Signal::Probs => (is_cold || args.probs.is_some() || args.logits.is_some(), "--probs"),
            Signal::McProbs { .. } => (args.mc_probs.is_some(), "--mc-probs"),
            Signal::Embeddings => (args.embeddings.is_some(), "--embeddings"),
            Signal::LabeledEmbeddings => (true, "--labeled-embeddings"),
            _ => bail!(Usage(format!(
                "strategy `{}` needs a net to attack, not arrays; use `deepal run`",
                entry.name
            ))),
        };
        if !given {
            let unless = match strategy.starts_cold() && need == Signal::Probs {
                true => " (it needs none while nothing is labelled)",
                false => "",
            };
            bail!(Usage(format!(
                "strategy `{}` looks at {need}; give them with `{option}`{unless}",
                entry.name
            )));
        }
    }
    match &args.table {
        Some(table) => of_table(table, strategy.as_ref(), args),
        None => of_arrays(strategy.as_ref(), args),
    }
}

/// Picks in arrays.
fn of_arrays(strategy: &dyn Strategy, args: &SelectArgs) -> anyhow::Result<()> {
    let mut labeled = 0;
    if let Some(path) = &args.labeled_embeddings {
        let ([n, d], is_mapped) = Matrix::peek(path).context("`--labeled-embeddings`")?;
        labeled = if is_mapped { 0 } else { n * d * size_of::<f32>() };
    }
    if let Some(path) = &args.embeddings {
        let ([n, d], is_mapped) = Matrix::peek(path).context("`--embeddings`")?;
        let row = d.saturating_mul(size_of::<f32>());
        let need = Need {
            strategy,
            candidates: n,
            features: d,
            budget: args.budget,
            // A mapped file takes only memory that is to spare.
            fixed: labeled + if is_mapped { 0 } else { n.saturating_mul(row) },
            each: [row, 0],
        };
        need.check(sample_size(n, args).unwrap_or(n), limit(args))?;
    }
    let matrices = Matrices::open(args)?;
    let signals = signals(args, &matrices)?;
    say_without(strategy, &signals);
    let sampled = sample(signals.len(), args);
    let selection = match &sampled {
        Some(sampled) => strategy.select(&signals.of(sampled), args.budget, args.seed)?,
        None => strategy.select(&signals, args.budget, args.seed)?,
    };
    write_rows(selection, sampled.as_deref(), None, args)
}

/// How many of the candidates are looked at; `None`: all.
fn sample_size(candidates: usize, args: &SelectArgs) -> Option<usize> {
    let size = args.candidates.map(|n| usize::try_from(n).unwrap_or(usize::MAX));
    size.filter(|size| *size < candidates)
}

/// The candidates that are looked at, in their order; `None`: all.
fn sample(candidates: usize, args: &SelectArgs) -> Option<Vec<usize>> {
    let size = sample_size(candidates, args)?;
    progress::say(&format!("looking at {size} of {candidates} candidates, drawn by seed {}", args.seed));
    let mut sampled = select::random(candidates, size, args.seed);
    sampled.sort_unstable();
    Some(sampled)
}

/// The bytes that `--memory` allows.
fn limit(args: &SelectArgs) -> Option<f64> {
    args.memory.map(|megabytes| 1e6 * megabytes as f64)
}

/// Writes what was selected of these rows of the file; `None`: of all.
fn write_rows(
    selection: Selection,
    rows: Option<&[usize]>,
    ids: Option<&[String]>,
    args: &SelectArgs,
) -> anyhow::Result<()> {
    let Selection { rows: picked, scores } = selection;
    let row = |row: usize| rows.map_or(row, |rows| rows[row]);
    let picks = Picks { rows: picked.into_iter().map(row).collect(), scores };
    write(&picks, ids, args.out.as_deref())
}

/// Picks in a table: ids and labels are read first, then the columns of the candidates alone.
fn of_table(path: &Path, strategy: &dyn Strategy, args: &SelectArgs) -> anyhow::Result<()> {
    let wants =
        |name: &str| [&args.id, &args.label].into_iter().any(|wanted| wanted.as_deref() == Some(name));
    let columns = Columns::read_part(path, &Part { columns: Some(&wants), rows: None })?;
    let n = columns.len();
    let labels = match &args.label {
        Some(name) => {
            let labels = columns.column(name).context("`--label`")?.texts();
            labels.into_iter().map(|cell| cell.filter(|cell| !cell.is_empty())).collect()
        }
        None => vec![None; n],
    };
    let ids = args.id.as_ref().map(|name| ids(path, columns, name)).transpose()?;
    let (labeled, rows) = (0..n).partition::<Vec<_>, _>(|row| labels[*row].is_some());
    let needs_labeled = strategy.needs().contains(&Signal::LabeledEmbeddings);
    let labeled = if needs_labeled { labeled } else { Vec::new() };
    let (candidates, budget) = (rows.len(), args.budget);
    let looked_at = sample_size(candidates, args).unwrap_or(candidates);
    let mut is_checked = false;
    if let Some(pattern) = &args.embeddings
        && let Some([_, features]) = Columns::peek(path, &pattern.to_string_lossy())?
    {
        let row = features.saturating_mul(size_of::<f32>());
        let fixed = labeled.len().saturating_mul(row);
        let need =
            Need { strategy, candidates, features, budget, fixed, each: [row.saturating_add(OF_A_LIST); 2] };
        need.check(looked_at, limit(args))?;
        is_checked = true;
    }
    let rows = match sample(rows.len(), args) {
        Some(sampled) => sampled.into_iter().map(|row| rows[row]).collect(),
        None => rows,
    };
    let read = |option: &str, pattern: &Path, rows: &[usize]| -> anyhow::Result<Columns> {
        let wants = |name: &str| columns::fits(&pattern.to_string_lossy(), name);
        // All rows need not be looked up one by one.
        let part = Part { columns: Some(&wants), rows: (rows.len() < n).then_some(rows) };
        Columns::read_part(path, &part).with_context(|| format!("`--{option}`"))
    };
    let mut signals = Signals::new(rows.len());
    let about =
        |option: &str| format!("`--{option}` of `{}` (rows are those that are looked at)", path.display());
    if let Some(pattern) = &args.probs {
        let columns = read("probs", pattern, &rows)?;
        let names = columns.matching(&pattern.to_string_lossy()).context("`--probs`")?;
        signals = signals.with_probs(columns.matrix(&names)?).with_context(|| about("probs"))?;
    }
    if let Some(pattern) = &args.embeddings {
        let of = |rows: &[usize]| -> anyhow::Result<_> {
            let columns = read("embeddings", pattern, rows)?;
            columns.into_singles(&pattern.to_string_lossy()).context("`--embeddings`")
        };
        signals = signals.with_embeddings(of(&rows)?).with_context(|| about("embeddings"))?;
        let known = match labeled.is_empty() {
            true => Array2::zeros((0, signals.embeddings()?.ncols())),
            false => of(&labeled)?,
        };
        signals = signals.with_labeled_embeddings(known).with_context(|| about("embeddings"))?;
        if strategy.wants().contains(&Signal::Calibration) && !labeled.is_empty() {
            let names = labeled.iter().filter_map(|row| labels[*row].as_deref()).collect::<Vec<_>>();
            let known = names.iter().copied().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>();
            let class = |name: &&str| Class(known.partition_point(|class| class < name) as u16);
            signals = calibrated(signals, &names.iter().map(class).collect::<Vec<_>>(), args.seed)?;
        }
    }
    if !is_checked && args.embeddings.is_some() {
        // Text does not tell its size before it is read, so this is told after.
        let features = signals.embeddings()?.ncols();
        let need = Need { strategy, candidates, features, budget, fixed: 0, each: [0; 2] };
        need.check(looked_at, limit(args))?;
    }
    say_without(strategy, &signals);
    write_rows(strategy.select(&signals, args.budget, args.seed)?, Some(&rows), ids.as_deref(), args)
}

/// Tells if something is labelled and a strategy would use its calibration, which is not there.
fn say_without(strategy: &dyn Strategy, signals: &Signals<'_>) {
    let is_cold = signals.labeled_embeddings().is_ok_and(|labeled| labeled.is_empty());
    if !is_cold && strategy.wants().contains(&Signal::Calibration) && signals.calibration().is_err() {
        let which = "needs the classes of what is labelled (`--labels`, or `--label` of a table)";
        progress::say(&words::without(strategy.name(), Signal::Calibration, which));
    }
}

/// The ids of all rows of a table, each once.
fn ids(path: &Path, columns: Columns, name: &str) -> anyhow::Result<Vec<String>> {
    let wrong = |why: String| deepal_data::Error::Own { path: path.into(), why };
    let column = columns.into_column(name).context("`--id`")?;
    let ids = column.into_texts().into_iter().enumerate();
    let ids =
        ids.map(|(row, id)| id.ok_or_else(|| wrong(format!("row {} has no id in column `{name}`", row + 1))));
    let ids = ids.collect::<Result<Vec<_>, _>>()?;
    let mut sorted = ids.iter().map(String::as_str).collect::<Vec<_>>();
    sorted.sort_unstable();
    if let Some([id, _]) = sorted.array_windows().find(|[id, next]| id == next) {
        bail!(wrong(format!("two rows have the id `{id}` in column `{name}`")));
    }
    Ok(ids)
}

/// Picks in a user's own data.
fn of_source(source: &Path, strategy: Box<dyn Strategy>, args: &SelectArgs) -> anyhow::Result<()> {
    let model = args.model.resolve()?;
    let mut own = model::open(source, model.as_ref(), &Open::default())?;
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
    if let Some(path) = &args.logits {
        let probs = softmax(&read_2d_f32(path).context("`--logits`")?);
        arrays.add("--logits", path, probs.nrows(), |signals| signals.with_probs(probs))?;
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
        bail!(Usage(
            "no array of candidates; give `--probs`, `--mc-probs` or `--embeddings`, or name a SOURCE".into()
        ));
    };
    match (&args.labeled_embeddings, &matrices.labeled, width) {
        (Some(path), Some(matrix), _) => {
            let signals = signals
                .with_labeled_embeddings(matrix.view())
                .with_context(|| format!("`--labeled-embeddings {}`", path.display()))?;
            match &args.labels {
                Some(path) => calibrated(signals, &read_classes(path).context("`--labels`")?, args.seed)
                    .with_context(|| format!("`--labels {}`", path.display())),
                None => Ok(signals),
            }
        }
        (_, _, Some(width)) => Ok(signals.with_labeled_embeddings(Array2::zeros((0, width)))?),
        (_, _, None) => Ok(signals),
    }
}

/// Adds how far a softmax regression on the labelled embeddings can be trusted.
fn calibrated<'a>(signals: Signals<'a>, labels: &[Class], seed: u64) -> anyhow::Result<Signals<'a>> {
    let of_labels = labels.iter().map(|class| class.index() + 1).max().unwrap_or(0);
    let n_classes = signals.probs().map_or(0, |probs| probs.ncols()).max(of_labels);
    let net = SoftmaxRegression::default();
    let calibration = net.calibrate(&signals.labeled_embeddings()?, labels, n_classes, seed)?;
    Ok(signals.with_calibration(calibration)?)
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
