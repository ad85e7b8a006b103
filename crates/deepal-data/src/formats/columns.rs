//! [`Columns`]: a table on disk, CSV, TSV, JSON lines or Parquet, column by column.

mod dialect;
mod json;
mod parquet;
mod separated;
mod words;

#[cfg(test)]
pub(crate) use dialect::SEPARATORS;
#[cfg(test)]
pub(crate) use words::MISSING;
pub(crate) use words::is_missing;

use crate::error::{Error, Result};
use ndarray::Array2;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use words::Numbers;

/// A table, held in memory.
#[derive(Debug)]
pub struct Columns {
    path: PathBuf,
    names: Vec<String>,
    columns: Vec<Column>,
    /// Where the column of each name is.
    places: HashMap<String, usize>,
    /// The names of columns that cannot be read, with their kinds.
    unread: Vec<(String, String)>,
    /// The names of columns that nobody asked for.
    skipped: Vec<String>,
    /// The rows of the file that these are; `None`: all.
    rows: Option<Vec<usize>>,
    len: usize,
    layout: Layout,
    /// The decimals' sign that the cells of a text table show, for columns that do not say it.
    hint: Option<char>,
    /// What was assumed of how it is written.
    notes: Vec<String>,
}

/// How a text table is written, where that is said; what is left out shows in the file. Nothing of it concerns Parquet but
/// `missing`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout {
    /// The byte between cells.
    pub separator: Option<u8>,
    /// The sign before decimals, `.` or `,`.
    pub decimal: Option<char>,
    /// Whether the first row holds the columns' names.
    pub heading: Option<bool>,
    /// Words that mean a missing value, besides the usual ones. Numbers among them count for labels alone.
    pub missing: Vec<String>,
    /// The most bytes that a packed table may become [default: [`MOST_UNPACKED`](crate::files::MOST_UNPACKED)].
    pub max_unpacked: Option<u64>,
}

/// A column, as it is in the file.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Numbers; missing ones are NaN.
    Numbers(Vec<f64>),
    /// Numbers of single or half precision; missing ones are NaN.
    Singles(Vec<f32>),
    /// Whole numbers, all digits of them.
    Integers(Vec<Option<i64>>),
    /// Whole numbers that are not negative, all digits of them.
    Unsigned(Vec<Option<u64>>),
    /// True or false, which are 1 and 0 as numbers.
    Booleans(Vec<Option<bool>>),
    /// Text, or anything from a file that knows no types.
    Text(Vec<Option<String>>),
    /// Lists of numbers, all of one length, `[n, d]`; missing numbers are NaN.
    Lists(Array2<f32>),
    /// Bytes that are no text, such as encoded pictures.
    Bytes(Vec<Option<Vec<u8>>>),
}

/// What of a table is read; [`Part::default`] is all of it.
#[derive(Clone, Copy, Default)]
pub struct Part<'a> {
    /// Whether a column of this name is wanted; `None`: all are.
    pub columns: Option<&'a dyn Fn(&str) -> bool>,
    /// The rows that are wanted, from 0 on and rising; `None`: all are.
    pub rows: Option<&'a [usize]>,
}

impl std::fmt::Debug for Part<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Part").field("rows", &self.rows.map(<[_]>::len)).finish_non_exhaustive()
    }
}

impl<'a> Part<'a> {
    fn wants(&self, column: &str) -> bool {
        self.columns.is_none_or(|wants| wants(column))
    }

    /// Passes over the rows of the file.
    fn kept(&self) -> Kept<'a> {
        Kept { rows: self.rows, at: 0 }
    }
}

/// The most bytes of a row of a text table: more is no table.
const MOST_OF_ROW: u64 = 64 << 20;
/// Bytes that a cell takes besides its text.
const CELL: u64 = 40;

/// A pass over the rows of a file, which tells of each whether it is wanted.
struct Kept<'a> {
    /// Those that are still to come.
    rows: Option<&'a [usize]>,
    at: usize,
}

impl Kept<'_> {
    /// Whether the next row is wanted.
    fn next(&mut self) -> bool {
        let at = self.at;
        self.at += 1;
        let Some(rows) = &mut self.rows else { return true };
        let is_wanted = rows.first() == Some(&at);
        if is_wanted {
            *rows = &rows[1..];
        }
        is_wanted
    }

    /// How many of the next `rows` rows are wanted.
    fn among(&self, rows: usize) -> usize {
        self.rows.map_or(rows, |wanted| wanted.partition_point(|row| *row < self.at + rows))
    }
}

/// A column; or its kind, if it cannot be read, and `None` if nobody asked for it.
type Read = Result<Column, Option<String>>;

