//! [`Scale`]: the shift and scale of lists of numbers, fitted once and used on any.

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

/// Whether lists of numbers (arrays and list columns) are shifted and scaled; columns of single numbers always are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scaling {
    /// Each to mean 0 and standard deviation 1.
    #[default]
    Standard,
    /// As they are.
    None,
}

/// Shift and scale of each number of a list, `(x - mean) / deviation`, computed in `f64`. One whose values are all equal is only
/// shifted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scale {
    /// What is subtracted, `[d]`.
    pub mean: Vec<f32>,
    /// What it is divided by after that, `[d]`, above 0.
    pub deviation: Vec<f32>,
}

impl Scale {
    /// The scale that gives the rows, `[n, d]`, mean 0 and standard deviation 1.
    pub fn fit(rows: ArrayView2<'_, f32>) -> Self {
        let mut fit = Fit::new(rows.ncols());
        for row in rows.outer_iter() {
            row.iter().enumerate().for_each(|(column, x)| fit.add(column, f64::from(*x)));
        }
        fit.finish()
    }

    /// How many numbers it takes.
    pub fn width(&self) -> usize {
        self.mean.len()
    }

    /// Scales rows where they are, `[n, d]`.
    pub fn apply(&self, rows: &mut Array2<f32>) {
        for mut row in rows.outer_iter_mut() {
            row.iter_mut().enumerate().for_each(|(column, x)| *x = self.scaled(column, f64::from(*x)));
        }
    }

    /// One number of a row.
    pub(super) fn scaled(&self, column: usize, x: f64) -> f32 {
        let scaled = ((x - f64::from(self.mean[column])) / f64::from(self.deviation[column])) as f32;
        // Other rows than it was fitted to may be as far away as they like.
        scaled.clamp(f32::MIN, f32::MAX)
    }

    /// Whether it scales lists of this width to numbers.
    pub(super) fn is_right(&self, width: usize) -> bool {
        let is_right = |deviation: &f32| *deviation > 0.0 && deviation.is_finite();
        self.mean.len() == width
            && self.deviation.len() == width
            && self.mean.iter().all(|x| x.is_finite())
            && self.deviation.iter().all(is_right)
    }
}

/// A scale that is being fitted, by Welford's sums (Technometrics, 1962), which a large mean does not harm.
pub(super) struct Fit {
    counts: Vec<f64>,
    means: Vec<f64>,
    squares: Vec<f64>,
}

impl Fit {
    pub(super) fn new(width: usize) -> Self {
        Self { counts: vec![0.0; width], means: vec![0.0; width], squares: vec![0.0; width] }
    }

    pub(super) fn add(&mut self, column: usize, x: f64) {
        self.counts[column] += 1.0;
        let difference = x - self.means[column];
        self.means[column] += difference / self.counts[column];
        self.squares[column] += difference * (x - self.means[column]);
    }

    /// Rounded to `f32`, so that the order of the rows does not show.
    pub(super) fn finish(self) -> Scale {
        let deviation = |((squares, count), mean): ((&f64, &f64), &f64)| {
            let deviation = (squares / count.max(1.0)).sqrt();
            // Smaller ones are what rounding makes of equal numbers.
            let is_some = deviation > mean.abs() * f64::from(f32::EPSILON);
            let deviation = deviation as f32;
            if is_some && deviation.is_normal() { deviation } else { 1.0 }
        };
        let deviations = self.squares.iter().zip(&self.counts).zip(&self.means).map(deviation);
        Scale { deviation: deviations.collect(), mean: self.means.iter().map(|mean| *mean as f32).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn shift_and_scale_do_not_matter_and_equal_numbers_become_zero() {
        let plain = array![[1.0_f32, 5.0], [2.0, 5.0], [4.0, 5.0], [9.0, 5.0]];
        let scaled = |mut rows: Array2<f32>| {
            Scale::fit(rows.view()).apply(&mut rows);
            rows
        };
        // By hand: mean 4, variance (9 + 4 + 0 + 25) / 4.
        let deviation = 9.5_f32.sqrt();
        let expected =
            array![[-3.0 / deviation, 0.0], [-2.0 / deviation, 0.0], [0.0, 0.0], [5.0 / deviation, 0.0]];
        for (factor, shift) in [(1.0, 0.0), (1e-4, 0.0), (1.0, 1000.0), (1e-20, 0.0), (1e20, 0.0)] {
            let found = scaled(plain.mapv(|x| x * factor + shift));
            assert!((&found - &expected).iter().all(|x| x.abs() < 1e-4), "{factor} {shift}: {found}");
        }
    }

    #[test]
    fn the_order_of_the_rows_does_not_show() {
        let rows = Array2::from_shape_fn((500, 8), |(i, j)| ((i * 7919 + j * 31) % 1009) as f32 / 7.0);
        let backwards = rows.slice(ndarray::s![..;-1, ..]);
        assert_eq!(Scale::fit(rows.view()), Scale::fit(backwards));
    }
}
