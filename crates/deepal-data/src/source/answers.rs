//! Files of answers to questions about a source: a table `id,label`, Label Studio's JSON, Prodigy's JSON lines.

use super::labels::{self, IDS, SKIP, What};
use super::roles::{ANSWER, LABEL};
use super::spelling::Spellings;
use super::{Manifest, Source};
use crate::error::{Error, Result};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;

/// Ids in a message.
const NAMED: usize = 5;

/// What a file says about a sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// It is of the class of this name.
    Label(String),
    /// It is not to be asked now.
    Skip,
}

/// A row of a file, with the texts that may be its sample's id, the likeliest first.
struct Given {
    ids: Vec<String>,
    what: What,
}

impl Source {
    /// The answers in a file, with the ids of this source, in the order of its samples: a table with the columns `id` and `label`
    /// (CSV, TSV, Parquet), the JSON that Label Studio exports, or the JSON lines of Prodigy. Rows without an answer are left out.
    ///
    /// # Errors
    /// A file that cannot be read, one with rows about samples that are not here, or with two different answers about one; all of them
    /// are counted and the first are named.
    pub fn answers(&self, path: &Path) -> Result<Vec<(String, Said)>> {
        let given = read(path, &Manifest { classes: self.classes.clone(), ..Manifest::default() })?;
        let root = (self.path.is_dir()
            || self.path.extension().is_some_and(|end| end.eq_ignore_ascii_case("zip")))
        .then_some(self.path.as_path());
        let spellings = Spellings::new(&self.ids, root);
        let mut said = BTreeMap::<usize, Said>::new();
        let (mut unknown, mut twice) = (Vec::new(), Vec::new());
        for Given { ids, what } in given {
            let Some(row) = ids.iter().find_map(|id| spellings.row(id)) else {
                unknown.push(format!("`{}`", ids.first().map_or("", String::as_str)));
                continue;
            };
            let new = match what {
                What::Label(label) => Said::Label(label),
                What::Skip => Said::Skip,
                What::Nothing | What::Rejected => continue,
            };
            if let Some(before) = said.insert(row, new.clone()).filter(|before| *before != new) {
                twice.push(format!("`{}` is {} and {}", self.ids[row], before.word(), new.word()));
            }
        }
        if !unknown.is_empty() {
            let why = format!(
                "has {} rows about samples that `{}` has not: {}; nothing was taken in",
                unknown.len(),
                self.name,
                named(&unknown)
            );
            return Err(Error::unfit(path, why));
        }
        if !twice.is_empty() {
            let why = format!(
                "has two answers for one sample: {}; remove one of each; nothing was taken in",
                named(&twice)
            );
            return Err(Error::unfit(path, why));
        }
        Ok(said.into_iter().map(|(row, said)| (self.ids[row].clone(), said)).collect())
    }
}

impl Said {
    fn word(&self) -> String {
        match self {
            Self::Label(label) => format!("`{label}`"),
            Self::Skip => format!("`{SKIP}`"),
        }
    }
}

/// The first of many.
fn named(all: &[String]) -> String {
    let more = all.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", all.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", "))
}

fn read(path: &Path, manifest: &Manifest) -> Result<Vec<Given>> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let is_lines = name.ends_with(".jsonl") || name.ends_with(".ndjson");
    if !is_lines && !name.ends_with(".json") {
        let rows = labels::read(path, manifest)?;
        return Ok(rows.into_iter().map(|row| Given { ids: vec![row.id], what: row.what }).collect());
    }
    let text = std::fs::read_to_string(path).map_err(Error::read(path))?;
    let wrong = |line: usize, error: &dyn std::fmt::Display| {
        Error::unfit(path, format!("line {line} is no JSON: {error}"))
    };
    let objects = if is_lines {
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let parse =
            |(at, line): (usize, &str)| serde_json::from_str(line).map_err(|error| wrong(at + 1, &error));
        lines.map(parse).collect::<Result<Vec<Value>>>()?
    } else {
        serde_json::from_str(&text).map_err(|error| wrong(error.line(), &error))?
    };
    let row = |(at, object): (usize, &Value)| match object.as_object() {
        Some(object) => of_task(object).ok_or_else(|| {
            Error::unfit(path, format!("task {} names no sample (`id`, `file_name`, `image`, …)", at + 1))
        }),
        None => Err(Error::unfit(path, format!("task {} is no object", at + 1))),
    };
    objects.iter().enumerate().map(row).collect()
}

/// A task of a labelling tool; `None` if nothing in it can be an id.
fn of_task(task: &Map<String, Value>) -> Option<Given> {
    let within = |key: &str| task.get(key).and_then(Value::as_object);
    // Label Studio numbers its tasks itself: the id that was given is inside.
    let objects = match within("data") {
        Some(data) => vec![data],
        None => [within("meta"), Some(task)].into_iter().flatten().collect(),
    };
    let ids = objects.into_iter().flat_map(|object| IDS.iter().filter_map(|key| text(object.get(*key)?)));
    let ids = ids.flat_map(|id| [local(&id), Some(id)].into_iter().flatten()).collect::<Vec<_>>();
    let answer = task.get(ANSWER).and_then(Value::as_str);
    let what = match task.get("annotations").or_else(|| task.get("completions")).and_then(Value::as_array) {
        Some(annotations) => of_annotations(annotations),
        None => What::of(label(task), answer),
    };
    (!ids.is_empty()).then_some(Given { ids, what })
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The path in an address of Label Studio's server, such as `/data/local-files/?d=photos/a%20b.png`.
fn local(address: &str) -> Option<String> {
    let (_, path) = address.split_once("?d=")?;
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        let hex = |byte: Option<u8>| char::from(byte?).to_digit(16);
        match byte {
            b'%' => bytes.push((16 * hex(rest.next())? + hex(rest.next())?) as u8),
            byte => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).ok()
}

/// The choice of the newest annotation that was not cancelled.
fn of_annotations(annotations: &[Value]) -> What {
    let is_cancelled = |annotation: &&Value| annotation["was_cancelled"].as_bool() == Some(true);
    let Some(annotation) = annotations.iter().rev().find(|annotation| !is_cancelled(annotation)) else {
        return if annotations.is_empty() { What::Nothing } else { What::Skip };
    };
    let results = annotation["result"].as_array().into_iter().flatten();
    let choice = |result: &Value| result["value"]["choices"][0].as_str().map(String::from);
    What::of(results.into_iter().find_map(choice), None)
}

/// The label of a task of Prodigy: of one class, or the accepted one of several.
fn label(task: &Map<String, Value>) -> Option<String> {
    let accepted = task.get("accept").and_then(|accept| accept.get(0)).and_then(text);
    accepted
        .or_else(|| LABEL.iter().find_map(|key| task.get(*key)).and_then(text))
        .filter(|label| !label.trim().is_empty())
}
