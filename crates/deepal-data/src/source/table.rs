//! Tables of features: numbers, categories, embeddings, or one column of texts.

use super::encoding::{Encoding, Feature, How};
use super::inputs::all_finite;
use super::text::Vocabulary;
use super::{Found, Inputs, Manifest, Split};
use crate::error::{Error, Result};
use crate::formats::columns::{Column, Columns, number};
use ndarray::Array1;
use std::collections::{BTreeSet, HashSet};
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

/// The rows of a table, which become inputs as `encoding` says, or as suits them best.
pub(super) fn read(path: &Path, manifest: &Manifest, encoding: Option<&Encoding>) -> Result<Found> {
    let columns = Columns::read(path)?;
    if columns.is_empty() {
        return Err(Error::unfit(path, "has no row"));
    }
    let mut notes = Vec::new();
    let taken = encoding.map(Encoding::columns).unwrap_or_default();
    let id = role(&columns, manifest.id.as_deref(), &ID, &taken)?;
    let label = role(&columns, manifest.label.as_deref(), &LABEL, &taken)?;
    let split = role(&columns, manifest.split.as_deref(), &SPLIT, &taken)?;
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
    let (inputs, encoding) = match encoding {
        Some(encoding) => (encoding.inputs(path, &columns, &mut notes)?, Some(encoding.clone())),
        None => {
            let features = features(&columns, manifest, &[id, label, split])?;
            fitted(path, columns, manifest, &features, &mut notes)?
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
        encoding,
        problems,
        notes,
        image: None,
    })
}

/// The column that the manifest names, or one whose name says it and that is not taken for an input.
fn role<'a>(
    columns: &'a Columns,
    named: Option<&'a str>,
    usual: &[&str],
    taken: &[&str],
) -> Result<Option<&'a str>> {
    if let Some(name) = named {
        return columns.column(name).map(|_| Some(name));
    }
    let names = || columns.names().iter().chain(columns.unread().iter().map(|(name, _)| name));
    let free = || names().map(String::as_str).filter(|name| !taken.contains(name));
    let found = usual.iter().find_map(|usual| free().find(|name| name.eq_ignore_ascii_case(usual)));
    // Of a kind that cannot be read it would be missed without a word.
    found.map(|name| columns.column(name).map(|_| name)).transpose()
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
        id.ok_or_else(|| Error::unfit(path, format!("row {} has no id in column `{name}`", row + 1)))
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
            _ => Err(Error::Unfit {
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

/// The inputs of rows, and the encoding that suits them best; `None` for lists, which are taken as they are.
fn fitted(
    path: &Path,
    columns: Columns,
    manifest: &Manifest,
    features: &[String],
    notes: &mut Vec<String>,
) -> Result<(Arc<dyn Inputs>, Option<Encoding>)> {
    let text = match &manifest.text {
        Some(text) => Some(text.clone()),
        None => only_text(&columns, features)?,
    };
    let encoding = match text {
        Some(name) => {
            let most_words = manifest.vocabulary.unwrap_or(VOCABULARY);
            let vocabulary = Vocabulary::fit(&name, &columns.column(&name)?.texts(), most_words);
            let vocabulary =
                vocabulary.map_err(|why| Error::unfit(path, format!("column `{name}` {why}")))?;
            notes.push(format!(
                "words are those in most texts of `{name}`, in at least two, and at most {most_words}"
            ));
            Encoding::Text(vocabulary)
        }
        None => {
            if manifest.features.is_empty() {
                let unread = columns.unread().iter().map(|(name, kind)| format!("{name} ({kind})"));
                let unread = unread.collect::<Vec<_>>().join(", ");
                if !unread.is_empty() {
                    notes.push(format!("left out, as their kind cannot be read: {unread}"));
                }
            }
            if let [name] = features
                && let Column::Lists(lists) = columns.column(name)?
            {
                all_finite("embeddings", lists)?;
                // The only feature need not be copied.
                return match columns.into_column(name)? {
                    Column::Lists(lists) => Ok((Arc::new(lists), None)),
                    _ => Err(Error::unfit(path, format!("column `{name}` has no lists"))),
                };
            }
            Encoding::Columns(fit(path, &columns, features, notes)?)
        }
    };
    Ok((encoding.inputs(path, &columns, notes)?, Some(encoding)))
}

/// What becomes of each feature. Those that say nothing are left out.
fn fit(path: &Path, columns: &Columns, features: &[String], notes: &mut Vec<String>) -> Result<Vec<Feature>> {
    let mut fitted = Vec::new();
    let (mut scaled, mut width) = (0, 0);
    let (mut constant, mut left_out) = (Vec::new(), Vec::new());
    for name in features {
        let column = columns.column(name)?;
        let how = match (column, column.numbers()) {
            (Column::Lists(lists), _) => Some(How::Lists { width: lists.ncols() }),
            (_, Ok(numbers)) => {
                if let Some(row) = numbers.iter().position(|number| number.is_infinite()) {
                    let why = format!("column `{name}` has {} in row {}", numbers[row], row + 1);
                    return Err(Error::unfit(path, why));
                }
                let how = standardised(numbers);
                scaled += usize::from(how.is_some());
                if how.is_none() {
                    constant.push(name.as_str());
                }
                how
            }
            (_, Err(why)) if mostly_numbers(column) => {
                let why = format!(
                    "column `{name}` {why} as most others are; correct it, or name the columns to learn from as `features` in \
                     data.toml"
                );
                return Err(Error::unfit(path, why));
            }
            (_, Err(_)) => match values(column.texts()) {
                Some(values) if values.len() == 1 => {
                    constant.push(name.as_str());
                    None
                }
                Some(values) => {
                    notes
                        .push(format!("column `{name}` became {} columns, one for each value", values.len()));
                    Some(How::OneOf(values))
                }
                None => {
                    left_out.push(name.as_str());
                    None
                }
            },
        };
        if let Some(how) = how {
            width += how.width();
            fitted.push(Feature { name: name.clone(), how });
        }
        if width > MOST_FEATURES {
            let why =
                format!("has more than {MOST_FEATURES} features; name fewer as `features` in data.toml");
            return Err(Error::unfit(path, why));
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
    if fitted.is_empty() {
        return Err(Error::unfit(
            path,
            "has no column to learn from; name some as `features`, or one as `text`, in data.toml",
        ));
    }
    Ok(fitted)
}

/// What gives numbers mean 0 and standard deviation 1; `None` if all are equal, or too large or small to tell.
fn standardised(mut numbers: Vec<f64>) -> Option<How> {
    let mut known = numbers.iter().copied().filter(|number| !number.is_nan()).collect::<Vec<_>>();
    known.sort_by(f64::total_cmp);
    let middle = known.len().checked_sub(1)? / 2;
    let median = known[middle].midpoint(known[known.len() / 2]);
    // Rounding could make a deviation of equal numbers.
    if known.first() == known.last() {
        return None;
    }
    numbers.iter_mut().filter(|number| number.is_nan()).for_each(|number| *number = median);
    let mut values = Array1::from(numbers);
    let mean = values.mean()?;
    values -= mean;
    let deviation = values.std(0.0);
    (deviation > 0.0 && deviation.is_finite()).then_some(How::Numbers { median, mean, deviation })
}

/// The values of a category, a missing one too; `None` if there are too many.
fn values(texts: Vec<Option<String>>) -> Option<Vec<Option<String>>> {
    let (rows, mut values) = (texts.len(), BTreeSet::new());
    for text in texts {
        values.insert(text);
        if values.len() > MOST_CATEGORIES {
            return None;
        }
    }
    (values.len() < rows).then(|| values.into_iter().collect())
}
