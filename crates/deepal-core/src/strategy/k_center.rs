//! Core-set by greedy k-center.

use super::{Entry, Family, Selection, Sizes, Strategy, made};
use crate::error::Result;
use crate::select::k_center_greedy;
use crate::settings::Settings;
use crate::signals::{Signal, Signals};

pub(super) static ENTRY: Entry = Entry {
    name: "k-center",
    family: Family::Diversity,
    cost: "O((m + k)·n·d)",
    deepal: Some("KCenterGreedy"),
    summary: "again and again the sample farthest from everything labelled or picked",
    details: "Covers the pool in embedding space, outliers first. The greedy 2-approximation of the core-set paper, without \
              its mixed-integer program. O(n·d) memory, where the reference holds an n × n matrix.",
    source: "Sener and Savarese, Active learning for convolutional neural networks: a core-set approach, ICLR 2018",
    settings: KCenter::SETTINGS,
    build: made::<KCenter>,
};

crate::settings! {
    /// Picks a core-set by greedy k-center.
    pub struct KCenter {}
}

impl Strategy for KCenter {
    fn name(&self) -> &str {
        ENTRY.name
    }

    fn needs(&self) -> Vec<Signal> {
        vec![Signal::Embeddings, Signal::LabeledEmbeddings]
    }

    /// Embeddings in blocks, and the distance of each to its nearest centre.
    fn memory(&self, sizes: Sizes) -> usize {
        let Sizes { candidates, features, .. } = sizes;
        candidates.saturating_mul(features.saturating_add(1)).saturating_mul(size_of::<f32>())
    }

    fn select(&self, signals: &Signals<'_>, n: usize, seed: u64) -> Result<Selection> {
        let rows = k_center_greedy(&signals.embeddings()?, &signals.labeled_embeddings()?, n, seed);
        Ok(Selection::unranked(rows))
    }
}
