//! [`Components`]: principal components of inputs, fitted once and used on any.

use super::Inputs;
use super::principal::{Principal, Rows};
use super::scale::{Fit, Scale, Scaling};
use super::show::Shown;
use crate::error::Result;
use ndarray::{Array1, Array2, ArrayView1, Axis, s};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::sync::Arc;

/// From so many rows on, what is fitted to them holds for others.
pub(super) const MANY: usize = 100;
/// The most components where nothing is said.
const MOST: usize = 128;
/// The most components of a table that are tried.
const MOST_OF_TABLE: usize = 64;
/// The share of the variance from which on no more components are taken.
const ENOUGH: f64 = 0.9;
/// What the variance outside the components counts: 0.2 to 0.5 are alike on five tables of categories.
const REST: f32 = 0.3;
/// Rows that become components at once.
const CHUNK: usize = 1024;

/// Directions in which inputs vary most, and what becomes of a row by them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Components {
    /// The directions, `[k, d]`, each of length 1.
    pub axes: Vec<Vec<f32>>,
    /// `None`: a row becomes its coordinates along the directions, `[k]`. Else it stays `[d]`, and its part outside the directions
    /// is multiplied by this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest: Option<f32>,
    /// Shift and scale of what a row became.
    pub scale: Scale,
}

impl Components {
    /// Inputs of a row.
    pub fn width(&self) -> usize {
        self.scale.width()
    }

    /// Whether it makes inputs of rows of so many numbers.
    pub(super) fn is_right(&self, width: usize) -> bool {
        let after = if self.rest.is_some() { width } else { self.axes.len() };
        !self.axes.is_empty()
            && self.axes.iter().all(|axis| axis.len() == width && axis.iter().all(|x| x.is_finite()))
            && self.rest.is_none_or(|rest| (0.0..=1.0).contains(&rest))
            && self.scale.is_right(after)
    }

    /// The coordinates of texts: as many as hold 90 % of the variance, at most `most`. Also the share that they hold.
    pub(super) fn of_texts(rows: &Rows, most: Option<usize>) -> Option<(Self, f64)> {
        let Principal { axes, variances, total } = rows.principal(most.unwrap_or(MOST));
        let mut held = 0.0;
        let is_needed = |variance: &&f64| {
            let is_needed = held < ENOUGH * total;
            held += **variance;
            is_needed
        };
        let k = variances.iter().take_while(is_needed).count();
        let share = variances[..k].iter().sum::<f64>() / total;
        Some((Self::fit(&axes, k, None, rows)?, share))
    }

    /// All inputs of a table, its part outside some directions made smaller: outside the first `most`, or, where nothing is said,
    /// outside those that vary more than any does once each column has been shuffled by itself. `None` if there is no such
    /// direction.
    ///
    /// Source of the rule: Horn, "A rationale and test for the number of factors in factor analysis", Psychometrika 30, 1965,
    /// with the largest variance of one shuffled table.
    pub(super) fn of_table(rows: &Rows, columns: &[Range<u32>], most: Option<usize>) -> Option<Self> {
        let Principal { axes, variances, .. } = rows.principal(most.unwrap_or(MOST_OF_TABLE));
        let chance = match most {
            Some(_) => 0.0,
            None => rows.shuffled(columns).principal(1).variances.first().copied().unwrap_or(0.0),
        };
        let k = variances.iter().take_while(|variance| **variance > chance).count();
        Self::fit(&axes, k, Some(REST), rows)
    }

    fn fit(axes: &Array2<f64>, k: usize, rest: Option<f32>, rows: &Rows) -> Option<Self> {
        let axes = axes.slice(s![..k, ..]).mapv(|x| x as f32);
        let width = if rest.is_some() { axes.ncols() } else { k };
        let mut fit = Fit::new(width);
        let turned = turned(&axes);
        for row in rows.iter() {
            let made = along(&turned, rest, row.iter().map(|(at, x)| (*at as usize, *x)));
            made.iter().enumerate().for_each(|(column, x)| fit.add(column, *x));
        }
        let scale = fit.finish(Scaling::Even).filter(|_| k > 0)?;
        Some(Self { axes: axes.outer_iter().map(|axis| axis.to_vec()).collect(), rest, scale })
    }

    /// What becomes of all rows of inputs, held in memory.
    ///
    /// # Errors
    /// Inputs that cannot be read.
    pub(super) fn project(&self, of: Arc<dyn Inputs>) -> Result<Arc<dyn Inputs>> {
        let d = self.axes.first().map_or(0, Vec::len);
        let turned = turned(&Array2::from_shape_fn((self.axes.len(), d), |(k, column)| self.axes[k][column]));
        let mut inputs = Array2::<f32>::zeros((of.len(), self.width()));
        let chunks = inputs.axis_chunks_iter_mut(Axis(0), CHUNK).into_par_iter().enumerate();
        chunks.try_for_each(|(chunk, mut made)| -> Result<()> {
            let rows = (chunk * CHUNK..).take(made.nrows()).collect::<Vec<_>>();
            for (row, mut made) in of.inputs(&rows)?.outer_iter().zip(made.outer_iter_mut()) {
                let values = row.iter().copied().enumerate().filter(|(_, x)| *x != 0.0);
                let along = along(&turned, self.rest, values);
                let scaled = along.iter().enumerate().map(|(column, x)| self.scale.scaled(column, *x));
                made.iter_mut().zip(scaled).for_each(|(made, x)| *made = x);
            }
            Ok(())
        })?;
        Ok(Arc::new(Projected { of, inputs }))
    }
}

