//! Files that may be gzip, read up to a limit.

use crate::error::{Error, Result};
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// The most bytes that a packed file may become, where nothing else is said.
pub const MOST_UNPACKED: u64 = 4 << 30;
/// The first two bytes of every gzip file (RFC 1952).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The content of a file, unpacked if it is gzip by its first bytes (never by its name), at most [`MOST_UNPACKED`] of it.
pub(crate) fn open(path: &Path) -> Result<Box<dyn Read>> {
    open_within(path, MOST_UNPACKED)
}

/// As [`open`], with another limit. What goes beyond it is an error of the kind `FileTooLarge`.
pub(crate) fn open_within(path: &Path, most: u64) -> Result<Box<dyn Read>> {
    let (file, is_packed) = open_packed(path)?;
    Ok(if is_packed { Box::new(Capped { inner: file, left: most, most }) } else { file })
}

/// The content without a limit, and whether the file is gzip; for a caller that reads no more than it knows of.
pub(crate) fn open_packed(path: &Path) -> Result<(Box<dyn Read>, bool)> {
    let mut file = File::open(path).map_err(Error::read(path))?;
    let mut start = Vec::with_capacity(GZIP.len());
    Read::by_ref(&mut file).take(2).read_to_end(&mut start).map_err(Error::read(path))?;
    let is_gzip = start == GZIP;
    let file = io::Cursor::new(start).chain(BufReader::new(file));
    Ok((if is_gzip { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) }, is_gzip))
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
        io::ErrorKind::FileTooLarge => Error::unfit(path, cause.to_string()),
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other => {
            Error::corrupt(path, "intact compressed data", cause)
        }
        _ => Error::Read { path: path.into(), cause },
    }
}

/// Why a packed file of which at most `most` bytes are read is not.
pub(crate) fn too_much(most: u64) -> String {
    format!(
        "unpacks to more than {most} bytes, the most that is read of a packed file; unpack it yourself and use that, or set \
         `max_unpacked` in data.toml"
    )
}

/// A reader that fails where it would give more than a number of bytes.
struct Capped<R> {
    inner: R,
    left: u64,
    most: u64,
}

impl<R: Read> Read for Capped<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        // One byte more shows whether there is more.
        let room = usize::try_from(self.left).unwrap_or(usize::MAX).max(1).min(buffer.len());
        let n = self.inner.read(&mut buffer[..room])?;
        match self.left.checked_sub(n as u64) {
            Some(left) => self.left = left,
            None => return Err(io::Error::new(io::ErrorKind::FileTooLarge, too_much(self.most))),
        }
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capped_reader_gives_all_that_fits_and_fails_at_one_byte_more() {
        for (most, len) in
            [(0_u64, 0), (0, 1), (5, 4), (5, 5), (5, 6), (100_000, 100_000), (100_000, 100_001)]
        {
            let bytes = vec![7; len];
            let mut read = Vec::new();
            let outcome = Capped { inner: &bytes[..], left: most, most }.read_to_end(&mut read);
            assert_eq!(outcome.is_ok(), len as u64 <= most, "{most} {len}");
            assert_eq!(read.len() as u64, most.min(len as u64), "{most} {len}");
        }
    }
}
