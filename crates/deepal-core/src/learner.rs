//! The loop: [`ActiveLearner`] with the paper's verbs query, update and train.

use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::ids::{Class, SampleId};
use crate::net::{Ask, Net, TrainReport, TrainedNet, Watch, check_support};
use crate::pool::{Annotation, Pool};
use crate::seed::{Purpose, derive};
use crate::select;
use crate::signals::{Dim, Origin, Signal, Signals};
use crate::strategy::{Ranking, Selection, Strategy};
use ndarray::{Array1, Array2};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Candidates at once for a strategy that ranks them one by one: a multiple of the 500 that nets take at once, small enough
/// that ten passes over 100 classes are 32 MB.
pub const PART: usize = 4000;

/// Samples to label next.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The samples, the most wanted first.
    pub ids: Vec<SampleId>,
    /// Their scores, for a strategy that ranks; higher = label first.
    pub scores: Option<Vec<f64>>,
}

/// Pool-based active learning with an ask/tell interface: [`query`](Self::query) asks, [`update`](Self::update) tells,
/// [`train`](Self::train) refits. Whoever answers, hidden labels or a person, is outside.
///
/// The picks depend on data, net, strategy, seed and answers alone. To go on asking while a net trains, take a
/// [`training`](Self::training), run it on another thread, and [`adopt`](Self::adopt) what comes out.
pub struct ActiveLearner {
    data: Arc<dyn Dataset>,
    net: Arc<dyn Net>,
    strategy: Box<dyn Strategy>,
    trained: Option<Arc<dyn TrainedNet>>,
    pool: Pool,
    seed: u64,
    round: u32,
}

impl std::fmt::Debug for ActiveLearner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ActiveLearner")
            .field("net", &self.net.name())
            .field("strategy", &self.strategy.name())
            .field("labeled", &self.pool.n_labeled())
            .field("samples", &self.pool.len())
            .field("round", &self.round)
            .finish()
    }
}

impl ActiveLearner {
    /// A learner with every sample of `data` unlabelled.
    ///
    /// # Errors
    /// The net cannot provide a signal that the strategy needs.
    pub fn new(
        data: Arc<dyn Dataset>,
        net: Box<dyn Net>,
        strategy: Box<dyn Strategy>,
        seed: u64,
    ) -> Result<Self> {
        check_support(net.name(), |signal| net.supports(signal), &strategy.needs())?;
        let pool = Pool::new(data.len(), data.meta().classes.len());
        Ok(Self { data, net: net.into(), strategy, trained: None, pool, seed, round: 0 })
    }

    /// A uniformly random first set of `n` samples; the same for every strategy and net.
    pub fn initial(&self, n: usize) -> Query {
        let candidates = self.pool.unlabeled();
        let rows = select::random(candidates.len(), n, derive(self.seed, 0, Purpose::Initial));
        Query { ids: rows.into_iter().map(|row| candidates[row]).collect(), scores: None }
    }

    /// The `n` unlabelled samples that the strategy wants labelled next, or all that are left. Changes nothing: until
    /// the next [`update`](Self::update) the answer stays the same. A strategy that ranks and gives all samples the same score is not
    /// asked in vain: the samples are then drawn at random, without scores (see [`strategy::ask`](crate::strategy::ask)). While no net is trained it works for strategies that
    /// look at embeddings alone or [start cold](Strategy::starts_cold); they are handed the inputs in the place of embeddings.
    ///
    /// # Errors
    /// The strategy needs a trained net and there is none, or inputs cannot be read.
    pub fn query(&self, n: usize) -> Result<Query> {
        self.query_watched(n, &mut |_| ControlFlow::Continue(()))
    }

    /// As [`query`](Self::query); where nets are trained for it, as a committee is, `watch` is called between two steps of theirs and
    /// may cancel.
    ///
    /// # Errors
    /// As [`query`](Self::query), or [`Error::Cancelled`].
    pub fn query_watched(&self, n: usize, watch: &mut Watch<'_>) -> Result<Query> {
        let candidates = self.pool.unlabeled();
        if candidates.is_empty() {
            return Ok(Query { ids: Vec::new(), scores: None });
        }
        let seed = derive(self.seed, self.round, Purpose::Query);
        let Selection { rows, scores } = if self.strategy.one_by_one() {
            let mut ranking = Ranking::new(n);
            for ids in candidates.chunks(PART) {
                let part = self.strategy.select(&self.signals(ids, watch)?, ids.len(), seed)?;
                self.check(&part.rows, ids.len(), ids.len())?;
                ranking.add(part, ids.len());
            }
            ranking.finish(seed)
        } else {
            self.strategy.select(&self.signals(&candidates, watch)?, n, seed)?
        };
        self.check(&rows, n, candidates.len())?;
        Ok(Query { ids: rows.into_iter().map(|row| candidates[row]).collect(), scores })
    }

