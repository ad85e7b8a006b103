//! k-means and k-medians, and the rows that stand for their clusters.

use super::k_center::row_major;
use super::{absolute_distance, k_center_greedy, safe_scale, squared_distance};
use crate::seed::{generator, mix};
use ndarray::{Array1, Array2, ArrayRef2, ArrayView2, ArrayViewMut2, Axis, linalg::general_mat_mul};
use rand::RngExt;
use rayon::prelude::*;

/// Rows per parallel task: fixed, so that results do not depend on the number of threads.
const CHUNK: usize = 256;
/// Lloyd steps after which we stop even if rows still change their cluster, as scikit-learn does by default at 300.
const MAX_STEPS: usize = 100;
/// Small problems get up to this many starts, of which the best counts.
const MAX_STARTS: usize = 50;
/// Element operations a step to spend on starts; at n·k·d above it there is a single one.
const START_BUDGET: usize = 100_000_000;

/// A partition of rows into `k` clusters.
#[derive(Debug, Clone)]
pub struct Clusters {
    /// The clusters' centres, `[k, d]`.
    pub centers: Array2<f32>,
    /// The cluster of each row, `[n]`.
    pub assignment: Vec<usize>,
    /// The sum over rows of the squared Euclidean (k-means) or absolute (k-medians) distance to the centre.
    pub cost: f64,
    /// The distance of each row to its centre, `[n]`, up to a common factor.
    distances: Vec<f32>,
}

/// k-means: Lloyd's algorithm (1982) from greedy k-means++ seeds (Arthur and Vassilvitskii, SODA 2007), until no row changes
/// its cluster or for 100 steps. A cluster that runs empty restarts at the row farthest from its centre. Small problems
/// get the best of up to 50 starts.
///
/// `rows`: `[n, d]`; `k` is cut to `n`. Memory: O((n + k)·d); time: O(n·k·d) a step.
pub fn k_means(rows: &ArrayRef2<f32>, k: usize, seed: u64) -> Clusters {
    cluster(rows, k, seed, Metric::Euclidean)
}

/// k-medians: as [`k_means`], with absolute (L1) distances and coordinate-wise medians as centres (Bradley, Mangasarian
/// and Street, NIPS 1996).
///
/// `rows`: `[n, d]`; `k` is cut to `n`. Memory: O((n + k)·d); time: O(n·k·d) a step.
pub fn k_medians(rows: &ArrayRef2<f32>, k: usize, seed: u64) -> Clusters {
    cluster(rows, k, seed, Metric::Manhattan)
}

/// The row nearest to the centre in each cluster, in the order of the clusters, all distinct. Where identical rows have
/// left clusters empty, the rows farthest from the others fill up, so that the result always has `k` rows.
///
/// `rows`: the `[n, d]` that were clustered.
pub fn representatives(rows: &ArrayRef2<f32>, clusters: &Clusters) -> Vec<usize> {
    let k = clusters.centers.nrows();
    if k == 0 {
        return Vec::new();
    }
    let mut best: Vec<Option<(f32, usize)>> = vec![None; k];
    for (row, (&cluster, &distance)) in clusters.assignment.iter().zip(&clusters.distances).enumerate() {
        if best[cluster].is_none_or(|(least, _)| distance < least) {
            best[cluster] = Some((distance, row));
        }
    }
    let mut picks = best.into_iter().flatten().map(|(_, row)| row).collect::<Vec<_>>();
    if picks.len() < k {
        let rest = (0..rows.nrows()).filter(|row| !picks.contains(row)).collect::<Vec<_>>();
        let (others, picked) = (rows.select(Axis(0), &rest), rows.select(Axis(0), &picks));
        picks.extend(k_center_greedy(&others, &picked, k - picks.len(), 0).into_iter().map(|i| rest[i]));
    }
    picks
}

#[derive(Clone, Copy)]
enum Metric {
    Euclidean,
    Manhattan,
}

impl Metric {
    fn distance(self, a: &[f32], b: &[f32]) -> f32 {
        match self {
            Metric::Euclidean => squared_distance(a, b),
            Metric::Manhattan => absolute_distance(a, b),
        }
    }
}

