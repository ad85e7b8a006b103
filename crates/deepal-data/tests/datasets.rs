//! Every data set of the list, as far as its files are here.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "test helpers")]

use deepal_core::contract::check_dataset;
use deepal_core::{Data, Error, SampleId};
use deepal_data::datasets::{self, Downloads};
use std::path::{Path, PathBuf};

#[test]
fn the_list_is_consistent_and_every_name_and_alias_is_found() {
    for entry in datasets::ALL {
        for name in [&[entry.name], entry.aliases].concat() {
            for name in [name.to_lowercase(), name.to_uppercase()] {
                assert_eq!(datasets::by_name(&name).unwrap().name, entry.name);
            }
        }
        assert_eq!(entry.classes.len(), 10);
        assert_eq!((entry.scale.mean.len(), entry.scale.std.len()), (entry.shape[0], entry.shape[0]));
    }
    let Err(Error::UnknownName { kind: "dataset", known, .. }) = datasets::by_name("minst") else { panic!() };
    assert_eq!(known, ["fashion-mini", "digits", "mnist", "fashion-mnist", "svhn", "cifar10"]);
}

#[test]
fn embedded_sets_keep_the_contract_of_a_dataset() {
    for entry in datasets::ALL.iter().filter(|entry| entry.embedded) {
        let data = (entry.load)(&Downloads::default()).unwrap();
        check_dataset(data.train.as_ref()).unwrap();
        check_dataset(data.test.as_ref()).unwrap();
    }
}

/// The sum of the bytes of some inputs, from the inputs alone.
fn byte_sum(rows: &ndarray::Array2<f32>, max: f64, mean: f64, std: f64) -> i64 {
    rows.iter().map(|value| ((f64::from(*value) * std + mean) * max).round() as i64).sum()
}

/// What independent code says of a data set: see the Python above each use.
struct Expected {
    first_labels: [[u16; 10]; 2],
    label_sums: [u64; 2],
    /// Of the whole set and of its first image.
    pixel_sums: [[i64; 2]; 2],
}

fn check(name: &str, data: &Data, expected: &Expected) {
    let entry = datasets::by_name(name).unwrap();
    assert_eq!((data.train.len(), data.test.len()), (entry.n_train, entry.n_test));
    for (at, (set, labels)) in
        [(&data.train, &data.train_labels), (&data.test, &data.test_labels)].into_iter().enumerate()
    {
        let meta = set.meta();
        assert_eq!((meta.name.as_str(), meta.shape), (name, entry.shape));
        assert_eq!(meta.classes, entry.classes);
        assert_eq!(
            labels.iter().map(|class| class.0).take(10).collect::<Vec<_>>(),
            expected.first_labels[at]
        );
        assert_eq!(labels.iter().map(|class| u64::from(class.0)).sum::<u64>(), expected.label_sums[at]);

        let (mean, std) = (f64::from(entry.scale.mean[0]), f64::from(entry.scale.std[0]));
        let sum = |ids: &[SampleId]| byte_sum(&set.inputs(ids).unwrap(), entry.scale.max.into(), mean, std);
        let all = SampleId::first(set.len());
        let whole = all.chunks(10_000).map(sum).sum::<i64>();
        assert_eq!([whole, sum(&all[..1])], expected.pixel_sums[at]);

        let (low, high) = meta.range[0];
        assert!(
            (f64::from(low) + mean / std).abs() < 1e-6 && (f64::from(high) - (1.0 - mean) / std).abs() < 1e-6
        );
        let rows = set.inputs(&all[..100]).unwrap();
        assert!(rows.iter().all(|value| (low..=high).contains(value)));
    }
}

// x = np.frombuffer(gzip.open(images).read()[16:], np.uint8); y = np.frombuffer(gzip.open(labels).read()[8:], np.uint8)
// print(y[:10], y.sum(), x.sum(dtype=np.int64), x[:784].sum())

