//! Tables of features: numbers, categories, embeddings, pictures, or one column of texts.

use super::cells::WithCells;
use super::components::{Components, MANY};
use super::encoding::{Encoding, Feature, How};
use super::features::fit;
use super::labels::What;
use super::principal::Rows;
use super::roles::{Roles, TEXT};
use super::scale::Scaling;
use super::table_pictures::{TablePictures, are_pictures};
use super::text::{Vocabulary, are_long_words, pieces};
use super::{Found, Inputs, Manifest, Open, Split, place};
use crate::error::{Error, Result};
use crate::formats::columns::{Column, Columns, Part};
use std::path::Path;
use std::sync::Arc;

/// The most words in a vocabulary, where nothing is said.
const VOCABULARY: usize = 2000;
/// The most rows that principal components are fitted to.
const FITTED: usize = 10_000;

/// The rows of a table, which become inputs as `open` says, or as suits them best.
pub(super) fn read(path: &Path, manifest: &Manifest, open: &Open<'_>) -> Result<Found> {
    let columns = Columns::read_as(path, &Part::default(), &manifest.layout()?)?;
    if columns.is_empty() {
        return Err(Error::unfit(path, "has no row"));
    }
    let taken = open.encoding.map(Encoding::columns).unwrap_or_default();
    let mut roles = Roles::of(path, &columns, manifest, &taken)?;
    let mut found = Found {
        kind: "table".into(),
        ids: Vec::new(),
        labels: Vec::new(),
        split: vec![None; columns.len()],
        classes: Vec::new(),
        inputs: Arc::new(ndarray::Array2::<f32>::zeros((0, 0))),
        encoding: None,
        problems: Vec::new(),
        notes: columns.notes().to_vec(),
        image: None,
        bits: None,
        skipped: Vec::new(),
        n_chosen: 0,
        roles: Vec::new(),
        table: None,
    };
    found.ids = ids(path, &columns, roles.id.as_deref(), &mut found.notes)?;
    labels(&columns, &roles, &mut found)?;
    if let Some(split) = &roles.split {
        found.split = parts(path, &columns, split)?;
    }
    if open.encoding.is_none() {
        roles.drop_twins(&columns, &found.labels, !manifest.features.is_empty(), &mut found.problems)?;
        found.notes.extend(roles.notes());
    }
    match (open.encoding, picture_column(&columns, &roles.features)?) {
        (Some(encoding), _) => {
            found.inputs = encoding.inputs(path, &columns, &mut found.notes)?;
            found.encoding = Some(encoding.clone());
        }
        (None, Some(name)) => pictures(path, columns, &name, manifest, open, &mut roles, &mut found)?,
        (None, None) => fitted(path, columns, manifest, open, &mut roles, &mut found)?,
    }
    let is_of_columns = match &found.encoding {
        Some(Encoding::Components { of, .. }) => matches!(**of, Encoding::Columns(_)),
        encoding => matches!(encoding, Some(Encoding::Columns(_))),
    };
    if is_of_columns {
        found.inputs = Arc::new(WithCells::new(found.inputs, path, manifest.layout()?, &roles.all));
    }
    found.roles = roles.all;
    Ok(found)
}

/// The ids of a column, or row numbers.
fn ids(path: &Path, columns: &Columns, name: Option<&str>, notes: &mut Vec<String>) -> Result<Vec<String>> {
    let Some(name) = name else {
        notes.push(
            "the rows have no ids but their numbers, so labels would not follow when rows come or go; name a column as \
             `id` in data.toml"
                .into(),
        );
        return Ok((1..=columns.len()).map(|row| format!("row-{row}")).collect());
    };
    let id = |(row, id): (usize, Option<String>)| {
        id.ok_or_else(|| Error::unfit(path, format!("row {} has no id in column `{name}`", row + 1)))
    };
    columns.column(name)?.texts().into_iter().enumerate().map(id).collect()
}

/// The labels of a column, those that a labelling tool accepted. Words that mean none are still among them.
fn labels(columns: &Columns, roles: &Roles, found: &mut Found) -> Result<()> {
    let Some(name) = &roles.label else {
        let names = columns.names().iter().take(20).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = if columns.names().len() > 20 { ", …" } else { "" };
        found.notes.push(format!(
            "no column has a usual name of the classes, so nothing is labelled here; if one has them, say `label = \"…\"` in \
             data.toml: {names}{more}"
        ));
        found.labels = vec![None; columns.len()];
        return Ok(());
    };
    found.notes.push(format!("classes are those of column `{name}`"));
    let trimmed = |label: String| Some(label.trim().to_owned()).filter(|label| !label.is_empty());
    let labels = columns.column(name)?.texts().into_iter().map(|label| label.and_then(trimmed));
    found.labels = labels.collect();
    if let Some(answer) = &roles.answer {
        let (mut rejected, mut ignored) = (0, 0);
        for (row, answer) in
            columns.cells(answer)?.into_iter().enumerate().filter(|(_, answer)| answer.is_some())
        {
            match What::of(found.labels[row].clone(), answer.as_deref()) {
                What::Label(_) => continue,
                What::Rejected => rejected += 1,
                What::Nothing | What::Skip => {
                    ignored += 1;
                    found.skipped.push(found.ids[row].clone());
                }
            }
            found.labels[row] = None;
        }
        found.notes.push(format!(
            "by column `{answer}`, {rejected} labels were rejected and {ignored} rows ignored; they have no label, and those that \
             were ignored are not asked again; if the column is a feature, name it in `features` in data.toml"
        ));
    }
    if found.labels.iter().all(Option::is_none) {
        found.notes.push(format!("column `{name}` has no class in any row, so nothing is labelled yet"));
    }
    Ok(())
}

