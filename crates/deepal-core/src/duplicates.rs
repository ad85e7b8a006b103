//! What is asked for twice or not worth a label: near-duplicates, constant rows, outliers.
//!
//! Rows are read in chunks, never all at once: memory is O(n·64) and the chunk.
//!
//! No pair is missed: rows are compared first by a sketch of 64 orthonormal directions, whose distance is never above the
//! true one, and pairs near by it are verified. (The random projections of Johnson and Lindenstrauss, "Extensions of
//! Lipschitz mappings into a Hilbert space", 1984, keep distances with a probability only.)

use crate::dataset::Dataset;
use crate::error::Result;
use crate::ids::SampleId;
use crate::seed::generator;
use crate::select::blocks::{Blocks, Euclidean, Lanes, Near, TwoLeast, WIDTH, distances};
use crate::select::random;
use ndarray::{Array1, Array2, Axis};
use rand::RngExt;
use rayon::prelude::*;
use std::ops::Range;

/// Directions of a sketch.
const DIRECTIONS: usize = 64;
/// Representatives that a chunk is compared with at once.
const TILE: usize = 4096;
/// What rounding may add to the distance of two sketches, as a share of their length; many times what it does.
const SLACK: f64 = 1e-5;

/// For each row the row that stands for it, itself where none does.
///
/// In their order, a row joins the nearest earlier representative within `distance` (Euclidean; of equals the first), else
/// it becomes one: the leader algorithm (Hartigan, "Clustering Algorithms", 1975, chapter 3, joining the first leader that
/// is near enough). So all of a group are within `distance` of its representative, and groups never chain. The seed
/// changes the speed alone.
///
/// `progress` gets the number of rows done and of all rows.
///
/// ```
/// use deepal_core::{InMemory, Meta, duplicates};
///
/// let meta = Meta { name: "line".into(), shape: [1, 1, 1], classes: vec![], range: vec![] };
/// let line = InMemory::new(meta, ndarray::array![[0.0], [0.9], [1.8], [1.0]])?;
/// assert_eq!(duplicates::groups(&line, 1.0, 1, &|_, _| {})?, [0, 0, 2, 2]);
/// # Ok::<(), deepal_core::Error>(())
/// ```
///
/// # Errors
/// A sample that cannot be read.
pub fn groups(
    data: &dyn Dataset,
    distance: f64,
    seed: u64,
    progress: &dyn Fn(usize, usize),
) -> Result<Vec<usize>> {
    let sketch = Sketch::new(data, seed)?;
    let mut leaders = Leaders::default();
    let mut representative = Vec::with_capacity(data.len());
    for rows in chunks(data) {
        let start = rows.start;
        let chunk = Chunk::read(data, &sketch, rows)?;
        let mut nearest = vec![None; chunk.n];
        leaders.search(data, &chunk, distance, &mut nearest)?;
        for (i, earlier) in chunk.pairs(distance, &nearest).into_iter().enumerate() {
            for (squared, j) in earlier {
                let is_leader = representative[start + j] == start + j;
                if is_leader && nearest[i].is_none_or(|(least, _)| squared < least) {
                    nearest[i] = Some((squared, start + j));
                }
            }
            representative.push(nearest[i].map_or(start + i, |(_, leader)| leader));
            if nearest[i].is_none() {
                leaders.push(start + i, chunk.sketch(i));
            }
        }
        progress(representative.len(), data.len());
    }
    Ok(representative)
}

/// For each row of `data` the nearest row of `of` within `distance`, of equals the first.
///
/// # Errors
/// A sample that cannot be read.
pub fn copies(data: &dyn Dataset, of: &dyn Dataset, distance: f64, seed: u64) -> Result<Vec<Option<usize>>> {
    let sketch = Sketch::new(of, seed)?;
    let mut leaders = Leaders::default();
    for rows in chunks(of) {
        let chunk = Chunk::read(of, &sketch, rows.clone())?;
        rows.enumerate().for_each(|(i, row)| leaders.push(row, chunk.sketch(i)));
    }
    let mut copies = Vec::with_capacity(data.len());
    for rows in chunks(data) {
        let chunk = Chunk::read(data, &sketch, rows)?;
        let mut nearest = vec![None; chunk.n];
        leaders.search(of, &chunk, distance, &mut nearest)?;
        copies.extend(nearest.into_iter().map(|nearest| nearest.map(|(_, row)| row)));
    }
    Ok(copies)
}

