//! Whether the events of a run are about what its settings say.

use crate::catalog::Catalog;
use crate::config::{Config, Task};
use crate::error::Result;
use deepal_data::Error as DataError;
use deepal_data::stores::run::{EVENTS, Event, RoundRecord};
use std::path::Path;

/// Checks that each round picks samples of the pool and names declared classes; the record itself checks the rest. A round of a task
/// that the settings do not have is passed over.
///
/// # Errors
/// The first line that does not.
pub(crate) fn check_events(
    folder: &Path,
    config: &Config,
    events: &[Event],
    catalog: &Catalog,
) -> Result<()> {
    let tasks =
        config.tasks.iter().map(|task| (task, task.classes(catalog).ok().map(|classes| classes.len())));
    let tasks = tasks.collect::<Vec<_>>();
    for (at, event) in events.iter().enumerate() {
        let Some(round) = event.round() else { continue };
        let is_it = |task: &Task| (&task.dataset, &task.net) == (&round.dataset, &round.net);
        let Some((task, n_classes)) = tasks.iter().find(|(task, _)| is_it(task)) else { continue };
        if let Some(why) = unknown(round, task.pool, *n_classes) {
            return Err(DataError::Events { path: folder.join(EVENTS), line: at + 1, why }.into());
        }
    }
    Ok(())
}

/// What a round names that is not there.
fn unknown(round: &RoundRecord, pool: usize, n_classes: Option<usize>) -> Option<String> {
    let RoundRecord { strategy, seed, picks, classes, test, errors, .. } = round;
    let job = format!("round {} of {strategy} with seed {seed}", round.round);
    if let Some(sample) = picks.iter().find(|sample| **sample as usize >= pool) {
        return Some(format!("picks sample {sample} in {job}, and the pool has {pool}"));
    }
    let n_classes = n_classes?;
    let confused = errors.iter().flat_map(|errors| &errors.confused);
    let confused = confused.flat_map(|(actual, predicted, _)| [actual, predicted]);
    let worst = errors.iter().flat_map(|errors| &errors.worst);
    let worst = worst.flat_map(|mistake| [&mistake.actual, &mistake.predicted]);
    let mut named = classes.iter().chain(confused).chain(worst);
    if let Some(class) = named.find(|class| usize::from(**class) >= n_classes) {
        return Some(format!("names class {class} in {job}, and there are {n_classes}, counted from 0"));
    }
    let counted = test.as_ref().map(|test| test.n_classes()).filter(|counted| *counted != n_classes)?;
    Some(format!("counts {counted} classes in {job}, and there are {n_classes}"))
}
