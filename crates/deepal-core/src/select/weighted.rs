//! k-means of rows that count more or less.

use super::Clusters;
use super::blocks::{Blocks, Euclidean, Lanes, Nearest, WIDTH, distances};
use super::cluster::trials;
use super::draws::weighted;
use super::k_center::row_major;
use super::safe_scale;
use crate::seed::{generator, mix};
use ndarray::{Array1, Array2, ArrayRef2};
use rand::RngExt;
use rayon::prelude::*;

/// Lloyd steps after which we stop even if rows still change their cluster.
const MAX_STEPS: usize = 100;
/// A step that lowers the cost by less than this share is the last.
const LEAST_GAIN: f64 = 1e-4;
/// Small problems get up to this many starts, of which the best counts.
const MAX_STARTS: usize = 20;
/// Element operations a step to spend on starts.
const START_BUDGET: usize = 1_000_000;

/// k-means with a weight for each row: centres are weighted means and the cost is the weighted sum of squared distances, as if each row
/// were there as often as its weight says. From greedy k-means++ seeds by the same weights, until a step lowers the cost by less than
/// 1/10,000. A cluster without weight restarts at the row that costs most. If no row has weight, all weigh the same.
///
/// `rows`: `[n, d]`, `weights`: `[n]`, finite, not negative; `k` is cut to `n`. Memory: O((n + k)·d); time: O(n·k·d) a step.
pub(crate) fn weighted_k_means(rows: &ArrayRef2<f32>, weights: &[f64], k: usize, seed: u64) -> Clusters {
    let (n, d) = rows.dim();
    let k = k.min(n);
    if k == 0 || d == 0 {
        let (centers, distances) = (Array2::zeros((k, d)), vec![0.0; n]);
        return Clusters { centers, assignment: vec![0; n], cost: 0.0, distances };
    }
    let most = weights.iter().copied().fold(0.0, f64::max);
    let weights =
        weights.iter().map(|weight| if most > 0.0 { weight / most } else { 1.0 }).collect::<Vec<_>>();
    // Centres far from the origin would be rounded to few digits: work around the mean.
    let mut mean = Array1::<f64>::zeros(d);
    rows.outer_iter().for_each(|row| mean.zip_mut_with(&row, |sum, x| *sum += f64::from(*x)));
    let mean = mean.mapv(|sum| (sum / n as f64) as f32);
    let mut centered = rows.to_owned() - &mean;
    let scale = safe_scale(centered.iter());
    centered *= scale;
    let rows = row_major(&centered);
    let problem = Problem { blocks: Blocks::new(&rows, d), rows: &rows, weights: &weights, n, d, k };
    let starts = (START_BUDGET / (n * k * d)).clamp(1, MAX_STARTS) as u64;
    let mut best = rayon::scope(|_| problem.lloyd(mix(seed, 0)));
    for start in 1..starts {
        let next = problem.lloyd(mix(seed, start));
        if next.cost < best.cost {
            best = next;
        }
    }
    best.centers = best.centers / scale + &mean;
    best.cost /= f64::from(scale).powi(2) / if most > 0.0 { most } else { 1.0 };
    best
}

struct Problem<'a> {
    rows: &'a [f32],
    blocks: Blocks,
    weights: &'a [f64],
    n: usize,
    d: usize,
    k: usize,
}

