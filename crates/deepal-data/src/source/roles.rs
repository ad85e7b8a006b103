//! What each column of a table is for, by its name and by what is in it.

use super::{Manifest, Problem};
use crate::error::{Error, Result};
use crate::formats::columns::{Column, Columns};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// Names of the column with the ids, in upper or lower case as all here.
pub(super) const ID: [&str; 1] = ["id"];
/// Names that say that a column has the classes.
pub(super) const LABEL: [&str; 6] = ["label", "labels", "class", "classes", "target", "targets"];
/// Names that say so where no other does, and the column is not of many numbers.
pub(super) const LABEL_TOO: [&str; 14] = [
    "category",
    "categories",
    "y",
    "sentiment",
    "emotion",
    "intent",
    "topic",
    "outcome",
    "diagnosis",
    "species",
    "tag",
    "gold",
    "gold_label",
    "ground_truth",
];
/// Names of the column that says train or test.
pub(super) const SPLIT: [&str; 1] = ["split"];
/// Names of a column of texts; beside it other columns are not used.
pub(super) const TEXT: [&str; 12] = [
    "text",
    "texts",
    "sentence",
    "sentences",
    "content",
    "review",
    "comment",
    "tweet",
    "message",
    "body",
    "document",
    "utterance",
];
/// How names of an index begin and end that data-frame programs write, with a number between; an empty heading is the first.
pub(super) const INDEX: [(&str, &str); 2] = [("Unnamed: ", ""), ("__index_level_", "__")];
/// Names of an index if it has whole numbers, all different.
pub(super) const INDEX_TOO: [&str; 10] = [
    "index",
    "level_0",
    "rownames",
    "row_names",
    "row.names",
    "rowname",
    "row",
    "row_number",
    "rownum",
    "idx",
];
/// What labelling tools write of their own.
pub(super) const TOOL: [&str; 10] = [
    "_input_hash",
    "_task_hash",
    "_session_id",
    "_view_id",
    "_timestamp",
    "_annotator_id",
    "annotation_id",
    "annotator",
    "annotators",
    "lead_time",
];
/// The column in which labelling tools say what became of a label, and its words.
pub(super) const ANSWER: &str = "answer";
pub(super) const ANSWERS: [&str; 3] = ["accept", "reject", "ignore"];
/// From so many rows on, numbers that count them are no chance.
const COUNTED: usize = 5;
/// From so many different numbers on, they may be quantities.
pub(super) const MANY: usize = 10;

/// What a column is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// The column.
    pub column: String,
    /// What it is for, such as `label` or `feature`; `left out` if for nothing.
    pub role: &'static str,
    /// Why, where that was assumed.
    pub why: String,
    /// Whether there is no doubt.
    pub is_sure: bool,
    /// Whether the user said so.
    pub is_said: bool,
}

/// The columns of a table by what they are for.
#[derive(Debug, Default)]
pub(super) struct Roles {
    pub(super) id: Option<String>,
    pub(super) label: Option<String>,
    pub(super) split: Option<String>,
    pub(super) answer: Option<String>,
    /// Each once, in the order of their names.
    pub(super) features: Vec<String>,
    /// In the table's order.
    pub(super) all: Vec<Role>,
}

