//! Fisher information of the last layer, kept as factors, and greedy selection by it.

use super::dense::{add_to_diagonal, inverse, lower_inverse, trace_of_ratio};
use super::draws::fill;
use crate::seed::mix;
use ndarray::{Array2, ArrayView2, Axis, s};
use rayon::prelude::*;

/// Rows per parallel task.
const CHUNK: usize = 128;

/// The Fisher information `V Vᵀ` of each of some rows, `V = S ⊗ h` with `S`, `[c, r]`: the matrix of `c · d` rows and `r` columns whose
/// part `k` is the embedding `h` times `S[k, :]`.
pub(crate) struct Fisher {
    /// `[n, d]`
    embeddings: Array2<f64>,
    /// `[n, c, r]`
    factors: Vec<f64>,
    c: usize,
    r: usize,
}

/// `k` candidates whose information, with that of the labelled samples, covers that of all best. It seeks the least
/// `tr((λ I + Σ_L I(x) / (m + k) + Σ_S k I(x) / (m + k))⁻¹ F)`, where `F` is the mean of all `I(x)`. It adds `2 k` greedily, then removes
/// those that are missed least. Of equals one by seed. Candidates that add nothing are drawn at random when no others are left.
///
/// Time: O(n·k·c·r·(d + r)) and O((c·d)³) once; memory: O(n·r·(c + r) + (c·d)²).
pub(crate) fn forward_backward(
    candidates: Fisher,
    labeled: &Fisher,
    lambda: f64,
    k: usize,
    seed: u64,
) -> Vec<usize> {
    let n = candidates.embeddings.nrows();
    let k = k.min(n);
    let mut picks = Vec::new();
    if k > 0 && k < n && candidates.embeddings.ncols() > 0 {
        let mut search = Search::new(candidates, labeled, lambda, k);
        picks = search.forward((2 * k).min(n), seed);
        search.backward(&mut picks, k, seed);
    }
    fill(&mut picks, n, k, mix(seed, 1));
    picks
}

impl Fisher {
    /// `embeddings`: `[n, d]`, `factors`: `[n, c, r]`.
    pub(crate) fn new(embeddings: &ArrayView2<'_, f32>, factors: Vec<f64>, [c, r]: [usize; 2]) -> Self {
        Self { embeddings: embeddings.mapv(f64::from).as_standard_layout().into_owned(), factors, c, r }
    }

    fn factor(&self, row: usize) -> &[f64] {
        &self.factors[row * self.c * self.r..][..self.c * self.r]
    }

    fn select(&self, rows: &[usize]) -> Self {
        let factors = rows.iter().flat_map(|row| self.factor(*row)).copied().collect();
        Self { embeddings: self.embeddings.select(Axis(0), rows), factors, ..*self }
    }

    /// The sum of `V Vᵀ` over all rows, `[c·d, c·d]`.
    fn sum(&self) -> Array2<f64> {
        let (n, d) = self.embeddings.dim();
        let pairs = (0..self.c).flat_map(|k| (0..=k).map(move |l| (k, l))).collect::<Vec<_>>();
        let part = |(k, l): &(usize, usize)| {
            let mut sum = Array2::<f64>::zeros((d, d));
            for first in (0..n).step_by(CHUNK) {
                let embeddings = self.embeddings.slice(s![first..n.min(first + CHUNK), ..]);
                let mut weighted = embeddings.to_owned();
                for (mut embedding, row) in weighted.outer_iter_mut().zip(first..) {
                    let factor = self.factor(row);
                    embedding *= product(&factor[k * self.r..][..self.r], &factor[l * self.r..][..self.r]);
                }
                sum += &weighted.t().dot(&embeddings);
            }
            sum
        };
        let parts = pairs.par_iter().map(part).collect::<Vec<_>>();
        let mut sum = Array2::zeros((self.c * d, self.c * d));
        for ((k, l), part) in pairs.into_iter().zip(parts) {
            sum.slice_mut(s![k * d..(k + 1) * d, l * d..(l + 1) * d]).assign(&part);
            sum.slice_mut(s![l * d..(l + 1) * d, k * d..(k + 1) * d]).assign(&part.t());
        }
        sum
    }

