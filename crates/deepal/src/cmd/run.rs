//! `deepal run`: a simulated experiment, its run folder, its table and its curves.

use crate::analysis::{self, Analysis};
use crate::cli::RunArgs;
use crate::config::{Config, data_dir};
use crate::exit::{Interrupted, Usage};
use crate::jobs::{self, Job, News};
use crate::progress::{self, Progress};
use crate::{curves, exit};
use anyhow::{Context, anyhow, bail};
use deepal::{Ask, Data, Source, datasets, nets, strategy};
use deepal_data::run_store::{Event, RunStore};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Set by Ctrl+C, or when nothing can be recorded any more.
static STOP: AtomicBool = AtomicBool::new(false);

pub(crate) fn run(args: RunArgs) -> anyhow::Result<()> {
    let Run { mut store, config, jobs, data } = open(&args)?;
    let failures = match data {
        None => Vec::new(),
        Some(data) => simulate(&config, &data, &jobs, threads(&args), &mut store)?,
    };
    let analysis = Analysis::new(store.rounds(), &config.strategies);
    let folder = store.folder().display();
    let files = "results.csv, summary.csv, summary.json, curves.svg, config.toml, events.jsonl";
    super::print(&format!("{}\nin {folder}: {files}\n", analysis::text(&analysis)))?;
    derive(&store, &analysis)
        .with_context(|| format!("the run is recorded; `--resume {folder}` makes what is missing"))?;
    match failures.first() {
        Some(first) => Err(anyhow!("{} failed, the first: {first}", count(failures.len(), "job", "jobs"))),
        None => Ok(()),
    }
}

/// Writes the files that follow from the rounds.
fn derive(store: &RunStore, analysis: &Analysis) -> anyhow::Result<()> {
    if let Some(task) = analysis.tasks.first() {
        store.write_file("curves.svg", curves::svg(task, &task.name()).as_bytes())?;
    }
    store.write_file("summary.csv", &analysis::csv(analysis))?;
    Ok(store.write_file("summary.json", &analysis.json()?)?)
}

/// Everything a run needs, read and checked before it starts.
struct Run {
    store: RunStore,
    config: Config,
    jobs: Vec<Job>,
    /// `None` if nothing is left to do.
    data: Option<Data>,
}

/// A new run folder, or the one to go on with. Data that cannot be had leaves no empty folder behind.
fn open(args: &RunArgs) -> anyhow::Result<Run> {
    let Some(folder) = &args.resume else {
        let config = Config::resolve(args)?;
        let data = load(&config, args.offline)?;
        let folder = args.out.clone().unwrap_or_else(|| next_free(&config.dataset));
        let store = RunStore::create(&folder, &config.to_toml()?)?;
        let jobs = jobs::all(&config, store.rounds());
        return Ok(Run { store, config, jobs, data: Some(data) });
    };
    let (mut store, text, events) = RunStore::open(folder)?;
    let mut config = Config::parse(&text, &folder.join("config.toml"))?;
    config.data_dir = data_dir(args).or(config.data_dir);
    let jobs = jobs::all(&config, store.rounds());
    let finished = jobs.iter().all(|job| job.done.len() > config.rounds as usize);
    if finished && !events.contains(&Event::Finished) {
        store.append(&Event::Finished)?;
    }
    let data = if finished { None } else { Some(load(&config, args.offline)?) };
    Ok(Run { store, config, jobs, data })
}

fn threads(args: &RunArgs) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    args.threads.map_or_else(cores, usize::from)
}

/// Runs what is missing and records each round; returns the failures in words.
fn simulate(
    config: &Config,
    data: &Data,
    jobs: &[Job],
    threads: usize,
    store: &mut RunStore,
) -> anyhow::Result<Vec<String>> {
    stop_on_ctrl_c(store.folder())?;
    let mut progress = Progress::new(config, jobs);
    if let Some(warning) = config.warning() {
        progress.say(&format!("warning: {warning}"));
    }
    progress.say(&format!(
        "{} with {}: {}, {}, {} to {} labels; recording in {}",
        config.dataset,
        config.net,
        count(config.strategies.len(), "strategy", "strategies"),
        count(config.seeds.len(), "seed", "seeds"),
        config.initial,
        config.budget().labels(),
        store.folder().display()
    ));
    let (mut failures, mut unwritable) = (Vec::new(), None);
    let mut stopping = false;
    jobs::run(config, data, jobs, threads, &STOP, |news| {
        if STOP.load(Ordering::Relaxed) && !std::mem::replace(&mut stopping, true) {
            progress.say("stopping after the present step; Ctrl+C again stops now");
        }
        let Some((job, news)) = news else { return progress.tick() };
        progress.show(job, &news);
        match news {
            News::Round(round) if unwritable.is_none() => {
                if let Err(error) = store.append(&Event::Round(round)) {
                    unwritable = Some(error);
                    STOP.store(true, Ordering::Relaxed);
                }
            }
            News::Over(Err(why)) => {
                failures.push(format!("{} with seed {}: {why}", jobs[job].strategy, jobs[job].seed))
            }
            _ => {}
        }
    })?;
    progress.end();
    let folder = store.folder().display();
    if let Some(error) = unwritable {
        return Err(error)
            .context(format!("stopped; what is in `{folder}` is kept: make room, then `--resume {folder}`"));
    }
    if STOP.load(Ordering::Relaxed) {
        bail!(Interrupted(format!("nothing recorded is lost; go on with `deepal run --resume {folder}`")));
    }
    if failures.is_empty() {
        store.append(&Event::Finished)?;
    }
    Ok(failures)
}

/// The data set, cut to its pool, and checked against the net and the budget.
fn load(config: &Config, offline: bool) -> anyhow::Result<Data> {
    let source = Source {
        data_dir: config.data_dir.clone(),
        offline,
        progress: &progress::download,
        ..Source::default()
    };
    let data = (datasets::by_name(&config.dataset)?.load)(&source)?.with_pool(config.pool)?;
    let net = nets::by_name(&config.net)?.build(data.train.meta(), config.training);
    let net = net.map_err(|error| Usage(error.to_string()))?;
    for name in &config.strategies {
        let needs = (strategy::by_name(name)?.build)().needs();
        let ask = Ask { signals: &needs, unlabeled: &[], labeled: &[], seed: 0 };
        ask.check(net.as_ref()).with_context(|| format!("strategy `{name}`"))?;
    }
    Ok(data)
}

fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// `runs/001-fashion-mini`, or the next number that is free.
fn next_free(dataset: &str) -> PathBuf {
    let taken = |number: &str| {
        let entries = std::fs::read_dir("runs").into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name()).any(|name| name.to_string_lossy().starts_with(number))
    };
    let number = (1..).map(|n| format!("{n:03}-")).find(|number| !taken(number)).unwrap_or_default();
    Path::new("runs").join(number + dataset)
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
