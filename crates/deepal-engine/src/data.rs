//! The data of tasks: of the list, of the catalog, or a user's own. Each is read once.

use crate::catalog::Catalog;
use crate::config::{Config, Task};
use crate::error::{Context, Error, Result, bail};
use crate::monitor::{Monitor, News};
use crate::origin::Origin;
use crate::pretrained::Pretrained;
use crate::sources;
use crate::trained_net::Preparation;
use deepal_core::Data;
use deepal_data::datasets::{self, Downloads};
use deepal_data::formats::columns::Columns;
use deepal_data::source::{Labeled, Open, Source};
use deepal_data::{csv_row, write_atomically};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

/// A source, read.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    pub(crate) name: String,
    pub(crate) origin: Origin,
    pub(crate) labeled: Labeled,
    /// The same as they look.
    pub(crate) pictures: Data,
    /// How samples became inputs, or embeddings.
    pub(crate) preparation: Preparation,
}

impl Opened {
    fn is_of(&self, task: &Task) -> bool {
        task.own.as_ref().is_some_and(|own| self.origin.is(own))
    }
}

/// What the name of a data set means.
pub(crate) enum Named {
    Listed(&'static datasets::Entry),
    /// Of the catalog.
    Given(String, Data),
    Source(PathBuf),
}

/// The data set of the catalog, of the list, or else the file or folder, that has a name.
pub(crate) fn named(name: &str, catalog: &Catalog) -> Result<Named> {
    if let Some(data) = catalog.dataset(name) {
        return Ok(Named::Given(name.into(), data.clone()));
    }
    let unknown = match datasets::by_name(name) {
        Ok(entry) => return Ok(Named::Listed(entry)),
        Err(error) => error,
    };
    let path = Path::new(name);
    match std::path::absolute(path) {
        Ok(absolute) if path.exists() => Ok(Named::Source(absolute)),
        _ if name.contains(std::path::MAIN_SEPARATOR) || path.extension().is_some() => {
            let cause = std::io::Error::from(std::io::ErrorKind::NotFound);
            bail!(deepal_data::Error::Read { path: path.into(), cause })
        }
        _ => Err(unknown).context("there is no such file or folder either"),
    }
}

/// What was read so far.
#[derive(Debug)]
pub(crate) struct DataSets<'a> {
    monitor: Monitor<'a>,
    listed: BTreeMap<String, Data>,
    sources: Vec<Opened>,
}

impl<'a> DataSets<'a> {
    pub(crate) fn new(monitor: Monitor<'a>) -> Self {
        Self { monitor, listed: BTreeMap::new(), sources: Vec::new() }
    }

    /// Says something worth knowing to whoever hears.
    pub(crate) fn note(&self, text: &str) {
        self.monitor.note(text);
    }

    /// A user's own data.
    pub(crate) fn source(
        &mut self,
        source: &Path,
        model: Option<&Pretrained>,
        dedup: Option<f64>,
    ) -> Result<Opened> {
        let is_it = |Opened { origin, .. }: &&Opened| {
            (origin.source.as_path(), origin.model.as_ref(), origin.dedup) == (source, model, dedup)
        };
        if let Some(opened) = self.sources.iter().find(is_it) {
            return Ok(opened.clone());
        }
        let opened = open(source, model, dedup, &self.monitor)?;
        self.sources.push(opened.clone());
        Ok(opened)
    }

    /// The whole data of a task.
    ///
    /// # Errors
    /// Data that cannot be had, or own data that are not what they were when the settings were made.
    pub(crate) fn load(
        &mut self,
        config: &Config,
        task: &Task,
        catalog: &Catalog,
        offline: bool,
    ) -> Result<Data> {
        if let Some(origin) = &task.own {
            if !origin.source.exists() {
                let why = "is gone, and the run is about it; put it back, or write its new place as `source` into config.toml";
                bail!(deepal_data::Error::Unfit { path: origin.source.clone(), why: why.into() });
            }
            let opened = self.source(&origin.source, origin.model.as_ref(), origin.dedup)?;
            if !opened.origin.has_content_of(origin) {
                bail!(Error::Setting(format!(
                    "the contents of `{}` (features, pictures, or how they are read) have changed since the run began; start a \
                     new run in another folder",
                    origin.source.display()
                )));
            }
            if !opened.origin.is(origin) {
                bail!(Error::Setting(format!(
                    "the samples, labels or classes in `{}` have changed since the run began; start a new run in \
                     another folder",
                    origin.source.display()
                )));
            }
            return Ok(opened.labeled.data);
        }
        if let Some(data) = catalog.dataset(&task.dataset).or_else(|| self.listed.get(&task.dataset)) {
            return Ok(data.clone());
        }
        let data_dir = config.data_dir.clone();
        let hear = self.monitor.hear;
        let progress = |file: &str, done: u64, total: Option<u64>| hear(News::Download { file, done, total });
        let downloads = Downloads { data_dir, offline, progress: &progress, ..Downloads::default() };
        let data = (datasets::by_name(&task.dataset)?.load)(&downloads)?;
        self.listed.insert(task.dataset.clone(), data.clone());
        Ok(data)
    }

