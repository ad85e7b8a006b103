//! Lines on stderr: those that stay, and on a terminal one at the bottom that is written over.

use deepal::text::{folded, harmless, harmless_json};
use std::io::{IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Whether the line at the bottom is there.
static IS_SHOWN: Mutex<bool> = Mutex::new(false);

/// Whether somebody looks at stderr, and lines can be written over there.
pub(crate) fn is_terminal() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|terminal| terminal != "dumb")
}

/// A line for people on stderr; nobody there to read it is no error.
pub(crate) fn say(line: &str) {
    let line = harmless(line);
    let line = if is_terminal() { folded(&line) } else { line.into_owned() };
    drop(writeln!(cleared(), "{line}"));
}

/// A line for programs on stderr.
pub(crate) fn say_json(line: &serde_json::Value) {
    drop(writeln!(std::io::stderr(), "{}", harmless_json(&line.to_string())));
}

/// Writes over the line at the bottom of a terminal.
pub(crate) fn show(line: &str) {
    let line = harmless(line);
    let (mut stderr, mut is_shown) = (cleared(), lock());
    let first = folded(&line);
    let first = first.lines().next().unwrap_or_default();
    drop(write!(stderr, "{first}").and_then(|()| stderr.flush()));
    *is_shown = true;
}

/// Takes the line at the bottom away.
pub(crate) fn clear() {
    drop(cleared().flush());
}

fn lock() -> MutexGuard<'static, bool> {
    IS_SHOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Standard error without the line at the bottom.
fn cleared() -> std::io::StderrLock<'static> {
    let mut stderr = std::io::stderr().lock();
    if std::mem::take(&mut *lock()) {
        drop(write!(stderr, "\r\x1b[2K"));
    }
    stderr
}
