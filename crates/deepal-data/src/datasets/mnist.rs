//! MNIST: 28×28 handwritten digits (LeCun, Cortes and Burges 1998).

use super::Scale;
use super::downloads::Files;
use super::remote::{Digest, Remote};
use super::{DIGITS, Entry};

pub(super) static ENTRY: Entry = Entry {
    name: "mnist",
    aliases: &["MNIST"],
    summary: "handwritten digits, 28×28 grey",
    shape: [1, 28, 28],
    classes: DIGITS,
    scale: Scale::MNIST,
    n_train: 60_000,
    n_test: 10_000,
    default_net: "mnist-cnn",
    licence: "CC BY-SA 3.0",
    homepage: "http://yann.lecun.com/exdb/mnist/",
    embedded: false,
    paper: true,
    load: |downloads| ENTRY.idx_data(downloads, &FILES),
};

/// The first is torchvision's mirror, the second the one of TensorFlow Datasets.
const MIRRORS: &[&str] = &[
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
];

const fn remote(name: &'static str, unpacked: &'static str) -> Remote<'static> {
    Remote { name, mirrors: MIRRORS, most: 64 << 20, digest: Digest::Unpacked(unpacked) }
}

pub(super) static FILES: Files<'_> = Files {
    dataset: "mnist",
    layouts: &["MNIST/raw", "raw"],
    remotes: &[
        remote(
            "train-images-idx3-ubyte.gz",
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        ),
        remote(
            "train-labels-idx1-ubyte.gz",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ),
        remote(
            "t10k-images-idx3-ubyte.gz",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        ),
        remote(
            "t10k-labels-idx1-ubyte.gz",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    ],
};
