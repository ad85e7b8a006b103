//! A project from the first question to the net, and all that can go wrong on the way.

#![expect(clippy::unwrap_used, reason = "in a test a failed unwrap is the failure")]

use deepal_engine::{Kind, Monitor, Prediction};
use deepal_project::{Action, Answer, AskedBy, Differs, FILE, Project, Setup, Wanted, train_source};
use rusqlite::Connection;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use tempfile::TempDir;

/// A table of 120 points in three clouds, `cat`, `dog` and `ship`, without labels.
fn points(folder: &TempDir) -> PathBuf {
    points_in_order(folder, 0..120)
}

fn points_in_order(folder: &TempDir, order: impl Iterator<Item = u32>) -> PathBuf {
    let mut table = "id,x,y\n".to_owned();
    for i in order {
        let (x, y) = [(0.0, 0.0), (4.0, 0.0), (0.0, 4.0)][i as usize % 3];
        let (a, b) = (f64::from(i).sin(), (1.7 * f64::from(i)).cos());
        writeln!(table, "p{i},{},{}", x + a, y + b).unwrap();
    }
    let path = folder.path().join("points.csv");
    fs::write(&path, table).unwrap();
    path
}

fn class(id: &str) -> u32 {
    id[1..].parse::<u32>().unwrap() % 3
}

const CLASSES: [&str; 3] = ["cat", "dog", "ship"];

fn setup(source: &Path) -> Setup {
    Setup { audit: 0.2, batch: 10, ..Setup::new(source, CLASSES.map(String::from).to_vec()) }
}

fn said(id: &str, action: Action, asked_by: AskedBy) -> Answer {
    Answer { id: id.into(), action, asked_by, annotator: "ann".into(), millis: Some(900) }
}

fn label(id: &str, asked_by: AskedBy) -> Answer {
    said(id, Action::Label { class: class(id) }, asked_by)
}

fn made(folder: &TempDir) -> Project {
    let source = points(folder);
    Project::create(&Project::folder_for(&source), &setup(&source), Monitor::silent()).unwrap()
}

/// Asks a batch and answers all of it.
fn round(project: &Project) -> usize {
    let done = project.work().run(project.setup().batch, Monitor::silent()).unwrap();
    project.adopt(&done).unwrap();
    let open = project.open_questions();
    let answers = open.iter().map(|question| label(&question.id, question.asked_by)).collect::<Vec<_>>();
    project.answer_all(&answers).unwrap();
    open.len()
}

fn open(folder: &Path) -> Project {
    Project::open(folder, Monitor::silent()).unwrap()
}

#[test]
fn from_the_first_question_to_the_net() {
    let folder = TempDir::new().unwrap();
    let project = made(&folder);
    let first = project.work().run(10, Monitor::silent()).unwrap();
    assert!(first.net.is_none() && first.training.is_none() && first.batch.questions.len() == 10);
    assert_eq!(project.status().accuracy.sentence, "no net has been trained yet");
    for _ in 0..11 {
        assert_eq!(round(&project), 10);
    }
    let (state, status) = (project.state(), project.status());
    assert_eq!((status.n_labeled, state.decisions.len(), status.n_open), (110, 110, 0));
    // A fifth of the questions is drawn, and nothing else is asked of what is held back.
    let audited = status.per_asked_by.iter().find(|(by, _)| *by == AskedBy::Audit).unwrap().1;
    assert_eq!(audited, 22.min(audited));
    for (row, item) in
        state.items.iter().enumerate().filter(|(_, item)| item.asked_by == Some(AskedBy::Audit))
    {
        assert!(project.is_reserved(row), "{item:?}");
    }
    let last = state.trainings.last().unwrap();
    assert!(last.agreement.unwrap() > 0.9 && last.n_labeled + audited >= 100, "{last:?}");
    assert_eq!(status.accuracy.of, audited);

    let net = project.train(&project.net_file(), Monitor::silent()).unwrap();
    assert_eq!(net.n_labeled, 110);
    let measured = net.cross_validation.unwrap();
    assert!(measured.n() == 110 && measured.accuracy() > 0.9, "{measured:?}");
    let source = project.source().path.clone();
    let prediction = Prediction::open(&project.net_file(), &source, None, Monitor::silent()).unwrap();
    assert_eq!(prediction.about().learnt_from.len(), 110);
    let state = project.state();
    let prediction = prediction.only(|id| state.items[project.row(id).unwrap()].class.is_none());
    let (mut seen, mut right) = (0, 0);
    let each = prediction.each(Monitor::silent(), |piece| {
        seen += piece.len();
        right += piece.iter().filter(|one| CLASSES[class(one.id) as usize] == one.class).count();
        Ok(())
    });
    each.unwrap();
    assert!(seen == 10 && right >= 9, "{right} of {seen}");
}

