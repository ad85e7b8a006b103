//! Principal components of sparse rows, in double precision and always in the same order of operations, so that they are the same
//! at any number of threads and with any instructions of the processor.

use super::Inputs;
use crate::error::Result;
use deepal_core::seed::mix;
use deepal_core::select::random;
use ndarray::{Array1, Array2, Axis};
use rayon::prelude::*;
use std::ops::Range;

/// Directions beyond the wanted ones, and passes over the rows: with these the wanted ones are right where variances fall.
const SPARE: usize = 10;
const PASSES: usize = 4;
/// The share of the largest variance below which a direction is rounding.
const ROUNDING: f64 = 1e-10;
/// Jacobi's method needs less than ten sweeps.
const SWEEPS: usize = 30;
/// Rows that are read at once.
const CHUNK: usize = 256;

/// Rows of which only what is not zero is kept: positions, ascending, and values.
pub(super) struct Rows {
    rows: Vec<Vec<(u32, f32)>>,
    width: usize,
}

/// Principal components, the largest variance first.
pub(super) struct Principal {
    /// Of length 1, `[k, d]`.
    pub(super) axes: Array2<f64>,
    /// Of the rows along each, `[k]`.
    pub(super) variances: Vec<f64>,
    /// The variance of the rows in all directions.
    pub(super) total: f64,
}

impl Rows {
    /// Some rows of inputs.
    pub(super) fn of(inputs: &dyn Inputs, rows: &[usize]) -> Result<Self> {
        let width = inputs.shape().iter().product();
        let mut sparse = Vec::with_capacity(rows.len());
        for rows in rows.chunks(CHUNK) {
            for row in inputs.inputs(rows)?.outer_iter() {
                sparse.push((0..).zip(row).filter(|(_, x)| **x != 0.0).map(|(at, x)| (at, *x)).collect());
            }
        }
        Ok(Self { rows: sparse, width })
    }

    /// Each row's values that are not zero.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Vec<(u32, f32)>> {
        self.rows.iter()
    }

    /// The same values, of each range of columns in another order of the rows: what is left of them without any dependence.
    pub(super) fn shuffled(&self, ranges: &[Range<u32>]) -> Self {
        let n = self.rows.len();
        let mut rows = vec![Vec::new(); n];
        for (seed, range) in (0..).zip(ranges) {
            for (row, from) in rows.iter_mut().zip(random(n, n, seed)) {
                let inside = |(at, _): &&(u32, f32)| range.contains(at);
                row.extend(self.rows[from].iter().filter(inside));
            }
        }
        Self { rows, width: self.width }
    }

    /// The `most` principal components, fewer if there are fewer columns, by a randomised range finder with power iterations.
    ///
    /// Source: Halko, Martinsson and Tropp, "Finding structure with randomness", SIAM Review 53, 2011, algorithm 4.4.
    pub(super) fn principal(&self, most: usize) -> Principal {
        let mean = self.mean();
        let size = (most + SPARE).min(self.width);
        let random =
            |(i, j): (usize, usize)| (mix(i as u64, j as u64) >> 11) as f64 / (1u64 << 52) as f64 - 1.0;
        let mut basis = orthonormal(Array2::from_shape_fn((self.width, size), random));
        for _ in 0..PASSES {
            basis = orthonormal(self.back(&orthonormal(self.along(&basis, &mean)), &mean));
        }
        let n = self.rows.len().max(1) as f64;
        let (mut variances, vectors) = eigen(gram(&self.along(&basis, &mean)) / n);
        let mut axes = product(&basis, &vectors).reversed_axes();
        let largest = variances.first().copied().unwrap_or(0.0);
        let k = variances.iter().take(most).take_while(|x| **x > ROUNDING * largest).count();
        variances.truncate(k);
        axes = axes.slice(ndarray::s![..k, ..]).to_owned();
        for mut axis in axes.outer_iter_mut() {
            // Either sign is right; the largest number decides.
            let largest = axis.iter().copied().fold(0.0, |a: f64, b| if b.abs() > a.abs() { b } else { a });
            let length = axis.iter().map(|x| x * x).sum::<f64>().sqrt();
            axis /= length.copysign(largest);
        }
        let squares = self.rows.iter().flatten().map(|(_, x)| f64::from(*x).powi(2)).sum::<f64>();
        Principal { axes, variances, total: squares / n - mean.iter().map(|x| x * x).sum::<f64>() }
    }

    fn mean(&self) -> Array1<f64> {
        let mut mean = Array1::<f64>::zeros(self.width);
        self.rows.iter().flatten().for_each(|(at, x)| mean[*at as usize] += f64::from(*x));
        mean / self.rows.len().max(1) as f64
    }

    /// The centred rows along directions, `[d, l]` to `[n, l]`.
    fn along(&self, basis: &Array2<f64>, mean: &Array1<f64>) -> Array2<f64> {
        let mut middle = Array1::<f64>::zeros(basis.ncols());
        mean.iter().zip(basis.outer_iter()).for_each(|(x, row)| middle.scaled_add(*x, &row));
        let mut found = Array2::<f64>::zeros((self.rows.len(), basis.ncols()));
        found.axis_iter_mut(Axis(0)).into_par_iter().zip(&self.rows).for_each(|(mut found, row)| {
            row.iter().for_each(|(at, x)| found.scaled_add(f64::from(*x), &basis.row(*at as usize)));
            found -= &middle;
        });
        found
    }

    /// The transposed centred rows times `[n, l]`, which is `[d, l]`.
    fn back(&self, along: &Array2<f64>, mean: &Array1<f64>) -> Array2<f64> {
        let mut found = Array2::<f64>::zeros((self.width, along.ncols()));
        for (row, along) in self.rows.iter().zip(along.outer_iter()) {
            row.iter().for_each(|(at, x)| found.row_mut(*at as usize).scaled_add(f64::from(*x), &along));
        }
        let sum = along.sum_axis(Axis(0));
        found.outer_iter_mut().zip(mean).for_each(|(mut row, x)| row.scaled_add(-x, &sum));
        found
    }
}

