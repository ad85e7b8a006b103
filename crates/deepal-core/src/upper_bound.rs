//! The upper bound: a greedy oracle that chooses by hidden labels, as a reference for strategies.

use crate::dataset::Data;
use crate::error::Result;
use crate::ids::{Class, SampleId};
use crate::logistic::Head;
use crate::net::{TrainedNet, check_support};
use crate::seed::mix;
use crate::select::random;
use crate::settings::{self, Given, Settings, Spec};
use crate::signals::{Origin, Signal};
use crate::strategy::{self, Strategy};
use crate::{learner::provide, net::Net};
use ndarray::{Array2, Axis};
use rayon::prelude::*;
use std::ops::ControlFlow;

/// Where batches to choose from come from; those that the net cannot serve are left out.
const PROPOSERS: [&str; 10] = [
    "random",
    "margin",
    "least-confidence",
    "badge",
    "cluster-margin",
    "max-herding",
    "uncertainty-herding",
    "auto-lite",
    "drop-query",
    "falcun",
];

/// The fewest samples among which a batch is picked, if there are so many.
const AMONG: usize = 1000;

crate::settings! {
    /// Chooses batches by hidden labels. It is no [`Strategy`]: only a simulated [`Experiment`](crate::Experiment) has such labels.
    pub struct UpperBound {
        /// Batches to choose from in each round.
        batches: usize = 100, Integer(1, 10_000), "Huseljic et al., 2026";
        /// Samples without a label whose hidden ones decide; those of a batch do not count for it.
        judged: usize = 2000, Integer(1, 1_000_000), "bounds the time; the paper judges by the test set";
    }
}

impl UpperBound {
    /// Its name in settings and results.
    pub const NAME: &str = strategy::UPPER_BOUND[0];
    /// What it is, in one line.
    pub const SUMMARY: &str =
        "no strategy: the best of many batches by hidden labels, a reference for what is possible";
    /// How it works, and every deviation from its source.
    pub const DETAILS: &str = "A greedy oracle. In each round ten strategies propose 100 batches. A softmax regression on the net's embeddings is refitted with \
         each batch and its hidden labels; the net itself is not. The batch whose refit is right most often wins, of equals the one with the least cross-entropy. Each \
         strategy proposes once for all samples without a label, and then for random parts of max(10·k, 1,000) of them. Batches are judged by the hidden \
         labels of up to 2,000 samples of the pool that are not in the batch, drawn anew in each round, and never by the test set. Only simulated studies (`run`, and `compare` in \
         Python) have it, as only these have hidden labels. It is compared with nothing and is not part of `all`; results say which share of its gain over random a strategy \
         reached. It is a reference, no proven bound: it looks one round ahead and judges by a sample, so a strategy can pass it, and a share above 100 % is possible. Deviations: the paper judges by the test set, and its ten strategies are others; refits begin with the weights \
         found without the batch, and end at the same gradient.";
    /// The work of a round, in the letters of [`Entry::cost`](crate::strategy::Entry::cost).
    pub const COST: &str = "100 fits of a softmax regression on m + k rows, O(n·d) memory";
    /// Where it comes from.
    pub const SOURCE: &str = "Huseljic, Hahn, Herde, Sandrock and Sick, BoSS: a best-of-strategies selector as an oracle for deep active learning, arXiv 2603.13109, \
         2026; Werner et al., A cross-domain benchmark for active learning, NeurIPS 2024";

    /// The upper bound of a name with settings; `None` for the name of anything else.
    ///
    /// # Errors
    /// An unknown setting, or a value out of range.
    pub fn from_spec(spec: &Spec) -> Result<Option<Self>> {
        match strategy::is_upper_bound(&spec.name) {
            true => Self::given(&spec.settings).map(Some),
            false => Ok(None),
        }
    }

    fn given(given: &Given) -> Result<Self> {
        Self::from_given(&format!("`{}`", Self::NAME), given)
    }

    /// A spec of it by its own name, without settings that are the defaults; `None` for the name of anything else.
    ///
    /// # Errors
    /// As [`from_spec`](Self::from_spec).
    pub fn canonical(spec: &Spec) -> Result<Option<Spec>> {
        if !strategy::is_upper_bound(&spec.name) {
            return Ok(None);
        }
        settings::check(&format!("`{}`", Self::NAME), Self::SETTINGS, &spec.settings)?;
        Ok(Some(spec.canonical(Self::NAME, Self::SETTINGS)))
    }

    /// The signals without which it cannot do.
    pub fn needs(&self) -> Vec<Signal> {
        vec![Signal::Embeddings, Signal::LabeledEmbeddings, Signal::Probs]
    }