/// The columns of a table, and how many of its rows were wanted.
type Wanted = (Vec<(String, Read)>, usize);

impl Columns {
    /// Reads a table; which kind tells its name: `.csv`, `.tsv`, `.jsonl`, `.ndjson` or `.parquet`, the first four also packed
    /// (`.gz`). Columns of other kinds, such as nested values other than lists of numbers, are [`unread`](Self::unread). The
    /// columns of JSON lines are in the order in which the lines first name them.
    ///
    /// # Errors
    /// A file that cannot be read or is of another kind, a row with more or fewer cells than the heading, two columns of one
    /// name, lists of different lengths or missing ones, text that is not UTF-8, or a file that ends too early.
    pub fn read(path: &Path) -> Result<Self> {
        Self::read_part(path, &Part::default())
    }

    /// As [`read`](Self::read), but only a part of the table: neither other columns nor other rows take memory.
    ///
    /// # Errors
    /// As [`read`](Self::read), about what is read; rows are named as those of the file.
    pub fn read_part(path: &Path, part: &Part<'_>) -> Result<Self> {
        Self::read_as(path, part, &Layout::default())
    }

    /// As [`read_part`](Self::read_part), of a table that is written as `layout` says.
    ///
    /// # Errors
    /// As [`read_part`](Self::read_part); a text table of which it is unclear how it is written, such as one without a heading.
    pub fn read_as(path: &Path, part: &Part<'_>, layout: &Layout) -> Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        let found = match name.rsplit_once('.').map(|(_, extension)| extension) {
            Some("parquet") => (parquet::read(path, part)?, None, Vec::new()),
            Some("jsonl" | "ndjson") => (json::read(path, part, layout)?, None, Vec::new()),
            Some("tsv") => separated::read(path, b'\t', part, layout)?,
            Some("csv") => separated::read(path, b',', part, layout)?,
            _ => return Err(Error::unfit(path, "is no table; known are .csv, .tsv, .jsonl and .parquet")),
        };
        Self::of(path, part, layout, found)
    }

    /// A CSV table that is in memory; `path` stands for it in errors.
    ///
    /// # Errors
    /// As [`read_as`](Self::read_as).
    pub(crate) fn of_csv(path: &Path, bytes: &[u8], layout: &Layout) -> Result<Self> {
        let part = Part::default();
        Self::of(path, &part, layout, separated::read_from(bytes, path, b',', &part, layout)?)
    }

    fn of(path: &Path, part: &Part<'_>, layout: &Layout, found: separated::Found) -> Result<Self> {
        let ((columns, len), hint, notes) = found;
        let mut table = Self {
            path: path.into(),
            names: Vec::new(),
            columns: Vec::new(),
            places: HashMap::new(),
            unread: Vec::new(),
            skipped: Vec::new(),
            rows: part.rows.map(<[_]>::to_vec),
            len,
            layout: layout.clone(),
            hint,
            notes,
        };
        for (at, (name, column)) in columns.into_iter().enumerate() {
            if table.places.insert(name.clone(), table.columns.len()).is_some() {
                return Err(Error::unfit(
                    path,
                    format!("has two columns `{name}`, the second at place {}", at + 1),
                ));
            }
            match column {
                Ok(column) => {
                    table.names.push(name);
                    table.columns.push(column);
                }
                Err(Some(kind)) => table.unread.push((name, kind)),
                Err(None) => table.skipped.push(name),
            }
        }
        for name in table.unread.iter().map(|(name, _)| name).chain(&table.skipped) {
            table.places.remove(name);
        }
        Ok(table)
    }

    /// The columns' names, in their order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The names of columns that are not read, with their kinds, such as `nested values`.
    pub fn unread(&self) -> &[(String, String)] {
        &self.unread
    }

    /// What was assumed of how a text table is written, in sentences without full stop.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The column of a name.
    ///
    /// # Errors
    /// There is none, where the message suggests the nearest name, or it is of a kind that cannot be read.
    pub fn column(&self, name: &str) -> Result<&Column> {
        match self.places.get(name) {
            Some(at) => Ok(&self.columns[*at]),
            None => Err(self.no_column(name)),
        }
    }

    /// The column of a name alone.
    ///
    /// # Errors
    /// As [`column`](Self::column).
    pub fn into_column(mut self, name: &str) -> Result<Column> {
        match self.places.get(name) {
            Some(at) => Ok(self.columns.swap_remove(*at)),
            None => Err(self.no_column(name)),
        }
    }

    /// An error about the table.
    pub(crate) fn wrong(&self, why: impl Into<String>) -> Error {
        Error::unfit(&self.path, why)
    }

    fn no_column(&self, name: &str) -> Error {
        if let Some((_, kind)) = self.unread.iter().find(|(unread, _)| unread == name) {
            return Error::unfit(
                &self.path,
                format!(
                    "column `{name}` is of a kind that cannot be read ({kind}); write it as numbers, text or lists of \
                     numbers"
                ),
            );
        }
        let known = self.names.iter().chain(&self.skipped).map(String::as_str).collect::<Vec<_>>();
        let hint = deepal_core::did_you_mean(name, &known)
            .map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        let names = known.join(", ");
        Error::unfit(&self.path, format!("has no column `{name}`, but {names}{hint}"))
    }

    /// The names that a pattern fits, in the table's order; `*` in it stands for any letters.
    ///
    /// # Errors
    /// None fits.
    pub fn matching(&self, pattern: &str) -> Result<Vec<&str>> {
        let names =
            self.names.iter().map(String::as_str).filter(|name| fits(pattern, name)).collect::<Vec<_>>();
        if names.is_empty() { self.column(pattern).map(|_| names) } else { Ok(names) }
    }

    /// Number columns side by side, or one column of lists, `[n, d]`.
    ///
    /// # Errors
    /// A column that is missing, has text that is no number, or lists among several columns.
    pub fn matrix(&self, names: &[&str]) -> Result<Array2<f64>> {
        if let [name] = names
            && let Column::Lists(lists) = self.column(name)?
        {
            return Ok(lists.mapv(f64::from));
        }
        self.side_by_side(names, |number| number)
    }

    /// As [`matrix`](Self::matrix), of the columns that a pattern fits and in single precision, `[n, d]`; a column of lists is
    /// moved, not copied.
    ///
    /// # Errors
    /// As [`matching`](Self::matching) and [`matrix`](Self::matrix).
    pub fn into_singles(self, pattern: &str) -> Result<Array2<f32>> {
        let names = self.matching(pattern)?;
        if let [name] = names[..]
            && let Column::Lists(_) = self.column(name)?
        {
            let name = name.to_owned();
            let Column::Lists(lists) = self.into_column(&name)? else { return Ok(Array2::zeros((0, 0))) };
            return Ok(lists);
        }
        self.side_by_side(&names, |number| number as f32)
    }

    /// Number columns as a matrix, `[n, d]`.
    fn side_by_side<T: Clone>(&self, names: &[&str], of: fn(f64) -> T) -> Result<Array2<T>> {
        let mut matrix = Array2::from_elem((self.len, names.len()), of(0.0));
        for (name, mut column) in names.iter().zip(matrix.columns_mut()) {
            let numbers = self.numbers(name)?;
            let numbers = numbers
                .map_err(|wrong| Error::unfit(&self.path, format!("column `{name}` {}", wrong.why)))?;
            column.iter_mut().zip(numbers.values).for_each(|(cell, number)| *cell = of(number));
        }
        Ok(matrix)
    }

    /// The cells of a column as numbers, or the first that is none.
    pub(crate) fn numbers(&self, name: &str) -> Result<Result<Numbers, NoNumbers>> {
        let row_of = |row: usize| self.rows.as_ref().map_or(row, |rows| rows[row]);
        let Column::Text(texts) = self.column(name)? else {
            let values = self.column(name)?.numbers();
            let kind = |why| NoNumbers { why, is_unclear: false };
            return Ok(values.map(|values| Numbers { values, decimal: None }).map_err(kind));
        };
        let Layout { decimal, missing, .. } = &self.layout;
        // A number that means a missing label may be a number as a feature.
        let words =
            missing.iter().filter(|word| word.trim().parse::<f64>().is_err()).cloned().collect::<Vec<_>>();
        let numbers = words::numbers(texts, *decimal, self.hint, &words);
        Ok(numbers.map_err(|wrong| NoNumbers {
            why: wrong.why(row_of(wrong.row) + 1),
            is_unclear: wrong.is_unclear,
        }))
    }

    /// The cells of a column as texts without spaces around; `None` where one is missing.
    ///
    /// # Errors
    /// As [`column`](Self::column).
    pub(crate) fn cells(&self, name: &str) -> Result<Vec<Option<String>>> {
        let trimmed = |text: String| match text.trim() {
            word if is_missing(word, &self.layout.missing) => None,
            word if word.len() == text.len() => Some(text),
            word => Some(word.to_owned()),
        };
        Ok(self.column(name)?.texts().into_iter().map(|cell| cell.and_then(trimmed)).collect())
    }

    /// How many rows and features a pattern's columns have, `[n, d]`, where the file tells before they are read (Parquet).
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn peek(path: &Path, pattern: &str) -> Result<Option<[usize; 2]>> {
        let is_parquet = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("parquet"));
        if is_parquet { parquet::peek(path, pattern).map(Some) } else { Ok(None) }
    }
}

