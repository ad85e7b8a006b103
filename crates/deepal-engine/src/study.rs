//! A study: every strategy with every seed on every task, recorded in a folder from which it can be resumed and reported.

use crate::catalog::Catalog;
use crate::config::Config;
use crate::cost::Costs;
use crate::data::DataSets;
use crate::error::{Context, Error, Result, bail};
use crate::jobs::{self, Job};
use crate::machine;
use crate::monitor::{JobNews, Monitor, News};
use crate::outputs::{Outputs, Record, check_metric, pictures};
use crate::plan::Estimate;
use crate::recorded::check_events;
use crate::select::check_classes;
use crate::sources;
use crate::study_settings::{StudySettings, data_dir_of_environment};
use deepal_core::Data;
use deepal_core::metric::Metric;
use deepal_core::net::check_support;
use deepal_data::stores::run::{Event, RunStore};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// What a round is reckoned with where nothing was measured.
const SECONDS_A_LABEL: f64 = 0.001;

/// A study that is settled and not begun: its settings with every default, and what was read for them.
///
/// ```no_run
/// use deepal_engine::{Catalog, Monitor, StudyPlan, StudySettings};
///
/// let plan = StudyPlan::new(StudySettings::default(), &Catalog::default(), Monitor::silent())?;
/// let mut study = plan.start("runs/first".as_ref())?;
/// study.run(2)?;
/// println!("{}", study.outputs()?.analysis.verdict.join("\n"));
/// # Ok::<(), deepal_engine::Error>(())
/// ```
#[derive(Debug)]
pub struct StudyPlan<'a> {
    config: Config,
    catalog: Catalog,
    data_sets: DataSets<'a>,
    monitor: Monitor<'a>,
    offline: bool,
}

/// A study that is recorded in a folder.
#[derive(Debug)]
pub struct Study<'a> {
    store: RunStore,
    config: Config,
    catalog: Catalog,
    /// What is left to do.
    jobs: Vec<Job>,
    /// For each job the work of each of its rounds.
    weights: Vec<Vec<f64>>,
    is_timed: bool,
    /// For each task; `None` if nothing is left to do.
    data: Option<Vec<Data>>,
    data_sets: DataSets<'a>,
    monitor: Monitor<'a>,
}

impl<'a> StudyPlan<'a> {
    /// Fills in what the settings leave out. One's own data are read for it.
    ///
    /// # Errors
    /// Unknown names, settings that do not go together, or data that cannot be read.
    pub fn new(settings: StudySettings, catalog: &Catalog, monitor: Monitor<'a>) -> Result<Self> {
        let mut data_sets = DataSets::new(monitor);
        let config = settings.resolve(&mut data_sets, catalog)?;
        Ok(Self { config, catalog: catalog.clone(), data_sets, monitor, offline: false })
    }

    /// The same, which downloads nothing.
    #[must_use]
    pub fn offline(self, offline: bool) -> Self {
        Self { offline, ..self }
    }

    /// Its settings.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What it would take with so many threads, measured on small pieces of the work.
    ///
    /// # Errors
    /// Data that cannot be had or do not suit the settings.
    pub fn estimate(mut self, threads: usize) -> Result<Estimate> {
        let data = load(&self.config, &mut self.data_sets, &self.catalog, self.offline)?;
        Estimate::measure(self.config, &data, &self.catalog, threads)
    }

    /// Checks that the study may be written to a folder, which need not be there yet.
    ///
    /// # Errors
    /// A folder inside a source.
    pub fn check_folder(&self, folder: &Path) -> Result<()> {
        check_folder(folder, &self.config)
    }

    /// A new study in a folder, or the one that is there: it resumes with what is missing, if these settings ask for all that it has.
    /// Data that cannot be had leave no empty folder behind.
    ///
    /// # Errors
    /// Data that cannot be had or do not suit the settings, a folder with other settings, one inside a source, or one that cannot be
    /// written.
    pub fn start(self, folder: &Path) -> Result<Study<'a>> {
        self.check_folder(folder)?;
        let Self { config, catalog, mut data_sets, monitor, offline } = self;
        if RunStore::exists(folder) {
            return resume(folder, Some(config), None, offline, catalog, data_sets, monitor);
        }
        let data = load(&config, &mut data_sets, &catalog, offline)?;
        let store = RunStore::create(folder, &config.to_toml(&catalog)?)?;
        data_sets.write_samples(&config, folder)?;
        let jobs = jobs::all(&config, &[]);
        let weights = Vec::new();
        Ok(Study {
            store,
            config,
            catalog,
            jobs,
            weights,
            is_timed: false,
            data: Some(data),
            data_sets,
            monitor,
        })
    }
}

