//! What can go wrong on disk and on the way to it, each with the path and what to do about it.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Which side an [`Error`] is on; a program can make its exit code of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Something to be read is missing or broken.
    Input,
    /// Something cannot be written.
    Output,
    /// Something cannot be fetched.
    Download,
}

/// An error of this crate. Messages are lower-case fragments that fit after "error: ", whole without their cause.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The system refuses to read a file or folder.
    #[error("cannot read `{}`: {cause}", .path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        cause: io::Error,
    },
    /// The system refuses to write a file or folder.
    #[error("cannot write `{}`: {cause}; {}", .path.display(), write_remedy(.cause))]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        cause: io::Error,
    },
    /// A data file that is truncated, damaged, or of another format.
    #[error(
        "`{}` is damaged or another file: expected {expected}, found {found}; delete it and download it again",
        .path.display()
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What the format asks for.
        expected: String,
        /// What is there instead.
        found: String,
    },
    /// A label outside the declared classes.
    #[error(
        "`{}` has label {label} in row {row}, which is none of the {n_classes} classes; \
         delete the file and download it again",
        .path.display()
    )]
    Label {
        /// The file.
        path: PathBuf,
        /// The first row with such a label, counted from 0.
        row: usize,
        /// The label.
        label: i64,
        /// How many classes the data set has.
        n_classes: usize,
    },
    /// The folder given does not hold a data set's files.
    #[error(
        "the files of `{dataset}` were not found: looked for {} in {}; name the right folder \
         with `data_dir` or `DEEPAL_DATA`, or give none and they are downloaded",
        .files.join(", "), Paths(.folders)
    )]
    MissingFiles {
        /// The data set's name.
        dataset: String,
        /// Every file looked for.
        files: Vec<String>,
        /// Every folder looked in.
        folders: Vec<PathBuf>,
    },
    /// A download is needed, and forbidden.
    #[error(
        "`{dataset}` needs {} in `{}` and may not download while offline; allow downloads, \
         or name a folder that holds the files with `data_dir` or `DEEPAL_DATA`",
        .files.join(", "), .folder.display()
    )]
    Offline {
        /// The data set's name.
        dataset: String,
        /// The files that are not in the cache.
        files: Vec<String>,
        /// The cache folder.
        folder: PathBuf,
    },
    /// No place to keep downloads in.
    #[error("no cache folder is known for this user; name one with `DEEPAL_CACHE`")]
    NoCache,
    /// No mirror gave a file.
    #[error(
        "cannot download `{file}`: {}; check the connection and try again, or fetch the file by hand \
         and name its folder with `data_dir` or `DEEPAL_DATA`",
        Attempts(.attempts)
    )]
    Download {
        /// The file's name.
        file: String,
        /// What each mirror answered, in the order of asking.
        attempts: Vec<Attempt>,
    },
    /// One mirror's failure to send a file.
    #[error("{why}")]
    Transfer {
        /// What happened.
        why: String,
    },
    /// Bytes that are not the published ones.
    #[error("wrong SHA-256: expected {expected}, got {got}")]
    Checksum {
        /// The published digest, in hexadecimal.
        expected: String,
        /// The digest of what came.
        got: String,
    },
    /// An array file that is not as its reader needs it.
    #[error(
        "`{}`: expected {expected}, found {found}; write it again with `numpy.save`", .path.display()
    )]
    Array {
        /// The file.
        path: PathBuf,
        /// What the reader takes.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A user's own data, or its manifest, that cannot be understood.
    #[error("`{}`: {why}", .path.display())]
    Unfit {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        why: String,
    },
    /// A file of weights that is not as it should be.
    #[error("`{}`: {why}; write it again with `deepal export RUN --net`", .path.display())]
    Weights {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A new run was to go where one is already.
    #[error(
        "`{0}` already holds a run; resume that run, or choose another folder",
        .path.display()
    )]
    RunExists {
        /// The run folder.
        path: PathBuf,
    },
    /// A new run was to go where there are other files.
    #[error("`{}` is not empty; choose a new folder", .path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// A run was to be resumed where there is none.
    #[error("`{}` holds no run (there is no `config.toml`); name the folder of a run", .path.display())]
    NoRun {
        /// The folder.
        path: PathBuf,
    },
    /// Two processes and one run folder.
    #[error("another process is writing to `{}`; wait until it ends, or stop it", .path.display())]
    Locked {
        /// The run folder.
        path: PathBuf,
    },
    /// A broken line in a run's events.
    #[error(
        "`{}` line {line}: {why}; remove the line and all after it to go on from the round before", .path.display()
    )]
    Events {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// An error of the core.
    #[error(transparent)]
    Core(#[from] deepal_core::Error),
}

/// What one mirror answered.
#[derive(Debug)]
pub struct Attempt {
    /// The address asked.
    pub url: String,
    /// Why that was no success.
    pub cause: Box<Error>,
}

impl Error {
    /// Which side the error is on.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Write { .. }
            | Self::RunExists { .. }
            | Self::NotEmpty { .. }
            | Self::Locked { .. }
            | Self::NoCache => Kind::Output,
            Self::Offline { .. } | Self::Download { .. } | Self::Transfer { .. } | Self::Checksum { .. } => {
                Kind::Download
            }
            Self::Read { .. }
            | Self::Corrupt { .. }
            | Self::Label { .. }
            | Self::MissingFiles { .. }
            | Self::Array { .. }
            | Self::Unfit { .. }
            | Self::Weights { .. }
            | Self::NoRun { .. }
            | Self::Events { .. }
            | Self::Core(_) => Kind::Input,
        }
    }

    /// For `map_err`: a failure to read `path`.
    pub(crate) fn read(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        |cause| Self::Read { path: path.into(), cause }
    }

    /// For `map_err`: a failure to write `path`.
    pub(crate) fn write(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        |cause| Self::Write { path: path.into(), cause }
    }

    /// A user's own data that cannot be used as they are.
    pub(crate) fn unfit(path: impl Into<PathBuf>, why: impl Into<String>) -> Self {
        Self::Unfit { path: path.into(), why: why.into() }
    }

    /// A data file that is not as it should be.
    pub(crate) fn corrupt(
        path: impl Into<PathBuf>,
        expected: impl fmt::Display,
        found: impl fmt::Display,
    ) -> Self {
        Self::Corrupt { path: path.into(), expected: expected.to_string(), found: found.to_string() }
    }
}

