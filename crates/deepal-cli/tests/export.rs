//! `deepal export` from outside: tiny runs on the embedded digits, on a folder of pictures and on a table; every output is
//! parsed and compared with the run's events and with the data.
#![expect(clippy::unwrap_used, reason = "test helpers")]

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use deepal::SampleId;
use deepal::datasets::{self, Downloads};
use deepal::files::file_name;
use predicates::prelude::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{self, Child};
use tempfile::TempDir;

/// A label as the tests compare them: id, class, round and rank.
type Bought = (String, String, u64, u64);

// --- Helpers ---------------------------------------------------------------------------------------------------------

fn deepal(folder: &TempDir, line: &str) -> Assert {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deepal"));
    command.current_dir(folder).env_remove("DEEPAL_DATA").env_remove("RUST_BACKTRACE");
    command.env("DEEPAL_CACHE", "no-cache").args(line.split_whitespace()).assert()
}

fn stdout(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

/// A folder with the run `run` of two strategies on the digits.
fn digits() -> TempDir {
    let folder = TempDir::new().unwrap();
    let line = "run --dataset digits --net softmax-regression --seeds 1 --initial 20 --query 10 --rounds 1 --strategy \
                random,margin --progress none --out run";
    deepal(&folder, line).success();
    folder
}

/// The name of a class that markup and file systems do not like.
const ODD: &str = "dog & \"co\"";

/// A folder with 2 × 20 pictures in `pets` and the run `run` on them.
fn pets() -> TempDir {
    let folder = TempDir::new().unwrap();
    for (class, grey) in [("cat", 0), (ODD, 128)] {
        fs::create_dir_all(folder.path().join("pets").join(class)).unwrap();
        for number in 0..20 {
            let pixels = (0..5 * 6).map(|at| grey + (7 * number + 3 * at) % 120).collect::<Vec<_>>();
            let path = folder.path().join(format!("pets/{class}/test {number}.png"));
            let mut encoder = png::Encoder::new(fs::File::create(path).unwrap(), 6, 5);
            encoder.set_color(png::ColorType::Grayscale);
            encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
        }
    }
    let line = "run --dataset pets --net softmax-regression --seeds 1 --initial 8 --query 4 --rounds 1 --strategy margin \
                --progress none --out run";
    deepal(&folder, line).success();
    folder
}

/// The rounds in the events of a run.
fn rounds(folder: &TempDir) -> Vec<Value> {
    let text = fs::read_to_string(folder.path().join("run/events.jsonl")).unwrap();
    let events = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    events.filter(|event| event.to_string().contains("picks")).map(inner).collect()
}

/// The round in an event, however it is wrapped.
fn inner(event: Value) -> Value {
    let is_round = event.get("picks").is_some();
    match event {
        Value::Object(map) if !is_round => {
            map.into_values().find(|value| value.get("picks").is_some()).unwrap()
        }
        round => round,
    }
}

/// What the pets' run bought: its picks, by the ids in `samples.csv`; the class is the folder in the id.
fn bought(folder: &TempDir) -> BTreeSet<Bought> {
    let samples = fs::read_to_string(folder.path().join("run/samples.csv")).unwrap();
    let unquoted =
        |id: &str| id.strip_prefix('"').map_or(id.into(), |id| id[..id.len() - 1].replace("\"\"", "\""));
    let ids = samples.lines().skip(1).map(|line| unquoted(line.splitn(3, ',').nth(2).unwrap()));
    let ids = ids.collect::<Vec<String>>();
    let mut bought = BTreeSet::new();
    for round in rounds(folder) {
        for (pick, rank) in round["picks"].as_array().unwrap().iter().zip(1..) {
            let id = ids[usize::try_from(pick.as_u64().unwrap()).unwrap()].clone();
            let class = id.split('/').next().unwrap().to_owned();
            bought.insert((id, class, round["round"].as_u64().unwrap(), rank));
        }
    }
    assert_eq!(bought.len(), 12);
    bought
}

fn json(path: PathBuf) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// What is in a folder, by name.
fn names(folder: impl AsRef<Path>) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

// --- Tables ----------------------------------------------------------------------------------------------------------

#[test]
fn tables_have_every_label_of_every_job() {
    let folder = digits();
    let table = stdout(&deepal(&folder, "export run").success().stderr(""));
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some("dataset,net,strategy,seed,round,rank,id,class,score"));
    let rows =
        lines.map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>()).collect::<BTreeSet<_>>();
    let mut expected = BTreeSet::new();
    for round in rounds(&folder) {
        for (at, pick) in round["picks"].as_array().unwrap().iter().enumerate() {
            let score = &round["scores"][at];
            let fields = ["digits".into(), "softmax-regression".into(), text(&round["strategy"])];
            let rest = [&round["seed"], &round["round"], &(at + 1).into(), pick, &round["classes"][at]];
            let mut row = fields.into_iter().chain(rest.map(Value::to_string)).collect::<Vec<_>>();
            row.push(score.as_f64().map_or(String::new(), |score| score.to_string()));
            expected.insert(row);
        }
    }
    assert_eq!((rows.len(), &rows), (60, &expected));
    assert!(rows.iter().any(|row| !row[8].is_empty()));

    deepal(&folder, "export run --format jsonl --out labels.jsonl --strategy MarginSampling --seed 1")
        .success();
    let text = fs::read_to_string(folder.path().join("labels.jsonl")).unwrap();
    let column = |name: &str, object: &Value| match &object[name] {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Number(number) if name == "score" => number.as_f64().unwrap().to_string(),
        other => other.to_string(),
    };
    let columns = ["dataset", "net", "strategy", "seed", "round", "rank", "id", "class", "score"];
    let objects = text.lines().map(|line| {
        let object = serde_json::from_str::<Value>(line).unwrap();
        columns.iter().map(|name| column(name, &object)).collect::<Vec<_>>()
    });
    let margin = expected.into_iter().filter(|row| row[2] == "margin");
    assert_eq!(objects.collect::<BTreeSet<_>>(), margin.collect::<BTreeSet<_>>());
}

