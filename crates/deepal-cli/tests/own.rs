//! `deepal select` and `deepal run` on a folder of pictures, from outside.
#![expect(clippy::unwrap_used, reason = "test helpers")]

use assert_cmd::Command;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// What a call ended with.
struct Outcome {
    code: i32,
    stdout: String,
    stderr: String,
}

fn deepal(folder: &Path, line: &str) -> Outcome {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deepal"));
    command.current_dir(folder).env("DEEPAL_CACHE", "no-cache").args(line.split_whitespace());
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Outcome { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// What a call prints that succeeds.
fn done(folder: &Path, line: &str) -> String {
    let Outcome { code, stdout, stderr } = deepal(folder, line);
    assert_eq!(code, 0, "{line}: {stderr}");
    stdout
}

/// Writes a grey picture of 6 × 6 pixels: of one class above, of the other below it is bright.
fn picture(path: &Path, class: usize, number: u8) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut encoder = png::Encoder::new(fs::File::create(path).unwrap(), 6, 6);
    encoder.set_color(png::ColorType::Grayscale);
    let bright = |i: u8| (i < 18) == (class == 0);
    let pixel = |i: u8| if bright(i) { 180 + number } else { (i * 7 % 60 + number % 5 * 11) % 60 };
    encoder.write_header().unwrap().write_image_data(&(0..36).map(pixel).collect::<Vec<_>>()).unwrap();
}

/// A folder with `pool`, 60 pictures in two sub-folders.
fn labeled() -> TempDir {
    let folder = TempDir::new().unwrap();
    for number in 0..60_u8 {
        let class = usize::from(number % 2);
        let name = ["above", "below"][class];
        picture(&folder.path().join(format!("pool/{name}/{number:02}.png")), class, number);
    }
    folder
}

/// A folder with `pool`, 20 pictures without label.
fn unlabeled() -> TempDir {
    let folder = TempDir::new().unwrap();
    for number in 0..20_u8 {
        let class = usize::from(number % 2);
        picture(&folder.path().join(format!("pool/{number:02}.png")), class, number);
    }
    folder
}

/// The rows of a table of picks: rank, id, row, score.
fn picks(table: &str) -> Vec<[String; 4]> {
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some("rank,id,row,score"));
    let row = |line: &str| line.split(',').map(String::from).collect::<Vec<_>>().try_into().unwrap();
    lines.map(row).collect()
}

#[test]
fn pictures_without_any_label_can_be_picked_from() {
    let folder = unlabeled();
    let table = done(folder.path(), "select pool --strategy k-means --budget 3");
    let picks = picks(&table);
    assert_eq!(picks.len(), 3);
    for (i, [rank, id, row, score]) in picks.iter().enumerate() {
        // k-means picks a set: none is before another.
        assert!(rank.is_empty() || *rank == (i + 1).to_string(), "{table}");
        assert_eq!((id, score.as_str()), (&format!("{:02}.png", row.parse::<usize>().unwrap()), ""));
    }
    assert_eq!(picks.iter().map(|pick| &pick[1]).collect::<BTreeSet<_>>().len(), 3);
    assert_eq!(done(folder.path(), "select pool --strategy k-means --budget 3"), table);
}

/// `auto` needs no label, nor labels of two classes.
#[test]
fn without_a_strategy_auto_picks_from_the_first_label_on() {
    let folder = unlabeled();
    let path = folder.path();
    let rows = |table: &str| -> BTreeSet<String> {
        table.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().to_owned()).collect()
    };
    let table = done(path, "select pool --budget 3");
    assert_eq!(rows(&table).len(), 3);
    assert_eq!(done(path, "select pool --strategy auto --budget 3"), table);
    for labels in ["00.png,above\n", "00.png,above\n01.png,below\n02.png,above\n"] {
        fs::write(path.join("pool/labels.csv"), format!("id,label\n{labels}")).unwrap();
        let Outcome { code, stdout, stderr } = deepal(path, "select pool --budget 4");
        assert_eq!(code, 0, "{stderr}");
        assert!(!stderr.contains("calibration"), "{stderr}");
        let found = rows(&stdout);
        assert_eq!(found.len(), 4);
        assert!(labels.lines().all(|line| !found.contains(&line[..6])), "{found:?}");
    }
}

#[test]
fn a_strategy_that_needs_a_net_says_what_to_do_without_labels() {
    let folder = unlabeled();
    let Outcome { code, stdout, stderr } = deepal(folder.path(), "select pool --strategy margin --budget 3");
    assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
    assert!(stderr.contains("begin with strategy `auto`") && stderr.contains("labels.csv"), "{stderr}");
}

