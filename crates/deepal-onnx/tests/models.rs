//! Small models against ONNX Runtime, and models that cannot be used. `testdata/onnx/make.py` makes them.

#![expect(clippy::unwrap_used, reason = "in a test a failed unwrap is the failure")]

use deepal_onnx::{Error, Extractor, Form, files};
use ndarray::{Array2, Axis};
use std::fs;
use std::path::{Path, PathBuf};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/onnx").join(name)
}

fn matrix(name: &str) -> Array2<f32> {
    let text = fs::read_to_string(file(name)).unwrap();
    let rows = text.lines().map(|line| line.split(',').map(|x| x.parse().unwrap()).collect::<Vec<f32>>());
    let rows = rows.collect::<Vec<_>>();
    Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat()).unwrap()
}

fn load(name: &str) -> Result<Extractor, Error> {
    Extractor::load(&file(&format!("{name}.onnx")), None, None)
}

fn assert_close(got: &Array2<f32>, expected: &Array2<f32>, name: &str) {
    assert_eq!(got.dim(), expected.dim(), "{name}");
    assert!(got.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5), "{name}: {got} for {expected}");
}

#[test]
fn features_are_those_of_onnx_runtime() {
    let cases = [
        ("pictures", None, [3, 5, 4]),
        ("pooled", None, [3, 5, 4]),
        ("channels-last", None, [3, 5, 4]),
        ("batch-of-two", None, [3, 5, 4]),
        ("any-size", Some([3, 6, 7]), [3, 6, 7]),
        ("vectors", None, [6, 1, 1]),
        ("two-outputs", None, [6, 1, 1]),
        ("bytes", None, [3, 5, 4]),
        ("byte-vectors", None, [6, 1, 1]),
    ];
    for (name, hint, shape) in cases {
        let extractor = Extractor::load(&file(&format!("{name}.onnx")), hint, None).unwrap();
        let expected = matrix(&format!("{name}.out.csv"));
        assert_eq!((extractor.shape(), extractor.width()), (shape, expected.ncols()), "{name}");
        assert_close(&extractor.embed(&matrix(&format!("{name}.in.csv"))).unwrap(), &expected, name);
        assert_eq!(extractor.embed(&Array2::zeros((0, shape.iter().product()))).unwrap().nrows(), 0);
    }
}

/// ONNX Runtime rounds each step to 11 bits, and the features here come from 27 · 20 products of numbers around 1.
#[test]
fn a_model_of_float16_is_computed_as_float32() {
    let (inputs, expected) = (matrix("half.in.csv"), matrix("half.out.csv"));
    let features = load("half").unwrap().embed(&inputs).unwrap();
    assert_eq!(features.dim(), expected.dim());
    for (ours, theirs) in features.iter().zip(&expected) {
        assert!((ours - theirs).abs() < 4.0 * 2f32.powi(-11), "{ours} for {theirs}");
    }
}

#[test]
fn a_model_of_bytes_rounds_colours_and_refuses_what_is_none() {
    let model = load("bytes").unwrap();
    assert!(model.takes_bytes() && !load("pictures").unwrap().takes_bytes());
    let inputs = matrix("bytes.in.csv");
    let between = inputs.mapv(|x| (x - 0.4).max(0.0));
    assert_eq!(model.embed(&between).unwrap(), model.embed(&inputs).unwrap());
    for value in [-0.1, 255.1, f32::NAN] {
        let mut wrong = inputs.clone();
        wrong[[1, 2]] = value;
        let text = model.embed(&wrong).unwrap_err().to_string();
        assert!(text.contains(&format!("is given {value}; leave `mean` and `std` out")), "{text}");
    }
    let mut vectors = matrix("byte-vectors.in.csv");
    vectors[[0, 0]] = 1.5;
    let text = load("byte-vectors").unwrap().embed(&vectors).unwrap_err().to_string();
    assert!(text.contains("takes whole numbers from 0 to 255 (uint8), and is given 1.5"), "{text}");
}

