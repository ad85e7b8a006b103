//! Files in a new folder, and names for them.

use crate::error::Result;
use deepal_data::Error as DataError;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The longest name of a file, in bytes; 255 is what file systems take.
const LONGEST: usize = 200;

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
    let replaced = text.replace('/', "__");
    let is_odd = |letter: char| letter.is_control() || "\\:*?\"<>|".contains(letter);
    let replaced = replaced.replace(is_odd, "_");
    let cut = replaced.len().saturating_sub(LONGEST);
    // The end tells more than the beginning, and has the extension.
    let cut = (cut..replaced.len()).find(|at| replaced.is_char_boundary(*at)).unwrap_or_default();
    let name = &replaced[cut..];
    let is_hidden = name.is_empty() || name.starts_with('.');
    let name = format!("{}{name}", if is_hidden { "_" } else { "" });
    match name.strip_suffix(['.', ' ']) {
        Some(start) => format!("{start}_"),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_and_all_different() {
        let mut names = Names::default();
        let given = ["a/b.png", "a__b.png", "A/B.png", "..", "", ".x", "c:\\d?", "e.", "T-shirt/top"];
        let expected =
            ["a__b.png", "a__b~2.png", "A__B~2.png", "_._", "_", "_.x", "c__d_", "e_", "T-shirt__top"];
        assert_eq!(given[..2].iter().map(|name| names.name(name)).collect::<Vec<_>>(), expected[..2]);
        assert_eq!(names.name("A/B.png"), "A__B~3.png");
        assert_eq!(given[3..].iter().map(|name| names.name(name)).collect::<Vec<_>>(), expected[3..]);
        let long = names.name(&format!("{}.png", "ä".repeat(300)));
        assert!(long.len() <= LONGEST && long.ends_with("ä.png"), "{long}");
    }
}
