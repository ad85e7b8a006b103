//! `deepal run` and `deepal list` from outside: the program itself on the embedded digits, killed, interrupted, resumed, with
//! a full disk and with bad input.
#![expect(clippy::unwrap_used, reason = "test helpers")]

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

// --- Helpers ---------------------------------------------------------------------------------------------------------

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
            curves: text("curves.svg"),
            said,
        }
    }
}

fn read(folder: &TempDir, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).unwrap()
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
    assert_eq!(read(folder, &format!("{name}/curves.svg")), whole.curves, "{case}");
    let files = fs::read_dir(folder.path().join(name)).unwrap().map(|entry| entry.unwrap().file_name());
    let files = files.map(|name| name.into_string().unwrap()).collect::<BTreeSet<_>>();
    let expected = ["config.toml", "curves.svg", "events.jsonl", "results.csv"].map(String::from);
    assert_eq!(files, BTreeSet::from(expected), "{case}");
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

// --- What a run leaves behind ----------------------------------------------------------------------------------------

#[test]
fn a_run_makes_its_four_files_a_table_and_its_progress() {
    let (strategies, seeds) = (["random", "margin", "entropy"], [10, 2]);
    let run = Finished::new(
        "--dataset digits --net softmax-regression --strategy random,margin,entropy --seeds 10,2 --initial 20 \
         --query 10 --rounds 3",
    );

    for setting in [
        "dataset = \"digits\"",
        "net = \"softmax-regression\"",
        "strategies = [\"random\", \"margin\", \"entropy\"]",
        "seeds = [10, 2]",
        "initial = 20",
        "query = 10",
        "rounds = 3",
        "pool = 1438",
    ] {
        assert!(run.config.contains(&format!("\n{setting}\n")), "{setting}: {}", run.config);
    }

    assert!(is_finished(&run.events) && run.events.ends_with('\n'));
    assert!(run.events.lines().all(|line| line.starts_with(r#"{"v":1,"event":""#)));
    let rounds = rounds(&run.events);
    assert_eq!(rounds.len(), 3 * 2 * 4);
    for strategy in strategies {
        for seed in seeds {
            let mut labeled = BTreeSet::new();
            for number in 0..=3 {
                let round = &rounds[&(strategy.into(), seed, number)];
                assert_eq!((round.labels, round.picks.len()), (20 + 10 * number, [20, 10][number.min(1)]));
                assert!(round.picks.iter().all(|pick| *pick < 1438 && labeled.insert(*pick)), "{round:?}");
            }
        }
    }

    let mut rows = run.results.lines();
    assert_eq!(
        rows.next().unwrap(),
        "dataset,net,strategy,seed,round,labels,accuracy,train_seconds,query_seconds"
    );
    // A map of keys is sorted as the table should be.
    for ((strategy, seed, number), round) in &rounds {
        let row = rows.next().unwrap();
        let Round { labels, accuracy, .. } = round;
        let expected = format!("digits,softmax-regression,{strategy},{seed},{number},{labels},{accuracy}");
        assert_eq!(without_seconds(row), expected);
        assert!((0.0..=1.0).contains(&accuracy.parse::<f64>().unwrap()), "{row}");
        for seconds in row.rsplit(',').take(2) {
            assert!((0.0..600.0).contains(&seconds.parse::<f64>().unwrap()), "{row}");
            assert_eq!(seconds.split('.').next_back().unwrap().len(), 3, "{row}");
        }
    }
    assert_eq!(rows.next(), None);

    let svg = &run.curves;
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"), "{svg}");
    assert_tags_match(svg);
    for word in strategies.iter().chain(&["labels", "test accuracy, %", "digits with softmax-regression"]) {
        assert!(svg.contains(&format!(">{word}<")), "{word} is not in the figure");
    }

    let percent = |key: &Key| 100.0 * rounds[key].accuracy.parse::<f64>().unwrap();
    for labels in [20, 30, 40, 50] {
        let start = format!("{labels:>7}  ");
        let row = run.said.stdout.lines().find(|line| line.starts_with(&start)).unwrap();
        let cells = row.split_whitespace().skip(1).collect::<Vec<_>>();
        for (strategy, cell) in strategies.iter().zip(cells.chunks(3)) {
            let key = |seed| (String::from(*strategy), seed, (labels - 20) / 10);
            let mean = seeds.map(|seed| percent(&key(seed))).iter().sum::<f64>() / 2.0;
            assert!((cell[0].parse::<f64>().unwrap() - mean).abs() < 0.051, "{strategy}: {mean} in {row}");
            assert_eq!(cell[1], "±");
        }
    }
    for words in
        ["over 2 seeds", "random reaches at its end", "fewer than 3 seeds", "results.csv, curves.svg"]
    {
        assert!(run.said.stdout.contains(words), "{words}: {}", run.said.stdout);
    }

    let progress = &run.said.stderr;
    assert!(progress.contains("digits with softmax-regression: 3 strategies, 2 seeds, 20 to 50 labels"));
    for (key @ (strategy, seed, number), round) in &rounds {
        let start = format!(
            "{strategy}, seed {seed}, round {number} of 3: {} labels, accuracy {:.1} %, ",
            round.labels,
            percent(key)
        );
        let rest = progress.lines().find_map(|line| line.strip_prefix(&start)).unwrap_or(progress);
        let (minutes, seconds) = rest.strip_suffix(" left").unwrap_or(rest).split_once(':').unwrap();
        assert!(minutes.parse::<u32>().is_ok() && seconds.parse::<u32>().is_ok_and(|s| s < 60), "{rest}");
    }
    assert!(progress.lines().last().unwrap().ends_with("0:00 left"), "nothing is left at the end");
}

/// Every element of an XML text is closed, the innermost first.
fn assert_tags_match(xml: &str) {
    let mut open = Vec::new();
    for tag in xml.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').unwrap();
        let name = tag.split_whitespace().next().unwrap();
        if let Some(name) = name.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') && !tag.starts_with(['!', '?']) {
            open.push(name);
        }
    }
    assert_eq!(open, Vec::<&str>::new());
}

#[test]
fn without_out_runs_are_numbered() {
    let folder = workshop();
    for name in ["runs/001-digits", "runs/002-digits"] {
        let said = call(&folder, &format!("run {TINY}")).expect(0, &[name]);
        assert!(said.stdout.contains(name), "{said:?}");
        assert!(is_finished(&read(&folder, &format!("{name}/events.jsonl"))));
    }
}

#[test]
fn a_finished_run_is_shown_again_and_nothing_changes() {
    let folder = workshop();
    let first = call(&folder, &format!("run {TINY} --out run")).expect(0, &[]);
    let contents = || {
        let files = fs::read_dir(folder.path().join("run")).unwrap().map(|entry| entry.unwrap().path());
        files.map(|path| (path.clone(), fs::read(path).unwrap())).collect::<BTreeMap<PathBuf, _>>()
    };
    let before = contents();
    let again = call(&folder, "run --resume run").expect(0, &[]);
    assert_eq!((again.stdout, again.stderr), (first.stdout, String::new()));
    assert_eq!(contents(), before);
    for derived in ["results.csv", "curves.svg"] {
        fs::remove_file(folder.path().join("run").join(derived)).unwrap();
    }
    call(&folder, "run --resume run").expect(0, &[]);
    assert_eq!(contents(), before, "the figure and the table come from the events alone");
}

// --- The same again --------------------------------------------------------------------------------------------------

#[test]
fn threads_change_nothing_but_the_time() {
    let one = Finished::new(&format!("--config quick.toml --strategy {NINE} --threads 1"));
    assert_eq!(rounds(&one.events), rounds(&OF_NINE.events));
    assert_eq!(one.curves, OF_NINE.curves);
    assert_eq!(one.said.stdout, OF_NINE.said.stdout);
}

#[test]
fn a_job_alone_with_many_threads_does_the_same_as_beside_others() {
    let all = rounds(&OF_NINE.events);
    for strategy in NINE.split(',') {
        let line = format!("--config quick.toml --strategy {strategy} --seeds 2 --threads 3");
        let alone = rounds(&Finished::new(&line).events);
        let same = all.iter().filter(|((name, seed, _), _)| name == strategy && *seed == 2);
        assert!(alone.iter().eq(same), "{strategy}");
    }
}

#[test]
fn strategies_share_the_first_labels_and_net_of_a_seed_and_part_after_it() {
    let rounds = rounds(&OF_NINE.events);
    let get = |strategy: &str, seed, number| &rounds[&(String::from(strategy), seed, number)];
    for seed in [1, 2] {
        let mut seconds = BTreeSet::new();
        for strategy in NINE.split(',') {
            assert_eq!(get(strategy, seed, 0), get("random", seed, 0), "{strategy}");
            assert!(seconds.insert(&get(strategy, seed, 1).picks), "{strategy} picks as another does");
        }
    }
    assert_ne!(get("random", 1, 0).picks, get("random", 2, 0).picks);
    assert_ne!(get("random", 1, 1).picks, get("random", 2, 1).picks);
}

#[test]
fn deepals_twelve_names_are_accepted() {
    let names = strategy::ALL.iter().filter_map(|entry| entry.deepal).collect::<Vec<_>>();
    assert_eq!(names.len(), 12);
    let line = format!(
        "--config quick.toml --strategy_name {} --seed 1 --n_round 1 --n_query 5 --n_init_labeled 20 --pool 100",
        names.join(",")
    );
    let rounds = rounds(&Finished::new(&line).events);
    let of_ours = |entry: &&&strategy::Entry| rounds.contains_key(&(entry.name.into(), 1, 1));
    assert_eq!(rounds.len(), 24);
    assert_eq!(strategy::ALL.iter().filter(of_ours).count(), 12);
}

// --- Killed, interrupted, out of room --------------------------------------------------------------------------------

#[test]
fn a_run_killed_again_and_again_and_resumed_equals_one_that_was_left_alone() {
    let folder = workshop();
    let mut chance = 20_260_101_u64;
    let mut random = |below: u64| {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (chance >> 33) % below
    };
    let mut kills = 0;
    for run in 0.. {
        if kills >= 25 {
            break;
        }
        let name = format!("run-{run}");
        let events = folder.path().join(&name).join("events.jsonl");
        let mut case = String::new();
        for attempt in 0.. {
            assert!(attempt < 100, "it never ends: {case}");
            let begun = folder.path().join(&name).join("config.toml").exists();
            let line =
                if begun { format!("run --resume {name}") } else { format!("run {LONG} --out {name}") };
            let mut running = Running::start(program(&folder, &line));
            // In turn after some time, which may be in the middle of anything, and right after something was written.
            let moment = match random(2) {
                0 => {
                    let (start, delay) = (Instant::now(), Duration::from_millis(random(150)));
                    let _ = write!(case, "after {delay:?}, ");
                    running.wait_for(|| start.elapsed() >= delay)
                }
                _ => {
                    let more = len(&events) + 1 + random(1500);
                    let _ = write!(case, "at {more} bytes, ");
                    running.wait_for(|| len(&events) >= more)
                }
            };
            if moment {
                running.0.kill().unwrap();
            }
            match running.end() {
                (Some(0), _) => break,
                (None, _) => kills += 1,
                (code, stderr) => panic!("{code:?} after {case}: {stderr}"),
            }
        }
        assert_equal(&folder, &name, &OF_TWO, &case);
    }
}

#[test]
fn events_cut_at_any_byte_are_enough_to_go_on_from() {
    let whole = Finished::new(TINY);
    let folder = workshop();
    let end = whole.events.len();
    for (i, cut) in (0..12).map(|i| end * i / 12).chain([1, end - 2, end - 1]).enumerate() {
        let name = format!("cut-{i}");
        let path = folder.path().join(&name);
        fs::create_dir(&path).unwrap();
        fs::write(path.join("config.toml"), &whole.config).unwrap();
        fs::write(path.join("events.jsonl"), &whole.events[..cut]).unwrap();
        let said = call(&folder, &format!("run --resume {name}")).expect(0, &[]);
        let table = |text: &str| text.split("\nin ").next().unwrap().to_owned();
        assert_eq!(table(&said.stdout), table(&whole.said.stdout), "cut at {cut}");
        assert_equal(&folder, &name, &whole, &format!("cut at {cut} of {end}"));
    }
}

#[test]
fn a_finished_run_goes_on_when_its_config_asks_for_more_rounds() {
    let more = Finished::new(&TINY.replace("--rounds 1", "--rounds 2"));
    let folder = workshop();
    call(&folder, &format!("run {TINY} --out run")).expect(0, &[]);
    fs::write(folder.path().join("run/config.toml"), &more.config).unwrap();
    call(&folder, "run --resume run").expect(0, &["round 2 of 2"]);
    assert_eq!(rounds(&read(&folder, "run/events.jsonl")), rounds(&more.events));
}

#[test]
fn ctrl_c_stops_the_run_which_then_can_be_resumed() {
    let whole = Finished::new(LONGER);
    for times in [1, 2] {
        let folder = workshop();
        let mut running = Running::start(program(&folder, &format!("run {LONGER} --out run")));
        let events = folder.path().join("run/events.jsonl");
        assert!(running.wait_for(|| len(&events) > 0), "it must not end before it is interrupted");
        for _ in 0..times {
            running.interrupt();
        }
        let (code, stderr) = running.end();
        assert_eq!(code, Some(130), "{stderr}");
        if times == 1 {
            let words =
                ["stopping after the present step", "interrupted: nothing", "`deepal run --resume run`"];
            assert!(words.iter().all(|words| stderr.contains(words)), "{stderr}");
        }
        assert!(!is_finished(&read(&folder, "run/events.jsonl")));
        call(&folder, "run --resume run").expect(0, &[]);
        assert_equal(&folder, "run", &whole, "after Ctrl+C");
    }
}

/// `line` with a limit on the size of files, in blocks of the shell.
fn with_little_room(folder: &TempDir, blocks: u32, line: &str) -> Outcome {
    let script = format!("ulimit -f {blocks}; trap '' XFSZ; exec \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command.current_dir(folder).env_remove("DEEPAL_DATA").args(["-c", &script]);
    Outcome::of(command.arg(env!("CARGO_BIN_EXE_deepal")).args(line.split_whitespace()))
}

#[test]
fn a_full_disk_stops_the_run_which_then_can_be_resumed() {
    let folder = workshop();
    let complaint = ["error: ", "run/events.jsonl", "is kept: make room", "`--resume run`"];
    with_little_room(&folder, 2, &format!("run {LONG} --out run")).expect(4, &complaint);
    let kept = read(&folder, "run/events.jsonl");
    assert!(kept.ends_with('\n') && (1..28).contains(&rounds(&kept).len()), "{kept}");
    with_little_room(&folder, 2, "run --resume run").expect(4, &complaint);
    call(&folder, "run --resume run").expect(0, &[]);
    assert_equal(&folder, "run", &OF_TWO, "after a full disk");
}

#[test]
fn a_disk_too_full_for_the_figure_loses_nothing_either() {
    let folder = workshop();
    with_little_room(&folder, 4, &format!("run {TINY} --out run")).expect(4, &["run/curves.svg"]);
    call(&folder, "run --resume run").expect(0, &[]);
    assert_equal(&folder, "run", &Finished::new(TINY), "after a full disk");
}

#[test]
fn two_processes_cannot_write_to_one_run() {
    let folder = workshop();
    let mut running = Running::start(program(&folder, &format!("run {LONGER} --out run")));
    let events = folder.path().join("run/events.jsonl");
    assert!(running.wait_for(|| len(&events) > 0));
    call(&folder, "run --resume run").expect(4, &["another process is writing to `run`", "wait"]);
    call(&folder, &format!("run {TINY} --out run")).expect(4, &["`run`", "`--resume run`", "`--out`"]);
    assert!(!running.has_ended(), "it must run until the others have tried");
    running.0.kill().unwrap();
    running.0.wait().unwrap();
    call(&folder, "run --resume run").expect(0, &[]);
}

// --- Settings from a file --------------------------------------------------------------------------------------------

#[test]
fn settings_are_read_from_a_file_and_options_win() {
    let folder = workshop();
    let line = "run --config quick.toml --strategy k-center --seeds 7 --rounds 1 --out run";
    call(&folder, line).expect(0, &[]);
    let config = read(&folder, "run/config.toml");
    for line in [
        "net = \"mlp\"",
        "pool = 300",
        "initial = 40",
        "query = 20",
        "strategies = [\"k-center\"]",
        "seeds = [7]",
        "rounds = 1",
        "batch_size = 16",
        "learning_rate = 0.003",
        "until = \"adaptive\"",
        "max_steps = 60",
    ] {
        assert!(config.contains(&format!("\n{line}\n")), "{line}: {config}");
    }
    call(&folder, "run --config run/config.toml --out copy").expect(0, &[]);
    assert_eq!(read(&folder, "copy/config.toml"), config, "a run's settings are settings for a run");
    assert_eq!(rounds(&read(&folder, "copy/events.jsonl")), rounds(&read(&folder, "run/events.jsonl")));

    call(&folder, "run --config quick.toml --training adaptive --rounds 1 --seeds 1 --out named")
        .expect(0, &[]);
    assert!(read(&folder, "named/config.toml").contains("max_steps = 2000"), "the option wins");
}

#[test]
fn a_training_table_in_full_is_used() {
    let folder = workshop();
    let epochs = "[training]\nbatch_size = 10\noptimizer = { name = \"sgd\", learning_rate = 0.1, momentum = 0.9 }\n\
                  schedule = { until = \"epochs\", epochs = 3 }\n";
    fs::write(folder.path().join("sgd.toml"), epochs).unwrap();
    let line =
        "run --config sgd.toml --dataset digits --net mlp --seeds 1 --rounds 1 --initial 40 --query 10";
    call(&folder, &format!("{line} --out run"))
        .expect(0, &["warning: 3 epochs over 40 labels are 12 optimiser steps", "`--training adaptive`"]);
    let config = read(&folder, "run/config.toml");
    for line in ["name = \"sgd\"", "momentum = 0.9", "until = \"epochs\"", "epochs = 3", "batch_size = 10"] {
        assert!(config.contains(&format!("\n{line}\n")), "{line}: {config}");
    }
}

#[test]
fn a_bad_file_of_settings_is_named_with_what_is_wrong_in_it() {
    for (settings, words) in [
        ("rouns = 3", ["unknown field `rouns`", "`rounds`"]),
        ("data-dir = \"x\"", ["unknown field `data-dir`", "`data_dir`"]),
        ("rounds = -3", ["line 1", "-3"]),
        ("rounds = \"many\"", ["line 1", "many"]),
        ("rounds = ", ["line 1", "rounds = "]),
        ("strategies = \"margin\"", ["line 1", "expected a sequence"]),
    ] {
        let folder = workshop();
        fs::write(folder.path().join("bad.toml"), settings).unwrap();
        let said = call(&folder, "run --config bad.toml --dataset digits --out run");
        said.expect(2, &["error: `bad.toml`"]).expect(2, &words);
        assert!(!folder.path().join("run").exists());
    }
}

// --- Bad input -------------------------------------------------------------------------------------------------------

/// Each line, the code that it must end with, and words that the message must have. `TINY` goes before, so a line names
/// only what that does not.
#[test]
fn bad_input_is_refused_before_anything_is_done_with_the_thing_and_the_remedy() {
    const DATA: &str = "run --dataset digits --net softmax-regression";
    let folder = workshop();
    fs::write(folder.path().join("file"), "").unwrap();
    fs::create_dir(folder.path().join("empty")).unwrap();
    let cases: &[(&str, &str, i32, &[&str])] = &[
        // Names.
        (DATA, "--strategy margn", 2, &["strategy `margn`", "did you mean `margin`?", "k-center"]),
        (DATA, "--strategy random,xyz", 2, &["strategy `xyz`", "known: random"]),
        (DATA, "--strategy random,", 2, &["strategy ``"]),
        ("run", "--dataset digts", 2, &["dataset `digts`", "did you mean `digits`?", "cifar10"]),
        (
            "run --dataset digits",
            "--net softmax",
            2,
            &["net `softmax`", "did you mean `softmax-regression`?"],
        ),
        ("run", "--training papre", 2, &["training `papre`", "did you mean `paper`?", "adaptive"]),
        ("run", "--training paper", 2, &["`mlp` is not the paper's", "`--training paper`"]),
        (
            DATA,
            "--training adaptive",
            2,
            &["`softmax-regression` is always trained to its optimum", "leave `training` out"],
        ),
        (DATA, "--stratgy margin", 2, &["'--stratgy'", "'--strategy'"]),
        (DATA, "--strategy margin,MarginSampling", 2, &["strategy `margin` is named twice"]),
        // Sizes.
        (DATA, "--rounds 0", 2, &["rounds must be at least 1"]),
        (DATA, "--query 0", 2, &["query must be at least 1"]),
        (DATA, "--initial 0", 2, &["initial must be at least 1"]),
        (DATA, "--rounds -3", 2, &["'-3'"]),
        (DATA, "--rounds few", 2, &["'few'", "--rounds"]),
        (DATA, "--threads 0", 2, &["--threads", "1..="]),
        (
            DATA,
            "--initial 5000",
            2,
            &["5900 labels", "pool has 1438 samples", "lower rounds, query or initial"],
        ),
        (DATA, "--pool 999", 2, &["asks for 1000 labels", "pool has 999 samples", "lower"]),
        (DATA, "--query 18446744073709551615", 2, &["pool has 1438 samples", "lower"]),
        (DATA, "--pool 1439", 2, &["pool must be between 1 and 1438", "training set", "got 1439"]),
        (DATA, "--pool 0", 2, &["pool must be at least 1"]),
        (DATA, "--seeds 1,1", 2, &["seed `1` is named twice"]),
        (DATA, "--seeds 1,x", 2, &["'x'", "--seeds"]),
        (DATA, "--seeds 18446744073709551616", 2, &["18446744073709551616", "--seeds"]),
        // Nets that do not fit.
        ("run --dataset digits", "--net mnist-cnn", 2, &["mnist-cnn", "[1, 28, 28]", "[1, 8, 8]", "`mlp`"]),
        ("run", "--net cifar-cnn", 2, &["cifar-cnn", "[1, 28, 28]", "[3, 32, 32]", "`mlp`"]),
        // Files that are not there.
        (DATA, "--config none.toml", 3, &["`--config`", "`none.toml`", "No such file"]),
        (
            "run",
            "--dataset mnist --data-dir none",
            3,
            &["`mnist`", "`train-images-idx3-ubyte`", "none/mnist`"],
        ),
        ("run", "--dataset mnist --data-dir empty", 3, &["`t10k-labels-idx1-ubyte`", "empty/MNIST/raw`"]),
        ("run", "--dataset mnist --data-dir empty", 3, &["`--data-dir`", "`DEEPAL_DATA`", "downloaded"]),
        ("run", "--dataset cifar10 --data-dir empty", 3, &["`cifar10`", "looked for", "`--data-dir`"]),
        ("run", "--dataset svhn --data-dir empty", 3, &["`train_32x32.mat`", "empty/svhn`"]),
        (
            "run",
            "--dataset mnist --offline",
            5,
            &["`mnist` needs", "ubyte.gz", "no-cache/mnist", "`--data-dir`"],
        ),
    ];
    for (start, line, code, words) in cases {
        let said = call(&folder, &format!("{start} {line} --out run")).expect(*code, words);
        assert!(said.stderr.starts_with("error: "), "{said:?}");
        assert_eq!(said.stdout, "", "{line}");
        assert!(!folder.path().join("run").exists(), "{line} leaves a run folder behind");
    }
}

#[test]
fn folders_that_cannot_be_written_or_hold_something_else_are_output_errors() {
    let folder = workshop();
    fs::write(folder.path().join("file"), "").unwrap();
    call(&folder, &format!("run {TINY} --out run")).expect(0, &[]);
    let before = read(&folder, "run/events.jsonl");
    for (out, words) in [
        ("run", ["`run` already holds a run", "`--resume run`"]),
        ("file", ["`file`", "`--out`"]),
        ("file/run", ["`file/run`", "`--out`"]),
        ("/dev/null/run", ["`/dev/null/run`", "`--out`"]),
        ("/proc/run", ["`/proc/run`", "`--out`"]),
    ] {
        let said = call(&folder, &format!("run {TINY} --out {out}")).expect(4, &words);
        assert_eq!(said.stdout, "", "{out}");
    }
    assert_eq!(read(&folder, "run/events.jsonl"), before);
}

#[test]
fn what_cannot_be_resumed_is_told() {
    let folder = workshop();
    fs::write(folder.path().join("file"), "").unwrap();
    fs::create_dir(folder.path().join("empty")).unwrap();
    for path in ["none", "empty", "file"] {
        let named = format!("`{path}` holds no run");
        call(&folder, &format!("run --resume {path}")).expect(3, &[&named, "`config.toml`", "`--out`"]);
    }
    assert_eq!(fs::read_dir(folder.path().join("empty")).unwrap().count(), 0);
    call(&folder, &format!("run {TINY} --out run")).expect(0, &[]);
    for option in [
        "--dataset digits",
        "--strategy margin",
        "--seeds 1",
        "--initial 9",
        "--query 9",
        "--rounds 9",
        "--pool 9",
        "--net mlp",
        "--training adaptive",
        "--config quick.toml",
        "--out other",
    ] {
        let name = option.split_whitespace().next().unwrap();
        call(&folder, &format!("run --resume run {option}")).expect(2, &["--resume", "cannot be used", name]);
    }
}

#[test]
fn a_broken_line_among_the_events_is_named_and_left_as_it_is() {
    let folder = workshop();
    let whole = Finished::new(TINY);
    let lines = whole.events.lines().collect::<Vec<_>>();
    for (i, (broken, words)) in [
        ("{\"v\":1,\"event\":\"round\"".to_owned(), "cannot be read"),
        (String::new(), "cannot be read"),
        (lines[1].replacen("\"picks\"", "\"pics\"", 1), "picks"),
        (lines[1].replacen("\"v\":1", "\"v\":2", 1), "version 2"),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("run-{i}");
        fs::create_dir(folder.path().join(&name)).unwrap();
        let events = [lines[0], &broken, lines[2], lines[3], ""].join("\n");
        fs::write(folder.path().join(&name).join("config.toml"), &whole.config).unwrap();
        fs::write(folder.path().join(&name).join("events.jsonl"), &events).unwrap();
        let file = format!("`{name}/events.jsonl` line 2");
        let said = call(&folder, &format!("run --resume {name}"));
        said.expect(3, &[&file, words, "remove the line and all after it"]);
        assert_eq!(read(&folder, &format!("{name}/events.jsonl")), events);
        // The remedy of the message.
        fs::write(folder.path().join(&name).join("events.jsonl"), format!("{}\n", lines[0])).unwrap();
        call(&folder, &format!("run --resume {name}")).expect(0, &[]);
        assert_equal(&folder, &name, &whole, &broken);
    }
}

#[test]
fn a_broken_config_of_a_run_is_named() {
    let folder = workshop();
    call(&folder, &format!("run {TINY} --out run")).expect(0, &[]);
    let config = read(&folder, "run/config.toml");
    for (from, to, words) in [
        ("rounds = 1", "rounds = ", "line"),
        ("rounds = 1\n", "", "missing field `rounds`"),
        ("rounds = 1", "rounds = 1\ncolour = 3", "unknown field `colour`"),
    ] {
        fs::write(folder.path().join("run/config.toml"), config.replacen(from, to, 1)).unwrap();
        call(&folder, "run --resume run").expect(2, &["`run/config.toml`", words]);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_standard_output_that_cannot_be_written_is_an_output_error_that_names_it() {
    let folder = workshop();
    for line in [format!("run {TINY} --out run"), "run --resume run".into(), "list nets".into()] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let (code, stderr) =
            Running(program(&folder, &line).stdout(full).stderr(Stdio::piped()).spawn().unwrap()).end();
        assert!(code == Some(4) && stderr.contains("standard output"), "{line}: {code:?} {stderr}");
    }
}

// --- Bad input that was once not refused -----------------------------------------------------------------------------

#[test]
fn a_strategy_that_the_net_cannot_serve_is_refused_before_anything_is_trained() {
    let folder = workshop();
    for strategies in ["bald", "random,bald", "margin,deepfool"] {
        let said = call(&folder, &format!("run {TINY} --strategy {strategies} --out run"));
        let bad = strategies.split(',').next_back().unwrap();
        said.expect(2, &["net `softmax-regression`", "pick another net", bad]);
        assert!(!folder.path().join("run").exists(), "{strategies} leaves a run folder behind");
    }
}

#[test]
fn a_training_that_cannot_train_is_refused() {
    for (from, to) in [
        ("batch_size = 16", "batch_size = 0"),
        ("learning_rate = 0.003", "learning_rate = 0.0"),
        ("learning_rate = 0.003", "learning_rate = -0.1"),
        ("learning_rate = 0.003", "learning_rate = nan"),
        ("cooldown = 0.5", "cooldown = -1.0"),
        ("accuracy = 0.99", "accuracy = 99.0"),
        ("max_steps = 60, epochs = 1", "max_steps = 0, epochs = 0"),
    ] {
        let folder = workshop();
        assert!(QUICK.contains(from));
        fs::write(folder.path().join("bad.toml"), QUICK.replacen(from, to, 1)).unwrap();
        let name = to.split(" = ").next().unwrap();
        call(&folder, "run --config bad.toml --out run").expect(2, &[name]);
        assert!(!folder.path().join("run").exists(), "{to} leaves a run folder behind");
    }
}

/// Whoever repairs a broken line of `events.jsonl` by deleting it alone leaves such a file.
#[test]
fn events_that_leave_out_or_repeat_a_round_are_refused() {
    let whole = Finished::new(&TINY.replace("--rounds 1", "--rounds 3 --strategy margin"));
    let lines = whole.events.lines().take(4).collect::<Vec<_>>();
    for order in [&[0, 2][..], &[1, 2], &[0, 1, 1], &[0, 1, 2, 3, 0]] {
        let folder = workshop();
        fs::create_dir(folder.path().join("run")).unwrap();
        let events = order.iter().map(|line| format!("{}\n", lines[*line])).collect::<String>();
        fs::write(folder.path().join("run/config.toml"), &whole.config).unwrap();
        fs::write(folder.path().join("run/events.jsonl"), &events).unwrap();
        call(&folder, "run --resume run").expect(3, &["run/events.jsonl", "line"]);
        assert_eq!(read(&folder, "run/events.jsonl"), events);
    }
}

// --- The files of the published data sets ----------------------------------------------------------------------------

/// `DEEPAL_DATA`, or a folder beside the project's.
fn published() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("DEEPAL_DATA").map_or_else(beside, PathBuf::from);
    folder.is_dir().then(|| std::path::absolute(folder).unwrap())
}

/// The folder of the published files, if those of `dataset` are there; else says so.
fn published_with(dataset: &str) -> Option<PathBuf> {
    let folder = published().filter(|folder| folder.join(dataset).is_dir());
    if folder.is_none() {
        let why = format!("skipped: `{dataset}` is neither in `DEEPAL_DATA` nor beside the project\n");
        drop(std::io::Write::write_all(&mut std::io::stderr(), why.as_bytes()));
    }
    folder
}

/// DeepAL's command line on published files, named as DeepAL names them.
fn deepals_command_line(dataset: [&str; 2], strategy: [&str; 2]) {
    let Some(data) = published_with(dataset[1]) else { return };
    let folder = workshop();
    let line = format!(
        "run --n_round 1 --n_query 50 --n_init_labeled 200 --dataset_name {} --strategy_name {} --seed 1 \
         --pool 2000 --out run",
        dataset[0], strategy[0]
    );
    let warning = ["warning: 10 epochs over 200 labels are 40 optimiser steps", "`--training adaptive`"];
    Outcome::of(deepal(&folder, &line).arg("--data-dir").arg(&data)).expect(0, &warning);
    let config = read(&folder, "run/config.toml");
    for line in [
        &format!("dataset = \"{}\"", dataset[1]),
        &format!("strategies = [\"{}\"]", strategy[1]),
        "net = \"mnist-cnn\"",
        "seeds = [1]",
        "initial = 200",
        "query = 50",
        "rounds = 1",
        "pool = 2000",
        "name = \"sgd\"",
        "learning_rate = 0.01",
        "momentum = 0.5",
        "batch_size = 64",
        "until = \"epochs\"",
        "epochs = 10",
    ] {
        assert!(config.contains(&format!("\n{line}\n")), "{line}: {config}");
    }
    let rounds = rounds(&read(&folder, "run/events.jsonl"));
    assert_eq!(rounds.values().map(|round| round.labels).collect::<Vec<_>>(), [200, 250]);
    // The environment names the folder as well as the option does.
    Outcome::of(deepal(&folder, "run --resume run").env("DEEPAL_DATA", &data)).expect(0, &[]);
}

#[test]
fn deepals_own_command_line_works_on_mnist() {
    deepals_command_line(["MNIST", "mnist"], ["EntropySampling", "entropy"]);
}

#[test]
fn deepals_own_command_line_works_on_fashion_mnist() {
    deepals_command_line(["FashionMNIST", "fashion-mnist"], ["KCenterGreedy", "k-center"]);
}

#[test]
fn a_truncated_data_file_is_named_with_its_remedy() {
    let Some(data) = published_with("mnist").map(|data| data.join("mnist")) else { return };
    let folder = workshop();
    fs::create_dir(folder.path().join("data")).unwrap();
    for entry in fs::read_dir(data).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), folder.path().join("data").join(entry.file_name())).unwrap();
    }
    let broken = fs::read_dir(folder.path().join("data")).unwrap().map(|entry| entry.unwrap().path());
    let broken = broken.into_iter().find(|path| path.to_string_lossy().contains("train-images")).unwrap();
    let bytes = fs::read(&broken).unwrap();
    for len in [bytes.len() / 2, 10, 0] {
        fs::write(&broken, &bytes[..len]).unwrap();
        let words = ["train-images", "expected", "found", "delete it and download it again"];
        call(&folder, "run --dataset mnist --data-dir data --out run").expect(3, &words);
        assert!(!folder.path().join("run").exists());
    }
}

