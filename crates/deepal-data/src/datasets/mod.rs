//! The published data sets: one file each, and the list [`ALL`].
//!
//! To add one, write a file with its `ENTRY` next to the others and put that into [`ALL`]: help, error messages
//! and tests follow from the list.

mod cifar10;
mod digits;
pub(crate) mod downloads;
mod fashion_mini;
mod fashion_mnist;
mod images;
mod mnist;
pub mod remote;
mod svhn;
#[cfg(feature = "download")]
pub mod transfer;

pub use downloads::Downloads;
pub use images::{Images, Scale};

use crate::error::{Error, Result};
use crate::files;
use crate::formats::idx;
use deepal_core::{Class, Data};
use downloads::Files;
use std::path::Path;
use std::sync::Arc;

/// What is known of a data set before it is loaded.
#[derive(Debug)]
pub struct Entry {
    /// Its name on the command line.
    pub name: &'static str,
    /// Other names, the paper's spelling among them.
    pub aliases: &'static [&'static str],
    /// One line about it.
    pub summary: &'static str,
    /// The shape of one item, `[channels, height, width]`.
    pub shape: [usize; 3],
    /// The classes, in the order of [`Class`].
    pub classes: &'static [&'static str],
    /// How its bytes become inputs.
    pub scale: Scale,
    /// Samples in the training set, the pool.
    pub n_train: usize,
    /// Samples in the test set.
    pub n_test: usize,
    /// The net that suits it.
    pub default_net: &'static str,
    /// What its publishers allow.
    pub licence: &'static str,
    /// Where it was published.
    pub homepage: &'static str,
    /// Whether it is part of the program and needs no files.
    pub embedded: bool,
    /// Whether it is one of the paper's four, for which the set-up of its reference program is the default.
    pub paper: bool,
    /// Reads it.
    ///
    /// # Errors
    /// Files that are not there, cannot be downloaded, or are broken.
    pub load: fn(&Downloads<'_>) -> Result<Data>,
}

/// Every data set.
pub static ALL: &[&Entry] = &[
    &fashion_mini::ENTRY,
    &digits::ENTRY,
    &mnist::ENTRY,
    &fashion_mnist::ENTRY,
    &svhn::ENTRY,
    &cifar10::ENTRY,
];

/// The data set of that name or alias, whatever the case.
///
/// # Errors
/// [`UnknownName`](deepal_core::Error::UnknownName) with the names there are.
pub fn by_name(name: &str) -> Result<&'static Entry, deepal_core::Error> {
    let is_it = |known: &&str| known.eq_ignore_ascii_case(name);
    let found = ALL.iter().find(|entry| is_it(&entry.name) || entry.aliases.iter().any(is_it));
    found.copied().ok_or_else(|| deepal_core::Error::UnknownName {
        kind: "dataset",
        name: name.into(),
        known: ALL.iter().map(|entry| entry.name).collect(),
    })
}

/// The ten digits.
const DIGITS: &[&str] = &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

/// Fashion-MNIST's classes, <https://github.com/zalandoresearch/fashion-mnist#labels>.
const FASHION: &[&str] = &[
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
];

/// Pixels `[n, c, h, w]` with their labels `[n]`.
struct Split {
    pixels: Vec<u8>,
    labels: Vec<Class>,
}

impl Entry {
    fn data(&self, train: Split, test: Split) -> Result<Data> {
        let images =
            |pixels| Images::new(self.name, self.shape, self.classes, self.scale, pixels).map(Arc::new);
        Ok(Data::new(images(train.pixels)?, train.labels, images(test.pixels)?, test.labels)?)
    }

    /// Label bytes as classes; `path` is for the error.
    fn to_classes(&self, path: &Path, labels: &[u8]) -> Result<Vec<Class>> {
        let n_classes = self.classes.len();
        let class = |(row, label): (usize, &u8)| match usize::from(*label) < n_classes {
            true => Ok(Class(u16::from(*label))),
            false => Err(Error::Label { path: path.into(), row, label: i64::from(*label), n_classes }),
        };
        labels.iter().enumerate().map(class).collect()
    }

    /// Images and labels of two unpacked IDX files.
    fn idx_split(&self, images: (&Path, Vec<u8>), labels: (&Path, Vec<u8>)) -> Result<Split> {
        let (path, bytes) = images;
        let images = idx::images(path, bytes)?;
        let [_, height, width] = self.shape;
        if (images.height, images.width) != (height, width) {
            let found = format!("{}×{}", images.height, images.width);
            return Err(Error::corrupt(path, format!("images of {height}×{width}"), found));
        }
        let (path, bytes) = labels;
        let labels = idx::labels(path, bytes)?;
        if labels.len() != images.n {
            return Err(Error::corrupt(
                path,
                format!("{} labels, as many as images", images.n),
                labels.len(),
            ));
        }
        Ok(Split { pixels: images.pixels, labels: self.to_classes(path, &labels)? })
    }

    /// A whole data set of four IDX files: training images and labels, test images and labels. Two data sets have files of the
    /// same names, which are told apart by their digests.
    fn idx_data(&self, downloads: &Downloads<'_>, wanted: &Files<'_>) -> Result<Data> {
        let paths = downloads.files(wanted)?;
        for other in [&mnist::FILES, &fashion_mnist::FILES] {
            if other.dataset != wanted.dataset && other.remotes[3].digest.check(&paths[3]).is_ok() {
                let [expected, found] = [wanted, other].map(|set| format!("the labels of `{}`", set.dataset));
                return Err(Error::corrupt(&paths[3], expected, found));
            }
        }
        let split = |images: &Path, labels: &Path| {
            self.idx_split((images, files::read(images)?), (labels, files::read(labels)?))
        };
        self.data(split(&paths[0], &paths[1])?, split(&paths[2], &paths[3])?)
    }
}
