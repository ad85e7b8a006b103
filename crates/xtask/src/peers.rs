//! `cargo xtask bench-peers`: ours and the usual Python programs on the same work, in turn.

use crate::args::Args;
use crate::process::{Measured, measure, ours, output, watch};
use crate::{Result, machine, work};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is measured, and against whom.
struct Work {
    /// Its name for `work::run` and for `peers.py`.
    name: &'static str,
    input: Input,
    /// The peers, as `peers.py` calls them, and what we want to reach against each.
    peers: &'static [(Option<&'static str>, &'static [Reach])],
}

/// What a work needs besides itself.
#[derive(Clone, Copy)]
enum Input {
    Nothing,
    Mnist,
    Arrays,
    /// All that strategies look at, of 10,000 candidates.
    Pool,
    /// The `deepal` program.
    Program,
}

/// What we want to reach.
#[derive(Clone, Copy)]
enum Reach {
    /// At least so many times as fast as the peer.
    Speed(f64),
    /// At most this share of the peer's memory.
    Memory(f64),
    /// At most so many times the peer's cost of a clustering.
    Cost(f64),
    /// Less than so many seconds.
    Seconds(f64),
    /// Less than so many MB.
    Megabytes(f64),
}

use Input::{Arrays, Mnist, Nothing, Pool, Program};
use Reach::{Cost, Megabytes, Memory, Seconds, Speed};

const NCHW: Option<&str> = Some("PyTorch, NCHW");
const CHANNELS_LAST: Option<&str> = Some("PyTorch, channels last");
const PYTORCH: Option<&str> = Some("PyTorch");
const SKACTIVEML: Option<&str> = Some("scikit-activeml");
const SMALL_TEXT: Option<&str> = Some("small-text");

/// Of a pick of 100 of 10,000.
const USUAL: &[Reach] = &[Seconds(0.3), Megabytes(200.0)];
/// The same of strategies that cost much.
const COSTLY: &[Reach] = &[Seconds(10.0), Megabytes(1000.0)];