#[test]
fn all_of_it_is_there_again() {
    let folder = TempDir::new().unwrap();
    let project = made(&folder);
    round(&project);
    round(&project);
    let done = project.work().run(10, Monitor::silent()).unwrap();
    project.adopt(&done).unwrap();
    project.answer(&said(&project.open_questions()[0].id, Action::Skip, AskedBy::Strategy)).unwrap();
    project.answer(&said("p1", Action::Flag { note: "odd".into() }, AskedBy::Found)).unwrap();
    project.add_class("bird").unwrap();
    project.rename_class(0, "tiger").unwrap();
    project.set_guideline(1, "any dog").unwrap();
    let (before, status, open_before) = (project.state(), project.status(), project.open_questions());
    assert_eq!(open_before.len(), 9);
    let at = project.folder().to_owned();
    drop(project);
    let again = open(&at);
    assert_eq!((again.state(), again.status(), again.open_questions()), (before, status, open_before));
    // The same questions again, by the same net.
    let work = || again.work().run(10, Monitor::silent()).unwrap().batch;
    assert_eq!(work(), work());
}

#[test]
fn undo_brings_back_what_was() {
    let folder = TempDir::new().unwrap();
    let project = made(&folder);
    assert_eq!(project.undo("ann").unwrap(), None);
    let states = ["p1", "p2"].map(|id| {
        let state = project.state();
        project.answer(&label(id, AskedBy::Strategy)).unwrap();
        state
    });
    let labeled = project.state();
    project.answer(&said("p2", Action::Discard, AskedBy::Strategy)).unwrap();
    assert!(project.state().items[project.row("p2").unwrap()].is_discarded);
    for (id, before) in [("p2", &labeled), ("p2", &states[1]), ("p1", &states[0])] {
        assert_eq!(project.undo("ann").unwrap().unwrap().answer.id, id);
        assert_eq!(project.state(), *before);
    }
    assert_eq!(project.undo("ann").unwrap(), None);
}

#[test]
fn nets_learn_from_no_audit_label_and_nobody_finds_one() {
    let folder = TempDir::new().unwrap();
    let project = made(&folder);
    let row = (0..120).find(|row| project.is_reserved(*row)).unwrap();
    let id = project.source().ids[row].clone();
    let error = project.answer(&label(&id, AskedBy::Found)).unwrap_err();
    assert!(error.to_string().contains("held back") && error.kind() == Kind::Setting, "{error}");
    project.answer(&label(&id, AskedBy::Audit)).unwrap();
    project.answer(&said(&id, Action::Label { class: 2 }, AskedBy::Found)).unwrap();
    assert_eq!(project.state().items[row].asked_by, Some(AskedBy::Audit));
    assert_eq!(project.work().run(1, Monitor::silent()).unwrap().batch.n_labeled, 0);
    for _ in 0..6 {
        let done = project.work().run(10, Monitor::silent()).unwrap();
        let picked = done.batch.questions.iter().filter(|question| question.asked_by == AskedBy::Strategy);
        assert!(picked.into_iter().all(|question| !project.is_reserved(project.row(&question.id).unwrap())));
        project.adopt(&done).unwrap();
        let open = project.open_questions();
        project.answer_all(&open.iter().map(|one| label(&one.id, one.asked_by)).collect::<Vec<_>>()).unwrap();
    }
}

