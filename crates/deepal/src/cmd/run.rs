//! `deepal run`: simulated experiments, their run folder, and what they show.

use crate::cli::{GridArgs, ProgressMode, RunArgs};
use crate::config::{Config, data_dir};
use crate::data_sets::DataSets;
use crate::exit::{Interrupted, Usage};
use crate::jobs::{self, Job, News};
use crate::outputs::{self, Outputs, Record};
use crate::progress::{self, Progress};
use crate::words::{self, count};
use crate::{analysis, exit, machine};
use anyhow::{Context, anyhow, bail};
use deepal::{Ask, Data, strategy};
use deepal_data::run_store::{Event, RunStore};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// What a round is reckoned with where nothing was measured.
const SECONDS_A_LABEL: f64 = 0.001;

/// Set by Ctrl+C, or when nothing can be recorded any more.
static STOP: AtomicBool = AtomicBool::new(false);

pub(crate) fn run(args: RunArgs) -> anyhow::Result<()> {
    let Run { mut store, config, jobs, data, mut data_sets } = open(&args)?;
    let failures = match data {
        None => Vec::new(),
        Some(data) => simulate(&config, &data, jobs, &args, &mut store)?,
    };
    let folder = store.folder();
    show(&config, &mut data_sets, folder, args.tensorboard.as_deref()).with_context(|| {
        format!("the run is recorded; `deepal run --resume {}` makes what is missing", folder.display())
    })?;
    match failures.first() {
        Some(first) => Err(anyhow!("{} failed, the first: {first}", count(failures.len(), "job", "jobs"))),
        None => Ok(()),
    }
}

/// Prints what the run shows and makes the files of it.
fn show(
    config: &Config,
    data_sets: &mut DataSets,
    folder: &Path,
    tensorboard: Option<&Path>,
) -> anyhow::Result<()> {
    let records = [Record::read(folder)?];
    let (data, notes) = super::report::pictures(&records, config.data_dir.as_deref(), data_sets);
    let outputs = Outputs::new(&records, "report.html", &data, &notes)?;
    let files = "report.html, figures/, summary.csv, results.csv and more";
    super::print(&format!("{}\nin {}: {files}\n", analysis::text(&outputs.analysis), folder.display()))?;
    outputs.write(folder)?;
    tensorboard.map_or(Ok(()), |folder| outputs::tensorboard(folder, &outputs.rounds))
}

/// Everything a run needs, read and checked before it starts.
struct Run {
    store: RunStore,
    config: Config,
    /// What is left to do.
    jobs: Vec<Job>,
    /// For each task; `None` if nothing is left to do.
    data: Option<Vec<Data>>,
    data_sets: DataSets,
}

/// A new run folder, or the one to go on with. Data that cannot be had leaves no empty folder behind.
fn open(args: &RunArgs) -> anyhow::Result<Run> {
    let mut data_sets = DataSets::default();
    let Some(folder) = &args.resume else {
        let config = Config::resolve(&args.grid, &mut data_sets)?;
        let folder = args.out.clone().unwrap_or_else(|| default_folder(args, &config));
        if RunStore::exists(&folder) {
            return go_on(&folder, &args.grid, Some(config), data_sets);
        }
        let data = load(&config, &mut data_sets, args.grid.offline)?;
        let store = RunStore::create(&folder, &config.to_toml()?)?;
        data_sets.write_samples(&config, &folder)?;
        let jobs = jobs::all(&config, &[]);
        return Ok(Run { store, config, jobs, data: Some(data), data_sets });
    };
    go_on(folder, &args.grid, None, data_sets)
}

