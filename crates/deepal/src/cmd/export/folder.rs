//! Folders that are whole or not there, and names of files in them.

use crate::exit::{self, Interrupted};
use anyhow::{Context, bail};
use deepal_data::{Error, claim, sweep, temporary};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// The longest name of a file, in bytes; 255 is what file systems take.
const LONGEST: usize = 200;

/// Set by Ctrl+C.
static STOP: AtomicBool = AtomicBool::new(false);

/// Checks that a folder can be filled: it is not there, or empty.
///
/// # Errors
/// A folder that is not empty, or cannot be looked at.
pub(super) fn check(out: &Path) -> anyhow::Result<()> {
    is_there(out).map(drop)
}

fn is_there(out: &Path) -> anyhow::Result<bool> {
    match fs::read_dir(out).map(|mut entries| entries.next().is_some()) {
        Ok(true) => Err(Error::NotEmpty { path: out.into() }.into()),
        Ok(false) => Ok(true),
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(false),
        Err(cause) => Err(Error::Write { path: out.into(), cause }.into()),
    }
}

/// Fills a folder under a temporary name and renames it: afterwards it is whole, or nothing is there. What a killed process left of
/// the same folder goes too.
///
/// # Errors
/// As [`check`]; a folder that cannot be written; what `fill` says, as at Ctrl+C if it asks [`check_stop`].
pub(super) fn write(out: &Path, fill: impl FnOnce(&Path) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let failed = |cause| Error::Write { path: out.into(), cause };
    let is_there = is_there(out)?;
    // Absolute, so that `.` and a slash at the end have a name too.
    let whole = if is_there { fs::canonicalize(out) } else { std::path::absolute(out) }.map_err(failed)?;
    let whole = whole.components().collect::<PathBuf>();
    sweep(&whole);
    let temporary = Temporary(temporary(&whole));
    let make = || fs::create_dir_all(&temporary.0).and_then(|()| File::open(&temporary.0));
    let lock = claim(&temporary.0, make);
    // Not all systems open folders as files.
    fs::create_dir_all(&temporary.0).map_err(failed)?;
    fill(&temporary.0)?;
    if is_there {
        fs::remove_dir(&whole).map_err(failed)?;
    }
    fs::rename(&temporary.0, &whole).map_err(failed)?;
    drop(lock);
    Ok(())
}

/// The first Ctrl+C ends the writing after the present file, the second at once.
pub(super) fn stop_on_ctrl_c() -> anyhow::Result<()> {
    let set = ctrlc::set_handler(|| {
        let again = STOP.swap(true, Ordering::Relaxed);
        drop(writeln!(
            std::io::stderr(),
            "\n{}",
            if again { "stopped" } else { "stopping after the present file" }
        ));
        if again {
            #[expect(clippy::exit, reason = "the user asked twice; the next export removes what is left")]
            std::process::exit(i32::from(exit::INTERRUPTED));
        }
    });
    set.context("cannot listen for Ctrl+C")
}

/// # Errors
/// Ctrl+C was pressed.
pub(super) fn check_stop() -> anyhow::Result<()> {
    if STOP.load(Ordering::Relaxed) {
        bail!(Interrupted("nothing was exported; the same command does it again".into()));
    }
    Ok(())
}

/// A folder that goes away with all that is in it, unless it was renamed before.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A new file.
pub(super) fn file(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    Ok(fs::write(path, bytes).map_err(|cause| Error::Write { path: path.into(), cause })?)
}

/// A new folder in one that is there.
pub(super) fn sub_folder(path: &Path) -> anyhow::Result<()> {
    Ok(fs::create_dir(path).map_err(|cause| Error::Write { path: path.into(), cause })?)
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

    #[test]
    fn a_folder_is_whole_or_not_there() {
        let parent = tempfile::tempdir().unwrap();
        let entries = || fs::read_dir(parent.path()).unwrap().count();
        let out = parent.path().join("out");
        let failed = write(&out, |folder| {
            file(&folder.join("half"), b"x")?;
            anyhow::bail!("no more")
        });
        assert_eq!((failed.unwrap_err().to_string().as_str(), entries()), ("no more", 0));
        fs::create_dir(&out).unwrap();
        write(&out, |folder| file(&folder.join("whole"), b"x")).unwrap();
        assert_eq!((fs::read(out.join("whole")).unwrap().as_slice(), entries()), (&b"x"[..], 1));
        assert!(write(&out, |_| Ok(())).unwrap_err().to_string().contains("not empty"));
        assert!(write(&out.join("whole"), |_| Ok(())).is_err());
    }
}