fn cluster(rows: &ArrayRef2<f32>, k: usize, seed: u64, metric: Metric) -> Clusters {
    let (n, d) = rows.dim();
    let k = k.min(n);
    if k == 0 || d == 0 {
        return Clusters {
            centers: Array2::zeros((k, d)),
            assignment: vec![0; n],
            cost: 0.0,
            distances: vec![0.0; n],
        };
    }
    // Distances through products of rows lose digits far from the origin: work around the mean.
    let mut sums = Array1::<f64>::zeros(d);
    for row in rows.outer_iter() {
        sums.zip_mut_with(&row, |sum, x| *sum += f64::from(*x));
    }
    let mean = sums.mapv(|sum| (sum / n as f64) as f32);
    let mut centered = rows.to_owned() - &mean;
    let scale = safe_scale(centered.iter());
    centered *= scale;
    let problem = Problem { rows: &row_major(&centered), n, d, k, metric };
    let starts = (START_BUDGET / (n * k * d)).clamp(1, MAX_STARTS);
    let mut best = problem.lloyd(mix(seed, 0));
    for start in 1..starts {
        let next = problem.lloyd(mix(seed, start as u64));
        if next.cost < best.cost {
            best = next;
        }
    }
    best.centers = best.centers / scale + &mean;
    let power = match metric {
        Metric::Euclidean => 2,
        Metric::Manhattan => 1,
    };
    best.cost /= f64::from(scale).powi(power);
    best
}

struct Problem<'a> {
    rows: &'a [f32],
    n: usize,
    d: usize,
    k: usize,
    metric: Metric,
}

