//! What labels mean: missing words, `-1`, joined labels, quantities, and names that look alike.

use super::{Found, Manifest, Problem};
use crate::error::{Error, Result};
use crate::formats::columns::is_missing;
use deepal_core::Class;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// What joins labels; the first three seldom are part of a name.
pub(super) const JOINTS: [char; 7] = ['#', '|', ';', ',', '+', '&', '/'];
const SURE_JOINTS: usize = 3;
/// From so many different numbers on, labels may be quantities.
const MANY: usize = 10;
/// So many different numbers are classes only if they are whole and most come twice.
const TOO_MANY: usize = 20;
/// From so many classes on a note says so.
const MANY_CLASSES: usize = 1000;
/// Names in a sentence.
const NAMED: usize = 5;

/// Takes what is no label out of the labels, and returns all classes: declared, or of the source itself, or (with a note) those
/// that labels name.
///
/// # Errors
/// Labels whose meaning is unclear, or that are no classes.
pub(super) fn of(path: &Path, manifest: &Manifest, found: &mut Found) -> Result<Vec<String>> {
    let declared = if manifest.classes.is_empty() { found.classes.clone() } else { manifest.classes.clone() };
    drop_missing(manifest, &declared, found);
    let mut counts = BTreeMap::<&str, usize>::new();
    found.labels.iter().flatten().for_each(|label| *counts.entry(label).or_default() += 1);
    let total = counts.values().sum::<usize>();
    let classes = if declared.is_empty() {
        let wrong = |why: Option<String>| why.map_or(Ok(()), |why| Err(Error::unfit(path, why)));
        // Where most rows have no label yet, a class that comes once is what active learning begins with.
        let is_mostly_labeled = 2 * total > found.labels.len();
        wrong(names(&counts, total).filter(|_| is_mostly_labeled && quantities(&counts, total).is_none()))?;
        wrong(joined(&counts))?;
        wrong(minus_one(&counts, total))?;
        wrong(quantities(&counts, total))?;
        let mut seen = counts.keys().map(|class| (*class).to_owned()).collect::<Vec<_>>();
        // 2 before 10.
        let numbers = seen.iter().map(|class| class.parse::<f64>().ok().filter(|x| x.is_finite()));
        if let Some(numbers) = numbers.collect::<Option<Vec<_>>>() {
            let mut sorted = numbers.into_iter().zip(seen).collect::<Vec<_>>();
            sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
            seen = sorted.into_iter().map(|(_, class)| class).collect();
        }
        if counts.keys().any(|class| is_minus_one(class)) {
            found.notes.push(
                "the labels are -1 and 1, two classes; if -1 means that there is no label, say `missing = [\"-1\"]` in data.toml"
                    .into(),
            );
        }
        if !seen.is_empty() && found.labels.iter().any(Option::is_none) {
            let names = seen.iter().take(NAMED * 4).map(String::as_str).collect::<Vec<_>>().join(", ");
            let more = if seen.len() > NAMED * 4 { ", …" } else { "" };
            let classes = format!("the classes were read from the labels there are: {names}{more}");
            found
                .notes
                .push(format!("{classes}; if one has no label yet, declare all as `classes` in data.toml"));
        }
        seen
    } else {
        declared
    };
    if classes.len() >= MANY_CLASSES {
        let labelled = found.labels.iter().flatten().count();
        found.notes.push(format!(
            "there are {} classes, and {labelled} samples have a label; a net and its probabilities take memory and time for each class",
            classes.len()
        ));
    }
    found.problems.extend(alike(&classes));
    Ok(classes)
}

/// Words that mean that there is no label, unless a class is declared that is called so.
fn drop_missing(manifest: &Manifest, declared: &[String], found: &mut Found) {
    let mut dropped = BTreeMap::<String, usize>::new();
    for label in &mut found.labels {
        let is_none = |text: &String| is_missing(text, &manifest.missing) && !declared.contains(text);
        if let Some(text) = label.take_if(|text| is_none(text)).filter(|text| !text.is_empty()) {
            *dropped.entry(text).or_default() += 1;
        }
    }
    if !dropped.is_empty() {
        let words = dropped.iter().map(|(word, count)| format!("`{word}` ({count})"));
        let words = words.collect::<Vec<_>>().join(", ");
        found.notes.push(format!(
            "labels that mean that there is none: {words}; if one is a class, declare all as `classes` in data.toml"
        ));
    }
}

fn is_minus_one(class: &str) -> bool {
    class.parse() == Ok(-1.0)
}