impl Roles {
    /// `taken` are columns that are inputs for certain.
    pub(super) fn of(path: &Path, columns: &Columns, manifest: &Manifest, taken: &[&str]) -> Result<Self> {
        let mut named = HashSet::new();
        for pattern in &manifest.features {
            named.extend(columns.matching(pattern)?);
        }
        let exact = manifest.features.iter().map(String::as_str).chain(manifest.text.as_deref());
        let taken = taken.iter().copied().chain(exact).collect::<HashSet<_>>();
        let mut roles = Self {
            id: one(columns, manifest.id.as_deref(), &ID, &taken)?,
            split: one(columns, manifest.split.as_deref(), &SPLIT, &taken)?,
            ..Self::default()
        };
        let found = roles.find_label(path, columns, manifest, &taken)?;
        roles.label = found.as_ref().map(|(name, _)| name.clone());
        roles.answer = columns
            .names()
            .iter()
            .find(|name| is_answer(columns, name) && !taken.contains(name.as_str()))
            .cloned();
        for name in columns.names() {
            let is_it = |role: &Option<String>| role.as_ref() == Some(name);
            let (role, why, is_sure) = if is_it(&roles.id) {
                ("id", String::new(), true)
            } else if is_it(&roles.label) {
                let why = found.as_ref().map(|(_, why)| why.clone()).unwrap_or_default();
                ("label", why.clone(), why.is_empty())
            } else if is_it(&roles.split) {
                ("split", String::new(), true)
            } else if is_it(&roles.answer) {
                ("answer", "says which labels were accepted".into(), false)
            } else if taken.contains(name.as_str()) || named.contains(name.as_str()) {
                ("feature", String::new(), true)
            } else if !manifest.features.is_empty() {
                ("left out", "is not among `features`".into(), true)
            } else if let Some(why) = no_feature(name, columns.column(name)?) {
                ("left out", why.into(), false)
            } else {
                ("feature", String::new(), true)
            };
            let said = [&manifest.id, &manifest.label, &manifest.split]
                .iter()
                .any(|role| role.as_ref() == Some(name));
            let is_said = said || taken.contains(name.as_str()) || named.contains(name.as_str());
            roles.all.push(Role { column: name.clone(), role, why, is_sure, is_said });
        }
        for (name, kind) in columns.unread() {
            let why = format!("cannot be read ({kind})");
            roles.all.push(Role {
                column: name.clone(),
                role: "left out",
                why,
                is_sure: true,
                is_said: false,
            });
        }
        let features = roles.all.iter().filter(|role| role.role == "feature");
        roles.features = features.map(|role| role.column.clone()).collect();
        // The order of a table's columns says nothing.
        roles.features.sort();
        Ok(roles)
    }

    /// The column of the classes, and why it is taken for it if that was assumed.
    fn find_label(
        &self,
        path: &Path,
        columns: &Columns,
        manifest: &Manifest,
        taken: &HashSet<&str>,
    ) -> Result<Option<(String, String)>> {
        if let Some(name) = &manifest.label {
            return readable(columns, name).map(|()| Some((name.clone(), String::new())));
        }
        let used = |name: &str| [&self.id, &self.split].iter().any(|role| role.as_deref() == Some(name));
        let all = columns.names().iter().chain(columns.unread().iter().map(|(name, _)| name));
        let free = all.filter(|name| !taken.contains(name.as_str()) && !used(name)).collect::<Vec<_>>();
        let of = |usual: &[&str]| {
            let fitting = |usual: &&str| {
                free.iter().find(|name| name.eq_ignore_ascii_case(usual)).map(|name| (*name).clone())
            };
            usual.iter().filter_map(fitting).collect::<Vec<_>>()
        };
        let mut found = of(&LABEL);
        if found.is_empty() {
            found = of(&LABEL_TOO);
            found.retain(|name| columns.column(name).is_ok_and(|column| !is_quantity(column)));
        }
        let Some(first) = found.first().cloned() else { return Ok(None) };
        // Of a kind that cannot be read it would be missed without a word.
        readable(columns, &first)?;
        let labels = columns.cells(&first)?;
        for other in &found[1..] {
            if !columns.column(other).is_ok_and(|column| determines(column, &labels)) {
                let names = columns.names().join(", ");
                return Err(Error::unfit(
                    path,
                    format!(
                        "has several columns that may say the class, {}; say which as `label = \"{first}\"` in data.toml; its \
                         columns are {names}",
                        found.join(", ")
                    ),
                ));
            }
        }
        let is_usual = LABEL.iter().any(|usual| first.eq_ignore_ascii_case(usual));
        let why = match found.len() {
            1 if is_usual => "",
            1 => "as its name says",
            _ => "as its name says, and others say the same",
        };
        Ok(Some((first, why.into())))
    }

