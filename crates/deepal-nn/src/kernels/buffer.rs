//! Memory that starts at a cache line and is used again.

use std::sync::{Mutex, PoisonError};

/// Numbers that start at a cache line, so that no vector lies across two.
#[derive(Debug)]
pub(super) struct Buffer {
    numbers: Vec<f32>,
    start: usize,
    len: usize,
}

/// Buffers not in use: a training step wants the same ones each time, and fresh memory costs more than the work on it.
static SPARE: Mutex<Vec<Vec<f32>>> = Mutex::new(Vec::new());

/// The most numbers that are kept in [`SPARE`]: 128 MiB.
const SPARE_MOST: usize = 32 << 20;

/// Bytes of a cache line.
const LINE: usize = 64;

impl Buffer {
    /// With zeros.
    pub(super) fn zeros(len: usize) -> Self {
        let mut buffer = Self::stale(len);
        buffer.as_mut_slice().fill(0.0);
        buffer
    }

    /// With any numbers: everything has to be written before it is read.
    pub(super) fn stale(len: usize) -> Self {
        let margin = LINE / size_of::<f32>();
        let mut spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |numbers: &Vec<f32>| (len + margin..2 * len + 2 * margin).contains(&numbers.len());
        let found = spare.iter().rposition(fits).map(|i| spare.swap_remove(i));
        drop(spare);
        let numbers = found.unwrap_or_else(|| vec![0.0; len + margin]);
        let start = numbers.as_ptr().align_offset(LINE).min(margin);
        Self { numbers, start, len }
    }

    pub(super) fn as_slice(&self) -> &[f32] {
        &self.numbers[self.start..self.start + self.len]
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [f32] {
        &mut self.numbers[self.start..self.start + self.len]
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.iter().map(Vec::len).sum::<usize>() + self.numbers.len() <= SPARE_MOST {
            spare.push(std::mem::take(&mut self.numbers));
        }
    }
}
