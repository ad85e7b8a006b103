//! Arrays: `.npy`, `.npz`, safetensors, IDX and CIFAR's binary format, as features or pictures with labels and ids.

mod archive;
mod cifar;
mod inputs;
mod mnist;

use super::{Found, Manifest, Open, Split};
use crate::error::{Error, Result};
use crate::files;
use crate::formats::stored::Stored;
use crate::formats::{idx, npy};
use inputs::Items;
use std::path::Path;

/// What a file of arrays holds, before its samples have ids.
struct Arrays {
    /// What kind of file it is.
    kind: &'static str,
    /// One, or those for training and for the test.
    parts: Vec<Part>,
    /// Those of all parts, if the file has some.
    ids: Option<Vec<String>>,
    notes: Vec<String>,
}

/// Samples of one array.
struct Part {
    items: Items,
    /// `None` if there are none for this array; else one for each sample.
    labels: Option<Vec<Option<String>>>,
    split: Option<Split>,
}

/// Reads a file of arrays; `folder` is what names of other files in the manifest are relative to.
///
/// # Errors
/// A file that is damaged or of another kind, and arrays that do not fit together, with the numbers.
pub(super) fn read(path: &Path, folder: &Path, manifest: &Manifest, open: &Open<'_>) -> Result<Found> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    let is_archive = matches!(extension, Some("npz" | "safetensors"));
    if !is_archive && !manifest.features.is_empty() {
        let why = "has only one array; leave `features` out of data.toml";
        return Err(Error::Unfit { path: path.into(), why: why.into() });
    }
    let mut arrays = match extension {
        Some("npz" | "safetensors") => archive::read(path, folder, manifest)?,
        Some("bin") => cifar::read(path, manifest.most_unpacked())?,
        Some("npy") => {
            let items = Items::of(npy::open_within(path, manifest.most_unpacked())?)?;
            let parts = vec![Part { items, labels: None, split: None }];
            Arrays { kind: "NumPy array", parts, ids: None, notes: Vec::new() }
        }
        _ => mnist::read(path, manifest)?,
    };
    // An archive may hold what the manifest names, so it has looked already.
    if !is_archive {
        if let Some(label) = &manifest.label {
            arrays.parts[0].labels = Some(list(&folder.join(label))?);
        }
        if let Some(id) = &manifest.id {
            arrays.ids = Some(ids(&folder.join(id), list(&folder.join(id))?)?);
        }
    }
    found(path, arrays, manifest, open)
}

/// Puts the parts together.
fn found(path: &Path, arrays: Arrays, manifest: &Manifest, open: &Open<'_>) -> Result<Found> {
    let wrong = |why: String| Error::Unfit { path: path.into(), why };
    let Arrays { kind, parts, ids, mut notes } = arrays;
    let (mut all, mut labels, mut split, mut rows) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for part in parts {
        let n = part.items.len();
        match part.labels {
            Some(some) if some.len() != n => {
                return Err(wrong(format!("has {n} samples, but there are {} labels for them", some.len())));
            }
            Some(some) => labels.extend(some),
            None => labels.extend(vec![None; n]),
        }
        split.extend(vec![part.split; n]);
        rows.extend((0..n).map(|row| match part.split {
            Some(Split::Train) => format!("train-{row}"),
            Some(Split::Test) => format!("test-{row}"),
            None => row.to_string(),
        }));
        all.push((part.items, part.split != Some(Split::Test)));
    }
    let n = rows.len();
    let ids = match ids {
        Some(ids) if ids.len() != n => {
            return Err(wrong(format!("has {n} samples, but there are {} ids for them", ids.len())));
        }
        Some(ids) => ids,
        None => {
            let why = "ids are row numbers, counted from 0, which do not survive reordering";
            notes.push(format!("{why}; name a key or file with ids as `id` in data.toml"));
            rows
        }
    };
    let (inputs, image, encoding) = inputs::of(all, manifest, open, &mut notes)?;
    let what = if image.is_some() { "pictures" } else { "features" };
    let kind = format!("{kind} of {what}");
    let (classes, problems) = (Vec::new(), Vec::new());
    let (skipped, n_chosen, roles) = (Vec::new(), 0, Vec::new());
    Ok(Found {
        kind,
        ids,
        labels,
        split,
        classes,
        inputs,
        encoding,
        problems,
        notes,
        image,
        bits: None,
        skipped,
        n_chosen,
        roles,
        table: None,
    })
}

/// The labels or ids in a file: `.npy`, IDX, or `.txt`, one a line. Where there is none, `None`.
fn list(path: &Path) -> Result<Vec<Option<String>>> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("npy") => column(&npy::open(path)?),
        Some("txt") => {
            let given = |line: &str| Some(line.trim().to_owned()).filter(|line| !line.is_empty());
            Ok(files::read_text(path)?.lines().map(given).collect())
        }
        _ => column(&idx::open(path, files::MOST_UNPACKED)?),
    }
}

/// The labels or ids in an array `[n]` or `[n, 1]`.
fn column(stored: &Stored) -> Result<Vec<Option<String>>> {
    if !matches!(stored.shape[..], [_] | [_, 1]) {
        let why = "labels and ids must be [n], one for each sample";
        return Err(stored.wrong(format!("has shape {:?}; {why}", stored.shape)));
    }
    Ok(stored.texts()?.into_iter().map(|text| text.filter(|text| !text.is_empty())).collect())
}

/// All of them, or an error about the first that is missing.
fn ids(path: &Path, ids: Vec<Option<String>>) -> Result<Vec<String>> {
    let missing = |row: usize| Error::Unfit { path: path.into(), why: format!("has no id in row {row}") };
    ids.into_iter().enumerate().map(|(row, id)| id.ok_or_else(|| missing(row))).collect()
}