/// The median Euclidean distance of 1,000 random pairs of rows: the unit for thresholds. 0 for fewer than two rows.
///
/// # Errors
/// A sample that cannot be read.
pub fn typical_distance(data: &dyn Dataset, seed: u64) -> Result<f64> {
    let n = data.len();
    if n < 2 {
        return Ok(0.0);
    }
    let mut generator = generator(seed);
    let mut squares = Vec::with_capacity(1000);
    for _ in 0..50 {
        let pairs = (0..20).flat_map(|_| {
            let first = generator.random_range(0..n);
            let other = generator.random_range(0..n - 1);
            [first, other + usize::from(other >= first)]
        });
        let inputs = data.inputs(&pairs.map(SampleId::from).collect::<Vec<_>>())?;
        let inputs = inputs.as_standard_layout();
        let pairs = inputs.axis_chunks_iter(Axis(0), 2);
        squares.extend(pairs.map(|pair| squared(pair.row(0).as_slice(), pair.row(1).as_slice())));
    }
    Ok(median(squares.iter().map(|squared| squared.sqrt()).collect()))
}

/// Rows that are hardly worth a label.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Junk {
    /// Rows without content, ascending: each channel has one value throughout, or all features of a vector are equal.
    pub constant: Vec<usize>,
    /// Rows far from all others with their scores, the highest first.
    pub outliers: Vec<(usize, f64)>,
}

/// Rows without content, and those far from all others.
///
/// An outlier's distance to the nearest of 1,000 random other rows (fewer if they are very wide) is more than `cut` robust
/// standard deviations, 1.4826 times the median absolute deviation, above the median of such distances (Leys, Ley, Klein,
/// Bernard and Licata, "Detecting outliers: Do not use standard deviation around the mean, use absolute deviation around
/// the median", 2013). Where more than half of the distances are equal there are none.
///
/// # Errors
/// A sample that cannot be read.
pub fn junk(data: &dyn Dataset, cut: f64, seed: u64) -> Result<Junk> {
    let n = data.len();
    let references = random(n, fitting(data, 1 << 24).min(1000), seed);
    let centers = data.inputs(&references.iter().copied().map(SampleId::from).collect::<Vec<_>>())?;
    let centers = centers.iter().copied().collect::<Vec<_>>();
    let mut is_reference = vec![false; n];
    references.iter().for_each(|row| is_reference[*row] = true);
    let d = data.meta().n_features();
    let [channels, height, width] = data.meta().shape;
    let part = if height * width > 1 { height * width } else { channels };
    let (mut constant, mut least) = (Vec::new(), Vec::with_capacity(n));
    for rows in chunks(data) {
        let start = rows.start;
        let inputs = data.inputs(&rows.clone().map(SampleId::from).collect::<Vec<_>>())?;
        let inputs = inputs.into_iter().collect::<Vec<_>>();
        let is_constant = |row: &[f32]| row.chunks(part).all(|part| part.iter().all(|x| *x == part[0]));
        let equal = inputs.chunks_exact(d.max(1)).enumerate().filter(|(_, row)| d > 1 && is_constant(row));
        constant.extend(equal.map(|(i, _)| start + i));
        let blocks = Blocks::new(&inputs, d);
        let of_block = |block: usize| {
            let mut two = TwoLeast([[f32::INFINITY; WIDTH]; 2]);
            distances::<Euclidean>(blocks.get(block), &centers, &mut two);
            two.0
        };
        let blocks =
            (0..rows.len().div_ceil(WIDTH)).into_par_iter().map(of_block).collect::<Vec<[Lanes<f32>; 2]>>();
        // A reference is itself the nearest, at 0.
        let of_row = |(i, row): (usize, usize)| {
            f64::from(blocks[i / WIDTH][usize::from(is_reference[row])][i % WIDTH]).sqrt()
        };
        least.extend(rows.enumerate().map(of_row));
    }
    let middle = median(least.clone());
    let deviation = 1.4826 * median(least.iter().map(|distance| (distance - middle).abs()).collect());
    let scores = least.iter().map(|distance| (distance - middle) / deviation).enumerate();
    let mut outliers =
        scores.filter(|(_, score)| score.is_finite() && *score > cut).collect::<Vec<(usize, f64)>>();
    outliers.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    Ok(Junk { constant, outliers })
}

