//! What the page says and does when something goes wrong.

use crate::browser::{SAVED, SHOWN, comes_to, key, page, press_and_wait, shown};
use crate::served::{Place, truth};
use serde_json::{Value, json};

/// Answers and undos fail with what the server says when the disk is full, until `window.isFull` is false.
const FULL: &str = "
    const real = window.fetch;
    window.isFull = true;
    window.fetch = (path, options) => window.isFull && options?.method === 'POST'
        ? Promise.resolve(new Response(JSON.stringify({ error: 'cannot write project.sqlite: database or disk is full' }), { status: 507 }))
        : real(path, options);";

#[test]
fn answers_wait_until_a_full_disk_has_room() {
    let place = Place::new(60);
    let served = place.serve();
    let Some(browser) = page(&served, 1280, 800) else { return };
    browser.run(FULL);
    let mut ids = Vec::new();
    for n in 1..=3 {
        ids.push(shown(&browser));
        press_and_wait(&browser, &[&key(&ids[n - 1])]);
        browser.until("!document.querySelector('#alert').hidden");
    }
    let text = browser.text("#alert-text");
    assert!(text.contains("Not saved: 3 answers are kept") && text.contains("disk is full"), "{text}");
    assert_eq!(browser.text("#saved"), "Not saved");
    comes_to(&served, 0);
    browser.look("9-disk-full");
    // They outlive a reload of the page.
    browser.reload();
    browser.until(&format!("document.querySelector('#alert').hidden && {SAVED}"));
    comes_to(&served, 3);
    for decision in served.get("/api/state")["decisions"].as_array().unwrap() {
        let id = decision["id"].as_str().unwrap();
        assert!(ids.iter().any(|other| other == id));
        assert_eq!(decision["answer"]["class"].as_u64().unwrap() as usize, truth(id), "{id}");
    }
}

#[test]
fn a_picture_that_broke_says_so_and_is_discarded() {
    let place = Place::new(60);
    let served = place.serve();
    let questions = served.questions();
    let broken = questions[1]["id"].as_str().unwrap();
    std::fs::write(place.source().join(broken), b"no picture any more").unwrap();
    let Some(browser) = page(&served, 1280, 800) else { return };
    browser.press(&[&key(&shown(&browser))]);
    browser.until("document.querySelector('#stage .message')?.innerText.includes('cannot be read')");
    let text = browser.text("#stage");
    assert!(text.contains(broken) && text.contains("Discard it, or skip it"), "{text}");
    browser.look("10-broken");
    press_and_wait(&browser, &["d"]);
    // The batch and the ones after it go on.
    for _ in 0..15 {
        press_and_wait(&browser, &[&key(&shown(&browser))]);
    }
    browser.until(SAVED);
    let state = served.get("/api/state");
    assert_eq!(
        (&state["labeled"], &state["discarded"], &state["training"]["error"]),
        (&json!(16), &json!(1), &Value::Null)
    );
}

#[test]
fn a_second_tab_takes_no_question_twice() {
    let place = Place::new(60);
    let served = place.serve();
    let Some(browser) = page(&served, 1280, 800) else { return };
    let first = shown(&browser);
    browser.other_tab();
    browser.open(&served.url);
    browser.until(SHOWN);
    assert_eq!(shown(&browser), first);
    press_and_wait(&browser, &[&key(&first)]);
    let second = shown(&browser);
    browser.until(SAVED);
    browser.first_tab();
    // It moves on by itself, with the words why.
    browser.until(&format!("document.querySelector('#caption-id').title === {second:?}"));
    assert!(browser.text("#notice").contains("another tab"), "{}", browser.text("#notice"));
    press_and_wait(&browser, &[&key(&second)]);
    comes_to(&served, 2);
}

#[test]
fn a_page_that_slept_shows_what_is_asked_now() {
    let place = Place::new(60);
    let mut served = place.serve();
    let Some(browser) = page(&served, 1280, 800) else { return };
    let before = served.questions();
    browser.devtools("Page.setWebLifecycleState", json!({ "state": "frozen" }));
    // Meanwhile a script answers all of the batch, and the program is started again.
    for (n, question) in before.iter().enumerate() {
        served.label(question, truth(question["id"].as_str().unwrap()), &format!("key-of-script-{n}"));
    }
    let port = served.port;
    served.stop();
    let served = crate::served::Served::start(&place.project(), port);
    let now = served.questions();
    browser.devtools("Page.setWebLifecycleState", json!({ "state": "active" }));
    let id = now[0]["id"].as_str().unwrap();
    browser.until(&format!("document.querySelector('#caption-id').title === {id:?} && {SHOWN}"));
    press_and_wait(&browser, &[&key(id)]);
    browser.until(SAVED);
    comes_to(&served, before.len() as u64 + 1);
}
