//! SVHN and CIFAR-10 on small files, and what is said of broken ones.
#![expect(clippy::unwrap_used, reason = "test helpers")]

use deepal_core::{Class, SampleId};
use deepal_data::datasets::{self, Downloads};
use deepal_data::formats::cifar::BATCHES;
use deepal_data::formats::mat;
use deepal_data::{Error, Kind};
use flate2::{Compression, write::GzEncoder};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn from(folder: &TempDir) -> Downloads<'static> {
    Downloads { data_dir: Some(folder.path().into()), ..Downloads::default() }
}

/// The pixel of the fixtures: `X[h, w, c, i]` of `make_svhn.py`.
fn svhn_pixel(i: usize, c: usize, h: usize, w: usize) -> u8 {
    ((3 * h + 5 * w + 70 * c + 11 * i) % 256) as u8
}

#[test]
fn svhn_has_rows_as_height_and_ten_as_zero() {
    for (name, labels) in [("svhn.mat", vec![1, 0, 9]), ("svhn_plain.mat", vec![0])] {
        let images = mat::read(&fixture(name)).unwrap();
        assert_eq!(images.labels, labels, "{name}");
        let mut pixels = images.pixels.iter();
        for i in 0..labels.len() {
            for (c, h, w) in (0..3 * 32 * 32).map(|at| (at / 1024, at / 32 % 32, at % 32)) {
                assert_eq!(pixels.next(), Some(&svhn_pixel(i, c, h, w)), "{name} {i} {c} {h} {w}");
            }
        }
        assert_eq!(pixels.next(), None);
    }
}

#[test]
fn svhn_files_that_differ_are_errors_that_say_how() {
    let cases = [
        ("svhn_label_0.mat", "labels 1..=10 in `y`, found 0 in row 1"),
        ("svhn_int16.mat", "`X` of type uint8"),
        ("svhn_order.mat", "[3, 32, 32, 3]"),
        ("svhn_no_y.mat", "an array `y`"),
        ("svhn_few_y.mat", "`y` of shape [3, 1], found [2, 1]"),
        ("make_svhn.py", "a MATLAB v5 file"),
    ];
    for (name, expected) in cases {
        let text = mat::read(&fixture(name)).unwrap_err().to_string();
        assert!(text.contains(name) && text.contains(expected), "{text}");
    }
}

#[test]
fn svhn_files_cut_or_damaged_anywhere_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.mat");
    for name in ["svhn.mat", "svhn_plain.mat"] {
        let whole = fs::read(fixture(name)).unwrap();
        for end in (0..whole.len()).step_by(3) {
            fs::write(&path, &whole[..end]).unwrap();
            assert!(matches!(mat::read(&path), Err(Error::Corrupt { .. })), "{name} cut at {end}");
        }
        // Damage in the header, the tags and the start of the data; some of it changes pixels only.
        for at in 0..whole.len().min(600) {
            for flip in [0x01, 0x80] {
                let mut damaged = whole.clone();
                damaged[at] ^= flip;
                fs::write(&path, &damaged).unwrap();
                let _ = mat::read(&path);
            }
        }
    }
}

#[test]
fn svhn_loads_through_the_list() {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(fixture("svhn.mat"), folder.path().join("train_32x32.mat")).unwrap();
    fs::copy(fixture("svhn_plain.mat"), folder.path().join("test_32x32.mat")).unwrap();
    let data = (datasets::by_name("SVHN").unwrap().load)(&from(&folder)).unwrap();
    assert_eq!(data.train_labels[..], [Class(1), Class(0), Class(9)]);
    assert_eq!(data.test_labels[..], [Class(0)]);
    let inputs = data.train.inputs(&[SampleId(2)]).unwrap();
    let expected = (f32::from(svhn_pixel(2, 1, 4, 30)) / 255.0 - 0.4438) / 0.2010;
    assert!((inputs[[0, 1024 + 4 * 32 + 30]] - expected).abs() < 1e-6);
}

