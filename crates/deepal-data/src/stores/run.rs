//! [`RunStore`]: the folder of a run, from which alone a run can be resumed and reported.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `config.toml` | the run's settings, every default filled in; replaced when the run grows |
//! | `events.jsonl` | one [`Event`] a line, only ever appended to; each line has `"v":1`, the format's version |
//! | `results.csv` | the rounds without their picks, derived from the events alone, sorted |
//!
//! What programs add, such as a report, follows from these.
//!
//! Versions: a reader refuses lines of another version and ignores fields that it does not know, so fields may be
//! added without a new version, and removed or given another meaning only with one.

use crate::error::{Error, Result};
use crate::files::{self, csv_row};
use deepal_core::metric::{ClassCounts, Errors, Metric};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// The version of the lines of `events.jsonl`.
const VERSION: u32 = 1;

const CONFIG: &str = "config.toml";
/// The name of the events' file.
pub const EVENTS: &str = "events.jsonl";
const RESULTS: &str = "results.csv";

/// Something that happened in a run and is not to be lost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A process began to work on the run: at its start, and whenever it goes on.
    Started(Started),
    /// A job failed; it may be tried again.
    Failed(Failed),
    /// A round of one run was labelled, trained and tested.
    Round(RoundRecord),
    /// All runs are done.
    Finished,
}

/// Who works on a run, where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// The program's version.
    pub version: String,
    /// The machine in words: processor, cores, operating system.
    pub machine: String,
    /// Threads used.
    pub threads: usize,
    /// When, in seconds since 1970 (UTC).
    pub unix_seconds: u64,
}

/// A job that could not go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// The data set's name.
    pub dataset: String,
    /// The net's name.
    pub net: String,
    /// The strategy's name.
    pub strategy: String,
    /// The run's seed.
    pub seed: u64,
    /// The reason in words.
    pub why: String,
}

/// A round: what was labelled, and how good the net was with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoundRecord {
    /// The data set's name.
    pub dataset: String,
    /// The net's name.
    pub net: String,
    /// The strategy's name.
    pub strategy: String,
    /// The run's seed.
    pub seed: u64,
    /// The round; 0 is the first labelled set.
    pub round: usize,
    /// Labels in all at the end of the round.
    pub labels: usize,
    /// The sample ids labelled in this round, in the order of picking.
    pub picks: Vec<u32>,
    /// The classes that the picks turned out to be, in the same order.
    #[serde(default)]
    pub classes: Vec<u16>,
    /// The strategy's scores of the picks, in the same order; `None` where it does not rank.
    #[serde(default)]
    pub scores: Option<Vec<f64>>,
    /// The accuracy on the test set.
    pub accuracy: f64,
    /// How long training took.
    pub train_seconds: f64,
    /// How long picking took.
    pub query_seconds: f64,
    /// How long predicting the test set took.
    #[serde(default)]
    pub predict_seconds: f64,
    /// The test class by class; `None` in runs of earlier versions. Three numbers a class, so some 8 KB for 1,000 classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<Box<ClassCounts>>,
    /// What is wrong on the test set; of the last round alone, and at most some 20 KB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<Box<Errors>>,
}

/// The folder of a run, locked: no other process can write to it until this is dropped.
#[derive(Debug)]
pub struct RunStore {
    folder: PathBuf,
    events: File,
    /// The whole lines of `events`, in bytes.
    len: u64,
    /// What is in `results.csv`, sorted.
    rounds: Vec<RoundRecord>,
}

impl RunStore {
    /// Starts a run in `folder`, which is made if need be.
    ///
    /// # Errors
    /// A folder that holds a run already, that another process is writing to, or that cannot be written.
    pub fn create(folder: &Path, config: &str) -> Result<Self> {
        fs::create_dir_all(folder).map_err(Error::write(folder))?;
        if folder.join(CONFIG).exists() {
            return Err(Error::RunExists { path: folder.into() });
        }
        // A process killed before it wrote its settings leaves no more than these behind.
        let is_start = |name: &str| name == EVENTS || (name.starts_with(CONFIG) && name.ends_with(".tmp"));
        let entries = fs::read_dir(folder).map_err(Error::write(folder))?;
        if entries.flatten().any(|entry| !is_start(&entry.file_name().to_string_lossy())) {
            return Err(Error::NotEmpty { path: folder.into() });
        }
        let mut store = Self::lock(folder)?;
        if folder.join(CONFIG).exists() {
            return Err(Error::RunExists { path: folder.into() });
        }
        if store.len > 0 {
            return Err(Error::NotEmpty { path: folder.into() });
        }
        store.remove_litter();
        files::write_atomically(&folder.join(CONFIG), config.as_bytes())?;
        store.write_results()?;
        Ok(store)
    }

