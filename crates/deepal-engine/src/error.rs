//! What can go wrong in the engine.

/// A result of the engine.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What an [`Error`] is about; a program can make its exit code of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A wrong name, setting, or combination of settings; nothing was done.
    Setting,
    /// Something to be read is missing, damaged or unfit.
    Input,
    /// Something cannot be written; what was written before is kept.
    Output,
    /// A download failed.
    Download,
    /// The caller stopped it.
    Interrupted,
    /// Part of the work failed, or something unforeseen.
    Failed,
}

/// An error of the engine. Messages are lower-case fragments that fit after "error: ", whole, with every cause.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An error of the core.
    #[error(transparent)]
    Core(#[from] deepal_core::Error),
    /// An error of what is read and written.
    #[error(transparent)]
    Data(#[from] deepal_data::Error),
    /// An error of a pretrained net.
    #[cfg(feature = "onnx")]
    #[error(transparent)]
    Onnx(#[from] deepal_onnx::Error),
    /// A wrong setting, or settings that do not go together.
    #[error("{0}")]
    Setting(String),
    /// The caller stopped it.
    #[error("{0}")]
    Interrupted(String),
    /// Part of the work failed.
    #[error("{0}")]
    Failed(String),
    /// What was being done, and what went wrong with it.
    #[error("{what}: {cause}")]
    Context {
        /// What was being done, or the setting that it is about.
        what: String,
        /// What went wrong.
        cause: Box<Error>,
    },
}

impl Error {
    /// The same, said to be about something.
    #[must_use]
    pub fn about(self, what: impl Into<String>) -> Self {
        Self::Context { what: what.into(), cause: Box::new(self) }
    }

    /// What it is about.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Core(error) => kind_of_core(error),
            Self::Data(error) => kind_of_data(error),
            #[cfg(feature = "onnx")]
            Self::Onnx(_) => Kind::Input,
            Self::Setting(_) => Kind::Setting,
            Self::Interrupted(_) => Kind::Interrupted,
            Self::Failed(_) => Kind::Failed,
            Self::Context { cause, .. } => cause.kind(),
        }
    }
}

fn kind_of_core(error: &deepal_core::Error) -> Kind {
    match error {
        deepal_core::Error::NotFinite { .. }
        | deepal_core::Error::NotProbabilities { .. }
        | deepal_core::Error::Shape { .. } => Kind::Input,
        deepal_core::Error::Cancelled => Kind::Interrupted,
        deepal_core::Error::Other(cause) => {
            if let Some(error) = cause.downcast_ref::<deepal_data::Error>() {
                return kind_of_data(error);
            }
            #[cfg(feature = "onnx")]
            if cause.is::<deepal_onnx::Error>() {
                return Kind::Input;
            }
            cause.downcast_ref::<Error>().map_or(Kind::Failed, Error::kind)
        }
        _ => Kind::Setting,
    }
}

fn kind_of_data(error: &deepal_data::Error) -> Kind {
    match error.kind() {
        deepal_data::Kind::Input => Kind::Input,
        deepal_data::Kind::Output => Kind::Output,
        deepal_data::Kind::Download => Kind::Download,
    }
}

impl From<serde_json::Error> for Error {
    /// Writing JSON to memory hardly fails.
    fn from(error: serde_json::Error) -> Self {
        Self::Failed(error.to_string())
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

/// Says what was being done when something failed.
pub(crate) trait Context<T> {
    fn context(self, what: impl Into<String>) -> Result<T>;
    fn with_context<W: Into<String>>(self, what: impl FnOnce() -> W) -> Result<T>;
}

impl<T, E: Into<Error>> Context<T> for Result<T, E> {
    fn context(self, what: impl Into<String>) -> Result<T> {
        self.with_context(|| what)
    }

    fn with_context<W: Into<String>>(self, what: impl FnOnce() -> W) -> Result<T> {
        self.map_err(|error| Error::Context { what: what().into(), cause: Box::new(error.into()) })
    }
}

/// Returns an error from a function.
macro_rules! bail {
    ($error:expr) => {
        return Err($crate::error::Error::from($error))
    };
}

pub(crate) use bail;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_keeps_the_kind_and_the_message_of_its_cause() {
        let cause = deepal_data::Error::NoCache;
        let text = cause.to_string();
        let error = Err::<(), _>(cause).context("inner").context("outer").unwrap_err();
        assert_eq!(error.to_string(), format!("outer: inner: {text}"));
        assert_eq!(error.kind(), Kind::Output);
        let there = deepal_core::Error::from(error);
        assert_eq!(Error::from(there).kind(), Kind::Output);
    }
}
