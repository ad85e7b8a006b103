//! Random sampling.

use super::{Entry, Family, Selection, Strategy, made};
use crate::error::Result;
use crate::select;
use crate::settings::Settings;
use crate::signals::{Signal, Signals};

pub(super) static ENTRY: Entry = Entry {
    name: "random",
    family: Family::Baseline,
    cost: "O(n)",
    deepal: Some("RandomSampling"),
    summary: "uniformly at random: the baseline that every other strategy has to beat",
    details: "Costs nothing and needs no net. Its labels are an unbiased sample of the pool, those of every other \
              strategy are not.",
    source: "uniform sampling without replacement",
    settings: Random::SETTINGS,
    build: made::<Random>,
};

crate::settings! {
    /// Picks at random.
    pub struct Random {}
}

impl Strategy for Random {
    fn name(&self) -> &str {
        ENTRY.name
    }

    fn needs(&self) -> Vec<Signal> {
        Vec::new()
    }

    fn select(&self, signals: &Signals<'_>, n: usize, seed: u64) -> Result<Selection> {
        Ok(Selection::unranked(select::random(signals.len(), n, seed)))
    }
}
