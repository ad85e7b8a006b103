//! Greedy k-center.

use super::blocks::{Blocks, Euclidean, Lanes, WIDTH, distances};
use super::safe_scale;
use crate::seed::generator;
use ndarray::ArrayRef2;
use rand::RngExt;
use rayon::prelude::*;

/// Blocks of rows per parallel task.
const CHUNK: usize = 32;

/// Greedy k-center (Gonzalez 1985; the core-set of Sener and Savarese, ICLR 2018): again and again the row farthest
/// from everything labelled or picked, until there are `k`. The covering radius is at most twice the optimum.
///
/// With nothing labelled the first row is drawn by the seed; after that there is no randomness. Picks for a smaller
/// `k` are a prefix of those for a larger one.
///
/// `embeddings`: `[n, d]`, `labeled`: `[m, d]`. Memory: O(n·d) besides the input; time: O(n·d·(m + k)).
///
/// ```
/// use ndarray::array;
///
/// let pool = array![[0.0f32], [1.0], [5.0], [10.0]];
/// assert_eq!(deepal_core::select::k_center_greedy(&pool, &array![[0.0f32]], 2, 0), [3, 2]);
/// ```
pub fn k_center_greedy(
    embeddings: &ArrayRef2<f32>,
    labeled: &ArrayRef2<f32>,
    k: usize,
    seed: u64,
) -> Vec<usize> {
    // In the pool once: its many short parallel steps are then not handed over one by one.
    rayon::scope(|_| greedy(embeddings, labeled, k, seed))
}

fn greedy(embeddings: &ArrayRef2<f32>, labeled: &ArrayRef2<f32>, k: usize, seed: u64) -> Vec<usize> {
    let (n, d) = embeddings.dim();
    let k = k.min(n);
    let mut picks = Vec::with_capacity(k);
    if k == 0 {
        return picks;
    }
    let (mut points, mut labeled) = (row_major(embeddings), row_major(labeled));
    let scale = safe_scale(points.iter().chain(labeled.iter()));
    if scale != 1.0 {
        points.to_mut().iter_mut().chain(labeled.to_mut()).for_each(|x| *x *= scale);
    }
    let blocks = Blocks::new(&points, d);
    // The squared distance from each row to its nearest centre; below zero once it is picked itself, as is what fills up
    // the last block.
    let mut nearest = vec![[f32::INFINITY; WIDTH]; n.div_ceil(WIDTH)];
    nearest.as_flattened_mut()[n..].fill(-1.0);
    let mut farthest = match labeled.is_empty() {
        true => generator(seed).random_range(0..n),
        false => cover(&mut nearest, &blocks, &labeled),
    };
    loop {
        picks.push(farthest);
        if picks.len() == k {
            return picks;
        }
        nearest.as_flattened_mut()[farthest] = -1.0;
        farthest = cover(&mut nearest, &blocks, &points[farthest * d..][..d]);
    }
}

/// Lowers each row's distance to its nearest centre and returns the row that is now the farthest.
fn cover(nearest: &mut [Lanes<f32>], blocks: &Blocks, centers: &[f32]) -> usize {
    let farthest_of = |(chunk, nearest): (usize, &mut [Lanes<f32>])| {
        for (i, nearest) in nearest.iter_mut().enumerate() {
            distances::<Euclidean>(blocks.get(chunk * CHUNK + i), centers, nearest);
        }
        let mut best = (f32::NEG_INFINITY, 0);
        for (i, distance) in nearest.as_flattened().iter().enumerate() {
            if *distance > best.0 {
                best = (*distance, chunk * CHUNK * WIDTH + i);
            }
        }
        best
    };
    let farther = |a: (f32, usize), b: (f32, usize)| {
        if b.0 > a.0 || (b.0 == a.0 && b.1 < a.1) { b } else { a }
    };
    nearest
        .par_chunks_mut(CHUNK)
        .enumerate()
        .map(farthest_of)
        .reduce(|| (f32::NEG_INFINITY, usize::MAX), farther)
        .1
}

