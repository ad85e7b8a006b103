//! The files of a folder or a zip archive, read where they are.

use super::Problem;
use crate::error::{Error, Result};
use flate2::Crc;
use flate2::read::DeflateDecoder;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use zip::CompressionMethod;

/// Bytes that tell what a file is.
const START: u64 = 64;

/// Files by position, in the order of their names.
pub(super) struct Files {
    root: PathBuf,
    /// Below the root, with `/` between folders.
    pub(super) names: Vec<String>,
    /// Unpacked, in bytes.
    pub(super) sizes: Vec<u64>,
    /// Folders, empty ones too.
    pub(super) folders: BTreeSet<String>,
    archive: Option<Archive>,
}

/// Where the files of an archive are in it.
struct Archive {
    entries: Vec<Entry>,
    /// Open handles that nobody uses at the moment.
    handles: Mutex<Vec<File>>,
}

struct Entry {
    start: u64,
    packed: u64,
    is_deflated: bool,
    crc: u32,
}

impl Files {
    /// What is in a folder or an archive, without hidden files. What cannot be looked at is a problem.
    pub(super) fn list(root: &Path, problems: &mut Vec<Problem>) -> Result<Self> {
        if root.is_dir() { Self::of_folder(root, problems) } else { Self::of_archive(root, problems) }
    }

    fn of_folder(root: &Path, problems: &mut Vec<Problem>) -> Result<Self> {
        let mut listing =
            Listing { files: Vec::new(), folders: BTreeSet::new(), seen: BTreeSet::new(), problems };
        listing.walk(root, "")?;
        let Listing { mut files, folders, .. } = listing;
        files.sort();
        let (names, sizes) = files.into_iter().unzip();
        Ok(Self { root: root.into(), names, sizes, folders, archive: None })
    }

    fn of_archive(root: &Path, problems: &mut Vec<Problem>) -> Result<Self> {
        let wrong = |why: String| Error::Unfit { path: root.into(), why };
        let damaged =
            |cause: &dyn std::fmt::Display| wrong(format!("is no zip archive that can be read: {cause}"));
        let file = File::open(root).map_err(Error::read(root))?;
        let mut zip = zip::ZipArchive::new(BufReader::new(file)).map_err(|cause| damaged(&cause))?;
        if zip.has_duplicate_names() {
            return Err(wrong("has two files of one name; pack it again without the copies".into()));
        }
        let (mut files, mut folders) = (Vec::new(), BTreeSet::new());
        for i in 0..zip.len() {
            let file = zip.by_index_raw(i).map_err(|cause| damaged(&cause))?;
            let name = file.name().map_err(|cause| damaged(&cause))?.into_owned();
            let mut problem = |why: &str| problems.push(Problem { what: name.clone(), why: why.into() });
            if name.split('/').any(is_hidden) {
                continue;
            }
            if name.starts_with('/') || file.enclosed_name().is_none() {
                problem("leads out of the archive; skipped");
            } else if file.is_dir() {
                folders.insert(name.trim_end_matches('/').to_owned());
            } else if file.encrypted() {
                problem("is encrypted; skipped");
            } else if !matches!(file.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
                problem("is packed by a method other than deflate; skipped");
            } else if let Some(start) = file.data_start() {
                let is_deflated = file.compression() == CompressionMethod::Deflated;
                let entry = Entry { start, packed: file.compressed_size(), is_deflated, crc: file.crc32() };
                add_parents(&name, &mut folders);
                files.push((name, file.size(), entry));
            }
        }
        files.sort_by(|a, b| a.0.cmp(&b.0));
        let (mut names, mut sizes, mut entries) = (Vec::new(), Vec::new(), Vec::new());
        for (name, size, entry) in files {
            names.push(name);
            sizes.push(size);
            entries.push(entry);
        }
        let archive = Some(Archive { entries, handles: Mutex::default() });
        Ok(Self { root: root.into(), names, sizes, folders, archive })
    }

    /// How a file is called in messages.
    pub(super) fn path(&self, at: usize) -> PathBuf {
        self.root.join(&self.names[at])
    }

    /// The content of a file.
    pub(super) fn read(&self, at: usize) -> Result<Vec<u8>> {
        match &self.archive {
            None => fs::read(self.path(at)),
            Some(archive) => archive.read(&self.root, at, self.sizes[at]),
        }
        .map_err(Error::read(self.path(at)))
    }

