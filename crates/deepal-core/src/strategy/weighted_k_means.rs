//! Weighted k-means: clusters of uncertain samples in which the uncertain count more.

use super::{Entry, Family, Selection, Sizes, Strategy, made};
use crate::error::Result;
use crate::score;
use crate::select::{representatives, top_k, weighted};
use crate::settings::Settings;
use crate::signals::{Signal, Signals};
use ndarray::Axis;

pub(super) static ENTRY: Entry = Entry {
    name: "weighted-k-means",
    family: Family::Hybrid,
    cost: "O(k²·d) a step",
    deepal: None,
    summary: "small margins, clustered by k-means in which smaller margins count more",
    details: "The 10·n samples of smallest margin are clustered into n clusters by k-means with 1 − (p₁ − p₂) as the weight of each, and the sample nearest to each \
              centre is picked. Weights count as copies do and move no sample. If the net tells no two samples apart, all are clustered, with the \
              same weight. O(n·k·d) time a step of the clustering.",
    source: "Zhdanov, Diverse mini-batch active learning, arXiv 1901.05954, 2019",
    settings: WeightedKMeans::SETTINGS,
    build: made::<WeightedKMeans>,
};

crate::settings! {
    /// Picks from clusters of small margins.
    pub struct WeightedKMeans {
        /// Samples of small margin for each pick, among which clusters are made.
        many: usize = 10, Integer(1, 1000), "Zhdanov, 2019, who tries 10 and 50";
    }
}

impl Strategy for WeightedKMeans {
    fn name(&self) -> &str {
        ENTRY.name
    }

    fn needs(&self) -> Vec<Signal> {
        vec![Signal::Probs, Signal::Embeddings]
    }

    fn memory(&self, sizes: Sizes) -> usize {
        let Sizes { candidates, features, picks: n, .. } = sizes;
        // All are clustered if none is more uncertain than others.
        weighted::memory(candidates, features, n)
            .saturating_add(candidates.saturating_mul(features.saturating_mul(4).saturating_add(24)))
    }

    fn select(&self, signals: &Signals<'_>, n: usize, seed: u64) -> Result<Selection> {
        let (probs, embeddings) = (signals.probs()?, signals.embeddings()?);
        let uncertainty = score::margin(&probs);
        let tells_apart = uncertainty.iter().any(|x| *x != uncertainty[0]);
        let many = if tells_apart { self.many.saturating_mul(n) } else { signals.len() };
        let candidates = top_k(&uncertainty, many);
        let weights = candidates.iter().map(|row| uncertainty[*row]).collect::<Vec<_>>();
        let chosen = embeddings.select(Axis(0), &candidates);
        let clusters = weighted::weighted_k_means(&chosen, &weights, n, seed);
        let picks = representatives(&chosen, &clusters);
        Ok(Selection::unranked(picks.into_iter().map(|at| candidates[at]).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::mix;
    use ndarray::{Array2, array};

    fn signals(first: &[f64], embeddings: Array2<f32>) -> Signals<'static> {
        let probs =
            Array2::from_shape_fn((first.len(), 2), |(i, k)| if k == 0 { first[i] } else { 1.0 - first[i] });
        Signals::new(first.len()).with_probs(probs).and_then(|s| s.with_embeddings(embeddings)).unwrap()
    }

    /// Two heaps on a line; in each the weighted mean, by hand, is next to the uncertain sample and the plain mean is not.
    #[test]
    fn the_pick_is_nearest_to_the_weighted_mean() {
        let embeddings = array![[0.0f32], [5.0], [10.0], [100.0], [105.0], [110.0]];
        let signals = signals(&[0.5, 0.99, 0.99, 0.99, 0.99, 0.5], embeddings);
        for seed in 0..5 {
            let mut picks = WeightedKMeans::default().select(&signals, 2, seed).unwrap().rows;
            picks.sort_unstable();
            assert_eq!(picks, [0, 5]);
        }
    }

    #[test]
    fn only_small_margins_are_looked_at() {
        let first = (0..60).map(|i| if i % 3 == 0 { 0.55 } else { 0.9 }).collect::<Vec<_>>();
        let embeddings = Array2::from_shape_fn((60, 2), |(i, j)| (mix(j as u64, i as u64) % 100) as f32);
        let picks = WeightedKMeans::default().select(&signals(&first, embeddings), 2, 1).unwrap().rows;
        assert!(picks.iter().all(|row| row % 3 == 0));
    }

    /// While the net tells no two samples apart, the first of the pool are nothing special.
    #[test]
    fn equal_margins_do_not_give_the_order_of_the_pool() {
        let embeddings = Array2::from_shape_fn((200, 1), |(i, _)| i as f32);
        let picks = WeightedKMeans::default().select(&signals(&[1.0; 200], embeddings), 2, 1).unwrap().rows;
        assert!(picks.iter().any(|row| *row > 100), "{picks:?}");
    }

    #[test]
    fn any_number_of_threads_picks_the_same() {
        let first = (0..3000).map(|i| 0.5 + (mix(3, i) % 1000) as f64 / 2001.0).collect::<Vec<_>>();
        let embeddings = Array2::from_shape_fn((3000, 3), |(i, j)| (mix(j as u64, i as u64) % 1000) as f32);
        let signals = signals(&first, embeddings);
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| WeightedKMeans::default().select(&signals, 30, 3).unwrap())
        };
        assert_eq!(with(1), with(3));
    }
}
