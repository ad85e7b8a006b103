//! What is recorded: once, in full, and taken back exactly.

use crate::served::{Place, address, truth};
use serde_json::{Value, json};

fn samples(state: &Value) -> [u64; 4] {
    ["labeled", "skipped", "discarded", "flagged"].map(|name| state[name].as_u64().unwrap())
}

#[test]
fn an_answer_counts_once_however_often_it_is_sent() {
    let place = Place::new(40);
    let mut served = place.serve();
    let questions = served.questions();
    let first = served.label(&questions[0], 1, "key-number-one");
    assert_eq!(served.label(&questions[0], 1, "key-number-one")["events"], first["events"]);
    assert_eq!(samples(&served.get("/api/state")), [1, 0, 0, 0]);
    // The server was killed after it had recorded the answer and before the page heard of it.
    served.stop();
    let served = place.serve();
    let body = json!({
        "key": "key-number-one", "items": [questions[0]["item"]], "action": "label", "class": 1, "millis": 1000, "retry": true,
    });
    assert_eq!(served.post("/api/answer", &body)["events"], first["events"]);
    assert_eq!(served.get("/api/state")["decisions"].as_array().unwrap().len(), 1);
    // Another answer of the same kind is one.
    let mut other = body.clone();
    other["key"] = json!("key-number-two");
    other["class"] = json!(2);
    assert_ne!(served.post("/api/answer", &other)["events"], first["events"]);
}

#[test]
fn skip_discard_and_flag_are_what_they_say() {
    let place = Place::new(40);
    let served = place.serve();
    let questions = served.questions();
    let answer = |at: usize, more: Value| {
        let mut body = json!({ "key": format!("key-number-{at}-{more}"), "items": [questions[at]["item"]], "millis": 5 });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        served.post("/api/answer", &body)
    };
    answer(0, json!({ "action": "skip" }));
    answer(1, json!({ "action": "discard" }));
    answer(2, json!({ "action": "flag", "note": "odd" }));
    let state = answer(3, json!({ "action": "label", "class": 2 }))["state"].clone();
    assert_eq!(samples(&state), [1, 1, 1, 1]);
    assert_eq!(state["batch"]["open"].as_u64().unwrap() + 3, state["batch"]["of"].as_u64().unwrap());
    let left = served.questions();
    assert!(questions[..2].iter().all(|gone| left.iter().all(|other| other["item"] != gone["item"])));
    let flagged = served.get(&format!("/api/item/{}", questions[2]["item"].as_str().unwrap()));
    assert_eq!((&flagged["flag"], &flagged["class"]), (&json!("odd"), &Value::Null));
    assert_eq!(answer(2, json!({ "action": "unflag" }))["state"]["flagged"], 0);
}

#[test]
fn undo_takes_back_all_of_what_one_request_said() {
    let place = Place::new(40);
    let served = place.serve();
    let questions = served.questions();
    let before = served.get("/api/state");
    served.label(&questions[0], 0, "key-number-one");
    let some = questions[1..4].iter().map(|question| &question["item"]).collect::<Vec<_>>();
    let reply = served.post(
        "/api/answer",
        &json!({ "key": "key-number-two", "items": some, "action": "label", "class": 1 }),
    );
    assert_eq!(samples(&reply["state"])[0], 4);
    let undone = served.post("/api/undo", &json!({}));
    assert_eq!(undone["undone"].as_array().unwrap().len(), 3);
    assert_eq!(samples(&undone["state"])[0], 1);
    // The same undo again, as after a lost reply: the event is gone, so nothing happens.
    let event = &reply["state"]["newest"];
    assert_eq!(served.post("/api/undo", &json!({ "event": event }))["undone"], json!([]));
    let (status, answer) =
        served.try_post("/api/undo", &json!({ "event": served.get("/api/state")["newest"] }));
    assert_eq!(status, 200, "{answer}");
    let after = served.get("/api/state");
    assert_eq!(served.post("/api/undo", &json!({}))["undone"], json!([]), "nothing is left");
    for part in ["labeled", "classes", "decisions", "batch", "per_asked_by"] {
        assert_eq!(after[part], before[part], "{part}");
    }
}

#[test]
fn two_tabs_see_one_state_and_an_old_undo_is_refused() {
    let place = Place::new(40);
    let served = place.serve();
    let questions = served.questions();
    let mine = served.label(&questions[0], 0, "key-of-tab-one");
    served.label(&questions[1], 1, "key-of-tab-two");
    let (status, answer) = served.try_post("/api/undo", &json!({ "event": mine["state"]["newest"] }));
    assert_eq!(status, 409, "{answer}");
    assert!(answer["error"].as_str().unwrap().contains("newer answer"), "{answer}");
    assert_eq!(samples(&served.get("/api/state"))[0], 2);
}

