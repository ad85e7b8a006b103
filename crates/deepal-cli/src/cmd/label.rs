//! `deepal label`: answers to the questions of a project, on a page or from a file.

#[cfg(feature = "label")]
use super::page::{self, PageArgs};
use super::{Outcome, answers, project};
use crate::interrupt::STOP;
use crate::progress::{ProgressMode, Terminal};
use clap::Args;
use deepal::Monitor;
use deepal::project::Project;
use std::path::PathBuf;

/// Options of `deepal label`.
#[derive(Debug, Args)]
pub(crate) struct LabelArgs {
    /// The project, or the source that it is about: a folder or zip of pictures, a table, a file of arrays, or a data.toml
    #[arg(value_name = "PROJECT|SOURCE")]
    path: PathBuf,
    /// A file of answers to take in: a table `id,label` (CSV, TSV, Parquet), Label Studio's JSON or Prodigy's JSON lines
    #[arg(long, value_name = "PICKS.csv")]
    from: Option<PathBuf>,
    #[cfg(feature = "label")]
    #[command(flatten)]
    page: PageArgs,
}

pub(crate) fn run(args: &LabelArgs) -> Outcome {
    let terminal = Terminal::new(ProgressMode::Auto);
    let hear = |news: deepal::News<'_>| terminal.hear(&news);
    let monitor = Monitor { hear: &hear, stop: &STOP };
    if let Some(from) = &args.from {
        let project = Project::open(&project::folder(&args.path)?, monitor)?;
        return answers::take_in(&project, from);
    }
    #[cfg(feature = "label")]
    return page::run(&args.path, &args.page, monitor);
    #[cfg(not(feature = "label"))]
    Err(super::wrong(
        "this build has no page (its feature `label` is off); take answers in from a file with `--from`",
    ))
}
