//! What goes on beside the answers.

use crate::served::{Place, truth};
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
