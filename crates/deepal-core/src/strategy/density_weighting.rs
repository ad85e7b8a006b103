//! Density weighting: uncertain samples in dense regions.

use super::{Entry, Family, Selection, Sizes, Strategy, made};
use crate::error::Result;
use crate::score;
use crate::select::random;
use crate::settings::Settings;
use crate::signals::{Signal, Signals};
use ndarray::{Array1, ArrayRef2};
use rayon::prelude::*;

pub(super) static ENTRY: Entry = Entry {
    name: "density-weighting",
    family: Family::Hybrid,
    cost: "O(n·(c + d))",
    deepal: None,
    summary: "high entropy times the mean cosine similarity to the pool: uncertain and no outlier",
    details: "The information density of Settles and Craven with entropy as the uncertainty. The mean of cosines is the cosine with the mean direction, times \
              its length, so O(n·d) time and no n × n matrix. Where the mean similarity is negative, which embeddings around the origin have, its power keeps \
              its sign, and such samples come last. Picks may resemble each other. If all scores are equal, picks are at random.",
    source: "Settles and Craven, An analysis of active learning strategies for sequence labeling tasks, EMNLP 2008",
    settings: DensityWeighting::SETTINGS,
    build: made::<DensityWeighting>,
};

crate::settings! {
    /// Picks by entropy times density.
    pub struct DensityWeighting {
        /// The power of the density; 0 leaves entropy alone.
        beta: f64 = 1.0, Number(0.0, 100.0), "Settles and Craven, 2008";
    }
}

impl Strategy for DensityWeighting {
    fn name(&self) -> &str {
        ENTRY.name
    }

    fn needs(&self) -> Vec<Signal> {
        vec![Signal::Probs, Signal::Embeddings]
    }

    fn memory(&self, sizes: Sizes) -> usize {
        sizes.candidates.saturating_mul(7 * size_of::<f64>())
    }

    fn select(&self, signals: &Signals<'_>, n: usize, seed: u64) -> Result<Selection> {
        let (probs, embeddings) = (signals.probs()?, signals.embeddings()?);
        let densities =
            densities(&embeddings).mapv(|density| density.signum() * density.abs().powf(self.beta));
        let scores = score::entropy(&probs) * densities;
        // -0 and 0 are equal.
        let scores = scores.mapv(|score| score + 0.0);
        if scores.iter().all(|score| *score == scores[0]) {
            return Ok(Selection::unranked(random(signals.len(), n, seed)));
        }
        Ok(Selection::top(&scores, n))
    }
}

/// The mean cosine of each row to all, itself among them, in `[−1, 1]`; that to a row of zeros is 0.
fn densities(rows: &ArrayRef2<f32>) -> Array1<f64> {
    let lengths = (0..rows.nrows())
        .into_par_iter()
        .with_min_len(256)
        .map(|row| rows.row(row).iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt());
    let lengths = lengths.collect::<Vec<_>>();
    let mut mean = Array1::<f64>::zeros(rows.ncols());
    for (row, length) in rows.outer_iter().zip(&lengths).filter(|(_, length)| **length > 0.0) {
        mean.zip_mut_with(&row, |sum, x| *sum += f64::from(*x) / length);
    }
    mean /= rows.nrows().max(1) as f64;
    let density = |row: usize| match lengths[row] {
        0.0 => 0.0,
        length => rows.row(row).iter().zip(&mean).map(|(x, mean)| f64::from(*x) * mean).sum::<f64>() / length,
    };
    (0..rows.nrows()).into_par_iter().with_min_len(256).map(density).collect::<Vec<_>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::mix;
    use ndarray::Array2;

    fn case(seed: u64, n: usize, d: usize) -> (Array2<f64>, Array2<f32>) {
        let mut probs =
            Array2::from_shape_fn((n, 3), |(i, k)| (mix(seed, (i * 3 + k) as u64) % 50) as f64 + 0.01);
        probs.outer_iter_mut().for_each(|mut row| row /= row.sum());
        (
            probs,
            Array2::from_shape_fn((n, d), |(i, j)| (mix(seed + 500, (i * d + j) as u64) % 5) as f32 - 1.0),
        )
    }

    /// The definition with the cosine of each pair.
    #[test]
    fn scores_are_those_of_all_pairs() {
        for seed in 0..100u64 {
            let (n, d) = (2 + seed as usize % 30, seed as usize % 6);
            let (probs, embeddings) = case(seed, n, d);
            let signals = Signals::new(n)
                .with_probs(probs.view())
                .and_then(|s| s.with_embeddings(embeddings.view()))
                .unwrap();
            let selection = DensityWeighting { beta: 2.0 }.select(&signals, n, seed).unwrap();
            let dot = |i: usize, j: usize| {
                (0..d).map(|f| f64::from(embeddings[[i, f]]) * f64::from(embeddings[[j, f]])).sum::<f64>()
            };
            let cosine = |i: usize, j: usize| {
                if dot(i, i) * dot(j, j) > 0.0 { dot(i, j) / (dot(i, i) * dot(j, j)).sqrt() } else { 0.0 }
            };
            let wanted = |i: usize| {
                let entropy = -probs.row(i).iter().map(|p| p * p.ln()).sum::<f64>();
                let density = (0..n).map(|j| cosine(i, j)).sum::<f64>() / n as f64;
                entropy * density * density.abs()
            };
            if let Some(scores) = selection.scores {
                for (row, score) in selection.rows.iter().zip(scores) {
                    assert!((score - wanted(*row)).abs() < 1e-12, "case {seed}");
                }
            } else {
                assert!((0..n).all(|i| wanted(i).abs() < 1e-12), "case {seed}: nothing tells them apart");
            }
        }
    }

    /// Of two samples of equal entropy the outlier comes last.
    #[test]
    fn an_outlier_comes_last() {
        let probs = Array2::from_elem((20, 2), 0.5);
        let embeddings =
            Array2::from_shape_fn((20, 2), |(i, j)| if (i == 3) == (j == 0) { 1.0 } else { 0.1 });
        let signals = Signals::new(20).with_probs(probs).and_then(|s| s.with_embeddings(embeddings)).unwrap();
        let picks = DensityWeighting::default().select(&signals, 20, 1).unwrap().rows;
        assert_eq!(picks.last(), Some(&3));
    }

    #[test]
    fn certainty_is_no_order_of_the_pool() {
        let (_, embeddings) = case(1, 50, 3);
        let probs = Array2::from_shape_fn((50, 2), |(_, k)| k as f64);
        let signals = Signals::new(50).with_probs(probs).and_then(|s| s.with_embeddings(embeddings)).unwrap();
        let picks = |seed| DensityWeighting::default().select(&signals, 10, seed).unwrap().rows;
        assert!(picks(1) != picks(2) && !picks(1).is_sorted());
    }
}
