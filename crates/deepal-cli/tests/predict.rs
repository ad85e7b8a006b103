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

/// A grey picture of 4 × 4 values in 16 bits, as a TIFF file without compression.
fn deep_picture(value: impl Fn(u16) -> u16) -> Vec<u8> {
    const SIDE: u16 = 4;
    // Width, height, bits, no compression, black is 0, where the pixels are, channels, rows and bytes of the one strip.
    let bytes = u32::from(2 * SIDE * SIDE);
    let tags =
        [(256, 4), (257, 4), (258, 16), (259, 1), (262, 1), (273, 8), (277, 1), (278, 4), (279, bytes)];
    let mut file = [b"II*\0", &(8 + bytes).to_le_bytes()[..]].concat();
    file.extend((0..SIDE * SIDE).flat_map(|at| value(at).to_le_bytes()));
    file.extend((tags.len() as u16).to_le_bytes());
    for (tag, value) in tags {
        file.extend(
            [&(tag as u16).to_le_bytes()[..], &4u16.to_le_bytes(), &1u32.to_le_bytes(), &value.to_le_bytes()]
                .concat(),
        );
    }
    file.extend([0; 4]);
    file
}

/// Alone, dark pictures would be taken for those of a camera with fewer bits, and be made brighter.
#[test]
fn pictures_of_a_camera_with_12_bits_are_predicted_alike_among_any_others() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let write = |place: &str, row: u16| {
        fs::create_dir_all(folder.join(place)).unwrap();
        let picture = deep_picture(|at| (row % 2) * 2000 + row * 40 + at * 9);
        fs::write(folder.join(place).join(format!("{row:02}.tif")), picture).unwrap();
    };
    for row in 0..40 {
        write(["old/dark", "old/light"][usize::from(row % 2)], row);
    }
    write("new", 0);
    write("new", 2);
    let run = format!("run --dataset old --net softmax-regression {TINY} --query 4 --initial 10 --out run");
    let told = succeeds(folder, &run).stderr;
    assert!(told.contains("use only 12 of them"), "{told}");
    succeeds(folder, "export run --net net.safetensors");
    let old = succeeds(folder, "predict old --net net.safetensors --probs").stdout;
    let new = succeeds(folder, "predict new --net net.safetensors --probs").stdout;
    let old = lines(&old).into_iter().filter_map(|line| line.strip_prefix("dark/")).collect::<Vec<_>>();
    assert_eq!(lines(&new), old[..2]);
}

/// The rows of a table of two blobs, a number, which some rows lack, and a category; every fifth row has no label.
fn table(rows: std::ops::Range<usize>) -> String {
    let mut table = "id,x,colour,label\n".to_owned();
    for row in rows {
        let class = row % 2;
        let x = 10.0 * class as f64 + (row as f64 * 1.7).sin();
        let x = if row % 17 == 16 { String::new() } else { x.to_string() };
        let label = if row % 5 == 4 { "" } else { ["left", "right"][class] };
        table.push_str(&format!("r{row},{x},{},{label}\n", ["red", "blue", "green", ""][row % 4]));
    }
    table
}

/// A folder with this text as `file`, and the net of a tiny run on it.
fn run_on(file: &str, text: &str, manifest: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join(file), text).unwrap();
    if !manifest.is_empty() {
        let manifest = format!("source = \"{file}\"\n{manifest}");
        fs::write(folder.path().join(format!("{file}.data.toml")), manifest).unwrap();
    }
    let run =
        format!("run --dataset {file} --net softmax-regression {TINY} --query 4 --initial 10 --out run");
    succeeds(folder.path(), &run);
    succeeds(folder.path(), "export run --net net.safetensors");
    folder
}

/// The lines of a prediction without the heading.
fn lines(text: &str) -> Vec<&str> {
    text.lines().skip(1).collect()
}

