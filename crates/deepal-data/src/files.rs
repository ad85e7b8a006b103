//! Files that may be gzip, and files and folders that are whole or not there.

mod formulas;
mod names;
mod packed;
mod room;
mod text;

pub use formulas::without_formulas;
pub use names::file_name;
pub use packed::MOST_UNPACKED;
pub(crate) use packed::{broken, open, open_packed, open_within, too_much, unpack};
pub use room::available;
pub(crate) use room::{Room, fits};
pub(crate) use text::{NOT_UTF8, start_of_text};

use crate::error::{Error, Result};
use sha2::{Digest, Sha256};
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Bytes that are read at a time.
const PIECE: usize = 1 << 16;
/// Bytes of a whole file between two looks at the memory.
const BLOCK: u64 = 16 << 20;

/// The whole content of a file, unpacked if it is gzip.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    read_within(path, MOST_UNPACKED)
}

/// As [`read`], unpacked to at most so many bytes.
pub(crate) fn read_within(path: &Path, most: u64) -> Result<Vec<u8>> {
    let (mut file, mut bytes, mut room) = (open_within(path, most)?, Vec::new(), Room::default());
    loop {
        let before = bytes.len();
        let read = Read::by_ref(&mut file).take(BLOCK).read_to_end(&mut bytes);
        read.map_err(|cause| broken(path, cause))?;
        if bytes.len() == before {
            return Ok(bytes);
        }
        room.add((bytes.len() - before) as u64).map_err(|why| Error::unfit(path, why))?;
    }
}

/// The SHA-256 of a file as it lies there, in pieces.
pub(crate) fn digest(path: &Path) -> Result<[u8; 32]> {
    let mut file = File::open(path).map_err(Error::read(path))?;
    let (mut hash, mut piece) = (Sha256::new(), vec![0; PIECE]);
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok(hash.finalize().into()),
            Ok(n) => hash.update(&piece[..n]),
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(Error::Read { path: path.into(), cause }),
        }
    }
}

/// The whole content of a text file in UTF-8, without its byte order mark, unpacked if it is gzip.
pub(crate) fn read_text(path: &Path) -> Result<String> {
    let bytes = read(path)?;
    let start = start_of_text(path, &bytes)?;
    let text = std::str::from_utf8(&bytes[start..]).map_err(|_| Error::unfit(path, NOT_UTF8))?;
    Ok(text.to_owned())
}

/// Writes a file under a temporary name, forces it to disk and renames it: after a crash the file is the old or
/// the new one, never a part. A file that is replaced keeps its permissions. What is there and is no file, such as a pipe, is written
/// to directly.
///
/// # Errors
/// A file that cannot be written, and a link whose target is not there.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    write_in_pieces(path, |write| write(bytes))
}

/// As [`write_atomically`], for what is made piece by piece: `make` hands each to the function that it is given.
///
/// # Errors
/// A file that cannot be written, or what `make` fails with.
pub fn write_in_pieces<E: From<Error>>(
    path: &Path,
    make: impl FnOnce(&mut dyn FnMut(&[u8]) -> Result<()>) -> Result<(), E>,
) -> Result<(), E> {
    if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        let mut file = OpenOptions::new().write(true).open(path).map_err(Error::write(path))?;
        return make(&mut |piece| file.write_all(piece).map_err(Error::write(path)));
    }
    let permissions = fs::metadata(path).map(|there| there.permissions()).ok();
    if permissions.is_none() && path.is_symlink() {
        let cause = io::Error::new(
            io::ErrorKind::NotFound,
            "it is a link whose target is not there; remove the link, or make its target",
        );
        return Err(Error::Write { path: path.into(), cause }.into());
    }
    // A link stays a link: its target is replaced.
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    sweep(path);
    let claimed = claim(path, |temporary| File::create_new(temporary), |file| file.lock().is_ok());
    let (temporary, mut file) = claimed.map_err(Error::write(path))?;
    // Before there is anything to read. Some file systems have no permissions to set, and then both files have the same.
    let _ = permissions.map(|permissions| file.set_permissions(permissions));
    let made = make(&mut |piece| file.write_all(piece).map_err(Error::write(path)));
    let written = made.and_then(|()| {
        let kept = file.sync_all().and_then(|()| fs::rename(&temporary, path));
        Ok(kept.map_err(Error::write(path))?)
    });
    match written {
        Ok(()) => sync_folder(path),
        Err(_) => drop(fs::remove_file(&temporary)),
    }
    written
}