/// The part of each row.
fn parts(path: &Path, columns: &Columns, name: &str) -> Result<Vec<Option<Split>>> {
    let part = |(row, text): (usize, Option<String>)| {
        let text = text.unwrap_or_default();
        match text.trim().to_ascii_lowercase().as_str() {
            "test" | "testing" => Ok(Some(Split::Test)),
            "train" | "training" | "val" | "valid" | "validation" => Ok(Some(Split::Train)),
            "" => Ok(None),
            _ => Err(Error::Unfit {
                path: path.into(),
                why: format!(
                    "column `{name}` has `{text}` in row {}; known are train, validation (part of train), test, or nothing",
                    row + 1
                ),
            }),
        }
    };
    columns.cells(name)?.into_iter().enumerate().map(part).collect()
}

/// The only feature of pictures, if there is one.
fn picture_column(columns: &Columns, features: &[String]) -> Result<Option<String>> {
    let mut found = Vec::new();
    for name in features {
        if let Column::Bytes(cells) = columns.column(name)?
            && are_pictures(cells)
        {
            found.push(name.clone());
        }
    }
    if found.len() > 1 {
        let why = format!(
            "has several columns of pictures, {}; name one as `features` in data.toml",
            found.join(", ")
        );
        return Err(columns.wrong(why));
    }
    Ok(found.pop())
}

/// Pictures as inputs; rows without one are left out.
fn pictures(
    path: &Path,
    columns: Columns,
    name: &str,
    manifest: &Manifest,
    open: &Open<'_>,
    roles: &mut Roles,
    found: &mut Found,
) -> Result<()> {
    use_alone(roles, name, "pictures", &mut found.notes);
    let Column::Bytes(cells) = columns.into_column(name)? else { return Ok(()) };
    let (pictures, kept) =
        TablePictures::read(path, cells, manifest, open, &mut found.notes, &mut found.problems)?;
    found.ids = kept.iter().map(|row| found.ids[*row].clone()).collect();
    found.labels = kept.iter().map(|row| found.labels[*row].clone()).collect();
    found.split = kept.iter().map(|row| found.split[*row]).collect();
    found.kind = "table of pictures".into();
    found.image = Some(pictures.transform.clone());
    found.bits = pictures.bits();
    found.inputs = Arc::new(pictures);
    Ok(())
}

/// One column is used, and the others are not.
fn use_alone(roles: &mut Roles, name: &str, role: &'static str, notes: &mut Vec<String>) {
    let others = roles.features.iter().filter(|other| *other != name).cloned().collect::<Vec<_>>();
    for found in roles.all.iter_mut().filter(|found| found.role == "feature") {
        let is_it = found.column == name;
        found.role = if is_it { role } else { "left out" };
        found.why = if is_it { format!("its cells are {role}") } else { format!("`{name}` is used alone") };
        found.is_sure = false;
    }
    if !others.is_empty() {
        notes.push(format!(
            "column `{name}` is used alone, as its cells are {role}; left out: {}; to use those, name them as `features` in \
             data.toml",
            others.join(", ")
        ));
    }
    roles.features = vec![name.to_owned()];
}

/// The column of texts: the only feature, or one whose name says it, if most cells have several words.
fn text_column(columns: &Columns, features: &[String], is_said: bool) -> Result<Option<String>> {
    let usual = |name: &&String| TEXT.iter().position(|text| text.eq_ignore_ascii_case(name));
    let mut candidates = features.iter().filter_map(|name| Some((usual(&name)?, name))).collect::<Vec<_>>();
    candidates.sort();
    let candidates = match features {
        [only] => vec![only],
        _ if is_said => Vec::new(),
        _ => candidates.into_iter().map(|(_, name)| name).collect(),
    };
    for name in candidates {
        let Column::Text(cells) = columns.column(name)? else { continue };
        let several = cells.iter().flatten().filter(|text| pieces(text) > 2).count();
        if 2 * several > columns.len() || features.len() == 1 && are_long_words(cells) {
            return Ok(Some(name.clone()));
        }
    }
    Ok(None)
}

