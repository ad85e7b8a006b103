//! Arrays: NumPy, safetensors, IDX, CIFAR and MATLAB.

use super::{Reader, as_it_is, gzip, look, repository, zip};
use deepal::formats::{idx, mat, npy};
use std::fs;
use std::path::Path;

fn hold(test: &str, file: &str, seeds: Vec<Vec<u8>>, wrap: fn(&[u8]) -> Vec<u8>, read: &dyn Fn(&Path)) {
    Reader { test, file, seeds, wrap, beside: &|_| {}, read }.hold();
}

/// A version 1.0 file as `numpy.save` lays it out.
fn array(descriptor: &str, fortran: &str, shape: &str, body: &[u8]) -> Vec<u8> {
    let text = format!("{{'descr': '{descriptor}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
    let len = u16::try_from(text.len()).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\x00", &len[..], text.as_bytes(), body].concat()
}

/// Arrays that are right, and some that hold nothing in huge or odd shapes.
fn numpy() -> Vec<Vec<u8>> {
    let body = (0..96_u8).collect::<Vec<_>>();
    vec![
        array("<f4", "False", "(6, 4)", &body),
        array(">f8", "True", "(3, 4)", &body),
        array("|u1", "False", "(2, 4, 4, 3)", &body),
        array("<U3", "False", "(8,)", &[0; 96]),
        array("<f4", "False", "(30, 0)", &[]),
        array("<f4", "False", "(4294967296, 0)", &[]),
        array("<f4", "False", "(1152921504606846976, 0)", &[]),
        array("|S0", "False", "(1152921504606846976,)", &[]),
    ]
}

fn numbers(path: &Path) {
    look(path);
    let _ = (npy::read_2d(path), npy::read_3d(path), npy::read_2d_f32(path), npy::read_1d_f32(path));
    let _ = (npy::read_classes(path), npy::Matrix::peek(path));
    let _ = npy::Matrix::open(path).map(|matrix| matrix.view().sum());
}

#[test]
fn npy_files() {
    hold("arrays::npy_files", "x.npy", numpy(), as_it_is, &numbers);
}

#[test]
fn npy_packed() {
    hold("arrays::npy_packed", "x.npy.gz", numpy(), gzip, &numbers);
}

#[test]
fn npz() {
    let wrap = |bytes: &[u8]| zip(&[("x.npy", bytes), ("y.npy", bytes)]);
    hold("arrays::npz", "x.npz", numpy(), wrap, &look);
}

#[test]
fn npz_itself() {
    let seeds = numpy().iter().map(|array| zip(&[("x.npy", array), ("y.npy", array)])).collect();
    hold("arrays::npz_itself", "x.npz", seeds, as_it_is, &look);
}

fn tensors(shape: &str, end: usize) -> Vec<u8> {
    let header = format!("{{\"x\":{{\"dtype\":\"F32\",\"shape\":{shape},\"data_offsets\":[0,{end}]}}}}");
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &vec![0; end]].concat()
}

#[test]
fn safetensors() {
    let seeds = vec![
        tensors("[6,4]", 96),
        tensors("[30,0]", 0),
        tensors("[4294967296,0]", 0),
        tensors("[1152921504606846976,0]", 0),
    ];
    hold("arrays::safetensors", "x.safetensors", seeds, as_it_is, &look);
}

#[test]
fn idx_files() {
    let pictures = [&[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4][..], &[7; 24]].concat();
    let read = |path: &Path| {
        look(path);
        let _ = (idx::read_images(path), idx::read_labels(path));
    };
    hold("arrays::idx_files", "x-idx3-ubyte", vec![pictures.clone(), gzip(&pictures)], as_it_is, &read);
}

#[test]
fn cifar() {
    let record = [&[3][..], &[9; 3072]].concat();
    hold("arrays::cifar", "x.bin", vec![record.repeat(2)], as_it_is, &look);
}

#[test]
fn mat_files() {
    let folder = repository("crates/deepal-data/tests/fixtures");
    let seeds =
        ["svhn.mat", "svhn_plain.mat", "svhn_order.mat"].map(|name| fs::read(folder.join(name)).unwrap());
    let read = |path: &Path| drop(mat::read(path));
    hold("arrays::mat_files", "x.mat", seeds.to_vec(), as_it_is, &read);
}
