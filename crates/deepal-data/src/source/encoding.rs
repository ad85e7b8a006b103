//! [`Encoding`]: how the rows of a table become inputs, as a value that is fitted to one table and used on any.

use super::Inputs;
use super::components::Components;
use super::inputs::all_finite;
use super::ranks;
use super::scale::Scale;
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
    /// The rows of an array, which have no names.
    Array {
        /// How long they are.
        width: usize,
        /// Their shift and scale; `None`: as they are.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scale: Option<Scale>,
    },
    /// Another one's inputs by their principal components.
    Components {
        /// What makes the inputs; itself none of components.
        of: Box<Self>,
        /// What becomes of them.
        components: Components,
    },
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
    /// Lists of one length.
    Lists {
        /// The length.
        width: usize,
        /// Their shift and scale; `None`: as they are.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scale: Option<Scale>,
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
    /// Numbers of heavy tails: a missing one becomes the median, then each the normal quantile of its rank.
    Ranks {
        /// Of those that were there.
        median: f64,
        /// Some of the values, ascending, and their inputs; others lie between.
        ranks: Vec<(f64, f64)>,
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
            Self::Array { width, .. } => *width,
            Self::Components { components, .. } => components.width(),
        }
    }

    /// The columns that it takes from a table.
    pub fn columns(&self) -> Vec<&str> {
        match self {
            Self::Columns(features) => features.iter().map(|feature| feature.name.as_str()).collect(),
            Self::Text(vocabulary) => vec![&vocabulary.column],
            Self::Array { .. } => Vec::new(),
            Self::Components { of, .. } => of.columns(),
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
            Self::Array { width, scale } => {
                let is_right = *width > 0 && scale.as_ref().is_none_or(|scale| scale.is_right(*width));
                return if is_right { Ok(()) } else { Err("makes no inputs of arrays".into()) };
            }
            Self::Components { of, components } => {
                of.check()?;
                let is_right = !matches!(**of, Self::Components { .. }) && components.is_right(of.width());
                return if is_right { Ok(()) } else { Err("makes no inputs by its components".into()) };
            }
        };
        for Feature { name, how } in features {
            let is_right = match how {
                How::Lists { width, scale } => {
                    *width > 0 && scale.as_ref().is_none_or(|scale| scale.is_right(*width))
                }
                How::OneOf(values) => !values.is_empty(),
                How::Ranks { median, ranks } => median.is_finite() && ranks::are_right(ranks),
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
                let texts = Texts::new(columns.cells(&vocabulary.column)?, vocabulary);
                notes.push(texts.note(&vocabulary.column));
                return Ok(Arc::new(texts));
            }
            Self::Components { of, components } => {
                return components.project(of.inputs(path, columns, notes)?);
            }
            Self::Array { width, .. } => {
                return Err(Error::unfit(
                    path,
                    format!("is a table, and arrays of {width} numbers a row are expected"),
                ));
            }
        };
        let parts = features.iter().map(|Feature { name, how }| {
            let made = how.inputs(name, columns, notes)?;
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
            Self::Lists { width, .. } => *width,
            Self::Numbers { .. } | Self::Ranks { .. } => 1,
            Self::OneOf(values) => values.len(),
        }
    }

    /// The inputs of a column, `[n, width]`, or in words the cells that it cannot take.
    ///
    /// # Errors
    /// A column that is not there.
    fn inputs(
        &self,
        name: &str,
        columns: &Columns,
        notes: &mut Vec<String>,
    ) -> Result<Result<Array2<f32>, String>> {
        Ok(match self {
            Self::Lists { width, scale } => lists(columns.column(name)?, *width).map(|mut lists| {
                scale.iter().for_each(|scale| scale.apply(&mut lists));
                lists
            }),
            Self::Numbers { median, mean, deviation } => match columns.numbers(name)? {
                Ok(numbers) => {
                    single(name, numbers.values, *median, |number| (number - mean) / deviation, notes)
                }
                Err(wrong) => Err(wrong.why),
            },
            Self::Ranks { median, ranks } => match columns.numbers(name)? {
                Ok(numbers) => {
                    single(name, numbers.values, *median, |number| ranks::input(ranks, number), notes)
                }
                Err(wrong) => Err(wrong.why),
            },
            Self::OneOf(values) => Ok(one_of(name, values, &columns.cells(name)?, notes)),
        })
    }
}

/// Numbers as inputs, `[n, 1]`.
fn single(
    name: &str,
    cells: Vec<f64>,
    median: f64,
    input: impl Fn(f64) -> f64,
    notes: &mut Vec<String>,
) -> Result<Array2<f32>, String> {
    let missing = cells.iter().filter(|cell| cell.is_nan()).count();
    if missing > 0 {
        notes.push(format!("{missing} missing values of `{name}` became its median, {median}"));
    }
    let mut inputs = Vec::with_capacity(cells.len());
    for (row, cell) in cells.into_iter().enumerate() {
        let input = input(if cell.is_nan() { median } else { cell }) as f32;
        if !input.is_finite() {
            return Err(format!("has {cell} in row {}, too far from all others", row + 1));
        }
        inputs.push(input);
    }
    Ok(Array1::from(inputs).insert_axis(Axis(1)))
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
