//! What the folders of pictures mean: wrappers, classes, parts, or nothing.

use super::names::{is_batch, is_calendar};
use super::{Found, Manifest, Split, labels};
use crate::error::Result;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Names in a sentence.
const NAMED: usize = 5;

/// Where the classes of pictures come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClassesFrom {
    /// The folders that the pictures lie in.
    Folders,
    /// A table of labels alone: sub-folders are dates, batches or other places.
    Labels,
}

/// What folders mean.
pub(super) struct Place {
    /// The start of all names that is no part of ids: the only folder of an archive, with its `/`.
    pub(super) root: String,
    /// The start of all names that says nothing: folders around the folders that mean something, `root` among them.
    wrapper: String,
    order: Order,
    /// Folders of a part that hold one folder of the same part, such as `train/train`.
    doubled: BTreeSet<String>,
    /// Whether there is a test folder, so that a validation folder is not the test set.
    has_test: bool,
    /// Whether some pictures lie in class folders and some do not.
    is_mixed: bool,
    has_classes: bool,
    notes: Vec<String>,
}

/// Which folder says the part of a picture: the pool or the test set.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Order {
    /// None does.
    None,
    /// The first: `train/cat`.
    PartFirst,
    /// The second: `cat/train`.
    ClassFirst,
}

impl Place {
    /// What `names` of pictures and `folders`, which may be empty classes, say together with the manifest.
    pub(super) fn of(
        names: &[&str],
        folders: &BTreeSet<String>,
        is_archive: bool,
        manifest: &Manifest,
    ) -> Self {
        let wrapper = wrapper(names, folders, is_archive, manifest);
        let root = match wrapper.split_once('/') {
            Some((root, _)) if is_archive => format!("{root}/"),
            _ => String::new(),
        };
        let mut notes = Vec::new();
        if wrapper.len() > root.len() {
            notes.push(format!(
                "all pictures lie in the folder `{}`, which is read as a wrapper and not as a class; if it is one, set `classes` \
                 in data.toml",
                wrapper[root.len()..].trim_end_matches('/')
            ));
        }
        let paths = names.iter().map(|name| folders_of(&name[wrapper.len()..])).collect::<Vec<_>>();
        let tops = paths.iter().map(|path| path.first().copied()).collect::<BTreeSet<_>>();
        let order = order(&paths, &mut notes);
        let is_test = |folder: &&str| part(folder) == Some(Part::Test);
        let has_test = match order {
            Order::None => false,
            Order::PartFirst => paths.iter().filter_map(|path| path.first()).any(is_test),
            Order::ClassFirst => paths.iter().filter_map(|path| path.get(1)).any(is_test),
        };
        let is_mixed = tops.len() > 1 && tops.contains(&None);
        let doubled = if order == Order::PartFirst { doubled(&paths) } else { BTreeSet::new() };
        let mut place = Self { root, wrapper, order, doubled, has_test, is_mixed, has_classes: true, notes };
        place.has_classes = place.are_classes(names, &place.classes(folders), manifest);
        place
    }