#[test]
fn what_is_found_is_apart_and_what_measures_cannot_be_found() {
    let place = Place::new(60);
    let served = place.serve();
    let questions = served.questions();
    let found = served.get("/api/find?words=PHOTO%20png&n=500")["items"].as_array().unwrap().clone();
    assert!((30..60).contains(&found.len()), "{} of 60 can be found", found.len());
    let is_asked = |id: &Value| questions.iter().any(|question| question["id"] == *id);
    let free = found.iter().find(|item| !is_asked(&item["id"])).unwrap();
    let reply = served.label(free, 1, "key-of-what-was-found");
    assert!(reply["state"]["per_asked_by"].as_array().unwrap().contains(&json!(["found", 1])), "{reply}");
    let hidden = (0..60).map(|row| (row, format!("photo {row:03}.png")));
    let hidden = hidden.filter(|(_, id)| found.iter().all(|item| item["id"] != *id) && !is_asked(&json!(id)));
    let (row, id) = hidden.into_iter().next().expect("some samples are kept to measure the accuracy");
    let body =
        json!({ "key": "key-of-the-reserved", "items": [address(row, &id)], "action": "label", "class": 0 });
    let (status, answer) = served.try_post("/api/answer", &body);
    assert_eq!(status, 409, "{answer}");
    let like = served.get(&format!("/api/like/{}?n=100", free["item"].as_str().unwrap()));
    let like = like["items"].as_array().unwrap();
    assert_eq!(like.len(), found.len() - 1, "all but itself");
    assert!(like.iter().all(|item| item["id"] != id));
    let same = |item: &&Value| truth(item["id"].as_str().unwrap()) == truth(free["id"].as_str().unwrap());
    assert!(like[..5].iter().filter(same).count() >= 4, "the nearest have its colour");
}

#[test]
fn wrong_answers_are_refused_by_name() {
    let place = Place::new(40);
    let served = place.serve();
    let item = &served.questions()[0]["item"];
    for (body, status, words) in [
        (json!({ "key": "12345678", "items": [item], "action": "label", "class": 3 }), 400, "no class 3"),
        (json!({ "key": "12345678", "items": [item], "action": "label" }), 400, "needs `class`"),
        (json!({ "key": "12345678", "items": [], "action": "skip" }), 400, "1 to 500"),
        (json!({ "key": "short", "items": [item], "action": "skip" }), 400, "`key`"),
        (json!({ "key": "12345678", "items": [item], "action": "explode" }), 422, "explode"),
        (json!({ "key": "12345678", "items": [item], "action": "skip", "path": "/etc" }), 422, "path"),
        (json!({ "key": "12345678", "items": ["7-nothing"], "action": "skip" }), 404, "no such sample"),
    ] {
        let (found, answer) = served.try_post("/api/answer", &body);
        assert_eq!(found, status, "{body}: {answer}");
        assert!(answer["error"].as_str().unwrap().contains(words), "{answer}");
    }
    assert_eq!(samples(&served.get("/api/state")), [0; 4]);
}

#[test]
fn classes_come_later_and_are_renamed() {
    let place = Place::with(40, &[]);
    let served = place.serve();
    assert_eq!(served.get("/api/state")["classes"], json!([]));
    for name in ["cat", "dog"] {
        served.post("/api/classes", &json!({ "name": format!(" {name} ") }));
    }
    let state =
        served.post("/api/classes", &json!({ "class": 1, "name": "wolf", "guideline": "grey" }))["state"]
            .clone();
    let classes = state["classes"].as_array().unwrap();
    assert_eq!((&classes[0]["name"], &classes[1]["name"]), (&json!("cat"), &json!("wolf")));
    assert_eq!(classes[1]["guideline"], "grey");
    for body in
        [json!({ "name": "cat" }), json!({ "name": " " }), json!({}), json!({ "class": 9, "name": "x" })]
    {
        assert_eq!(served.try_post("/api/classes", &body).0, 400, "{body}");
    }
    served.label(&served.questions()[0], 1, "key-number-one");
    let csv = served.get("/api/export?format=csv");
    let csv = csv.as_str().unwrap();
    assert!(csv.starts_with("id,label,asked_by\nphoto ") && csv.contains(".png,wolf,"), "{csv}");
    let line = served.get("/api/export?format=jsonl");
    assert_eq!(line["label"], "wolf");
}

#[test]
fn texts_are_sent_as_text() {
    let place = Place::texts(40);
    let served = place.serve();
    let question = &served.questions()[0];
    assert_eq!(question["kind"], "text");
    assert!(question["text"].as_str().unwrap().contains("film"), "{question}");
    let found = served.get("/api/find?words=%3Cb%3Egood&n=500");
    let found = found["items"].as_array().unwrap();
    assert!(
        !found.is_empty() && found.iter().all(|item| item["text"].as_str().unwrap().contains("<b>good</b>"))
    );
}
