//! The labels of a run or project, as other tools take them, and the nets of a run.

mod answers;
mod coco;
mod folder;
mod huggingface;
mod imagefolder;
mod label_studio;
mod labels;
mod net;
mod pictures;
mod set;
mod table;

use crate::catalog::Catalog;
use crate::config::{Config, Task};
use crate::error::{Error, Result, bail};
use crate::monitor::Monitor;
use crate::outputs::Record;
use crate::sources;
use crate::study_settings::data_dir_of_environment;
use crate::text::distinct;
use deepal_core::{did_you_mean, strategy};
use deepal_data::files::{check_folder, write_folder};
use deepal_data::stores::run::RoundRecord;
use deepal_data::{Error as DataError, datasets, write_atomically};
use pictures::Pictures;
use set::{Labeled, LabeledSet};
use std::path::{Path, PathBuf};

pub use answers::{Answered, write_answers};
pub use labels::Label;

/// Jobs that an error names one by one.
const LISTED: usize = 8;

/// What labels are written as. The last four describe one labelled set, so they take one job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A table of all labels, a row for each
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

impl Format {
    /// All formats.
    pub const ALL: [Self; 6] =
        [Self::Csv, Self::Jsonl, Self::Imagefolder, Self::LabelStudio, Self::Huggingface, Self::Coco];

    /// Its name in settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::Imagefolder => "imagefolder",
            Self::LabelStudio => "label-studio",
            Self::Huggingface => "huggingface",
            Self::Coco => "coco",
        }
    }
}

/// Which jobs of a run are meant; `None`: all.
#[derive(Debug, Clone, Default)]
pub struct JobChoice {
    /// Those on a data set.
    pub dataset: Option<String>,
    /// Those with a net.
    pub net: Option<String>,
    /// Those of a strategy.
    pub strategy: Option<String>,
    /// Those with a seed.
    pub seed: Option<u64>,
}

/// Jobs of a recorded run, to be exported.
#[derive(Debug)]
pub struct Export {
    run: PathBuf,
    config: Config,
    /// Job by job.
    rounds: Vec<RoundRecord>,
    catalog: Catalog,
}

impl Export {
    /// The jobs of the run in a folder that `choice` names. `data_dir`: the folder with published data sets, for their pictures.
    ///
    /// # Errors
    /// A folder without a run, a run without a finished round, or none of the jobs named.
    pub fn open(
        run: &Path,
        choice: &JobChoice,
        data_dir: Option<PathBuf>,
        catalog: &Catalog,
    ) -> Result<Self> {
        let record = Record::read(run, catalog)?;
        let data_dir = data_dir.or_else(data_dir_of_environment).or_else(|| record.config().data_dir.clone());
        let config = Config { data_dir, ..record.config().clone() };
        let rounds = chosen(run, choice, &record)?;
        Ok(Self { run: run.into(), config, rounds, catalog: catalog.clone() })
    }

