//! The net of a recorded job: a run keeps none, so its last training is done once more.

use crate::catalog::Catalog;
use crate::config::{Config, Task};
use crate::error::{Context, Result, bail};
use crate::monitor::Monitor;
use deepal_core::{ActiveLearner, Annotation, Chooser, Class, Data, SampleId, metric, strategy};
use deepal_data::Error as DataError;
use deepal_data::stores::run::RoundRecord;
use std::path::Path;

/// The learner of a job at the end of its last round, and its accuracy on the test set, which is the recorded one to the bit.
/// `rounds` are those of the job, from the first; `run` is its folder.
///
/// # Errors
/// Another accuracy or other labels: the data have changed, or the run is another version's.
pub(crate) fn train(
    run: &Path,
    config: &Config,
    task: &Task,
    data: &Data,
    rounds: &[RoundRecord],
    catalog: &Catalog,
    monitor: &Monitor<'_>,
) -> Result<(ActiveLearner, f64)> {
    let changed = |why: String| {
        let cause = match config.version.as_str() == env!("CARGO_PKG_VERSION") {
            true => "the data have changed since".to_owned(),
            false => format!("the data have changed since, or deepal {} trained otherwise", config.version),
        };
        DataError::Unfit { path: run.into(), why: format!("{why}: {cause}, so its net cannot be had again") }
    };
    let Some(last) = rounds.last() else { bail!(changed("holds no finished round".into())) };
    let net = task.net(catalog, config.device, data.train.meta())?;
    let strategy = match catalog.chooser(&last.strategy)? {
        Chooser::Strategy(strategy) => strategy,
        // It has chosen already, and a learner cannot ask it.
        Chooser::UpperBound(_) => catalog.strategy(strategy::DEFAULT)?,
    };
    let mut learner = ActiveLearner::new(data.train.clone(), net, strategy, last.seed)?;
    for round in rounds {
        let answers = round.picks.iter().zip(&round.classes);
        let answers = answers.map(|(id, class)| Annotation { id: SampleId(*id), class: Some(Class(*class)) });
        let answers = answers.collect::<Vec<_>>();
        let is_same = |answer: &Annotation| data.train_labels.get(answer.id.index()).copied() == answer.class;
        if round.picks.len() != round.classes.len() || !answers.iter().all(is_same) {
            bail!(changed(format!("has other labels in round {} than its data", round.round)));
        }
        learner.update(&answers)?;
    }
    monitor.note(&format!("training {} once more on the {} labels", last.net, last.labels));
    learner.resume_at(last.round as u32);
    learner.train().context("the last round")?;
    let accuracy = metric::accuracy(&learner.predict(data.test.as_ref())?, &data.test_labels);
    if accuracy != last.accuracy {
        bail!(changed(format!(
            "recorded an accuracy of {} after round {}, and the net trained again has {accuracy}",
            last.accuracy, last.round
        )));
    }
    Ok((learner, accuracy))
}
