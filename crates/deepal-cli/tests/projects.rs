//! A project on the command line: from a table to predictions, and what is refused.

#![expect(clippy::unwrap_used, reason = "in a test a failed unwrap is the failure")]

use assert_cmd::Command;
use deepal::Monitor;
use deepal::project::{Action, Answer, AskedBy, Project};
use serde_json::{Value, json};
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
    assert!(
        again == first && said.contains("30 questions of the last batch still without an answer"),
        "{said}"
    );
    for round in 0..3 {
        let sheet = format!("picks{round}");
        let (_, said) = call(at, &format!("select points.csv --sheet {sheet}.html"), 0);
        assert!(said.contains(&format!("deepal label points.csv --from {sheet}.csv")), "{said}");
        let page = fs::read_to_string(at.join(format!("{sheet}.html"))).unwrap();
        assert!(page.contains("left, right") && page.matches("<li>").count() == 30);
        let table = fs::read_to_string(at.join(format!("{sheet}.csv"))).unwrap();
        fs::write(at.join(format!("{sheet}.csv")), filled(&table)).unwrap();
        let (out, _) = call(at, &format!("label points.csv --from {sheet}.csv"), 0);
        assert!(out.starts_with("30 labels imported"), "{out}");
    }
    let (out, _) = call(at, "train points.csv", 0);
    for words in [
        "drawn at random; measured with a net that has not learnt from them",
        "trained on 90 labels",
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
    assert!(said.contains("create one with `deepal init points.csv --classes A,B`"), "{said}");
    let (_, said) = call(at, "train points.csv", 2);
    assert!(said.contains("--out NET.safetensors"), "{said}");
    call(at, "init missing/ --classes a,b", 3);
    call(at, "init points.csv --classes left,right --audit 0.7", 2);
    assert!(!at.join("points.csv.deepal").exists());
    call(at, "init points.csv --classes left,right", 0);
    let (_, said) = call(at, "init points.csv --classes left,right", 2);
    assert!(said.contains("is a project already"), "{said}");
    let (_, said) = call(at, "select points.csv --strategy margin", 2);
    assert!(said.contains("has its own net, strategy, seed and model"), "{said}");
    call(at, "predict points.csv", 2);
    let (_, said) = call(at, "train points.csv", 2);
    assert!(said.contains("0 labels of 0 classes"), "{said}");
    fs::write(at.join("wrong.csv"), "id,label\np1,left\nq1,left\n").unwrap();
    let (_, said) = call(at, "label points.csv --from wrong.csv", 3);
    assert!(said.contains("`q1`") && said.contains("nothing was taken in"), "{said}");
    let (out, _) = call(at, "status points.csv", 0);
    assert!(out.contains("0: left 0, right 0"), "{out}");
}

#[test]
fn a_sheet_shows_texts_and_rows() {
    let folder = points();
    let at = folder.path();
    let mut table = "id,text\n".to_owned();
    (0..30).for_each(|i| writeln!(table, "t{i},\"one <b>good</b> film, seen {i} times\"").unwrap());
    fs::write(at.join("texts.csv"), table).unwrap();
    for (source, words) in
        [("texts.csv", "one &lt;b&gt;good&lt;/b&gt; film, seen "), ("points.csv", "<th>x</th><td>")]
    {
        call(at, &format!("init {source} --classes good,bad --batch 5"), 0);
        call(at, &format!("select {source} --sheet {source}.html"), 0);
        let page = fs::read_to_string(at.join(format!("{source}.html"))).unwrap();
        assert_eq!((page.matches(words).count(), page.matches("<b>good").count()), (5, 0), "{page}");
    }
}

/// A project `pets.deepal` about 16 pictures: 6 cats, 6 dogs, one skipped, one discarded; one of the cats has a flag, and dogs were
/// called otherwise when they were labelled.
fn pets() -> TempDir {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    fs::create_dir(at.join("pets")).unwrap();
    for number in 0..16_u8 {
        let file = fs::File::create(at.join(format!("pets/{number:02}.png"))).unwrap();
        let mut encoder = png::Encoder::new(file, 6, 5);
        encoder.set_color(png::ColorType::Grayscale);
        let pixels = (0..30).map(|at| 100 * (number % 2) + 5 * at % 90 + number).collect::<Vec<_>>();
        encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    }
    call(at, "init pets --classes cat,hound", 0);
    let project = Project::open(&at.join("pets.deepal"), Monitor::silent()).unwrap();
    let answer = |number: u32, action| Answer {
        id: format!("{number:02}.png"),
        action,
        asked_by: AskedBy::Strategy,
        annotator: "ann".into(),
        millis: None,
    };
    let mut answers =
        (0..12).map(|number| answer(number, Action::Label { class: number % 2 })).collect::<Vec<_>>();
    answers.push(answer(0, Action::Flag { note: "blurred".into() }));
    answers.extend([answer(12, Action::Skip), answer(13, Action::Discard)]);
    project.answer_all(&answers).unwrap();
    project.rename_class(1, "dog").unwrap();
    folder
}

