//! What goes on beside the answers.

use crate::browser::page;
use crate::served::{Place, truth};
use deepal_engine::Monitor;
use deepal_project::{Action, Answer, Project, Question};
use serde_json::Value;
use std::time::{Duration, Instant};

/// A person who knows every answer: eight batches through the API.
#[test]
fn questions_follow_each_other_and_a_net_learns_beside_them() {
    let place = Place::new(150);
    let served = place.serve();
    let (mut answered, mut slowest) = (Vec::<String>::new(), Duration::ZERO);
    let mut last = Value::Null;
    while answered.len() < 80 {
        for question in served.questions() {
            let id = question["id"].as_str().unwrap().to_owned();
            assert!(!answered.contains(&id), "{id} is asked twice");
            let begun = Instant::now();
            last = served.label(&question, truth(&id), &format!("key-of-{id}"));
            slowest = slowest.max(begun.elapsed());
            answered.push(id);
        }
    }
    assert!(slowest < Duration::from_secs(5), "an answer took {slowest:?}");
    let state = &last["state"];
    assert_eq!(state["labeled"].as_u64().unwrap() as usize, answered.len());
    let learnt = state["training"]["n_labeled"].as_u64().expect("a net was trained");
    assert!(learnt >= 40, "the net learnt from {learnt} labels");
    assert!(state["training"]["error"].is_null(), "{state}");
    // By then the net knows the colours.
    let questions = served.questions();
    let right = questions.iter().filter(|question| {
        question["likeliest"][0][0].as_u64() == Some(truth(question["id"].as_str().unwrap()) as u64)
    });
    assert!(2 * right.count() > questions.len(), "{questions:?}");
    let question = questions.iter().find(|question| question["asked_by"] == "strategy").unwrap();
    let why = served.get(&format!("/api/why/{}", question["item"].as_str().unwrap()));
    assert!(why["strategy"].is_string() && why["rank"].is_u64(), "{why}");
    assert_eq!(why["nearest"].as_array().unwrap().len(), 3, "{why}");
}