/// `aᵀa`, of `[n, l]`.
fn gram(a: &Array2<f64>) -> Array2<f64> {
    let mut gram = Array2::<f64>::zeros((a.ncols(), a.ncols()));
    for row in a.outer_iter() {
        row.iter().zip(gram.outer_iter_mut()).for_each(|(x, mut gram)| gram.scaled_add(*x, &row));
    }
    gram
}

/// `a` times `b`, without the library's kernels, whose sums depend on the processor.
fn product(a: &Array2<f64>, b: &Array2<f64>) -> Array2<f64> {
    let mut product = Array2::<f64>::zeros((a.nrows(), b.ncols()));
    for (row, mut product) in a.outer_iter().zip(product.outer_iter_mut()) {
        row.iter().zip(b.outer_iter()).for_each(|(x, b)| product.scaled_add(*x, &b));
    }
    product
}

/// The columns made orthonormal, by Cholesky's factor of their products; those that depend on others become 0.
fn orthonormal(mut a: Array2<f64>) -> Array2<f64> {
    let mut upper = gram(&a);
    let least = ROUNDING * upper.diag().iter().copied().fold(0.0, f64::max);
    for j in 0..upper.nrows() {
        let is_free = upper[[j, j]] > least;
        let factor = if is_free { 1.0 / upper[[j, j]].sqrt() } else { 0.0 };
        upper.row_mut(j).mapv_inplace(|x| x * factor);
        let (done, mut rest) = upper.view_mut().split_at(Axis(0), j + 1);
        let row = done.row(j);
        for (i, mut below) in (j + 1..).zip(rest.outer_iter_mut()) {
            below.scaled_add(-row[i], &row);
        }
    }
    a.axis_iter_mut(Axis(0)).into_par_iter().for_each(|mut row| {
        for j in 0..row.len() {
            row[j] = if upper[[j, j]] > 0.0 { row[j] / upper[[j, j]] } else { 0.0 };
            let x = row[j];
            row.slice_mut(ndarray::s![j + 1..]).scaled_add(-x, &upper.slice(ndarray::s![j, j + 1..]));
        }
    });
    a
}

/// Eigenvalues of a symmetric matrix, the largest first, and eigenvectors as columns, by Jacobi's rotations (Golub and Van Loan,
/// Matrix Computations, section 8.5).
fn eigen(mut a: Array2<f64>) -> (Vec<f64>, Array2<f64>) {
    let n = a.nrows();
    // A vector is a row meanwhile.
    let mut vectors = Array2::<f64>::eye(n);
    let all = a.iter().map(|x| x * x).sum::<f64>();
    for _ in 0..SWEEPS {
        let outside = a.indexed_iter().filter(|((i, j), _)| i != j).map(|(_, x)| x * x).sum::<f64>();
        if outside <= 1e-28 * all {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                if a[[p, q]] != 0.0 {
                    let (cosine, sine) = rotation(a[[p, p]], a[[q, q]], a[[p, q]]);
                    rotate(&mut a, [p, q], [cosine, sine]);
                    // The columns too, as rows of the transposed.
                    a.swap_axes(0, 1);
                    rotate(&mut a, [p, q], [cosine, sine]);
                    a.swap_axes(0, 1);
                    rotate(&mut vectors, [p, q], [cosine, sine]);
                }
            }
        }
    }
    let mut order = (0..n).collect::<Vec<_>>();
    order.sort_by(|i, j| a[[*j, *j]].total_cmp(&a[[*i, *i]]));
    let values = order.iter().map(|i| a[[*i, *i]]).collect();
    (values, vectors.select(Axis(0), &order).reversed_axes().as_standard_layout().into_owned())
}

