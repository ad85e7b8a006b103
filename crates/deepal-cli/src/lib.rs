//! The `deepal` program as one function: parse, run one command, and turn what went wrong into a message and an exit code.

mod cli;
mod cmd;
mod exit;
mod help;
mod interrupt;
mod line;
mod progress;
mod say;
mod work;

use clap::{CommandFactory, Parser};
use std::ffi::OsString;
use std::io::Write;

/// The command line with all its help, for pages of the manual.
pub fn command() -> clap::Command {
    cli::Cli::command()
}

/// Runs the program with its arguments, the first of which is its name, and gives its exit code. What there is to say goes to
/// standard output and standard error. Long commands listen for Ctrl+C, and end the process at the second.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let command = match cli::Cli::try_parse_from(arguments) {
        Ok(cli) => cli.command,
        Err(error) => {
            drop(error.print());
            return u8::try_from(error.exit_code()).unwrap_or(exit::USAGE);
        }
    };
    let Some(command) = command else {
        drop(write!(std::io::stdout(), "{}", help::WELCOME));
        return exit::SUCCESS;
    };
    let outcome = match command {
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
        cli::Command::Completions { shell } => cmd::completions::run(shell, self::command()),
    };
    // At the end of a process of another language nothing flushes it.
    drop(std::io::stdout().flush());
    match outcome {
        Ok(()) => exit::SUCCESS,
        Err(error) => exit::report(&error),
    }
}
