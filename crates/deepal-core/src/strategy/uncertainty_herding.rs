//! Coverage of what the net is not sure of.

use super::auto::neighbors;
use super::{Entry, Selection, Strategy};
use crate::error::Result;
use crate::score;
use crate::select::herding::Herding;
use crate::select::references::{REFERENCES, References};
use crate::signals::{Signal, Signals};
use ndarray::Array1;

pub(super) static ENTRY: Entry = Entry {
    name: "uncertainty-herding",
    deepal: None,
    summary: "the sample that covers most of the uncertainty that no labelled sample is near to",
    details: "The kernel's width is the least distance between two labelled samples, so coverage turns into uncertainty as they grow \
              denser. Uncertainty is 1 − (p₁ − p₂), at the temperature of the net's calibration if it publishes one. Starts without any \
              label, with every sample equally uncertain. Deviations: the temperature has the least negative log-likelihood in \
              cross-validation (the paper: calibration error on a hold-out); while fewer than two labels differ the width is that of \
              max-herding; 2,000 samples, drawn by seed, stand for the pool.",
    source: "Bae, Oliveira and Sutherland, Uncertainty herding: one active learning method for all label budgets, ICLR 2025",
    build: || Box::new(UncertaintyHerding),
};

struct UncertaintyHerding;

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

    fn memory(&self, candidates: usize, features: usize, _: usize) -> usize {
        References::memory(candidates, features)
    }

    fn select(&self, signals: &Signals<'_>, n: usize, seed: u64) -> Result<Selection> {
        let (embeddings, labeled) = (signals.embeddings()?, signals.labeled_embeddings()?);
        let n = n.min(signals.len());
        let uncertainty = match (labeled.nrows(), signals.calibration()) {
            (0, _) => Array1::ones(signals.len()),
            (_, Ok(calibration)) => calibration.margin(&signals.probs()?),
            (_, Err(_)) => score::margin(&signals.probs()?),
        };
        let references = References::draw(&embeddings, &labeled, REFERENCES, seed);
        let bandwidth = references.least_distance(&labeled).unwrap_or_else(|| {
            0.5 * references.typical_distance(neighbors(&references, labeled.nrows() + n))
        });
        let all = (0..signals.len()).collect::<Vec<_>>();
        let mut herding =
            Herding::new(&embeddings, &labeled, &references, bandwidth, |i| uncertainty[i], true);
        Ok(Selection::unranked(herding.pick(&all, n)))
    }
}
