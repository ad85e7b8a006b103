//! [`Columns`]: a table on disk, CSV, TSV, JSON lines or Parquet, column by column.

mod parquet;

use crate::error::{Error, Result};
use crate::files;
use ndarray::Array2;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

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
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        let (columns, len) = match name.rsplit_once('.').map(|(_, extension)| extension) {
            Some("parquet") => parquet::read(path, part)?,
            Some("jsonl" | "ndjson") => json_lines(path, part)?,
            Some("tsv") => separated(path, b'\t', part)?,
            Some("csv") => separated(path, b',', part)?,
            _ => return Err(Error::unfit(path, "is no table; known are .csv, .tsv, .jsonl and .parquet")),
        };
        let mut table = Self {
            path: path.into(),
            names: Vec::new(),
            columns: Vec::new(),
            places: HashMap::new(),
            unread: Vec::new(),
            skipped: Vec::new(),
            rows: part.rows.map(<[_]>::to_vec),
            len,
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

    /// The names of columns that are not read, with their kinds, such as `DECIMAL`.
    pub fn unread(&self) -> &[(String, String)] {
        &self.unread
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
        let row_of = |row: usize| self.rows.as_ref().map_or(row, |rows| rows[row]);
        let mut matrix = Array2::from_elem((self.len, names.len()), of(0.0));
        for (name, mut column) in names.iter().zip(matrix.columns_mut()) {
            let numbers = self.column(name)?.numbers_of(row_of);
            let numbers =
                numbers.map_err(|why| Error::unfit(&self.path, format!("column `{name}` {why}")))?;
            column.iter_mut().zip(numbers).for_each(|(cell, number)| *cell = of(number));
        }
        Ok(matrix)
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
        self.numbers_of(|row| row)
    }

    /// As [`numbers`](Self::numbers); `row_of` tells which row of the file a cell is in.
    fn numbers_of(&self, row_of: impl Fn(usize) -> usize) -> Result<Vec<f64>, String> {
        match self {
            Self::Numbers(numbers) => Ok(numbers.clone()),
            Self::Singles(numbers) => Ok(numbers.iter().map(|x| f64::from(*x)).collect()),
            Self::Integers(cells) => Ok(cells.iter().map(|x| x.map_or(f64::NAN, |x| x as f64)).collect()),
            Self::Unsigned(cells) => Ok(cells.iter().map(|x| x.map_or(f64::NAN, |x| x as f64)).collect()),
            Self::Booleans(cells) => {
                Ok(cells.iter().map(|x| x.map_or(f64::NAN, |x| f64::from(u8::from(x)))).collect())
            }
            Self::Lists(_) => Err("has lists where single numbers are wanted".into()),
            Self::Text(texts) => {
                let cell = |(row, text): (usize, &Option<String>)| {
                    number(text.as_deref()).ok_or_else(|| {
                        let text = text.as_deref().unwrap_or_default();
                        format!("has `{text}` in row {}, which is no number", row_of(row) + 1)
                    })
                };
                texts.iter().enumerate().map(cell).collect()
            }
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
        }
    }
}

