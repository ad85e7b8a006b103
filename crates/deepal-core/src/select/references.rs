//! A sample of the pool that stands for all of it.

use super::blocks::{Blocks, Euclidean, Lanes, Nearest, WIDTH, distances};
use super::safe_scale;
use crate::seed::mix;
use ndarray::{ArrayRef2, ArrayView1};
use rayon::prelude::*;

/// Items at which the density of the references is measured.
const PROBES: usize = 600;
/// In place of the row of a candidate: a labelled sample.
pub(crate) const LABELED: u32 = u32::MAX;

/// A random sample of candidates and labelled samples together, with its distances in a common scale.
///
/// It is drawn by what the rows hold, not by where they stand, so another order of the pool gives the same sample.
pub(crate) struct References {
    pub(crate) d: usize,
    /// `[r, d]`, in the order in which they were drawn, multiplied by `scale`.
    pub(crate) rows: Vec<f32>,
    /// The candidate that each is, or [`LABELED`].
    pub(crate) candidates: Vec<u32>,
    /// `[p, d]`, drawn after the references as far as there are more items, multiplied by `scale`.
    probes: Vec<f32>,
    /// What embeddings are multiplied by so that their squares fit single precision.
    pub(crate) scale: f32,
}

impl References {
    /// Draws at most `count`. Embeddings: `[n, d]` of candidates, `[m, d]` of labelled samples.
    pub(crate) fn draw(
        embeddings: &ArrayRef2<f32>,
        labeled: &ArrayRef2<f32>,
        count: usize,
        seed: u64,
    ) -> Self {
        let (n, d) = embeddings.dim();
        let row = |i: usize| if i < n { embeddings.row(i) } else { labeled.row(i - n) };
        let total = n + labeled.nrows();
        let scale = match total * d {
            0 => 1.0,
            _ => safe_scale(embeddings.iter().chain(labeled)),
        };
        let mut order =
            (0..total as u32).into_par_iter().map(|i| (hash(row(i as usize), seed), i)).collect::<Vec<_>>();
        // Equal rows are told apart by their number among themselves: each is drawn or not on its own.
        order.par_sort_unstable();
        let (mut copies, mut last) = (0, None);
        for (key, _) in &mut order {
            copies = if last == Some(*key) { copies + 1 } else { 0 };
            last = Some(*key);
            *key = mix(*key, copies);
        }
        let drawn = (count + PROBES).min(total);
        if drawn < total {
            order.select_nth_unstable(drawn);
            order.truncate(drawn);
        }
        order.sort_unstable();
        let gather = |items: &[(u64, u32)]| {
            let mut rows = Vec::with_capacity(items.len() * d);
            items.iter().for_each(|(_, i)| rows.extend(row(*i as usize).iter().map(|x| x * scale)));
            rows
        };
        let references = &order[..count.min(total)];
        let of = |i: u32| if (i as usize) < n { i } else { LABELED };
        Self {
            d,
            rows: gather(references),
            candidates: references.iter().map(|(_, i)| of(*i)).collect(),
            probes: gather(&order[drawn.saturating_sub(PROBES)..]),
            scale,
        }
    }

    /// About the bytes that a strategy holds which covers `references` with some of `n` candidates: of each its key
    /// and row, worth, rank, gain and place in the queue; of references and probes their rows twice.
    pub(crate) fn memory(n: usize, d: usize, references: usize) -> usize {
        let rows = references.saturating_add(PROBES).saturating_mul(d).saturating_mul(2 * size_of::<f32>());
        n.saturating_mul(72).saturating_add(rows)
    }

    pub(crate) fn len(&self) -> usize {
        self.candidates.len()
    }

    /// The typical distance from an item to its `k`-th nearest reference: the median over a sample of items, for more and more
    /// neighbours while copies make it 0; 0 if all references are equal.
    pub(crate) fn typical_distance(&self, k: usize) -> f64 {
        if self.d == 0 || self.len() == 0 {
            return 0.0;
        }
        let references = Blocks::new(&self.rows, self.d);
        let mut k = k.clamp(1, self.len());
        loop {
            let nth = |probe: &[f32]| {
                let mut found = vec![[f32::INFINITY; WIDTH]; self.len().div_ceil(WIDTH)];
                for (i, found) in found.iter_mut().enumerate() {
                    distances::<Euclidean>(references.get(i), probe, found);
                }
                *found.as_flattened_mut()[..self.len()].select_nth_unstable_by(k - 1, f32::total_cmp).1
            };
            let mut nearest = self.probes.par_chunks_exact(self.d).map(nth).collect::<Vec<_>>();
            let middle = nearest.len() / 2;
            let squared = *nearest.select_nth_unstable_by(middle, f32::total_cmp).1;
            if squared > 0.0 || k == self.len() {
                return f64::from(squared).sqrt();
            }
            k = (2 * k).min(self.len());
        }
    }

    /// The least distance between two labelled samples that are not equal, `labeled`: `[m, d]`; `None` if there are none.
    pub(crate) fn least_distance(&self, labeled: &ArrayRef2<f32>) -> Option<f64> {
        let rows = labeled.iter().map(|x| x * self.scale).collect::<Vec<_>>();
        let rows = rows.chunks_exact(self.d.max(1)).collect::<Vec<_>>();
        let squared =
            |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
        let least = |i: usize| {
            let others = rows[..i].iter().map(|row| squared(row, rows[i])).filter(|square| *square > 0.0);
            others.fold(f64::INFINITY, f64::min)
        };
        let least = (0..rows.len()).into_par_iter().map(least).reduce(|| f64::INFINITY, f64::min);
        least.is_finite().then(|| least.sqrt())
    }

