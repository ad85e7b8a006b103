//! `deepal completions`: what a shell needs to complete commands and options.

use super::{Outcome, print_bytes};
use clap::Command;
use clap_complete::Shell;

pub(crate) fn run(shell: Shell, mut command: Command) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "deepal", &mut script);
    print_bytes(&script)
}