// --- Pictures --------------------------------------------------------------------------------------------------------

#[test]
fn pictures_of_a_listed_data_set_are_made_of_its_inputs() {
    let folder = digits();
    deepal(&folder, "export run --format imagefolder --strategy margin --out images").success();
    let data = (datasets::by_name("digits").unwrap().load)(&Downloads::default()).unwrap();
    let mut found = 0;
    for class in names(folder.path().join("images")) {
        for name in names(folder.path().join("images").join(&class)) {
            let path = folder.path().join("images").join(&class).join(&name);
            let sample = name.strip_suffix(".png").unwrap().parse::<usize>().unwrap();
            assert_eq!(data.train_labels[sample].index().to_string(), class);
            let file = std::io::BufReader::new(fs::File::open(path).unwrap());
            let mut picture = png::Decoder::new(file).read_info().unwrap();
            let mut pixels = vec![0; 64];
            picture.next_frame(&mut pixels).unwrap();
            let inputs = data.train.inputs(&[SampleId::from(sample)]).unwrap();
            // Mean and deviation of the digits' scale.
            let expected = inputs.iter().map(|input| (255.0 * (input * 0.3764 + 0.3058)).round() as u8);
            assert_eq!(pixels, expected.collect::<Vec<_>>());
            found += 1;
        }
    }
    assert_eq!(found, 30);
}