    /// Reports features that determine the class, and leaves out those whose names say that they are the class.
    pub(super) fn drop_twins(
        &mut self,
        columns: &Columns,
        labels: &[Option<String>],
        is_said: bool,
        problems: &mut Vec<Problem>,
    ) -> Result<()> {
        let Some(label) = self.label.clone() else { return Ok(()) };
        let mut twins = Vec::new();
        for name in &self.features {
            if !determines(columns.column(name)?, labels) {
                continue;
            }
            let is_left_out = !is_said && is_named_after(name, &label);
            let done = match is_left_out {
                true => "it is left out; name it in `features` in data.toml if it is known before the label",
                false => "if it is only known with the label, leave it out by `features` in data.toml",
            };
            let why = format!("determines the class, one value for each class of column `{label}`: {done}");
            problems.push(Problem { what: format!("column `{name}`"), why: why.clone() });
            twins.push((name.clone(), is_left_out, why));
        }
        for (name, is_left_out, why) in twins {
            if is_left_out {
                self.features.retain(|feature| *feature != name);
            }
            for role in self.all.iter_mut().filter(|role| role.column == name) {
                *role = Role { why: why.clone(), is_sure: false, ..role.clone() };
                role.role = if is_left_out { "left out" } else { role.role };
            }
        }
        Ok(())
    }

    /// What was assumed, in sentences.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut reasons = Vec::<(&str, Vec<&str>)>::new();
        for role in self.all.iter().filter(|role| role.role == "left out" && !role.is_sure) {
            match reasons.iter_mut().find(|(why, _)| *why == role.why) {
                Some((_, names)) => names.push(&role.column),
                None => reasons.push((&role.why, vec![&role.column])),
            }
        }
        let note = |(why, names): (&str, Vec<&str>)| {
            format!("left out: {} ({why}); to use it, name it in `features` in data.toml", names.join(", "))
        };
        reasons.into_iter().filter(|(why, _)| !why.starts_with("determines")).map(note).collect()
    }
}

/// The column that the manifest names, or one whose name says it and that is not taken for an input.
fn one(
    columns: &Columns,
    named: Option<&str>,
    usual: &[&str],
    taken: &HashSet<&str>,
) -> Result<Option<String>> {
    if let Some(name) = named {
        return columns.column(name).map(|_| Some(name.to_owned()));
    }
    let names = || columns.names().iter().chain(columns.unread().iter().map(|(name, _)| name));
    let free = || names().filter(|name| !taken.contains(name.as_str()));
    let found = usual.iter().find_map(|usual| free().find(|name| name.eq_ignore_ascii_case(usual)));
    // Of a kind that cannot be read it would be missed without a word.
    found.map(|name| columns.column(name).map(|_| name.clone())).transpose()
}

/// Whether a column can hold classes: one with lists has several for a row.
fn readable(columns: &Columns, name: &str) -> Result<()> {
    let is_list = |kind: &str| kind.starts_with("lists");
    let is_unread_list = columns.unread().iter().any(|(other, kind)| other == name && is_list(kind));
    if is_unread_list || matches!(columns.column(name)?, Column::Lists(_) | Column::Bytes(_)) {
        return Err(columns.wrong(format!(
            "column `{name}` has lists, several labels for a row, which are not supported yet; write a column of zeros and ones \
             for each class, and name one of them as `label` in data.toml at a time"
        )));
    }
    Ok(())
}

/// Whether a column says of each row that its label was accepted, rejected or ignored.
fn is_answer(columns: &Columns, name: &str) -> bool {
    let Ok(Column::Text(cells)) = columns.column(name) else { return false };
    let is_one = |text: &String| ANSWERS.iter().any(|answer| answer.eq_ignore_ascii_case(text.trim()));
    name.eq_ignore_ascii_case(ANSWER)
        && cells.iter().flatten().all(is_one)
        && cells.iter().any(Option::is_some)
}

