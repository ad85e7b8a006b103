//! A little dense linear algebra in double precision.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, Axis, s};
use rayon::prelude::*;

/// Rows of a large matrix per parallel task.
const ROWS: usize = 64;

/// Adds a number to each element of the diagonal.
pub(crate) fn add_to_diagonal(matrix: &mut Array2<f64>, x: f64) {
    matrix.diag_mut().iter_mut().for_each(|element| *element += x);
}

/// `A B` of a large matrix and one of a few columns, in parallel: by rows, as packing the large one, as a general product does, would
/// take longer than multiplying.
pub(crate) fn thin_product(a: &Array2<f64>, b: &Array2<f64>) -> Array2<f64> {
    let columns = b.ncols().max(1);
    let b = b.iter().copied().collect::<Vec<_>>();
    let of_row = |row: usize| {
        let mut sums = vec![0.0; columns];
        for (x, b) in a.row(row).iter().zip(b.chunks_exact(columns)) {
            sums.iter_mut().zip(b).for_each(|(sum, y)| *sum += x * y);
        }
        sums
    };
    let rows = (0..a.nrows()).into_par_iter().with_min_len(ROWS).map(of_row).collect::<Vec<_>>();
    Array2::from_shape_fn((a.nrows(), columns), |(i, j)| rows[i][j])
}

/// `A + x B Bᵀ` in the place of `A`, in parallel.
pub(crate) fn add_square(a: &mut Array2<f64>, x: f64, b: &Array2<f64>) {
    let blocks = a.axis_chunks_iter_mut(Axis(0), ROWS).into_par_iter();
    blocks
        .zip(b.axis_chunks_iter(Axis(0), ROWS))
        .for_each(|(mut a, rows)| general_mat_mul(x, &rows, &b.t(), 1.0, &mut a));
}

/// The inverse of a symmetric positive definite matrix.
pub(crate) fn inverse(matrix: &Array2<f64>) -> Array2<f64> {
    let lower = lower_inverse(matrix);
    lower.t().dot(&lower)
}

/// The inverse of the lower Cholesky factor of a symmetric positive definite matrix.
pub(crate) fn lower_inverse(matrix: &Array2<f64>) -> Array2<f64> {
    let n = matrix.nrows();
    let mut factor = matrix.iter().copied().collect::<Vec<_>>();
    cholesky(&mut factor, n);
    let mut lower = Array2::<f64>::eye(n);
    for i in 0..n {
        let (above, mut row) = lower.multi_slice_mut((s![..i, ..], s![i, ..]));
        for j in 0..i {
            row.slice_mut(s![..=j]).scaled_add(-factor[i * n + j], &above.slice(s![j, ..=j]));
        }
        row /= factor[i * n + i];
    }
    lower
}

/// The lower factor of a symmetric positive definite matrix, `[n, n]`, in its lower triangle. What rounding has made not positive
/// counts as very small.
fn cholesky(matrix: &mut [f64], n: usize) {
    for i in 0..n {
        let (above, row) = matrix.split_at_mut(i * n);
        for (j, above) in above.chunks_exact(n).enumerate() {
            row[j] = (row[j] - dot(&row[..j], &above[..j])) / above[j];
        }
        let left = row[i] - dot(&row[..i], &row[..i]);
        row[i] = left.max(1e-14 * row[i].abs()).max(f64::MIN_POSITIVE).sqrt();
    }
}

/// In four sums at once, which the compiler turns into vector registers.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (fours, others) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest = fours.remainder().iter().zip(others.remainder()).map(|(a, b)| a * b).sum::<f64>();
    let mut sums = [0.0; 4];
    for (a, b) in fours.zip(others) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::mix;

    fn positive(n: usize, seed: u64) -> Array2<f64> {
        let rows = Array2::from_shape_fn((n, n + 1), |(i, j)| {
            (mix(seed, (i * 99 + j) as u64) % 1000) as f64 / 500.0 - 1.0
        });
        rows.dot(&rows.t())
    }

    #[test]
    fn products_in_parallel_are_products() {
        let (a, b) =
            (positive(150, 1), Array2::from_shape_fn((150, 3), |(i, j)| (i * 7 + j * 5) as f64 % 11.0));
        let near = |x: &Array2<f64>, y: &Array2<f64>| x.iter().zip(y).all(|(x, y)| (x - y).abs() < 1e-9);
        assert!(near(&thin_product(&a, &b), &a.dot(&b)));
        let mut sum = a.clone();
        add_square(&mut sum, -0.5, &b);
        assert!(near(&sum, &(&a - b.dot(&b.t()) * 0.5)));
    }

    #[test]
    fn a_matrix_times_its_inverse_is_one() {
        for n in [0, 1, 2, 5, 30] {
            let mut matrix = positive(n, n as u64);
            add_to_diagonal(&mut matrix, 0.1);
            let one = matrix.dot(&inverse(&matrix));
            assert!((one - Array2::<f64>::eye(n)).iter().all(|x| x.abs() < 1e-9), "{n}");
        }
    }
}
