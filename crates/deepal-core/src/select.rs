//! Selectors: plain functions from arrays to row numbers, in pick order. Ties go to the lower row.
//!
//! All are deterministic at any number of threads, and none holds more than O(n·d) memory.

mod cluster;
mod k_center;

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

/// Squared Euclidean distance.
///
/// Sixteen independent sums let the compiler use vector registers; they hold at most d/16 terms each, and differences
/// are squared directly, so equal rows are at exactly 0.
fn squared_distance(a: &[f32], b: &[f32]) -> f32 {
    lanes(a, b, |difference| difference * difference)
}

/// Sum of absolute differences.
fn absolute_distance(a: &[f32], b: &[f32]) -> f32 {
    lanes(a, b, f32::abs)
}

#[inline(always)]
fn lanes(a: &[f32], b: &[f32], term: impl Fn(f32) -> f32) -> f32 {
    const LANES: usize = 16;
    let (a_chunks, a_rest) = a.as_chunks::<LANES>();
    let (b_chunks, b_rest) = b.as_chunks::<LANES>();
    let mut sums = [0.0f32; LANES];
    for (a, b) in a_chunks.iter().zip(b_chunks) {
        for i in 0..LANES {
            sums[i] += term(a[i] - b[i]);
        }
    }
    let rest = a_rest.iter().zip(b_rest).map(|(a, b)| term(a - b)).sum::<f32>();
    sums.iter().sum::<f32>() + rest
}

/// A power of two that brings the largest magnitude near 1, or 1 where squares fit single precision as they are.
/// Multiplying by it is exact, so no order changes.
fn safe_scale<'a>(values: impl Iterator<Item = &'a f32>) -> f32 {
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

    #[test]
    fn distances_agree_with_the_definition_at_every_length() {
        for d in 0..40u16 {
            let a = (0..d).map(|i| f32::from(i).sin()).collect::<Vec<_>>();
            let b = (0..d).map(|i| f32::from(i).cos()).collect::<Vec<_>>();
            let differences = || a.iter().zip(&b).map(|(a, b)| f64::from(a - b));
            assert!(
                (f64::from(squared_distance(&a, &b)) - differences().map(|x| x * x).sum::<f64>()).abs()
                    < 1e-5
            );
            assert!(
                (f64::from(absolute_distance(&a, &b)) - differences().map(f64::abs).sum::<f64>()).abs()
                    < 1e-5
            );
        }
    }
}
