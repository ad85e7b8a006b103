//! What is shown on stderr during long work: bars or a line on a terminal, plain lines elsewhere, JSON, or nothing.

use crate::interrupt::STOP;
use crate::line::Line;
use crate::say::{clear, is_terminal, say, say_json, show};
use crate::work::Work;
use clap::ValueEnum;
use deepal::text::{clock, folded, harmless};
use deepal::{Job, JobNews, News, Study};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often the line at the bottom of a terminal is written again.
const BEAT: Duration = Duration::from_millis(200);
/// Columns for the name of a job.
const NAME: usize = 40;
/// Columns for how far a job is, beside a name and a bar of 12.
const ROOM: usize = 79 - 15;

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
    line: Arc<Mutex<Line>>,
    is_stopping: AtomicBool,
}

impl Terminal {
    /// `doing` says what is done while nothing else is heard, such as "reading the data".
    pub(crate) fn new(mode: ProgressMode, doing: &'static str) -> Self {
        let is_drawn = mode == ProgressMode::Auto && is_terminal();
        let is_said = mode == ProgressMode::Auto && !is_drawn;
        let line = Line::new(doing, is_drawn, is_said);
        let terminal = Self {
            mode,
            run: Mutex::default(),
            line: Arc::new(Mutex::new(line)),
            is_stopping: AtomicBool::new(false),
        };
        if is_drawn {
            let line = Arc::clone(&terminal.line);
            std::thread::spawn(move || {
                loop {
                    std::thread::sleep(BEAT);
                    let line = lock(&line);
                    if line.is_over {
                        break;
                    }
                    line.draw();
                }
            });
        }
        terminal
    }