#[test]
fn the_users_own_pictures_stay_as_they_are() {
    let folder = pets();
    let bought = bought(&folder);
    let path = |name: &str| folder.path().join(name);
    let original = |id: &str| fs::read(path("pets").join(id)).unwrap();

    // An empty folder is as good as none.
    fs::create_dir(path("images")).unwrap();
    deepal(&folder, "export run --format imagefolder --out images").success();
    let mut n = 0;
    for (id, class, ..) in &bought {
        let odd = (class == ODD).then_some("dog & _co-");
        let class = file_name(class);
        assert!(odd.is_none_or(|odd| class.starts_with(odd)), "{class}");
        let name = file_name(&id.replace('/', "__"));
        assert_eq!(fs::read(path("images").join(class).join(name)).unwrap(), original(id));
        n += 1;
    }
    assert_eq!(
        names(path("images")).iter().map(|class| names(path("images").join(class)).len()).sum::<usize>(),
        n
    );

    deepal(&folder, "export run --format huggingface --out hub/pets").success();
    let lines = fs::read_to_string(path("hub/pets/train/metadata.jsonl")).unwrap();
    let mut found = BTreeSet::new();
    for line in lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let file = path("hub/pets/train").join(text(&line["file_name"]));
        assert_eq!(fs::read(file).unwrap(), original(&text(&line["id"])));
        assert_eq!((text(&line["strategy"]), line["score"].is_null()), ("margin".into(), line["round"] == 0));
        found.insert((text(&line["id"]), text(&line["label"]), line["round"].as_u64().unwrap()));
    }
    let expected = bought.iter().map(|(id, class, round, _)| (id.clone(), class.clone(), *round));
    assert_eq!(found, expected.collect());
    assert_eq!(names(path("hub/pets/train")).len(), 13);

    deepal(&folder, "export run --format coco --out coco").success();
    let coco = json(path("coco/annotations.json"));
    let list = |name: &str| coco[name].as_array().unwrap().clone();
    let categories =
        list("categories").into_iter().map(|one| (one["id"].as_u64().unwrap(), text(&one["name"])));
    let categories = categories.collect::<BTreeMap<_, _>>();
    assert_eq!(categories, BTreeMap::from([(1, "cat".into()), (2, ODD.into())]));
    let mut classes = Vec::new();
    for (image, annotation) in list("images").iter().zip(list("annotations")) {
        assert_eq!((&image["width"], &image["height"]), (&6.into(), &5.into()));
        assert_eq!(annotation["image_id"], image["id"]);
        assert_eq!(
            (&annotation["bbox"], &annotation["area"]),
            (&serde_json::json!([0, 0, 6, 5]), &30.into())
        );
        assert_eq!(annotation["iscrowd"], 0);
        assert_eq!(annotation["segmentation"], serde_json::json!([[0, 0, 6, 0, 6, 5, 0, 5]]));
        let class = categories[&annotation["category_id"].as_u64().unwrap()].clone();
        let file = fs::read(path("coco/images").join(text(&image["file_name"]))).unwrap();
        classes.push(class.clone());
        assert!(bought.iter().any(|(id, of, ..)| *of == class && original(id) == file));
    }
    assert_eq!((classes.len(), names(path("coco/images")).len()), (12, 12));
    // No temporary folder is left.
    assert_eq!(names(&folder), ["coco", "hub", "images", "pets", "run"].map(String::from).into());
}

#[test]
fn pictures_of_an_archive_stay_as_they_are_too() {
    let folder = pets();
    let path = |name: &str| folder.path().join(name);
    // The archive has one folder, `pets`, which says nothing, and is the same data by another name.
    let mut archive = zip::ZipWriter::new(fs::File::create(path("packed.zip")).unwrap());
    for class in names(path("pets")) {
        for name in names(path("pets").join(&class)) {
            archive
                .start_file(format!("pets/{class}/{name}"), zip::write::SimpleFileOptions::default())
                .unwrap();
            archive.write_all(&fs::read(path("pets").join(&class).join(name)).unwrap()).unwrap();
        }
    }
    archive.finish().unwrap();
    fs::rename(path("run"), path("run-folder")).unwrap();
    let line = "run --dataset packed.zip --net softmax-regression --seeds 1 --initial 8 --query 4 --rounds 1 --strategy \
                margin --progress none --out run";
    deepal(&folder, line).success();
    let bought = bought(&folder);
    // Whatever lay there when the net saw it, the files of the archive are what counts.
    let originals =
        bought.iter().map(|(id, class, ..)| (class.clone(), fs::read(path("pets").join(id)).unwrap()));
    let originals = originals.collect::<BTreeSet<_>>();
    fs::remove_dir_all(path("pets")).unwrap();

    deepal(&folder, "export run --format imagefolder --out images").success();
    let mut found = BTreeSet::new();
    for class in names(path("images")) {
        for name in names(path("images").join(&class)) {
            let bytes = fs::read(path("images").join(&class).join(name)).unwrap();
            found.insert((if class == "cat" { class.clone() } else { ODD.into() }, bytes));
        }
    }
    assert_eq!((found.len(), found == originals), (12, true));
    deepal(&folder, "export run --format coco --out coco").success();
    assert_eq!(json(path("coco/annotations.json"))["images"][11]["width"], 6);
    deepal(&folder, "export run --format huggingface --out hub").success();
    assert_eq!(names(path("hub/train")).len(), 13);
    deepal(&folder, "export run --format label-studio --out tasks.json").success();
    let tasks = json(path("tasks.json"));
    assert!(bought.iter().any(|(id, ..)| *id == text(&tasks[0]["data"]["id"])));

    fs::write(path("packed.zip"), "no archive").unwrap();
    let refused = deepal(&folder, "export run --format imagefolder --out more").code(3);
    refused.stderr(predicate::str::contains("packed.zip"));
    assert!(!path("more").exists());
}

