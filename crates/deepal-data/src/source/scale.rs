//! [`Scale`]: the shift and scale of lists of numbers, fitted once and used on any.

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

/// From so many times the median deviation of a list's numbers on, the largest may be of another quantity.
const UNEVEN: f64 = 100.0;

/// How lists of numbers (arrays and list columns) are shifted and scaled; columns of single numbers always are, each on its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scaling {
    /// Each to mean 0, and all divided by one number, so that their mean variance is 1: distances stay what they are.
    #[default]
    Even,
    /// Each to mean 0 and standard deviation 1.
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

    /// Fitted to rows, `[n, d]`.
    pub(super) fn of(rows: ArrayView2<'_, f32>) -> Self {
        let mut fit = Self::new(rows.ncols());
        for row in rows.outer_iter() {
            row.iter().enumerate().for_each(|(column, x)| fit.add(column, f64::from(*x)));
        }
        fit
    }

    pub(super) fn add(&mut self, column: usize, x: f64) {
        self.counts[column] += 1.0;
        let difference = x - self.means[column];
        self.means[column] += difference / self.counts[column];
        self.squares[column] += difference * (x - self.means[column]);
    }

    /// Rounded to `f32`, so that the order of the rows does not show. `None` where nothing is scaled.
    pub(super) fn finish(self, scaling: Scaling) -> Option<Scale> {
        let deviation = |((squares, count), mean): ((&f64, &f64), &f64)| {
            let deviation = (squares / count.max(1.0)).sqrt();
            // Smaller ones are what rounding makes of equal numbers.
            if deviation > mean.abs() * f64::from(f32::EPSILON) { deviation } else { 0.0 }
        };
        let deviations =
            self.squares.iter().zip(&self.counts).zip(&self.means).map(deviation).collect::<Vec<_>>();
        let mean = self.means.iter().map(|mean| *mean as f32).collect();
        let usable = |deviation: f64| {
            let deviation = deviation as f32;
            if deviation.is_normal() { deviation } else { 1.0 }
        };
        let deviation = match scaling {
            Scaling::None => return None,
            Scaling::Standard => deviations.into_iter().map(usable).collect(),
            Scaling::Even => {
                let largest = deviations.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
                // Relative to the largest, so that squares of very large and small ones are numbers.
                let squares = deviations.iter().map(|deviation| (deviation / largest).powi(2)).sum::<f64>();
                vec![usable(largest * (squares / deviations.len() as f64).sqrt()); deviations.len()]
            }
        };
        Some(Scale { mean, deviation })
    }

    /// What the scale does, in a sentence about `what`, such as "the features"; `None` where nothing is scaled.
    pub(super) fn note(&self, what: &str, scaling: Scaling) -> Option<String> {
        let how = match scaling {
            Scaling::None => return None,
            Scaling::Standard => "each number was divided by its own deviation".to_owned(),
            Scaling::Even => {
                let why = match self.unevenness() {
                    Some(ratio) => format!(
                        "the largest deviation of a number is {ratio:.0} times the median one, so if they are different quantities, say \
                         `scale = \"standard\"` in data.toml"
                    ),
                    None => "`scale = \"standard\"` in data.toml divides each by its own deviation, `\"none\"` leaves them as they \
                             are"
                    .into(),
                };
                format!("all numbers were divided by one, so that their mean variance is 1; {why}")
            }
        };
        Some(format!("{what} were shifted to mean 0, and {how}"))
    }

    /// How many times the median deviation the largest is, if that is so much that the numbers may be different quantities.
    fn unevenness(&self) -> Option<f64> {
        let variances =
            self.squares.iter().zip(&self.counts).map(|(squares, count)| squares / count.max(1.0));
        let mut variances = variances.filter(|variance| *variance > 0.0).collect::<Vec<_>>();
        variances.sort_by(f64::total_cmp);
        let ratio = (variances.last()? / variances[variances.len() / 2]).sqrt();
        (ratio >= UNEVEN).then_some(ratio)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn scaled(mut rows: Array2<f32>, scaling: Scaling) -> Array2<f32> {
        let scale = Fit::of(rows.view()).finish(scaling);
        scale.into_iter().for_each(|scale| scale.apply(&mut rows));
        rows
    }

    #[test]
    fn shift_and_scale_do_not_matter_and_equal_numbers_become_zero() {
        let plain = array![[1.0_f32, 5.0, 3.0], [2.0, 5.0, 3.0], [4.0, 5.0, 3.0], [9.0, 5.0, 7.0]];
        // By hand: means 4, 5 and 4, variances (9 + 4 + 0 + 25) / 4, 0 and (1 + 1 + 1 + 9) / 4, whose mean is 12.5 / 3.
        let centred = array![[-3.0, 0.0, -1.0], [-2.0, 0.0, -1.0], [0.0, 0.0, -1.0], [5.0, 0.0, 3.0]];
        let standard = &centred / &array![9.5_f32.sqrt(), 1.0, 3.0_f32.sqrt()];
        let even = &centred / (12.5_f32 / 3.0).sqrt();
        for (scaling, expected) in [(Scaling::Standard, standard), (Scaling::Even, even)] {
            for (factor, shift) in [(1.0, 0.0), (1e-4, 0.0), (1.0, 1000.0), (1e-20, 0.0), (1e20, 0.0)] {
                let found = scaled(plain.mapv(|x| x * factor + shift), scaling);
                assert!(
                    (&found - &expected).iter().all(|x| x.abs() < 1e-4),
                    "{scaling:?} {factor} {shift}: {found}"
                );
            }
            assert_eq!(scaled(Array2::from_elem((3, 2), 7.0), scaling), Array2::<f32>::zeros((3, 2)));
        }
        assert_eq!(scaled(plain.clone(), Scaling::None), plain);
    }

    #[test]
    fn the_order_of_the_rows_does_not_show() {
        let rows = Array2::from_shape_fn((500, 8), |(i, j)| ((i * 7919 + j * 31) % 1009) as f32 / 7.0);
        let backwards = rows.slice(ndarray::s![..;-1, ..]);
        for scaling in [Scaling::Standard, Scaling::Even] {
            assert_eq!(Fit::of(rows.view()).finish(scaling), Fit::of(backwards).finish(scaling));
        }
    }

    #[test]
    fn numbers_that_may_be_different_quantities_are_noted() {
        let rows = |factor: f32| {
            Array2::from_shape_fn((9, 3), |(i, j)| (i + j) as f32 * if j == 1 { factor } else { 1.0 })
        };
        let note = |factor, scaling| Fit::of(rows(factor).view()).note("the features", scaling);
        assert!(note(50.0, Scaling::Even).unwrap().ends_with("`\"none\"` leaves them as they are"));
        assert!(note(300.0, Scaling::Even).unwrap().contains("is 300 times the median one"));
        assert!(note(300.0, Scaling::Standard).unwrap().ends_with("by its own deviation"));
        assert_eq!(note(300.0, Scaling::None), None);
    }
}
