//! Distances from many rows to many centres, in the widest vector registers that the processor has.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;
use std::marker::PhantomData;

/// Rows of a block: two of the widest registers.
pub(crate) const WIDTH: usize = 32;
/// Centres at once. With two registers of rows each they are eight independent sums, which hide the latency of the
/// additions, and fit the 16 registers of AVX2.
const TILE: usize = 4;

/// A number for each row of a block.
pub(crate) type Lanes<T> = [T; WIDTH];

/// A feature of the rows of a block, aligned for the widest registers.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(crate) struct Feature(Lanes<f32>);

/// Rows in blocks of 32, and each block feature by feature: `[n / 32, d, 32]`, the last filled up with zeros.
pub(crate) struct Blocks {
    d: usize,
    features: Vec<Feature>,
}

impl Blocks {
    /// `rows`: `[n, d]`.
    pub(crate) fn new(rows: &[f32], d: usize) -> Self {
        let blocks = rows.len().checked_div(d).unwrap_or(0).div_ceil(WIDTH);
        let feature = |i: usize| {
            let first = i / d * WIDTH * d + i % d;
            Feature(std::array::from_fn(|lane| rows.get(first + lane * d).copied().unwrap_or(0.0)))
        };
        Self { d, features: (0..blocks * d).into_par_iter().map(feature).collect() }
    }

    /// Rows `32 i..32 (i + 1)`, `[d, 32]`.
    pub(crate) fn get(&self, i: usize) -> &[Feature] {
        &self.features[i * self.d..(i + 1) * self.d]
    }
}

/// A distance that is a sum over features of a term of the difference.
pub(crate) trait Metric {
    /// `sum` and the term of `difference`.
    fn add<S: Simd>(simd: S, sum: S::f32s, difference: S::f32s) -> S::f32s;
}

/// Squared Euclidean distance.
pub(crate) enum Euclidean {}

impl Metric for Euclidean {
    #[inline(always)]
    fn add<S: Simd>(simd: S, sum: S::f32s, difference: S::f32s) -> S::f32s {
        simd.mul_add_e_f32s(difference, difference, sum)
    }
}

/// Sum of absolute differences.
pub(crate) enum Manhattan {}

impl Metric for Manhattan {
    #[inline(always)]
    fn add<S: Simd>(simd: S, sum: S::f32s, difference: S::f32s) -> S::f32s {
        simd.add_f32s(sum, simd.abs_f32s(difference))
    }
}

/// What becomes of the distances, so that all of them are never in memory.
pub(crate) trait Fold {
    /// Takes the distances of a centre to two registers of rows; `at`: which registers of the block.
    fn fold<S: Simd>(&mut self, simd: S, center: usize, at: usize, distances: [S::f32s; 2]);
}

/// Hands the distances between the rows of a block and every centre to `fold`, for each row in the order of centres.
///
/// Differences are squared as they are and not through products of rows, so equal rows are at exactly 0 and an offset that
/// all share costs no digits. A distance is summed feature by feature: it does not depend on what is computed with it.
///
/// `block`: `[d, 32]`; `centers`: `[k, d]`.
pub(crate) fn distances<M: Metric>(block: &[Feature], centers: &[f32], fold: &mut impl Fold) {
    if !block.is_empty() {
        Arch::new().dispatch(Distances { block, centers, fold, metric: PhantomData::<M> });
    }
}

struct Distances<'a, M, F> {
    block: &'a [Feature],
    centers: &'a [f32],
    fold: &'a mut F,
    metric: PhantomData<M>,
}

impl<M: Metric, F: Fold> WithSimd for Distances<'_, M, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let d = self.block.len();
        let tiles = self.centers.chunks_exact(TILE * d);
        for at in (0..WIDTH / S::F32_LANES).step_by(2) {
            let mut center = 0;
            for tile in tiles.clone() {
                for sums in sums::<S, M, TILE>(simd, self.block, at, tile) {
                    self.fold.fold(simd, center, at, sums);
                    center += 1;
                }
            }
            for rest in tiles.remainder().chunks_exact(d) {
                let [sums] = sums::<S, M, 1>(simd, self.block, at, rest);
                self.fold.fold(simd, center, at, sums);
                center += 1;
            }
        }
    }
}

