//! What jobs will cost, from small pieces of their work: for the order of jobs, the time left, and `deepal plan`.

use crate::catalog::Catalog;
use crate::config::{Config, Task};
use crate::error::Result;
use crate::select::memory;
use deepal_core::signals::Origin;
use deepal_core::{
    Chooser, Class, Data, InitialSet, SampleId, Signal, Sizes, Strategy, TrainedNet, UpperBound, provide,
    seed::mix, select,
};
use deepal_nn::{Schedule, Training};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

/// The most labels of the first of two trainings that are timed; the second has up to three times as many.
const LABELS: usize = 300;
/// Candidates and test samples in the pieces.
const SAMPLES: usize = 2000;
/// A training longer than this many seconds is cut, and its steps are reckoned.
const SECONDS: f64 = 2.0;

/// The costs of a task: seconds of its steps, as functions of their sizes.
#[derive(Debug, Clone)]
pub(crate) struct Costs {
    /// Two sizes of the labelled set with the seconds of a training.
    train: [(f64, f64); 2],
    /// Seconds to predict the test set.
    predict: f64,
    /// One for each strategy.
    queries: Vec<QueryCost>,
}

/// The cost of a strategy's query.
#[derive(Debug, Clone, Copy)]
struct QueryCost {
    /// Seconds of the signals of one candidate.
    signals: f64,
    /// Seconds of the selection, for one candidate, and for one pick or labelled row too if it chooses a set.
    selection: f64,
    /// Trainings of the net: of a committee.
    trainings: f64,
    /// Seconds for one labelled row or pick, whatever the pool: refits of the upper bound.
    refits: f64,
    /// Bytes held for each sample of the pool.
    bytes: f64,
    one_by_one: bool,
    looks_at_labeled: bool,
    /// It draws the first labels itself.
    draws_first: bool,
}

impl Costs {
    /// Measures pieces of a task on the calling thread's pool.
    pub(crate) fn measure(config: &Config, task: &Task, data: &Data, catalog: &Catalog) -> Result<Self> {
        let most = task.budget().labels();
        let sizes = [LABELS.min(task.initial), (3 * LABELS).min(most)];
        let job = Job { config, task, data, catalog };
        let (short, _) = job.training(sizes[0])?;
        let (long, net) = job.training(sizes[1])?;
        let train = [(sizes[0] as f64, short), (sizes[1] as f64, long)];
        let n_test = SAMPLES.min(data.test.len());
        let started = Instant::now();
        net.predict(data.test.as_ref(), &SampleId::first(n_test))?;
        let predict = started.elapsed().as_secs_f64() * data.test.len() as f64 / n_test.max(1) as f64;
        let query = |name: &String| match catalog.chooser(name)? {
            Chooser::Strategy(strategy) => {
                let mut cost = QueryCost::measure(task, data, net.as_ref(), strategy.as_ref())?;
                cost.draws_first = config.initial_set == InitialSet::Strategy && strategy.starts_cold();
                Ok(cost)
            }
            Chooser::UpperBound(bound) => QueryCost::of_bound(task, data, net.as_ref(), &bound),
        };
        let queries = config.strategies.iter().map(query).collect::<Result<_>>()?;
        Ok(Self { train, predict, queries })
    }

    /// Seconds of all rounds with one of the strategies.
    pub(crate) fn job(&self, task: &Task, strategy: usize) -> f64 {
        (0..=task.rounds as usize).map(|round| self.round(task, strategy, round)).sum()
    }

    /// Seconds of one round with one of the strategies.
    pub(crate) fn round(&self, task: &Task, strategy: usize, round: usize) -> f64 {
        let labels = task.initial + round * task.query;
        let of_query = |labeled| {
            let query = &self.queries[strategy];
            query.seconds(task, labeled) + query.trainings * self.train_seconds(labeled)
        };
        let query = match round {
            0 if self.queries[strategy].draws_first => of_query(0),
            0 => 0.0,
            _ => of_query(labels - task.query),
        };
        self.train_seconds(labels) + self.predict + query
    }

