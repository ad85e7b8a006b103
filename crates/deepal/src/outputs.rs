//! What is made of recorded runs: the page, its figures, the summaries and the Parquet tables.

use crate::analysis::{self, Analysis};
use crate::config::{self, Config};
use crate::data_sets::{Origin, read_samples};
use crate::exit::Usage;
use crate::jobs;
use crate::report::{File, Report};
use crate::words::distinct;
use anyhow::{Context, bail};
use deepal::Data;
use deepal_data::run_store::{Event, Failed, Round, RunStore, Started};
use deepal_data::tables::{self, Names};
use deepal_data::write_atomically;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A run as its folder has it.
pub(crate) struct Record {
    folder: PathBuf,
    text: String,
    pub(crate) config: Config,
    events: Vec<Event>,
}

impl Record {
    /// # Errors
    /// A folder without a run, or one that cannot be read.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Self> {
        let (text, events) = RunStore::read(folder)?;
        let config = Config::parse(&text, &folder.join("config.toml"))?;
        Ok(Self { folder: folder.into(), text, config, events })
    }

    /// The finished rounds, in the order of recording.
    pub(crate) fn rounds(&self) -> impl Iterator<Item = &Round> {
        self.events.iter().filter_map(Event::round)
    }

    /// What the samples and classes of the user's own data are called, by data set. A run that has lost its `samples.csv` knows no
    /// ids.
    fn own_names(&self) -> anyhow::Result<BTreeMap<String, Names>> {
        let own = self.config.tasks.iter().filter_map(|task| Some((&task.dataset, task.own.as_ref()?)));
        let own = own.collect::<BTreeMap<_, _>>();
        let mut ids = BTreeMap::new();
        if !own.is_empty() && self.folder.join("samples.csv").exists() {
            ids = read_samples(&self.folder)?;
        }
        let names = |(dataset, origin): (&String, &Origin)| {
            let ids = ids.remove(dataset).unwrap_or_default();
            (dataset.clone(), Names { ids, classes: origin.classes.clone() })
        };
        Ok(own.into_iter().map(names).collect())
    }
}

/// What is made of runs.
pub(crate) struct Outputs {
    pub(crate) analysis: Analysis,
    pub(crate) rounds: Vec<Round>,
    files: Vec<File>,
}

impl Outputs {
    /// `page`: the name of the page. `data`: the data sets that could be had, for the pictures; `notes` says why others
    /// could not.
    ///
    /// # Errors
    /// Runs that cannot be compared.
    pub(crate) fn new(
        records: &[Record],
        page: &str,
        data: &BTreeMap<String, Data>,
        notes: &[String],
    ) -> anyhow::Result<Self> {
        check(records)?;
        let mut rounds = records.iter().flat_map(Record::rounds).cloned().collect::<Vec<_>>();
        // Jobs run side by side, so events come in any order.
        rounds.sort_by(Round::in_order);
        let strategies = distinct(records.iter().flat_map(|record| &record.config.strategies));
        let started = records.iter().flat_map(|record| &record.events).filter_map(started).cloned();
        let started = started.collect::<Vec<_>>();
        let name = |record: &Record| record.folder.display().to_string();
        let settings = records.iter().map(|record| (name(record), record.text.clone())).collect::<Vec<_>>();
        let mut analysis = Analysis::new(&rounds, &strategies);
        analysis.warnings.extend(records.iter().flat_map(unfinished));
        let tasks = records.iter().flat_map(|record| record.config.tasks.clone()).collect::<Vec<_>>();
        let title = config::title(&tasks);
        let classes = tasks.iter().filter_map(|task| Some((task.dataset.clone(), task.classes().ok()?)));
        let classes = classes.collect();
        let mut own = BTreeMap::new();
        for record in records {
            own.extend(record.own_names()?);
        }
        let report = Report {
            title: &title,
            analysis: &analysis,
            rounds: &rounds,
            started: &started,
            settings: &settings,
            classes: &classes,
            data,
            notes,
        };
        let file = |name: &str, bytes| File { name: name.into(), bytes };
        let mut files = vec![
            file(page, report.html()?.into_bytes()),
            file("summary.csv", analysis::csv(&analysis)),
            file("summary.json", analysis.json()?),
            file("metrics.parquet", tables::metrics(&rounds)?),
            file("selections.parquet", tables::selections(&rounds, &own)?),
        ];
        files.extend(report.figures()?);
        Ok(Self { analysis, rounds, files })
    }