/// Why a column is no feature, if it is none.
fn no_feature(name: &str, column: &Column) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    let is_numbered = |(start, end): (&str, &str)| {
        let number = name.strip_prefix(start).and_then(|rest| rest.strip_suffix(end));
        number.is_some_and(|number| number.starts_with(|digit: char| digit.is_ascii_digit()))
    };
    if INDEX.into_iter().any(is_numbered) {
        return Some("it is the index of a data-frame program");
    }
    if TOOL.contains(&lower.as_str()) {
        return Some("a labelling tool wrote it for itself");
    }
    if counts_rows(column) {
        return Some("it counts the rows");
    }
    let is_id = INDEX_TOO.contains(&lower.as_str()) || ends_in_id(name);
    (is_id && column.len() >= COUNTED && all_different(column))
        .then_some("it is another whole number in each row, as an id")
}

/// Names such as `user_id` and `PassengerId`.
fn ends_in_id(name: &str) -> bool {
    let Some(start) = name.len().checked_sub(2).and_then(|at| name.get(..at)) else { return false };
    let end = &name[start.len()..];
    let is_split = start.ends_with(['_', '-', '.', ' ']);
    let is_camel = start.ends_with(|letter: char| letter.is_ascii_lowercase()) && end.starts_with('I');
    end.eq_ignore_ascii_case("id") && (start.is_empty() || is_split || is_camel)
}

/// The cell of a row as a whole number.
fn whole(column: &Column, row: usize) -> Option<i64> {
    let of_float = |x: f64| (x.fract() == 0.0 && x.abs() < 9e15).then_some(x as i64);
    match column {
        Column::Integers(cells) => cells[row],
        Column::Unsigned(cells) => cells[row].and_then(|x| i64::try_from(x).ok()),
        Column::Numbers(cells) => of_float(cells[row]),
        Column::Singles(cells) => of_float(f64::from(cells[row])),
        Column::Text(cells) => {
            let text = cells[row].as_deref()?.trim();
            text.parse().ok().or_else(|| text.parse().ok().and_then(of_float))
        }
        Column::Booleans(_) | Column::Lists(_) | Column::Bytes(_) => None,
    }
}

/// Whether the numbers are 0 to n - 1 or 1 to n, in any order. The first cell that is none of them ends the search.
fn counts_rows(column: &Column) -> bool {
    let n = column.len();
    if n < COUNTED {
        return false;
    }
    let mut seen = vec![false; n + 1];
    for row in 0..n {
        let place = whole(column, row).and_then(|number| usize::try_from(number).ok());
        match place.and_then(|place| seen.get_mut(place)) {
            Some(seen) if !*seen => *seen = true,
            _ => return false,
        }
    }
    !(seen[0] && seen[n])
}

fn all_different(column: &Column) -> bool {
    let mut seen = HashSet::new();
    (0..column.len()).all(|row| whole(column, row).is_some_and(|number| seen.insert(number)))
}

/// Whether numbers are fractions or many, and so no classes.
fn is_quantity(column: &Column) -> bool {
    let Ok(numbers) = column.numbers() else { return matches!(column, Column::Lists(_) | Column::Bytes(_)) };
    let given = numbers.iter().filter(|x| !x.is_nan());
    let has_fraction = given.clone().any(|x| x.fract() != 0.0);
    let distinct = given.clone().map(|x| x.to_bits()).collect::<HashSet<_>>().len();
    has_fraction || distinct >= MANY && 2 * distinct > given.count()
}

/// Whether labels and the cells of a column determine each other, and that is no chance: two classes at least, and two labels
/// a class on average. The first pair that contradicts it ends the search.
fn determines(column: &Column, labels: &[Option<String>]) -> bool {
    let (mut to, mut from) = (HashMap::<&str, Cow<'_, str>>::new(), HashMap::<Cow<'_, str>, &str>::new());
    let mut labelled = 0;
    for (row, label) in labels.iter().enumerate().filter_map(|(row, label)| Some((row, label.as_deref()?))) {
        let Some(cell) = cell(column, row) else { return false };
        labelled += 1;
        if to.entry(label).or_insert_with(|| cell.clone()) != &cell
            || *from.entry(cell).or_insert(label) != label
        {
            return false;
        }
    }
    to.len() > 1 && labelled >= 2 * to.len() && labelled >= COUNTED
}

