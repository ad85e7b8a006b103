//! Fetching a published file from its mirrors: resumable, checked by SHA-256, and never half there.

use super::remote::{Progress, Remote};
use crate::error::{Attempt, Error, Kind, Result};
use crate::files;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::time::Duration;

/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(15);

/// How long a server may be silent, before its answer and within the body.
const SILENCE: Duration = Duration::from_secs(60);

/// How often one mirror is asked, as long as each time brings more of the file.
const TRIES: usize = 3;

/// Fetches a file into `folder` (made if need be) from the first mirror that sends the published bytes.
///
/// The bytes go to `<name>.part`, which a later call goes on with, and get their name only when their SHA-256 is
/// right. Two processes may ask for one file at once: the second waits for the first.
///
/// # Errors
/// [`Error::Download`] names every mirror with its reason; [`Error::Write`] if the folder cannot be written to.
pub fn fetch(remote: &Remote<'_>, folder: &Path, progress: &Progress<'_>) -> Result<()> {
    fs::create_dir_all(folder).map_err(Error::write(folder))?;
    let target = folder.join(remote.name);
    let path = files::with_suffix(&target, ".part");
    let part =
        OpenOptions::new().create(true).append(true).read(true).open(&path).map_err(Error::write(&path))?;
    part.lock().map_err(Error::write(&path))?;
    if target.exists() {
        return Ok(());
    }
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_connect(Some(CONNECT))
        .timeout_recv_response(Some(SILENCE))
        .timeout_per_read(Some(SILENCE));
    let mut transfer =
        Transfer { agent: config.build().into(), name: remote.name, part, path: &path, progress };
    let mut attempts = Vec::new();
    for mirror in remote.mirrors {
        let url = format!("{mirror}{}", remote.name);
        match transfer.ask(&url, remote) {
            Ok(()) => {
                fs::rename(&path, &target).map_err(Error::write(&target))?;
                files::sync_folder(&target);
                return Ok(());
            }
            Err(error) if error.kind() == Kind::Download => {
                attempts.push(Attempt { url, cause: Box::new(error) });
            }
            Err(error) => return Err(error),
        }
    }
    if transfer.len()? == 0 {
        let _ = fs::remove_file(&path);
    }
    Err(Error::Download { file: remote.name.into(), attempts })
}

/// A download under way.
struct Transfer<'a> {
    agent: ureq::Agent,
    name: &'a str,
    part: File,
    path: &'a Path,
    progress: &'a Progress<'a>,
}

impl Transfer<'_> {
    /// The whole file from one mirror, checked and on disk.
    fn ask(&mut self, url: &str, remote: &Remote<'_>) -> Result<()> {
        let mut tries = 0;
        loop {
            let before = self.len()?;
            tries += 1;
            let outcome = self.receive(url, before, remote.most);
            let outcome = outcome.and_then(|()| remote.digest.check(self.path));
            match outcome {
                Ok(()) => return self.part.sync_all().map_err(Error::write(self.path)),
                Err(error @ Error::Checksum { .. }) => {
                    self.restart()?;
                    // What an earlier call or mirror left may not go with this one's rest: once more from the start.
                    if before == 0 || tries == TRIES {
                        return Err(error);
                    }
                }
                Err(error) if error.kind() != Kind::Download => return Err(error),
                Err(error) if tries == TRIES || self.len()? <= before => return Err(error),
                Err(_) => {}
            }
        }
    }

    /// One request: appends what is missing behind the first `start` bytes, until the file has `most`.
    fn receive(&mut self, url: &str, start: u64, most: u64) -> Result<()> {
        let failed = |why: String| Error::Transfer { why };
        let mut request = self.agent.get(url);
        if start > 0 {
            request = request.header("Range", format!("bytes={start}-"));
        }
        let response = request.call().map_err(|cause| failed(cause.to_string()))?;
        let start = match response.status().as_u16() {
            206 => {
                let range = response.headers().get("Content-Range").and_then(|range| range.to_str().ok());
                if !range.is_some_and(|range| range.starts_with(&format!("bytes {start}-"))) {
                    return Err(failed(format!(
                        "asked for bytes from {start}, got {}",
                        range.unwrap_or("others")
                    )));
                }
                start
            }
            // The server knows no ranges and sends the whole file.
            200 => {
                self.restart()?;
                0
            }
            // Nothing is behind the bytes that are here: they are the file, or wrong, which their digest tells.
            416 if start > 0 => return Ok(()),
            status => return Err(failed(format!("HTTP status {status}"))),
        };
        let mut body = response.into_body();
        let total = body.content_length().map(|rest| start + rest);
        if let Some(total) = total.filter(|total| *total > most) {
            self.restart()?;
            return Err(failed(format!("offers {total} bytes, and the file has at most {most}")));
        }
        let mut reader = body.as_reader();
        let mut buffer = vec![0; 1 << 16];
        let mut done = start;
        (self.progress)(self.name, done, total);
        loop {
            let n = match reader.read(&mut buffer) {
                Ok(n) => n,
                Err(cause) if cause.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(cause) => return Err(failed(format!("broke off after {done} bytes: {cause}"))),
            };
            if n == 0 {
                break;
            }
            if done + n as u64 > most {
                self.restart()?;
                return Err(failed(format!(
                    "sends more than {most} bytes, and the file has at most so many"
                )));
            }
            self.part.write_all(&buffer[..n]).map_err(Error::write(self.path))?;
            done += n as u64;
            (self.progress)(self.name, done, total);
        }
        match total {
            Some(total) if total != done => Err(failed(format!("broke off after {done} of {total} bytes"))),
            _ => Ok(()),
        }
    }

    fn len(&self) -> Result<u64> {
        Ok(self.part.metadata().map_err(Error::write(self.path))?.len())
    }

    /// Throws away what is there.
    fn restart(&mut self) -> Result<()> {
        self.part.set_len(0).map_err(Error::write(self.path))
    }
}
