//! Coverage by balls of one radius.

use super::blocks::{Euclidean, Fold, Lanes, WIDTH, distances, pair_mut};
use super::draws::fill;
use super::partition::{block_of, partition};
use super::references::References;
use crate::seed::mix;
use ndarray::{Array2, ArrayRef2};
use pulp::Simd;
use rayon::prelude::*;
use std::collections::BinaryHeap;

/// Balls at which purity is measured.
const BALLS: usize = 1000;
/// Blocks of rows per parallel task.
const CHUNK: usize = 16;

/// The largest radius, squared and times `scale²`, at which a share of `purity` of the balls round rows holds rows of one cluster alone,
/// where all are put into `clusters` clusters by k-means; infinite if there is one cluster. A ball holds what is nearer than its
/// radius. It is measured at 1,000 balls, drawn by seed, each against all rows.
///
/// `rows`: `[n, d]`.
pub(crate) fn pure_radius(
    rows: &ArrayRef2<f32>,
    scale: f32,
    clusters: usize,
    most: usize,
    purity: f64,
    seed: u64,
) -> f32 {
    let [of_rows, _] = partition(rows, &Array2::zeros((0, rows.ncols())), clusters, most, seed);
    let balls = super::random(rows.nrows(), BALLS, mix(seed, 1));
    let centers = balls.iter().flat_map(|row| rows.row(*row)).map(|x| x * scale).collect::<Vec<_>>();
    let of_balls = balls.iter().map(|row| of_rows[*row]).collect::<Vec<_>>();
    let infinite = || vec![[f32::INFINITY; WIDTH]; balls.len()];
    let lower = |mut least: Vec<Lanes<f32>>, block: usize| {
        let first = block * WIDTH;
        let mut clusters = [u32::MAX; WIDTH];
        let (last, mut own) = (of_rows.len().min(first + WIDTH), [f32::INFINITY; WIDTH]);
        clusters[..last - first].copy_from_slice(&of_rows[first..last]);
        own[..last - first].fill(0.0);
        let of_balls = &of_balls;
        let mut fold = Foreign { least: &mut least, clusters: &clusters, of_balls, filled: &own };
        distances::<Euclidean>(block_of(rows, first..rows.nrows(), scale).get(0), &centers, &mut fold);
        least
    };
    let least = |mut a: Vec<Lanes<f32>>, b: Vec<Lanes<f32>>| {
        a.as_flattened_mut().iter_mut().zip(b.as_flattened()).for_each(|(a, b)| *a = a.min(*b));
        a
    };
    let blocks = (0..rows.nrows().div_ceil(WIDTH)).into_par_iter().with_min_len(CHUNK);
    let foreign = blocks.fold(infinite, lower).reduce(infinite, least);
    let mut nearest =
        foreign.iter().map(|lanes| lanes.iter().copied().fold(f32::INFINITY, f32::min)).collect::<Vec<_>>();
    nearest.sort_unstable_by(|a, b| b.total_cmp(a));
    let pure = (purity * nearest.len() as f64).ceil() as usize;
    nearest.get(pure.max(1) - 1).copied().unwrap_or(f32::INFINITY)
}

/// For each ball, by position in a block, the least distance to a row of another cluster.
struct Foreign<'a> {
    least: &'a mut [Lanes<f32>],
    clusters: &'a Lanes<u32>,
    of_balls: &'a [u32],
    /// Infinity for what fills up the last block, or 0.
    filled: &'a Lanes<f32>,
}

impl Fold for Foreign<'_> {
    #[inline(always)]
    fn fold<S: Simd>(&mut self, simd: S, center: usize, at: usize, distances: [S::f32s; 2]) {
        let own = simd.splat_u32s(self.of_balls[center]);
        let clusters = &S::as_simd_u32s(self.clusters).0[at..at + 2];
        let filled = &S::as_simd_f32s(self.filled).0[at..at + 2];
        let least = pair_mut::<S>(&mut self.least[center], at);
        for i in 0..2 {
            let is_own = simd.equal_u32s(clusters[i], own);
            let infinite = simd.splat_f32s(f32::INFINITY);
            let other = simd.select_f32s(is_own, infinite, simd.add_f32s(distances[i], filled[i]));
            least[i] = simd.min_f32s(least[i], other);
        }
    }
}

