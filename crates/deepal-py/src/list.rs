//! The lists of strategies, nets and signals, from which the package follows.

use crate::arrays::keyword;
use crate::errors::to_python;
use deepal::settings::{Setting, Value};
use deepal::signals::{ALL, Rule};
use deepal::{CoreError, Signal, UpperBound, nets as all_nets, strategy};
use pyo3::prelude::*;
use pyo3::types::PyDict;

fn value<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::Bool(value) => value.into_pyobject(py)?.to_owned().into_any(),
        Value::Integer(value) => value.into_pyobject(py)?.into_any(),
        Value::Number(value) => value.into_pyobject(py)?.into_any(),
        Value::Text(value) => value.into_pyobject(py)?.into_any(),
    })
}

fn settings<'py>(py: Python<'py>, settings: &[Setting]) -> PyResult<Vec<Bound<'py, PyDict>>> {
    let dict = |setting: &Setting| -> PyResult<_> {
        let dict = PyDict::new(py);
        dict.set_item("name", setting.name)?;
        dict.set_item("about", setting.about)?;
        dict.set_item("default", value(py, &(setting.default)())?)?;
        dict.set_item("range", setting.range.to_string())?;
        dict.set_item("source", setting.source)?;
        Ok(dict)
    };
    settings.iter().map(dict).collect()
}

/// All strategies: name, summary, details, source, settings, and the keywords of the signals that they need and want.
#[pyfunction]
pub(crate) fn strategies(py: Python<'_>) -> PyResult<Vec<Bound<'_, PyDict>>> {
    let dict = |entry: &&strategy::Entry| -> PyResult<_> {
        let built = strategy::build(entry.name).map_err(core)?;
        let called = |signal: Signal| {
            // What no array can give: cross-validation of a net, or the net itself.
            let other = if signal.is_like(Signal::Calibration) { "calibration" } else { "net" };
            keyword(signal).unwrap_or_else(|| other.into())
        };
        let keywords = |signals: Vec<Signal>| signals.into_iter().map(called).collect::<Vec<_>>();
        let dict = PyDict::new(py);
        dict.set_item("name", entry.name)?;
        dict.set_item("summary", entry.summary)?;
        dict.set_item("details", entry.details)?;
        dict.set_item("source", entry.source)?;
        dict.set_item("looks_at", entry.looks_at())?;
        dict.set_item("needs", keywords(built.needs()))?;
        dict.set_item("wants", keywords(built.wants()))?;
        dict.set_item("starts_cold", built.starts_cold())?;
        dict.set_item("settings", settings(py, entry.settings)?)?;
        Ok(dict)
    };
    strategy::ALL.iter().map(dict).collect()
}

/// All nets: name, summary and settings.
#[pyfunction]
pub(crate) fn nets(py: Python<'_>) -> PyResult<Vec<Bound<'_, PyDict>>> {
    let dict = |entry: &&all_nets::Entry| -> PyResult<_> {
        let dict = PyDict::new(py);
        dict.set_item("name", entry.name)?;
        dict.set_item("summary", entry.summary)?;
        dict.set_item("settings", settings(py, entry.settings)?)?;
        Ok(dict)
    };
    all_nets::ALL.iter().map(dict).collect()
}

/// The signals that have a keyword: the keyword, the axes in letters, and the type in memory.
#[pyfunction]
pub(crate) fn signals() -> Vec<(String, String, &'static str)> {
    let row = |signal: &Signal| {
        let kind = match signal.kind().rule {
            Rule::Classes => "uint16",
            Rule::Finite => "float32",
            Rule::Distributions | Rule::Distances | Rule::Calibration => "float64",
        };
        Some((keyword(*signal)?, signal.letters(), kind))
    };
    ALL.iter().filter(|signal| !matches!(signal, Signal::Named(_))).filter_map(row).collect()
}

/// The name of a strategy, or of the upper bound, with settings as the engine writes it, without those that are the defaults.
#[pyfunction]
pub(crate) fn canonical(text: &str) -> PyResult<String> {
    let spec = text.parse().map_err(core)?;
    // It is for studies; all else refuses it and says why.
    if let Some(bound) = UpperBound::canonical(&spec).map_err(core)? {
        return Ok(bound.to_string());
    }
    Ok(strategy::canonical(&spec).map_err(core)?.to_string())
}

fn core(error: CoreError) -> PyErr {
    to_python(&error.into())
}
