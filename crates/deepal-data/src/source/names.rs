//! What the names of files and folders say: which are a system's own, which are backups, which stand for a date or a batch.

use crate::files::below;
use std::ops::RangeInclusive;
use std::path::{Component, Path};

/// Folders that systems and their tools make, in lower case. The listing leaves them out and names them.
const SYSTEM_FOLDERS: [&str; 12] = [
    "$recycle.bin",
    "#recycle",
    "#snapshot",
    "@eadir",
    "@recently-snapshot",
    "@recycle",
    "@tmp",
    "__pycache__",
    "lost+found",
    "network trash folder",
    "system volume information",
    "temporary items",
];
/// English months, in lower case.
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
/// Files and folders that are left out silently, in lower case.
const SILENT: [&str; 6] =
    ["__macosx", "desktop.ini", "ehthumbs.db", "ehthumbs_vista.db", "icon\r", "thumbs.db"];
/// Extensions of backups and of half a download, in lower case.
const BACKUPS: [&str; 10] =
    ["backup", "bak", "crdownload", "old", "orig", "part", "partial", "swo", "swp", "tmp"];
/// What programs put before the number of a batch, in lower case.
const NUMBERED: [&str; 11] =
    ["batch", "chunk", "dsc", "dscf", "dscn", "img", "import", "part", "pict", "scan", "upload"];

/// Files and folders that are left out silently: whatever begins with a dot, and what every system leaves behind.
pub(super) fn is_hidden(name: &str) -> bool {
    (name.starts_with('.') && name != "..") || SILENT.contains(&name.to_lowercase().as_str())
}

/// Folders of a system, such as its thumbnails or its trash.
pub(super) fn is_system_folder(name: &str) -> bool {
    SYSTEM_FOLDERS.contains(&name.to_lowercase().as_str())
}

/// Whether what is written to `path` would be found when the folder `source` is read: it would lie in it, and not in a folder that
/// reading leaves out, such as a hidden one. `path` need not be there yet; links are followed.
pub fn would_be_read(path: &Path, source: &Path) -> bool {
    let is_left_out = |part: Component<'_>| {
        let name = part.as_os_str().to_string_lossy();
        is_hidden(&name) || is_system_folder(&name)
    };
    below(path, source).is_some_and(|below| !below.components().any(is_left_out))
}

/// Files that an editor or a download leaves beside the right one.
pub(super) fn is_backup(file: &str) -> bool {
    let extension = file.rsplit_once('.').map(|(_, extension)| extension.to_lowercase());
    file.ends_with('~')
        || file.starts_with("~$")
        || (file.len() > 2 && file.starts_with('#') && file.ends_with('#'))
        || extension.is_some_and(|extension| BACKUPS.contains(&extension.as_str()))
}

/// Folders that sort pictures by date, camera or batch, and not by class: `2024-05`, `20240517`, `100CANON`, `IMG_0001`.
pub(super) fn is_batch(folder: &str) -> bool {
    is_date(folder) || is_camera(folder) || is_numbered(folder)
}

/// Folders of years with folders of months in them: `2024/05`, `2024/05 - May`, `2024/May`, `2024/2024-05`.
pub(super) fn is_calendar(outer: &str, inner: &str) -> bool {
    let word = inner.split(|letter: char| !letter.is_alphanumeric()).find(|word| !word.is_empty());
    let is_month = word.is_some_and(|word| {
        let lower = word.to_lowercase();
        is_within(word, 2, 1..=12) || MONTHS.iter().any(|month| lower == *month || lower == month[..3])
    });
    is_year(outer) && (is_month || is_date(inner))
}

/// A date with a year and at least a month in one of the usual orders, with or without words after it. A year alone is none: it
/// may well be a class.
fn is_date(folder: &str) -> bool {
    let words = folder.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    let words = words.collect::<Vec<_>>();
    let (month, day) = (|word: &str| is_within(word, 2, 1..=12), |word: &str| is_within(word, 2, 1..=31));
    // 20240517
    let is_packed = |word: &str| {
        word.len() == 8 && word.is_ascii() && is_year(&word[..4]) && month(&word[4..6]) && day(&word[6..])
    };
    match words[..] {
        [first, ..] if is_packed(first) => true,
        [first, second, ..] if is_year(first) && month(second) => true,
        [first, second] => month(first) && is_year(second),
        [first, second, third, ..] => {
            is_year(third) && ((day(first) && month(second)) || (month(first) && day(second)))
        }
        _ => false,
    }
}

