//! Scores: plain functions from probabilities to one number a candidate. Higher = label first.
//!
//! ```
//! use deepal_core::score;
//! use ndarray::array;
//!
//! let probs = array![[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.4, 0.3, 0.3]];
//! assert_eq!(score::least_confidence(&probs), array![0.0, 0.5, 0.6]);
//! assert_eq!(score::margin(&probs)[1], 1.0);
//! assert_eq!(score::entropy(&probs)[1], 2f64.ln());
//! ```

use crate::ids::Class;
use ndarray::{Array1, Array2, ArrayRef2, ArrayRef3, ArrayView1, Axis, Zip, s};
use rayon::prelude::*;

/// The position of the largest probability, the first of equals.
pub fn most_probable(probs: ArrayView1<'_, f64>) -> Class {
    let larger = |best: (usize, f64), (i, p): (usize, &f64)| if *p > best.1 { (i, *p) } else { best };
    Class(probs.iter().enumerate().fold((0, f64::MIN), larger).0 as u16)
}

/// Least confidence, `1 − max p`, in `[0, 1 − 1/c]` (Lewis and Gale, SIGIR 1994).
///
/// `probs`: `[n, c]`; result: `[n]`.
pub fn least_confidence(probs: &ArrayRef2<f64>) -> Array1<f64> {
    probs.map_axis(Axis(1), |p| not_negative(1.0 - p.fold(0.0, |max, p| f64::max(max, *p))))
}

/// Margin, `1 − (p₁ − p₂)` of the two largest probabilities, in `[0, 1]` (Scheffer, Decomain and Wrobel, IDA 2001).
///
/// `probs`: `[n, c]`; result: `[n]`.
pub fn margin(probs: &ArrayRef2<f64>) -> Array1<f64> {
    probs.map_axis(Axis(1), |p| {
        let (first, second) =
            p.iter().fold(
                (0.0, 0.0),
                |(first, second), &p| {
                    if p > first { (p, first) } else { (first, f64::max(second, p)) }
                },
            );
        not_negative(1.0 - (first - second))
    })
}

/// Entropy in nats, `−Σ p ln p` with `0 ln 0 = 0`, in `[0, ln c]` (Shannon 1948; Settles 2009).
///
/// `probs`: `[n, c]`; result: `[n]`.
pub fn entropy(probs: &ArrayRef2<f64>) -> Array1<f64> {
    let mut terms = Vec::with_capacity(probs.ncols());
    probs.map_axis(Axis(1), |p| {
        // Summed in order of size, so that the same probabilities in another order are a tie to the last bit.
        terms.clear();
        terms.extend(p.iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()));
        terms.sort_unstable_by(f64::total_cmp);
        not_negative(terms.iter().sum())
    })
}

/// BALD: the mutual information of prediction and model, `H[mean p] − mean H[p]`, in `[0, ln c]` (Houlsby et al.,
/// arXiv 1112.5745, 2011; Gal, Islam and Ghahramani, ICML 2017). Less than 10⁻¹² is rounding, and set to 0.
///
/// `mc_probs`: `[t, n, c]`; result: `[n]`.
pub fn bald(mc_probs: &ArrayRef3<f64>) -> Array1<f64> {
    let mut expected = Array1::<f64>::zeros(mc_probs.len_of(Axis(1)));
    for pass in mc_probs.outer_iter() {
        expected += &entropy(&pass);
    }
    let passes = mc_probs.len_of(Axis(0)) as f64;
    let mut scores = entropy(&mean_probs(mc_probs));
    Zip::from(&mut scores).and(&expected).for_each(|score, sum| {
        let information = *score - sum / passes;
        *score = if information < 1e-12 { 0.0 } else { information };
    });
    scores
}

/// Variation ratios, `1 − f / t` for `t` passes of which `f` predict the most frequent class (Freeman 1965), in `[0, 1)`. Equal ratios are
/// ordered by how unsure the mean is: `(1 − max mean p) / 2t` is added, less than half a pass.
///
/// `mc_probs`: `[t, n, c]`; result: `[n]`.
pub fn variation_ratios(mc_probs: &ArrayRef3<f64>) -> Array1<f64> {
    let passes = mc_probs.len_of(Axis(0)) as f64;
    let mode =
        votes(mc_probs).map_axis(Axis(1), |votes| votes.fold(0.0, |most, count| f64::max(most, *count)));
    mode.mapv(|most| 1.0 - most / passes) + least_confidence(&mean_probs(mc_probs)) / (2.0 * passes)
}

