//! `deepal report`: one page about recorded runs.

use super::{Outcome, print, wrong};
use crate::interrupt::STOP;
use crate::progress::{ProgressMode, Terminal};
use clap::Args;
use deepal::metric::Metric;
use deepal::{Catalog, Monitor, analysis};
use std::path::{Path, PathBuf};

/// Options of `deepal report`.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// Run folders; those of one data set and net must have the same settings
    #[arg(required = true, value_name = "RUN")]
    pub(crate) runs: Vec<PathBuf>,
    /// The page to write; `figures/`, `summary.csv`, `summary.json` and two Parquet tables go beside it [default: report.html in the run
    /// folder, if there is only one]
    #[arg(short, long, value_name = "REPORT.html")]
    pub(crate) out: Option<PathBuf>,
    /// What the report is about: `accuracy`, `balanced-accuracy` or `macro-f1` [default: as in the runs]
    #[arg(long, value_name = "METRIC")]
    pub(crate) metric: Option<Metric>,
    /// The folder with the data sets' files, for the pictures of what was asked [default: as in the run]
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
}

pub(crate) fn run(args: &ReportArgs) -> Outcome {
    let out = match (&args.out, args.runs.as_slice()) {
        (Some(out), _) => out.clone(),
        (None, [run]) => run.join("report.html"),
        (None, _) => return Err(wrong("name the page of several runs with `--out REPORT.html`")),
    };
    let is_page = |name: &&str| name.ends_with(".html") && !out.is_dir();
    let Some(page) = out.file_name().and_then(|name| name.to_str()).filter(is_page) else {
        return Err(wrong(format!(
            "`{}` is not the name of a page; `--out` takes one such as report.html",
            out.display()
        )));
    };
    let terminal = Terminal::new(ProgressMode::Auto);
    let hear = |news: deepal::News<'_>| terminal.hear(&news);
    let monitor = Monitor { hear: &hear, stop: &STOP };
    let (data_dir, catalog) = (args.data_dir.as_deref(), Catalog::default());
    let outputs = deepal::report(&args.runs, page, args.metric, data_dir, &catalog, monitor)?;
    outputs.write(out.parent().unwrap_or(Path::new("")))?;
    print(&format!("{}\n{}\n", analysis::text(&outputs.analysis), out.display()))
}
