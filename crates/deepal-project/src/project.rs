//! A project: the store, the source, and what they come to.

use crate::answer::{Action, Answer, AskedBy, EventId};
use crate::fold::{Event, Fold, What};
use crate::forecast::Newest;
use crate::reserve::Reserve;
use crate::setup::{Setup, check_name};
use crate::state::{Batch, Decision, Item, NetRecord, Question, State};
use crate::status::{self, Status};
use crate::store::Store;
use crate::take_in::{self, TakenIn};
use crate::train;
use crate::work::{Done, Work, most_probable, with_classes};
use deepal_core::{Error as CoreError, did_you_mean};
use deepal_data::Error as DataError;
use deepal_data::source::{Open, Source};
use deepal_engine::{Error, Monitor, Pretrained, Result, open_source};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a folder of a project is called after its source.
const SUFFIX: &str = ".deepal";

/// A labelling project. One process writes it at a time; threads may share it.
pub struct Project {
    folder: PathBuf,
    setup: Setup,
    source: Arc<Source>,
    rows: HashMap<String, usize>,
    reserve: Arc<Reserve>,
    inner: Mutex<Inner>,
    forecast: Newest,
}

struct Inner {
    store: Store,
    events: Vec<Event>,
    fold: Fold,
    predicted: Arc<[Option<u32>]>,
    state: Arc<State>,
}

impl std::fmt::Debug for Project {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Project({}, {:?})", self.folder.display(), self.source)
    }
}

impl Project {
    /// The folder of the project about a source where nothing else is said: `photos/` has `photos.deepal/` beside it.
    pub fn folder_for(source: &Path) -> PathBuf {
        let source = std::path::absolute(source).unwrap_or_else(|_| source.into());
        let mut name = source.file_name().unwrap_or_default().to_owned();
        name.push(SUFFIX);
        source.with_file_name(name)
    }

    /// The project that a path means: a folder of one, or the one beside a source.
    pub fn find(path: &Path) -> Option<PathBuf> {
        let is_project = |folder: &PathBuf| folder.join(crate::store::FILE).is_file();
        [path.to_owned(), Self::folder_for(path)].into_iter().find(is_project)
    }

    /// Makes a project in a new folder; labels that the source has are taken in as [`AskedBy::Import`].
    ///
    /// # Errors
    /// A folder that has a project, a source that cannot be read, labels of classes that are not named, wrong settings, or a file
    /// that cannot be written.
    pub fn create(folder: &Path, setup: &Setup, monitor: Monitor<'_>) -> Result<Self> {
        if folder.join(crate::store::FILE).exists() {
            return Err(Error::Setting(format!(
                "`{}` is a project already; use it, or name another folder",
                folder.display()
            )));
        }
        let (setup, source) = open_new(setup, monitor)?;
        let reserve = Reserve::of(&source, setup.seed, setup.audit);
        let mut events = setup.classes.iter().cloned().map(What::Class).collect::<Vec<_>>();
        events.extend(imported(&source, &setup, &reserve)?.into_iter().map(What::Answer));
        let store = Store::create(folder, &setup, events)?;
        Self::with(store, folder, setup, source)
    }

