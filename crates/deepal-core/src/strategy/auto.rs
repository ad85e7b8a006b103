//! The default: coverage while labels are few, uncertainty when there are many, and no switch between.

use super::{Entry, Family, Selection, Sizes, Strategy, made};
use crate::calibration::Calibration;
use crate::error::Result;
use crate::score;
use crate::select::herding::Herding;
use crate::select::partition::middles_of;
use crate::select::references::References;
use crate::select::{k_means, top_k};
use crate::settings::Settings;
use crate::signals::{Signal, Signals};
use ndarray::{Array1, ArrayRef2, ArrayView2};

pub(super) static ENTRY: Entry = Entry {
    name: "auto",
    family: Family::Hybrid,
    cost: "O(n·r·d)",
    deepal: None,
    summary: "covers what the net is not sure of; the default, from the first label on",
    details: "Each pick is the uncertain sample that covers most of what is uncertain and not covered yet. The kernel's width follows the \
              density of the pool at the number of labels, so coverage turns into uncertainty by itself as labels grow. A net that \
              publishes its calibration (softmax-regression, head) has its probabilities corrected by cross-validation and its least \
              uncertain samples left out the more, the better it is; with any other net it is `auto-lite`. A sample gets no credit for \
              covering itself, so outliers are worthless. Without any label it takes the middles of k-means clusters of the inputs. \
              A sample of the pool, drawn by seed, stands for it: O(n·d) time a query. While the net tells no two samples apart, all are equally uncertain.",
    source: "greedy coverage by kernels: Bae et al., Generalized coverage for more robust low-budget active learning, ECCV 2024, and \
             Uncertainty herding, ICLR 2025; temperature: Guo et al., ICML 2017; lazy greedy: Minoux 1978. The rule that joins them \
             (bandwidth, cut by accuracy, no credit for itself) is our own",
    settings: Auto::SETTINGS,
    build: made::<Auto>,
};

pub(super) static ENTRY_LITE: Entry = Entry {
    name: "auto-lite",
    family: Family::Hybrid,
    cost: "O(n·r·d)",
    deepal: None,
    summary: "auto without cross-validation, for nets that take long to train",
    details: "As auto, with probabilities as they are, candidates cut by the number of labels instead of the accuracy.",
    source: "the same as of auto",
    settings: AutoLite::SETTINGS,
    build: made::<AutoLite>,
};

crate::settings! {
    /// Picks by coverage of calibrated uncertainty.
    pub struct Auto {
        /// The kernel's width, as a share of the typical distance to as many neighbours as each label has to cover.
        bandwidth: f64 = 0.7, Positive(100.0), "best of 0.25 to 1.4 on six sets, 0.5 points of area ahead of 0.5 on fresh seeds (record/2026-11-23-auto)";
        /// Samples, drawn by seed, that stand for the pool.
        references: usize = 2000, Integer(10, 100_000), "a prototype: 1,000 cost 0.15 points";
    }
}

crate::settings! {
    /// Picks by coverage of uncertainty, without calibration.
    pub struct AutoLite {
        /// The kernel's width, as a share of the typical distance to as many neighbours as each label has to cover.
        bandwidth: f64 = 0.7, Positive(100.0), "as of auto";
        /// Samples, drawn by seed, that stand for the pool.
        references: usize = 2000, Integer(10, 100_000), "as of auto";
    }
}

macro_rules! by_rule {
    ($Name:ident, $ENTRY:ident, $wants:expr) => {
        impl Strategy for $Name {
            fn name(&self) -> &str {
                $ENTRY.name
            }

            fn needs(&self) -> Vec<Signal> {
                vec![Signal::Probs, Signal::Embeddings, Signal::LabeledEmbeddings]
            }

            fn wants(&self) -> Vec<Signal> {
                $wants
            }

            fn starts_cold(&self) -> bool {
                true
            }

            fn memory(&self, sizes: Sizes) -> usize {
                let Sizes { candidates, features, .. } = sizes;
                References::memory(candidates, features, self.references)
            }

            fn select(&self, signals: &Signals<'_>, n: usize, seed: u64) -> Result<Selection> {
                let calibration = signals.calibration().ok().filter(|_| !self.wants().is_empty());
                select(signals, calibration, self.bandwidth, self.references, n, seed)
            }
        }
    };
}

by_rule!(Auto, ENTRY, vec![Signal::Calibration]);
by_rule!(AutoLite, ENTRY_LITE, vec![]);

