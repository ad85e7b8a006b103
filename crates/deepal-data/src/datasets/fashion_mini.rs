//! The first 500 + 100 images of each class of Fashion-MNIST, as part of the program.

use super::{Downloads, Scale};
use super::{Entry, FASHION};
use crate::files::unpack;
use deepal_core::Data;
use std::path::Path;

pub(super) static ENTRY: Entry = Entry {
    name: "fashion-mini",
    aliases: &["FashionMini"],
    summary: "500 + 100 images of each Fashion-MNIST class, embedded",
    shape: [1, 28, 28],
    classes: FASHION,
    scale: Scale::MNIST,
    n_train: 5_000,
    n_test: 1_000,
    default_net: "mlp",
    licence: "MIT",
    homepage: "https://github.com/zalandoresearch/fashion-mnist",
    embedded: true,
    paper: false,
    load,
};

fn load(_: &Downloads<'_>) -> crate::Result<Data> {
    let file = Path::new("embedded fashion-mini");
    let split =
        |images, labels| ENTRY.idx_split((file, unpack(file, images)?), (file, unpack(file, labels)?));
    let train = split(
        include_bytes!("../../data/fashion-mini/train-images-idx3-ubyte.gz"),
        include_bytes!("../../data/fashion-mini/train-labels-idx1-ubyte.gz"),
    )?;
    let test = split(
        include_bytes!("../../data/fashion-mini/t10k-images-idx3-ubyte.gz"),
        include_bytes!("../../data/fashion-mini/t10k-labels-idx1-ubyte.gz"),
    )?;
    ENTRY.data(train, test)
}
