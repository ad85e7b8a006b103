//! Exit codes, and how an error is reported.

use crate::say::say;
use deepal::{Error, Kind};

/// All went well.
pub(crate) const SUCCESS: u8 = 0;
/// A job failed, or something unforeseen.
pub(crate) const FAILED: u8 = 1;
/// A wrong option, name or setting; nothing was done. Also clap's code.
pub(crate) const USAGE: u8 = 2;
/// A file or array to be read is missing, damaged or unfit.
pub(crate) const INPUT: u8 = 3;
/// Something could not be written; what was written before is kept.
pub(crate) const OUTPUT: u8 = 4;
/// A download failed.
pub(crate) const DOWNLOAD: u8 = 5;
/// Stopped by Ctrl+C; `--resume` goes on.
pub(crate) const INTERRUPTED: u8 = 130;

/// Reports the error on stderr and gives its exit code.
pub(crate) fn report(error: &Error) -> u8 {
    let head = if error.kind() == Kind::Interrupted { "interrupted" } else { "error" };
    say(&format!("{head}: {error}"));
    match error.kind() {
        Kind::Setting => USAGE,
        Kind::Input => INPUT,
        Kind::Output => OUTPUT,
        Kind::Download => DOWNLOAD,
        Kind::Interrupted => INTERRUPTED,
        Kind::Failed => FAILED,
    }
}