    /// The reference nearest to each row, the first of equals, `rows`: `[m, d]`; there is one at least, unless there are no rows.
    pub(crate) fn nearest_to(&self, rows: &ArrayRef2<f32>) -> Vec<usize> {
        if self.d == 0 {
            return vec![0; rows.nrows()];
        }
        let scaled = rows.iter().map(|x| x * self.scale).collect::<Vec<_>>();
        let blocks = Blocks::new(&scaled, self.d);
        let names = (0..self.len() as u32).collect::<Vec<_>>();
        let nearest = |i: usize| -> Lanes<u32> {
            let (mut least, mut centers) = ([f32::INFINITY; WIDTH], [0; WIDTH]);
            let mut fold = Nearest { distances: &mut least, centers: &mut centers, names: &names };
            distances::<Euclidean>(blocks.get(i), &self.rows, &mut fold);
            centers
        };
        let blocks = (0..rows.nrows().div_ceil(WIDTH)).into_par_iter().map(nearest).collect::<Vec<_>>();
        blocks.into_iter().flatten().take(rows.nrows()).map(|center| center as usize).collect()
    }

    /// The squared distance of each reference to the nearest of some rows, infinite without any: `rows`, `[m, d]` in the
    /// scale of the references.
    pub(crate) fn nearest(&self, rows: &[f32]) -> Vec<f32> {
        if self.d == 0 {
            return vec![0.0; self.len()];
        }
        let references = Blocks::new(&self.rows, self.d);
        let near = |i: usize| -> Lanes<f32> {
            let mut nearest = [f32::INFINITY; WIDTH];
            distances::<Euclidean>(references.get(i), rows, &mut nearest);
            nearest
        };
        let mut nearest = (0..self.len().div_ceil(WIDTH))
            .into_par_iter()
            .map(near)
            .collect::<Vec<_>>()
            .as_flattened()
            .to_vec();
        nearest.truncate(self.len());
        nearest
    }
}

/// Stands for what a row holds.
fn hash(row: ArrayView1<'_, f32>, seed: u64) -> u64 {
    // 0 and -0 are equal.
    row.iter().fold(seed, |key, x| mix(key, u64::from((x + 0.0).to_bits())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, Axis};

    fn points(n: usize) -> Array2<f32> {
        Array2::from_shape_fn((n, 3), |(i, j)| (mix(j as u64, i as u64) >> 40) as f32 / 1e6)
    }

    #[test]
    fn another_order_draws_the_same_rows() {
        let (pool, labeled) = (points(500), points(7) + 0.5);
        let order = crate::select::random(500, 500, 3);
        let (a, b) = (
            References::draw(&pool, &labeled, 100, 1),
            References::draw(&pool.select(Axis(0), &order), &labeled, 100, 1),
        );
        assert_eq!((a.rows.len(), &a.rows, &a.probes), (300, &b.rows, &b.probes));
        let of = |i: &u32| order.get(*i as usize).map_or(LABELED, |i| *i as u32);
        assert_eq!(a.candidates, b.candidates.iter().map(of).collect::<Vec<_>>());
        assert_ne!(References::draw(&pool, &labeled, 100, 2).rows, a.rows);
    }

    /// Half of the pool are copies of one row, which must be about half of the sample and not all or nothing.
    #[test]
    fn copies_are_drawn_one_by_one() {
        let mut pool = points(2000);
        pool.slice_mut(ndarray::s![..1000, ..]).fill(0.0);
        for seed in 0..5 {
            let drawn = References::draw(&pool, &Array2::zeros((0, 3)), 200, seed);
            let copies = drawn.candidates.iter().filter(|i| **i < 1000).count();
            assert!((70..130).contains(&copies), "{copies}");
        }
    }

    /// Against all distances, sorted.
    #[test]
    fn the_typical_distance_is_that_of_the_definition() {
        let pool = points(300);
        let references = References::draw(&pool, &Array2::zeros((0, 3)), 2000, 5);
        let distance = |i: usize, j: usize| {
            (0..3).map(|f| f64::from(pool[[i, f]] - pool[[j, f]]).powi(2)).sum::<f64>().sqrt()
        };
        for k in [1, 2, 7, 300] {
            let nth = |i: usize| {
                let mut to_all = (0..300).map(|j| distance(i, j)).collect::<Vec<_>>();
                to_all.sort_by(f64::total_cmp);
                to_all[k.max(2) - 1] // of copies of itself each has one, at 0
            };
            let mut all = (0..300).map(nth).collect::<Vec<_>>();
            all.sort_by(f64::total_cmp);
            let found = references.typical_distance(k) / f64::from(references.scale);
            assert!((found - all[150]).abs() < 1e-5 * all[150], "{k}: {found} and {}", all[150]);
        }
        let same = Array2::from_elem((40, 3), 7.0);
        assert_eq!(References::draw(&same, &same, 2000, 5).typical_distance(3), 0.0);
    }
}
