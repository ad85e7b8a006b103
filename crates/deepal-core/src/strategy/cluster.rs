//! k-means and k-medians.

use super::{Entry, Family, Selection, Sizes, Strategy, made};
use crate::error::Result;
use crate::select::cluster::{COLUMNS, trials};
use crate::select::{k_means, k_medians, representatives};
use crate::settings::Settings;
use crate::signals::{Signal, Signals};

pub(super) static ENTRY_MEANS: Entry = Entry {
    name: "k-means",
    family: Family::Diversity,
    cost: "O(k·n·d) a step",
    deepal: Some("KMeansSampling"),
    summary: "the sample nearest to each of n cluster centres of the embeddings",
    details: "Diverse and representative, blind to uncertainty. The reference clusters with ten random starts; here large \
              pools get one k-means++ start, small ones up to 50, and clusters never run empty. O(n·d) memory.",
    source: "the k-means core-set of DeepAL; Lloyd, IEEE Transactions on Information Theory, 1982; Arthur and \
             Vassilvitskii, k-means++, SODA 2007",
    settings: KMeans::SETTINGS,
    build: made::<KMeans>,
};

pub(super) static ENTRY_MEDIANS: Entry = Entry {
    name: "k-medians",
    family: Family::Diversity,
    cost: "O(k·n·d) a step",
    deepal: None,
    summary: "the sample nearest to each of n coordinate-wise cluster medians of the embeddings",
    details: "As k-means, with absolute distances, which a few outliers pull less. The paper names k-medians, its \
              reference code has none. O(n·d) memory.",
    source: "Bradley, Mangasarian and Street, Clustering via concave minimization, NIPS 1996",
    settings: KMedians::SETTINGS,
    build: made::<KMedians>,
};

crate::settings! {
    /// Picks the samples nearest to cluster means.
    pub struct KMeans {}
}

crate::settings! {
    /// Picks the samples nearest to cluster medians.
    pub struct KMedians {}
}

/// Embeddings around their mean and the same in blocks; of each row the distances to what may become a seed, and after that
/// 48 bytes of clusters and distances before and after a step; for medians some features (`columns`) of the rows of a cluster.
fn memory(candidates: usize, features: usize, n: usize, columns: usize) -> usize {
    let row = features.saturating_mul(2).saturating_add(columns + trials(n.max(1)).max(12));
    let centers = n.saturating_mul(features).saturating_mul(4);
    candidates.saturating_mul(row).saturating_add(centers).saturating_mul(size_of::<f32>())
}

macro_rules! by_clusters {
    ($Name:ident, $ENTRY:ident, $partition:path, $columns:expr) => {
        impl Strategy for $Name {
            fn name(&self) -> &str {
                $ENTRY.name
            }

            fn needs(&self) -> Vec<Signal> {
                vec![Signal::Embeddings]
            }

            fn memory(&self, sizes: Sizes) -> usize {
                let Sizes { candidates, features, picks: n, .. } = sizes;
                memory(candidates, features, n, features.min($columns))
            }

            fn select(&self, signals: &Signals<'_>, n: usize, seed: u64) -> Result<Selection> {
                let embeddings = signals.embeddings()?;
                let clusters = $partition(&embeddings, n, seed);
                Ok(Selection::unranked(representatives(&embeddings, &clusters)))
            }
        }
    };
}

by_clusters!(KMeans, ENTRY_MEANS, k_means, 0);
by_clusters!(KMedians, ENTRY_MEDIANS, k_medians, COLUMNS);