/// A batch of two rows: labels `label` and 9, pixels that count up from the label.
fn batch(label: u8) -> Vec<u8> {
    let row =
        |label: u8| std::iter::once(label).chain((0..3072).map(move |at: u32| (at + u32::from(label)) as u8));
    row(label).chain(row(9)).collect()
}

fn write_batches(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    for (label, name) in BATCHES.iter().enumerate() {
        fs::write(folder.join(name), batch(label as u8)).unwrap();
    }
}

fn archive(names: &[&str]) -> Vec<u8> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (label, name) in names.iter().enumerate().rev() {
        let bytes = batch(label as u8);
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        let path = format!("cifar-10-batches-bin/{name}");
        archive.append_data(&mut header, path, &bytes[..]).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}

fn load_cifar(folder: &TempDir) -> deepal_data::Result<deepal_core::Data> {
    (datasets::by_name("cifar-10").unwrap().load)(&from(folder))
}

#[test]
fn cifar_is_the_same_from_any_layout_and_from_the_archive() {
    let layouts =
        ["", "cifar10", "cifar-10-batches-bin", "cifar10/cifar-10-batches-bin", "archive", "cifar10 archive"];
    for layout in layouts {
        let folder = tempfile::tempdir().unwrap();
        match layout.strip_suffix("archive") {
            Some(below) => {
                let below = folder.path().join(below.trim());
                fs::create_dir_all(&below).unwrap();
                fs::write(below.join("cifar-10-binary.tar.gz"), archive(&BATCHES)).unwrap();
            }
            None => write_batches(&folder.path().join(layout)),
        }
        let data = load_cifar(&folder).unwrap();
        let labels = [0, 9, 1, 9, 2, 9, 3, 9, 4, 9].map(Class);
        assert_eq!(data.train_labels[..], labels, "{layout}");
        assert_eq!(data.test_labels[..], [Class(5), Class(9)], "{layout}");
        let row = data.test.inputs(&[SampleId(0)]).unwrap();
        let red = (5.0 / 255.0 - 0.4914) / 0.2470;
        let blue = (f32::from(((2048 + 5) % 256) as u8) / 255.0 - 0.4465) / 0.2616;
        assert!((row[[0, 0]] - red).abs() < 1e-6 && (row[[0, 2048]] - blue).abs() < 1e-6, "{layout}");
    }
}

#[test]
fn broken_cifar_files_are_errors_with_the_file() {
    let folder = tempfile::tempdir().unwrap();
    write_batches(folder.path());
    let third = folder.path().join(BATCHES[2]);
    let whole = fs::read(&third).unwrap();
    for end in [0, 1, 3072, 3073, 3074, 2 * 3073 - 1] {
        fs::write(&third, &whole[..end]).unwrap();
        let text = load_cifar(&folder).unwrap_err().to_string();
        assert!(text.contains(BATCHES[2]) && text.contains("expected"), "cut at {end}: {text}");
    }
    let mut bad_label = whole;
    bad_label[3073] = 10;
    fs::write(&third, bad_label).unwrap();
    let error = load_cifar(&folder).unwrap_err();
    assert!(matches!(&error, Error::Label { row: 1, label: 10, n_classes: 10, .. }), "{error}");
    assert_eq!(error.kind(), Kind::Input);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cifar-10-binary.tar.gz");
    let whole = archive(&BATCHES);
    for end in (0..whole.len()).step_by(97) {
        fs::write(&path, &whole[..end]).unwrap();
        assert!(matches!(load_cifar(&folder), Err(Error::Corrupt { .. })), "archive cut at {end}");
    }
    fs::write(&path, archive(&BATCHES[..5])).unwrap();
    let text = load_cifar(&folder).unwrap_err().to_string();
    assert!(text.contains("`test_batch.bin` in the archive"), "{text}");
}

/// IDX bytes of `n` blank 28×28 images, or of these labels.
fn idx_images(n: u8) -> Vec<u8> {
    [&[0, 0, 8, 3, 0, 0, 0, n, 0, 0, 0, 28, 0, 0, 0, 28][..], &vec![0; usize::from(n) * 784]].concat()
}

