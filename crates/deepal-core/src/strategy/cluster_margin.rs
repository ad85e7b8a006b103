//! Small margins, spread over clusters.

use super::{Entry, Family, Selection, Sizes, Strategy, made};
use crate::error::Result;
use crate::score;
use crate::seed::mix;
use crate::select::linkage::average_linkage;
use crate::select::references::References;
use crate::select::{random, top_k};
use crate::settings::Settings;
use crate::signals::{Signal, Signals};
use ndarray::{Array2, Axis};

pub(super) static ENTRY: Entry = Entry {
    name: "cluster-margin",
    family: Family::Hybrid,
    cost: "O(n·c + r²·d)",
    deepal: None,
    summary: "small margins, spread over clusters of the embeddings, small clusters first",
    details: "The 10·n samples of smallest margin are clustered by average linkage into n clusters, and it takes one at random of each cluster in turn, \
              beginning with those that have the fewest: good where some classes are rare. Deviation: the paper clusters the whole \
              pool once, O(n²), and looks up the candidates' clusters; here the candidates themselves are clustered, a sample of them where they are many, drawn by \
              seed, and others join by the nearest. Clusters of a sample of the pool were measured too and were worse, as those of outliers came first.",
    source: "Citovsky et al., Batch active learning at scale, NeurIPS 2021",
    settings: ClusterMargin::SETTINGS,
    build: made::<ClusterMargin>,
};

crate::settings! {
    /// Picks small margins, spread over clusters.
    pub struct ClusterMargin {
        /// Samples of small margin for each pick, among which clusters are made.
        many: usize = 10, Integer(1, 1000), "Citovsky et al., 2021: 10 times the batch";
        /// Candidates, drawn by seed, that are clustered; others join the nearest.
        references: usize = 2000, Integer(10, 20_000), "bounds the time and memory of clustering, O(references²)";
    }
}

impl Strategy for ClusterMargin {
    fn name(&self) -> &str {
        ENTRY.name
    }

    fn needs(&self) -> Vec<Signal> {
        vec![Signal::Probs, Signal::Embeddings]
    }

    fn memory(&self, sizes: Sizes) -> usize {
        let Sizes { candidates, features, .. } = sizes;
        // The distances of all pairs of references.
        let pairs = self.references.saturating_mul(self.references).saturating_mul(size_of::<f32>());
        // All are clustered if no margin is smaller than others.
        let chosen = candidates.saturating_mul(features.saturating_mul(size_of::<f32>()));
        References::memory(candidates, features, self.references).saturating_add(pairs).saturating_add(chosen)
    }

    fn select(&self, signals: &Signals<'_>, n: usize, seed: u64) -> Result<Selection> {
        let (probs, embeddings) = (signals.probs()?, signals.embeddings()?);
        let n = n.min(signals.len());
        let uncertainty = score::margin(&probs);
        let tells_apart = uncertainty.iter().any(|x| *x != uncertainty[0]);
        let many = if tells_apart { self.many.saturating_mul(n) } else { signals.len() };
        let candidates = top_k(&uncertainty, many);
        let chosen = embeddings.select(Axis(0), &candidates);
        let none = Array2::zeros((0, embeddings.ncols()));
        let references = References::draw(&chosen, &none, self.references, seed);
        let clusters = match references.d {
            0 => vec![0; references.len()],
            d => average_linkage(&references.rows, d, n),
        };
        let nearest = references.nearest_to(&chosen);
        let mut members = vec![Vec::new(); n.max(1)];
        for (rank, reference) in nearest.into_iter().enumerate() {
            members[clusters[reference]].push(rank);
        }
        members.retain(|members| !members.is_empty());
        // Small clusters first; of equal ones that which has the smallest margin.
        members.sort_by_key(|members| (members.len(), members[0]));
        for (i, members) in members.iter_mut().enumerate() {
            let order = random(members.len(), members.len(), mix(seed, i as u64));
            *members = order.into_iter().map(|at| candidates[members[at]]).collect();
        }
        let most = members.last().map_or(0, Vec::len);
        let in_turn =
            (0..most).flat_map(|turn| members.iter().filter_map(move |members| members.get(turn).copied()));
        Ok(Selection::unranked(in_turn.take(n).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    /// Ninety-eight samples in a heap and two close together far from it: these are a cluster of their own, which gives one.
    #[test]
    fn a_small_cluster_is_not_passed_over() {
        let n = 100;
        let embeddings = Array2::from_shape_fn((n, 2), |(i, j)| {
            let within = (mix(j as u64, i as u64) % 100) as f32 / 100.0;
            if i < 2 { 50.0 + within / 1000.0 } else { within }
        });
        let probs = Array2::from_elem((n, 2), 0.5);
        let signals = Signals::new(n).with_probs(probs).and_then(|s| s.with_embeddings(embeddings)).unwrap();
        for seed in 0..5 {
            let picks = ClusterMargin::default().select(&signals, 10, seed).unwrap().rows;
            assert_eq!(picks.iter().filter(|row| **row < 2).count(), 1, "{picks:?}");
        }
    }

    /// Only small margins are looked at.
    #[test]
    fn a_sure_sample_is_never_picked() {
        let embeddings = Array2::from_shape_fn((50, 1), |(i, _)| i as f32);
        let probs = Array2::from_shape_fn((50, 2), |(i, class)| {
            let p = if i < 20 { 0.55 } else { 0.9 };
            if class == 0 { p } else { 1.0 - p }
        });
        let signals = Signals::new(50).with_probs(probs).and_then(|s| s.with_embeddings(embeddings)).unwrap();
        assert!(ClusterMargin::default().select(&signals, 2, 1).unwrap().rows.iter().all(|row| *row < 20));
    }

    /// Each cluster gives one before any gives a second.
    #[test]
    fn it_goes_round_the_clusters() {
        let embeddings = array![[0.0f32], [0.1], [0.2], [10.0], [10.1], [20.0]];
        let probs = Array2::from_elem((6, 2), 0.5);
        let signals = Signals::new(6).with_probs(probs).and_then(|s| s.with_embeddings(embeddings)).unwrap();
        let heap = |row: usize| [0, 0, 0, 1, 1, 2][row];
        let picks = ClusterMargin::default().select(&signals, 3, 4).unwrap().rows;
        assert_eq!(picks.into_iter().map(heap).collect::<Vec<_>>(), [2, 1, 0]);
    }
}
