//! [`Desk`]: a project that is being labelled. It records answers, and keeps the next batch ready until the one in hand is done.

use crate::refusal::{Refusal, Reply};
use axum::http::StatusCode;
use deepal_engine::Result;
use deepal_project::{Action, Answer, AskedBy, Decision, Done, EventId, Project, Question, State, Work};
use std::collections::{HashMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// After so many new labels a net is trained again, wherever the batch in hand stands.
const EVERY: u64 = 10;
/// After so many seconds a net is trained again if there is any new answer.
const PAUSE: f64 = 20.0;
/// How many questions of the next batch a page knows before the one in hand is done.
const AHEAD: usize = 6;
/// How many answers are remembered, so that a repeated request does not count twice.
const REMEMBERED: usize = 1000;

/// A project that is being labelled.
pub(crate) struct Desk {
    pub(crate) project: Project,
    annotator: String,
    /// Held while an answer is recorded, so that two requests with one key cannot both count.
    answered: Mutex<Answered>,
    side: Mutex<Side>,
    /// Tells the worker to look again.
    wake: Condvar,
}

/// What was answered since the server started.
#[derive(Default)]
struct Answered {
    /// Keys of requests, and the events that they made.
    keys: VecDeque<(String, Vec<EventId>)>,
    /// Events that one request made and one undo takes back.
    groups: Vec<Vec<EventId>>,
    /// How the questions of undone answers had come up: they may be of a batch that is in hand no more.
    undone: HashMap<String, AskedBy>,
}

/// How the work beside the page goes.
#[derive(Default)]
struct Side {
    /// The next batch, and the training it comes from.
    held: Option<Done>,
    /// How questions come up that pages may show before their batch is in hand.
    promised: HashMap<String, AskedBy>,
    is_running: bool,
    is_closed: bool,
    error: Option<String>,
    /// Counts answers, undos and new classes.
    changes: u64,
    /// The count when the newest work began; `None` before the first.
    begun_at: Option<u64>,
    last: Option<Last>,
}

/// The newest work that ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Last {
    pub(crate) ended: Instant,
    pub(crate) seconds: f64,
    /// How many labels the net learnt from; `None` if none could be trained.
    pub(crate) n_labeled: Option<usize>,
}

/// An answer as it comes from the page.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) key: String,
    /// Whether it was sent before, and may have been recorded by a server that was killed since.
    pub(crate) is_retry: bool,
    pub(crate) rows: Vec<usize>,
    pub(crate) action: Action,
    pub(crate) millis: Option<u64>,
}

/// How the work beside the page goes, for the page.
#[derive(Debug)]
pub(crate) struct Beside {
    pub(crate) is_running: bool,
    pub(crate) error: Option<String>,
    pub(crate) last: Option<Last>,
    /// How many more labels until the next training; `None` while one runs.
    pub(crate) next_after: Option<u64>,
    /// Whether there is nothing left to ask.
    pub(crate) is_over: bool,
}

impl Desk {
    pub(crate) fn new(project: Project, annotator: String) -> Self {
        Self { project, annotator, answered: Mutex::default(), side: Mutex::default(), wake: Condvar::new() }
    }

    /// Records an answer about some samples. It is on disk when this returns; the same key again records nothing.
    pub(crate) fn answer(&self, request: Request) -> Reply<Vec<EventId>> {
        let mut answered = lock(&self.answered);
        if let Some((_, events)) = answered.keys.iter().find(|(key, _)| *key == request.key) {
            return Ok(events.clone());
        }
        let state = self.project.state();
        if let Action::Label { class } = request.action
            && class as usize >= state.classes.len()
        {
            return Err(Refusal::bad(format!(
                "there is no class {class}; there are {}",
                state.classes.len()
            )));
        }
        let answers = request.rows.iter().map(|row| self.one(&state, &answered, *row, &request));
        let answers = answers.collect::<Reply<Vec<_>>>()?;
        let events = match request.is_retry.then(|| recorded(&state, &answers)).flatten() {
            Some(events) => events,
            None => self.project.answer_all(&answers)?,
        };
        if answered.keys.len() == REMEMBERED {
            answered.keys.pop_front();
        }
        answered.keys.push_back((request.key, events.clone()));
        if events.len() > 1 {
            answered.groups.push(events.clone());
        }
        drop(answered);
        self.changed(events.len() as u64);
        Ok(events)
    }

