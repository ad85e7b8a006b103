//! A strategy that is a Python function.

use crate::arrays::{keyword, signal};
use crate::errors::{raised, to_python};
use deepal::ndarray::{Array1, ArrayView, IxDyn};
use deepal::signals::Rule;
use deepal::{Catalog, CoreError, Error, Selection, Signal, Signals, Strategy};
use numpy::{PyArray1, PyArrayMethods, ToPyArray};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::sync::Arc;

/// A Python function of (arrays by keyword, how many, seed), the keywords of the signals that it looks at, and how many Monte-Carlo passes
/// it wants. It gives rows in pick order, or scores of all candidates.
#[derive(FromPyObject)]
pub(crate) struct OwnStrategy(Py<PyAny>, Vec<String>, usize);

impl OwnStrategy {
    /// The catalog with the strategy by a name.
    pub(crate) fn in_catalog(self, catalog: Catalog, name: String) -> Result<Catalog, Error> {
        let Self(function, needs, passes) = self;
        let signal = |name: &String| {
            signal(name).map(|signal| match signal {
                Signal::McProbs { shared, .. } => Signal::McProbs { passes, shared },
                Signal::MemberProbs { .. } => Signal::MemberProbs { members: passes },
                signal => signal,
            })
        };
        let needs = needs.iter().map(signal).collect::<PyResult<Vec<_>>>();
        let needs = Arc::new(raised(needs)?);
        let function = Arc::new(function);
        let own_name = name.clone();
        Ok(catalog.with_strategy(name, move || {
            let (name, function, needs) = (own_name.clone(), function.clone(), needs.clone());
            Box::new(Own { name, function, needs })
        }))
    }
}

struct Own {
    name: String,
    function: Arc<Py<PyAny>>,
    needs: Arc<Vec<Signal>>,
}

impl Strategy for Own {
    fn name(&self) -> &str {
        &self.name
    }

    fn needs(&self) -> Vec<Signal> {
        self.needs.to_vec()
    }

    fn select(&self, signals: &Signals<'_>, n: usize, seed: u64) -> Result<Selection, CoreError> {
        let answer: PyResult<Selection> = Python::attach(|py| {
            let arrays = PyDict::new(py);
            for need in self.needs.iter() {
                let array = array(py, *need, signals).map_err(|error| to_python(&error.into()))?;
                arrays.set_item(keyword(*need), array)?;
            }
            let answer = self.function.bind(py).call1((arrays, signals.len(), n, seed))?;
            match answer.cast::<PyArray1<f64>>() {
                Ok(scores) => Ok(Selection::top(&scores.to_owned_array(), n)),
                Err(_) => {
                    let rows = answer.extract::<Vec<usize>>()?;
                    Ok(Selection::unranked(rows))
                }
            }
        });
        raised(answer)
    }
}

/// A signal as a NumPy array.
fn array<'py>(
    py: Python<'py>,
    signal: Signal,
    signals: &Signals<'_>,
) -> Result<Bound<'py, PyAny>, CoreError> {
    fn double<'py>(py: Python<'py>, array: ArrayView<'_, f64, IxDyn>) -> Bound<'py, PyAny> {
        array.to_pyarray(py).into_any()
    }
    fn single<'py>(py: Python<'py>, array: ArrayView<'_, f32, IxDyn>) -> Bound<'py, PyAny> {
        array.to_pyarray(py).into_any()
    }
    Ok(match signal {
        Signal::Probs => double(py, signals.probs()?.into_dyn()),
        Signal::McProbs { .. } => double(py, signals.mc_probs()?.into_dyn()),
        Signal::MemberProbs { .. } => double(py, signals.member_probs()?.into_dyn()),
        Signal::LabeledProbs => double(py, signals.labeled_probs()?.into_dyn()),
        Signal::Embeddings => single(py, signals.embeddings()?.into_dyn()),
        Signal::LabeledEmbeddings => single(py, signals.labeled_embeddings()?.into_dyn()),
        Signal::HeadWeights => single(py, signals.head_weights()?.into_dyn()),
        Signal::HeadBiases => single(py, signals.head_biases()?.into_dyn()),
        Signal::Features => single(py, signals.features()?.into_dyn()),
        Signal::LabeledFeatures => single(py, signals.labeled_features()?.into_dyn()),
        Signal::Labels => {
            let labels = signals.labels()?.iter().map(|class| i64::from(class.0)).collect::<Array1<_>>();
            labels.to_pyarray(py).into_any()
        }
        signal => {
            debug_assert!(signal.kind().rule != Rule::Classes, "every other signal with a keyword is above");
            return Err(CoreError::MissingSignal { signal: signal.to_string() });
        }
    })
}
