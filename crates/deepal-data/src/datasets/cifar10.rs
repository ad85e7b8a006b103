//! CIFAR-10: 32×32 photographs of things (Krizhevsky 2009), in the binary version.

use super::downloads::Files;
use super::remote::{Digest, Remote};
use super::{Downloads, Scale};
use super::{Entry, Split};
use crate::formats::cifar::{self, Batch};
use deepal_core::Data;

pub(super) static ENTRY: Entry = Entry {
    name: "cifar10",
    aliases: &["CIFAR10", "cifar-10"],
    summary: "photographs of animals and vehicles, 32×32 colour",
    shape: [3, 32, 32],
    classes: &["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
    // The values of the paper's code.
    scale: Scale { max: 255, mean: &[0.4914, 0.4822, 0.4465], std: &[0.2470, 0.2435, 0.2616] },
    n_train: 50_000,
    n_test: 10_000,
    default_net: "cifar-cnn",
    licence: "none stated",
    homepage: "https://www.cs.toronto.edu/~kriz/cifar.html",
    embedded: false,
    paper: true,
    load,
};

/// The folder inside the archive, where torchvision's Ruby port and others leave it too.
const UNPACKED: &str = "cifar-10-batches-bin";

static FILES: Files<'_> = Files {
    dataset: "cifar10",
    layouts: &[UNPACKED],
    remotes: &[Remote {
        name: "cifar-10-binary.tar.gz",
        // The publisher's address, then a copy for MindSpore's tutorials.
        mirrors: &[
            "https://www.cs.toronto.edu/~kriz/",
            "https://mindspore-website.obs.cn-north-4.myhuaweicloud.com/notebook/datasets/",
        ],
        most: 512 << 20,
        // The digest of TensorFlow Datasets, `tensorflow_datasets/url_checksums/cifar10.txt`.
        digest: Digest::File("c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"),
    }],
};

fn load(downloads: &Downloads<'_>) -> crate::Result<Data> {
    let batches =
        match downloads.find(ENTRY.name, &[UNPACKED, "cifar10/cifar-10-batches-bin"], &cifar::BATCHES) {
            Some(paths) => cifar::read_batches(&paths)?,
            None => cifar::read_archive(&downloads.files(&FILES)?[0])?,
        };
    let (train, test) = batches.split_at(5);
    ENTRY.data(join(train)?, join(test)?)
}

fn join(batches: &[Batch]) -> crate::Result<Split> {
    let mut split = Split { pixels: Vec::new(), labels: Vec::new() };
    for batch in batches {
        split.labels.extend(ENTRY.to_classes(&batch.path, &batch.labels)?);
        split.pixels.extend(&batch.pixels);
    }
    Ok(split)
}
