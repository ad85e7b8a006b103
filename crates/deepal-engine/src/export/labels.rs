//! The labels of a run with the ids and class names of their samples.

use crate::catalog::Catalog;
use crate::config::{Config, Task};
use crate::data::read_samples;
use crate::error::{Result, bail};
use deepal_core::SampleId;
use deepal_data::Error as DataError;
use deepal_data::stores::run::RoundRecord;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// What is wrong with a run whose events name a task that its settings do not.
pub(super) const OTHER_SETTINGS: &str = "its events are not of its settings; put the right config.toml back";

/// A label, and the pick that it belongs to.
#[derive(Debug, Clone, Serialize)]
pub struct Label<'a> {
    /// The data set's name.
    pub dataset: &'a str,
    /// The net's name.
    pub net: &'a str,
    /// The strategy's name.
    pub strategy: &'a str,
    /// The seed of the job.
    pub seed: u64,
    /// 0 is the first labelled set.
    pub round: usize,
    /// The place in its round, from 1.
    pub rank: usize,
    /// The id in the user's own data; for a data set of the list, the sample's number.
    pub id: String,
    /// Its class.
    pub class: String,
    /// The strategy's score; `None` where it does not rank, and for the first labelled set.
    pub score: Option<f64>,
    #[serde(skip)]
    pub(super) sample: SampleId,
}

/// The labels of rounds, in their order.
///
/// # Errors
/// A run without classes or without the ids of its samples, or with others than its data have.
pub(super) fn of<'a>(
    run: &Path,
    config: &Config,
    rounds: &'a [RoundRecord],
    catalog: &Catalog,
) -> Result<Vec<Label<'a>>> {
    let wrong = |why: &str| DataError::Unfit { path: run.into(), why: why.into() };
    let task = |round: &RoundRecord| {
        let is_it = |task: &&Task| task.dataset == round.dataset && task.net == round.net;
        config.tasks.iter().find(is_it).ok_or_else(|| wrong(OTHER_SETTINGS))
    };
    let has_own =
        rounds.iter().try_fold(false, |has, round| Ok::<_, DataError>(has || task(round)?.own.is_some()))?;
    let table = run.join("samples.csv");
    let ids = if has_own { read_samples(run)? } else { BTreeMap::new() };
    let mut labels = Vec::new();
    for round in rounds {
        let task = task(round)?;
        let names = task.classes(catalog)?;
        if round.classes.len() != round.picks.len() {
            bail!(wrong("was recorded by a version that kept no classes; run it again to export its labels"));
        }
        for (at, (sample, class)) in round.picks.iter().zip(&round.classes).enumerate() {
            let id = if task.own.is_some() {
                ids.get(&round.dataset).and_then(|ids| ids.get(sample)).cloned().ok_or_else(|| {
                    DataError::Unfit {
                        path: table.clone(),
                        why: format!(
                            "has no sample {sample} of `{}`; it is not the file of this run",
                            round.dataset
                        ),
                    }
                })?
            } else {
                sample.to_string()
            };
            let class = names.get(usize::from(*class)).cloned().ok_or_else(|| wrong(OTHER_SETTINGS))?;
            labels.push(Label {
                dataset: &round.dataset,
                net: &round.net,
                strategy: &round.strategy,
                seed: round.seed,
                round: round.round,
                rank: at + 1,
                id,
                class,
                score: round.scores.as_ref().and_then(|scores| scores.get(at).copied()),
                sample: SampleId(*sample),
            });
        }
    }
    Ok(labels)
}
