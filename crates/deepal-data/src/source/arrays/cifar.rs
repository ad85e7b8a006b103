//! Files in CIFAR's binary format, with any number of records: labels of one byte (CIFAR-10) or two (CIFAR-100), then
//! 3,072 pixels `[3, 32, 32]`.

use super::inputs::{Grid, Pixels};
use super::{Arrays, Items, Part};
use crate::error::{Error, Result};
use crate::formats::stored::Bytes;
use std::path::Path;

/// The bytes of one picture.
const PICTURE: usize = 3 * 32 * 32;

/// Nothing in the file says which of the two it is. Its size does, unless it is a multiple of both 3,073 and 3,074: then it
/// has one label byte, except if some of those are no class of CIFAR-10 while all pairs are of CIFAR-100. Of two the second
/// counts, CIFAR-100's fine label. Classes are named by their numbers.
pub(super) fn read(path: &Path, most: u64) -> Result<Arrays> {
    let bytes = Bytes::file(path, most)?;
    let fits = |labels: usize| !bytes.is_empty() && bytes.len().is_multiple_of(labels + PICTURE);
    let records = |labels: usize| bytes.chunks_exact(labels + PICTURE);
    let is_ten = || records(1).all(|record| record[0] < 10);
    let is_hundred = || records(2).all(|record| record[0] < 20 && record[1] < 100);
    let n_labels = match (fits(1), fits(2)) {
        (true, false) => 1,
        (false, true) => 2,
        (true, true) => 1 + usize::from(!is_ten() && is_hundred()),
        (false, false) => {
            let why = format!(
                "has {} bytes, which are no whole records of CIFAR's format, 3073 bytes (one label) or 3074 (two)",
                bytes.len()
            );
            return Err(Error::Unfit { path: path.into(), why });
        }
    };
    let labels = records(n_labels).map(|record| Some(record[n_labels - 1].to_string())).collect();
    let note = match n_labels {
        1 => "records have one label byte",
        _ => "records have two label bytes, of which the second is the class",
    };
    let notes = vec![format!("{note}; classes are named by their numbers")];
    let n = bytes.len() / (n_labels + PICTURE);
    let grid = Grid { n, before: n_labels, height: 32, width: 32, channels: 3, is_planar: true };
    let items = Items::Pictures(Pixels::Bytes(bytes), grid);
    let parts = vec![Part { items, labels: Some(labels), split: None }];
    Ok(Arrays { kind: "CIFAR file", parts, ids: None, notes })
}
