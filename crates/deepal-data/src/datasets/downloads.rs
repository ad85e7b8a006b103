//! [`Downloads`]: where the files of a data set are looked for.

use super::remote::{Progress, Remote};
#[cfg(feature = "download")]
use super::transfer;
use crate::error::{Error, Result};
use crate::files;
use std::fmt;
use std::path::PathBuf;

/// Where the files of data sets come from.
///
/// * With a [`data_dir`](Self::data_dir): from there, or from its folder with the data set's name, or from the
///   folders in which torchvision keeps it; nothing is downloaded.
/// * Without one: from `<cache>/<name>`, after downloading what is missing into it, unless
///   [`offline`](Self::offline).
///
/// Every file may be plain or gzip. Embedded data sets need none of this.
#[derive(Clone)]
pub struct Downloads<'a> {
    /// The folder that the user names, with `--data-dir` or `DEEPAL_DATA`.
    pub data_dir: Option<PathBuf>,
    /// Where downloads are kept; `None` is `DEEPAL_CACHE`, else `deepal` in the user's cache folder.
    pub cache_dir: Option<PathBuf>,
    /// Never to download.
    pub offline: bool,
    /// Told about every download as it goes on.
    pub progress: &'a Progress<'a>,
}

impl Default for Downloads<'_> {
    /// The user's cache, and downloads that nobody watches.
    fn default() -> Self {
        Self { data_dir: None, cache_dir: None, offline: false, progress: &|_, _, _| {} }
    }
}

impl fmt::Debug for Downloads<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { data_dir, cache_dir, offline, progress: _ } = self;
        let mut output = f.debug_struct("Downloads");
        output.field("data_dir", data_dir).field("cache_dir", cache_dir).field("offline", offline);
        output.finish_non_exhaustive()
    }
}

/// The files of one data set.
pub(crate) struct Files<'a> {
    /// The data set's name.
    pub(crate) dataset: &'a str,
    /// Other folders below `data_dir` in which they may lie.
    pub(crate) layouts: &'a [&'a str],
    /// The files, all needed.
    pub(crate) remotes: &'a [Remote<'a>],
}

impl Downloads<'_> {
    /// The paths of all `wanted` files, in their order.
    pub(crate) fn files(&self, wanted: &Files<'_>) -> Result<Vec<PathBuf>> {
        let names = wanted.remotes.iter().map(|remote| remote.name).collect::<Vec<_>>();
        let Some(folders) = self.folders(wanted.dataset, wanted.layouts) else {
            return self.cached(wanted);
        };
        self.find(wanted.dataset, wanted.layouts, &names).ok_or_else(|| Error::MissingFiles {
            dataset: wanted.dataset.into(),
            files: names.iter().map(|name| format!("`{}`", name.trim_end_matches(".gz"))).collect(),
            folders,
        })
    }

    /// The files called `names`, plain or packed, in the first folder below `data_dir` that has them all.
    pub(crate) fn find(&self, dataset: &str, layouts: &[&str], names: &[&str]) -> Option<Vec<PathBuf>> {
        let mut folders = self.folders(dataset, layouts)?.into_iter();
        folders.find_map(|folder| names.iter().map(|name| either(folder.join(name))).collect())
    }

    /// The folders to look in when the user names one.
    fn folders(&self, dataset: &str, layouts: &[&str]) -> Option<Vec<PathBuf>> {
        let folder = self.data_dir.as_ref()?;
        let below = [dataset].into_iter().chain(layouts.iter().copied());
        Some([folder.clone()].into_iter().chain(below.map(|name| folder.join(name))).collect())
    }

    /// The files in the cache, after fetching those that are not there.
    fn cached(&self, wanted: &Files<'_>) -> Result<Vec<PathBuf>> {
        let folder = self.cache()?.join(wanted.dataset);
        let absent = |remote: &&Remote<'_>| either(folder.join(remote.name)).is_none();
        let missing = wanted.remotes.iter().filter(absent).collect::<Vec<_>>();
        if (self.offline || cfg!(not(feature = "download"))) && !missing.is_empty() {
            let files = missing.iter().map(|remote| format!("`{}`", remote.name)).collect();
            return Err(Error::Offline { dataset: wanted.dataset.into(), files, folder });
        }
        #[cfg(feature = "download")]
        for remote in missing {
            transfer::fetch(remote, &folder, self.progress)?;
        }
        let path = |remote: &Remote<'_>| {
            let path = folder.join(remote.name);
            either(path.clone()).unwrap_or(path)
        };
        Ok(wanted.remotes.iter().map(path).collect())
    }

    /// The folder in which what was fetched or computed is kept.
    ///
    /// # Errors
    /// None is known for this user.
    pub fn cache(&self) -> Result<PathBuf> {
        let named = || std::env::var_os("DEEPAL_CACHE").filter(|name| !name.is_empty()).map(PathBuf::from);
        let users = || dirs::cache_dir().map(|folder| folder.join("deepal"));
        self.cache_dir.clone().or_else(named).or_else(users).ok_or(Error::NoCache)
    }
}

/// The file at `path`, or the same with or without `.gz`.
fn either(path: PathBuf) -> Option<PathBuf> {
    let other = match path.extension() {
        Some(extension) if extension == "gz" => path.with_extension(""),
        _ => files::with_suffix(&path, ".gz"),
    };
    [path, other].into_iter().find(|path| path.is_file())
}