#[test]
fn the_first_of_several_outputs_is_taken_and_the_others_are_named() {
    let first = load("two-outputs").unwrap();
    assert_eq!(
        (first.outputs(), first.output()),
        (&["features".to_owned(), "relu".to_owned()][..], "features")
    );
    let second = Extractor::load(&file("two-outputs.onnx"), None, Some("relu")).unwrap();
    let inputs = matrix("two-outputs.in.csv");
    // By its name it is the rectified first.
    let expected = first.embed(&inputs).unwrap().mapv(|x| x.max(0.0));
    assert!(second.width() == first.width() && expected != first.embed(&inputs).unwrap());
    assert_close(&second.embed(&inputs).unwrap(), &expected, "relu");
    let text = Extractor::load(&file("two-outputs.onnx"), None, Some("pooled")).unwrap_err().to_string();
    assert!(text.contains("has no output `pooled`; it has `features`, `relu`"), "{text}");
}

#[test]
fn neither_threads_nor_company_change_a_feature() {
    for name in ["pictures", "batch-of-two"] {
        let extractor = load(name).unwrap();
        let inputs = matrix(&format!("{name}.in.csv"));
        let whole = extractor.embed(&inputs).unwrap();
        for threads in 1..4 {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            assert_eq!(pool.install(|| extractor.embed(&inputs)).unwrap(), whole, "{name}");
        }
        let last = inputs.select(Axis(0), &[4]);
        assert_eq!(extractor.embed(&last).unwrap().row(0), whole.row(4), "{name}");
    }
}

#[test]
fn inputs_in_another_memory_order_are_the_same_inputs() {
    let inputs = matrix("vectors.in.csv");
    let transposed = inputs.t().as_standard_layout().into_owned().reversed_axes();
    let extractor = load("vectors").unwrap();
    assert_eq!(extractor.embed(&transposed).unwrap(), extractor.embed(&inputs).unwrap());
}

#[test]
fn weights_may_lie_in_a_file_of_their_own() {
    assert_eq!(files(&file("external.onnx")).unwrap(), [file("external.onnx"), file("external.weights")]);
    assert_eq!(files(&file("vectors.onnx")).unwrap(), [file("vectors.onnx")]);
    let features = load("external").unwrap().embed(&matrix("vectors.in.csv")).unwrap();
    assert_close(&features, &matrix("vectors.out.csv"), "external");
    // Without that file the model is not whole.
    let folder = tempfile::tempdir().unwrap();
    let alone = folder.path().join("alone.onnx");
    fs::copy(file("external.onnx"), &alone).unwrap();
    let text = Extractor::load(&alone, None, None).unwrap_err().to_string();
    assert!(text.contains("external.weights"), "{text}");
}

/// Each of these would be read for ever, or lead out of the model's folder.
#[cfg(unix)]
#[test]
fn pipes_devices_and_other_folders_hold_no_weights() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let (model, weights) = (folder.path().join("net.onnx"), folder.path().join("external.weights"));
    fs::copy(file("external.onnx"), &model).unwrap();
    let refused = |words: &str| {
        for error in [Extractor::load(&model, None, None).map(drop), files(&model).map(drop)] {
            let text = error.unwrap_err().to_string();
            assert!(text.contains(words), "{text}");
        }
    };
    symlink("/dev/zero", &weights).unwrap();
    refused("has its weights in `external.weights`, which is no file");
    fs::remove_file(&weights).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&weights).status().unwrap();
    assert!(made.success());
    refused("has its weights in `external.weights`, which is no file");
    // The same length, so that the model stays whole.
    let bytes = fs::read(file("external.onnx")).unwrap();
    let name = b"external.weights";
    let at = bytes.windows(name.len()).position(|window| window == name).unwrap();
    for other in [b"../ternal.weigh.", b"/dev/zero///////"] {
        let mut changed = bytes.clone();
        changed[at..at + name.len()].copy_from_slice(other);
        fs::write(&model, changed).unwrap();
        refused("which is outside of its folder");
    }
    fs::remove_file(&model).unwrap();
    fs::rename(&weights, &model).unwrap();
    refused("is no file; name the model's file");
}

