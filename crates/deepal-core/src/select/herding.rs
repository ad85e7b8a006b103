//! Herding: greedy coverage of the pool by kernels, which outliers and crowds are both bad at.

use super::blocks::{Blocks, Euclidean, Fold, Lanes, WIDTH, distances, pair_mut};
use super::references::{LABELED, References};
use ndarray::{ArrayRef2, ArrayView1};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// Candidates whose gains are computed again at once, a block for each of four threads: the first in the queue are likely to be
/// asked for next.
const AGAIN: usize = 4 * WIDTH;

/// What is covered, by how much, and what that is worth.
///
/// A reference `i` is covered by `m(i)`, the largest kernel `exp(−‖x − i‖² / 2σ²)` of any labelled or picked `x`. The gain of a
/// candidate `c` is the sum over references of `w(i) · max(0, K(c, i) − m(i))`: how much better covered they would be.
pub(crate) struct Herding<'a> {
    embeddings: &'a ArrayRef2<f32>,
    references: &'a References,
    /// `1 / 2σ²`, in the scale of the references.
    narrowness: f32,
    /// The references that are worth anything, `[a, d]`.
    rows: Vec<f32>,
    /// The candidate that each of them is.
    candidates: Vec<u32>,
    weights: Vec<f32>,
    covered: Vec<f32>,
    /// Whether a candidate gets credit for covering itself.
    self_credit: bool,
}

impl<'a> Herding<'a> {
    /// With the labelled samples covering. `weights` are the candidates' worth, `[n]`, not negative; labelled references are worth
    /// nothing. `bandwidth`: σ in the scale of the references; 0: equal rows cover each other and nothing else.
    pub(crate) fn new(
        embeddings: &'a ArrayRef2<f32>,
        labeled: &ArrayRef2<f32>,
        references: &'a References,
        bandwidth: f64,
        weight: impl Fn(usize) -> f64,
        self_credit: bool,
    ) -> Self {
        let narrowness = ((0.5 / bandwidth.powi(2)) as f32).min(f32::MAX);
        let labeled = labeled.iter().map(|x| x * references.scale).collect::<Vec<_>>();
        let mut covered = references.nearest(&labeled);
        kernel(&mut covered, narrowness);
        let d = references.d;
        let (mut rows, mut candidates, mut weights, mut kept) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (i, &candidate) in references.candidates.iter().enumerate() {
            let weight = if candidate == LABELED { 0.0 } else { weight(candidate as usize) as f32 };
            if weight > 0.0 {
                rows.extend(&references.rows[i * d..(i + 1) * d]);
                candidates.push(candidate);
                weights.push(weight);
                kept.push(covered[i]);
            }
        }
        Self { embeddings, references, narrowness, rows, candidates, weights, covered: kept, self_credit }
    }

    /// Picks `n` of some candidates by the largest gain, again and again; ties go to the one that is named first. At most as many
    /// as there are.
    ///
    /// Gains only fall while more is covered, so those at the head of the queue alone are computed again (Minoux 1978): the picks
    /// are those of computing all of them again for each. Gains are sums in a fixed order of terms none of which can
    /// rise, so this holds for rounded numbers too.
    pub(crate) fn pick(&mut self, candidates: &[usize], n: usize) -> Vec<usize> {
        let n = n.min(candidates.len());
        let mut picks = Vec::with_capacity(n);
        let at = |(at, gain): (usize, f32)| Entry { gain, at: Reverse(at), picks: 0 };
        let mut queue = self.gains(candidates).into_iter().enumerate().map(at).collect::<BinaryHeap<_>>();
        while picks.len() < n {
            let mut stale = Vec::new();
            while let Some(entry) = queue.peek() {
                if entry.picks == picks.len() || stale.len() == AGAIN {
                    break;
                }
                stale.extend(queue.pop().map(|entry| entry.at.0));
            }
            if stale.is_empty() {
                let Some(Entry { at: Reverse(at), .. }) = queue.pop() else { break };
                picks.push(candidates[at]);
                self.cover(candidates[at]);
                continue;
            }
            let rows = stale.iter().map(|at| candidates[*at]).collect::<Vec<_>>();
            let again = stale.into_iter().zip(self.gains(&rows));
            queue.extend(again.map(|(at, gain)| Entry { gain, at: Reverse(at), picks: picks.len() }));
        }
        picks
    }