static WORKS: &[Work] = &[
    Work {
        name: "train-mnist",
        input: Nothing,
        peers: &[(NCHW, &[Speed(3.0)]), (CHANNELS_LAST, &[Speed(2.7)])],
    },
    Work {
        name: "train-svhn",
        input: Nothing,
        peers: &[(NCHW, &[Speed(1.6)]), (CHANNELS_LAST, &[Speed(1.25)])],
    },
    Work {
        name: "train-cifar",
        input: Nothing,
        peers: &[(NCHW, &[Speed(1.35)]), (CHANNELS_LAST, &[Speed(1.1)])],
    },
    Work { name: "infer-mnist", input: Nothing, peers: &[(PYTORCH, &[Speed(3.0)])] },
    Work { name: "infer-svhn", input: Nothing, peers: &[(PYTORCH, &[Speed(1.2)])] },
    Work { name: "infer-cifar", input: Nothing, peers: &[(PYTORCH, &[Speed(1.1)])] },
    Work { name: "round-entropy", input: Mnist, peers: &[(PYTORCH, &[Speed(6.0), Memory(1.0 / 3.0)])] },
    Work { name: "query-entropy-dropout", input: Mnist, peers: &[(PYTORCH, &[Speed(40.0)])] },
    Work { name: "query-bald", input: Mnist, peers: &[(PYTORCH, &[Speed(40.0)])] },
    Work {
        name: "k-center",
        input: Arrays,
        peers: &[(Some("NumPy"), &[Speed(4.0)]), (Some("NumPy, by products"), &[])],
    },
    Work { name: "k-means", input: Arrays, peers: &[(Some("scikit-learn"), &[Speed(4.0), Cost(1.01)])] },
    Work { name: "bim", input: Mnist, peers: &[(PYTORCH, &[Speed(100.0), Seconds(8.0)])] },
    Work { name: "deepfool", input: Mnist, peers: &[(PYTORCH, &[Speed(100.0), Seconds(20.0)])] },
    Work { name: "select-badge", input: Pool, peers: &[(SKACTIVEML, USUAL)] },
    Work { name: "select-typiclust", input: Pool, peers: &[(SKACTIVEML, USUAL)] },
    Work { name: "select-prob-cover", input: Pool, peers: &[(SKACTIVEML, USUAL)] },
    Work { name: "select-clue", input: Pool, peers: &[(SKACTIVEML, USUAL)] },
    Work { name: "select-falcun", input: Pool, peers: &[(SKACTIVEML, USUAL)] },
    Work { name: "select-drop-query", input: Pool, peers: &[(SKACTIVEML, USUAL)] },
    Work { name: "select-max-herding", input: Pool, peers: &[(SKACTIVEML, USUAL)] },
    Work { name: "select-bald", input: Pool, peers: &[(SKACTIVEML, USUAL)] },
    Work { name: "select-vote-entropy", input: Pool, peers: &[(SKACTIVEML, USUAL)] },
    Work { name: "select-ensemble-bald", input: Pool, peers: &[(SKACTIVEML, USUAL)] },
    Work { name: "select-k-center", input: Pool, peers: &[(SKACTIVEML, USUAL), (SMALL_TEXT, USUAL)] },
    Work { name: "select-k-means", input: Pool, peers: &[(SMALL_TEXT, USUAL)] },
    Work { name: "select-batch-bald", input: Pool, peers: &[(SKACTIVEML, COSTLY)] },
    Work { name: "select-bait", input: Pool, peers: &[(None, COSTLY)] },
    Work { name: "select-epig", input: Pool, peers: &[(None, COSTLY)] },
    Work { name: "select-bait-fast", input: Pool, peers: &[(None, USUAL)] },
    Work { name: "select-alfa-mix", input: Pool, peers: &[(None, USUAL)] },
    Work { name: "select-cdal", input: Pool, peers: &[(None, USUAL)] },
    Work { name: "select-weighted-k-means", input: Pool, peers: &[(None, USUAL)] },
    Work { name: "select-density-weighting", input: Pool, peers: &[(None, USUAL)] },
    Work { name: "select-power-bald", input: Pool, peers: &[(None, USUAL)] },
    Work { name: "select-mean-std", input: Pool, peers: &[(None, USUAL)] },
    Work { name: "select-variation-ratios", input: Pool, peers: &[(None, USUAL)] },
    Work { name: "select-consensus-entropy", input: Pool, peers: &[(None, USUAL)] },
    Work { name: "select-ensemble-variation-ratios", input: Pool, peers: &[(None, USUAL)] },
    Work { name: "default-run", input: Program, peers: &[(None, &[Seconds(30.0), Megabytes(500.0)])] },
];

const HEADER: &str = "| work | ours | peer | | ratio | reach | memory, ours | peer |\n\
                      | --- | --- | --- | --- | --- | --- | --- | --- |\n";

/// Measures and prints the table; an error if something could not be measured.
pub(crate) fn run(args: &[&str]) -> Result<()> {
    let args = Args::parse(args, &["--python", "--threads", "--data", "--repeat", "--deepal", "--out"])?;
    let works = chosen(&args.names)?;
    let bench = Bench {
        python: args.get("--python").unwrap_or("python3").into(),
        script: machine::root().join("benches/peers/peers.py"),
        threads: args.count("--threads", 2)?,
        repeat: args.count("--repeat", 3)?,
        mnist: args
            .get("--data")
            .map(PathBuf::from)
            .or_else(|| std::env::var_os("DEEPAL_DATA").map(PathBuf::from)),
        deepal: args.get("--deepal").map(fs::canonicalize).transpose()?,
        scratch: Scratch::new()?,
    };
    let mut report = bench.head()?;
    print!("{report}");
    let mut failed = false;
    for work in works {
        let rows = match bench.argument(work.input) {
            Err(why) => format!("| {} | left out: {why} | | | | | | |\n", work.name),
            Ok(argument) => bench.rows(work, &argument).unwrap_or_else(|error| {
                failed = true;
                format!("| {} | failed: {error} | | | | | | |\n", work.name)
            }),
        };
        print!("{rows}");
        report.push_str(&rows);
        // Each time, so that what is measured stays if something stops us.
        if let Some(out) = args.get("--out") {
            fs::write(out, &report).map_err(|error| format!("{out}: {error}"))?;
        }
    }
    if failed { Err("not everything could be measured".into()) } else { Ok(()) }
}

