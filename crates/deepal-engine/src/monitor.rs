//! Who hears about long work, and can stop it: [`Monitor`].

use deepal_core::net::Progress;
use deepal_data::stores::run::RoundRecord;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a caller of long work passes in: who hears about it, and how it is stopped.
///
/// ```
/// use deepal_engine::{Monitor, News};
/// use std::sync::atomic::AtomicBool;
///
/// let hear = |news: News<'_>| {
///     if let News::Progress { what, done, total } = news {
///         eprintln!("{what}: {done} of {total}");
///     }
/// };
/// let stop = AtomicBool::new(false);
/// let monitor = Monitor { hear: &hear, stop: &stop };
/// # let _ = monitor;
/// ```
#[derive(Clone, Copy)]
pub struct Monitor<'a> {
    /// Called with what happens, from any thread.
    pub hear: &'a (dyn Fn(News<'_>) + Sync),
    /// Set to stop the work before its next step. What is recorded by then stays.
    pub stop: &'a AtomicBool,
}

/// What happens during long work.
#[derive(Debug)]
pub enum News<'a> {
    /// Something worth knowing, a sentence without its full stop.
    Note(&'a str),
    /// Something to look at, a sentence without its full stop.
    Warning(&'a str),
    /// Counted work goes on; it is over when `done` is `total`.
    Progress {
        /// What is done, such as "reading samples".
        what: &'static str,
        /// How many are done.
        done: usize,
        /// Of how many.
        total: usize,
    },
    /// A download goes on.
    Download {
        /// The file's name.
        file: &'a str,
        /// Bytes that are here.
        done: u64,
        /// Bytes in all, if known.
        total: Option<u64>,
    },
    /// A job of a study goes on.
    Job {
        /// Its place in [`Study::jobs`](crate::Study::jobs).
        job: usize,
        /// What happened.
        news: &'a JobNews,
    },
    /// Nothing happened for a while, and the work goes on.
    Tick,
}

/// What happened to a job.
#[derive(Debug)]
pub enum JobNews {
    /// It has begun the named step of a round.
    Step {
        /// The round.
        round: u32,
        /// The step.
        step: &'static str,
    },
    /// It has finished a round.
    Round(RoundRecord),
    /// It is over: done, stopped, or failed for the reason given.
    Over(Result<(), String>),
}

impl std::fmt::Debug for Monitor<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Monitor").field("stop", self.stop).finish_non_exhaustive()
    }
}

impl Monitor<'static> {
    /// Nobody hears, and nothing stops.
    pub fn silent() -> Self {
        static NEVER: AtomicBool = AtomicBool::new(false);
        Self { hear: &|_| {}, stop: &NEVER }
    }
}

impl Monitor<'_> {
    /// Whether the caller wants to stop.
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Tells how far trainings are, and cancels them when the caller wants to stop.
    pub fn watch(&self) -> impl FnMut(Progress) -> ControlFlow<()> + Send {
        move |progress| {
            if let Some(most) = progress.most {
                self.progress("training", progress.steps, most);
            }
            if self.is_stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
    }

    /// Tells something worth knowing, a sentence without its full stop.
    pub fn note(&self, text: &str) {
        (self.hear)(News::Note(text));
    }

    /// Tells something to look at, a sentence without its full stop.
    pub fn warn(&self, text: &str) {
        (self.hear)(News::Warning(text));
    }

    /// Tells how far counted work is, such as "reading samples"; it is over when `done` is `total`.
    pub fn progress(&self, what: &'static str, done: usize, total: usize) {
        (self.hear)(News::Progress { what, done, total });
    }
}
