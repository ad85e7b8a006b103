//! What is made of recorded runs: the page, its figures, the summaries and the Parquet tables.

use crate::analysis::{self, Analysis};
use crate::catalog::Catalog;
use crate::config::{self, Config};
use crate::data::{DataSets, read_samples};
use crate::error::{Error, Result, bail};
use crate::file::File;
use crate::jobs;
use crate::monitor::Monitor;
use crate::origin::Origin;
use crate::recorded::check_events;
#[cfg(feature = "report")]
use crate::report::Report;
use crate::sources::check_outside;
use crate::text::distinct;
use deepal_core::Data;
use deepal_core::metric::Metric;
use deepal_data::outputs::tables::{self, Names};
use deepal_data::stores::run::{Event, Failed, RoundRecord, RunStore, Started};
use deepal_data::write_atomically;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A run as its folder has it.
#[derive(Debug)]
pub struct Record {
    folder: PathBuf,
    text: String,
    config: Config,
    events: Vec<Event>,
}

impl Record {
    /// # Errors
    /// A folder without a run, or one that cannot be read.
    pub fn read(folder: &Path, catalog: &Catalog) -> Result<Self> {
        let (text, events) = RunStore::read(folder)?;
        let config = Config::parse(&text, &folder.join("config.toml"), catalog)?;
        check_events(folder, &config, &events, catalog)?;
        Ok(Self { folder: folder.into(), text, config, events })
    }

    /// Its settings.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The finished rounds, in the order of recording.
    pub fn rounds(&self) -> impl Iterator<Item = &RoundRecord> {
        self.events.iter().filter_map(Event::round)
    }

    /// What the samples and classes of the user's own data are called, by data set. A run that has lost its `samples.csv` knows no
    /// ids.
    fn own_names(&self) -> Result<BTreeMap<String, Names>> {
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
#[derive(Debug)]
pub struct Outputs {
    /// What they say about the strategies.
    pub analysis: Analysis,
    rounds: Vec<RoundRecord>,
    files: Vec<File>,
    /// The user's own data that they are about.
    sources: BTreeSet<PathBuf>,
}

impl Outputs {
    /// `page`: the name of the page. `metric`: what they are about. `data`: the data sets that could be had, for the pictures; `notes` says why others
    /// could not.
    ///
    /// # Errors
    /// Runs that cannot be compared, or that did not record the metric.
    pub(crate) fn new(
        records: &[Record],
        page: &str,
        metric: Metric,
        data: &BTreeMap<String, Data>,
        notes: &[String],
        catalog: &Catalog,
    ) -> Result<Self> {
        check(records)?;
        records.iter().try_for_each(check_first_rounds)?;
        records.iter().try_for_each(|record| check_metric(&record.folder, record.rounds(), metric))?;
        let mut rounds = records.iter().flat_map(Record::rounds).cloned().collect::<Vec<_>>();
        // Jobs run side by side, so events come in any order.
        rounds.sort_by(RoundRecord::in_order);
        let strategies = distinct(records.iter().flat_map(|record| &record.config.strategies));
        let started = records.iter().flat_map(|record| &record.events).filter_map(started).cloned();
        let started = started.collect::<Vec<_>>();
        let name = |record: &Record| record.folder.display().to_string();
        let settings = records.iter().map(|record| (name(record), record.text.clone())).collect::<Vec<_>>();
        let mut analysis = Analysis::new(&rounds, &strategies, metric);
        analysis.warnings.extend(records.iter().flat_map(|record| record.config.chosen_labels()));
        analysis.warnings.extend(records.iter().flat_map(unfinished));
        let tasks = records.iter().flat_map(|record| record.config.tasks.clone()).collect::<Vec<_>>();
        let title = config::title(&tasks);
        let classes =
            tasks.iter().filter_map(|task| Some((task.dataset.clone(), task.classes(catalog).ok()?)));
        let classes = classes.collect::<BTreeMap<_, _>>();
        let mut own = BTreeMap::new();
        for record in records {
            own.extend(record.own_names()?);
        }
        let file = |name: &str, bytes| File { name: name.into(), bytes };
        let mut files = Vec::new();
        #[cfg(feature = "report")]
        let figures = {
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
            files.push(file(page, report.html()?.into_bytes()));
            report.figures()?
        };
        files.extend([
            file("summary.csv", analysis::csv(&analysis)),
            file("summary.json", analysis.json()?),
            file("metrics.parquet", tables::metrics(&rounds)?),
            file("selections.parquet", tables::selections(&rounds, &own)?),
        ]);
        #[cfg(feature = "report")]
        files.extend(figures);
        #[cfg(not(feature = "report"))]
        let (_, _, _, _, _, _, _) = (page, &title, &started, &settings, &classes, data, notes);
        let sources = tasks.into_iter().filter_map(|task| Some(task.own?.source)).collect();
        Ok(Self { analysis, rounds, files, sources })
    }

    /// Writes TensorBoard event files below a folder, dated now.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn write_tensorboard(&self, folder: &Path) -> Result<()> {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Ok(deepal_data::outputs::tensorboard::write(folder, &self.rounds, now.as_secs_f64())?)
    }

    /// Writes all files below a folder, replacing those of an earlier time.
    ///
    /// # Errors
    /// A folder in which samples of the runs are, as figures would become samples; a file that cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        self.sources.iter().try_for_each(|source| check_outside(folder, source))?;
        self.write_each(|name| folder.join(name))
    }

