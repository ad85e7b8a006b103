//! A net that is a Python object: it is fitted by `fit`, and answers by `predict_proba`.

use crate::errors::raised;
use deepal::ndarray::Array2;
use deepal::net::{Ask, Progress, TrainReport, TrainedNet, Watch, check_support};
use deepal::{Catalog, Class, CoreError, Dataset, Net, SampleId, Signal, Signals};
use numpy::{PyArray2, PyArrayMethods, ToPyArray};
use pyo3::prelude::*;
use std::ops::ControlFlow;
use std::sync::Arc;

/// A net by a name: a function that fits a new one on (inputs, classes, how many classes, seed) and gives it back, a function that
/// gives probabilities `[n, c]` of (net, inputs), and one that gives embeddings `[n, d]` of them, if it has any.
#[derive(FromPyObject)]
pub(crate) struct OwnNet(String, Py<PyAny>, Py<PyAny>, Option<Py<PyAny>>);

impl OwnNet {
    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.0
    }

    /// The catalog with the net.
    pub(crate) fn in_catalog(self, catalog: Catalog) -> Catalog {
        let Self(name, fit, predict, embed) = self;
        let functions = Arc::new(Functions { name: name.clone(), fit, predict, embed });
        catalog.with_net(name, move |_, _| Ok(Box::new(Own(functions.clone()))))
    }
}

struct Functions {
    name: String,
    fit: Py<PyAny>,
    predict: Py<PyAny>,
    embed: Option<Py<PyAny>>,
}

struct Own(Arc<Functions>);

struct Fitted {
    functions: Arc<Functions>,
    net: Py<PyAny>,
}

fn supports(signal: Signal) -> bool {
    matches!(signal, Signal::Probs | Signal::LabeledProbs | Signal::Embeddings | Signal::LabeledEmbeddings)
}

/// Inputs as the samples are: rows of vectors, `[n, d]`, or pictures, `[n, channels, height, width]`.
fn inputs<'py>(
    py: Python<'py>,
    data: &dyn Dataset,
    ids: &[SampleId],
) -> Result<Bound<'py, PyAny>, CoreError> {
    let inputs = data.inputs(ids)?;
    let [channels, height, width] = data.meta().shape;
    if [height, width] == [1, 1] {
        return Ok(inputs.to_pyarray(py).into_any());
    }
    let shape = (ids.len(), channels, height, width);
    let pictures = inputs.into_shape_with_order(shape).map_err(CoreError::other)?;
    Ok(pictures.to_pyarray(py).into_any())
}

impl Net for Own {
    fn name(&self) -> &str {
        &self.0.name
    }

    fn supports(&self, signal: Signal) -> bool {
        supports(signal)
    }

    fn train(
        &self,
        data: &dyn Dataset,
        labeled: &[(SampleId, Class)],
        seed: u64,
        watch: &mut Watch<'_>,
    ) -> Result<(Arc<dyn TrainedNet>, TrainReport), CoreError> {
        if labeled.is_empty() {
            return Err(CoreError::NothingLabeled);
        }
        if watch(Progress { steps: 0, most: Some(1) }) == ControlFlow::Break(()) {
            return Err(CoreError::Cancelled);
        }
        let ids = labeled.iter().map(|(id, _)| *id).collect::<Vec<_>>();
        let classes = labeled.iter().map(|(_, class)| i64::from(class.0)).collect::<Vec<_>>();
        let net = Python::attach(|py| {
            let inputs = inputs(py, data, &ids)?;
            let arguments = (inputs, classes.to_pyarray(py), data.meta().classes.len(), seed);
            raised(self.0.fit.call1(py, arguments))
        })?;
        let fitted = Fitted { functions: self.0.clone(), net };
        Ok((Arc::new(fitted), TrainReport { steps: 1, accuracy: None }))
    }
}

impl Fitted {
    fn probs(&self, data: &dyn Dataset, ids: &[SampleId]) -> Result<Array2<f64>, CoreError> {
        let n_classes = data.meta().classes.len();
        if ids.is_empty() {
            return Ok(Array2::zeros((0, n_classes)));
        }
        Python::attach(|py| {
            let inputs = inputs(py, data, ids)?;
            let probs = raised(self.functions.predict.call1(py, (&self.net, inputs, n_classes)))?;
            let probs = probs.bind(py).cast::<PyArray2<f64>>().map(|probs| probs.to_owned_array());
            raised(probs.map_err(PyErr::from))
        })
    }

    fn embeddings(&self, data: &dyn Dataset, ids: &[SampleId]) -> Result<Array2<f32>, CoreError> {
        let Some(embed) = self.functions.embed.as_ref().filter(|_| !ids.is_empty()) else {
            return data.inputs(ids);
        };
        Python::attach(|py| {
            let inputs = inputs(py, data, ids)?;
            let found = raised(embed.call1(py, (&self.net, inputs)))?;
            let found = found.bind(py).cast::<PyArray2<f32>>().map(|found| found.to_owned_array());
            raised(found.map_err(PyErr::from))
        })
    }
}

impl TrainedNet for Fitted {
    fn name(&self) -> &str {
        &self.functions.name
    }

    fn supports(&self, signal: Signal) -> bool {
        supports(signal)
    }

    fn signals(&self, data: &dyn Dataset, ask: &Ask<'_>) -> Result<Signals<'static>, CoreError> {
        check_support(&self.functions.name, supports, ask.signals)?;
        let mut signals = Signals::new(ask.unlabeled.len());
        for signal in ask.signals {
            signals = match signal {
                Signal::Probs => signals.with_probs(self.probs(data, ask.unlabeled)?)?,
                Signal::LabeledProbs => signals.with(*signal, self.probs(data, ask.labeled)?)?,
                Signal::Embeddings => signals.with_embeddings(self.embeddings(data, ask.unlabeled)?)?,
                Signal::LabeledEmbeddings => {
                    signals.with_labeled_embeddings(self.embeddings(data, ask.labeled)?)?
                }
                _ => signals,
            };
        }
        Ok(signals)
    }
}