    /// The answer about one sample, with how its question came up.
    fn one(&self, state: &State, answered: &Answered, row: usize, request: &Request) -> Reply<Answer> {
        let id = self.project.source().ids[row].clone();
        let in_hand = state.batch.iter().flat_map(|batch| &batch.questions).find(|other| other.id == id);
        let before = || {
            let own = state.decisions.iter().rev().filter(|decision| decision.answer.id == id);
            own.map(|decision| decision.answer.asked_by).find(|asked_by| *asked_by != AskedBy::Import)
        };
        let asked_by = in_hand.map(|question| question.asked_by).or_else(before);
        let asked_by = asked_by.or_else(|| answered.undone.get(&id).copied());
        let asked_by = asked_by.or_else(|| lock(&self.side).promised.get(&id).copied());
        if asked_by.is_none() && self.project.is_reserved(row) {
            let why = "this sample is kept to measure the accuracy; it is asked at random, and cannot be looked for";
            return Err(Refusal::new(StatusCode::CONFLICT, why));
        }
        Ok(Answer {
            id,
            action: request.action.clone(),
            asked_by: asked_by.unwrap_or(AskedBy::Found),
            annotator: self.annotator.clone(),
            millis: request.millis,
        })
    }

    /// Takes the newest answer back, all of it if it was about several samples. `expected` is the newest event that the page knows:
    /// if it is undone already, nothing happens, and if there is a newer one, it is an error.
    pub(crate) fn undo(&self, expected: Option<EventId>) -> Reply<Vec<Decision>> {
        let mut answered = lock(&self.answered);
        let state = self.project.state();
        let Some(newest) = state.decisions.last().map(|decision| decision.event) else {
            return Ok(Vec::new());
        };
        if let Some(expected) = expected.filter(|expected| *expected != newest) {
            return match state.decisions.iter().any(|decision| decision.event == expected) {
                false => Ok(Vec::new()),
                true => {
                    let why =
                        "there is a newer answer, perhaps from another tab; look at the strip and undo again";
                    Err(Refusal::new(StatusCode::CONFLICT, why))
                }
            };
        }
        let group = answered.groups.pop_if(|group| group.contains(&newest));
        let mut undone = Vec::new();
        for _ in 0..group.map_or(1, |group| group.len()) {
            let Some(decision) = self.project.undo(&self.annotator)? else { break };
            answered.undone.insert(decision.answer.id.clone(), decision.answer.asked_by);
            undone.push(decision);
        }
        drop(answered);
        self.changed(undone.len() as u64);
        Ok(undone)
    }

    /// The first questions by the strategy of the batch that is held ready. A page shows them when the batch in hand is done, without waiting
    /// for the disk. Answers to them count as the strategy's, even if a newer batch has taken the place of this one. Those of the audit wait
    /// until the batch is in hand: after a restart they could not be told from what was looked for.
    pub(crate) fn ahead(&self) -> Vec<Question> {
        let mut side = lock(&self.side);
        let (state, in_hand) = (self.project.state(), self.project.open_questions());
        // The batch was chosen while some questions in hand had no answer, so it may have those too.
        let is_new = |question: &&Question| {
            question.asked_by == AskedBy::Strategy
                && self.is_open(&state, question)
                && in_hand.iter().all(|other| other.id != question.id)
        };
        let questions = side.held.iter().flat_map(|done| &done.batch.questions).filter(is_new);
        let questions = questions.take(AHEAD.min(self.project.setup().batch)).cloned().collect::<Vec<_>>();
        side.promised.extend(questions.iter().map(|question| (question.id.clone(), question.asked_by)));
        questions
    }

    /// Something was said that the next training should know.
    pub(crate) fn changed(&self, n: u64) {
        lock(&self.side).changes += n;
        self.turn();
        self.wake.notify_all();
    }

    /// Puts the batch that is held ready into the place of the one in hand, if that is done.
    fn turn(&self) {
        let mut side = lock(&self.side);
        if side.held.is_none() || !self.project.open_questions().is_empty() {
            return;
        }
        let Some(mut done) = side.held.take() else { return };
        let state = self.project.state();
        let had_any = !done.batch.questions.is_empty();
        // What was answered while it was made is not asked again, and what was skipped only if nothing else is left.
        let open = done.batch.questions.iter().filter(|question| self.is_open(&state, question));
        let open = open.cloned().collect::<Vec<_>>();
        if !open.is_empty() {
            done.batch.questions = open;
        }
        done.batch.questions.truncate(self.project.setup().batch);
        side.error = self.project.adopt(&done).err().map(|error| error.to_string());
        if side.error.is_some() || had_any && self.project.open_questions().is_empty() {
            side.begun_at = None;
        }
    }

