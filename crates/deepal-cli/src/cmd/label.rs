//! `deepal label`: answers to the questions of a project.

use super::{Outcome, answers, project, wrong};
use crate::interrupt::STOP;
use crate::progress::{ProgressMode, Terminal};
use clap::Args;
use deepal::Monitor;
use deepal::project::Project;
use std::path::PathBuf;

/// Options of `deepal label`.
#[derive(Debug, Args)]
pub(crate) struct LabelArgs {
    /// The project, or the source that it is about
    #[arg(value_name = "PROJECT|SOURCE")]
    project: PathBuf,
    /// A file of answers to take in: a table `id,label` (CSV, TSV, Parquet), Label Studio's JSON or Prodigy's JSON lines
    #[arg(long, value_name = "PICKS.csv")]
    from: Option<PathBuf>,
}

pub(crate) fn run(args: &LabelArgs) -> Outcome {
    let Some(from) = &args.from else {
        return Err(wrong("the page is not built in yet; take answers in from a file with `--from`"));
    };
    let folder = project::folder(&args.project)?;
    let terminal = Terminal::new(ProgressMode::Auto);
    let hear = |news: deepal::News<'_>| terminal.hear(&news);
    let project = Project::open(&folder, Monitor { hear: &hear, stop: &STOP })?;
    answers::take_in(&project, from)
}