/// The array's values row by row, copied only if they lie otherwise.
pub(super) fn row_major(array: &ArrayRef2<f32>) -> std::borrow::Cow<'_, [f32]> {
    match array.as_slice() {
        Some(slice) => slice.into(),
        None => array.iter().copied().collect::<Vec<_>>().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};
    use proptest::prelude::*;

    fn points(n: std::ops::Range<usize>) -> impl Strategy<Value = Array2<f32>> {
        prop::collection::vec(prop::array::uniform3(-10i8..10), n)
            .prop_map(|rows| Array2::from_shape_fn((rows.len(), 3), |(i, j)| f32::from(rows[i][j])))
    }

    /// The definition, with the whole distance matrix.
    fn by_full_matrix(pool: &Array2<f32>, labeled: &Array2<f32>, k: usize, first: usize) -> Vec<usize> {
        let distance = |a: ndarray::ArrayView1<'_, f32>, b: ndarray::ArrayView1<'_, f32>| {
            a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt()
        };
        let mut picks: Vec<usize> = Vec::new();
        while picks.len() < k.min(pool.nrows()) {
            let radius = |i: usize| {
                let to_labeled = labeled.outer_iter().map(|l| distance(pool.row(i), l));
                to_labeled
                    .chain(picks.iter().map(|p| distance(pool.row(i), pool.row(*p))))
                    .fold(f64::INFINITY, f64::min)
            };
            let candidates = (0..pool.nrows()).filter(|i| !picks.contains(i));
            let best = candidates.fold(None, |best: Option<(f64, usize)>, i| match best {
                Some((r, _)) if r >= radius(i) => best,
                _ => Some((radius(i), i)),
            });
            let (r, next) = best.unwrap();
            picks.push(if r.is_infinite() { first } else { next });
        }
        picks
    }

    proptest! {
        #[test]
        fn agrees_with_the_full_matrix(pool in points(1..25), labeled in points(0..6), k in 0usize..30, seed: u64) {
            let picks = k_center_greedy(&pool, &labeled, k, seed);
            let first = picks.first().copied().unwrap_or(0);
            prop_assert_eq!(picks, by_full_matrix(&pool, &labeled, k, first));
        }

        /// Gonzalez's bound, against every subset.
        #[test]
        fn radius_is_at_most_twice_the_optimum(pool in points(4..9), seed: u64) {
            let k = 3;
            let radius = |centers: &[usize]| {
                let to = |i: usize, j: usize| {
                    (&pool.row(i) - &pool.row(j)).mapv(|x| f64::from(x).powi(2)).sum().sqrt()
                };
                let nearest = |i| centers.iter().map(|c| to(i, *c)).fold(f64::INFINITY, f64::min);
                (0..pool.nrows()).map(nearest).fold(0.0, f64::max)
            };
            let n = pool.nrows();
            let mut best = f64::INFINITY;
            for a in 0..n { for b in a + 1..n { for c in b + 1..n { best = best.min(radius(&[a, b, c])); } } }
            let greedy = k_center_greedy(&pool, &Array2::zeros((0, 3)), k, seed);
            prop_assert!(radius(&greedy) <= 2.0 * best + 1e-9);
        }
    }

    /// Small integers, whose distances are exact, in many blocks: equal picks, and the lower row of equals.
    #[test]
    fn many_rows_agree_with_the_full_matrix_to_the_last_tie() {
        let value = |i: usize, j: usize| (crate::seed::mix(i as u64, j as u64) % 5) as f32;
        let pool = Array2::from_shape_fn((2100, 6), |(i, j)| value(i, j));
        for m in [0, 1, 7, 40] {
            let labeled = Array2::from_shape_fn((m, 6), |(i, j)| value(i + 5000, j));
            let picks = k_center_greedy(&pool, &labeled, 60, 3);
            assert_eq!(picks, by_full_matrix(&pool, &labeled, 60, picks[0]));
        }
    }

    /// Trap D8: the reference holds the n × n matrix, 40 GB here.
    #[test]
    fn d8_memory_does_not_grow_with_the_square_of_the_pool() {
        let pool = Array2::from_shape_fn((100_000, 2), |(i, j)| ((i * (j + 3)) % 1009) as f32);
        assert_eq!(k_center_greedy(&pool, &Array2::zeros((0, 2)), 5, 0).len(), 5);
    }

    /// Trap D9: the reference takes the root of tiny negatives, gets NaN, and picks copies of labelled points first.
    #[test]
    fn d9_copies_of_labelled_points_come_last() {
        let value = |i: usize, j: usize| 1000.0 + ((i * 7 + j) as f32).sin();
        let labeled = Array2::from_shape_fn((20, 33), |(i, j)| value(i, j));
        let pool = Array2::from_shape_fn((23, 33), |(i, j)| value(if i < 20 { i } else { i + 50 }, j));
        let picks = k_center_greedy(&pool, &labeled, 23, 0);
        let mut first = picks[..3].to_vec();
        first.sort_unstable();
        assert_eq!(first, [20, 21, 22]);
    }

    /// Trap D10: the reference returns its picks sorted, so that a prefix means nothing.
    #[test]
    fn d10_picks_come_in_pick_order() {
        let pool = array![[0.0f32], [1.0], [5.0], [10.0], [2.0]];
        let labeled = array![[0.0f32]];
        let all = k_center_greedy(&pool, &labeled, 5, 0);
        assert_eq!(all[..2], [3, 2]);
        for k in 0..5 {
            assert_eq!(k_center_greedy(&pool, &labeled, k, 0), all[..k]);
        }
    }

    /// Trap D12: the old reference calls its mixed-integer program robust, though it allows no outlier. This is the greedy
    /// algorithm and takes outliers first, as its entry says.
    #[test]
    fn d12_greedy_k_center_does_not_claim_to_be_robust() {
        let pool = array![[0.0f32], [0.5], [1.0], [1000.0]];
        assert_eq!(k_center_greedy(&pool, &array![[0.0f32]], 2, 0), [3, 2]);
        let entry = crate::strategy::by_name("k-center").unwrap();
        assert!(entry.details.contains("outliers first") && entry.details.contains("greedy"));
        assert!(crate::strategy::by_name("robust-k-center").is_err());
    }

    #[test]
    fn column_major_arrays_are_read_by_their_rows() {
        let pool = array![[0.0f32, 1.0, 5.0], [0.0, 0.0, 9.0]].reversed_axes();
        assert_eq!(k_center_greedy(&pool, &array![[0.0f32, 0.0]], 1, 0), [2]);
    }
}
