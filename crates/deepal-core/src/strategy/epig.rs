//! EPIG: samples whose labels tell most about the predictions of others.

use super::{Entry, Family, Selection, Sizes, Strategy, made};
use crate::error::Result;
use crate::score;
use crate::seed::mix;
use crate::select::random;
use crate::settings::Settings;
use crate::signals::{Signal, Signals};

pub(super) static ENTRY: Entry = Entry {
    name: "epig",
    family: Family::Bayesian,
    cost: "t passes, O(r·n·t·c²) for r targets",
    deepal: None,
    summary: "the labels that tell most about the net's predictions of other samples, where bald's tell about its weights",
    details: "Score: the mutual information of a sample's label and that of a target, averaged over targets. These are a sample of the pool, drawn by seed, so the net is to get better on the pool; \
              all of small pools. Each pass drops the same units for all samples. Samples in a batch may resemble each other. All products are of matrices: 10,000 samples of 10 classes with 100 passes take some seconds.",
    source: "Bickford Smith, Kirsch, Farquhar, Gal, Foster and Rainforth, Prediction-oriented Bayesian active learning, AISTATS 2023",
    settings: Epig::SETTINGS,
    build: made::<Epig>,
};

crate::settings! {
    /// Picks by EPIG.
    pub struct Epig {
        /// Forward passes with dropout on.
        passes: usize = 100, Integer(1, 10_000), "as of batch-bald";
        /// Samples, drawn by seed, whose predictions are to become sure.
        targets: usize = 200, Integer(1, 100_000), "bounds the time";
    }
}

impl Strategy for Epig {
    fn name(&self) -> &str {
        ENTRY.name
    }

    fn needs(&self) -> Vec<Signal> {
        vec![Signal::McProbs { passes: self.passes, shared: true }]
    }

    /// The targets' passes, and of a block of samples on 32 threads what they have in common with targets.
    fn memory(&self, sizes: Sizes) -> usize {
        let Sizes { candidates, classes, .. } = sizes;
        let targets = self.targets.min(candidates).saturating_mul(classes);
        let each = self.passes.saturating_add(classes.saturating_mul(32 * score::EPIG_BLOCK));
        candidates
            .saturating_mul(classes.saturating_add(8).saturating_mul(size_of::<f64>()))
            .saturating_add(targets.saturating_mul(each).saturating_mul(size_of::<f64>()))
    }

    /// From 4,000 with 10 classes, 100 passes and 200 targets, which took 2.1 s.
    fn seconds(&self, sizes: Sizes) -> f64 {
        let targets = self.targets.min(sizes.candidates);
        let [n, r, t, c] = [sizes.candidates, targets, self.passes, sizes.classes].map(|size| size as f64);
        2.6e-10 * n * r * t * c * c
    }

    fn select(&self, signals: &Signals<'_>, n: usize, seed: u64) -> Result<Selection> {
        let targets = random(signals.len(), self.targets, seed);
        let scores = score::epig(&signals.mc_probs()?, &targets);
        // Passes that all agree say nothing, and file order must not be the answer.
        match scores.iter().all(|score| *score == scores[0]) {
            true => Ok(Selection::unranked(random(signals.len(), n, mix(seed, 1)))),
            false => Ok(Selection::top(&scores, n)),
        }
    }
}
