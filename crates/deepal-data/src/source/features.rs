//! What becomes of each feature of a table.

use super::components::MANY;
use super::encoding::{Feature, How};
use super::inputs::all_finite;
use super::ranks;
use super::roles::Roles;
use super::scale::{Fit, Scaling};
use super::{Found, Problem};
use crate::error::{Error, Result};
use crate::formats::columns::{Column, Columns};
use ndarray::Array1;
use std::collections::{BTreeSet, HashSet};
use std::path::Path;

/// The most values of a category.
const MOST_CATEGORIES: usize = 50;
/// The most features.
const MOST_FEATURES: usize = 100_000;
/// From so many different numbers on, words among them are no categories.
const SOME_NUMBERS: usize = 10;

/// What becomes of each feature. Those that say nothing are left out.
pub(super) fn fit(
    path: &Path,
    columns: &Columns,
    roles: &mut Roles,
    scaling: Option<Scaling>,
    found: &mut Found,
) -> Result<Vec<Feature>> {
    let (mut fitted, mut width, mut done) = (Vec::new(), 0, Done::default());
    for name in &roles.features {
        if let Some(how) = how(path, columns, name, scaling.unwrap_or_default(), &mut done, &mut found.notes)?
        {
            width += how.width();
            fitted.push(Feature { name: name.clone(), how });
        }
        if width > MOST_FEATURES {
            let why =
                format!("has more than {MOST_FEATURES} features; name fewer as `features` in data.toml");
            return Err(Error::unfit(path, why));
        }
    }
    for (names, why) in [
        (&done.constant, "all its values are equal"),
        (&done.left_out, "it is text of many values, or of another one in each row"),
        (&done.bytes, "it has bytes that are no pictures"),
    ] {
        for role in roles.all.iter_mut().filter(|role| names.contains(&role.column)) {
            (role.role, role.why) = ("left out", why.into());
        }
    }
    for name in done.categories.iter().filter(|_| roles.label.is_none()) {
        // The user may have said that it is a feature.
        for role in roles.all.iter_mut().filter(|role| role.column == *name && !role.is_said) {
            (role.why, role.is_sure) = ("it has few values, and may be the class".into(), false);
            let why = "has few values, and no column of labels was recognised; if it has the labels, name it as `label` in data.toml";
            found.problems.push(Problem { what: format!("column `{name}`"), why: why.into() });
        }
    }
    if fitted.is_empty() {
        let left = roles.all.iter().filter(|role| role.role == "left out");
        let left =
            left.map(|role| format!("`{}` ({})", role.column, role.why)).collect::<Vec<_>>().join(", ");
        let left = if left.is_empty() { left } else { format!("; left out are {left}") };
        return Err(Error::unfit(
            path,
            format!(
                "has no column to learn from; name some as `features`, or one as `text`, in data.toml{left}"
            ),
        ));
    }
    if scaling.is_none() {
        found.notes.extend(by_ranks(columns, &mut fitted, &mut done)?);
    }
    found.notes.extend(done.notes());
    Ok(fitted)
}

/// Makes columns of heavy tails normal quantiles of their ranks, where most columns of numbers have them and there are rows
/// enough. Where few have, they tell samples apart by their outliers.
fn by_ranks(columns: &Columns, features: &mut [Feature], done: &mut Done) -> Result<Option<String>> {
    if columns.len() < MANY || 2 * done.heavy.len() <= done.scaled {
        return Ok(None);
    }
    for feature in features.iter_mut().filter(|feature| done.heavy.contains(&feature.name)) {
        let How::Numbers { median, .. } = feature.how else { continue };
        if let Ok(numbers) = columns.numbers(&feature.name)? {
            feature.how = ranks::fit(numbers.values, median);
        }
    }
    done.scaled -= done.heavy.len();
    Ok(Some(format!(
        "{} columns of numbers have heavy tails, so they became normal quantiles of their ranks; `scale = \"standard\"` in data.toml \
         shifts and scales them",
        done.heavy.len()
    )))
}

/// Names of columns by what became of them.
#[derive(Default)]
struct Done {
    scaled: usize,
    /// Of those that are scaled.
    heavy: Vec<String>,
    categories: Vec<String>,
    constant: Vec<String>,
    left_out: Vec<String>,
    bytes: Vec<String>,
    commas: Vec<String>,
    grouped: Vec<String>,
}

