//! Labels that belong to ids: the table `labels.csv`.

use super::roles::{ANSWER, LABEL, LABEL_TOO};
use super::spelling::Spellings;
use super::{Found, Manifest, Problem};
use crate::error::{Error, Result};
use crate::files::leads_out;
use crate::formats::columns::{Columns, Part, is_missing};
use deepal_core::did_you_mean;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Column names for the id, by rank.
pub(super) const IDS: [&str; 6] = ["id", "file_name", "filename", "path", "file", "image"];
/// The answer that no label is wanted, besides none.
pub(super) const SKIP: &str = "skip";
/// The column of a labelling project's tables that says how a question came up.
pub(super) const ASKED_BY: &str = "asked_by";
/// What it says of a question that the strategy picked, and the column of a run's exported labels with the strategy's name.
pub(super) const STRATEGY: &str = "strategy";
/// The columns by which a run's exported labels are known.
const OF_RUN: [&str; 6] = ["dataset", "net", STRATEGY, "seed", "round", "rank"];
/// The strategy that draws a random sample.
const RANDOM: &str = "random";
/// The name of the table.
pub(super) const BESIDE: &str = "labels.csv";
/// Problems of one kind that are reported one by one.
const TOLD: usize = 20;

/// A row of the table.
pub(super) struct Answer {
    pub(super) id: String,
    pub(super) what: What,
    /// Whether the table says that a strategy picked the sample.
    is_chosen: bool,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    Label(String),
    /// There is no answer.
    Nothing,
    /// No label is known, and none is wanted.
    Skip,
    /// The label is wrong, so that none is known.
    Rejected,
}

impl What {
    /// Of a label, and of what a labelling tool says of it.
    pub(super) fn of(label: Option<String>, answer: Option<&str>) -> Self {
        match (answer.map(str::to_ascii_lowercase).as_deref(), label) {
            (Some("reject"), _) => Self::Rejected,
            (Some("ignore"), _) => Self::Skip,
            (_, None) => Self::Nothing,
            (_, Some(label)) if label.eq_ignore_ascii_case(SKIP) => Self::Skip,
            (_, Some(label)) => Self::Label(label),
        }
    }
}

impl What {
    /// Whether both mean the same in a table that belongs to a source, where no answer means `skip`.
    pub(super) fn is(&self, other: &Self) -> bool {
        let is_empty = |what: &Self| matches!(what, Self::Nothing | Self::Skip);
        self == other || is_empty(self) && is_empty(other)
    }
}

impl std::fmt::Display for What {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Label(label) => write!(f, "`{label}`"),
            Self::Nothing | Self::Skip => f.write_str("nothing"),
            Self::Rejected => f.write_str("a rejected label"),
        }
    }
}

/// Adds the labels of the table that the manifest names, or of `labels.csv` in a folder, beside a file or in an archive, to those of the
/// source; the table wins. A row about no sample is a problem, and an error if all are.
pub(super) fn put(path: &Path, folder: &Path, manifest: &Manifest, found: &mut Found) -> Result<()> {
    let Some(Table { path: table, packed }) = table(path, folder, manifest, found) else { return Ok(()) };
    let wrong = |why: String| Error::unfit(&table, why);
    let answers = match packed {
        Some(bytes) => of(&Columns::of_csv(&table, &bytes, &manifest.layout()?)?, &table, manifest)?,
        None => read(&table, manifest)?,
    };
    let is_zip = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("zip"));
    let (ids, mut labels) = (std::mem::take(&mut found.ids), std::mem::take(&mut found.labels));
    let spellings = Spellings::new(&ids, (path.is_dir() || is_zip).then_some(path));
    let (mut given, mut unknown, mut n_chosen) = (HashMap::<usize, usize>::new(), Vec::new(), 0);
    for (at, answer) in answers.iter().enumerate() {
        let Some(row) = spellings.row(&answer.id) else {
            unknown.push(at);
            continue;
        };
        let before = given.insert(row, at);
        n_chosen +=
            usize::from(before.is_none() && answer.is_chosen && matches!(answer.what, What::Label(_)));
        if let Some(before) = before.filter(|before| !answers[*before].what.is(&answer.what)) {
            let (before, rows) = (&answers[before], (before + 1, at + 1));
            return Err(wrong(format!(
                "has two answers for `{}`: {} in row {} (`{}`) and {} in row {} (`{}`); remove one",
                ids[row], before.what, rows.0, before.id, answer.what, rows.1, answer.id
            )));
        }
        labels[row] = match &answer.what {
            What::Label(label) => Some(label.clone()),
            What::Nothing | What::Skip | What::Rejected => None,
        };
        // Who keeps a list of all samples with the labels they have does not want to be asked about the others.
        if answer.what.is(&What::Skip) {
            found.skipped.push(ids[row].clone());
        }
    }
    if let (Some(first), true) = (unknown.first(), unknown.len() == answers.len()) {
        let id = &answers[*first].id;
        let known = ids.iter().map(String::as_str).collect::<Vec<_>>();
        let nearest = did_you_mean(id, &known).or_else(|| known.first().copied()).unwrap_or_default();
        return Err(wrong(format!(
            "has {} rows, and none is about a sample of `{}`: its first id is `{id}`, and the nearest there is `{nearest}`; \
             correct the ids, or name the right table as `labels` in data.toml",
            answers.len(),
            path.display()
        )));
    }
    for at in unknown.iter().take(TOLD) {
        let what = format!("{} row {}", table.display(), at + 1);
        let why = format!("names `{}`, which fits no sample or several; ignored", answers[*at].id);
        found.problems.push(Problem { what, why });
    }
    if unknown.len() > TOLD {
        let why = format!("has {} more rows about what is not there", unknown.len() - TOLD);
        found.problems.push(Problem { what: table.display().to_string(), why });
    }
    let labelled = answers.iter().filter(|answer| matches!(answer.what, What::Label(_))).count();
    let skipped = answers.iter().filter(|answer| answer.what.is(&What::Skip)).count();
    let mut note = format!("{labelled} answers were read from `{}`", table.display());
    if skipped > 0 {
        note += &format!("; {skipped} are empty or `{SKIP}`, so they are not asked again");
    }
    if !answers.is_empty() {
        found.notes.push(note);
    }
    (found.ids, found.labels, found.n_chosen) = (ids, labels, n_chosen);
    Ok(())
}

