//! Errors of the engine as Python's.

use deepal::{CoreError, DataError, Error, Kind, signals};
use pyo3::exceptions::{PyFileNotFoundError, PyKeyboardInterrupt, PyOSError, PyRuntimeError, PyValueError};
use pyo3::{PyErr, PyResult, Python};

/// Turns what Python code raised into an error of the engine, which gives it back at the end.
pub(crate) fn raised<T>(result: PyResult<T>) -> Result<T, CoreError> {
    result.map_err(CoreError::other)
}

/// The same error for Python.
pub(crate) fn to_python(error: &Error) -> PyErr {
    if let Some(raised) = find_raised(error) {
        return Python::attach(|py| raised.clone_ref(py));
    }
    let text = in_python(&error.to_string());
    match error.kind() {
        Kind::Input if is_missing(error) => PyFileNotFoundError::new_err(text),
        Kind::Setting | Kind::Input => PyValueError::new_err(text),
        Kind::Output | Kind::Download => PyOSError::new_err(text),
        Kind::Interrupted => PyKeyboardInterrupt::new_err(text),
        Kind::Failed => PyRuntimeError::new_err(text),
    }
}

/// What Python code raised, if that is what went wrong.
fn find_raised(error: &Error) -> Option<&PyErr> {
    match error {
        Error::Context { cause, .. } => find_raised(cause),
        Error::Core(CoreError::Other(cause)) => {
            let raised = cause.downcast_ref::<PyErr>();
            raised.or_else(|| cause.downcast_ref::<Error>().and_then(find_raised))
        }
        _ => None,
    }
}

fn is_missing(error: &Error) -> bool {
    match error {
        Error::Context { cause, .. } => is_missing(cause),
        Error::Data(DataError::Read { cause, .. }) => cause.kind() == std::io::ErrorKind::NotFound,
        _ => false,
    }
}

/// The engine calls signals by the program's options; here they are keywords.
fn in_python(text: &str) -> String {
    let options = signals::ALL.iter().filter_map(|signal| signal.kind().option);
    options.fold(text.to_owned(), |text, option| {
        text.replace(&format!("`{option}`"), &format!("`{}`", option.replace('-', "_")))
    })
}
