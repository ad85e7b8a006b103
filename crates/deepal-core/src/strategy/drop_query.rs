//! DropQuery: predictions that change when features are dropped.

use super::{Entry, Family, Selection, Sizes, Strategy, made};
use crate::error::Result;
use crate::seed::mix;
use crate::select::partition::{middles, middles_memory};
use crate::settings::Settings;
use crate::signals::{Signal, Signals};
use ndarray::{Array1, ArrayView1, ArrayView2, Axis};
use rayon::prelude::*;

pub(super) static ENTRY: Entry = Entry {
    name: "drop-query",
    family: Family::Hybrid,
    cost: "O(t·n·c·d), then k-means",
    deepal: None,
    summary: "samples whose predicted class changes in most passes with features dropped, spread by k-means",
    details: "Each feature of the embedding is dropped with probability 0.75 and the others scaled up, the last layer is asked again, 3 times. Samples whose prediction differs in more than \
              half of the passes are clustered by k-means, and those nearest to the centres are picked. When they are fewer than wanted, those that differ less often \
              join. Made for linear layers on features of pretrained nets. Deviations: the dropped features are those that the last layer sees; \
              of more than 20,000 samples that differ, that many, drawn by seed, are clustered. O(passes·n·d·c) time and that of k-means.",
    source: "Gupte, Aklilu, Nirschl and Yeung-Levy, Revisiting active learning in the era of vision foundation models, TMLR 2024",
    settings: DropQuery::SETTINGS,
    build: made::<DropQuery>,
};

crate::settings! {
    /// Picks by DropQuery.
    pub struct DropQuery {
        /// The probability with which a feature is dropped.
        dropout: f64 = 0.75, Number(0.0, 0.99), "Gupte et al., 2024";
        /// Passes with features dropped.
        passes: usize = 3, Integer(1, 1000), "Gupte et al., 2024";
    }
}

impl Strategy for DropQuery {
    fn name(&self) -> &str {
        ENTRY.name
    }

    fn needs(&self) -> Vec<Signal> {
        vec![Signal::Embeddings, Signal::HeadWeights, Signal::HeadBiases]
    }

    fn memory(&self, sizes: Sizes) -> usize {
        let Sizes { candidates, features, picks: n, .. } = sizes;
        middles_memory(candidates, features, n)
    }

    fn select(&self, signals: &Signals<'_>, n: usize, seed: u64) -> Result<Selection> {
        let embeddings = signals.embeddings()?;
        let (weights, biases) = (signals.head_weights()?, signals.head_biases()?);
        let n = n.min(signals.len());
        let differ = differences(&embeddings, &weights, &biases, self.dropout, self.passes, seed);
        let candidates = most_different(&differ, self.passes / 2 + 1, n);
        let middles = middles(&embeddings.select(Axis(0), &candidates), n, mix(seed, 1));
        Ok(Selection::unranked(middles.into_iter().map(|at| candidates[at]).collect()))
    }
}

/// In how many passes the prediction of each sample differs from that of all its features.
fn differences(
    embeddings: &ArrayView2<'_, f32>,
    weights: &ArrayView2<'_, f32>,
    biases: &ArrayView1<'_, f32>,
    dropout: f64,
    passes: usize,
    seed: u64,
) -> Vec<usize> {
    let (weights, biases) = (weights.mapv(f64::from), biases.mapv(f64::from));
    let predict = |z: &Array1<f64>| {
        let logits = weights.dot(z) + &biases;
        logits
            .iter()
            .enumerate()
            .fold((0, f64::NEG_INFINITY), |best, (k, x)| if *x > best.1 { (k, *x) } else { best })
            .0
    };
    let of_row = |row: usize| {
        let z = embeddings.row(row).mapv(f64::from);
        let predicted = predict(&z);
        let differs = |pass: &usize| {
            let key = mix(mix(seed, *pass as u64), row as u64);
            let kept = z.iter().enumerate().map(|(feature, x)| {
                if is_dropped(key, feature, dropout) { 0.0 } else { x / (1.0 - dropout) }
            });
            predict(&kept.collect()) != predicted
        };
        (0..passes).filter(differs).count()
    };
    (0..embeddings.nrows()).into_par_iter().with_min_len(64).map(of_row).collect()
}

fn is_dropped(key: u64, feature: usize, dropout: f64) -> bool {
    ((mix(key, feature as u64) >> 11) as f64) < dropout * (1u64 << 53) as f64
}

