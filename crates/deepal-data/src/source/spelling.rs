//! Ids as people spell them: paths that are absolute, with other slashes, without their folders, in another form of Unicode.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use unicode_normalization::UnicodeNormalization;

/// The rows of ids, found by any usual spelling.
pub(super) struct Spellings<'a> {
    exact: HashMap<&'a str, usize>,
    /// Where ids are paths.
    paths: Option<Paths>,
}

struct Paths {
    /// The source itself, as its paths may begin.
    roots: Vec<String>,
    /// By the whole path in one form.
    whole: HashMap<String, usize>,
    /// By the ends of a path, without some of its folders; `None` where several end so.
    ends: HashMap<String, Option<usize>>,
}

impl<'a> Spellings<'a> {
    /// `root` is where ids are paths below it.
    pub(super) fn new(ids: &'a [String], root: Option<&Path>) -> Self {
        let exact = ids.iter().enumerate().map(|(row, id)| (id.as_str(), row)).collect();
        Self { exact, paths: root.map(|root| Paths::new(ids, root)) }
    }

    /// The row that an id means; several ids may end so, then none is meant.
    pub(super) fn row(&self, id: &str) -> Option<usize> {
        let found = self.exact.get(id).or_else(|| self.exact.get(id.trim())).copied();
        found.or_else(|| self.paths.as_ref()?.row(id))
    }
}

impl Paths {
    fn new(ids: &[String], root: &Path) -> Self {
        let real = std::fs::canonicalize(root).ok();
        let absolute = std::path::absolute(root).ok();
        let text = |path: &PathBuf| one_form(&path.to_string_lossy());
        let roots = [real, absolute, Some(root.into())]
            .iter()
            .flatten()
            .map(text)
            .filter(|root| !root.is_empty())
            .collect();
        let (mut whole, mut ends) = (HashMap::new(), HashMap::new());
        for (row, id) in ids.iter().enumerate() {
            let id = one_form(id);
            for (at, _) in id.match_indices('/') {
                let end = ends.entry(id[at + 1..].to_owned()).or_insert(Some(row));
                end.take_if(|other| *other != row);
            }
            whole.insert(id, row);
        }
        Self { roots, whole, ends }
    }

    fn row(&self, id: &str) -> Option<usize> {
        let id = one_form(id);
        let below = |root: &String| id.strip_prefix(root.as_str())?.strip_prefix('/');
        let below = self.roots.iter().find_map(below).unwrap_or(&id);
        let tails = [below].into_iter().chain(below.match_indices('/').map(|(at, _)| &below[at + 1..]));
        tails
            .filter_map(|tail| self.whole.get(tail))
            .next()
            .or_else(|| self.ends.get(below)?.as_ref())
            .copied()
    }
}

/// Slashes, composed letters, and no `.` or empty folders.
fn one_form(path: &str) -> String {
    let path = path.trim().nfc().collect::<String>().replace('\\', "/");
    let path = path.strip_prefix("file://").unwrap_or(&path);
    let folders = path.split('/').filter(|folder| !matches!(*folder, "" | "."));
    folders.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_spelling_of_a_path_finds_its_row() {
        let ids = ["cat/1.png", "dog/1.png", "dog/2.png", "caf\u{e9}/3.png", "flat.png"].map(str::to_owned);
        let spellings = Spellings::new(&ids, Some(Path::new("some/pets")));
        let root = std::path::absolute("some/pets").unwrap();
        for (id, row) in [
            ("cat/1.png", Some(0)),
            (" cat/1.png ", Some(0)),
            ("./cat//1.png", Some(0)),
            ("cat\\1.png", Some(0)),
            (".\\dog\\2.png", Some(2)),
            ("some/pets/dog/1.png", Some(1)),
            ("pets/dog/1.png", Some(1)),
            ("/mnt/c/pets/dog/1.png", Some(1)),
            ("C:\\data\\pets\\dog\\1.png", Some(1)),
            (&root.join("dog/2.png").to_string_lossy(), Some(2)),
            (&format!("file://{}", root.join("dog/2.png").display()), Some(2)),
            ("2.png", Some(2)),
            ("cafe\u{301}/3.png", Some(3)),
            ("3.png", Some(3)),
            ("1.png", None),
            ("cat/2.png", None),
            ("nothing.png", None),
        ] {
            assert_eq!(spellings.row(id), row, "{id}");
        }
        let names = Spellings::new(&ids, None);
        assert_eq!((names.row("2.png"), names.row(" flat.png")), (None, Some(4)), "ids that are no paths");
    }
}