    /// Records answers: labels, corrections, and labels taken back.
    ///
    /// # Errors
    /// An unknown sample or class; nothing is then recorded.
    pub fn update(&mut self, annotations: &[Annotation]) -> Result<()> {
        self.pool.update(annotations)
    }

    /// Refits the net from scratch on the labelled pool, which starts the next round.
    ///
    /// # Errors
    /// Nothing is labelled, or inputs cannot be read.
    pub fn train(&mut self) -> Result<TrainReport> {
        let trained = self.training()?.run(&mut |_| ControlFlow::Continue(()))?;
        let report = trained.report;
        self.adopt(trained);
        Ok(report)
    }

    /// The next training as a job: it holds all that it needs, so it may run on another thread while this learner answers queries
    /// and takes labels. The labels that count are those of now.
    ///
    /// # Errors
    /// Nothing is labelled.
    ///
    /// ```
    /// # use deepal_core::{ActiveLearner, Annotation, Class, InMemory, Meta, SampleId, SoftmaxRegression, strategy};
    /// # use std::{ops::ControlFlow, sync::Arc};
    /// # let inputs = ndarray::Array2::from_shape_fn((20, 2), |(i, j)| (i * (j + 1)) as f32);
    /// # let meta = Meta { name: "line".into(), shape: [2, 1, 1], classes: vec!["a".into(), "b".into()], range: vec![] };
    /// # let data = Arc::new(InMemory::new(meta, inputs)?);
    /// # let mut learner = ActiveLearner::new(data, Box::new(SoftmaxRegression::default()), strategy::build("margin")?, 1)?;
    /// # learner.update(&[0, 19].map(|i| Annotation { id: SampleId(i), class: Some(Class(u16::from(i > 9))) }))?;
    /// learner.train()?;
    /// let job = learner.training()?;
    /// let thread = std::thread::spawn(move || job.run(&mut |_| ControlFlow::Continue(())));
    /// assert_eq!(learner.query(3)?.ids.len(), 3); // answered by the net of before
    /// learner.adopt(thread.join().unwrap()?);
    /// # Ok::<(), deepal_core::Error>(())
    /// ```
    pub fn training(&self) -> Result<TrainingJob> {
        let labeled = self.pool.labeled();
        if labeled.is_empty() {
            return Err(Error::NothingLabeled);
        }
        let (data, net, round) = (self.data.clone(), self.net.clone(), self.round);
        Ok(TrainingJob { data, net, labeled, seed: derive(self.seed, round, Purpose::Train), round })
    }

    /// Answers from now on by a net that was trained, which starts the next round.
    pub fn adopt(&mut self, trained: Trained) {
        self.trained = Some(trained.net);
        self.round = trained.round + 1;
    }

    /// The most probable class of every sample of `data`.
    ///
    /// # Errors
    /// No net is trained yet, or inputs cannot be read.
    pub fn predict(&self, data: &dyn Dataset) -> Result<Vec<Class>> {
        self.trained()?.predict(data, &SampleId::first(data.len()))
    }

    /// The net as it was trained last.
    ///
    /// # Errors
    /// No net is trained yet.
    pub fn trained(&self) -> Result<&Arc<dyn TrainedNet>> {
        self.trained.as_ref().ok_or(Error::Untrained)
    }

    /// The strategy.
    pub fn strategy(&self) -> &dyn Strategy {
        self.strategy.as_ref()
    }

    /// Who is labelled, and with what.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// How many times the net was trained.
    pub fn round(&self) -> u32 {
        self.round
    }

    /// Continues as if the net had been trained `round` times already; the next training then repeats the last of these
    /// to the bit, since each starts from a derived seed.
    pub fn resume_at(&mut self, round: u32) {
        self.round = round;
    }