#[test]
fn what_was_skipped_comes_last_and_what_was_discarded_never() {
    let folder = TempDir::new().unwrap();
    let project = made(&folder);
    project.answer(&said("p7", Action::Skip, AskedBy::Strategy)).unwrap();
    project.answer(&said("p8", Action::Discard, AskedBy::Strategy)).unwrap();
    let (mut asked, mut skipped_again) = (Vec::new(), false);
    loop {
        let done = project.work().run(30, Monitor::silent()).unwrap();
        project.adopt(&done).unwrap();
        if done.batch.questions.is_empty() {
            break;
        }
        let open = project.open_questions();
        assert_eq!(open.len(), done.batch.questions.len());
        asked.extend(open.iter().map(|question| question.id.clone()));
        for one in open {
            if one.id == "p7" && !skipped_again {
                skipped_again = true;
                project.answer(&said("p7", Action::Skip, one.asked_by)).unwrap();
            } else {
                project.answer(&label(&one.id, one.asked_by)).unwrap();
            }
        }
        assert_eq!(project.open_questions(), []);
    }
    assert_eq!((asked.len(), &asked[118..]), (120, ["p7", "p7"].map(String::from).as_slice()));
    assert!(!asked.contains(&"p8".to_owned()));
    assert_eq!(project.status().n_discarded, 1);
}

#[test]
fn a_strategy_that_needs_a_net_has_a_fall_back() {
    let folder = TempDir::new().unwrap();
    let source = points(&folder);
    let setup = Setup { strategy: "margin".into(), ..setup(&source) };
    let project = Project::create(&Project::folder_for(&source), &setup, Monitor::silent()).unwrap();
    let batch = project.work().run(10, Monitor::silent()).unwrap().batch;
    assert!(batch.strategy == "auto" && batch.fallback.unwrap().contains("`margin`"));
    round(&project);
    let batch = project.work().run(10, Monitor::silent()).unwrap().batch;
    assert!(batch.strategy == "margin" && batch.fallback.is_none());
    assert!(
        batch.questions.iter().all(|question| question.likeliest.len() == 3 && question.nearest.len() == 3)
    );
}

#[test]
fn what_was_answered_meanwhile_is_not_asked() {
    let folder = TempDir::new().unwrap();
    let project = made(&folder);
    let work = project.work();
    let done = std::thread::spawn(move || work.run(10, Monitor::silent()).unwrap()).join().unwrap();
    let first = &done.batch.questions[0];
    project.answer(&label(&first.id, first.asked_by)).unwrap();
    project.adopt(&done).unwrap();
    assert_eq!(project.open_questions().len(), 9);
}

