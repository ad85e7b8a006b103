//! What a run shows on stderr while it goes on: bars on a terminal, plain lines elsewhere, JSON, or nothing.

use crate::cli::ProgressMode;
use crate::config::Config;
use crate::jobs::{Job, News};
use crate::words::clock;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde_json::json;
use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

pub(crate) struct Progress {
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
    /// `weights`: for each job how much work each of its rounds is.
    pub(crate) fn new(config: &Config, jobs: &[Job], weights: &[Vec<f64>], mode: ProgressMode) -> Self {
        let left = |job: &Job, weights: &[f64]| weights.iter().skip(job.done.len()).sum::<f64>();
        let state = |(job, weights): (&Job, &Vec<f64>)| {
            let (task, strategy) = (&config.tasks[job.task], &config.strategies[job.strategy]);
            State {
                dataset: task.dataset.clone(),
                net: task.net.clone(),
                strategy: strategy.clone(),
                seed: job.seed,
                name: job.name(config),
                rounds: task.rounds,
                result: String::new(),
                work: Work { all: left(job, weights), ..Work::default() },
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

    /// `weight`: how much work the round is that the news are about.
    pub(crate) fn show(&mut self, index: usize, news: &News, weight: f64) {
        let job = &mut self.jobs[index];
        match news {
            News::Step { round, step } => {
                job.work.start();
                match &mut self.view {
                    View::Bars(bars) => {
                        bars.step(index, job, &format!("round {round}/{}, {step}", job.rounds))
                    }
                    View::Json => job.json(json!({ "event": "step", "round": round, "step": step })),
                    View::Lines | View::Nothing => {}
                }
            }
            News::Round(round) => {
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
            News::Over(outcome) => {
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
    pub(crate) fn tick(&self) {
        if let View::Bars(bars) = &self.view {
            bars.total.set_position((1000.0 * self.work.done / self.work.all) as u64);
            bars.total.set_message(self.work.left());
        }
    }

    /// A line that stays.
    pub(crate) fn say(&self, line: &str) {
        if !matches!(self.view, View::Nothing) {
            self.warn(line);
        }
    }

    /// A line that stays, and is shown even if nothing else is.
    pub(crate) fn warn(&self, line: &str) {
        match &self.view {
            View::Bars(bars) => drop(bars.all.println(line)),
            View::Json => say(&json!({ "event": "message", "text": line }).to_string()),
            View::Lines | View::Nothing => say(line),
        }
    }

    pub(crate) fn end(self) {
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
        say(&about.to_string());
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
            line.set_prefix(format!("{:<1$}", job.name, self.width));
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
                job.name,
                self.width,
                job.result,
                clock(seconds)
            )));
        }
    }
}

/// Tells how far a download is: a line that is written over on a terminal, one line a file elsewhere.
pub(crate) fn download(file: &str, done: u64, total: Option<u64>) {
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    let size = total.map_or(String::new(), |total| format!(" of {:.1}", megabytes(total)));
    let (terminal, whole) = (std::io::stderr().is_terminal(), total == Some(done));
    if terminal && !whole {
        drop(write!(std::io::stderr(), "\rdownloading {file}: {:.1}{size} MB", megabytes(done)));
    } else if whole {
        let start = if terminal { "\r" } else { "" };
        say(&format!("{start}downloaded {file}: {:.1} MB       ", megabytes(done)));
    }
}

/// Counted work: a bar on a terminal once it takes long, elsewhere a line now and then.
pub(crate) struct Counter {
    what: &'static str,
    is_terminal: bool,
    started: Instant,
    /// When it was last shown; `None` before that.
    shown: Mutex<Option<Instant>>,
}

impl Counter {
    pub(crate) fn new(what: &'static str) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        Self { what, is_terminal, started: Instant::now(), shown: Mutex::default() }
    }

    pub(crate) fn show(&self, done: usize, total: usize) {
        let wait = Duration::from_millis(if self.is_terminal { 200 } else { 10_000 });
        // Another thread that shows it at the moment does for this one too.
        let Ok(mut shown) = self.shown.try_lock() else { return };
        if shown.unwrap_or(self.started).elapsed() < wait {
            return;
        }
        *shown = Some(Instant::now());
        let gone = self.started.elapsed().as_secs_f64();
        let left = gone * total.saturating_sub(done) as f64 / done.max(1) as f64;
        let (what, rate, left) = (self.what, done as f64 / gone, clock(left.ceil() as u64));
        let line = format!("{what}: {done} of {total}, {rate:.0} a second, {left} left");
        match self.is_terminal {
            true => drop(write!(std::io::stderr(), "\r{line:<78}")),
            false => say(&line),
        }
    }

    pub(crate) fn end(self) {
        if self.is_terminal && self.shown.lock().is_ok_and(|shown| shown.is_some()) {
            drop(write!(std::io::stderr(), "\r{:<78}\r", ""));
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// A line on stderr; nobody there to read it is no error.
pub(crate) fn say(line: &str) {
    drop(writeln!(std::io::stderr(), "{line}"));
}
