//! What the program itself wrote: runs, nets, labelling projects.

use super::{Reader, as_it_is};
use deepal::project::{FILE, Project, Setup};
use deepal::{Catalog, Monitor, Record, StudyPlan, StudySettings, report};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

fn points(folder: &Path) -> PathBuf {
    let rows = (0..60).map(|i| format!("p{i},{}.5,{}.25,c{}\n", i * 7 % 11, i * 5 % 13, i % 3));
    let path = folder.join("points.csv");
    fs::write(&path, "id,a,b,label\n".to_owned() + &rows.collect::<String>()).unwrap();
    path
}

/// The files of a small run: its settings, its record, its samples.
fn run() -> &'static [(String, Vec<u8>); 3] {
    static RUN: OnceLock<[(String, Vec<u8>); 3]> = OnceLock::new();
    RUN.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let settings = StudySettings {
            datasets: Some(vec![points(folder.path()).display().to_string()]),
            nets: Some(vec!["softmax-regression".into()]),
            strategies: Some(["margin", "random"].map(String::from).to_vec()),
            seeds: Some(vec![1]),
            initial: Some(6),
            query: Some(4),
            rounds: Some(2),
            ..StudySettings::default()
        };
        let plan = StudyPlan::new(settings, &Catalog::default(), Monitor::silent()).unwrap();
        let mut study = plan.start(&folder.path().join("run")).unwrap();
        assert!(study.run(1).unwrap().is_empty());
        ["config.toml", "events.jsonl", "samples.csv"]
            .map(|name| (name.to_owned(), fs::read(study.folder().join(name)).unwrap()))
    })
}

/// One of the files of a run changed, the others as they are.
fn hold(test: &str, file: &str) {
    let seed = run().iter().find(|(name, _)| name == file).unwrap().1.clone();
    let beside =
        |folder: &Path| run().iter().for_each(|(name, bytes)| fs::write(folder.join(name), bytes).unwrap());
    let read = |path: &Path| {
        let (folder, catalog) = (path.parent().unwrap(), Catalog::default());
        if Record::read(folder, &catalog).is_ok() {
            let _ = report(&[folder.to_owned()], "report.html", None, None, &catalog, Monitor::silent());
        }
    };
    Reader { test, file, seeds: vec![seed], wrap: as_it_is, beside: &beside, read: &read }.hold();
}

#[test]
fn config_toml() {
    hold("records::config_toml", "config.toml");
}

#[test]
fn events_jsonl() {
    hold("records::events_jsonl", "events.jsonl");
}

#[test]
fn samples_csv() {
    hold("records::samples_csv", "samples.csv");
}

/// The folder of a project with some answers.
fn project(folder: &Path) -> PathBuf {
    let source = points(folder);
    let at = Project::folder_for(&source);
    let setup = Setup::new(&source, vec!["c0".into(), "c1".into(), "c2".into()]);
    let project = Project::create(&at, &setup, Monitor::silent()).unwrap();
    project.take_in(&source, "ann").unwrap();
    at
}

#[test]
fn project_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let whole = fs::read(project(folder.path()).join(FILE)).unwrap();
    let beside = |folder: &Path| drop(points(folder));
    let read = |path: &Path| {
        let folder = path.parent().unwrap();
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let name = entry.file_name();
            // What SQLite keeps beside the file belongs to the file before.
            if name != FILE && name.to_string_lossy().starts_with(FILE) {
                fs::remove_file(entry.path()).unwrap();
            }
        }
        if let Ok(project) = Project::open(folder, Monitor::silent()) {
            let _ = (project.status(), project.open_questions(), project.undo("ann"));
        }
    };
    let (test, seeds) = ("records::project_sqlite", vec![whole]);
    Reader { test, file: FILE, seeds, wrap: as_it_is, beside: &beside, read: &read }.hold();
}

#[test]
fn net_safetensors() {
    let folder = tempfile::tempdir().unwrap();
    let source = points(folder.path());
    let setup = Setup::new(&source, Vec::new());
    let net = folder.path().join("net.safetensors");
    deepal::project::train_source(&setup, &net, Monitor::silent()).unwrap();
    let beside = |folder: &Path| drop(points(folder));
    let read = |path: &Path| {
        let source = path.with_file_name("points.csv");
        let _ = deepal::Prediction::open(path, &source, None, Monitor::silent());
    };
    let (test, seeds) = ("records::net_safetensors", vec![fs::read(&net).unwrap()]);
    Reader { test, file: "net.safetensors", seeds, wrap: as_it_is, beside: &beside, read: &read }.hold();
}