    /// What a net of a task must know of its inputs besides their shape: how pictures or the rows of a table become inputs.
    /// Of a data set of the list there is nothing to tell.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub(crate) fn preparation(&mut self, task: &Task) -> Result<Preparation> {
        let Some(Origin { source, model, dedup, .. }) = &task.own else { return Ok(Preparation::default()) };
        Ok(self.source(source, model.as_ref(), *dedup)?.preparation)
    }

    /// The ids of the pool of a task, in its order; none of a data set of the list.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub(crate) fn ids(&mut self, task: &Task) -> Result<Vec<String>> {
        let Some(Origin { source, model, dedup, .. }) = &task.own else { return Ok(Vec::new()) };
        Ok(self.source(source, model.as_ref(), *dedup)?.labeled.ids)
    }

    /// The data of a task as they look, for its report.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub(crate) fn pictures(&mut self, config: &Config, task: &Task, catalog: &Catalog) -> Result<Data> {
        let data = self.load(config, task, catalog, true)?;
        let opened = self.sources.iter().find(|opened| opened.is_of(task));
        Ok(opened.map_or(data, |opened| opened.pictures.clone()))
    }

    /// Writes which sample of the user's own data has which number in the events of a run: `samples.csv`.
    pub(crate) fn write_samples(&self, config: &Config, folder: &Path) -> Result<()> {
        let mut table = b"dataset,sample,id\n".to_vec();
        let is_used = |opened: &&Opened| config.tasks.iter().any(|task| opened.is_of(task));
        let used = self.sources.iter().filter(is_used).collect::<Vec<_>>();
        for Opened { name, labeled, .. } in &used {
            for (sample, id) in labeled.ids.iter().enumerate() {
                table.extend(csv_row([name, &sample.to_string(), id]));
            }
        }
        if !used.is_empty() {
            write_atomically(&folder.join("samples.csv"), &table)?;
        }
        Ok(())
    }
}

/// The ids in a run's `samples.csv`, by data set and number.
///
/// # Errors
/// A file that cannot be read.
pub(crate) fn read_samples(run: &Path) -> deepal_data::Result<BTreeMap<String, HashMap<u32, String>>> {
    let table = Columns::read(&run.join("samples.csv"))?;
    let column = |name| table.column(name).map(|column| column.texts());
    let (datasets, samples, ids) = (column("dataset")?, column("sample")?, column("id")?);
    let mut found = BTreeMap::<String, HashMap<_, _>>::new();
    for ((dataset, sample), id) in datasets.into_iter().zip(samples).zip(ids) {
        if let (Some(dataset), Some(Ok(sample))) = (dataset, sample.map(|sample| sample.parse())) {
            found.entry(dataset).or_default().insert(sample, id.unwrap_or_default());
        }
    }
    Ok(found)
}

fn open(
    path: &Path,
    model: Option<&Pretrained>,
    dedup: Option<f64>,
    monitor: &Monitor<'_>,
) -> Result<Opened> {
    let source = sources::open(path, model, dedup, &Open::default(), monitor)?;
    let labeled = source.labeled()?;
    let pictures = match &source.original {
        Some(original) => Source { inputs: original.clone(), ..source.clone() }.labeled()?.data,
        None => labeled.data.clone(),
    };
    let (samples, classes) = (labeled.digest.clone(), source.classes.clone());
    let progress = |done, total| monitor.progress("comparing contents", done, total);
    let content = Some(source.content_digest(&progress)?);
    let (model, chosen) = (model.cloned(), source.n_chosen);
    let origin = Origin { source: path.into(), samples, classes, content, chosen, dedup, model };
    let (image, bits) = (source.manifest.image, source.manifest.bits);
    let preparation = Preparation { image, bits, encoding: source.encoding };
    Ok(Opened { name: source.name, origin, labeled, pictures, preparation })
}