    /// The gains of candidates.
    fn gains(&self, candidates: &[usize]) -> Vec<f32> {
        let block = |candidates: &[usize]| -> Lanes<f32> {
            let d = self.references.d;
            let mut rows = Vec::with_capacity(WIDTH * d);
            candidates.iter().for_each(|row| rows.extend(self.scaled(self.embeddings.row(*row))));
            let mut own = [LABELED; WIDTH];
            if !self.self_credit {
                own.iter_mut().zip(candidates).for_each(|(own, row)| *own = *row as u32);
            }
            let mut sums = [0.0; WIDTH];
            if d > 0 {
                let mut gain = Gain { of: self, own: &own, sums: &mut sums };
                distances::<Euclidean>(Blocks::new(&rows, d).get(0), &self.rows, &mut gain);
            }
            sums
        };
        let sums = candidates.par_chunks(WIDTH).map(block).collect::<Vec<_>>();
        sums.into_iter().flatten().take(candidates.len()).collect()
    }

    /// Covers with a candidate.
    fn cover(&mut self, candidate: usize) {
        if self.references.d == 0 || self.rows.is_empty() {
            return;
        }
        let center = self.scaled(self.embeddings.row(candidate)).collect::<Vec<_>>();
        let squared = |row: &[f32]| {
            // In the order and with the rounding of `distances`, so that a copy of the pick is covered by exactly as much as it covers.
            let mut block = [f32::INFINITY; WIDTH];
            distances::<Euclidean>(Blocks::new(row, center.len()).get(0), &center, &mut block);
            block
        };
        let d = center.len();
        let mut nearest =
            self.rows.par_chunks(WIDTH * d).map(squared).collect::<Vec<_>>().as_flattened().to_vec();
        nearest.truncate(self.candidates.len());
        kernel(&mut nearest, self.narrowness);
        self.covered.iter_mut().zip(nearest).for_each(|(covered, kernel)| *covered = covered.max(kernel));
    }

    fn scaled<'r>(&self, row: ArrayView1<'r, f32>) -> impl Iterator<Item = f32> + use<'r> {
        let scale = self.references.scale;
        row.into_iter().map(move |x| x * scale)
    }
}

/// A candidate in the queue, with its gain after so many picks.
#[derive(PartialEq)]
struct Entry {
    gain: f32,
    at: Reverse<usize>,
    picks: usize,
}

impl Eq for Entry {}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        self.gain.total_cmp(&other.gain).then(self.at.cmp(&other.at))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Sums up the gains of a block of candidates.
struct Gain<'a> {
    of: &'a Herding<'a>,
    /// The reference that each candidate would be, if it gets no credit for itself.
    own: &'a Lanes<u32>,
    sums: &'a mut Lanes<f32>,
}

impl Fold for Gain<'_> {
    #[inline(always)]
    fn fold<S: Simd>(&mut self, simd: S, center: usize, at: usize, distances: [S::f32s; 2]) {
        let zero = simd.splat_f32s(0.0);
        let narrowness = simd.splat_f32s(self.of.narrowness);
        let covered = simd.splat_f32s(self.of.covered[center]);
        let weight = simd.splat_f32s(self.of.weights[center]);
        let candidate = simd.splat_u32s(self.of.candidates[center]);
        let own = &S::as_simd_u32s(self.own).0[at..at + 2];
        for ((sum, squared), own) in pair_mut::<S>(self.sums, at).iter_mut().zip(distances).zip(own) {
            let more = simd.sub_f32s(gaussian(simd, squared, narrowness), covered);
            let gain = simd.mul_f32s(weight, simd.max_f32s(more, zero));
            let is_own = simd.equal_u32s(*own, candidate);
            *sum = simd.add_f32s(*sum, simd.select_f32s(is_own, zero, gain));
        }
    }
}

/// Squared distances become kernels.
fn kernel(squared: &mut [f32], narrowness: f32) {
    struct All<'a>(&'a mut [f32], f32);
    impl WithSimd for All<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let narrowness = simd.splat_f32s(self.1);
            // Whole registers only, as in the gains: the rest is filled up.
            for part in self.0.chunks_mut(WIDTH) {
                let mut lanes = [0.0; WIDTH];
                lanes[..part.len()].copy_from_slice(part);
                let registers = S::as_mut_simd_f32s(&mut lanes).0;
                registers.iter_mut().for_each(|squared| *squared = gaussian(simd, *squared, narrowness));
                part.copy_from_slice(&lanes[..part.len()]);
            }
        }
    }
    Arch::new().dispatch(All(squared, narrowness));
}

