//! The routes: page, JSON and pictures. `docs/label-api.md` describes them.

use crate::desk::{Desk, Request};
use crate::items::{row, view};
use crate::look;
use crate::media;
use crate::refusal::{Refusal, Reply};
use crate::status::{self, decision_json, status};
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use deepal_project::{Action, AskedBy, EventId, Question};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// The most bytes of a request.
const MOST_BYTES: usize = 1 << 20;
/// The most samples of an answer, a search or a list.
const MOST_ITEMS: usize = 500;
/// How many questions, found samples and look-alikes are sent if nothing is said.
const USUAL: usize = 24;

const PAGE: &str = include_str!("../page/index.html");
/// The files of the page besides the first, by name and media type.
const FILES: [(&str, &str, &str); 10] = [
    ("style.css", "text/css; charset=utf-8", include_str!("../page/style.css")),
    ("icon.svg", "image/svg+xml", include_str!("../page/icon.svg")),
    ("page.js", SCRIPT, include_str!("../page/page.js")),
    ("dom.js", SCRIPT, include_str!("../page/dom.js")),
    ("outbox.js", SCRIPT, include_str!("../page/outbox.js")),
    ("stage.js", SCRIPT, include_str!("../page/stage.js")),
    ("classes.js", SCRIPT, include_str!("../page/classes.js")),
    ("side.js", SCRIPT, include_str!("../page/side.js")),
    ("figures.js", SCRIPT, include_str!("../page/figures.js")),
    ("cards.js", SCRIPT, include_str!("../page/cards.js")),
];
const SCRIPT: &str = "text/javascript; charset=utf-8";

type Shared = State<Arc<Desk>>;

/// All routes about a desk.
pub(crate) fn routes(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/", get(async || ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], PAGE)))
        .route("/{file}", get(file))
        .route("/api/state", get(state))
        .route("/api/progress", get(progress))
        .route("/api/next", get(next))
        .route("/api/item/{item}", get(item))
        .route("/api/answer", post(answer))
        .route("/api/undo", post(undo))
        .route("/api/classes", post(classes))
        .route("/api/why/{item}", get(why))
        .route("/api/find", get(find))
        .route("/api/like/{item}", get(like))
        .route("/api/export", get(export))
        .route("/media/{item}", get(picture))
        .fallback(nothing)
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .with_state(desk)
}

async fn nothing() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "there is nothing at this address")
}

async fn file(Path(name): Path<String>) -> Response {
    match FILES.into_iter().find(|(file, _, _)| *file == name) {
        Some((_, media_type, text)) => ([(header::CONTENT_TYPE, media_type)], text).into_response(),
        None => nothing().await.into_response(),
    }
}

/// Runs what may take long, or waits for the disk, on a thread of its own.
async fn aside<T: Send + 'static>(
    desk: Arc<Desk>,
    work: impl FnOnce(&Desk) -> Reply<T> + Send + 'static,
) -> Reply<T> {
    let done = tokio::task::spawn_blocking(move || work(&desk)).await;
    done.unwrap_or_else(|_| {
        Err(Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "the request failed by a fault of the program"))
    })
}

async fn state(State(desk): Shared) -> Reply<Json<Value>> {
    aside(desk, |desk| Ok(Json(status(desk)))).await
}

async fn progress(State(desk): Shared) -> Reply<Json<Value>> {
    aside(desk, |desk| Ok(Json(status::progress(desk)))).await
}

/// How many, of what.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Number {
    n: Option<usize>,
}

async fn next(State(desk): Shared, query: Result<Query<Number>, QueryRejection>) -> Reply<Json<Value>> {
    let Query(number) = query.map_err(unfit)?;
    aside(desk, move |desk| {
        let (project, state) = (&desk.project, desk.project.state());
        let shown = |question: &Question| {
            let row = project.row(&question.id)?;
            let mut view = serde_json::to_value(view(project, &state, row, Some(question.asked_by))).ok()?;
            view["likeliest"] = json!(question.likeliest);
            Some(view)
        };
        let (open, n) = (project.open_questions(), number.n.unwrap_or(USUAL).min(MOST_ITEMS));
        let questions = open.iter().take(n).filter_map(shown).collect::<Vec<_>>();
        let ahead = desk.ahead().iter().filter_map(shown).collect::<Vec<_>>();
        Ok(Json(json!({ "questions": questions, "ahead": ahead, "state": status(desk) })))
    })
    .await
}

async fn item(State(desk): Shared, Path(item): Path<String>) -> Reply<Json<Value>> {
    aside(desk, move |desk| {
        let row = row(&desk.project, &item)?;
        Ok(Json(json!(view(&desk.project, &desk.project.state(), row, None))))
    })
    .await
}