#[test]
fn work_stops_when_it_is_told_to() {
    let folder = TempDir::new().unwrap();
    let project = made(&folder);
    round(&project);
    let (hear, stop) = (|_: deepal_engine::News<'_>| {}, AtomicBool::new(true));
    let error = project.work().run(10, Monitor { hear: &hear, stop: &stop }).unwrap_err();
    assert_eq!(error.kind(), Kind::Interrupted);
}

#[test]
fn labels_of_the_source_are_taken_in() {
    let folder = TempDir::new().unwrap();
    let source = points(&folder);
    fs::write(folder.path().join("labels.csv"), "id,label\np0,cat\np1,dog\np4,skip\n").unwrap();
    let strange = Setup { classes: vec!["cat".into(), "bird".into()], ..setup(&source) };
    let at = Project::folder_for(&source);
    let error = Project::create(&at, &strange, Monitor::silent()).unwrap_err().to_string();
    assert!(error.contains("`dog`") && error.contains("cat, bird") && !at.join(FILE).exists(), "{error}");
    let project = Project::create(&at, &setup(&source), Monitor::silent()).unwrap();
    let status = project.status();
    assert_eq!((status.n_labeled, status.n_skipped), (2, 1));
    assert_eq!(status.per_asked_by.last(), Some(&(AskedBy::Import, 2)));
    assert_eq!(project.undo("ann").unwrap(), None);
    let error = Project::create(&at, &setup(&source), Monitor::silent()).unwrap_err().to_string();
    assert!(error.contains("is a project already"), "{error}");
}

#[test]
fn files_of_answers_are_taken_in_whole_or_not_at_all() {
    let folder = TempDir::new().unwrap();
    let project = made(&folder);
    let done = project.work().run(10, Monitor::silent()).unwrap();
    project.adopt(&done).unwrap();
    let take = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        project.take_in(&path, "ann")
    };
    let before = project.state();
    for (text, words) in [
        ("id,label\np0,cat\nq1,dog\nq2,dog\n", vec!["2 rows", "`q1`, `q2`", "nothing was taken in"]),
        ("id,label\np0,cat\np1,bird\np2,fish\n", vec!["`bird`, `fish`", "cat, dog, ship"]),
        ("id,label\np0,cat\np1,dog\np0,dog\n", vec!["`p0` is `cat` and `dog`"]),
    ] {
        let error = take("wrong.csv", text).unwrap_err();
        assert_eq!(error.kind(), Kind::Input);
        assert!(words.iter().all(|word| error.to_string().contains(word)), "{error}");
        assert_eq!(project.state(), before);
    }
    let (_, csv) = project.sheet().unwrap();
    let filled = String::from_utf8(csv).unwrap();
    let filled = filled.lines().map(|line| match line.strip_suffix(',') {
        Some(id) => format!("{id},{}\n", CLASSES[class(id) as usize]),
        None => format!("{line}\n"),
    });
    let filled = filled.collect::<String>();
    assert_eq!(take("picks.csv", &filled).unwrap().labeled, 10);
    assert_eq!(project.status().n_labeled, 10);
    // As it was asked, so that what was drawn counts for the accuracy.
    assert_eq!(project.status().per_asked_by[..2], [(AskedBy::Strategy, 8), (AskedBy::Audit, 2)]);
    let again = take("picks.csv", &filled).unwrap();
    assert_eq!((again.labeled, again.unchanged), (0, 10));
    let free =
        project.source().ids.iter().filter(|id| project.state().items[project.row(id).unwrap()].is_open());
    let free = free.take(4).cloned().collect::<Vec<_>>();
    let studio = format!(
        r#"[{{"id": 1, "data": {{"id": "{}"}}, "annotations": [{{"result": [{{"type": "choices", "value": {{"choices": ["dog"]}}}}]}}]}},
            {{"id": 2, "data": {{"id": "{}"}}, "annotations": []}}]"#,
        free[0], free[1]
    );
    assert_eq!(take("tasks.json", &studio).unwrap().labeled, 1);
    let prodigy = format!(
        "{{\"id\": \"{}\", \"label\": \"cat\", \"answer\": \"accept\"}}\n{{\"id\": \"{}\", \"answer\": \"ignore\"}}\n",
        free[2], free[3]
    );
    let taken = take("done.jsonl", &prodigy).unwrap();
    assert_eq!((taken.labeled, taken.skipped), (1, 1));
}

#[test]
fn one_writes_and_others_look() {
    let folder = TempDir::new().unwrap();
    let project = made(&folder);
    round(&project);
    let error = Project::open(project.folder(), Monitor::silent()).unwrap_err();
    assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
    let reader = Project::read(project.folder(), Monitor::silent()).unwrap();
    assert_eq!(reader.state(), project.state());
    assert!(reader.answer(&label("p3", AskedBy::Found)).is_err());
    project.answer(&label("p3", AskedBy::Strategy)).unwrap();
    drop((reader, project));
    open(&Project::folder_for(&folder.path().join("points.csv")));
}