/// Axes as columns in double precision, `[d, k]`.
fn turned(axes: &Array2<f32>) -> Array2<f64> {
    axes.t().mapv(f64::from).as_standard_layout().into_owned()
}

/// What becomes of a row before it is scaled; of its values those that are not 0.
fn along(
    axes: &Array2<f64>,
    rest: Option<f32>,
    row: impl Iterator<Item = (usize, f32)> + Clone,
) -> Array1<f64> {
    let mut coordinates = Array1::<f64>::zeros(axes.ncols());
    row.clone().for_each(|(at, x)| coordinates.scaled_add(f64::from(x), &axes.row(at)));
    let Some(rest) = rest.map(f64::from) else { return coordinates };
    let mut made =
        axes.outer_iter().map(|axis| (1.0 - rest) * sum(&axis, &coordinates)).collect::<Array1<_>>();
    row.for_each(|(at, x)| made[at] += rest * f64::from(x));
    made
}

/// The sum of products, in the order of the numbers.
fn sum(a: &ArrayView1<'_, f64>, b: &Array1<f64>) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Rows as they became; a person sees what they were.
struct Projected {
    of: Arc<dyn Inputs>,
    /// `[n, width]`
    inputs: Array2<f32>,
}

impl Inputs for Projected {
    fn shape(&self) -> [usize; 3] {
        [self.inputs.ncols(), 1, 1]
    }

    fn len(&self) -> usize {
        self.of.len()
    }

    fn inputs(&self, rows: &[usize]) -> Result<Array2<f32>> {
        self.inputs.inputs(rows)
    }

    fn show(&self, row: usize) -> Result<Shown> {
        self.of.show(row)
    }

    fn digest(&self, row: usize) -> Result<[u8; 32]> {
        self.of.digest(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    /// Long in the direction (1, 1, 0), short in (0, 0, 1), in between in (1, -1, 0).
    fn rows() -> Array2<f32> {
        let mut rows = Array2::zeros((0, 3));
        for (long, middle, short) in
            [(4.0, 0.5, 0.1), (-4.0, 0.5, -0.1), (4.0, -0.5, -0.1), (-4.0, -0.5, 0.1)]
        {
            rows.push_row(array![long + middle, long - middle, short].view()).unwrap();
        }
        rows
    }

    fn sparse(rows: &Array2<f32>) -> Rows {
        Rows::of(rows, &(0..rows.nrows()).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn a_row_becomes_its_scaled_coordinates() {
        let plain = rows();
        // By hand: variances 2 · 16, 2 · 0.25 and 0.01 along the three directions, of 32.51 in all.
        let (components, share) = Components::of_texts(&sparse(&plain), Some(2)).unwrap();
        assert_eq!(components.width(), 1, "one direction holds 90 %");
        assert!((share - 32.0 / 32.51).abs() < 1e-6);
        let found = components.project(Arc::new(plain.clone())).unwrap();
        assert_eq!(found.shape(), [1, 1, 1]);
        let found = found.inputs(&[0, 1, 2, 3]).unwrap();
        assert!((&found - &array![[1.0], [-1.0], [1.0], [-1.0]]).iter().all(|x| x.abs() < 1e-6), "{found}");
        assert!(components.is_right(3) && !components.is_right(2));
    }

    #[test]
    fn what_is_outside_the_directions_becomes_smaller() {
        let plain = rows();
        let components = Components::of_table(&sparse(&plain), &[0..1, 1..2, 2..3], Some(1)).unwrap();
        let found = components.project(Arc::new(plain.clone())).unwrap().inputs(&[0, 1, 2, 3]).unwrap();
        let smaller = Array2::from_shape_fn((4, 3), |(i, j)| {
            let (along, row) = ((plain[[i, 0]] + plain[[i, 1]]) / 2.0, plain.row(i));
            if j == 2 { REST * row[2] } else { along + REST * (row[j] - along) }
        });
        // All means are 0; the mean variance of the three columns becomes 1.
        let scale = ((2.0 * 16.0 + REST * REST * (2.0 * 0.25 + 0.01)) / 3.0_f32).sqrt();
        assert!((&found * scale - &smaller).iter().all(|x| x.abs() < 1e-5), "{found}");
        assert!(components.is_right(3) && !components.is_right(2));
    }

    /// Independent columns have no direction that chance has not; a column that repeats another has one.
    #[test]
    fn directions_that_chance_explains_do_not_count() {
        let uniform = |i: usize, j: usize| deepal_core::seed::mix(j as u64, i as u64) >> 40;
        let sign = |i: usize, j: usize| if uniform(i, j) % 2 == 0 { 1.0 } else { -1.0 };
        let independent = Array2::from_shape_fn((400, 6), |(i, j)| sign(i, j));
        let columns = (0..6).map(|i| i..i + 1).collect::<Vec<_>>();
        let k = |rows: &Array2<f32>| {
            Components::of_table(&sparse(rows), &columns, None).map_or(0, |components| components.axes.len())
        };
        assert!(k(&independent) <= 1, "{}", k(&independent));
        let paired = Array2::from_shape_fn((400, 6), |(i, j)| sign(i, j / 2));
        assert_eq!(k(&paired), 3);
    }
}
