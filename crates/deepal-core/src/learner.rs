//! The loop: [`ActiveLearner`] with the paper's verbs query, update and train.

use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::net::{Ask, Net, TrainReport};
use crate::pool::{Annotation, Class, Pool, SampleId};
use crate::seed::{Purpose, derive};
use crate::select;
use crate::signals::{Signal, Signals};
use crate::strategy::{Selection, Strategy};
use ndarray::Array2;
use std::sync::Arc;

/// Candidates at once for a strategy that ranks them one by one: a multiple of the 500 that nets take at once, small enough
/// that ten passes over 100 classes are 32 MB.
const PART: usize = 4000;

/// Samples to label next.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The samples, the most wanted first.
    pub ids: Vec<SampleId>,
    /// Their scores, for a strategy that ranks; higher = label first.
    pub scores: Option<Vec<f64>>,
}

/// Pool-based active learning by ask and tell: ask with [`query`](Self::query), tell with [`update`](Self::update), refit
/// with [`train`](Self::train). Whoever answers, hidden labels or a person, is outside.
///
/// The picks depend on data, net, strategy, seed and answers alone.
pub struct ActiveLearner {
    data: Arc<dyn Dataset>,
    net: Box<dyn Net>,
    strategy: Box<dyn Strategy>,
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
        let ask = Ask { signals: &strategy.needs(), unlabeled: &[], labeled: &[], seed };
        ask.check(net.as_ref())?;
        let pool = Pool::new(data.len(), data.meta().classes.len());
        Ok(Self { data, net, strategy, pool, seed, round: 0 })
    }

    /// A uniformly random first set of `n` samples; the same for every strategy and net.
    pub fn initial(&self, n: usize) -> Query {
        let candidates = self.pool.unlabeled();
        let rows = select::random(candidates.len(), n, derive(self.seed, 0, Purpose::Initial));
        Query { ids: rows.into_iter().map(|row| candidates[row]).collect(), scores: None }
    }

    /// The `n` unlabelled samples that the strategy wants labelled next, or all that are left. Changes nothing: until
    /// the next [`update`](Self::update) the answer stays the same. With nothing labelled it works for strategies that
    /// [start cold](Strategy::starts_cold), or that need no signal.
    ///
    /// # Errors
    /// The strategy needs signals and the net is not trained yet, or inputs cannot be read.
    pub fn query(&mut self, n: usize) -> Result<Query> {
        let candidates = self.pool.unlabeled();
        let part = if self.strategy.one_by_one() { PART } else { candidates.len().max(1) };
        let mut selection: Option<Selection> = None;
        for (i, ids) in candidates.chunks(part).enumerate() {
            let signals = self.signals(ids)?;
            let mut next =
                self.strategy.select(&signals, n, derive(self.seed, self.round, Purpose::Query))?;
            self.check(&next.rows, n, ids.len())?;
            next.rows.iter_mut().for_each(|row| *row += i * part);
            selection = Some(match selection {
                None => next,
                Some(best) => best.merge(next, n),
            });
        }
        let Some(Selection { rows, scores }) = selection else {
            return Ok(Query { ids: Vec::new(), scores: None });
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
        let labeled = self.pool.labeled();
        if labeled.is_empty() {
            return Err(Error::NothingLabeled);
        }
        let report =
            self.net.train(self.data.as_ref(), &labeled, derive(self.seed, self.round, Purpose::Train))?;
        self.round += 1;
        Ok(report)
    }

    /// The net's most probable class of every sample of `data`.
    ///
    /// # Errors
    /// The net is not trained, or inputs cannot be read.
    pub fn predict(&mut self, data: &dyn Dataset) -> Result<Vec<Class>> {
        self.net.predict(data, &SampleId::first(data.len()))
    }

    /// The net as it was trained last.
    pub fn net(&self) -> &dyn Net {
        self.net.as_ref()
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

    /// What the strategy needs to know about some candidates.
    fn signals(&mut self, candidates: &[SampleId]) -> Result<Signals<'static>> {
        let needs = self.strategy.needs();
        if needs.is_empty() {
            return Ok(Signals::new(candidates.len()));
        }
        if self.pool.n_labeled() == 0 && self.strategy.starts_cold() {
            let embeddings = self.data.inputs(candidates)?;
            let none = Array2::zeros((0, embeddings.ncols()));
            return Signals::new(candidates.len()).with_embeddings(embeddings)?.with_labeled_embeddings(none);
        }
        let wants = self.strategy.wants().into_iter().filter(|signal| self.net.supports(*signal));
        let asked = needs.iter().copied().chain(wants).collect::<Vec<_>>();
        let labeled = match needs.contains(&Signal::LabeledEmbeddings) {
            true => self.pool.labeled().into_iter().map(|(id, _)| id).collect(),
            false => Vec::new(),
        };
        let seed = derive(self.seed, self.round, Purpose::Signals);
        let ask = Ask { signals: &asked, unlabeled: candidates, labeled: &labeled, seed };
        self.net.signals(self.data.as_ref(), &ask)
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
