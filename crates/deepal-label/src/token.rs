//! The secret that opens the page.

use deepal_data::Error as DataError;
use deepal_engine::{Error, Result};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

/// The file in the project's folder that keeps it, so that a page stays open when the server starts again.
const FILE: &str = "label-token";
/// 128 random bits, in hexadecimal.
const LEN: usize = 32;

/// The token of a project. One is made at the first call; only the user can read its file. Deleting the file makes a new one.
pub(crate) fn of(folder: &Path) -> Result<String> {
    let path = folder.join(FILE);
    if let Ok(text) = std::fs::read_to_string(&path)
        && text.len() == LEN
        && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    {
        return Ok(text);
    }
    let mut bytes = [0; LEN / 2];
    getrandom::fill(&mut bytes)
        .map_err(|cause| Error::Failed(format!("the system gives no random numbers: {cause}")))?;
    let token = bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // A file of the name that others can read would keep its permissions.
    drop(std::fs::remove_file(&path));
    let written = options.open(&path).and_then(|mut file| file.write_all(token.as_bytes()));
    written.map_err(|cause| Error::Data(DataError::Write { path, cause }))?;
    Ok(token)
}

/// Whether two secrets are equal, in a time that does not say where they differ.
pub(crate) fn are_equal(a: &str, b: &str) -> bool {
    let differences = a.bytes().zip(b.bytes()).fold(0, |all, (a, b)| std::hint::black_box(all | (a ^ b)));
    a.len() == b.len() && differences == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_keeps_its_token_and_a_damaged_file_makes_a_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let token = of(folder.path()).unwrap();
        assert_eq!(token.len(), LEN);
        assert_eq!(of(folder.path()).unwrap(), token);
        std::fs::write(folder.path().join(FILE), "short").unwrap();
        let other = of(folder.path()).unwrap();
        assert!(other.len() == LEN && other != token);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = folder.path().join(FILE).metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn only_the_same_secret_is_equal() {
        assert!(are_equal("abc", "abc"));
        for other in ["abd", "ab", "abcd", "", "xbc"] {
            assert!(!are_equal("abc", other), "{other}");
        }
    }
}