fn is_year(word: &str) -> bool {
    word.len() == 4 && is_within(word, 4, 1900..=2099)
}

/// Whether a word is a number of so many digits or fewer within a range.
fn is_within(word: &str, digits: usize, range: RangeInclusive<u32>) -> bool {
    let is_number = word.len() <= digits && word.bytes().all(|byte| byte.is_ascii_digit());
    is_number && word.parse().is_ok_and(|number| range.contains(&number))
}

/// A folder of a digital camera: three digits and five more letters (DCF, JEITA CP-3461).
fn is_camera(folder: &str) -> bool {
    let bytes = folder.as_bytes();
    bytes.len() == 8
        && bytes[0] != b'0'
        && bytes[..3].iter().all(u8::is_ascii_digit)
        && bytes[3..].iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_')
        && !bytes[3..].iter().all(u8::is_ascii_digit)
}

/// A word for a batch and a number, such as `IMG_0001` or `batch-2`.
fn is_numbered(folder: &str) -> bool {
    let word = folder.trim_end_matches(|letter: char| letter.is_ascii_digit());
    word.len() < folder.len()
        && NUMBERED.contains(&word.trim_end_matches(['-', '_', ' ', '.']).to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_systems_make_is_known_in_any_case() {
        for name in ["@eaDir", "$RECYCLE.BIN", "$Recycle.Bin", "lost+found", "#recycle", "__pycache__"] {
            assert!(is_system_folder(name), "{name}");
        }
        assert!(is_system_folder("System Volume Information"));
        for name in [".git", "._x.png", ".DS_Store", "Thumbs.db", "thumbs.DB", "desktop.ini", "__MACOSX"] {
            assert!(is_hidden(name), "{name}");
        }
        for name in ["cat", "recycled", "lost", "found", "pycache", "eaDir", "..", "tmp"] {
            assert!(!is_system_folder(name) && !is_hidden(name), "{name}");
        }
    }

    #[test]
    fn backups_are_known_by_their_names() {
        for name in ["x.png~", "#x.png#", "~$x.png", "x.png.bak", "x.png.ORIG", "x.jpg.part"] {
            assert!(is_backup(name), "{name}");
        }
        for name in ["x.png", "x~1.png", "#1.png", "bak", "bak.png", "#", "party.jpg"] {
            assert!(!is_backup(name), "{name}");
        }
    }

    #[test]
    fn months_in_years_are_a_calendar() {
        for inner in ["05", "5", "12", "05 - May", "May", "may", "Sep", "2024-05", "20240517"] {
            assert!(is_calendar("2024", inner), "{inner}");
        }
        for (outer, inner) in [("2024", "13"), ("2024", "cat"), ("2024", ""), ("cat", "05"), ("20", "05")] {
            assert!(!is_calendar(outer, inner), "{outer} {inner}");
        }
    }

    #[test]
    fn dates_and_batches_are_no_words() {
        let batches = [
            "2024-05",
            "2024_05_17",
            "2024.5.7",
            "20240517",
            "20240517_1015",
            "2024-05-17 birthday",
            "05-2024",
            "17.05.2024",
            "5-17-2024",
            "100CANON",
            "101APPLE",
            "100_PANA",
            "IMG_0001",
            "img 12",
            "DSC00001",
            "batch-2",
            "Batch2",
        ];
        for name in batches {
            assert!(is_batch(name), "{name}");
        }
        let classes = [
            "cat",
            "0",
            "1",
            "42",
            "1987",
            "2024",
            "2024-13",
            "20241301",
            "12345678",
            "10012345",
            "mg_12",
            "img",
            "class1",
            "n02084071",
            "3-4",
            "a-2024-05",
            "été",
            "2024é05",
            "年月日",
            "",
        ];
        for name in classes {
            assert!(!is_batch(name), "{name}");
        }
    }
}
