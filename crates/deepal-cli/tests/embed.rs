//! `deepal embed` from outside: against what ONNX's own runtime computed (`testdata/onnx/make.py`), and on a full disk.
#![expect(clippy::unwrap_used, reason = "test helpers")]

use ndarray::{Array2, Array4};
use ndarray_npy::{read_npy, write_npy};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

const ONNX: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/onnx");

/// Exit code and standard error of a call in a shell that lets files grow to some blocks of 512 bytes.
fn deepal(folder: &Path, blocks: Option<u64>, line: &str) -> (i32, String) {
    let limit = blocks.map_or(String::new(), |blocks| format!("ulimit -f {blocks}; trap '' XFSZ; "));
    let mut command = Command::new("sh");
    command.current_dir(folder).env_remove("DEEPAL_DATA").env("DEEPAL_CACHE", folder.join("cache"));
    command.args(["-c", &format!("{limit}exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_deepal")]);
    let output = command.args(line.split_whitespace()).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

fn succeeds(folder: &Path, line: &str) -> String {
    let (code, stderr) = deepal(folder, None, line);
    assert_eq!(code, 0, "{line}: {stderr}");
    stderr
}

/// The message of a call that has no room.
fn has_no_room(folder: &Path, blocks: u64, line: &str) -> String {
    let (code, stderr) = deepal(folder, Some(blocks), line);
    assert_eq!(code, 4, "{line}: {stderr}");
    stderr.lines().find(|line| line.starts_with("error: ")).unwrap().to_owned()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>();
    names.sort();
    names
}

fn len(path: &Path) -> u64 {
    fs::metadata(path).unwrap().len()
}

/// The only file of the cache.
fn cache(folder: &Path) -> std::path::PathBuf {
    let [name] = names(&folder.join("cache/embeddings")).try_into().unwrap();
    folder.join("cache/embeddings").join(name)
}

/// A folder with 200 different pictures, 5 × 4 in 3 channels, as `pool.npy`, and a net that makes 4 numbers of each.
fn pool() -> TempDir {
    let folder = TempDir::new().unwrap();
    let pixels = Array4::from_shape_fn((200, 3, 5, 4), |(n, c, y, x)| {
        ((n * 31 + c * 7 + y * 5 + x) as f32).sin().abs()
    });
    write_npy(folder.path().join("pool.npy"), &pixels).unwrap();
    fs::copy(Path::new(ONNX).join("pictures.onnx"), folder.path().join("features.onnx")).unwrap();
    folder
}

const EMBED: &str = "embed pool.npy --model features.onnx --out e.npy";

#[test]
fn embeddings_are_those_of_onnx() {
    let folder = TempDir::new().unwrap();
    let numbers = |name: &str| {
        let text = fs::read_to_string(Path::new(ONNX).join(name)).unwrap();
        let rows =
            text.lines().map(|line| line.split(',').map(|x| x.parse::<f32>().unwrap()).collect::<Vec<_>>());
        let rows = rows.collect::<Vec<_>>();
        Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat()).unwrap()
    };
    write_npy(folder.path().join("v.npy"), &numbers("vectors.in.csv")).unwrap();
    succeeds(folder.path(), &format!("embed v.npy --model {ONNX}/vectors.onnx --out e.npy"));
    let found = read_npy::<_, Array2<f32>>(folder.path().join("e.npy")).unwrap();
    let expected = numbers("vectors.out.csv");
    assert_eq!(found.dim(), expected.dim());
    assert!((&found - &expected).iter().all(|difference| difference.abs() < 1e-5), "{found} for {expected}");
}

#[test]
fn a_disk_that_is_full_while_embeddings_are_cached_keeps_whole_ones_to_go_on_from() {
    let (whole, folder) = (pool(), pool());
    let (whole, folder) = (whole.path(), folder.path());
    succeeds(whole, EMBED);
    let before = names(folder);
    // 12 bytes of heading, and 32 + 4 · 4 for each: the first 64 fit, the next do not.
    let error = has_no_room(folder, 8, EMBED);
    assert!(error.contains("cannot write") && error.contains("cache/embeddings/"), "{error}");
    assert!(error.contains("64 of 200 embeddings were computed and are cached"), "{error}");
    assert_eq!(names(folder), [&["cache".to_owned()][..], &before].concat(), "no array and no ids");
    assert_eq!(len(&cache(folder)), 12 + 48 * 64);
    // No room for one more batch is no loss either.
    has_no_room(folder, 8, EMBED);
    assert_eq!(len(&cache(folder)), 12 + 48 * 64);
    let told = succeeds(folder, EMBED);
    assert!(told.contains("computed 136 of 200 embeddings of 4 numbers"), "{told}");
    for name in ["e.npy", "e.ids.csv"] {
        assert_eq!(fs::read(folder.join(name)).unwrap(), fs::read(whole.join(name)).unwrap(), "{name}");
    }
}