/// A cell as a number, NaN if it is missing; `None` if it is none.
pub(crate) fn number(text: Option<&str>) -> Option<f64> {
    match text.map(str::trim) {
        None | Some("" | "NA" | "N/A" | "nan" | "NaN" | "null" | "None") => Some(f64::NAN),
        Some(text) => text.parse().ok(),
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

/// Text with a heading; empty cells are missing.
fn separated(path: &Path, delimiter: u8, part: &Part<'_>) -> Result<Wanted> {
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(files::open(path)?);
    let broken = |error: csv::Error| Error::unfit(path, format!("is no table that can be read: {error}"));
    let heading = reader.headers().map_err(broken)?.clone();
    // A byte order mark belongs to the file and not to the first name.
    let names = heading.iter().map(|name| name.trim_start_matches('\u{feff}').trim().to_owned());
    let mut columns =
        names.map(|name| (part.wants(&name).then(Vec::new), name)).collect::<Vec<(Option<Vec<_>>, _)>>();
    let (mut kept, mut len) = (part.kept(), 0);
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(broken)? {
        if !kept.next() {
            continue;
        }
        len += 1;
        for (cell, (column, _)) in record.iter().zip(&mut columns) {
            if let Some(column) = column {
                column.push((!cell.is_empty()).then(|| cell.to_owned()));
            }
        }
    }
    let columns = columns.into_iter().map(|(cells, name)| (name, cells.map(Column::Text).ok_or(None)));
    Ok((columns.collect(), len))
}

/// A JSON object with its keys in their order; `serde_json`'s own sorts them.
struct Object(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Object;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Object(pairs))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

/// One object a line; a key that is absent is missing.
fn json_lines(path: &Path, part: &Part<'_>) -> Result<Wanted> {
    let mut places = HashMap::<String, usize>::new();
    let mut columns = Vec::<(String, Vec<(usize, Value)>)>::new();
    let (mut kept, mut len) = (part.kept(), 0);
    for (line, text) in BufReader::new(files::open(path)?).split(b'\n').enumerate() {
        let text = text.map_err(|cause| files::broken(path, cause))?;
        let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&text).trim_ascii();
        if text.is_empty() {
            continue;
        }
        let is_kept = kept.next();
        let Object(object) = serde_json::from_slice(text)
            .map_err(|error| Error::unfit(path, format!("line {} is no JSON object: {error}", line + 1)))?;
        for (name, value) in object {
            if let Some(digits) = lost_digits(text, &value) {
                return Err(Error::unfit(
                    path,
                    format!(
                        "line {} has `{digits}` as `{name}`, a whole number of more than 64 bits, which would lose digits; write \
                         it as text, in quotes",
                        line + 1
                    ),
                ));
            }
            let at = *places.entry(name.clone()).or_insert(columns.len());
            if at == columns.len() {
                columns.push((name, Vec::new()));
            }
            let (name, cells) = &mut columns[at];
            if cells.last().is_some_and(|(row, _)| *row == len) {
                return Err(Error::unfit(path, format!("line {} has the key `{name}` twice", line + 1)));
            }
            // A name is a column even where its values are not wanted.
            if is_kept && part.wants(name) {
                cells.push((len, value));
            }
        }
        len += usize::from(is_kept);
    }
    let column = |(name, cells): (String, Vec<(usize, Value)>)| {
        let column = if part.wants(&name) { json_column(path, &name, cells, len, part)? } else { Err(None) };
        Ok((name, column))
    };
    Ok((columns.into_iter().map(column).collect::<Result<_>>()?, len))
}

/// The digits of a whole number too large for 64 bits, which the parser rounds; `line` is where it stands.
fn lost_digits<'a>(line: &'a [u8], value: &Value) -> Option<&'a str> {
    let rounded = value.as_f64().filter(|number| value.is_f64() && number.abs() >= 9.2e18)?;
    let is_part = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
    line.chunk_by(|a, b| is_part(a) == is_part(b)).filter_map(|part| std::str::from_utf8(part).ok()).find(
        |part| {
            let digits = part.strip_prefix('-').unwrap_or(part);
            digits.len() > 18
                && digits.bytes().all(|byte| byte.is_ascii_digit())
                && part.parse() == Ok(rounded)
        },
    )
}

/// Lists if all are, numbers if all are, true or false if all are, else text.
fn json_column(
    path: &Path,
    name: &str,
    mut cells: Vec<(usize, Value)>,
    len: usize,
    part: &Part<'_>,
) -> Result<Read> {
    cells.retain(|(_, value)| !value.is_null());
    let all = |is: fn(&Value) -> bool| cells.iter().all(|(_, value)| is(value));
    if cells.iter().any(|(_, value)| value.is_object()) {
        return Ok(Err(Some("nested values".into())));
    }
    if cells.is_empty() {
        return Ok(Ok(Column::Text(vec![None; len])));
    }
    if all(Value::is_i64) {
        return Ok(Ok(Column::Integers(spread(&cells, len, Value::as_i64))));
    }
    if all(Value::is_u64) {
        return Ok(Ok(Column::Unsigned(spread(&cells, len, Value::as_u64))));
    }
    if all(Value::is_boolean) {
        return Ok(Ok(Column::Booleans(spread(&cells, len, Value::as_bool))));
    }
    if all(Value::is_number) {
        let numbers = spread(&cells, len, Value::as_f64).into_iter();
        return Ok(Ok(Column::Numbers(numbers.map(|number| number.unwrap_or(f64::NAN)).collect())));
    }
    if all(Value::is_array) {
        let (mut values, mut lengths) = (Vec::new(), vec![None; len]);
        for (row, value) in &cells {
            let list = value.as_array().map_or(&[][..], Vec::as_slice);
            lengths[*row] = Some(list.len());
            for value in list {
                match value.as_f64() {
                    Some(number) => values.push(number as f32),
                    None if value.is_null() => values.push(f32::NAN),
                    None => return Ok(Err(Some("lists of other than numbers".into()))),
                }
            }
        }
        return list_column(path, name, &lengths, values, part).map(Ok);
    }
    let text = |value: &Value| Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    Ok(Ok(Column::Text(spread(&cells, len, text))))
}

/// The values of the rows that have one.
fn spread<T: Clone>(
    cells: &[(usize, Value)],
    len: usize,
    of: impl Fn(&Value) -> Option<T>,
) -> Vec<Option<T>> {
    let mut column = vec![None; len];
    cells.iter().for_each(|(row, value)| column[*row] = of(value));
    column
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
