//! Labelling projects: those of the program, on the same file.

use crate::errors::to_python;
use crate::work;
use deepal::ndarray::Array2;
use deepal::project::{Action, Answer, AskedBy, Differs, Status, Wanted};
use deepal::{Error, Monitor, Prediction, Preprocess, Pretrained, files};
use numpy::{PyArray1, PyArray2, ToPyArray};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// What is wanted of a project; `None` is as the project has it, or the engine's default.
#[derive(FromPyObject)]
pub(crate) struct Settings {
    #[pyo3(item)]
    classes: Vec<String>,
    #[pyo3(item)]
    net: Option<String>,
    #[pyo3(item)]
    strategy: Option<String>,
    #[pyo3(item)]
    model: Option<PathBuf>,
    #[pyo3(item)]
    batch: Option<usize>,
    #[pyo3(item)]
    audit: Option<f64>,
    #[pyo3(item)]
    seed: Option<u64>,
}

/// A question of the batch in hand.
#[derive(IntoPyObject)]
struct Question {
    id: String,
    row: usize,
    asked_by: &'static str,
    score: Option<f64>,
    likeliest: Vec<(String, f64)>,
    nearest: Vec<String>,
}

/// Where a project stands.
#[derive(IntoPyObject)]
struct Standing {
    n_samples: usize,
    n_labeled: usize,
    n_skipped: usize,
    n_discarded: usize,
    n_open: usize,
    per_class: Vec<(String, usize)>,
    per_asked_by: Vec<(&'static str, usize)>,
    right: usize,
    of: usize,
    interval: Option<(f64, f64)>,
    accuracy: String,
    advice: Vec<String>,
}

/// The ids of samples, the names of classes, and the probabilities of each sample.
type Predicted<'py> = (Vec<String>, Vec<String>, Bound<'py, PyArray2<f64>>);

/// A project that is open to write, until it is closed.
#[pyclass(frozen, module = "deepal._deepal")]
pub(crate) struct Project(Mutex<Option<Arc<deepal::project::Project>>>);

/// Whether a path means a project: its folder, or a source that has one beside it.
#[pyfunction]
pub(crate) fn find_project(path: PathBuf) -> Option<PathBuf> {
    deepal::project::Project::find(&path)
}

/// Opens the project in `folder`, or that of a source, or makes it.
#[pyfunction]
#[pyo3(signature = (source, folder, settings, threads, hear))]
pub(crate) fn open_project(
    py: Python<'_>,
    source: PathBuf,
    folder: Option<PathBuf>,
    settings: Settings,
    threads: Option<usize>,
    hear: &Bound<'_, PyAny>,
) -> PyResult<Project> {
    let project =
        work::run(py, threads, hear, move |monitor, _| open(&source, folder.as_deref(), settings, monitor))?;
    Ok(Project(Mutex::new(Some(Arc::new(project)))))
}

fn open(
    source: &Path,
    folder: Option<&Path>,
    settings: Settings,
    monitor: Monitor<'_>,
) -> Result<deepal::project::Project, Error> {
    let Settings { classes, net, strategy, model, batch, audit, seed } = settings;
    let model = model.map(|model| Pretrained::open(&model, &Preprocess::default())).transpose()?;
    let wanted = Wanted { classes, net, strategy, model, batch, audit, seed };
    let (project, differs) = wanted.open_or_create(source, folder, monitor)?;
    match differs {
        None => Ok(project),
        Some(Differs { setting, there }) => Err(Error::Setting(format!(
            "`{setting}`: the project `{}` has {there}; leave `{setting}` out, or begin another project in another folder",
            project.folder().display()
        ))),
    }
}

impl Project {
    fn open(&self) -> PyResult<Arc<deepal::project::Project>> {
        let project = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        project.clone().ok_or_else(|| PyValueError::new_err("the project is closed; open it again"))
    }
}