#[test]
fn a_row_is_predicted_alike_in_any_table() {
    let folder = run_on("table.csv", &table(0..100), "");
    let folder = folder.path();
    let whole = succeeds(folder, "predict table.csv --net net.safetensors --probs");
    let found = whole.stdout.lines().skip(1).map(cells).collect::<Vec<_>>();
    assert_eq!(found.len(), 100, "those without a label too");
    for (row, cells) in found.iter().enumerate().filter(|(row, _)| row % 17 != 16) {
        assert_eq!((cells[0].clone(), cells[1].as_str()), (format!("r{row}"), ["left", "right"][row % 2]));
    }
    // The source may be gone, and other rows be there: they have other means, medians, values and places.
    fs::remove_file(folder.join("table.csv")).unwrap();
    fs::write(folder.join("some.csv"), table(80..91)).unwrap();
    let some = succeeds(folder, "predict some.csv --net net.safetensors --probs");
    assert_eq!(lines(&some.stdout), lines(&whole.stdout)[80..91]);
    assert!(some.stderr.contains("accuracy 100.0 %"), "{}", some.stderr);
    assert!(some.stderr.contains("1 missing values of `x` became its median"), "{}", some.stderr);
    let only = "{\"colour\":\"red\",\"id\":\"r88\",\"more\":[1],\"x\":X}\n{\"colour\":\"pink\",\"id\":\"new\",\"more\":[2],\"x\":11}\n";
    let x = cells(table(88..89).lines().nth(1).unwrap())[1].clone();
    fs::write(folder.join("one.jsonl"), only.replace('X', &x)).unwrap();
    let one = succeeds(folder, "predict one.jsonl --net net.safetensors --probs");
    assert_eq!(lines(&one.stdout)[0], lines(&whole.stdout)[88], "columns in another order, of other kinds");
    assert!(lines(&one.stdout)[1].starts_with("new,right,"), "{}", one.stdout);
    let unknown =
        "column `colour` has values that were not learnt from in 1 of 2 rows, the first is `pink` in row 2";
    assert!(one.stderr.contains(unknown), "{}", one.stderr);
}

#[test]
fn a_table_without_what_the_net_learnt_from_is_refused() {
    let folder = run_on("table.csv", &table(0..60), "");
    let folder = folder.path();
    for (file, text, words) in [
        (
            "short.csv",
            "id,x,color\na,1,red\n",
            "has no column `colour`, but id, x, color; did you mean `color`?",
        ),
        (
            "words.csv",
            "id,x,colour\na,1,red\nb,much,red\n",
            "column `x` has `much` in row 2, which is no number",
        ),
        ("far.csv", "id,x,colour\na,1e300,red\n", "has 1000"),
        ("empty.csv", "id,x,colour\n", "has no row"),
        ("data.npy", "", "is no table, and one with these columns is expected: colour, x"),
    ] {
        fs::write(folder.join(file), text).unwrap();
        let refused = fails(folder, &format!("predict {file} --net net.safetensors"), 3);
        assert!(refused.contains(words) && refused.contains(file), "{refused}");
        assert!(refused.contains("learnt from `table`"), "{refused}");
    }
    let refused = fails(folder, "export run --net other.safetensors --seed 3 --strategy margn", 2);
    assert!(refused.contains("did you mean `margin`"), "{refused}");
    // A net of arrays has nothing to scale a table by.
    fs::write(folder.join("five.csv"), "id,a,b,c,d,e\nx,1,2,3,4,5\ny,2,3,4,5,9\n").unwrap();
    let refused = fails(folder, &format!("predict five.csv --net {}", golden("mlp.safetensors")), 3);
    assert!(refused.contains("learnt from inputs as they are"), "{refused}");
}

#[test]
fn a_text_is_predicted_alike_among_any_others() {
    let text = |row: usize| {
        let words = [["good", "fine", "great"], ["bad", "poor", "awful"]][row % 2];
        format!(
            "r{row},the film is {} and {} {row}x,{}\n",
            words[row % 3],
            words[(row / 2) % 3],
            ["yes", "no"][row % 2]
        )
    };
    let table =
        |rows: std::ops::Range<usize>| format!("key,review,verdict\n{}", rows.map(text).collect::<String>());
    let folder = run_on("old.csv", &table(0..60), "id = \"key\"\nlabel = \"verdict\"\nvocabulary = 20\n");
    let folder = folder.path();
    let old = succeeds(folder, "predict old.csv --net net.safetensors --probs").stdout;
    fs::write(folder.join("new.csv"), format!("{}z,unheard nonsense,no\n", table(50..60))).unwrap();
    fs::write(folder.join("new.csv.data.toml"), "source = \"new.csv\"\nid = \"key\"\n").unwrap();
    let new = succeeds(folder, "predict new.csv --net net.safetensors --probs");
    assert_eq!(lines(&new.stdout)[..10], lines(&old)[50..]);
    assert_eq!(new.stdout.lines().count(), 12);
    assert!(new.stderr.contains("1 texts have none of them"), "{}", new.stderr);
}

