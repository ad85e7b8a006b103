//! `deepal label --from`: takes in a file of answers.

use super::{Outcome, print, project};
use deepal::project::Project;
use deepal::text::count;
use std::path::Path;

/// Takes in the answers of a file, all or none, and says how many.
pub(crate) fn take_in(project: &Project, path: &Path) -> Outcome {
    let taken = project.take_in(path, &project::annotator())?;
    let mut text = format!("{} imported", count(taken.labeled, "label", "labels"));
    if taken.skipped > 0 {
        text += &format!(", {} skipped", taken.skipped);
    }
    if taken.unchanged > 0 {
        text += &format!(", {} unchanged", taken.unchanged);
    }
    let status = project.status();
    print(&format!(
        "{text}; {} in total; accuracy: {}\n",
        count(status.n_labeled, "label", "labels"),
        status.accuracy.sentence
    ))
}