/// A table of labels.
#[derive(Debug, Clone)]
pub(super) struct Table {
    /// Its file, or how it is called in messages.
    pub(super) path: PathBuf,
    /// What is in it, if it is packed with the source.
    pub(super) packed: Option<Arc<[u8]>>,
}

/// Where the labels are, if they are anywhere. What is beside an archive can be edited, so it comes before what is in it.
pub(super) fn table(path: &Path, folder: &Path, manifest: &Manifest, found: &Found) -> Option<Table> {
    if let Some(labels) = &manifest.labels {
        return Some(Table { path: folder.join(labels), packed: None });
    }
    let is_folder = path.is_dir();
    let beside = if is_folder { path.join(BESIDE) } else { path.with_file_name(BESIDE) };
    // The listing of the folder says so.
    let is_followed = !(is_folder && leads_out(&beside, path));
    let is_there = beside != path && is_followed && beside.is_file();
    if is_there { Some(Table { path: beside, packed: None }) } else { found.table.clone() }
}

/// The answers of a table with a heading.
pub(super) fn read(path: &Path, manifest: &Manifest) -> Result<Vec<Answer>> {
    of(&Columns::read_as(path, &Part::default(), &manifest.layout()?)?, path, manifest)
}

fn of(columns: &Columns, path: &Path, manifest: &Manifest) -> Result<Vec<Answer>> {
    let named = |names: &[&str]| {
        let column =
            |name: &&str| columns.names().iter().find(|column| column.eq_ignore_ascii_case(name)).cloned();
        names.iter().find_map(column)
    };
    let label = named(&LABEL).or_else(|| named(&LABEL_TOO)).or_else(|| named(&[ANSWER]));
    let (Some(id), Some(label)) = (named(&IDS), label) else {
        return Err(Error::unfit(
            path,
            format!(
                "must have a column of ids ({}) and one of classes ({}, …); its columns are {}",
                IDS.join(", "),
                LABEL.join(", "),
                columns.names().join(", ")
            ),
        ));
    };
    let answer = named(&[ANSWER]).filter(|answer| *answer != label);
    let answers = answer.map(|answer| columns.cells(&answer)).transpose()?;
    let chosen = chosen(columns)?;
    let ids = columns.column(&id)?.texts().into_iter();
    let labels = columns.column(&label)?.texts().into_iter();
    let labels = labels.map(|label| label.map(|label| label.trim().to_owned()));
    let is_none = |label: &String| is_missing(label, &manifest.missing) && !manifest.classes.contains(label);
    let one = |(at, (id, label)): (usize, (Option<String>, Option<String>))| {
        let answer = answers.as_ref().and_then(|answers| answers[at].as_deref());
        let label = label.filter(|label| !is_none(label));
        let is_class = label.as_ref().is_some_and(|label| manifest.classes.contains(label));
        let what = match label {
            Some(label) if is_class && answer.is_none() => What::Label(label),
            label => What::of(label, answer),
        };
        Answer { id: id.unwrap_or_default(), what, is_chosen: chosen.get(at).is_some_and(|chosen| *chosen) }
    };
    Ok(ids.zip(labels).enumerate().map(one).collect())
}

/// Which rows a strategy picked, as the table says: `strategy` as `asked_by`, or exported labels of a run by another strategy than
/// `random`. Empty if it says nothing.
fn chosen(columns: &Columns) -> Result<Vec<bool>> {
    let has = |name: &str| columns.names().iter().any(|column| column == name);
    let cells = |name: &str, is: &dyn Fn(&str) -> bool| -> Result<Vec<bool>> {
        let cells = columns.cells(name)?;
        Ok(cells.iter().map(|cell| cell.as_deref().is_some_and(|cell| is(cell.trim()))).collect())
    };
    if has(ASKED_BY) {
        return cells(ASKED_BY, &|by| by == STRATEGY);
    }
    match OF_RUN.iter().all(|name| has(name)) {
        true => cells(STRATEGY, &|strategy| !strategy.is_empty() && strategy != RANDOM),
        false => Ok(Vec::new()),
    }
}
