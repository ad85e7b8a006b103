//! What to label next: in a user's own data, in a table, or among rows of arrays.

mod arrays;
pub(crate) mod memory;
mod source;
mod table;
#[cfg(test)]
mod tests;

pub use arrays::{ArrayFiles, select_arrays};
pub use memory::check_classes;
pub use source::SourceChoice;
pub use table::TableColumns;

use crate::catalog::Catalog;
use crate::error::{Error, Result, bail};
use crate::groups::group;
use crate::monitor::Monitor;
use deepal_core::signals::Origin;
use deepal_core::{Calibration, Class, Selection, Signal, Signals, SoftmaxRegression, Strategy, select};
use deepal_data::csv_row;
use deepal_data::outputs::tables::{self, Pick};
use ndarray::ArrayRef2;
use std::path::Path;

/// How to pick, whatever it is picked from.
#[derive(Debug, Clone)]
pub struct SelectOptions {
    /// The strategy, with settings as in `bald(passes=50)`.
    pub strategy: String,
    /// How many to pick; all if there are fewer.
    pub budget: usize,
    /// The seed of what is random.
    pub seed: u64,
    /// Look at only so many of the candidates, drawn at random by seed.
    pub candidates: Option<usize>,
    /// The most bytes that the process may take; `None`: what the system has.
    pub memory: Option<f64>,
}

impl SelectOptions {
    /// So many picks by the default strategy, with seed 1.
    pub fn new(budget: usize) -> Self {
        Self {
            strategy: deepal_core::strategy::DEFAULT.into(),
            budget,
            seed: 1,
            candidates: None,
            memory: None,
        }
    }
}

/// What was picked.
#[derive(Debug, Clone, PartialEq)]
pub struct Selected {
    /// The rows of what it was picked from, the most wanted first, with scores where the strategy ranks.
    pub selection: Selection,
    /// The ids of all rows, if they have any.
    pub ids: Option<Vec<String>>,
}

impl Selected {
    /// The picks with their ranks, from 1.
    pub fn picks(&self) -> Vec<Pick<'_>> {
        let Selection { rows, scores } = &self.selection;
        let pick = |(at, row): (usize, &usize)| Pick {
            rank: at + 1,
            id: self.ids.as_ref().map(|ids| ids[*row].as_str()),
            row: *row,
            score: scores.as_ref().map(|scores| scores[at]),
        };
        rows.iter().enumerate().map(pick).collect()
    }

    /// A table `rank,id,row,score`, without the id where there is none.
    pub fn csv(&self) -> Vec<u8> {
        let has_ids = self.ids.is_some();
        let mut table = if has_ids { b"rank,id,row,score\n".to_vec() } else { b"rank,row,score\n".to_vec() };
        for Pick { rank, id, row, score } in self.picks() {
            let (rank, row, score) =
                (rank.to_string(), row.to_string(), score.map_or(String::new(), |score| score.to_string()));
            match id {
                Some(id) => table.extend(csv_row([rank.as_str(), id, &row, &score])),
                None => table.extend(csv_row([rank, row, score])),
            }
        }
        table
    }

    /// Writes the picks: JSON lines or Parquet if the name says so, else CSV.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let bytes = match path.extension().and_then(|extension| extension.to_str()) {
            Some("jsonl") => {
                let mut lines = Vec::new();
                for pick in self.picks() {
                    serde_json::to_writer(&mut lines, &pick)?;
                    lines.push(b'\n');
                }
                lines
            }
            Some("parquet") => tables::picks(&self.picks())?,
            _ => self.csv(),
        };
        Ok(deepal_data::write_atomically(path, &bytes)?)
    }
}

/// What is picked from.
#[derive(Debug, Clone)]
pub enum PickFrom {
    /// A user's own data.
    Source(SourceChoice),
    /// Columns of a table.
    Table(TableColumns),
    /// Arrays from files.
    Arrays(ArrayFiles),
}

/// Picks what to label next.
///
/// # Errors
/// An unknown strategy or net; what the strategy needs is not there, does not fit together, or does not fit into the memory.
pub fn select(
    from: &PickFrom,
    options: &SelectOptions,
    catalog: &Catalog,
    monitor: Monitor<'_>,
) -> Result<Selected> {
    if group(&options.strategy).is_some() {
        let why = "stands for several strategies, which only a run can compare; name one of them";
        bail!(Error::Setting(format!("`{}` {why}", options.strategy)));
    }
    let strategy = catalog.strategy(&options.strategy)?;
    if let Some(note) = catalog.other_name(&options.strategy) {
        monitor.note(&note);
    }
    match from {
        PickFrom::Source(choice) => source::select(choice, strategy, options, catalog, &monitor),
        PickFrom::Table(columns) => table::select(columns, strategy.as_ref(), options, &monitor),
        PickFrom::Arrays(files) => arrays::select(files, strategy.as_ref(), options, &monitor),
    }
}