    /// `Vᵀ M V` of each row, `[n, r, r]`; `matrix`: `[c·d, c·d]`, symmetric.
    fn forms(&self, matrix: &Array2<f64>) -> Vec<f64> {
        let (d, c, r) = (self.embeddings.ncols(), self.c, self.r);
        let of_chunk = |chunk: usize| {
            let first = chunk * CHUNK;
            let embeddings = self.embeddings.slice(s![first..self.embeddings.nrows().min(first + CHUNK), ..]);
            // `hᵀ M[k, l] h`, `[rows, c, c]`.
            let mut parts = vec![0.0; embeddings.nrows() * c * c];
            for (k, l) in (0..c).flat_map(|k| (0..=k).map(move |l| (k, l))) {
                let half = embeddings.dot(&matrix.slice(s![k * d..(k + 1) * d, l * d..(l + 1) * d]));
                for (i, (half, embedding)) in half.outer_iter().zip(embeddings.outer_iter()).enumerate() {
                    let form = half.dot(&embedding);
                    parts[(i * c + k) * c + l] = form;
                    parts[(i * c + l) * c + k] = form;
                }
            }
            let mut forms = vec![0.0; embeddings.nrows() * r * r];
            for i in 0..embeddings.nrows() {
                let (factor, part) = (self.factor(first + i), &parts[i * c * c..][..c * c]);
                for (k, l) in (0..c).flat_map(|k| (0..c).map(move |l| (k, l))) {
                    for (a, x) in factor[k * r..][..r].iter().enumerate() {
                        let times = x * part[k * c + l];
                        let form = &mut forms[(i * r + a) * r..][..r];
                        form.iter_mut().zip(&factor[l * r..][..r]).for_each(|(form, y)| *form += times * y);
                    }
                }
            }
            forms
        };
        (0..self.embeddings.nrows().div_ceil(CHUNK))
            .into_par_iter()
            .map(of_chunk)
            .collect::<Vec<_>>()
            .concat()
    }
}

/// The state of a search: `N`, the inverse of the information so far, and `F`, what is to be covered, `[c·d, c·d]`.
struct Search {
    inverse: Array2<f64>,
    goal: Array2<f64>,
    among: Among,
}

/// What of some candidates changes with each step.
struct Among {
    fisher: Fisher,
    /// `Vᵀ N V`, `[n, r, r]`
    own: Vec<f64>,
    /// `Vᵀ N F N V`, `[n, r, r]`
    gain: Vec<f64>,
}

impl Search {
    fn new(mut candidates: Fisher, labeled: &Fisher, lambda: f64, k: usize) -> Self {
        let (n, m) = (candidates.embeddings.nrows(), labeled.embeddings.nrows());
        let known = labeled.sum();
        let goal = (candidates.sum() + &known) / (n + m) as f64;
        let mut information = known / (m + k) as f64;
        add_to_diagonal(&mut information, lambda);
        let inverse = inverse(&information);
        let share = (k as f64 / (m + k) as f64).sqrt();
        candidates.factors.iter_mut().for_each(|x| *x *= share);
        let own = candidates.forms(&inverse);
        let gain = candidates.forms(&inverse.dot(&goal).dot(&inverse));
        Self { inverse, goal, among: Among { fisher: candidates, own, gain } }
    }

    fn forward(&mut self, count: usize, seed: u64) -> Vec<usize> {
        let mut picks = Vec::with_capacity(count);
        let mut picked = vec![false; self.among.fisher.embeddings.nrows()];
        while picks.len() < count {
            let falls = self.among.changes(1.0);
            let best = best(falls.into_iter().enumerate().filter(|(row, _)| !picked[*row]), seed);
            let Some((_, pick)) = best.filter(|(fall, _)| *fall > 0.0) else { break };
            picked[pick] = true;
            picks.push(pick);
            self.change(pick, 1.0);
        }
        picks
    }

    /// Takes picks away until there are `k`.
    fn backward(&mut self, picks: &mut Vec<usize>, k: usize, seed: u64) {
        let square = self.among.fisher.r * self.among.fisher.r;
        let gather =
            |forms: &[f64]| picks.iter().flat_map(|row| &forms[row * square..][..square]).copied().collect();
        let (own, gain) = (gather(&self.among.own), gather(&self.among.gain));
        self.among = Among { fisher: self.among.fisher.select(picks), own, gain };
        let mut kept = vec![true; picks.len()];
        for _ in k..picks.len() {
            let rises = self.among.changes(-1.0).into_iter().enumerate();
            let Some((_, at)) = best(rises.filter(|(at, _)| kept[*at]).map(|(at, rise)| (at, -rise)), seed)
            else {
                break;
            };
            kept[at] = false;
            self.change(at, -1.0);
        }
        let mut kept = kept.into_iter();
        picks.retain(|_| kept.next() == Some(true));
    }

