//! `deepal run` and `deepal list` from outside: the program itself on the embedded digits, killed, interrupted, resumed, with
//! a full disk and with bad input.
#![expect(clippy::unwrap_used, reason = "test helpers")]

mod bad_input;
mod help;
mod metric;
mod older;
mod published;
mod results;
mod resume;
mod same;
mod settings;
mod suite;

use assert_cmd::Command;
use deepal::{datasets, nets, strategy};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Settings with which a round takes some hundredths of a second.
const QUICK: &str = r#"
dataset = "digits"
net = "mlp"
pool = 300
initial = 40
query = 20
rounds = 2
seeds = [1, 2]

[training]
batch_size = 16
optimizer = { name = "adam", learning_rate = 0.003 }
schedule = { until = "adaptive", min_steps = 30, max_steps = 60, epochs = 1, accuracy = 0.99, cooldown = 0.5 }
"#;

/// Two jobs of two rounds in a blink.
const TINY: &str = "--dataset digits --net softmax-regression --seeds 1 --initial 20 --query 10 --rounds 1";

/// Nine strategies, which between them read every signal.
const NINE: &str = "random,margin,entropy-dropout,bald,k-means,k-medians,k-center,deepfool,bim";

/// An empty folder but for `quick.toml`.
fn workshop() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("quick.toml"), QUICK).unwrap();
    folder
}

/// The program in a folder, with nothing of the user's surroundings.
fn program(folder: impl AsRef<Path>, line: &str) -> std::process::Command {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_deepal"));
    command.current_dir(&folder).env_remove("DEEPAL_DATA").env_remove("RUST_BACKTRACE");
    command.env("DEEPAL_CACHE", "no-cache");
    command.args(line.split_whitespace());
    command
}

fn deepal(folder: impl AsRef<Path>, line: &str) -> Command {
    Command::from_std(program(folder, line))
}

/// What a call ended with.
#[derive(Debug)]
struct Outcome {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Outcome {
    fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Fails the test unless the call ended with `code` and said all of `words` on stderr.
    #[track_caller]
    fn expect(self, code: i32, words: &[&str]) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        for word in words {
            assert!(self.stderr.contains(word), "no {word:?} in {self:?}");
        }
        self
    }
}

fn call(folder: impl AsRef<Path>, line: &str) -> Outcome {
    Outcome::of(&mut deepal(folder, line))
}

/// A run from beginning to end without interruption.
#[derive(Debug)]
struct Finished {
    config: String,
    events: String,
    results: String,
    /// The learning curves over labels of the first task, as SVG.
    curves: String,
    said: Outcome,
}

impl Finished {
    fn new(line: &str) -> Self {
        let folder = workshop();
        let said = call(&folder, &format!("run {line} --out run")).expect(0, &[]);
        let text = |name| read(&folder, &format!("run/{name}"));
        Self {
            config: text("config.toml"),
            events: text("events.jsonl"),
            results: text("results.csv"),
            curves: curves(&folder, "run"),
            said,
        }
    }
}

fn read(folder: &TempDir, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).unwrap()
}

fn curves(folder: &TempDir, run: &str) -> String {
    let figures = fs::read_dir(folder.path().join(run).join("figures")).unwrap();
    let names = figures.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let name = names.filter(|name| name.starts_with("learning-curves-") && name.ends_with(".svg"));
    let name = name.filter(|name| !name.contains("-time-")).min().unwrap();
    read(folder, &format!("{run}/figures/{name}"))
}

/// Strategy, seed and round.
type Key = (String, u64, usize);

#[derive(Debug, Clone, PartialEq)]
struct Round {
    labels: usize,
    picks: Vec<usize>,
    /// As written, so that equal means equal to the last bit.
    accuracy: String,
}

