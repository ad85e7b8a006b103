//! CIFAR-10's binary version: rows of one label byte and 3,072 pixels `[3, 32, 32]`, see
//! <https://www.cs.toronto.edu/~kriz/cifar.html>.

use crate::error::{Error, Result};
use crate::files;
use std::path::{Path, PathBuf};

/// The files of the training set, in order, and then that of the test set.
pub const BATCHES: [&str; 6] = [
    "data_batch_1.bin",
    "data_batch_2.bin",
    "data_batch_3.bin",
    "data_batch_4.bin",
    "data_batch_5.bin",
    "test_batch.bin",
];

/// The bytes of one image.
const IMAGE: usize = 3 * 32 * 32;

/// The rows of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Where they come from; for the errors.
    pub path: PathBuf,
    /// The labels, `[n]`.
    pub labels: Vec<u8>,
    /// The pixels, `[n, 3, 32, 32]` in row-major order.
    pub pixels: Vec<u8>,
}

/// Reads the six files of [`BATCHES`] from their paths.
///
/// # Errors
/// A file that cannot be read, rows that are not whole, or files with different numbers of rows. (The format does
/// not say how many rows there are, so this is how a file that was cut between two rows shows.)
pub fn read_batches(paths: &[PathBuf]) -> Result<Vec<Batch>> {
    same_length(paths.iter().map(|path| batch(path.clone(), &files::read(path)?)).collect::<Result<_>>()?)
}

/// Reads the six files of [`BATCHES`] out of `cifar-10-binary.tar.gz`.
///
/// # Errors
/// An archive that cannot be read or lacks one of the files, and what [`read_batches`] refuses.
pub fn read_archive(path: &Path) -> Result<Vec<Batch>> {
    let mut found: [Option<Batch>; 6] = Default::default();
    let mut archive = tar::Archive::new(files::open(path)?);
    for entry in archive.entries().map_err(|cause| files::broken(path, cause))? {
        let mut entry = entry.map_err(|cause| files::broken(path, cause))?;
        let inner = entry.path().map_err(|cause| files::broken(path, cause))?.into_owned();
        if let Some(at) = BATCHES.iter().position(|name| inner.file_name().is_some_and(|file| file == *name))
        {
            let mut bytes = Vec::new();
            std::io::copy(&mut entry, &mut bytes).map_err(|cause| files::broken(path, cause))?;
            found[at] = Some(batch(path.join(inner), &bytes)?);
        }
    }
    let missing =
        |at: usize| Error::corrupt(path, format!("`{}` in the archive", BATCHES[at]), "no such file");
    let batches = found.into_iter().enumerate().map(|(at, batch)| batch.ok_or_else(|| missing(at)));
    same_length(batches.collect::<Result<_>>()?)
}

fn batch(path: PathBuf, bytes: &[u8]) -> Result<Batch> {
    let rows = bytes.chunks_exact(1 + IMAGE);
    if rows.len() == 0 || !rows.remainder().is_empty() {
        let expected = format!("rows of {} bytes", 1 + IMAGE);
        return Err(Error::corrupt(path, expected, format!("{} bytes", bytes.len())));
    }
    let labels = rows.clone().map(|row| row[0]).collect();
    let pixels = rows.flat_map(|row| &row[1..]).copied().collect();
    Ok(Batch { path, labels, pixels })
}

fn same_length(batches: Vec<Batch>) -> Result<Vec<Batch>> {
    let longest = batches.iter().map(|batch| batch.labels.len()).max().unwrap_or_default();
    match batches.iter().find(|batch| batch.labels.len() < longest) {
        Some(Batch { path, labels, .. }) => {
            let expected = format!("{longest} rows, as in the other files");
            Err(Error::corrupt(path, expected, format!("{} rows", labels.len())))
        }
        None => Ok(batches),
    }
}