/// Checks that what a strategy needs is given. While nothing is labelled, one that starts cold needs embeddings alone.
fn check_given(strategy: &dyn Strategy, is_cold: bool, is_given: impl Fn(Signal) -> bool) -> Result<()> {
    let starts_cold = strategy.starts_cold();
    for need in strategy.needs() {
        let Some(option) = need.kind().option else {
            bail!(Error::Setting(format!(
                "strategy `{}` needs a net to attack, not arrays; use `deepal run`",
                strategy.name()
            )));
        };
        let is_about_labeled = need.kind().shape.contains(&deepal_core::signals::Dim::Labeled);
        let may_lack = is_about_labeled || (is_cold && starts_cold && need != Signal::Embeddings);
        if !may_lack && !is_given(need) {
            let unless = match starts_cold && need == Signal::Probs {
                true => " (it needs none while nothing is labelled)",
                false => "",
            };
            bail!(Error::Setting(format!(
                "strategy `{}` looks at {need}; give them with `{option}`{unless}",
                strategy.name()
            )));
        }
    }
    Ok(())
}

/// How many of the candidates are looked at; `None`: all.
fn sample_size(candidates: usize, options: &SelectOptions) -> Option<usize> {
    options.candidates.filter(|size| *size < candidates)
}

/// The candidates that are looked at, in their order; `None`: all.
fn sample(candidates: usize, options: &SelectOptions, monitor: &Monitor<'_>) -> Option<Vec<usize>> {
    let size = sample_size(candidates, options)?;
    monitor.note(&format!("looking at {size} of {candidates} candidates, drawn by seed {}", options.seed));
    let mut sampled = select::random(candidates, size, options.seed);
    sampled.sort_unstable();
    Some(sampled)
}

/// The same picks by rows of the file; `rows`: those of the candidates, `None`: all.
fn by_rows(selection: Selection, rows: Option<&[usize]>) -> Selection {
    let Selection { rows: picked, scores } = selection;
    Selection { rows: picked.into_iter().map(|row| rows.map_or(row, |rows| rows[row])).collect(), scores }
}

/// How far a softmax regression on labelled embeddings, `[m, d]`, can be trusted.
fn calibration(
    embeddings: &ArrayRef2<f32>,
    labels: &[Class],
    signals: &Signals<'_>,
    seed: u64,
) -> Result<Calibration> {
    let of_labels = labels.iter().map(|class| class.index() + 1).max().unwrap_or(0);
    let n_classes = signals.probs().map_or(0, |probs| probs.ncols()).max(of_labels);
    Ok(SoftmaxRegression::default().calibrate(embeddings, labels, n_classes, seed)?)
}

/// Asks the strategy, and says so if it has no opinion.
fn ask(
    strategy: &dyn Strategy,
    signals: &Signals<'_>,
    options: &SelectOptions,
    monitor: &Monitor<'_>,
) -> Result<Selection> {
    if !signals.is_empty() && signals.probs().is_ok_and(|probs| probs.ncols() == 1) {
        bail!(Error::Setting(
            "`probs` or `logits` has one column; give one for each class: of two, p and 1 - p, or 0 and z"
                .into()
        ));
    }
    let selection = deepal_core::strategy::ask(strategy, signals, options.budget, options.seed)?;
    say_if_drawn(strategy, selection.scores.is_none(), monitor);
    Ok(selection)
}

/// Says that picks were drawn at random if a strategy that ranks gave no scores.
fn say_if_drawn(strategy: &dyn Strategy, is_unranked: bool, monitor: &Monitor<'_>) {
    if strategy.one_by_one() && is_unranked {
        monitor.note(&format!(
            "strategy `{}` scores all candidates the same, so picks are drawn at random by seed",
            strategy.name()
        ));
    }
}

/// Says that a strategy would use the classes of what is labelled, which were not given.
fn say_without(strategy: &dyn Strategy, signals: &Signals<'_>, monitor: &Monitor<'_>) {
    let is_cold = signals.labeled_embeddings().is_ok_and(|labeled| labeled.is_empty());
    let wants = strategy.wants().contains(&Signal::Calibration);
    if !is_cold && wants && !signals.has(Signal::Calibration) {
        monitor.note(&format!(
            "`{}` can pick better if it knows the classes of the labelled samples; give them as `labels`, or as `label` of a table",
            strategy.name()
        ));
    }
}

/// Whether a signal comes from a trained net.
fn is_of_net(signal: &Signal) -> bool {
    signal.kind().origin == Origin::Net
}
