//! Fashion-MNIST: 28×28 articles of clothing (Xiao, Rasul and Vollgraf 2017, arXiv:1708.07747).

use super::Scale;
use super::downloads::Files;
use super::remote::{Digest, Remote};
use super::{Entry, FASHION};

pub(super) static ENTRY: Entry = Entry {
    name: "fashion-mnist",
    aliases: &["FashionMNIST"],
    summary: "articles of clothing, 28×28 grey",
    shape: [1, 28, 28],
    classes: FASHION,
    scale: Scale::MNIST,
    n_train: 60_000,
    n_test: 10_000,
    default_net: "mnist-cnn",
    licence: "MIT",
    homepage: "https://github.com/zalandoresearch/fashion-mnist",
    embedded: false,
    paper: true,
    load: |downloads| ENTRY.idx_data(downloads, &FILES),
};

/// The publishers' two own addresses; the SHA-256 makes up for the missing TLS of the second.
const MIRRORS: &[&str] = &[
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
];

const fn remote(name: &'static str, unpacked: &'static str) -> Remote<'static> {
    Remote { name, mirrors: MIRRORS, most: 64 << 20, digest: Digest::Unpacked(unpacked) }
}

pub(super) static FILES: Files<'_> = Files {
    dataset: "fashion-mnist",
    layouts: &["FashionMNIST/raw", "raw"],
    remotes: &[
        remote(
            "train-images-idx3-ubyte.gz",
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        ),
        remote(
            "train-labels-idx1-ubyte.gz",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        ),
        remote(
            "t10k-images-idx3-ubyte.gz",
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        ),
        remote(
            "t10k-labels-idx1-ubyte.gz",
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        ),
    ],
};
