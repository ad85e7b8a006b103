//! The page in a real browser. Set `DEEPAL_BROWSER=1` to fail where there is none, and `DEEPAL_SCREENSHOTS` to a folder to see it.

use crate::driver::{BACKSPACE, Browser, CONTROL, ENTER, ESCAPE, LEFT, RIGHT};
use crate::served::{Place, Served, truth};
use std::time::Duration;

/// The page of a server, with its first question shown.
pub(crate) fn page(served: &Served, width: u32, height: u32) -> Option<Browser> {
    let browser = Browser::start(width, height)?;
    browser.open(&served.url);
    browser.until(SHOWN);
    Some(browser)
}

pub(crate) const SHOWN: &str = "document.querySelector('#stage img')?.complete";
pub(crate) const SAVED: &str = "document.querySelector('#saved').textContent === 'Saved'";

/// The id of the sample that is shown.
pub(crate) fn shown(browser: &Browser) -> String {
    browser.text("#caption-id").trim_start_matches('\u{200e}').to_owned()
}

/// The key of the class that a sample has.
pub(crate) fn key(id: &str) -> String {
    (truth(id) + 1).to_string()
}

pub(crate) fn labeled(served: &Served) -> u64 {
    served.get("/api/state")["labeled"].as_u64().unwrap()
}

/// Presses a key and waits for the next sample.
pub(crate) fn press_and_wait(browser: &Browser, keys: &[&str]) {
    let before = shown(browser);
    browser.press(keys);
    browser.until(&format!(
        "document.querySelector('#caption-id').textContent.slice(1) !== {before:?} && {SHOWN}"
    ));
}