#[test]
fn label_studio_gets_tasks_and_their_configuration() {
    let folder = pets();
    deepal(&folder, "export run --format label-studio --out tasks.json").success();
    let tasks = json(folder.path().join("tasks.json"));
    let mut found = BTreeSet::new();
    for task in tasks.as_array().unwrap() {
        let data = &task["data"];
        let result = &task["annotations"][0]["result"][0];
        let id = text(&data["id"]);
        let class = text(&result["value"]["choices"][0]);
        let quoted = id.replace(' ', "%20").replace('"', "%22").replace('&', "%26");
        assert_eq!(text(&data["image"]), format!("/data/local-files/?d=pets/{quoted}"));
        assert_eq!(
            [&result["from_name"], &result["to_name"], &result["type"]],
            ["label", "image", "choices"]
        );
        assert_eq!(data["al_strategy"], "margin");
        assert_eq!(data["al_score"].is_null(), data["al_round"] == 0);
        found.insert((id, class, data["al_round"].as_u64().unwrap(), data["al_rank"].as_u64().unwrap()));
    }
    assert_eq!(found, bought(&folder));
    let xml = fs::read_to_string(folder.path().join("tasks.xml")).unwrap();
    assert!(xml.contains("<Choices name=\"label\" toName=\"image\""), "{xml}");
    assert!(xml.contains("<Choice value=\"dog &amp; &quot;co&quot;\"/>"), "{xml}");
    let refused = deepal(&folder, "export run --format label-studio --out tasks.xml").code(2);
    refused.stderr(predicate::str::contains("`.json`"));
}

#[test]
fn samples_that_are_no_pictures_have_no_picture() {
    let folder = TempDir::new().unwrap();
    let rows = (0..60).map(|n| format!("row{n},{},{},{}\n", n % 7, n % 2 * 5, ["a", "b"][n % 2]));
    let table = "id,x,y,label\n".to_owned() + &rows.collect::<String>();
    fs::write(folder.path().join("points.csv"), table).unwrap();
    let line = "run --dataset points.csv --net softmax-regression --seeds 1 --initial 8 --query 4 --rounds 1 --strategy \
                random --progress none --out run";
    deepal(&folder, line).success();
    for format in ["imagefolder", "huggingface", "coco"] {
        let refused = deepal(&folder, &format!("export run --format {format} --out images")).code(2);
        refused.stderr(predicate::str::contains("not images").and(predicate::str::contains("csv")));
    }
    assert_eq!(names(&folder), ["points.csv", "run"].map(String::from).into());
    deepal(&folder, "export run --format label-studio --out tasks.json").success();
    let tasks = json(folder.path().join("tasks.json"));
    assert!(text(&tasks[0]["data"]["id"]).starts_with("row"));
    assert!(tasks[0]["data"].get("image").is_none());
    assert_eq!(tasks[0]["annotations"][0]["result"][0]["to_name"], "text");
    assert!(fs::read_to_string(folder.path().join("tasks.xml")).unwrap().contains("value=\"$id\""));
}

