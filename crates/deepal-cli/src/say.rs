//! Lines on stderr: those that stay, and on a terminal one at the bottom that is written over.

use deepal::text::{harmless, harmless_json};
use std::io::{IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Columns that lines on a terminal keep to.
const WIDTH: usize = 80;

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

/// Lines of at most [`WIDTH`] characters, broken between words; what is broken off is indented.
pub(crate) fn folded(text: &str) -> String {
    text.split('\n').map(folded_line).collect::<Vec<_>>().join("\n")
}

fn folded_line(line: &str) -> String {
    let (mut folded, mut column) = (String::new(), 0);
    for (at, word) in line.split(' ').enumerate() {
        let width = word.chars().count();
        if column > 0 && column + 1 + width > WIDTH {
            folded.push_str("\n  ");
            column = 2;
        } else if at > 0 {
            folded.push(' ');
            column += 1;
        }
        folded.push_str(word);
        column += width;
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words() {
        let words = "a line of many words that is longer than a terminal is wide, ".repeat(3);
        let text = folded(words.trim_end());
        assert!(text.lines().count() == 3 && text.lines().all(|line| line.len() <= WIDTH), "{text}");
        assert_eq!(text.replace("\n  ", " "), words.trim_end());
        assert_eq!(folded("short\n  and  short\n"), "short\n  and  short\n");
        let long = "x".repeat(100);
        assert_eq!(folded(&format!("see {long}")), format!("see\n  {long}"));
    }
}