/// What is unclear of labels among which is -1, unless they are just -1 and 1.
fn minus_one(counts: &BTreeMap<&str, usize>, total: usize) -> Option<String> {
    let minus = counts.iter().filter(|(class, _)| is_minus_one(class)).map(|(_, count)| count).sum::<usize>();
    let mut others = counts.keys().filter(|class| !is_minus_one(class)).peekable();
    let is_pair = others.peek().is_some() && others.all(|class| class.parse() == Ok(1.0));
    (minus > 0 && !is_pair).then(|| {
        format!(
            "has the label -1 in {minus} of {total} rows, and it is unclear whether that is a class or means that there is no label; \
             say `missing = [\"-1\"]` in data.toml, or name all classes, -1 too, as `classes`"
        )
    })
}

/// What is said of labels that are several classes each.
fn joined(counts: &BTreeMap<&str, usize>) -> Option<String> {
    let remedy = "several labels for a sample are not supported yet; split them: one row or one column of zeros and ones for each \
                  class, and one question at a time; if it is one class, declare all as `classes` in data.toml";
    let is_list = |class: &&&str| class.starts_with('[') && class.ends_with(']');
    if let Some(list) = counts.keys().find(is_list) {
        return Some(format!("has the label `{list}`, a list: {remedy}"));
    }
    for (at, joint) in JOINTS.into_iter().enumerate() {
        let parts =
            |class: &'_ str| class.split(joint).map(|part| part.trim().to_owned()).collect::<Vec<_>>();
        let joined = counts.keys().filter(|class| class.contains(joint)).map(|class| (class, parts(class)));
        let joined =
            joined.filter(|(_, parts)| parts.iter().all(|part| !part.is_empty())).collect::<Vec<_>>();
        let mut uses = HashMap::<&str, usize>::new();
        joined.iter().flat_map(|(_, parts)| parts).for_each(|part| *uses.entry(part).or_default() += 1);
        let is_class = |part: &String| counts.contains_key(part.as_str());
        let is_shared = |part: &String| is_class(part) || uses[part.as_str()] > 1;
        let is_sure = at < SURE_JOINTS;
        let several = joined.iter().find(|(_, parts)| {
            parts.iter().all(is_class)
                || is_sure && (parts.iter().any(is_class) || parts.iter().all(is_shared))
        });
        if let Some((class, parts)) = several {
            return Some(format!(
                "has the label `{class}`, which is {} joined by `{joint}`: {remedy}",
                parts.join(" and ")
            ));
        }
    }
    None
}

/// What is said of labels that are quantities.
fn quantities(counts: &BTreeMap<&str, usize>, total: usize) -> Option<String> {
    let numbers = counts.keys().map(|class| class.parse::<f64>().ok()).collect::<Option<Vec<_>>>()?;
    let (distinct, has_fraction) = (numbers.len(), numbers.iter().any(|x| x.fract() != 0.0));
    let is_much = if has_fraction {
        distinct >= MANY && 5 * distinct > total
    } else {
        distinct >= TOO_MANY && 2 * distinct > total
    };
    (is_much || has_fraction && distinct > 10 * MANY).then(|| {
        format!(
            "has {distinct} different numbers as labels of {total} rows, which is regression, and classes are needed; make classes of \
             them, such as low and high, or name another column as `label` in data.toml; if they are classes, declare all as `classes`"
        )
    })
}

/// What is said of labels that are names of samples: most of them come once.
fn names(counts: &BTreeMap<&str, usize>, total: usize) -> Option<String> {
    let distinct = counts.len();
    (distinct >= MANY_CLASSES && 2 * distinct > total).then(|| {
        format!(
            "has {distinct} different labels in {total} rows, as names or ids have, and nothing can be learnt of a class that comes \
             once; name another column as `label` in data.toml; if they are classes, declare all as `classes`"
        )
    })
}

/// Classes that may be one: equal in lower case, as numbers, or but for spaces, `_` and `-`.
fn alike(classes: &[String]) -> Vec<Problem> {
    let key = |class: &String| match class.parse::<f64>() {
        Ok(number) if number.is_finite() => number.to_string(),
        _ => class.to_lowercase().split(|c: char| c.is_whitespace() || "_-".contains(c)).collect(),
    };
    let mut groups = BTreeMap::<String, Vec<&str>>::new();
    classes.iter().for_each(|class| groups.entry(key(class)).or_default().push(class));
    let several = groups.into_values().filter(|group| group.len() > 1);
    several
        .map(|group| Problem {
            what: format!("classes `{}`", group.join("`, `")),
            why: "look like one class written in several ways; correct the labels if they are one".into(),
        })
        .collect()
}