/// An answer about one sample or several.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerBody {
    /// Made by the client, another for each answer.
    key: String,
    items: Vec<String>,
    action: ActionName,
    class: Option<u32>,
    note: Option<String>,
    millis: Option<u64>,
    #[serde(default)]
    retry: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ActionName {
    Label,
    Skip,
    Discard,
    Flag,
    Unflag,
}

impl AnswerBody {
    fn action(&self) -> Reply<Action> {
        Ok(match (&self.action, self.class) {
            (ActionName::Label, Some(class)) => Action::Label { class },
            (ActionName::Label, None) => {
                return Err(Refusal::bad("a label needs `class`, the position of a class"));
            }
            (ActionName::Skip, _) => Action::Skip,
            (ActionName::Discard, _) => Action::Discard,
            (ActionName::Flag, _) => Action::Flag { note: self.note.clone().unwrap_or_default() },
            (ActionName::Unflag, _) => Action::Unflag,
        })
    }
}

async fn answer(State(desk): Shared, body: Result<Json<AnswerBody>, JsonRejection>) -> Reply<Json<Value>> {
    let Json(body) = body.map_err(unfit)?;
    if !(8..=100).contains(&body.key.len()) {
        return Err(Refusal::bad("`key` must have 8 to 100 letters, others for each answer"));
    }
    if !(1..=MOST_ITEMS).contains(&body.items.len()) {
        return Err(Refusal::bad(format!("`items` must name 1 to {MOST_ITEMS} samples")));
    }
    aside(desk, move |desk| {
        let mut rows = body.items.iter().map(|item| row(&desk.project, item)).collect::<Reply<Vec<_>>>()?;
        rows.sort_unstable();
        rows.dedup();
        let action = body.action()?;
        let request = Request { key: body.key, is_retry: body.retry, rows, action, millis: body.millis };
        let events = desk.answer(request)?;
        Ok(Json(json!({ "events": events, "state": status(desk) })))
    })
    .await
}

/// Which answer is to be undone.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UndoBody {
    /// The newest event that the client knows.
    event: Option<EventId>,
}

async fn undo(State(desk): Shared, body: Result<Json<UndoBody>, JsonRejection>) -> Reply<Json<Value>> {
    let Json(body) = body.map_err(unfit)?;
    aside(desk, move |desk| {
        let undone = desk.undo(body.event)?;
        let state = desk.project.state();
        let (mut decisions, mut items) = (Vec::new(), Vec::new());
        for decision in &undone {
            decisions.extend(decision_json(desk, &state, decision));
            let row = desk.project.row(&decision.answer.id);
            items.extend(row.map(|row| view(&desk.project, &state, row, Some(decision.answer.asked_by))));
        }
        Ok(Json(json!({ "undone": decisions, "items": items, "state": status(desk) })))
    })
    .await
}

/// A new class, or a new name or guideline of one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClassBody {
    class: Option<u32>,
    name: Option<String>,
    guideline: Option<String>,
}

async fn classes(State(desk): Shared, body: Result<Json<ClassBody>, JsonRejection>) -> Reply<Json<Value>> {
    let Json(body) = body.map_err(unfit)?;
    aside(desk, move |desk| {
        let project = &desk.project;
        let name = body.name.as_deref().map(str::trim);
        if name.is_some_and(|name| name.is_empty() || name.chars().count() > 100 || name.contains('\n')) {
            return Err(Refusal::bad("a class needs a name of 1 to 100 letters in one line"));
        }
        let n = project.state().classes.len();
        if let Some(class) = body.class.filter(|class| *class as usize >= n) {
            return Err(Refusal::bad(format!("there is no class {class}; there are {n}")));
        }
        let class = match (body.class, name) {
            (Some(class), name) => {
                name.map(|name| project.rename_class(class, name)).transpose()?;
                class
            }
            (None, Some(name)) => {
                let class = project.add_class(name)?;
                desk.changed(1);
                class
            }
            (None, None) => return Err(Refusal::bad("name a class by `class`, or a new one by `name`")),
        };
        if let Some(text) = &body.guideline {
            project.set_guideline(class, text.trim())?;
        }
        Ok(Json(json!({ "class": class, "state": status(desk) })))
    })
    .await
}

