//! `deepal run`: a study, its progress on the terminal, and what it shows at the end.

use super::grid::GridArgs;
use super::{Outcome, print};
use crate::interrupt::{self, STOP};
use crate::progress::{ProgressMode, Terminal};
use clap::Args;
use deepal::files::file_name;
use deepal::text::count;
use deepal::{Catalog, Error, Monitor, Study, StudyPlan, analysis};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

const FILES: &str = "Files and progress";

/// Options of `deepal run`.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) grid: GridArgs,
    /// The run folder; an existing run resumes with what is missing
    ///
    /// [default: runs/FILE of `--config FILE.toml`, else the next free runs/NNN-DATASET]
    #[arg(short, long, value_name = "DIR", help_heading = FILES)]
    pub(crate) out: Option<PathBuf>,
    /// Resume the interrupted run in a folder
    #[arg(long, value_name = "DIR", help_heading = FILES, conflicts_with_all = [
        "source", "dataset", "strategy", "seeds", "initial", "initial_set", "query", "rounds", "pool", "net", "training", "config",
        "out", "model", "dedup", "per_class_seed", "rare_classes", "device",
    ])]
    pub(crate) resume: Option<PathBuf>,
    /// How progress is shown on stderr
    #[arg(long, value_name = "HOW", default_value = "auto", help_heading = FILES)]
    pub(crate) progress: ProgressMode,
    /// Also write TensorBoard event files below a folder, at the end
    #[arg(long, value_name = "DIR", help_heading = FILES, hide_short_help = true)]
    pub(crate) tensorboard: Option<PathBuf>,
}

pub(crate) fn run(args: RunArgs) -> Outcome {
    let terminal = Terminal::new(args.progress, "reading the data");
    let hear = |news: deepal::News<'_>| terminal.hear(&news);
    let monitor = Monitor { hear: &hear, stop: &STOP };
    let catalog = Catalog::default();
    let mut study = match &args.resume {
        Some(folder) => {
            let data_dir = super::grid::data_dir(args.grid.data_dir.clone());
            let study = Study::resume(folder, data_dir, args.grid.offline, &catalog, monitor)?;
            match args.grid.metric {
                Some(metric) => study.about(metric)?,
                None => study,
            }
        }
        None => {
            let plan = StudyPlan::new(args.grid.settings()?, &catalog, monitor)?.offline(args.grid.offline);
            let folder = match &args.out {
                Some(folder) => folder.clone(),
                None => default_folder(&args, &plan)?,
            };
            plan.start(&folder).inspect_err(|_| {
                // One that was made for this run; one with anything in it stays.
                if args.out.is_none() {
                    let _ = std::fs::remove_dir(&folder);
                }
            })?
        }
    };
    let folder = study.folder().to_owned();
    let failures = if study.jobs().is_empty() { Vec::new() } else { simulate(&mut study, &args, &terminal)? };
    show(&mut study, args.tensorboard.as_deref()).map_err(|error| {
        let what = "the run is recorded; `deepal run --resume {}` writes what is missing";
        error.about(what.replace("{}", &folder.display().to_string()))
    })?;
    match failures.first() {
        Some(first) => {
            let jobs = count(failures.len(), "job", "jobs");
            Err(Error::Failed(format!("{jobs} failed, the first: {first}")))
        }
        None => Ok(()),
    }
}

/// Prints what the run shows and writes the files of it.
fn show(study: &mut Study<'_>, tensorboard: Option<&Path>) -> Outcome {
    let outputs = study.outputs()?;
    let files = "report.html, figures/, summary.csv, results.csv and more";
    let text = analysis::text(&outputs.analysis);
    print(&format!("{text}\nin {}: {files}\n", study.folder().display()))?;
    outputs.write(study.folder())?;
    let Some(folder) = tensorboard else { return Ok(()) };
    outputs.write_tensorboard(folder).map_err(|error| error.about("`--tensorboard`"))
}

/// Runs what is missing; the failures, in words.
fn simulate(study: &mut Study<'_>, args: &RunArgs, terminal: &Terminal) -> Outcome<Vec<String>> {
    let folder = study.folder().display().to_string();
    interrupt::listen(None, format!("stopped; resume with `deepal run --resume {folder}`"))?;
    let threads = args.grid.threads();
    if study.config().tasks.len() > 1 {
        terminal.say_unless_json("timing pieces of the work, to start with the longest jobs");
    }
    terminal.doing("timing pieces of the work");
    study.order(threads);
    terminal.begin(study, threads);
    study.config().warnings().iter().for_each(|warning| terminal.warn(&format!("warning: {warning}")));
    let config = study.config();
    terminal.note(&format!(
        "{}: {}, {}; {} to do on {}; recording in {folder}",
        config.title(),
        count(config.strategies.len(), "strategy", "strategies"),
        count(config.seeds.len(), "seed", "seeds"),
        count(study.jobs().len(), "job", "jobs"),
        count(threads, "thread", "threads"),
    ));
    let failures = study.run(threads);
    terminal.end("writing the report");
    failures.map_err(|error| match error {
        Error::Interrupted(_) => Error::Interrupted(format!(
            "nothing recorded is lost; resume with `deepal run --resume {folder}`"
        )),
        error => error,
    })
}

/// `runs/quick` of `--config experiments/quick.toml`, so that the same command resumes it; else, and of the `config.toml`
/// of a run, `runs/001-fashion-mini`, or the next number that is free. That folder is made at once: another run that starts at the same
/// time takes the next.
fn default_folder(args: &RunArgs, plan: &StudyPlan<'_>) -> Outcome<PathBuf> {
    let runs = Path::new("runs");
    let file = args.grid.config.as_deref().and_then(Path::file_stem);
    if let Some(name) = file.filter(|name| *name != "config") {
        return Ok(runs.join(name));
    }
    plan.check_folder(runs)?;
    let taken = |number: &str| {
        let entries = std::fs::read_dir(runs).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name()).any(|name| name.to_string_lossy().starts_with(number))
    };
    let name = file_name(&plan.config().tasks[0].dataset);
    let _ = std::fs::create_dir_all(runs);
    let free = (1..).map(|n| format!("{n:03}-")).filter(|number| !taken(number));
    let mut folders = free.map(|number| runs.join(number + &name));
    // What else can fail is reported when the run is written.
    let is_ours = |folder: &PathBuf| {
        std::fs::create_dir(folder).err().is_none_or(|cause| cause.kind() != ErrorKind::AlreadyExists)
    };
    Ok(folders.find(is_ours).unwrap_or_default())
}
