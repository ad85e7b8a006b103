//! BALD.

use super::ranked::ranked;
use super::{Entry, Family, made};
use crate::score::bald;
use crate::settings::Settings;
use crate::signals::Signal;

pub(super) static ENTRY: Entry = Entry {
    name: "bald",
    family: Family::Bayesian,
    cost: "t passes, O(t·n·c)",
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

ranked!(Bald, ENTRY, |settings| Signal::McProbs { passes: settings.passes, shared: false }, |signals| bald(
    &signals.mc_probs()?
));
