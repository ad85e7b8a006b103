//! k-means of all rows by clustering as many as are worth it.

use super::blocks::{Blocks, Euclidean, Lanes, Nearest, WIDTH, distances};
use super::references::References;
use super::weighted::weighted_k_means;
use super::{Clusters, representatives};
use ndarray::{Array2, ArrayRef2, ArrayView2, Axis};
use rayon::prelude::*;

/// The cluster of each candidate and of each labelled sample, `[n]` and `[m]`, by k-means of at most `most` of them, drawn by seed;
/// all others join the nearest centre.
///
/// Embeddings: `[n, d]` of candidates, `[m, d]` of labelled samples.
pub(crate) fn partition(
    embeddings: &ArrayRef2<f32>,
    labeled: &ArrayRef2<f32>,
    k: usize,
    most: usize,
    seed: u64,
) -> [Vec<u32>; 2] {
    let drawn = References::draw(embeddings, labeled, most, seed);
    let rows = ArrayView2::from_shape((drawn.len(), drawn.d), &drawn.rows);
    let Some(rows) = rows.ok().filter(|rows| !rows.is_empty()) else {
        return [vec![0; embeddings.nrows()], vec![0; labeled.nrows()]];
    };
    let centers = weighted_k_means(&rows, &vec![1.0; rows.nrows()], k.max(1), seed)
        .centers
        .into_iter()
        .collect::<Vec<_>>();
    [embeddings, labeled].map(|rows| nearest_centers(rows, drawn.scale, &centers))
}

/// Rows among which [`middles`] seeks clusters, unless more than a tenth of it are picked.
const CLUSTERED: usize = 20_000;

/// `k` rows, or all if there are fewer: those nearest to the centres of k-means of at most 20,000 of them, or of ten times as many as
/// are picked, drawn by seed.
///
/// `rows`: `[n, d]`.
pub(crate) fn middles(rows: &ArrayRef2<f32>, k: usize, seed: u64) -> Vec<usize> {
    let cluster = |sample: &Array2<f32>| weighted_k_means(sample, &vec![1.0; sample.nrows()], k, seed);
    middles_of(rows, CLUSTERED, k, seed, cluster)
}

/// As [`middles`], of `most` rows that `cluster` clusters.
pub(crate) fn middles_of(
    rows: &ArrayRef2<f32>,
    most: usize,
    k: usize,
    seed: u64,
    cluster: impl FnOnce(&Array2<f32>) -> Clusters,
) -> Vec<usize> {
    let none = Array2::zeros((0, rows.ncols()));
    let drawn = References::draw(rows, &none, most.max(k.saturating_mul(10)), seed).candidates;
    let drawn = drawn.into_iter().map(|row| row as usize).collect::<Vec<_>>();
    let sample = rows.select(Axis(0), &drawn);
    let clusters = cluster(&sample);
    representatives(&sample, &clusters).into_iter().map(|at| drawn[at]).collect()
}

/// Bytes for [`middles`] of those of `n` candidates that a strategy chose: their embeddings, and of those that are clustered five
/// times more.
pub(crate) fn middles_memory(n: usize, d: usize, k: usize) -> usize {
    let clustered = n.min(CLUSTERED.max(k.saturating_mul(10)));
    let rows = n.saturating_add(clustered.saturating_mul(5));
    rows.saturating_mul(d.saturating_mul(size_of::<f32>())).saturating_add(n.saturating_mul(72))
}

/// The nearest centre of each row, the first of equals; `rows`: `[n, d]`, `centers`: `[k, d]` in their scale times `scale`.
fn nearest_centers(rows: &ArrayRef2<f32>, scale: f32, centers: &[f32]) -> Vec<u32> {
    let names = (0..(centers.len() / rows.ncols().max(1)) as u32).collect::<Vec<_>>();
    let of_block = |block: usize| -> Lanes<u32> {
        let rows = block_of(rows, block * WIDTH..rows.nrows(), scale);
        let (mut least, mut nearest) = ([f32::INFINITY; WIDTH], [0; WIDTH]);
        let mut fold = Nearest { distances: &mut least, centers: &mut nearest, names: &names };
        distances::<Euclidean>(rows.get(0), centers, &mut fold);
        nearest
    };
    let blocks = (0..rows.nrows().div_ceil(WIDTH)).into_par_iter().map(of_block).collect::<Vec<_>>();
    blocks.as_flattened()[..rows.nrows()].to_vec()
}

/// The first 32 of some rows as a block, multiplied by `scale`.
pub(crate) fn block_of(rows: &ArrayRef2<f32>, of: impl Iterator<Item = usize>, scale: f32) -> Blocks {
    let mut block = Vec::with_capacity(WIDTH * rows.ncols());
    of.take(WIDTH).for_each(|row| block.extend(rows.row(row).iter().map(|x| x * scale)));
    Blocks::new(&block, rows.ncols())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::mix;

    /// Heaps far apart are found, whether all are clustered or a part.
    #[test]
    fn each_heap_is_a_cluster() {
        let rows = Array2::from_shape_fn((900, 3), |(i, j)| {
            (i % 4) as f32 * 100.0 + (mix(j as u64, i as u64) % 100) as f32 / 50.0
        });
        let labeled = rows.slice(ndarray::s![..7, ..]).to_owned();
        for most in [60, 5000] {
            let [clusters, of_labeled] = partition(&rows, &labeled, 4, most, 2);
            for i in 0..900 {
                assert_eq!(clusters[i] == clusters[0], i % 4 == 0);
            }
            assert_eq!(of_labeled, clusters[..7]);
        }
    }

    #[test]
    fn nothing_and_no_features_are_one_cluster() {
        let none = Array2::<f32>::zeros((0, 2));
        assert_eq!(partition(&none, &none, 3, 10, 0), [vec![], vec![]]);
        let (rows, labeled) = (Array2::zeros((3, 0)), Array2::zeros((1, 0)));
        assert_eq!(partition(&rows, &labeled, 3, 10, 0), [vec![0; 3], vec![0]]);
    }
}
