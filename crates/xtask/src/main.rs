//! The repository's own tools. Pages of the manual, and measurements: ours against the usual Python programs, selectors against pool size, and how often the intervals
//! of a project's accuracy and forecast cover the truth.
//!
//! `cargo xtask`, see `benches/README.md`.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool for developers reports on the terminal"
)]

mod args;
mod coverage;
mod forecast;
mod machine;
mod manual;
mod peers;
mod plot;
mod process;
mod recorded;
mod sample;
mod scaling;
mod simulated;
mod work;

use std::process::ExitCode;

/// As in the `deepal` program, so that the figures are those of users.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "usage:
  cargo xtask bench-peers [--python PATH] [--threads 2] [--data DIR] [--repeat 3] [--deepal PATH] [--out FILE] [NAME…]
  cargo xtask scaling [--threads 2] [--out DIR]
  cargo xtask coverage --dir DIR [--projects 200] [--audit 0.1]
  cargo xtask forecast --dir DIR [--projects 10] [--first SEED] [--data DIR] [NAME…]
  cargo xtask man --out FOLDER";

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let args = std::env::args().skip(1).collect::<Vec<_>>();
    let outcome = match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["bench-peers", args @ ..] => peers::run(args),
        ["coverage", args @ ..] => coverage::run(args),
        ["forecast", args @ ..] => forecast::run(args),
        ["man", args @ ..] => manual::run(args),
        ["scaling", args @ ..] => scaling::run(args),
        // One measurement, for the two above.
        ["work", name, argument] => work::run(name, argument),
        _ => Err(USAGE.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
