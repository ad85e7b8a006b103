//! IDX files, with the labels that MNIST's names of files lead to.

use super::{Arrays, Items, Manifest, Part, list};
use crate::error::Result;
use crate::formats::idx;
use crate::source::Split;
use std::path::{Path, PathBuf};

/// The labels of `train-images-idx3-ubyte` are in `train-labels-idx1-ubyte`, if that lies beside (packed or not). If
/// `t10k-images…` or `test-images…` does too, with its labels, it is the test set. Where the manifest names labels, the file
/// is read alone.
pub(super) fn read(path: &Path, manifest: &Manifest) -> Result<Arrays> {
    let mut arrays = Arrays { kind: "IDX file", parts: Vec::new(), ids: None, notes: Vec::new() };
    let most = manifest.most_unpacked();
    let items = Items::of(idx::open(path, most)?)?;
    let labels = labels(path).filter(|_| manifest.label.is_none());
    let is_labeled = labels.is_some();
    arrays.parts.push(part(items, labels, &mut arrays.notes)?);
    let tests = ["t10k", "test"].into_iter().filter_map(|test| beside(path, &[("train", test)]));
    let test = tests.into_iter().find_map(|test| Some((self::labels(&test)?, test)));
    if let Some((labels, test)) = test.filter(|_| is_labeled) {
        arrays.notes.push(format!("the test set is `{}`, which lies beside", test.display()));
        arrays.parts.push(part(Items::of(idx::open(&test, most)?)?, Some(labels), &mut arrays.notes)?);
        arrays.parts[0].split = Some(Split::Train);
        arrays.parts[1].split = Some(Split::Test);
    }
    Ok(arrays)
}

fn part(items: Items, labels: Option<PathBuf>, notes: &mut Vec<String>) -> Result<Part> {
    if let Some(labels) = &labels {
        notes.push(format!("labels were read from `{}`", labels.display()));
    }
    let labels = labels.map(|labels| list(&labels)).transpose()?;
    Ok(Part { items, labels, split: None })
}

fn labels(path: &Path) -> Option<PathBuf> {
    let changes = [("images", "labels"), ("idx2", "idx1"), ("idx3", "idx1"), ("idx4", "idx1")];
    beside(path, &changes)
}

/// A file beside, packed or not, whose name is that of this one with these words for those; the first word must be there.
fn beside(path: &Path, changes: &[(&str, &str)]) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let name = name.strip_suffix(".gz").unwrap_or(name);
    if !name.contains(changes.first()?.0) {
        return None;
    }
    let name = changes.iter().fold(name.to_owned(), |name, (from, to)| name.replacen(from, to, 1));
    let candidates = [name.clone(), name + ".gz"].map(|name| path.with_file_name(name));
    candidates.into_iter().find(|path| path.is_file())
}