    /// The labels, in the order in which they were asked for.
    ///
    /// # Errors
    /// A run that has lost the ids of its samples, or whose events are not of its settings.
    pub fn labels(&self) -> Result<Vec<Label<'_>>> {
        labels::of(&self.run, &self.config, &self.rounds, &self.catalog)
    }

    /// The labels as CSV or JSON lines.
    ///
    /// # Errors
    /// As [`labels`](Self::labels).
    pub fn table(&self, format: Format) -> Result<Vec<u8>> {
        let labels = self.labels()?;
        if format == Format::Jsonl { table::jsonl(&labels) } else { Ok(table::csv(&labels)) }
    }

    /// Writes the labels to a file, or to a folder that is new or empty; how many.
    ///
    /// # Errors
    /// As [`labels`](Self::labels); several jobs for a format that describes one labelled set; pictures that cannot be read any more;
    /// what cannot be written; [`Error::Interrupted`] if the monitor stopped it, and then nothing is left.
    pub fn write(&self, format: Format, out: &Path, monitor: Monitor<'_>) -> Result<usize> {
        let labels = self.labels()?;
        if matches!(format, Format::Csv | Format::Jsonl) {
            write_atomically(out, &self.table(format)?)?;
            return Ok(labels.len());
        }
        let task = self.one_job(&format!("format `{}` describes one labelled set", format.name()))?;
        let set = LabeledSet {
            name: task.name(),
            classes: task.classes(&self.catalog)?,
            labels: labels.iter().map(Labeled::from).collect(),
            folder: if format == Format::LabelStudio { pictures::folder(task)? } else { None },
        };
        let source = task.own.as_ref().map(|own| own.source.as_path());
        write(&set, format, source, out, || Pictures::of(&self.config, task, &self.catalog, &monitor))?;
        Ok(labels.len())
    }

    /// Writes the net at the end of the only job, trained once more and checked against the record; its accuracy on the test set, from
    /// 0 to 1.
    ///
    /// # Errors
    /// Several jobs; data that have changed; a net that keeps its weights to itself; a file that cannot be written.
    pub fn write_net(&self, out: &Path, monitor: Monitor<'_>) -> Result<f64> {
        let task = self.one_job("a net is of one job")?;
        net::write(out, &self.run, &self.config, task, &self.rounds, &self.catalog, monitor)
    }

    /// Checks that there is only one job, for a format that describes one labelled set.
    ///
    /// # Errors
    /// There are several.
    pub fn check_one_job(&self, format: Format) -> Result<()> {
        self.one_job(&format!("format `{}` describes one labelled set", format.name())).map(drop)
    }

    /// The task of the only job that there is; `why` says what needs it.
    fn one_job(&self, why: &str) -> Result<&Task> {
        let mut jobs = self.rounds.iter().map(|round| round.job()).collect::<Vec<_>>();
        jobs.dedup();
        let words = |(dataset, net, strategy, seed): &(&str, &str, &str, u64)| {
            format!("{strategy} with seed {seed} on {dataset} with {net}")
        };
        if jobs.len() > 1 {
            let mut names = jobs.iter().take(LISTED).map(words).collect::<Vec<_>>();
            names.extend((jobs.len() > LISTED).then(|| format!("{} more", jobs.len() - LISTED)));
            bail!(Error::Setting(format!(
                "{why}, and there are {}: {}; choose one by its dataset, net, strategy and seed",
                jobs.len(),
                names.join("; ")
            )));
        }
        let is_it = |task: &&Task| jobs.iter().any(|job| job.0 == task.dataset && job.1 == task.net);
        match self.config.tasks.iter().find(is_it) {
            Some(task) => Ok(task),
            None => bail!(DataError::Unfit { path: self.run.clone(), why: labels::OTHER_SETTINGS.into() }),
        }
    }
}

/// Writes a labelled set, with its pictures where the format has some, but not into the source that it is of.
fn write<'a>(
    set: &LabeledSet<'_>,
    format: Format,
    source: Option<&Path>,
    out: &Path,
    pictures: impl FnOnce() -> Result<Pictures<'a>>,
) -> Result<()> {
    if format == Format::LabelStudio {
        return label_studio::write(out, set);
    }
    check_folder(out)?;
    source.map_or(Ok(()), |source| sources::check_outside(out, source))?;
    let pictures = pictures()?;
    write_folder(out, |folder| match format {
        Format::Imagefolder => imagefolder::fill(folder, &set.labels, &pictures),
        Format::Huggingface => huggingface::fill(folder, &set.labels, &pictures),
        _ => coco::fill(folder, set, &pictures),
    })
}

/// The rounds of the jobs that are named, job by job.
fn chosen(run: &Path, choice: &JobChoice, record: &Record) -> Result<Vec<RoundRecord>> {
    let mut rounds = record.rounds().cloned().collect::<Vec<_>>();
    if rounds.is_empty() {
        let why = "has no finished round, so no label was bought; resume the run".into();
        bail!(DataError::Unfit { path: run.into(), why });
    }
    rounds.sort_by(RoundRecord::in_order);
    let dataset = |name: &String| datasets::by_name(name).map_or(name.clone(), |entry| entry.name.into());
    let strategy = |text: &String| {
        let canonical = text.parse().and_then(|spec| strategy::canonical(&spec));
        canonical.map_or(text.clone(), |spec| spec.to_string())
    };
    /// The choice, what it asks for, and what a round has of it.
    type Filter = (&'static str, Option<String>, fn(&RoundRecord) -> String);
    let filters: [Filter; 4] = [
        ("dataset", choice.dataset.as_ref().map(dataset), |round| round.dataset.clone()),
        ("net-name", choice.net.clone(), |round| round.net.clone()),
        ("strategy", choice.strategy.as_ref().map(strategy), |round| round.strategy.clone()),
        ("seed", choice.seed.map(|seed| seed.to_string()), |round| round.seed.to_string()),
    ];
    for (what, wanted, of) in filters {
        let Some(wanted) = wanted else { continue };
        let known = distinct(&rounds.iter().map(of).collect::<Vec<_>>());
        rounds.retain(|round| of(round).eq_ignore_ascii_case(&wanted));
        if rounds.is_empty() {
            let names = known.iter().map(String::as_str).collect::<Vec<_>>();
            let near = did_you_mean(&wanted, &names).map(|near| format!(", did you mean `{near}`?"));
            bail!(Error::Setting(format!(
                "`{what}`: the run has no labels of `{wanted}`{}; it has {}",
                near.unwrap_or_default(),
                known.join(", ")
            )));
        }
    }
    Ok(rounds)
}