/// Vote entropy, `−Σ (v/t) ln (v/t)` for `t` nets of which `v` predict a class, in `[0, ln min(t, c)]` (Dagan and Engelson, ICML 1995).
///
/// `member_probs`: `[t, n, c]`; result: `[n]`.
pub fn vote_entropy(member_probs: &ArrayRef3<f64>) -> Array1<f64> {
    entropy(&(votes(member_probs) / member_probs.len_of(Axis(0)) as f64))
}

/// How many passes or nets predict each class, `[t, n, c]` to `[n, c]`.
fn votes(probs: &ArrayRef3<f64>) -> Array2<f64> {
    let (_, n, c) = probs.dim();
    let mut votes = Array2::<f64>::zeros((n, c));
    for pass in probs.outer_iter() {
        for (mut votes, probs) in votes.outer_iter_mut().zip(pass.outer_iter()) {
            votes[most_probable(probs).index()] += 1.0;
        }
    }
    votes
}

/// The mean over classes of the standard deviation of a class's probability over the passes, in `[0, 1/2]` (Kampffmeyer, Salberg and
/// Jenssen, CVPR workshops 2016).
///
/// `mc_probs`: `[t, n, c]`; result: `[n]`.
pub fn mean_std(mc_probs: &ArrayRef3<f64>) -> Array1<f64> {
    let (passes, _, c) = mc_probs.dim();
    let mean = mean_probs(mc_probs);
    let mut squares = Array2::<f64>::zeros(mean.dim());
    // Around the mean and not as a difference of squares, so that passes that agree give 0.
    for pass in mc_probs.outer_iter() {
        Zip::from(&mut squares).and(&pass).and(&mean).for_each(|sum, p, mean| *sum += (p - mean).powi(2));
    }
    squares.map_axis(Axis(1), |sums| {
        sums.fold(0.0, |total, sum| total + (sum / passes as f64).sqrt()) / c as f64
    })
}

/// Rows whose joint distributions with all targets are in memory at once in each thread.
pub(crate) const EPIG_BLOCK: usize = 8;

/// EPIG: the mutual information of a row's label and a target's, averaged over `targets`, rows of the same array, in `[0, ln c]` (Bickford
/// Smith et al., AISTATS 2023). A pass must be one net for all rows. Less than 10⁻¹² is rounding, and set to 0.
///
/// `mc_probs`: `[t, n, c]`; result: `[n]`.
pub fn epig(mc_probs: &ArrayRef3<f64>, targets: &[usize]) -> Array1<f64> {
    let (t, n, c) = mc_probs.dim();
    if targets.is_empty() {
        return Array1::zeros(n);
    }
    let marginal = entropy(&mean_probs(mc_probs));
    let of_targets = targets.iter().map(|row| marginal[*row]).sum::<f64>();
    // A column for each target and class, `[t, r · c]`.
    let known = Array2::from_shape_fn((t, targets.len() * c), |(pass, column)| {
        mc_probs[[pass, targets[column / c], column % c]] / t as f64
    });
    let of_block = |first: usize| {
        let rows = first..n.min(first + EPIG_BLOCK);
        let block = mc_probs.slice(s![.., rows.clone(), ..]);
        let columns = Array2::from_shape_fn((t, rows.len() * c), |(pass, i)| block[[pass, i / c, i % c]]);
        let joint = columns.t().dot(&known);
        let of_row = |(i, row): (usize, usize)| {
            let joint = joint.slice(s![i * c..(i + 1) * c, ..]);
            let joint = joint.iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum::<f64>();
            let information = marginal[row] + (of_targets - joint) / targets.len() as f64;
            if information < 1e-12 { 0.0 } else { information }
        };
        rows.enumerate().map(of_row).collect::<Vec<_>>()
    };
    let blocks = (0..n.div_ceil(EPIG_BLOCK)).into_par_iter().map(|block| of_block(block * EPIG_BLOCK));
    blocks.collect::<Vec<_>>().concat().into()
}

