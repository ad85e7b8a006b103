//! Pictures, in folders and archives, and pretrained nets.

use super::{Reader, as_it_is, look, repository, zip};
use image::{DynamicImage, ImageFormat};
use std::fs;
use std::io::Cursor;
use std::path::Path;

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    picture.write_to(&mut Cursor::new(&mut bytes), format).unwrap();
    bytes
}

fn both(format: ImageFormat) -> Vec<Vec<u8>> {
    let pixel = |x: u32, y: u32| image::Rgb([(6 * x) as u8, (10 * y) as u8, (x * y) as u8]);
    let colour = DynamicImage::from(image::RgbImage::from_fn(40, 24, pixel));
    let grey = colour.to_luma8().into();
    let mut all = vec![encoded(&colour, format)];
    if format != ImageFormat::Gif && format != ImageFormat::WebP {
        all.push(encoded(&grey, format));
    }
    all
}

/// The changed picture as the only one of its folder, under a name that tells nothing of its kind.
fn hold(test: &str, seeds: Vec<Vec<u8>>, wrap: fn(&[u8]) -> Vec<u8>) {
    let read = |path: &Path| look(path.parent().unwrap());
    Reader { test, file: "x.png", seeds, wrap, beside: &|_| {}, read: &read }.hold();
}

/// Chunks with their checksums put right, as far as there are whole chunks.
fn with_checksums(bytes: &[u8]) -> Vec<u8> {
    let (mut bytes, mut at) = (bytes.to_vec(), 8);
    while let Some(&[a, b, c, d]) = bytes.get(at..at + 4) {
        let end = (u32::from_be_bytes([a, b, c, d]) as usize).saturating_add(at + 8);
        if bytes.len() < end.saturating_add(4) {
            break;
        }
        let mut sum = flate2::Crc::new();
        sum.update(&bytes[at + 4..end]);
        bytes[end..end + 4].copy_from_slice(&sum.sum().to_be_bytes());
        at = end + 4;
    }
    bytes
}

#[test]
fn png() {
    hold("pictures::png", both(ImageFormat::Png), with_checksums);
}

#[test]
fn jpeg() {
    hold("pictures::jpeg", both(ImageFormat::Jpeg), as_it_is);
}

#[test]
fn gif() {
    let canvas = |side: u16| {
        let side = side.to_le_bytes();
        let head = [b"GIF89a", &side[..], &side, &[0x80, 0, 0, 0, 0, 0, 255, 255, 255]].concat();
        [&head[..], &[0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3b]].concat()
    };
    hold(
        "pictures::gif",
        [both(ImageFormat::Gif), vec![canvas(16_000), canvas(3_000), canvas(3)]].concat(),
        as_it_is,
    );
}

#[test]
fn webp() {
    hold("pictures::webp", both(ImageFormat::WebP), as_it_is);
}

#[test]
fn tiff() {
    hold("pictures::tiff", both(ImageFormat::Tiff), as_it_is);
}

#[test]
fn bmp() {
    hold("pictures::bmp", both(ImageFormat::Bmp), as_it_is);
}

#[test]
fn zip_files() {
    let [a, b] = [&both(ImageFormat::Png)[0], &both(ImageFormat::Jpeg)[0]];
    let seeds = vec![
        zip(&[("cat/0.png", a), ("dog/1.jpg", b)]),
        zip(&[("../0.png", a), ("a\\b.png", b), ("/x.png", a), ("C:/y.png", a), ("a\0b.png", a)]),
    ];
    Reader {
        test: "pictures::zip_files",
        file: "x.zip",
        seeds,
        wrap: as_it_is,
        beside: &|_| {},
        read: &look,
    }
    .hold();
}

#[test]
fn onnx() {
    use deepal::{Preprocess, Pretrained};
    let names =
        ["vectors", "pictures", "pooled", "channels-last", "external", "half", "bytes", "two-outputs"];
    let folder = repository("testdata/onnx");
    let seeds = names.map(|name| fs::read(folder.join(format!("{name}.onnx"))).unwrap()).to_vec();
    let beside = |to: &Path| {
        fs::copy(folder.join("external.weights"), to.join("external.weights")).unwrap();
    };
    let read = |path: &Path| drop(Pretrained::open(path, &Preprocess::default()));
    Reader { test: "pictures::onnx", file: "x.onnx", seeds, wrap: as_it_is, beside: &beside, read: &read }
        .hold();
}
