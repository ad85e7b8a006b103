//! CDAL: a core-set of predictions.

use super::{Entry, Family, Selection, Sizes, Strategy, made};
use crate::error::Result;
use crate::seed::mix;
use crate::select::draws::fill;
use crate::select::random;
use crate::settings::Settings;
use crate::signals::{Signal, Signals};
use ndarray::ArrayRef2;
use rayon::prelude::*;
use std::ops::Range;

pub(super) static ENTRY: Entry = Entry {
    name: "cdal",
    family: Family::Diversity,
    cost: "O((m + k)·n·c)",
    deepal: None,
    summary: "again and again the sample whose probabilities are farthest from those of everything labelled or picked",
    details: "Greedy k-center (the paper's CDAL-CS) with the symmetric Kullback-Leibler divergence of probabilities, which the paper's contextual diversity is for \
              whole images; its regions of an image and its reinforcement learning are left out. Probabilities below `floor` count as that, or the divergence from 0 were infinite. \
              With nothing labelled the first is drawn by seed; so is the rest when all that are left equal a labelled or picked one. \
              O(n·c) time a pick and a labelled sample, O(n) memory and the logarithms of the probabilities.",
    source: "Agarwal, Arora, Anand and Arora, Contextual diversity for active learning, ECCV 2020",
    settings: Cdal::SETTINGS,
    build: made::<Cdal>,
};

crate::settings! {
    /// Picks by CDAL.
    pub struct Cdal {
        /// The least probability.
        floor: f64 = 1e-6, Positive(0.1), "our own; the paper does not say";
    }
}

/// Rows per parallel task.
const CHUNK: usize = 256;

impl Strategy for Cdal {
    fn name(&self) -> &str {
        ENTRY.name
    }

    fn needs(&self) -> Vec<Signal> {
        vec![Signal::Probs, Signal::LabeledProbs]
    }

    fn memory(&self, sizes: Sizes) -> usize {
        let logs = sizes.classes.saturating_mul(2);
        let of_candidates = sizes.candidates.saturating_mul(logs.saturating_add(4));
        of_candidates.saturating_add(sizes.labeled.saturating_mul(logs)).saturating_mul(size_of::<f64>())
    }

    fn select(&self, signals: &Signals<'_>, n: usize, seed: u64) -> Result<Selection> {
        let (probs, labeled) = (signals.probs()?, signals.labeled_probs()?);
        Ok(Selection::unranked(farthest_first(&probs, &labeled, self.floor, n.min(signals.len()), seed)))
    }
}

fn farthest_first(
    probs: &ArrayRef2<f64>,
    labeled: &ArrayRef2<f64>,
    floor: f64,
    n: usize,
    seed: u64,
) -> Vec<usize> {
    let (pool, labeled) = (Points::new(probs, floor), Points::new(labeled, floor));
    let mut nearest = vec![f64::INFINITY; probs.nrows()];
    let mut picks = Vec::with_capacity(n);
    let mut farthest = match labeled.n {
        0 => random(probs.nrows(), 1, seed).first().map(|row| (f64::INFINITY, *row)),
        m => cover(&pool, &mut nearest, &labeled, 0..m),
    };
    while let Some((_, pick)) = farthest.filter(|(distance, _)| *distance > 0.0 && picks.len() < n) {
        picks.push(pick);
        farthest = cover(&pool, &mut nearest, &pool, pick..pick + 1);
    }
    fill(&mut picks, probs.nrows(), n, mix(seed, 1));
    picks
}

/// Lowers each row's distance to its nearest centre; the row that is now the farthest, the first of equals, and its distance.
fn cover(pool: &Points, nearest: &mut [f64], of: &Points, centers: Range<usize>) -> Option<(f64, usize)> {
    let of_chunk = |(chunk, nearest): (usize, &mut [f64])| {
        let mut best = (-1.0, 0);
        for (row, nearest) in (chunk * CHUNK..).zip(nearest) {
            let distances = centers.clone().map(|center| divergence(pool.get(row), of.get(center)));
            *nearest = distances.fold(*nearest, f64::min);
            if *nearest > best.0 {
                best = (*nearest, row);
            }
        }
        best
    };
    let chunks = nearest.par_chunks_mut(CHUNK).enumerate().map(of_chunk);
    chunks.reduce_with(|a, b| if b.0 > a.0 || (b.0 == a.0 && b.1 < a.1) { b } else { a })
}

