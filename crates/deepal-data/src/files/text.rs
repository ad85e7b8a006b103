//! Files of text: they are UTF-8.

use crate::error::{Error, Result};
use std::path::Path;

/// Checks that a file's beginning is UTF-8 text, and returns how long its byte order mark is.
pub(crate) fn start_of_text(path: &Path, start: &[u8]) -> Result<usize> {
    let is_wide = start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]);
    if is_wide || start.iter().take(1024).any(|byte| *byte == 0) {
        let why = "is UTF-16 text or no text; save it as UTF-8 (in a spreadsheet: `CSV UTF-8`)";
        return Err(Error::unfit(path, why));
    }
    Ok(if start.starts_with("\u{feff}".as_bytes()) { 3 } else { 0 })
}

/// What to do about text that is not UTF-8.
pub(crate) const NOT_UTF8: &str =
    "is not UTF-8, perhaps Latin-1; save it as UTF-8, such as by `iconv -f LATIN1 -t UTF-8`";