/// The names of the files in a folder.
fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>();
    names.sort();
    names
}

#[test]
fn labels_of_a_project_are_exported_in_every_form() {
    let folder = pets();
    let at = folder.path();
    let numbers = |class: usize| (0..6).map(|i| format!("{:02}.png", 2 * i + class)).collect::<Vec<_>>();
    let (out, _) = call(at, "export pets.deepal --format imagefolder --out folders", 0);
    assert_eq!(out, "12 labels in folders\n");
    assert_eq!(files(&at.join("folders")), ["cat", "dog"]);
    for (class, name) in ["cat", "dog"].into_iter().enumerate() {
        assert_eq!(files(&at.join("folders").join(name)), numbers(class));
        let copy = fs::read(at.join("folders").join(name).join(&numbers(class)[0])).unwrap();
        assert_eq!(copy, fs::read(at.join("pets").join(&numbers(class)[0])).unwrap());
    }
    call(at, "export pets.deepal --format huggingface --out hf", 0);
    let lines = fs::read_to_string(at.join("hf/train/metadata.jsonl")).unwrap();
    assert_eq!((lines.lines().count(), files(&at.join("hf/train")).len()), (12, 13));
    let line = serde_json::from_str::<Value>(lines.lines().nth(1).unwrap()).unwrap();
    assert_eq!(line, json!({"file_name": "01.png", "label": "dog", "id": "01.png", "asked_by": "strategy"}));
    call(at, "export pets.deepal --format coco --out coco", 0);
    let coco = serde_json::from_slice::<Value>(&fs::read(at.join("coco/annotations.json")).unwrap()).unwrap();
    assert_eq!((coco["images"].as_array().unwrap().len(), files(&at.join("coco/images")).len()), (12, 12));
    assert_eq!(coco["categories"], json!([{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]));
    assert_eq!(
        (&coco["annotations"][1]["bbox"], &coco["annotations"][1]["category_id"]),
        (&json!([0, 0, 6, 5]), &json!(2))
    );
    call(at, "export pets.deepal --format label-studio --out tasks.json", 0);
    let tasks = serde_json::from_slice::<Value>(&fs::read(at.join("tasks.json")).unwrap()).unwrap();
    assert_eq!(tasks.as_array().unwrap().len(), 12);
    assert_eq!(tasks[1]["data"]["image"], "/data/local-files/?d=pets/01.png");
    assert_eq!(tasks[1]["annotations"][0]["result"][0]["value"]["choices"], json!(["dog"]));
    // What was written can be taken in again.
    call(at, "init pets --classes cat,dog --project again", 0);
    let (out, _) = call(at, "label again --from tasks.json", 0);
    assert!(out.starts_with("12 labels imported"), "{out}");
}

#[test]
fn texts_are_exported_as_tasks_but_not_as_pictures() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    fs::write(
        at.join("texts.csv"),
        "id,text\na,one good film here\nb,one bad film there\nc,no film at all\n",
    )
    .unwrap();
    call(at, "init texts.csv --classes good,bad", 0);
    let (_, said) = call(at, "export texts.csv.deepal --format label-studio --out tasks.json", 2);
    assert!(said.contains("there is no label to write"), "{said}");
    fs::write(at.join("answers.csv"), "id,label\na,good\nb,bad\nc,skip\n").unwrap();
    call(at, "label texts.csv --from answers.csv", 0);
    let (_, said) = call(at, "export texts.csv.deepal --format label-studio", 2);
    assert!(said.contains("--out PATH"), "{said}");
    call(at, "export texts.csv.deepal --format label-studio --out tasks.json", 0);
    let tasks = serde_json::from_slice::<Value>(&fs::read(at.join("tasks.json")).unwrap()).unwrap();
    assert_eq!(
        (tasks.as_array().unwrap().len(), &tasks[0]["data"]["text"]),
        (2, &json!("one good film here"))
    );
    assert!(fs::read_to_string(at.join("tasks.xml")).unwrap().contains(r#"value="$text""#));
    let (_, said) = call(at, "export texts.csv.deepal --format coco --out coco", 2);
    assert!(said.contains("not images") && !at.join("coco").exists(), "{said}");
}
