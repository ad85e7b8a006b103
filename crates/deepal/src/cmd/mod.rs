//! One file for each command.

use std::io::{ErrorKind, Write};

pub(crate) mod data;
pub(crate) mod embed;
pub(crate) mod export;
pub(crate) mod list;
pub(crate) mod plan;
pub(crate) mod predict;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod select;

/// Writes to standard output. A reader that has had enough, such as `head`, is no error.
fn print(text: &str) -> anyhow::Result<()> {
    print_bytes(text.as_bytes())
}

fn print_bytes(bytes: &[u8]) -> anyhow::Result<()> {
    match std::io::stdout().write_all(bytes) {
        Err(cause) if cause.kind() != ErrorKind::BrokenPipe => {
            Err(deepal_data::Error::Write { path: "standard output".into(), cause }.into())
        }
        _ => Ok(()),
    }
}