#[test]
fn thirty_by_keyboard_and_every_other_key() {
    let place = Place::new(120);
    let served = place.serve();
    let Some(browser) = page(&served, 1280, 800) else { return };
    browser.until(SHOWN);
    browser.look("1-first");
    for n in 1..=30 {
        let id = shown(&browser);
        press_and_wait(&browser, &[&key(&id)]);
        browser.until(SAVED);
        assert_eq!(labeled(&served), n);
    }
    let state = served.get("/api/state");
    for decision in state["decisions"].as_array().unwrap() {
        let id = decision["id"].as_str().unwrap();
        assert_eq!(decision["answer"]["class"].as_u64().unwrap() as usize, truth(id), "{id}");
    }
    assert_eq!(browser.run("return document.querySelectorAll('#strip li').length"), 10);
    browser.press(&["w"]);
    browser.until("document.querySelector('#why').innerText.length > 20");
    browser.look("2-thirty");
    // However long the last answers are, they scroll in their strip and the page stays as wide as the window.
    browser
        .run("document.querySelectorAll('#strip li').forEach((item) => { item.style.minWidth = '20rem'; })");
    assert_eq!(browser.run("return document.documentElement.scrollWidth <= innerWidth"), true);

    // Undo shows the sample again, with Ctrl+Z and with Backspace.
    let last = state["decisions"][9]["id"].as_str().unwrap().to_owned();
    browser.press(&[CONTROL, "z"]);
    browser.until(&format!("document.querySelector('#caption-id').textContent.endsWith({last:?})"));
    assert_eq!(labeled(&served), 29);
    browser.press(&[BACKSPACE]);
    browser.until("document.querySelectorAll('#strip li').length === 10");
    browser.until(SAVED);
    comes_to(&served, 28);

    // A held key counts once.
    let before = labeled(&served);
    let id = shown(&browser);
    browser.hold(&key(&id));
    browser.until(SAVED);
    comes_to(&served, before + 1);

    // Skip, discard, flag with a note.
    press_and_wait(&browser, &[" "]);
    press_and_wait(&browser, &["d"]);
    let flagged = shown(&browser);
    browser.press(&["f"]);
    browser.until("document.querySelector('#flag-dialog').open");
    browser.type_text("3 d?");
    browser.press(&[ENTER]);
    browser.until("!document.querySelector('#flag-dialog').open");
    browser.until(SAVED);
    assert_eq!(shown(&browser), flagged, "a flag is no answer");
    std::thread::sleep(Duration::from_millis(300));
    let state = served.get("/api/state");
    assert_eq!([&state["skipped"], &state["discarded"], &state["flagged"]], [1, 1, 1], "{state}");

    // Arrows move and record nothing.
    let before = served.get("/api/state")["newest"].clone();
    press_and_wait(&browser, &[RIGHT]);
    press_and_wait(&browser, &[LEFT]);
    assert_eq!(shown(&browser), flagged);
    assert_eq!(served.get("/api/state")["newest"], before);

    // A click in the strip shows an answer; a key changes it.
    let first = served.get("/api/state")["decisions"][0].clone();
    browser.run("document.querySelector('#strip button').click()");
    browser.until(&format!("document.querySelector('#caption-id').textContent.endsWith({})", first["id"]));
    browser.press(&["2"]);
    browser.until(SAVED);
    std::thread::sleep(Duration::from_millis(300));
    let item = served.get(&format!("/api/item/{}", first["item"].as_str().unwrap()));
    assert_eq!(item["class"], 1);
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_reload_in_the_middle_loses_nothing() {
    let place = Place::new(60);
    let served = place.serve();
    let Some(browser) = page(&served, 1280, 800) else { return };
    for _ in 0..4 {
        press_and_wait(&browser, &[&key(&shown(&browser))]);
    }
    browser.until(SAVED);
    let left = served.questions();
    browser.reload();
    browser.until(SHOWN);
    assert_eq!(shown(&browser), left[0]["id"].as_str().unwrap());
    assert_eq!(labeled(&served), 4);
}

#[test]
fn answers_wait_for_a_server_that_was_killed() {
    let place = Place::new(60);
    let mut served = place.serve();
    let Some(browser) = page(&served, 1280, 800) else { return };
    press_and_wait(&browser, &["1"]);
    browser.until(SAVED);
    let port = served.port;
    served.stop();
    browser.press(&["2"]);
    browser.press(&["3"]);
    browser.until("!document.querySelector('#alert').hidden");
    let text = browser.text("#alert-text");
    assert!(text.contains("Not saved: 2 answers are kept"), "{text}");
    browser.look("3-not-saved");
    let served = Served::start(&place.project(), port);
    browser.until(&format!("document.querySelector('#alert').hidden && {SAVED}"));
    assert_eq!(labeled(&served), 3);
    press_and_wait(&browser, &["1"]);
    browser.until(SAVED);
    assert_eq!(labeled(&served), 4);
}

#[test]
fn a_grid_is_labelled_by_one_key_and_undone_by_one() {
    let place = Place::new(90);
    let served = place.serve();
    let Some(browser) = page(&served, 1280, 800) else { return };
    browser.press(&["g"]);
    browser.until("document.querySelectorAll('.card[aria-pressed=true]').length === 24");
    browser
        .until("[...document.querySelectorAll('.card img')].filter((image) => image.complete).length > 10");
    // The odd ones out are those of another colour than the first.
    let ids = browser.run("return [...document.querySelectorAll('.card .id')].map((id) => id.title)");
    let ids = ids.as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let class = truth(&ids[0]);
    for (at, id) in ids.iter().enumerate().filter(|(_, id)| truth(id) != class) {
        assert!(at > 0, "{id}");
        browser.run(&format!("document.querySelectorAll('.card')[{at}].click()"));
    }
    browser.look("4-grid");
    let n = ids.iter().filter(|id| truth(id) == class).count() as u64;
    assert!(n > 8, "{n} of 24 look-alikes are of one colour");
    browser.press(&[&(class + 1).to_string()]);
    browser.until(SAVED);
    comes_to(&served, n);
    browser.press(&[CONTROL, "z"]);
    comes_to(&served, 0);
    browser.press(&[ESCAPE]);
    browser.until(SHOWN);
}

#[test]
fn what_is_found_can_be_labelled() {
    let place = Place::new(60);
    let served = place.serve();
    let Some(browser) = page(&served, 1280, 800) else { return };
    browser.press(&["/"]);
    browser.type_text("photo 01");
    browser.press(&[ENTER]);
    browser.until("document.querySelectorAll('.card').length > 3");
    browser.click(".card");
    browser.until("document.querySelectorAll('.card[aria-pressed=true]').length === 1");
    browser.look("5-find");
    let id = browser.run("return document.querySelector('.card .id').title");
    browser.press(&[&key(id.as_str().unwrap())]);
    browser.until(SAVED);
    std::thread::sleep(Duration::from_millis(300));
    let state = served.get("/api/state");
    assert_eq!(
        (&state["labeled"], &state["decisions"][0]["asked_by"]),
        (&1.into(), &"found".into()),
        "{state}"
    );
    browser.run("document.querySelector('.slot .more button:nth-child(2)').click()");
    browser.until("document.querySelector('#cards-text').textContent.includes('most similar first')");
}

/// On a phone nothing is cut off at the side and everything is large enough for a finger; in the dark it is dark.
#[test]
fn it_fits_a_phone_in_the_dark() {
    let place = Place::new(60);
    let served = place.serve();
    let Some(browser) = Browser::start(390, 844) else { return };
    browser.prefer("dark");
    browser.open(&served.url);
    browser.until(SHOWN);
    assert_eq!(browser.run("return document.documentElement.scrollWidth"), 390);
    browser.click("#choose button:nth-child(2)");
    browser.until(SAVED);
    assert_eq!(labeled(&served), 1);
    browser.look("6-phone");
    let small = "return [...document.querySelectorAll('#choose button, #label .actions button')].filter((button) => {
        const box = button.getBoundingClientRect(); return box.height < 36 || box.right > 390 || box.bottom > 844; }).length";
    assert_eq!(browser.run(small), 0);
    let back = "return getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).every((part) => Number(part) < 60)";
    assert_eq!(browser.run(back), true);
    browser.run("document.querySelector('#view-grid').click()");
    browser.until("document.querySelectorAll('.card').length > 3");
    browser.look("7-phone-grid");
    assert_eq!(browser.run("return document.documentElement.scrollWidth"), 390);
}