/// Cosine and sine of the angle that makes the number outside the diagonal 0.
fn rotation(pp: f64, qq: f64, pq: f64) -> (f64, f64) {
    let theta = (qq - pp) / (2.0 * pq);
    let tangent = 1.0_f64.copysign(theta) / (theta.abs() + theta.hypot(1.0));
    let cosine = 1.0 / tangent.hypot(1.0);
    (cosine, tangent * cosine)
}

/// Rotates two rows into each other.
fn rotate(a: &mut Array2<f64>, [p, q]: [usize; 2], [cosine, sine]: [f64; 2]) {
    let (mut above, mut below) = a.multi_slice_mut((ndarray::s![p, ..], ndarray::s![q, ..]));
    ndarray::Zip::from(&mut above).and(&mut below).for_each(|p, q| {
        (*p, *q) = (cosine * *p - sine * *q, sine * *p + cosine * *q);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows whose variances fall, `[n, d]`.
    fn rows(n: usize, d: usize) -> Array2<f32> {
        let uniform = |i: usize, j: usize| (mix(j as u64 + 77, i as u64) >> 40) as f32 / (1u32 << 24) as f32;
        Array2::from_shape_fn((n, d), |(i, j)| {
            let (own, next) = (uniform(i, j), uniform(i, (j + 1) % d));
            (own + 0.5 * next + 3.0) / (1.0 + j as f32) * if uniform(i, j + d) < 0.3 { 0.0 } else { 1.0 }
        })
    }

    fn covariance(rows: &Array2<f32>) -> Array2<f64> {
        let rows = rows.mapv(f64::from);
        let centred = &rows - &rows.mean_axis(Axis(0)).unwrap();
        centred.t().dot(&centred) / rows.nrows() as f64
    }

    /// Against the definition: each axis is an eigenvector of the covariance, all are orthonormal, and together they hold all
    /// variance.
    #[test]
    fn components_are_eigenvectors_of_the_covariance() {
        let rows = rows(300, 12);
        let covariance = covariance(&rows);
        let all = (0..300).collect::<Vec<_>>();
        let found = Rows::of(&rows, &all).unwrap().principal(12);
        assert_eq!(found.axes.dim(), (12, 12));
        assert!((found.axes.dot(&found.axes.t()) - Array2::<f64>::eye(12)).iter().all(|x| x.abs() < 1e-9));
        for (axis, variance) in found.axes.outer_iter().zip(&found.variances) {
            let image = covariance.dot(&axis);
            assert!((&image - &(&axis * *variance)).iter().all(|x| x.abs() < 1e-9), "{variance}");
        }
        assert!(found.variances.windows(2).all(|pair| pair[0] >= pair[1]));
        assert!((found.total - covariance.diag().sum()).abs() < 1e-9);
        assert!((found.variances.iter().sum::<f64>() - found.total).abs() < 1e-9);
    }

    /// More columns than directions: the randomised finder has the leading ones.
    #[test]
    fn the_leading_components_of_many_columns_are_found() {
        let rows = rows(400, 60);
        let all = (0..400).collect::<Vec<_>>();
        let sparse = Rows::of(&rows, &all).unwrap();
        let (few, exact) = (sparse.principal(4), sparse.principal(60));
        for i in 0..4 {
            assert!((few.variances[i] / exact.variances[i] - 1.0).abs() < 1e-6);
            let cosine = few.axes.row(i).dot(&exact.axes.row(i));
            assert!((cosine - 1.0).abs() < 1e-5, "{i}: {cosine}");
        }
    }

    #[test]
    fn equal_and_dependent_columns_have_no_component() {
        let rows = Array2::from_shape_fn((50, 3), |(i, j)| if j == 2 { 4.0 } else { (i % 7) as f32 });
        let all = (0..50).collect::<Vec<_>>();
        let found = Rows::of(&rows, &all).unwrap().principal(3);
        assert_eq!(found.variances.len(), 1);
        let half = std::f64::consts::FRAC_1_SQRT_2;
        assert!((&found.axes - &ndarray::array![[half, half, 0.0]]).iter().all(|x| x.abs() < 1e-9));
    }

    #[test]
    fn shuffled_rows_keep_each_range_together() {
        let rows = Array2::from_shape_fn((40, 4), |(i, j)| if i % 2 == j % 2 { (1 + j) as f32 } else { 0.0 });
        let all = (0..40).collect::<Vec<_>>();
        let shuffled = Rows::of(&rows, &all).unwrap().shuffled(&[0..2, 2..4]);
        let kinds = shuffled.rows.iter().map(|row| row.iter().map(|(at, _)| *at).collect::<Vec<_>>());
        let kinds = kinds.collect::<std::collections::BTreeSet<_>>();
        assert_eq!(kinds.into_iter().collect::<Vec<_>>(), [[0, 2], [0, 3], [1, 2], [1, 3]]);
        let ones = shuffled.rows.iter().flatten().filter(|(at, x)| *at == 0 && *x == 1.0).count();
        assert_eq!(ones, 20);
    }
}