fn idx_labels(labels: &[u8]) -> Vec<u8> {
    [&[0, 0, 8, 1, 0, 0, 0, labels.len() as u8][..], labels].concat()
}

fn write_mnist(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("train-images-idx3-ubyte"), idx_images(3)).unwrap();
    fs::write(folder.join("train-labels-idx1-ubyte"), idx_labels(&[7, 0, 9])).unwrap();
    fs::write(folder.join("t10k-images-idx3-ubyte"), idx_images(1)).unwrap();
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&idx_labels(&[4])).unwrap();
    fs::write(folder.join("t10k-labels-idx1-ubyte.gz"), packed.finish().unwrap()).unwrap();
}

fn load_mnist(folder: &TempDir) -> deepal_data::Result<deepal_core::Data> {
    (datasets::by_name("mnist").unwrap().load)(&from(folder))
}

#[test]
fn mnist_is_found_in_every_layout_plain_or_packed() {
    for layout in ["", "mnist", "MNIST/raw", "raw"] {
        let folder = tempfile::tempdir().unwrap();
        write_mnist(&folder.path().join(layout));
        let data = load_mnist(&folder).unwrap();
        assert_eq!(data.train_labels[..], [7, 0, 9].map(Class), "{layout}");
        assert_eq!(data.test_labels[..], [Class(4)], "{layout}");
    }
}

#[test]
fn idx_files_that_do_not_fit_are_errors_with_the_file() {
    let cases = [
        ("train-labels-idx1-ubyte", idx_labels(&[7, 0]), "3 labels, as many as images, found 2"),
        ("train-labels-idx1-ubyte", idx_labels(&[7, 10, 11]), "label 10 in row 1"),
        (
            "train-images-idx3-ubyte",
            [&[0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 1][..], &[0; 3]].concat(),
            "1×1",
        ),
        ("t10k-images-idx3-ubyte", idx_labels(&[1]), "IDX magic 0x00000803, found 0x00000801"),
    ];
    for (name, bytes, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        write_mnist(folder.path());
        fs::write(folder.path().join(name), bytes).unwrap();
        let text = load_mnist(&folder).unwrap_err().to_string();
        assert!(text.contains(name) && text.contains(expected), "{text}");
    }
}

#[test]
fn a_folder_without_the_files_is_an_error_that_names_all_of_them() {
    let folder = tempfile::tempdir().unwrap();
    write_mnist(folder.path());
    fs::remove_file(folder.path().join("t10k-images-idx3-ubyte")).unwrap();
    for (name, files) in [
        ("mnist", &["train-images-idx3-ubyte", "t10k-images-idx3-ubyte", "MNIST/raw"][..]),
        ("svhn", &["train_32x32.mat", "test_32x32.mat"]),
        ("cifar10", &["cifar-10-binary.tar", "cifar-10-batches-bin"]),
    ] {
        let error = (datasets::by_name(name).unwrap().load)(&from(&folder)).unwrap_err();
        assert_eq!(error.kind(), Kind::Input);
        let text = error.to_string();
        assert!(files.iter().all(|file| text.contains(file)), "{text}");
        assert!(["data_dir", "DEEPAL_DATA"].iter().all(|word| text.contains(word)), "{text}");
    }
}

#[test]
fn offline_without_the_files_is_an_error_that_names_the_cache() {
    let folder = tempfile::tempdir().unwrap();
    let source = Downloads { cache_dir: Some(folder.path().into()), offline: true, ..Downloads::default() };
    for entry in datasets::ALL.iter().filter(|entry| !entry.embedded) {
        let error = (entry.load)(&source).unwrap_err();
        assert_eq!(error.kind(), Kind::Download);
        let text = error.to_string();
        let cache = folder.path().join(entry.name).display().to_string();
        assert!(
            text.contains(&cache) && text.contains("while offline") && text.contains("data_dir"),
            "{text}"
        );
    }
    write_mnist(&folder.path().join("mnist"));
    assert_eq!((datasets::by_name("mnist").unwrap().load)(&source).unwrap().train.len(), 3, "from the cache");
}