// --- Help and lists --------------------------------------------------------------------------------------------------

#[test]
fn without_arguments_there_is_help_and_the_code_of_a_wrong_call() {
    let folder = workshop();
    let said = call(&folder, "").expect(2, &["Usage: deepal", "run", "select", "list", "Exit codes"]);
    assert_eq!(said.stdout, "");
    call(&folder, "frobnicate").expect(2, &["frobnicate", "--help"]);
    call(&folder, "list").expect(2, &["<WHAT>"]);
    call(&folder, "list nonsense").expect(2, &["nonsense", "strategies, datasets, nets"]);
}

#[test]
fn help_has_the_exit_codes_and_every_option() {
    let folder = workshop();
    let help = |line: &str| {
        let said = call(&folder, line).expect(0, &[]);
        assert_eq!(said.stderr, "");
        said.stdout
    };
    let text = help("--help").split_whitespace().collect::<Vec<_>>().join(" ");
    for words in
        ["0 success", "1 a job failed", "2 wrong", "3 input", "4 output", "5 download", "130 interrupted"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    let text = help("run --help");
    for option in [
        "dataset", "strategy", "seeds", "initial", "query", "rounds", "pool", "net", "training", "config",
        "out", "resume", "data-dir", "offline", "threads",
    ] {
        let (_, about) = text.split_once(&format!("      --{option}")).unwrap();
        let about = about.lines().nth(1).unwrap().trim();
        assert!(about.len() > 10, "--{option} says only {about:?}");
    }
    for line in ["--help", "run --help", "select --help", "list --help", "-h", "run -h"] {
        assert_narrow(&help(line));
    }
    assert_eq!(help("--version").trim(), format!("deepal {}", env!("CARGO_PKG_VERSION")));
}

#[track_caller]
fn assert_narrow(text: &str) {
    for line in text.lines() {
        assert!(line.chars().count() <= 100, "{line:?}");
    }
}

#[test]
fn the_lists_name_everything_there_is() {
    let folder = workshop();
    let heads = |what: &str| {
        let said = call(&folder, &format!("list {what}")).expect(0, &[]);
        assert_narrow(&said.stdout);
        said.stdout
            .lines()
            .filter(|line| line.starts_with(|c| c != ' '))
            .map(String::from)
            .collect::<Vec<_>>()
    };
    let names = |heads: &[String]| {
        heads.iter().map(|head| head.split(" (").next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let strategies = heads("strategies");
    assert_eq!(names(&strategies), strategy::ALL.iter().map(|entry| entry.name).collect::<Vec<_>>());
    for entry in strategy::ALL {
        let head = entry.deepal.map_or(entry.name.into(), |deepal| format!("{} ({deepal})", entry.name));
        assert!(strategies.contains(&head), "{head}");
    }
    assert_eq!(names(&heads("datasets")), datasets::ALL.iter().map(|entry| entry.name).collect::<Vec<_>>());
    assert_eq!(names(&heads("nets")), nets::ALL.iter().map(|entry| entry.name).collect::<Vec<_>>());
}

#[test]
fn a_reader_that_has_had_enough_is_no_error() {
    let folder = workshop();
    for line in ["list strategies", "list datasets", &format!("run {TINY} --out run"), "run --resume run"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = program(&folder, line).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
        let output = output.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && !stderr.contains("error"), "{line}: {stderr}");
    }
    assert!(is_finished(&read(&folder, "run/events.jsonl")));
}