    /// Checks that a net gives what it needs.
    ///
    /// # Errors
    /// Names what is missing.
    pub(crate) fn check(&self, net: &dyn Net) -> Result<()> {
        check_support(net.name(), |signal| net.supports(signal), &self.needs())
    }

    /// The best batch of `n` of the `candidates`, or all of them if there are fewer, by the hidden labels of `data`.
    ///
    /// # Errors
    /// Inputs that cannot be read, or a net without the signals that it needs.
    pub fn choose(
        &self,
        data: &Data,
        net: &dyn TrainedNet,
        labeled: &[(SampleId, Class)],
        candidates: &[SampleId],
        n: usize,
        seed: u64,
    ) -> Result<Vec<SampleId>> {
        if n == 0 || n >= candidates.len() {
            return Ok(candidates.iter().copied().take(n).collect());
        }
        let mut judged = random(candidates.len(), self.judged, mix(seed, 0));
        judged.sort_unstable();
        let judged = judged.into_iter().map(|row| candidates[row]).collect::<Vec<_>>();
        let hidden = |id: &SampleId| data.train_labels[id.index()];
        let proposals = self.propose(data, net, labeled, candidates, n, seed)?;
        let embed = |ids: &[SampleId]| -> Result<Array2<f32>> {
            let (asked, go_on) = ([Signal::Embeddings], &mut |_| ControlFlow::Continue(()));
            let signals = provide(data.train.as_ref(), Some(net), &asked, ids, &[], seed, go_on)?;
            Ok(signals.embeddings()?.to_owned())
        };
        let known = embed(&labeled.iter().map(|(id, _)| *id).collect::<Vec<_>>())?;
        let known_classes = labeled.iter().map(|(_, class)| *class).collect::<Vec<_>>();
        let n_classes = data.train.meta().classes.len();
        let start = Head::fit(&known, &known_classes, n_classes, None)?;
        let seen = embed(&judged)?;
        let judge = |batch: &Vec<SampleId>| -> Result<Judgement> {
            let rows = ndarray::concatenate(Axis(0), &[known.view(), embed(batch)?.view()]);
            let classes = known_classes.iter().copied().chain(batch.iter().map(hidden)).collect::<Vec<_>>();
            let head = Head::fit(&rows.map_err(crate::Error::other)?, &classes, n_classes, Some(&start))?;
            // Its own labels say nothing of what it teaches.
            let truth = judged.iter().map(|id| (!batch.contains(id)).then(|| hidden(id)));
            Ok(Judgement::of(&head.probs(&seen), &truth.collect::<Vec<_>>()))
        };
        let judgements = proposals.par_iter().map(judge).collect::<Result<Vec<_>>>()?;
        let ranked = judgements.iter().zip(&proposals).enumerate();
        let best = ranked.min_by(|(i, (a, _)), (j, (b, _))| a.order(b).then(i.cmp(j)));
        Ok(best.map(|(_, (_, batch))| batch.clone()).unwrap_or_default())
    }

    /// Batches to choose from.
    fn propose(
        &self,
        data: &Data,
        net: &dyn TrainedNet,
        labeled: &[(SampleId, Class)],
        open: &[SampleId],
        n: usize,
        seed: u64,
    ) -> Result<Vec<Vec<SampleId>>> {
        let gives = |signal: Signal| signal.kind().origin != Origin::Net || net.supports(signal);
        let built = PROPOSERS.iter().map(|name| strategy::build(name)).collect::<Result<Vec<_>>>()?;
        let serves = |strategy: &dyn Strategy| strategy.needs().into_iter().all(gives);
        let proposers = built.into_iter().filter(|built| serves(built.as_ref())).collect::<Vec<_>>();
        let mut asked = self.needs();
        for signal in proposers.iter().flat_map(|strategy| strategy.needs()) {
            if !asked.contains(&signal) {
                asked.push(signal);
            }
        }
        let go_on = &mut |_| ControlFlow::Continue(());
        let signals = provide(data.train.as_ref(), Some(net), &asked, open, labeled, mix(seed, 1), go_on)?;
        let propose = |batch: usize| -> Result<Vec<SampleId>> {
            let strategy = proposers[batch % proposers.len()].as_ref();
            let seed = mix(mix(seed, 2), batch as u64);
            if batch < proposers.len() {
                let picks = strategy::ask(strategy, &signals, n, seed)?.rows;
                return Ok(picks.into_iter().map(|row| open[row]).collect());
            }
            let part = random(open.len(), n.saturating_mul(10).max(AMONG), mix(seed, 1));
            let picks = strategy::ask(strategy, &signals.of(&part), n, seed)?.rows;
            Ok(picks.into_iter().map(|row| open[part[row]]).collect())
        };
        (0..self.batches).into_par_iter().map(propose).collect()
    }
}