impl<'a> Study<'a> {
    /// The interrupted study in a folder, to be run as if it had not been interrupted. `data_dir` is for published data sets, instead
    /// of the folder that they were in.
    ///
    /// # Errors
    /// A folder without a run, or whose run is being written by another process; data that cannot be had or have changed.
    pub fn resume(
        folder: &Path,
        data_dir: Option<PathBuf>,
        offline: bool,
        catalog: &Catalog,
        monitor: Monitor<'a>,
    ) -> Result<Self> {
        resume(folder, None, data_dir, offline, catalog.clone(), DataSets::new(monitor), monitor)
    }

    /// The same about another metric, which changes nothing that is recorded or still to be done.
    ///
    /// # Errors
    /// A record of an earlier version, which has the accuracy alone; a folder that cannot be written.
    pub fn about(mut self, metric: Metric) -> Result<Self> {
        if metric != self.config.metric {
            check_metric(self.store.folder(), self.store.rounds().iter(), metric)?;
            self.config.metric = metric;
            // What holds for this process alone, as another folder of data, is not to be written.
            let recorded = Record::read(self.store.folder(), &self.catalog)?;
            let recorded = Config { metric, ..recorded.config().clone() };
            self.store.set_config(&recorded.to_toml(&self.catalog)?)?;
        }
        Ok(self)
    }

    /// Its settings.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.store.folder()
    }

    /// What is left to do.
    pub fn jobs(&self) -> &[Job] {
        &self.jobs
    }

    /// For each job the work of each of its rounds, in seconds where it was measured.
    pub fn weights(&self) -> &[Vec<f64>] {
        &self.weights
    }

    /// Whether the weights are seconds that were measured.
    pub fn is_timed(&self) -> bool {
        self.is_timed
    }

    /// Puts the most expensive jobs first, so that none is left alone at the end, and weighs the rounds of each. They are measured
    /// if the order matters. What cannot be measured is no reason to stop: its own job will say why.
    pub fn order(&mut self, threads: usize) {
        let (config, jobs) = (&self.config, &mut self.jobs);
        let costs = match (jobs.len() > threads, &self.data) {
            (true, Some(data)) => {
                jobs::measure(config, data, &self.catalog, threads, jobs.len()).unwrap_or_default()
            }
            _ => Vec::new(),
        };
        let weights = |job: &Job| {
            let task = &config.tasks[job.task];
            let weight = |round| match costs.get(job.task) {
                Some(Ok(costs)) => Costs::round(costs, task, job.strategy, round),
                _ => SECONDS_A_LABEL * (task.initial + round * task.query) as f64,
            };
            (0..=task.rounds as usize).map(weight).collect::<Vec<_>>()
        };
        let left = |job: &Job| weights(job).iter().skip(job.done.len()).sum::<f64>();
        jobs.sort_by(|a, b| left(b).total_cmp(&left(a)));
        self.weights = jobs.iter().map(weights).collect();
        self.is_timed = !costs.is_empty() && costs.iter().all(Result::is_ok);
    }

    /// Runs what is missing and records each round; the failures, in words. The monitor hears of each job.
    ///
    /// # Errors
    /// A round that cannot be recorded, which stops all jobs; [`Error::Interrupted`] if the monitor stopped it.
    pub fn run(&mut self, threads: usize) -> Result<Vec<String>> {
        let Some(data) = &self.data else { return Ok(Vec::new()) };
        let Self { store, config, catalog, jobs, monitor, .. } = self;
        let kept = format!(
            "stopped; what is in `{}` is kept: make room, then resume the run",
            store.folder().display()
        );
        store.append(&Event::Started(machine::started(threads))).context(kept.clone())?;
        let (mut failures, mut failed, mut unwritable) = (Vec::new(), Vec::new(), None);
        let halt = AtomicBool::new(false);
        let is_stopped = || halt.load(Ordering::Relaxed) || monitor.is_stopped();
        jobs::run(config, data, catalog, jobs, threads, &is_stopped, |news| {
            let Some((job, news)) = news else { return (monitor.hear)(News::Tick) };
            (monitor.hear)(News::Job { job, news: &news });
            match news {
                JobNews::Round(round) if unwritable.is_none() => {
                    if let Err(error) = store.append(&Event::Round(round)) {
                        unwritable = Some(error);
                        halt.store(true, Ordering::Relaxed);
                    }
                }
                JobNews::Over(Err(why)) => {
                    failures.push(format!("{}: {why}", jobs[job].name(config)));
                    failed.push(Event::Failed(jobs[job].failed(config, why)));
                }
                _ => {}
            }
        })?;
        if let Some(error) = unwritable {
            return Err(error).context(kept);
        }
        if monitor.is_stopped() {
            let folder = store.folder().display();
            bail!(Error::Interrupted(format!("nothing recorded is lost; resume the run in `{folder}`")));
        }
        failed.iter().try_for_each(|event| store.append(event))?;
        if failures.is_empty() {
            store.append(&Event::Finished)?;
        }
        Ok(failures)
    }

    /// What the recorded rounds say, and the files that show it; [`write`](Outputs::write) writes them.
    ///
    /// # Errors
    /// A record that cannot be read.
    pub fn outputs(&mut self) -> Result<Outputs> {
        let records = [Record::read(self.store.folder(), &self.catalog)?];
        let data_dir = self.config.data_dir.as_deref();
        let (data, notes) = pictures(&records, data_dir, &mut self.data_sets, &self.catalog);
        Outputs::new(&records, "report.html", self.config.metric, &data, &notes, &self.catalog)
    }
}