    /// The folders of a picture that say its part and its class.
    fn folders<'a>(&self, name: &'a str) -> (Option<&'a str>, Option<&'a str>) {
        let mut folders = folders_of(&name[self.wrapper.len()..]).into_iter();
        let first = folders.next();
        match self.order {
            Order::None => (None, first),
            Order::ClassFirst => (folders.next(), first),
            Order::PartFirst => {
                if first.is_some_and(|first| self.doubled.contains(first)) {
                    folders.next();
                }
                (first, folders.next())
            }
        }
    }

    pub(super) fn class(&self, name: &str) -> Option<String> {
        self.folders(name).1.filter(|_| self.has_classes).map(str::to_owned)
    }

    pub(super) fn split(&self, name: &str) -> Option<Split> {
        Some(match part(self.folders(name).0?)? {
            Part::Test => Split::Test,
            Part::Validation if !self.has_test => Split::Test,
            Part::Train | Part::Validation => Split::Train,
        })
    }

    /// Class folders, those without pictures too.
    pub(super) fn classes(&self, folders: &BTreeSet<String>) -> Vec<String> {
        let below = folders.iter().filter(|folder| folder.starts_with(&self.wrapper));
        // With a name after it, a folder is where something lies.
        let classes = below.filter_map(|folder| self.class(&format!("{folder}/x")));
        classes.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Whether these folders are classes: what the manifest says, or else what their names suggest.
    fn are_classes(&mut self, names: &[&str], folders: &[String], manifest: &Manifest) -> bool {
        let batches =
            folders.iter().filter(|folder| is_batch(folder)).map(String::as_str).collect::<Vec<_>>();
        match manifest.classes_from {
            _ if folders.is_empty() => true,
            Some(ClassesFrom::Folders) => true,
            Some(ClassesFrom::Labels) => false,
            None if !manifest.classes.is_empty() => {
                let are_declared = share_a_name(folders, &manifest.classes);
                if !are_declared {
                    let why = "none of them is among the declared `classes`";
                    self.notes.push(album(folders, why));
                }
                are_declared
            }
            None if batches.len() == folders.len() || self.is_calendar(names) => {
                self.notes.push(album(folders, "their names are those of dates or batches"));
                false
            }
            None => {
                if !batches.is_empty() {
                    self.notes.push(format!(
                        "the sub-folders {} look like dates or batches and are read as classes; if no sub-folder is a class, set \
                         `classes_from = \"labels\"` in data.toml",
                        listed(&batches)
                    ));
                }
                true
            }
        }
    }

    /// Whether the class folder of each picture is a year with months in it, or lies in a year.
    fn is_calendar(&self, names: &[&str]) -> bool {
        let until = self.wrapper.matches('/').count() + 2;
        let is_dated = |name: &&str| {
            let folders = folders_of(name);
            folders[..folders.len().min(until)].windows(2).any(|pair| is_calendar(pair[0], pair[1]))
        };
        !names.is_empty() && names.iter().all(is_dated)
    }

    /// Decides between the sub-folders and a table of labels, if both are there, and adds what is to be said of the folders. The
    /// table itself is read later, over what is decided here.
    ///
    /// # Errors
    /// As [`labels::put`].
    pub(super) fn settle(
        &self,
        path: &Path,
        folder: &Path,
        manifest: &Manifest,
        found: &mut Found,
    ) -> Result<()> {
        found.notes.extend_from_slice(&self.notes);
        let is_open = manifest.classes.is_empty() && manifest.classes_from.is_none();
        let has_table = labels::table(path, folder, manifest, found).is_some();
        if is_open && has_table && !found.classes.is_empty() {
            let told = labels_of_table(path, folder, manifest, found)?;
            if !share_a_name(&found.classes, &told) {
                let why = if told.is_empty() {
                    "there is a table of labels"
                } else {
                    "the table of labels has other classes"
                };
                found.notes.push(album(&found.classes, why));
                found.classes.clear();
                found.labels.fill(None);
            }
        }
        if self.is_mixed && !found.classes.is_empty() {
            found.notes.push(
                "pictures in sub-folders are taken as labelled with the folder's name, those beside the folders as unlabelled"
                    .into(),
            );
        }
        Ok(())
    }
}

/// The classes that the table of labels names; what is found stays as it is.
fn labels_of_table(
    path: &Path,
    folder: &Path,
    manifest: &Manifest,
    found: &mut Found,
) -> Result<Vec<String>> {
    let none = vec![None; found.labels.len()];
    let kept = (std::mem::replace(&mut found.labels, none), found.problems.clone(), found.notes.clone());
    let put = labels::put(path, folder, manifest, found);
    let told = std::mem::take(&mut found.labels).into_iter().flatten().collect::<BTreeSet<_>>();
    (found.labels, found.problems, found.notes) = kept;
    put.map(|()| told.into_iter().collect())
}

/// Whether one list has a name of the other, in any case: then the rest of it is meant too, and what differs is an error or a
/// warning of its own.
fn share_a_name(a: &[String], b: &[String]) -> bool {
    let lower = |names: &[String]| names.iter().map(|name| name.to_lowercase()).collect::<BTreeSet<_>>();
    !lower(a).is_disjoint(&lower(b))
}

fn album(folders: &[String], why: &str) -> String {
    let names = folders.iter().map(String::as_str).collect::<Vec<_>>();
    format!(
        "the sub-folders {} are not read as classes, as {why}; if they are classes, set `classes_from = \"folders\"` in data.toml",
        listed(&names)
    )
}

/// Names in a sentence, not too many.
pub(super) fn listed(names: &[&str]) -> String {
    let more = if names.len() > NAMED { ", …" } else { "" };
    format!("{}{more}", names[..names.len().min(NAMED)].join(", "))
}

/// The folders that a file lies in, the outermost first.
fn folders_of(name: &str) -> Vec<&str> {
    let mut folders = name.split('/').collect::<Vec<_>>();
    folders.pop();
    folders
}