    /// What the strategy is handed about some candidates.
    fn signals(&self, candidates: &[SampleId], watch: &mut Watch<'_>) -> Result<Signals<'static>> {
        let needs = self.strategy.needs();
        let wants = self.strategy.wants().into_iter().filter(|signal| self.provides(*signal));
        let starts_cold = self.strategy.starts_cold();
        let asked = match &self.trained {
            Some(_) => needs.into_iter().chain(wants).collect(),
            // Of what it needs, all that there is.
            None if starts_cold => needs.into_iter().filter(|need| is_input(*need)).collect(),
            None => needs,
        };
        let seed = derive(self.seed, self.round, Purpose::Signals);
        let (data, trained) = (self.data.as_ref(), self.trained.as_deref());
        provide(data, trained, &asked, candidates, &self.pool.labeled(), seed, watch)
    }

    fn provides(&self, signal: Signal) -> bool {
        signal.kind().origin != Origin::Net || self.net.supports(signal)
    }

    fn check(&self, rows: &[usize], n: usize, candidates: usize) -> Result<()> {
        let mut seen = vec![false; candidates];
        let distinct =
            rows.iter().all(|row| seen.get_mut(*row).is_some_and(|seen| !std::mem::replace(seen, true)));
        if distinct && rows.len() == n.min(candidates) {
            return Ok(());
        }
        let what = format!("strategy `{}`", self.strategy.name());
        let why = format!(
            "must pick {} distinct rows below {candidates}, but picked {} that are not; run `contract::check_strategy` on it",
            n.min(candidates),
            rows.len()
        );
        Err(Error::Setting { what, why })
    }
}

/// Whether inputs can stand for a signal.
fn is_input(signal: Signal) -> bool {
    matches!(signal, Signal::Embeddings | Signal::LabeledEmbeddings)
}

/// The signals `asked` about some candidates and the labelled samples. This is the one place that decides where each comes from: labels
/// are those given, features of a fixed encoder come from the data set, and all else from the trained net; while there is none, inputs
/// stand for embeddings. Nets that are trained for a signal call `watch`, which may cancel.
///
/// # Errors
/// [`Error::Untrained`] for a signal that only a trained net has; inputs that cannot be read; [`Error::Cancelled`].
pub fn provide(
    data: &dyn Dataset,
    trained: Option<&dyn TrainedNet>,
    asked: &[Signal],
    candidates: &[SampleId],
    labeled: &[(SampleId, Class)],
    seed: u64,
    watch: &mut Watch<'_>,
) -> Result<Signals<'static>> {
    let of_net = asked.iter().copied().filter(|signal| signal.kind().origin == Origin::Net);
    let of_net = of_net.collect::<Vec<_>>();
    let is_about = |signal: &Signal| signal.kind().shape.contains(&Dim::Labeled);
    let known = match asked.iter().any(is_about) {
        true => labeled.iter().map(|(id, _)| *id).collect::<Vec<_>>(),
        false => Vec::new(),
    };
    let mut signals = Signals::new(candidates.len());
    match trained {
        _ if of_net.is_empty() => {}
        Some(trained) => {
            let ask = Ask { signals: &of_net, unlabeled: candidates, labeled: &known, seed };
            signals = trained.signals_watched(data, &ask, watch)?;
        }
        None if !of_net.iter().all(|signal| is_input(*signal)) => return Err(Error::Untrained),
        None => {
            let inputs = match known.is_empty() {
                true => Array2::zeros((0, data.meta().n_features())),
                false => data.inputs(&known)?,
            };
            signals = signals.with_embeddings(data.inputs(candidates)?)?.with_labeled_embeddings(inputs)?;
        }
    }
    for signal in asked {
        signals = match signal {
            Signal::Labels => {
                let classes = labeled.iter().map(|(_, class)| *class).collect::<Array1<_>>();
                signals.with(*signal, classes)?
            }
            Signal::Features => signals.with(*signal, data.features(candidates)?)?,
            Signal::LabeledFeatures => signals.with(*signal, data.features(&known)?)?,
            _ => signals,
        };
    }
    Ok(signals)
}

/// A training that can run anywhere, see [`ActiveLearner::training`].
pub struct TrainingJob {
    data: Arc<dyn Dataset>,
    net: Arc<dyn Net>,
    labeled: Vec<(SampleId, Class)>,
    seed: u64,
    round: u32,
}

impl std::fmt::Debug for TrainingJob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TrainingJob({} on {} labels)", self.net.name(), self.labeled.len())
    }
}

impl TrainingJob {
    /// Trains; `watch` is called between two steps and may cancel.
    ///
    /// # Errors
    /// Inputs that cannot be read, or [`Error::Cancelled`].
    pub fn run(self, watch: &mut Watch<'_>) -> Result<Trained> {
        let (net, report) = self.net.train(self.data.as_ref(), &self.labeled, self.seed, watch)?;
        Ok(Trained { net, report, round: self.round })
    }

    /// How many labels it learns from.
    pub fn n_labeled(&self) -> usize {
        self.labeled.len()
    }
}

/// What a [`TrainingJob`] gave.
pub struct Trained {
    /// The net.
    pub net: Arc<dyn TrainedNet>,
    /// How it went.
    pub report: TrainReport,
    round: u32,
}

impl std::fmt::Debug for Trained {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Trained({}: {:?})", self.net.name(), self.report)
    }
}
