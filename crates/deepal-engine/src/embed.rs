//! The embeddings of a source as a file.

use crate::error::Result;
use crate::monitor::Monitor;
use crate::pretrained::Pretrained;
use crate::sources;
use deepal_core::SampleId;
use deepal_data::formats::npy;
use deepal_data::source::{Open, Split};
use deepal_data::{csv_row, write_atomically, write_in_pieces};
use std::path::{Path, PathBuf};

/// What [`embed`] wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Embedded {
    /// How many embeddings.
    pub n: usize,
    /// How many numbers each has.
    pub width: usize,
    /// The table of their ids, `row,id,label,split`.
    pub ids: PathBuf,
}

/// Writes the embeddings of a source by a pretrained net, `[n, d]` float32 as NumPy has them, and beside them a table of ids.
///
/// # Errors
/// A source that cannot be read or that the net does not take, or a file that cannot be written.
pub fn embed(source: &Path, model: &Pretrained, out: &Path, monitor: Monitor<'_>) -> Result<Embedded> {
    let source = sources::open(source, Some(model), None, &Open::default(), &monitor)?;
    let n = source.ids.len();
    let embeddings = source.dataset((0..n).collect()).inputs(&SampleId::first(n))?;
    let mut table = b"row,id,label,split\n".to_vec();
    for (row, id) in source.ids.iter().enumerate() {
        let label = source.labels[row].and_then(|class| source.classes.get(class.index()));
        let label = label.map_or("", String::as_str);
        let split = if source.split[row] == Split::Test { "test" } else { "train" };
        table.extend(csv_row([row.to_string().as_str(), id, label, split]));
    }
    let ids = out.with_extension("ids.csv");
    // The table when the array has its room on the disk, so that one without the other is hardly possible.
    write_in_pieces(out, |write| {
        write(&npy::to_npy(&embeddings)?)?;
        write_atomically(&ids, &table)
    })?;
    Ok(Embedded { n, width: embeddings.ncols(), ids })
}
