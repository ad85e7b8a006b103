//! Events as rows of the table, and back.

use crate::answer::{Action, Answer, AskedBy, EventId};
use crate::fold::{Event, What};
use rusqlite::{Connection, Row, params};
use serde::Serialize;

/// The columns of an event besides its number and time.
#[derive(Default)]
struct Columns<'a> {
    annotator: Option<&'a str>,
    action: &'static str,
    item: Option<&'a str>,
    class: Option<u32>,
    text: Option<&'a str>,
    millis: Option<i64>,
    asked_by: Option<&'static str>,
    undoes: Option<EventId>,
    data: Option<String>,
}

fn json(value: &impl Serialize) -> rusqlite::Result<Option<String>> {
    let json = serde_json::to_string(value);
    json.map(Some).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// Adds a row; its number.
pub(super) fn write(connection: &Connection, at: i64, what: &What) -> rusqlite::Result<EventId> {
    let none = Columns::default();
    let columns = match what {
        What::Answer(answer) => of_answer(answer),
        What::Undo { undoes, annotator } => {
            Columns { action: "undo", undoes: Some(*undoes), annotator: Some(annotator), ..none }
        }
        What::Class(name) => {
            let classes = "SELECT count(*) FROM events WHERE action = 'class'";
            let class = connection.query_row(classes, [], |row| row.get(0))?;
            Columns { action: "class", class: Some(class), text: Some(name), ..none }
        }
        What::Rename { class, name } => {
            Columns { action: "rename", class: Some(*class), text: Some(name), ..none }
        }
        What::Guideline { class, text } => {
            Columns { action: "guideline", class: Some(*class), text: Some(text), ..none }
        }
        What::Batch(batch) => Columns { action: "batch", data: json(batch)?, ..none },
        What::Net(record) => Columns { action: "net", data: json(record)?, ..none },
        What::Training(record) => Columns { action: "training", data: json(record)?, ..none },
    };
    let Columns { annotator, action, item, class, text, millis, asked_by, undoes, data } = columns;
    let mut insert = connection.prepare_cached(
        "INSERT INTO events (at, annotator, action, item, class, text, millis, asked_by, undoes, data) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    insert.insert(params![at, annotator, action, item, class, text, millis, asked_by, undoes, data])
}

fn of_answer(answer: &Answer) -> Columns<'_> {
    let millis = answer.millis.map(|millis| i64::try_from(millis).unwrap_or(i64::MAX));
    let (action, class, text) = match &answer.action {
        Action::Label { class } => ("label", Some(*class), None),
        Action::Skip => ("skip", None, None),
        Action::Discard => ("discard", None, None),
        Action::Flag { note } => ("flag", None, Some(note.as_str())),
        Action::Unflag => ("unflag", None, None),
    };
    Columns {
        annotator: Some(&answer.annotator),
        action,
        item: Some(&answer.id),
        class,
        text,
        millis,
        asked_by: Some(answer.asked_by.name()),
        ..Columns::default()
    }
}

/// The event of a row; in words what is wrong with one that makes no sense.
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Result<Event, String>> {
    let (id, at) = (row.get::<_, EventId>("id")?, row.get("at")?);
    let action = row.get::<_, String>("action")?;
    let text = row.get::<_, Option<String>>("text")?.unwrap_or_default();
    let class = row.get::<_, Option<u32>>("class")?;
    let annotator = row.get::<_, Option<String>>("annotator")?.unwrap_or_default();
    let lacks = |what: &str| format!("event {id}, `{action}`, lacks {what}");
    let what = match action.as_str() {
        "undo" => row
            .get::<_, Option<EventId>>("undoes")?
            .map(|undoes| What::Undo { undoes, annotator })
            .ok_or_else(|| lacks("what it undoes")),
        "class" => Ok(What::Class(text)),
        "rename" => class.map(|class| What::Rename { class, name: text }).ok_or_else(|| lacks("a class")),
        "guideline" => class.map(|class| What::Guideline { class, text }).ok_or_else(|| lacks("a class")),
        "batch" | "training" | "net" => {
            let data = row.get::<_, Option<String>>("data")?.unwrap_or_default();
            let what = match action.as_str() {
                "batch" => serde_json::from_str(&data).map(What::Batch),
                "net" => serde_json::from_str(&data).map(What::Net),
                _ => serde_json::from_str(&data).map(What::Training),
            };
            what.map_err(|error| format!("event {id}, `{action}`: {error}"))
        }
        _ => {
            let said = match (action.as_str(), class) {
                ("label", Some(class)) => Some(Action::Label { class }),
                ("skip", _) => Some(Action::Skip),
                ("discard", _) => Some(Action::Discard),
                ("flag", _) => Some(Action::Flag { note: text }),
                ("unflag", _) => Some(Action::Unflag),
                _ => None,
            };
            let asked_by = row.get::<_, Option<String>>("asked_by")?;
            let asked_by = asked_by.as_deref().and_then(AskedBy::of);
            let item = row.get::<_, Option<String>>("item")?;
            let millis = row.get::<_, Option<i64>>("millis")?.and_then(|millis| u64::try_from(millis).ok());
            match (said, asked_by, item) {
                (Some(action), Some(asked_by), Some(id)) => {
                    Ok(What::Answer(Answer { id, action, asked_by, annotator, millis }))
                }
                _ => Err(lacks("a sample, a class or how it was asked")),
            }
        }
    };
    Ok(what.map(|what| Event { id, at, what }))
}