/// Checks that no source of a study would read the folder of its run.
fn check_folder(folder: &Path, config: &Config) -> Result<()> {
    let mut sources = config.tasks.iter().filter_map(|task| task.own.as_ref());
    sources.try_for_each(|own| sources::check_outside(folder, &own.source))
}

/// The run in `folder`, with the settings `wanted` if they ask for more.
fn resume<'a>(
    folder: &Path,
    wanted: Option<Config>,
    data_dir: Option<PathBuf>,
    offline: bool,
    catalog: Catalog,
    mut data_sets: DataSets<'a>,
    monitor: Monitor<'a>,
) -> Result<Study<'a>> {
    let (mut store, text, events) = RunStore::open(folder)?;
    let mut config = Config::parse(&text, &folder.join("config.toml"), &catalog)?;
    check_folder(folder, &config)?;
    check_events(folder, &config, &events, &catalog)?;
    let grows = wanted.is_some();
    if let Some(wanted) = wanted {
        if let Err(why) = wanted.extends(&config) {
            bail!(Error::Setting(format!(
                "`{}` holds a run with other settings: {why}; choose another folder, or resume that run",
                folder.display()
            )));
        }
        let version = std::mem::take(&mut config.version);
        config = Config { version, ..wanted };
    } else {
        config.data_dir = data_dir.or_else(data_dir_of_environment).or(config.data_dir);
    }
    check_metric(folder, store.rounds().iter(), config.metric)?;
    let mut jobs = jobs::all(&config, store.rounds());
    jobs.retain(|job| !job.is_finished(&config));
    let is_finished = jobs.is_empty();
    let data = match is_finished {
        true => None,
        false => Some(load(&config, &mut data_sets, &catalog, offline)?),
    };
    data_sets.write_samples(&config, folder)?;
    // Only now is it sure that the new settings can run.
    if grows {
        store.set_config(&config.to_toml(&catalog)?)?;
    }
    if is_finished && events.last() != Some(&Event::Finished) {
        store.append(&Event::Finished)?;
    }
    Ok(Study { store, config, catalog, jobs, weights: Vec::new(), is_timed: false, data, data_sets, monitor })
}

/// The data of each task, cut to its pool, and checked against its net, its budget and the strategies.
fn load(
    config: &Config,
    data_sets: &mut DataSets<'_>,
    catalog: &Catalog,
    offline: bool,
) -> Result<Vec<Data>> {
    let mut all = Vec::new();
    for task in &config.tasks {
        let data = data_sets.load(config, task, catalog, offline)?.with_pool(task.pool)?;
        let net = task.net(catalog, config.device, data.train.meta());
        let net = net.map_err(|error| Error::Setting(error.to_string()))?;
        check_classes(data.train.meta(), data.test.len(), None)?;
        for name in &config.strategies {
            let needs = catalog.chooser(name)?.needs();
            check_support(net.name(), |signal| net.supports(signal), &needs)
                .with_context(|| format!("strategy `{name}`"))?;
        }
        // What of the first labels depends on the data alone.
        config.initial_set.draw(&data.train_labels, task.initial, 0).with_context(|| task.name())?;
        all.push(data);
    }
    Ok(all)
}
