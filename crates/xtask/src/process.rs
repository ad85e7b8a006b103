//! One measurement in a process of its own, ours or a peer's.

use crate::Result;
use serde::{Deserialize, Serialize};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a process has measured of itself: the last line that it prints, as JSON.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Measured {
    /// The time of the work, without what comes before it, such as reading files.
    pub(crate) seconds: f64,
    /// Images done in that time, where throughput is what counts.
    pub(crate) images: Option<f64>,
    /// The sum of squared distances of a clustering.
    pub(crate) cost: Option<f64>,
    /// The greatest resident memory of the process in MB; `None` where the system does not tell.
    pub(crate) peak_mb: Option<f64>,
}

impl Measured {
    /// Seconds for the work, or for each image.
    pub(crate) fn pace(&self) -> f64 {
        self.seconds / self.images.unwrap_or(1.0)
    }

    /// The medians of several measurements of one work.
    pub(crate) fn median(all: &[Measured]) -> Measured {
        let median_of = |of: fn(&Measured) -> Option<f64>| median(all.iter().filter_map(of).collect());
        Measured {
            seconds: median_of(|one| Some(one.seconds)).unwrap_or_default(),
            images: median_of(|one| one.images),
            cost: median_of(|one| one.cost),
            peak_mb: median_of(|one| one.peak_mb),
        }
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let lower = values.len().checked_sub(1)? / 2;
    Some((values[lower] + values[middle]) / 2.0)
}

/// A work of this program, to be run in a process of its own.
pub(crate) fn ours(name: &str, argument: &str) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["work", name, argument]);
    Ok(command)
}

/// Runs a measuring process on `threads` threads.
pub(crate) fn measure(command: &mut Command, threads: usize) -> Result<Measured> {
    for variable in ["RAYON_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"] {
        command.env(variable, threads.to_string());
    }
    let text = output(command)?;
    let line = text.lines().last().unwrap_or_default();
    Ok(serde_json::from_str(line).map_err(|error| format!("{command:?} printed {line:?}: {error}"))?)
}

/// What a command prints; what it says on stderr is shown.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::inherit()).output();
    let failed = |why: String| format!("{:?}: {why}", command.get_program());
    let output = output.map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(output.status.to_string()).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Runs a program that does not measure itself: its whole time, and its memory looked at 50 times a second.
pub(crate) fn watch(command: &mut Command) -> Result<Measured> {
    let start = Instant::now();
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut child = child.map_err(|error| format!("{command:?}: {error}"))?;
    let process = child.id().to_string();
    let mut memory = None;
    let status = loop {
        memory = peak_mb(&process).or(memory);
        match child.try_wait()? {
            Some(status) => break status,
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    if !status.success() {
        return Err(format!("{command:?}: {status}").into());
    }
    Ok(Measured { seconds: start.elapsed().as_secs_f64(), peak_mb: memory, ..Measured::default() })
}

/// The greatest resident memory so far of a process, by id or `self`, in MB.
pub(crate) fn peak_mb(process: &str) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib = line.trim().strip_suffix(" kB")?.parse::<f64>().ok()?;
    Some(kib * 1024.0 / 1e6)
}
