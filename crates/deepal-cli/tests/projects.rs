//! A project on the command line: from a table to predictions, and what is refused.

#![expect(clippy::unwrap_used, reason = "in a test a failed unwrap is the failure")]

use assert_cmd::Command;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// Runs a command line; its standard output and error.
#[track_caller]
fn call(folder: &Path, line: &str, code: i32) -> (String, String) {
    let mut command = Command::cargo_bin("deepal").unwrap();
    let output =
        command.current_dir(folder).env("USER", "ann").args(line.split_whitespace()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (out, said) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{line}\n{out}{said}");
    (out, said)
}

/// A table of 150 points in two clouds without labels.
fn points() -> TempDir {
    let folder = TempDir::new().unwrap();
    let mut table = "id,x,y\n".to_owned();
    for i in 0..150_u32 {
        let x = f64::from(i % 2) * 5.0 + f64::from(i).sin();
        writeln!(table, "p{i},{x},{}", f64::from(i).cos()).unwrap();
    }
    fs::write(folder.path().join("points.csv"), table).unwrap();
    folder
}

/// The table of a sheet with the right answers.
fn filled(table: &str) -> String {
    let fill = |line: &str| match line.strip_suffix(',') {
        Some(id) => format!("{id},{}\n", ["left", "right"][id[1..].parse::<usize>().unwrap() % 2]),
        None => format!("{line}\n"),
    };
    table.lines().map(fill).collect()
}

#[test]
fn from_a_table_to_predictions_only_answers_are_written_by_hand() {
    let folder = points();
    let at = folder.path();
    let (out, _) = call(at, "init points.csv --classes left,right --batch 30 --audit 0.3", 0);
    assert!(out.contains("points.csv.deepal: 150 samples, 2 classes, 0 labels"), "{out}");
    let (first, _) = call(at, "select points.csv", 0);
    assert_eq!(first.lines().next(), Some("rank,id,row,score,asked_by,class,probability"));
    assert_eq!((first.lines().count(), first.matches(",audit,").count()), (31, 9));
    let (again, said) = call(at, "select points.csv", 0);
    assert!(again == first && said.contains("30 questions of the last batch without an answer"), "{said}");
    for round in 0..3 {
        let sheet = format!("picks{round}");
        let (_, said) = call(at, &format!("select points.csv --sheet {sheet}.html"), 0);
        assert!(said.contains(&format!("deepal label points.csv --from {sheet}.csv")), "{said}");
        let page = fs::read_to_string(at.join(format!("{sheet}.html"))).unwrap();
        assert!(page.contains("left, right") && page.matches("<li>").count() == 30);
        let table = fs::read_to_string(at.join(format!("{sheet}.csv"))).unwrap();
        fs::write(at.join(format!("{sheet}.csv")), filled(&table)).unwrap();
        let (out, _) = call(at, &format!("label points.csv --from {sheet}.csv"), 0);
        assert!(out.starts_with("30 labels taken in"), "{out}");
    }
    let (out, _) = call(at, "train points.csv", 0);
    for words in [
        "drawn at random, by a net without them",
        "learnt from 90 labels",
        "measured on selected samples",
        "recall",
    ] {
        assert!(out.contains(words), "{words}: {out}");
    }
    let (out, _) = call(at, "status points.csv", 0);
    for words in ["90: left", "strategy 63, audit 27", "of 27 samples drawn at random", "calibration"] {
        assert!(out.contains(words), "{words}: {out}");
    }
    let (out, said) = call(at, "predict points.csv", 0);
    assert_eq!(out.lines().count(), 61, "the rest of the pool");
    assert!(said.contains("of 27 samples drawn at random"), "{said}");
    let right = out.lines().skip(1).filter(|line| {
        let (id, rest) = line.split_once(',').unwrap();
        rest.starts_with(["left,", "right,"][id[1..].parse::<usize>().unwrap() % 2])
    });
    assert!(right.count() >= 57, "{out}");
    let (out, _) = call(at, "export points.csv.deepal", 0);
    assert!(out.lines().count() == 91 && out.starts_with("id,label,asked_by\n"), "{out}");
    // Labels that the net has learnt from are no measure of it.
    fs::write(at.join("labels.csv"), out).unwrap();
    let (_, said) = call(at, "predict points.csv --net points.csv.deepal/net.safetensors", 0);
    assert!(said.contains("no accuracy: the net has learnt from all samples that have a label"), "{said}");
}

#[test]
fn what_is_wrong_is_named_and_changes_nothing() {
    let folder = points();
    let at = folder.path();
    let (_, said) = call(at, "status points.csv", 2);
    assert!(said.contains("`deepal init points.csv --classes A,B` makes one"), "{said}");
    let (_, said) = call(at, "train points.csv", 2);
    assert!(said.contains("--out NET.safetensors"), "{said}");
    call(at, "init missing/ --classes a,b", 3);
    call(at, "init points.csv --classes left,right --audit 0.7", 2);
    assert!(!at.join("points.csv.deepal").exists());
    call(at, "init points.csv --classes left,right", 0);
    let (_, said) = call(at, "init points.csv --classes left,right", 2);
    assert!(said.contains("is a project already"), "{said}");
    let (_, said) = call(at, "select points.csv --strategy margin", 2);
    assert!(said.contains("settled when it was made"), "{said}");
    call(at, "predict points.csv", 2);
    let (_, said) = call(at, "train points.csv", 2);
    assert!(said.contains("0 labels of 0 classes"), "{said}");
    fs::write(at.join("wrong.csv"), "id,label\np1,left\nq1,left\n").unwrap();
    let (_, said) = call(at, "label points.csv --from wrong.csv", 3);
    assert!(said.contains("`q1`") && said.contains("nothing was taken in"), "{said}");
    let (out, _) = call(at, "status points.csv", 0);
    assert!(out.contains("0: left 0, right 0"), "{out}");
}
