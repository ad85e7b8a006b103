//! [`Room`]: whether what is read still fits into the memory; [`available`]: how much there is.

use std::fs;

/// After so many bytes the memory is looked at again.
const STEP: u64 = 32 << 20;

/// What grows while a file is read, compared with the memory that is left.
#[derive(Debug, Default)]
pub(crate) struct Room {
    held: u64,
    looked_at: u64,
}

impl Room {
    /// Adds what is held from now on, in bytes.
    ///
    /// # Errors
    /// In words: less memory is left than is held already, so that a copy of it would not fit.
    pub(crate) fn add(&mut self, bytes: u64) -> Result<(), String> {
        self.held += bytes;
        if self.held - self.looked_at < STEP {
            return Ok(());
        }
        self.looked_at = self.held;
        fits(self.held)
    }
}

/// Whether so many bytes are available.
///
/// # Errors
/// In words: they are not.
pub(crate) fn fits(bytes: u64) -> Result<(), String> {
    match available().filter(|free| *free < bytes as f64) {
        Some(free) => Err(format!(
            "needs {:.0} MB of memory or more, and {:.0} MB are available; use fewer rows or columns, or single-precision numbers as .npy",
            bytes as f64 / 1e6,
            free / 1e6
        )),
        None => Ok(()),
    }
}

/// How much memory the system can still give without swapping, in bytes, within the limits of its container and of the process;
/// `None` where it does not tell (elsewhere than on Linux).
pub fn available() -> Option<f64> {
    let read = |path: &str| fs::read_to_string(path).ok();
    let free = kib(&read("/proc/meminfo")?, "MemAvailable:")?;
    let number = |name: &str| read(&format!("/sys/fs/cgroup/memory.{name}"))?.trim().parse::<f64>().ok();
    // What a container uses counts its files in memory too, which make room.
    let cached = read("/sys/fs/cgroup/memory.stat")
        .and_then(|stat| stat.lines().find_map(|line| line.strip_prefix("file ")?.parse::<f64>().ok()));
    let of_container = number("max").zip(number("current"));
    let of_container = of_container.map(|(max, used)| max - used + cached.unwrap_or_default());
    let limit = read("/proc/self/limits").and_then(|limits| address_space(&limits));
    let used = read("/proc/self/status").and_then(|status| kib(&status, "VmSize:"));
    let of_process = limit.zip(used).map(|(limit, used)| limit - used);
    Some([of_container, of_process].into_iter().flatten().fold(free, f64::min).max(0.0))
}

/// A number of kB behind a name, in bytes.
fn kib(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(1024.0 * line.trim().strip_suffix(" kB")?.parse::<f64>().ok()?)
}

/// The most bytes of address space that a process may have (`ulimit -v`); `None` if there is no such limit.
fn address_space(limits: &str) -> Option<f64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_said_before_it_is_held() {
        if available().is_none() {
            return;
        }
        let mut room = Room::default();
        assert_eq!(room.add(STEP / 2), Ok(()));
        assert!(room.add(1 << 50).unwrap_err().contains("MB are available"));
        assert!(fits(1 << 20).is_ok() && fits(1 << 60).is_err());
    }

    #[test]
    fn the_limits_of_a_process_are_understood() {
        let limits = |size: &str| {
            format!(
                "Limit                     Soft Limit           Hard Limit           Units     \n\
                 Max open files            1024                 1048576              files     \n\
                 Max address space         {size}           unlimited            bytes     \n"
            )
        };
        assert_eq!(address_space(&limits("3072000000")), Some(3_072_000_000.0));
        assert_eq!(address_space(&limits("unlimited")), None);
        assert_eq!(kib("MemFree:  1 kB\nMemAvailable:    20 kB\n", "MemAvailable:"), Some(20_480.0));
    }
}
