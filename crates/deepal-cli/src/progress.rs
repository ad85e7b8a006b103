//! What is shown on stderr during long work: bars on a terminal, plain lines elsewhere, JSON, or nothing.

use crate::interrupt::STOP;
use clap::ValueEnum;
use deepal::text::{clock, harmless, harmless_json};
use deepal::{Job, JobNews, News, Study};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde_json::json;
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressMode {
    /// Bars on a terminal, plain lines elsewhere
    Auto,
    /// One JSON object a line
    Json,
    /// Nothing but warnings and errors
    None,
}

/// The terminal, or whatever is in its place, which hears of all work.
pub(crate) struct Terminal {
    mode: ProgressMode,
    run: Mutex<Option<Progress>>,
    counter: Mutex<Counter>,
    is_stopping: AtomicBool,
}

impl Terminal {
    pub(crate) fn new(mode: ProgressMode) -> Self {
        Self { mode, run: Mutex::default(), counter: Mutex::default(), is_stopping: AtomicBool::new(false) }
    }

    pub(crate) fn hear(&self, news: &News<'_>) {
        match news {
            News::Note(text) => say(text),
            News::Warning(text) => say(&format!("warning: {text}")),
            News::Progress { what, done, total } => {
                // Another thread that shows it at the moment does for this one too.
                if let Ok(mut counter) = self.counter.try_lock() {
                    counter.show(what, *done, *total);
                }
            }
            News::Download { file, done, total } => download(file, *done, *total),
            News::Job { job, news } => {
                self.with(|run| run.show(*job, news));
                self.say_stopping();
            }
            News::Tick => {
                self.with(|run| run.tick());
                self.say_stopping();
            }
        }
    }

    /// From now on the jobs of a study are shown.
    pub(crate) fn begin(&self, study: &Study<'_>) {
        *lock(&self.run) = Some(Progress::new(study, self.mode));
    }

    pub(crate) fn end(&self) {
        if let Some(run) = lock(&self.run).take() {
            run.end();
        }
    }

    /// A line that stays.
    pub(crate) fn note(&self, line: &str) {
        self.with(|run| run.say(line));
    }

    /// A line that stays, and is shown even if nothing else is.
    pub(crate) fn warn(&self, line: &str) {
        self.with(|run| run.warn(line));
    }

    /// A line before a study begins.
    pub(crate) fn say_unless_json(&self, line: &str) {
        if self.mode == ProgressMode::Auto {
            say(line);
        }
    }

    fn with(&self, show: impl FnOnce(&mut Progress)) {
        if let Some(run) = lock(&self.run).as_mut() {
            show(run);
        }
    }

