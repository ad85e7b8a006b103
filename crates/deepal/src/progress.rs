//! What a run shows on stderr while it goes on: bars on a terminal, plain lines elsewhere.

use crate::config::Config;
use crate::jobs::{Job, News};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

pub(crate) struct Progress {
    rounds: u32,
    names: Vec<String>,
    /// `None` where bars cannot be shown.
    bars: Option<Bars>,
    work: Work,
}

struct Bars {
    all: MultiProgress,
    /// The last line: how much of everything is done.
    total: ProgressBar,
    /// A line for each job while it runs.
    jobs: Vec<Option<ProgressBar>>,
    /// What the last finished round of each job gave.
    results: Vec<String>,
}

/// How much is done: a round costs about as much as it has labels to train on.
struct Work {
    config: Config,
    all: f64,
    done: f64,
    started: Instant,
    /// When a round was last finished, and how long we thought then that the rest would take.
    estimate: Option<(Instant, Duration)>,
}

impl Work {
    fn of(config: &Config, round: usize) -> f64 {
        (config.initial + round * config.query) as f64
    }

    fn finish(&mut self, round: usize) {
        self.done += Self::of(&self.config, round);
        let left = self.started.elapsed().mul_f64((self.all - self.done).max(0.0) / self.done);
        self.estimate = Some((Instant::now(), left));
    }

    /// The time left at the pace so far, as minutes and seconds.
    fn left(&self) -> String {
        let Some((at, left)) = self.estimate else { return "estimating the time".into() };
        let seconds = left.saturating_sub(at.elapsed()).as_secs();
        format!("{}:{:02} left", seconds / 60, seconds % 60)
    }
}

impl Progress {
    pub(crate) fn new(config: &Config, jobs: &[Job]) -> Self {
        let rounds = |job: &Job| job.done.len()..=config.rounds as usize;
        let all = jobs.iter().flat_map(rounds).map(|round| Work::of(config, round)).sum();
        Self {
            rounds: config.rounds,
            names: jobs.iter().map(|job| format!("{}, seed {}", job.strategy, job.seed)).collect(),
            bars: Bars::new(jobs.len()),
            work: Work { config: config.clone(), all, done: 0.0, started: Instant::now(), estimate: None },
        }
    }

    pub(crate) fn show(&mut self, job: usize, news: &News) {
        let name = &self.names[job];
        match news {
            News::Step { round, step } => {
                if let Some(bars) = &mut self.bars {
                    let width = self.names.iter().map(String::len).max().unwrap_or(0);
                    let step = format!("round {round}/{}, {step}", self.rounds);
                    bars.job(job, &format!("{name:<width$}"), &step);
                }
            }
            News::Round(round) => {
                self.work.finish(round.round);
                let labels = round.labels;
                let accuracy = 100.0 * round.accuracy;
                match &mut self.bars {
                    Some(bars) => bars.results[job] = format!("{labels} labels {accuracy:.1} %"),
                    None => say(&format!(
                        "{name}, round {} of {}: {labels} labels, accuracy {accuracy:.1} %, {}",
                        round.round,
                        self.rounds,
                        self.work.left()
                    )),
                }
                self.tick();
            }
            News::Over(outcome) => {
                if let Some(bars) = &mut self.bars
                    && let Some(line) = bars.jobs[job].take()
                {
                    line.finish_and_clear();
                    bars.all.remove(&line);
                }
                if let Err(why) = outcome {
                    self.say(&format!("{name} failed: {why}"));
                }
            }
        }
    }

    /// Lets the time left go on.
    pub(crate) fn tick(&self) {
        if let Some(bars) = &self.bars {
            bars.total.set_position((1000.0 * self.work.done / self.work.all) as u64);
            bars.total.set_message(self.work.left());
        }
    }

    /// A line that stays.
    pub(crate) fn say(&self, line: &str) {
        match &self.bars {
            Some(bars) => drop(bars.all.println(line)),
            None => say(line),
        }
    }

    pub(crate) fn end(self) {
        if let Some(bars) = self.bars {
            bars.total.finish_and_clear();
            drop(bars.all.clear());
        }
    }
}

impl Bars {
    fn new(jobs: usize) -> Option<Self> {
        let all = MultiProgress::new();
        if !std::io::stderr().is_terminal() || all.is_hidden() {
            return None;
        }
        let total = all.add(
            ProgressBar::new(1000).with_style(style("{bar:30.cyan} {percent:>3} %, {elapsed} gone, {msg}")),
        );
        Some(Self { all, total, jobs: vec![None; jobs], results: vec![String::new(); jobs] })
    }

    fn job(&mut self, job: usize, name: &str, step: &str) {
        let line = self.jobs[job].get_or_insert_with(|| {
            let line = self.all.insert_before(&self.total, ProgressBar::new_spinner());
            line.set_style(style("{spinner} {prefix}  {wide_msg}"));
            line.set_prefix(name.to_owned());
            line.enable_steady_tick(Duration::from_millis(200));
            line
        });
        let result = &self.results[job];
        line.set_message(if result.is_empty() { step.to_owned() } else { format!("{result}; {step}") });
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

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// A line on stderr; nobody there to read it is no error.
fn say(line: &str) {
    drop(writeln!(std::io::stderr(), "{line}"));
}
