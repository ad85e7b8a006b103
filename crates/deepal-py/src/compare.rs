//! Studies on arrays.

use crate::net::OwnNet;
use crate::strategy::OwnStrategy;
use crate::work;
use deepal::ndarray::Array2;
use deepal::stores::run::RunStore;
use deepal::{Catalog, Class, CoreError, Data, Error, InMemory, Meta, StudyPlan, StudySettings, analysis};
use numpy::{PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use std::path::PathBuf;
use std::sync::Arc;

/// What the data set is called in results.
#[derive(FromPyObject)]
pub(crate) struct Described {
    #[pyo3(item)]
    name: String,
    /// Of one item: channels, height, width.
    #[pyo3(item)]
    shape: [usize; 3],
    #[pyo3(item)]
    classes: Vec<String>,
}

/// How much is asked when, and what is judged; `None` is the engine's default.
#[derive(FromPyObject)]
pub(crate) struct Budget {
    #[pyo3(item)]
    initial: Option<usize>,
    #[pyo3(item)]
    query: Option<usize>,
    #[pyo3(item)]
    rounds: Option<u32>,
    #[pyo3(item)]
    seeds: Vec<u64>,
    #[pyo3(item)]
    metric: String,
}

/// Runs a study of strategies on arrays in a folder, writes all that is made of it there, and gives the table and verdict as text, and the
/// failures. `own`: strategies of one's own by name.
#[pyfunction]
#[pyo3(signature = (described, pool, labels, test, test_labels, strategies, own, model, budget, folder, threads, hear))]
#[expect(clippy::too_many_arguments, reason = "one call of one Python function")]
pub(crate) fn compare(
    py: Python<'_>,
    described: Described,
    pool: PyReadonlyArray2<'_, f32>,
    labels: PyReadonlyArray1<'_, u16>,
    test: PyReadonlyArray2<'_, f32>,
    test_labels: PyReadonlyArray1<'_, u16>,
    strategies: Vec<String>,
    own: Vec<(String, OwnStrategy)>,
    model: Model,
    budget: Budget,
    folder: PathBuf,
    threads: Option<usize>,
    hear: &Bound<'_, PyAny>,
) -> PyResult<(String, Vec<String>)> {
    let (pool, test) = (pool.as_array().to_owned(), test.as_array().to_owned());
    let classes = |labels: PyReadonlyArray1<'_, u16>| {
        labels.as_array().iter().map(|class| Class(*class)).collect::<Vec<_>>()
    };
    let (labels, test_labels) = (classes(labels), classes(test_labels));
    work::run(py, threads, hear, move |monitor, threads| {
        let mut catalog = Catalog::default();
        for (name, own) in own {
            catalog = own.in_catalog(catalog, name)?;
        }
        let net = match model {
            Model::Named(name) => name,
            Model::Own(net) => {
                let name = net.name().to_owned();
                catalog = net.in_catalog(catalog);
                name
            }
        };
        let name = described.name.clone();
        let data = data(described, [pool, test], labels, test_labels)?;
        let settings = StudySettings {
            datasets: Some(vec![name.clone()]),
            nets: Some(vec![net]),
            strategies: Some(strategies),
            seeds: Some(budget.seeds),
            initial: budget.initial,
            query: budget.query,
            rounds: budget.rounds,
            metric: Some(budget.metric.parse()?),
            ..StudySettings::default()
        };
        let catalog = catalog.with_dataset(name, data);
        if RunStore::exists(&folder) {
            return Err(Error::Setting(format!(
                "`out`: `{}` holds a run already; choose another folder",
                folder.display()
            )));
        }
        let mut study = StudyPlan::new(settings, &catalog, monitor)?.start(&folder)?;
        let failures = study.run(threads)?;
        let outputs = study.outputs()?;
        outputs.write(&folder)?;
        Ok((analysis::text(&outputs.analysis), failures))
    })
}

/// A net of the list, or one's own.
#[derive(FromPyObject)]
pub(crate) enum Model {
    /// By name, with settings.
    Named(String),
    /// As Python functions.
    Own(OwnNet),
}

fn data(
    Described { name, shape, classes }: Described,
    [pool, test]: [Array2<f32>; 2],
    labels: Vec<Class>,
    test_labels: Vec<Class>,
) -> Result<Data, CoreError> {
    let meta = Meta { name, shape, classes, range: Vec::new() };
    let (pool, test) = (InMemory::new(meta.clone(), pool)?, InMemory::new(meta, test)?);
    Data::new(Arc::new(pool), labels, Arc::new(test), test_labels)
}