/// The folders, one in the other and each with its `/`, that all pictures lie in and that are no part and no class. A class has
/// another one beside it, or is declared.
fn wrapper(names: &[&str], folders: &BTreeSet<String>, is_archive: bool, manifest: &Manifest) -> String {
    let mut wrapper = String::new();
    loop {
        let tops = names.iter().map(|name| name[wrapper.len()..].split_once('/')).collect::<BTreeSet<_>>();
        let only = tops.iter().map(|top| top.map(|(top, _)| top)).collect::<BTreeSet<_>>();
        let (1, Some(Some(only))) = (only.len(), only.first()) else { return wrapper };
        let is_declared = manifest.classes.iter().any(|class| class == only);
        let has_pictures = tops.iter().flatten().any(|(_, rest)| !rest.contains('/'));
        let must_be_class = has_pictures && manifest.classes_from == Some(ClassesFrom::Folders);
        // What is beside the only folder of an archive says nothing; on disk it may be a class without pictures.
        let is_beside = |folder: &String| {
            folder.strip_prefix(&wrapper).is_some_and(|rest| rest.split('/').next() != Some(only))
        };
        let is_alone = (is_archive && wrapper.is_empty()) || !folders.iter().any(is_beside);
        if part(only).is_some() || is_declared || must_be_class || !is_alone {
            return wrapper;
        }
        wrapper = format!("{wrapper}{only}/");
    }
}

/// Which folder says the part, by the folders of each picture.
fn order(paths: &[Vec<&str>], notes: &mut Vec<String>) -> Order {
    let at = |level: usize| paths.iter().filter_map(|path| path.get(level).copied()).collect::<BTreeSet<_>>();
    let are_parts = |folders: &BTreeSet<&str>| folders.iter().filter(|folder| part(folder).is_some()).count();
    let (first, second) = (at(0), at(1));
    if !first.is_empty() && are_parts(&first) == first.len() {
        return Order::PartFirst;
    }
    let parts = are_parts(&second);
    if parts == 0 {
        return Order::None;
    }
    let names = listed(&second.iter().copied().filter(|folder| part(folder).is_some()).collect::<Vec<_>>());
    if parts == second.len() {
        notes.push(format!("the folders {names} inside the classes are read as a split, not as classes"));
        return Order::ClassFirst;
    }
    notes.push(format!(
        "the folders {names} inside other folders are not read as a split, as there are others beside them; move them out for that"
    ));
    Order::None
}

/// Folders of a part in which all pictures lie in one folder of the same part.
fn doubled(paths: &[Vec<&str>]) -> BTreeSet<String> {
    let mut below = BTreeMap::<&str, BTreeSet<Option<&str>>>::new();
    for path in paths {
        if let Some(first) = path.first() {
            below.entry(first).or_default().insert(path.get(1).copied());
        }
    }
    let is_doubled = |(top, inner): &(&str, BTreeSet<Option<&str>>)| match (inner.len(), inner.first()) {
        (1, Some(Some(inner))) => part(inner).is_some() && part(inner) == part(top),
        _ => false,
    };
    below.into_iter().filter(is_doubled).map(|(top, _)| top.to_owned()).collect()
}

/// What the name of a folder says about the split.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    Train,
    Validation,
    Test,
}