#[test]
fn any_sqlite_tool_shows_the_labels() {
    let folder = TempDir::new().unwrap();
    let project = made(&folder);
    let answers = ["p0", "p1", "p2", "p3"].map(|id| label(id, AskedBy::Strategy));
    project.answer_all(&answers).unwrap();
    project.answer(&said("p1", Action::Skip, AskedBy::Strategy)).unwrap();
    project.answer(&label("p5", AskedBy::Strategy)).unwrap();
    project.undo("ann").unwrap();
    project.rename_class(0, "tiger").unwrap();
    let path = project.folder().join(FILE);
    let tool = Connection::open(&path).unwrap();
    let mut labels =
        tool.prepare("SELECT item, class, asked_by, annotator FROM labels ORDER BY item").unwrap();
    let rows =
        labels.query_map([], |row| Ok([row.get::<_, String>(0)?, row.get(1)?, row.get(2)?, row.get(3)?]));
    let rows = rows.unwrap().collect::<Result<Vec<_>, _>>().unwrap();
    let row = |id: &str, class: &str| [id, class, "strategy", "ann"].map(String::from);
    assert_eq!(rows, [row("p0", "tiger"), row("p2", "ship"), row("p3", "tiger")]);
    assert!(tool.execute("DELETE FROM events", []).unwrap_err().to_string().contains("never deleted"));
}

#[test]
fn files_of_another_kind_are_refused_and_untouched() {
    let folder = TempDir::new().unwrap();
    let project = made(&folder);
    project.answer(&label("p3", AskedBy::Strategy)).unwrap();
    let at = project.folder().to_owned();
    let path = at.join(FILE);
    drop(project);
    let whole = fs::read(&path).unwrap();
    let refused = |words: &str| {
        let bytes = fs::read(&path).unwrap();
        let error = Project::open(&at, Monitor::silent()).unwrap_err();
        assert!(error.kind() == Kind::Input && error.to_string().contains(words), "{error}");
        assert_eq!(fs::read(&path).unwrap(), bytes);
    };
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 7).unwrap();
    refused("newer deepal (format 7");
    for cut in [0, 60, whole.len() / 2, whole.len() - 4096] {
        fs::write(&path, &whole[..cut]).unwrap();
        // Without the whole heading it is no file of any kind.
        refused(if cut < 100 { "no project of deepal" } else { "damaged or cut short" });
    }
    fs::write(&path, &whole).unwrap();
    assert_eq!(open(&at).status().n_labeled, 1);
    let error = Project::open(folder.path(), Monitor::silent()).unwrap_err();
    assert!(error.to_string().contains("is no project"), "{error}");
}