/// Checks that a folder can be filled by [`write_folder`]: it is not there, or empty.
///
/// # Errors
/// A folder that is not empty, or cannot be looked at.
pub fn check_folder(path: &Path) -> Result<()> {
    is_empty_folder(path).map(drop)
}

/// Whether an empty folder is there.
fn is_empty_folder(path: &Path) -> Result<bool> {
    match fs::read_dir(path).map(|mut entries| entries.next().is_some()) {
        Ok(true) => Err(Error::NotEmpty { path: path.into() }),
        Ok(false) => Ok(true),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(cause) => Err(Error::Write { path: path.into(), cause }),
    }
}

/// Fills a folder under a temporary name and renames it: afterwards it is whole, or nothing is there. What a killed process left of
/// the same folder goes too.
///
/// # Errors
/// As [`check_folder`]; a folder that cannot be written; what `fill` fails with.
pub fn write_folder<E: From<Error>>(path: &Path, fill: impl FnOnce(&Path) -> Result<(), E>) -> Result<(), E> {
    /// A folder that goes away with all that is in it, unless it was renamed before.
    struct Temporary(PathBuf);
    impl Drop for Temporary {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
    let failed = |cause| Error::Write { path: path.into(), cause };
    let is_there = is_empty_folder(path)?;
    // Absolute, so that `.` and a slash at the end have a name too.
    let whole = if is_there { fs::canonicalize(path) } else { std::path::absolute(path) }.map_err(failed)?;
    let whole = whole.components().collect::<PathBuf>();
    sweep(&whole);
    whole.parent().map_or(Ok(()), fs::create_dir_all).map_err(failed)?;
    // Not all systems open folders as files.
    let create = |temporary: &Path| fs::create_dir(temporary).map(|()| File::open(temporary).ok());
    let lock = |folder: &Option<File>| folder.as_ref().is_some_and(|folder| folder.lock().is_ok());
    let (temporary, folder) = claim(&whole, create, lock).map_err(failed)?;
    let temporary = Temporary(temporary);
    fill(&temporary.0)?;
    if is_there {
        fs::remove_dir(&whole).map_err(failed)?;
    }
    fs::rename(&temporary.0, &whole).map_err(failed)?;
    drop(folder);
    Ok(())
}

/// Makes what is to become `path` when it is whole, under a temporary name that nobody can foretell, `PATH.NUMBER.tmp`, and locks it,
/// so that no other process takes it for litter. The lock ends with the file that is returned.
///
/// # Errors
/// What `make` fails with. It must fail if the name is there already: a link would lead the writing elsewhere.
fn claim<T>(
    path: &Path,
    make: impl Fn(&Path) -> io::Result<T>,
    lock: impl Fn(&T) -> bool,
) -> io::Result<(PathBuf, T)> {
    loop {
        // Keys from the system's entropy.
        let number = RandomState::new().build_hasher().finish();
        let temporary = with_suffix(path, &format!(".{number}.tmp"));
        let made = match make(&temporary) {
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => continue,
            made => made?,
        };
        // Another process may have swept it away before the lock; where there are no locks, nobody sweeps.
        if !lock(&made) || temporary.exists() {
            return Ok((temporary, made));
        }
    }
}

/// Removes files and folders that were to become `path` and whose processes are gone, as after a kill (on Unix). What cannot be
/// looked at stays.
fn sweep(path: &Path) {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
        return;
    };
    let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let file_name = entry.file_name();
        let Some(found) = file_name.to_str() else { continue };
        let is_ours =
            found.strip_prefix(name).is_some_and(|rest| is_temporary(rest) && rest.matches('.').count() == 2);
        let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        if !is_ours || is_link {
            continue;
        }
        // The lock is held while it goes, see `claim`. One that is renamed before the lock is no litter, even if its name is in use again.
        let Ok(found) = File::open(entry.path()) else { continue };
        if found.try_lock().is_ok() && is_still(&found, &entry.path()) {
            let _ = fs::remove_file(entry.path()).or_else(|_| fs::remove_dir_all(entry.path()));
        }
    }
}

/// Whether an open file or folder still has a name.
#[cfg(unix)]
fn is_still(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let place = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    file.metadata().ok().map(place).is_some_and(|open| fs::metadata(path).ok().map(place) == Some(open))
}

/// It cannot be told, so nothing is swept.
#[cfg(not(unix))]
fn is_still(_file: &File, _path: &Path) -> bool {
    false
}