    /// Goes on with the run in `folder`: the store, the text of `config.toml`, and the events so far.
    ///
    /// The last line of the events is dropped if its end is missing, as after a kill while it was written, and
    /// `results.csv` is made anew.
    ///
    /// # Errors
    /// A folder without a run or that another process is writing to; a broken line, or one of another version.
    pub fn open(folder: &Path) -> Result<(Self, String, Vec<Event>)> {
        let config = read_config(folder)?;
        let mut store = Self::lock(folder)?;
        store.remove_litter();
        let path = folder.join(EVENTS);
        let mut bytes = Vec::new();
        store.events.read_to_end(&mut bytes).map_err(Error::read(&path))?;
        let (events, whole) = parse(&path, &bytes)?;
        if whole < bytes.len() {
            store.len = whole as u64;
            store
                .events
                .set_len(store.len)
                .and_then(|()| store.events.sync_all())
                .map_err(Error::write(&path))?;
        }
        store.rounds = events.iter().filter_map(Event::round).cloned().collect();
        store.write_results()?;
        Ok((store, config, events))
    }

    /// The settings and events of the run in `folder`, which may still go on and stays as it is: a line without end is
    /// left out.
    ///
    /// # Errors
    /// A folder without a run; a broken line, or one of another version.
    pub fn read(folder: &Path) -> Result<(String, Vec<Event>)> {
        let config = read_config(folder)?;
        let path = folder.join(EVENTS);
        let bytes = fs::read(&path).map_err(Error::read(&path))?;
        Ok((config, parse(&path, &bytes)?.0))
    }

    /// Whether there is a run in `folder`.
    pub fn exists(folder: &Path) -> bool {
        folder.join(CONFIG).exists()
    }

    /// Replaces the run's settings, for a run that has grown.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn set_config(&self, config: &str) -> Result<()> {
        self.write_file(CONFIG, config.as_bytes())
    }

    /// The rounds recorded so far, sorted as in `results.csv`.
    pub fn rounds(&self) -> &[RoundRecord] {
        &self.rounds
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Records an event: when this returns, it is on disk. A round also becomes a row of `results.csv`.
    ///
    /// # Errors
    /// A disk that is full or fails; the event is then not recorded, unless it was `results.csv` that could not be written,
    /// which is made anew when the run goes on. A number that is not finite.
    pub fn append(&mut self, event: &Event) -> Result<()> {
        #[derive(Serialize)]
        struct Line<'a> {
            v: u32,
            #[serde(flatten)]
            event: &'a Event,
        }
        if let Event::Round(round) = event {
            // JSON has no NaN: the line could not be read again.
            let numbers = [
                ("accuracy", round.accuracy),
                ("train_seconds", round.train_seconds),
                ("query_seconds", round.query_seconds),
                ("predict_seconds", round.predict_seconds),
            ];
            let scores = round.scores.iter().flatten().map(|score| ("scores", *score));
            let worst = round.errors.iter().flat_map(|errors| &errors.worst);
            let worst = worst.map(|mistake| ("probability", mistake.probability));
            let mut numbers = numbers.into_iter().chain(scores).chain(worst);
            if let Some((what, value)) = numbers.find(|(_, value)| !value.is_finite()) {
                return Err(deepal_core::Error::NotFinite { what, row: round.round, value }.into());
            }
        }
        let path = self.folder.join(EVENTS);
        let mut line = serde_json::to_vec(&Line { v: VERSION, event })
            .map_err(|error| Error::Write { path: path.clone(), cause: error.into() })?;
        line.push(b'\n');
        if let Err(cause) = self.events.write_all(&line).and_then(|()| self.events.sync_data()) {
            // What is left of the line must not become the start of the next one.
            let _ = self.events.set_len(self.len);
            return Err(Error::Write { path, cause });
        }
        self.len += line.len() as u64;
        if let Event::Round(round) = event {
            self.rounds.push(round.clone());
            self.write_results()?;
        }
        Ok(())
    }

    /// Writes a file of the folder: whole, or not at all. One that is there is replaced.
    fn write_file(&self, name: &str, bytes: &[u8]) -> Result<()> {
        files::write_atomically(&self.folder.join(name), bytes)
    }

    /// Removes what a process killed while writing a file has left under a temporary name.
    fn remove_litter(&self) {
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            if files::is_temporary(&entry.file_name().to_string_lossy()) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    fn lock(folder: &Path) -> Result<Self> {
        let path = folder.join(EVENTS);
        let events = OpenOptions::new().create(true).append(true).read(true).open(&path);
        let events = events.map_err(Error::write(&path))?;
        match events.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::Locked { path: folder.into() }),
            Err(TryLockError::Error(cause)) => return Err(Error::Write { path, cause }),
        }
        let len = events.metadata().map_err(Error::read(&path))?.len();
        Ok(Self { folder: folder.into(), events, len, rounds: Vec::new() })
    }

    /// Jobs run side by side, so events come in any order: the table is sorted.
    fn write_results(&mut self) -> Result<()> {
        self.rounds.sort_by(RoundRecord::in_order);
        let mut table =
            b"dataset,net,strategy,seed,round,labels,accuracy,train_seconds,query_seconds\n".to_vec();
        table.extend(self.rounds.iter().flat_map(row));
        self.write_file(RESULTS, &table)
    }
}