/// `exp(−squared · narrowness)`, 1 at 0 and 0 where it is below 1e-37; within 3e-7 of the true value.
///
/// The exponent is rounded to a power of two, the rest is a polynomial: the classic scheme of Cody and Waite (1980).
#[inline(always)]
fn gaussian<S: Simd>(simd: S, squared: S::f32s, narrowness: S::f32s) -> S::f32s {
    const LEAST: f32 = -85.0;
    /// Adding it leaves no digit after the point, and the whole number in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    /// The logarithm of 2, with few digits and what is missing.
    const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    const TAYLOR: [f32; 6] = [1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0];
    let splat = |x| simd.splat_f32s(x);
    let x = simd.neg_f32s(simd.mul_f32s(squared, narrowness));
    let is_zero = simd.less_than_f32s(x, splat(LEAST));
    let x = simd.max_f32s(x, splat(LEAST));
    let shifted = simd.mul_add_e_f32s(x, splat(std::f32::consts::LOG2_E), splat(ROUND));
    let whole = simd.sub_f32s(shifted, splat(ROUND));
    let rest = simd.mul_add_e_f32s(whole, splat(-LN_2[0]), x);
    let rest = simd.mul_add_e_f32s(whole, splat(-LN_2[1]), rest);
    let mut sum = splat(1.0 / 720.0);
    for term in TAYLOR {
        sum = simd.mul_add_e_f32s(sum, rest, splat(term));
    }
    let bits = simd.wrapping_dyn_shl_u32s(simd.transmute_u32s_f32s(shifted), simd.splat_u32s(23));
    let power = simd.transmute_f32s_u32s(simd.add_u32s(bits, simd.splat_u32s(1f32.to_bits())));
    simd.select_f32s(is_zero, splat(0.0), simd.mul_f32s(sum, power))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::mix;
    use ndarray::{Array2, Axis, concatenate};
    use proptest::prelude::*;

    #[test]
    fn the_kernel_is_exact_to_single_precision() {
        let mut values = (0..20_000).map(|i| i as f32 * 0.005).collect::<Vec<_>>();
        let squared = values.clone();
        kernel(&mut values, 1.0);
        for (found, x) in values.iter().zip(&squared) {
            let wanted = f64::from(-x).exp();
            let close = (f64::from(*found) - wanted).abs() <= 3e-7 * wanted;
            assert!(close || (*x > 85.0 && *found == 0.0), "exp(-{x}) is {wanted}, not {found}");
        }
        assert_eq!(values[0], 1.0);
        let mut far = [f32::INFINITY, f32::MAX, 1e10];
        kernel(&mut far, f32::MAX);
        assert_eq!(far, [0.0; 3]);
        let mut same = [0.0];
        kernel(&mut same, f32::MAX);
        assert_eq!(same, [1.0]);
    }

    /// The gains of the definition in double precision, given what is picked.
    fn naive(
        pool: &Array2<f32>,
        labeled: &Array2<f32>,
        weights: &[f64],
        bandwidth: f64,
        self_credit: bool,
        picks: &[usize],
    ) -> Vec<f64> {
        let k = |a: ArrayView1<'_, f32>, b: ArrayView1<'_, f32>| {
            let squared = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
            (-squared / (2.0 * bandwidth.powi(2))).exp()
        };
        let covering = concatenate(Axis(0), &[labeled.view(), pool.select(Axis(0), picks).view()]).unwrap();
        let covered = |i: usize| covering.outer_iter().map(|x| k(x, pool.row(i))).fold(0.0, f64::max);
        let covered = (0..pool.nrows()).map(covered).collect::<Vec<_>>();
        let gain = |c: usize| {
            let of = |i: usize| weights[i] * (k(pool.row(c), pool.row(i)) - covered[i]).max(0.0);
            (0..pool.nrows()).filter(|i| self_credit || *i != c).map(of).sum::<f64>()
        };
        (0..pool.nrows()).map(gain).collect()
    }

    fn herd(
        pool: &Array2<f32>,
        labeled: &Array2<f32>,
        weights: &[f64],
        sigma: f64,
        own: bool,
        n: usize,
    ) -> Vec<usize> {
        let references = References::draw(pool, labeled, 2000, 1);
        let sigma = sigma * f64::from(references.scale);
        let all = (0..pool.nrows()).collect::<Vec<_>>();
        Herding::new(pool, labeled, &references, sigma, |i| weights[i], own).pick(&all, n)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

        /// Random points, of which some are labelled.
        #[test]
        fn picks_are_those_of_the_definition(seed: u64, n in 1usize..50, m in 0usize..6, own: bool, sigma in 0.2f64..2.0) {
            let value = |i: usize, j: usize| (mix(seed, (i * 7 + j) as u64) >> 40) as f32 / (1u32 << 22) as f32;
            let pool = Array2::from_shape_fn((n, 3), |(i, j)| value(i, j));
            let labeled = Array2::from_shape_fn((m, 3), |(i, j)| value(1000 + i, j));
            let weights = (0..n).map(|i| f64::from(value(5000 + i, 0))).collect::<Vec<_>>();
            let found = herd(&pool, &labeled, &weights, sigma, own, 10);
            prop_assert_eq!(found.len(), n.min(10));
            // Each has the largest gain of those left, up to single precision.
            for (i, pick) in found.iter().enumerate() {
                let gains = naive(&pool, &labeled, &weights, sigma, own, &found[..i]);
                let left = (0..n).filter(|c| !found[..i].contains(c));
                let most = left.map(|c| gains[c]).fold(0.0, f64::max);
                prop_assert!(gains[*pick] >= most - 1e-5, "pick {i} of {found:?} gains {} and {most} was there", gains[*pick]);
            }
        }

        /// Points of a small grid: ties and copies everywhere. Lazy and naive by the same numbers must then agree to the pick.
        #[test]
        fn lazy_is_naive_with_ties_and_copies(rows in prop::collection::vec(prop::array::uniform2(0u8..4), 1..80), m in 0usize..4) {
            let pool = Array2::from_shape_fn((rows.len(), 2), |(i, j)| f32::from(rows[i][j]));
            let labeled = pool.slice(ndarray::s![..m.min(rows.len()), ..]).to_owned();
            let references = References::draw(&pool, &labeled, 2000, 1);
            let all = (0..rows.len()).collect::<Vec<_>>();
            let herding = || Herding::new(&pool, &labeled, &references, 0.7, |_| 1.0, false);
            let (mut again, mut wanted) = (herding(), Vec::new());
            let mut left = all.clone();
            while !left.is_empty() {
                let gains = again.gains(&left);
                let best = gains.iter().enumerate().fold(0, |best, (i, gain)| if *gain > gains[best] { i } else { best });
                again.cover(left[best]);
                wanted.push(left.remove(best));
            }
            prop_assert_eq!(herding().pick(&all, rows.len()), wanted);
        }
    }

    /// Far from everything it covers only itself, which is worth nothing.
    #[test]
    fn a_far_outlier_is_picked_last() {
        let mut pool =
            Array2::from_shape_fn((40, 2), |(i, j)| (mix(9, (2 * i + j) as u64) >> 40) as f32 / 1e7);
        pool.row_mut(0).fill(1e4);
        let mut weights = vec![0.1; 40];
        weights[0] = 1.0;
        let none = Array2::zeros((0, 2));
        let outlier =
            |own| herd(&pool, &none, &weights, 1.0, own, 40).iter().position(|row| *row == 0).unwrap();
        assert!(outlier(true) < 3);
        // Before it come all that cover anything but themselves; what is left are ties at 0, in their order.
        let references = References::draw(&pool, &none, 2000, 1);
        let mut herding =
            Herding::new(&pool, &none, &references, f64::from(references.scale), |i| weights[i], false);
        let all = (0..40).collect::<Vec<_>>();
        assert_eq!(herding.gains(&all)[0], 0.0);
        for row in herd(&pool, &none, &weights, 1.0, false, outlier(false)) {
            assert!(herding.gains(&[row])[0] > 0.0);
            herding.cover(row);
        }
    }

    #[test]
    fn constant_features_and_none_at_all_give_the_first() {
        let none = Array2::zeros((0, 2));
        assert_eq!(herd(&Array2::ones((5, 2)), &none, &[1.0; 5], 0.0, false, 3), [0, 1, 2]);
        assert_eq!(herd(&Array2::ones((5, 0)), &Array2::zeros((0, 0)), &[1.0; 5], 1.0, false, 3), [0, 1, 2]);
        assert_eq!(herd(&Array2::zeros((0, 2)), &none, &[], 1.0, false, 3), [0; 0]);
        // All labelled but one.
        assert_eq!(herd(&Array2::ones((1, 2)), &Array2::ones((9, 2)), &[1.0], 1.0, false, 3), [0]);
    }

    #[test]
    fn any_number_of_threads_picks_the_same() {
        let pool = Array2::from_shape_fn((3000, 5), |(i, j)| (mix(j as u64, i as u64) >> 40) as f32 / 1e6);
        let with = |threads| {
            let pool_of = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool_of.install(|| herd(&pool, &Array2::zeros((0, 5)), &vec![1.0; 3000], 2.0, false, 50))
        };
        assert_eq!(with(1), with(3));
    }
}
