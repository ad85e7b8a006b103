//! A process that is killed at any moment loses no answer that it acknowledged.

#![expect(clippy::unwrap_used, reason = "in a test a failed unwrap is the failure")]

use deepal_engine::Monitor;
use deepal_project::{Action, Answer, AskedBy, Project, Setup};
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// Set for the process that is to be killed: the folder of its project.
const VICTIM: &str = "DEEPAL_TEST_VICTIM";

fn answer(project: &Project, row: usize) -> String {
    let id = project.source().ids[row].clone();
    let class = u32::from(row % 2 == 1);
    let answer = Answer {
        id: id.clone(),
        action: Action::Label { class },
        asked_by: AskedBy::Strategy,
        annotator: String::new(),
        millis: None,
    };
    project.answer(&answer).unwrap();
    id
}

/// Answers one question after the other, and says each on standard output when it is acknowledged.
fn be_killed(folder: &Path) {
    let project = Project::open(folder, Monitor::silent()).unwrap();
    for row in 0..project.source().ids.len() {
        if project.state().items[row].is_open() {
            let id = answer(&project, row);
            let mut out = std::io::stdout();
            writeln!(out, "said {id}").and_then(|()| out.flush()).unwrap();
        }
    }
    std::thread::sleep(Duration::from_secs(60));
}

#[test]
fn nothing_acknowledged_is_lost() {
    if let Some(folder) = std::env::var_os(VICTIM) {
        return be_killed(Path::new(&folder));
    }
    let folder = TempDir::new().unwrap();
    let source = folder.path().join("points.csv");
    let rows = (0..3000).map(|i| format!("p{i},{}\n", f64::from(i).sin())).collect::<String>();
    fs::write(&source, format!("id,x\n{rows}")).unwrap();
    let at = Project::folder_for(&source);
    let setup = Setup::new(&source, vec!["a".into(), "b".into()]);
    drop(Project::create(&at, &setup, Monitor::silent()).unwrap());
    let mut acknowledged = BTreeSet::new();
    for lines in [1, 7, 30] {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "nothing_acknowledged_is_lost", "--nocapture"]).env(VICTIM, &at);
        let mut victim = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(victim.stdout.take().unwrap()).lines();
        let mut take = |line: &str| {
            // The first may follow what the test's own harness says.
            line.split_once("said ").map(|(_, id)| acknowledged.insert(id.to_owned())).is_some()
        };
        let mut seen = 0;
        while seen < lines {
            seen += usize::from(take(&said.next().expect("it answers").unwrap()));
        }
        victim.kill().unwrap();
        victim.wait().unwrap();
        // What it said before it died counts too.
        for line in said.map_while(Result::ok) {
            take(&line);
        }
        let project = Project::open(&at, Monitor::silent()).unwrap();
        let state = project.state();
        for id in &acknowledged {
            assert!(state.items[project.row(id).unwrap()].class.is_some(), "{id} is lost");
        }
        let labeled = project.status().n_labeled;
        assert!((acknowledged.len()..=acknowledged.len() + 3).contains(&labeled), "{labeled}");
        // The one that it may have recorded without saying so counts from now on.
        let of = state.items.iter().enumerate().filter(|(_, item)| item.class.is_some());
        acknowledged.extend(of.map(|(row, _)| project.source().ids[row].clone()));
    }
}
