//! [`Dialect`]: what separates the cells of a text table and whether it has a heading, by a bounded part of its beginning.

use super::Layout;
use super::words::{Form, form, is_missing};
use crate::error::{Error, Result};
use crate::files::start_of_text;
use std::path::Path;

/// How many bytes are looked at.
pub(super) const START: usize = 1 << 16;
/// What separates cells, with its name; the first that fits and is usual for the file's name wins.
pub(crate) const SEPARATORS: [(u8, &str); 4] =
    [(b',', "comma"), (b';', "semicolon"), (b'\t', "tab"), (b'|', "pipe")];
/// What may separate cells too, but is refused by name unless the user says it.
const RARE: [(u8, &str); 6] = [
    (b' ', "space"),
    (b':', "colon"),
    (b'^', "caret"),
    (b'~', "tilde"),
    (0x1f, "unit separator"),
    (0x01, "byte 1"),
];
/// Headings that are names for certain, even if a cell has the same text.
const NAMES: [&str; 9] =
    ["id", "label", "labels", "class", "target", "text", "sentence", "split", "category"];

/// How a text table is written.
#[derive(Debug)]
pub(super) struct Dialect {
    pub(super) separator: u8,
    /// Bytes before the heading: a byte order mark and Excel's `sep=` line.
    pub(super) skip: usize,
    /// The names of the columns.
    pub(super) names: Vec<String>,
    /// Whether the first record holds names, and so is no row.
    pub(super) has_heading: bool,
    /// The decimals' sign that cells show, for columns that do not say it.
    pub(super) hint: Option<char>,
    /// What was assumed.
    pub(super) notes: Vec<String>,
}

impl Dialect {
    /// Of a file that begins so; `is_whole` is whether that is all of it. `usual` separates cells in a file of its name.
    pub(super) fn of(path: &Path, start: &[u8], is_whole: bool, usual: u8, layout: &Layout) -> Result<Self> {
        let mut skip = start_of_text(path, start)?;
        let said = excel(&start[skip..]);
        skip += said.map_or(0, |(_, bytes)| bytes);
        let start = &start[skip..];
        let separator = match layout.separator.or(said.map(|(separator, _)| separator)) {
            Some(separator) => separator,
            None => guess(path, start, is_whole, usual)?,
        };
        let mut notes = Vec::new();
        if separator != usual && layout.separator.is_none() {
            let name = name_of(separator);
            notes.push(format!("its cells are separated by {name}s; if not, say `separator` in data.toml"));
        }
        let records = records(start, separator, is_whole);
        let (heading, rows) =
            records.split_first().map_or((&[][..], &[][..]), |(first, rows)| (&first[..], rows));
        let mut names = heading.iter().map(|name| name.trim().to_owned()).collect::<Vec<_>>();
        // R writes the names of rows without a heading.
        let wider = |row: &Vec<String>| {
            row.len() == names.len() + 1 && row.last().is_some_and(|cell| !cell.is_empty())
        };
        let has_row_names = layout.heading != Some(false) && !rows.is_empty() && rows.iter().all(wider);
        if has_row_names {
            names.insert(0, String::new());
        }
        let has_heading = match layout.heading {
            Some(has_heading) => has_heading,
            None => {
                if let Some(why) = no_heading(&names, rows) {
                    return Err(Error::unfit(path, why));
                }
                true
            }
        };
        if !has_heading {
            names = (1..=names.len()).map(|place| place.to_string()).collect();
        }
        for (place, name) in names.iter_mut().enumerate().filter(|(_, name)| name.is_empty()) {
            // As data-frame programs call it.
            *name = format!("Unnamed: {place}");
        }
        let hint = layout.decimal.or_else(|| decimals(rows));
        Ok(Self { separator, skip, names, has_heading, hint, notes })
    }
}

pub(super) fn name_of(separator: u8) -> &'static str {
    let mut all = SEPARATORS.iter().chain(&RARE);
    all.find(|(byte, _)| *byte == separator).map_or("other character", |(_, name)| name)
}

/// The separator in Excel's line `sep=;`, quoted or not, and how long the line is.
fn excel(start: &[u8]) -> Option<(u8, usize)> {
    let end = start.iter().position(|byte| *byte == b'\n')?;
    let line = start[..end].trim_ascii_end();
    let line = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    match line {
        [s, e, p, b'=', separator] if [s, e, p].map(u8::to_ascii_lowercase) == *b"sep" => {
            Some((*separator, end + 1))
        }
        // A tab at the end was trimmed away.
        [s, e, p, b'='] if [s, e, p].map(u8::to_ascii_lowercase) == *b"sep" => Some((b'\t', end + 1)),
        _ => None,
    }
}

/// The whole records of a beginning.
fn records(start: &[u8], separator: u8, is_whole: bool) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new();
    let mut reader = reader.delimiter(separator).has_headers(false).flexible(true).from_reader(start);
    let text = |cell: &[u8]| String::from_utf8_lossy(cell).into_owned();
    let records = reader.byte_records().map_while(csv::Result::ok);
    let mut records = records.map(|record| record.iter().map(text).collect()).collect::<Vec<Vec<_>>>();
    if !is_whole && records.len() > 1 {
        records.pop();
    }
    records
}

/// How well a separator fits.
struct Fit {
    separator: u8,
    /// Columns of the first record.
    width: usize,
    /// Rows that have as many, or one more at all of them.
    fitting: usize,
    rows: usize,
    /// Cells that are numbers.
    numbers: usize,
}

