//! How much passes with dropout disagree: variation ratios and mean standard deviation.

use super::ranked::ranked;
use super::{Entry, Family, made};
use crate::score;
use crate::settings::Settings;
use crate::signals::Signal;

pub(super) static ENTRY_RATIOS: Entry = Entry {
    name: "variation-ratios",
    family: Family::Bayesian,
    cost: "t passes, O(t·n·c)",
    deepal: None,
    summary: "the largest share of dropout passes that do not predict the class that most predict",
    details: "Score 1 − f/t of t passes, of which f predict the most frequent class. Among equals, which few passes leave many of, the smaller largest mean probability counts, as \
              less than half a pass. Passes with dropout on and batch-norm frozen; the net needs a dropout layer. Not 1 − max p of one pass, as which it is sometimes \
              implemented, and which is least-confidence.",
    source: "Freeman, Elementary applied statistics, 1965; Beluch, Genewein, Nürnberger and Köhler, The power of ensembles for active learning in image \
             classification, CVPR 2018",
    settings: VariationRatios::SETTINGS,
    build: made::<VariationRatios>,
};

pub(super) static ENTRY_STD: Entry = Entry {
    name: "mean-std",
    family: Family::Bayesian,
    cost: "t passes, O(t·n·c)",
    deepal: None,
    summary: "the largest standard deviation of probabilities over dropout passes, averaged over classes",
    details: "Score 1/c · Σ √(mean p² − (mean p)²). Passes with dropout on and batch-norm frozen; the net needs a dropout layer. Samples in a batch may resemble each other.",
    source: "Kampffmeyer, Salberg and Jenssen, Semantic segmentation of small objects and modeling of uncertainty in urban remote sensing images using deep \
             convolutional neural networks, CVPR workshops 2016; Gal, Islam and Ghahramani, ICML 2017",
    settings: MeanStd::SETTINGS,
    build: made::<MeanStd>,
};

crate::settings! {
    /// Picks by variation ratios.
    pub struct VariationRatios {
        /// Forward passes with dropout on.
        passes: usize = 10, Integer(1, 10_000), "as of bald";
    }
}

crate::settings! {
    /// Picks by the mean standard deviation of probabilities.
    pub struct MeanStd {
        /// Forward passes with dropout on.
        passes: usize = 10, Integer(1, 10_000), "as of bald";
    }
}

ranked!(
    VariationRatios,
    ENTRY_RATIOS,
    |settings| Signal::McProbs { passes: settings.passes, shared: false },
    |signals| { score::variation_ratios(&signals.mc_probs()?) }
);
ranked!(
    MeanStd,
    ENTRY_STD,
    |settings| Signal::McProbs { passes: settings.passes, shared: false },
    |signals| { score::mean_std(&signals.mc_probs()?) }
);
