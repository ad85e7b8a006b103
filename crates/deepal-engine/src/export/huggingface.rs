//! Pictures with `metadata.jsonl`, which Hugging Face's `datasets` takes for a folder of images.

use super::folder::{file, sub_folder};
use super::pictures::Pictures;
use super::set::{How, Labeled};
use crate::error::{Context, Result};
use serde::Serialize;
use std::path::Path;

/// A line of `metadata.jsonl`.
#[derive(Serialize)]
struct Line<'a> {
    file_name: &'a str,
    label: &'a str,
    id: &'a str,
    #[serde(flatten)]
    how: How<'a>,
}

/// Writes `train/metadata.jsonl` and the pictures beside it. The folder `train` makes them one split: without it, a file
/// whose name has the word test in it would be taken for another.
///
/// # Errors
/// As [`Pictures::put`].
pub(super) fn fill(folder: &Path, labels: &[Labeled<'_>], pictures: &Pictures<'_>) -> Result<()> {
    let folder = folder.join("train");
    sub_folder(&folder)?;
    let names = pictures.names(labels);
    let mut lines = Vec::new();
    for (Labeled { id, class: label, how, .. }, file_name) in labels.iter().zip(&names) {
        let line = Line { file_name, label, id, how: *how };
        serde_json::to_writer(&mut lines, &line).context("cannot write a label as JSON")?;
        lines.push(b'\n');
    }
    pictures.put(labels, &names.iter().map(|name| folder.join(name)).collect::<Vec<_>>())?;
    file(&folder.join("metadata.jsonl"), &lines)
}
