//! Tables of features: numbers, categories, embeddings, or one column of texts.

use super::inputs::{all_finite, digest};
use super::text::Texts;
use super::{Found, Inputs, Manifest, Split};
use crate::columns::{Column, Columns, number};
use crate::error::{Error, Result};
use ndarray::{Array1, Array2, ArrayViewMut1, Axis, concatenate};
use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Arc;

/// Names of columns that mean something, in upper or lower case.
const ID: [&str; 1] = ["id"];
const LABEL: [&str; 4] = ["label", "class", "target", "category"];
const SPLIT: [&str; 1] = ["split"];
/// The most values of a category.
const MOST_CATEGORIES: usize = 50;
/// The most features.
const MOST_FEATURES: usize = 100_000;
/// The most words in a vocabulary, where nothing is said.
const VOCABULARY: usize = 2000;

/// The rows of a table.
pub(super) fn read(path: &Path, manifest: &Manifest) -> Result<Found> {
    let columns = Columns::read(path)?;
    if columns.is_empty() {
        return Err(Error::Own { path: path.into(), why: "has no row".into() });
    }
    let mut notes = Vec::new();
    let id = role(&columns, manifest.id.as_deref(), &ID)?;
    let label = role(&columns, manifest.label.as_deref(), &LABEL)?;
    let split = role(&columns, manifest.split.as_deref(), &SPLIT)?;
    let ids = match id {
        Some(id) => ids(path, &columns, id)?,
        None => {
            notes.push(
                "the rows have no ids but their numbers, so labels would not follow when rows come or go; name a column as \
                 `id` in data.toml"
                    .into(),
            );
            (1..=columns.len()).map(|row| format!("row-{row}")).collect()
        }
    };
    let labels = match label {
        Some(label) => {
            notes.push(format!("classes are those of column `{label}`"));
            let labels = columns.column(label)?.texts();
            let trimmed = |label: String| Some(label.trim().to_owned()).filter(|label| !label.is_empty());
            let labels = labels.into_iter().map(|label| label.and_then(trimmed)).collect::<Vec<_>>();
            if labels.iter().all(Option::is_none) {
                notes.push(format!("column `{label}` has no class in any row, so nothing is labelled yet"));
            }
            labels
        }
        None => vec![None; columns.len()],
    };
    let parts = match split {
        Some(split) => parts(path, &columns, split)?,
        None => vec![None; columns.len()],
    };
    let used = [id, label, split];
    let features = features(&columns, manifest, &used)?;
    let text = match &manifest.text {
        Some(text) => Some(text.clone()),
        None => only_text(&columns, &features)?,
    };
    let inputs: Arc<dyn Inputs> = match text {
        Some(name) => {
            let texts = Texts::new(columns.column(&name)?.texts(), manifest.vocabulary.unwrap_or(VOCABULARY));
            let texts = texts
                .map_err(|why| Error::Own { path: path.into(), why: format!("column `{name}` {why}") })?;
            notes.push(format!("column `{name}` is text: {}", texts.words()));
            Arc::new(texts)
        }
        None => {
            if manifest.features.is_empty() {
                let unread = columns.unread().iter().map(|(name, kind)| format!("{name} ({kind})"));
                let unread = unread.collect::<Vec<_>>().join(", ");
                if !unread.is_empty() {
                    notes.push(format!("left out, as their kind cannot be read: {unread}"));
                }
            }
            Arc::new(dense(path, columns, &features, &mut notes)?)
        }
    };
    let (classes, problems) = (Vec::new(), Vec::new());
    Ok(Found {
        kind: "table".into(),
        ids,
        labels,
        split: parts,
        classes,
        inputs,
        problems,
        notes,
        image: None,
    })
}

/// The column that the manifest names, or one whose name says it.
fn role<'a>(columns: &'a Columns, named: Option<&'a str>, usual: &[&str]) -> Result<Option<&'a str>> {
    match named {
        Some(name) => columns.column(name).map(|_| Some(name)),
        None => Ok(usual
            .iter()
            .find_map(|usual| columns.names().iter().find(|name| name.eq_ignore_ascii_case(usual)))
            .map(String::as_str)),
    }
}