// --- Bad input -------------------------------------------------------------------------------------------------------

#[test]
fn wrong_choices_are_told_with_what_there_is() {
    let folder = digits();
    for (line, words) in [
        ("--format imagefolder --out x", "there are 2: margin with seed 1 on digits"),
        ("--format coco --strategy margin", "--out"),
        ("--strategy margn", "did you mean `margin`?"),
        ("--strategy bald", "it has margin, random"),
        ("--seed 7", "no labels of `7`; it has 1"),
        ("--dataset digit", "did you mean `digits`?"),
        ("--net-name mlp", "it has softmax-regression"),
        ("--format cocoo", "coco"),
    ] {
        let told = deepal(&folder, &format!("export run {line}")).code(2).stdout("");
        told.stderr(predicate::str::contains(words));
    }
    assert_eq!(names(&folder), ["run"].map(String::from).into());
}

#[cfg(unix)]
#[test]
fn an_export_shares_nothing_with_the_originals_and_takes_nothing_from_elsewhere() {
    use std::os::unix::fs::MetadataExt;
    let folder = pets();
    let path = |name: &str| folder.path().join(name);
    let pictures = || -> Vec<PathBuf> {
        let classes = fs::read_dir(path("images")).unwrap().map(|entry| entry.unwrap().path());
        classes.flat_map(|class| fs::read_dir(class).unwrap().map(|entry| entry.unwrap().path())).collect()
    };
    deepal(&folder, "export run --format imagefolder --out images").success();
    let originals = || {
        let folders = fs::read_dir(path("pets")).unwrap().map(|entry| entry.unwrap().path());
        let files = folders.flat_map(|folder| fs::read_dir(folder).unwrap());
        files.map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect::<BTreeSet<_>>()
    };
    let before = originals();
    for picture in pictures() {
        assert_eq!(fs::metadata(&picture).unwrap().nlink(), 1);
        fs::write(picture, "edited").unwrap();
    }
    assert_eq!(originals(), before);
    fs::remove_dir_all(path("images")).unwrap();

    // A run of others names what is outside.
    fs::write(path("secret.png"), "secret").unwrap();
    let samples = fs::read_to_string(path("run/samples.csv")).unwrap();
    let lines = samples.lines().map(|line| match line.splitn(3, ',').collect::<Vec<_>>()[..] {
        [dataset, sample, _] if dataset == "pets" => format!("{dataset},{sample},../secret.png\n"),
        _ => format!("{line}\n"),
    });
    fs::write(path("run/samples.csv"), lines.collect::<String>()).unwrap();
    for format in ["imagefolder", "coco", "huggingface"] {
        let line = format!("export run --format {format} --out images");
        deepal(&folder, &line).code(3).stderr(predicate::str::contains("leads out of it"));
        assert!(!path("images").exists());
    }
}

#[test]
fn nothing_is_written_where_it_would_become_samples() {
    let folder = pets();
    for line in [
        "report run --out pets/report.html",
        "report run --out pets/new/report.html",
        "export run --format imagefolder --out pets/new",
        "run --dataset pets --out pets/run",
    ] {
        let told = deepal(&folder, line).code(2).stdout("");
        told.stderr(
            predicate::str::contains("is inside `").and(predicate::str::contains("choose a folder outside")),
        );
        assert_eq!(names(folder.path().join("pets")), ["cat", ODD].map(String::from).into(), "{line}");
    }
    // From inside the folder too.
    let mut command = Command::new(env!("CARGO_BIN_EXE_deepal"));
    let command =
        command.current_dir(folder.path().join("pets")).args(["report", "../run", "--out", "x.html"]);
    command.assert().code(2);
    // What reading leaves out may be there.
    deepal(&folder, "report run --out pets/.deepal/report.html").success();
    deepal(&folder, "export run --format imagefolder --out pets/.deepal/images").success();
    assert!(
        stdout(&deepal(&folder, "data inspect pets --sheet pets/.deepal/x.png").success()).contains("40")
    );
    deepal(&folder, "run --resume run").success();
    fs::rename(folder.path().join("pets"), folder.path().join("gone")).unwrap();
    deepal(&folder, "report run --out gone/report.html").success();
}