/// The works whose names start with one of `names`; all if there are none.
fn chosen(names: &[&str]) -> Result<Vec<&'static Work>> {
    let all = || WORKS.iter().map(|work| work.name);
    if let Some(name) = names.iter().find(|name| !all().any(|known| known.starts_with(**name))) {
        return Err(format!(
            "no work is called `{name}`; there are {}",
            all().collect::<Vec<_>>().join(", ")
        )
        .into());
    }
    let wanted = |work: &&Work| names.is_empty() || names.iter().any(|name| work.name.starts_with(name));
    Ok(WORKS.iter().filter(wanted).collect())
}

/// A folder for arrays and runs, removed when it goes out of use.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("deepal-peers-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is left to the system.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// How to measure.
struct Bench {
    python: String,
    script: PathBuf,
    threads: usize,
    repeat: usize,
    /// The folder of MNIST, if one was named.
    mnist: Option<PathBuf>,
    /// The `deepal` program, if one was named.
    deepal: Option<PathBuf>,
    scratch: Scratch,
}

impl Bench {
    fn peer(&self) -> Command {
        let mut command = Command::new(&self.python);
        command.arg(&self.script);
        command
    }

    /// What stands above the rows. Finds out whether the peers can run.
    fn head(&self) -> Result<String> {
        let versions = output(self.peer().arg("versions")).map_err(|error| {
            format!(
                "{error}\nthe peers need Python 3.10 and packages:\n  python3 -m venv peers\n  \
                 peers/bin/pip install torch torchvision numpy pillow scikit-learn scikit-activeml small-text\n  \
                 cargo xtask bench-peers --python peers/bin/python"
            )
        })?;
        Ok(format!(
            "# Speed against peers\n\n{}- {}\n- each figure the median of {}; ours and the peers in turn, each in a process of its \
             own\n\nMade by `cargo xtask bench-peers`; `benches/README.md` says what each work is.\n\n{HEADER}",
            machine::describe(self.threads)?,
            versions.trim(),
            self.repeat
        ))
    }

    /// What the processes of a work are told besides its name: the path of what they need.
    fn argument(&self, input: Input) -> Result<String> {
        let path = match input {
            Nothing => return Ok("-".into()),
            Mnist => {
                let folder = self.mnist.as_deref();
                let folder =
                    folder.ok_or("MNIST is not at hand, name its folder with --data or DEEPAL_DATA")?;
                work::mnist(folder)?;
                folder
            }
            Arrays => {
                output(self.peer().arg("arrays").arg(&self.scratch.0))?;
                &self.scratch.0
            }
            Pool => {
                let folder = self.scratch.0.join("pool");
                fs::create_dir_all(&folder)?;
                output(self.peer().arg("pool").arg(&folder))?;
                return Ok(folder.to_str().ok_or("its path is no Unicode")?.into());
            }
            Program => &match &self.deepal {
                Some(path) => path.clone(),
                None => build_deepal()?,
            },
        };
        Ok(path.to_str().ok_or("its path is no Unicode")?.into())
    }