/// The names of the features, each once and in the table's order.
fn features(columns: &Columns, manifest: &Manifest, used: &[Option<&str>]) -> Result<Vec<String>> {
    let mut wanted = HashSet::new();
    for pattern in &manifest.features {
        wanted.extend(columns.matching(pattern)?);
    }
    let is_feature =
        |name: &&String| !used.contains(&Some(name)) && (wanted.is_empty() || wanted.contains(name.as_str()));
    Ok(columns.names().iter().filter(is_feature).cloned().collect())
}

fn ids(path: &Path, columns: &Columns, name: &str) -> Result<Vec<String>> {
    let id = |(row, id): (usize, Option<String>)| {
        id.ok_or_else(|| Error::Own {
            path: path.into(),
            why: format!("row {} has no id in column `{name}`", row + 1),
        })
    };
    columns.column(name)?.texts().into_iter().enumerate().map(id).collect()
}

/// The part of each row.
fn parts(path: &Path, columns: &Columns, name: &str) -> Result<Vec<Option<Split>>> {
    let part = |(row, text): (usize, Option<String>)| {
        let text = text.unwrap_or_default();
        match text.trim().to_ascii_lowercase().as_str() {
            "test" | "testing" => Ok(Some(Split::Test)),
            "train" | "training" | "val" | "valid" | "validation" => Ok(Some(Split::Train)),
            "" => Ok(None),
            _ => Err(Error::Own {
                path: path.into(),
                why: format!(
                    "column `{name}` has `{text}` in row {}; known are train, validation (part of train), test, or nothing",
                    row + 1
                ),
            }),
        }
    };
    columns.column(name)?.texts().into_iter().enumerate().map(part).collect()
}

/// The name of the only feature if it is text: most cells have several words.
fn only_text(columns: &Columns, features: &[String]) -> Result<Option<String>> {
    let [name] = features else { return Ok(None) };
    let Column::Text(cells) = columns.column(name)? else { return Ok(None) };
    let several = cells.iter().flatten().filter(|text| text.split_whitespace().count() > 2).count();
    Ok((2 * several > columns.len()).then(|| name.clone()))
}

/// Whether 9 of 10 cells that are not missing are numbers.
fn mostly_numbers(column: &Column) -> bool {
    let Column::Text(texts) = column else { return false };
    let (mut given, mut numbers) = (0, 0);
    for text in texts {
        match number(text.as_deref()) {
            Some(number) if number.is_nan() => {}
            Some(_) => (given, numbers) = (given + 1, numbers + 1),
            None => given += 1,
        }
    }
    10 * numbers >= 9 * given
}

/// All features side by side, `[n, d]`.
fn dense(path: &Path, columns: Columns, features: &[String], notes: &mut Vec<String>) -> Result<Features> {
    let wrong = |why: String| Error::Own { path: path.into(), why };
    if let [name] = features
        && let Column::Lists(lists) = columns.column(name)?
    {
        all_finite("embeddings", lists)?;
        // The only feature need not be copied.
        if let Column::Lists(lists) = columns.into_column(name)? {
            return Ok(Features { values: lists, encoding: None });
        }
        return Err(wrong(format!("column `{name}` has no lists")));
    }
    let mut scaled = 0;
    let mut encoded = Vec::new();
    let mut parts = Vec::new();
    let (mut constant, mut left_out) = (Vec::new(), Vec::new());
    for name in features {
        let column = columns.column(name)?;
        if let Column::Lists(lists) = column {
            all_finite("embeddings", lists)?;
            parts.push(lists.clone());
            encoded.push(format!("{name:?} as it is, {}", lists.ncols()));
            continue;
        }
        match column.numbers() {
            Ok(numbers) => {
                if let Some(row) = numbers.iter().position(|number| number.is_infinite()) {
                    return Err(wrong(format!("column `{name}` has {} in row {}", numbers[row], row + 1)));
                }
                match standardised(name, numbers, notes) {
                    Some((values, how)) => {
                        scaled += 1;
                        parts.push(values.insert_axis(Axis(1)));
                        encoded.push(format!("{name:?} {how}"));
                    }
                    None => constant.push(name.as_str()),
                }
            }
            Err(why) if mostly_numbers(column) => {
                return Err(wrong(format!(
                    "column `{name}` {why} as most others are; correct it, or name the columns to learn from as `features` in \
                     data.toml"
                )));
            }
            Err(_) => match one_hot(&column.texts()) {
                Some((values, _)) if values.ncols() == 1 => constant.push(name.as_str()),
                Some((values, how)) => {
                    encoded.push(format!("{name:?} {how}"));
                    notes.push(format!(
                        "column `{name}` became {} columns, one for each value",
                        values.ncols()
                    ));
                    parts.push(values);
                }
                None => left_out.push(name.as_str()),
            },
        }
        let width = parts.iter().map(|part| part.ncols()).sum::<usize>();
        if width > MOST_FEATURES {
            return Err(wrong(format!(
                "has more than {MOST_FEATURES} features; name fewer as `features` in data.toml"
            )));
        }
    }
    if scaled > 0 {
        notes.push(format!(
            "{scaled} columns of numbers were shifted and scaled to mean 0 and standard deviation 1"
        ));
    }
    if !constant.is_empty() {
        notes.push(format!("left out, as all their values are equal: {}", constant.join(", ")));
    }
    if !left_out.is_empty() {
        notes.push(format!(
            "left out, as they are text of more than {MOST_CATEGORIES} values, or of another one in each row: {}; name a column of texts as `text` in \
             data.toml",
            left_out.join(", ")
        ));
    }
    if parts.is_empty() {
        return Err(wrong(
            "has no column to learn from; name some as `features`, or one as `text`, in data.toml".into(),
        ));
    }
    let views = parts.iter().map(|part| part.view()).collect::<Vec<_>>();
    let values =
        concatenate(Axis(1), &views).map_err(|error| Error::Core(deepal_core::Error::other(error)))?;
    Ok(Features { values, encoding: Some(digest(&encoded)) })
}