    /// Checks that the project is about a source, or is named itself: answers about others would be taken for answers about its samples.
    ///
    /// # Errors
    /// It is about another source.
    pub fn check_about(&self, path: &Path) -> Result<()> {
        let real = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.into());
        let own = [self.folder(), &self.setup().source, &self.source().path];
        if own.iter().any(|own| real(own) == real(path)) {
            return Ok(());
        }
        Err(Error::Setting(format!(
            "the project `{}` is about `{}`, not about `{}`; name another folder for a project about that",
            self.folder().display(),
            self.setup().source.display(),
            path.display()
        )))
    }

    /// Opens a project, to write: another process that has it open is named in the error.
    ///
    /// # Errors
    /// No project, one of a newer version, a damaged file, one that another process writes, or a source that is gone.
    pub fn open(folder: &Path, monitor: Monitor<'_>) -> Result<Self> {
        let store = Store::open(folder)?;
        Self::load(store, folder, monitor)
    }

    /// Opens a project to look at it, while another process may write it. Whatever would record something is an error.
    ///
    /// # Errors
    /// As [`open`](Self::open), but for another process.
    pub fn read(folder: &Path, monitor: Monitor<'_>) -> Result<Self> {
        let store = Store::read(folder)?;
        Self::load(store, folder, monitor)
    }

    fn load(store: Store, folder: &Path, monitor: Monitor<'_>) -> Result<Self> {
        let mut setup = store.setup()?;
        setup.source = find_source(&setup.source, folder)?;
        let source = open_source(&setup.source, setup.model.as_ref(), None, &Open::default(), &monitor)?;
        Self::with(store, folder, setup, source)
    }

    fn with(store: Store, folder: &Path, setup: Setup, source: Source) -> Result<Self> {
        let rows =
            source.ids.iter().enumerate().map(|(row, id)| (id.clone(), row)).collect::<HashMap<_, _>>();
        let events = store.events()?;
        let fold = Fold::of(&events);
        let mut predicted = vec![None; source.ids.len()];
        for (id, class) in store.predictions(fold.classes.len())? {
            if let Some(row) = rows.get(&id) {
                predicted[*row] = Some(class);
            }
        }
        let predicted = Arc::<[_]>::from(predicted);
        let state = Arc::new(state(&fold, &source, &rows, &predicted));
        let reserve = Arc::new(Reserve::of(&source, setup.seed, setup.audit));
        let inner = Mutex::new(Inner { store, events, fold, predicted, state });
        Ok(Self {
            folder: folder.into(),
            setup,
            source: Arc::new(source),
            rows,
            reserve,
            inner,
            forecast: Newest::default(),
        })
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What it is about, and where its source is now.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// The user's data, with embeddings for inputs if the project has a pretrained net.
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// The row of a sample in the source.
    pub fn row(&self, id: &str) -> Option<usize> {
        self.rows.get(id).copied()
    }

    /// What all events come to, as of now.
    pub fn state(&self) -> Arc<State> {
        self.inner().state.clone()
    }

    /// The questions of the newest batch that have no answer yet, in their order.
    pub fn open_questions(&self) -> Vec<Question> {
        let state = self.state();
        let since = state.batch.as_ref().map_or(0, |batch| batch.event);
        self.still_open(&state, state.batch.iter().flat_map(|batch| &batch.questions), since)
    }

    /// Records an answer; it is on disk when this returns.
    ///
    /// # Errors
    /// An unknown sample or class, a sample held back for the accuracy that is said to be found, or a file that cannot be written.
    pub fn answer(&self, answer: &Answer) -> Result<EventId> {
        let ids = self.answer_all(std::slice::from_ref(answer))?;
        ids.first().copied().ok_or_else(|| Error::Failed("the answer was not recorded".into()))
    }

    /// Records several answers in one transaction, all or none.
    ///
    /// # Errors
    /// As [`answer`](Self::answer).
    pub fn answer_all(&self, answers: &[Answer]) -> Result<Vec<EventId>> {
        let mut inner = self.inner();
        let answers =
            answers.iter().map(|answer| self.checked(answer, &inner.state)).collect::<Result<Vec<_>>>()?;
        self.record(&mut inner, answers.into_iter().map(What::Answer).collect(), None)
    }

    /// Takes the newest decision back that is not undone yet; `None` if there is none. What was imported is no decision.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn undo(&self, annotator: &str) -> Result<Option<Decision>> {
        let mut inner = self.inner();
        let Some(newest) = inner.state.decisions.last().cloned() else { return Ok(None) };
        self.record(
            &mut inner,
            vec![What::Undo { undoes: newest.event, annotator: annotator.into() }],
            None,
        )?;
        Ok(Some(newest))
    }

    /// Adds a class; its position.
    ///
    /// # Errors
    /// A name that is none or that a class has already, or a file that cannot be written.
    pub fn add_class(&self, name: &str) -> Result<u32> {
        let mut inner = self.inner();
        check_new(name, &inner.state, None)?;
        let position = inner.state.classes.len();
        if position >= usize::from(u16::MAX) {
            return Err(Error::Setting(format!("there are {position} classes, and no more are possible")));
        }
        self.record(&mut inner, vec![What::Class(name.into())], None)?;
        Ok(position as u32)
    }

    /// Calls a class otherwise from now on; its labels stay.
    ///
    /// # Errors
    /// As [`add_class`](Self::add_class), or an unknown class.
    pub fn rename_class(&self, class: u32, name: &str) -> Result<()> {
        let mut inner = self.inner();
        check_class(class, &inner.state)?;
        check_new(name, &inner.state, Some(class))?;
        self.record(&mut inner, vec![What::Rename { class, name: name.into() }], None)?;
        Ok(())
    }

    /// Says when a sample is of a class.
    ///
    /// # Errors
    /// An unknown class, or a file that cannot be written.
    pub fn set_guideline(&self, class: u32, text: &str) -> Result<()> {
        let mut inner = self.inner();
        check_class(class, &inner.state)?;
        self.record(&mut inner, vec![What::Guideline { class, text: text.into() }], None)?;
        Ok(())
    }

    /// Whether strategies may not pick it and a person may not find it: the accuracy is measured on such samples, or they are the
    /// test set of the source.
    pub fn is_reserved(&self, row: usize) -> bool {
        self.reserve.is_audit(row) || self.reserve.is_test(row)
    }

    /// How the question about a sample came up that was ever asked; what nobody asked a person found.
    pub fn asked_by(&self, id: &str) -> AskedBy {
        self.inner().fold.asked.get(id).copied().unwrap_or(AskedBy::Found)
    }

    /// A snapshot from which a net can be trained and the next batch chosen, on any thread.
    pub fn work(&self) -> Work {
        let inner = self.inner();
        Work {
            source: self.source.clone(),
            setup: self.setup.clone(),
            state: inner.state.clone(),
            reserve: self.reserve.clone(),
            round: inner.fold.n_batches,
            as_of: inner.events.last().map_or(0, |event| event.id),
        }
    }

    /// Chooses the next `n` questions, or a batch of the project; what it trained and chose is on record when it returns. Without `n`, while
    /// the newest batch has open questions, it does nothing and gives `None`: those come first.
    ///
    /// # Errors
    /// As [`Work::run`] and [`adopt`](Self::adopt).
    pub fn ask(&self, n: Option<usize>, monitor: Monitor<'_>) -> Result<Option<Done>> {
        if n.is_none() && !self.open_questions().is_empty() {
            return Ok(None);
        }
        let done = self.work().run(n.unwrap_or(self.setup.batch), monitor)?;
        if monitor.is_stopped() {
            return Err(CoreError::Cancelled.into());
        }
        self.adopt(&done)?;
        Ok(Some(done))
    }

    /// Records what [`Work::run`] gave: the training, and the batch if it has one, without questions that were answered meanwhile.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn adopt(&self, done: &Done) -> Result<()> {
        let mut inner = self.inner();
        let mut events = done.training.iter().cloned().map(What::Training).collect::<Vec<_>>();
        let was_asked = !done.batch.questions.is_empty();
        let questions = self.still_open(&inner.state, &done.batch.questions, done.as_of);
        if was_asked {
            events.push(What::Batch(Batch { questions, ..done.batch.clone() }));
        }
        let predicted = done.probs.as_ref().map(most_probable);
        self.record(&mut inner, events, predicted)?;
        Ok(())
    }

    /// Takes in the answers of a file: a table `id,label`, Label Studio's JSON or Prodigy's JSON lines. All or none; what is known
    /// already is left alone.
    ///
    /// # Errors
    /// A file that cannot be read, unknown samples or classes, or two answers for one sample; all are named.
    pub fn take_in(&self, path: &Path, annotator: &str) -> Result<TakenIn> {
        let mut inner = self.inner();
        let (answers, taken) = self.said(path, &inner, annotator)?;
        let answers = answers.iter().map(|answer| self.checked(answer, &inner.state).map(What::Answer));
        let answers = answers.collect::<Result<Vec<_>>>()?;
        self.record(&mut inner, answers, None)?;
        Ok(taken)
    }

    /// Whether a file of answers says nothing that the project does not have.
    ///
    /// # Errors
    /// As [`take_in`](Self::take_in).
    pub fn knows(&self, path: &Path) -> Result<bool> {
        let (answers, _) = self.said(path, &self.inner(), "")?;
        Ok(answers.iter().all(|answer| answer.action == Action::Skip))
    }

    /// The answers of a file that are new.
    fn said(&self, path: &Path, inner: &Inner, annotator: &str) -> Result<(Vec<Answer>, TakenIn)> {
        let said = with_classes(&self.source, inner.state.class_names()).answers(path)?;
        let item = |id: &str| self.row(id).map(|row| inner.state.items[row].clone());
        take_in::answers(path, said, item, &inner.state, &inner.fold.asked, annotator)
    }

    /// Where the net on all labels is written if nobody says otherwise.
    pub fn net_file(&self) -> PathBuf {
        self.folder.join("net.safetensors")
    }

    /// Trains the net on all labels, those of the audit too, writes it to `out` with all that a new sample needs and the ids that it
    /// learnt from, and records it with a cross-validation on all labels. Before that a net without the labels of the audit is trained
    /// and adopted, so that the accuracy is that of now.
    ///
    /// # Errors
    /// Labels of fewer than two classes, samples that cannot be read, a file that cannot be written, or the caller stopped it.
    pub fn train(&self, out: &Path, monitor: Monitor<'_>) -> Result<NetRecord> {
        let state = self.state();
        if self.has_news() {
            self.adopt(&self.work().run(0, monitor)?)?;
        }
        let record = train::train(&self.source, &self.setup, &state, &self.reserve, out, &monitor)?;
        self.record(&mut self.inner(), vec![What::Net(record)], None)?;
        self.state().net.clone().ok_or_else(|| Error::Failed("the net was not recorded".into()))
    }

    /// Inputs (or embeddings) of samples, `[rows.len(), d]`, for look-alikes.
    ///
    /// # Errors
    /// Samples that cannot be read any more.
    pub fn inputs(&self, rows: &[usize]) -> Result<ndarray::Array2<f32>> {
        Ok(self.source.inputs.inputs(rows)?)
    }

    /// Labels, accuracy and advice, in figures and sentences.
    pub fn status(&self) -> Status {
        let (state, open) = (self.state(), self.open_questions().len());
        status::of(&state, &self.setup, open, self.forecast.of(&state, &self.setup))
    }

    /// Whether anything was said since the newest training.
    fn has_news(&self) -> bool {
        let inner = self.inner();
        let newer = inner.events.iter().rev().take_while(|event| !matches!(event.what, What::Training(_)));
        inner.state.trainings.is_empty()
            || newer
                .into_iter()
                .any(|event| matches!(event.what, What::Answer(_) | What::Undo { .. } | What::Class(_)))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // What is inside is changed only after all that can fail.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts events on disk, and then into the state.
    fn record(
        &self,
        inner: &mut Inner,
        what: Vec<What>,
        predicted: Option<Vec<Option<u32>>>,
    ) -> Result<Vec<EventId>> {
        let pairs = predicted.as_ref().map(|predicted| {
            let of = |(id, class): (&'_ String, &Option<u32>)| class.map(|class| (id.clone(), class));
            self.source.ids.iter().zip(predicted).filter_map(of).collect::<Vec<_>>()
        });
        let new = inner.store.append(what, pairs.as_deref())?;
        let is_undo = new.iter().any(|event| matches!(event.what, What::Undo { .. }));
        let ids = new.iter().map(|event| event.id).collect();
        if !is_undo {
            new.iter().for_each(|event| inner.fold.apply(event));
        }
        inner.events.extend(new);
        if is_undo {
            inner.fold = Fold::of(&inner.events);
        }
        if let Some(predicted) = predicted {
            inner.predicted = predicted.into();
        }
        inner.state = Arc::new(state(&inner.fold, &self.source, &self.rows, &inner.predicted));
        Ok(ids)
    }

    /// The answer as it is recorded, if it makes sense.
    fn checked(&self, answer: &Answer, state: &State) -> Result<Answer> {
        let Some(row) = self.row(&answer.id) else {
            let known = self.source.ids.iter().map(String::as_str).collect::<Vec<_>>();
            let nearest = did_you_mean(&answer.id, &known);
            let nearest = nearest.map(|nearest| format!("; the nearest is `{nearest}`")).unwrap_or_default();
            return Err(Error::Setting(format!(
                "`{}` is no sample of `{}`{nearest}",
                answer.id, self.source.name
            )));
        };
        let mut answer = answer.clone();
        if let Action::Label { class } = answer.action {
            check_class(class, state)?;
            let before = &state.items[row];
            if before.class.is_none() && answer.asked_by == AskedBy::Found && self.is_reserved(row) {
                return Err(Error::Setting(format!(
                    "`{}` is held back to measure the accuracy: it is asked at random and cannot be searched",
                    answer.id
                )));
            }
            answer.asked_by = before.asked_by.unwrap_or(answer.asked_by);
        }
        Ok(answer)
    }

    /// Those of some questions that nobody has answered after an event; what was skipped before it may be asked again.
    fn still_open<'a>(
        &self,
        state: &State,
        questions: impl IntoIterator<Item = &'a Question>,
        since: EventId,
    ) -> Vec<Question> {
        let newer = state.decisions.iter().rev().take_while(|decision| decision.event > since);
        let skipped = newer.filter(|decision| decision.answer.action == Action::Skip);
        let skipped = skipped.map(|decision| decision.answer.id.as_str()).collect::<Vec<_>>();
        let is_open = |question: &&Question| {
            let item = self.row(&question.id).map(|row| &state.items[row]);
            item.is_some_and(|item| {
                item.is_open() || item.is_skipped && !skipped.contains(&question.id.as_str())
            })
        };
        questions.into_iter().filter(is_open).cloned().collect()
    }
}

