//! Samples as the page addresses and sees them.

use crate::refusal::{Refusal, Reply};
use axum::http::StatusCode;
use deepal_data::source::Shown;
use deepal_project::{AskedBy, Project, State};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// The most letters of a text or cell that are sent.
const MOST_LETTERS: usize = 50_000;

/// A sample as the page sees it.
#[derive(Debug, Serialize)]
pub(crate) struct View {
    /// Its address.
    item: String,
    id: String,
    #[serde(flatten)]
    content: Content,
    class: Option<u32>,
    is_skipped: bool,
    is_discarded: bool,
    flag: Option<String>,
    asked_by: Option<AskedBy>,
}

/// What there is to see of it.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Content {
    /// At `/media/ITEM`.
    Picture,
    Text {
        text: String,
    },
    Fields {
        fields: Vec<(String, String)>,
    },
    /// There is nothing to see.
    Nothing,
    /// It cannot be read any more.
    Unreadable {
        why: String,
    },
}

/// The address of a sample: its row, and a part of the hash of its id, so that an address from before the source changed does not mean
/// another sample.
pub(crate) fn address(project: &Project, row: usize) -> String {
    let id = project.source().ids.get(row).map_or("", String::as_str);
    let hash = Sha256::digest(id);
    format!("{row}-{:02x}{:02x}{:02x}{:02x}", hash[0], hash[1], hash[2], hash[3])
}

/// The row of an address.
pub(crate) fn row(project: &Project, item: &str) -> Reply<usize> {
    let row = item.split('-').next().and_then(|row| row.parse::<usize>().ok());
    let row = row.filter(|row| *row < project.source().ids.len() && address(project, *row) == item);
    row.ok_or_else(|| {
        let why =
            "there is no such sample; if the source changed since the page was opened, load the page again";
        Refusal::new(StatusCode::NOT_FOUND, why)
    })
}

/// A sample as the page sees it. `asked_by`: how the question comes up, if it is one.
pub(crate) fn view(project: &Project, state: &State, row: usize, asked_by: Option<AskedBy>) -> View {
    let source = project.source();
    let item = &state.items[row];
    View {
        item: address(project, row),
        id: source.ids[row].clone(),
        content: content(project, row),
        class: item.class,
        is_skipped: item.is_skipped,
        is_discarded: item.is_discarded,
        flag: item.flag.clone(),
        asked_by: asked_by.or(item.asked_by),
    }
}

fn content(project: &Project, row: usize) -> Content {
    if project.source().has_pictures() {
        return Content::Picture;
    }
    match project.source().show(row) {
        Ok(Shown::Picture(_)) => Content::Picture,
        Ok(Shown::Text(text)) => Content::Text { text: cut(text) },
        Ok(Shown::Fields(fields)) => {
            Content::Fields { fields: fields.into_iter().map(|(name, cell)| (name, cut(cell))).collect() }
        }
        Ok(Shown::Nothing) => Content::Nothing,
        Err(error) => Content::Unreadable { why: error.to_string() },
    }
}

fn cut(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(MOST_LETTERS) {
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_letters() {
        assert_eq!(cut("äö".into()), "äö");
        let long = cut("ä".repeat(MOST_LETTERS + 1));
        assert_eq!((long.chars().count(), long.chars().last()), (MOST_LETTERS + 1, Some('…')));
    }
}
