//! Reading files that may be gzip, and writing files that are whole or not there.

use crate::error::{Error, Result};
use flate2::read::MultiGzDecoder;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

/// The first two bytes of every gzip file (RFC 1952).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The content of a file, unpacked if it is gzip by its first bytes (never by its name).
pub(crate) fn open(path: &Path) -> Result<Box<dyn Read>> {
    Ok(open_packed(path)?.0)
}

/// As [`open`], and whether it is gzip.
pub(crate) fn open_packed(path: &Path) -> Result<(Box<dyn Read>, bool)> {
    let mut file = File::open(path).map_err(Error::read(path))?;
    let mut start = Vec::with_capacity(GZIP.len());
    Read::by_ref(&mut file).take(2).read_to_end(&mut start).map_err(Error::read(path))?;
    let is_gzip = start == GZIP;
    let file = io::Cursor::new(start).chain(BufReader::new(file));
    Ok((if is_gzip { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) }, is_gzip))
}

/// The whole content of a file, unpacked if it is gzip.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.read_to_end(&mut bytes).map_err(|cause| broken(path, cause))?;
    Ok(bytes)
}

/// Bytes that are part of the program, unpacked if they are gzip; `name` stands for them in errors.
pub(crate) fn unpack(name: &Path, bytes: &[u8]) -> Result<Vec<u8>> {
    if !bytes.starts_with(&GZIP) {
        return Ok(bytes.to_vec());
    }
    let mut unpacked = Vec::new();
    MultiGzDecoder::new(bytes).read_to_end(&mut unpacked).map_err(|cause| broken(name, cause))?;
    Ok(unpacked)
}

/// A failure while unpacking: the file's fault when the bytes make no sense, else the system's.
pub(crate) fn broken(path: &Path, cause: io::Error) -> Error {
    match cause.kind() {
        io::ErrorKind::UnexpectedEof => Error::corrupt(path, "a whole compressed file", "its end missing"),
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other => {
            Error::corrupt(path, "intact compressed data", cause)
        }
        _ => Error::Read { path: path.into(), cause },
    }
}

/// Writes a file under a temporary name, forces it to disk and renames it: after a crash the file is the old or
/// the new one, never a part. What is there and is no file, such as a pipe, is written to directly.
///
/// # Errors
/// A file that cannot be written.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return fs::write(path, bytes).map_err(Error::write(path));
    }
    // A link stays a link: its target is replaced.
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let temporary = with_suffix(path, &format!(".{}.tmp", std::process::id()));
    let written = File::create(&temporary)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written.map_err(Error::write(path))?;
    sync_folder(path);
    Ok(())
}

/// A row of a CSV table, with its end of line and names quoted where they must be (RFC 4180).
pub fn csv_row(fields: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Neither of the two can fail: the row goes to memory and is the only one.
    let _ = writer.write_record(fields);
    writer.into_inner().unwrap_or_default()
}

/// Whether a file's name is that of a temporary one, `NAME.PID.tmp`.
pub(crate) fn is_temporary(name: &str) -> bool {
    let process = name.strip_suffix(".tmp").and_then(|name| name.rsplit_once('.'));
    process
        .is_some_and(|(_, process)| !process.is_empty() && process.bytes().all(|byte| byte.is_ascii_digit()))
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
}
