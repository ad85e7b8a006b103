//! SVHN, cropped: 32×32 house numbers from street photographs (Netzer et al. 2011).

use super::Downloads;
use super::Scale;
use super::downloads::Files;
use super::remote::{Digest, Remote};
use super::{DIGITS, Entry, Split};
use crate::formats::mat;
use deepal_core::Data;
use std::path::Path;

pub(super) static ENTRY: Entry = Entry {
    name: "svhn",
    aliases: &["SVHN"],
    summary: "house numbers, 32×32 colour",
    shape: [3, 32, 32],
    classes: DIGITS,
    // The values of the paper's code.
    scale: Scale { max: 255, mean: &[0.4377, 0.4438, 0.4728], std: &[0.1980, 0.2010, 0.1970] },
    n_train: 73_257,
    n_test: 26_032,
    default_net: "svhn-cnn",
    licence: "non-commercial use only",
    homepage: "http://ufldl.stanford.edu/housenumbers/",
    embedded: false,
    paper: true,
    load,
};

/// The publishers' address, with TLS where it answers so; else the SHA-256 makes up for its absence.
const MIRRORS: &[&str] =
    &["https://ufldl.stanford.edu/housenumbers/", "http://ufldl.stanford.edu/housenumbers/"];
/// Both files are smaller.
const MOST: u64 = 512 << 20;

/// The digests of TensorFlow Datasets, `tensorflow_datasets/url_checksums/svhn_cropped.txt`; torchvision's
/// `prototype/datasets/_builtin/svhn.py` has the same.
static FILES: Files<'_> = Files {
    dataset: "svhn",
    layouts: &["SVHN"],
    remotes: &[
        Remote {
            name: "train_32x32.mat",
            mirrors: MIRRORS,
            most: MOST,
            digest: Digest::File("435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8"),
        },
        Remote {
            name: "test_32x32.mat",
            mirrors: MIRRORS,
            most: MOST,
            digest: Digest::File("cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b"),
        },
    ],
};

fn load(downloads: &Downloads<'_>) -> crate::Result<Data> {
    let paths = downloads.files(&FILES)?;
    let split = |path: &Path| {
        let images = mat::read(path)?;
        Ok::<_, crate::Error>(Split {
            labels: ENTRY.to_classes(path, &images.labels)?,
            pixels: images.pixels,
        })
    };
    ENTRY.data(split(&paths[0])?, split(&paths[1])?)
}