/// A row of a CSV table, with its end of line and names quoted where they must be (RFC 4180).
pub fn csv_row(fields: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Neither of the two can fail: the row goes to memory and is the only one.
    let _ = writer.write_record(fields);
    writer.into_inner().unwrap_or_default()
}

/// Whether a file's name is that of a temporary one, `NAME.NUMBER.tmp`.
pub(crate) fn is_temporary(name: &str) -> bool {
    let number = name.strip_suffix(".tmp").and_then(|name| name.rsplit_once('.'));
    number.is_some_and(|(_, number)| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Makes a folder that its user alone can look into, where the system knows that; one that is there stays as it is.
pub(crate) fn private_folder(path: &Path) -> Result<()> {
    let mut folder = fs::DirBuilder::new();
    folder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(path).map_err(Error::write(path))
}

/// Where in `folder` that lies which is to be written to `path`, links followed; `None` if it is elsewhere. `path` need not be there yet.
pub(crate) fn below(path: &Path, folder: &Path) -> Option<PathBuf> {
    let folder = fs::canonicalize(folder).ok().filter(|folder| folder.is_dir())?;
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let whole = std::path::absolute(path).ok()?;
    let real = whole.ancestors().find_map(|there| {
        let rest = whole.strip_prefix(there).ok()?;
        Some(fs::canonicalize(there).ok()?.join(rest))
    });
    Some(real?.strip_prefix(folder).ok()?.to_owned())
}

/// Whether a path into `folder` leads out of it, by a link or `..`. One to nothing leads nowhere.
pub fn leads_out(path: &Path, folder: &Path) -> bool {
    let (Ok(real), Ok(folder)) = (fs::canonicalize(path), fs::canonicalize(folder)) else { return false };
    !real.starts_with(folder)
}

/// Forces the renaming of `path` to disk where folders can be synchronised (not on Windows). It may fail on odd
/// file systems, and the file is whole all the same.
pub(crate) fn sync_folder(path: &Path) {
    if let Some(folder) = path.parent() {
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
}

/// `path` with something put behind its whole name.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    #[test]
    fn a_failed_write_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let taken = folder.path().join("taken");
        fs::create_dir(&taken).unwrap();
        let error = write_atomically(&taken, b"x").unwrap_err();
        assert_eq!(error.kind(), Kind::Output);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_fails_half_way_leaves_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        write_atomically(&path, b"old").unwrap();
        let failed = write_in_pieces(&path, |write| {
            write(b"new")?;
            Err(Error::NoCache)
        });
        assert!(matches!(failed, Err(Error::NoCache)));
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        write_in_pieces::<Error>(&path, |write| write(b"n").and_then(|()| write(b"ew"))).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }

    #[test]
    fn litter_of_killed_processes_goes_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let path = at("table.csv");
        let kept =
            ["other.csv.1.tmp", "table.csv.x.tmp", "table.csv.1.2.tmp", "table.csv.1", "atable.csv.1.tmp"];
        for name in kept.iter().chain(&["table.csv.1.tmp", "table.csv.4000000000.tmp"]) {
            fs::write(at(name), "half").unwrap();
        }
        fs::create_dir(at("table.csv.2.tmp")).unwrap();
        fs::write(at("table.csv.2.tmp/half"), "x").unwrap();
        // Somebody is at this one.
        let (busy, lock) = claim(&path, |path| File::create_new(path), |file| file.lock().is_ok()).unwrap();
        write_atomically(&path, b"whole").unwrap();
        let names = || {
            let entries = fs::read_dir(folder.path()).unwrap();
            let mut names =
                entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>();
            names.sort();
            names
        };
        let mut expected = kept.map(String::from).to_vec();
        expected.extend(["table.csv".into(), busy.file_name().unwrap().to_str().unwrap().into()]);
        expected.sort();
        assert_eq!(names(), expected);
        drop(lock);
        write_atomically(&path, b"whole").unwrap();
        assert!(!busy.exists());
    }

    #[test]
    fn processes_that_write_one_file_do_not_disturb_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..100).for_each(|_| write_atomically(&path, b"whole").unwrap()));
            }
        });
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    /// In a folder that others can write to, a link under the name of a temporary file would lead the writing elsewhere.
    #[test]
    fn what_is_there_under_a_temporary_name_is_not_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let (path, victim) = (folder.path().join("table.csv"), folder.path().join("victim"));
        fs::write(&victim, "mine").unwrap();
        let tried = std::cell::RefCell::new(Vec::new());
        let make = |temporary: &Path| {
            if tried.borrow().is_empty() {
                fs::hard_link(&victim, temporary).unwrap();
            }
            tried.borrow_mut().push(temporary.to_owned());
            File::create_new(temporary)
        };
        let (temporary, _) = claim(&path, make, |file| file.lock().is_ok()).unwrap();
        assert!(tried.borrow().len() == 2 && temporary != tried.borrow()[0]);
        assert_eq!(fs::read(&victim).unwrap(), b"mine");
    }

    #[cfg(unix)]
    #[test]
    fn a_replaced_file_keeps_its_permissions_and_a_link_to_nothing_stays() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("private"), folder.path().join("link"));
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&path, &link).unwrap();
        write_atomically(&link, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        fs::remove_file(&path).unwrap();
        let error = write_atomically(&link, b"new").unwrap_err();
        assert!(error.to_string().contains("a link whose target is not there"), "{error}");
        assert!(link.is_symlink() && !path.exists());
        let cache = folder.path().join("caches/private");
        private_folder(&cache).unwrap();
        assert_eq!(fs::metadata(&cache).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn what_would_lie_in_a_folder_is_known_before_it_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let (pets, out) = (folder.path().join("pets"), folder.path().join("out"));
        fs::create_dir_all(pets.join("cat")).unwrap();
        let place = |path: &str| below(&folder.path().join(path), &pets);
        for (within, at) in
            [("pets", ""), ("pets/x", "x"), ("pets/cat/../x/y", "x/y"), ("pets/../pets/x", "x")]
        {
            assert_eq!(place(within), Some(at.into()), "{within}");
        }
        for without in ["out", "petshop", "pets.deepal/x", "."] {
            assert_eq!(place(without), None, "{without}");
        }
        assert_eq!(below(&out, &out), None, "there is no such folder");
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(pets.join("cat"), folder.path().join("link")).unwrap();
            assert_eq!(place("link/new"), Some("cat/new".into()));
            assert!(!leads_out(&folder.path().join("link"), folder.path()));
            fs::create_dir(&out).unwrap();
            assert!(leads_out(&folder.path().join("link"), &out));
        }
    }

    #[test]
    fn a_digest_is_that_of_the_whole_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        for n in [0, 1, PIECE - 1, PIECE, 3 * PIECE + 7] {
            let bytes = (0..n).map(|i| (i % 251) as u8).collect::<Vec<_>>();
            fs::write(&path, &bytes).unwrap();
            assert_eq!(digest(&path).unwrap()[..], Sha256::digest(&bytes)[..]);
        }
    }

    #[test]
    fn names_are_quoted_where_they_must_be() {
        let row = csv_row(["plain", "a,b", "say \"so\"", "two\nlines"]);
        assert_eq!(row, b"plain,\"a,b\",\"say \"\"so\"\"\",\"two\nlines\"\n");
    }

    #[test]
    fn only_our_own_temporary_files_are_litter() {
        assert!(is_temporary("config.toml.123.tmp"));
        assert!(
            ["my.tmp", "123.tmp", "a.b.tmp", "a.1.tmp.gz", "a..tmp"].iter().all(|name| !is_temporary(name))
        );
    }

    #[test]
    fn short_files_are_read_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        for bytes in [&b""[..], b"\x1f", b"ab"] {
            let path = folder.path().join("short");
            fs::write(&path, bytes).unwrap();
            assert_eq!(read(&path).unwrap(), bytes);
        }
    }

    #[test]
    fn a_folder_is_whole_or_not_there() {
        let parent = tempfile::tempdir().unwrap();
        let entries = || fs::read_dir(parent.path()).unwrap().count();
        let file = |path: &Path| fs::write(path, b"x").map_err(Error::write(path));
        let out = parent.path().join("out");
        let failed = write_folder(&out, |folder| {
            file(&folder.join("half"))?;
            Err(Error::NoCache)
        });
        assert!(matches!(failed, Err(Error::NoCache)) && entries() == 0);
        fs::create_dir(&out).unwrap();
        write_folder(&out, |folder| file(&folder.join("whole"))).unwrap();
        assert_eq!((fs::read(out.join("whole")).unwrap().as_slice(), entries()), (&b"x"[..], 1));
        assert!(write_folder::<Error>(&out, |_| Ok(())).unwrap_err().to_string().contains("not empty"));
        assert!(write_folder::<Error>(&out.join("whole"), |_| Ok(())).is_err());
    }
}