#[test]
fn events_that_cannot_be_are_named_and_the_file_stays() {
    let folder = TempDir::new().unwrap();
    let project = made(&folder);
    assert_eq!(round(&project), 10);
    let at = project.folder().to_owned();
    let path = at.join(FILE);
    drop(project);
    let whole = fs::read(&path).unwrap();
    let add = "INSERT INTO events (at, annotator, asked_by, action, item, class, data) VALUES (0, 'x', 'strategy', ";
    let batch = |likeliest: &str, twice: &str| {
        let question = |id: &str| {
            format!(
                "{{\"id\":\"{id}\",\"asked_by\":\"strategy\",\"rank\":1,\"score\":null,\"likeliest\":[{likeliest}],\"nearest\":[]}}"
            )
        };
        let questions = format!("[{},{}]", question("p1"), question(twice));
        format!(
            "'batch', NULL, NULL, '{{\"event\":0,\"questions\":{questions},\"strategy\":\"auto\",\"fallback\":null,\"n_labeled\":3}}')"
        )
    };
    let training = |audit: &str, agreement: &str| {
        format!(
            "'training', NULL, NULL, '{{\"event\":0,\"at\":0,\"n_labeled\":9,\"seconds\":1.0,\"audit\":{audit},\"agreement\":{agreement}}}')"
        )
    };
    for (event, words) in [
        ("'label', 'p1', 3, NULL)".to_owned(), "names class 3, and there were 3, counted from 0"),
        ("'rename', NULL, 9, NULL)".to_owned(), "names class 9"),
        (batch("[7,0.5]", "p2"), "names class 7"),
        (batch("[1,-1e308]", "p2"), "has the probability -1"),
        (batch("[1,0.5]", "p1"), "asks for `p1` twice"),
        (training("[5,4]", "0.5"), "has 5 right of 4"),
        (training("[4,5]", "1.5"), "has the agreement 1.5"),
    ] {
        fs::write(&path, &whole).unwrap();
        Connection::open(&path).unwrap().execute(&format!("{add}{event}"), []).unwrap();
        let bytes = fs::read(&path).unwrap();
        let error = Project::open(&at, Monitor::silent()).unwrap_err();
        let text = error.to_string();
        assert!(error.kind() == Kind::Input && text.contains("event ") && text.contains(words), "{text}");
        assert_eq!(fs::read(&path).unwrap(), bytes, "{words}");
    }
    fs::write(&path, &whole).unwrap();
    let predict = "INSERT OR REPLACE INTO predictions (item, class) VALUES ('p1', 3)";
    Connection::open(&path).unwrap().execute(predict, []).unwrap();
    let error = Project::open(&at, Monitor::silent()).unwrap_err().to_string();
    assert!(error.contains("the prediction of `p1` is class 3"), "{error}");
    fs::write(&path, &whole).unwrap();
    assert_eq!(open(&at).status().n_labeled, 10);
}

#[test]
fn rows_in_another_order_ask_the_same_questions() {
    for strategy in ["auto", "random", "k-means", "uncertainty-herding", "margin"] {
        let asked = |order: &mut dyn Iterator<Item = u32>| {
            let folder = TempDir::new().unwrap();
            let source = points_in_order(&folder, order);
            let setup = Setup { strategy: strategy.into(), ..setup(&source) };
            let project = Project::create(&Project::folder_for(&source), &setup, Monitor::silent()).unwrap();
            round(&project);
            round(&project);
            let state = project.state();
            let batch = state.batch.as_ref().unwrap();
            let ids = batch.questions.iter().map(|question| question.id.clone()).collect::<Vec<_>>();
            let labeled = project.source().ids.iter().zip(&state.items);
            let labeled = labeled.filter(|(_, item)| item.class.is_some()).map(|(id, _)| id.clone());
            (ids, labeled.collect::<std::collections::BTreeSet<_>>())
        };
        let rows = asked(&mut (0..120));
        assert_eq!(asked(&mut (0..120).map(|row| row * 77 % 120).rev()), rows, "{strategy}");
    }
}

#[test]
fn a_source_may_change_move_and_vanish() {
    let folder = TempDir::new().unwrap();
    let project = made(&folder);
    project.answer_all(&["p0", "p1", "p2"].map(|id| label(id, AskedBy::Strategy))).unwrap();
    let reserved = project.source().ids.iter().filter(|id| project.is_reserved(project.row(id).unwrap()));
    let reserved = reserved.filter(|id| *id != "p1").cloned().collect::<Vec<_>>();
    let (source, at) = (project.setup().source.clone(), project.folder().to_owned());
    drop(project);
    let table = fs::read_to_string(&source).unwrap();
    let fewer = table.lines().filter(|line| !line.starts_with("p1,")).collect::<Vec<_>>().join("\n");
    fs::write(&source, format!("{fewer}\nnew,1,1\n")).unwrap();
    let project = open(&at);
    let status = project.status();
    assert_eq!((status.n_samples, status.n_labeled, status.n_gone), (120, 2, 1));
    assert!(status.advice.iter().any(|advice| advice.contains("`p1`")), "{:?}", status.advice);
    assert!(reserved.iter().all(|id| project.is_reserved(project.row(id).unwrap())));
    drop(project);
    // Both moved.
    let elsewhere = folder.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::rename(&source, elsewhere.join("points.csv")).unwrap();
    fs::rename(&at, elsewhere.join("points.csv.deepal")).unwrap();
    fs::write(elsewhere.join("points.csv"), &table).unwrap();
    let at = elsewhere.join("points.csv.deepal");
    assert_eq!(open(&at).status().n_labeled, 3);
    fs::remove_file(elsewhere.join("points.csv")).unwrap();
    let error = Project::open(&at, Monitor::silent()).unwrap_err().to_string();
    assert!(error.contains("is gone") && error.contains("put it back"), "{error}");
}

