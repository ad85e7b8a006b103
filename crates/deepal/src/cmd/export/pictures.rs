//! The pictures of labels: the user's own files where there are some, else PNGs of the inputs.

use super::folder::{Names, check_stop, file};
use super::labels::Label;
use crate::config::{Config, Task};
use crate::data_sets::DataSets;
use crate::exit::Usage;
use crate::report::pictures::{check, png};
use anyhow::Context;
use deepal::{Dataset, SampleId};
use deepal_data::Error;
use deepal_data::own::{self, Inputs, Manifest, Open, Own};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Inputs that are in memory at a time.
const BATCH: usize = 256;

/// Where the pictures of a task come from.
pub(super) enum Pictures {
    /// Files in a folder; ids are their paths in it.
    Folder(PathBuf),
    /// Files in an archive.
    Archive(Archive),
    /// Inputs, by sample.
    Inputs(Arc<dyn Dataset>),
}

/// The files of an archive, by id.
pub(super) struct Archive {
    path: PathBuf,
    rows: HashMap<String, usize>,
    inputs: Arc<dyn Inputs>,
}

/// The folder that a task's own pictures are in.
///
/// # Errors
/// A manifest that cannot be read.
pub(super) fn folder(task: &Task) -> anyhow::Result<Option<PathBuf>> {
    let Some(origin) = &task.own else { return Ok(None) };
    let (manifest, folder) = Manifest::of(&origin.source)?;
    Ok(Some(folder.join(manifest.source)).filter(|path| path.is_dir()))
}

impl Pictures {
    /// # Errors
    /// Data that cannot be had, have changed, or are not pictures.
    pub(super) fn of(config: &Config, task: &Task) -> anyhow::Result<Self> {
        if let Some(folder) = folder(task)? {
            return Ok(Self::Folder(folder));
        }
        if let Some(origin) = &task.own {
            let own = Own::open(&origin.source, &Open { cache_bytes: 0, ..Open::default() })?;
            if own.inputs.file(0)?.is_some() {
                let rows = own.ids.into_iter().zip(0..).collect();
                return Ok(Self::Archive(Archive { path: origin.source.clone(), rows, inputs: own.inputs }));
            }
        }
        let data = DataSets::default().pictures(config, task)?.train;
        check(data.meta()).map_err(|why| {
            Usage(format!("`{}`: {why}; take `--format csv`, jsonl or label-studio", task.dataset))
        })?;
        Ok(Self::Inputs(data))
    }

    /// A file's name for each label.
    pub(super) fn names(&self, labels: &[Label<'_>]) -> Vec<String> {
        let mut names = Names::default();
        let name = |label: &Label<'_>| match self {
            Self::Folder(_) | Self::Archive(_) => names.name(&label.id),
            Self::Inputs(_) => names.name(&format!("{}.png", label.id)),
        };
        labels.iter().map(name).collect()
    }

    /// Height and width of each picture, as it is to be looked at.
    ///
    /// # Errors
    /// A file that cannot be read any more, or Ctrl+C.
    pub(super) fn sizes(&self, labels: &[Label<'_>]) -> anyhow::Result<Vec<[usize; 2]>> {
        let size = |label: &Label<'_>| {
            check_stop()?;
            let (path, bytes) = match self {
                Self::Inputs(data) => {
                    let [_, height, width] = data.meta().shape;
                    return Ok([height, width]);
                }
                Self::Archive(archive) => (archive.path.join(&label.id), archive.read(&label.id)?),
                Self::Folder(folder) => {
                    let path = folder.join(&label.id);
                    let bytes = fs::read(&path).map_err(|cause| Error::Read { path: path.clone(), cause })?;
                    (path, bytes)
                }
            };
            Ok(own::picture_size(&path, &bytes)?)
        };
        labels.iter().map(size).collect()
    }

    /// Puts the pictures of labels where `paths` say: a link to the user's file or a copy of it, or a PNG.
    ///
    /// # Errors
    /// A picture that cannot be read any more, a file that cannot be written, or Ctrl+C.
    pub(super) fn put(&self, labels: &[Label<'_>], paths: &[PathBuf]) -> anyhow::Result<()> {
        let pairs = || labels.iter().zip(paths).map(|pair| check_stop().map(|()| pair));
        match self {
            Self::Folder(folder) => pairs().try_for_each(|pair| {
                let (label, path) = pair?;
                Ok(link(&folder.join(&label.id), path)?)
            }),
            Self::Archive(archive) => pairs().try_for_each(|pair| {
                let (label, path) = pair?;
                file(path, &archive.read(&label.id)?)
            }),
            Self::Inputs(data) => {
                for (labels, paths) in labels.chunks(BATCH).zip(paths.chunks(BATCH)) {
                    let samples = labels.iter().map(|label| label.sample).collect::<Vec<SampleId>>();
                    let inputs = data.inputs(&samples)?;
                    for (input, path) in inputs.outer_iter().zip(paths) {
                        check_stop()?;
                        file(path, &png(&input.to_vec(), data.meta(), 1)?)?;
                    }
                }
                Ok(())
            }
        }
    }
}

impl Archive {
    /// # Errors
    /// A file that is not there any more, or is damaged.
    fn read(&self, id: &str) -> anyhow::Result<Vec<u8>> {
        let gone = || Error::Own { path: self.path.clone(), why: format!("has no picture `{id}` any more") };
        let row = self.rows.get(id).ok_or_else(gone)?;
        self.inputs.file(*row)?.ok_or_else(gone).context("its kind has changed")
    }
}

/// A hard link where the file system has them, else a copy.
fn link(from: &Path, to: &Path) -> Result<(), Error> {
    // A link to a symbolic link would lead nowhere.
    let from = fs::canonicalize(from).map_err(|cause| Error::Read { path: from.into(), cause })?;
    match fs::hard_link(&from, to) {
        Ok(()) => Ok(()),
        Err(_) => fs::copy(&from, to).map(drop).map_err(|cause| Error::Write { path: to.into(), cause }),
    }
}
