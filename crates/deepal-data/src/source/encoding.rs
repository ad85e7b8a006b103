//! [`Encoding`]: how the rows of a table become inputs, as a value that is fitted to one table and used on any.

use super::Inputs;
use super::inputs::all_finite;
use super::text::{Texts, Vocabulary};
use crate::error::{Error, Result};
use crate::formats::columns::{Column, Columns};
use ndarray::{Array1, Array2, Axis, concatenate};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// How the rows of a table become inputs: all that an input owes to the other rows. A row becomes the same input in any table,
/// to the bit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// Columns side by side.
    Columns(Vec<Feature>),
    /// A column of texts.
    Text(Vocabulary),
}

/// A column of a table, and what becomes of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    /// Its name in the table.
    pub name: String,
    /// What becomes of it.
    pub how: How,
}

/// What becomes of a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum How {
    /// Lists of one length, as they are.
    Lists {
        /// The length.
        width: usize,
    },
    /// Numbers: a missing one becomes the median, then each `(x - mean) / deviation`.
    Numbers {
        /// Of those that were there.
        median: f64,
        /// Of all, missing ones as the median.
        mean: f64,
        /// The same, above 0.
        deviation: f64,
    },
    /// One of some values: an input for each, 1 where the cell is that, else 0. `None` is a missing cell. Of any other value all
    /// are 0.
    OneOf(Vec<Option<String>>),
}

impl Encoding {
    /// Inputs of a row.
    pub fn width(&self) -> usize {
        match self {
            Self::Columns(features) => {
                features.iter().fold(0_usize, |sum, feature| sum.saturating_add(feature.how.width()))
            }
            Self::Text(vocabulary) => vocabulary.words.len(),
        }
    }

    /// The columns that it takes from a table.
    pub fn columns(&self) -> Vec<&str> {
        match self {
            Self::Columns(features) => features.iter().map(|feature| feature.name.as_str()).collect(),
            Self::Text(vocabulary) => vec![&vocabulary.column],
        }
    }

    /// Checks that it makes inputs at all, for one that comes from a file.
    ///
    /// # Errors
    /// In words: the first column of which it does not.
    pub fn check(&self) -> Result<(), String> {
        let features = match self {
            Self::Columns(features) => features,
            Self::Text(vocabulary) => return vocabulary.check(),
        };
        for Feature { name, how } in features {
            let is_right = match how {
                How::Lists { width } => *width > 0,
                How::OneOf(values) => !values.is_empty(),
                How::Numbers { median, mean, deviation } => {
                    *deviation > 0.0 && [median, mean, deviation].iter().all(|x| x.is_finite())
                }
            };
            if !is_right {
                return Err(format!("makes no inputs of column `{name}`"));
            }
        }
        if features.is_empty() { Err("makes inputs of no column".into()) } else { Ok(()) }
    }

    /// The inputs of a table's rows, `[n, width]`. What was missing or never seen before goes into `notes`.
    ///
    /// # Errors
    /// A column that is not there or of another kind, or a cell that is no number or too far from those that were there.
    pub(super) fn inputs(
        &self,
        path: &Path,
        columns: &Columns,
        notes: &mut Vec<String>,
    ) -> Result<Arc<dyn Inputs>> {
        let features = match self {
            Self::Columns(features) => features,
            Self::Text(vocabulary) => {
                let texts = Texts::new(columns.column(&vocabulary.column)?.texts(), vocabulary);
                notes.push(texts.note(&vocabulary.column));
                return Ok(Arc::new(texts));
            }
        };
        let parts = features.iter().map(|Feature { name, how }| {
            let made = how.inputs(name, columns.column(name)?, notes);
            made.map_err(|why| Error::unfit(path, format!("column `{name}` {why}")))
        });
        let parts = parts.collect::<Result<Vec<_>>>()?;
        let views = parts.iter().map(|part| part.view()).collect::<Vec<_>>();
        let inputs = concatenate(Axis(1), &views);
        Ok(Arc::new(inputs.map_err(|error| Error::Core(deepal_core::Error::other(error)))?))
    }
}

impl How {
    /// Inputs of a cell.
    pub(super) fn width(&self) -> usize {
        match self {
            Self::Lists { width } => *width,
            Self::Numbers { .. } => 1,
            Self::OneOf(values) => values.len(),
        }
    }

    /// The inputs of a column, `[n, width]`.
    ///
    /// # Errors
    /// In words: cells that it cannot take.
    fn inputs(&self, name: &str, column: &Column, notes: &mut Vec<String>) -> Result<Array2<f32>, String> {
        match self {
            Self::Lists { width } => lists(column, *width),
            Self::Numbers { median, mean, deviation } => {
                let cells = column.numbers()?;
                let missing = cells.iter().filter(|cell| cell.is_nan()).count();
                if missing > 0 {
                    notes.push(format!("{missing} missing values of `{name}` became its median, {median}"));
                }
                let mut inputs = Vec::with_capacity(cells.len());
                for (row, cell) in cells.into_iter().enumerate() {
                    let input = ((if cell.is_nan() { *median } else { cell } - mean) / deviation) as f32;
                    if !input.is_finite() {
                        return Err(format!("has {cell} in row {}, too far from all others", row + 1));
                    }
                    inputs.push(input);
                }
                Ok(Array1::from(inputs).insert_axis(Axis(1)))
            }
            Self::OneOf(values) => Ok(one_of(name, values, &column.texts(), notes)),
        }
    }
}

fn lists(column: &Column, width: usize) -> Result<Array2<f32>, String> {
    let Column::Lists(lists) = column else {
        return Err(format!("must have a list of {width} numbers in each row"));
    };
    if lists.ncols() != width {
        return Err(format!("has lists of {} numbers, and {width} are expected", lists.ncols()));
    }
    all_finite("embeddings", lists).map_err(|error| format!("cannot be used: {error}"))?;
    Ok(lists.clone())
}

/// A column for each value, 1 where a cell is that.
fn one_of(
    name: &str,
    values: &[Option<String>],
    cells: &[Option<String>],
    notes: &mut Vec<String>,
) -> Array2<f32> {
    let places = values.iter().enumerate().map(|(at, value)| (value, at)).collect::<HashMap<_, _>>();
    let mut inputs = Array2::zeros((cells.len(), values.len()));
    let mut unknown = Vec::new();
    for ((row, cell), mut input) in cells.iter().enumerate().zip(inputs.outer_iter_mut()) {
        match places.get(cell) {
            Some(at) => input[*at] = 1.0,
            None => unknown.push((row, cell)),
        }
    }
    if let Some((row, first)) = unknown.first() {
        let first = first.as_ref().map_or("nothing".into(), |first| format!("`{first}`"));
        notes.push(format!(
            "column `{name}` has values that were not learnt from in {} of {} rows, the first is {first} in row {}; they say \
             nothing, as zeros",
            unknown.len(),
            cells.len(),
            row + 1
        ));
    }
    inputs
}