fn select(
    signals: &Signals<'_>,
    calibration: Option<Calibration>,
    bandwidth: f64,
    references: usize,
    n: usize,
    seed: u64,
) -> Result<Selection> {
    let (embeddings, labeled) = (signals.embeddings()?, signals.labeled_embeddings()?);
    let n = n.min(signals.len());
    if labeled.nrows() == 0 {
        return Ok(Selection::unranked(middles(&embeddings, n, seed, references)));
    }
    let after = labeled.nrows() + n;
    let (uncertainty, candidates) = match informative(signals) {
        None => (Array1::ones(signals.len()), (0..signals.len()).collect()),
        Some(probs) => {
            let (uncertainty, share, floor) = match calibration {
                Some(calibration) => {
                    let Calibration { accuracy, .. } = calibration;
                    (calibration.margin(&probs), (1.0 - accuracy).powi(2), 10)
                }
                None => (score::margin(&probs), (40.0 / after as f64).min(1.0), 5),
            };
            let most = (share * signals.len() as f64) as usize;
            let candidates = top_k(&uncertainty, most.max(floor * n));
            (uncertainty, candidates)
        }
    };
    let references = References::draw(&embeddings, &labeled, references, seed);
    let bandwidth = bandwidth * references.typical_distance(neighbors(&references, after));
    let mut herding = Herding::new(&embeddings, &labeled, &references, bandwidth, |i| uncertainty[i], false);
    Ok(Selection::unranked(herding.pick(&candidates, n)))
}

/// Probabilities that tell candidates apart; `None` if there are none, or all rows are the same, as those of a net that has seen one
/// class. Picks by them would follow the order of the pool.
pub(super) fn informative<'s>(signals: &'s Signals<'_>) -> Option<ArrayView2<'s, f64>> {
    let probs = signals.probs().ok()?;
    let first = probs.outer_iter().next()?;
    probs.outer_iter().any(|row| row != first).then_some(probs)
}

/// How many references each of so many labels has to cover: its share, and 5 at least.
pub(super) fn neighbors(references: &References, labels: usize) -> usize {
    let most = references.len().saturating_sub(1).max(1);
    (references.len() / labels.max(1)).max(5).min(most)
}