/// What a page is told of the next batch it may ask before that is in hand: the answer counts as one to that question.
#[test]
fn the_first_questions_of_the_next_batch_can_be_answered() {
    let place = Place::new(90);
    let served = place.serve();
    for question in &served.questions()[..9] {
        let id = question["id"].as_str().unwrap();
        served.label(question, truth(id), &format!("key-of-{id}"));
    }
    let (in_hand, begun) = (served.questions(), Instant::now());
    let ahead = loop {
        let ahead = served.get("/api/next")["ahead"].as_array().unwrap().clone();
        if !ahead.is_empty() {
            break ahead;
        }
        assert!(begun.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(ahead.iter().all(|question| question["id"] != in_hand[0]["id"]), "{ahead:?}");
    for question in &ahead {
        let id = question["id"].as_str().unwrap();
        let reply = served.label(question, truth(id), &format!("key-of-{id}"));
        let last = reply["state"]["decisions"].as_array().unwrap().last().unwrap();
        assert_eq!(last["asked_by"], question["asked_by"], "{last}");
        assert_eq!(last["asked_by"], "strategy", "{last}");
    }
    assert_eq!(served.questions(), in_hand, "the batch in hand stays until its end");
    served.label(&in_hand[0], 0, "key-of-the-last-one");
    let next = served.questions();
    assert!(next.iter().all(|question| ahead.iter().all(|other| other["id"] != question["id"])), "{next:?}");
}

#[test]
fn progress_has_figures_of_each_class() {
    let place = Place::new(150);
    let project = Project::open(&place.project(), Monitor::silent()).unwrap();
    for _ in 0..12 {
        project.ask(None, Monitor::silent()).unwrap().unwrap();
        let answer = |question: Question| Answer {
            action: Action::Label { class: truth(&question.id) as u32 },
            id: question.id,
            asked_by: question.asked_by,
            annotator: "ann".into(),
            millis: None,
        };
        let answers = project.open_questions().into_iter().map(answer).collect::<Vec<_>>();
        project.answer_all(&answers).unwrap();
    }
    project.train(&project.net_file(), Monitor::silent()).unwrap();
    let (state, status) = (project.state(), project.status());
    drop(project);
    let served = place.serve();
    let progress = served.get("/api/progress");
    let per_class = progress["per_class"].as_array().unwrap();
    let sum = |name: &str| per_class.iter().map(|class| class[name].as_u64().unwrap()).sum::<u64>();
    assert_eq!(per_class.iter().map(|class| &class["name"]).collect::<Vec<_>>(), crate::served::CLASSES);
    assert_eq!((sum("labels"), sum("drawn") as usize), (120, status.accuracy.of));
    // Recall, weighted by samples, is accuracy.
    let found =
        per_class.iter().map(|class| class["recall"].as_f64().unwrap() * class["drawn"].as_f64().unwrap());
    assert_eq!(found.sum::<f64>().round() as usize, status.accuracy.right, "{progress}");
    assert_eq!(progress["accuracy"]["sentence"], status.accuracy.sentence);
    assert_eq!(progress["forecast"]["sentence"], status.forecast.sentence);
    assert_eq!(progress["advice"], serde_json::json!(status.advice));
    assert_eq!(progress["trainings"].as_array().unwrap().len(), state.trainings.len());
    let measured = state.net.as_ref().unwrap().cross_validation.as_ref().unwrap();
    let net = &progress["net"]["cross_validation"];
    assert_eq!((&net["labels"], &net["accuracy"]), (&120.into(), &measured.accuracy().into()));
    assert_eq!(net["per_class"][2]["precision"].as_f64(), measured.precision(2));
    let Some(browser) = page(&served, 1280, 800) else { return };
    assert_eq!(browser.run("return document.querySelector('#more').open"), false);
    browser.click("#more summary");
    browser.until("document.querySelectorAll('#more tbody tr').length === 6");
    let row = browser.text("#more tbody tr");
    assert!(row.starts_with(&format!("red{}", per_class[0]["labels"])), "{row}");
    browser.run("document.querySelector('#more').scrollIntoView()");
    browser.look("11-figures");
}

#[test]
fn the_same_questions_are_in_hand_after_a_restart() {
    let place = Place::new(60);
    let mut served = place.serve();
    let questions = served.questions();
    served.label(&questions[0], 0, "key-number-one");
    let (token, left) = (served.token.clone(), served.questions());
    served.stop();
    let served = place.serve();
    assert_eq!(served.token, token, "an open page stays open");
    let ids =
        |questions: &[Value]| questions.iter().map(|question| question["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&served.questions()), ids(&left));
    assert_eq!(left.len() + 1, questions.len());
}

#[test]
fn skipped_questions_come_back_when_nothing_else_is_left() {
    let place = Place::new(30);
    let served = place.serve();
    let (mut skipped, mut n) = (None::<String>, 0);
    let begun = Instant::now();
    loop {
        assert!(begun.elapsed() < Duration::from_secs(120));
        if served.get("/api/state")["is_over"] == true {
            break;
        }
        for question in served.get("/api/next?n=100")["questions"].as_array().unwrap() {
            let id = question["id"].as_str().unwrap();
            n += 1;
            if skipped.is_none() {
                skipped = Some(id.to_owned());
                let body = serde_json::json!({ "key": "key-of-the-skip", "items": [question["item"]], "action": "skip" });
                served.post("/api/answer", &body);
                continue;
            }
            if skipped.as_deref() == Some(id) {
                assert_eq!(n, 31, "the skipped one is the last of all");
            }
            served.label(question, truth(id), &format!("key-number-{n}"));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!((n, served.get("/api/state")["labeled"].as_u64()), (31, Some(30)));
}
