//! BAIT: a batch whose Fisher information covers that of the pool.

use super::{Entry, Family, Selection, Sizes, Strategy, made};
use crate::error::{Error, Result};
use crate::score::most_probable;
use crate::select::fisher::{self, Fisher, forward_backward};
use crate::select::top_k;
use crate::settings::Settings;
use crate::signals::{Signal, Signals};
use ndarray::{ArrayView1, ArrayView2};

pub(super) static ENTRY: Entry = Entry {
    name: "bait",
    family: Family::Gradients,
    cost: "O(k·n·c²·(c + d) + (c·d)³)",
    deepal: None,
    summary: "the batch whose Fisher information, with that of the labels, covers that of the whole pool best",
    details: "Least trace of the inverse information of labels and batch times the mean information of all, of the weights of the last layer: 2·n are added greedily, then those that are missed \
              least are taken away, as in the authors' code and with its weights of labels and batch. Exact up to `classes` classes; of more the gradients of the most probable \
              ones (Huseljic et al.). Of equals it takes one at random, samples that the net is certain of last. Costs much: O(n·k·c²·d) time and (c·d)³ once, (c·d)² memory. Above 4,096 weights it refuses: use bait-fast.",
    source: "Ash, Goel, Krishnamurthy and Kakade, Gone fishing: neural active learning with Fisher embeddings, NeurIPS 2021; Huseljic, Hahn, Herde, Rauch and Sick, \
             Fast Fishing: approximating BAIT for efficient and scalable deep active image classification, ECML PKDD 2024",
    settings: Bait::SETTINGS,
    build: made::<Bait>,
};

pub(super) static ENTRY_FAST: Entry = Entry {
    name: "bait-fast",
    family: Family::Gradients,
    cost: "O(k·n·d + d³)",
    deepal: None,
    summary: "bait with the information of the most probable class against all others: much faster",
    details: "As bait, with the Fisher information p̂(1 − p̂) h hᵀ of a binary problem, p̂ the largest probability, so that its matrix has the features as rows and columns and not classes times \
              features. O(n·k·d) time, O(n·d + d²) memory.",
    source: "Huseljic, Hahn, Herde, Rauch and Sick, Fast Fishing: approximating BAIT for efficient and scalable deep active image classification, ECML PKDD 2024",
    settings: BaitFast::SETTINGS,
    build: made::<BaitFast>,
};

crate::settings! {
    /// Picks by BAIT.
    pub struct Bait {
        /// What is added to the diagonal of the information.
        lambda: f64 = 1.0, Positive(1e6), "the authors' code";
        /// Most probable classes whose gradients count: exact if there are no more.
        classes: usize = 10, Integer(1, 1000), "bounds the time; Huseljic et al., 2024, take 2";
    }
}

crate::settings! {
    /// Picks by BAIT's approximation with two classes.
    pub struct BaitFast {
        /// What is added to the diagonal of the information.
        lambda: f64 = 1.0, Positive(1e6), "as of bait";
    }
}

/// The most weights of the last layer, of whose matrix five copies take 670 MB.
const MOST_WEIGHTS: usize = 4096;

/// What the strategies here need.
fn needs() -> Vec<Signal> {
    vec![Signal::Probs, Signal::Embeddings, Signal::LabeledEmbeddings, Signal::LabeledProbs]
}

impl Strategy for Bait {
    fn name(&self) -> &str {
        ENTRY.name
    }

    fn needs(&self) -> Vec<Signal> {
        needs()
    }

    fn memory(&self, sizes: Sizes) -> usize {
        let Sizes { candidates, labeled, features, classes, .. } = sizes;
        fisher::memory(candidates.saturating_add(labeled), features, classes, self.classes.min(classes))
    }

    /// 0 for what is refused anyway, with its reason.
    fn seconds(&self, sizes: Sizes) -> f64 {
        let Sizes { candidates, features, classes, picks, .. } = sizes;
        match features.saturating_mul(classes) > MOST_WEIGHTS {
            true => 0.0,
            false => fisher::seconds([candidates, picks], features, classes, self.classes.min(classes)),
        }
    }

