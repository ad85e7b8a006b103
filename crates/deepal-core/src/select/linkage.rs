//! Hierarchical clustering by average linkage.

use super::blocks::{Blocks, Euclidean, Fold, Lanes, WIDTH, distances};
use pulp::Simd;

/// The cluster of each row, numbered by their first rows, when the two clusters with the least mean distance between their rows were
/// merged until `k` are left (UPGMA; Sokal and Michener 1958), by chains of nearest neighbours (Benzécri 1982).
///
/// `rows`: `[n, d]`, row-major. Memory and time: O(n²), time for distances O(n²·d).
pub(crate) fn average_linkage(rows: &[f32], d: usize, k: usize) -> Vec<usize> {
    let n = rows.len().checked_div(d).unwrap_or(0);
    let mut between = all_distances(rows, d, n);
    let mut sizes = vec![1usize; n];
    let mut merges = Vec::with_capacity(n.saturating_sub(1));
    let mut chain: Vec<usize> = Vec::new();
    while merges.len() + 1 < n {
        let Some(&last) = chain.last() else {
            chain.extend(sizes.iter().position(|size| *size > 0));
            continue;
        };
        let before = chain.len().checked_sub(2).map(|i| chain[i]);
        // The one before wins a tie, or chains would run in circles.
        let mut nearest = before.map(|other| (between[last * n + other], other));
        for other in (0..n).filter(|other| sizes[*other] > 0 && *other != last) {
            let distance = between[last * n + other];
            if nearest.is_none_or(|(least, _)| distance < least) {
                nearest = Some((distance, other));
            }
        }
        let Some((distance, other)) = nearest else { break };
        if before != Some(other) {
            chain.push(other);
            continue;
        }
        chain.truncate(chain.len() - 2);
        let (kept, gone) = (last.min(other), last.max(other));
        let [a, b] = [kept, gone].map(|cluster| sizes[cluster] as f32);
        for third in (0..n).filter(|third| sizes[*third] > 0 && *third != kept && *third != gone) {
            let mean = (a * between[kept * n + third] + b * between[gone * n + third]) / (a + b);
            between[kept * n + third] = mean;
            between[third * n + kept] = mean;
        }
        sizes[kept] += sizes[gone];
        sizes[gone] = 0;
        merges.push((distance, kept, gone));
    }
    // Chains find merges out of order.
    merges.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut parents = (0..n).collect::<Vec<_>>();
    for (_, kept, gone) in &merges[..n.saturating_sub(k.max(1)).min(merges.len())] {
        let [a, b] = [*kept, *gone].map(|row| root(&parents, row));
        parents[a.max(b)] = a.min(b);
    }
    let mut numbers = vec![usize::MAX; n];
    let mut count = 0;
    (0..n)
        .map(|row| {
            let root = root(&parents, row);
            if numbers[root] == usize::MAX {
                numbers[root] = count;
                count += 1;
            }
            numbers[root]
        })
        .collect()
}

fn root(parents: &[usize], mut row: usize) -> usize {
    while parents[row] != row {
        row = parents[row];
    }
    row
}

/// Euclidean distances of all pairs, `[n, n]`.
fn all_distances(rows: &[f32], d: usize, n: usize) -> Vec<f32> {
    let mut all = vec![0.0; n * n];
    let blocks = Blocks::new(rows, d);
    let mut to_block = Keep(vec![[0.0; WIDTH]; n]);
    for block in 0..n.div_ceil(WIDTH) {
        distances::<Euclidean>(blocks.get(block), rows, &mut to_block);
        let first = block * WIDTH;
        let width = WIDTH.min(n - first);
        for (row, lanes) in all.chunks_exact_mut(n).zip(&to_block.0) {
            row[first..first + width].copy_from_slice(&lanes[..width]);
        }
    }
    all.iter_mut().for_each(|squared| *squared = squared.sqrt());
    all
}

/// Keeps the distances of every centre to the rows of a block.
struct Keep(Vec<Lanes<f32>>);

impl Fold for Keep {
    #[inline(always)]
    fn fold<S: Simd>(&mut self, _simd: S, center: usize, at: usize, distances: [S::f32s; 2]) {
        S::as_mut_simd_f32s(&mut self.0[center]).0[at..at + 2].copy_from_slice(&distances);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::mix;

    /// The definition: mean distances of all pairs, computed anew for every merge.
    fn naive(rows: &[[f64; 2]], k: usize) -> Vec<usize> {
        let mut clusters = (0..rows.len()).map(|i| vec![i]).collect::<Vec<_>>();
        let distance = |a: usize, b: usize| (rows[a][0] - rows[b][0]).hypot(rows[a][1] - rows[b][1]);
        while clusters.len() > k {
            let mut best = (f64::INFINITY, 0, 0);
            for a in 0..clusters.len() {
                for b in 0..a {
                    let pairs = clusters[a].iter().flat_map(|i| clusters[b].iter().map(move |j| (i, j)));
                    let sum = pairs.map(|(i, j)| distance(*i, *j)).sum::<f64>();
                    let mean = sum / (clusters[a].len() * clusters[b].len()) as f64;
                    if mean < best.0 {
                        best = (mean, a, b);
                    }
                }
            }
            let gone = clusters.remove(best.1);
            clusters[best.2].extend(gone);
        }
        clusters.sort_by_key(|cluster| cluster.iter().min().copied());
        let mut of = vec![0; rows.len()];
        clusters.iter().enumerate().for_each(|(i, cluster)| cluster.iter().for_each(|row| of[*row] = i));
        of
    }

    #[test]
    fn clusters_are_those_of_the_definition() {
        for n in [1usize, 2, 5, 33, 60] {
            let value = |i: usize, j: usize| (mix(n as u64, (2 * i + j) as u64) % 1000) as f64 / 10.0;
            let rows = (0..n).map(|i| [value(i, 0), value(i, 1)]).collect::<Vec<_>>();
            let flat = rows.iter().flatten().map(|x| *x as f32).collect::<Vec<_>>();
            for k in [1, 2, 3, n / 2, n].map(|k| k.clamp(1, n)) {
                assert_eq!(average_linkage(&flat, 2, k), naive(&rows, k), "{n} rows, {k} clusters");
            }
        }
    }

    #[test]
    fn copies_and_nothing_are_fine() {
        assert_eq!(average_linkage(&[1.0; 8], 2, 1), [0; 4]);
        assert_eq!(average_linkage(&[1.0; 8], 2, 9), [0, 1, 2, 3]);
        assert!(average_linkage(&[], 2, 3).is_empty());
    }
}
