//! The net at the end of a job.

use crate::again;
use crate::config::{Config, Task};
use crate::data_sets::DataSets;
use crate::net_file::{self, About};
use crate::progress;
use deepal_data::run_store::Round;
use std::path::Path;

/// Trains the net of a job once more, checks it against the record, and writes it to `out`. `rounds` are those of the job, from
/// the first; `run` is its folder.
pub(super) fn write(
    out: &Path,
    run: &Path,
    config: &Config,
    task: &Task,
    rounds: &[&Round],
) -> anyhow::Result<()> {
    let mut data_sets = DataSets::default();
    let data = data_sets.load(config, task, false)?.with_pool(task.pool)?;
    let (learner, accuracy) = again::train(run, config, task, &data, rounds)?;
    let (image, encoding) = data_sets.inputs(task)?;
    net_file::write(out, &About::new(task, data.train.meta(), image, encoding), learner.net())?;
    progress::say(&format!(
        "its accuracy on the test set is the recorded one, {:.1} %; the net is in {}",
        100.0 * accuracy,
        out.display()
    ));
    Ok(())
}