/// Columns side by side, `[n, d]`.
struct Features {
    values: Array2<f32>,
    encoding: Option<String>,
}

impl Inputs for Features {
    fn shape(&self) -> [usize; 3] {
        Inputs::shape(&self.values)
    }

    fn len(&self) -> usize {
        Inputs::len(&self.values)
    }

    fn inputs(&self, rows: &[usize]) -> Result<Array2<f32>> {
        self.values.inputs(rows)
    }

    fn encoding(&self) -> Option<String> {
        self.encoding.clone()
    }
}

/// Numbers with mean 0 and standard deviation 1, missing ones as their median, and by what they became so; `None` if all are
/// equal, or too large or small to tell.
fn standardised(name: &str, mut numbers: Vec<f64>, notes: &mut Vec<String>) -> Option<(Array1<f32>, String)> {
    let mut known = numbers.iter().copied().filter(|number| !number.is_nan()).collect::<Vec<_>>();
    known.sort_by(f64::total_cmp);
    let middle = known.len().checked_sub(1)? / 2;
    let median = known[middle].midpoint(known[known.len() / 2]);
    // Rounding could make a deviation of equal numbers.
    if known.first() == known.last() {
        return None;
    }
    let missing = numbers.len() - known.len();
    if missing > 0 {
        notes.push(format!("{missing} missing values of `{name}` became its median, {median}"));
    }
    numbers.iter_mut().filter(|number| number.is_nan()).for_each(|number| *number = median);
    let mut values = Array1::from(numbers);
    let mean = values.mean()?;
    values -= mean;
    let deviation = values.std(0.0);
    let how = format!("median {median}, mean {mean}, deviation {deviation}");
    (deviation > 0.0 && deviation.is_finite()).then(|| (values.mapv(|value| (value / deviation) as f32), how))
}

/// A column for each value, missing ones too, and these values; `None` if there are too many.
fn one_hot(texts: &[Option<String>]) -> Option<(Array2<f32>, String)> {
    let mut values = BTreeMap::new();
    for text in texts {
        values.insert(text, 0);
        if values.len() > MOST_CATEGORIES {
            return None;
        }
    }
    if values.len() == texts.len() {
        return None;
    }
    values.values_mut().enumerate().for_each(|(at, place)| *place = at);
    let how = format!("one of {:?}", values.keys());
    let mut matrix = Array2::zeros((texts.len(), values.len()));
    let set = |(mut row, text): (ArrayViewMut1<'_, f32>, &Option<String>)| row[values[text]] = 1.0;
    matrix.outer_iter_mut().zip(texts).for_each(set);
    Some((matrix, how))
}