/// `k` rows, each of which covers the most references that no labelled sample or earlier pick covers: those nearer than the root of
/// `radius`. Of equals one by seed. When nothing is left to cover, the rest is drawn at random.
///
/// Which references a row covers is kept in bits: memory O(n·r / 8), time O(n·r·d) and little for each pick, as gains only fall
/// (Minoux 1978).
///
/// `rows`: `[n, d]`, `labeled`: `[m, d]`.
pub(crate) fn cover(
    rows: &ArrayRef2<f32>,
    labeled: &ArrayRef2<f32>,
    references: &References,
    radius: f32,
    k: usize,
    seed: u64,
) -> Vec<usize> {
    let (n, words) = (rows.nrows(), references.len().div_ceil(32));
    let mut picks = Vec::with_capacity(k.min(n));
    if references.d > 0 {
        let scaled = labeled.iter().map(|x| x * references.scale).collect::<Vec<_>>();
        let mut open = vec![0u32; words];
        for (i, nearest) in references.nearest(&scaled).into_iter().enumerate() {
            // Without a label the nearest is at infinity, where even an infinite ball ends.
            if nearest >= radius {
                open[i / 32] |= 1 << (i % 32);
            }
        }
        let covered = covered(rows, references, radius);
        let gain = |row: usize, open: &[u32]| {
            let bits = covered[row / WIDTH * words..][..words].iter().map(|lanes| lanes[row % WIDTH]);
            bits.zip(open).map(|(bits, open)| (bits & open).count_ones()).sum::<u32>()
        };
        let entry = |row| (gain(row, &open), mix(seed, row as u64), row);
        let mut queue =
            (0..n).into_par_iter().map(entry).collect::<Vec<_>>().into_iter().collect::<BinaryHeap<_>>();
        while let Some((before, tie, row)) = queue.pop().filter(|(gain, ..)| *gain > 0 && picks.len() < k) {
            let now = gain(row, &open);
            if now < before {
                queue.push((now, tie, row));
                continue;
            }
            picks.push(row);
            let bits = covered[row / WIDTH * words..][..words].iter().map(|lanes| lanes[row % WIDTH]);
            open.iter_mut().zip(bits).for_each(|(open, bits)| *open &= !bits);
        }
    }
    fill(&mut picks, n, k, mix(seed, 2));
    picks
}

/// A bit for each reference in the ball round each row, `[n / 32, r / 32, 32]`.
fn covered(rows: &ArrayRef2<f32>, references: &References, radius: f32) -> Vec<Lanes<u32>> {
    let words = references.len().div_ceil(32);
    let mut covered = vec![[0; WIDTH]; rows.nrows().div_ceil(WIDTH) * words];
    covered.par_chunks_mut(words.max(1)).enumerate().for_each(|(block, bits)| {
        let block = block_of(rows, block * WIDTH..rows.nrows(), references.scale);
        distances::<Euclidean>(block.get(0), &references.rows, &mut Within { radius, bits });
    });
    covered
}

struct Within<'a> {
    radius: f32,
    /// `[r / 32, 32]`.
    bits: &'a mut [Lanes<u32>],
}

impl Fold for Within<'_> {
    #[inline(always)]
    fn fold<S: Simd>(&mut self, simd: S, center: usize, at: usize, distances: [S::f32s; 2]) {
        let (zero, bit) = (simd.splat_u32s(0), simd.splat_u32s(1 << (center % 32)));
        let radius = simd.splat_f32s(self.radius);
        let bits = &mut S::as_mut_simd_u32s(&mut self.bits[center / 32]).0[at..at + 2];
        for (bits, distance) in bits.iter_mut().zip(distances) {
            let within = simd.less_than_f32s(distance, radius);
            *bits = simd.or_u32s(*bits, simd.select_u32s(within, bit, zero));
        }
    }
}
