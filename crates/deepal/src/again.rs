//! The net of a recorded job: a run keeps none, so its last training is done once more.

use crate::config::{Config, Task};
use crate::progress;
use anyhow::{Context, bail};
use deepal::{ActiveLearner, Annotation, Class, Data, SampleId, metric, strategy};
use deepal_data::Error;
use deepal_data::run_store::Round;
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
    rounds: &[&Round],
) -> anyhow::Result<(ActiveLearner, f64)> {
    let changed = |why: String| {
        let cause = match config.version.as_str() == env!("CARGO_PKG_VERSION") {
            true => "the data have changed since".to_owned(),
            false => format!("the data have changed since, or deepal {} trained otherwise", config.version),
        };
        Error::Own { path: run.into(), why: format!("{why}: {cause}, so its net cannot be had again") }
    };
    let Some(last) = rounds.last() else { bail!(changed("holds no finished round".into())) };
    let net = task.net(data.train.meta())?;
    let strategy = (strategy::by_name(&last.strategy)?.build)();
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
    progress::say(&format!("training {} once more on the {} labels", last.net, last.labels));
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
