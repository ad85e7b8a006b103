//! A simulated experiment: the loop with hidden labels as the oracle.

use crate::dataset::Data;
use crate::error::{Error, Result};
use crate::ids::{Class, SampleId};
use crate::initial::InitialSet;
use crate::learner::{ActiveLearner, Query};
use crate::metric::{ClassCounts, Errors, accuracy};
use crate::net::{Net, Progress};
use crate::pool::Annotation;
use crate::score::most_probable;
use crate::seed::{Purpose, derive};
use crate::signals::Signal;
use crate::strategy::{Random, Strategy};
use crate::upper_bound::UpperBound;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Answers queries from hidden labels.
///
/// ```
/// use deepal_core::{Class, Oracle, Query, SampleId};
///
/// let oracle = Oracle::new(vec![Class(3), Class(8)]);
/// let answers = oracle.annotate(&Query { ids: vec![SampleId(1)], scores: None })?;
/// assert_eq!(answers[0].class, Some(Class(8)));
/// # Ok::<(), deepal_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Oracle {
    labels: Arc<[Class]>,
}

impl Oracle {
    /// An oracle that knows the class of every sample.
    pub fn new(labels: impl Into<Arc<[Class]>>) -> Self {
        Self { labels: labels.into() }
    }

    /// The labels of the queried samples.
    ///
    /// # Errors
    /// A sample that it has no label of.
    pub fn annotate(&self, query: &Query) -> Result<Vec<Annotation>> {
        let answer = |&id: &SampleId| match self.labels.get(id.index()) {
            Some(&class) => Ok(Annotation { id, class: Some(class) }),
            None => Err(Error::UnknownSample { id, len: self.labels.len() }),
        };
        query.ids.iter().map(answer).collect()
    }
}

/// The sizes of an experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Labels before the first training.
    pub initial: usize,
    /// Labels asked for in each round after it.
    pub query: usize,
    /// Rounds after the initial one.
    pub rounds: u32,
}

impl Budget {
    /// Checks the sizes against a pool.
    ///
    /// # Errors
    /// A size of 0, or more labels than samples.
    pub fn check(&self, pool: usize) -> Result<()> {
        let zero = |what: &str| Error::Setting { what: what.into(), why: "must be at least 1".into() };
        match self {
            Self { initial: 0, .. } => Err(zero("initial")),
            Self { query: 0, .. } => Err(zero("query")),
            Self { rounds: 0, .. } => Err(zero("rounds")),
            _ if self.labels() > pool => Err(Error::Setting {
                what: "the budget".into(),
                why: format!(
                    "asks for {} labels ({} + {} rounds of {}), but the pool has {pool} samples; lower rounds, query or \
                     initial",
                    self.labels(),
                    self.initial,
                    self.rounds,
                    self.query
                ),
            }),
            _ => Ok(()),
        }
    }

    /// All labels at the end.
    pub fn labels(&self) -> usize {
        self.query.saturating_mul(self.rounds as usize).saturating_add(self.initial)
    }
}

/// What a round gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Round {
    /// 0 for the initial set.
    pub round: u32,
    /// Labels so far.
    pub labels: usize,
    /// The samples labelled in this round, in pick order.
    pub picks: Vec<SampleId>,
    /// The classes that they turned out to be.
    pub classes: Vec<Class>,
    /// The strategy's scores of them, if it ranks.
    pub scores: Option<Vec<f64>>,
    /// Accuracy on the test set after training on all labels so far.
    pub accuracy: f64,
    /// The same test class by class.
    pub test: ClassCounts,
    /// What is wrong on the test set; in the last round alone.
    pub errors: Option<Box<Errors>>,
}

/// What an experiment is about to do, or has done.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// It is about to ask the strategy.
    Query,
    /// It is about to train.
    Train,
    /// It is about to predict the test set.
    Test,
    /// A round is over.
    Done(Round),
}

/// What chooses the labels of an experiment.
#[expect(missing_debug_implementations, reason = "strategies have none")]
pub enum Chooser {
    /// A strategy, which sees no hidden label.
    Strategy(Box<dyn Strategy>),
    /// The upper bound, which sees those of the pool.
    UpperBound(UpperBound),
}

impl From<Box<dyn Strategy>> for Chooser {
    fn from(strategy: Box<dyn Strategy>) -> Self {
        Self::Strategy(strategy)
    }
}

impl Chooser {
    /// The signals without which it cannot do.
    pub fn needs(&self) -> Vec<Signal> {
        match self {
            Self::Strategy(strategy) => strategy.needs(),
            Self::UpperBound(bound) => bound.needs(),
        }
    }

    /// Those that it uses if the net has them.
    pub fn wants(&self) -> Vec<Signal> {
        match self {
            Self::Strategy(strategy) => strategy.wants(),
            Self::UpperBound(_) => Vec::new(),
        }
    }
}

