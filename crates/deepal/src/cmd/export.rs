//! `deepal export`: the labels that a run bought, as other tools take them.

mod coco;
mod folder;
mod huggingface;
mod imagefolder;
mod label_studio;
mod labels;
mod net;
mod pictures;
mod table;

use crate::config::{self, Config, Task};
use crate::exit::Usage;
use crate::outputs::Record;
use crate::words::{count, distinct};
use anyhow::bail;
use clap::{Args, ValueEnum};
use deepal::{datasets, did_you_mean, strategy};
use deepal_data::run_store::Round;
use deepal_data::{Error, write_atomically};
use pictures::Pictures;
use std::path::PathBuf;

/// Jobs that an error names one by one.
const LISTED: usize = 8;

/// Options of `deepal export`.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// The run folder
    #[arg(value_name = "RUN")]
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
}

/// What labels are written as. The last four describe one labelled set, so they take one job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table of all jobs, a row for each label
    Csv,
    /// The same, a JSON object a line
    Jsonl,
    /// A folder for each class with its pictures
    Imagefolder,
    /// Tasks with annotations for Label Studio, the labelling configuration beside them
    LabelStudio,
    /// Pictures with `metadata.jsonl`, as `datasets.load_dataset` reads them
    Huggingface,
    /// Pictures with `annotations.json`, the class of each as a box around all of it
    Coco,
}

pub(crate) fn run(args: &ExportArgs) -> anyhow::Result<()> {
    let record = Record::read(&args.run)?;
    let data_dir = config::data_dir(args.data_dir.as_deref()).or_else(|| record.config.data_dir.clone());
    let config = &Config { data_dir, ..record.config.clone() };
    let rounds = chosen(args, &record)?;
    if let Some(out) = &args.net {
        let task = one_job(args, config, &rounds, "`--net` takes the labels of one job")?;
        net::write(out, &args.run, config, task, &rounds)?;
        if args.format.is_none() && args.out.is_none() {
            return Ok(());
        }
    }
    let format = args.format.unwrap_or(Format::Csv);
    let labels = labels::of(&args.run, config, &rounds)?;
    let file = match format {
        Format::Csv => Some(table::csv(&labels)),
        Format::Jsonl => Some(table::jsonl(&labels)?),
        _ => None,
    };
    if let Some(bytes) = file {
        return match &args.out {
            Some(out) => Ok(write_atomically(out, &bytes)?),
            None => super::print(&String::from_utf8_lossy(&bytes)),
        };
    }
    let name = format.to_possible_value();
    let name = name.as_ref().map_or("", |name| name.get_name());
    let task = one_job(args, config, &rounds, &format!("`--format {name}` describes one labelled set"))?;
    let Some(out) = &args.out else {
        bail!(Usage("say where to write with `--out PATH`; only csv and jsonl go to standard output".into()))
    };
    if format == Format::LabelStudio {
        label_studio::write(out, &labels, task)?;
    } else {
        folder::check(out)?;
        let pictures = Pictures::of(config, task)?;
        folder::stop_on_ctrl_c()?;
        folder::write(out, |folder| match format {
            Format::Imagefolder => imagefolder::fill(folder, &labels, &pictures),
            Format::Huggingface => huggingface::fill(folder, &labels, &pictures),
            _ => coco::fill(folder, &labels, task, &pictures),
        })?;
    }
    super::print(&format!("{} in {}\n", count(labels.len(), "label", "labels"), out.display()))
}

/// The rounds of the jobs that the options name, job by job.
fn chosen<'a>(args: &ExportArgs, record: &'a Record) -> anyhow::Result<Vec<&'a Round>> {
    let mut rounds = record.rounds().collect::<Vec<_>>();
    if rounds.is_empty() {
        let why =
            "has no finished round, so no label was bought; go on with it by `deepal run --resume`".into();
        bail!(Error::Own { path: args.run.clone(), why });
    }
    rounds.sort_by(|a, b| a.in_order(b));
    let dataset = |name: &String| datasets::by_name(name).map_or(name.clone(), |entry| entry.name.into());
    let strategy = |name: &String| strategy::by_name(name).map_or(name.clone(), |entry| entry.name.into());
    /// The option, what it asks for, and what a round has of it.
    type Filter = (&'static str, Option<String>, fn(&Round) -> String);
    let filters: [Filter; 4] = [
        ("dataset", args.dataset.as_ref().map(dataset), |round| round.dataset.clone()),
        ("net-name", args.net_name.clone(), |round| round.net.clone()),
        ("strategy", args.strategy.as_ref().map(strategy), |round| round.strategy.clone()),
        ("seed", args.seed.map(|seed| seed.to_string()), |round| round.seed.to_string()),
    ];
    for (option, wanted, of) in filters {
        let Some(wanted) = wanted else { continue };
        let known = distinct(&rounds.iter().map(|round| of(round)).collect::<Vec<_>>());
        rounds.retain(|round| of(round).eq_ignore_ascii_case(&wanted));
        if rounds.is_empty() {
            let names = known.iter().map(String::as_str).collect::<Vec<_>>();
            let near = did_you_mean(&wanted, &names).map(|near| format!(", did you mean `{near}`?"));
            bail!(Usage(format!(
                "`--{option}`: the run has no labels of `{wanted}`{}; it has {}",
                near.unwrap_or_default(),
                known.join(", ")
            )));
        }
    }
    Ok(rounds)
}

/// The task of the only job that there is; `why` says what needs it.
fn one_job<'a>(
    args: &ExportArgs,
    config: &'a Config,
    rounds: &[&Round],
    why: &str,
) -> anyhow::Result<&'a Task> {
    let mut jobs = rounds.iter().map(|round| round.job()).collect::<Vec<_>>();
    jobs.dedup();
    let words = |(dataset, net, strategy, seed): &(&str, &str, &str, u64)| {
        format!("{strategy} with seed {seed} on {dataset} with {net}")
    };
    if jobs.len() > 1 {
        let mut names = jobs.iter().take(LISTED).map(words).collect::<Vec<_>>();
        names.extend((jobs.len() > LISTED).then(|| format!("{} more", jobs.len() - LISTED)));
        bail!(Usage(format!(
            "{why}, and there are {}: {}; choose one with `--dataset`, `--net-name`, `--strategy` and `--seed`",
            jobs.len(),
            names.join("; ")
        )));
    }
    let is_it = |task: &&Task| jobs.iter().any(|job| job.0 == task.dataset && job.1 == task.net);
    match config.tasks.iter().find(is_it) {
        Some(task) => Ok(task),
        None => bail!(Error::Own { path: args.run.clone(), why: labels::OTHER_SETTINGS.into() }),
    }
}