impl RoundRecord {
    /// What it is a round of: data set, net, strategy and seed.
    pub fn job(&self) -> (&str, &str, &str, u64) {
        (&self.dataset, &self.net, &self.strategy, self.seed)
    }

    /// A metric of its test; `None` of a run that recorded the accuracy alone.
    pub fn metric(&self, metric: Metric) -> Option<f64> {
        match metric {
            Metric::Accuracy => Some(self.accuracy),
            _ => Some(self.test.as_ref()?.metric(metric)),
        }
    }

    /// The order of `results.csv`: job by job, from the first round to the last.
    pub fn in_order(&self, other: &Self) -> Ordering {
        (self.job(), self.round).cmp(&(other.job(), other.round))
    }
}

impl Event {
    /// The round, if it is one.
    pub fn round(&self) -> Option<&RoundRecord> {
        match self {
            Event::Round(round) => Some(round),
            Event::Started(_) | Event::Failed(_) | Event::Finished => None,
        }
    }
}

/// A row of `results.csv`: the accuracy in full, seconds to the millisecond.
fn row(round: &RoundRecord) -> Vec<u8> {
    let RoundRecord {
        dataset,
        net,
        strategy,
        seed,
        round,
        labels,
        accuracy,
        train_seconds,
        query_seconds,
        ..
    } = round;
    let numbers = [
        seed.to_string(),
        round.to_string(),
        labels.to_string(),
        accuracy.to_string(),
        format!("{train_seconds:.3}"),
        format!("{query_seconds:.3}"),
    ];
    csv_row([dataset, net, strategy].into_iter().chain(&numbers))
}

fn read_config(folder: &Path) -> Result<String> {
    let path = folder.join(CONFIG);
    fs::read_to_string(&path).map_err(|cause| match cause.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Error::NoRun { path: folder.into() },
        _ => Error::Read { path, cause },
    })
}

/// The largest probability: 1, and what rounding in single precision may add.
const MOST_PROBABLE: f64 = 1.0 + 1e-6;

/// How far the rounds of a job go.
#[derive(Default)]
struct Progress {
    next_round: usize,
    picked: HashSet<u32>,
}

impl Progress {
    /// Takes the next round in, or says why it cannot be that.
    fn take(&mut self, round: &RoundRecord) -> Result<(), String> {
        let RoundRecord { strategy, seed, labels, picks, classes, scores, accuracy, .. } = round;
        let seconds = [round.train_seconds, round.query_seconds, round.predict_seconds];
        let job = format!("round {} of {strategy} with seed {seed}", round.round);
        if round.round != self.next_round {
            return Err(format!("is {job} where round {} should be", self.next_round));
        }
        self.next_round += 1;
        if !(0.0..=1.0).contains(accuracy) {
            return Err(format!("has the accuracy {accuracy} for {job}, and it must be from 0 to 1"));
        }
        if seconds.iter().any(|seconds| !(*seconds >= 0.0 && seconds.is_finite())) {
            return Err(format!("has times that are negative or not finite for {job}"));
        }
        let n = picks.len();
        if n == 0 {
            return Err(format!("has no pick for {job}"));
        }
        // Older versions recorded no classes.
        if !classes.is_empty() && classes.len() != n {
            return Err(format!("has {n} picks and {} classes for {job}", classes.len()));
        }
        if let Some(scores) = scores.as_ref().filter(|scores| scores.len() != n) {
            return Err(format!("has {n} picks and {} scores for {job}", scores.len()));
        }
        if let Some(twice) = picks.iter().find(|pick| !self.picked.insert(**pick)) {
            return Err(format!("picks sample {twice} a second time in {job}"));
        }
        if *labels != self.picked.len() {
            return Err(format!("says {labels} labels after {job}, and {} were picked", self.picked.len()));
        }
        if !round.test.as_ref().is_none_or(|test| is_possible(test)) {
            return Err(format!("has counts of classes that contradict each other for {job}"));
        }
        let worst = round.errors.iter().flat_map(|errors| &errors.worst);
        let mut probabilities = worst.map(|mistake| mistake.probability);
        if let Some(wrong) = probabilities.find(|probability| !(0.0..=MOST_PROBABLE).contains(probability)) {
            return Err(format!("has the probability {wrong} for {job}, and it must be from 0 to 1"));
        }
        Ok(())
    }
}

