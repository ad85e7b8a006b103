//! Random numbers to measure with, and the fastest of some repetitions.

use deepal::seed::mix;
use ndarray::Array2;
use std::f64::consts::TAU;
use std::hint::black_box;
use std::time::Instant;

/// The seconds of the fastest of some repetitions.
pub(crate) fn best<T>(repeats: usize, mut work: impl FnMut() -> T) -> f64 {
    let seconds = |_| {
        let start = Instant::now();
        black_box(work());
        start.elapsed().as_secs_f64()
    };
    (0..repeats).map(seconds).fold(f64::INFINITY, f64::min)
}

/// Number `at` of a stream of uniform numbers between 0 and 1, neither of them included.
pub(crate) fn uniform(stream: u64, at: usize) -> f64 {
    ((mix(stream, at as u64) >> 11) as f64 + 0.5) / (1u64 << 53) as f64
}

/// Standard normal numbers by Box and Muller's formula, `[n, d]`.
pub(crate) fn normals(n: usize, d: usize, stream: u64) -> Array2<f32> {
    Array2::from_shape_fn((n, d), |(i, j)| {
        let at = 2 * (i * d + j);
        let radius = (-2.0 * uniform(stream, at).ln()).sqrt();
        (radius * (TAU * uniform(stream, at + 1)).cos()) as f32
    })
}