impl Problem<'_> {
    fn row(&self, i: usize) -> &[f32] {
        &self.rows[i * self.d..(i + 1) * self.d]
    }

    fn lloyd(&self, seed: u64) -> Clusters {
        let mut centers = self.plus_plus(seed);
        let (mut assignment, mut distances) = self.assign(&centers, None);
        for _ in 0..MAX_STEPS {
            self.update(&mut centers, &assignment, &distances);
            let next = self.assign(&centers, Some(&assignment));
            let done = next.0 == assignment;
            (assignment, distances) = next;
            if done {
                break;
            }
        }
        let cost = distances.iter().map(|x| f64::from(*x)).sum();
        let centers = Array2::from_shape_fn((self.k, self.d), |(i, j)| centers[i * self.d + j]);
        Clusters { centers, assignment, cost, distances }
    }

    /// Greedy k-means++: of `2 + ln k` rows drawn with probability proportional to the distance (squared for k-means) to
    /// the nearest earlier seed, the one that leaves the least cost. A single draw misses many of many clusters, which
    /// Lloyd's steps cannot repair.
    fn plus_plus(&self, seed: u64) -> Vec<f32> {
        let mut generator = generator(seed);
        let trials = 2 + (self.k as f64).ln() as usize;
        let mut centers = self.row(generator.random_range(0..self.n)).to_vec();
        let mut nearest = vec![f32::INFINITY; self.n];
        self.lower(&mut nearest, &centers);
        while centers.len() < self.k * self.d {
            // The cost before each chunk of rows: a draw first finds its chunk, then its row.
            let chunks = nearest.chunks(CHUNK).map(|chunk| chunk.iter().map(|x| f64::from(*x)).sum::<f64>());
            let before =
                chunks.scan(0.0, |sum, cost| Some(std::mem::replace(sum, *sum + cost))).collect::<Vec<_>>();
            let total = self.cost_with(&nearest, &[]);
            let draws = (0..trials)
                .map(|_| draw(&nearest, &before, generator.random::<f64>() * total))
                .collect::<Vec<_>>();
            let costs =
                draws.par_iter().map(|row| self.cost_with(&nearest, self.row(*row))).collect::<Vec<_>>();
            let best =
                (0..trials).fold(0, |best, trial| if costs[trial] < costs[best] { trial } else { best });
            let next = self.row(draws[best]);
            self.lower(&mut nearest, next);
            centers.extend_from_slice(next);
        }
        centers
    }

    /// Lowers each row's distance to its nearest seed by a new one.
    fn lower(&self, nearest: &mut [f32], seed: &[f32]) {
        nearest.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, nearest)| {
            for (i, distance) in nearest.iter_mut().enumerate() {
                *distance = distance.min(self.metric.distance(self.row(chunk * CHUNK + i), seed));
            }
        });
    }

    /// The sum of distances to the nearest seed if `seed` were one too; an empty one is none.
    fn cost_with(&self, nearest: &[f32], seed: &[f32]) -> f64 {
        let with = |row: usize, distance: f32| match seed {
            [] => f64::from(distance),
            seed => f64::from(distance.min(self.metric.distance(self.row(row), seed))),
        };
        nearest.iter().enumerate().map(|(row, distance)| with(row, *distance)).sum()
    }

    /// Each row's nearest centre and its distance to it.
    fn assign(&self, centers: &[f32], previous: Option<&[usize]>) -> (Vec<usize>, Vec<f32>) {
        let previous = previous.and_then(|previous| Some((previous, self.apart(centers)?)));
        let mut assignment = vec![0; self.n];
        let mut distances = vec![0.0; self.n];
        let norms = centers.chunks(self.d).map(|c| c.iter().map(|x| x * x).sum()).collect::<Vec<f32>>();
        let tasks = assignment.par_chunks_mut(CHUNK).zip(distances.par_chunks_mut(CHUNK)).enumerate();
        tasks.for_each_init(Vec::new, |products, (chunk, (assignment, distances))| {
            let first = chunk * CHUNK;
            match self.metric {
                Metric::Euclidean => self.nearest_by_products(first, centers, &norms, products, assignment),
                Metric::Manhattan => match &previous {
                    None => self.nearest_directly(first, centers, assignment),
                    Some((previous, apart)) => self.nearest_from(previous, apart, first, centers, assignment),
                },
            }
            for (i, distance) in distances.iter_mut().enumerate() {
                let center = &centers[assignment[i] * self.d..(assignment[i] + 1) * self.d];
                *distance = self.metric.distance(self.row(first + i), center);
            }
        });
        (assignment, distances)
    }

    /// argmin ‖x − c‖² = argmin ‖c‖² − 2 x·c, with all products of a chunk by one matrix product.
    fn nearest_by_products(
        &self,
        first: usize,
        centers: &[f32],
        norms: &[f32],
        products: &mut Vec<f32>,
        assignment: &mut [usize],
    ) {
        let rows = &self.rows[first * self.d..(first + assignment.len()) * self.d];
        products.resize(assignment.len() * self.k, 0.0);
        let matrices = (
            ArrayView2::from_shape((assignment.len(), self.d), rows),
            ArrayView2::from_shape((self.k, self.d), centers),
            ArrayViewMut2::from_shape((assignment.len(), self.k), products),
        );
        if let (Ok(rows), Ok(centers), Ok(mut products)) = matrices {
            general_mat_mul(-2.0, &rows, &centers.t(), 0.0, &mut products);
        }
        for (nearest, products) in assignment.iter_mut().zip(products.chunks(self.k)) {
            *nearest = argmin(products.iter().zip(norms).map(|(product, norm)| product + norm));
        }
    }

    fn nearest_directly(&self, first: usize, centers: &[f32], assignment: &mut [usize]) {
        for (i, nearest) in assignment.iter_mut().enumerate() {
            let row = self.row(first + i);
            *nearest = argmin(centers.chunks(self.d).map(|center| self.metric.distance(row, center)));
        }
    }

    /// The distances between centres, `[k, k]`, where they help and take no more memory than the rows.
    fn apart(&self, centers: &[f32]) -> Option<Vec<f32>> {
        let helps = matches!(self.metric, Metric::Manhattan) && self.k * self.k <= self.n * self.d;
        helps.then(|| {
            let to_all =
                |a| centers.chunks(self.d).map(move |b| self.metric.distance(a, b)).collect::<Vec<_>>();
            centers.par_chunks(self.d).map(to_all).flatten().collect()
        })
    }

    /// As [`nearest_directly`](Self::nearest_directly), from the row's previous centre `a`: by the triangle inequality a
    /// centre `c` with ‖a − c‖ > ‖x − a‖ + best is farther than the best so far (Elkan, ICML 2003).
    fn nearest_from(
        &self,
        previous: &[usize],
        apart: &[f32],
        first: usize,
        centers: &[f32],
        assignment: &mut [usize],
    ) {
        let center = |c: usize| &centers[c * self.d..(c + 1) * self.d];
        for (i, nearest) in assignment.iter_mut().enumerate() {
            let (row, start) = (self.row(first + i), previous[first + i]);
            let to_start = self.metric.distance(row, center(start));
            let mut best = (to_start, start);
            for (c, apart) in apart[start * self.k..(start + 1) * self.k].iter().enumerate() {
                // The slack is for rounding: a centre in doubt is computed.
                if c == start || *apart > (to_start + best.0) * 1.0001 {
                    continue;
                }
                let distance = self.metric.distance(row, center(c));
                if distance < best.0 || (distance == best.0 && c < best.1) {
                    best = (distance, c);
                }
            }
            *nearest = best.1;
        }
    }

    /// Moves each centre to the middle of its rows, and a centre without rows to the row farthest from its own.
    fn update(&self, centers: &mut [f32], assignment: &[usize], distances: &[f32]) {
        let mut members = vec![Vec::new(); self.k];
        for (row, &cluster) in assignment.iter().enumerate() {
            members[cluster].push(row);
        }
        centers.par_chunks_mut(self.d).zip(&members).filter(|(_, rows)| !rows.is_empty()).for_each(
            |(center, rows)| match self.metric {
                Metric::Euclidean => self.mean(rows, center),
                Metric::Manhattan => self.median(rows, center),
            },
        );
        let empty = (0..self.k).filter(|cluster| members[*cluster].is_empty()).collect::<Vec<_>>();
        if empty.is_empty() {
            return;
        }
        let mut farthest = (0..self.n).collect::<Vec<_>>();
        farthest.sort_by(|a, b| distances[*b].total_cmp(&distances[*a]).then(a.cmp(b)));
        for (cluster, row) in empty.into_iter().zip(farthest) {
            centers[cluster * self.d..(cluster + 1) * self.d].copy_from_slice(self.row(row));
        }
    }

    fn mean(&self, rows: &[usize], center: &mut [f32]) {
        let mut sums = vec![0.0f64; self.d];
        for &row in rows {
            for (sum, x) in sums.iter_mut().zip(self.row(row)) {
                *sum += f64::from(*x);
            }
        }
        for (center, sum) in center.iter_mut().zip(sums) {
            *center = (sum / rows.len() as f64) as f32;
        }
    }

    fn median(&self, rows: &[usize], center: &mut [f32]) {
        for (j, center) in center.iter_mut().enumerate() {
            let mut values = rows.iter().map(|row| self.row(*row)[j]).collect::<Vec<_>>();
            let middle = values.len() / 2;
            *center = *values.select_nth_unstable_by(middle, f32::total_cmp).1;
        }
    }
}