/// Whether counts are of one test.
fn is_possible(test: &ClassCounts) -> bool {
    let ClassCounts { actual, predicted, right } = test;
    let sum = |counts: &[u32]| counts.iter().map(|count| u64::from(*count)).sum::<u64>();
    let are_right = |others: &[u32]| right.iter().zip(others).all(|(right, other)| right <= other);
    actual.len() == predicted.len()
        && actual.len() == right.len()
        && sum(actual) == sum(predicted)
        && are_right(actual)
        && are_right(predicted)
}

/// The events of the whole lines, and how many bytes those are.
fn parse(path: &Path, bytes: &[u8]) -> Result<(Vec<Event>, usize)> {
    #[derive(Deserialize)]
    struct Version {
        v: u32,
    }
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    let mut events = Vec::new();
    let mut jobs = BTreeMap::<_, Progress>::new();
    for (at, line) in bytes[..whole].split_inclusive(|byte| *byte == b'\n').enumerate() {
        let broken = |why: String| Error::Events { path: path.into(), line: at + 1, why };
        let unreadable = |error: serde_json::Error| broken(format!("cannot be read ({error})"));
        let Version { v } = serde_json::from_slice(line).map_err(unreadable)?;
        if v != VERSION {
            return Err(broken(format!("has version {v}, this program reads version {VERSION}")));
        }
        let event: Event = serde_json::from_slice(line).map_err(unreadable)?;
        if let Event::Round(round) = &event {
            let job = (round.dataset.clone(), round.net.clone(), round.strategy.clone(), round.seed);
            jobs.entry(job).or_default().take(round).map_err(broken)?;
        }
        events.push(event);
    }
    Ok((events, whole))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;
    use deepal_core::metric::Mistake;
    use tempfile::TempDir;

    fn round(round: usize, accuracy: f64) -> Event {
        Event::Round(RoundRecord {
            dataset: "digits".into(),
            net: "mlp".into(),
            strategy: "margin, \"odd\"".into(),
            seed: u64::MAX,
            round,
            labels: 3 * (round + 1),
            picks: vec![3 * round as u32 + 1, 3 * round as u32, u32::MAX - round as u32],
            classes: vec![1, 0, u16::MAX],
            scores: (round > 0).then(|| vec![0.3, 0.1 + 0.2, -1e-300]),
            accuracy,
            train_seconds: 1.23456,
            query_seconds: 0.0,
            predict_seconds: 0.5,
            test: (round > 0).then(|| {
                Box::new(ClassCounts { actual: vec![5, 10], predicted: vec![6, 9], right: vec![5, 9] })
            }),
            errors: (round > 0).then(|| {
                let worst = vec![Mistake { sample: 3, actual: 1, predicted: 0, probability: 0.1 + 0.2 }];
                Box::new(Errors { confused: vec![(1, 0, 1)], worst })
            }),
        })
    }

    fn text(folder: &TempDir, name: &str) -> String {
        fs::read_to_string(folder.path().join(name)).unwrap()
    }

    /// A folder with a run of two rounds.
    fn two_rounds() -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let mut store = RunStore::create(folder.path(), "seed = 1\n").unwrap();
        store.append(&round(0, 0.1)).unwrap();
        store.append(&round(1, 14.0 / 15.0)).unwrap();
        folder
    }

    #[test]
    fn what_is_written_comes_back() {
        let folder = two_rounds();
        let csv = text(&folder, RESULTS);
        assert_eq!(
            csv,
            "dataset,net,strategy,seed,round,labels,accuracy,train_seconds,query_seconds\n\
             digits,mlp,\"margin, \"\"odd\"\"\",18446744073709551615,0,3,0.1,1.235,0.000\n\
             digits,mlp,\"margin, \"\"odd\"\"\",18446744073709551615,1,6,0.9333333333333333,1.235,0.000\n"
        );
        assert!(text(&folder, EVENTS).lines().all(|line| line.starts_with(r#"{"v":1,"event":"round","#)));

        fs::remove_file(folder.path().join(RESULTS)).unwrap();
        let (mut store, config, events) = RunStore::open(folder.path()).unwrap();
        assert_eq!(config, "seed = 1\n");
        assert_eq!(events, [round(0, 0.1), round(1, 14.0 / 15.0)]);
        assert_eq!(text(&folder, RESULTS), csv, "made anew from the events");
        store.append(&Event::Finished).unwrap();
        drop(store);
        assert_eq!(RunStore::open(folder.path()).unwrap().2[2], Event::Finished);
        assert_eq!(text(&folder, RESULTS), csv);
    }

    #[test]
    fn a_record_of_an_earlier_version_has_the_accuracy_alone() {
        let folder = two_rounds();
        let whole = text(&folder, EVENTS);
        let line = whole.lines().nth(1).unwrap();
        let (old, _) = line.split_once(",\"test\":").unwrap();
        let first = whole.lines().next().unwrap();
        assert!(!first.contains("\"test\""), "{first}");
        fs::write(folder.path().join(EVENTS), format!("{first}\n{old}}}\n")).unwrap();
        let (store, _, events) = RunStore::open(folder.path()).unwrap();
        let Event::Round(last) = &events[1] else { panic!("{events:?}") };
        assert_eq!((last.accuracy, &last.test, &last.errors), (14.0 / 15.0, &None, &None));
        assert_eq!(last.metric(Metric::Accuracy), Some(14.0 / 15.0));
        assert_eq!(Metric::ALL.map(|metric| last.metric(metric).is_some()), [true, false, false]);
        assert_eq!(store.rounds().len(), 2);
    }

    #[test]
    fn accuracies_survive_to_the_last_bit() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = RunStore::create(folder.path(), "").unwrap();
        let written = (0..500).map(|at| round(at, at as f64 / 499.0)).collect::<Vec<_>>();
        written.iter().for_each(|event| store.append(event).unwrap());
        drop(store);
        assert_eq!(RunStore::open(folder.path()).unwrap().2, written);
    }

    #[test]
    fn a_line_torn_anywhere_is_dropped_and_the_run_goes_on() {
        let folder = two_rounds();
        let whole = text(&folder, EVENTS);
        let first = whole.find('\n').unwrap() + 1;
        for end in first..whole.len() {
            fs::write(folder.path().join(EVENTS), &whole[..end]).unwrap();
            let (mut store, _, events) = RunStore::open(folder.path()).unwrap();
            assert_eq!(events, [round(0, 0.1)], "cut at {end}");
            assert_eq!(text(&folder, RESULTS).lines().count(), 2);
            store.append(&round(1, 14.0 / 15.0)).unwrap();
            assert_eq!(text(&folder, EVENTS), whole);
        }
    }

    #[test]
    fn a_broken_line_and_another_version_are_errors_with_the_line() {
        let folder = two_rounds();
        let whole = text(&folder, EVENTS);
        let cases = [
            (format!("{whole}{{\"v\":1,\"event\":\"round\"}}\n{whole}"), "line 3: cannot be read"),
            (format!("\n{whole}"), "line 1: cannot be read"),
            (whole.replacen("\"seed\":", "\"sed\":", 1), "line 1: cannot be read"),
            (
                whole.replacen("{\"v\":1", "{\"v\":2", 1),
                "line 1: has version 2, this program reads version 1",
            ),
            (whole.replacen("\"round\":1", "\"round\":2", 1), "line 2: is round 2 of margin"),
            (whole.replacen("\"accuracy\":0.1", "\"accuracy\":-1e308", 1), "line 1: has the accuracy -1"),
            (whole.replacen("\"accuracy\":0.1", "\"accuracy\":1.1", 1), "from 0 to 1"),
            (whole.replacen("1.23456", "-1.23456", 1), "line 1: has times that are negative"),
            (whole.replacen("\"picks\":[1,0,", "\"picks\":[1,1,", 1), "line 1: picks sample 1 a second time"),
            (whole.replacen("\"picks\":[4,3,", "\"picks\":[4,0,", 1), "line 2: picks sample 0 a second time"),
            (whole.replacen("\"picks\":[1,0,4294967295]", "\"picks\":[]", 1), "line 1: has no pick"),
            (whole.replacen("\"classes\":[1,0,", "\"classes\":[0,", 1), "line 1: has 3 picks and 2 classes"),
            (whole.replacen("\"labels\":3", "\"labels\":4", 1), "line 1: says 4 labels"),
            (whole.replacen("\"actual\":[5,", "\"actual\":[6,", 1), "line 2: has counts of classes"),
            (whole.replacen("\"right\":[5,", "\"right\":[6,", 1), "contradict each other"),
            (whole.replacen("\"predicted\":[6,9]", "\"predicted\":[15]", 1), "line 2: has counts of classes"),
            (
                whole.replacen("\"probability\":0.3", "\"probability\":1.3", 1),
                "line 2: has the probability 1.3",
            ),
        ];
        for (events, expected) in cases {
            assert_ne!(events, whole, "{expected}");
            fs::write(folder.path().join(EVENTS), &events).unwrap();
            let error = RunStore::open(folder.path()).unwrap_err();
            let text = error.to_string();
            assert!(text.contains(expected) && text.contains(EVENTS), "{text}");
            assert_eq!(error.kind(), Kind::Input);
            assert_eq!(fs::read_to_string(folder.path().join(EVENTS)).unwrap(), events, "left as it is");
        }
    }

    #[test]
    fn a_run_is_not_overwritten_and_not_shared() {
        let folder = two_rounds();
        let exists = RunStore::create(folder.path(), "").unwrap_err();
        assert!(exists.to_string().contains("resume that run"), "{exists}");
        let (_store, ..) = RunStore::open(folder.path()).unwrap();
        let locked = RunStore::open(folder.path()).unwrap_err();
        assert!(locked.to_string().contains("another process is writing to"), "{locked}");
        fs::remove_file(folder.path().join(CONFIG)).unwrap();
        assert!(matches!(RunStore::open(folder.path()), Err(Error::NoRun { .. })));
        drop(_store);
        let events_left = RunStore::create(folder.path(), "").unwrap_err();
        assert!(matches!(events_left, Error::NotEmpty { .. }));
        assert_eq!([exists, locked, events_left].map(|error| error.kind()), [Kind::Output; 3]);
    }

    #[test]
    fn a_kill_before_the_settings_were_written_leaves_a_folder_that_can_be_used() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(EVENTS), "").unwrap();
        fs::write(folder.path().join("config.toml.123.tmp"), "data").unwrap();
        drop(RunStore::create(folder.path(), "").unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
        let other = tempfile::tempdir().unwrap();
        fs::write(other.path().join(RESULTS), "somebody's").unwrap();
        assert!(matches!(RunStore::create(other.path(), ""), Err(Error::NotEmpty { .. })));
    }

    #[test]
    fn what_cannot_be_a_folder_is_an_output_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for path in [file.path().to_owned(), file.path().join("run")] {
            let error = RunStore::create(&path, "").unwrap_err();
            assert_eq!(error.kind(), Kind::Output, "{error}");
            assert!(error.to_string().contains(&path.display().to_string()), "{error}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_an_output_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(EVENTS);
        let mut store = RunStore::create(folder.path(), "").unwrap();
        store.events = OpenOptions::new().append(true).open("/dev/full").unwrap();
        let error = store.append(&round(0, 0.5)).unwrap_err();
        assert_eq!(error.kind(), Kind::Output);
        let text = error.to_string();
        assert!(text.contains(&path.display().to_string()) && text.contains("free some space"), "{text}");
    }

    #[test]
    fn numbers_that_json_lacks_are_refused() {
        let folder = two_rounds();
        let (mut store, ..) = RunStore::open(folder.path()).unwrap();
        assert!(store.append(&round(2, f64::NAN)).is_err());
        assert_eq!(text(&folder, EVENTS).lines().count(), 2);
    }

    #[test]
    fn figures_are_written_and_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let store = RunStore::create(&folder.path().join("a/b"), "").unwrap();
        for figure in ["<svg/>", "<svg></svg>"] {
            store.write_file("accuracy.svg", figure.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(store.folder().join("accuracy.svg")).unwrap(), figure);
        }
        assert_eq!(fs::read_dir(store.folder()).unwrap().count(), 4, "no temporary file is left");
    }
}