/// One strategy with one net and one seed on one data set.
#[expect(missing_debug_implementations, reason = "nets and strategies have none")]
pub struct Experiment<'a> {
    /// The data with its hidden labels.
    pub data: &'a Data,
    /// The classifier.
    pub net: Box<dyn Net>,
    /// The strategy, or the upper bound.
    pub chooser: Chooser,
    /// The seed of everything random in it.
    pub seed: u64,
    /// How many labels, when.
    pub budget: Budget,
    /// Which labels come first.
    pub initial_set: InitialSet,
    /// Asked between two steps of each training, those for a query among them; `true` ends the experiment.
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

impl Experiment<'_> {
    /// Runs to the end, or until `on` breaks or `stop` is true, telling each step before it happens. It reads no clock: to time a
    /// step, measure between the calls.
    ///
    /// `done`: the picks of the rounds that an earlier, interrupted run has finished, from round 0; they are not
    /// repeated (the last net is trained again), and the rest comes out as if there had been no interruption.
    ///
    /// # Errors
    /// A budget that does not fit, a strategy that needs what the net cannot give, inputs that cannot be read.
    pub fn run(self, done: &[Vec<SampleId>], on: &mut dyn FnMut(Step) -> ControlFlow<()>) -> Result<()> {
        match self.rounds(done, on) {
            Err(Error::Cancelled) => Ok(()),
            outcome => outcome,
        }
    }

    fn rounds(self, done: &[Vec<SampleId>], on: &mut dyn FnMut(Step) -> ControlFlow<()>) -> Result<()> {
        let Self { data, net, chooser, seed, budget, initial_set, stop } = self;
        let watch =
            &mut |_: Progress| if stop() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        budget.check(data.train.len())?;
        let oracle = Oracle::new(data.train_labels.clone());
        // The learner never sees hidden labels: where these choose, it is only trained.
        let (strategy, bound) = match chooser {
            Chooser::Strategy(strategy) => (strategy, None),
            Chooser::UpperBound(bound) => {
                bound.check(net.as_ref())?;
                (Box::new(Random::default()) as Box<dyn Strategy>, Some(bound))
            }
        };
        let starts_cold = strategy.starts_cold();
        let mut learner = ActiveLearner::new(data.train.clone(), net, strategy, seed)?;
        for ids in done {
            learner.update(&oracle.annotate(&Query { ids: ids.clone(), scores: None })?)?;
        }
        let first = done.len() as u32;
        if first > budget.rounds {
            return Ok(());
        }
        if let Some(last) = first.checked_sub(1) {
            if on(Step::Train).is_break() {
                return Ok(());
            }
            learner.resume_at(last);
            learner.adopt(learner.training()?.run(watch)?);
        }
        for round in first..=budget.rounds {
            if on(Step::Query).is_break() {
                break;
            }
            let query = match round {
                0 if initial_set == InitialSet::Strategy && starts_cold => {
                    learner.query_watched(budget.initial, watch)?
                }
                0 => {
                    let seed = derive(seed, 0, Purpose::Initial);
                    Query { ids: initial_set.draw(&data.train_labels, budget.initial, seed)?, scores: None }
                }
                _ => match &bound {
                    None => learner.query_watched(budget.query, watch)?,
                    Some(bound) => {
                        let (net, pool) = (learner.trained()?.as_ref(), learner.pool());
                        let seed = derive(seed, learner.round(), Purpose::Query);
                        let (known, open) = (pool.labeled(), pool.unlabeled());
                        let ids = bound.choose(data, net, &known, &open, budget.query, seed)?;
                        Query { ids, scores: None }
                    }
                },
            };
            let answers = oracle.annotate(&query)?;
            learner.update(&answers)?;
            if on(Step::Train).is_break() {
                break;
            }
            learner.adopt(learner.training()?.run(watch)?);
            if on(Step::Test).is_break() {
                break;
            }
            let ids = SampleId::first(data.test.len());
            let probs = learner.trained()?.predict_proba(data.test.as_ref(), &ids)?;
            let (predicted, truth) =
                (probs.outer_iter().map(most_probable).collect::<Vec<_>>(), &data.test_labels);
            let accuracy = accuracy(&predicted, truth);
            let n_classes = data.test.meta().classes.len().max(probs.ncols());
            let test = ClassCounts::new(&predicted, truth, n_classes);
            let errors = (round == budget.rounds).then(|| Box::new(Errors::new(&predicted, &probs, truth)));
            let labels = learner.pool().n_labeled();
            let classes = answers.iter().filter_map(|answer| answer.class).collect();
            let Query { ids: picks, scores } = query;
            if on(Step::Done(Round { round, labels, picks, classes, scores, accuracy, test, errors }))
                .is_break()
            {
                break;
            }
        }
        Ok(())
    }
}