    fn select(&self, signals: &Signals<'_>, n: usize, seed: u64) -> Result<Selection> {
        let (c, d) = (signals.probs()?.ncols(), signals.embeddings()?.ncols());
        if c * d > MOST_WEIGHTS {
            let why = format!(
                "keeps a matrix of all weights of the last layer, and {c} classes times {d} features are more than {MOST_WEIGHTS}; use `bait-fast`"
            );
            return Err(Error::Setting { what: "strategy `bait`".into(), why });
        }
        let r = self.classes.min(c);
        let fisher = |embeddings: ArrayView2<'_, f32>, probs: ArrayView2<'_, f64>| {
            let columns = probs.outer_iter().flat_map(|p| by_class(p, r));
            Fisher::new(&embeddings, probs.iter().copied().collect(), columns, [c, r])
        };
        select(signals, fisher, self.lambda, n, seed)
    }
}

impl Strategy for BaitFast {
    fn name(&self) -> &str {
        ENTRY_FAST.name
    }

    fn needs(&self) -> Vec<Signal> {
        needs()
    }

    fn memory(&self, sizes: Sizes) -> usize {
        fisher::memory(sizes.candidates.saturating_add(sizes.labeled), sizes.features, 1, 1)
    }

    fn seconds(&self, sizes: Sizes) -> f64 {
        fisher::seconds([sizes.candidates, sizes.picks], sizes.features, 1, 1)
    }

    fn select(&self, signals: &Signals<'_>, n: usize, seed: u64) -> Result<Selection> {
        // One class whose factor is the scale, but for the sign.
        let fisher = |embeddings: ArrayView2<'_, f32>, probs: ArrayView2<'_, f64>| {
            let columns = probs.outer_iter().map(|p| (binary(p), 0));
            Fisher::new(&embeddings, vec![0.0; probs.nrows()], columns, [1, 1])
        };
        select(signals, fisher, self.lambda, n, seed)
    }
}

fn select(
    signals: &Signals<'_>,
    fisher: impl Fn(ArrayView2<'_, f32>, ArrayView2<'_, f64>) -> Fisher,
    lambda: f64,
    n: usize,
    seed: u64,
) -> Result<Selection> {
    let candidates = fisher(signals.embeddings()?, signals.probs()?);
    let labeled = fisher(signals.labeled_embeddings()?, signals.labeled_probs()?);
    Ok(Selection::unranked(forward_backward(candidates, &labeled, lambda, n, seed)))
}

/// `√p_y` and `y` of each of the `r` most probable classes `y`, for the columns `√p_y (p − onehot y)`: with all classes their matrix times its
/// own transpose is `diag p − p pᵀ`.
fn by_class(probs: ArrayView1<'_, f64>, r: usize) -> Vec<(f64, u32)> {
    let classes = top_k(&probs.to_owned(), r);
    classes.into_iter().map(|class| (probs[class].sqrt(), class as u32)).collect()
}

