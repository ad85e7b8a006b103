//! JSON lines: one object a line.

use super::{CELL, Column, Layout, MOST_OF_ROW, Part, Read, Wanted, list_column};
use crate::error::{Error, Result};
use crate::files;
use crate::files::{NOT_UTF8, Room, start_of_text};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read as _};
use std::path::Path;

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
pub(super) fn read(path: &Path, part: &Part<'_>, layout: &Layout) -> Result<Wanted> {
    let mut places = HashMap::<String, usize>::new();
    let mut columns = Vec::<(String, Vec<(usize, Value)>)>::new();
    let (mut kept, mut len, mut room) = (part.kept(), 0, Room::default());
    let most = layout.max_unpacked.unwrap_or(files::MOST_UNPACKED);
    let mut file = BufReader::new(files::open_within(path, most)?);
    let mut bytes = Vec::new();
    for line in 0_usize.. {
        bytes.clear();
        let read = file.by_ref().take(MOST_OF_ROW).read_until(b'\n', &mut bytes);
        match read.map_err(|cause| files::broken(path, cause))? as u64 {
            0 => break,
            MOST_OF_ROW => {
                let why =
                    format!("line {} has {MOST_OF_ROW} bytes or more; write one object a line", line + 1);
                return Err(Error::unfit(path, why));
            }
            _ => {}
        }
        let text = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        let text = if line == 0 { &text[start_of_text(path, text)?..] } else { text }.trim_ascii();
        if text.is_empty() {
            continue;
        }
        let is_kept = kept.next();
        let Object(object) = serde_json::from_slice(text)
            .map_err(|error| Error::unfit(path, format!("line {} {}", line + 1, no_object(text, &error))))?;
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
                room.add(CELL + weight(&value)).map_err(|why| Error::unfit(path, why))?;
                cells.push((len, value));
            }
        }
        len += usize::from(is_kept);
    }
    let one = |(name, cells): (String, Vec<(usize, Value)>)| {
        let column = if part.wants(&name) { column(path, &name, cells, len, part)? } else { Err(None) };
        Ok((name, column))
    };
    Ok((columns.into_iter().map(one).collect::<Result<_>>()?, len))
}

/// Bytes that a value takes besides those of its cell, about.
fn weight(value: &Value) -> u64 {
    match value {
        Value::String(text) => text.len() as u64,
        Value::Array(list) => list.iter().map(|value| CELL + weight(value)).sum(),
        Value::Object(map) => {
            map.iter().map(|(name, value)| 2 * CELL + name.len() as u64 + weight(value)).sum()
        }
        _ => 0,
    }
}

/// What is wrong with a line, and what to do.
fn no_object(text: &[u8], error: &serde_json::Error) -> String {
    let Ok(text) = std::str::from_utf8(text) else { return NOT_UTF8.into() };
    let remedy = if text.starts_with('[') {
        "; write one object a line, without a list around them"
    } else if text.contains("NaN") || text.contains("Infinity") {
        "; write null for a missing number: JSON has no NaN"
    } else {
        "; correct or remove the line"
    };
    format!("is no JSON object: {error}{remedy}")
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
fn column(
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
    // Some programs write one label as a list of one.
    let single =
        |value: &Value| value.as_array().filter(|list| list.len() < 2).map(|list| list.first().cloned());
    let is_text = |value: &Value| single(value).is_some_and(|item| item.is_none_or(|item| item.is_string()));
    if cells.iter().all(|(_, value)| is_text(value)) {
        let text = |value: &Value| single(value)??.as_str().map(str::to_owned);
        return Ok(Ok(Column::Text(spread(&cells, len, text))));
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
