//! One file for each command.

use crate::say::clear;
use deepal::Error;
use deepal::text::{folded, harmless, harmless_json};
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::Path;

pub(crate) mod answers;
pub(crate) mod completions;
pub(crate) mod data;
pub(crate) mod embed;
pub(crate) mod export;
pub(crate) mod formulas;
pub(crate) mod grid;
pub(crate) mod init;
pub(crate) mod label;
pub(crate) mod list;
pub(crate) mod model;
#[cfg(feature = "label")]
pub(crate) mod page;
pub(crate) mod plan;
pub(crate) mod predict;
pub(crate) mod project;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod select;
pub(crate) mod status;
pub(crate) mod train;

/// What a command ends with.
pub(crate) type Outcome<T = ()> = Result<T, Error>;

/// What `SOURCE` is.
const SOURCE: &str = "Your data: a folder or zip of pictures, a table, a file of arrays, or a data.toml";
/// What `SOURCE|PROJECT` is.
const SOURCE_OR_PROJECT: &str =
    "Your data (a folder or zip of pictures, a table, a file of arrays, or a data.toml) or their project";

/// A wrong option or combination of options.
fn wrong(why: impl Into<String>) -> Error {
    Error::Setting(why.into())
}

/// The ending of a file to write, one of `known`; the first for a name without an ending, such as `/dev/stdout`.
fn ending<'a>(option: &str, path: &Path, known: &[&'a str]) -> Outcome<&'a str> {
    let Some(ending) = path.extension() else { return Ok(known[0]) };
    known.iter().copied().find(|known| ending.eq_ignore_ascii_case(known)).ok_or_else(|| {
        let known = known.iter().map(|known| format!("`.{known}`")).collect::<Vec<_>>().join(", ");
        let path = path.display();
        wrong(format!("`{option} {path}` ends with none of the formats that can be written: {known}"))
    })
}

/// Writes a text for people to standard output.
fn print(text: &str) -> Outcome {
    let text = harmless(text);
    match std::io::stdout().is_terminal() {
        true => print_bytes(folded(&text).as_bytes()),
        false => print_bytes(text.as_bytes()),
    }
}

/// Writes JSON to standard output, its values as they are and its letters as a terminal may show them.
fn print_json(json: &[u8]) -> Outcome {
    match std::str::from_utf8(json) {
        Ok(json) => print_bytes(harmless_json(json).as_bytes()),
        Err(_) => print_bytes(json),
    }
}

/// Writes to standard output what other programs read, as it is. A reader that has had enough, such as `head`, is no error.
fn print_bytes(bytes: &[u8]) -> Outcome {
    clear();
    match std::io::stdout().write_all(bytes) {
        Err(cause) if cause.kind() != ErrorKind::BrokenPipe => {
            Err(deepal::DataError::Write { path: "standard output".into(), cause }.into())
        }
        _ => Ok(()),
    }
}
