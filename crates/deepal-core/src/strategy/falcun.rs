//! FALCUN: small margins that are far apart in the space of probabilities.

use super::{Entry, Family, Selection, Sizes, Strategy, made};
use crate::error::Result;
use crate::score;
use crate::seed::{generator, mix};
use crate::select::draws::{fill, weighted};
use crate::settings::Settings;
use crate::signals::{Signal, Signals};
use ndarray::{ArrayRef2, ArrayView1};
use rand::RngExt;
use rayon::prelude::*;

pub(super) static ENTRY: Entry = Entry {
    name: "falcun",
    family: Family::Hybrid,
    cost: "O(k·n·c)",
    deepal: None,
    summary: "drawn by margin plus distance to earlier picks, both of the probabilities alone",
    details: "Each pick is drawn with a probability in proportion to (u + d)^γ: u is 1 − (p₁ − p₂), d the least L1 distance of its probabilities to those of a pick, \
              at first u, scaled to 0…1 over the samples that are left, as in the authors' code. Needs no embeddings. Samples of u + d = 0 are drawn at random when no others are left. \
              O(n·c) time a pick, O(n) memory.",
    source: "Gilhuber, Beer, Ma and Seidl, FALCUN: a simple and efficient deep active learning strategy, ECML PKDD 2024",
    settings: Falcun::SETTINGS,
    build: made::<Falcun>,
};

crate::settings! {
    /// Picks by FALCUN.
    pub struct Falcun {
        /// The power γ: 0 draws at random, a large one always takes the most relevant.
        gamma: f64 = 10.0, Number(0.0, 1000.0), "the authors' code";
    }
}

/// Rows per parallel task.
const CHUNK: usize = 1024;

impl Strategy for Falcun {
    fn name(&self) -> &str {
        ENTRY.name
    }

    fn needs(&self) -> Vec<Signal> {
        vec![Signal::Probs]
    }

    fn memory(&self, sizes: Sizes) -> usize {
        sizes.candidates.saturating_mul(5 * size_of::<f64>())
    }

    /// From 100 picks of 10,000 with 10 classes, which took 0.09 s, most of it for powers.
    fn seconds(&self, sizes: Sizes) -> f64 {
        let [n, k, c] = [sizes.candidates, sizes.picks, sizes.classes].map(|size| size as f64);
        n * k * (8e-8 + 1e-9 * c)
    }

    fn select(&self, signals: &Signals<'_>, n: usize, seed: u64) -> Result<Selection> {
        Ok(Selection::unranked(self.pick(&signals.probs()?, n.min(signals.len()), seed)))
    }
}

impl Falcun {
    fn pick(&self, probs: &ArrayRef2<f64>, n: usize, seed: u64) -> Vec<usize> {
        let margins = score::margin(probs).to_vec();
        let mut distances = margins.clone();
        let mut picked = vec![false; margins.len()];
        let mut picks = Vec::with_capacity(n);
        let mut generator = generator(seed);
        while picks.len() < n {
            let relevance = relevance(&margins, &distances, &picked, self.gamma);
            let Some(pick) = weighted(&relevance, generator.random()) else { break };
            picks.push(pick);
            picked[pick] = true;
            let center = probs.row(pick);
            distances.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, distances)| {
                for (row, distance) in (chunk * CHUNK..).zip(distances) {
                    *distance = distance.min(absolute(probs.row(row), center));
                }
            });
        }
        fill(&mut picks, margins.len(), n, mix(seed, 1));
        picks
    }
}

/// `(u + d)^γ` as a share of the largest, 0 for what is picked.
fn relevance(margins: &[f64], distances: &[f64], picked: &[bool], gamma: f64) -> Vec<f64> {
    let left = distances.iter().zip(picked).filter(|(_, picked)| !**picked).map(|(distance, _)| *distance);
    let (least, most) = left.fold((f64::INFINITY, 0.0), |(least, most), x| (x.min(least), x.max(most)));
    let range = if most > least { most - least } else { 1.0 };
    let sum = |row: usize| if picked[row] { 0.0 } else { margins[row] + (distances[row] - least) / range };
    let largest = (0..margins.len()).map(sum).fold(0.0, f64::max);
    let power = |row: usize| match sum(row) {
        sum if sum > 0.0 => (sum / largest).powf(gamma),
        _ => 0.0,
    };
    (0..margins.len()).into_par_iter().with_min_len(CHUNK).map(power).collect()
}

