//! Picks among rows of a table.

use super::memory::{Need, bytes};
use super::{SelectOptions, Selected, ask, by_rows, calibration, check_given, sample, say_without};
use crate::error::{Context, Error, Result, bail};
use crate::monitor::Monitor;
use deepal_core::{Class, Signal, Signals, Sizes, Strategy};
use deepal_data::formats::columns::{self, Columns, Part};
use deepal_data::source::order_by_id;
use ndarray::{Array2, s};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Bytes of a list of a table while it is read, besides its numbers: how long it is, in a vector that doubles.
const OF_A_LIST: usize = 32;

/// Columns of a table (.csv, .tsv, .jsonl, .parquet) with a row for each sample.
#[derive(Debug, Clone, Default)]
pub struct TableColumns {
    /// The table.
    pub path: PathBuf,
    /// The column with ids; with it the order of the rows does not change what is picked.
    pub id: Option<String>,
    /// The column with labels: rows that have one are labelled already.
    pub label: Option<String>,
    /// The columns with class probabilities: one of lists, or several by a pattern such as `p_*`.
    pub probs: Option<String>,
    /// The columns with embeddings, likewise.
    pub embeddings: Option<String>,
}

/// Ids and labels are read first, then the columns of the candidates alone. With ids the strategy sees the rows in the order of those,
/// see [`order_by_id`].
pub(super) fn select(
    table: &TableColumns,
    strategy: &dyn Strategy,
    options: &SelectOptions,
    monitor: &Monitor<'_>,
) -> Result<Selected> {
    check_given(strategy, table.label.is_none(), |signal| match signal {
        Signal::Probs => table.probs.is_some(),
        Signal::Embeddings => table.embeddings.is_some(),
        _ => false,
    })?;
    let path = table.path.as_path();
    let wants =
        |name: &str| [&table.id, &table.label].into_iter().any(|wanted| wanted.as_deref() == Some(name));
    let columns = Columns::read_part(path, &Part { columns: Some(&wants), rows: None })?;
    let n = columns.len();
    let labels = match &table.label {
        Some(name) => {
            let labels = columns.column(name).context("`label`")?.texts();
            labels.into_iter().map(|cell| cell.filter(|cell| !cell.is_empty())).collect()
        }
        None => vec![None; n],
    };
    let ids = table.id.as_ref().map(|name| ids(path, columns, name)).transpose()?;
    let (mut labeled, mut rows) = (0..n).partition::<Vec<_>, _>(|row| labels[*row].is_some());
    if let Some(ids) = &ids {
        order_by_id(&mut labeled, ids);
        order_by_id(&mut rows, ids);
    }
    let needs_labeled = strategy.needs().contains(&Signal::LabeledEmbeddings);
    let labeled = if needs_labeled { labeled } else { Vec::new() };
    let (candidates, picks) = (rows.len(), options.budget);
    let peek = |pattern: &Option<String>| match pattern {
        Some(pattern) => Ok::<_, Error>(Columns::peek(path, pattern)?.map(|[_, width]| width)),
        None => Ok(Some(0)),
    };
    let peeked = peek(&table.embeddings)?.zip(peek(&table.probs)?);
    let sizes = |(features, classes)| Sizes { candidates, labeled: labeled.len(), features, classes, picks };
    if let Some((features, classes)) = peeked {
        let row = |signal: Signal, width| bytes(signal, &[1, width], 1).saturating_add(OF_A_LIST);
        let (embedding, probs) = (row(Signal::Embeddings, features), row(Signal::Probs, classes));
        let fixed = labeled.len().saturating_mul(embedding);
        let sizes = sizes((features, classes));
        // Probabilities are put together from their columns.
        let each = embedding.saturating_add(probs.saturating_mul(2));
        let need = Need { strategy, sizes, fixed, each: [each; 2] };
        need.check(options)?;
    }
    let rows = match sample(rows.len(), options, monitor) {
        Some(sampled) => sampled.into_iter().map(|row| rows[row]).collect(),
        None => rows,
    };
    // Rows that rise, as a table is read.
    let read = |option: &str, pattern: &str, rows: &[usize]| -> Result<Columns> {
        let wants = |name: &str| columns::fits(pattern, name);
        // All rows need not be looked up one by one.
        let part = Part { columns: Some(&wants), rows: (rows.len() < n).then_some(rows) };
        Columns::read_part(path, &part).with_context(|| format!("`{option}`"))
    };
    let mut signals = Signals::new(rows.len());
    let about =
        |option: &str| format!("`{option}` of `{}` (rows are those that are looked at)", path.display());
    if let Some(pattern) = &table.probs {
        let probs = in_order_of(&rows, |rising| {
            let columns = read("probs", pattern, rising)?;
            let names = columns.matching(pattern).context("`probs`")?;
            let probs = columns.matrix(&names)?;
            // While a row that is wrong has its number.
            Signals::new(rising.len()).with_probs(probs.view()).with_context(|| about("probs"))?;
            Ok(probs)
        });
        signals = signals.with_probs(probs?)?;
    }
    if let Some(pattern) = &table.embeddings {
        let of = |rows: &[usize]| {
            in_order_of(rows, |rising| {
                let columns = read("embeddings", pattern, rising)?;
                let embeddings = columns.into_singles(pattern).context("`embeddings`")?;
                let checked = Signals::new(rising.len()).with_embeddings(embeddings.view());
                checked.with_context(|| about("embeddings"))?;
                Ok(embeddings)
            })
        };
        signals = signals.with_embeddings(of(&rows)?)?;
        let known = match labeled.is_empty() {
            true => Array2::zeros((0, signals.embeddings()?.ncols())),
            false => of(&labeled)?,
        };
        signals = signals.with_labeled_embeddings(known).with_context(|| about("embeddings"))?;
        let wants = |signal| strategy.wants().contains(&signal) || strategy.needs().contains(&signal);
        if !labeled.is_empty() && (wants(Signal::Calibration) || wants(Signal::Labels)) {
            let classes = classes(&labeled, &labels);
            if wants(Signal::Calibration) {
                let found = calibration(&signals.labeled_embeddings()?, &classes, &signals, options.seed)?;
                signals = signals.with_calibration(found)?;
            }
            signals = signals.with(Signal::Labels, ndarray::Array1::from(classes))?;
        }
    }
    if peeked.is_none() {
        // Text does not tell its size before it is read, so this is checked after.
        let widths = (
            signals.embeddings().map_or(0, |embeddings| embeddings.ncols()),
            signals.probs().map_or(0, |probs| probs.ncols()),
        );
        let need = Need { strategy, sizes: sizes(widths), fixed: 0, each: [0; 2] };
        need.check(options)?;
    }
    say_without(strategy, &signals, monitor);
    let selection = ask(strategy, &signals, options, monitor)?;
    Ok(Selected { selection: by_rows(selection, Some(&rows)), ids })
}