/// The run in `folder`, with the settings `wanted` if they ask for more.
fn go_on(
    folder: &Path,
    args: &GridArgs,
    wanted: Option<Config>,
    mut data_sets: DataSets,
) -> anyhow::Result<Run> {
    let (mut store, text, events) = RunStore::open(folder)?;
    let mut config = Config::parse(&text, &folder.join("config.toml"))?;
    let grows = wanted.is_some();
    if let Some(wanted) = wanted {
        if let Err(why) = wanted.extends(&config) {
            bail!(Usage(format!(
                "`{0}` holds a run with other settings: {why}; choose another folder with `--out`, or go on with that run \
                 by `--resume {0}`",
                folder.display()
            )));
        }
        let version = std::mem::take(&mut config.version);
        config = Config { version, ..wanted };
    } else {
        config.data_dir = data_dir(args.data_dir.as_deref()).or(config.data_dir);
    }
    let mut jobs = jobs::all(&config, store.rounds());
    jobs.retain(|job| !job.is_finished(&config));
    let is_finished = jobs.is_empty();
    let data = if is_finished { None } else { Some(load(&config, &mut data_sets, args.offline)?) };
    data_sets.write_samples(&config, folder)?;
    // Only now is it sure that the new settings can run.
    if grows {
        store.set_config(&config.to_toml()?)?;
    }
    if is_finished && events.last() != Some(&Event::Finished) {
        store.append(&Event::Finished)?;
    }
    Ok(Run { store, config, jobs, data, data_sets })
}

pub(super) fn threads(args: &GridArgs) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    args.threads.map_or_else(cores, usize::from)
}

/// What strategies would like to know of nets that do not say it.
fn missing_wants(config: &Config, data: &[Data]) -> anyhow::Result<Vec<String>> {
    let mut notes = Vec::new();
    for (task, data) in config.tasks.iter().zip(data) {
        let net = task.net(data.train.meta())?;
        for name in &config.strategies {
            let wants = (strategy::by_name(name)?.build)().wants();
            let missing = wants.into_iter().filter(|signal| !net.supports(*signal));
            notes.extend(
                missing.map(|signal| words::without(name, signal, &format!("`{}` does not give", task.net))),
            );
        }
    }
    notes.dedup();
    Ok(notes)
}

/// Runs what is missing and records each round; returns the failures in words.
fn simulate(
    config: &Config,
    data: &[Data],
    mut jobs: Vec<Job>,
    args: &RunArgs,
    store: &mut RunStore,
) -> anyhow::Result<Vec<String>> {
    stop_on_ctrl_c(store.folder())?;
    let threads = threads(&args.grid);
    if config.tasks.len() > 1 && args.progress == ProgressMode::Auto {
        progress::say("timing pieces of the work, to begin with the longest jobs");
    }
    let weights = order(config, data, &mut jobs, threads);
    let mut progress = Progress::new(config, &jobs, &weights, args.progress);
    config.warnings().iter().for_each(|warning| progress.warn(&format!("warning: {warning}")));
    missing_wants(config, data)?.iter().for_each(|note| progress.say(note));
    progress.say(&format!(
        "{}: {}, {}; {} to do on {}; recording in {}",
        config.title(),
        count(config.strategies.len(), "strategy", "strategies"),
        count(config.seeds.len(), "seed", "seeds"),
        count(jobs.len(), "job", "jobs"),
        count(threads, "thread", "threads"),
        store.folder().display()
    ));
    let kept = {
        let folder = store.folder().display();
        format!("stopped; what is in `{folder}` is kept: make room, then `--resume {folder}`")
    };
    store.append(&Event::Started(machine::started(threads))).context(kept.clone())?;
    let (mut failures, mut failed, mut unwritable) = (Vec::new(), Vec::new(), None);
    let mut stopping = false;
    jobs::run(config, data, &jobs, threads, &STOP, |news| {
        if STOP.load(Ordering::Relaxed) && !std::mem::replace(&mut stopping, true) {
            progress.say("stopping after the present step; Ctrl+C again stops now");
        }
        let Some((job, news)) = news else { return progress.tick() };
        let round = if let News::Round(round) = &news { round.round } else { 0 };
        progress.show(job, &news, weights[job][round]);
        match news {
            News::Round(round) if unwritable.is_none() => {
                if let Err(error) = store.append(&Event::Round(round)) {
                    unwritable = Some(error);
                    STOP.store(true, Ordering::Relaxed);
                }
            }
            News::Over(Err(why)) => {
                failures.push(format!("{}: {why}", jobs[job].name(config)));
                failed.push(Event::Failed(jobs[job].failed(config, why)));
            }
            _ => {}
        }
    })?;
    progress.end();
    if let Some(error) = unwritable {
        return Err(error).context(kept);
    }
    let folder = store.folder().display();
    if STOP.load(Ordering::Relaxed) {
        bail!(Interrupted(format!("nothing recorded is lost; go on with `deepal run --resume {folder}`")));
    }
    failed.iter().try_for_each(|event| store.append(event))?;
    if failures.is_empty() {
        store.append(&Event::Finished)?;
    }
    Ok(failures)
}

