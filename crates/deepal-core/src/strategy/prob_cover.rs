//! ProbCover: coverage by balls as large as is pure.

use super::{Entry, Family, Selection, Sizes, Strategy, made};
use crate::error::Result;
use crate::seed::mix;
use crate::select::coverage::{cover, pure_radius};
use crate::select::draws::fill;
use crate::select::references::References;
use crate::settings::Settings;
use crate::signals::{Signal, Signals};
use ndarray::{Array2, ArrayRef2};

pub(super) static ENTRY: Entry = Entry {
    name: "prob-cover",
    family: Family::Diversity,
    cost: "O(n·r·d)",
    deepal: None,
    summary: "the sample whose ball holds the most samples in no labelled sample's ball; for few labels",
    details: "Greedy maximum coverage by balls of one radius. The radius is the largest at which 95 % of the balls hold samples of one cluster alone, of as many \
              k-means clusters as there are classes: the paper's rule, anew in each query. Starts without any label. When everything is covered the \
              rest is drawn at random. The paper is defined on features of self-supervised nets: give those as the embeddings. Deviations: purity is measured at 1,000 balls, \
              coverage at `references` samples, both drawn by seed, all of small pools; of equal samples it takes one at random; features are not scaled to length 1 \
              (the authors' code does so when it loads them). O(n·r·d) time, n·r / 8 bytes.",
    source: "Yehuda, Dekel, Hacohen and Weinshall, Active learning through a covering lens, NeurIPS 2022",
    settings: ProbCover::SETTINGS,
    build: made::<ProbCover>,
};

crate::settings! {
    /// Picks by coverage with balls.
    pub struct ProbCover {
        /// The share of balls that must hold one cluster alone.
        purity: f64 = 0.95, Number(0.0, 1.0), "Yehuda et al., 2022";
        /// Clusters among which balls are pure; 0: as many as the net has classes, and 10 while there is no net.
        classes: usize = 0, Integer(0, 10_000), "Yehuda et al., 2022: the number of classes";
        /// Samples, drawn by seed, that are to be covered.
        references: usize = 4000, Integer(10, 100_000), "bounds time and memory; twice those of max-herding, as a bit costs less than a kernel";
    }
}

impl Strategy for ProbCover {
    fn name(&self) -> &str {
        ENTRY.name
    }

    fn needs(&self) -> Vec<Signal> {
        vec![Signal::Embeddings, Signal::LabeledEmbeddings]
    }

    /// For the number of classes.
    fn wants(&self) -> Vec<Signal> {
        vec![Signal::Probs]
    }

    fn starts_cold(&self) -> bool {
        true
    }

    fn memory(&self, sizes: Sizes) -> usize {
        let Sizes { candidates, features, .. } = sizes;
        let bits = candidates.saturating_mul(self.references.min(candidates).div_ceil(8));
        // Those that are clustered are there five times.
        let clustered = self.references.min(candidates).saturating_mul(features).saturating_mul(20);
        References::memory(candidates, features, self.references)
            .saturating_add(bits)
            .saturating_add(clustered)
    }

    fn select(&self, signals: &Signals<'_>, n: usize, seed: u64) -> Result<Selection> {
        let (embeddings, labeled) = (signals.embeddings()?, signals.labeled_embeddings()?);
        let classes = match (self.classes, signals.probs()) {
            (0, Ok(probs)) => probs.ncols(),
            (0, Err(_)) => 10,
            (classes, _) => classes,
        };
        Ok(Selection::unranked(self.pick(&embeddings, &labeled, classes, n.min(signals.len()), seed)))
    }
}