/// Probabilities not below the floor, and their logarithms, `[n, c]`.
struct Points {
    n: usize,
    c: usize,
    probs: Vec<f64>,
    logs: Vec<f64>,
}

impl Points {
    fn new(probs: &ArrayRef2<f64>, floor: f64) -> Self {
        let (n, c) = probs.dim();
        let probs = probs.iter().map(|p| p.max(floor)).collect::<Vec<_>>();
        let logs = probs.iter().map(|p| p.ln()).collect();
        Self { n, c, probs, logs }
    }

    fn get(&self, row: usize) -> [&[f64]; 2] {
        [&self.probs, &self.logs].map(|values| &values[row * self.c..][..self.c])
    }
}

/// Half the sum of the divergences in both directions, `½ Σ (p − q)(ln p − ln q)`; no term is negative.
fn divergence([p, of_p]: [&[f64]; 2], [q, of_q]: [&[f64]; 2]) -> f64 {
    let logs = of_p.iter().zip(of_q).map(|(p, q)| p - q);
    p.iter().zip(q).zip(logs).map(|((p, q), log)| (p - q) * log).sum::<f64>() / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, ArrayView1};

    fn probs(n: usize, c: usize, seed: u64) -> Array2<f64> {
        let value = |i: u64| match seed % 3 {
            0 => (mix(seed, i) % 1000) as f64 + 1.0,
            1 => (mix(seed, i) % 3) as f64 + 1e-9,
            _ => f64::from(u8::from(mix(seed, i).is_multiple_of(2))) + 1e-300,
        };
        let mut probs = Array2::from_shape_fn((n, c), |(i, j)| value((i * c + j) as u64));
        probs.outer_iter_mut().for_each(|mut row| row /= row.sum());
        probs
    }

    /// The two divergences of the definition.
    fn distance(a: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>) -> f64 {
        let kl = |a: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>| -> f64 {
            a.iter().zip(b).map(|(p, q)| p.max(1e-6) * (p.max(1e-6) / q.max(1e-6)).ln()).sum()
        };
        0.5 * kl(a, b) + 0.5 * kl(b, a)
    }

    /// Each pick must be as far from everything before it as the farthest is, by all distances of the definition.
    #[test]
    fn picks_are_farthest_by_the_definition() {
        for seed in 0..150u64 {
            let (n, c, m) = (1 + seed as usize % 30, 1 + seed as usize % 5, seed as usize % 4);
            let (pool, labeled) = (probs(n, c, seed), probs(m, c, seed + 300));
            let picks = farthest_first(&pool, &labeled, 1e-6, n, seed);
            let mut rows = picks.clone();
            rows.sort_unstable();
            assert_eq!(rows, (0..n).collect::<Vec<_>>(), "all, and none twice");
            for at in usize::from(m == 0)..n {
                let from = |i: usize| {
                    let to_labeled = labeled.outer_iter().map(|row| distance(pool.row(i), row));
                    let to_picks = picks[..at].iter().map(|p| distance(pool.row(i), pool.row(*p)));
                    to_labeled.chain(to_picks).fold(f64::INFINITY, f64::min)
                };
                let most = picks[at..].iter().map(|i| from(*i)).fold(0.0, f64::max);
                let copies =
                    picks[at..].iter().filter(|i| **i < picks[at] && pool.row(**i) == pool.row(picks[at]));
                assert!(from(picks[at]) >= most - 1e-9 * (1.0 + most), "case {seed}");
                assert!(most < 1e-9 || copies.count() == 0, "case {seed}: the lower row of equals");
            }
        }
    }

    /// Fault of several: a probability of 0 gives NaN or infinity.
    #[test]
    fn zeros_are_finite() {
        let pool = ndarray::array![[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]];
        let labeled = ndarray::array![[1.0, 0.0]];
        assert_eq!(farthest_first(&pool, &labeled, 1e-6, 2, 0), [1, 2]);
    }

    #[test]
    fn equal_probabilities_come_in_no_order_of_the_pool() {
        let pool = Array2::from_elem((50, 2), 0.5);
        let picks = |seed| farthest_first(&pool, &pool, 1e-6, 10, seed);
        assert!(picks(1) != picks(2) && !picks(1).is_sorted());
    }

    #[test]
    fn any_number_of_threads_picks_the_same() {
        let (pool, labeled) = (probs(5000, 4, 3), probs(9, 4, 4));
        let with = |threads| {
            let threads = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            threads.install(|| farthest_first(&pool, &labeled, 1e-6, 40, 3))
        };
        assert_eq!(with(1), with(3));
    }
}
