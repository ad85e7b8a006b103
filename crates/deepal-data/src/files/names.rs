//! [`file_name`]: a safe name of any text.

use sha2::{Digest, Sha256};

/// The most bytes of a name that [`file_name`] makes.
const LONGEST: usize = 120;
/// Letters of a hash in such a name: 48 bits.
const HASH: usize = 12;
/// The longest extension that stays at the end of a name, with its dot.
const EXTENSION: usize = 11;
/// Names that mean a device on Windows, whatever extension follows.
const DEVICES: [&str; 7] = ["aux", "clock$", "con", "conin$", "conout$", "nul", "prn"];
/// The same with a digit behind.
const PORTS: [&str; 2] = ["com", "lpt"];

/// A safe name for a file or folder that stands for a text: the text itself if that is a safe name. Use it for whatever comes from
/// a user's data before it becomes part of a path.
///
/// The name has no separator and no other letter that a system forbids, no control or invisible letter, no `..`, no dot at
/// either end and no space at either end; it is no device of Windows, at most 120 bytes long and never empty. A text that is cut
/// or changed gets a hash of the whole text, so that different texts have different names; a short extension stays at the end.
///
/// ```
/// use deepal_data::files::file_name;
///
/// assert_eq!(file_name("my run.csv"), "my run.csv");
/// assert!(file_name("x/../../victim").starts_with("x_victim-"));
/// ```
pub fn file_name(text: &str) -> String {
    let safe = safe(text);
    if safe == text && safe.len() <= LONGEST && !safe.is_empty() && !is_device(&safe) && !has_hash(&safe) {
        return safe;
    }
    let hash = Sha256::digest(text);
    let hash = hash.iter().take(HASH / 2).map(|byte| format!("{byte:02x}")).collect::<String>();
    let (stem, extension) = split_extension(&safe);
    let words = stem.split('_').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("_");
    // Besides the stem there are the hash with its hyphen, and a letter in front of a device's name.
    let stem = cut(&words, LONGEST - HASH - 2 - extension.len());
    let stem = match stem.trim_matches(['.', ' ', '_']) {
        "" => "unnamed",
        stem => stem,
    };
    let lead = if is_device(stem) { "_" } else { "" };
    format!("{lead}{stem}-{hash}{extension}")
}

/// The text with `_` for what must not be in a name, and without dots and spaces at its ends.
fn safe(text: &str) -> String {
    let safe = text.replace(is_forbidden, "_").replace("..", "_");
    safe.trim_matches(|letter: char| letter == '.' || letter.is_whitespace()).to_owned()
}

/// Separators, what Windows forbids, control letters, and those that are not seen or turn the direction of writing.
fn is_forbidden(letter: char) -> bool {
    let is_invisible = matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
    letter.is_control()
        || is_invisible
        || matches!(letter, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
}

/// Whether Windows takes a name for a device.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).trim_end().to_lowercase();
    let is_port = |port: &str| {
        let digit = stem.strip_prefix(port).map(|rest| rest.chars().collect::<Vec<_>>());
        matches!(digit.as_deref(), Some(['0'..='9' | '¹' | '²' | '³']))
    };
    DEVICES.contains(&stem.as_str()) || PORTS.into_iter().any(is_port)
}

/// Whether a name looks as if it had a hash, so that no other text may keep it.
fn has_hash(name: &str) -> bool {
    let (stem, _) = split_extension(name);
    let hash = stem.rsplit_once('-').map(|(_, hash)| hash);
    hash.is_some_and(|hash| hash.len() == HASH && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// A name without its extension, and that with its dot; a long one is none.
fn split_extension(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(at)
            if at > 0
                && name.len() - at <= EXTENSION
                && name[at + 1..].bytes().all(|b| b.is_ascii_alphanumeric()) =>
        {
            name.split_at(at)
        }
        _ => (name, ""),
    }
}

/// The start of a text, at most so many bytes.
fn cut(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn plain_names_stay_and_no_name_leads_elsewhere() {
        for name in [
            "pets",
            "my run.csv",
            "a.b.c",
            "Größe 1",
            "写真.png",
            "__init__",
            "a__b",
            "x-1",
            "-rf",
            "con1",
            "console",
        ] {
            assert_eq!(file_name(name), name);
        }
        let long = "é".repeat(200);
        let odd = [
            "",
            ".",
            "..",
            "...",
            "/",
            "a/b",
            "a\\b",
            "../a",
            "x/../../../../victim",
            "C:\\x",
            "a:b",
            "a\0b",
            "a\nb",
            "\t",
            ".hidden",
            "a.",
            "a ",
            " a",
            "a..b",
            "CON",
            "con.txt",
            "NUL",
            "nul .x",
            "COM1",
            "lpt9.csv",
            "COM¹",
            "PRN",
            "a|b",
            "a\u{202e}b",
            "\u{feff}a",
            "a-0123456789ab",
            "a-0123456789ab.png",
            "CLOCK$",
            &long,
            "/etc/passwd",
            "~/x/..",
        ];
        let mut names = odd.map(file_name).to_vec();
        for (text, name) in odd.iter().zip(&names) {
            assert_ne!(name, text);
            let path = Path::new(name);
            assert_eq!(path.components().count(), 1, "{text:?} {name:?}");
            assert_eq!(path.file_name(), Some(name.as_ref()), "{text:?} {name:?}");
            assert!(!name.is_empty() && name.len() <= 120 && !name.contains(".."), "{text:?} {name:?}");
            assert!(!name.starts_with(['.', ' ']) && !name.ends_with(['.', ' ']), "{text:?} {name:?}");
            assert!(!name.chars().any(is_forbidden) && !is_device(name), "{text:?} {name:?}");
        }
        names.sort();
        names.dedup();
        assert_eq!(names.len(), odd.len(), "different texts have different names");
    }

    #[test]
    fn a_changed_name_keeps_what_it_can_and_is_its_own_alone() {
        let name = file_name("album/2024/a.png");
        assert!(name.starts_with("album_2024_a-") && name.ends_with(".png"), "{name}");
        assert_ne!(file_name("a/b"), file_name("a_b"));
        assert_ne!(file_name("a/b"), file_name("a:b"));
        // A text that looks like another's name does not get it.
        assert_ne!(file_name(&file_name("a/b")), file_name("a/b"));
        let long = |end: &str| file_name(&format!("{}{end}", "x".repeat(300)));
        assert_ne!(long("1.png"), long("2.png"));
        assert!(long("1.png").ends_with(".png") && long("1.png").len() <= 120);
        assert_eq!(file_name(&"x".repeat(120)).len(), 120);
        for bytes in 100..140 {
            let name = file_name(&"写".repeat(bytes));
            assert!(name.len() <= 120 && name.len() > 110, "{}", name.len());
        }
        assert_eq!(file_name("a/b"), file_name("a/b"));
    }
}