    /// Once after the first Ctrl+C.
    fn say_stopping(&self) {
        if STOP.load(Ordering::Relaxed) && !self.is_stopping.swap(true, Ordering::Relaxed) {
            self.note("stopping after the present step; Ctrl+C again stops now");
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Progress {
    view: View,
    jobs: Vec<State>,
    work: Work,
}

enum View {
    Bars(Bars),
    Lines,
    Json,
    Nothing,
}

struct Bars {
    all: MultiProgress,
    /// The last line: how much of everything is done.
    total: ProgressBar,
    /// A line for each job while it runs.
    jobs: Vec<Option<ProgressBar>>,
    /// The width of the longest name.
    width: usize,
}

/// How far a job is.
struct State {
    dataset: String,
    net: String,
    strategy: String,
    seed: u64,
    /// The same in words.
    name: String,
    /// The last round.
    rounds: u32,
    /// How much work each of its rounds is.
    weights: Vec<f64>,
    /// What the last finished round gave.
    result: String,
    work: Work,
}

/// Work in any unit, such as seconds reckoned beforehand: what is left takes its share of the time gone.
#[derive(Debug, Clone, Default)]
struct Work {
    all: f64,
    done: f64,
    started: Option<Instant>,
    /// When the last piece was done, and how long we thought then that the rest would take.
    estimate: Option<(Instant, Duration)>,
}

impl Work {
    fn start(&mut self) {
        self.started.get_or_insert_with(Instant::now);
    }

    fn finish(&mut self, piece: f64) {
        self.done += piece;
        let gone = self.started.map_or(Duration::ZERO, |started| started.elapsed());
        let left = gone.mul_f64(((self.all - self.done) / self.done).clamp(0.0, 1e6));
        self.estimate = Some((Instant::now(), left));
    }

    fn seconds_left(&self) -> Option<u64> {
        self.estimate.map(|(at, left)| left.saturating_sub(at.elapsed()).as_secs())
    }

    fn left(&self) -> String {
        match self.seconds_left() {
            None => "estimating the time".into(),
            Some(seconds) => format!("{} left", clock(seconds)),
        }
    }
}

impl Progress {
    fn new(study: &Study<'_>, mode: ProgressMode) -> Self {
        let config = study.config();
        let (jobs, weights) = (study.jobs(), study.weights());
        let state = |(job, weights): (&Job, &Vec<f64>)| {
            let (task, strategy) = (&config.tasks[job.task], &config.strategies[job.strategy]);
            let left = weights.iter().skip(job.done.len()).sum::<f64>();
            State {
                dataset: task.dataset.clone(),
                net: task.net.clone(),
                strategy: strategy.clone(),
                seed: job.seed,
                name: job.name(config),
                rounds: task.rounds,
                weights: weights.clone(),
                result: String::new(),
                work: Work { all: left, ..Work::default() },
            }
        };
        let jobs = jobs.iter().zip(weights).map(state).collect::<Vec<_>>();
        let all = jobs.iter().map(|job| job.work.all).sum();
        let view = match mode {
            ProgressMode::Json => View::Json,
            ProgressMode::None => View::Nothing,
            ProgressMode::Auto => Bars::new(&jobs).map_or(View::Lines, View::Bars),
        };
        Self { view, jobs, work: Work { all, started: Some(Instant::now()), ..Work::default() } }
    }

    fn show(&mut self, index: usize, news: &JobNews) {
        let job = &mut self.jobs[index];
        match news {
            JobNews::Step { round, step } => {
                job.work.start();
                match &mut self.view {
                    View::Bars(bars) => {
                        bars.step(index, job, &format!("round {round}/{}, {step}", job.rounds))
                    }
                    View::Json => job.json(json!({ "event": "step", "round": round, "step": step })),
                    View::Lines | View::Nothing => {}
                }
            }
            JobNews::Round(round) => {
                let weight = job.weights.get(round.round).copied().unwrap_or_default();
                job.work.finish(weight);
                self.work.finish(weight);
                let (labels, accuracy) = (round.labels, 100.0 * round.accuracy);
                job.result = format!("{labels} labels {accuracy:.1} %");
                let left = self.work.left();
                match &self.view {
                    View::Lines => say(&format!(
                        "{}, round {} of {}: {labels} labels, accuracy {accuracy:.1} %, {left}",
                        job.name, round.round, job.rounds,
                    )),
                    View::Json => job.json(json!({
                        "event": "round", "round": round.round, "rounds": job.rounds, "labels": labels,
                        "accuracy": round.accuracy, "seconds_left": self.work.seconds_left(),
                    })),
                    View::Bars(_) | View::Nothing => {}
                }
                self.tick();
            }
            JobNews::Over(outcome) => {
                if let View::Bars(bars) = &mut self.view {
                    bars.remove(index, job);
                }
                if outcome.is_err() {
                    // What a failed job leaves undone is no work any more.
                    self.work.all -= job.work.all - job.work.done;
                }
                if let View::Json = self.view {
                    job.json(json!({ "event": "over", "error": outcome.as_ref().err() }));
                } else if let Err(why) = outcome {
                    let line = format!("{} failed: {why}", job.name);
                    self.warn(&line);
                }
            }
        }
    }

    /// Lets the time left go on.
    fn tick(&self) {
        if let View::Bars(bars) = &self.view {
            bars.total.set_position((1000.0 * self.work.done / self.work.all) as u64);
            bars.total.set_message(self.work.left());
        }
    }

    /// A line that stays.
    fn say(&self, line: &str) {
        if !matches!(self.view, View::Nothing) {
            self.warn(line);
        }
    }

    /// A line that stays, and is shown even if nothing else is.
    fn warn(&self, line: &str) {
        match &self.view {
            View::Bars(bars) => drop(bars.all.println(harmless(line))),
            View::Json => say_json(&json!({ "event": "message", "text": line })),
            View::Lines | View::Nothing => say(line),
        }
    }

    fn end(self) {
        if let View::Bars(bars) = self.view {
            bars.total.finish_and_clear();
            drop(bars.all.clear());
        }
    }
}

impl State {
    /// A line of JSON about the job.
    fn json(&self, mut about: serde_json::Value) {
        let job =
            json!({ "dataset": self.dataset, "net": self.net, "strategy": self.strategy, "seed": self.seed });
        if let (Some(about), serde_json::Value::Object(job)) = (about.as_object_mut(), job) {
            about.extend(job);
        }
        say_json(&about);
    }
}

impl Bars {
    fn new(jobs: &[State]) -> Option<Self> {
        let all = MultiProgress::new();
        if !std::io::stderr().is_terminal() || all.is_hidden() {
            return None;
        }
        let total = all.add(
            ProgressBar::new(1000).with_style(style("{bar:30.cyan} {percent:>3} %, {elapsed} gone, {msg}")),
        );
        let width = jobs.iter().map(|job| job.name.chars().count()).max().unwrap_or(0);
        Some(Self { all, total, jobs: vec![None; jobs.len()], width })
    }

    fn step(&mut self, index: usize, job: &State, step: &str) {
        let line = self.jobs[index].get_or_insert_with(|| {
            let line = self.all.insert_before(&self.total, ProgressBar::new(1000));
            line.set_style(style("{prefix}  {bar:12.cyan} {wide_msg}"));
            line.set_prefix(format!("{:<1$}", harmless(&job.name), self.width));
            line
        });
        line.set_position((1000.0 * job.work.done / job.work.all) as u64);
        let mut parts = vec![step.to_owned()];
        if !job.result.is_empty() {
            parts = vec![job.result.clone(), job.work.left(), parts.remove(0)];
        }
        line.set_message(parts.join(", "));
    }

    /// Takes a job's line away and leaves its last result above the lines.
    fn remove(&mut self, index: usize, job: &State) {
        let Some(line) = self.jobs[index].take() else { return };
        line.finish_and_clear();
        self.all.remove(&line);
        if job.work.done >= job.work.all {
            let seconds = job.work.started.map_or(0, |started| started.elapsed().as_secs());
            drop(self.all.println(format!(
                "{:<1$}  {2} in {3}",
                harmless(&job.name),
                self.width,
                job.result,
                clock(seconds)
            )));
        }
    }
}

/// Tells how far a download is: a line that is written over on a terminal, one line a file elsewhere.
fn download(file: &str, done: u64, total: Option<u64>) {
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    let size = total.map_or(String::new(), |total| format!(" of {:.1}", megabytes(total)));
    let (terminal, whole) = (std::io::stderr().is_terminal(), total == Some(done));
    if terminal && !whole {
        drop(write!(std::io::stderr(), "\rdownloading {file}: {:.1}{size} MB", megabytes(done)));
    } else if whole {
        if terminal {
            drop(write!(std::io::stderr(), "\r"));
        }
        say(&format!("downloaded {file}: {:.1} MB       ", megabytes(done)));
    }
}

/// Counted work: a line on a terminal once it takes long, elsewhere a line now and then.
#[derive(Default)]
struct Counter {
    what: &'static str,
    started: Option<Instant>,
    /// When it was last shown.
    shown: Option<Instant>,
}

impl Counter {
    fn show(&mut self, what: &'static str, done: usize, total: usize) {
        let is_terminal = std::io::stderr().is_terminal();
        if self.what != what || self.started.is_none() {
            *self = Self { what, started: Some(Instant::now()), shown: None };
        }
        let Some(started) = self.started else { return };
        if done >= total {
            if is_terminal && self.shown.is_some() {
                drop(write!(std::io::stderr(), "\r{:<78}\r", ""));
            }
            *self = Self::default();
            return;
        }
        let wait = Duration::from_millis(if is_terminal { 200 } else { 10_000 });
        if self.shown.unwrap_or(started).elapsed() < wait {
            return;
        }
        self.shown = Some(Instant::now());
        let gone = started.elapsed().as_secs_f64();
        let left = gone * total.saturating_sub(done) as f64 / done.max(1) as f64;
        let (rate, left) = (done as f64 / gone, clock(left.ceil() as u64));
        let line = format!("{what}: {done} of {total}, {rate:.0} a second, {left} left");
        match is_terminal {
            true => drop(write!(std::io::stderr(), "\r{line:<78}")),
            false => say(&line),
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// A line for people on stderr; nobody there to read it is no error.
pub(crate) fn say(line: &str) {
    drop(writeln!(std::io::stderr(), "{}", harmless(line)));
}

/// A line for programs on stderr.
fn say_json(line: &serde_json::Value) {
    drop(writeln!(std::io::stderr(), "{}", harmless_json(&line.to_string())));
}