#[test]
fn wrong_answers_and_settings_are_named() {
    let folder = TempDir::new().unwrap();
    let project = made(&folder);
    let message = |answer: Answer| project.answer(&answer).unwrap_err().to_string();
    assert!(message(label("p120", AskedBy::Strategy)).contains("`p120` is no sample of `points`"));
    assert!(message(said("p0", Action::Label { class: 3 }, AskedBy::Strategy)).contains("no class 3"));
    // All or none.
    let two = [label("p0", AskedBy::Strategy), label("p999", AskedBy::Strategy)];
    assert!(project.answer_all(&two).is_err() && project.status().n_labeled == 0);
    assert!(project.add_class("cat").unwrap_err().to_string().contains("`cat` already"));
    assert!(project.add_class(" ").is_err() && project.rename_class(9, "x").is_err());
    let source = project.setup().source.clone();
    let error = |change: &dyn Fn(&mut Setup)| {
        let mut setup = setup(&source);
        change(&mut setup);
        let at = folder.path().join("other");
        let error = Project::create(&at, &setup, Monitor::silent()).unwrap_err();
        assert!(error.kind() == Kind::Setting && !at.join(FILE).exists(), "{error}");
        error.to_string()
    };
    assert!(error(&|setup| setup.audit = 0.6).contains("`audit` is 0.6"));
    assert!(error(&|setup| setup.batch = 0).contains("`batch`"));
    assert!(error(&|setup| setup.classes[1] = "cat".into()).contains("twice"));
    assert!(error(&|setup| setup.strategy = "magin".into()).contains("margin"));
    assert!(error(&|setup| setup.net = Some("mpl".into())).contains("mlp"));
}

#[test]
fn a_source_with_labels_trains_without_a_project() {
    let folder = TempDir::new().unwrap();
    let source = points(&folder);
    let out = folder.path().join("net.safetensors");
    let setup = Setup::new(&source, Vec::new());
    let error = train_source(&setup, &out, Monitor::silent()).unwrap_err().to_string();
    assert!(error.contains("labels of two classes at least"), "{error}");
    let labels = (0..30).map(|i| format!("p{i},{}\n", CLASSES[i % 3])).collect::<String>();
    fs::write(folder.path().join("labels.csv"), format!("id,label\n{labels}")).unwrap();
    let (classes, net) = train_source(&setup, &out, Monitor::silent()).unwrap();
    assert_eq!((classes, net.n_labeled), (CLASSES.map(String::from).to_vec(), 30));
    // The accuracy of the net is never that on what it has learnt from.
    let prediction = Prediction::open(&out, &source, None, Monitor::silent()).unwrap();
    let right = prediction.each(Monitor::silent(), |_| Ok(())).unwrap();
    assert_eq!(right, 0);
    assert!(prediction.accuracy(right).unwrap().starts_with("no accuracy"));
}

