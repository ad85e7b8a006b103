//! Whether an array is what its signal says: shape, type, numbers.

use super::Signals;
use super::kind::{Dim, Rule, Signal};
use super::values::Values;
use crate::error::{Error, Result};
use ndarray::{ArrayView, ArrayView2, Dimension, IxDyn};

impl Signals<'_> {
    /// Compares the axes with what the signal says, the candidates, and the signals there are.
    pub(super) fn check_shape(&self, signal: Signal, values: &Values<'_>) -> Result<()> {
        let (dims, shape) = (signal.kind().shape, values.shape());
        let wrong = |like: Option<(usize, Signal)>| {
            let letters = dims.iter().enumerate().map(|(at, dim)| match (dim, like) {
                (Dim::Candidates, _) => self.n.to_string(),
                (_, Some((place, other))) if place == at => self.length(*dim, other).to_string(),
                _ => dim.letter().to_owned(),
            });
            let mut expected = format!("[{}]", letters.collect::<Vec<_>>().join(", "));
            match like {
                Some((_, other)) if other.kind().shape.contains(&Dim::Candidates) => {
                    expected += &format!(" like the candidates' {other}");
                }
                Some((_, other)) => expected += &format!(" like the {other}"),
                None if dims == [Dim::Candidates] => expected += ", one for each candidate",
                None if dims.contains(&Dim::Candidates) => expected += ", one row for each candidate",
                None => {}
            }
            Err(Error::Shape { what: signal.to_string(), expected, got: shape.to_vec() })
        };
        let axes =
            if dims.contains(&Dim::Rest) { dims.len() - 1..usize::MAX } else { dims.len()..dims.len() + 1 };
        if !axes.contains(&shape.len()) {
            return wrong(None);
        }
        for (at, (dim, length)) in dims.iter().zip(shape).enumerate() {
            let fits = match dim {
                Dim::Candidates => *length == self.n,
                Dim::Passes | Dim::Classes => *length > 0 || self.n == 0,
                Dim::Pair => *length == 2,
                Dim::Labeled | Dim::Features | Dim::EncoderFeatures | Dim::Rest => true,
            };
            if !fits {
                return wrong(None);
            }
            let other = self.arrays.iter().map(|(other, _)| *other).find(|other| {
                other.kind().shape.contains(dim) && *dim != Dim::Rest && self.length(*dim, *other) != *length
            });
            // Without a candidate, arrays may have no width either.
            if let Some(other) = other.filter(|_| self.n > 0 && *dim != Dim::Passes && *dim != Dim::Pair) {
                return wrong(Some((at, other)));
            }
        }
        Ok(())
    }

    /// The length of an axis in a signal that is there and has it.
    fn length(&self, dim: Dim, of: Signal) -> usize {
        let found = self.arrays.iter().find(|(signal, _)| signal.is_like(of));
        let at = of.kind().shape.iter().position(|other| *other == dim);
        found.zip(at).map_or(0, |((_, values), at)| values.shape()[at])
    }
}

/// Checks the type and the numbers of an array by the signal's rule.
pub(super) fn check_numbers(signal: Signal, values: &Values<'_>) -> Result<()> {
    let what = signal.kind().name;
    match (signal.kind().rule, values) {
        (Rule::Distributions, Values::Double(array)) => {
            // The rows of each pass, or of the only one.
            let rows = |array: ArrayView<'_, f64, IxDyn>| {
                distributions(what, &array.into_dimensionality().map_err(Error::other)?)
            };
            match array.ndim() {
                3 => array.outer_iter().try_for_each(rows),
                _ => rows(array.view()),
            }
        }
        (Rule::Distances, Values::Double(array)) => {
            let wrong = array.iter().position(|distance| distance.is_nan() || *distance < 0.0);
            wrong.map_or(Ok(()), |row| {
                let value = array.iter().nth(row).copied().unwrap_or(f64::NAN);
                Err(Error::NotFinite { what, row, value })
            })
        }
        (Rule::Calibration, Values::Double(array)) => {
            let numbers = array.iter().copied().collect::<Vec<_>>();
            match numbers[..] {
                [temperature, accuracy]
                    if temperature > 0.0 && temperature.is_finite() && (0.0..=1.0).contains(&accuracy) =>
                {
                    Ok(())
                }
                _ => {
                    let why = format!(
                        "must have a temperature above 0 and an accuracy from 0 to 1, got {numbers:?}"
                    );
                    Err(Error::Setting { what: "the calibration".into(), why })
                }
            }
        }
        (Rule::Finite, Values::Single(array)) => {
            // In rows, whatever its axes: those of a fixed number are much faster to walk.
            let width = array.shape().iter().skip(1).product::<usize>();
            let rows = array.view().into_shape_with_order((array.len() / width.max(1), width));
            let wrong = match &rows {
                Ok(rows) => first_not_finite(rows.outer_iter()),
                Err(_) => first_not_finite(array.outer_iter()),
            };
            wrong.map_or(Ok(()), |(row, value)| Err(Error::NotFinite { what, row, value: value.into() }))
        }
        (Rule::Classes, Values::Classes(_)) => Ok(()),
        (rule, _) => {
            let kind = match rule {
                Rule::Distributions | Rule::Distances | Rule::Calibration => "numbers in double precision",
                Rule::Finite => "numbers in single precision",
                Rule::Classes => "classes",
            };
            Err(Error::Setting { what: signal.to_string(), why: format!("must be {kind}") })
        }
    }
}

/// The first row with a number that is not finite, and that number.
fn first_not_finite<'a, D: Dimension + 'a>(
    rows: impl Iterator<Item = ArrayView<'a, f32, D>>,
) -> Option<(usize, f32)> {
    rows.enumerate()
        .find_map(|(row, values)| values.iter().find(|value| !value.is_finite()).map(|value| (row, *value)))
}

/// How far a sum may be from 1: single-precision softmaxes of many classes.
const ROUNDING: f64 = 1e-3;
/// Sums that far from 1 are of numbers rounded to two digits, or three of many classes.
const COARSE: f64 = 0.05;

/// Each row must be finite, not negative and sum to 1.
fn distributions(what: &'static str, probs: &ArrayView2<'_, f64>) -> Result<()> {
    for (row, values) in probs.outer_iter().enumerate() {
        if let Some(&value) = values.iter().find(|value| !value.is_finite()) {
            return Err(Error::NotFinite { what, row, value });
        }
        let wrong = |why: String| Err(Error::NotProbabilities { what, row, why });
        if let Some(value) = values.iter().find(|value| **value < 0.0) {
            return wrong(format!("it has {value}; apply softmax to logits first"));
        }
        let sum = values.sum();
        if (sum - 1.0).abs() > ROUNDING {
            return wrong(format!("it sums to {sum:.4}; {}", remedy(probs)));
        }
    }
    Ok(())
}

/// What makes distributions of rows that are none.
fn remedy(rows: &ArrayView2<'_, f64>) -> String {
    let off = |whole: f64| rows.outer_iter().map(|row| (row.sum() / whole - 1.0).abs()).fold(0.0, f64::max);
    match (off(1.0), off(100.0)) {
        _ if rows.iter().any(|value| *value < 0.0) => "apply softmax to logits first".into(),
        _ if rows.ncols() == 1 => "give a column for each class: of two, p and 1 - p".into(),
        (off, _) if off <= COARSE => {
            format!("they seem to be rounded, up to {off:.3} from 1: divide each row by its sum")
        }
        (_, off) if off <= COARSE => "they seem to be in percent: divide each row by its sum".into(),
        _ => "apply softmax to logits first".into(),
    }
}
