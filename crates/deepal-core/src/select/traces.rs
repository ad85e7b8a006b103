//! Traces of many small matrices at once, side by side in the lanes of vectors.

/// Matrices side by side.
pub(crate) const LANES: usize = 8;

/// One number of each.
pub(crate) type Lanes = [f64; LANES];

/// Entries of the lower triangle of a matrix `[r, r]`.
pub(crate) fn entries(r: usize) -> usize {
    r * (r + 1) / 2
}

/// The place of an entry in the lower triangle, `j` at most `i`.
pub(crate) fn lower(i: usize, j: usize) -> usize {
    i * (i + 1) / 2 + j
}

/// `x + a · b`
#[inline(always)]
fn add_product(x: &mut Lanes, a: &Lanes, b: &Lanes) {
    for lane in 0..LANES {
        x[lane] += a[lane] * b[lane];
    }
}

/// `tr((I + sign · A)⁻¹ B)` of symmetric matrices in triangles, of which `I + sign · A` is positive definite; `a` and `b`:
/// `[blocks, r (r + 1) / 2]`.
#[inline(always)]
pub(crate) fn traces(a: &[Lanes], b: &[Lanes], sign: f64, r: usize) -> Vec<Lanes> {
    let mut factor = vec![[0.0; LANES]; entries(r)];
    let mut found = Vec::with_capacity(a.len() / entries(r).max(1));
    for (a, b) in a.chunks_exact(entries(r)).zip(b.chunks_exact(entries(r))) {
        for (factor, a) in factor.iter_mut().zip(a) {
            for lane in 0..LANES {
                factor[lane] = sign * a[lane];
            }
        }
        (0..r).for_each(|i| factor[lower(i, i)].iter_mut().for_each(|x| *x += 1.0));
        invert_factor(&mut factor, r);
        // Σ_i x_i B x_iᵀ over the rows of the inverse of the factor.
        let mut sum = [0.0; LANES];
        for i in 0..r {
            let row = &factor[lower(i, 0)..=lower(i, i)];
            for (j, x) in row.iter().enumerate() {
                // The entries beside the diagonal count twice.
                let mut half = [0.0; LANES];
                for (y, b) in row[..j].iter().zip(&b[lower(j, 0)..]) {
                    add_product(&mut half, y, b);
                }
                for lane in 0..LANES {
                    sum[lane] += x[lane] * (2.0 * half[lane] + x[lane] * b[lower(j, j)][lane]);
                }
            }
        }
        found.push(sum);
    }
    found
}

/// The inverse of the lower Cholesky factor of positive definite matrices, in their place. What rounding has made not positive counts as
/// very small.
#[inline(always)]
fn invert_factor(matrix: &mut [Lanes], r: usize) {
    for i in 0..r {
        let (above, row) = matrix.split_at_mut(lower(i, 0));
        for j in 0..i {
            let mut sum = [0.0; LANES];
            for (x, y) in row[..j].iter().zip(&above[lower(j, 0)..]) {
                add_product(&mut sum, x, y);
            }
            let diagonal = &above[lower(j, j)];
            for lane in 0..LANES {
                row[j][lane] = (row[j][lane] - sum[lane]) / diagonal[lane];
            }
        }
        let mut sum = [0.0; LANES];
        row[..i].iter().for_each(|x| add_product(&mut sum, x, x));
        for lane in 0..LANES {
            let whole = row[i][lane];
            row[i][lane] = (whole - sum[lane]).max(1e-14 * whole.abs()).max(f64::MIN_POSITIVE).sqrt();
        }
    }
    // Row `i` of the inverse is `(e_i − Σ_{j < i} L[i, j] X[j, :]) / L[i, i]`.
    for i in 0..r {
        let (above, row) = matrix.split_at_mut(lower(i, 0));
        let row = &mut row[..=i];
        let diagonal = row[i].map(|x| 1.0 / x);
        for column in 0..i {
            let mut sum = [0.0; LANES];
            for (j, x) in row.iter().enumerate().take(i).skip(column) {
                add_product(&mut sum, x, &above[lower(j, column)]);
            }
            // `L[i, column]` is not needed by later columns.
            for lane in 0..LANES {
                row[column][lane] = -sum[lane] * diagonal[lane];
            }
        }
        row[i] = diagonal;
    }
}

/// `own − sign · T Tᵀ` and `gain − T Qᵀ − Q Tᵀ` in the place of the triangles; `t` and `q`: `[r, r]`.
#[inline(always)]
pub(crate) fn update(own: &mut [Lanes], gain: &mut [Lanes], t: &[Lanes], q: &[Lanes], sign: f64, r: usize) {
    for (i, j) in (0..r).flat_map(|i| (0..=i).map(move |j| (i, j))) {
        let rows = [i, j].map(|at| (&t[at * r..][..r], &q[at * r..][..r]));
        let [(t_i, q_i), (t_j, q_j)] = rows;
        let (mut square, mut both) = ([0.0; LANES], [0.0; LANES]);
        for column in 0..r {
            add_product(&mut square, &t_i[column], &t_j[column]);
            add_product(&mut both, &t_i[column], &q_j[column]);
            add_product(&mut both, &q_i[column], &t_j[column]);
        }
        let (own, gain) = (&mut own[lower(i, j)], &mut gain[lower(i, j)]);
        for lane in 0..LANES {
            own[lane] -= sign * square[lane];
            gain[lane] -= both[lane];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::mix;
    use crate::select::dense::{add_to_diagonal, inverse};
    use ndarray::Array2;

    fn positive(n: usize, seed: u64) -> Array2<f64> {
        let rows = Array2::from_shape_fn((n, n + 1), |(i, j)| {
            (mix(seed, (i * 99 + j) as u64) % 1000) as f64 / 500.0 - 1.0
        });
        rows.dot(&rows.t())
    }

    #[test]
    fn traces_are_those_of_the_product_with_the_inverse() {
        for (r, sign) in [(1, 1.0), (2, 1.0), (7, 1.0), (1, -1.0), (4, -1.0), (10, 1.0)] {
            let mut a = vec![[0.0; LANES]; 2 * entries(r)];
            let (mut b, mut wanted) = (a.clone(), Vec::new());
            for case in 0..2 * LANES {
                let (mut own, gain) = (positive(r, case as u64), positive(r, 100 + case as u64));
                own /= 2.0 * own.diag().sum();
                for (i, j) in (0..r).flat_map(|i| (0..=i).map(move |j| (i, j))) {
                    let at = case / LANES * entries(r) + lower(i, j);
                    a[at][case % LANES] = own[[i, j]];
                    b[at][case % LANES] = gain[[i, j]];
                }
                let mut middle = own * sign;
                add_to_diagonal(&mut middle, 1.0);
                wanted.push(inverse(&middle).dot(&gain).diag().sum());
            }
            let found = traces(&a, &b, sign, r).into_iter().flatten();
            for (found, wanted) in found.zip(wanted) {
                assert!((found - wanted).abs() < 1e-9 * wanted.abs(), "{r}, {sign}: {found} and {wanted}");
            }
        }
    }
}