/// Inputs of rows, and the encoding that suits them best.
fn fitted(
    path: &Path,
    columns: Columns,
    manifest: &Manifest,
    open: &Open<'_>,
    roles: &mut Roles,
    found: &mut Found,
) -> Result<()> {
    let text = match &manifest.text {
        Some(text) => Some(text.clone()),
        None => text_column(&columns, &roles.features, !manifest.features.is_empty())?,
    };
    let encoding = match text {
        Some(name) => {
            use_alone(roles, &name, "text", &mut found.notes);
            let most_words = manifest.vocabulary.unwrap_or(VOCABULARY);
            let vocabulary = Vocabulary::fit(&name, &columns.cells(&name)?, most_words);
            let mut vocabulary =
                vocabulary.map_err(|why| Error::unfit(path, format!("column `{name}` {why}")))?;
            vocabulary.sublinear = columns.len() >= MANY && manifest.components != Some(0);
            found.notes.push(format!(
                "counted are {} that are in most texts of `{name}`, in at least two, and at most {most_words} (`vocabulary` in \
                 data.toml)",
                vocabulary.unit()
            ));
            Encoding::Text(vocabulary)
        }
        None => {
            let unread = columns.unread().iter().map(|(name, kind)| format!("{name} ({kind})"));
            let unread = unread.collect::<Vec<_>>().join(", ");
            if manifest.features.is_empty() && !unread.is_empty() {
                found.notes.push(format!("left out, as their kind cannot be read: {unread}"));
            }
            let scaling = if open.unscaled { Some(Scaling::None) } else { manifest.scale };
            let features = fit(path, &columns, roles, scaling, found)?;
            if let [Feature { name, how: How::Lists { scale, .. } }] = &features[..]
                && manifest.components.is_none_or(|components| components == 0)
            {
                // The only feature need not be copied.
                let Column::Lists(mut lists) = columns.into_column(name)? else {
                    return Err(Error::unfit(path, format!("column `{name}` has no lists")));
                };
                scale.iter().for_each(|scale| scale.apply(&mut lists));
                found.inputs = Arc::new(lists);
                found.encoding = Some(Encoding::Columns(features));
                return Ok(());
            }
            Encoding::Columns(features)
        }
    };
    let inputs = encoding.inputs(path, &columns, &mut found.notes)?;
    let components = components(&encoding, &*inputs, manifest, found)?;
    (found.inputs, found.encoding) = match components {
        None => (inputs, Some(encoding)),
        Some(components) => {
            (components.project(inputs)?, Some(Encoding::Components { of: Box::new(encoding), components }))
        }
    };
    Ok(())
}

/// The principal components by which texts and tables of categories become inputs, if they do; fitted to what is not the test
/// set, in an order that follows from the ids.
fn components(
    encoding: &Encoding,
    inputs: &dyn Inputs,
    manifest: &Manifest,
    found: &mut Found,
) -> Result<Option<Components>> {
    let most = manifest.components;
    let is_wanted = match encoding {
        Encoding::Text(_) => true,
        Encoding::Columns(features) => {
            let categories = features.iter().filter(|feature| matches!(feature.how, How::OneOf(_))).count();
            2 * categories > features.len() || most.is_some()
        }
        Encoding::Array { .. } | Encoding::Components { .. } => false,
    };
    let mut rows =
        (0..found.ids.len()).filter(|row| found.split[*row] != Some(Split::Test)).collect::<Vec<_>>();
    if !is_wanted || most == Some(0) {
        return Ok(None);
    }
    if rows.len() < MANY {
        found.notes.push(format!(
            "principal components were left out, as they need {MANY} rows that are not the test set, and there are {}",
            rows.len()
        ));
        return Ok(None);
    }
    rows.sort_by_cached_key(|row| place(&found.ids[*row]));
    rows.truncate(FITTED);
    let rows = Rows::of(inputs, &rows)?;
    let made = match encoding {
        Encoding::Columns(features) => {
            let mut end = 0;
            let columns = features.iter().map(|feature| {
                let start = end;
                end += feature.how.width() as u32;
                start..end
            });
            let made = Components::of_table(&rows, &columns.collect::<Vec<_>>(), most);
            let note = |made: &Components| {
                format!(
                    "the {} first principal components of the columns count fully, what is outside them {} as much",
                    made.axes.len(),
                    made.rest.unwrap_or_default()
                )
            };
            made.map(|made| (note(&made), made))
        }
        _ => Components::of_texts(&rows, most).map(|(made, share)| {
            let share = (100.0 * share).round();
            (
                format!(
                    "features are their {} principal components, with {share} % of the variance",
                    made.width()
                ),
                made,
            )
        }),
    };
    let (note, made) = made.unzip();
    found.notes.push(match note {
        Some(note) => format!("{note}; `components` in data.toml is another number, 0 for none"),
        None => "no principal component varies more than by chance, so all columns count alike".into(),
    });
    Ok(made)
}