#[test]
fn answers_in_a_table_make_the_next_question_and_are_not_asked_again() {
    let folder = unlabeled();
    let path = folder.path();
    fs::write(path.join("pool/labels.csv"), "id,label\n00.png,above\n01.png,below\n02.png,above\n").unwrap();
    let line = "select pool --strategy margin --budget 4";
    let table = done(path, line);
    let expected = picks(&table);
    assert_eq!(expected.len(), 4);
    assert!(expected.iter().all(|[_, id, ..]| !["00.png", "01.png", "02.png"].contains(&id.as_str())));
    let scores = expected.iter().map(|pick| pick[3].parse::<f64>().unwrap()).collect::<Vec<_>>();
    assert!(scores.is_sorted_by(|a, b| a >= b), "{table}");

    done(path, &format!("{line} --out next.csv"));
    assert_eq!(fs::read_to_string(path.join("next.csv")).unwrap(), table);
    done(path, &format!("{line} --out next.jsonl"));
    let lines = fs::read_to_string(path.join("next.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), 4);
    for (line, [rank, id, row, score]) in lines.lines().zip(&expected) {
        let found = serde_json::from_str::<Value>(line).unwrap();
        assert_eq!(found["rank"].to_string(), *rank);
        assert_eq!(found["id"], Value::String(id.clone()));
        assert_eq!(found["row"].to_string(), *row);
        assert_eq!(found["score"].as_f64(), Some(score.parse::<f64>().unwrap()));
    }
    done(path, &format!("{line} --out next.parquet"));
    let bytes = fs::read(path.join("next.parquet")).unwrap();
    assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
    // It is a table like any other.
    let text = done(path, "data inspect next.parquet");
    assert!(text.contains("4 samples"), "{text}");
    let ids = [&expected[0][1], &expected[3][1]];
    assert!(text.contains(&format!("ids: {} … {}", ids[0], ids[1])), "{text}");
}

#[test]
fn a_folder_without_anything_left_to_ask_is_told() {
    let folder = labeled();
    let Outcome { code, stderr, .. } = deepal(folder.path(), "select pool --strategy k-means --budget 3");
    assert_eq!(code, 2);
    assert!(stderr.contains("every sample of `pool` has a label already"), "{stderr}");
}

const RUN: &str = "run --dataset pool --net softmax-regression --strategies random,margin --seeds 1 --initial 8 \
                   --query 4 --rounds 2 --out out";

#[test]
fn a_run_on_a_folder_is_the_same_when_resumed_and_refuses_other_samples() {
    let folder = labeled();
    let path = folder.path();
    done(path, RUN);
    let read = |name: &str| fs::read_to_string(path.join("out").join(name)).unwrap();
    let (events, samples) = (read("events.jsonl"), read("samples.csv"));

    let mut lines = samples.lines();
    assert_eq!(lines.next(), Some("dataset,sample,id"));
    let ids = lines.clone().enumerate().map(|(i, line)| {
        let [dataset, sample, id] = line.split(',').collect::<Vec<_>>().try_into().unwrap();
        assert_eq!((dataset, sample), ("pool", i.to_string().as_str()));
        assert!(path.join("pool").join(id).is_file(), "{id}");
        id
    });
    let n = ids.collect::<BTreeSet<_>>().len();
    assert!(n == samples.lines().count() - 1 && (38..58).contains(&n), "about a fifth is the test set: {n}");

    // All but the first of the rounds is lost.
    let kept = events.lines().take(2).map(|line| format!("{line}\n")).collect::<String>();
    assert!(kept.len() < events.len());
    fs::write(path.join("out/events.jsonl"), &kept).unwrap();
    fs::remove_file(path.join("out/samples.csv")).unwrap();
    done(path, "run --resume out");
    let rounds = |events: &str| {
        let mut rounds = events
            .lines()
            .filter(|line| line.contains("\"event\":\"round\""))
            .map(|line| {
                let mut event = serde_json::from_str::<Value>(line).unwrap();
                timeless(&mut event);
                event.to_string()
            })
            .collect::<Vec<_>>();
        rounds.sort();
        rounds
    };
    assert_eq!(rounds(&read("events.jsonl")), rounds(&events));
    assert_eq!(read("samples.csv"), samples);

    // Another picture under the same name.
    picture(&path.join("pool/above/00.png"), 0, 50);
    fs::write(path.join("out/events.jsonl"), &kept).unwrap();
    let Outcome { code, stderr, .. } = deepal(path, "run --resume out");
    assert!(
        code == 2 && stderr.contains("the contents of `") && stderr.contains("new run"),
        "{code}: {stderr}"
    );
    assert_eq!(read("events.jsonl"), kept, "nothing was added");
    picture(&path.join("pool/above/00.png"), 0, 0);

    picture(&path.join("pool/above/99.png"), 0, 60);
    fs::write(path.join("out/events.jsonl"), &kept).unwrap();
    let Outcome { code, stderr, .. } = deepal(path, "run --resume out");
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("have changed since the run began"), "{stderr}");
    assert_eq!(read("events.jsonl"), kept, "nothing was added");
}

#[test]
fn a_report_knows_ids_and_classes_also_when_the_data_are_gone() {
    let folder = labeled();
    let path = folder.path();
    // A class that nobody has yet is a class too, and the last.
    fs::create_dir(path.join("pool/nowhere")).unwrap();
    done(path, RUN);
    let events = fs::read_to_string(path.join("out/events.jsonl")).unwrap();
    let picks = events.lines().filter_map(|line| {
        let event = serde_json::from_str::<Value>(line).unwrap();
        Some(event["picks"].as_array()?.len())
    });
    let picks = picks.sum::<usize>();
    let check = || {
        // Parquet by our own reader, which `kinds` in the data crate's tests compares with PyArrow.
        let table = path.join("out/selections.parquet");
        let columns = deepal::formats::columns::Columns::read(&table).unwrap();
        let texts = |name: &str| columns.column(name).unwrap().texts().into_iter().map(Option::unwrap);
        let (ids, classes) = (texts("id").collect::<Vec<_>>(), texts("label_name").collect::<Vec<_>>());
        assert_eq!(ids.len(), picks);
        assert!(ids.iter().zip(&classes).all(|(id, class)| id.starts_with(&format!("{class}/"))), "{ids:?}");
        let svg = fs::read_to_string(path.join("out/figures/classes-pool-softmax-regression.svg")).unwrap();
        for class in ["above", "below", "nowhere"] {
            assert!(svg.contains(&format!(", {class}: ")), "{class}");
        }
        let page = fs::read_to_string(path.join("out/report.html")).unwrap();
        assert!(page.contains(", above: ") && page.contains(", nowhere: 0.0 of"));
    };
    check();
    fs::rename(path.join("pool"), path.join("elsewhere")).unwrap();
    for made in ["selections.parquet", "report.html", "figures/classes-pool-softmax-regression.svg"] {
        fs::remove_file(path.join("out").join(made)).unwrap();
    }
    done(path, "report out");
    check();
    assert!(fs::read_to_string(path.join("out/report.html")).unwrap().contains("No pictures of pool"));
    // Ids are lost with their table, and nothing else.
    fs::remove_file(path.join("out/samples.csv")).unwrap();
    done(path, "report out");
    let columns = deepal::formats::columns::Columns::read(&path.join("out/selections.parquet")).unwrap();
    assert!(columns.column("id").unwrap().texts().iter().all(Option::is_none));
    assert!(columns.column("label_name").unwrap().texts().iter().all(Option::is_some));
}

/// What others named may not steer the terminal, and programs get it as it is.
#[cfg(unix)]
#[test]
fn names_with_control_letters_are_escaped_for_people_alone() {
    let folder = unlabeled();
    let name = "pool/evil\u{1b}[2J\u{202e}.png";
    picture(&folder.path().join(name), 0, 7);
    fs::write(folder.path().join("pool/bad\u{1b}[31m.png"), "no picture").unwrap();
    let text = done(folder.path(), "data inspect pool");
    assert!(!text.contains('\u{1b}') && text.contains("bad\\u{1b}[31m.png"), "{text}");
    let picked = deepal(folder.path(), "select pool --strategy random --budget 21");
    assert!(picked.code == 0 && !picked.stderr.contains('\u{1b}'), "{}", picked.stderr);
    assert!(picked.stdout.contains("evil\u{1b}[2J\u{202e}.png"), "{}", picked.stdout);
}

/// Figures and exported pictures would be samples of the next run.
#[test]
fn nothing_is_written_into_the_folder_that_is_read() {
    let folder = labeled();
    let (pool, tiny) = (folder.path().join("pool"), "--strategy random --seeds 1 --rounds 1 --progress none");
    let files = |folder: &Path| fs::read_dir(folder).unwrap().count();
    for line in [
        format!("run --dataset . {tiny}"),
        format!("run --dataset . {tiny} --out x/y"),
        format!("run --dataset ../pool {tiny} --out ../pool/above/x"),
    ] {
        let told = deepal(&pool, &line);
        assert!(told.code == 2 && told.stderr.contains("whose files are samples"), "{line}: {}", told.stderr);
        assert_eq!((files(&pool), files(&pool.join("above"))), (2, 30), "{line}");
    }
    done(folder.path(), &format!("run --dataset pool {tiny} --out run"));
    let told = deepal(folder.path(), "export run --format imagefolder --out pool/bought");
    assert!(told.code == 2 && told.stderr.contains("choose a folder outside"), "{}", told.stderr);
    assert_eq!(files(&pool), 2);
}

#[test]
fn two_runs_on_different_data_of_one_name_are_not_compared() {
    let (folder, other) = (labeled(), labeled());
    let (path, other) = (folder.path(), other.path());
    fs::remove_file(other.join("pool/above/00.png")).unwrap();
    done(path, &RUN.replace("random,margin", "random"));
    let line = RUN.replace("random,margin", "margin").replace("softmax-regression", "mlp");
    done(other, &line);
    let line = format!("report out {} --out both.html", other.join("out").display());
    let Outcome { code, stderr, .. } = deepal(path, &line);
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("different data by the name `pool`"), "{stderr}");
}

/// Takes out what a clock said.
fn timeless(event: &mut Value) {
    match event {
        Value::Object(entries) => {
            entries.retain(|key, _| !key.ends_with("seconds") && !key.contains("time") && key != "memory");
            entries.values_mut().for_each(timeless);
        }
        Value::Array(entries) => entries.iter_mut().for_each(timeless),
        _ => {}
    }
}