#[test]
fn a_record_that_names_what_is_not_there_is_refused_by_line_and_stays() {
    let folder = pets();
    let path = folder.path().join("run/events.jsonl");
    let whole = fs::read_to_string(&path).unwrap();
    let line = 1 + whole.lines().position(|line| line.contains("\"picks\"")).unwrap();
    let first = |key: &str| {
        let list = &whole[whole.find(&format!("\"{key}\":[")).unwrap()..];
        list[..list.find([',', ']']).unwrap()].to_owned()
    };
    for (key, number, words) in [
        ("classes", 2, "names class 2"),
        ("picks", 40, "picks sample 40"),
        ("picks", 4_000_000_000_u32, "4000000000"),
    ] {
        let broken = whole.replacen(&first(key), &format!("\"{key}\":[{number}"), 1);
        assert_ne!(broken, whole);
        fs::write(&path, &broken).unwrap();
        for command in ["report run", "run --resume run", "export run", "run --dataset pets --out run"] {
            let line = format!("line {line}: ");
            let told = predicate::str::contains(line).and(predicate::str::contains(words));
            deepal(&folder, command).failure().stderr(told.and(predicate::str::contains("panicked").not()));
            assert_eq!(fs::read_to_string(&path).unwrap(), broken, "{command}");
        }
    }
}

/// File names and classes that a spreadsheet would run.
#[test]
fn cells_of_a_spreadsheet_are_harmless_if_asked_and_exact_if_not() {
    let folder = TempDir::new().unwrap();
    let mut table = "id,label,x,y\n".to_owned();
    for row in 0..40 {
        let class = ["=cat()", "@dog"][row % 2];
        table += &format!("\"=cmd({row},1)\",{class},{}.5,-{}\n", row % 2 * 9, row % 7);
    }
    fs::write(folder.path().join("pool.csv"), table).unwrap();
    let line = "run --dataset pool.csv --net softmax-regression --seeds 1 --initial 8 --query 4 --rounds 1 --strategy \
                margin --progress none --out run";
    deepal(&folder, line).success();
    deepal(&folder, "export run --net net.safetensors").success();
    for command in [
        "export run",
        "predict pool.csv --net net.safetensors --probs",
        "select pool.csv --budget 3",
        "select --table pool.csv --id id --strategy random --embeddings x --budget 3",
    ] {
        // A table whose rows are all labelled has nothing to pick.
        if command.starts_with("select pool") {
            let rows = fs::read_to_string(folder.path().join("pool.csv")).unwrap();
            fs::write(folder.path().join("open.csv"), rows.replace(",@dog,", ",,")).unwrap();
        }
        let command =
            command.replace("select pool", "select open").replace("open.csv", "open.csv --strategy random");
        let exact = stdout(&deepal(&folder, &command).success());
        let safe = stdout(&deepal(&folder, &format!("{command} --no-formulas")).success());
        assert!(exact.contains(",\"=cmd(") || exact.contains("\n\"=cmd("), "{exact}");
        assert!(
            !safe.contains(",\"=cmd(") && !safe.contains("\n\"=cmd(") && safe.contains("\"'=cmd("),
            "{safe}"
        );
        assert!(!safe.contains(",@dog") && !safe.contains(",=cat"), "{safe}");
        assert_eq!(safe.replace('\'', ""), exact, "numbers stay");
        deepal(&folder, &format!("{command} --no-formulas --out safe.csv")).success();
        assert_eq!(fs::read_to_string(folder.path().join("safe.csv")).unwrap(), safe);
    }
}

#[test]
fn a_run_that_is_not_there_or_has_no_round_is_told() {
    let folder = TempDir::new().unwrap();
    deepal(&folder, "export nowhere").code(3).stderr(predicate::str::contains("holds no run"));
    let folder = digits();
    fs::write(folder.path().join("run/events.jsonl"), "").unwrap();
    deepal(&folder, "export run").code(3).stderr(predicate::str::contains("no finished round"));
}

