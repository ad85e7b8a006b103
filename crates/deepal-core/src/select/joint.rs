//! Batches by what their labels would tell together.

use super::draws::fill;
use crate::seed::{generator, mix};
use ndarray::{Array1, Array2, ArrayRef3, ArrayView1, ArrayView2, Axis};
use rand::RngExt;
use rayon::prelude::*;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// Candidates at the head of the queue whose gains are computed again at once.
const AGAIN: usize = 16;
/// Less information, in nats, is rounding.
const LEAST: f64 = 1e-12;

/// `k` rows, each with the most mutual information between its label and the pass, given the labels of earlier picks:
/// `E[H(y | labels) − Σ w(pass | labels) H(y | pass)]` over all labellings of the earlier picks. Ties go to the lower row; when labels tell
/// nothing more, the rest is drawn at random.
///
/// While there are at most `most` labellings they are all counted, so that the information is exact; of more, that many are drawn, in
/// proportion to their probabilities. Each labelling keeps the probabilities of the passes given it, which sum to 1, so nothing
/// underflows however many picks there are. Information given more labels only falls, so that the head of the queue alone is computed again
/// (Minoux 1978): exact as long as labellings are, and up to the chance of the draw after that.
///
/// `passes`: `[t, n, c]`. Memory: O(n + most·(t + c)); time: O(n·t·c), and O(most·t·c) for each candidate looked at again.
pub(crate) fn most_informative(passes: &ArrayRef3<f64>, k: usize, most: usize, seed: u64) -> Vec<usize> {
    let (t, n, _) = passes.dim();
    let mut picks = Vec::with_capacity(k.min(n));
    let mut labelings = Labelings::none(t);
    let gain = |labelings: &Labelings, row: usize| labelings.information(passes.index_axis(Axis(1), row));
    let gains = (0..n).into_par_iter().map(|row| gain(&labelings, row)).collect::<Vec<_>>();
    let entry = |(row, gain)| Entry { gain, row: Reverse(row), picks: 0 };
    let mut queue = gains.into_iter().enumerate().map(entry).collect::<BinaryHeap<_>>();
    while picks.len() < k {
        let mut stale = Vec::new();
        while stale.len() < AGAIN && queue.peek().is_some_and(|entry| entry.picks < picks.len()) {
            stale.extend(queue.pop().map(|entry| entry.row.0));
        }
        if !stale.is_empty() {
            let again = |row| Entry { gain: gain(&labelings, row), row: Reverse(row), picks: picks.len() };
            queue.extend(stale.into_par_iter().map(again).collect::<Vec<_>>());
            continue;
        }
        let Some(Entry { row: Reverse(pick), .. }) = queue.pop().filter(|entry| entry.gain > LEAST) else {
            break;
        };
        let seed = mix(seed, picks.len() as u64);
        picks.push(pick);
        labelings = labelings.with(passes.index_axis(Axis(1), pick), most, seed);
    }
    fill(&mut picks, n, k, mix(seed, u64::MAX));
    picks
}

/// Labellings of the picks so far.
struct Labelings {
    /// The probability of each, `[s]`; they sum to 1.
    weights: Vec<f64>,
    /// The probability of each pass given a labelling, `[s, t]`; rows sum to 1.
    of_passes: Array2<f64>,
}

impl Labelings {
    /// Of no picks.
    fn none(t: usize) -> Self {
        Self { weights: vec![1.0], of_passes: Array2::from_elem((1, t), 1.0 / t.max(1) as f64) }
    }

    /// What the label of a sample tells about the pass beside these, `probs`: `[t, c]`.
    fn information(&self, probs: ArrayView2<'_, f64>) -> f64 {
        let rest = self.of_passes.dot(&probs.map_axis(Axis(1), nats));
        let labels = self.of_passes.dot(&probs);
        let terms = self.weights.iter().zip(labels.outer_iter().zip(rest));
        terms.map(|(weight, (labels, rest))| weight * (nats(labels) - rest)).sum()
    }

    /// These with each label of one more sample, `probs`: `[t, c]`.
    fn with(&self, probs: ArrayView2<'_, f64>, most: usize, seed: u64) -> Self {
        let labels = self.of_passes.dot(&probs);
        let c = labels.ncols();
        let joint = labels.outer_iter().zip(&self.weights).flat_map(|(row, weight)| row.to_owned() * *weight);
        let joint = joint.collect::<Vec<_>>();
        let possible = (0..joint.len()).filter(|at| joint[*at] > 0.0).collect::<Vec<_>>();
        let (chosen, weights) = if possible.len() <= most {
            let weights = possible.iter().map(|at| joint[*at]).collect();
            (possible, weights)
        } else {
            (evenly(&joint, &possible, most, seed), vec![1.0 / most as f64; most])
        };
        let mut of_passes = Array2::zeros((chosen.len(), probs.nrows()));
        for (mut row, at) in of_passes.outer_iter_mut().zip(chosen) {
            let likely: Array1<f64> = &self.of_passes.row(at / c) * &probs.column(at % c);
            row.assign(&(&likely / likely.sum()));
        }
        Self { weights, of_passes }
    }
}

/// Entropy in nats.
fn nats(probs: ArrayView1<'_, f64>) -> f64 {
    probs.iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum()
}

/// `count` positions of `among`, drawn in proportion to their weights at even steps from a random start: each is expected as often as its
/// weight says.
fn evenly(weights: &[f64], among: &[usize], count: usize, seed: u64) -> Vec<usize> {
    let step = among.iter().map(|at| weights[*at]).sum::<f64>() / count as f64;
    let start = generator(seed).random::<f64>();
    let (mut sum, mut next) = (0.0, among.iter());
    let mut at = among[0];
    let of_draw = |draw: usize| {
        while sum <= (start + draw as f64) * step {
            let Some(following) = next.next() else { break };
            at = *following;
            sum += weights[at];
        }
        at
    };
    (0..count).map(of_draw).collect()
}