    /// Whether nobody has said anything about the class of a question's sample yet.
    fn is_open(&self, state: &State, question: &Question) -> bool {
        self.project.row(&question.id).is_some_and(|row| state.items[row].is_open())
    }

    /// Waits until there is work to do, and begins it: with how many questions to choose. `None` when the desk is closed.
    pub(crate) fn next_work(&self, is_stopped: &dyn Fn() -> bool) -> Option<(Work, usize)> {
        let mut side = lock(&self.side);
        loop {
            if side.is_closed || is_stopped() {
                return None;
            }
            let open = self.project.open_questions().len();
            if self.is_due(&side, open) {
                side.is_running = true;
                side.begun_at = Some(side.changes);
                drop(side);
                return Some((self.project.work(), self.project.setup().batch + open));
            }
            let waited = self.wake.wait_timeout(side, Duration::from_millis(500));
            side = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn is_due(&self, side: &Side, open: usize) -> bool {
        let Some(begun_at) = side.begun_at else { return side.error.is_none() || side.waited(PAUSE) };
        let new = side.changes - begun_at;
        if open == 0 && side.held.is_none() {
            return new > 0;
        }
        new >= EVERY || new > 0 && (open as u64 <= self.lead(side) || side.waited(PAUSE))
    }

    /// At how many open questions the work begins that chooses the next ones, so that it is done when they are.
    fn lead(&self, side: &Side) -> u64 {
        let seconds = side.last.map_or(0.0, |last| last.seconds);
        let pace = pace(&self.project.state()).unwrap_or(1.0).max(0.2);
        let half = (self.project.setup().batch / 2).max(1) as f64;
        (1.0 + seconds / pace).ceil().min(half) as u64
    }

    /// Takes what a work gave.
    pub(crate) fn finish(&self, result: Result<Done, String>, seconds: f64) {
        let mut side = lock(&self.side);
        side.is_running = false;
        match result {
            Ok(done) => {
                let n_labeled = done.training.as_ref().map(|training| training.n_labeled);
                side.last = Some(Last { ended: Instant::now(), seconds, n_labeled });
                side.held = Some(done);
                side.error = None;
            }
            Err(error) => {
                side.last = Some(Last { ended: Instant::now(), seconds, n_labeled: None });
                side.error = Some(error);
                side.begun_at = None;
            }
        }
        drop(side);
        self.turn();
    }

    /// How the work beside the page goes.
    pub(crate) fn beside(&self, open: usize) -> Beside {
        let side = lock(&self.side);
        let new = side.begun_at.map_or(0, |begun_at| side.changes - begun_at);
        let next_after =
            (EVERY.saturating_sub(new)).min((open as u64).saturating_sub(self.lead(&side))).max(1);
        Beside {
            is_running: side.is_running,
            error: side.error.clone(),
            last: side.last,
            next_after: (!side.is_running).then_some(next_after),
            // Looked at again: a batch may have come since `open` was counted.
            is_over: self.project.open_questions().is_empty()
                && !side.is_running
                && side.held.is_none()
                && side.error.is_none()
                && side.begun_at == Some(side.changes),
        }
    }

    /// Ends the worker.
    pub(crate) fn close(&self) {
        lock(&self.side).is_closed = true;
        self.wake.notify_all();
    }
}

impl Side {
    fn waited(&self, seconds: f64) -> bool {
        self.last.is_none_or(|last| last.ended.elapsed().as_secs_f64() > seconds.max(4.0 * last.seconds))
    }
}

/// The median of the seconds that the last labels took, without pauses.
pub(crate) fn pace(state: &State) -> Option<f64> {
    let millis = state.decisions.iter().rev().filter_map(|decision| decision.answer.millis);
    let mut millis = millis.filter(|millis| *millis < 120_000).take(31).collect::<Vec<_>>();
    millis.sort_unstable();
    millis.get(millis.len() / 2).map(|millis| *millis as f64 / 1000.0)
}

/// The events of answers that are recorded already, if each is the newest about its sample.
fn recorded(state: &State, answers: &[Answer]) -> Option<Vec<EventId>> {
    let newest = |answer: &Answer| {
        let decision = state.decisions.iter().rev().find(|decision| decision.answer.id == answer.id)?;
        // The question may be in hand no more, so how it came up may differ.
        let same = Answer { asked_by: decision.answer.asked_by, ..answer.clone() };
        (answer.millis.is_some() && decision.answer == same).then_some(decision.event)
    };
    answers.iter().map(newest).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
