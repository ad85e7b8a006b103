//! Text tables with separators, read row by row.

use super::dialect::{Dialect, START, name_of};
use super::{CELL, Column, Layout, MOST_OF_ROW, Part, Wanted};
use crate::error::{Error, Result};
use crate::files;
use crate::files::{NOT_UTF8, Room};
use std::io::{self, Cursor, Read};
use std::path::Path;

/// What was read, the decimals' sign that cells show, and what was assumed.
pub(super) type Found = (Wanted, Option<char>, Vec<String>);

/// Text with a heading; empty cells are missing. `usual` separates cells in files of this name.
pub(super) fn read(path: &Path, usual: u8, part: &Part<'_>, layout: &Layout) -> Result<Found> {
    read_from(
        files::open_within(path, layout.max_unpacked.unwrap_or(files::MOST_UNPACKED))?,
        path,
        usual,
        part,
        layout,
    )
}

/// The same from what is open already.
pub(super) fn read_from(
    mut file: impl Read,
    path: &Path,
    usual: u8,
    part: &Part<'_>,
    layout: &Layout,
) -> Result<Found> {
    let mut start = Vec::new();
    Read::by_ref(&mut file)
        .take(START as u64)
        .read_to_end(&mut start)
        .map_err(|cause| files::broken(path, cause))?;
    let is_whole = start.len() < START;
    let dialect = Dialect::of(path, &start, is_whole, usual, layout)?;
    let mut text = Cursor::new(start);
    text.set_position(dialect.skip as u64);
    let mut reader = csv::ReaderBuilder::new();
    reader.delimiter(dialect.separator).flexible(true).has_headers(dialect.has_heading);
    let mut reader = reader.from_reader(OneRow { inner: text.chain(file), left: MOST_OF_ROW });
    let mut columns = dialect.names.iter().map(|name| part.wants(name).then(Vec::new)).collect::<Vec<_>>();
    let (mut kept, mut len, width, mut room) = (part.kept(), 0, columns.len(), Room::default());
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|cause| broken(path, &cause))? {
        reader.get_mut().left = MOST_OF_ROW;
        // Separators at the end of a row are no cells.
        if record.len() != width
            && (record.len() < width || record.iter().skip(width).any(|cell| !cell.is_empty()))
        {
            return Err(ragged(path, &record, width, dialect.separator));
        }
        if !kept.next() {
            continue;
        }
        len += 1;
        for (cell, column) in record.iter().zip(&mut columns) {
            if let Some(column) = column {
                room.add(CELL + cell.len() as u64).map_err(|why| Error::unfit(path, why))?;
                column.push((!cell.is_empty()).then(|| cell.to_owned()));
            }
        }
    }
    let mut named = Vec::new();
    for (name, cells) in dialect.names.into_iter().zip(columns) {
        let is_blank = name.starts_with("Unnamed: ") && cells.iter().flatten().all(Option::is_none);
        // Separators at the end of the heading name nothing.
        if !(is_blank && cells.is_some()) {
            named.push((name, cells.map(Column::Text).ok_or(None)));
        }
    }
    Ok(((named, len), dialect.hint, dialect.notes))
}

/// A reader that fails where a row is too long to be one.
struct OneRow<R> {
    inner: R,
    /// Bytes that may follow before the row ends.
    left: u64,
}

impl<R: Read> Read for OneRow<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(n as u64).ok_or_else(|| {
            let why = "has a row of more than 64 MB, perhaps because a quote is never closed; correct it";
            io::Error::new(io::ErrorKind::FileTooLarge, why)
        })?;
        Ok(n)
    }
}

fn ragged(path: &Path, record: &csv::StringRecord, width: usize, separator: u8) -> Error {
    let line = record.position().map_or(0, csv::Position::line);
    let (found, name) = (record.len(), name_of(separator));
    Error::unfit(
        path,
        format!(
            "line {line} has {found} cells, and the heading {width}; put cells that hold a {name} into double quotes, or complete \
             the line"
        ),
    )
}

fn broken(path: &Path, cause: &csv::Error) -> Error {
    let line = cause.position().map_or(String::new(), |position| format!("line {} ", position.line()));
    match cause.kind() {
        csv::ErrorKind::Utf8 { .. } => Error::unfit(path, format!("{line}{NOT_UTF8}")),
        csv::ErrorKind::Io(cause) => {
            files::broken(path, std::io::Error::new(cause.kind(), cause.to_string()))
        }
        _ => Error::unfit(path, format!("{line}cannot be read as a table: {cause}; write the file again")),
    }
}
