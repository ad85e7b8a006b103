//! The UCI optical digits: 8×8 counts 0..=16 (Alpaydin and Kaynak 1998), as part of the program.

use super::{DIGITS, Entry, Split};
use super::{Downloads, Scale};
use crate::files::unpack;
use deepal_core::Data;
use std::path::Path;

pub(super) static ENTRY: Entry = Entry {
    name: "digits",
    aliases: &["UCI-digits"],
    summary: "handwritten digits, 8×8 grey, embedded",
    shape: [1, 8, 8],
    classes: DIGITS,
    // Measured on the 1,438 training images divided by 16: 450304 / (1438 · 64 · 16), and NumPy's `std`.
    scale: Scale { max: 16, mean: &[0.3058], std: &[0.3764] },
    n_train: 1_438,
    n_test: 359,
    default_net: "mlp",
    licence: "CC BY 4.0",
    homepage: "https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
    embedded: true,
    paper: false,
    load,
};

/// The set comes without a split: every fifth sample, 4, 9, 14 …, is the test set.
fn load(_: &Downloads<'_>) -> crate::Result<Data> {
    let file = Path::new("embedded digits");
    let images = unpack(file, include_bytes!("../../data/digits/images-idx3-ubyte.gz"))?;
    let labels = unpack(file, include_bytes!("../../data/digits/labels-idx1-ubyte.gz"))?;
    let all = ENTRY.idx_split((file, images), (file, labels))?;
    let [mut train, mut test] = [(); 2].map(|()| Split { pixels: Vec::new(), labels: Vec::new() });
    for (at, (image, label)) in all.pixels.chunks_exact(64).zip(all.labels).enumerate() {
        let split = if at % 5 == 4 { &mut test } else { &mut train };
        split.pixels.extend(image);
        split.labels.push(label);
    }
    ENTRY.data(train, test)
}
