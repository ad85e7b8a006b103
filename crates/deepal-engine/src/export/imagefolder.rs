//! A folder for each class with its pictures, as torchvision's `ImageFolder` and `deepal` itself read them.

use super::folder::{Names, sub_folder};
use super::pictures::Pictures;
use super::set::Labeled;
use crate::error::Result;
use std::collections::BTreeMap;
use std::path::Path;

/// Writes `CLASS/FILE` into a folder. Classes without a label have no folder: readers refuse empty ones.
///
/// # Errors
/// As [`Pictures::put`].
pub(super) fn fill(folder: &Path, labels: &[Labeled<'_>], pictures: &Pictures<'_>) -> Result<()> {
    let (mut names, mut classes) = (Names::default(), BTreeMap::new());
    for label in labels {
        classes.entry(label.class).or_insert_with(|| folder.join(names.name(label.class)));
    }
    classes.values().try_for_each(|class| sub_folder(class))?;
    let files = pictures.names(labels);
    let paths = labels.iter().zip(files).map(|(label, file)| classes[label.class].join(file));
    pictures.put(labels, &paths.collect::<Vec<_>>())
}