/// The part that a folder is named after, with or without the word set: `train`, `Training_Set`, `testset`.
fn part(folder: &str) -> Option<Part> {
    let name = folder.to_ascii_lowercase();
    let name = name.strip_suffix("set").map_or(name.as_str(), |name| name.trim_end_matches(['_', '-', ' ']));
    match name {
        "train" | "training" => Some(Part::Train),
        "val" | "valid" | "validation" => Some(Part::Validation),
        "test" | "testing" => Some(Part::Test),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The class and part of each picture, and the classes.
    fn read(
        names: &[&str],
        empty: &[&str],
        manifest: &Manifest,
    ) -> (Vec<(String, Option<Split>)>, Vec<String>) {
        let mut folders = empty.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        for name in names {
            folders
                .extend(name.char_indices().filter(|(_, c)| *c == '/').map(|(at, _)| name[..at].to_owned()));
        }
        let place = Place::of(names, &folders, false, manifest);
        let found = names.iter().map(|name| (place.class(name).unwrap_or_default(), place.split(name)));
        (found.collect(), place.classes(&folders))
    }

    fn classes(names: &[&str], empty: &[&str]) -> Vec<String> {
        read(names, empty, &Manifest::default()).1
    }

    #[test]
    fn wrappers_are_no_classes_however_many() {
        assert_eq!(classes(&["P/Cat/0", "P/Dog/0"], &[]), ["Cat", "Dog"]);
        assert_eq!(classes(&["a/b/c/Cat/0", "a/b/c/Dog/more/0"], &["a/b/c/rare"]), ["Cat", "Dog", "rare"]);
        assert_eq!(classes(&["data/train/cat/0", "data/test/dog/0"], &[]), ["cat", "dog"]);
        assert!(classes(&["photos/0", "photos/1"], &[]).is_empty());
        assert_eq!(classes(&["cat/0"], &["rare"]), ["cat", "rare"], "an empty folder beside is a class");
        assert_eq!(classes(&["cat/0", "1"], &[]), ["cat"]);
    }

    #[test]
    fn what_is_declared_is_no_wrapper() {
        let declared = Manifest { classes: vec!["cat".into(), "dog".into()], ..Manifest::default() };
        assert_eq!(read(&["cat/0", "cat/1"], &[], &declared).1, ["cat"]);
        assert_eq!(read(&["P/cat/0", "P/cat/1"], &[], &declared).1, ["cat"]);
        let folders = Manifest { classes_from: Some(ClassesFrom::Folders), ..Manifest::default() };
        assert_eq!(read(&["cat/0", "cat/1"], &[], &folders).1, ["cat"]);
        assert_eq!(read(&["P/cat/0", "P/dog/1"], &[], &folders).1, ["cat", "dog"]);
        assert_eq!(read(&["2024-05/0", "2024-06/0"], &[], &folders).1, ["2024-05", "2024-06"]);
    }

    #[test]
    fn parts_are_outside_or_inside_of_classes() {
        use Split::{Test, Train};
        let inside = ["cat/train/0", "cat/test/1", "dog/train/0", "dog/2"];
        let (found, names) = read(&inside, &[], &Manifest::default());
        let of = |class: &str, split| (class.to_owned(), split);
        let expected =
            [of("cat", Some(Train)), of("cat", Some(Test)), of("dog", Some(Train)), of("dog", None)];
        assert_eq!((found, names), (expected.to_vec(), vec!["cat".to_owned(), "dog".to_owned()]));
        for [train, test] in [["train", "test"], ["Training_Set", "Test_Set"], ["trainset", "val"]] {
            let names =
                ["cat", "dog"].map(|class| [format!("{train}/{class}/0"), format!("{test}/{class}/0")]);
            let names = names.iter().flatten().map(String::as_str).collect::<Vec<_>>();
            let (found, classes) = read(&names, &[], &Manifest::default());
            assert_eq!(found[..2], [of("cat", Some(Train)), of("cat", Some(Test))], "{train}");
            assert_eq!(classes, ["cat", "dog"]);
        }
        let doubled = ["train/train/cat/0", "train/train/dog/0", "test/test/1"];
        let (found, names) = read(&doubled, &[], &Manifest::default());
        assert_eq!(found, [of("cat", Some(Train)), of("dog", Some(Train)), of("", Some(Test))]);
        assert_eq!(names, ["cat", "dog"]);
        // Vehicles.
        assert_eq!(classes(&["train/train/0", "train/car/0", "test/car/1"], &[]), ["car", "train"]);
        assert_eq!(classes(&["train/0", "car/0", "bus/0"], &[]), ["bus", "car", "train"]);
        assert_eq!(classes(&["cat/test/0", "cat/other/0", "dog/0"], &[]), ["cat", "dog"]);
    }

    #[test]
    fn dates_and_batches_are_an_album() {
        for names in
            [["2024-05/0", "2024-06/0"], ["album/100CANON/0", "album/101CANON/0"], ["IMG_1/0", "IMG_2/0"]]
        {
            assert!(classes(&names, &[]).is_empty(), "{names:?}");
        }
        assert_eq!(classes(&["1987/0", "1988/0"], &[]), ["1987", "1988"]);
        for names in [
            ["2023/05/0", "2024/06/0"],
            ["2024/05/0", "2024/06/0"],
            ["2024/05/17/0", "2024/05/18/0"],
            ["album/2023/May/0", "album/2024/05 - May/0"],
        ] {
            assert!(classes(&names, &[]).is_empty(), "{names:?}");
        }
        assert_eq!(classes(&["cat/2024/05/0", "dog/2024/06/0"], &[]), ["cat", "dog"]);
        assert_eq!(classes(&["2023/cat/0", "2024/dog/0"], &[]), ["2023", "2024"]);
        assert_eq!(classes(&["2024-05/0", "cat/0"], &[]), ["2024-05", "cat"]);
        let labels = Manifest { classes_from: Some(ClassesFrom::Labels), ..Manifest::default() };
        let (found, classes) = read(&["train/park/0", "test/beach/0"], &[], &labels);
        assert_eq!(found, [(String::new(), Some(Split::Train)), (String::new(), Some(Split::Test))]);
        assert!(classes.is_empty());
    }
}
