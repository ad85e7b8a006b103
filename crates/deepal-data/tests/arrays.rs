//! Arrays as a user's own data: against what NumPy says of the files that it and safetensors wrote, and what is said of broken
//! ones.
#![expect(clippy::unwrap_used, reason = "test helpers")]

use deepal_data::source::{Open, Resize, Source, Split, Transform};
use deepal_data::{Error, Kind};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/formats/arrays").join(name)
}

fn open(path: &Path) -> deepal_data::Result<Source> {
    Source::open(path, &Open::default())
}

fn texts(values: &Value) -> Vec<Option<String>> {
    values.as_array().unwrap().iter().map(|value| value.as_str().map(str::to_owned)).collect()
}

fn label_names(own: &Source) -> Vec<Option<String>> {
    let name = |class: deepal_core::Class| own.classes[usize::from(class.0)].clone();
    own.labels.iter().map(|label| label.map(name)).collect()
}

/// The bytes of a `.npy` file.
fn npy(descriptor: &str, shape: &str, body: &[u8]) -> Vec<u8> {
    let text = format!("{{'descr': {descriptor}, 'fortran_order': False, 'shape': {shape}, }}\n");
    let len = u16::try_from(text.len()).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\x00", &len[..], text.as_bytes(), body].concat()
}

fn f32s(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// A file's name and content.
type File<'a> = (&'a str, Vec<u8>);

/// A folder with these files; the first is opened.
fn written(files: &[File]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    let path = folder.path().join(files[0].0);
    (folder, path)
}

/// The fixtures in a folder of their own, each with a manifest that says what `y.npy` and others mean by -1, and `more`.
fn fixtures(more: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(fixture("")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let said = format!("missing = [\"-1\"]\n{more}\n");
        if name.ends_with(".toml") {
            let text = fs::read_to_string(&path).unwrap();
            fs::write(folder.path().join(name), format!("{said}{text}")).unwrap();
        } else {
            fs::copy(&path, folder.path().join(name)).unwrap();
            let manifest = format!("source = \"{name}\"\n{said}");
            fs::write(folder.path().join(format!("{name}.data.toml")), manifest).unwrap();
        }
    }
    folder
}

#[test]
fn all_files_are_what_their_writers_say() {
    let fixtures = fixtures("scale = \"none\"");
    let cases = fs::read_to_string(fixture("cases.json")).unwrap();
    let cases = serde_json::from_str::<Vec<Value>>(&cases).unwrap();
    assert!(cases.len() > 40);
    for case in cases {
        let source = case["source"].as_str().unwrap();
        let own = open(&fixtures.path().join(source)).unwrap();
        assert_eq!(own.ids.iter().cloned().map(Some).collect::<Vec<_>>(), texts(&case["ids"]), "{source}");
        assert_eq!(label_names(&own), texts(&case["labels"]), "{source}");
        if !case["split"].is_null() {
            let split = own.split.iter().map(|split| match split {
                Split::Train => Some("train".to_owned()),
                Split::Test => Some("test".to_owned()),
            });
            assert_eq!(split.collect::<Vec<_>>(), texts(&case["split"]), "{source}");
        }
        let shape = serde_json::from_value::<[usize; 3]>(case["shape"].clone()).unwrap();
        assert_eq!(own.inputs.shape(), shape, "{source}");
        let expected = serde_json::from_value::<Vec<Vec<f64>>>(case["inputs"].clone()).unwrap();
        // Backwards, so that rows are not only read in order.
        let rows = (0..own.ids.len()).rev().collect::<Vec<_>>();
        let inputs = own.inputs.inputs(&rows).unwrap();
        for (row, values) in rows.iter().zip(inputs.outer_iter()) {
            assert_eq!(values.len(), expected[*row].len(), "{source}");
            for (input, expected) in values.iter().zip(&expected[*row]) {
                assert!(
                    (f64::from(*input) - expected).abs() < 1e-6,
                    "{source} row {row}: {input} {expected}"
                );
            }
        }
    }
}