impl Problem<'_> {
    fn row(&self, i: usize) -> &[f32] {
        &self.rows[i * self.d..(i + 1) * self.d]
    }

    fn lloyd(&self, seed: u64) -> Clusters {
        let mut centers = self.plus_plus(seed);
        let (mut assignment, mut distances) = self.assign(&centers);
        let mut cost = self.cost(&distances);
        for _ in 0..MAX_STEPS {
            self.update(&mut centers, &assignment, &distances);
            let next = self.assign(&centers);
            let is_same = next.0 == assignment;
            (assignment, distances) = next;
            let before = std::mem::replace(&mut cost, self.cost(&distances));
            if is_same || before - cost < LEAST_GAIN * before {
                break;
            }
        }
        let centers = Array2::from_shape_fn((self.k, self.d), |(i, j)| centers[i * self.d + j]);
        let assignment = assignment.into_iter().map(|center| center as usize).collect();
        Clusters { centers, assignment, cost, distances }
    }

    fn cost(&self, distances: &[f32]) -> f64 {
        distances.iter().zip(self.weights).map(|(distance, weight)| f64::from(*distance) * weight).sum()
    }

    /// Of `2 + ln k` rows drawn with a probability in proportion to their weighted distance to the nearest earlier seed, the one that
    /// leaves the least cost; at first in proportion to their weight.
    fn plus_plus(&self, seed: u64) -> Vec<f32> {
        let mut generator = generator(seed);
        let mut nearest = vec![f32::INFINITY; self.n];
        let mut costs = self.weights.to_vec();
        let mut centers = Vec::with_capacity(self.k * self.d);
        let mut trials = 1;
        while centers.len() < self.k * self.d {
            let draw = |_| weighted(&costs, generator.random());
            let mut rows = (0..trials).filter_map(draw).collect::<Vec<_>>();
            if rows.is_empty() {
                // All weight is on seeds.
                rows.push(farthest(&nearest));
            }
            let lowered = rows.iter().map(|row| self.lowered(&nearest, *row));
            let costs_of = lowered.map(|lowered| (self.cost(&lowered), lowered)).collect::<Vec<_>>();
            let best = costs_of.into_iter().zip(rows).min_by(|a, b| a.0.0.total_cmp(&b.0.0));
            let Some(((_, lowered), row)) = best else { break };
            centers.extend_from_slice(self.row(row));
            nearest = lowered;
            let pairs = nearest.iter().zip(self.weights);
            costs = pairs.map(|(distance, weight)| f64::from(*distance) * weight).collect();
            trials = super::cluster::trials(self.k);
        }
        centers
    }

    /// What `nearest` becomes if a row is a seed too.
    fn lowered(&self, nearest: &[f32], seed: usize) -> Vec<f32> {
        let mut lowered = nearest.to_vec();
        lowered.par_chunks_mut(WIDTH).with_min_len(8).enumerate().for_each(|(block, nearest)| {
            let mut lanes = [f32::INFINITY; WIDTH];
            lanes[..nearest.len()].copy_from_slice(nearest);
            distances::<Euclidean>(self.blocks.get(block), self.row(seed), &mut lanes);
            nearest.copy_from_slice(&lanes[..nearest.len()]);
        });
        lowered
    }

    fn assign(&self, centers: &[f32]) -> (Vec<u32>, Vec<f32>) {
        let names = (0..self.k as u32).collect::<Vec<_>>();
        let of_block = |block: usize| -> (Lanes<u32>, Lanes<f32>) {
            let (mut nearest, mut least) = ([0; WIDTH], [f32::INFINITY; WIDTH]);
            let mut fold = Nearest { distances: &mut least, centers: &mut nearest, names: &names };
            distances::<Euclidean>(self.blocks.get(block), centers, &mut fold);
            (nearest, least)
        };
        let blocks = (0..self.n.div_ceil(WIDTH)).into_par_iter().map(of_block).collect::<Vec<_>>();
        let nearest = blocks.iter().flat_map(|(nearest, _)| nearest).take(self.n);
        let least = blocks.iter().flat_map(|(_, least)| least).take(self.n);
        (nearest.copied().collect(), least.copied().collect())
    }

    /// Moves each centre to the weighted mean of its rows.
    fn update(&self, centers: &mut [f32], assignment: &[u32], distances: &[f32]) {
        let mut members = vec![Vec::new(); self.k];
        for (row, cluster) in assignment.iter().enumerate().filter(|(row, _)| self.weights[*row] > 0.0) {
            members[*cluster as usize].push(row);
        }
        centers.par_chunks_mut(self.d).zip(&members).filter(|(_, rows)| !rows.is_empty()).for_each(
            |(center, rows)| {
                let (mut sums, mut total) = (vec![0.0; self.d], 0.0);
                for row in rows {
                    let weight = self.weights[*row];
                    total += weight;
                    sums.iter_mut().zip(self.row(*row)).for_each(|(sum, x)| *sum += weight * f64::from(*x));
                }
                center.iter_mut().zip(sums).for_each(|(x, sum)| *x = (sum / total) as f32);
            },
        );
        let costs = |row: &usize| f64::from(distances[*row]) * self.weights[*row];
        let empty = (0..self.k).filter(|cluster| members[*cluster].is_empty()).collect::<Vec<_>>();
        if !empty.is_empty() {
            let mut dearest = (0..self.n).filter(|row| costs(row) > 0.0).collect::<Vec<_>>();
            dearest.sort_by(|a, b| costs(b).total_cmp(&costs(a)).then(a.cmp(b)));
            for (cluster, row) in empty.into_iter().zip(dearest) {
                centers[cluster * self.d..][..self.d].copy_from_slice(self.row(row));
            }
        }
    }
}

