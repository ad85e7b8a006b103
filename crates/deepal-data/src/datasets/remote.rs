//! A published file: where its mirrors are, and its digest.

use crate::error::{Error, Result};
use crate::files;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// A published file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remote<'a> {
    /// Its name, on every mirror and here.
    pub name: &'a str,
    /// Folders that have it, best first; the address of the file is the folder's with [`name`](Self::name) behind.
    pub mirrors: &'a [&'a str],
    /// The most bytes that a mirror may send; the file is not larger, however it is packed.
    pub most: u64,
    /// Its digest.
    pub digest: Digest<'a>,
}

/// The published SHA-256 of a file, in lower-case hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digest<'a> {
    /// Of the file as it is.
    File(&'a str),
    /// Of what is in the gzip file, so that a mirror may have packed it anew.
    Unpacked(&'a str),
}

impl Digest<'_> {
    /// Compares with the file at `path`.
    ///
    /// # Errors
    /// [`Error::Checksum`] if they differ, and a file that cannot be read.
    pub fn check(self, path: &Path) -> Result<()> {
        let (expected, mut content): (_, Box<dyn Read>) = match self {
            Self::File(expected) => (expected, Box::new(File::open(path).map_err(Error::read(path))?)),
            Self::Unpacked(expected) => (expected, files::open(path)?),
        };
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            match content.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => hasher.update(&buffer[..n]),
                Err(cause) if cause.kind() == std::io::ErrorKind::Interrupted => {}
                Err(cause) => {
                    let got = format!("nothing, as it cannot be unpacked ({cause})");
                    return Err(Error::Checksum { expected: expected.into(), got });
                }
            }
        }
        let got = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        if got == expected { Ok(()) } else { Err(Error::Checksum { expected: expected.into(), got }) }
    }
}

/// Progress of a download: the file's name, the bytes so far, and the total if it is known.
pub type Progress<'a> = dyn Fn(&str, u64, Option<u64>) + Sync + 'a;