/// The distances of two registers of rows to `T` centres.
#[inline(always)]
fn sums<S: Simd, M: Metric, const T: usize>(
    simd: S,
    block: &[Feature],
    at: usize,
    centers: &[f32],
) -> [[S::f32s; 2]; T] {
    let d = block.len();
    let centers: [&[f32]; T] = std::array::from_fn(|i| &centers[i * d..][..d]);
    let mut sums = [[simd.splat_f32s(0.0); 2]; T];
    for (j, feature) in block.iter().enumerate() {
        let rows = pair::<S>(&feature.0, at);
        for (sums, center) in sums.iter_mut().zip(&centers) {
            let x = simd.splat_f32s(center[j]);
            for (sum, row) in sums.iter_mut().zip(rows) {
                *sum = M::add(simd, *sum, simd.sub_f32s(row, x));
            }
        }
    }
    sums
}

#[inline(always)]
fn pair<S: Simd>(values: &Lanes<f32>, at: usize) -> [S::f32s; 2] {
    let registers = S::as_simd_f32s(values).0;
    [registers[at], registers[at + 1]]
}

#[inline(always)]
pub(super) fn pair_mut<S: Simd>(values: &mut Lanes<f32>, at: usize) -> &mut [S::f32s] {
    &mut S::as_mut_simd_f32s(values).0[at..at + 2]
}

/// Each row's distance to the nearest centre, and to what it was before.
impl Fold for Lanes<f32> {
    #[inline(always)]
    fn fold<S: Simd>(&mut self, simd: S, _center: usize, at: usize, distances: [S::f32s; 2]) {
        for (least, distance) in pair_mut::<S>(self, at).iter_mut().zip(distances) {
            *least = simd.min_f32s(*least, distance);
        }
    }
}

/// Each row's nearest centre, the first of equals. A row keeps the centre that it had before if none is nearer.
pub(crate) struct Nearest<'a> {
    pub(crate) distances: &'a mut Lanes<f32>,
    pub(crate) centers: &'a mut Lanes<u32>,
    /// What the centres are called.
    pub(crate) names: &'a [u32],
}

impl Fold for Nearest<'_> {
    #[inline(always)]
    fn fold<S: Simd>(&mut self, simd: S, center: usize, at: usize, distances: [S::f32s; 2]) {
        let center = simd.splat_u32s(self.names[center]);
        let centers = &mut S::as_mut_simd_u32s(self.centers).0[at..at + 2];
        let least = pair_mut::<S>(self.distances, at);
        for ((least, nearest), distance) in least.iter_mut().zip(centers).zip(distances) {
            let nearer = simd.less_than_f32s(distance, *least);
            *least = simd.select_f32s(nearer, distance, *least);
            *nearest = simd.select_u32s(nearer, center, *nearest);
        }
    }
}

/// The two least distances of each row to centres.
pub(crate) struct TwoLeast(pub(crate) [Lanes<f32>; 2]);

impl Fold for TwoLeast {
    #[inline(always)]
    fn fold<S: Simd>(&mut self, simd: S, _center: usize, at: usize, distances: [S::f32s; 2]) {
        let [least, second] = &mut self.0;
        let pairs = pair_mut::<S>(least, at).iter_mut().zip(pair_mut::<S>(second, at));
        for ((least, second), distance) in pairs.zip(distances) {
            *second = simd.min_f32s(*second, simd.max_f32s(*least, distance));
            *least = simd.min_f32s(*least, distance);
        }
    }
}

/// The centres within a limit of each row.
pub(crate) struct Near<'a> {
    pub(crate) limits: &'a Lanes<f32>,
    /// Centre and position in the block.
    pub(crate) hits: Vec<(u32, u32)>,
}