/// Rows that differ at least `threshold` times, or as many times less as it takes to have `n`.
fn most_different(differ: &[usize], threshold: usize, n: usize) -> Vec<usize> {
    let at_least = |times: usize| differ.iter().filter(|count| **count >= times).count();
    let threshold = (0..=threshold).rev().find(|times| at_least(*times) >= n).unwrap_or(0);
    (0..differ.len()).filter(|row| differ[*row] >= threshold).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    fn array(seed: u64, rows: usize, d: usize) -> Array2<f32> {
        Array2::from_shape_fn((rows, d), |(i, j)| {
            (mix(seed, (i * d + j) as u64) >> 40) as f32 / (1u32 << 23) as f32 - 1.0
        })
    }

    /// The definition with loops, and the same masks.
    #[test]
    fn differences_are_those_of_the_head_asked_again() {
        for seed in 0..60u64 {
            let (n, d, c, passes) =
                (1 + seed as usize % 30, seed as usize % 9, 1 + seed as usize % 5, 1 + seed as usize % 4);
            let (pool, weights) = (array(seed, n, d), array(seed + 99, c, d));
            let biases = array(seed + 999, 1, c).row(0).to_owned();
            let dropout = [0.0, 0.5, 0.75][seed as usize % 3];
            let found = differences(&pool.view(), &weights.view(), &biases.view(), dropout, passes, seed);
            for i in 0..n {
                let predict = |keep: &dyn Fn(usize) -> f64| {
                    let logit = |k: usize| {
                        f64::from(biases[k])
                            + (0..d)
                                .map(|j| f64::from(weights[[k, j]]) * f64::from(pool[[i, j]]) * keep(j))
                                .sum::<f64>()
                    };
                    (0..c).fold(0, |best, k| if logit(k) > logit(best) { k } else { best })
                };
                let own = predict(&|_| 1.0);
                let masked = |pass: usize| {
                    let key = mix(mix(seed, pass as u64), i as u64);
                    predict(&|j| if is_dropped(key, j, dropout) { 0.0 } else { 1.0 / (1.0 - dropout) })
                };
                assert_eq!(found[i], (0..passes).filter(|pass| masked(*pass) != own).count(), "case {seed}");
            }
        }
    }

    /// Each mask is its own: of each sample, pass and feature.
    #[test]
    fn features_are_dropped_as_often_as_told_and_independently() {
        let dropped = |key, feature| is_dropped(mix(5, key), feature, 0.75);
        let share = |count: usize| count as f64 / 100_000.0;
        let pairs = (0..1000).flat_map(|key| (0..100).map(move |feature| (key, feature))).collect::<Vec<_>>();
        let one = pairs.iter().filter(|(key, feature)| dropped(*key, *feature)).count();
        let next = pairs
            .iter()
            .filter(|(key, feature)| dropped(*key, *feature) && dropped(*key, feature + 1))
            .count();
        let other = pairs
            .iter()
            .filter(|(key, feature)| dropped(*key, *feature) && dropped(key + 1, *feature))
            .count();
        assert!((share(one) - 0.75).abs() < 0.01, "{one}");
        assert!(
            (share(next) - 0.5625).abs() < 0.01 && (share(other) - 0.5625).abs() < 0.01,
            "{next}, {other}"
        );
    }

    #[test]
    fn those_that_differ_less_join_only_when_too_few_do() {
        let differ = [0, 3, 2, 1, 0, 2];
        assert_eq!(most_different(&differ, 2, 2), [1, 2, 5]);
        assert_eq!(most_different(&differ, 2, 4), [1, 2, 3, 5]);
        assert_eq!(most_different(&differ, 2, 5), [0, 1, 2, 3, 4, 5]);
        assert!(most_different(&[], 2, 0).is_empty());
    }

    /// Half of the pool is on the boundary of two classes, the rest far from it: all picks are of the first half, one of each of its heaps.
    #[test]
    fn picks_are_spread_over_samples_whose_predictions_change() {
        let pool = Array2::from_shape_fn((200, 12), |(i, j)| {
            let noise = (mix(4, (i * 12 + j) as u64) % 1000) as f32 / 1000.0;
            match j {
                0..10 if i < 100 => noise - 0.5,
                0..10 => 5.0 + noise,
                _ => {
                    if j == 10 + i % 2 {
                        30.0
                    } else {
                        0.0
                    }
                }
            }
        });
        let weights = Array2::from_shape_fn((2, 12), |(k, j)| if j < 10 { k as f32 } else { 0.0 });
        let signals = Signals::new(200)
            .with_embeddings(pool)
            .and_then(|s| s.with(Signal::HeadWeights, weights))
            .and_then(|s| s.with(Signal::HeadBiases, array![0.0f32, 0.0]))
            .unwrap();
        for seed in 0..5 {
            let picks = DropQuery::default().select(&signals, 2, seed).unwrap().rows;
            assert!(picks.iter().all(|row| *row < 100) && picks[0] % 2 != picks[1] % 2, "{picks:?}");
        }
    }

    #[test]
    fn any_number_of_threads_picks_the_same() {
        let signals = Signals::new(3000)
            .with_embeddings(array(1, 3000, 6))
            .and_then(|s| s.with(Signal::HeadWeights, array(2, 4, 6)))
            .and_then(|s| s.with(Signal::HeadBiases, Array1::<f32>::zeros(4)))
            .unwrap();
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| DropQuery::default().select(&signals, 30, 3).unwrap())
        };
        assert_eq!(with(1), with(3));
    }
}
