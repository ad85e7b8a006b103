//! `deepal status`: where a project stands.

use super::{Outcome, print, project};
use crate::interrupt::STOP;
use crate::progress::{ProgressMode, Terminal};
use clap::Args;
use deepal::Monitor;
use deepal::project::Project;
use std::path::PathBuf;

/// Options of `deepal status`.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    #[arg(value_name = "SOURCE|PROJECT", help = super::SOURCE_OR_PROJECT)]
    project: PathBuf,
}

pub(crate) fn run(args: &StatusArgs) -> Outcome {
    let folder = project::folder(&args.project)?;
    let terminal = Terminal::new(ProgressMode::Auto, "reading the project");
    let hear = |news: deepal::News<'_>| terminal.hear(&news);
    let project = Project::read(&folder, Monitor { hear: &hear, stop: &STOP })?;
    print(&project::status(&project))
}