/// The state over the source as it is now.
fn state(
    fold: &Fold,
    source: &Source,
    rows: &HashMap<String, usize>,
    predicted: &Arc<[Option<u32>]>,
) -> State {
    let item = |id: &String| fold.items.get(id).cloned().unwrap_or_default();
    let gone = fold.items.iter().filter(|(id, item)| **item != Item::default() && !rows.contains_key(*id));
    State {
        classes: fold.classes.clone(),
        items: source.ids.iter().map(item).collect(),
        batch: fold.batch.clone(),
        trainings: fold.trainings.clone(),
        net: fold.net.clone(),
        decisions: fold.decisions.clone(),
        predicted: predicted.clone(),
        gone: gone.map(|(id, _)| id.clone()).collect(),
    }
}

/// The answers that a source has itself.
fn imported(source: &Source, setup: &Setup, reserve: &Reserve) -> Result<Vec<Answer>> {
    let positions =
        (0_u32..).zip(&setup.classes).map(|(at, name)| (name.as_str(), at)).collect::<BTreeMap<_, _>>();
    let answer = |id: &String, action| Answer {
        id: id.clone(),
        action,
        asked_by: AskedBy::Import,
        annotator: String::new(),
        millis: None,
    };
    let mut answers = Vec::new();
    for (row, id) in source.ids.iter().enumerate().filter(|(row, _)| !reserve.is_test(*row)) {
        let Some(name) = source.labels[row].and_then(|class| source.classes.get(class.index())) else {
            continue;
        };
        let Some(class) = positions.get(name.as_str()) else {
            return Err(Error::Setting(format!(
                "`{id}` of `{}` has the label `{name}`, which is none of the classes {}; name it too, or correct the label",
                source.name,
                setup.classes.join(", ")
            )));
        };
        answers.push(answer(id, Action::Label { class: *class }));
    }
    answers.extend(source.skipped.iter().map(|id| answer(id, Action::Skip)));
    Ok(answers)
}