    /// Bytes that a job holds for its query beyond what was in memory at the measurement.
    pub(crate) fn bytes(&self, task: &Task, strategy: usize) -> f64 {
        self.queries[strategy].bytes * task.pool.saturating_sub(SAMPLES) as f64
    }

    /// On the straight line through both trainings; never less than a part of the shorter one.
    fn train_seconds(&self, labels: usize) -> f64 {
        let [(n1, t1), (n2, t2)] = self.train;
        let slope = if n2 > n1 { (t2 - t1) / (n2 - n1) } else { 0.0 };
        (t1 + slope.max(0.0) * (labels as f64 - n1)).max(t1 * (labels as f64 / n1).min(1.0) * 0.5)
    }
}

impl QueryCost {
    fn measure(task: &Task, data: &Data, net: &dyn TrainedNet, strategy: &dyn Strategy) -> Result<Self> {
        let (n, n_labeled) = (SAMPLES.min(task.pool), LABELS.min(task.pool));
        let candidates = SampleId::first(n);
        let needs = strategy.needs();
        let gives = |signal: &Signal| signal.kind().origin != Origin::Net || net.supports(*signal);
        let wants = strategy.wants().into_iter().filter(gives);
        let asked = needs.iter().copied().chain(wants).collect::<Vec<_>>();
        let looks_at_labeled = needs.contains(&Signal::LabeledEmbeddings);
        let labeled = candidates[..n_labeled].iter().map(|id| (*id, data.train_labels[id.index()]));
        let labeled = labeled.collect::<Vec<_>>();
        let started = Instant::now();
        let signals = {
            let go_on = &mut |_| ControlFlow::Continue(());
            provide(data.train.as_ref(), Some(net), &asked, &candidates, &labeled, 1, go_on)?
        };
        let mut signal_seconds = started.elapsed().as_secs_f64();
        let mut trainings = 0.0;
        let members = needs.iter().find_map(|need| match need {
            Signal::MemberProbs { members } => Some(*members),
            _ => None,
        });
        if let Some(members) = members {
            // A training lasts as long as the others of the task, and not as this one on a piece.
            trainings = members.saturating_sub(1) as f64;
            let started = Instant::now();
            net.predict(data.train.as_ref(), &candidates)?;
            signal_seconds = members as f64 * started.elapsed().as_secs_f64();
        }
        let picks = (n * task.query / task.pool).max(1);
        let started = Instant::now();
        strategy.select(&signals, picks, 1)?;
        let selection_seconds = started.elapsed().as_secs_f64();
        let one_by_one = strategy.one_by_one();
        let others = if one_by_one { 1 } else { picks + if looks_at_labeled { n_labeled } else { 0 } };
        // What is said of the whole pool, and what the selector makes of it.
        let arrays = asked.iter().map(|signal| Ok((*signal, signals.get(*signal)?.shape().to_vec())));
        let arrays = arrays.collect::<Result<Vec<_>>>()?;
        let of_arrays = arrays.iter().filter(|(signal, _)| memory::is_of_candidates(*signal));
        let each = of_arrays.map(|(signal, shape)| memory::bytes(*signal, shape, 1)).sum::<usize>();
        let measured = memory::sizes(arrays.iter().map(|(signal, shape)| (*signal, &shape[..])), task.query);
        let sizes = Sizes { candidates: task.pool, labeled: task.budget().labels(), ..measured };
        Ok(Self {
            signals: signal_seconds / n as f64,
            selection: selection_seconds / (n * others) as f64,
            trainings,
            refits: 0.0,
            bytes: match one_by_one {
                true => 0.0,
                false => each as f64 + strategy.memory(sizes) as f64 / task.pool.max(1) as f64,
            },
            one_by_one,
            looks_at_labeled,
            draws_first: false,
        })
    }

