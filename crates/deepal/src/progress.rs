//! What a run shows on stderr while it goes on: bars on a terminal, plain lines elsewhere.

use crate::config::Config;
use crate::jobs::{Job, News};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

pub(crate) struct Progress {
    rounds: u32,
    names: Vec<String>,
    /// One line for each job on a terminal, made when it starts; `None` elsewhere.
    bars: Option<(MultiProgress, Vec<Option<ProgressBar>>, ProgressBar)>,
    started: Instant,
    work: Work,
}

/// How much is done: a round costs about as much as it has labels to train on.
struct Work {
    config: Config,
    all: f64,
    done: f64,
}

impl Work {
    fn of(config: &Config, from: usize) -> f64 {
        (from..=config.rounds as usize).map(|round| (config.initial + round * config.query) as f64).sum()
    }

    /// The time left at the pace so far.
    fn left(&self, elapsed: Duration) -> Option<Duration> {
        (self.done > 0.0).then(|| elapsed.mul_f64((self.all - self.done).max(0.0) / self.done))
    }
}

impl Progress {
    pub(crate) fn new(config: &Config, jobs: &[Job]) -> Self {
        let name = |job: &Job| format!("{}, seed {}", job.strategy, job.seed);
        let all = jobs.iter().map(|job| Work::of(config, job.done.len())).sum();
        let bars = std::io::stderr().is_terminal().then(|| {
            let bars = MultiProgress::new();
            let style = ProgressStyle::with_template("{bar:30.cyan} {percent:>3} %  {elapsed} gone, {msg}");
            let total = bars.add(
                ProgressBar::new(1000).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())),
            );
            total.enable_steady_tick(Duration::from_millis(500));
            (bars, vec![None; jobs.len()], total)
        });
        Self {
            rounds: config.rounds,
            names: jobs.iter().map(name).collect(),
            bars,
            started: Instant::now(),
            work: Work { config: config.clone(), all, done: 0.0 },
        }
    }

    pub(crate) fn show(&mut self, job: usize, news: &News) {
        match news {
            News::Step { round, step } => {
                self.job(job, format!("round {round} of {}, {step}", self.rounds), false)
            }
            News::Round(round) => {
                self.work.done += (self.work.config.initial + round.round * self.work.config.query) as f64;
                let left = self.work.left(self.started.elapsed()).map_or("?".into(), minutes);
                let labels = round.labels;
                let line = format!(
                    "round {} of {}: {labels} labels, accuracy {:.1} %",
                    round.round,
                    self.rounds,
                    100.0 * round.accuracy
                );
                match &self.bars {
                    Some((_, _, total)) => {
                        total.set_position((1000.0 * self.work.done / self.work.all) as u64);
                        total.set_message(format!("{left} left"));
                        self.job(job, line, true);
                    }
                    None => say(&format!("{}, {line}, {left} left", self.names[job])),
                }
            }
            News::Over(outcome) => {
                if let Some((bars, lines, _)) = &mut self.bars
                    && let Some(line) = lines[job].take()
                {
                    line.finish_and_clear();
                    bars.remove(&line);
                }
                if let Err(why) = outcome {
                    self.say(&format!("{} failed: {why}", self.names[job]));
                }
            }
        }
    }

    /// A line that stays.
    pub(crate) fn say(&self, line: &str) {
        match &self.bars {
            Some((bars, _, _)) => drop(bars.println(line)),
            None => say(line),
        }
    }

    pub(crate) fn end(self) {
        if let Some((bars, _, total)) = self.bars {
            total.finish_and_clear();
            drop(bars.clear());
        }
    }

    /// Puts words on a job's line; the accuracy of its last round stays until the next.
    fn job(&mut self, job: usize, words: String, is_result: bool) {
        let Some((bars, lines, total)) = &mut self.bars else { return };
        let name = &self.names[job];
        let line = lines[job].get_or_insert_with(|| {
            let style = ProgressStyle::with_template("{spinner} {prefix:<28} {msg}");
            let line = bars.insert_before(total, ProgressBar::new_spinner());
            line.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            line.set_prefix(name.clone());
            line.enable_steady_tick(Duration::from_millis(200));
            line
        });
        let shown = line.message();
        let result = shown.split(" | ").next().filter(|part| part.contains("accuracy")).map(str::to_owned);
        line.set_message(match result.filter(|_| !is_result) {
            Some(result) => format!("{result} | {words}"),
            None => words,
        });
    }
}

fn minutes(time: Duration) -> String {
    format!("{}:{:02}", time.as_secs() / 60, time.as_secs() % 60)
}

/// A line on stderr; nobody there to read it is no error.
fn say(line: &str) {
    drop(writeln!(std::io::stderr(), "{line}"));
}
