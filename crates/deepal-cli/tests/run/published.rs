//! The files of the published data sets.

use super::*;

/// `DEEPAL_DATA`, or a folder beside the project's.
fn published() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("DEEPAL_DATA").map_or_else(beside, PathBuf::from);
    folder.is_dir().then(|| std::path::absolute(folder).unwrap())
}

/// The folder of the published files, if those of `dataset` are there; else says so.
pub(super) fn published_with(dataset: &str) -> Option<PathBuf> {
    let folder = published().filter(|folder| folder.join(dataset).is_dir());
    if folder.is_none() {
        let why = format!("skipped: `{dataset}` is neither in `DEEPAL_DATA` nor beside the project\n");
        drop(std::io::Write::write_all(&mut std::io::stderr(), why.as_bytes()));
    }
    folder
}

/// DeepAL's command line on published files, named as DeepAL names them.
fn deepals_command_line(dataset: [&str; 2], strategy: [&str; 2]) {
    let Some(data) = published_with(dataset[1]) else { return };
    let folder = workshop();
    let line = format!(
        "run --n_round 1 --n_query 50 --n_init_labeled 200 --dataset_name {} --strategy_name {} --seed 1 \
         --pool 2000 --out run",
        dataset[0], strategy[0]
    );
    let warning = ["warning: 10 epochs over 200 labels are 40 optimiser steps", "`adaptive`"];
    Outcome::of(deepal(&folder, &line).arg("--data-dir").arg(&data)).expect(0, &warning);
    let config = read(&folder, "run/config.toml");
    for line in [
        &format!("dataset = \"{}\"", dataset[1]),
        &format!("strategies = [\"{}\"]", strategy[1]),
        "net = \"mnist-cnn\"",
        "seeds = [1]",
        "initial = 200",
        "query = 50",
        "rounds = 1",
        "pool = 2000",
        "name = \"sgd\"",
        "learning_rate = 0.01",
        "momentum = 0.5",
        "batch_size = 64",
        "until = \"epochs\"",
        "epochs = 10",
    ] {
        assert!(config.contains(&format!("\n{line}\n")), "{line}: {config}");
    }
    let rounds = rounds(&read(&folder, "run/events.jsonl"));
    assert_eq!(rounds.values().map(|round| round.labels).collect::<Vec<_>>(), [200, 250]);
    // The environment names the folder as well as the option does.
    Outcome::of(deepal(&folder, "run --resume run").env("DEEPAL_DATA", &data)).expect(0, &[]);
}

#[test]
fn deepals_own_command_line_works_on_mnist() {
    deepals_command_line(["MNIST", "mnist"], ["EntropySampling", "entropy"]);
}

#[test]
fn deepals_own_command_line_works_on_fashion_mnist() {
    deepals_command_line(["FashionMNIST", "fashion-mnist"], ["KCenterGreedy", "k-center"]);
}

#[test]
fn a_truncated_data_file_is_named_with_its_remedy() {
    let Some(data) = published_with("mnist").map(|data| data.join("mnist")) else { return };
    let folder = workshop();
    fs::create_dir(folder.path().join("data")).unwrap();
    for entry in fs::read_dir(data).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), folder.path().join("data").join(entry.file_name())).unwrap();
    }
    let broken = fs::read_dir(folder.path().join("data")).unwrap().map(|entry| entry.unwrap().path());
    let broken = broken.into_iter().find(|path| path.to_string_lossy().contains("train-images")).unwrap();
    let bytes = fs::read(&broken).unwrap();
    for len in [bytes.len() / 2, 10, 0] {
        fs::write(&broken, &bytes[..len]).unwrap();
        let words = ["train-images", "expected", "found", "delete it and download it again"];
        call(&folder, "run --dataset mnist --data-dir data --out run").expect(3, &words);
        assert!(!folder.path().join("run").exists());
    }
}
