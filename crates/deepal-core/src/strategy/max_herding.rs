//! Coverage of the pool by kernels, blind to the net's uncertainty.

use super::auto::neighbors;
use super::{Entry, Family, Selection, Sizes, Strategy, made};
use crate::error::Result;
use crate::select::herding::Herding;
use crate::select::references::References;
use crate::settings::Settings;
use crate::signals::{Signal, Signals};

pub(super) static ENTRY: Entry = Entry {
    name: "max-herding",
    family: Family::Diversity,
    cost: "O(n·r·d)",
    deepal: None,
    summary: "the sample that covers most of what no labelled sample is near to",
    details: "For very few labels; falls behind uncertainty once there are some for each class. Starts without any label. Deviations: \
              the kernel's width is half the typical distance to as many neighbours as each label has to cover, where the paper takes 1 \
              for embeddings of unit length; and 2,000 samples, drawn by seed, stand for the pool.",
    source: "Bae, Noh and Sutherland, Generalized coverage for more robust low-budget active learning, ECCV 2024",
    settings: MaxHerding::SETTINGS,
    build: made::<MaxHerding>,
};

crate::settings! {
    /// Picks by coverage with kernels.
    pub struct MaxHerding {
        /// The kernel's width, as a share of the typical distance to as many neighbours as each label has to cover.
        bandwidth: f64 = 0.5, Positive(100.0), "a prototype on 13 data sets";
        /// Samples, drawn by seed, that stand for the pool.
        references: usize = 2000, Integer(10, 100_000), "a prototype: 1,000 cost 0.15 points";
    }
}

impl Strategy for MaxHerding {
    fn name(&self) -> &str {
        ENTRY.name
    }

    fn needs(&self) -> Vec<Signal> {
        vec![Signal::Embeddings, Signal::LabeledEmbeddings]
    }

    fn starts_cold(&self) -> bool {
        true
    }

    fn memory(&self, sizes: Sizes) -> usize {
        let Sizes { candidates, features, .. } = sizes;
        References::memory(candidates, features, self.references)
    }

    fn select(&self, signals: &Signals<'_>, n: usize, seed: u64) -> Result<Selection> {
        let (embeddings, labeled) = (signals.embeddings()?, signals.labeled_embeddings()?);
        let n = n.min(signals.len());
        let references = References::draw(&embeddings, &labeled, self.references, seed);
        let neighbors = neighbors(&references, labeled.nrows() + n);
        let bandwidth = self.bandwidth * references.typical_distance(neighbors);
        let all = (0..signals.len()).collect::<Vec<_>>();
        let mut herding = Herding::new(&embeddings, &labeled, &references, bandwidth, |_| 1.0, true);
        Ok(Selection::unranked(herding.pick(&all, n)))
    }
}
