//! Runs the experiments of a run side by side.

use crate::config::Config;
use deepal::{Data, Experiment, SampleId, Step, nets, strategy};
use deepal_data::run_store::Round;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// One strategy with one seed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Job {
    pub(crate) strategy: String,
    pub(crate) seed: u64,
    /// The picks of the rounds done before, from round 0.
    pub(crate) done: Vec<Vec<SampleId>>,
}

/// News of a job.
#[derive(Debug)]
pub(crate) enum News {
    /// It has begun the named step of a round.
    Step { round: u32, step: &'static str },
    /// It has finished a round.
    Round(Round),
    /// It is over: done, stopped, or failed for the reason given.
    Over(Result<(), String>),
}

/// All jobs of a run, seed by seed so that the first results can be compared early.
pub(crate) fn all(config: &Config, done: &[Round]) -> Vec<Job> {
    let jobs = config.seeds.iter().flat_map(|seed| config.strategies.iter().map(move |name| (*seed, name)));
    let picks = |seed, strategy: &str| {
        let mut rounds = done.iter().filter(|r| r.seed == seed && r.strategy == strategy).collect::<Vec<_>>();
        rounds.sort_by_key(|round| round.round);
        rounds.iter().map(|round| round.picks.iter().copied().map(SampleId).collect()).collect()
    };
    jobs.map(|(seed, name)| Job { strategy: name.clone(), seed, done: picks(seed, name) }).collect()
}

/// Runs `jobs` on `threads` threads and tells `on` what happens, on the caller's thread, until all are over; where nothing
/// happens it calls `on` with `None` some times a second. While there are enough jobs each runs on one thread: small nets
/// gain little from more.
///
/// When `stop` is set, every running job ends before its next step and no other starts.
pub(crate) fn run(
    config: &Config,
    data: &Data,
    jobs: &[Job],
    threads: usize,
    stop: &AtomicBool,
    mut on: impl FnMut(Option<(usize, News)>),
) -> anyhow::Result<()> {
    let workers = threads.clamp(1, jobs.len().max(1));
    let pools = (0..workers).map(|_| rayon::ThreadPoolBuilder::new().num_threads(threads / workers).build());
    let pools = pools.collect::<Result<Vec<_>, _>>()?;
    let queue = Mutex::new(jobs.iter().enumerate());
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        for pool in &pools {
            let (sender, queue) = (sender.clone(), &queue);
            scope.spawn(move || {
                let next = || queue.lock().unwrap_or_else(std::sync::PoisonError::into_inner).next();
                while !stop.load(Ordering::Relaxed)
                    && let Some((index, job)) = next()
                {
                    // The receiver outlives the senders, so sending cannot fail.
                    let tell = |news| drop(sender.send((index, news)));
                    let outcome = catch_unwind(AssertUnwindSafe(|| {
                        pool.install(|| one(config, data, job, stop, &tell))
                    }));
                    let panicked = |_| Err("it panicked; this is a bug in deepal, please report it".into());
                    tell(News::Over(outcome.unwrap_or_else(panicked)));
                }
            });
        }
        drop(sender);
        loop {
            match receiver.recv_timeout(Duration::from_millis(250)) {
                Ok(news) => on(Some(news)),
                Err(RecvTimeoutError::Timeout) => on(None),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
    });
    Ok(())
}

fn one(
    config: &Config,
    data: &Data,
    job: &Job,
    stop: &AtomicBool,
    tell: &dyn Fn(News),
) -> Result<(), String> {
    let words = |error: deepal::Error| error.to_string();
    let net = nets::by_name(&config.net)
        .and_then(|entry| entry.build(data.train.meta(), config.training))
        .map_err(words)?;
    let strategy = (strategy::by_name(&job.strategy).map_err(words)?.build)();
    let experiment = Experiment { data, net, strategy, seed: job.seed, budget: config.budget() };
    let mut round = job.done.len() as u32;
    let mut started = Instant::now();
    let (mut query_seconds, mut train_seconds) = (0.0, 0.0);
    let on = &mut |step: Step| {
        let seconds = started.elapsed().as_secs_f64();
        match step {
            Step::Query => tell(News::Step { round, step: "picking" }),
            Step::Train => {
                query_seconds = seconds;
                tell(News::Step { round, step: "training" });
            }
            Step::Test => {
                train_seconds = seconds;
                tell(News::Step { round, step: "testing" });
            }
            Step::Done(done) => {
                round += 1;
                tell(News::Round(Round {
                    dataset: config.dataset.clone(),
                    net: config.net.clone(),
                    strategy: job.strategy.clone(),
                    seed: job.seed,
                    round: done.round as usize,
                    labels: done.labels,
                    picks: done.picks.iter().map(|id| id.0).collect(),
                    classes: done.classes.iter().map(|class| class.0).collect(),
                    scores: done.scores,
                    accuracy: done.accuracy,
                    train_seconds,
                    query_seconds,
                    predict_seconds: seconds,
                }));
            }
        }
        started = Instant::now();
        if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    experiment.run(&job.done, on).map_err(words)
}