/// `√(p̂ (1 − p̂))`
fn binary(probs: ArrayView1<'_, f64>) -> f64 {
    let class = most_probable(probs).index();
    probs.get(class).map_or(0.0, |p| (p * (1.0 - p)).max(0.0).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::mix;
    use ndarray::{Array2, Axis, concatenate};

    struct Case {
        pool: Array2<f32>,
        labeled: Array2<f32>,
        probs: Array2<f64>,
        of_labeled: Array2<f64>,
    }

    fn case(seed: u64, [n, m, d, c]: [usize; 4]) -> Case {
        let value = |i: usize| (mix(seed, i as u64) >> 11) as f64 / (1u64 << 53) as f64;
        let rows = |n: usize, salt: usize| {
            Array2::from_shape_fn((n, d), |(i, j)| 4.0 * value(salt + i * d + j) as f32 - 1.5)
        };
        let probs = |n: usize, salt: usize| {
            let mut probs = Array2::from_shape_fn((n, c), |(i, k)| value(salt + i * c + k).powi(2) + 1e-3);
            probs.outer_iter_mut().for_each(|mut row| row /= row.sum());
            probs
        };
        Case {
            pool: rows(n, 0),
            labeled: rows(m, 10_000),
            probs: probs(n, 20_000),
            of_labeled: probs(m, 30_000),
        }
    }

    fn picks(strategy: &dyn Strategy, case: &Case, n: usize, seed: u64) -> Vec<usize> {
        let signals = Signals::new(case.pool.nrows())
            .with_probs(case.probs.view())
            .and_then(|s| s.with_embeddings(case.pool.view()))
            .and_then(|s| s.with_labeled_embeddings(case.labeled.view()))
            .and_then(|s| s.with(Signal::LabeledProbs, case.of_labeled.clone()));
        strategy.select(&signals.unwrap(), n, seed).unwrap().rows
    }

    /// By Gauss and Jordan.
    fn inverted(matrix: &Array2<f64>) -> Array2<f64> {
        let n = matrix.nrows();
        let mut both = concatenate![Axis(1), matrix.view(), Array2::<f64>::eye(n).view()];
        for i in 0..n {
            let row = both.row(i).to_owned() / both[[i, i]];
            for j in 0..n {
                let times = both[[j, i]];
                if j == i { both.row_mut(j).assign(&row) } else { both.row_mut(j).scaled_add(-times, &row) }
            }
        }
        both.slice(ndarray::s![.., n..]).to_owned()
    }

    /// The information matrix of a sample written out: the expected outer product of gradients over classes, or of two classes.
    fn information(h: ArrayView1<'_, f32>, p: ArrayView1<'_, f64>, classes: usize) -> Array2<f64> {
        let (d, c) = (h.len(), p.len());
        if classes == 0 {
            let most = p.iter().copied().fold(0.0, f64::max);
            return Array2::from_shape_fn((d, d), |(i, j)| {
                most * (1.0 - most) * f64::from(h[i]) * f64::from(h[j])
            });
        }
        let mut order = (0..c).collect::<Vec<_>>();
        order.sort_by(|a, b| p[*b].total_cmp(&p[*a]));
        let mut sum = Array2::zeros((c * d, c * d));
        for y in order.into_iter().take(classes) {
            let gradient = |i: usize| (p[i / d] - f64::from(u8::from(i / d == y))) * f64::from(h[i % d]);
            sum += &Array2::from_shape_fn((c * d, c * d), |(i, j)| p[y] * gradient(i) * gradient(j));
        }
        sum
    }

    /// The definition: every matrix inverted anew for every candidate at every step.
    fn naive(case: &Case, classes: usize, lambda: f64, k: usize) -> Vec<usize> {
        let of = |rows: &Array2<f32>, probs: &Array2<f64>| {
            rows.outer_iter()
                .zip(probs.outer_iter())
                .map(|(h, p)| information(h, p, classes))
                .collect::<Vec<_>>()
        };
        let (of_pool, of_labeled) = (of(&case.pool, &case.probs), of(&case.labeled, &case.of_labeled));
        let (n, m) = (of_pool.len(), of_labeled.len());
        let side = of_pool[0].nrows();
        let sum = |all: &[Array2<f64>]| all.iter().fold(Array2::<f64>::zeros((side, side)), |sum, x| sum + x);
        let goal = (sum(&of_pool) + sum(&of_labeled)) / (n + m) as f64;
        let start = Array2::<f64>::eye(side) * lambda + sum(&of_labeled) / (m + k) as f64;
        let trace = |picks: &[usize]| {
            let of_picks =
                picks.iter().fold(start.clone(), |sum, i| sum + &of_pool[*i] * (k as f64 / (m + k) as f64));
            inverted(&of_picks).dot(&goal).diag().sum()
        };
        let mut picks: Vec<usize> = vec![];
        while picks.len() < (2 * k).min(n) {
            let with = |i: usize| trace(&[picks.clone(), vec![i]].concat());
            let left = (0..n).filter(|i| !picks.contains(i));
            picks.push(left.min_by(|a, b| with(*a).total_cmp(&with(*b))).unwrap());
        }
        while picks.len() > k {
            let without = |at: usize| trace(&[&picks[..at], &picks[at + 1..]].concat());
            let at = (0..picks.len()).min_by(|a, b| without(*a).total_cmp(&without(*b))).unwrap();
            picks.remove(at);
        }
        picks
    }

    /// Fault of DAL-toolbox and others: the forward steps are not twice as many as wanted, or there is no backward step.
    #[test]
    fn picks_are_those_of_inverting_every_matrix() {
        for seed in 0..40u64 {
            let i = seed as usize;
            let (n, m, d, c) = (3 + i % 9, i % 4, 1 + i % 3, 2 + i % 3);
            let case = case(seed, [n, m, d, c]);
            let (k, lambda) = (1 + i % (n - 1), [1.0, 0.01][i % 2]);
            let exact = Bait { lambda, ..Bait::default() };
            assert_eq!(picks(&exact, &case, k, seed), naive(&case, c, lambda, k), "case {seed}, exact");
            let two = Bait { lambda, classes: 2 };
            assert_eq!(picks(&two, &case, k, seed), naive(&case, 2, lambda, k), "case {seed}, two classes");
            let fast = BaitFast { lambda };
            assert_eq!(picks(&fast, &case, k, seed), naive(&case, 0, lambda, k), "case {seed}, fast");
        }
    }

    #[test]
    fn the_information_of_all_classes_is_the_covariance_of_the_label() {
        let p = ndarray::array![0.5, 0.3, 0.2];
        let columns = by_class(p.view(), 3);
        let factor = Array2::from_shape_fn((3, 3), |(k, a)| {
            let (scale, class) = columns[a];
            scale * (p[k] - f64::from(u8::from(class as usize == k)))
        });
        let square = factor.dot(&factor.t());
        for (i, j) in (0..3).flat_map(|i| (0..3).map(move |j| (i, j))) {
            let wanted = if i == j { p[i] } else { 0.0 } - p[i] * p[j];
            assert!((square[[i, j]] - wanted).abs() < 1e-15);
        }
    }

    #[test]
    fn certain_samples_come_last_and_equal_ones_in_no_order_of_the_pool() {
        let mut case = case(1, [40, 3, 2, 3]);
        case.pool.fill(1.0);
        for (i, mut row) in case.probs.outer_iter_mut().enumerate() {
            row.assign(&if i < 30 { ndarray::array![1.0, 0.0, 0.0] } else { ndarray::array![0.4, 0.3, 0.3] });
        }
        for strategy in [&Bait::default() as &dyn Strategy, &BaitFast::default()] {
            let (a, b) = (picks(strategy, &case, 14, 1), picks(strategy, &case, 14, 2));
            assert!(a != b && a[..10].iter().all(|row| *row >= 30) && !a[10..].is_sorted(), "{a:?}");
        }
    }

    #[test]
    fn too_many_weights_are_refused() {
        let case = case(1, [5, 2, 2000, 3]);
        let signals = Signals::new(5).with_probs(case.probs).and_then(|s| s.with_embeddings(case.pool));
        let error = Bait::default().select(&signals.unwrap(), 1, 0).unwrap_err().to_string();
        assert!(error.contains("3 classes times 2000 features") && error.contains("`bait-fast`"), "{error}");
    }

    #[test]
    fn any_number_of_threads_picks_the_same() {
        let case = case(2, [600, 20, 5, 3]);
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                (picks(&Bait::default(), &case, 20, 3), picks(&BaitFast::default(), &case, 20, 3))
            })
        };
        assert_eq!(with(1), with(3));
    }
}
