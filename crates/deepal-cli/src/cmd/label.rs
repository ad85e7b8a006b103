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
    #[arg(value_name = "SOURCE|PROJECT", help = super::SOURCE_OR_PROJECT)]
    path: PathBuf,
    /// Import answers from a table `id,label`, Label Studio's JSON or Prodigy's JSON lines
    ///
    /// Tables are CSV, TSV or Parquet.
    #[arg(long, value_name = "ANSWERS.csv")]
    from: Option<PathBuf>,
    #[cfg(feature = "label")]
    #[command(flatten)]
    page: PageArgs,
}

pub(crate) fn run(args: &LabelArgs) -> Outcome {
    let terminal = Terminal::new(ProgressMode::Auto, "reading the data");
    let hear = |news: deepal::News<'_>| terminal.hear(&news);
    let monitor = Monitor { hear: &hear, stop: &STOP };
    if let Some(from) = &args.from {
        let project = Project::open(&project::folder(&args.path)?, monitor)?;
        return answers::take_in(&project, from);
    }
    #[cfg(feature = "label")]
    return page::run(&args.path, &args.page, &terminal, monitor);
    #[cfg(not(feature = "label"))]
    Err(super::wrong(
        "this build has no page, as its feature `label` is off; import answers from a file with `--from`",
    ))
}
