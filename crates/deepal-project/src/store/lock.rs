//! One process writes a project at a time.

use deepal_data::Error as DataError;
use deepal_engine::{Error, Result};
use std::fs::{File, TryLockError};
use std::io::{Read, Write};
use std::path::Path;

/// The name of the file that the writer locks; the system frees it when the process ends, however it ends.
const FILE: &str = "project.lock";

/// Held while a process writes a project. The file says which one.
#[derive(Debug)]
pub(crate) struct Lock {
    /// Locked until it is closed.
    _file: File,
}

impl Lock {
    /// Takes the lock of a folder.
    ///
    /// # Errors
    /// Another process has it.
    pub(crate) fn take(folder: &Path) -> Result<Self> {
        let path = folder.join(FILE);
        let failed = |cause| Error::from(DataError::Write { path: path.clone(), cause });
        let mut options = File::options();
        let file = options.create(true).truncate(false).read(true).write(true).open(&path);
        let mut file = file.map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::Error(cause)) => return Err(failed(cause)),
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let who = match file.read_to_string(&mut holder) {
                    Ok(_) if !holder.trim().is_empty() => format!("process {}", holder.trim()),
                    _ => "another process".into(),
                };
                return Err(Error::Setting(format!(
                    "the project `{}` is open in {who}, and only one program at a time may write it; close that one first",
                    folder.display()
                )));
            }
        }
        file.set_len(0).and_then(|()| write!(file, "{}", std::process::id())).map_err(failed)?;
        Ok(Self { _file: file })
    }
}