/// Why a column is none of numbers, in words.
pub(crate) struct NoNumbers {
    pub(crate) why: String,
    /// Whether it is one of numbers, and only their commas are unclear.
    pub(crate) is_unclear: bool,
}

impl Column {
    /// How many rows it has.
    pub fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Singles(numbers) => numbers.len(),
            Self::Integers(integers) => integers.len(),
            Self::Unsigned(integers) => integers.len(),
            Self::Booleans(booleans) => booleans.len(),
            Self::Text(texts) => texts.len(),
            Self::Lists(lists) => lists.nrows(),
            Self::Bytes(cells) => cells.len(),
        }
    }

    /// Whether it has no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its cells as numbers; missing ones are NaN.
    ///
    /// # Errors
    /// In words: the first text that is no number, or lists.
    pub fn numbers(&self) -> Result<Vec<f64>, String> {
        match self {
            Self::Numbers(numbers) => Ok(numbers.clone()),
            Self::Singles(numbers) => Ok(numbers.iter().map(|x| f64::from(*x)).collect()),
            Self::Integers(cells) => Ok(cells.iter().map(|x| x.map_or(f64::NAN, |x| x as f64)).collect()),
            Self::Unsigned(cells) => Ok(cells.iter().map(|x| x.map_or(f64::NAN, |x| x as f64)).collect()),
            Self::Booleans(cells) => {
                Ok(cells.iter().map(|x| x.map_or(f64::NAN, |x| f64::from(u8::from(x)))).collect())
            }
            Self::Lists(_) => Err("has lists where single numbers are wanted".into()),
            Self::Bytes(_) => Err("has bytes where numbers are wanted".into()),
            Self::Text(texts) => words::numbers(texts, None, None, &[])
                .map(|numbers| numbers.values)
                .map_err(|wrong| wrong.why(wrong.row + 1)),
        }
    }

    /// Its cells as text, moved if they are; missing ones are `None`.
    pub fn into_texts(self) -> Vec<Option<String>> {
        if let Self::Text(texts) = self { texts } else { self.texts() }
    }

    /// Its cells as text; missing ones are `None`.
    pub fn texts(&self) -> Vec<Option<String>> {
        match self {
            Self::Text(texts) => texts.clone(),
            Self::Numbers(numbers) => numbers.iter().map(|x| (!x.is_nan()).then(|| x.to_string())).collect(),
            Self::Singles(numbers) => numbers.iter().map(|x| (!x.is_nan()).then(|| x.to_string())).collect(),
            Self::Integers(cells) => cells.iter().map(|x| x.map(|x| x.to_string())).collect(),
            Self::Unsigned(cells) => cells.iter().map(|x| x.map(|x| x.to_string())).collect(),
            Self::Booleans(cells) => cells.iter().map(|x| x.map(|x| x.to_string())).collect(),
            Self::Lists(lists) => lists.outer_iter().map(|list| Some(list.to_string())).collect(),
            Self::Bytes(cells) => {
                cells.iter().map(|x| x.as_ref().map(|x| format!("{} bytes", x.len()))).collect()
            }
        }
    }
}