#[test]
fn fashion_mini_is_embedded() {
    let data = (datasets::by_name("fashion-mini").unwrap().load)(&Downloads::default()).unwrap();
    let expected = Expected {
        first_labels: [[9, 0, 0, 3, 0, 2, 7, 2, 5, 5], [9, 2, 1, 1, 6, 1, 4, 6, 5, 7]],
        label_sums: [22_500, 4_500],
        pixel_sums: [[287_231_516, 76_247], [56_973_981, 33_456]],
    };
    check("fashion-mini", &data, &expected);
    for class in 0..10 {
        let count = |labels: &[deepal_core::Class]| labels.iter().filter(|label| label.0 == class).count();
        assert_eq!((count(&data.train_labels), count(&data.test_labels)), (500, 100));
    }
}

// The same, with x of shape (1797, 64) and test = np.arange(1797) % 5 == 4:
// y[~test][:10], y[~test].sum(), x[~test].sum(), x[0].sum(); then for test, with x[4].sum()

#[test]
fn digits_are_embedded_and_every_fifth_is_for_the_test() {
    let data = (datasets::by_name("digits").unwrap().load)(&Downloads::default()).unwrap();
    let expected = Expected {
        first_labels: [[0, 1, 2, 3, 5, 6, 7, 8, 0, 1], [4, 9, 4, 9, 4, 9, 6, 9, 7, 0]],
        label_sums: [6_308, 1_762],
        pixel_sums: [[450_304, 294], [111_414, 258]],
    };
    check("digits", &data, &expected);
    // The stated mean and deviation are those of the training images.
    let rows = data.train.inputs(&SampleId::first(1438)).unwrap().mapv(f64::from);
    assert!(rows.mean().unwrap().abs() < 2e-4 && (rows.std(0.0) - 1.0).abs() < 2e-4);
}

/// `DEEPAL_DATA`, else the folder next to the workspace; without both the test says that it is skipped.
fn data_dir(dataset: &str) -> Option<PathBuf> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("DEEPAL_DATA").map_or(shared, PathBuf::from);
    if !folder.join(dataset).is_dir() {
        eprintln!(
            "skipped: no `{dataset}` in `{}`; name a folder that has it with DEEPAL_DATA",
            folder.display()
        );
        return None;
    }
    Some(folder)
}

#[test]
fn the_whole_of_mnist() {
    let Some(folder) = data_dir("mnist") else { return };
    let expected = Expected {
        first_labels: [[5, 0, 4, 1, 9, 2, 1, 3, 1, 4], [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]],
        label_sums: [267_236, 44_434],
        pixel_sums: [[1_567_298_545, 27_525], [264_923_200, 18_454]],
    };
    for data_dir in [folder.join("mnist"), folder] {
        let source = Downloads { data_dir: Some(data_dir), ..Downloads::default() };
        check("mnist", &(datasets::by_name("MNIST").unwrap().load)(&source).unwrap(), &expected);
    }
}

#[test]
fn the_whole_of_fashion_mnist() {
    let Some(folder) = data_dir("fashion-mnist") else { return };
    let expected = Expected {
        first_labels: [[9, 0, 0, 3, 0, 2, 7, 2, 5, 5], [9, 2, 1, 1, 6, 1, 4, 6, 5, 7]],
        label_sums: [270_000, 45_000],
        pixel_sums: [[3_431_114_169, 76_247], [573_469_082, 33_456]],
    };
    let source = Downloads { data_dir: Some(folder), ..Downloads::default() };
    check("fashion-mnist", &(datasets::by_name("FashionMNIST").unwrap().load)(&source).unwrap(), &expected);
}

/// The two have files of the same names: naming the other's folder must not go unnoticed.
#[test]
fn mnist_in_the_place_of_fashion_mnist_is_noticed() {
    let Some(folder) = data_dir("mnist") else { return };
    let source = Downloads { data_dir: Some(folder.join("mnist")), ..Downloads::default() };
    let text = (datasets::by_name("fashion-mnist").unwrap().load)(&source).unwrap_err().to_string();
    assert!(text.contains("expected the labels of `fashion-mnist`, found the labels of `mnist`"), "{text}");
}