impl From<Error> for deepal_core::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Core(error) => error,
            error => Self::other(error),
        }
    }
}

fn write_remedy(cause: &io::Error) -> &'static str {
    match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            "free some space and run it again"
        }
        _ => "choose a folder that you may write to (`DEEPAL_CACHE` for downloads)",
    }
}

struct Paths<'a>(&'a [PathBuf]);

impl fmt::Display for Paths<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let paths = self.0.iter().map(|path| format!("`{}`", path.display())).collect::<Vec<_>>();
        f.write_str(&paths.join(", "))
    }
}

struct Attempts<'a>(&'a [Attempt]);

impl fmt::Display for Attempts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let attempts = self.0.iter().map(|attempt| format!("{} ({})", attempt.url, attempt.cause));
        f.write_str(&attempts.collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_core_error_survives_the_way_through_this_crate_and_back() {
        let there = Error::from(deepal_core::Error::Untrained);
        assert!(matches!(deepal_core::Error::from(there), deepal_core::Error::Untrained));
    }

    #[test]
    fn a_failed_download_names_every_mirror_with_its_reason() {
        let transfer = || Box::new(Error::Transfer { why: "HTTP status 404".into() });
        let attempts = ["http://a/x", "http://b/x"].map(|url| Attempt { url: url.into(), cause: transfer() });
        let error = Error::Download { file: "x".into(), attempts: attempts.into() };
        assert_eq!(error.kind(), Kind::Download);
        let text = error.to_string();
        assert!(text.contains("http://a/x (HTTP status 404), http://b/x (HTTP status 404)"), "{text}");
    }
}
