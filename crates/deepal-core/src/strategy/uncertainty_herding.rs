//! Coverage of what the net is not sure of.

use super::auto::{informative, neighbors};
use super::{Entry, Family, Selection, Sizes, Strategy, made};
use crate::error::Result;
use crate::score;
use crate::select::herding::Herding;
use crate::select::references::References;
use crate::settings::Settings;
use crate::signals::{Signal, Signals};
use ndarray::Array1;

pub(super) static ENTRY: Entry = Entry {
    name: "uncertainty-herding",
    family: Family::Hybrid,
    cost: "O(n·r·d)",
    deepal: None,
    summary: "the sample that covers most of the uncertainty that no labelled sample is near to",
    details: "The kernel's width is the least distance between two labelled samples, so coverage turns into uncertainty as they grow \
              denser. Uncertainty is 1 − (p₁ − p₂), at the temperature of the net's calibration if it publishes one. Starts without any \
              label, with every sample equally uncertain. Deviations: the temperature has the least negative log-likelihood in \
              cross-validation (the paper: calibration error on a hold-out); while fewer than two labels differ the width is that of \
              max-herding; 2,000 samples, drawn by seed, stand for the pool.",
    source: "Bae, Oliveira and Sutherland, Uncertainty herding: one active learning method for all label budgets, ICLR 2025",
    settings: UncertaintyHerding::SETTINGS,
    build: made::<UncertaintyHerding>,
};

crate::settings! {
    /// Picks by coverage of uncertainty with kernels.
    pub struct UncertaintyHerding {
        /// Samples, drawn by seed, that stand for the pool.
        references: usize = 2000, Integer(10, 100_000), "a prototype: 1,000 cost 0.15 points";
    }
}

impl Strategy for UncertaintyHerding {
    fn name(&self) -> &str {
        ENTRY.name
    }

    fn needs(&self) -> Vec<Signal> {
        vec![Signal::Probs, Signal::Embeddings, Signal::LabeledEmbeddings]
    }

    fn wants(&self) -> Vec<Signal> {
        vec![Signal::Calibration]
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
        let uncertainty = match (informative(signals), signals.calibration()) {
            (Some(probs), Ok(calibration)) if labeled.nrows() > 0 => calibration.margin(&probs),
            (Some(probs), Err(_)) if labeled.nrows() > 0 => score::margin(&probs),
            _ => Array1::ones(signals.len()),
        };
        let references = References::draw(&embeddings, &labeled, self.references, seed);
        let bandwidth = references.least_distance(&labeled).unwrap_or_else(|| {
            0.5 * references.typical_distance(neighbors(&references, labeled.nrows() + n))
        });
        let all = (0..signals.len()).collect::<Vec<_>>();
        let mut herding =
            Herding::new(&embeddings, &labeled, &references, bandwidth, |i| uncertainty[i], true);
        Ok(Selection::unranked(herding.pick(&all, n)))
    }
}