/// A table that goes through a pretrained net, which is then elsewhere.
#[test]
fn the_pretrained_net_may_move_but_not_change() {
    let onnx = Path::new(NETS).join("../../onnx");
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let table = |rows: std::ops::Range<usize>| {
        let row = |row: usize| {
            let x =
                (0..6).map(|j| (((row % 2) * 3 * (j % 2)) as f64 + ((row * 7 + j) as f64).sin()).to_string());
            format!("r{row},{},{}\n", x.collect::<Vec<_>>().join(","), ["left", "right"][row % 2])
        };
        format!("id,a,b,c,d,e,f,label\n{}", rows.map(row).collect::<String>())
    };
    fs::write(folder.join("old.csv"), table(0..60)).unwrap();
    fs::write(folder.join("new.csv"), table(40..50)).unwrap();
    fs::copy(onnx.join("vectors.onnx"), folder.join("features.onnx")).unwrap();
    let line = format!("run --dataset old.csv --model features.onnx {TINY} --query 4 --initial 10 --out run");
    succeeds(folder, &line);
    succeeds(folder, "export run --net net.safetensors");
    let old = succeeds(folder, "predict old.csv --net net.safetensors --probs").stdout;
    let new = succeeds(folder, "predict new.csv --net net.safetensors --probs").stdout;
    assert_eq!(lines(&new), lines(&old)[40..50], "scaled by the old table, and then embedded");

    fs::create_dir(folder.join("elsewhere")).unwrap();
    fs::rename(folder.join("features.onnx"), folder.join("elsewhere/renamed.onnx")).unwrap();
    let gone = fails(folder, "predict new.csv --net net.safetensors", 3);
    assert!(gone.contains("features.onnx`: is gone") && gone.contains("say with `model` where"), "{gone}");
    let moved = "predict new.csv --net net.safetensors --probs --model elsewhere/renamed.onnx";
    assert_eq!(succeeds(folder, moved).stdout, new);
    let none = fails(folder, "predict new.csv --net net.safetensors --model none.onnx", 3);
    assert!(none.contains("none.onnx"), "{none}");
    // Another one at the old place, or named.
    fs::copy(onnx.join("two-outputs.onnx"), folder.join("features.onnx")).unwrap();
    for line in [
        "predict new.csv --net net.safetensors",
        "predict new.csv --net net.safetensors --model features.onnx",
    ] {
        let other = fails(folder, line, 3);
        assert!(
            other
                .contains("is another model than the one whose embeddings were learnt from, `features.onnx`"),
            "{other}"
        );
        assert!(other.contains("SHA-256"), "{other}");
    }
    let needless =
        format!("predict {} --net {} --model features.onnx", golden("inputs.npy"), golden("mlp.safetensors"));
    assert!(fails(folder, &needless, 2).contains("`model` is not needed"));
}

#[test]
fn an_encoding_that_makes_no_inputs_is_told() {
    let folder = run_on("table.csv", &table(0..60), "");
    let folder = folder.path();
    let net = fs::read(folder.join("net.safetensors")).unwrap();
    let replaced = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len(), "the header keeps its length");
        let mut bytes = net.clone();
        let at = bytes.windows(from.len()).position(|part| part == from.as_bytes()).unwrap();
        bytes[at..at + from.len()].copy_from_slice(to.as_bytes());
        fs::write(folder.join("damaged.safetensors"), bytes).unwrap();
        fails(folder, "predict table.csv --net damaged.safetensors", 3)
    };
    let header = String::from_utf8_lossy(&net);
    let at = header.find("\\\"deviation\\\":").unwrap();
    let number = &header[at..at + 22];
    assert!(
        replaced(number, &format!("{}-1{}", &number[..14], &number[16..]))
            .contains("no inputs of column `x`")
    );
    assert!(replaced("\\\"red\\\"", "[\\\"e\\\"]").contains("says nothing that can be understood"));
    assert!(
        replaced("\\\"blue\\\",", "         ").contains("makes 4 inputs of a row for a net of [5, 1, 1]")
    );
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
    let unknown = edited("\"classes\":[", "77");
    assert!(unknown.contains("line 4: names class 77 in round 2 of margin with seed 3"), "{unknown}");
    let last = recorded.rfind("\"classes\":[").unwrap() + "\"classes\":[".len();
    let other = (recorded.as_bytes()[last] - b'0' + 1) % 10;
    let class = edited("\"classes\":[", &other.to_string());
    assert!(class.contains("other labels in round 2") && class.contains("data have changed"), "{class}");
    assert!(!folder.join("other.safetensors").exists());
}

#[test]
fn one_net_is_of_one_job() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let line = "run --dataset digits --net softmax-regression --strategy random,margin --seeds 1,2 --initial 20 --query 10 \
                --rounds 1 --out run";
    succeeds(folder, line);
    let error = fails(folder, "export run --net net.safetensors", 2);
    assert!(error.contains("there are 4") && error.contains("strategy and seed"), "{error}");
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