/// A candidate in the queue, with its information after so many picks.
#[derive(PartialEq)]
struct Entry {
    gain: f64,
    row: Reverse<usize>,
    picks: usize,
}

impl Eq for Entry {}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        self.gain.total_cmp(&other.gain).then(self.row.cmp(&other.row))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::{bald, softmax};
    use ndarray::Array3;

    /// Passes that differ a little, `[t, n, c]`.
    fn passes(t: usize, n: usize, c: usize, seed: u64) -> Array3<f64> {
        let noise = |i: usize| (mix(seed, i as u64) % 2001) as f32 / 500.0 - 2.0;
        let logits =
            Array2::from_shape_fn((t * n, c), |(i, j)| noise(i * c + j) + noise(7777 + i % n * c + j));
        softmax(&logits).into_shape_with_order((t, n, c)).unwrap()
    }

    /// `H(y₁ … y_m) − Σ E H(yᵢ | pass)` with the sum over all labellings, by definition.
    fn joint_information(passes: &Array3<f64>, rows: &[usize]) -> f64 {
        let (t, _, c) = passes.dim();
        let mut joint = 0.0;
        for labeling in 0..c.pow(rows.len() as u32) {
            let label = |place: usize| labeling / c.pow(place as u32) % c;
            let given = |pass: usize| {
                rows.iter()
                    .enumerate()
                    .map(|(place, row)| passes[[pass, *row, label(place)]])
                    .product::<f64>()
            };
            let p = (0..t).map(given).sum::<f64>() / t as f64;
            joint -= if p > 0.0 { p * p.ln() } else { 0.0 };
        }
        for (pass, row) in (0..t).flat_map(|pass| rows.iter().map(move |row| (pass, *row))) {
            for p in passes.slice(ndarray::s![pass, row, ..]) {
                joint += if *p > 0.0 { p * p.ln() / t as f64 } else { 0.0 };
            }
        }
        joint
    }

    #[test]
    fn picks_are_those_of_the_joint_distribution_of_all_labellings() {
        for seed in 0..30 {
            let (t, n, c) = (2 + seed as usize % 5, 7, 2 + seed as usize % 3);
            let mut passes = passes(t, n, c, seed);
            if seed % 3 == 0 {
                // Certainty, and a copy.
                passes.slice_mut(ndarray::s![.., 0, ..]).fill(0.0);
                passes.slice_mut(ndarray::s![.., 0, 0]).fill(1.0);
                let copy = passes.index_axis(Axis(1), 1).to_owned();
                passes.index_axis_mut(Axis(1), 2).assign(&copy);
            }
            let mut wanted: Vec<usize> = Vec::new();
            for _ in 0..4 {
                let value = |row: usize| joint_information(&passes, &[&wanted[..], &[row]].concat());
                let left = (0..n).filter(|row| !wanted.contains(row)).collect::<Vec<_>>();
                let best = left.iter().map(|row| value(*row)).fold(f64::MIN, f64::max);
                wanted.extend(left.into_iter().find(|row| value(*row) > best - 1e-11));
            }
            assert_eq!(most_informative(&passes, 4, 10_000, seed), wanted, "case {seed}");
        }
    }

    #[test]
    fn one_pick_is_that_of_bald() {
        let passes = passes(8, 200, 5, 1);
        let best = crate::select::top_k(&bald(&passes), 1);
        assert_eq!(most_informative(&passes, 1, 2, 0), best);
    }

    /// Of 4⁶ labellings a few are drawn: the information is near the exact one, and without a bias.
    #[test]
    fn drawn_labellings_give_nearly_the_exact_information() {
        let passes = passes(10, 8, 4, 3);
        let rows = [0, 1, 2, 3, 4, 5];
        let wanted = joint_information(&passes, &[0, 1, 2, 3, 4, 5, 6]) - joint_information(&passes, &rows);
        let drawn = |seed: u64| {
            let add = |labelings: Labelings, row: &usize| {
                labelings.with(passes.index_axis(Axis(1), *row), 500, mix(seed, *row as u64))
            };
            let labelings = rows.iter().fold(Labelings::none(10), add);
            assert_eq!(labelings.weights.len(), 500);
            labelings.information(passes.index_axis(Axis(1), 6))
        };
        let found = (0..20).map(drawn).collect::<Vec<_>>();
        assert!(found.iter().all(|x| (x - wanted).abs() < 0.1 * wanted), "{found:?}, {wanted}");
        let mean = found.iter().sum::<f64>() / 20.0;
        assert!((mean - wanted).abs() < 0.02 * wanted, "{mean}, {wanted}");
    }

    /// The product of 400 probabilities of 1e-3 is less than any number of double precision.
    #[test]
    fn a_large_batch_of_surprises_does_not_underflow() {
        let passes = Array3::from_shape_fn((2, 400, 1000), |(t, n, c)| {
            if (n + t) % 2 == 0 { if c < 500 { 0.002 } else { 0.0 } } else { 0.001 }
        });
        let picks = most_informative(&passes, 400, 50, 1);
        assert_eq!(picks.iter().collect::<std::collections::BTreeSet<_>>().len(), 400);
        let add = |labelings: Labelings, row: usize| labelings.with(passes.index_axis(Axis(1), row), 50, 1);
        let labelings = (0..400).fold(Labelings::none(2), add);
        assert!(labelings.of_passes.iter().all(|p| p.is_finite()));
    }
}