    /// Of the upper bound, of whose work nearly all is refits; it embeds the whole pool.
    fn of_bound(task: &Task, data: &Data, net: &dyn TrainedNet, bound: &UpperBound) -> Result<Self> {
        let n = SAMPLES.min(task.pool);
        let (n_labeled, picks) = (LABELS.min(n / 2), task.query.min(n / 4).max(1));
        let all = SampleId::first(n);
        let (known, candidates) = all.split_at(n_labeled);
        let known = known.iter().map(|id| (*id, data.train_labels[id.index()])).collect::<Vec<_>>();
        let started = Instant::now();
        bound.choose(data, net, &known, candidates, picks, 1)?;
        let refits = started.elapsed().as_secs_f64() / (n_labeled + picks) as f64;
        let row = {
            let go_on = &mut |_| ControlFlow::Continue(());
            provide(data.train.as_ref(), Some(net), &[Signal::Embeddings], &all[..1], &[], 1, go_on)?
        };
        let bytes = (2 * row.embeddings()?.len() * size_of::<f32>()) as f64;
        Ok(Self {
            signals: 0.0,
            selection: 0.0,
            trainings: 0.0,
            refits,
            bytes,
            one_by_one: false,
            looks_at_labeled: true,
            draws_first: false,
        })
    }

    fn seconds(&self, task: &Task, labeled: usize) -> f64 {
        let others = match (self.one_by_one, self.looks_at_labeled) {
            (true, _) => 1,
            (false, true) => labeled + task.query,
            (false, false) => task.query,
        };
        let refits = self.refits * (labeled + task.query) as f64;
        refits + (task.pool - labeled) as f64 * (self.signals + self.selection * others as f64)
    }
}

/// What trainings are timed on.
struct Job<'a> {
    config: &'a Config,
    task: &'a Task,
    data: &'a Data,
    catalog: &'a Catalog,
}

impl Job<'_> {
    /// Seconds of a training on `labels` samples, and the net that came out.
    fn training(&self, labels: usize) -> Result<(f64, Arc<dyn TrainedNet>)> {
        let rows = select::random(self.data.train.len(), labels, mix(1, labels as u64));
        let labeled = rows.into_iter().map(|row| (SampleId::from(row), self.data.train_labels[row]));
        let labeled = labeled.collect::<Vec<_>>();
        let Some(training) = self.task.training else {
            let (seconds, _, net) = self.train(&labeled, None)?;
            return Ok((seconds, net));
        };
        let of = |schedule| Some(Training { schedule, ..training });
        let (step_seconds, _, net) = self.steps(&labeled, of(Schedule::Epochs { epochs: 1 }))?;
        let few = ((SECONDS / step_seconds) as usize).max(10);
        match training.schedule {
            Schedule::Epochs { epochs } => {
                let steps = epochs * labels.div_ceil(training.batch_size);
                Ok((step_seconds * steps as f64, net))
            }
            Schedule::Adaptive { min_steps, max_steps, epochs, accuracy, cooldown } => {
                let most = max_steps.max(epochs * labels.div_ceil(training.batch_size));
                let short = Schedule::Adaptive {
                    min_steps: min_steps.min(few),
                    max_steps: most.min(few),
                    epochs: 0,
                    accuracy,
                    cooldown: 0.0,
                };
                let (step_seconds, steps, net) = self.steps(&labeled, of(short))?;
                // Not learnt by then: reckon with all the steps that it may take.
                let steps = if steps >= few { most } else { steps.max(min_steps) };
                Ok((step_seconds * steps as f64 * (1.0 + cooldown), net))
            }
        }
    }

    /// Seconds a step, the steps taken, and the net.
    fn steps(
        &self,
        labeled: &[(SampleId, Class)],
        training: Option<Training>,
    ) -> Result<(f64, usize, Arc<dyn TrainedNet>)> {
        let (seconds, steps, net) = self.train(labeled, training)?;
        Ok((seconds / steps as f64, steps, net))
    }

    /// Seconds, steps and the net.
    fn train(
        &self,
        labeled: &[(SampleId, Class)],
        training: Option<Training>,
    ) -> Result<(f64, usize, Arc<dyn TrainedNet>)> {
        let task = Task { training, ..self.task.clone() };
        let net = task.net(self.catalog, self.config.device, self.data.train.meta())?;
        let started = Instant::now();
        let go_on = &mut |_| ControlFlow::Continue(());
        let (net, report) = net.train(self.data.train.as_ref(), labeled, 1, go_on)?;
        Ok((started.elapsed().as_secs_f64(), report.steps.max(1), net))
    }
}