    /// Writes all files below a folder, replacing those of an earlier time.
    pub(crate) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        for File { name, bytes } in &self.files {
            let path = folder.join(name);
            if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                let cause = |cause| deepal_data::Error::Write { path: folder.into(), cause };
                std::fs::create_dir_all(folder).map_err(cause)?;
            }
            write_atomically(&path, bytes)?;
        }
        Ok(())
    }
}

/// The jobs of a run that are not at their end, and the last reason of each that failed.
fn unfinished(record: &Record) -> Vec<String> {
    let jobs = jobs::all(&record.config, record.rounds());
    let unfinished = jobs.iter().filter(|job| !job.is_finished(&record.config)).collect::<Vec<_>>();
    let Some(first) = unfinished.first() else { return Vec::new() };
    let mut sentences = vec![format!(
        "{} of {} jobs in `{}` are not finished, {} among them",
        unfinished.len(),
        jobs.len(),
        record.folder.display(),
        first.name(&record.config)
    )];
    for job in unfinished {
        let is_it = |failed: &&Failed| **failed == job.failed(&record.config, failed.why.clone());
        let failed = record.events.iter().filter_map(failed).rfind(is_it);
        sentences.extend(failed.map(|failed| format!("{} failed: {}", job.name(&record.config), failed.why)));
    }
    sentences
}

fn failed(event: &Event) -> Option<&Failed> {
    match event {
        Event::Failed(failed) => Some(failed),
        _ => None,
    }
}

fn started(event: &Event) -> Option<&Started> {
    match event {
        Event::Started(started) => Some(started),
        _ => None,
    }
}

/// Runs can be compared if the same data set and net had the same settings, and nothing is in two of them. One may have
/// fewer rounds; the analysis warns of that.
fn check(records: &[Record]) -> anyhow::Result<()> {
    let mut jobs = BTreeSet::new();
    for (i, record) in records.iter().enumerate() {
        for other in &records[..i] {
            let folders = format!("`{}` and `{}`", other.folder.display(), record.folder.display());
            for task in &record.config.tasks {
                let data = |task: &config::Task| {
                    task.own.as_ref().map(|own| (own.samples.clone(), own.classes.clone()))
                };
                let differs =
                    |other: &config::Task| other.dataset == task.dataset && data(other) != data(task);
                if other.config.tasks.iter().any(differs) {
                    bail!(Usage(format!(
                        "{folders} have different data by the name `{}`, so their results cannot be compared; report them one \
                         by one",
                        task.dataset
                    )));
                }
                let same = |other: &&_| config::Task::name(other) == task.name();
                let Some(theirs) = other.config.tasks.iter().find(same) else { continue };
                let theirs = config::Task { rounds: task.rounds, ..theirs.clone() };
                if theirs != *task || other.config.initial_set != record.config.initial_set {
                    bail!(Usage(format!(
                        "{folders} have {} with other settings (pool, initial, query, training or initial_set), so their \
                         results cannot be compared; report them one by one",
                        task.name()
                    )));
                }
            }
        }
        for (dataset, net, strategy, seed) in record.rounds().map(Round::job).collect::<BTreeSet<_>>() {
            let words = format!("{strategy} with seed {seed} on {dataset} with {net}");
            if !jobs.insert((dataset, net, strategy, seed)) {
                bail!(Usage(format!(
                    "{words} is in more than one of the runs; leave one out (`{}` perhaps)",
                    record.folder.display()
                )));
            }
        }
    }
    Ok(())
}

/// Writes TensorBoard event files, dated now.
pub(crate) fn tensorboard(folder: &Path, rounds: &[Round]) -> anyhow::Result<()> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    deepal_data::tensorboard::write(folder, rounds, now.as_secs_f64()).context("`--tensorboard`")
}
