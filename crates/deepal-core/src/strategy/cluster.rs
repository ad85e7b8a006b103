//! k-means and k-medians.

use super::{Entry, Selection, Strategy};
use crate::error::Result;
use crate::select::cluster::{COLUMNS, trials};
use crate::select::{Clusters, k_means, k_medians, representatives};
use crate::signals::{Signal, Signals};
use ndarray::ArrayRef2;

pub(super) static ENTRY_MEANS: Entry = Entry {
    name: "k-means",
    deepal: Some("KMeansSampling"),
    summary: "the sample nearest to each of n cluster centres of the embeddings",
    details: "Diverse and representative, blind to uncertainty. The reference clusters with ten random starts; here large \
              pools get one k-means++ start, small ones up to 50, and clusters never run empty. O(n·d) memory.",
    source: "the k-means core-set of DeepAL; Lloyd, IEEE Transactions on Information Theory, 1982; Arthur and \
             Vassilvitskii, k-means++, SODA 2007",
    build: || Box::new(Cluster { name: ENTRY_MEANS.name, partition: k_means }),
};

pub(super) static ENTRY_MEDIANS: Entry = Entry {
    name: "k-medians",
    deepal: None,
    summary: "the sample nearest to each of n coordinate-wise cluster medians of the embeddings",
    details: "As k-means, with absolute distances, which a few outliers pull less. The paper names k-medians, its \
              reference code has none. O(n·d) memory.",
    source: "Bradley, Mangasarian and Street, Clustering via concave minimization, NIPS 1996",
    build: || Box::new(Cluster { name: ENTRY_MEDIANS.name, partition: k_medians }),
};

struct Cluster {
    name: &'static str,
    partition: fn(&ArrayRef2<f32>, usize, u64) -> Clusters,
}

impl Strategy for Cluster {
    fn name(&self) -> &str {
        self.name
    }

    fn needs(&self) -> Vec<Signal> {
        vec![Signal::Embeddings]
    }

    /// Embeddings around their mean and the same in blocks; of each row the distances to what may become a seed, and after that
    /// 48 bytes of clusters and distances before and after a step; for medians some features of the rows of a cluster.
    fn memory(&self, candidates: usize, features: usize, n: usize) -> usize {
        let columns = if self.name == ENTRY_MEDIANS.name { COLUMNS.min(features) } else { 0 };
        let row = features.saturating_mul(2).saturating_add(columns + trials(n.max(1)).max(12));
        let centers = n.saturating_mul(features).saturating_mul(4);
        candidates.saturating_mul(row).saturating_add(centers).saturating_mul(size_of::<f32>())
    }

    fn select(&self, signals: &Signals<'_>, n: usize, seed: u64) -> Result<Selection> {
        let embeddings = signals.embeddings()?;
        let clusters = (self.partition)(&embeddings, n, seed);
        Ok(Selection::unranked(representatives(&embeddings, &clusters)))
    }
}