/// The predictive mean over the passes: `[t, n, c]` to `[n, c]`.
pub fn mean_probs(mc_probs: &ArrayRef3<f64>) -> Array2<f64> {
    let (passes, n, c) = mc_probs.dim();
    let mut mean = Array2::zeros((n, c));
    for pass in mc_probs.outer_iter() {
        mean += &pass;
    }
    mean / passes as f64
}

/// Softmax of each row, computed in `f64`: logits `[n, c]` to probabilities `[n, c]`.
pub fn softmax(logits: &ArrayRef2<f32>) -> Array2<f64> {
    let mut probs = logits.mapv(f64::from);
    for mut row in probs.outer_iter_mut() {
        let max = row.fold(f64::NEG_INFINITY, |max, x| x.max(max));
        row.mapv_inplace(|x| (x - max).exp());
        let sum = row.sum();
        row /= sum;
    }
    probs
}

/// Closeness to the decision boundary, `1 / (1 + distance)`, in `[0, 1]`: 0 where the boundary was never reached.
///
/// `distances`: `[n]`, may be infinite; result: `[n]`.
pub fn closeness(distances: ArrayView1<'_, f64>) -> Array1<f64> {
    distances.mapv(|distance| 1.0 / (1.0 + distance))
}

/// Rows may sum to a little more than 1, and -0 is 0.
fn not_negative(score: f64) -> f64 {
    if score > 0.0 { score } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::mix;
    use ndarray::{Array3, array};
    use proptest::prelude::*;

    fn rows(c: usize) -> impl Strategy<Value = Array2<f64>> {
        prop::collection::vec(prop::collection::vec(0.0..1.0f64, c), 1..20).prop_map(move |rows| {
            Array2::from_shape_fn((rows.len(), c), |(i, j)| {
                (rows[i][j] + 1e-9) / (rows[i].iter().sum::<f64>() + c as f64 * 1e-9)
            })
        })
    }

    proptest! {
        /// Against sorting, the slow and obvious way.
        #[test]
        fn scores_agree_with_sorted_rows(probs in rows(5)) {
            for (i, row) in probs.outer_iter().enumerate() {
                let mut sorted = row.to_vec();
                sorted.sort_by(|a, b| b.total_cmp(a));
                prop_assert_eq!(least_confidence(&probs)[i], 1.0 - sorted[0]);
                prop_assert_eq!(margin(&probs)[i], 1.0 - (sorted[0] - sorted[1]));
                let cross = sorted.iter().map(|p| p * (1.0 / p).ln()).sum::<f64>();
                prop_assert!((entropy(&probs)[i] - cross).abs() < 1e-12);
            }
        }

        #[test]
        fn with_two_classes_all_three_rank_alike(probs in rows(2)) {
            let (a, b, c) = (least_confidence(&probs), margin(&probs), entropy(&probs));
            for i in 0..a.len() {
                for j in 0..a.len() {
                    if a[i] > a[j] + 1e-6 {
                        prop_assert!(b[i] > b[j] && c[i] > c[j]);
                    }
                }
            }
        }

        #[test]
        fn bald_is_the_mean_divergence_from_the_mean(a in rows(4), b in rows(4)) {
            let n = a.nrows().min(b.nrows());
            let passes = ndarray::stack![Axis(0), a.slice(ndarray::s![..n, ..]), b.slice(ndarray::s![..n, ..])];
            let mean = mean_probs(&passes);
            for i in 0..n {
                let divergence = |p: ArrayView1<'_, f64>| -> f64 {
                    p.iter().zip(mean.row(i)).map(|(p, q)| p * (p / q).ln()).sum()
                };
                let expected = (divergence(a.row(i)) + divergence(b.row(i))) / 2.0;
                prop_assert!((bald(&passes)[i] - expected).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn bald_of_agreeing_passes_is_zero_and_of_all_one_hots_log_c() {
        let agree = Array3::from_shape_fn((5, 1, 3), |(_, _, c)| [0.2, 0.3, 0.5][c]);
        assert!(bald(&agree)[0].abs() < 1e-15);
        let disagree = Array3::from_shape_fn((3, 1, 3), |(t, _, c)| f64::from(u8::from(t == c)));
        assert!((bald(&disagree)[0] - 3f64.ln()).abs() < 1e-15);
    }

    /// Traps P7 and P2: a variation ratio is not least confidence of one pass, and passes that agree give 0.
    #[test]
    fn p7_variation_ratios_count_the_passes_that_predict_otherwise() {
        let (a, b, c) = ([0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.1, 0.1, 0.8]);
        let passes = |rows: [[f64; 3]; 4]| Array3::from_shape_fn((4, 1, 3), |(t, _, k)| rows[t][k]);
        for (rows, ratio) in
            [([a, a, a, a], 0.0), ([a, b, a, a], 0.25), ([a, b, a, b], 0.5), ([c, b, a, b], 0.5)]
        {
            let score = variation_ratios(&passes(rows))[0];
            let most = mean_probs(&passes(rows)).iter().copied().fold(0.0, f64::max);
            assert!((score - ratio - (1.0 - most) / 8.0).abs() < 1e-12, "{score} and {ratio}");
            assert!(score < ratio + 0.125);
        }
    }

    /// The divergence of each joint distribution from the product of its marginals, by definition.
    #[test]
    fn epig_is_the_mean_divergence_from_independence() {
        let value = |i: usize| (mix(5, i as u64) % 1000) as f32 / 150.0;
        let (t, n, c) = (4, 19, 3);
        let logits = Array2::from_shape_fn((t * n, c), |(i, j)| value(i * c + j));
        let mut passes = softmax(&logits).into_shape_with_order((t, n, c)).unwrap();
        passes.slice_mut(s![.., 2, ..]).assign(&ndarray::array![1.0, 0.0, 0.0]);
        let mean = mean_probs(&passes);
        let targets = [3, 0, 3, 18];
        let found = epig(&passes, &targets);
        for row in 0..n {
            let mut sum = 0.0;
            for (target, y, z) in
                targets.iter().flat_map(|target| (0..c * c).map(move |at| (*target, at / c, at % c)))
            {
                let both = (0..t).map(|pass| passes[[pass, row, y]] * passes[[pass, target, z]]).sum::<f64>();
                let both = both / t as f64;
                if both > 0.0 {
                    sum += both * (both / (mean[[row, y]] * mean[[target, z]])).ln();
                }
            }
            let wanted = sum / targets.len() as f64;
            assert!((found[row] - wanted).abs() < 1e-12, "{row}: {} and {wanted}", found[row]);
        }
        assert_eq!(found[2], 0.0, "what is certain tells nothing");
        assert_eq!(epig(&passes, &[]), Array1::zeros(n));
    }

    proptest! {
        /// Against the formula with a difference of squares.
        #[test]
        fn mean_std_is_that_of_the_definition(a in rows(4), b in rows(4), d in rows(4)) {
            let n = a.nrows().min(b.nrows()).min(d.nrows());
            let cut = |rows: &Array2<f64>| rows.slice(ndarray::s![..n, ..]).to_owned();
            let passes = ndarray::stack![Axis(0), cut(&a), cut(&b), cut(&d)];
            let found = mean_std(&passes);
            for i in 0..n {
                let std = |k: usize| {
                    let all = [a[[i, k]], b[[i, k]], d[[i, k]]];
                    let (mean, squares) = (all.iter().sum::<f64>() / 3.0, all.iter().map(|p| p * p).sum::<f64>() / 3.0);
                    (squares - mean * mean).max(0.0).sqrt()
                };
                prop_assert!((found[i] - (0..4).map(std).sum::<f64>() / 4.0).abs() < 1e-7);
            }
            prop_assert!(mean_std(&ndarray::stack![Axis(0), a, a]).iter().all(|x| *x == 0.0));
        }
    }

    /// Trap D1: `p log p` at p = 0 is NaN in the reference, which drops such samples, the best ones for BALD.
    #[test]
    fn d1_exact_zeros_are_no_nan() {
        let probs = array![[0.0, 0.5, 0.5], [0.9, 0.05, 0.05], [1.0, 0.0, 0.0]];
        assert_eq!(entropy(&probs)[0], 2f64.ln());
        assert_eq!(entropy(&probs)[2], 0.0);
        assert_eq!(crate::select::top_k(&entropy(&probs), 1), [0]);
        let saturated = array![[[1.0, 0.0], [0.5, 0.5]], [[0.0, 1.0], [0.5, 0.5]]];
        assert_eq!(bald(&saturated), array![2f64.ln(), 0.0]);
    }
}