    /// Writes the page to `path`, which has its name, and all other files below a folder beside it: `NAME-files` of `NAME.html`.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_page(&self, path: &Path) -> Result<()> {
        let mut folder = path.with_extension("").into_os_string();
        folder.push("-files");
        let folder = PathBuf::from(folder);
        self.sources.iter().try_for_each(|source| check_outside(&folder, source))?;
        self.write_each(|name| match path.ends_with(name) {
            true => path.to_owned(),
            false => folder.join(name),
        })
    }

    fn write_each(&self, path: impl Fn(&str) -> PathBuf) -> Result<()> {
        for File { name, bytes } in &self.files {
            let path = path(name);
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
fn check(records: &[Record]) -> Result<()> {
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
                    bail!(Error::Setting(format!(
                        "{folders} have different data by the name `{}`, so their results cannot be compared; report them one \
                         by one",
                        task.dataset
                    )));
                }
                let same = |other: &&_| config::Task::name(other) == task.name();
                let Some(theirs) = other.config.tasks.iter().find(same) else { continue };
                let theirs = config::Task { rounds: task.rounds, ..theirs.clone() };
                if theirs != *task || other.config.initial_set != record.config.initial_set {
                    bail!(Error::Setting(format!(
                        "{folders} have {} with other settings (pool, initial, query, training or initial_set), so their \
                         results cannot be compared; report them one by one",
                        task.name()
                    )));
                }
            }
        }
        for (dataset, net, strategy, seed) in record.rounds().map(RoundRecord::job).collect::<BTreeSet<_>>() {
            let words = format!("{strategy} with seed {seed} on {dataset} with {net}");
            if !jobs.insert((dataset, net, strategy, seed)) {
                bail!(Error::Setting(format!(
                    "{words} is in more than one of the runs; leave one out (`{}` perhaps)",
                    record.folder.display()
                )));
            }
        }
    }
    Ok(())
}

/// Checks that rounds have what a metric needs: runs of earlier versions recorded the accuracy alone.
pub(crate) fn check_metric<'a>(
    folder: &Path,
    mut rounds: impl Iterator<Item = &'a RoundRecord>,
    metric: Metric,
) -> Result<()> {
    let Some(without) = rounds.find(|round| round.metric(metric).is_none()) else { return Ok(()) };
    bail!(Error::Setting(format!(
        "`{}` was recorded without the counts of each class that the metric `{metric}` needs (round {} of {} with seed {}, for \
         one); run it again in a new folder, or use the metric `accuracy`",
        folder.display(),
        without.round,
        without.strategy,
        without.seed
    )))
}