/// By the definition, in every type and order that numbers are written in.
#[test]
fn features_are_scaled_as_the_pool_says() {
    let fixtures = fixtures("");
    let cases =
        serde_json::from_str::<Vec<Value>>(&fs::read_to_string(fixture("cases.json")).unwrap()).unwrap();
    for case in cases.iter().filter(|case| case["shape"][1] == 1) {
        let source = case["source"].as_str().unwrap();
        let rows = serde_json::from_value::<Vec<Vec<f64>>>(case["inputs"].clone()).unwrap();
        let own = open(&fixtures.path().join(source)).unwrap();
        let inputs = own.inputs.inputs(&(0..rows.len()).collect::<Vec<_>>()).unwrap();
        let means = (0..rows[0].len())
            .map(|column| rows.iter().map(|row| row[column]).sum::<f64>() / rows.len() as f64);
        let means = means.collect::<Vec<_>>();
        let squares = rows.iter().flat_map(|row| row.iter().zip(&means).map(|(x, mean)| (x - mean).powi(2)));
        let variance = squares.sum::<f64>() / (rows.len() * means.len()) as f64;
        let deviation = if variance == 0.0 { 1.0 } else { variance.sqrt() };
        for (column, mean) in means.iter().enumerate() {
            for (row, values) in rows.iter().enumerate() {
                let expected = (values[column] - mean) / deviation;
                assert!(
                    (f64::from(inputs[[row, column]]) - expected).abs() < 1e-5,
                    "{source} {row} {column}"
                );
            }
        }
        assert!(own.notes.iter().any(|note| note.contains("their mean variance is 1")), "{:?}", own.notes);
        // The same scale for another array, and none for a pretrained net; the rows' own digest does not change.
        let again = Open { encoding: own.encoding.as_ref(), ..Open::default() };
        let again = Source::open(&fixtures.path().join(source), &again).unwrap();
        assert_eq!(again.inputs.inputs(&[1]).unwrap().row(0), inputs.row(1));
        let plain =
            Source::open(&fixtures.path().join(source), &Open { unscaled: true, ..Open::default() }).unwrap();
        assert!((f64::from(plain.inputs.inputs(&[0]).unwrap()[[0, 0]]) - rows[0][0]).abs() < 1e-5);
        assert_eq!((plain.encoding, plain.inputs.digest(1).unwrap()), (None, own.inputs.digest(1).unwrap()));
    }
}

#[test]
fn the_scale_is_fitted_to_the_pool_and_not_to_the_test_set() {
    let part = |values: &[f32]| npy("'<f4'", &format!("({}, 1)", values.len()), &f32s(values));
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in [("x_train.npy", part(&[1.0, 3.0])), ("x_test.npy", part(&[100.0]))] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut zip, &bytes).unwrap();
    }
    let (_folder, path) = written(&[("x.npz", zip.finish().unwrap().into_inner())]);
    let own = open(&path).unwrap();
    assert_eq!(own.inputs.inputs(&[0, 1, 2]).unwrap().column(0).to_vec(), [-1.0, 1.0, 98.0]);
    let (encoding, wide) = (own.encoding.clone(), written(&[("x.npy", two())]));
    let wrong = Source::open(&wide.1, &Open { encoding: encoding.as_ref(), ..Open::default() }).unwrap_err();
    assert!(wrong.to_string().contains("rows of 2 numbers, and 1 are expected"), "{wrong}");
}

/// Two rows of two features.
fn two() -> Vec<u8> {
    npy("'<f4'", "(2, 2)", &f32s(&[1.0, 2.0, 3.0, 4.0]))
}

