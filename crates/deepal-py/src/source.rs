//! A user's own data, as the program understands them.

use crate::work;
use deepal::source::{Open, Split};
use numpy::{PyArray2, ToPyArray};
use pyo3::prelude::*;
use std::path::PathBuf;
use std::sync::Arc;

/// Data as understood: ids, labels, classes, and inputs when they are asked for.
#[pyclass(frozen, module = "deepal._deepal")]
pub(crate) struct Source(Arc<deepal::Source>);

/// Reads a folder, a zip, a table, arrays, or a manifest.
#[pyfunction]
#[pyo3(signature = (path, threads, hear))]
pub(crate) fn open(
    py: Python<'_>,
    path: PathBuf,
    threads: Option<usize>,
    hear: &Bound<'_, PyAny>,
) -> PyResult<Source> {
    let source = work::run(py, threads, hear, move |monitor, _| {
        let progress = |done, total| {
            (monitor.hear)(deepal::News::Progress { what: "reading samples", done, total });
        };
        Ok(deepal::Source::open(&path, &Open { progress: &progress, ..Open::default() })?)
    })?;
    Ok(Source(Arc::new(source)))
}

#[pymethods]
impl Source {
    /// Its name in results.
    #[getter]
    fn name(&self) -> &str {
        &self.0.name
    }

    /// What it is, in words.
    #[getter]
    fn kind(&self) -> &str {
        &self.0.kind
    }

    /// How many samples there are.
    #[getter]
    fn n(&self) -> usize {
        self.0.ids.len()
    }

    /// The id of each sample.
    #[getter]
    fn ids(&self) -> Vec<&str> {
        self.0.ids.iter().map(String::as_str).collect()
    }

    /// The class of each sample by number, -1 where it is not known.
    #[getter]
    fn labels(&self) -> Vec<i64> {
        self.0.labels.iter().map(|label| label.map_or(-1, |class| i64::from(class.0))).collect()
    }

    /// The names of the classes.
    #[getter]
    fn classes(&self) -> Vec<&str> {
        self.0.classes.iter().map(String::as_str).collect()
    }

    /// Whether each sample belongs to the test set.
    #[getter]
    fn is_test(&self) -> Vec<bool> {
        self.0.split.iter().map(|split| *split == Split::Test).collect()
    }

    /// The shape of one sample: channels, height, width; a vector of d numbers is (d, 1, 1).
    #[getter]
    fn shape(&self) -> [usize; 3] {
        self.0.inputs.shape()
    }

    /// What could not be used, and what was done with the rest, in sentences.
    #[getter]
    fn notes(&self) -> Vec<String> {
        let problem = |problem: &deepal::source::Problem| format!("{}: {}", problem.what, problem.why);
        self.0.problems.iter().map(problem).chain(self.0.notes.iter().cloned()).collect()
    }

    /// The inputs of some samples, a flat row each.
    #[pyo3(signature = (rows, threads, hear))]
    fn inputs<'py>(
        &self,
        py: Python<'py>,
        rows: Vec<usize>,
        threads: Option<usize>,
        hear: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let source = self.0.clone();
        let inputs = work::run(py, threads, hear, move |_, _| {
            let ids = deepal::SampleId::first(rows.len());
            Ok(source.dataset(rows).inputs(&ids)?)
        })?;
        Ok(inputs.to_pyarray(py))
    }
}