/// How far accuracies in round 0 may be apart that should be equal: another processor may round one test sample otherwise.
const APART: f64 = 0.01;

/// Strategies that begin with the same labels and the same seed have the same net before they pick anything. If they differ, the data were
/// others when a part of the run was made, and a comparison would be of data and not of strategies.
fn check_first_rounds(record: &Record) -> Result<()> {
    let mut first = BTreeMap::<_, &RoundRecord>::new();
    for round in record.rounds().filter(|round| round.round == 0) {
        let mut labels = round.picks.clone();
        labels.sort_unstable();
        let other = *first.entry((&round.dataset, &round.net, round.seed, labels)).or_insert(round);
        if (other.accuracy - round.accuracy).abs() > APART {
            bail!(Error::Setting(format!(
                "in `{}`, {} and {} begin with the same labels of {} and the same net, and have accuracies of {:.1} and {:.1} % \
                 before they pick anything: the data changed between parts of the run; run all of it in a new folder",
                record.folder.display(),
                other.strategy,
                round.strategy,
                round.dataset,
                100.0 * other.accuracy,
                100.0 * round.accuracy
            )));
        }
    }
    Ok(())
}

/// The data sets of runs, for the pictures, without downloading, and sentences about those that are not at hand.
pub(crate) fn pictures(
    records: &[Record],
    data_dir: Option<&Path>,
    data_sets: &mut DataSets<'_>,
    catalog: &Catalog,
) -> (BTreeMap<String, Data>, Vec<String>) {
    let (mut data, mut notes) = (BTreeMap::new(), Vec::new());
    for config in records.iter().map(|record| &record.config) {
        let folder = data_dir.map(Path::to_owned).or_else(|| config.data_dir.clone());
        for task in &config.tasks {
            if !data.contains_key(&task.dataset) {
                let config = Config { data_dir: folder.clone(), ..config.clone() };
                match data_sets.pictures(&config, task, catalog) {
                    Ok(loaded) => drop(data.insert(task.dataset.clone(), loaded)),
                    Err(error) => notes.push(format!("No pictures of {}: {error}.", task.dataset)),
                }
            }
        }
    }
    notes.dedup();
    (data, notes)
}

/// What all runs are about.
fn common_metric(records: &[Record]) -> Result<Metric> {
    let metrics = records.iter().map(|record| record.config.metric).collect::<BTreeSet<_>>();
    match metrics.iter().copied().collect::<Vec<_>>().as_slice() {
        [] => Ok(Metric::default()),
        [metric] => Ok(*metric),
        several => {
            let names = several.iter().map(|metric| metric.name()).collect::<Vec<_>>().join(" and ");
            bail!(Error::Setting(format!("the runs are about {names}; name one as `metric`")))
        }
    }
}

/// One report about the runs in some folders; those of one data set and net must have the same settings. `metric`: what it is about,
/// if not what the runs are about. Its files are written by [`Outputs::write`].
///
/// # Errors
/// A folder without a run, runs that cannot be compared or did not record the metric, or runs about different ones.
pub fn report(
    runs: &[PathBuf],
    page: &str,
    metric: Option<Metric>,
    data_dir: Option<&Path>,
    catalog: &Catalog,
    monitor: Monitor<'_>,
) -> Result<Outputs> {
    let records = runs.iter().map(|folder| Record::read(folder, catalog)).collect::<Result<Vec<_>>>()?;
    let metric = metric.map_or_else(|| common_metric(&records), Ok)?;
    let environment = crate::study_settings::data_dir_of_environment();
    let data_dir = data_dir.or(environment.as_deref());
    let (data, notes) = pictures(&records, data_dir, &mut DataSets::new(monitor), catalog);
    Outputs::new(&records, page, metric, &data, &notes, catalog)
}
