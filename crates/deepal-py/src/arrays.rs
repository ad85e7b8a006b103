//! NumPy arrays as signals, without a copy of the large ones.

use deepal::ndarray::{Array1, ArrayView, IxDyn};
use deepal::signals::{self, Rule, Values};
use deepal::{Class, Signal};
use numpy::{Element, PyArrayDyn, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

/// The keyword of a signal.
pub(crate) fn keyword(signal: Signal) -> Option<String> {
    Some(signal.kind().option?.replace('-', "_"))
}

/// The signal of a keyword.
pub(crate) fn signal(name: &str) -> PyResult<Signal> {
    let is_it = |signal: &&Signal| keyword(**signal).as_deref() == Some(name);
    let known = || signals::ALL.iter().filter_map(|signal| keyword(*signal)).collect::<Vec<_>>().join(", ");
    let found = signals::ALL.iter().find(is_it).copied();
    found.ok_or_else(|| PyValueError::new_err(format!("unknown signal `{name}`; known: {}", known())))
}

/// Arrays of Python's, looked at where they are.
pub(crate) struct Held {
    values: Vec<(Signal, Values<'static>)>,
    /// Keeps their memory: dropped last.
    owners: Vec<Py<PyAny>>,
}

impl Held {
    /// Looks at arrays by keyword. The package has made them contiguous and of the type that the signal has in memory.
    pub(crate) fn new(arrays: &[(String, Bound<'_, PyAny>)]) -> PyResult<Self> {
        let mut held = Self { values: Vec::new(), owners: Vec::new() };
        for (name, array) in arrays {
            let signal = signal(name)?;
            let values: Values<'static> = match signal.kind().rule {
                Rule::Classes => {
                    let classes = view::<u16>(name, array)?;
                    Array1::from_iter(classes.iter().map(|class| Class(*class))).into()
                }
                Rule::Finite => view::<f32>(name, array)?.into(),
                Rule::Distributions | Rule::Distances | Rule::Calibration => view::<f64>(name, array)?.into(),
            };
            held.values.push((signal, values));
            held.owners.push(array.clone().unbind());
        }
        Ok(held)
    }

    /// The signals; what they look at stays as long as this does.
    pub(crate) fn take(&mut self) -> Vec<(Signal, Values<'static>)> {
        std::mem::take(&mut self.values)
    }
}

/// The numbers of an array that lives as long as its owner.
#[expect(unsafe_code, reason = "NumPy's memory outlives every lifetime that the compiler can see")]
fn view<T: Element>(name: &str, array: &Bound<'_, PyAny>) -> PyResult<ArrayView<'static, T, IxDyn>> {
    let array = array.cast::<PyArrayDyn<T>>().map_err(|_| {
        PyTypeError::new_err(format!("`{name}` is no array of the type that it has in memory"))
    })?;
    if !array.is_c_contiguous() {
        return Err(PyTypeError::new_err(format!("`{name}` is not contiguous")));
    }
    // SAFETY: `Held` keeps a reference to the array until its views are gone, NumPy never moves what it has handed out, and the
    // array is aligned and contiguous. As with NumPy's own functions, whoever writes to it meanwhile gets wrong numbers.
    Ok(unsafe { array.as_raw_array().deref_into_view() })
}
