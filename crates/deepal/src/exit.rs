//! Exit codes, and how an error is told.

use std::fmt;
use std::io::Write;
use std::process::ExitCode;

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

/// The run was interrupted.
#[derive(Debug)]
pub(crate) struct Interrupted(pub(crate) String);

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Interrupted {}

/// A wrong option or combination of options.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// Tells the error on stderr and gives its exit code.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    let head = if error.is::<Interrupted>() { "interrupted" } else { "error" };
    let _ = writeln!(std::io::stderr(), "{head}: {error:#}");
    ExitCode::from(error.chain().find_map(code).unwrap_or(FAILED))
}

fn code(cause: &(dyn std::error::Error + 'static)) -> Option<u8> {
    if let Some(error) = cause.downcast_ref::<deepal_data::Error>() {
        return Some(match error.kind() {
            deepal_data::Kind::Input => INPUT,
            deepal_data::Kind::Output => OUTPUT,
            deepal_data::Kind::Download => DOWNLOAD,
        });
    }
    if let Some(error) = cause.downcast_ref::<deepal::Error>() {
        return Some(match error {
            deepal::Error::NotFinite { .. }
            | deepal::Error::NotProbabilities { .. }
            | deepal::Error::Shape { .. } => INPUT,
            deepal::Error::Other(cause) => return code(cause.as_ref()),
            _ => USAGE,
        });
    }
    if cause.is::<deepal_onnx::Error>() {
        return Some(INPUT);
    }
    cause.is::<Interrupted>().then_some(INTERRUPTED).or(cause.is::<Usage>().then_some(USAGE))
}