impl Fold for Near<'_> {
    #[inline(always)]
    fn fold<S: Simd>(&mut self, simd: S, center: usize, at: usize, distances: [S::f32s; 2]) {
        let limits = pair::<S>(self.limits, at);
        let [a, b] = [0, 1].map(|i| simd.sub_f32s(distances[i], limits[i]));
        // Rare: most centres are near no row.
        if simd.reduce_min_f32s(simd.min_f32s(a, b)) <= 0.0 {
            let mut above = [f32::INFINITY; WIDTH];
            pair_mut::<S>(&mut above, at).copy_from_slice(&[a, b]);
            let near = (0..).zip(above).filter(|(_, above)| *above <= 0.0);
            self.hits.extend(near.map(|(lane, _)| (center as u32, lane)));
        }
    }
}

/// For each centre apart, each row's distance to its nearest centre if that were one too, and the sums of these.
pub(crate) struct Lowered<'a> {
    pub(crate) nearest: &'a Lanes<f32>,
    /// `[k, 32]`.
    pub(crate) lowered: &'a mut [Lanes<f32>],
    /// By position in a block, so that they are few terms each: `[k, 32]`.
    pub(crate) sums: &'a mut [Lanes<f32>],
}

impl Fold for Lowered<'_> {
    #[inline(always)]
    fn fold<S: Simd>(&mut self, simd: S, center: usize, at: usize, distances: [S::f32s; 2]) {
        let nearest = pair::<S>(self.nearest, at);
        let lowered = pair_mut::<S>(&mut self.lowered[center], at);
        let sums = pair_mut::<S>(&mut self.sums[center], at);
        for i in 0..2 {
            lowered[i] = simd.min_f32s(nearest[i], distances[i]);
            sums[i] = simd.add_f32s(sums[i], lowered[i]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::mix;

    fn values(n: usize, seed: u64) -> Vec<f32> {
        (0..n as u64).map(|i| 1000.0 + (mix(seed, i) % 1000) as f32 / 250.0).collect()
    }

    /// All distances, kept.
    struct All(Vec<Lanes<f32>>);

    impl Fold for All {
        fn fold<S: Simd>(&mut self, _simd: S, center: usize, at: usize, distances: [S::f32s; 2]) {
            pair_mut::<S>(&mut self.0[center], at).copy_from_slice(&distances);
        }
    }

    #[test]
    fn distances_agree_with_the_definition_in_every_shape() {
        for (n, d, k) in
            (1..=WIDTH).zip((0..70).step_by(3).cycle()).zip((0..11).cycle()).map(|((n, d), k)| (n, d, k))
        {
            let (rows, centers) = (values(n * d, 1), values(k * d, 2));
            let blocks = Blocks::new(&rows, d);
            let (mut squared, mut absolute) = (All(vec![[0.0; WIDTH]; k]), All(vec![[0.0; WIDTH]; k]));
            distances::<Euclidean>(blocks.get(0), &centers, &mut squared);
            distances::<Manhattan>(blocks.get(0), &centers, &mut absolute);
            for (i, c) in (0..n).flat_map(|i| (0..k).map(move |c| (i, c))) {
                let pairs = rows[i * d..][..d].iter().zip(&centers[c * d..][..d]);
                let differences = pairs.map(|(a, b)| f64::from(a - b));
                let (square, sum) = differences.fold((0.0, 0.0), |(s, a), x| (s + x * x, a + x.abs()));
                assert!((f64::from(squared.0[c][i]) - square).abs() <= 1e-6 * square);
                assert!((f64::from(absolute.0[c][i]) - sum).abs() <= 1e-6 * sum);
            }
        }
    }

    #[test]
    fn each_register_set_gives_the_same() {
        let (rows, centers) = (values(WIDTH * 19, 1), values(7 * 19, 2));
        let blocks = Blocks::new(&rows, 19);
        let mut widest = All(vec![[0.0; WIDTH]; 7]);
        distances::<Manhattan>(blocks.get(0), &centers, &mut widest);
        let with = |simd: &dyn Fn(Distances<'_, Manhattan, All>)| {
            let mut all = All(vec![[0.0; WIDTH]; 7]);
            simd(Distances { block: blocks.get(0), centers: &centers, fold: &mut all, metric: PhantomData });
            all.0
        };
        assert_eq!(with(&|op| pulp::Scalar.vectorize(op)), widest.0);
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = pulp::x86::V3::try_new() {
            assert_eq!(with(&|op| Simd::vectorize(avx2, op)), widest.0);
        }
    }
}