/// Whether a name fits a pattern in which `*` stands for any letters.
pub fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|name| {
            name.char_indices().map(|(at, _)| at).chain([name.len()]).any(|at| fits(rest, &name[at..]))
        }),
    }
}

/// Lists, one after the other, as a matrix; the length of a missing one is `None`.
fn list_column(
    path: &Path,
    name: &str,
    lengths: &[Option<usize>],
    values: Vec<f32>,
    part: &Part<'_>,
) -> Result<Column> {
    let row_of = |row: usize| 1 + part.rows.map_or(row, |rows| rows[row]);
    let wrong = |why: String| Err(Error::unfit(path, format!("column `{name}` {why}")));
    let mut width = 0;
    for (row, length) in lengths.iter().enumerate() {
        match *length {
            None => return wrong(format!("has no list in row {}; every row needs one", row_of(row))),
            Some(0) => {
                return wrong(format!("has an empty list in row {}; every row needs numbers", row_of(row)));
            }
            Some(length) if row > 0 && length != width => {
                return wrong(format!(
                    "has a list of {length} numbers in row {} and of {width} before",
                    row_of(row)
                ));
            }
            Some(length) => width = length,
        }
    }
    let matrix = Array2::from_shape_vec((lengths.len(), width), values);
    Ok(Column::Lists(matrix.map_err(|error| Error::Core(deepal_core::Error::other(error)))?))
}
