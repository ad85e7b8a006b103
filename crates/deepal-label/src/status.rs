//! Where the project stands, as the page shows it.

use crate::desk::{Desk, pace};
use crate::items::address;
use deepal_project::{Decision, NetRecord, State};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// How many decisions the strip shows.
const STRIP: usize = 10;

/// Progress, classes, accuracy, advice, training and the last decisions.
pub(crate) fn status(desk: &Desk) -> Value {
    let (project, state) = (&desk.project, desk.project.state());
    let status = project.status();
    let open = status.n_open;
    let beside = desk.beside(open);
    let pace = pace(&state);
    let classes = state.classes.iter().zip(&status.per_class);
    let example = |class: u32| {
        let row = state.items.iter().position(|item| item.class == Some(class))?;
        Some(address(project, row))
    };
    let classes = (0..).zip(classes).map(|(at, (class, count))| {
        json!({ "name": class.name, "guideline": class.guideline, "count": count, "example": example(at) })
    });
    let batch = state.batch.as_ref().map(|batch| {
        json!({
            "event": batch.event,
            "open": open,
            "of": batch.questions.len(),
            "strategy": batch.strategy,
            "fallback": batch.fallback,
            "n_labeled": batch.n_labeled,
        })
    });
    // Of the newest training in this process, or else of the newest on record.
    let here = beside.last.and_then(|last| Some((last.n_labeled?, last.ended.elapsed().as_secs_f64())));
    let recorded = || {
        let last = state.trainings.last()?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_millis();
        Some((last.n_labeled, (now as f64 - last.at as f64).max(0.0) / 1000.0))
    };
    let trained = here.or_else(recorded);
    let strip = state.decisions.iter().rev().take(STRIP).rev();
    json!({
        "project": project.source().name,
        "folder": project.folder().display().to_string(),
        "has_pictures": project.source().has_pictures(),
        "samples": status.n_samples,
        "labeled": status.n_labeled,
        "skipped": status.n_skipped,
        "discarded": status.n_discarded,
        "flagged": status.n_flagged,
        "per_asked_by": status.per_asked_by,
        "classes": classes.collect::<Vec<_>>(),
        "batch": batch,
        "training": {
            "is_running": beside.is_running,
            "n_labeled": trained.map(|(n_labeled, _)| n_labeled),
            "seconds_ago": trained.map(|(_, seconds)| seconds),
            "next_after": beside.next_after,
            "error": beside.error,
        },
        "seconds_per_label": pace,
        "seconds_left": pace.map(|pace| pace * open as f64),
        "accuracy": status.accuracy,
        "forecast": status.forecast,
        "advice": status.advice,
        "decisions": strip.filter_map(|decision| decision_json(desk, &state, decision)).collect::<Vec<_>>(),
        "newest": state.decisions.last().map(|decision| decision.event),
        "is_over": beside.is_over,
    })
}

/// All figures about the project, with those of each class.
pub(crate) fn progress(desk: &Desk) -> Value {
    let (project, state) = (&desk.project, desk.project.state());
    let (status, drawn) = (project.status(), state.audit_counts());
    let classes = state.classes.iter().zip(&status.per_class).enumerate();
    let per_class = classes.map(|(class, (info, labels))| {
        json!({
            "name": info.name,
            "labels": labels,
            "drawn": drawn.actual[class],
            "recall": drawn.recall(class),
            "precision": drawn.precision(class),
        })
    });
    json!({
        "samples": status.n_samples,
        "labeled": status.n_labeled,
        "skipped": status.n_skipped,
        "discarded": status.n_discarded,
        "flagged": status.n_flagged,
        "gone": status.n_gone,
        "open": status.n_open,
        "per_asked_by": status.per_asked_by,
        "per_class": per_class.collect::<Vec<_>>(),
        "accuracy": status.accuracy,
        "forecast": status.forecast,
        "advice": status.advice,
        "trainings": state.trainings,
        "net": state.net.as_ref().map(net_json),
    })
}

/// The newest net on all labels, and how nets that learnt from a part of them did on the rest.
fn net_json(net: &NetRecord) -> Value {
    let measured = net.cross_validation.as_ref().map(|measured| {
        let of_class =
            |class| json!({ "recall": measured.recall(class), "precision": measured.precision(class) });
        json!({
            "labels": measured.n(),
            "accuracy": measured.accuracy(),
            "balanced_accuracy": measured.balanced_accuracy(),
            "macro_f1": measured.macro_f1(),
            "confidence": measured.confidence,
            "calibration_error": measured.calibration_error,
            "confusion": measured.confusion,
            "per_class": (0..measured.confusion.len()).map(of_class).collect::<Vec<_>>(),
        })
    });
    json!({ "file": net.file, "at": net.at, "n_labeled": net.n_labeled, "cross_validation": measured })
}

/// A decision, with the address of its sample; `None` if the sample is not in the source any more.
pub(crate) fn decision_json(desk: &Desk, state: &State, decision: &Decision) -> Option<Value> {
    let row = desk.project.row(&decision.answer.id)?;
    Some(json!({
        "event": decision.event,
        "at": decision.at,
        "item": address(&desk.project, row),
        "id": decision.answer.id,
        "answer": decision.answer.action,
        "asked_by": decision.answer.asked_by,
        "class": state.items[row].class,
    }))
}