/// How well a refitted head does on hidden labels.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Judgement {
    /// The share that is right.
    right: f64,
    /// The mean.
    cross_entropy: f64,
}

impl Judgement {
    /// Of probabilities `[j, c]` and the true classes `[j]`; those without one do not count.
    fn of(probs: &Array2<f64>, truth: &[Option<Class>]) -> Self {
        let rows = || probs.outer_iter().zip(truth).filter_map(|(p, class)| Some((p, (*class)?)));
        let n = rows().count().max(1) as f64;
        let right = rows().filter(|(p, class)| crate::score::most_probable(*p) == *class).count();
        let loss = rows().map(|(p, class)| -p[class.index()].max(f64::MIN_POSITIVE).ln()).sum::<f64>();
        Self { right: right as f64 / n, cross_entropy: loss / n }
    }

    /// The better one first.
    fn order(&self, other: &Self) -> std::cmp::Ordering {
        other.right.total_cmp(&self.right).then(self.cross_entropy.total_cmp(&other.cross_entropy))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{InMemory, Meta};
    use crate::{Net, SoftmaxRegression};
    use ndarray::array;
    use std::sync::Arc;

    const CLASSES: usize = 3;

    /// Overlapping blobs; the classes turn with the row.
    fn data(pool: usize) -> Data {
        let make = |rows: std::ops::Range<usize>| {
            let first = rows.start;
            let noise = |i: usize, j: usize| (mix(i as u64, j as u64) % 2000) as f32 / 1000.0 - 1.0;
            let inputs = Array2::from_shape_fn((rows.len(), 2), |(i, j)| {
                let center = [[0.0, 0.0], [1.2, 0.0], [0.0, 1.2]][(first + i) % CLASSES][j];
                center + noise(first + i, j) + 0.5 * noise(first + i, j + 9)
            });
            let classes = (0..CLASSES).map(|class| class.to_string()).collect();
            let meta = Meta { name: "blobs".into(), shape: [2, 1, 1], classes, range: vec![] };
            let labels = rows.map(|row| Class((row % CLASSES) as u16)).collect::<Vec<_>>();
            (Arc::new(InMemory::new(meta, inputs).unwrap()), labels)
        };
        let ((train, labels), (test, test_labels)) = (make(0..pool), make(5000..5050));
        Data::new(train, labels, test, test_labels).unwrap()
    }

    fn labeled(data: &Data, n: usize) -> Vec<(SampleId, Class)> {
        (0..n).map(|row| (SampleId::from(row), data.train_labels[row])).collect()
    }

    fn trained(data: &Data, labeled: &[(SampleId, Class)]) -> Arc<dyn TrainedNet> {
        let on = &mut |_| ControlFlow::Continue(());
        SoftmaxRegression::default().train(data.train.as_ref(), labeled, 0, on).unwrap().0
    }

    fn open(pool: usize, known: usize) -> Vec<SampleId> {
        (known..pool).map(SampleId::from).collect()
    }

    /// The oracle of this test trains the net itself, from nothing, on each proposal, and counts.
    #[test]
    fn the_batch_whose_refit_is_right_most_often_wins() {
        for seed in 0..4 {
            let data = data(120);
            let known = labeled(&data, 6);
            let net = trained(&data, &known);
            let bound = UpperBound { batches: 25, ..UpperBound::default() };
            let candidates = open(120, 6);
            let chosen = bound.choose(&data, net.as_ref(), &known, &candidates, 4, seed).unwrap();
            let right = |batch: &[SampleId]| {
                let more = batch.iter().map(|id| (*id, data.train_labels[id.index()]));
                let all = known.iter().copied().chain(more).collect::<Vec<_>>();
                let judged = candidates.iter().copied().filter(|id| !batch.contains(id)).collect::<Vec<_>>();
                let found = trained(&data, &all).predict(data.train.as_ref(), &judged).unwrap();
                found.iter().zip(&judged).filter(|(a, id)| **a == data.train_labels[id.index()]).count()
            };
            let proposals = bound.propose(&data, net.as_ref(), &known, &candidates, 4, seed).unwrap();
            assert_eq!(proposals.len(), 25);
            let most = proposals.iter().map(|batch| right(batch)).max().unwrap();
            // Fits that begin elsewhere end within a tolerance: a sample on the boundary may fall to either side.
            assert!(right(&chosen) + 1 >= most, "{} and not {most}", right(&chosen));
            assert!(proposals.contains(&chosen));
        }
    }

    /// Fault of oracles: labels of the test set decide, and the bound is then measured on what it was chosen by.
    #[test]
    fn the_test_set_is_never_looked_at() {
        struct Untouchable(Meta);
        impl crate::Dataset for Untouchable {
            fn meta(&self) -> &Meta {
                &self.0
            }
            fn len(&self) -> usize {
                50
            }
            fn inputs(&self, _: &[SampleId]) -> Result<Array2<f32>> {
                panic!("the test set was read")
            }
        }
        let mut data = data(90);
        let known = labeled(&data, 6);
        let net = trained(&data, &known);
        data.test = Arc::new(Untouchable(data.test.meta().clone()));
        let bound = UpperBound { batches: 12, ..UpperBound::default() };
        assert_eq!(bound.choose(&data, net.as_ref(), &known, &open(90, 6), 5, 1).unwrap().len(), 5);
    }

    /// It must use hidden labels: with others it chooses another batch.
    #[test]
    fn hidden_labels_decide() {
        let data = data(200);
        let known = labeled(&data, 6);
        let net = trained(&data, &known);
        let other = Data {
            train_labels: data.train_labels.iter().map(|c| Class((c.0 + 1) % 3)).collect(),
            ..data.clone()
        };
        let bound = UpperBound { batches: 30, ..UpperBound::default() };
        let choose =
            |data: &Data, seed| bound.choose(data, net.as_ref(), &known, &open(200, 6), 5, seed).unwrap();
        assert!((0..4).any(|seed| choose(&data, seed) != choose(&other, seed)));
    }

    #[test]
    fn small_pools_and_any_number_of_threads() {
        let data = data(40);
        let known = labeled(&data, 3);
        let net = trained(&data, &known);
        let bound = UpperBound { batches: 15, ..UpperBound::default() };
        let choose =
            |n, candidates: &[SampleId]| bound.choose(&data, net.as_ref(), &known, candidates, n, 7).unwrap();
        let all = open(40, 3);
        for (n, left) in [(0, 5), (1, 1), (1, 2), (3, 3), (3, 4), (9, 4), (5, 0)] {
            let mut picks = choose(n, &all[..left]);
            picks.sort_unstable_by_key(|id| id.0);
            picks.dedup();
            assert_eq!(picks.len(), n.min(left), "{n} of {left}");
        }
        let with = |threads| {
            let threads = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            threads.install(|| choose(4, &all))
        };
        assert_eq!(with(1), with(3));
    }

    #[test]
    fn it_is_named_and_set_like_a_strategy_and_is_none() {
        let spec = |text: &str| text.parse::<Spec>().unwrap();
        let bound = UpperBound::from_spec(&spec("Greedy-Oracle(batches=7)")).unwrap().unwrap();
        assert_eq!((bound.batches, bound.judged), (7, 2000));
        assert_eq!(UpperBound::canonical(&spec("oracle(batches=100)")).unwrap(), Some(spec("upper-bound")));
        assert_eq!(UpperBound::from_spec(&spec("margin")).unwrap(), None);
        assert!(
            UpperBound::from_spec(&spec("oracle(batchs=7)"))
                .unwrap_err()
                .to_string()
                .contains("did you mean `batches`?")
        );
        for name in strategy::UPPER_BOUND {
            let error = strategy::build(name).err().unwrap().to_string();
            assert!(error.contains("hidden labels") && error.contains("is no strategy"), "{error}");
            assert!(strategy::ALL.iter().all(|entry| entry.name != name));
        }
    }

    #[test]
    fn of_equally_right_the_surer_one_wins() {
        let truth = [Some(Class(0)), Some(Class(1))];
        let of = |probs| Judgement::of(&probs, &truth);
        let (sure, unsure, wrong) = (
            of(array![[0.9, 0.1], [0.2, 0.8]]),
            of(array![[0.6, 0.4], [0.4, 0.6]]),
            of(array![[0.9, 0.1], [1.0, 0.0]]),
        );
        assert!(sure.order(&unsure).is_lt() && unsure.order(&wrong).is_lt());
        assert!(wrong.cross_entropy.is_finite());
        // A sample of the batch itself does not count.
        let alone = Judgement::of(&array![[0.9, 0.1], [1.0, 0.0]], &[Some(Class(0)), None]);
        assert!(alone.right == 1.0 && (alone.cross_entropy + 0.9_f64.ln()).abs() < 1e-12);
    }
}