    /// The table rows of a work, one for each peer.
    fn rows(&self, work: &Work, argument: &str) -> Result<String> {
        let mut our_runs = Vec::new();
        let mut peer_runs = vec![Vec::new(); work.peers.len()];
        for repetition in 1..=self.repeat {
            let note = |who: &str, measured: &Measured| {
                eprintln!("{} {repetition}/{}: {who} {}", work.name, self.repeat, speed(measured));
            };
            let measured = match work.input {
                Program => watch(
                    Command::new(argument)
                        .args(["run", "--threads", &self.threads.to_string()])
                        .current_dir(&self.scratch.0),
                )?,
                _ => measure(&mut ours(work.name, argument)?, self.threads)?,
            };
            note("ours", &measured);
            our_runs.push(measured);
            for ((peer, _), runs) in work.peers.iter().zip(&mut peer_runs) {
                let Some(peer) = peer else { continue };
                let threads = self.threads.to_string();
                let measured =
                    measure(self.peer().args([work.name, peer, argument, &threads]), self.threads)?;
                note(peer, &measured);
                runs.push(measured);
            }
        }
        let ours = Measured::median(&our_runs);
        let mut rows = String::new();
        for ((peer, reach), runs) in work.peers.iter().zip(&peer_runs) {
            let theirs = peer.map(|_| Measured::median(runs));
            let cell = |of: &dyn Fn(&Measured) -> String| theirs.as_ref().map_or("-".into(), of);
            let reached = reach.iter().map(|reach| reach.show(&ours, theirs.as_ref())).collect::<Vec<_>>();
            writeln!(
                rows,
                "| {} | {} | {} | {} | {} | {} | {} | {} |",
                work.name,
                speed(&ours),
                peer.unwrap_or("-"),
                cell(&speed),
                cell(&|theirs| format!("{:.2}", theirs.pace() / ours.pace())),
                reached.join(", "),
                memory(&ours),
                cell(&memory),
            )?;
        }
        Ok(rows)
    }
}

impl Reach {
    /// The aim and whether it is met, with the figure where the table has no column for it.
    fn show(self, ours: &Measured, theirs: Option<&Measured>) -> String {
        let share = |of: fn(&Measured) -> Option<f64>| Some(of(ours)? / of(theirs?)?);
        let (aim, met) = match self {
            Speed(least) => {
                let ratio = share(|one| Some(one.pace()));
                (format!("≥ {least}"), ratio.map(|ratio| 1.0 / ratio >= least))
            }
            Memory(most) => {
                let share = share(|one| one.peak_mb);
                (
                    format!("memory ≤ {most:.2} ({:.2})", share.unwrap_or(f64::NAN)),
                    share.map(|share| share <= most),
                )
            }
            Cost(most) => {
                let share = share(|one| one.cost);
                (
                    format!("cost ≤ {most} ({:.4})", share.unwrap_or(f64::NAN)),
                    share.map(|share| share <= most),
                )
            }
            Seconds(most) => (format!("< {most} s"), Some(ours.seconds < most)),
            Megabytes(most) => (format!("< {most} MB"), ours.peak_mb.map(|peak| peak < most)),
        };
        let mark = match met {
            Some(true) => "✓",
            Some(false) => "✗",
            None => "?",
        };
        format!("{aim} {mark}")
    }
}

fn speed(measured: &Measured) -> String {
    match measured.images {
        Some(images) => format!("{:.0} images/s", images / measured.seconds),
        None => format!("{:.*} s", if measured.seconds < 10.0 { 2 } else { 1 }, measured.seconds),
    }
}

fn memory(measured: &Measured) -> String {
    measured.peak_mb.map_or("-".into(), |peak| format!("{peak:.0} MB"))
}

/// Builds the program; it then lies beside this one.
fn build_deepal() -> Result<PathBuf> {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(machine::root()).args(["build", "--release", "--package", "deepal"]);
    // What `cargo run` has told us of xtask would have some build scripts run again.
    for (name, _) in std::env::vars_os() {
        if name
            .to_str()
            .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
        {
            cargo.env_remove(name);
        }
    }
    output(&mut cargo)?;
    let here = std::env::current_exe()?;
    let folder = here.parent().unwrap_or(Path::new("."));
    Ok(folder.join(format!("deepal{}", std::env::consts::EXE_SUFFIX)))
}
