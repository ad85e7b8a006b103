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
    /// The names of columns that are not read, with their kinds.
    unread: Vec<(String, String)>,
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

/// A column; or its kind, if it cannot be read.
type Read = Result<Column, String>;

impl Columns {
    /// Reads a table; which kind tells its name: `.csv`, `.tsv`, `.jsonl`, `.ndjson` or `.parquet`, the first four also packed
    /// (`.gz`). Columns of other kinds, such as nested values other than lists of numbers, are [`unread`](Self::unread). The
    /// columns of JSON lines are in the order in which the lines first name them.
    ///
    /// # Errors
    /// A file that cannot be read or is of another kind, a row with more or fewer cells than the heading, two columns of one
    /// name, lists of different lengths or missing ones, text that is not UTF-8, or a file that ends too early.
    pub fn read(path: &Path) -> Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        let columns = match name.rsplit_once('.').map(|(_, extension)| extension) {
            Some("parquet") => parquet::read(path)?,
            Some("jsonl" | "ndjson") => json_lines(path)?,
            Some("tsv") => separated(path, b'\t')?,
            Some("csv") => separated(path, b',')?,
            _ => return Err(wrong(path, "is no table; known are .csv, .tsv, .jsonl and .parquet".into())),
        };
        let mut table = Self {
            path: path.into(),
            names: Vec::new(),
            columns: Vec::new(),
            places: HashMap::new(),
            unread: Vec::new(),
            len: 0,
        };
        for (at, (name, column)) in columns.into_iter().enumerate() {
            if table.places.insert(name.clone(), table.columns.len()).is_some() {
                return Err(wrong(path, format!("has two columns `{name}`, the second at place {}", at + 1)));
            }
            match column {
                Ok(column) => {
                    table.names.push(name);
                    table.columns.push(column);
                }
                Err(kind) => table.unread.push((name, kind)),
            }
        }
        for (name, _) in &table.unread {
            table.places.remove(name);
        }
        table.len = table.columns.first().map_or(0, Column::len);
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
            return wrong(
                &self.path,
                format!(
                    "column `{name}` is of a kind that cannot be read ({kind}); write it as numbers, text or lists of \
                     numbers"
                ),
            );
        }
        let known = self.names.iter().map(String::as_str).collect::<Vec<_>>();
        let hint = deepal_core::did_you_mean(name, &known)
            .map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        let names = self.names.join(", ");
        wrong(&self.path, format!("has no column `{name}`, but {names}{hint}"))
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
        let mut matrix = Array2::zeros((self.len, names.len()));
        for (name, mut column) in names.iter().zip(matrix.columns_mut()) {
            let numbers = self
                .column(name)?
                .numbers()
                .map_err(|why| wrong(&self.path, format!("column `{name}` {why}")))?;
            column.iter_mut().zip(numbers).for_each(|(cell, number)| *cell = number);
        }
        Ok(matrix)
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
                        format!("has `{text}` in row {}, which is no number", row + 1)
                    })
                };
                texts.iter().enumerate().map(cell).collect()
            }
        }
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
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|name| {
            name.char_indices().map(|(at, _)| at).chain([name.len()]).any(|at| fits(rest, &name[at..]))
        }),
    }
}

fn wrong(path: &Path, why: String) -> Error {
    Error::Own { path: path.into(), why }
}

/// Text with a heading; empty cells are missing.
fn separated(path: &Path, delimiter: u8) -> Result<Vec<(String, Read)>> {
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(files::open(path)?);
    let broken = |error: csv::Error| wrong(path, format!("is no table that can be read: {error}"));
    let heading = reader.headers().map_err(broken)?.clone();
    // A byte order mark belongs to the file and not to the first name.
    let names = heading.iter().map(|name| name.trim_start_matches('\u{feff}').trim().to_owned());
    let mut columns = names.map(|name| (name, Vec::new())).collect::<Vec<_>>();
    for record in reader.records() {
        for (cell, (_, column)) in record.map_err(broken)?.iter().zip(&mut columns) {
            column.push((!cell.is_empty()).then(|| cell.to_owned()));
        }
    }
    Ok(columns.into_iter().map(|(name, cells)| (name, Ok(Column::Text(cells)))).collect())
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
fn json_lines(path: &Path) -> Result<Vec<(String, Read)>> {
    let mut places = HashMap::<String, usize>::new();
    let mut columns = Vec::<(String, Vec<(usize, Value)>)>::new();
    let mut len = 0;
    for (line, text) in BufReader::new(files::open(path)?).split(b'\n').enumerate() {
        let text = text.map_err(|cause| files::broken(path, cause))?;
        let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&text).trim_ascii();
        if text.is_empty() {
            continue;
        }
        let Object(object) = serde_json::from_slice(text)
            .map_err(|error| wrong(path, format!("line {} is no JSON object: {error}", line + 1)))?;
        for (name, value) in object {
            let at = *places.entry(name.clone()).or_insert(columns.len());
            if at == columns.len() {
                columns.push((name, Vec::new()));
            }
            let (name, cells) = &mut columns[at];
            if cells.last().is_some_and(|(row, _)| *row == len) {
                return Err(wrong(path, format!("line {} has the key `{name}` twice", line + 1)));
            }
            cells.push((len, value));
        }
        len += 1;
    }
    let column = |(name, cells): (String, Vec<(usize, Value)>)| {
        let column = json_column(path, &name, cells, len)?;
        Ok((name, column))
    };
    columns.into_iter().map(column).collect()
}

/// Lists if all are, numbers if all are, true or false if all are, else text.
fn json_column(path: &Path, name: &str, mut cells: Vec<(usize, Value)>, len: usize) -> Result<Read> {
    cells.retain(|(_, value)| !value.is_null());
    let all = |is: fn(&Value) -> bool| cells.iter().all(|(_, value)| is(value));
    if cells.iter().any(|(_, value)| value.is_object()) {
        return Ok(Err("nested values".into()));
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
                    None => return Ok(Err("lists of other than numbers".into())),
                }
            }
        }
        return list_column(path, name, &lengths, values).map(Ok);
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
fn list_column(path: &Path, name: &str, lengths: &[Option<usize>], values: Vec<f32>) -> Result<Column> {
    let wrong = |why: String| Err(wrong(path, format!("column `{name}` {why}")));
    let mut width = 0;
    for (row, length) in lengths.iter().enumerate() {
        match *length {
            None => return wrong(format!("has no list in row {}; every row needs one", row + 1)),
            Some(0) => {
                return wrong(format!("has an empty list in row {}; every row needs numbers", row + 1));
            }
            Some(length) if row > 0 && length != width => {
                return wrong(format!(
                    "has a list of {length} numbers in row {} and of {width} before",
                    row + 1
                ));
            }
            Some(length) => width = length,
        }
    }
    let matrix = Array2::from_shape_vec((lengths.len(), width), values);
    Ok(Column::Lists(matrix.map_err(|error| Error::Core(deepal_core::Error::other(error)))?))
}