/// The row at which the running sum of distances passes `target`; `before`: the sum before each chunk.
fn draw(distances: &[f32], before: &[f64], target: f64) -> usize {
    let chunk = before.partition_point(|sum| *sum <= target).saturating_sub(1);
    let mut left = target - before[chunk];
    let rows = &distances[chunk * CHUNK..distances.len().min((chunk + 1) * CHUNK)];
    let row = rows.iter().position(|distance| {
        left -= f64::from(*distance);
        left < 0.0
    });
    // Rounding can run past the chunk's last row; where all rows are seeds already any will do.
    chunk * CHUNK + row.unwrap_or(rows.len() - 1)
}

/// The position of the least value, the first of equals.
fn argmin(values: impl Iterator<Item = f32>) -> usize {
    let mut best = (f32::INFINITY, 0);
    for (i, value) in values.enumerate() {
        if value < best.0 {
            best = (value, i);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    /// The least cost over all partitions of few rows into `k` clusters.
    fn optimum(rows: &Array2<f32>, k: usize, median: bool) -> f64 {
        let (n, d) = rows.dim();
        let mut best = f64::INFINITY;
        for code in 0..k.pow(n as u32) {
            let of = |i: usize| code / k.pow(i as u32) % k;
            let mut cost = 0.0;
            for cluster in 0..k {
                let members = (0..n).filter(|i| of(*i) == cluster).collect::<Vec<_>>();
                for j in 0..d {
                    let mut values = members.iter().map(|i| f64::from(rows[[*i, j]])).collect::<Vec<_>>();
                    values.sort_by(f64::total_cmp);
                    if let Some(middle) = values.get(values.len() / 2) {
                        let mean = values.iter().sum::<f64>() / values.len() as f64;
                        let part = |x: &f64| if median { (x - middle).abs() } else { (x - mean).powi(2) };
                        cost += values.iter().map(part).sum::<f64>();
                    }
                }
            }
            best = best.min(cost);
        }
        best
    }

    fn small() -> impl Strategy<Value = Array2<f32>> {
        prop::collection::vec(prop::array::uniform2(-20i8..20), 4..8)
            .prop_map(|rows| Array2::from_shape_fn((rows.len(), 2), |(i, j)| f32::from(rows[i][j])))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn representatives_are_distinct_and_as_many_as_asked(rows in small(), k in 0usize..10, seed: u64) {
            for clusters in [k_means(&rows, k, seed), k_medians(&rows, k, seed)] {
                let mut picks = representatives(&rows, &clusters);
                prop_assert_eq!(picks.len(), k.min(rows.nrows()));
                picks.sort_unstable();
                picks.dedup();
                prop_assert_eq!(picks.len(), k.min(rows.nrows()));
            }
        }
    }

    /// Lloyd's algorithm ends in local optima; with its starts it must find the best of all partitions nearly always.
    #[test]
    fn small_problems_are_solved_to_the_best_partition() {
        for (median, find) in
            [(false, k_means as fn(&ArrayRef2<f32>, usize, u64) -> Clusters), (true, k_medians)]
        {
            let mut ratios = Vec::new();
            for case in 0..200u64 {
                let coordinate = |(i, j): (usize, usize)| (mix(case, (i * 2 + j) as u64) % 41) as f32;
                let rows = Array2::from_shape_fn((8, 2), coordinate);
                ratios.push(find(&rows, 3, case).cost / optimum(&rows, 3, median));
            }
            ratios.sort_by(f64::total_cmp);
            println!("{median} {:?}", &ratios[180..]);
            assert!(ratios[0] > 1.0 - 1e-5, "better than the best partition: {}", ratios[0]);
            assert!(ratios[189] < 1.0 + 1e-5, "95 of 100 are solved");
            assert!(ratios[199] < 1.1, "the worst is {}", ratios[199]);
        }
    }

    #[test]
    fn each_row_is_in_its_nearest_cluster_and_the_cost_is_the_sum_of_distances() {
        let rows = Array2::from_shape_fn((500, 7), |(i, j)| ((i * 37 + j * 11) % 101) as f32 + 1000.0);
        for (clusters, power) in [(k_means(&rows, 20, 3), 2), (k_medians(&rows, 20, 3), 1)] {
            let mut total = 0.0;
            for (row, &cluster) in clusters.assignment.iter().enumerate() {
                let to = |c: usize| {
                    let pairs = rows.row(row).into_iter().zip(clusters.centers.row(c));
                    pairs.map(|(x, c)| f64::from(x - c).abs().powi(power)).sum::<f64>()
                };
                total += to(cluster);
                assert!((0..20).all(|c| to(cluster) <= to(c) * 1.001 + 1e-3));
            }
            assert!((clusters.cost - total).abs() < 1e-3 * total);
        }
    }

    /// Skipping centres by the triangle inequality changes nothing.
    #[test]
    fn the_nearest_from_the_previous_centre_is_the_nearest_of_all() {
        let rows = Array2::from_shape_fn((600, 5), |(i, j)| {
            (mix(i as u64 % 40, j as u64) % 50) as f32 + (i % 7) as f32
        });
        let slice = row_major(&rows);
        let problem = Problem { rows: &slice, n: 600, d: 5, k: 30, metric: Metric::Manhattan };
        let centers = problem.plus_plus(1);
        let all = problem.assign(&centers, None);
        for shift in 0..30 {
            let previous = all.0.iter().map(|c| (c + shift) % 30).collect::<Vec<_>>();
            assert_eq!(problem.assign(&centers, Some(&previous)), all);
        }
    }

    /// Trap D11: the reference takes the argmin of an empty cluster, which raises, and is not seeded.
    #[test]
    fn d11_identical_rows_leave_no_cluster_without_a_representative() {
        let rows = array![[1.0f32, 1.0], [1.0, 1.0], [1.0, 1.0], [5.0, 5.0]];
        for clusters in [k_means(&rows, 3, 0), k_medians(&rows, 3, 0)] {
            let picks = representatives(&rows, &clusters);
            assert_eq!(picks.len(), 3);
            assert!(picks.contains(&3));
        }
        let rows = Array2::from_shape_fn((300, 4), |(i, j)| ((i * 7 + j) as f32).sin());
        assert_eq!(k_means(&rows, 9, 5).assignment, k_means(&rows, 9, 5).assignment);
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let rows = Array2::from_shape_fn((3000, 20), |(i, j)| ((i * 131 + j * 17) as f32).sin());
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                (
                    k_means(&rows, 30, 1),
                    k_medians(&rows, 30, 1),
                    k_center_greedy(&rows, &rows.slice(ndarray::s![..9, ..]), 50, 1),
                )
            })
        };
        let (one, three) = (with(1), with(3));
        assert_eq!(one.0.centers, three.0.centers);
        assert_eq!(one.1.centers, three.1.centers);
        assert_eq!(one.2, three.2);
    }
}
