//! The pictures of labels: the user's own files where there are some, else PNGs of the inputs.

use super::folder::{Names, file};
use super::set::Labeled;
use crate::catalog::Catalog;
use crate::config::{Config, Task};
use crate::data::DataSets;
use crate::error::{Context, Error, Result, bail};
use crate::monitor::Monitor;
use crate::pixels::{check, png};
use deepal_core::{Dataset, SampleId};
use deepal_data::Error as DataError;
use deepal_data::files::leads_out;
use deepal_data::source::{Inputs, Manifest, Open, Source, picture_size};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Inputs that are in memory at a time.
const BATCH: usize = 256;

/// The pictures of a task.
pub(super) struct Pictures<'a> {
    from: Place,
    monitor: &'a Monitor<'a>,
}

/// Where the pictures of a task come from.
enum Place {
    /// Files in a folder; ids are their paths in it.
    Folder(PathBuf),
    /// Files in an archive, or in a folder that was opened.
    Archive(Archive),
    /// Inputs, by sample.
    Inputs(Arc<dyn Dataset>),
}

/// Files of a source, by id.
struct Archive {
    path: PathBuf,
    rows: HashMap<String, usize>,
    inputs: Arc<dyn Inputs>,
}

/// The folder that a task's own pictures are in.
///
/// # Errors
/// A manifest that cannot be read.
pub(super) fn folder(task: &Task) -> Result<Option<PathBuf>> {
    let Some(origin) = &task.own else { return Ok(None) };
    let (manifest, folder) = Manifest::of(&origin.source)?;
    Ok(Some(folder.join(manifest.source)).filter(|path| path.is_dir()))
}

impl<'a> Pictures<'a> {
    /// # Errors
    /// Data that cannot be had, have changed, or are not pictures.
    pub(super) fn of(
        config: &Config,
        task: &Task,
        catalog: &Catalog,
        monitor: &'a Monitor<'a>,
    ) -> Result<Self> {
        Ok(Self { from: place(config, task, catalog, monitor)?, monitor })
    }

    /// The pictures of a user's own source.
    ///
    /// # Errors
    /// Samples that are not pictures, or cannot be read any more.
    pub(super) fn of_source(source: &Source, monitor: &'a Monitor<'a>) -> Result<Self> {
        let inputs = source.original.as_ref().unwrap_or(&source.inputs).clone();
        if !inputs.is_empty() && inputs.file(0)?.is_some() {
            let rows = source.ids.iter().cloned().zip(0..).collect();
            return Ok(Self {
                from: Place::Archive(Archive { path: source.path.clone(), rows, inputs }),
                monitor,
            });
        }
        let whole = Source { inputs, ..source.clone() };
        let data = whole.dataset((0..whole.ids.len()).collect());
        Ok(Self { from: of_inputs(data, &source.name)?, monitor })
    }

    /// # Errors
    /// The monitor stopped it.
    fn check_stop(&self) -> Result<()> {
        if self.monitor.is_stopped() {
            bail!(Error::Interrupted("nothing was exported; the same command does it again".into()));
        }
        Ok(())
    }

    /// A file's name for each label.
    pub(super) fn names(&self, labels: &[Labeled<'_>]) -> Vec<String> {
        let mut names = Names::default();
        let name = |label: &Labeled<'_>| match &self.from {
            Place::Folder(_) | Place::Archive(_) => names.name(label.id),
            Place::Inputs(_) => names.name(&format!("{}.png", label.id)),
        };
        labels.iter().map(name).collect()
    }

    /// Height and width of each picture, as it is to be looked at.
    ///
    /// # Errors
    /// A file that cannot be read any more, or Ctrl+C.
    pub(super) fn sizes(&self, labels: &[Labeled<'_>]) -> Result<Vec<[usize; 2]>> {
        let size = |label: &Labeled<'_>| {
            self.check_stop()?;
            let (path, bytes) = match &self.from {
                Place::Inputs(data) => {
                    let [_, height, width] = data.meta().shape;
                    return Ok([height, width]);
                }
                Place::Archive(archive) => (archive.path.join(label.id), archive.read(label.id)?),
                Place::Folder(folder) => {
                    let path = inside(folder, label.id)?;
                    let bytes =
                        fs::read(&path).map_err(|cause| DataError::Read { path: path.clone(), cause })?;
                    (path, bytes)
                }
            };
            Ok(picture_size(&path, &bytes)?)
        };
        labels.iter().map(size).collect()
    }