/// For nothing labelled yet: the samples nearest to the centres of `n` clusters, of a part of the pool that is large enough.
pub(super) fn middles(embeddings: &ArrayRef2<f32>, n: usize, seed: u64, references: usize) -> Vec<usize> {
    middles_of(embeddings, references, n, seed, |sample| k_means(sample, n, seed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::mix;
    use ndarray::{Array2, Axis, concatenate};

    fn values(n: usize, d: usize, seed: u64) -> Array2<f32> {
        Array2::from_shape_fn((n, d), |(i, j)| {
            (mix(seed, (i * d + j) as u64) >> 40) as f32 / (1u32 << 24) as f32
        })
    }

    fn probs(n: usize, seed: u64) -> Array2<f64> {
        let mut probs = values(n, 3, seed).mapv(|x| f64::from(x) + 0.01);
        for mut row in probs.outer_iter_mut() {
            let sum = row.sum();
            row /= sum;
        }
        probs
    }

    /// The definition of the whole policy in double precision, everything in the open: no sample, no lazy queue, no kernels of ours.
    fn naive(
        pool: &Array2<f32>,
        labeled: &Array2<f32>,
        probs: &Array2<f64>,
        calibration: Option<Calibration>,
        b: usize,
    ) -> Vec<usize> {
        let all = concatenate(Axis(0), &[pool.view(), labeled.view()]).unwrap();
        let (n, total) = (pool.nrows(), all.nrows());
        let squared = |a: usize, c: usize| {
            all.row(a).iter().zip(all.row(c)).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>()
        };
        let u = (0..n).map(|i| {
            let t = calibration.map_or(1.0, |calibration| calibration.temperature);
            let mut p = probs.row(i).iter().map(|p| (p.ln() / t).exp()).collect::<Vec<_>>();
            let sum = p.iter().sum::<f64>();
            p.sort_by(|a, b| b.total_cmp(a));
            1.0 - (p[0] - p[1]) / sum
        });
        let u = u.collect::<Vec<_>>();
        let after = labeled.nrows() + b;
        let (share, floor) = match calibration {
            Some(Calibration { accuracy, .. }) => ((1.0 - accuracy) * (1.0 - accuracy), 10),
            None => (1f64.min(40.0 / after as f64), 5),
        };
        let mut order = (0..n).collect::<Vec<_>>();
        order.sort_by(|a, b| u[*b].total_cmp(&u[*a]));
        order.truncate((floor * b).max((share * n as f64).floor() as usize));
        let k = (total / after).clamp(5, total - 1);
        let mut nth = (0..total)
            .map(|i| {
                let mut to_all = (0..total).map(|j| squared(i, j).sqrt()).collect::<Vec<_>>();
                to_all.sort_by(f64::total_cmp);
                to_all[k - 1]
            })
            .collect::<Vec<_>>();
        nth.sort_by(f64::total_cmp);
        let sigma = 0.7 * nth[total / 2];
        let kernel = |a: usize, c: usize| (-squared(a, c) / (2.0 * sigma * sigma)).exp();
        let mut m = (0..n).map(|i| (n..total).map(|l| kernel(l, i)).fold(0.0, f64::max)).collect::<Vec<_>>();
        let mut picks = Vec::new();
        for _ in 0..b.min(n) {
            let gain = |c: usize| {
                (0..n).filter(|i| *i != c).map(|i| u[i] * (kernel(c, i) - m[i]).max(0.0)).sum::<f64>()
            };
            let best = order.iter().filter(|c| !picks.contains(*c)).copied();
            let best = best.max_by(|a, b| gain(*a).total_cmp(&gain(*b))).unwrap();
            (0..n).for_each(|i| m[i] = m[i].max(kernel(best, i)));
            picks.push(best);
        }
        picks
    }

    #[test]
    fn the_picks_are_those_of_the_definition() {
        for seed in 0..20 {
            let n = 40 + 17 * seed as usize;
            let (pool, labeled, probs) =
                (values(n, 4, seed), values(3 + seed as usize, 4, 99 + seed), probs(n, 7 + seed));
            let signals = Signals::new(n)
                .with_probs(probs.view())
                .and_then(|signals| signals.with_embeddings(pool.view()))
                .and_then(|signals| signals.with_labeled_embeddings(labeled.view()))
                .unwrap();
            let calibration =
                Calibration { temperature: 0.3 + seed as f64 * 0.2, accuracy: 0.04 * seed as f64 };
            let auto = Auto::default();
            // Fewer than 600 items: the probes are all of them, and the references too.
            let lite = auto.select(&signals, 6, seed).unwrap().rows;
            assert_eq!(lite, naive(&pool, &labeled, &probs, None, 6), "seed {seed}");
            assert_eq!(lite, AutoLite::default().select(&signals, 6, seed).unwrap().rows);
            let calibrated = signals.with_calibration(calibration).unwrap();
            let picks = auto.select(&calibrated, 6, seed).unwrap().rows;
            assert_eq!(picks, naive(&pool, &labeled, &probs, Some(calibration), 6), "seed {seed}");
            assert_eq!(lite, AutoLite::default().select(&calibrated, 6, seed).unwrap().rows);
        }
    }

    /// More items than references, too.
    #[test]
    fn another_order_of_the_pool_gives_the_same_picks() {
        for n in [300, 3500] {
            let (pool, labeled, probs) = (values(n, 4, 1), values(8, 4, 2), probs(n, 3));
            let order = crate::select::random(n, n, 5);
            let picks = |order: &[usize], labels: usize| {
                let labeled = labeled.slice(ndarray::s![..labels, ..]);
                let signals = Signals::new(n)
                    .with_probs(probs.select(Axis(0), order))
                    .and_then(|signals| signals.with_embeddings(pool.select(Axis(0), order)))
                    .and_then(|signals| signals.with_labeled_embeddings(labeled))
                    .unwrap();
                let rows = Auto::default().select(&signals, 9, 4).unwrap().rows;
                rows.into_iter().map(|row| order[row]).collect::<Vec<_>>()
            };
            let as_is = (0..n).collect::<Vec<_>>();
            for labels in [0, 8] {
                assert_eq!(picks(&order, labels), picks(&as_is, labels), "{n} candidates, {labels} labels");
            }
        }
    }

    /// Three heaps, and three labels wanted.
    #[test]
    fn without_labels_it_takes_one_of_each_heap() {
        let pool = values(90, 2, 1) + Array2::from_shape_fn((90, 2), |(i, _)| 10.0 * (i % 3) as f32);
        let mut heaps = middles(&pool, 3, 1, 2000).into_iter().map(|row| row % 3).collect::<Vec<_>>();
        heaps.sort_unstable();
        assert_eq!(heaps, [0, 1, 2]);
    }
}
