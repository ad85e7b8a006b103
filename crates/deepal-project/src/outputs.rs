//! What a project writes for people and other programs.

use crate::project::Project;
use crate::sheet;
use crate::state::Item;
use crate::work::with_classes;
use deepal_data::{csv_row, write_atomically};
use deepal_engine::export::{Answered, Format, write_answers};
use deepal_engine::{Monitor, Result};
use std::path::Path;

impl Project {
    /// A page that shows the open questions, with everything inside, and a table `id,label` to fill in.
    ///
    /// # Errors
    /// Samples that cannot be read any more.
    pub fn sheet(&self) -> Result<(String, Vec<u8>)> {
        let questions = self.open_questions().into_iter();
        let questions = questions.filter_map(|question| Some((self.row(&question.id)?, question)));
        let questions = questions.collect::<Vec<_>>();
        Ok((sheet::page(self.source(), &self.state().classes, &questions)?, sheet::table(&questions)))
    }

    /// The labels that count now, `id,label,asked_by`, in the order of the samples; a file that `labels.csv` can be.
    pub fn labels_csv(&self) -> Vec<u8> {
        let state = self.state();
        let mut table = b"id,label,asked_by\n".to_vec();
        for (id, item) in self.source().ids.iter().zip(&state.items) {
            if let (Some(class), Some(by)) = (item.class, item.asked_by) {
                table.extend(csv_row([id.as_str(), &state.classes[class as usize].name, by.name()]));
            }
        }
        table
    }

    /// The same as JSON, an object a line.
    ///
    /// # Errors
    /// Hardly any.
    pub fn labels_jsonl(&self) -> Result<Vec<u8>> {
        let state = self.state();
        let mut lines = Vec::new();
        for (id, item) in self.source().ids.iter().zip(&state.items) {
            if let (Some(class), Some(by)) = (item.class, item.asked_by) {
                let label = &state.classes[class as usize].name;
                let row = serde_json::json!({ "id": id, "label": label, "asked_by": by });
                serde_json::to_writer(&mut lines, &row)?;
                lines.push(b'\n');
            }
        }
        Ok(lines)
    }

    /// Writes the labels that count now in a format to a file, or to a folder that is new or empty; how many. Samples that were skipped or
    /// discarded have none; a flag changes nothing.
    ///
    /// # Errors
    /// Samples that do not suit the format or cannot be read any more, or what cannot be written.
    pub fn export(&self, format: Format, out: &Path, monitor: Monitor<'_>) -> Result<usize> {
        let state = self.state();
        let answered = |(row, item): (usize, &Item)| {
            Some(Answered { row, class: item.class? as usize, asked_by: item.asked_by?.name() })
        };
        let answers = state.items.iter().enumerate().filter_map(answered).collect::<Vec<_>>();
        match format {
            Format::Csv => write_atomically(out, &self.labels_csv())?,
            Format::Jsonl => write_atomically(out, &self.labels_jsonl()?)?,
            _ => write_answers(
                &with_classes(self.source(), state.class_names()),
                &answers,
                format,
                out,
                monitor,
            )?,
        }
        Ok(answers.len())
    }

    /// The open questions as a table, `rank,id,row,score,asked_by,class,probability`: the rank is the place in the batch, class and
    /// probability are what the net makes of it.
    pub fn questions_csv(&self) -> Vec<u8> {
        let (state, questions) = (self.state(), self.open_questions());
        let mut table = b"rank,id,row,score,asked_by,class,probability\n".to_vec();
        for (at, question) in questions.iter().enumerate() {
            let row = self.row(&question.id).map_or(String::new(), |row| row.to_string());
            let score = question.score.map_or(String::new(), |score| score.to_string());
            let (class, probability) = match question.likeliest.first() {
                Some((class, probability)) => {
                    (state.classes[*class as usize].name.clone(), probability.to_string())
                }
                None => (String::new(), String::new()),
            };
            let (rank, by) = ((at + 1).to_string(), question.asked_by.name().to_owned());
            table.extend(csv_row([rank, question.id.clone(), row, score, by, class, probability]));
        }
        table
    }
}
