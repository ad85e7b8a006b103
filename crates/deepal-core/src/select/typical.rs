//! Typical rows: those whose neighbours are near.

use super::blocks::{Euclidean, Fold, Lanes, WIDTH, distances};
use super::partition::block_of;
use super::random;
use crate::seed::mix;
use ndarray::ArrayRef2;
use pulp::Simd;
use rayon::prelude::*;

/// Members of a cluster among which neighbours are sought: all of clusters up to this size.
const AMONG: usize = 4096;

/// The member with the least mean Euclidean distance to its nearest `neighbors` other members, or to all others if they are fewer: of
/// equals one by seed. In a cluster of more than 4,096, neighbours are sought among so many, drawn by seed.
///
/// `rows`: `[n, d]`; `members`: rows of the cluster. Memory: O(members); time: O(members² · d).
pub(crate) fn most_typical(
    rows: &ArrayRef2<f32>,
    members: &[usize],
    neighbors: usize,
    scale: f32,
    seed: u64,
) -> Option<usize> {
    let among = random(members.len(), AMONG, seed).into_iter().map(|at| members[at]).collect::<Vec<_>>();
    let mut is_among = among.clone();
    is_among.sort_unstable();
    let centers = among.iter().flat_map(|row| rows.row(*row)).map(|x| x * scale).collect::<Vec<_>>();
    let of_block = |members: &[usize]| {
        let mut all = Keep(vec![[0.0; WIDTH]; among.len()]);
        let block = block_of(rows, members.iter().copied(), scale);
        if rows.ncols() > 0 {
            distances::<Euclidean>(block.get(0), &centers, &mut all);
        }
        let mut to_all = vec![0.0; among.len()];
        let best = members.iter().enumerate().map(|(lane, member)| {
            to_all.iter_mut().zip(&all.0).for_each(|(to, lanes)| *to = lanes[lane]);
            // It is the nearest to itself.
            let own = usize::from(is_among.binary_search(member).is_ok());
            (mean_of_least(&mut to_all, own, neighbors), mix(seed, *member as u64), *member)
        });
        best.min_by(nearer)
    };
    let best = members.par_chunks(WIDTH).filter_map(of_block).min_by(nearer);
    best.map(|(_, _, member)| member)
}

fn nearer(a: &(f64, u64, usize), b: &(f64, u64, usize)) -> std::cmp::Ordering {
    a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2)))
}

/// The mean root of the least `count` numbers after the first `skipped`; 0 of none.
fn mean_of_least(squared: &mut [f32], skipped: usize, count: usize) -> f64 {
    let most = squared.len().min(count + skipped);
    if most <= skipped {
        return 0.0;
    }
    squared.select_nth_unstable_by(most - 1, f32::total_cmp);
    let least = &mut squared[..most];
    // Sorted, so that the same distances in another order have the same sum.
    least.sort_unstable_by(f32::total_cmp);
    least[skipped..].iter().map(|x| f64::from(*x).sqrt()).sum::<f64>() / (most - skipped) as f64
}

/// Keeps all distances.
struct Keep(Vec<Lanes<f32>>);

impl Fold for Keep {
    #[inline(always)]
    fn fold<S: Simd>(&mut self, _simd: S, center: usize, at: usize, distances: [S::f32s; 2]) {
        super::blocks::pair_mut::<S>(&mut self.0[center], at).copy_from_slice(&distances);
    }
}