    /// Puts the pictures of labels where `paths` say: a copy of the user's file, or a PNG.
    ///
    /// # Errors
    /// A picture that cannot be read any more, a file that cannot be written, or Ctrl+C.
    pub(super) fn put(&self, labels: &[Labeled<'_>], paths: &[PathBuf]) -> Result<()> {
        let pairs = || labels.iter().zip(paths).map(|pair| self.check_stop().map(|()| pair));
        match &self.from {
            Place::Folder(folder) => pairs().try_for_each(|pair| {
                let (label, path) = pair?;
                Ok(copy(&inside(folder, label.id)?, path)?)
            }),
            Place::Archive(archive) => pairs().try_for_each(|pair| {
                let (label, path) = pair?;
                file(path, &archive.read(label.id)?)
            }),
            Place::Inputs(data) => {
                for (labels, paths) in labels.chunks(BATCH).zip(paths.chunks(BATCH)) {
                    let samples = labels.iter().map(|label| label.sample).collect::<Vec<SampleId>>();
                    let inputs = data.inputs(&samples)?;
                    for (input, path) in inputs.outer_iter().zip(paths) {
                        self.check_stop()?;
                        file(
                            path,
                            &png(&input.to_vec(), data.meta(), 1)
                                .map_err(|error| Error::Failed(error.to_string()))?,
                        )?;
                    }
                }
                Ok(())
            }
        }
    }
}

fn place(config: &Config, task: &Task, catalog: &Catalog, monitor: &Monitor<'_>) -> Result<Place> {
    if let Some(folder) = folder(task)? {
        return Ok(Place::Folder(folder));
    }
    if let Some(origin) = &task.own {
        let source = Source::open(&origin.source, &Open { cache_bytes: 0, ..Open::default() })?;
        if source.inputs.file(0)?.is_some() {
            let rows = source.ids.into_iter().zip(0..).collect();
            return Ok(Place::Archive(Archive { path: origin.source.clone(), rows, inputs: source.inputs }));
        }
    }
    let data = DataSets::new(*monitor).pictures(config, task, catalog)?.train;
    of_inputs(data, &task.dataset)
}

/// # Errors
/// Inputs that are not pictures.
fn of_inputs(data: Arc<dyn Dataset>, name: &str) -> Result<Place> {
    check(data.meta()).map_err(|why| {
        Error::Setting(format!("`{name}`: {why}; take the format csv, jsonl or label-studio"))
    })?;
    Ok(Place::Inputs(data))
}

impl Archive {
    /// # Errors
    /// A file that is not there any more, or is damaged.
    fn read(&self, id: &str) -> Result<Vec<u8>> {
        let gone =
            || DataError::Unfit { path: self.path.clone(), why: format!("has no picture `{id}` any more") };
        let row = self.rows.get(id).ok_or_else(gone)?;
        self.inputs.file(*row)?.ok_or_else(gone).context("its kind has changed")
    }
}

/// The file of a sample in a folder. An id comes from the run, which others may have written.
fn inside(folder: &Path, id: &str) -> Result<PathBuf, DataError> {
    let path = folder.join(id);
    if leads_out(&path, folder) {
        return Err(DataError::Unfit {
            path: folder.into(),
            why: format!("has no picture `{id}`: that leads out of it"),
        });
    }
    Ok(path)
}

/// A copy of a file: whoever edits an export does not edit the original. File systems that can share blocks until one is edited do.
fn copy(from: &Path, to: &Path) -> Result<(), DataError> {
    let mut original = File::open(from).map_err(|cause| DataError::Read { path: from.into(), cause })?;
    let copied = File::create_new(to).and_then(|mut copy| io::copy(&mut original, &mut copy));
    copied.map(drop).map_err(|cause| DataError::Write { path: to.into(), cause })
}