/// Puts the most expensive jobs first, so that none is left alone at the end, and gives the work of each round of each
/// job, in seconds. It is measured if the order matters. What cannot be measured is no reason to stop: its own job will
/// say why.
fn order(config: &Config, data: &[Data], jobs: &mut [Job], threads: usize) -> Vec<Vec<f64>> {
    let costs = match jobs.len() > threads {
        true => jobs::measure(config, data, threads, jobs.len()).unwrap_or_default(),
        false => Vec::new(),
    };
    let weights = |job: &Job| {
        let task = &config.tasks[job.task];
        let weight = |round| match costs.get(job.task) {
            Some(Ok(costs)) => costs.round(task, job.strategy, round),
            _ => SECONDS_A_LABEL * (task.initial + round * task.query) as f64,
        };
        (0..=task.rounds as usize).map(weight).collect::<Vec<_>>()
    };
    let left = |job: &Job| weights(job).iter().skip(job.done.len()).sum::<f64>();
    jobs.sort_by(|a, b| left(b).total_cmp(&left(a)));
    jobs.iter().map(weights).collect()
}

/// The data of each task, cut to its pool, and checked against its net, its budget and the strategies.
pub(super) fn load(config: &Config, data_sets: &mut DataSets, offline: bool) -> anyhow::Result<Vec<Data>> {
    let mut all = Vec::new();
    for task in &config.tasks {
        let data = data_sets.load(config, task, offline)?.with_pool(task.pool)?;
        let net = task.net(data.train.meta()).map_err(|error| Usage(error.to_string()))?;
        for name in &config.strategies {
            let needs = (strategy::by_name(name)?.build)().needs();
            let ask = Ask { signals: &needs, unlabeled: &[], labeled: &[], seed: 0 };
            ask.check(net.as_ref()).with_context(|| format!("strategy `{name}`"))?;
        }
        // What of the first labels depends on the data alone.
        config.initial_set.draw(&data.train_labels, task.initial, 0).with_context(|| task.name())?;
        all.push(data);
    }
    Ok(all)
}

/// `runs/quick` of `--config experiments/quick.toml`, so that the same command goes on with it; else, and of the `config.toml`
/// of a run, `runs/001-fashion-mini`, or the next number that is free.
fn default_folder(args: &RunArgs, config: &Config) -> PathBuf {
    let runs = Path::new("runs");
    let file = args.grid.config.as_deref().and_then(Path::file_stem);
    if let Some(name) = file.filter(|name| *name != "config") {
        return runs.join(name);
    }
    let taken = |number: &str| {
        let entries = std::fs::read_dir(runs).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name()).any(|name| name.to_string_lossy().starts_with(number))
    };
    let number = (1..).map(|n| format!("{n:03}-")).find(|number| !taken(number)).unwrap_or_default();
    runs.join(number + &config.tasks[0].dataset)
}

/// The first Ctrl+C (or request to terminate) ends the run after the present step, the second at once; what is recorded is
/// on disk either way.
fn stop_on_ctrl_c(folder: &Path) -> anyhow::Result<()> {
    let folder = folder.display().to_string();
    ctrlc::set_handler(move || {
        if STOP.swap(true, Ordering::Relaxed) {
            drop(writeln!(std::io::stderr(), "\nstopped; go on with `deepal run --resume {folder}`"));
            #[expect(clippy::exit, reason = "the user asked twice, and every finished round is on disk")]
            std::process::exit(i32::from(exit::INTERRUPTED));
        }
    })
    .context("cannot listen for Ctrl+C")
}
