//! The net at the end of a job.

use crate::catalog::Catalog;
use crate::config::{Config, Task};
use crate::data::DataSets;
use crate::error::Result;
use crate::monitor::Monitor;
use crate::retrain;
use crate::trained_net::{self, About};
use deepal_data::stores::run::RoundRecord;
use std::path::Path;

/// Trains the net of a job once more, checks it against the record, and writes it to `out`; its accuracy. `rounds` are those of the
/// job, from the first; `run` is its folder.
pub(super) fn write(
    out: &Path,
    run: &Path,
    config: &Config,
    task: &Task,
    rounds: &[RoundRecord],
    catalog: &Catalog,
    monitor: Monitor<'_>,
) -> Result<f64> {
    let mut data_sets = DataSets::new(monitor);
    let data = data_sets.load(config, task, catalog, false)?.with_pool(task.pool)?;
    let (learner, accuracy) = retrain::train(run, config, task, &data, rounds, catalog, &monitor)?;
    let mut about = About::new(task, data.train.meta(), data_sets.preparation(task)?);
    let ids = data_sets.ids(task)?;
    let labeled = learner.pool().labeled();
    about.learnt_from = labeled.iter().filter_map(|(id, _)| ids.get(id.index()).cloned()).collect();
    about.learnt_from.sort();
    trained_net::write(out, &about, learner.trained()?.as_ref())?;
    Ok(accuracy)
}