impl Done {
    fn notes(self) -> Vec<String> {
        let mut notes = Vec::new();
        let mut named = |names: &[String], what: &dyn Fn(String) -> String| {
            if !names.is_empty() {
                notes.push(what(names.join(", ")));
            }
        };
        named(&self.commas, &|names| {
            format!("commas are before decimals in {names}; if not, say `decimal = \".\"` in data.toml")
        });
        named(&self.grouped, &|names| {
            format!("commas are between thousands in {names}; if not, say `decimal = \",\"` in data.toml")
        });
        named(&self.constant, &|names| format!("left out, as all their values are equal: {names}"));
        named(&self.bytes, &|names| format!("left out, as they have bytes that are no pictures: {names}"));
        named(&self.left_out, &|names| {
            format!(
                "left out, as they are text of more than {MOST_CATEGORIES} values, or of another one in each row: {names}; name a \
                 column of texts as `text` in data.toml"
            )
        });
        if self.scaled > 0 {
            notes.push(format!(
                "{} columns of numbers were shifted and scaled to mean 0 and standard deviation 1",
                self.scaled
            ));
        }
        notes
    }
}

/// What becomes of a feature, if it says anything.
fn how(
    path: &Path,
    columns: &Columns,
    name: &str,
    scaling: Scaling,
    done: &mut Done,
    notes: &mut Vec<String>,
) -> Result<Option<How>> {
    let column = columns.column(name)?;
    let wrong = |why: String| Err(Error::unfit(path, format!("column `{name}` {why}")));
    if let Column::Lists(lists) = column {
        all_finite("embeddings", lists)?;
        let fit = Fit::of(lists.view());
        notes.extend(fit.note(&format!("the lists of {name}"), scaling));
        return Ok(Some(How::Lists { width: lists.ncols(), scale: fit.finish(scaling) }));
    }
    if let Column::Bytes(_) = column {
        done.bytes.push(name.into());
        return Ok(None);
    }
    match columns.numbers(name)? {
        Ok(numbers) => {
            if let Some(row) = numbers.values.iter().position(|number| number.is_infinite()) {
                return wrong(format!("has {} in row {}", numbers.values[row], row + 1));
            }
            match numbers.decimal {
                Some(',') => done.commas.push(name.into()),
                Some(_) => done.grouped.push(name.into()),
                None => {}
            }
            let Some((how, is_heavy)) = standardised(numbers.values) else {
                done.constant.push(name.into());
                return Ok(None);
            };
            done.scaled += 1;
            if is_heavy {
                done.heavy.push(name.into());
            }
            return Ok(Some(how));
        }
        Err(unclear) if unclear.is_unclear => return wrong(unclear.why),
        Err(other) => {
            if mostly_numbers(column) {
                return wrong(format!(
                    "{} as most others are; correct it, add the word to `missing` in data.toml if it means that there is no \
                     value, or name the columns to learn from as `features`",
                    other.why
                ));
            }
        }
    }
    match values(columns.cells(name)?) {
        Some(values) if values.len() == 1 => {
            done.constant.push(name.into());
            Ok(None)
        }
        Some(values) => {
            notes.push(format!("column `{name}` became {} columns, one for each value", values.len()));
            done.categories.push(name.into());
            Ok(Some(How::OneOf(values)))
        }
        None => {
            done.left_out.push(name.into());
            Ok(None)
        }
    }
}

/// Whether 9 of 10 cells that are not missing are numbers, or half of them many different ones.
fn mostly_numbers(column: &Column) -> bool {
    let Column::Text(texts) = column else { return false };
    let (mut given, mut numbers, mut different) = (0, 0, HashSet::new());
    for text in texts.iter().flatten().map(|text| text.trim()).filter(|text| !text.is_empty()) {
        given += 1;
        if let Ok(number) = text.replace(',', ".").parse::<f64>() {
            numbers += 1;
            if different.len() <= SOME_NUMBERS {
                different.insert(number.to_bits());
            }
        }
    }
    numbers > 0 && (10 * numbers >= 9 * given || 2 * numbers >= given && different.len() > SOME_NUMBERS)
}

/// What gives numbers mean 0 and standard deviation 1, and whether they have heavy tails; `None` if all are equal, or too large or
/// small to tell. The order of the rows does not show, not even in the last bit.
fn standardised(mut numbers: Vec<f64>) -> Option<(How, bool)> {
    let n = numbers.len();
    numbers.retain(|number| !number.is_nan());
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len().checked_sub(1)? / 2;
    let median = numbers[middle].midpoint(numbers[numbers.len() / 2]);
    // Rounding could make a deviation of equal numbers.
    if numbers.first() == numbers.last() {
        return None;
    }
    numbers.resize(n, median);
    let mut values = Array1::from(numbers);
    let mean = values.mean()?;
    values -= mean;
    let deviation = values.std(0.0);
    let is_heavy = ranks::are_heavy(values.iter().map(|x| x / deviation));
    (deviation > 0.0 && deviation.is_finite()).then_some((How::Numbers { median, mean, deviation }, is_heavy))
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
