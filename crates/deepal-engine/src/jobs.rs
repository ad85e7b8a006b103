//! Runs the experiments of a run side by side.

use crate::catalog::Catalog;
use crate::config::{Config, Task};
use crate::cost::Costs;
use crate::error::{Error, Result};
use crate::monitor::JobNews;
use deepal_core::{Data, Experiment, SampleId, Step};
use deepal_data::stores::run::{Failed, RoundRecord};
use rayon::ThreadPool;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

const PANICKED: &str = "it panicked; this is a bug in deepal, please report it";

/// One strategy with one seed on one task.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// The position of the task in the settings.
    pub task: usize,
    /// The position of the strategy in the settings.
    pub strategy: usize,
    /// The seed.
    pub seed: u64,
    /// The picks of the rounds done before, from round 0.
    pub done: Vec<Vec<SampleId>>,
}

impl Job {
    /// The job in words.
    pub fn name(&self, config: &Config) -> String {
        let short = format!("{}, seed {}", config.strategies[self.strategy], self.seed);
        match config.tasks.as_slice() {
            [_] => short,
            tasks => format!("{}, {short}", tasks[self.task].name()),
        }
    }

    /// The job with the reason why it failed, for the record.
    pub(crate) fn failed(&self, config: &Config, why: String) -> Failed {
        let Task { dataset, net, .. } = config.tasks[self.task].clone();
        Failed { dataset, net, strategy: config.strategies[self.strategy].clone(), seed: self.seed, why }
    }

    pub(crate) fn is_finished(&self, config: &Config) -> bool {
        self.done.len() > config.tasks[self.task].rounds as usize
    }
}

/// All jobs of a run, seed by seed so that the first results can be compared early.
pub(crate) fn all<'a>(config: &Config, done: impl IntoIterator<Item = &'a RoundRecord>) -> Vec<Job> {
    let mut picks = BTreeMap::<_, Vec<(usize, Vec<SampleId>)>>::new();
    for round in done {
        let ids = round.picks.iter().copied().map(SampleId).collect();
        picks.entry(round.job()).or_default().push((round.round, ids));
    }
    let mut jobs = Vec::new();
    for seed in &config.seeds {
        for (task, Task { dataset, net, .. }) in config.tasks.iter().enumerate() {
            for (strategy, name) in config.strategies.iter().enumerate() {
                let mut done = picks.remove(&(dataset, net, name, *seed)).unwrap_or_default();
                done.sort_by_key(|(round, _)| *round);
                let done = done.into_iter().map(|(_, ids)| ids).collect();
                jobs.push(Job { task, strategy, seed: *seed, done });
            }
        }
    }
    jobs
}

/// How many jobs go on at once, and with how many threads each: one, while there are enough jobs, since small nets gain
/// little from more.
pub(crate) fn shares(threads: usize, jobs: usize) -> (usize, usize) {
    let workers = threads.clamp(1, jobs.max(1));
    (workers, threads / workers)
}

fn pool(threads: usize) -> Result<ThreadPool> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|error| Error::Failed(format!("cannot start {threads} threads: {error}")))
}

/// The seconds of each task's steps, or why they cannot be measured: on small pieces, side by side, with as many threads as
/// its jobs will have.
pub(crate) fn measure(
    config: &Config,
    data: &[Data],
    catalog: &Catalog,
    threads: usize,
    jobs: usize,
) -> Result<Vec<Result<Costs, String>>> {
    let (workers, each) = shares(threads, jobs);
    let queue = Mutex::new(config.tasks.iter().zip(data).enumerate());
    let mut costs = std::thread::scope(|scope| {
        let work = || {
            let pool = pool(each)?;
            let mut costs = Vec::new();
            while let Some((index, (task, data))) = next(&queue) {
                let measured = catch_unwind(AssertUnwindSafe(|| {
                    pool.install(|| Costs::measure(config, task, data, catalog))
                }));
                let measured = measured.map_err(|_| PANICKED.to_owned());
                costs.push((index, measured.and_then(|costs| costs.map_err(|error| error.to_string()))));
            }
            Ok::<_, Error>(costs)
        };
        let workers = (0..workers.min(config.tasks.len())).map(|_| scope.spawn(work)).collect::<Vec<_>>();
        let panicked = |_| Error::Failed(PANICKED.into());
        let costs = workers.into_iter().map(|worker| worker.join().map_err(panicked).flatten());
        costs.collect::<Result<Vec<_>>>()
    })?
    .concat();
    costs.sort_by_key(|(index, _)| *index);
    Ok(costs.into_iter().map(|(_, costs)| costs).collect())
}

fn next<T>(queue: &Mutex<impl Iterator<Item = T>>) -> Option<T> {
    queue.lock().unwrap_or_else(std::sync::PoisonError::into_inner).next()
}

