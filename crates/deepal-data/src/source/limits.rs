//! [`Limits`]: how large a picture may be, so that no file makes the program run out of memory.

use super::{Manifest, Open};
use std::sync::{Condvar, Mutex, PoisonError};

/// The most pixels of a picture, where `max_pixels` in data.toml says nothing.
pub const MOST_PIXELS: u64 = 100_000_000;
/// The most bytes of a picture's file, unpacked if it is in an archive, where `max_bytes` in data.toml says nothing.
pub const MOST_BYTES: u64 = 256 << 20;

/// Bytes that pictures take together while they are decoded, where nothing is said.
const MOST_AT_ONCE: u64 = 1 << 30;
/// How many times its decoded bytes a picture takes, at most: decoded, turned, and in another kind of values.
const COPIES: u64 = 3;

/// How large a picture may be. A file above a limit is skipped and named, before memory is taken for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    /// Pixels, of an animation those of its canvas or of its first frame.
    pub(super) pixels: u64,
    /// Bytes of the file, unpacked.
    pub(super) bytes: u64,
    /// Bytes that all pictures take together while they are decoded; one that needs more is decoded alone.
    pub(super) at_once: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { pixels: MOST_PIXELS, bytes: MOST_BYTES, at_once: MOST_AT_ONCE }
    }
}

impl Limits {
    /// Those of a manifest, within the memory that is given.
    pub(super) fn of(manifest: &Manifest, open: &Open<'_>) -> Self {
        let Self { pixels, bytes, at_once } = Self::default();
        Self {
            pixels: manifest.max_pixels.unwrap_or(pixels),
            bytes: manifest.max_bytes.unwrap_or(bytes),
            at_once: open.memory.unwrap_or(at_once),
        }
    }

    /// Waits until there is room for a picture of so many decoded bytes, which is taken until the result is dropped.
    pub(super) fn enter(&self, decoded: u64) -> Entered {
        enter(&GATE, decoded.saturating_mul(COPIES), self.at_once)
    }

    /// Bytes that a decoder may use: four for each pixel, a quarter more for its own work, and what small files need.
    pub(super) fn memory(&self) -> u64 {
        self.pixels.saturating_mul(5).saturating_add(16 << 20)
    }

    /// Checks the size of a picture.
    ///
    /// # Errors
    /// In words: it has more pixels.
    pub(super) fn check(&self, what: &str, [width, height]: [u32; 2]) -> Result<(), String> {
        if u64::from(width) * u64::from(height) <= self.pixels {
            return Ok(());
        }
        Err(format!(
            "is too large, {width}×{height} pixels{what}, and at most {} are read; make it smaller, or set `max_pixels` in \
             data.toml",
            self.pixels
        ))
    }
}

/// Bytes that pictures take which are being decoded.
struct Gate {
    taken: Mutex<u64>,
    freed: Condvar,
}

/// One for the whole process, as its threads share the memory.
static GATE: Gate = Gate { taken: Mutex::new(0), freed: Condvar::new() };

/// A share of the gate, given back when it is dropped.
pub(super) struct Entered {
    gate: &'static Gate,
    bytes: u64,
}

/// Whoever is alone may enter, however much it takes.
fn enter(gate: &'static Gate, bytes: u64, most: u64) -> Entered {
    let taken = gate.taken.lock().unwrap_or_else(PoisonError::into_inner);
    let is_full = |taken: &mut u64| *taken > 0 && taken.saturating_add(bytes) > most;
    let mut taken = gate.freed.wait_while(taken, is_full).unwrap_or_else(PoisonError::into_inner);
    *taken = taken.saturating_add(bytes);
    Entered { gate, bytes }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let mut taken = self.gate.taken.lock().unwrap_or_else(PoisonError::into_inner);
        *taken = taken.saturating_sub(self.bytes);
        self.gate.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn threads_never_take_more_than_there_is_and_a_large_one_goes_alone() {
        static GATE: Gate = Gate { taken: Mutex::new(0), freed: Condvar::new() };
        let (now, peak) = (AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for thread in 0..8_u64 {
                let (now, peak) = (&now, &peak);
                scope.spawn(move || {
                    for turn in 0..50 {
                        let bytes = if (thread + turn) % 10 == 0 { 1000 } else { 30 };
                        let _entered = enter(&GATE, bytes, 100);
                        let together = now.fetch_add(bytes, Ordering::SeqCst) + bytes;
                        assert!(together <= 100 || together == 1000, "{together}");
                        peak.fetch_max(together, Ordering::SeqCst);
                        std::thread::yield_now();
                        now.fetch_sub(bytes, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!((*GATE.taken.lock().unwrap(), peak.into_inner()), (0, 1000));
    }
}
