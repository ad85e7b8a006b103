//! Where a run takes place, for its record.

use deepal_data::stores::run::Started;
use std::time::{SystemTime, UNIX_EPOCH};

/// As many threads as there are cores.
pub fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

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

/// The most memory that this process has had so far, in bytes (on Linux; elsewhere what it has now).
pub(crate) fn memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    peak.map(|kib| 1024.0 * kib).or_else(held)
}

/// The memory that this process has now, in bytes.
pub(crate) fn held() -> Option<f64> {
    Some(memory_stats::memory_stats()?.physical_mem as f64)
}

/// The processor as the system calls it (on Linux; elsewhere its architecture), its cores, and the system.
fn describe() -> String {
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find(|line| line.starts_with("model name"));
    let model =
        model.and_then(|line| line.split_once(": ")).map_or(std::env::consts::ARCH, |(_, model)| model);
    let cores = threads();
    format!("{model}, {cores} cores, {}", std::env::consts::OS)
}