    pub(crate) fn hear(&self, news: &News<'_>) {
        match news {
            News::Note(text) => say(text),
            News::Warning(text) => say(&format!("warning: {text}")),
            News::Progress { what, done, total } => lock(&self.line).count(what, *done, *total),
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

    /// What is done from now on.
    pub(crate) fn doing(&self, doing: &'static str) {
        let mut line = lock(&self.line);
        *line = Line::new(doing, line.is_drawn, line.is_said);
    }

    /// From now on the line at the bottom is not drawn.
    pub(crate) fn rest(&self) {
        lock(&self.line).is_drawn = false;
        clear();
    }

    /// From now on the jobs of a study are shown.
    pub(crate) fn begin(&self, study: &Study<'_>, threads: usize) {
        self.rest();
        *lock(&self.run) = Some(Progress::new(study, self.mode, threads));
    }

    /// The jobs are over; what is done then.
    pub(crate) fn end(&self, doing: &'static str) {
        if let Some(run) = lock(&self.run).take() {
            run.end();
        }
        self.doing(doing);
        lock(&self.line).is_drawn = self.mode == ProgressMode::Auto && is_terminal();
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

impl Drop for Terminal {
    fn drop(&mut self) {
        lock(&self.line).is_over = true;
        clear();
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
    /// The round that runs.
    round: usize,
    /// How much work each of its rounds is.
    weights: Vec<f64>,
    /// The labels and the accuracy of the last finished round.
    result: Option<(usize, f64)>,
    work: Work,
}

impl Progress {
    fn new(study: &Study<'_>, mode: ProgressMode, threads: usize) -> Self {
        let config = study.config();
        let (jobs, weights) = (study.jobs(), study.weights());
        let expected = study.is_timed().then_some(1.0);
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
                result: None,
                round: job.done.len(),
                work: Work::new(left, expected),
            }
        };
        let jobs = jobs.iter().zip(weights).map(state).collect::<Vec<_>>();
        let all = jobs.iter().map(|job| job.work.all).sum();
        let view = match mode {
            ProgressMode::Json => View::Json,
            ProgressMode::None => View::Nothing,
            ProgressMode::Auto => Bars::new(&jobs).map_or(View::Lines, View::Bars),
        };
        let workers = threads.clamp(1, jobs.len().max(1)) as f64;
        let mut work = Work::new(all, expected.map(|expected| expected / workers));
        work.start();
        Self { view, jobs, work }
    }

    fn show(&mut self, index: usize, news: &JobNews) {
        let job = &mut self.jobs[index];
        match news {
            JobNews::Step { round, step } => {
                job.work.start();
                job.round = *round as usize;
                match &mut self.view {
                    View::Bars(bars) => bars.step(index, job, step),
                    View::Json => job.json(json!({ "event": "step", "round": round, "step": step })),
                    View::Lines | View::Nothing => {}
                }
            }
            JobNews::Round(round) => {
                let weight = job.weights.get(round.round).copied().unwrap_or_default();
                job.work.finish(weight);
                self.work.finish(weight);
                let (labels, accuracy) = (round.labels, 100.0 * round.accuracy);
                job.result = Some((labels, accuracy));
                let left = self.work.time_left();
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
                    self.work.drop_rest_of(&job.work);
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

    /// Lets the bars and the time left go on.
    fn tick(&self) {
        let View::Bars(bars) = &self.view else { return };
        let mut running = 0.0;
        for (job, line) in self.jobs.iter().zip(&bars.jobs) {
            let Some(line) = line else { continue };
            let part = job.running();
            running += part;
            line.set_position(job.work.thousandths(part));
        }
        bars.total.set_position(self.work.thousandths(running));
        let gone = clock(self.work.gone().as_secs());
        bars.total.set_message(format!("{gone} gone, {}", self.work.time_left()));
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
            View::Bars(bars) => drop(bars.all.println(folded(&harmless(line)))),
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
    /// How much of the running round may be done.
    fn running(&self) -> f64 {
        self.work.running(self.weights.get(self.round).copied().unwrap_or_default())
    }

    /// Its name in at most [`NAME`] columns.
    fn short_name(&self) -> String {
        let name = harmless(&self.name);
        match name.char_indices().nth(NAME) {
            None => name.into_owned(),
            // The end, with strategy and seed, tells jobs apart.
            Some(_) => {
                let more = name.chars().count() - (NAME - 1);
                format!("…{}", name.chars().skip(more).collect::<String>())
            }
        }
    }

    /// How far it is, in as many words as there is `room` for.
    fn words(&self, step: &str, room: usize) -> String {
        let (round, rounds) = (self.round, self.rounds);
        let candidates = match self.result {
            None => vec![format!("round {round}/{rounds}, {step}"), format!("round {round}/{rounds}")],
            Some((labels, accuracy)) => {
                let left = self.work.time_left();
                vec![
                    format!("{labels} labels {accuracy:.1} %, {left}, round {round}/{rounds}, {step}"),
                    format!("{labels} labels {accuracy:.1} %, {left}, round {round}/{rounds}"),
                    format!("{accuracy:.1} %, {left}, round {round}/{rounds}"),
                    format!("{accuracy:.1} %, round {round}/{rounds}"),
                ]
            }
        };
        let fits = |words: &&String| words.chars().count() <= room;
        candidates.iter().find(fits).cloned().unwrap_or_else(|| format!("round {round}"))
    }

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
        if !is_terminal() || all.is_hidden() {
            return None;
        }
        let total = all.add(ProgressBar::new(1000).with_style(style("{bar:30.cyan} {percent:>3} %, {msg}")));
        let width = jobs.iter().map(|job| job.short_name().chars().count()).max().unwrap_or(0);
        Some(Self { all, total, jobs: vec![None; jobs.len()], width })
    }

    fn step(&mut self, index: usize, job: &State, step: &str) {
        let line = self.jobs[index].get_or_insert_with(|| {
            let line = self.all.insert_before(&self.total, ProgressBar::new(1000));
            line.set_style(style("{prefix}  {bar:12.cyan} {wide_msg}"));
            line.set_prefix(format!("{:<1$}", job.short_name(), self.width));
            line
        });
        line.set_position(job.work.thousandths(job.running()));
        line.set_message(job.words(step, ROOM.saturating_sub(self.width)));
    }

    /// Takes a job's line away and leaves its last result above the lines.
    fn remove(&mut self, index: usize, job: &State) {
        let Some(line) = self.jobs[index].take() else { return };
        line.finish_and_clear();
        self.all.remove(&line);
        if job.work.done >= job.work.all
            && let Some((labels, accuracy)) = job.result
        {
            let (name, width, time) = (job.short_name(), self.width, clock(job.work.gone().as_secs()));
            drop(self.all.println(format!("{name:<width$}  {labels} labels {accuracy:.1} % in {time}")));
        }
    }
}

/// Tells how far a download is: a line that is written over on a terminal, one line a file elsewhere.
fn download(file: &str, done: u64, total: Option<u64>) {
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    let size = total.map_or(String::new(), |total| format!(" of {:.1}", megabytes(total)));
    if total == Some(done) {
        say(&format!("downloaded {file}: {:.1} MB", megabytes(done)));
    } else if is_terminal() {
        show(&format!("downloading {file}: {:.1}{size} MB", megabytes(done)));
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_a_job_is_fits_beside_any_name() {
        let mut job = State {
            dataset: String::new(),
            net: String::new(),
            strategy: String::new(),
            seed: 1,
            name: "fashion-mnist with mnist-cnn, least-confidence-dropout, seed 12".into(),
            rounds: 12,
            round: 11,
            weights: vec![1.0; 13],
            result: None,
            work: Work::new(13.0, Some(600.0)),
        };
        job.work.start();
        assert_eq!(job.short_name(), "…-cnn, least-confidence-dropout, seed 12");
        for result in [None, Some((12_345, 98.765))] {
            job.result = result;
            for width in [15, 25, NAME] {
                let words = job.words("training", ROOM - width);
                assert!(words.chars().count() <= ROOM - width && words.contains("round 11"), "{words}");
            }
        }
        assert_eq!(job.words("training", 60), "12345 labels 98.8 %, 2:10:00 left, round 11/12, training");
    }
}