/// Class names as positions in the list.
pub(super) fn to_positions(path: &Path, found: &Found, classes: &[String]) -> Result<Vec<Option<Class>>> {
    let positions =
        (0..).zip(classes).map(|(class, name)| (name.as_str(), Class(class))).collect::<HashMap<_, _>>();
    let unknown = |id: &str, label: &str| {
        let shown = classes.iter().take(NAMED * 4).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = if classes.len() > NAMED * 4 { ", …" } else { "" };
        let remedy = if is_minus_one(label) {
            "; if it means that there is no label, say `missing = [\"-1\"]`"
        } else {
            ""
        };
        Error::unfit(
            path,
            format!(
                "`{id}` has the class `{label}`, which is none of {shown}{more}; correct the label, or add it to `classes` in \
                 data.toml{remedy}"
            ),
        )
    };
    let class = |(id, label): (&String, &Option<String>)| match label {
        None => Ok(None),
        Some(label) => positions.get(label.as_str()).copied().map(Some).ok_or_else(|| unknown(id, label)),
    };
    found.ids.iter().zip(&found.labels).map(class).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts<'a>(labels: &[&'a str]) -> (BTreeMap<&'a str, usize>, usize) {
        let mut counts = BTreeMap::new();
        labels.iter().for_each(|label| *counts.entry(*label).or_default() += 1);
        (counts, labels.len())
    }

    #[test]
    fn minus_one_is_a_question_unless_one_is_all_else() {
        for (labels, is_clear) in [
            (&["-1", "1", "1"][..], true),
            (&["-1.0", "1.0"], true),
            (&["0", "1", "2"], true),
            (&["-1", "0", "1"], false),
            (&["-1", "0", "1", "2"], false),
            (&["-1", "cat", "dog"], false),
            (&["-1", "-1"], false),
        ] {
            let (counts, total) = counts(labels);
            assert_eq!(minus_one(&counts, total).is_none(), is_clear, "{labels:?}");
        }
    }

    #[test]
    fn joined_labels_are_never_a_class() {
        let several: [&[&str]; 8] = [
            &["ham", "spam", "ham#spam"],
            &["a", "b", "a|b"],
            &["a|b", "b|c", "a|c"],
            &["red", "blue", "red, blue"],
            &["red", "green|red"],
            &["['a', 'b']", "['a']"],
            &["a", "b", "a+b"],
            &["a/b", "a", "b"],
        ];
        for labels in several {
            assert!(joined(&counts(labels).0).is_some(), "{labels:?}");
        }
        let one: [&[&str]; 8] = [
            &["C", "C#", "F#"],
            &["animal/cat", "animal/dog", "plant/tree"],
            &["New York, NY", "Buffalo, NY"],
            &["Research & Development", "Sales"],
            &["c++", "c"],
            &["and/or", "or"],
            &["1", "2", "3"],
            &["x|y"],
        ];
        for labels in one {
            assert_eq!(joined(&counts(labels).0), None, "{labels:?}");
        }
    }

    #[test]
    fn many_different_numbers_are_quantities() {
        let of = |n: usize, distinct: usize, step: f64| {
            let labels = (0..n).map(|i| ((i % distinct) as f64 * step).to_string()).collect::<Vec<_>>();
            let labels = labels.iter().map(String::as_str).collect::<Vec<_>>();
            let (counts, total) = counts(&labels);
            quantities(&counts, total).is_some()
        };
        assert!(of(30, 30, 0.37) && of(500, 300, 1.0) && of(5000, 200, 0.1) && of(20, 20, 1.0));
        assert!(!of(100, 10, 1.0) && !of(1000, 9, 0.5) && !of(1000, 100, 1.0) && !of(12, 12, 1.0));
        assert!(quantities(&counts(&["a", "1"]).0, 2).is_none());
    }

    #[test]
    fn classes_that_may_be_one_are_named() {
        let classes = ["Cat", "cat", "1", "1.0", "ice cream", "ice_cream", "dog", "2"].map(str::to_owned);
        let what = alike(&classes).into_iter().map(|problem| problem.what).collect::<Vec<_>>().join("; ");
        assert_eq!(what, "classes `1`, `1.0`; classes `Cat`, `cat`; classes `ice cream`, `ice_cream`");
    }
}
