//! Files in a new folder, and names for them.

use crate::error::Result;
use deepal_data::Error as DataError;
use deepal_data::files::file_name;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// A new file.
pub(super) fn file(path: &Path, bytes: &[u8]) -> Result<()> {
    Ok(fs::write(path, bytes).map_err(|cause| DataError::Write { path: path.into(), cause })?)
}

/// A new folder in one that is there.
pub(super) fn sub_folder(path: &Path) -> Result<()> {
    Ok(fs::create_dir(path).map_err(|cause| DataError::Write { path: path.into(), cause })?)
}

/// Gives names that every file system takes, all different whatever the case.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeSet<String>);

impl Names {
    /// A name much like `text`: `/` becomes `__`, and a number tells names apart that would be the same.
    pub(super) fn name(&mut self, text: &str) -> String {
        let safe = safe(text);
        let (stem, extension) = match safe.rsplit_once('.') {
            Some((stem, extension)) if !stem.is_empty() => (stem, format!(".{extension}")),
            _ => (safe.as_str(), String::new()),
        };
        let mut name = safe.clone();
        let mut number = 2;
        while !self.0.insert(name.to_lowercase()) {
            name = format!("{stem}~{number}{extension}");
            number += 1;
        }
        name
    }
}

fn safe(text: &str) -> String {
    file_name(&text.replace('/', "__"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_and_all_different() {
        let mut names = Names::default();
        let given = ["a/b.png", "a__b.png", "A/B.png", "T-shirt/top"];
        let expected = ["a__b.png", "a__b~2.png", "A__B~3.png", "T-shirt__top"];
        assert_eq!(given.map(|name| names.name(name)), expected);
        let long = format!("{}.png", "ä".repeat(300));
        let odd = ["..", "", ".x", "c:\\d?", "e.", "con.png", "a\0b", "../../x", &long];
        let made = odd.map(|name| names.name(name));
        for (text, name) in odd.iter().zip(&made) {
            assert!(name != text && name.len() <= 120 && Path::new(name).components().count() == 1, "{name}");
        }
        assert_eq!(made.iter().collect::<BTreeSet<_>>().len(), odd.len());
        assert!(names.name(&long).ends_with(".png"));
    }
}