fn farthest(distances: &[f32]) -> usize {
    distances
        .iter()
        .enumerate()
        .fold((0, -1.0), |best, (row, x)| if *x > best.1 { (row, *x) } else { best })
        .0
}

/// About the bytes of clustering `n` rows with `d` features: the rows around their mean and in blocks; distances, costs and clusters of
/// each before and after a step, and what they become with each seed that is tried.
pub(crate) fn memory(n: usize, d: usize, k: usize) -> usize {
    let row = d.saturating_mul(8).saturating_add(4 * trials(k.max(1)) + 64);
    n.saturating_mul(row).saturating_add(k.saturating_mul(d).saturating_mul(8))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    /// The least weighted cost over all partitions of few rows.
    fn optimum(rows: &Array2<f32>, weights: &[f64], k: usize) -> f64 {
        let (n, d) = rows.dim();
        let cost_of = |code: usize| {
            let mut cost = 0.0;
            for cluster in 0..k {
                let members = (0..n).filter(|i| code / k.pow(*i as u32) % k == cluster).collect::<Vec<_>>();
                let total = members.iter().map(|i| weights[*i]).sum::<f64>();
                for j in 0..d {
                    let mean = members.iter().map(|i| weights[*i] * f64::from(rows[[*i, j]])).sum::<f64>()
                        / total.max(1e-300);
                    cost += members
                        .iter()
                        .map(|i| weights[*i] * (f64::from(rows[[*i, j]]) - mean).powi(2))
                        .sum::<f64>();
                }
            }
            cost
        };
        (0..k.pow(n as u32)).map(cost_of).fold(f64::INFINITY, f64::min)
    }

    #[test]
    fn small_problems_are_solved_to_the_best_partition() {
        let mut ratios = Vec::new();
        for case in 0..200u64 {
            let rows = Array2::from_shape_fn((8, 2), |(i, j)| (mix(case, (2 * i + j) as u64) % 41) as f32);
            let weights =
                (0..8).map(|i| [0.0, 0.1, 1.0, 10.0][mix(case, 100 + i) as usize % 4]).collect::<Vec<_>>();
            if weights.iter().filter(|weight| **weight > 0.0).count() < 4 {
                continue;
            }
            let found = weighted_k_means(&rows, &weights, 3, case);
            let best = optimum(&rows, &weights, 3);
            let to = |i: usize| {
                (&rows.row(i) - &found.centers.row(found.assignment[i])).mapv(|x| f64::from(x).powi(2)).sum()
            };
            let cost = (0..8).map(|i| weights[i] * to(i)).sum::<f64>();
            assert!((cost - found.cost).abs() < 1e-4 * (1.0 + cost), "its cost is that of its clusters");
            ratios.push(if best > 1e-9 { found.cost / best } else { 1.0 + found.cost });
        }
        ratios.sort_by(f64::total_cmp);
        let most = ratios.len() - 1;
        assert!(ratios[0] > 1.0 - 1e-5, "better than the best partition: {}", ratios[0]);
        assert!(ratios[most * 9 / 10] < 1.0 + 1e-4 && ratios[most] < 1.3, "{:?}", &ratios[most * 9 / 10..]);
    }

    /// Fault of several: features are multiplied by the weight instead, which moves rows.
    #[test]
    fn a_weight_is_as_many_copies() {
        let rows = array![[0.0f32, 1.0], [4.0, 1.0], [100.0, 7.0], [103.0, 7.0]];
        let found = weighted_k_means(&rows, &[3.0, 1.0, 2.0, 1.0], 2, 0);
        let mut centers = found.centers.outer_iter().map(|center| center.to_vec()).collect::<Vec<_>>();
        centers.sort_by(|a, b| a[0].total_cmp(&b[0]));
        assert_eq!(centers, [[1.0, 1.0], [101.0, 7.0]]);
        assert!((found.cost - (3.0 + 9.0 + 2.0 + 4.0)).abs() < 1e-4);
    }

    #[test]
    fn rows_without_weight_move_no_centre() {
        let rows = array![[0.0f32], [1.0], [10.0], [11.0], [1000.0]];
        let mut centers =
            weighted_k_means(&rows, &[1.0, 1.0, 1.0, 1.0, 0.0], 2, 0).centers.into_raw_vec_and_offset().0;
        centers.sort_by(f32::total_cmp);
        assert_eq!(centers, [0.5, 10.5]);
        let none = weighted_k_means(&rows, &[0.0; 5], 2, 0);
        assert!(none.centers.iter().any(|x| *x == 1000.0), "all weigh the same");
    }
}
