//! Picks among arrays.

use crate::arrays::Held;
use crate::strategy::OwnStrategy;
use crate::work;
use deepal::{Catalog, SelectOptions, Selected, Selection};
use numpy::{PyArray1, ToPyArray};
use pyo3::prelude::*;

/// Rows, and their scores where the strategy ranks.
type Picks<'py> = (Bound<'py, PyArray1<i64>>, Option<Bound<'py, PyArray1<f64>>>);

/// Picks rows of arrays, which are given by keyword: rows in pick order, and scores where the strategy ranks. `own`: a strategy of
/// one's own, as (function, needs, passes).
#[pyfunction]
#[pyo3(signature = (arrays, budget, strategy, own, seed, candidates, memory, threads, hear))]
#[expect(clippy::too_many_arguments, reason = "one call of one Python function")]
pub(crate) fn select<'py>(
    py: Python<'py>,
    arrays: Vec<(String, Bound<'py, PyAny>)>,
    budget: usize,
    strategy: String,
    own: Option<OwnStrategy>,
    seed: u64,
    candidates: Option<usize>,
    memory: Option<f64>,
    threads: Option<usize>,
    hear: &Bound<'py, PyAny>,
) -> PyResult<Picks<'py>> {
    let mut held = Held::new(&arrays)?;
    let options = SelectOptions { strategy, budget, seed, candidates, memory };
    let selected = work::run(py, threads, hear, move |monitor, _| {
        let mut catalog = Catalog::default();
        if let Some(own) = own {
            catalog = own.in_catalog(catalog, options.strategy.clone())?;
        }
        deepal::select_arrays(held.take(), &options, &catalog, monitor)
    })?;
    let Selection { rows, scores } = selected.selection;
    let rows = rows.into_iter().map(|row| row as i64).collect::<Vec<_>>();
    Ok((rows.to_pyarray(py), scores.map(|scores| scores.to_pyarray(py))))
}

/// The same table that `deepal select` writes. `ids`: those of all rows.
#[pyfunction]
#[pyo3(signature = (rows, scores, ids))]
pub(crate) fn csv(rows: Vec<usize>, scores: Option<Vec<f64>>, ids: Option<Vec<String>>) -> PyResult<String> {
    let selected = Selected { selection: Selection { rows, scores }, ids };
    Ok(String::from_utf8_lossy(&selected.csv()).into_owned())
}