    /// The first bytes of a file, or all if there are fewer.
    pub(super) fn start(&self, at: usize) -> Result<Vec<u8>> {
        let mut start = Vec::new();
        let read = match &self.archive {
            None => File::open(self.path(at)).and_then(|file| file.take(START).read_to_end(&mut start)),
            Some(archive) => File::open(&self.root).and_then(|mut file| {
                let Entry { start: offset, packed, is_deflated, .. } = &archive.entries[at];
                file.seek(SeekFrom::Start(*offset))?;
                let body = file.take(*packed);
                match is_deflated {
                    true => DeflateDecoder::new(body).take(START).read_to_end(&mut start),
                    false => body.take(START).read_to_end(&mut start),
                }
            }),
        };
        read.map_err(Error::read(self.path(at)))?;
        Ok(start)
    }
}

impl Archive {
    fn read(&self, path: &Path, at: usize, size: u64) -> io::Result<Vec<u8>> {
        let Entry { start, packed, is_deflated, crc } = &self.entries[at];
        let idle = self.handles.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut file = idle.map_or_else(|| File::open(path), Ok)?;
        file.seek(SeekFrom::Start(*start))?;
        let mut bytes = Vec::new();
        let body = Read::by_ref(&mut file).take(*packed);
        // One byte more than promised shows that there is more.
        match is_deflated {
            true => DeflateDecoder::new(body).take(size + 1).read_to_end(&mut bytes)?,
            false => BufReader::new(body).take(size + 1).read_to_end(&mut bytes)?,
        };
        let mut found = Crc::new();
        found.update(&bytes);
        if bytes.len() as u64 != size || found.sum() != *crc {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "its checksum is wrong"));
        }
        self.handles.lock().unwrap_or_else(PoisonError::into_inner).push(file);
        Ok(bytes)
    }
}

struct Listing<'a> {
    files: Vec<(String, u64)>,
    folders: BTreeSet<String>,
    /// Real folders, so that a link back up ends.
    seen: BTreeSet<PathBuf>,
    problems: &'a mut Vec<Problem>,
}

impl Listing<'_> {
    fn walk(&mut self, folder: &Path, prefix: &str) -> Result<()> {
        let real = fs::canonicalize(folder).map_err(Error::read(folder))?;
        if !self.seen.insert(real) {
            self.problem(prefix.trim_end_matches('/'), "is a link to a folder that is read already; skipped");
            return Ok(());
        }
        let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let mut entries = entries.map_err(Error::read(folder))?;
        // The system's order differs between machines, and of two ways to a folder the first counts: not the link.
        entries
            .sort_by_key(|entry| (entry.file_type().is_ok_and(|kind| kind.is_symlink()), entry.file_name()));
        for entry in entries {
            let name = entry.file_name();
            let Some(name) = name.to_str() else {
                let name = format!("{prefix}{}", name.to_string_lossy());
                self.problem(&name, "has a name that is not UTF-8; rename it; skipped");
                continue;
            };
            if is_hidden(name) {
                continue;
            }
            let (path, name) = (entry.path(), format!("{prefix}{name}"));
            match fs::metadata(&path) {
                Err(cause) => self.problem(&name, &format!("cannot be read: {cause}; skipped")),
                Ok(metadata) if metadata.is_dir() => {
                    self.folders.insert(name.clone());
                    if let Err(error) = self.walk(&path, &format!("{name}/")) {
                        self.problem(&name, &format!("cannot be read: {error}; skipped"));
                    }
                }
                Ok(metadata) if metadata.is_file() => self.files.push((name, metadata.len())),
                // A pipe or a device would block.
                Ok(_) => self.problem(&name, "is no file; skipped"),
            }
        }
        Ok(())
    }

    fn problem(&mut self, what: &str, why: &str) {
        self.problems.push(Problem { what: what.into(), why: why.into() });
    }
}

/// Files that systems leave behind, and whatever begins with a dot.
fn is_hidden(name: &str) -> bool {
    (name.starts_with('.') && name != "..") || matches!(name, "__MACOSX" | "Thumbs.db" | "desktop.ini")
}

/// The folders that a file lies in.
fn add_parents(name: &str, folders: &mut BTreeSet<String>) {
    let ends = name.char_indices().filter(|(_, letter)| *letter == '/').map(|(at, _)| at);
    folders.extend(ends.map(|end| name[..end].to_owned()));
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_folder_with_links_to_it_is_read_once_under_its_own_name() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir(root.join("m")).unwrap();
        fs::write(root.join("m/x.png"), "x").unwrap();
        // Names before and after it, so that no order of the system's hides the links.
        for link in ["a", "b", "y", "z"] {
            symlink(root.join("m"), root.join(link)).unwrap();
        }
        symlink(root, root.join("m/up")).unwrap();
        let mut problems = Vec::new();
        let files = Files::list(root, &mut problems).unwrap();
        assert_eq!(files.names, ["m/x.png"]);
        let skipped = problems.iter().map(|problem| problem.what.as_str()).collect::<Vec<_>>();
        assert_eq!(skipped, ["m/up", "a", "b", "y", "z"]);
    }
}
