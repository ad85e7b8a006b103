//! BatchBALD: a batch whose labels together tell most about the net.

use super::{Entry, Family, Selection, Sizes, Strategy, made};
use crate::error::Result;
use crate::select::joint::most_informative;
use crate::settings::Settings;
use crate::signals::{Signal, Signals};

pub(super) static ENTRY: Entry = Entry {
    name: "batch-bald",
    family: Family::Bayesian,
    cost: "t passes, O(t·n·c), O(s·t·c) for each sample looked at again in each pick, of s labellings",
    deepal: None,
    summary: "the batch whose labels together tell most about the net, so that it does not repeat itself",
    details: "Greedy: each pick has the most mutual information with the net given the labels of the picks before, which for the first is bald's score. Each pass drops the same units for all samples, \
              or the joint distribution were that of no net. All labellings of the batch are counted while they are at most `labelings`, so that the information is exact; of more that \
              many are drawn, and samples are looked at again only when they come to the head of the queue. Few passes tell little: ln t at most, and what is left when that is known is drawn at random. Copies may be picked: both labels are \
              worth something. Deviations: labellings are drawn at even steps through their probabilities, and the information is averaged over the passes given each labelling, which scatters less.",
    source: "Kirsch, van Amersfoort and Gal, BatchBALD: efficient and diverse batch acquisition for deep Bayesian active learning, NeurIPS 2019",
    settings: BatchBald::SETTINGS,
    build: made::<BatchBald>,
};

crate::settings! {
    /// Picks by BatchBALD.
    pub struct BatchBald {
        /// Forward passes with dropout on.
        passes: usize = 100, Integer(1, 10_000), "our own: all picks together can tell no more than ln of it";
        /// The most labellings of the batch that are counted.
        labelings: usize = 1000, Integer(1, 20_000), "bounds the time: exact for three picks of ten classes, for nine of two";
    }
}

impl Strategy for BatchBald {
    fn name(&self) -> &str {
        ENTRY.name
    }

    fn needs(&self) -> Vec<Signal> {
        vec![Signal::McProbs { passes: self.passes, shared: true }]
    }

    /// Passes given each labelling before and after a pick, and labels given each on 32 threads.
    fn memory(&self, sizes: Sizes) -> usize {
        // On 32 threads what the labels of a sample tell, for each labelling.
        let each =
            self.passes.saturating_mul(2).saturating_add(sizes.classes.saturating_add(1).saturating_mul(36));
        let labelings = self.labelings.saturating_mul(each).saturating_mul(size_of::<f64>());
        sizes.candidates.saturating_mul(56).saturating_add(labelings)
    }

    fn select(&self, signals: &Signals<'_>, n: usize, seed: u64) -> Result<Selection> {
        let picks = most_informative(&signals.mc_probs()?, n.min(signals.len()), self.labelings, seed);
        Ok(Selection::unranked(picks))
    }
}
