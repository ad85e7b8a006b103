//! Labels that belong to ids: the table `labels.csv`, and class names as [`Class`]es.

use super::{Found, Manifest, Problem};
use crate::error::{Error, Result};
use crate::files;
use deepal_core::Class;
use std::collections::HashMap;
use std::path::Path;

/// Column names for the id, by rank.
const IDS: [&str; 6] = ["id", "file_name", "filename", "path", "file", "image"];
/// Column names for the class, by rank.
const LABELS: [&str; 4] = ["label", "class", "target", "category"];

/// Adds the labels of the table that the manifest names, or of `labels.csv` in a folder, to those of the source; the table
/// wins. A row about no sample is a problem.
pub(super) fn put(path: &Path, folder: &Path, manifest: &Manifest, found: &mut Found) -> Result<()> {
    let beside = path.join("labels.csv");
    let table = match &manifest.labels {
        Some(labels) => folder.join(labels),
        None if beside.is_file() => beside,
        None => return Ok(()),
    };
    let rows = found.ids.iter().enumerate().map(|(row, id)| (id.as_str(), row)).collect::<HashMap<_, _>>();
    let mut labels = std::mem::take(&mut found.labels);
    let mut unknown = 0;
    for (line, (id, label)) in read(&table)?.into_iter().enumerate() {
        match rows.get(id.as_str()) {
            Some(&row) => labels[row] = Some(label).filter(|label| !label.is_empty()),
            None => {
                unknown += 1;
                if unknown <= 20 {
                    let what = format!("{} row {}", table.display(), line + 1);
                    found
                        .problems
                        .push(Problem { what, why: format!("is about `{id}`, which is not there; ignored") });
                }
            }
        }
    }
    if unknown > 20 {
        let what = table.display().to_string();
        found
            .problems
            .push(Problem { what, why: format!("has {} more rows about what is not there", unknown - 20) });
    }
    found.labels = labels;
    Ok(())
}

/// The ids and classes of a table with a heading.
fn read(path: &Path) -> Result<Vec<(String, String)>> {
    let wrong = |why: String| Error::Unfit { path: path.into(), why };
    let mut table = csv::Reader::from_reader(files::open(path)?);
    let header = table.headers().map_err(|error| wrong(error.to_string()))?.clone();
    let column = |names: &[&str]| {
        names
            .iter()
            .find_map(|name| header.iter().position(|column| column.trim().eq_ignore_ascii_case(name)))
    };
    let (Some(id), Some(label)) = (column(&IDS), column(&LABELS)) else {
        return Err(wrong(format!(
            "must have a column of ids ({}) and one of classes ({}); its columns are {}",
            IDS.join(", "),
            LABELS.join(", "),
            header.iter().collect::<Vec<_>>().join(", ")
        )));
    };
    let mut rows = Vec::new();
    for record in table.records() {
        let record = record.map_err(|error| wrong(error.to_string()))?;
        rows.push((record[id].to_owned(), record[label].trim().to_owned()));
    }
    Ok(rows)
}

/// Class names as positions in the list.
pub(super) fn to_classes(path: &Path, found: &Found, classes: &[String]) -> Result<Vec<Option<Class>>> {
    let positions =
        (0..).zip(classes).map(|(class, name)| (name.as_str(), Class(class))).collect::<HashMap<_, _>>();
    let class = |(id, label): (&String, &Option<String>)| match label {
        None => Ok(None),
        Some(label) => match positions.get(label.as_str()) {
            Some(class) => Ok(Some(*class)),
            None => Err(Error::Unfit {
                path: path.into(),
                why: format!(
                    "`{id}` has the class `{label}`, which is none of {}; correct the label, or add it to `classes` in \
                     data.toml",
                    classes.join(", ")
                ),
            }),
        },
    };
    found.ids.iter().zip(&found.labels).map(class).collect()
}
