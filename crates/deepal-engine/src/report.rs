//! The report of runs: one page that opens from disk, and its figures as files.

mod cells;
mod classes;
mod figures;
mod headline;
mod overview;
mod page;
pub(crate) mod pictures;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

use crate::analysis::{Analysis, TaskAnalysis};
use crate::error::{Error, Result};
use crate::file::File;
use crate::text::harmless;
use askama::Template;
use deepal_core::Data;
use deepal_data::files::file_name;
use deepal_data::stores::run::{RoundRecord, Started};
use figures::{Drawing, Layout, Over, Styles, png, svg};
use std::collections::BTreeMap;

/// What a report is made of.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    pub(crate) title: &'a str,
    pub(crate) analysis: &'a Analysis,
    /// For the pictures.
    pub(crate) rounds: &'a [RoundRecord],
    /// Versions, machines and dates.
    pub(crate) started: &'a [Started],
    /// The name of each run and the text of its `config.toml`.
    pub(crate) settings: &'a [(String, String)],
    /// The names of the classes of data sets, by their names.
    pub(crate) classes: &'a BTreeMap<String, Vec<String>>,
    /// The data sets that could be had, by name, for pictures.
    pub(crate) data: &'a BTreeMap<String, Data>,
    /// Sentences to show with the warnings, as why pictures are missing.
    pub(crate) notes: &'a [String],
}

impl Report<'_> {
    /// The page. It needs no other file, no network and no script.
    ///
    /// # Errors
    /// None that is known: writing to memory does not fail.
    pub(crate) fn html(&self) -> Result<String> {
        let page = page::Page::new(self).render();
        let page =
            page.map_err(|error| Error::Failed(format!("cannot fill in the page of the report: {error}")))?;
        Ok(harmless(&page).into_owned())
    }

    /// Each figure as `figures/NAME.svg` and `figures/NAME.png`.
    ///
    /// # Errors
    /// A figure that cannot be drawn.
    pub(crate) fn figures(&self) -> Result<Vec<File>> {
        let mut files = Vec::new();
        for (name, drawing) in self.drawings() {
            files.push(File { name: format!("figures/{name}.svg"), bytes: svg::file(&drawing).into_bytes() });
            files.push(File { name: format!("figures/{name}.png"), bytes: png::file(&drawing)? });
        }
        Ok(files)
    }

    fn drawings(&self) -> Vec<(String, Drawing)> {
        let styles = Styles::new(self.analysis);
        let mut drawings = Vec::new();
        for task in &self.analysis.tasks {
            let task_name = format!("{}-{}", task.dataset, task.net);
            // Names in settings and in runs of others are no paths.
            let file = |what: &str| file_name(&format!("{what}-{task_name}"));
            let metric = self.analysis.metric;
            let curves = |over| figures::learning_curves(task, metric, &styles, over, Layout::File);
            drawings.push((file("learning-curves"), curves(Over::Labels)));
            drawings.push((file("learning-curves-time"), curves(Over::Seconds)));
            drawings.push((file("time"), figures::time_split(task, &styles)));
            let classes = figures::class_balance(task, &self.classes(task));
            drawings.extend(classes.map(|drawing| (file("classes"), drawing)));
            let best = classes::best(task);
            let confusion = best.and_then(|arm| figures::confusion(task, arm, &self.classes(task)));
            drawings.extend(confusion.map(|drawing| (file("confusion"), drawing)));
        }
        let penalty = self.analysis.penalty.as_ref().map(figures::penalty_matrix);
        drawings.extend(penalty.map(|drawing| ("penalty".to_owned(), drawing)));
        drawings
    }

    /// The names of a task's classes; their numbers where they are not known.
    fn classes(&self, task: &TaskAnalysis) -> Vec<String> {
        let n = task.arms.iter().map(|arm| arm.bought.len().max(arm.classes.len())).max().unwrap_or_default();
        match self.classes.get(&task.dataset) {
            Some(classes) if classes.len() >= n => classes.clone(),
            _ => (0..n).map(|class| class.to_string()).collect(),
        }
    }
}