#[pymethods]
impl Project {
    /// Lets another process write the project.
    fn close(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Its folder.
    #[getter]
    fn folder(&self) -> PyResult<PathBuf> {
        Ok(self.open()?.folder().to_owned())
    }

    /// The user's data.
    #[getter]
    fn source(&self) -> PyResult<PathBuf> {
        Ok(self.open()?.setup().source.clone())
    }

    /// The id of each sample.
    #[getter]
    fn ids(&self) -> PyResult<Vec<String>> {
        Ok(self.open()?.source().ids.clone())
    }

    /// The names of all classes now.
    #[getter]
    fn classes(&self) -> PyResult<Vec<String>> {
        Ok(self.open()?.state().class_names())
    }

    /// The class of each sample by number, -1 where there is no label.
    #[getter]
    fn labels<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<i64>>> {
        let state = self.open()?.state();
        let label = |item: &deepal::project::Item| item.class.map_or(-1, i64::from);
        Ok(state.items.iter().map(label).collect::<Vec<_>>().to_pyarray(py))
    }

    /// The strategy of the batch in hand, and the seed of the project.
    #[getter]
    fn strategy(&self) -> PyResult<(String, u64)> {
        let project = self.open()?;
        let batch = project.state().batch.as_ref().map(|batch| batch.strategy.clone());
        Ok((batch.unwrap_or_else(|| project.setup().strategy.clone()), project.setup().seed))
    }

    /// Chooses the next `n` questions; without `n` only if none is open. Gives why a fall-back chose, if one did.
    #[pyo3(signature = (n, threads, hear))]
    fn ask(
        &self,
        py: Python<'_>,
        n: Option<usize>,
        threads: Option<usize>,
        hear: &Bound<'_, PyAny>,
    ) -> PyResult<Option<String>> {
        let project = self.open()?;
        let done = work::run(py, threads, hear, move |monitor, _| project.ask(n, monitor))?;
        Ok(done.and_then(|done| done.batch.fallback))
    }

    /// The questions in hand that have no answer yet.
    fn questions(&self) -> PyResult<Vec<Question>> {
        let project = self.open()?;
        let state = project.state();
        let question = |question: deepal::project::Question| {
            let likeliest = question.likeliest.into_iter();
            Some(Question {
                row: project.row(&question.id)?,
                id: question.id,
                asked_by: question.asked_by.name(),
                score: question.score,
                likeliest: likeliest
                    .map(|(class, p)| (state.classes[class as usize].name.clone(), p))
                    .collect(),
                nearest: question.nearest,
            })
        };
        Ok(project.open_questions().into_iter().filter_map(question).collect())
    }

    /// Records labels; `classes` by name, one for each id.
    fn label(&self, py: Python<'_>, ids: Vec<String>, classes: Vec<String>, annotator: &str) -> PyResult<()> {
        let project = self.open()?;
        let names = project.state().class_names();
        let positions = (0_u32..).zip(&names).map(|(at, name)| (name.as_str(), at));
        let positions = positions.collect::<BTreeMap<_, _>>();
        let action = |name: &String| {
            let class = positions.get(name.as_str()).copied();
            class.map(|class| Action::Label { class }).ok_or_else(|| {
                PyValueError::new_err(format!(
                    "`{name}` is no class of the project; its classes are {}, and `add_class` adds one",
                    names.join(", ")
                ))
            })
        };
        let actions = classes.iter().map(action).collect::<PyResult<Vec<_>>>()?;
        record(py, &project, ids, actions, annotator)
    }

    /// Records that samples are not to be asked about now.
    fn skip(&self, py: Python<'_>, ids: Vec<String>, annotator: &str) -> PyResult<()> {
        let actions = vec![Action::Skip; ids.len()];
        record(py, &*self.open()?, ids, actions, annotator)
    }

    /// Records that samples are of no class.
    fn discard(&self, py: Python<'_>, ids: Vec<String>, annotator: &str) -> PyResult<()> {
        let actions = vec![Action::Discard; ids.len()];
        record(py, &*self.open()?, ids, actions, annotator)
    }

    /// Takes the newest `n` answers back; the ids of those that there were, the newest first.
    fn undo(&self, py: Python<'_>, n: usize, annotator: &str) -> PyResult<Vec<String>> {
        let project = self.open()?;
        let undo =
            || (0..n).map_while(|_| project.undo(annotator).transpose()).collect::<Result<Vec<_>, _>>();
        let undone = py.detach(undo).map_err(|error| to_python(&error))?;
        Ok(undone.into_iter().map(|decision| decision.answer.id).collect())
    }

    /// Adds a class.
    fn add_class(&self, py: Python<'_>, name: &str) -> PyResult<()> {
        let project = self.open()?;
        py.detach(|| project.add_class(name)).map(drop).map_err(|error| to_python(&error))
    }

    /// Trains the net on all labels and writes it into the project.
    #[pyo3(signature = (threads, hear))]
    fn train(&self, py: Python<'_>, threads: Option<usize>, hear: &Bound<'_, PyAny>) -> PyResult<()> {
        let project = self.open()?;
        work::run(py, threads, hear, move |monitor, _| project.train(&project.net_file(), monitor)).map(drop)
    }

    /// The file of the newest net on all labels.
    fn net_file(&self) -> PyResult<PathBuf> {
        let project = self.open()?;
        let net = project.state().net.clone();
        net.map(|net| net.file).ok_or_else(|| {
            PyValueError::new_err(format!("`{}` has no net yet; `fit` trains it", project.folder().display()))
        })
    }

    /// What the newest net on all labels makes of the samples of a source, by default the project's.
    #[pyo3(signature = (source, threads, hear))]
    fn predict<'py>(
        &self,
        py: Python<'py>,
        source: Option<PathBuf>,
        threads: Option<usize>,
        hear: &Bound<'py, PyAny>,
    ) -> PyResult<Predicted<'py>> {
        let net = self.net_file()?;
        let source = match source {
            Some(source) => source,
            None => self.source()?,
        };
        let (ids, classes, probs) = work::run(py, threads, hear, move |monitor, _| {
            let prediction = Prediction::open(&net, &source, None, monitor)?;
            let (mut ids, mut probs) = (Vec::new(), Vec::new());
            prediction.each(monitor, |piece| {
                for one in piece {
                    ids.push(one.id.to_owned());
                    probs.extend_from_slice(&one.probs);
                }
                Ok(())
            })?;
            let classes = prediction.about().classes.clone();
            let probs = Array2::from_shape_vec((ids.len(), classes.len()), probs);
            Ok((ids, classes, probs.map_err(deepal::CoreError::other)?))
        })?;
        Ok((ids, classes, probs.to_pyarray(py)))
    }

    /// The labels that count now, as a table, or as JSON, an object a line; written to `out`, or given back.
    #[pyo3(signature = (out, is_json))]
    fn export(&self, out: Option<PathBuf>, is_json: bool) -> PyResult<Option<String>> {
        let project = self.open()?;
        let export = || {
            let table = if is_json { project.labels_jsonl()? } else { project.labels_csv() };
            match out {
                Some(out) => files::write_atomically(&out, &table).map(|()| None).map_err(Error::from),
                None => Ok(Some(String::from_utf8_lossy(&table).into_owned())),
            }
        };
        export().map_err(|error| to_python(&error))
    }

    /// Where it stands.
    fn status(&self) -> PyResult<Standing> {
        let project = self.open()?;
        let Status {
            n_samples,
            n_labeled,
            n_skipped,
            n_discarded,
            n_open,
            per_class,
            per_asked_by,
            accuracy,
            advice,
            ..
        } = project.status();
        Ok(Standing {
            n_samples,
            n_labeled,
            n_skipped,
            n_discarded,
            n_open,
            per_class: project.state().class_names().into_iter().zip(per_class).collect(),
            per_asked_by: per_asked_by.into_iter().map(|(by, n): (AskedBy, _)| (by.name(), n)).collect(),
            right: accuracy.right,
            of: accuracy.of,
            interval: accuracy.interval,
            accuracy: accuracy.sentence,
            advice,
        })
    }
}

/// Records answers in one transaction, all or none.
fn record(
    py: Python<'_>,
    project: &deepal::project::Project,
    ids: Vec<String>,
    actions: Vec<Action>,
    annotator: &str,
) -> PyResult<()> {
    let answer = |(id, action): (String, Action)| {
        let asked_by = project.asked_by(&id);
        Answer { id, action, asked_by, annotator: annotator.into(), millis: None }
    };
    let answers = ids.into_iter().zip(actions).map(answer).collect::<Vec<_>>();
    py.detach(|| project.answer_all(&answers)).map(drop).map_err(|error| to_python(&error))
}