/// Waits until so many samples have a label, and looks that it stays so.
pub(crate) fn comes_to(served: &Served, n: u64) {
    let begun = std::time::Instant::now();
    while labeled(served) != n && begun.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(labeled(served), n);
}

/// From a key to the next picture while a net trains: what a person waits for. `DEEPAL_PAUSE`: milliseconds between answers [default: 60].
#[test]
fn the_next_picture_is_there_at_once() {
    let place = Place::new(150);
    let served = place.serve();
    let Some(browser) = page(&served, 1280, 800) else { return };
    let timed = "
        const times = window.times = [];
        let pressed = null;
        document.addEventListener('keydown', () => { pressed = performance.now(); }, true);
        new MutationObserver(() => {
            const image = document.querySelector('#stage img');
            if (pressed === null || !image) return;
            const begun = pressed;
            pressed = null;
            image.decode().then(() => times.push(performance.now() - begun));
        }).observe(document.querySelector('#stage'), { childList: true });";
    browser.run(timed);
    let pause = std::env::var("DEEPAL_PAUSE").ok().and_then(|n| n.parse().ok()).unwrap_or(60);
    for _ in 0..60 {
        press_and_wait(&browser, &[&key(&shown(&browser))]);
        std::thread::sleep(Duration::from_millis(pause));
    }
    let times = browser.run("return window.times.sort((a, b) => a - b)");
    let times = times.as_array().unwrap().iter().map(|time| time.as_f64().unwrap()).collect::<Vec<_>>();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!("key to next picture, ms: p50 {:.1}, p95 {:.1}, of {}", at(0.5), at(0.95), times.len());
    let slow = times.iter().filter(|time| **time > 50.0).map(|time| time.round()).collect::<Vec<_>>();
    println!("longer than 50 ms: {slow:?}");
    assert!(times.len() >= 50, "{} were timed", times.len());
}