#[test]
fn nothing_is_overwritten_and_nothing_half_written_stays() {
    let folder = pets();
    let line = "export run --format imagefolder --out images";
    fs::create_dir(folder.path().join("images")).unwrap();
    fs::write(folder.path().join("images/mine"), "x").unwrap();
    deepal(&folder, line).code(4).stderr(predicate::str::contains("not empty"));
    assert_eq!(names(folder.path().join("images")), ["mine".to_owned()].into());
    fs::remove_dir_all(folder.path().join("images")).unwrap();

    let (id, ..) = bought(&folder).pop_last().unwrap();
    fs::remove_file(folder.path().join("pets").join(id)).unwrap();
    deepal(&folder, line).code(3).stderr(predicate::str::contains("cannot read"));
    assert_eq!(names(&folder), ["pets", "run"].map(String::from).into());

    fs::remove_file(folder.path().join("run/samples.csv")).unwrap();
    deepal(&folder, "export run").code(3).stderr(predicate::str::contains("samples.csv"));
}

/// An export that waits for one picture, a pipe, to be written; its original bytes; and where it is.
fn waiting_export(folder: &TempDir) -> (Child, Vec<u8>, PathBuf) {
    let (id, ..) = bought(folder).pop_first().unwrap();
    let picture = folder.path().join("pets").join(id);
    let bytes = fs::read(&picture).unwrap();
    fs::remove_file(&picture).unwrap();
    assert!(process::Command::new("mkfifo").arg(&picture).status().unwrap().success());
    let mut command = process::Command::new(env!("CARGO_BIN_EXE_deepal"));
    command.current_dir(folder).args(["export", "run", "--format", "coco", "--out", "coco"]);
    (command.stderr(process::Stdio::piped()).spawn().unwrap(), bytes, picture)
}

/// What lies beside the sources after an export: `coco`, or what it left.
fn left(folder: &TempDir) -> Vec<String> {
    names(folder).into_iter().filter(|name| !["pets", "run"].contains(&name.as_str())).collect()
}

#[test]
fn ctrl_c_leaves_nothing() {
    let folder = pets();
    let (mut export, bytes, picture) = waiting_export(&folder);
    // This waits until the export reads it.
    let mut pipe = fs::OpenOptions::new().write(true).open(&picture).unwrap();
    assert!(matches!(&left(&folder)[..], [half] if half.starts_with("coco.") && half.ends_with(".tmp")));
    let kill = process::Command::new("kill").args(["-INT", &export.id().to_string()]).status();
    assert!(kill.unwrap().success());
    let mut stderr = BufReader::new(export.stderr.take().unwrap());
    let mut told = String::new();
    while !told.contains("stopping after the present file") {
        assert_ne!(stderr.read_line(&mut told).unwrap(), 0, "{told}");
    }
    pipe.write_all(&bytes).unwrap();
    drop(pipe);
    assert_eq!(export.wait().unwrap().code(), Some(130));
    stderr.read_to_string(&mut told).unwrap();
    assert!(told.contains("interrupted: nothing was exported"), "{told}");
    assert!(left(&folder).is_empty());
}

#[test]
fn what_a_killed_export_left_goes_with_the_next_one_and_not_before() {
    let folder = pets();
    let (mut killed, bytes, picture) = waiting_export(&folder);
    let pipe = fs::OpenOptions::new().write(true).open(&picture).unwrap();
    let temporary = left(&folder).into_iter().find(|name| name.ends_with(".tmp")).unwrap();
    // Somebody is at it: another export lets it be.
    deepal(&folder, "export run --format csv --out coco.csv").success();
    deepal(&folder, "export run --format label-studio --out coco").success();
    fs::remove_file(folder.path().join("coco")).unwrap();
    assert!(left(&folder).contains(&temporary));
    killed.kill().unwrap();
    killed.wait().unwrap();
    drop(pipe);
    assert!(left(&folder).contains(&temporary), "a kill leaves it");
    fs::remove_file(&picture).unwrap();
    fs::write(&picture, bytes).unwrap();
    deepal(&folder, "export run --format coco --out coco/").success();
    assert_eq!(left(&folder), ["coco", "coco.csv", "coco.xml"]);
}
