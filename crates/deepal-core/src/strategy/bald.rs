//! BALD.

use super::{Entry, Selection, Strategy, made};
use crate::error::Result;
use crate::score;
use crate::settings::Settings;
use crate::signals::{Signal, Signals};

pub(super) static ENTRY: Entry = Entry {
    name: "bald",
    deepal: Some("BALDDropout"),
    summary: "the largest disagreement between dropout passes, each sure of itself",
    details: "Score H[mean p] − mean H[p], the mutual information of prediction and model. Passes with dropout on \
              and batch-norm frozen; the net needs a dropout layer. Samples in a batch may resemble each other.",
    source: "Houlsby et al., Bayesian active learning for classification and preference learning, arXiv 1112.5745, 2011; \
             Gal, Islam and Ghahramani, ICML 2017",
    settings: Bald::SETTINGS,
    build: made::<Bald>,
};

crate::settings! {
    /// Picks by BALD.
    pub struct Bald {
        /// Forward passes with dropout on.
        passes: usize = 10, Integer(1, 10_000), "DeepAL's n_drop; the paper takes 100";
    }
}

impl Strategy for Bald {
    fn name(&self) -> &str {
        ENTRY.name
    }

    fn needs(&self) -> Vec<Signal> {
        vec![Signal::McProbs { passes: self.passes }]
    }

    fn one_by_one(&self) -> bool {
        true
    }

    fn select(&self, signals: &Signals<'_>, n: usize, _seed: u64) -> Result<Selection> {
        Ok(Selection::top(&score::bald(&signals.mc_probs()?), n))
    }
}