#[test]
fn what_does_not_fit_is_an_error_that_says_how() {
    let data = |manifest: &str| ("x.toml", format!("source = \"x.npy\"\n{manifest}").into_bytes());
    let y = |n: i64| npy("'<i8'", &format!("({n},)"), &(0..n).flat_map(i64::to_le_bytes).collect::<Vec<_>>());
    let floats = |values: [f32; 4]| vec![("x.npy", npy("'<f4'", "(2, 2)", &f32s(&values)))];
    let idx = |bytes: &[u8]| vec![("x-idx", bytes.to_vec())];
    let brackets = format!("{{'descr': {}", "(".repeat(9_900));
    let brackets =
        [&b"\x93NUMPY\x01\x00"[..], &9_910_u16.to_le_bytes(), &brackets.as_bytes()[..9_910], b"\n"].concat();
    let cases: Vec<(Vec<File>, &[&str])> = vec![
        (
            vec![data("label = 'y.npy'"), ("x.npy", two()), ("y.npy", y(3))],
            &["has 2 samples, but there are 3 labels"],
        ),
        (
            vec![data("id = 'y.npy'"), ("x.npy", two()), ("y.npy", y(1))],
            &["has 2 samples, but there are 1 ids"],
        ),
        (
            vec![data("id = 'y.txt'"), ("x.npy", two()), ("y.txt", b"a\n\n".to_vec())],
            &["y.txt", "no id in row 1"],
        ),
        (vec![data("label = 'y.npy'"), ("x.npy", two())], &["cannot read", "y.npy"]),
        (vec![data("features = ['a']"), ("x.npy", two())], &["`features`", "leave `features` out"]),
        (vec![data("label = 'x.npy'"), ("x.npy", two())], &["shape [2, 2]; labels and ids must be [n]"]),
        (
            vec![
                data("label = 'y.npy'"),
                ("x.npy", two()),
                ("y.npy", npy("'<f4'", "(2,)", &f32s(&[1.0, 1.5]))),
            ],
            &["1.5 in row 1", "no whole number"],
        ),
        (
            vec![data("label = 'y.npy'"), ("x.npy", two()), ("y.npy", npy("'|S1'", "(2,)", b"a\xff"))],
            &["a string in row 1 that is not UTF-8"],
        ),
        (
            vec![data("label = 'y.npy'"), ("x.npy", two()), ("y.npy", npy("'|O'", "(2,)", b"\x80\x04."))],
            &["y.npy", "Python objects"],
        ),
        (
            vec![data("[image]\nsize = [0, 2]\nchannels = 1\nmean = [0.0]\nstd = [1.0]"), ("x.npy", two())],
            &["image: size"],
        ),
        (floats([1.0, 2.0, f32::NAN, 4.0]), &["NaN in row 1, column 0"]),
        (floats([1.0, f32::NEG_INFINITY, f32::NAN, 4.0]), &["-inf in row 0, column 1"]),
        (vec![("x.npy", npy("'<f8'", "(1, 1)", &1e300_f64.to_le_bytes()))], &["1e300 in row 0", "float32"]),
        (vec![("x.npy", npy("'|O'", "(2, 2)", b"\x80\x04."))], &["Python objects", "float32"]),
        (vec![("x.npy", npy("'<U1'", "(1, 1)", b"a\0\0\0"))], &["holds strings"]),
        (vec![("x.npy", npy("'<c8'", "(1, 1)", &[0; 8]))], &["numbers or strings", "<c8"]),
        (vec![("x.npy", npy("'<f4'", "(4,)", &[0; 16]))], &["shape [4]; features are [n, d]"]),
        (vec![("x.npy", npy("'<f4'", "(4, 0)", &[]))], &["shape [4, 0]"]),
        (vec![("x.npy", npy("'|u1'", "(0, 2)", &[]))], &["no sample"]),
        (vec![("x.npy", npy("'|u1'", "(1, 2, 2, 2)", &[0; 8]))], &["shape [1, 2, 2, 2]", "channels"]),
        (vec![("x.npy", npy("'|u1'", "(1, 0, 2)", &[]))], &["0×2 pixels"]),
        (
            vec![("x.npy", npy("'<f4'", "(2, 1, 2)", &f32s(&[0.0, 1.0, 0.5, -0.5])))],
            &["-0.5 in row 1", "[n, d]"],
        ),
        (vec![("x.npy", npy("'<f4'", "(1000000000, 1000)", &[0; 16]))], &["16 bytes", "4000000000000 bytes"]),
        (vec![("x.npy", npy("'<f4'", "(2, 2)", &[0; 15]))], &["has 15 bytes", "16 bytes"]),
        (vec![("x.npy", b"hello".to_vec())], &["a `.npy` file"]),
        (vec![("x.npy", brackets)], &["a `.npy` file"]),
        (vec![("x.npz", b"hello".to_vec())], &["is damaged or no archive"]),
        (vec![("x.safetensors", b"hello".to_vec())], &["no safetensors file"]),
        (idx(&[0, 0, 8, 1, 0, 0, 0, 1, 7]), &["shape [1]; features are"]),
        (idx(&[0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 7]), &["has 1 bytes", "4 bytes"]),
        (idx(&[0, 0, 7, 1, 0, 0, 0, 1, 7]), &["element type 0x07"]),
        (idx(&[1, 0, 8, 1, 0, 0, 0, 1, 7]), &["no IDX file"]),
        (idx(&[&[0, 0, 8, 3][..], &[255; 12]].concat()), &["has 0 bytes", "more bytes"]),
        (vec![("x.bin", vec![0; 3072])], &["3072 bytes", "3073", "3074"]),
    ];
    for (files, words) in cases {
        let (_folder, path) = written(&files);
        let error = open(&path).unwrap_err();
        let text = error.to_string();
        assert_eq!(error.kind(), Kind::Input, "{text}");
        assert!(words.iter().all(|word| text.contains(word)), "{words:?}: {text}");
    }
}

