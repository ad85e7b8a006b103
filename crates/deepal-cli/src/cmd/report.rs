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
    /// The folder to write, or a page REPORT.html [default: the run folder, if there is one run]
    ///
    /// The folder gets report.html, `figures/`, `summary.csv`, `summary.json` and two Parquet tables. Beside a page, these are in a
    /// folder REPORT-files.
    #[arg(short, long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// What the report is about: `accuracy`, `balanced-accuracy` or `macro-f1` [default: as in the runs]
    #[arg(long, value_name = "METRIC")]
    pub(crate) metric: Option<Metric>,
    /// The folder with the files of published data sets, for pictures [default: as in the run]
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
}

pub(crate) fn run(args: &ReportArgs) -> Outcome {
    let is_page = |out: &&PathBuf| out.extension().is_some_and(|ending| ending == "html") && !out.is_dir();
    let page = args.out.as_ref().filter(is_page);
    let folder = match (&args.out, args.runs.as_slice()) {
        (Some(folder), _) | (None, [folder]) => folder,
        (None, _) => return Err(wrong("name a folder for the report of several runs with `--out FOLDER`")),
    };
    if let (Some(out), None) = (&args.out, page)
        && !out.is_dir()
        && (out.exists() || is_file_name(out))
    {
        let out = out.display();
        return Err(wrong(format!("`--out {out}` is neither a folder nor a page such as report.html")));
    }
    let name = page.and_then(|page| page.file_name()?.to_str()).unwrap_or("report.html");
    let terminal = Terminal::new(ProgressMode::Auto, "writing the report");
    let hear = |news: deepal::News<'_>| terminal.hear(&news);
    let monitor = Monitor { hear: &hear, stop: &STOP };
    let (data_dir, catalog) = (args.data_dir.as_deref(), Catalog::default());
    let outputs = deepal::report(&args.runs, name, args.metric, data_dir, &catalog, monitor)?;
    match page {
        Some(page) => outputs.write_page(page)?,
        None => outputs.write(folder)?,
    }
    let written = page.cloned().unwrap_or_else(|| folder.join(name));
    print(&format!("{}\n{}\n", analysis::text(&outputs.analysis), written.display()))
}

/// Whether a name has the ending of a file, such as `.pdf`; that of `runs-0.2` is none.
fn is_file_name(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.to_string_lossy().chars().all(char::is_alphabetic))
}