/// A matrix with row `i` about `rows[i]`, from `read`, which takes rows that rise.
fn in_order_of<T: Copy>(
    rows: &[usize],
    read: impl FnOnce(&[usize]) -> Result<Array2<T>>,
) -> Result<Array2<T>> {
    if rows.is_sorted() {
        return read(rows);
    }
    let mut rising = rows.to_vec();
    rising.sort_unstable();
    let mut matrix = read(&rising)?;
    let mut from = rows.iter().map(|row| rising.partition_point(|other| other < row)).collect::<Vec<_>>();
    arrange(&mut matrix, &mut from);
    Ok(matrix)
}

/// Moves row `from[i]` to row `i`, for all `i` and without a second matrix: cycle by cycle. `from` is a permutation, used up.
fn arrange<T: Copy>(matrix: &mut Array2<T>, from: &mut [usize]) {
    for start in 0..from.len() {
        if from[start] == start {
            continue;
        }
        let first = matrix.row(start).to_owned();
        let mut at = start;
        while from[at] != start {
            let next = from[at];
            let (mut to, row) = matrix.multi_slice_mut((s![at, ..], s![next, ..]));
            to.assign(&row);
            from[at] = at;
            at = next;
        }
        matrix.row_mut(at).assign(&first);
        from[at] = at;
    }
}

/// The classes of labelled rows, in the order of their names.
fn classes(labeled: &[usize], labels: &[Option<String>]) -> Vec<Class> {
    let names = labeled.iter().filter_map(|row| labels[*row].as_deref()).collect::<Vec<_>>();
    let known = names.iter().copied().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>();
    let class = |name: &&str| Class(known.partition_point(|class| class < name) as u16);
    names.iter().map(class).collect()
}

/// The ids of all rows of a table, each once.
fn ids(path: &Path, columns: Columns, name: &str) -> Result<Vec<String>> {
    let wrong = |why: String| deepal_data::Error::Unfit { path: path.into(), why };
    let column = columns.into_column(name).context("`id`")?;
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
