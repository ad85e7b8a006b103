//! The pictures of labels: the user's own files where there are some, else PNGs of the inputs.

use super::folder::{Names, file};
use super::labels::Label;
use crate::config::{Config, Task};
use crate::data_sets::DataSets;
use crate::exit::Usage;
use crate::report::pictures::{check, png};
use deepal::{Dataset, SampleId};
use deepal_data::Error;
use deepal_data::own::{self, Manifest};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Inputs that are in memory at a time.
const BATCH: usize = 256;

/// Where the pictures of a task come from.
pub(super) enum Pictures {
    /// Files in a folder; ids are their paths in it.
    Files(PathBuf),
    /// Inputs, by sample.
    Inputs(Arc<dyn Dataset>),
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
            return Ok(Self::Files(folder));
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
            Self::Files(_) => names.name(&label.id),
            Self::Inputs(_) => names.name(&format!("{}.png", label.id)),
        };
        labels.iter().map(name).collect()
    }

    /// Height and width of each picture, as it is to be looked at.
    ///
    /// # Errors
    /// A file that cannot be read any more.
    pub(super) fn sizes(&self, labels: &[Label<'_>]) -> anyhow::Result<Vec<[usize; 2]>> {
        match self {
            Self::Files(folder) => {
                labels.iter().map(|label| Ok(own::picture_size(&folder.join(&label.id))?)).collect()
            }
            Self::Inputs(data) => {
                let [_, height, width] = data.meta().shape;
                Ok(vec![[height, width]; labels.len()])
            }
        }
    }

    /// Puts the pictures of labels where `paths` say: a link to the user's file or a copy of it, or a PNG.
    ///
    /// # Errors
    /// A picture that cannot be read any more, or a file that cannot be written.
    pub(super) fn put(&self, labels: &[Label<'_>], paths: &[PathBuf]) -> anyhow::Result<()> {
        match self {
            Self::Files(folder) => {
                let mut pairs = labels.iter().zip(paths);
                pairs.try_for_each(|(label, path)| Ok(link(&folder.join(&label.id), path)?))
            }
            Self::Inputs(data) => {
                let batches = labels.chunks(BATCH).zip(paths.chunks(BATCH));
                for (labels, paths) in batches {
                    let samples = labels.iter().map(|label| label.sample).collect::<Vec<SampleId>>();
                    let inputs = data.inputs(&samples)?;
                    for (input, path) in inputs.outer_iter().zip(paths) {
                        file(path, &png(&input.to_vec(), data.meta(), 1)?)?;
                    }
                }
                Ok(())
            }
        }
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
