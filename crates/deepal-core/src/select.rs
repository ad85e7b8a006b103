//! Selectors: plain functions from arrays to row numbers, in pick order. Ties go to the lower row.
//!
//! All are deterministic at any number of threads, and none holds more than O(n·d) memory.

pub(crate) mod blocks;
pub(crate) mod cluster;
pub(crate) mod coverage;
pub(crate) mod dense;
pub(crate) mod draws;
pub(crate) mod fisher;
pub(crate) mod gradients;
pub(crate) mod herding;
pub(crate) mod joint;
mod k_center;
pub(crate) mod linkage;
pub(crate) mod partition;
pub(crate) mod references;
pub(crate) mod traces;
pub(crate) mod typical;
pub(crate) mod weighted;

pub use cluster::{Clusters, k_means, k_medians, representatives};
pub use k_center::k_center_greedy;

use crate::seed::generator;
use ndarray::ArrayRef1;
use rand::RngExt;

/// The rows of the `k` highest scores, highest first; at most as many as there are.
///
/// `scores`: `[n]`, no NaN.
///
/// ```
/// assert_eq!(deepal_core::select::top_k(&ndarray::array![0.1, 0.7, 0.3, 0.7], 3), [1, 3, 2]);
/// ```
pub fn top_k(scores: &ArrayRef1<f64>, k: usize) -> Vec<usize> {
    let mut rows = (0..scores.len()).collect::<Vec<_>>();
    rows.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b)));
    rows.truncate(k);
    rows
}

/// `k` of `n` rows, uniformly without replacement; at most `n`. A smaller `k` gives a prefix.
///
/// ```
/// let rows = deepal_core::select::random(1000, 20, 7);
/// assert_eq!(deepal_core::select::random(1000, 5, 7), rows[..5]);
/// ```
pub fn random(n: usize, k: usize, seed: u64) -> Vec<usize> {
    let mut generator = generator(seed);
    let mut rows = (0..n).collect::<Vec<_>>();
    for i in 0..k.min(n) {
        let j = generator.random_range(i..n);
        rows.swap(i, j);
    }
    rows.truncate(k);
    rows
}

/// A power of two that brings the largest magnitude near 1, or 1 where squares fit single precision as they are.
/// Multiplying by it is exact, so no order changes.
pub(crate) fn safe_scale<'a>(values: impl Iterator<Item = &'a f32>) -> f32 {
    let largest = values.fold(0.0f32, |largest, x| largest.max(x.abs()));
    if largest == 0.0 || (1e-12..1e12).contains(&largest) {
        return 1.0;
    }
    2f32.powi((-largest.log2() as i32).clamp(-126, 126))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn ties_go_to_the_lower_row() {
        assert_eq!(top_k(&array![1.0, 1.0, 2.0, 1.0], 3), [2, 0, 1]);
    }

    /// Trap D15: the reference raises or returns fewer, and breaks ties by an unstable sort.
    #[test]
    fn d15_asking_for_more_than_there_is_gives_all() {
        assert_eq!(top_k(&array![1.0, 2.0], 5), [1, 0]);
        assert_eq!(random(3, 10, 1).len(), 3);
        assert!(random(0, 10, 1).is_empty());
    }

    /// Pearson's chi-square of first draws against the uniform distribution; 27.9 is the 99.9 % point at 9 degrees.
    #[test]
    fn random_is_uniform() {
        let mut counts = [0f64; 10];
        for seed in 0..5000 {
            counts[random(10, 1, seed)[0]] += 1.0;
        }
        let chi_square = counts.iter().map(|count| (count - 500.0).powi(2) / 500.0).sum::<f64>();
        assert!(chi_square < 27.9, "{chi_square}");
    }
}