#[test]
fn open_questions_come_before_new_ones() {
    let folder = TempDir::new().unwrap();
    let project = made(&folder);
    let first = project.ask(None, Monitor::silent()).unwrap().unwrap();
    assert_eq!(project.open_questions().len(), 10);
    assert!(project.ask(None, Monitor::silent()).unwrap().is_none(), "nobody has answered");
    for question in &first.batch.questions {
        assert_eq!(project.asked_by(&question.id), question.asked_by);
        project.answer(&label(&question.id, project.asked_by(&question.id))).unwrap();
    }
    let never =
        (0..120).map(|i| format!("p{i}")).find(|id| first.batch.questions.iter().all(|q| q.id != *id));
    assert_eq!(project.asked_by(&never.unwrap()), AskedBy::Found);
    project.undo("ann").unwrap();
    let last = first.batch.questions.last().unwrap();
    assert_eq!(project.asked_by(&last.id), last.asked_by, "an undone answer was to a question");
    assert_eq!(project.ask(Some(4), Monitor::silent()).unwrap().unwrap().batch.questions.len(), 4, "anew");
    let stop = AtomicBool::new(true);
    let before = project.state();
    project.ask(Some(4), Monitor { hear: &|_| {}, stop: &stop }).unwrap_err();
    assert_eq!(project.state(), before);
}

#[test]
fn a_project_is_as_wanted_or_says_what_differs() {
    let folder = TempDir::new().unwrap();
    let source = points(&folder);
    let wanted = Wanted {
        classes: CLASSES.map(String::from).to_vec(),
        strategy: Some("bald(passes=50)".into()),
        net: Some("mlp".into()),
        seed: Some(7),
        ..Wanted::default()
    };
    let project = wanted.create(&Project::folder_for(&source), &source, Monitor::silent()).unwrap();
    let setup = project.setup();
    assert_eq!(
        (setup.batch, setup.audit, setup.seed, setup.strategy.as_str()),
        (20, 0.1, 7, "bald(passes=50)")
    );
    assert_eq!(wanted.differs(&project), None);
    assert_eq!(Wanted::default().differs(&project), None, "nothing is wanted");
    // The same strategy in other words.
    let same = Wanted {
        strategy: Some("bald( passes = 50 )".into()),
        classes: vec!["ship".into()],
        ..Wanted::default()
    };
    assert_eq!(same.differs(&project), None);
    let none = Wanted::default;
    let differing = [
        ("classes", Wanted { classes: vec!["bird".into()], ..none() }, "the classes cat, dog, ship"),
        ("strategy", Wanted { strategy: Some("bald".into()), ..none() }, "the strategy bald(passes=50)"),
        ("net", Wanted { net: Some("head".into()), ..none() }, "the net mlp"),
        ("batch", Wanted { batch: Some(3), ..none() }, "batches of 20"),
        ("audit", Wanted { audit: Some(0.2), ..none() }, "a share of 0.1 drawn at random"),
        ("seed", Wanted { seed: Some(1), ..none() }, "the seed 7"),
    ];
    for (setting, wanted, there) in differing {
        assert_eq!(wanted.differs(&project), Some(Differs { setting, there: there.into() }));
    }
}

/// Answers about samples of one source would be taken for answers about those of another with the same ids.
#[test]
fn a_project_of_another_source_is_refused() {
    let folder = TempDir::new().unwrap();
    let source = points(&folder);
    let other = folder.path().join("other.csv");
    fs::copy(&source, &other).unwrap();
    let wanted = Wanted { classes: CLASSES.map(String::from).to_vec(), ..Wanted::default() };
    let place = folder.path().join("here");
    let open = |source: &Path| wanted.open_or_create(source, Some(&place), Monitor::silent());
    assert!(open(&source).unwrap().1.is_none(), "a new one");
    let (there, differs) = open(&source).unwrap();
    assert_eq!((there.folder(), differs), (place.as_path(), None));
    drop(there);
    drop(open(&place).unwrap());
    let error = open(&other).err().unwrap().to_string();
    assert!(error.contains("points.csv`, not about") && error.contains("other.csv"), "{error}");
}
