//! `deepal predict` and `deepal export --net` from outside: nets that PyTorch made (`testdata/formats/nets/make.py`), nets of
//! small runs, and bad input.
#![expect(clippy::unwrap_used, reason = "test helpers")]

use ndarray::{Array2, Array3};
use ndarray_npy::{read_npy, write_npy};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const NETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/formats/nets");

/// A job of three trainings in a blink.
const TINY: &str = "--strategy margin --seeds 3 --rounds 2 --progress none";

/// What a call ended with.
#[derive(Debug)]
struct Outcome {
    code: i32,
    stdout: String,
    stderr: String,
}

fn deepal(folder: &Path, line: &str) -> Outcome {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deepal"));
    command.current_dir(folder).env_remove("DEEPAL_DATA").env("DEEPAL_CACHE", "no-cache");
    let output = command.args(line.split_whitespace()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Outcome { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// The output of a call that must succeed.
fn succeeds(folder: &Path, line: &str) -> Outcome {
    let outcome = deepal(folder, line);
    assert_eq!(outcome.code, 0, "{line}: {}", outcome.stderr);
    outcome
}

/// The message of a call that must fail so.
fn fails(folder: &Path, line: &str, code: i32) -> String {
    let outcome = deepal(folder, line);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (code, ""), "{line}: {}", outcome.stderr);
    // After what was noticed in the data.
    let error = outcome.stderr.lines().find(|line| line.starts_with("error: "));
    error.unwrap().to_owned()
}

fn golden(name: &str) -> String {
    Path::new(NETS).join(name).display().to_string()
}

/// The cells of a table whose cells have no line ends; quotes are kept.
fn cells(line: &str) -> Vec<String> {
    let mut quoted = false;
    let is_end = |letter: char| {
        quoted ^= letter == '"';
        letter == ',' && !quoted
    };
    line.split(is_end).map(str::to_owned).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
    names.sort();
    names.into_iter().map(|name| name.into_string().unwrap()).collect()
}

// --- What PyTorch says -----------------------------------------------------------------------------------------------

#[test]
fn probabilities_are_pytorchs() {
    let folder = TempDir::new().unwrap();
    for net in ["mlp", "softmax-regression"] {
        let expected = fs::read_to_string(Path::new(NETS).join(net).with_extension("csv")).unwrap();
        let line = format!(
            "predict {} --net {} --probs",
            golden("inputs.npy"),
            golden(&format!("{net}.safetensors"))
        );
        let found = succeeds(folder.path(), &line).stdout;
        assert_eq!(found.lines().next(), Some(r#"id,class,probability,p_cat,"p_dog, wet",p_10"#));
        assert_eq!(found.lines().count(), 10);
        for (found, expected) in found.lines().zip(expected.lines()).skip(1) {
            let (found, expected) = (cells(found), cells(expected));
            assert_eq!(found[1], expected[0]);
            let number = |cell: &String| cell.parse::<f64>().unwrap();
            let largest = found[3..].iter().map(number).fold(0.0, f64::max);
            assert_eq!(number(&found[2]), largest);
            for (found, expected) in found[3..].iter().zip(&expected[1..]) {
                assert!((number(found) - number(expected)).abs() < 1e-6, "{net}: {found} for {expected}");
            }
        }
        // The same without the columns, and as JSON lines in a file.
        let short = succeeds(folder.path(), line.strip_suffix(" --probs").unwrap()).stdout;
        assert!(short.lines().zip(found.lines()).all(|(short, found)| cells(short) == cells(found)[..3]));
        let told = succeeds(folder.path(), &format!("{line} --out p.jsonl"));
        assert_eq!(told.stdout, "");
        let lines = fs::read_to_string(folder.path().join("p.jsonl")).unwrap();
        assert_eq!(lines.lines().count(), 9);
        for (line, found) in lines.lines().zip(found.lines().skip(1)) {
            let (row, found) = (serde_json::from_str::<Value>(line).unwrap(), cells(found));
            assert_eq!(row["id"], found[0]);
            assert_eq!(row["class"], found[1].trim_matches('"'));
            assert_eq!(row["probability"].to_string(), found[2]);
            assert_eq!(row["probs"]["dog, wet"].to_string(), found[4]);
        }
    }
}

#[test]
fn many_samples_are_predicted_as_few() {
    let folder = TempDir::new().unwrap();
    let few = read_npy::<_, Array2<f32>>(Path::new(NETS).join("inputs.npy")).unwrap();
    let many = Array2::from_shape_fn((9000, few.ncols()), |(i, j)| few[[i % 9, j]]);
    write_npy(folder.path().join("many.npy"), &many).unwrap();
    let net = golden("softmax-regression.safetensors");
    let few = succeeds(folder.path(), &format!("predict {} --net {net}", golden("inputs.npy"))).stdout;
    let many = succeeds(folder.path(), &format!("predict many.npy --net {net}")).stdout;
    let rest = |line: &str| line.split_once(',').unwrap().1.to_owned();
    let few = few.lines().skip(1).map(rest).collect::<Vec<_>>();
    let many = many.lines().skip(1).map(rest).collect::<Vec<_>>();
    assert_eq!(many.len(), 9000);
    assert!(many.iter().enumerate().all(|(i, row)| *row == few[i % 9]));
}

// --- Nets of runs ----------------------------------------------------------------------------------------------------

/// A folder with a tiny run on the digits, `runs`, and its net, `net.safetensors`.
fn run_on_digits(net: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    succeeds(
        folder.path(),
        &format!("run --dataset digits --net {net} {TINY} --initial 40 --query 20 --out run"),
    );
    let told = succeeds(folder.path(), "export run --net net.safetensors");
    assert_eq!(told.stdout, "", "the net alone");
    assert!(told.stderr.contains("on the 80 labels"), "{}", told.stderr);
    assert!(told.stderr.contains("accuracy on the test set is the recorded one"), "{}", told.stderr);
    folder
}

#[test]
fn the_net_of_a_run_knows_the_pictures_that_it_learnt_from() {
    let folder = run_on_digits("mlp");
    let folder = folder.path();
    succeeds(folder, "export run --format imagefolder --out pictures");
    let labels = succeeds(folder, "export run").stdout;
    let predicted = succeeds(folder, "predict pictures --net net.safetensors");
    assert_eq!(predicted.stdout.lines().count(), 81);
    let right = labels.lines().skip(1).filter(|line| {
        let (id, class) = (&cells(line)[6], &cells(line)[7]);
        predicted.stdout.contains(&format!("\n{class}/{id}.png,{class},"))
    });
    let right = right.count();
    assert!(right > 70, "{right} of 80: pictures become what the net learnt from");
    let accuracy = format!("accuracy {:.1} % on the 80 samples with a label", 100.0 * right as f64 / 80.0);
    assert!(predicted.stderr.contains(&accuracy), "{}", predicted.stderr);
    // Of other classes.
    fs::rename(folder.join("pictures/7"), folder.join("pictures/seven")).unwrap();
    let other = succeeds(folder, "predict pictures --net net.safetensors");
    assert!(other.stderr.contains("no accuracy: `seven` is none of the classes"), "{}", other.stderr);
}

/// A table of two blobs, a number and a category; every fifth row has no label.
fn table(rows: usize) -> String {
    let mut table = "id,x,colour,label\n".to_owned();
    for row in 0..rows {
        let class = row % 2;
        let x = 10.0 * class as f64 + (row as f64 * 1.7).sin();
        let label = if row % 5 == 4 { "" } else { ["left", "right"][class] };
        table.push_str(&format!("r{row},{x},{},{label}\n", ["red", "blue", "green"][row % 3]));
    }
    table
}

#[test]
fn a_table_is_predicted_as_the_net_saw_it_and_no_other() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    fs::write(folder.join("table.csv"), table(100)).unwrap();
    succeeds(
        folder,
        &format!("run --dataset table.csv --net softmax-regression {TINY} --query 4 --initial 10 --out run"),
    );
    succeeds(folder, "export run --net net.safetensors");
    let found = succeeds(folder, "predict table.csv --net net.safetensors");
    assert!(found.stderr.contains("accuracy 100.0 % on the 80 samples with a label"), "{}", found.stderr);
    let rows = found.stdout.lines().skip(1).map(cells).collect::<Vec<_>>();
    assert_eq!(rows.len(), 100, "those without a label too");
    for (row, cells) in rows.iter().enumerate() {
        assert_eq!((cells[0].clone(), cells[1].as_str()), (format!("r{row}"), ["left", "right"][row % 2]));
    }
    // Labels may come, rows may not: their numbers would be scaled otherwise.
    let labeled = table(100).replacen("green,\n", "green,left\n", 1);
    assert_ne!(labeled, table(100));
    fs::write(folder.join("labeled.csv"), labeled).unwrap();
    succeeds(folder, "predict labeled.csv --net net.safetensors");
    fs::write(folder.join("longer.csv"), table(101)).unwrap();
    let refused = fails(folder, "predict longer.csv --net net.safetensors", 3);
    assert!(
        refused.contains("is not the table that the net") && refused.contains("put new rows into"),
        "{refused}"
    );
    let refused = fails(folder, "export run --net other.safetensors --seed 3 --strategy margn", 2);
    assert!(refused.contains("did you mean `margin`"), "{refused}");
}

/// Embeddings are taken as they are, so those of any table fit.
#[test]
fn a_table_of_embeddings_may_be_another() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let table = |rows: std::ops::Range<usize>| {
        let row = |row: usize| {
            let (class, x) = (["left", "right"][row % 2], 5.0 * (row % 2) as f64 + (row as f64).sin());
            format!("{{\"id\":\"r{row}\",\"label\":\"{class}\",\"e\":[{x},{}]}}\n", (row as f64).cos())
        };
        rows.map(row).collect::<String>()
    };
    fs::write(folder.join("old.jsonl"), table(0..60)).unwrap();
    fs::write(folder.join("new.jsonl"), table(60..75)).unwrap();
    let line = "run --dataset old.jsonl --net softmax-regression";
    succeeds(folder, &format!("{line} {TINY} --query 4 --initial 10 --out run"));
    succeeds(folder, "export run --net net.safetensors");
    let found = succeeds(folder, "predict new.jsonl --net net.safetensors");
    assert!(found.stderr.contains("accuracy 100.0 % on the 15 samples with a label"), "{}", found.stderr);
}

#[test]
fn the_same_net_at_any_number_of_threads() {
    let folder = run_on_digits("softmax-regression");
    let folder = folder.path();
    let first = fs::read(folder.join("net.safetensors")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_deepal"));
    command.current_dir(folder).env("RAYON_NUM_THREADS", "1").args([
        "export",
        "run",
        "--net",
        "again.safetensors",
    ]);
    assert!(command.output().unwrap().status.success());
    assert_eq!(fs::read(folder.join("again.safetensors")).unwrap(), first);
}

#[test]
fn a_run_whose_record_is_not_what_comes_out_again_is_refused() {
    let folder = run_on_digits("softmax-regression");
    let folder = folder.path();
    let events = folder.join("run/events.jsonl");
    let recorded = fs::read_to_string(&events).unwrap();
    let edited = |from: &str, to: &str| {
        let last = recorded.rfind("\"round\":2").unwrap();
        let at = last + recorded[last..].find(from).unwrap() + from.len();
        let end = at + recorded[at..].find([',', ']']).unwrap();
        fs::write(&events, [&recorded[..at], to, &recorded[end..]].concat()).unwrap();
        fails(folder, "export run --net other.safetensors", 3)
    };
    let accuracy = edited("\"accuracy\":", "0.25");
    assert!(accuracy.contains("recorded an accuracy of 0.25 after round 2"), "{accuracy}");
    let class = edited("\"classes\":[", "77");
    assert!(class.contains("other labels in round 2") && class.contains("data have changed"), "{class}");
    assert!(!folder.join("other.safetensors").exists());
}

#[test]
fn one_net_is_of_one_job() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let line = "run --dataset digits --net softmax-regression --seeds 1,2 --initial 20 --query 10 --rounds 1 --out run";
    succeeds(folder, line);
    let error = fails(folder, "export run --net net.safetensors", 2);
    assert!(error.contains("there are 4") && error.contains("--strategy"), "{error}");
    succeeds(folder, "export run --net net.safetensors --strategy margin --seed 2");
    assert!(folder.join("net.safetensors").exists());
    let unwritable = fails(folder, "export run --net none/net.safetensors --strategy margin --seed 2", 4);
    assert!(unwritable.contains("none/net.safetensors"), "{unwritable}");
    let none = fails(folder, "export nowhere --net net.safetensors", 3);
    assert!(none.contains("holds no run"), "{none}");
}

// --- Bad input -------------------------------------------------------------------------------------------------------

#[test]
fn bad_input_is_told() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let (inputs, net) = (golden("inputs.npy"), golden("mlp.safetensors"));
    let damaged = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = fs::read(&net).unwrap();
        change(&mut bytes);
        fs::write(folder.join("damaged.safetensors"), bytes).unwrap();
        fails(folder, &format!("predict {inputs} --net damaged.safetensors"), 3)
    };
    let replaced = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len(), "the header keeps its length");
        damaged(&|bytes| {
            let at = bytes.windows(from.len()).position(|part| part == from.as_bytes()).unwrap();
            bytes[at..at + from.len()].copy_from_slice(to.as_bytes());
        })
    };
    assert!(damaged(&|bytes| bytes.truncate(1000)).contains("is damaged"));
    assert!(damaged(&|bytes| bytes.clear()).contains("is damaged"));
    assert!(replaced("\"deepal\"", "\"somebo\"").contains("weights of another program"));
    assert!(replaced(r#"\"format\": 1"#, r#"\"format\": 7"#).contains("reads format 1"));
    assert!(replaced(r#"\"net\": \"mlp\""#, r#"\"net\": \"mlq\""#).contains("unknown net `mlq`"));
    assert!(replaced("fc2.bias", "fc9.bias").contains("lack `fc2.bias`"));
    assert!(
        replaced(r#"\"shape\": [5, 1, 1]"#, r#"\"shape\": [6, 1, 1]"#)
            .contains("`fc1.weight` must be [128, 6]")
    );
    assert!(replaced(r#"\"shape\": [5, 1, 1]"#, r#"\"shape\":[9999,1,1]"#).contains("too few weights"));

    assert!(
        fails(folder, &format!("predict {inputs} --net none.safetensors"), 3).contains("none.safetensors")
    );
    assert!(fails(folder, &format!("predict none.npy --net {net}"), 3).contains("none.npy"));

    write_npy(folder.join("wide.npy"), &Array2::<f32>::zeros((3, 6))).unwrap();
    let shape = fails(folder, &format!("predict wide.npy --net {net}"), 3);
    assert!(
        shape.contains("[6, 1, 1]") && shape.contains("takes [5, 1, 1]") && shape.contains("wide.npy"),
        "{shape}"
    );
    write_npy(folder.join("cube.npy"), &Array3::<f32>::zeros((3, 6, 2))).unwrap();
    assert!(fails(folder, &format!("predict cube.npy --net {net}"), 3).contains("takes [5, 1, 1]"));

    let before = names(folder);
    let unwritable = fails(folder, &format!("predict {inputs} --net {net} --out none/p.csv"), 4);
    assert!(unwritable.contains("none/p.csv"), "{unwritable}");
    assert_eq!(names(folder), before);
}
