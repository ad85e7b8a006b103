//! The files of a folder or a zip archive, read where they are.

use super::Problem;
use super::names::{is_hidden, is_system_folder};
use crate::error::{Error, Result};
use crate::files::leads_out;
use flate2::Crc;
use flate2::read::DeflateDecoder;
use sha2::{Digest, Sha256};
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
    /// What was done with names, and which folders of systems were left out; sentences without full stop.
    pub(super) notes: Vec<String>,
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
    /// What is in a folder or an archive, without hidden files and folders of systems. What cannot be looked at is a problem.
    pub(super) fn list(root: &Path, problems: &mut Vec<Problem>) -> Result<Self> {
        if root.is_dir() { Self::of_folder(root, problems) } else { Self::of_archive(root, problems) }
    }

    fn of_folder(root: &Path, problems: &mut Vec<Problem>) -> Result<Self> {
        let mut listing = Listing {
            root,
            files: Vec::new(),
            folders: BTreeSet::new(),
            left_out: BTreeSet::new(),
            seen: BTreeSet::new(),
            leading_out: 0,
            problems,
        };
        listing.walk(root, "")?;
        let Listing { mut files, folders, left_out, leading_out, .. } = listing;
        files.sort();
        let mut notes = left_out_note(&left_out).into_iter().collect::<Vec<_>>();
        if leading_out > 0 {
            notes.push(format!(
                "links that lead out of the folder were not followed: {leading_out}; put the files themselves there, or name the \
                 folder that they are in"
            ));
        }
        let odd = files.iter().filter(|(name, _)| name.contains('\\')).count();
        if odd > 0 {
            notes.push(format!(
                "names of files have a backslash, as if a zip was unpacked without its folders: {odd}; name the zip itself as the \
                 source"
            ));
        }
        let (names, sizes) = files.into_iter().unzip();
        Ok(Self { root: root.into(), names, sizes, folders, notes, archive: None })
    }

    fn of_archive(root: &Path, problems: &mut Vec<Problem>) -> Result<Self> {
        let wrong = |why: String| Error::Unfit { path: root.into(), why };
        let damaged =
            |cause: &dyn std::fmt::Display| wrong(format!("is no zip archive that can be read: {cause}"));
        let twice = || wrong("has two files of one name; pack it again without the copies".into());
        let file = File::open(root).map_err(Error::read(root))?;
        let mut zip = zip::ZipArchive::new(BufReader::new(file)).map_err(|cause| damaged(&cause))?;
        if zip.has_duplicate_names() {
            return Err(twice());
        }
        let (mut files, mut folders) = (Vec::new(), BTreeSet::new());
        let mut spellings = Spellings::default();
        for i in 0..zip.len() {
            let file = zip.by_index_raw(i).map_err(|cause| damaged(&cause))?;
            let raw = file.name().map_err(|cause| damaged(&cause))?.into_owned();
            let mut problem = |why: &str| problems.push(Problem { what: raw.clone(), why: why.into() });
            let Some(name) = inside(&raw) else {
                problem("leads out of the archive; skipped");
                continue;
            };
            if name.is_empty() || spellings.leaves_out(&name) {
                continue;
            }
            spellings.count(&raw, std::str::from_utf8(file.name_raw()).is_ok());
            if file.is_dir() {
                add_parents(&name, &mut folders);
                folders.insert(name);
            } else if file.is_symlink() {
                problem("is a link; skipped; pack the file itself");
            } else if file.encrypted() {
                problem("is encrypted; skipped; unpack the archive with its password and name the folder");
            } else if !matches!(file.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
                problem(
                    "is packed by a method other than deflate; skipped; unpack the archive and name the folder",
                );
            } else if let Some(start) = file.data_start() {
                let is_deflated = file.compression() == CompressionMethod::Deflated;
                let entry = Entry { start, packed: file.compressed_size(), is_deflated, crc: file.crc32() };
                add_parents(&name, &mut folders);
                files.push((name, file.size(), entry));
            } else {
                problem("has no content that can be found; skipped; pack the archive again");
            }
        }
        files.sort_by(|a, b| a.0.cmp(&b.0));
        if files.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(twice());
        }
        let (mut names, mut sizes, mut entries) = (Vec::new(), Vec::new(), Vec::new());
        for (name, size, entry) in files {
            names.push(name);
            sizes.push(size);
            entries.push(entry);
        }
        let archive = Some(Archive { entries, handles: Mutex::default() });
        Ok(Self { root: root.into(), names, sizes, folders, notes: spellings.notes(), archive })
    }

    /// Whether they are files of their own, not in an archive.
    pub(super) fn is_folder(&self) -> bool {
        self.archive.is_none()
    }

    /// The file on disk that holds a file: itself, or the archive.
    pub(super) fn on_disk(&self, at: usize) -> PathBuf {
        if self.archive.is_some() { self.root.clone() } else { self.path(at) }
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

    /// The SHA-256 of a file's content. A file of a folder is never in memory as a whole.
    pub(super) fn digest(&self, at: usize) -> Result<[u8; 32]> {
        if self.archive.is_some() {
            return Ok(Sha256::digest(self.read(at)?).into());
        }
        crate::files::digest(&self.path(at))
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
    root: &'a Path,
    files: Vec<(String, u64)>,
    folders: BTreeSet<String>,
    /// Names of folders of systems.
    left_out: BTreeSet<String>,
    /// Real folders, so that a link back up ends.
    seen: BTreeSet<PathBuf>,
    /// How many links were not followed.
    leading_out: usize,
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
            let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
            let Some(name) = name.to_str() else {
                let name = format!("{prefix}{}", name.to_string_lossy());
                self.problem(&name, "has a name that is not UTF-8; rename it; skipped");
                continue;
            };
            if is_hidden(name) {
                continue;
            }
            let is_system = is_system_folder(name);
            let (path, short, name) = (entry.path(), name, format!("{prefix}{name}"));
            if is_link && leads_out(&path, self.root) {
                self.leading_out += 1;
                self.problem(&name, "is a link that leads out of the source; not followed");
                continue;
            }
            match fs::metadata(&path) {
                Err(cause) => self.problem(&name, &format!("cannot be read: {cause}; skipped")),
                Ok(metadata) if metadata.is_dir() && is_system => drop(self.left_out.insert(short.into())),
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

/// How the names in an archive are written.
#[derive(Default)]
struct Spellings {
    left_out: BTreeSet<String>,
    backslashes: usize,
    foreign: usize,
}

impl Spellings {
    /// Whether a file or folder is hidden, or is or lies in a folder of a system.
    fn leaves_out(&mut self, name: &str) -> bool {
        let system = name.split('/').find(|part| is_system_folder(part));
        self.left_out.extend(system.map(str::to_owned));
        system.is_some() || name.split('/').any(is_hidden)
    }

    fn count(&mut self, raw: &str, is_utf8: bool) {
        self.backslashes += usize::from(raw.contains('\\'));
        self.foreign += usize::from(!is_utf8);
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.backslashes > 0 {
            notes.push(format!("backslashes in names of the archive were read as `/`: {}", self.backslashes));
        }
        if self.foreign > 0 {
            notes.push(format!(
                "names of the archive that are not UTF-8 were read as code page 437: {}; if they look wrong, pack the folder again",
                self.foreign
            ));
        }
        notes.extend(left_out_note(&self.left_out));
        notes
    }
}

fn left_out_note(folders: &BTreeSet<String>) -> Option<String> {
    let names = folders.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    (!folders.is_empty()).then(|| format!("left out, as systems keep their own files there: {names}"))
}

/// A name in an archive, with `/` between folders and without `.`; `None` if it leads out of the archive.
fn inside(name: &str) -> Option<String> {
    let name = name.replace('\\', "/");
    let is_drive = matches!(name.as_bytes(), [letter, b':', b'/', ..] if letter.is_ascii_alphabetic());
    let parts = || name.split('/').filter(|part| !part.is_empty() && *part != ".");
    if name.starts_with('/') || is_drive || name.contains('\0') || parts().any(|part| part == "..") {
        return None;
    }
    Some(parts().collect::<Vec<_>>().join("/"))
}

/// The folders that a file lies in.
fn add_parents(name: &str, folders: &mut BTreeSet<String>) {
    let ends = name.char_indices().filter(|(_, letter)| *letter == '/').map(|(at, _)| at);
    folders.extend(ends.map(|end| name[..end].to_owned()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_all_systems_stay_inside() {
        for (raw, name) in [
            ("cat/0.png", "cat/0.png"),
            ("cat\\0.png", "cat/0.png"),
            ("a\\b/c\\0.png", "a/b/c/0.png"),
            ("./cat//0.png", "cat/0.png"),
            (".\\cat\\.\\0.png", "cat/0.png"),
            ("cat\\", "cat"),
            ("./", ""),
            ("a..b/c..png", "a..b/c..png"),
        ] {
            assert_eq!(inside(raw).as_deref(), Some(name), "{raw}");
        }
        for raw in [
            "../a",
            "..\\a",
            "a/../../b",
            "a\\..\\b",
            "/a",
            "\\a",
            "\\\\host\\a",
            "C:\\a",
            "c:/a",
            "a\0b",
            "..",
        ] {
            assert_eq!(inside(raw), None, "{raw}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_with_links_to_it_is_read_once_under_its_own_name() {
        use std::os::unix::fs::symlink;
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

    #[cfg(unix)]
    #[test]
    fn links_that_lead_out_are_counted_and_not_followed() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let (root, outside) = (folder.path().join("pets"), folder.path().join("outside"));
        fs::create_dir_all(root.join("cat")).unwrap();
        fs::create_dir(&outside).unwrap();
        for file in [root.join("cat/0.png"), outside.join("secret.png")] {
            fs::write(file, "x").unwrap();
        }
        symlink(&outside, root.join("dog")).unwrap();
        symlink(outside.join("secret.png"), root.join("cat/1.png")).unwrap();
        symlink("../../outside/secret.png", root.join("cat/2.png")).unwrap();
        symlink("0.png", root.join("cat/3.png")).unwrap();
        // The source itself may be a link.
        symlink(&root, folder.path().join("link")).unwrap();
        for root in [root, folder.path().join("link")] {
            let mut problems = Vec::new();
            let files = Files::list(&root, &mut problems).unwrap();
            assert_eq!(files.names, ["cat/0.png", "cat/3.png"]);
            assert_eq!(files.folders, ["cat".to_owned()].into());
            let told = files.notes.concat();
            assert!(told.contains("links that lead out of the folder were not followed: 3"), "{told}");
            assert_eq!(problems.len(), 3);
        }
    }
}
