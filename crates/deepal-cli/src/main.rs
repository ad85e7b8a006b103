//! The `deepal` program: parse, run one command, and turn what went wrong into a message and an exit code.

mod cli;
mod cmd;
mod exit;
mod interrupt;
mod progress;

use clap::Parser;
use std::process::ExitCode;

/// A training step allocates its buffers anew; glibc's allocator gives them back to the system each time, and fetching
/// fresh pages then costs more than some layers.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let outcome = match cli::Cli::parse().command {
        cli::Command::Run(args) => cmd::run::run(*args),
        cli::Command::Plan(args) => cmd::plan::run(&args),
        cli::Command::Predict(args) => cmd::predict::run(&args),
        cli::Command::Report(args) => cmd::report::run(&args),
        cli::Command::Init(args) => cmd::init::run(&args),
        cli::Command::Label(args) => cmd::label::run(&args),
        cli::Command::Train(args) => cmd::train::run(&args),
        cli::Command::Status(args) => cmd::status::run(&args),
        cli::Command::Select(args) => cmd::select::run(&args),
        cli::Command::Data(command) => cmd::data::run(&command),
        cli::Command::Embed(args) => cmd::embed::run(&args),
        cli::Command::Export(args) => cmd::export::run(&args),
        cli::Command::List { what } => cmd::list::run(what),
    };
    match outcome {
        Ok(()) => ExitCode::from(exit::SUCCESS),
        Err(error) => exit::report(&error),
    }
}
