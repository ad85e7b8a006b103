//! What the uncertainty strategies share: a score of probabilities, or of their mean over dropout passes.

use super::{Selection, Strategy};
use crate::error::Result;
use crate::score::mean_probs;
use crate::signals::{Signal, Signals};
use ndarray::{Array1, ArrayRef2};

/// [`Entry::details`](super::Entry::details) of the variants with dropout.
pub(super) const DROPOUT_DETAILS: &str = "Ten passes with dropout on and batch-norm frozen; the net needs a dropout layer. Costs ten passes through the layers \
     from the first dropout on.";
/// [`Entry::source`](super::Entry::source) of the variants with dropout.
pub(super) const DROPOUT_SOURCE: &str =
    "Gal, Islam and Ghahramani, Deep Bayesian active learning with image data, ICML 2017";

/// Ranks by a score of the predicted probabilities.
pub(super) struct ByProbs {
    pub(super) name: &'static str,
    /// `[n, c]` to `[n]`.
    pub(super) score: fn(&ArrayRef2<f64>) -> Array1<f64>,
    /// Dropout passes whose mean is scored; `None`: one pass without dropout.
    pub(super) passes: Option<usize>,
}

impl Strategy for ByProbs {
    fn name(&self) -> &str {
        self.name
    }

    fn needs(&self) -> Vec<Signal> {
        vec![self.passes.map_or(Signal::Probs, |passes| Signal::McProbs { passes })]
    }

    fn one_by_one(&self) -> bool {
        true
    }

    fn select(&self, signals: &Signals<'_>, n: usize, _seed: u64) -> Result<Selection> {
        let scores = match self.passes {
            None => (self.score)(&signals.probs()?),
            Some(_) => (self.score)(&mean_probs(&signals.mc_probs()?)),
        };
        Ok(Selection::top(&scores, n))
    }
}