#[test]
fn a_disk_too_full_for_the_array_leaves_what_was_there() {
    let folder = pool();
    let folder = folder.path();
    succeeds(folder, EMBED);
    let (array, ids) = (folder.join("e.npy"), folder.join("e.ids.csv"));
    let blocks = len(&ids).div_ceil(512);
    assert!(len(&array) > 512 * blocks, "the ids have room and the array has not");
    for path in [&array, &ids] {
        fs::write(path, "old").unwrap();
    }
    let before = names(folder);
    let error = has_no_room(folder, blocks, EMBED);
    assert!(error.contains("e.npy"), "{error}");
    assert!([&array, &ids].iter().all(|path| fs::read(path).unwrap() == b"old"));
    assert_eq!(names(folder), before);
    succeeds(folder, EMBED);
    assert_eq!(read_npy::<_, Array2<f32>>(array).unwrap().dim(), (200, 4));
}

/// A model that is named once in data.toml is not forgotten by `select` and `run`.
#[test]
fn a_model_in_the_manifest_counts_as_the_option_does() {
    let folder = pool();
    fs::write(
        folder.path().join("pool.npy.data.toml"),
        "source = \"pool.npy\"\n[model]\nfile = \"features.onnx\"\n",
    )
    .unwrap();
    let by_manifest = succeeds(folder.path(), "select pool.npy --budget 5 --strategy k-center --out a.csv");
    assert!(by_manifest.contains("embeddings"), "{by_manifest}");
    fs::remove_file(folder.path().join("pool.npy.data.toml")).unwrap();
    succeeds(folder.path(), "select pool.npy --budget 5 --strategy k-center --out pixels.csv");
    succeeds(
        folder.path(),
        "select pool.npy --budget 5 --strategy k-center --model features.onnx --out b.csv",
    );
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(read("a.csv"), read("b.csv"));
    assert_ne!(read("a.csv"), read("pixels.csv"));
    fs::write(
        folder.path().join("pool.npy.data.toml"),
        "source = \"pool.npy\"\n[model]\nfile = \"gone.onnx\"\n",
    )
    .unwrap();
    let (code, stderr) = deepal(folder.path(), None, "select pool.npy --budget 5");
    assert!(code == 3 && stderr.contains("gone.onnx") && stderr.contains("data.toml"), "{code} {stderr}");
}

#[test]
fn an_output_is_chosen_by_name_and_named() {
    let folder = TempDir::new().unwrap();
    write_npy(
        folder.path().join("v.npy"),
        &Array2::from_shape_fn((9, 6), |(i, j)| ((i * 7 + j) as f32).sin()),
    )
    .unwrap();
    let model = format!("embed v.npy --model {ONNX}/two-outputs.onnx");
    let told = succeeds(folder.path(), &format!("{model} --out first.npy"));
    assert!(
        told.contains("the output `features`") && told.contains("not `relu`; `output` names another"),
        "{told}"
    );
    succeeds(folder.path(), &format!("{model} --output relu --out relu.npy"));
    let read = |name: &str| read_npy::<_, Array2<f32>>(folder.path().join(name)).unwrap();
    let (first, relu) = (read("first.npy"), read("relu.npy"));
    assert_eq!(relu, first.mapv(|x| x.max(0.0)));
    assert_ne!(relu, first);
    let (code, stderr) = deepal(folder.path(), None, &format!("{model} --output pooled --out p.npy"));
    assert!(
        code == 3 && stderr.contains("has no output `pooled`; it has `features`, `relu`"),
        "{code} {stderr}"
    );
}

#[test]
fn a_sample_that_the_model_makes_no_number_of_is_named() {
    let folder = TempDir::new().unwrap();
    let table = "{\"id\": \"fine\", \"features\": [1, 2]}\n{\"id\": \"bad\", \"features\": [1, -2]}\n";
    fs::write(folder.path().join("t.jsonl"), table).unwrap();
    let (code, stderr) =
        deepal(folder.path(), None, &format!("embed t.jsonl --model {ONNX}/logarithm.onnx --out e.npy"));
    assert!(code == 3 && stderr.contains("gives NaN for `bad`"), "{code} {stderr}");
}

/// The lock of a cache is that of a process which writes to it.
#[test]
fn a_second_command_with_the_same_model_waits() {
    let folder = pool();
    let folder = folder.path();
    succeeds(folder, "embed pool.npy --model features.onnx --out first.npy");
    let busy = fs::File::open(cache(folder)).unwrap();
    busy.lock().unwrap();
    std::thread::scope(|scope| {
        let second =
            scope.spawn(|| succeeds(folder, "embed pool.npy --model features.onnx --out second.npy"));
        std::thread::sleep(Duration::from_millis(500));
        assert!(!second.is_finished() && !folder.join("second.npy").exists());
        busy.unlock().unwrap();
        let told = second.join().unwrap();
        assert!(told.contains("waiting for another command that embeds with the same model"), "{told}");
    });
    assert_eq!(fs::read(folder.join("second.npy")).unwrap(), fs::read(folder.join("first.npy")).unwrap());
}