/// Runs `jobs` in their order on `threads` threads and tells `on` what happens, on the caller's thread, until all are over;
/// where nothing happens it calls `on` with `None` some times a second.
///
/// When `stop` says so, every running job ends, before its next step or within a training, and no other starts.
pub(crate) fn run(
    config: &Config,
    data: &[Data],
    catalog: &Catalog,
    jobs: &[Job],
    threads: usize,
    stop: &(dyn Fn() -> bool + Sync),
    mut on: impl FnMut(Option<(usize, JobNews)>),
) -> Result<()> {
    let (workers, each) = shares(threads, jobs.len());
    let pools = (0..workers).map(|_| pool(each)).collect::<Result<Vec<_>>>()?;
    let queue = Mutex::new(jobs.iter().enumerate());
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        for pool in &pools {
            let (sender, queue) = (sender.clone(), &queue);
            scope.spawn(move || {
                while !stop()
                    && let Some((index, job)) = next(queue)
                {
                    // The receiver outlives the senders, so sending cannot fail.
                    let tell = |news| drop(sender.send((index, news)));
                    let outcome = catch_unwind(AssertUnwindSafe(|| {
                        pool.install(|| one(config, &data[job.task], catalog, job, stop, &tell))
                    }));
                    let panicked = |_| Err(PANICKED.into());
                    tell(JobNews::Over(outcome.unwrap_or_else(panicked)));
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
    catalog: &Catalog,
    job: &Job,
    stop: &(dyn Fn() -> bool + Sync),
    tell: &dyn Fn(JobNews),
) -> Result<(), String> {
    let (task, name) = (&config.tasks[job.task], &config.strategies[job.strategy]);
    let net = task.net(catalog, config.device, data.train.meta()).map_err(|error| error.to_string())?;
    let chooser = catalog.chooser(name).map_err(|error| error.to_string())?;
    let (budget, initial_set) = (task.budget(), config.initial_set);
    let experiment = Experiment { data, net, chooser, seed: job.seed, budget, initial_set, stop };
    let mut round = job.done.len() as u32;
    let mut started = Instant::now();
    let (mut query_seconds, mut train_seconds) = (0.0, 0.0);
    let on = &mut |step: Step| {
        let seconds = started.elapsed().as_secs_f64();
        match step {
            Step::Query => tell(JobNews::Step { round, step: "picking" }),
            Step::Train => {
                query_seconds = seconds;
                tell(JobNews::Step { round, step: "training" });
            }
            Step::Test => {
                train_seconds = seconds;
                tell(JobNews::Step { round, step: "testing" });
            }
            Step::Done(done) => {
                round += 1;
                tell(JobNews::Round(RoundRecord {
                    dataset: task.dataset.clone(),
                    net: task.net.clone(),
                    strategy: name.clone(),
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
                    test: Some(Box::new(done.test)),
                    errors: done.errors,
                }));
            }
        }
        started = Instant::now();
        if stop() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    experiment.run(&job.done, on).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::DataSets;
    use crate::monitor::Monitor;
    use crate::study_settings::StudySettings;
    use deepal_core::{Dataset, Meta};
    use deepal_data::datasets::{self, Downloads};
    use std::sync::Arc;

    /// Digits of which one cannot be read: an error, or a panic.
    struct Broken {
        data: Arc<dyn Dataset>,
        panics: bool,
    }

    impl Dataset for Broken {
        fn meta(&self) -> &Meta {
            self.data.meta()
        }

        fn len(&self) -> usize {
            self.data.len()
        }

        fn inputs(&self, ids: &[SampleId]) -> deepal_core::Result<ndarray::Array2<f32>> {
            assert!(!self.panics, "a bug");
            match ids.contains(&SampleId(7)) {
                true => Err(deepal_core::Error::Setting { what: "image 7".into(), why: "is damaged".into() }),
                false => self.data.inputs(ids),
            }
        }
    }

    #[test]
    fn a_job_that_fails_or_panics_tells_why_and_the_others_go_on() {
        let settings = StudySettings {
            datasets: Some(vec!["digits".into()]),
            strategies: Some(vec!["random".into(), "margin".into()]),
            nets: Some(vec!["softmax-regression".into()]),
            seeds: Some(vec![1, 2]),
            initial: Some(10),
            query: Some(5),
            rounds: Some(2),
            ..StudySettings::default()
        };
        let catalog = Catalog::default();
        let mut config = settings.resolve(&mut DataSets::new(Monitor::silent()), &catalog).unwrap();
        config.tasks = vec![config.tasks[0].clone(); 3];
        let good = (datasets::by_name("digits").unwrap().load)(&Downloads::default()).unwrap();
        let broken =
            |panics| Data { train: Arc::new(Broken { data: good.train.clone(), panics }), ..good.clone() };
        let data = [broken(false), good.clone(), broken(true)];
        let jobs = all(&config, &[]);
        let (mut rounds, mut failures) = (vec![0; jobs.len()], vec![None; jobs.len()]);
        run(&config, &data, &catalog, &jobs, 2, &|| false, |news| match news {
            Some((job, JobNews::Round(_))) => rounds[job] += 1,
            Some((job, JobNews::Over(outcome))) => failures[job] = outcome.err(),
            _ => {}
        })
        .unwrap();
        for (job, (rounds, failure)) in jobs.iter().zip(rounds.iter().zip(&failures)) {
            let failure = failure.as_deref().unwrap_or_default();
            match (job.task, config.strategies[job.strategy].as_str()) {
                (1, _) => assert!(*rounds == 3 && failure.is_empty(), "{job:?}: {failure}"),
                (2, _) => assert!(*rounds == 0 && failure.contains("panicked"), "{job:?}: {failure}"),
                // Random draws never look at an image that it does not label.
                (_, "random") => assert!(*rounds == 3 || failure.contains("image 7"), "{job:?}: {failure}"),
                _ => assert!(*rounds == 1 && failure.contains("image 7 is damaged"), "{job:?}: {failure}"),
            }
        }
    }
}