#[test]
fn archives_that_do_not_fit_are_errors_that_say_how() {
    let copy = |name: &str, manifest: &str| {
        let manifest = format!("source = \"{name}\"\n{manifest}").into_bytes();
        written(&[
            ("x.toml", manifest),
            (name, fs::read(fixture(name)).unwrap()),
            ("y.txt", b"1\n2\n".to_vec()),
        ])
    };
    let cases: [(&str, &str, &[&str]); 8] = [
        ("keys.npz", "", &["no key such as x, data", "z, classes, key, odd"]),
        ("keys.npz", "features = ['classe']", &["no key `classe`", "did you mean `classes`?"]),
        ("keys.npz", "features = ['z', 'key']", &["names 2: z, key"]),
        ("keys.npz", "features = ['odd']", &["Python objects"]),
        ("keys.npz", "features = ['classes']", &["holds strings"]),
        ("plain.npz", "label = 'other'", &["has 4 samples, but `other` has 2 labels"]),
        ("parts.npz", "label = 'y.txt'", &["has 4 samples, but `y.txt` has 2 labels"]),
        ("plain.npz", "id = 'y.txt'", &["has 4 samples, but there are 2 ids"]),
    ];
    for (name, manifest, words) in cases {
        let (_folder, path) = copy(name, manifest);
        let text = open(&path).unwrap_err().to_string();
        assert!(words.iter().all(|word| text.contains(word)), "{words:?}: {text}");
    }
    let header = br#"{"x":{"dtype":"F8_E4M3","shape":[2,2],"data_offsets":[0,4]}}"#;
    let tensors = [&(header.len() as u64).to_le_bytes()[..], header, &[0; 4]].concat();
    let (_folder, path) = written(&[("x.safetensors", tensors)]);
    let text = open(&path).unwrap_err().to_string();
    assert!(text.contains("`x` of type F8_E4M3; save it as float32"), "{text}");
}

#[test]
fn parts_of_other_shapes_are_errors() {
    // The test set's last dimension is changed where it is said, in the header of `t10k`.
    let images = |width: u8| {
        [&[0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, width][..], &vec![5; width.into()]].concat()
    };
    let labels = |label: u8| vec![0, 0, 8, 1, 0, 0, 0, 1, label];
    let (_folder, path) = written(&[
        ("train-images-idx3-ubyte", images(3)),
        ("train-labels-idx1-ubyte", labels(0)),
        ("t10k-images-idx3-ubyte", images(2)),
        ("t10k-labels-idx1-ubyte", labels(1)),
    ]);
    let text = open(&path).unwrap_err().to_string();
    assert!(text.contains("[1, 1, 2], which does not fit to [1, 1, 3]"), "{text}");
}

#[test]
fn files_cut_or_damaged_anywhere_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["f4.npy", "plain.npz", "packed.npz", "float16.safetensors", "short.idx2", "packed.npy.gz"] {
        let whole = fs::read(fixture(name)).unwrap();
        let path = folder.path().join(name);
        for end in (0..whole.len()).step_by(17) {
            fs::write(&path, &whole[..end]).unwrap();
            let error = open(&path).unwrap_err();
            assert!(!matches!(error, Error::Core(_)), "{name} cut at {end}: {error}");
        }
        for at in (0..whole.len()).step_by(7) {
            let mut damaged = whole.clone();
            damaged[at] ^= [0x01, 0x80][at % 2];
            fs::write(&path, &damaged).unwrap();
            // Where only a value is another, it may be read.
            let _ = open(&path).map(|own| own.inputs.inputs(&[0]).unwrap());
        }
    }
}

