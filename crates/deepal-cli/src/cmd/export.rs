//! `deepal export`: the labels of a run or project, as other tools take them, and the nets of a run.

use super::formulas::FormulaArgs;
use super::{Outcome, ending, print, print_bytes, print_json, wrong};
use crate::interrupt::{self, STOP};
use crate::progress::{ProgressMode, Terminal};
use crate::say::say;
use clap::{Args, ValueEnum};
use deepal::export::{self, Export, JobChoice};
use deepal::files::write_atomically;
use deepal::project::Project;
use deepal::text::count;
use deepal::{Catalog, Error, Monitor};
use std::path::{Path, PathBuf};

const JOBS: &str = "Which jobs of a run";

/// Options of `deepal export`.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// A run folder; or a project, or the source that has one
    #[arg(value_name = "RUN|SOURCE|PROJECT")]
    run: PathBuf,
    /// What to write [default: csv]
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// The file to write, or a folder that is new or empty [default: CSV or JSON lines to standard output]
    #[arg(short, long, value_name = "PATH")]
    out: Option<PathBuf>,
    /// Write the net at the end of a job instead of the labels
    ///
    /// The net is trained again and checked against the record. With `--format` or `--out` the labels are written too.
    #[arg(long, value_name = "NET.safetensors")]
    net: Option<PathBuf>,
    /// Only labels for this data set of the run
    #[arg(long, value_name = "NAME", help_heading = JOBS)]
    dataset: Option<String>,
    /// Only labels asked with this net of the run
    #[arg(long, value_name = "NAME", help_heading = JOBS)]
    net_name: Option<String>,
    /// Only labels asked by this strategy of the run
    #[arg(long, value_name = "NAME", help_heading = JOBS)]
    strategy: Option<String>,
    /// Only labels asked with this seed of the run
    #[arg(long, alias = "seeds", value_name = "S", help_heading = JOBS)]
    seed: Option<u64>,
    /// The folder with the files of published data sets, for pictures [default: as in the run]
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
            export::Format::Csv => "A table with a row for each label",
            export::Format::Jsonl => "A JSON object for each label, one a line",
            export::Format::Imagefolder => "A folder of pictures for each class",
            export::Format::LabelStudio => "Tasks with annotations for Label Studio, with its configuration",
            export::Format::Huggingface => "Pictures with `metadata.jsonl`, for `datasets.load_dataset`",
            export::Format::Coco => "Pictures with `annotations.json`; each box is the whole picture",
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
    if let Some(net) = &args.net {
        ending("--net", net, &["safetensors"])?;
    }
    if let Some(out) = &args.out {
        match args.format.map_or(export::Format::Csv, |format| format.0) {
            export::Format::Csv => drop(ending("--out", out, &["csv"])?),
            export::Format::Jsonl => drop(ending("--out", out, &["jsonl", "ndjson"])?),
            export::Format::LabelStudio => drop(ending("--out", out, &["json"])?),
            _ => {}
        }
    }
    let terminal = Terminal::new(ProgressMode::Auto, "reading the run");
    let hear = |news: deepal::News<'_>| terminal.hear(&news);
    let monitor = Monitor { hear: &hear, stop: &STOP };
    if let Some(folder) = Project::find(&args.run) {
        return of_project(args, &folder, monitor);
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
fn of_project(args: &ExportArgs, folder: &Path, monitor: Monitor<'_>) -> Outcome {
    if args.net.is_some() {
        return Err(wrong("`--net` is for runs; `deepal train` writes the net of a project"));
    }
    if args.dataset.is_some() || args.net_name.is_some() || args.strategy.is_some() || args.seed.is_some() {
        return Err(wrong(
            "`--dataset`, `--net-name`, `--strategy` and `--seed` choose among the jobs of a run; a project has none",
        ));
    }
    let project = Project::read(folder, monitor)?;
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
    wrong("say where to write with `--out PATH`; only CSV and JSON lines go to standard output")
}