/// The middle value, or the mean of the middle two; 0 of none.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => 0.0,
        n if n % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

/// How many rows have `values` numbers.
fn fitting(data: &dyn Dataset, values: usize) -> usize {
    (values / data.meta().n_features().max(1)).max(WIDTH)
}

/// Consecutive rows that are looked at together.
fn chunks(data: &dyn Dataset) -> impl Iterator<Item = Range<usize>> + use<> {
    let (n, size) = (data.len(), fitting(data, 1 << 22).min(1024));
    (0..n).step_by(size).map(move |start| start..n.min(start + size))
}

/// The squared distance, summed in one order. Both rows are contiguous.
fn squared(a: Option<&[f32]>, b: Option<&[f32]>) -> f64 {
    let (a, b) = (a.unwrap_or_default(), b.unwrap_or_default());
    let mut sums = [0.0_f64; 8];
    for (a, b) in a.chunks(8).zip(b.chunks(8)) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            let difference = f64::from(*a) - f64::from(*b);
            *sum += difference * difference;
        }
    }
    sums.iter().sum()
}

/// A linear map to few numbers under which no two rows get farther apart: coordinates along orthonormal directions, and how
/// much of the row is in none of them.
struct Sketch {
    mean: Array1<f64>,
    /// `[d, DIRECTIONS]`, or fewer if `d` is.
    directions: Array2<f64>,
}

impl Sketch {
    /// Directions that tell the rows apart: about the first principal ones of a sample, by subspace iteration from random
    /// ones (Halko, Martinsson and Tropp, "Finding structure with randomness", SIAM Review 2011, algorithm 4.4). Any
    /// orthonormal ones are right; these are fast.
    fn new(data: &dyn Dataset, seed: u64) -> Result<Self> {
        let rows = random(data.len(), fitting(data, 1 << 22).min(512), seed);
        let sample = data.inputs(&rows.into_iter().map(SampleId::from).collect::<Vec<_>>())?.mapv(f64::from);
        let d = sample.ncols();
        let mean = sample.mean_axis(Axis(0)).unwrap_or_else(|| Array1::zeros(d));
        let sample = sample - &mean;
        let mut generator = generator(seed);
        let mut directions =
            Array2::from_shape_simple_fn((d, DIRECTIONS.min(d)), || generator.random_range(-1.0..1.0));
        for _ in 0..3 {
            directions = orthonormal(sample.t().dot(&sample.dot(&directions)));
        }
        Ok(Self { mean, directions })
    }

    /// Numbers of a row's sketch.
    fn len(&self) -> usize {
        self.directions.ncols() + 1
    }

    /// `[n, self.len()]`.
    fn of(&self, rows: &Array2<f32>) -> Vec<f32> {
        let parts = rows.axis_chunks_iter(Axis(0), WIDTH).into_par_iter().flat_map_iter(|part| {
            let rows = part.mapv(f64::from) - &self.mean;
            let along = rows.dot(&self.directions);
            let sketches = rows.outer_iter().zip(along.outer_iter()).flat_map(|(row, along)| {
                let rest = (row.dot(&row) - along.dot(&along)).max(0.0).sqrt();
                along.iter().copied().chain([rest]).map(|x| x as f32).collect::<Vec<_>>()
            });
            sketches.collect::<Vec<_>>()
        });
        parts.collect()
    }
}

/// The columns made orthonormal, from left to right and twice against rounding; a column in the span of those before
/// becomes zero.
fn orthonormal(mut columns: Array2<f64>) -> Array2<f64> {
    for i in 0..columns.ncols() {
        let (before, mut rest) = columns.view_mut().split_at(Axis(1), i);
        let mut column = rest.column_mut(0);
        let length = column.dot(&column).sqrt();
        for _ in 0..2 {
            for other in before.columns() {
                let along = other.dot(&column);
                column.scaled_add(-along, &other);
            }
        }
        let left = column.dot(&column).sqrt();
        let scale = if left > 1e-9 * length { left.recip() } else { 0.0 };
        column *= scale;
    }
    columns
}

