//! `deepal export`: the labels of a run or project, as other tools take them, and the nets of a run.

use super::formulas::FormulaArgs;
use super::{Outcome, print, print_bytes, print_json, wrong};
use crate::interrupt::{self, STOP};
use crate::progress::{ProgressMode, Terminal, say};
use clap::{Args, ValueEnum};
use deepal::export::{self, Export, JobChoice};
use deepal::files::write_atomically;
use deepal::project::{self, Project};
use deepal::text::count;
use deepal::{Catalog, Error, Monitor};
use std::path::{Path, PathBuf};

/// Options of `deepal export`.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// The run folder, or a project
    #[arg(value_name = "RUN|PROJECT")]
    run: PathBuf,
    /// What to write [default: csv]
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// The file or folder to write; a folder must be new or empty [default for csv and jsonl: standard output]
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
    /// Write the net at the end of a job, trained once more and checked against the record; the labels too only if `--format` or
    /// `--out` is given
    #[arg(long, value_name = "NET.safetensors")]
    net: Option<PathBuf>,
    /// Only the labels bought for a data set of the run
    #[arg(long, value_name = "D")]
    dataset: Option<String>,
    /// Only those bought with a net of the run
    #[arg(long, value_name = "N")]
    net_name: Option<String>,
    /// Only those bought by a strategy of the run
    #[arg(long, value_name = "S")]
    strategy: Option<String>,
    /// Only those bought with a seed of the run
    #[arg(long, value_name = "K")]
    seed: Option<u64>,
    /// The folder with the data sets' files, for pictures of data sets of the list [default: as in the run]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    #[command(flatten)]
    formulas: FormulaArgs,
}

/// [`export::Format`] on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Format(export::Format);

impl ValueEnum for Format {
    fn value_variants<'a>() -> &'a [Self] {
        use export::Format::{Coco, Csv, Huggingface, Imagefolder, Jsonl, LabelStudio};
        &[Self(Csv), Self(Jsonl), Self(Imagefolder), Self(LabelStudio), Self(Huggingface), Self(Coco)]
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        let help = match self.0 {
            export::Format::Csv => "A table of all labels, a row for each",
            export::Format::Jsonl => "The same, a JSON object a line",
            export::Format::Imagefolder => "A folder for each class with its pictures",
            export::Format::LabelStudio => {
                "Tasks with annotations for Label Studio, the labelling configuration beside them"
            }
            export::Format::Huggingface => {
                "Pictures with `metadata.jsonl`, as `datasets.load_dataset` reads them"
            }
            export::Format::Coco => {
                "Pictures with `annotations.json`, the class of each as a box around all of it"
            }
        };
        Some(clap::builder::PossibleValue::new(self.0.name()).help(help))
    }
}

pub(crate) fn run(args: &ExportArgs) -> Outcome {
    let choice = JobChoice {
        dataset: args.dataset.clone(),
        net: args.net_name.clone(),
        strategy: args.strategy.clone(),
        seed: args.seed,
    };
    let terminal = Terminal::new(ProgressMode::Auto);
    let hear = |news: deepal::News<'_>| terminal.hear(&news);
    let monitor = Monitor { hear: &hear, stop: &STOP };
    if args.run.join(project::FILE).is_file() {
        return of_project(args, monitor);
    }
    let export = Export::open(&args.run, &choice, args.data_dir.clone(), &Catalog::default())?;
    if let Some(out) = &args.net {
        let accuracy = export.write_net(out, monitor)?;
        say(&format!(
            "its accuracy on the test set is the recorded one, {:.1} %; the net is in {}",
            100.0 * accuracy,
            out.display()
        ));
        if args.format.is_none() && args.out.is_none() {
            return Ok(());
        }
    }
    let format = args.format.map_or(export::Format::Csv, |format| format.0);
    let Some(out) = &args.out else {
        if is_table(format) {
            return print_table(args, format, &export.table(format)?);
        }
        export.check_one_job(format)?;
        return Err(no_out());
    };
    if format == export::Format::Csv {
        return Ok(write_atomically(out, &args.formulas.rows(&export.table(format)?))?);
    }
    write(format, out, || export.write(format, out, monitor))
}

/// The labels of a project.
fn of_project(args: &ExportArgs, monitor: Monitor<'_>) -> Outcome {
    if args.net.is_some() {
        return Err(wrong("the net of a project is written by `deepal train`"));
    }
    if args.dataset.is_some() || args.net_name.is_some() || args.strategy.is_some() || args.seed.is_some() {
        return Err(wrong(
            "`--dataset`, `--net-name`, `--strategy` and `--seed` choose among the jobs of a run; a project has none",
        ));
    }
    let project = Project::read(&args.run, monitor)?;
    let format = args.format.map_or(export::Format::Csv, |format| format.0);
    let Some(out) = &args.out else {
        let table = match format {
            export::Format::Csv => project.labels_csv(),
            export::Format::Jsonl => project.labels_jsonl()?,
            _ => return Err(no_out()),
        };
        return print_table(args, format, &table);
    };
    if format == export::Format::Csv {
        return Ok(write_atomically(out, &args.formulas.rows(&project.labels_csv()))?);
    }
    write(format, out, || project.export(format, out, monitor))
}

/// Writes labels to a file or folder, and says how many if it is no table.
fn write(format: export::Format, out: &Path, write: impl FnOnce() -> Outcome<usize>) -> Outcome {
    if !is_table(format) && format != export::Format::LabelStudio {
        interrupt::listen(Some("stopping after the present file"), "stopped".into())?;
    }
    let labels = write()?;
    if is_table(format) {
        return Ok(());
    }
    print(&format!("{} in {}\n", count(labels, "label", "labels"), out.display()))
}

/// A table of labels on standard output.
fn print_table(args: &ExportArgs, format: export::Format, table: &[u8]) -> Outcome {
    match format {
        export::Format::Csv => print_bytes(&args.formulas.rows(table)),
        _ => print_json(table),
    }
}

fn is_table(format: export::Format) -> bool {
    matches!(format, export::Format::Csv | export::Format::Jsonl)
}

fn no_out() -> Error {
    wrong("say where to write with `--out PATH`; only csv and jsonl go to standard output")
}
