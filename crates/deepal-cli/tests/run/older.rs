//! Runs that earlier versions recorded (`testdata/runs`) are reported and resumed.

use super::*;

const RUNS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/runs");

/// The name of each older run, and a workshop with a copy of it in `run`.
fn older() -> Vec<(String, TempDir)> {
    let folders = fs::read_dir(RUNS).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let copies = folders.map(|path| {
        let folder = workshop();
        fs::create_dir(folder.path().join("run")).unwrap();
        for name in ["config.toml", "events.jsonl"] {
            fs::copy(path.join(name), folder.path().join("run").join(name)).unwrap();
        }
        (path.file_name().unwrap().to_str().unwrap().to_owned(), folder)
    });
    let copies = copies.collect::<Vec<_>>();
    assert!(copies.len() >= 2);
    copies
}

fn recorded(name: &str, file: &str) -> String {
    fs::read_to_string(Path::new(RUNS).join(name).join(file)).unwrap()
}

#[test]
fn older_runs_are_reported_as_they_were_recorded() {
    for (name, folder) in older() {
        let events = read(&folder, "run/events.jsonl");
        let said = call(&folder, "report run --metric accuracy").expect(0, &[]);
        assert!(said.stdout.contains("with softmax-regression"), "{name}: {said:?}");
        assert!(read(&folder, "run/report.html").contains("<svg"), "{name}");
        // The end of the curve is the mean that the old version recorded.
        let results = recorded(&name, "results.csv");
        let ends = results.lines().filter(|row| row.starts_with("digits,softmax-regression,margin,"));
        let ends = ends.map(|row| row.split(',').collect::<Vec<_>>()).filter(|row| row[5] == "40");
        let ends = ends.map(|row| row[6].parse::<f64>().unwrap()).collect::<Vec<_>>();
        assert_eq!(ends.len(), 3, "{name}");
        let mean = format!("{:.1} ± ", 100.0 * ends.iter().sum::<f64>() / 3.0);
        let row = said.stdout.lines().find(|line| line.trim_start().starts_with("40 ")).unwrap().to_owned();
        assert!(row.contains(&mean), "{name}: {mean} is not in {row}");

        // Nothing is left to do, so nothing is trained or recorded but the attempt.
        call(&folder, "run --resume run").expect(0, &[]);
        assert_eq!(rounds(&read(&folder, "run/events.jsonl")), rounds(&events), "{name}");
        assert_eq!(read(&folder, "run/results.csv"), results, "{name}");
    }
}

#[test]
fn older_runs_that_were_interrupted_go_on() {
    for (name, folder) in older() {
        let whole = read(&folder, "run/events.jsonl");
        // Killed after the first round of half the jobs.
        let kept = whole.split_inclusive('\n').take(1 + rounds(&whole).len() / 2).collect::<String>();
        fs::write(folder.path().join("run/events.jsonl"), &kept).unwrap();
        call(&folder, "run --resume run").expect(0, &[]);
        let events = read(&folder, "run/events.jsonl");
        assert!(events.starts_with(&kept), "{name}: what was recorded has changed");
        assert!(is_finished(&events), "{name}");
        let labels = |events: &str| {
            rounds(events).into_iter().map(|(key, round)| (key, round.labels)).collect::<Vec<_>>()
        };
        assert_eq!(labels(&events), labels(&whole), "{name}");
    }
}
