//! The labels that people gave to their own data.

use super::pictures::Pictures;
use super::set::{How, Labeled, LabeledSet};
use super::{Format, write};
use crate::error::{Error, Result, bail};
use crate::monitor::Monitor;
use deepal_core::SampleId;
use deepal_data::source::{Shown, Source};
use std::path::Path;

/// A label that a person gave to a sample.
#[derive(Debug, Clone, Copy)]
pub struct Answered<'a> {
    /// The row of the sample in its source.
    pub row: usize,
    /// Its class, a position in the source's classes.
    pub class: usize,
    /// How the question came up.
    pub asked_by: &'a str,
}

/// Writes answers about a source in a format for one labelled set, to a file or to a folder that is new or empty.
///
/// # Errors
/// A table as format, which has columns of its own; no answer at all; samples that are not pictures for a format of pictures, or that
/// cannot be read any more; what cannot be written; [`Error::Interrupted`] if the monitor stopped it, and then nothing is left.
pub fn write_answers(
    source: &Source,
    answers: &[Answered<'_>],
    format: Format,
    out: &Path,
    monitor: Monitor<'_>,
) -> Result<()> {
    if matches!(format, Format::Csv | Format::Jsonl) || answers.is_empty() {
        let (what, name) = (if answers.is_empty() { "no label" } else { "a table" }, format.name());
        bail!(Error::Setting(format!(
            "format `{name}` describes labelled samples, and there is {what} to write"
        )));
    }
    let labels = answers.iter().map(|answer| {
        let text = match format {
            Format::LabelStudio if !source.has_pictures() => match source.show(answer.row)? {
                Shown::Text(text) => Some(text),
                _ => None,
            },
            _ => None,
        };
        Ok(Labeled {
            id: &source.ids[answer.row],
            class: &source.classes[answer.class],
            sample: SampleId::from(answer.row),
            text,
            how: How::Answered { asked_by: answer.asked_by },
        })
    });
    let is_folder = source.has_pictures() && source.path.is_dir();
    let set = LabeledSet {
        name: source.name.clone(),
        classes: source.classes.clone(),
        labels: labels.collect::<Result<_>>()?,
        folder: is_folder.then(|| source.path.clone()),
    };
    write(&set, format, Some(&source.path), out, || Pictures::of_source(source, &monitor))
}
