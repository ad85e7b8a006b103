//! Draws of rows by weight, all from the seed.

use super::random;
use crate::seed::generator;
use rand::RngExt;

/// The row at which the running sum of `weights` passes `share` of their sum; never one of weight 0. `None` if all are 0.
///
/// `weights`: `[n]`, finite, not negative; `share`: from 0 to below 1.
pub(crate) fn weighted(weights: &[f64], share: f64) -> Option<usize> {
    let target = share * weights.iter().sum::<f64>();
    let (mut sum, mut last) = (0.0, None);
    for (row, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
        sum += weight;
        last = Some(row);
        if sum > target {
            break;
        }
    }
    last
}

/// Fills up `picks` to `k` of `n` rows, with others at random and without replacement.
pub(crate) fn fill(picks: &mut Vec<usize>, n: usize, k: usize, seed: u64) {
    let mut picked = vec![false; n];
    picks.iter().for_each(|row| picked[*row] = true);
    let others = random(n, n, seed).into_iter().filter(|row| !picked[*row]);
    picks.extend(others.take(k.min(n).saturating_sub(picks.len())));
}

/// `k` rows drawn one after the other without replacement, each with a probability in proportion to its score to the
/// `power`: the largest of `power · ln score` plus Gumbel noise (Yellott 1977; Kool, van Hoof and Welling, ICML 2019). Rows of score 0
/// come after all others, in a random order. Picks for a smaller `k` are a prefix.
///
/// `scores`: `[n]`, finite, not negative.
pub(crate) fn in_proportion(scores: &[f64], power: f64, k: usize, seed: u64) -> Vec<usize> {
    let mut generator = generator(seed);
    let key = |score: &f64| {
        let noise = -(-(1.0 - generator.random::<f64>()).ln()).ln();
        let key = if *score > 0.0 { power * score.ln() + noise } else { f64::NEG_INFINITY };
        (key, noise)
    };
    let keys = scores.iter().map(key).collect::<Vec<_>>();
    let mut rows = (0..scores.len()).collect::<Vec<_>>();
    let falling = |a: &(f64, f64), b: &(f64, f64)| b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1));
    rows.sort_by(|a, b| falling(&keys[*a], &keys[*b]).then(a.cmp(b)));
    rows.truncate(k);
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_drawn_in_proportion_to_their_weight_and_never_without_any() {
        let weights = [0.0, 3.0, 0.0, 1.0, 4.0, 0.0];
        let mut counts = [0; 6];
        (0..80).for_each(|i| counts[weighted(&weights, (f64::from(i) + 0.5) / 80.0).unwrap()] += 1);
        assert_eq!(counts, [0, 30, 0, 10, 40, 0]);
        assert_eq!(weighted(&weights, 1.0), Some(4), "not even by rounding");
        assert_eq!((weighted(&[0.0; 3], 0.5), weighted(&[], 0.5)), (None, None));
    }

    #[test]
    fn filling_up_repeats_nothing() {
        for seed in 0..50 {
            let mut picks = vec![3, 0];
            fill(&mut picks, 6, 5, seed);
            let mut rows = picks.clone();
            rows.sort_unstable();
            rows.dedup();
            assert!(rows.len() == 5 && picks.len() == 5 && picks[..2] == [3, 0]);
        }
        let mut picks = vec![];
        fill(&mut picks, 3, 9, 0);
        assert_eq!(picks.len(), 3);
    }

    /// Against the exact probabilities of the first two draws, by Pearson's chi-square: 31.3 is the 99.9 % point at 11 degrees.
    #[test]
    fn pairs_come_with_the_probability_of_drawing_one_after_the_other() {
        let scores = [0.1, 0.2, 0.3, 0.9];
        for power in [1.0, 0.5] {
            let weights = scores.map(|score: f64| score.powf(power));
            let total = weights.iter().sum::<f64>();
            let mut counts = [[0.0; 4]; 4];
            for seed in 0..20_000 {
                let picks = in_proportion(&scores, power, 2, seed);
                counts[picks[0]][picks[1]] += 1.0;
            }
            let mut chi_square = 0.0;
            for (i, j) in (0..4).flat_map(|i| (0..4).map(move |j| (i, j))).filter(|(i, j)| i != j) {
                let expected = 20_000.0 * weights[i] / total * weights[j] / (total - weights[i]);
                chi_square += (counts[i][j] - expected).powi(2) / expected;
            }
            assert!(chi_square < 31.3, "{chi_square}");
        }
    }

    #[test]
    fn rows_without_a_score_come_last_and_in_no_order_of_the_pool() {
        let firsts = (0..20).map(|seed| in_proportion(&[0.0, 0.0, 1e-300, 0.0], 1.0, 4, seed));
        let firsts = firsts.map(|picks| (picks[0], picks[1])).collect::<Vec<_>>();
        assert!(firsts.iter().all(|(first, _)| *first == 2));
        assert!(firsts.iter().any(|(_, second)| *second != firsts[0].1));
    }
}