/// Where the source of a project is: where it was, or beside the folder if both were moved.
fn find_source(source: &Path, folder: &Path) -> Result<PathBuf> {
    if source.exists() {
        return Ok(source.into());
    }
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.into());
    let name = folder.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(SUFFIX));
    let beside = name.map(|name| folder.with_file_name(name));
    if let Some(beside) = beside.as_ref().filter(|beside| beside.exists()) {
        return Ok(beside.clone());
    }
    let there = beside.map(|beside| format!(", or move it to `{}`", beside.display())).unwrap_or_default();
    let why = format!(
        "is gone; it is the source of the project `{}`, which keeps all answers; put it back{there}",
        folder.display()
    );
    Err(DataError::Unfit { path: source.into(), why }.into())
}

fn check_class(class: u32, state: &State) -> Result<()> {
    match state.classes.get(class as usize) {
        Some(_) => Ok(()),
        None => Err(Error::Setting(format!("there is no class {class}; there are {}", state.classes.len()))),
    }
}

/// Checks that a class can be called so beside the others.
fn check_new(name: &str, state: &State, but: Option<u32>) -> Result<()> {
    check_name(name)?;
    let others = (0_u32..).zip(&state.classes).filter(|(at, _)| Some(*at) != but);
    match others.into_iter().any(|(_, class)| class.name == name) {
        true => Err(Error::Setting(format!("there is a class `{name}` already"))),
        false => Ok(()),
    }
}