/// A record's pixels, by formula.
fn cifar(labels: &[u8], seed: usize) -> Vec<u8> {
    let pixels = (0..3072).map(|i| ((i * 7 + seed * 31) % 256) as u8);
    labels.iter().copied().chain(pixels).collect()
}

#[test]
fn cifars_records_are_told_apart_by_size_and_then_by_their_labels() {
    let ten = [cifar(&[3], 0), cifar(&[12], 1)].concat();
    let hundred = [cifar(&[3, 99], 0), cifar(&[12, 5], 1)].concat();
    // As many bytes as are whole records of both.
    let both_ten = (0..3074).flat_map(|i| cifar(&[(i % 10) as u8], i)).collect::<Vec<_>>();
    let both_hundred =
        (0..3073).flat_map(|i| cifar(&[(i % 20) as u8, (i % 100) as u8], i)).collect::<Vec<_>>();
    for (bytes, n, labels) in [
        (ten, 2, ["3", "12"]),
        (hundred, 2, ["99", "5"]),
        (both_ten, 3074, ["0", "1"]),
        (both_hundred, 3073, ["0", "1"]),
    ] {
        let (_folder, path) = written(&[("x.bin", bytes)]);
        let own = open(&path).unwrap();
        assert_eq!((own.ids.len(), own.inputs.shape()), (n, [3, 32, 32]));
        assert_eq!(label_names(&own)[..2], labels.map(|label| Some(label.to_owned())));
        let inputs = own.inputs.inputs(&[1]).unwrap();
        for (i, input) in inputs.iter().enumerate() {
            let byte = ((i * 7 + 31) % 256) as f32;
            assert!((input - (byte - 127.5) / 63.75).abs() < 1e-6);
        }
    }
}

#[test]
fn large_pictures_become_small_as_they_are_told_to() {
    let bytes = (0..2 * 100 * 80 * 3).map(|i| (i * 31 % 251) as u8).collect::<Vec<_>>();
    let (folder, path) = written(&[("x.npy", npy("'|u1'", "(2, 100, 80, 3)", &bytes))]);
    let own = open(&path).unwrap();
    assert_eq!(own.inputs.shape(), [3, 32, 32]);
    assert_eq!(own.manifest.image, Some(Transform::new([32, 32], 3)));
    assert!(
        own.notes.iter().any(|note| note.contains("100×80 pixels: the largest middle part")),
        "{:?}",
        own.notes
    );
    // The manifest is heard, and a net before it.
    let image = "source = \"x.npy\"\n[image]\nsize = [8, 9]\nchannels = 1\nresize = \"pad\"\nmean = [0.0]\nstd = [255.0]\n";
    fs::write(folder.path().join("x.toml"), image).unwrap();
    assert_eq!(open(&folder.path().join("x.toml")).unwrap().inputs.shape(), [1, 8, 9]);
    let squash = Transform { resize: Resize::Squash, ..Transform::new([5, 6], 3) };
    let net = Open { image: Some(&squash), ..Open::default() };
    let own = Source::open(&folder.path().join("x.toml"), &net).unwrap();
    assert_eq!((own.inputs.shape(), own.inputs.range()), ([3, 5, 6], squash.range()));
    // Digests are of the bytes in the file, whatever becomes of them.
    assert_eq!(own.inputs.digest(1).unwrap(), open(&path).unwrap().inputs.digest(1).unwrap());
    assert_ne!(own.inputs.digest(0).unwrap(), own.inputs.digest(1).unwrap());
}

#[test]
fn inputs_are_the_same_at_any_number_of_threads() {
    let own = open(&fixture("last.npy")).unwrap();
    let rows = [3, 1, 1, 0];
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| own.inputs.inputs(&rows).unwrap())
    };
    assert_eq!(with(1), with(3));
    assert_eq!(with(1).row(1), with(1).row(2));
}