impl Fit {
    fn of(start: &[u8], separator: u8, is_whole: bool) -> Self {
        let records = records(start, separator, is_whole);
        let (width, rows) = (records.first().map_or(0, Vec::len), records.len().saturating_sub(1));
        let same = |extra: usize| records.iter().skip(1).filter(|row| row.len() == width + extra).count();
        let fitting = if rows > 0 && same(1) == rows { rows } else { same(0) };
        let numbers = records.iter().flatten().filter(|cell| !matches!(form(cell), Form::Text)).count();
        Self { separator, width, fitting, rows, numbers }
    }

    fn is_whole(&self) -> bool {
        self.width > 1 && self.fitting == self.rows
    }
}

fn guess(path: &Path, start: &[u8], is_whole: bool, usual: u8) -> Result<u8> {
    let fits = SEPARATORS.map(|(separator, _)| Fit::of(start, separator, is_whole));
    let of = |separator: u8| fits.iter().find(|fit| fit.separator == separator);
    let Some(usual_fit) = of(usual) else { return Ok(usual) };
    let best =
        fits.iter().filter(|fit| fit.is_whole()).max_by_key(|fit| (fit.numbers, fit.separator == usual));
    if let Some(best) = best {
        // Another needs a reason: more numbers than the usual one makes.
        return Ok(if usual_fit.is_whole() && best.numbers <= usual_fit.numbers {
            usual
        } else {
            best.separator
        });
    }
    // None fits all rows: that of most rows, so that the others can be named.
    if let Some(most) =
        fits.iter().filter(|fit| fit.width > 1).max_by_key(|fit| (fit.fitting, fit.separator == usual))
    {
        return Ok(if usual_fit.width > 1 && usual_fit.fitting >= most.fitting {
            usual
        } else {
            most.separator
        });
    }
    let rare = RARE.iter().find(|(separator, _)| {
        let fit = Fit::of(start, *separator, is_whole);
        fit.is_whole()
            && fit.rows > 1
            && (fit.numbers >= fit.rows || *separator != b' ' && *separator != b':')
    });
    match rare {
        None => Ok(usual),
        Some((separator, name)) => Err(Error::unfit(
            path,
            format!(
                "has one column, unless each {name} separates cells; then say `separator = \"{}\"` in data.toml, else \
                 `separator = \",\"`",
                separator.escape_ascii()
            ),
        )),
    }
}

/// Why the first record is no heading, if it is none.
fn no_heading(names: &[String], rows: &[Vec<String>]) -> Option<String> {
    if rows.is_empty() || names.is_empty() {
        return None;
    }
    let is_number = |text: &str| !matches!(form(text), Form::Text) && !is_missing(text, &[]);
    let cells = |column: usize| rows.iter().filter_map(move |row| row.get(column)).map(|cell| cell.trim());
    let given = |column: usize| cells(column).filter(|cell| !is_missing(cell, &[]));
    let is_numeric = |column: usize| given(column).next().is_some() && given(column).all(is_number);
    let named = |column: &usize| !is_missing(&names[*column], &[]) && !is_number(&names[*column]);
    let columns = || 0..names.len();
    // A word above numbers is a name.
    if columns().any(|column| named(&column) && is_numeric(column)) {
        return None;
    }
    let shown = |names: &[String]| names.iter().take(6).map(String::as_str).collect::<Vec<_>>().join(", ");
    let remedy = "write the columns' names above it, or say `heading = false` in data.toml, which calls them 1, 2, …; if they are \
                  names, say `heading = true`";
    let no = |why: &str| {
        Some(format!("has no heading row: its first line is `{}`, {why}; {remedy}", shown(names)))
    };
    let numbers =
        columns().filter(|column| is_number(&names[*column]) && is_numeric(*column)).collect::<Vec<_>>();
    if !numbers.is_empty()
        && !count(&numbers.iter().map(|column| names[*column].as_str()).collect::<Vec<_>>())
    {
        return no("numbers as below");
    }
    let repeated = columns().find(|column| {
        let name = names[*column].as_str();
        let is_usual = NAMES.iter().any(|usual| usual.eq_ignore_ascii_case(name));
        named(column) && !is_usual && cells(*column).any(|cell| cell == name)
    });
    match repeated {
        Some(column) => no(&format!("and `{}` stands below too", names[column])),
        None => None,
    }
}

/// Whether numbers are names of columns: whole, rising, and three or more, or counted from 0 or 1, or years.
fn count(names: &[&str]) -> bool {
    let Ok(numbers) = names.iter().map(|name| name.parse::<u32>()).collect::<Result<Vec<_>, _>>() else {
        return false;
    };
    let is_rising = numbers.windows(2).all(|pair| pair[0] < pair[1]);
    let is_next = numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]);
    let first = numbers.first().copied().unwrap_or_default();
    is_rising
        && (numbers.len() > 2
            || first < 2 && is_next
            || numbers.iter().all(|year| (1900..2100).contains(year)))
}

/// The decimals' sign that some cells show and none contradicts.
fn decimals(rows: &[Vec<String>]) -> Option<char> {
    let has = |wanted: Form| rows.iter().flatten().any(|cell| form(cell) == wanted);
    (has(Form::Comma) && !has(Form::Point) && !has(Form::Thousands)).then_some(',')
}