#[test]
fn a_size_that_takes_too_much_is_refused() {
    let load = |side: usize| Extractor::load(&file("any-size.onnx"), Some([3, side, side]), None);
    let text = load(4096).unwrap_err().to_string();
    assert!(text.contains("takes 1 × [3, 4096, 4096] numbers at once"), "{text}");
}

#[test]
fn what_cannot_be_used_is_said_with_the_reason() {
    let cases: [(&str, Option<[usize; 3]>, &str); 9] = [
        ("no-such", None, "cannot read"),
        ("map", None, "one float32 vector for each is needed"),
        ("two-inputs", None, "has 2 inputs (`a`, `b`)"),
        ("whole-numbers", None, "in float32, float16 or uint8 numbers"),
        ("sequence", None, "takes [?, 7, 8]; pictures"),
        ("unsupported", None, "uses `Det`, `Unique`, which is not supported"),
        ("any-size", None, "takes any size, [?, 3, ?, ?]; say which with `size`"),
        ("pictures", Some([3, 6, 4]), "takes [?, 3, 5, 4], and no other size"),
        ("vectors", Some([3, 6, 4]), "takes [?, 6], and no other size"),
    ];
    for (name, hint, words) in cases {
        let path = file(&format!("{name}.onnx"));
        let text = Extractor::load(&path, hint, None).unwrap_err().to_string();
        assert!(text.contains(words) && text.contains(&format!("{name}.onnx")), "{name}: {text}");
    }
}

#[test]
fn a_text_or_a_damaged_file_is_no_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    let whole = fs::read(file("pictures.onnx")).unwrap();
    for bytes in [&b""[..], b"# A page of text.\n", &whole[..whole.len() / 2], &whole[..whole.len() - 1]] {
        fs::write(&path, bytes).unwrap();
        let error = Extractor::load(&path, None, None).unwrap_err();
        assert!(matches!(error, Error::NotOnnx { .. }), "{error}");
        assert!(matches!(files(&path), Err(Error::NotOnnx { .. })));
    }
}

/// Whatever is in the file, there is an answer or an error.
#[test]
fn no_changed_byte_makes_it_crash() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    let whole = fs::read(file("vectors.onnx")).unwrap();
    let inputs = matrix("vectors.in.csv");
    let mut errors = 0;
    for at in 0..whole.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] ^= change;
            fs::write(&path, &bytes).unwrap();
            let result = Extractor::load(&path, None, None).and_then(|extractor| extractor.embed(&inputs));
            errors += usize::from(result.is_err());
        }
    }
    assert!(errors > 0);
}

#[test]
fn inputs_of_another_width_and_features_that_are_not_finite_are_errors() {
    let text = load("vectors").unwrap().embed(&Array2::zeros((2, 5))).unwrap_err().to_string();
    assert!(text.contains("vectors.onnx") && text.contains("[6, 1, 1], 6 numbers"), "{text}");
    let inputs = ndarray::array![[1.0, 2.0], [1.0, -1.0]];
    let text = load("logarithm").unwrap().embed(&inputs).unwrap_err().to_string();
    assert!(text.contains("row 1"), "{text}");
}

#[test]
fn the_form_is_known_without_making_the_model_ready() {
    let form = |name: &str, hint| Form::load(&file(name), hint).unwrap();
    assert_eq!(form("any-size.onnx", Some([3, 8, 9])).shape(), [3, 8, 9]);
    assert!(!form("channels-last.onnx", None).is_vector());
    assert!(form("vectors.onnx", None).is_vector());
}