/// The rounds in the text of `events.jsonl`, whatever their order; none may be there twice.
fn rounds(events: &str) -> BTreeMap<Key, Round> {
    let mut rounds = BTreeMap::new();
    for line in events.lines().filter(|line| line.contains(r#""event":"round""#)) {
        let key = (
            field(line, "strategy").into(),
            field(line, "seed").parse().unwrap(),
            field(line, "round").parse().unwrap(),
        );
        let picks = field(line, "picks").split(',').map(|pick| pick.parse().unwrap()).collect();
        let labels = field(line, "labels").parse().unwrap();
        let round = Round { labels, picks, accuracy: field(line, "accuracy").into() };
        assert!(rounds.insert(key.clone(), round).is_none(), "{key:?} is recorded twice");
    }
    rounds
}

/// A value of a line of JSON as it is written there, without quotation marks and brackets.
fn field<'a>(line: &'a str, name: &str) -> &'a str {
    let (_, value) = line.split_once(&format!("\"{name}\":")).unwrap();
    let end = if value.starts_with('[') { value.find(']') } else { value.find([',', '}']) };
    value[..end.unwrap()].trim_matches(['[', '"'])
}

fn is_finished(events: &str) -> bool {
    events.lines().last().is_some_and(|line| line.contains(r#""event":"finished""#))
}

/// Fails the test unless the run in `name` is finished and is the same as `whole` but for order and seconds.
#[track_caller]
fn assert_equal(folder: &TempDir, name: &str, whole: &Finished, case: &str) {
    let events = read(folder, &format!("{name}/events.jsonl"));
    assert!(is_finished(&events), "{case}: {events}");
    assert_eq!(rounds(&events), rounds(&whole.events), "{case}");
    assert_eq!(read(folder, &format!("{name}/config.toml")), whole.config, "{case}");
    let without_seconds = |table: &str| table.lines().map(without_seconds).collect::<Vec<_>>();
    let results = read(folder, &format!("{name}/results.csv"));
    assert_eq!(without_seconds(&results), without_seconds(&whole.results), "{case}");
    assert_eq!(curves(folder, name), whole.curves, "{case}");
    let files = fs::read_dir(folder.path().join(name)).unwrap().map(|entry| entry.unwrap().file_name());
    let files = files.map(|name| name.into_string().unwrap()).collect::<BTreeSet<_>>();
    let expected = "config.toml events.jsonl figures metrics.parquet report.html results.csv selections.parquet \
                    summary.csv summary.json";
    let expected = expected.split_whitespace().map(String::from);
    assert_eq!(files, expected.collect(), "{case}");
}

fn without_seconds(row: &str) -> String {
    row.rsplitn(3, ',').last().unwrap().into()
}

/// A program that runs beside the test and is killed with it.
struct Running(Child);

impl Running {
    fn start(mut command: std::process::Command) -> Self {
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap())
    }

    fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }

    /// Waits until `event` has happened or the program has ended, and tells whether it still runs.
    fn wait_for(&mut self, mut event: impl FnMut() -> bool) -> bool {
        let deadline = Instant::now() + Duration::from_secs(120);
        while !self.has_ended() {
            if event() {
                return true;
            }
            assert!(Instant::now() < deadline, "waited for too long");
            std::thread::sleep(Duration::from_millis(1));
        }
        false
    }

    /// Sends SIGINT.
    fn interrupt(&self) {
        let status = std::process::Command::new("kill").args(["-INT", &self.0.id().to_string()]).status();
        assert!(status.unwrap().success());
    }

    fn end(mut self) -> (Option<i32>, String) {
        let mut stderr = String::new();
        std::io::Read::read_to_string(&mut self.0.stderr.take().unwrap(), &mut stderr).unwrap();
        (self.0.wait().unwrap().code(), stderr)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn len(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}

/// A run with all that reads a signal, done once for the tests that look at it.
static OF_NINE: LazyLock<Finished> =
    LazyLock::new(|| Finished::new(&format!("--config quick.toml --strategy {NINE} --threads 2")));

/// The same of two strategies, and long: 28 rounds.
const LONG: &str = "--config quick.toml --strategy random,margin --rounds 6 --threads 2";
static OF_TWO: LazyLock<Finished> = LazyLock::new(|| Finished::new(LONG));

/// A run with time enough to do something to it.
const LONGER: &str = "--config quick.toml --strategy random,margin,entropy --rounds 12 --threads 1";
