//! Where a run takes place, for its record.

use deepal_data::run_store::Started;
use std::time::{SystemTime, UNIX_EPOCH};

/// This program, machine and time.
pub(crate) fn started(threads: usize) -> Started {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Started {
        version: env!("CARGO_PKG_VERSION").into(),
        machine: describe(),
        threads,
        unix_seconds: now.as_secs(),
    }
}

/// The processor as the system calls it (on Linux; elsewhere its architecture), its cores, and the system.
fn describe() -> String {
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find(|line| line.starts_with("model name"));
    let model =
        model.and_then(|line| line.split_once(": ")).map_or(std::env::consts::ARCH, |(_, model)| model);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{model}, {cores} cores, {}", std::env::consts::OS)
}