async fn why(State(desk): Shared, Path(item): Path<String>) -> Reply<Json<Value>> {
    aside(desk, move |desk| {
        let (project, state) = (&desk.project, desk.project.state());
        let row = row(project, &item)?;
        let id = &project.source().ids[row];
        let Some((batch, question)) = state
            .batch
            .as_ref()
            .and_then(|batch| Some((batch, batch.questions.iter().find(|question| question.id == *id)?)))
        else {
            let asked_by = state.items[row].asked_by;
            return Ok(Json(json!({ "asked_by": asked_by, "in_hand": false })));
        };
        let near = question.nearest.iter().filter_map(|id| project.row(id));
        let near = near.map(|row| view(project, &state, row, None)).collect::<Vec<_>>();
        let by_strategy = question.asked_by == AskedBy::Strategy;
        Ok(Json(json!({
            "asked_by": question.asked_by,
            "in_hand": true,
            "strategy": by_strategy.then_some(&batch.strategy),
            "fallback": batch.fallback.as_ref().filter(|_| by_strategy),
            "n_labeled": batch.n_labeled,
            "score": question.score,
            "rank": question.rank,
            "likeliest": question.likeliest,
            "nearest": near,
        })))
    })
    .await
}

/// What is looked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FindQuery {
    words: String,
    n: Option<usize>,
}

async fn find(State(desk): Shared, query: Result<Query<FindQuery>, QueryRejection>) -> Reply<Json<Value>> {
    let Query(query) = query.map_err(unfit)?;
    aside(desk, move |desk| {
        let (project, state) = (&desk.project, desk.project.state());
        let rows = look::find(project, &query.words, query.n.unwrap_or(USUAL).min(MOST_ITEMS));
        let items = rows.into_iter().map(|row| view(project, &state, row, None)).collect::<Vec<_>>();
        Ok(Json(json!({ "items": items })))
    })
    .await
}

/// Which look-alikes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LikeQuery {
    n: Option<usize>,
    /// Only those without a label.
    #[serde(default)]
    open: bool,
}

async fn like(
    State(desk): Shared,
    Path(item): Path<String>,
    query: Result<Query<LikeQuery>, QueryRejection>,
) -> Reply<Json<Value>> {
    let Query(query) = query.map_err(unfit)?;
    aside(desk, move |desk| {
        let (project, state) = (&desk.project, desk.project.state());
        let (row, n) = (row(project, &item)?, query.n.unwrap_or(USUAL).min(MOST_ITEMS));
        let rows = look::like(project, &state, row, n, query.open)?;
        let items = rows.into_iter().map(|row| view(project, &state, row, None)).collect::<Vec<_>>();
        Ok(Json(json!({ "items": items })))
    })
    .await
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExportQuery {
    #[serde(default)]
    format: ExportFormat,
}

#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ExportFormat {
    /// `id,label`, those that have one: a `labels.csv`.
    #[default]
    Csv,
    /// An object for each sample that anything was said about.
    Jsonl,
}

async fn export(State(desk): Shared, query: Result<Query<ExportQuery>, QueryRejection>) -> Reply<Response> {
    let Query(query) = query.map_err(unfit)?;
    aside(desk, move |desk| {
        let (media_type, file, bytes) = match query.format {
            ExportFormat::Csv => ("text/csv; charset=utf-8", "labels.csv", desk.project.labels_csv()),
            ExportFormat::Jsonl => {
                ("application/jsonl; charset=utf-8", "labels.jsonl", desk.project.labels_jsonl()?)
            }
        };
        let headers = [
            (header::CONTENT_TYPE, media_type.to_owned()),
            (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{file}\"")),
        ];
        Ok((headers, bytes).into_response())
    })
    .await
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PictureQuery {
    #[serde(default)]
    small: bool,
}

async fn picture(
    State(desk): Shared,
    Path(item): Path<String>,
    query: Result<Query<PictureQuery>, QueryRejection>,
) -> Reply<Response> {
    let Query(query) = query.map_err(unfit)?;
    aside(desk, move |desk| {
        let encoded = media::picture(&desk.project, row(&desk.project, &item)?, query.small)?;
        Ok(([(header::CONTENT_TYPE, encoded.media_type)], encoded.bytes).into_response())
    })
    .await
}

/// What a request lacks, in axum's words.
fn unfit(rejection: impl Into<Unfit>) -> Refusal {
    let Unfit(status, why) = rejection.into();
    Refusal::new(status, why)
}

struct Unfit(StatusCode, String);

impl From<JsonRejection> for Unfit {
    fn from(rejection: JsonRejection) -> Self {
        Self(rejection.status(), rejection.body_text())
    }
}

impl From<QueryRejection> for Unfit {
    fn from(rejection: QueryRejection) -> Self {
        Self(rejection.status(), rejection.body_text())
    }
}