impl ProbCover {
    fn pick(
        &self,
        embeddings: &ArrayRef2<f32>,
        labeled: &ArrayRef2<f32>,
        classes: usize,
        n: usize,
        seed: u64,
    ) -> Vec<usize> {
        let mut picks = Vec::new();
        if n > 0 && embeddings.ncols() > 0 {
            let none = Array2::zeros((0, embeddings.ncols()));
            let references = References::draw(embeddings, &none, self.references, seed);
            let scale = references.scale;
            let radius = pure_radius(embeddings, scale, classes, self.references, self.purity, seed);
            picks = cover(embeddings, labeled, &references, radius, n, seed);
        }
        fill(&mut picks, embeddings.nrows(), n, mix(seed, 3));
        picks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::select::partition::partition;

    fn value(case: u64, i: usize, j: usize) -> f32 {
        match case % 3 {
            0 => (mix(case, (i * 2 + j) as u64) % 1000) as f32 / 100.0,
            1 => (mix(case, (i * 2 + j) as u64) % 5) as f32,
            _ => (i % 3) as f32 * 20.0 + (mix(case, (i * 2 + j) as u64) % 1000) as f32 / 100.0,
        }
    }

    fn squared(a: ndarray::ArrayView1<'_, f32>, b: ndarray::ArrayView1<'_, f32>) -> f64 {
        a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum()
    }

    /// The largest of all radii that are a distance at which enough balls are pure, by trying each.
    fn naive_radius(pool: &Array2<f32>, clusters: &[u32], purity: f64) -> f64 {
        let n = pool.nrows();
        let pairs = (0..n).flat_map(|i| (0..n).map(move |j| (i, j)));
        let mut radii = pairs.map(|(i, j)| squared(pool.row(i), pool.row(j))).collect::<Vec<_>>();
        radii.push(f64::INFINITY);
        radii.sort_by(|a, b| b.total_cmp(a));
        let is_pure = |i: usize, radius: f64| {
            (0..n).all(|j| clusters[i] == clusters[j] || squared(pool.row(i), pool.row(j)) >= radius)
        };
        let share = |radius: f64| (0..n).filter(|i| is_pure(*i, radius)).count() as f64 / n as f64;
        radii.into_iter().find(|radius| share(*radius) >= purity - 1e-9).unwrap()
    }

    #[test]
    fn the_radius_is_the_largest_pure_one() {
        for case in 0..90u64 {
            let n = 2 + case as usize % 60;
            let pool = Array2::from_shape_fn((n, 2), |(i, j)| value(case, i, j));
            for (classes, purity) in [(1, 0.95), (2, 0.95), (4, 0.5), (4, 1.0), (50, 0.9)] {
                let [clusters, _] = partition(&pool, &Array2::zeros((0, 2)), classes, 4000, case);
                let found = f64::from(pure_radius(&pool, 1.0, classes, 4000, purity, case));
                let wanted = naive_radius(&pool, &clusters, purity);
                assert!(
                    found == wanted || (found - wanted).abs() < 1e-4 * wanted,
                    "{found} and not {wanted}"
                );
            }
        }
    }

    /// Each pick must cover as many as the best does, with edges removed into everything covered (trap O3: small-text removes only those that
    /// touch the pick), in every row (trap O3: the authors' code leaves out the last n mod 500), without repeats when all is covered.
    #[test]
    fn o3_each_pick_covers_the_most_of_what_is_left() {
        for case in 0..120u64 {
            let (n, m) = (1 + case as usize * 13 % 700, case as usize % 5);
            let pool = Array2::from_shape_fn((n, 2), |(i, j)| value(case, i, j));
            let labeled = Array2::from_shape_fn((m, 2), |(i, j)| value(case, i + 5000, j));
            let references = References::draw(&pool, &Array2::zeros((0, 2)), 4000, case);
            let radius = if case % 7 == 0 { f32::INFINITY } else { 2.25 };
            let budget = [1, 10, n, n + 3][case as usize % 4];
            let picks = cover(&pool, &labeled, &references, radius, budget, case);
            let mut rows = picks.clone();
            rows.sort_unstable();
            rows.dedup();
            assert_eq!((rows.len(), picks.len()), (budget.min(n), budget.min(n)));
            let near = |i: usize, j: usize| squared(pool.row(i), pool.row(j)) < f64::from(radius);
            let mut open =
                (0..n).map(|i| labeled.outer_iter().all(|l| squared(pool.row(i), l) >= f64::from(radius)));
            let mut open = open.by_ref().collect::<Vec<_>>();
            for pick in picks {
                let gain = |i: usize| (0..n).filter(|j| open[*j] && near(i, *j)).count();
                let most = if n < 120 { (0..n).map(gain).max().unwrap() } else { gain(pick) };
                assert_eq!(gain(pick), most, "case {case}");
                (0..n).for_each(|j| open[j] &= !near(pick, j));
            }
        }
    }

    /// Trap O3: the last rows have no edges in the authors' code, so a heap of them is never covered.
    #[test]
    fn o3_a_heap_at_the_end_of_the_pool_is_covered() {
        let pool = Array2::from_shape_fn(
            (720, 1),
            |(i, j)| if i < 600 { 0.0 } else { 100.0 } + value(0, i, j) / 10.0,
        );
        for seed in 0..5 {
            let picks = ProbCover::default().pick(&pool, &Array2::zeros((0, 1)), 2, 2, seed);
            assert!(picks[0] < 600 && picks[1] >= 600, "{picks:?}");
        }
    }

    /// Trap O3: once everything is covered the authors' code picks row 0 again and again.
    #[test]
    fn o3_when_all_is_covered_the_rest_is_drawn_at_random() {
        let pool = Array2::ones((60, 2));
        let picks = |seed| ProbCover::default().pick(&pool, &Array2::ones((1, 2)), 3, 8, seed);
        assert!(picks(1) != picks(2) && picks(1) != (0..8).collect::<Vec<_>>());
    }

    #[test]
    fn any_number_of_threads_picks_the_same() {
        let pool = Array2::from_shape_fn((3000, 5), |(i, j)| (mix(j as u64, i as u64) >> 40) as f32 / 1e6);
        let with = |threads| {
            let threads = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            threads.install(|| ProbCover::default().pick(&pool, &Array2::zeros((0, 5)), 4, 30, 3))
        };
        assert_eq!(with(1), with(3));
    }
}