fn absolute(a: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    fn probs(n: usize, c: usize, seed: u64) -> Array2<f64> {
        // Few values, so that there are ties and copies.
        let mut probs =
            Array2::from_shape_fn((n, c), |(i, j)| (mix(seed, (i * c + j) as u64) % 4) as f64 + 0.01);
        probs.outer_iter_mut().for_each(|mut row| row /= row.sum());
        probs
    }

    /// The definition with all distances anew for each pick, and the same draws.
    fn naive(probs: &Array2<f64>, gamma: f64, n: usize, seed: u64) -> Vec<usize> {
        let rows = probs.outer_iter().map(|row| row.to_vec()).collect::<Vec<_>>();
        let margin = |row: &Vec<f64>| {
            let mut sorted = row.clone();
            sorted.sort_by(|a, b| b.total_cmp(a));
            1.0 - (sorted[0] - sorted.get(1).copied().unwrap_or(0.0))
        };
        let mut draws = generator(seed);
        let mut picks: Vec<usize> = vec![];
        while picks.len() < n.min(rows.len()) {
            let left = (0..rows.len()).filter(|i| !picks.contains(i)).collect::<Vec<_>>();
            let distance = |i: usize| {
                let to = |p: &usize| rows[i].iter().zip(&rows[*p]).map(|(a, b)| (a - b).abs()).sum::<f64>();
                picks.iter().map(to).fold(margin(&rows[i]), f64::min)
            };
            let all = left.iter().map(|i| distance(*i)).collect::<Vec<_>>();
            let (least, most) =
                (all.iter().copied().fold(9.0, f64::min), all.iter().copied().fold(0.0, f64::max));
            let scaled = |x: f64| if most > least { (x - least) / (most - least) } else { 0.0 };
            let sums = left.iter().zip(&all).map(|(i, x)| margin(&rows[*i]) + scaled(*x)).collect::<Vec<_>>();
            let largest = sums.iter().copied().fold(0.0, f64::max);
            let weights = sums
                .iter()
                .map(|x| if *x > 0.0 { (x / largest).powf(gamma) } else { 0.0 })
                .collect::<Vec<_>>();
            let mut at = draws.random::<f64>() * weights.iter().sum::<f64>();
            match weights.iter().position(|weight| {
                at -= weight;
                at < 0.0
            }) {
                Some(next) => picks.push(left[next]),
                None => break,
            }
        }
        let rest = crate::select::random(rows.len(), rows.len(), mix(seed, 1));
        let rest = rest.into_iter().filter(|row| !picks.contains(row)).collect::<Vec<_>>();
        picks.extend(rest);
        picks.truncate(n);
        picks
    }

    #[test]
    fn picks_are_those_of_the_definition() {
        for seed in 0..200u64 {
            let (n, c) = (1 + seed as usize % 30, 1 + seed as usize % 5);
            let probs = probs(n, c, seed);
            for (gamma, budget) in [(10.0, n), (1.0, n / 2), (0.0, 3), (400.0, 5)] {
                let falcun = Falcun { gamma };
                let found = falcun.pick(&probs, budget.min(n), seed);
                assert_eq!(found, naive(&probs, gamma, budget.min(n), seed), "case {seed}, gamma {gamma}");
            }
        }
    }

    #[test]
    fn certainty_is_no_order_of_the_pool() {
        let probs = Array2::from_shape_fn((50, 3), |(_, k)| f64::from(u8::from(k == 1)));
        let picks = |seed| Falcun::default().pick(&probs, 10, seed);
        assert!(picks(1) != picks(2) && !picks(1).is_sorted());
    }

    #[test]
    fn any_number_of_threads_picks_the_same() {
        let probs = probs(5000, 4, 1);
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| Falcun::default().pick(&probs, 30, 3))
        };
        assert_eq!(with(1), with(3));
    }
}