/// Trains a net on all labels of a source that has no project, and writes it; the names of the classes, and what can be said of the net.
///
/// # Errors
/// As [`Project::create`] and [`Project::train`].
pub fn train_source(setup: &Setup, out: &Path, monitor: Monitor<'_>) -> Result<(Vec<String>, NetRecord)> {
    let (setup, source) = open_new(setup, monitor)?;
    let reserve = Reserve::of(&source, setup.seed, 0.0);
    let mut fold = Fold::default();
    let events = setup.classes.iter().cloned().map(What::Class);
    let events = events.chain(imported(&source, &setup, &reserve)?.into_iter().map(What::Answer));
    events.for_each(|what| fold.apply(&Event { id: 0, at: 0, what }));
    let state = state(&fold, &source, &rows_of(&source), &Arc::from(vec![None; source.ids.len()]));
    let record = train::train(&source, &setup, &state, &reserve, out, &monitor)?;
    Ok((setup.classes, record))
}

/// A setup with all that it leaves out, which the source says, and the source.
fn open_new(setup: &Setup, monitor: Monitor<'_>) -> Result<(Setup, Source)> {
    let mut setup = setup.clone();
    setup.source = std::path::absolute(&setup.source)
        .map_err(|cause| DataError::Read { path: setup.source.clone(), cause })?;
    setup.model = Pretrained::of(&setup.source, setup.model.as_ref())?;
    let source = open_source(&setup.source, setup.model.as_ref(), None, &Open::default(), &monitor)?;
    if setup.classes.is_empty() {
        setup.classes.clone_from(&source.classes);
    }
    setup.check(&with_classes(&source, setup.classes.clone()).meta())?;
    Ok((setup, source))
}

fn rows_of(source: &Source) -> HashMap<String, usize> {
    source.ids.iter().enumerate().map(|(row, id)| (id.clone(), row)).collect()
}
