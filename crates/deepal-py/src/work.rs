//! Long work on a thread of its own, without the GIL, while the caller's thread hears about it and looks for Ctrl+C.

use crate::errors::to_python;
use deepal::{Error, JobNews, Monitor, News};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How often signals are looked for.
const LOOK: Duration = Duration::from_millis(50);

/// How long stopped work may take to end by itself; then the caller goes on without it, and it ends behind its back.
const PATIENCE: Duration = Duration::from_millis(700);

enum Message<T> {
    /// What, a text, how much is done, of how much.
    Heard(&'static str, String, usize, usize),
    Over(Result<T, Error>),
    Panicked(String),
}

/// Runs work with so many threads, or as many as there are cores; these are its own, so that a process may fork before and after. `hear`
/// is called with a kind (`note`, `warning`, `progress`, `round`), a text, how much is done, and of how much.
pub(crate) fn run<T: Send + 'static>(
    py: Python<'_>,
    threads: Option<usize>,
    hear: &Bound<'_, PyAny>,
    work: impl FnOnce(Monitor<'_>, usize) -> Result<T, Error> + Send + 'static,
) -> PyResult<T> {
    let threads = threads.unwrap_or_else(deepal::threads).clamp(1, 512);
    let stop = Arc::new(AtomicBool::new(false));
    let (sender, mut receiver) = mpsc::channel();
    let thread = {
        let stop = stop.clone();
        std::thread::Builder::new().name("deepal".into()).spawn(move || {
            let tell = |news: News<'_>| {
                // A caller that has gone hears nothing more.
                message(&news).into_iter().for_each(|heard| drop(sender.send(heard)));
            };
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
                let pool =
                    pool.map_err(|error| Error::Failed(format!("cannot start {threads} threads: {error}")))?;
                pool.install(|| work(Monitor { hear: &tell, stop: &stop }, threads))
            }));
            let over = outcome.map_or_else(|cause| Message::Panicked(words(cause.as_ref())), Message::Over);
            drop(sender.send(over));
        })
    };
    thread.map_err(|error| PyRuntimeError::new_err(format!("cannot start a thread: {error}")))?;
    let mut stopped: Option<(Instant, PyErr)> = None;
    loop {
        // The receiver goes along: only one thread at a time may hold it.
        let (back, message) = py.detach(move || {
            let message = receiver.recv_timeout(LOOK);
            (receiver, message)
        });
        receiver = back;
        let heard = match message {
            Ok(Message::Over(outcome)) => {
                return match stopped {
                    Some((_, error)) => Err(error),
                    None => outcome.map_err(|error| to_python(&error)),
                };
            }
            Ok(Message::Panicked(why)) => return Err(bug(&why)),
            Err(RecvTimeoutError::Disconnected) => return Err(bug("its thread is gone")),
            Ok(Message::Heard(kind, text, done, total)) if stopped.is_none() => {
                hear.call1((kind, text, done, total)).map(drop)
            }
            Ok(Message::Heard(..)) | Err(RecvTimeoutError::Timeout) => Ok(()),
        };
        if let Err(error) = heard.and_then(|()| py.check_signals())
            && stopped.is_none()
        {
            stop.store(true, Ordering::Relaxed);
            stopped = Some((Instant::now(), error));
        }
        let is_late = stopped.as_ref().is_some_and(|(since, _)| since.elapsed() > PATIENCE);
        if is_late && let Some((_, error)) = stopped.take() {
            return Err(error);
        }
    }
}

fn bug(why: &str) -> PyErr {
    PyRuntimeError::new_err(format!("a bug in deepal, please report it: {why}"))
}

/// What a panic says.
fn words(cause: &(dyn Any + Send)) -> String {
    let text = cause.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| cause.downcast_ref::<String>().cloned()).unwrap_or_else(|| "it panicked".into())
}

/// What the caller is told of news; nothing of most.
fn message<T>(news: &News<'_>) -> Option<Message<T>> {
    Some(match news {
        News::Note(text) => Message::Heard("note", (*text).to_owned(), 0, 0),
        News::Warning(text) => Message::Heard("warning", (*text).to_owned(), 0, 0),
        News::Progress { what, done, total } => Message::Heard("progress", (*what).to_owned(), *done, *total),
        News::Download { file, done, total } => {
            let (done, total) = (*done as usize, total.unwrap_or(*done) as usize);
            Message::Heard("progress", format!("downloading {file}"), done, total)
        }
        News::Job { news: JobNews::Round(_), .. } => Message::Heard("round", String::new(), 1, 0),
        News::Job { .. } | News::Tick => return None,
    })
}
