//! Exit codes, and how an error is reported.

use deepal::text::harmless;
use deepal::{Error, Kind};
use std::io::Write;

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

/// The codes for `deepal --help`.
pub(crate) const HELP: &str = "Exit codes: 0 success, 1 a job failed, 2 wrong option or setting, 3 input missing or \
                               unfit, 4 output not writable, 5 download failed, 130 interrupted";

/// Reports the error on stderr and gives its exit code.
pub(crate) fn report(error: &Error) -> u8 {
    let head = if error.kind() == Kind::Interrupted { "interrupted" } else { "error" };
    let _ = writeln!(std::io::stderr(), "{}", harmless(&format!("{head}: {error}")));
    match error.kind() {
        Kind::Setting => USAGE,
        Kind::Input => INPUT,
        Kind::Output => OUTPUT,
        Kind::Download => DOWNLOAD,
        Kind::Interrupted => INTERRUPTED,
        Kind::Failed => FAILED,
    }
}