/// The squared distance and row of a representative.
type Neighbour = Option<(f64, usize)>;

/// Rows that are looked at together.
struct Chunk {
    n: usize,
    inputs: Array2<f32>,
    /// `[n, width]`.
    sketches: Vec<f32>,
    width: usize,
    blocks: Blocks,
}

impl Chunk {
    fn read(data: &dyn Dataset, sketch: &Sketch, rows: Range<usize>) -> Result<Self> {
        let inputs = data.inputs(&rows.clone().map(SampleId::from).collect::<Vec<_>>())?;
        let inputs = inputs.as_standard_layout().into_owned();
        let (sketches, width) = (sketch.of(&inputs), sketch.len());
        let blocks = Blocks::new(&sketches, width);
        Ok(Self { n: rows.len(), inputs, sketches, width, blocks })
    }

    fn sketch(&self, i: usize) -> &[f32] {
        &self.sketches[i * self.width..][..self.width]
    }

    /// `(center, row)` for each centre whose sketch may be as near to that row's as its nearest, and within `distance`.
    fn hits(&self, centers: &[f32], distance: f64, nearest: &[Neighbour]) -> Vec<(u32, u32)> {
        let limit = |i: usize| match nearest.get(i) {
            None | Some(Some((0.0, _))) => -1.0,
            Some(nearest) => {
                let least = nearest.map_or(distance, |(squared, _)| squared.sqrt());
                let length = self.sketch(i).iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
                let limit = least + SLACK * (least + length);
                ((limit * limit) as f32).min(f32::MAX)
            }
        };
        let of_block = |block: usize| {
            let limits = std::array::from_fn(|lane| limit(block * WIDTH + lane));
            let mut near = Near { limits: &limits, hits: Vec::new() };
            distances::<Euclidean>(self.blocks.get(block), centers, &mut near);
            near.hits.into_iter().map(move |(center, lane)| (center, lane + (block * WIDTH) as u32))
        };
        (0..self.n.div_ceil(WIDTH)).into_par_iter().flat_map_iter(of_block).collect()
    }

    /// For each row the earlier rows of the chunk within `distance`, ascending, and their squared distances.
    fn pairs(&self, distance: f64, nearest: &[Neighbour]) -> Vec<Vec<(f64, usize)>> {
        let mut earlier = vec![Vec::new(); self.n];
        for (j, i) in self.hits(&self.sketches, distance, nearest) {
            if j < i {
                earlier[i as usize].push(j as usize);
            }
        }
        let row = |i: usize| self.inputs.row(i).to_slice();
        let of_row = |(i, mut earlier): (usize, Vec<usize>)| {
            earlier.sort_unstable();
            let pairs = earlier.into_iter().map(|j| (squared(row(i), row(j)), j));
            pairs.filter(|(squared, _)| *squared <= distance * distance).collect()
        };
        earlier.into_par_iter().enumerate().map(of_row).collect()
    }
}

/// The representatives so far.
#[derive(Default)]
struct Leaders {
    rows: Vec<usize>,
    sketches: Vec<f32>,
}

impl Leaders {
    fn push(&mut self, row: usize, sketch: &[f32]) {
        self.rows.push(row);
        self.sketches.extend(sketch);
    }

