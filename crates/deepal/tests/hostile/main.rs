//! Every reader on damaged and hostile files: whatever is in a file, a reader ends soon with a value or an error, and never takes more
//! memory than there is.
//!
//! Each test changes files that are right, or hostile already, in ways that formats are sensitive to ([`mutate`]). It does so in a
//! process of its own with little memory, so that a panic, an abort or an endless loop fails the test and leaves the file behind.
//! `DEEPAL_FUZZ_SECONDS=600` tries each reader for ten minutes instead of on a few files.
#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "test helpers")]

mod arrays;
mod mutate;
mod own;
mod pictures;
mod records;
mod tables;

use mutate::Mutation;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestRunner};
use std::env;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long each reader is tried, in seconds.
const SECONDS: &str = "DEEPAL_FUZZ_SECONDS";
/// Where the process of its own works.
const FOLDER: &str = "DEEPAL_FUZZ_FOLDER";
/// The memory of that process, in KiB of address space.
const MEMORY: u64 = 3 << 20;
/// Files that are tried where no time is set.
const FEW: u64 = 60;
/// The longest that a process may take beyond its time.
const PATIENCE: Duration = Duration::from_secs(240);

/// A kind of file, and what reads it.
struct Reader<'a> {
    /// The name of the test, with its module.
    test: &'a str,
    /// The name of the changed file.
    file: &'a str,
    /// Files to begin with. Each is read as it is too.
    seeds: Vec<Vec<u8>>,
    /// Makes a file of changed bytes: packs them, or puts checksums right.
    wrap: fn(&[u8]) -> Vec<u8>,
    /// Puts other files beside it.
    beside: &'a dyn Fn(&Path),
    read: &'a dyn Fn(&Path),
}

impl Reader<'_> {
    /// Tries it in a process of its own.
    fn hold(self) {
        if let Some(folder) = env::var_os(FOLDER) {
            return self.work(Path::new(&folder));
        }
        let folder = tempfile::tempdir().unwrap();
        let script = format!("ulimit -v {MEMORY} 2>/dev/null; exec \"$0\" \"$@\"");
        let mut command = Command::new("sh");
        command.args(["-c", &script]).arg(env::current_exe().unwrap());
        command.args(["--exact", self.test, "--nocapture", "--test-threads", "1"]);
        command.env(FOLDER, folder.path()).env("RAYON_NUM_THREADS", "2").env("RUST_BACKTRACE", "0");
        let log = fs::File::create(folder.path().join("log.txt")).unwrap();
        let mut child = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(seconds().unwrap_or_default()) + PATIENCE;
        let status = loop {
            match child.try_wait().unwrap() {
                Some(status) => break Some(status),
                None if Instant::now() > deadline => break None,
                None => std::thread::sleep(Duration::from_millis(20)),
            }
        };
        let end = match status {
            Some(status) if status.success() => {
                let tried = fs::read_to_string(folder.path().join("tried.txt")).unwrap();
                return println!("{}: {tried} files", self.test);
            }
            Some(status) => status.to_string(),
            None => {
                child.kill().unwrap();
                child.wait().unwrap();
                "no end".into()
            }
        };
        let folder = folder.keep();
        let log = fs::read_to_string(folder.join("log.txt")).unwrap_or_default();
        panic!("{}: {end}; the file is in {}\n{log}", self.test, folder.display());
    }

    fn work(&self, folder: &Path) {
        let folder = folder.join("work");
        fs::create_dir_all(&folder).unwrap();
        (self.beside)(&folder);
        for seed in &self.seeds {
            assert!(self.is_held(&folder, &(self.wrap)(seed)), "a file as it is");
        }
        let mutations = proptest::collection::vec(mutate::mutation(), 1..5);
        let changed = (proptest::sample::select(self.seeds.clone()), mutations);
        // The same files each time, and others where time is given.
        let mut runner = match seconds() {
            Some(_) => TestRunner::new(Config::default()),
            None => TestRunner::deterministic(),
        };
        let (start, mut tried) = (Instant::now(), 0);
        let goes_on = |tried| match seconds() {
            Some(seconds) => start.elapsed().as_secs() < seconds,
            None => tried < FEW,
        };
        while goes_on(tried) {
            let mut tree = changed.new_tree(&mut runner).unwrap();
            let bytes = |(seed, mutations): (Vec<u8>, Vec<Mutation>)| {
                (self.wrap)(&mutations.iter().fold(seed, |bytes, mutation| mutation.apply(bytes)))
            };
            tried += 1;
            if self.is_held(&folder, &bytes(tree.current())) {
                continue;
            }
            // A smaller change is easier to understand.
            let (mut smallest, mut goes_on) = (tree.current(), tree.simplify());
            while goes_on {
                if self.is_held(&folder, &bytes(tree.current())) {
                    goes_on = tree.complicate();
                } else {
                    smallest = tree.current();
                    goes_on = tree.simplify();
                }
            }
            let changes = format!("{:?}", smallest.1);
            self.is_held(&folder, &bytes(smallest));
            panic!("after {tried} files: {changes}");
        }
        fs::write(folder.with_file_name("tried.txt"), tried.to_string()).unwrap();
    }

    /// Whether a file is read without a panic.
    fn is_held(&self, folder: &Path, bytes: &[u8]) -> bool {
        let path = folder.join(self.file);
        fs::write(&path, bytes).unwrap();
        catch_unwind(AssertUnwindSafe(|| (self.read)(&path))).is_ok()
    }
}

fn seconds() -> Option<u64> {
    env::var(SECONDS).ok()?.parse().ok()
}

fn as_it_is(bytes: &[u8]) -> Vec<u8> {
    bytes.to_vec()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    use std::io::{Cursor, Write};
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// Opens a source and looks at all of it.
fn look(path: &Path) {
    use deepal::source::{Open, Source};
    let Ok(source) = Source::open(path, &Open { cache_bytes: 1 << 20, ..Open::default() }) else { return };
    let rows = (0..source.ids.len().min(20)).collect::<Vec<_>>();
    let _ = source.inputs.inputs(&rows);
    let _ = source.labeled();
    for row in rows {
        let _ = (source.inputs.show(row), source.inputs.digest(row), source.inputs.file(row));
    }
}

/// A file of this repository.
fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}