/// The first question of the next batch is shown, and can be answered, while the last answer of this one is still on its way.
#[test]
fn nobody_waits_for_the_disk_between_two_batches() {
    let place = Place::new(90);
    let served = place.serve();
    let Some(browser) = page(&served, 1280, 800) else { return };
    while served.questions().len() > 1 {
        press_and_wait(&browser, &[&key(&shown(&browser))]);
        browser.until(SAVED);
    }
    let begun = std::time::Instant::now();
    let picture = loop {
        let next = served.get("/api/next");
        if let Some(item) = next["ahead"][0]["item"].as_str() {
            break item.to_owned();
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{next}");
        std::thread::sleep(Duration::from_millis(50));
    };
    browser.until(&format!("performance.getEntriesByName(`${{location.origin}}/media/{picture}`).length"));
    // Answers go nowhere until `release` is called.
    browser.run(
        "const real = window.fetch;
        const held = new Promise((done) => { window.release = done; });
        window.fetch = (path, options) => (options?.method === 'POST' ? held : Promise.resolve()).then(() => real(path, options));",
    );
    press_and_wait(&browser, &[&key(&shown(&browser))]);
    let first = shown(&browser);
    press_and_wait(&browser, &[&key(&first)]);
    assert_eq!((browser.text("#saved").as_str(), labeled(&served)), ("Saving…", 9));
    browser.run("window.release()");
    browser.until(SAVED);
    comes_to(&served, 11);
    let state = served.get("/api/state");
    let last = &state["decisions"][9];
    assert_eq!(last["id"], first, "{state}");
    assert!(last["asked_by"] == "strategy" || last["asked_by"] == "audit", "{state}");
}

#[test]
fn the_end_says_that_all_is_done() {
    let place = Place::new(14);
    let served = place.serve();
    let Some(browser) = page(&served, 1280, 800) else { return };
    let begun = std::time::Instant::now();
    while served.get("/api/state")["is_over"] != true {
        assert!(begun.elapsed() < Duration::from_secs(120), "{}", browser.text("body"));
        let id = shown(&browser);
        if id.is_empty() {
            std::thread::sleep(Duration::from_millis(50));
            continue;
        }
        browser.press(&[&key(&id)]);
        browser.until(SAVED);
    }
    browser.until("document.querySelector('#stage').innerText.includes('All done')");
    assert_eq!(labeled(&served), 14);
    browser.look("12-done");
    browser.press(&["?"]);
    browser.until("document.querySelector('#help').open");
    browser.look("13-help");
    browser.press(&[ESCAPE]);
    browser.run("document.querySelector('#class-list button').click()");
    browser.until("document.querySelector('#class-dialog').open");
    browser.look("14-class");
}

#[test]
fn the_first_classes_are_named_on_the_page() {
    let place = Place::with(40, &[]);
    let served = place.serve();
    let Some(browser) = Browser::start(1280, 800) else { return };
    browser.open(&served.url);
    browser.until("!document.querySelector('#start').hidden");
    browser.look("8-start");
    browser.run("document.querySelector('#start-names').value = 'cat\\n\\n dog \\ncat'");
    browser.click("#start-form button");
    browser.until("document.querySelectorAll('#choose .name').length === 2");
    browser.until(SHOWN);
    let names =
        browser.run("return [...document.querySelectorAll('#choose .name')].map((name) => name.textContent)");
    assert_eq!(names, serde_json::json!(["cat", "dog"]));
}
