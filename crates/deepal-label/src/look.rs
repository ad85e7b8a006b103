//! Search: by words, and by example.

use deepal_data::source::Shown;
use deepal_engine::Result;
use deepal_project::{Project, State};
use ndarray::ArrayView1;

/// How many inputs are in memory at a time.
const CHUNK: usize = 512;

/// The rows whose id or text has all words, in any case, at most `n`. Samples that the accuracy is measured on are left out.
pub(crate) fn find(project: &Project, words: &str, n: usize) -> Vec<usize> {
    let words = words.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>();
    if words.is_empty() {
        return Vec::new();
    }
    let source = project.source();
    let rows = (0..source.ids.len()).filter(|row| !project.is_reserved(*row));
    let has_all = |row: &usize| {
        let text = format!("{}\n{}", source.ids[*row], text(project, *row)).to_lowercase();
        words.iter().all(|word| text.contains(word))
    };
    rows.filter(has_all).take(n).collect()
}

/// All letters that are seen of a row.
fn text(project: &Project, row: usize) -> String {
    if project.source().has_pictures() {
        return String::new();
    }
    match project.source().show(row) {
        Ok(Shown::Text(text)) => text,
        Ok(Shown::Fields(fields)) => fields.into_iter().map(|(_, cell)| cell + "\n").collect(),
        _ => String::new(),
    }
}

/// The rows with the nearest inputs to those of `row`, the nearest first, at most `n`; `row` itself is not among them, nor samples that the
/// accuracy is measured on. With `only_open` nor are those that have a label or were discarded.
pub(crate) fn like(
    project: &Project,
    state: &State,
    row: usize,
    n: usize,
    only_open: bool,
) -> Result<Vec<usize>> {
    let is_open = |row: usize| state.items[row].class.is_none() && !state.items[row].is_discarded;
    let may =
        |other: &usize| *other != row && !project.is_reserved(*other) && (!only_open || is_open(*other));
    let rows = (0..state.items.len()).filter(may).collect::<Vec<_>>();
    let example = project.inputs(&[row])?;
    let mut near = Vec::with_capacity(rows.len());
    for rows in rows.chunks(CHUNK) {
        let inputs = project.inputs(rows)?;
        near.extend(rows.iter().zip(inputs.outer_iter()).map(|(row, x)| (distance(x, example.row(0)), *row)));
    }
    near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    Ok(near.into_iter().take(n).map(|(_, row)| row).collect())
}

/// The squared Euclidean distance.
fn distance(a: ArrayView1<'_, f32>, b: ArrayView1<'_, f32>) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}