    /// Finds the nearest to each row of a chunk within `distance`.
    fn search(
        &self,
        data: &dyn Dataset,
        chunk: &Chunk,
        distance: f64,
        nearest: &mut [Neighbour],
    ) -> Result<()> {
        for (rows, sketches) in self.rows.chunks(TILE).zip(self.sketches.chunks(TILE * chunk.width)) {
            let mut hits = chunk.hits(sketches, distance, nearest);
            hits.sort_unstable();
            let by_leader = hits.chunk_by(|a, b| a.0 == b.0).collect::<Vec<_>>();
            // Only so many inputs at once.
            for batch in by_leader.chunks(chunk.n) {
                let leaders = batch.iter().map(|hits| rows[hits[0].0 as usize]);
                let inputs = data.inputs(&leaders.clone().map(SampleId::from).collect::<Vec<_>>())?;
                let inputs = inputs.as_standard_layout();
                let pairs = batch.par_iter().enumerate().flat_map_iter(|(at, hits)| {
                    let leader = inputs.row(at);
                    let of_hit = move |(_, i): &(u32, u32)| {
                        squared(chunk.inputs.row(*i as usize).to_slice(), leader.as_slice())
                    };
                    hits.iter().map(of_hit)
                });
                let squares = pairs.collect::<Vec<f64>>();
                let names = batch
                    .iter()
                    .zip(leaders)
                    .flat_map(|(hits, leader)| hits.iter().map(move |(_, i)| (*i as usize, leader)));
                // In the order of leaders, so that the first of equals stays.
                for ((i, leader), squared) in names.zip(squares) {
                    if squared <= distance * distance && nearest[i].is_none_or(|(least, _)| squared < least) {
                        nearest[i] = Some((squared, leader));
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{InMemory, Meta};
    use crate::seed::mix;

    fn data(rows: Array2<f32>) -> InMemory {
        let meta = Meta { name: "rows".into(), shape: [rows.ncols(), 1, 1], classes: vec![], range: vec![] };
        InMemory::new(meta, rows).unwrap()
    }

    /// Small whole numbers: many exact ties, zero rows and identical ones.
    fn whole(n: usize, d: usize, seed: u64) -> Array2<f32> {
        Array2::from_shape_fn((n, d), |(i, j)| (mix(seed, (i * d + j) as u64) % 3) as f32 - 1.0)
    }

    /// Copies with a little noise, far from the origin.
    fn noisy(n: usize, d: usize, seed: u64) -> Array2<f32> {
        let noise = |i, j| (mix(seed ^ 1, (i * d + j) as u64) % 1000) as f32 / 5000.0;
        Array2::from_shape_fn((n, d), |(i, j)| {
            50.0 + (mix(seed, ((i % (n / 3 + 1)) * d + j) as u64) % 7) as f32 + noise(i, j)
        })
    }

    fn exact(a: &Array2<f32>, i: usize, b: &Array2<f32>, j: usize) -> f64 {
        a.row(i).iter().zip(b.row(j)).map(|(a, b)| f64::from(a - b).powi(2)).sum()
    }

    fn nearest(leaders: &[usize], distance: f64, squared: impl Fn(usize) -> f64) -> Option<usize> {
        let near = leaders.iter().copied().filter(|j| squared(*j) <= distance * distance);
        near.min_by(|a, b| squared(*a).total_cmp(&squared(*b)).then(a.cmp(b)))
    }

    fn brute_force(rows: &Array2<f32>, distance: f64) -> Vec<usize> {
        let mut leaders = Vec::new();
        let group = |i| {
            nearest(&leaders, distance, |j| exact(rows, i, rows, j)).unwrap_or_else(|| {
                leaders.push(i);
                i
            })
        };
        (0..rows.nrows()).map(group).collect()
    }

    #[test]
    fn groups_and_copies_are_those_of_brute_force() {
        let mut joined = 0;
        for seed in 0..60 {
            let (n, d) = (1 + (mix(seed, 1) % 150) as usize, 1 + (mix(seed, 2) % 100) as usize);
            let rows = if seed % 2 == 0 { whole(n, d.min(7), seed) } else { noisy(n, d, seed) };
            let others = if seed % 2 == 0 { whole(40, d.min(7), seed + 1) } else { noisy(40, d, seed) };
            for distance in [0.0, 0.5, 1.0, 2.0, 3.0] {
                let found = groups(&data(rows.clone()), distance, seed, &|_, _| {}).unwrap();
                assert_eq!(found, brute_force(&rows, distance), "seed {seed}, distance {distance}");
                joined += found.iter().enumerate().filter(|(i, leader)| i != *leader).count();
                let of = copies(&data(others.clone()), &data(rows.clone()), distance, seed).unwrap();
                let all = (0..n).collect::<Vec<_>>();
                let copy = |i| nearest(&all, distance, |j| exact(&others, i, &rows, j));
                assert_eq!(of, (0..40).map(copy).collect::<Vec<_>>(), "seed {seed}, distance {distance}");
            }
        }
        assert!(joined > 1000, "{joined}");
    }

    #[test]
    fn many_chunks_are_as_one_at_any_number_of_threads() {
        let rows = noisy(2600, 20, 5);
        let wanted = brute_force(&rows, 0.4);
        assert!(wanted.iter().enumerate().filter(|(i, leader)| i != *leader).count() > 500);
        for threads in [1, 3] {
            let threads = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let found = threads.install(|| groups(&data(rows.clone()), 0.4, 1, &|_, _| {}).unwrap());
            assert_eq!(found, wanted);
        }
    }

    #[test]
    fn a_sketch_never_is_farther_than_the_rows() {
        let rows = noisy(60, 200, 3);
        let sketch = Sketch::new(&data(rows.clone()), 1).unwrap();
        let sketches = Array2::from_shape_vec((60, sketch.len()), sketch.of(&rows)).unwrap();
        for (i, j) in (0..60).flat_map(|i| (0..60).map(move |j| (i, j))) {
            let (short, long) = (exact(&sketches, i, &sketches, j), exact(&rows, i, &rows, j));
            assert!(short <= long * (1.0 + 1e-5) + 1e-6, "{short} {long}");
        }
        let square = sketch.directions.t().dot(&sketch.directions);
        for ((i, j), x) in square.indexed_iter() {
            // 59 differences span as many directions; the others are zero.
            assert!((x - f64::from(u8::from(i == j && i < 59))).abs() < 1e-9, "{i} {j} {x}");
        }
    }

    #[test]
    fn the_typical_distance_is_a_median_of_pairs() {
        let line = Array2::from_shape_fn((2000, 3), |(i, j)| if j == 0 { i as f32 } else { 1.0 });
        // |x - y| of uniform numbers below 2000 has its median at 2000 (1 - √½) = 585.8.
        let found = typical_distance(&data(line), 1).unwrap();
        assert!((found - 585.8).abs() < 60.0, "{found}");
        for rows in [Array2::zeros((0, 2)), Array2::zeros((1, 2)), Array2::zeros((5, 2))] {
            assert_eq!(typical_distance(&data(rows), 1).unwrap(), 0.0);
        }
    }

    #[test]
    fn outliers_are_those_of_the_definition() {
        let mut rows = noisy(900, 5, 1);
        rows.row_mut(17).fill(-40.0);
        rows[[500, 2]] = 99.0;
        let least = |i: usize| {
            let others = (0..900).filter(|j| *j != i).map(|j| exact(&rows, i, &rows, j));
            others.fold(f64::INFINITY, f64::min).sqrt()
        };
        let least = (0..900).map(least).collect::<Vec<_>>();
        let middle = median(least.clone());
        let deviation = median(least.iter().map(|x| (x - middle).abs()).collect()) * 1.4826;
        let found = junk(&data(rows), 30.0, 1).unwrap();
        assert_eq!(found.constant, [17]);
        assert_eq!(found.outliers.iter().map(|(row, _)| *row).collect::<Vec<_>>(), [17, 500]);
        for (row, score) in found.outliers {
            assert!((score / ((least[row] - middle) / deviation) - 1.0).abs() < 1e-4);
        }
    }

    #[test]
    fn a_picture_is_constant_if_each_channel_is_and_few_rows_are_no_trouble() {
        let meta = Meta { name: "two".into(), shape: [2, 1, 2], classes: vec![], range: vec![] };
        let rows = ndarray::array![[1.0, 1.0, 3.0, 3.0], [1.0, 2.0, 1.0, 2.0], [0.0; 4]];
        let found = junk(&InMemory::new(meta, rows).unwrap(), 3.0, 1).unwrap();
        assert_eq!(found.constant, [0, 2]);
        for n in 0..3 {
            assert_eq!(junk(&data(Array2::ones((n, 1))), 3.0, 1).unwrap(), Junk::default());
            assert_eq!(groups(&data(Array2::ones((n, 2))), 0.0, 1, &|_, _| {}).unwrap(), vec![0; n]);
        }
    }
}