/// A cell, to be compared with others of its column.
fn cell(column: &Column, row: usize) -> Option<Cow<'_, str>> {
    let owned = |text: String| Some(Cow::Owned(text));
    match column {
        Column::Text(cells) => cells[row].as_deref().map(Cow::Borrowed),
        Column::Numbers(cells) => owned(cells[row].to_string()),
        Column::Singles(cells) => owned(cells[row].to_string()),
        Column::Integers(cells) => owned(cells[row]?.to_string()),
        Column::Unsigned(cells) => owned(cells[row]?.to_string()),
        Column::Booleans(cells) => owned(cells[row]?.to_string()),
        Column::Lists(_) | Column::Bytes(_) => None,
    }
}

/// Whether a name says that a column is the label once more, such as `label_text` and `class_name`.
fn is_named_after(name: &str, label: &str) -> bool {
    let (name, label) = (name.to_lowercase(), label.to_lowercase());
    let roots =
        LABEL.iter().copied().chain([label.as_str()]).map(|root| root.strip_suffix('s').unwrap_or(root));
    let starts = |root: &str| {
        let rest = name.strip_prefix(root).map(|rest| rest.strip_prefix('s').unwrap_or(rest));
        rest.is_some_and(|rest| !rest.starts_with(char::is_alphabetic))
    };
    roots.into_iter().any(|root| root.len() > 1 && starts(root)) || LABEL_TOO.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole_numbers(numbers: &[i64]) -> Column {
        Column::Integers(numbers.iter().map(|number| Some(*number)).collect())
    }

    #[test]
    fn what_counts_the_rows_does_so_in_any_order() {
        for counts in [[0, 1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 6], [6, 2, 4, 1, 3, 5], [5, 4, 3, 2, 1, 0]] {
            assert!(counts_rows(&whole_numbers(&counts)), "{counts:?}");
            let texts = counts.iter().map(|number| Some(format!(" {number}"))).collect();
            assert!(counts_rows(&Column::Text(texts)));
        }
        for other in [[0, 1, 2, 3, 4, 6], [0, 1, 2, 3, 4, 4], [-1, 0, 1, 2, 3, 4], [2, 3, 4, 5, 6, 7]] {
            assert!(!counts_rows(&whole_numbers(&other)), "{other:?}");
        }
        assert!(!counts_rows(&whole_numbers(&[0, 1, 2])), "too few to tell");
    }

    #[test]
    fn names_of_ids_and_twins() {
        for name in ["id", "user_id", "PassengerId", "sample-ID", "rowID"] {
            assert!(ends_in_id(name), "{name}");
        }
        for name in ["valid", "grid", "solid", "Id3", "i", "é"] {
            assert!(!ends_in_id(name), "{name}");
        }
        for (name, label) in [
            ("label_text", "label"),
            ("labels_str", "label"),
            ("class_name", "y"),
            ("Species_code", "species"),
        ] {
            assert!(is_named_after(name, label), "{name}");
        }
        assert!(
            !is_named_after("classic", "label")
                && !is_named_after("year", "y")
                && !is_named_after("colour", "label")
        );
    }

    #[test]
    fn one_value_for_each_class_is_no_chance_from_some_rows_on() {
        let labels = |text: &str| text.chars().map(|c| (c != '-').then(|| c.to_string())).collect::<Vec<_>>();
        let column = whole_numbers(&[1, 2, 1, 2, 2, 1]);
        assert!(determines(&column, &labels("abab-a")));
        assert!(!determines(&column, &labels("abaa-a")), "a has two values");
        assert!(!determines(&column, &labels("aaaaaa")), "one class");
        assert!(!determines(&column, &labels("ab----")), "too few");
        assert!(
            !determines(&whole_numbers(&[1, 1, 1, 2, 2, 1]), &labels("abab-a")),
            "one value for two classes"
        );
    }
}