    /// Adds the information of a candidate, or takes it away if `sign` is −1 (Woodbury 1950).
    ///
    /// With `L Lᵀ = I ± Vᵀ N V` and `U = N V L⁻ᵀ`, the inverse becomes `N ∓ U Uᵀ`.
    fn change(&mut self, at: usize, sign: f64) {
        let Fisher { c, r, ref embeddings, .. } = self.among.fisher;
        let (d, factor) = (embeddings.ncols(), self.among.fisher.factor(at));
        let own = Array2::from_shape_fn((c * d, r), |(i, j)| factor[i / d * r + j] * embeddings[[at, i % d]]);
        let mut middle = Array2::from_shape_fn((r, r), |(i, j)| sign * self.among.own[(at * r + i) * r + j]);
        add_to_diagonal(&mut middle, 1.0);
        let u = self.inverse.dot(&own).dot(&lower_inverse(&middle).t());
        let of_goal = self.goal.dot(&u);
        let w = self.inverse.dot(&of_goal) * sign - u.dot(&u.t().dot(&of_goal)) * 0.5;
        self.inverse -= &(u.dot(&u.t()) * sign);
        // Of each class the columns of both, `[d, c · 2 r]`.
        let columns = Array2::from_shape_fn((d, c * 2 * r), |(i, j)| {
            let (class, column) = (j / (2 * r), j % (2 * r));
            if column < r { u[[class * d + i, column]] } else { w[[class * d + i, column - r]] }
        });
        self.among.update(&columns, sign);
    }
}

impl Among {
    /// By how much the trace falls with each more, or rises without it if `sign` is −1.
    fn changes(&self, sign: f64) -> Vec<f64> {
        let r = self.fisher.r;
        let pairs = self.own.par_chunks(r * r).zip(self.gain.par_chunks(r * r)).with_min_len(CHUNK);
        pairs.map(|(own, gain)| trace_of_ratio(own, sign, gain, r)).collect()
    }

    /// With `T = Vᵀ U` and `Q = Vᵀ W` of each: `own ∓ T Tᵀ` and `gain − T Qᵀ − Q Tᵀ`.
    fn update(&mut self, columns: &Array2<f64>, sign: f64) {
        let (fisher, r) = (&self.fisher, self.fisher.r);
        let size = CHUNK * r * r;
        let chunks = self.own.par_chunks_mut(size).zip(self.gain.par_chunks_mut(size)).enumerate();
        chunks.for_each(|(chunk, (own, gain))| {
            let (first, last) = (chunk * CHUNK, fisher.embeddings.nrows().min((chunk + 1) * CHUNK));
            let projected = fisher.embeddings.slice(s![first..last, ..]).dot(columns);
            // Row by row, whatever the layout of the product.
            let projected = projected.iter().copied().collect::<Vec<_>>();
            let forms = own.chunks_exact_mut(r * r).zip(gain.chunks_exact_mut(r * r));
            let rows = (first..last).zip(projected.chunks_exact(columns.ncols()));
            // T, Q and `T Qᵀ`, the first two by columns.
            let [mut t, mut q, mut product] = [(); 3].map(|()| vec![0.0; r * r]);
            for ((row, projected), (own, gain)) in rows.zip(forms) {
                t.fill(0.0);
                q.fill(0.0);
                product.fill(0.0);
                for (factor, projected) in
                    fisher.factor(row).chunks_exact(r).zip(projected.chunks_exact(2 * r))
                {
                    for j in 0..r {
                        add(&mut t[j * r..][..r], projected[j], factor);
                        add(&mut q[j * r..][..r], projected[r + j], factor);
                    }
                }
                for (t, q) in t.chunks_exact(r).zip(q.chunks_exact(r)) {
                    for (i, x) in t.iter().enumerate() {
                        add(&mut own[i * r..][..r], -sign * x, t);
                        add(&mut product[i * r..][..r], *x, q);
                    }
                }
                for (i, gain) in gain.chunks_exact_mut(r).enumerate() {
                    for (j, gain) in gain.iter_mut().enumerate() {
                        *gain -= product[i * r + j] + product[j * r + i];
                    }
                }
            }
        });
    }
}

/// The position of the largest, of equals one by seed.
fn best(values: impl Iterator<Item = (usize, f64)>, seed: u64) -> Option<(f64, usize)> {
    let larger = |a: &(usize, f64), b: &(usize, f64)| {
        a.1.total_cmp(&b.1).then(mix(seed, a.0 as u64).cmp(&mix(seed, b.0 as u64)))
    };
    values.filter(|(_, value)| value.is_finite()).max_by(larger).map(|(at, value)| (value, at))
}

/// `sum + x · other`
fn add(sum: &mut [f64], x: f64, other: &[f64]) {
    sum.iter_mut().zip(other).for_each(|(sum, y)| *sum += x * y);
}

fn product(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// About the bytes of a search among `n` with `d` features, of `c` classes of which `r` count.
pub(crate) fn memory(n: usize, d: usize, c: usize, r: usize) -> usize {
    let side = c.saturating_mul(d);
    let rows = n.saturating_mul(r * (c + 3 * r) + d.saturating_mul(2) + 4);
    side.saturating_mul(side).saturating_mul(5).saturating_add(rows).saturating_mul(size_of::<f64>())
}
