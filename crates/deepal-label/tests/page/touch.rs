//! Zoom and fingers: what a picture does under them, and that only a tap on a class is an answer.

use crate::browser::{SAVED, SHOWN, comes_to, key, page, press_and_wait, shown};
use crate::driver::{Browser, LEFT, RIGHT, SHIFT};
use crate::served::Place;
use std::time::Duration;

/// How much larger the picture is than the stage, and where its corner is.
fn view(browser: &Browser) -> [f64; 3] {
    let script =
        "const now = new DOMMatrix(getComputedStyle(document.querySelector('#stage img')).transform);
        return [now.a, now.e, now.f]";
    let found = browser.run(script);
    [0, 1, 2].map(|at| found[at].as_f64().unwrap())
}

const WHOLE: [f64; 3] = [1.0, 0.0, 0.0];

#[test]
fn fingers_zoom_move_and_label_once() {
    let place = Place::new(60);
    let served = place.serve();
    let Some(browser) = page(&served, 390, 844) else { return };
    let second = "#choose button:nth-child(2)";

    // A tap is one answer, and so is a double tap: its second half was not meant for the next sample.
    let before = shown(&browser);
    browser.touch(&[&[browser.middle(second)]]);
    browser.until(&format!("document.querySelector('#caption-id').title !== {before:?} && {SHOWN}"));
    browser.until(SAVED);
    comes_to(&served, 1);
    std::thread::sleep(Duration::from_millis(600));
    browser.double_tap(browser.middle(second));
    browser.until(SAVED);
    comes_to(&served, 2);

    // A swipe is no answer, wherever it begins, and moves no whole picture.
    let [x, y] = browser.middle("#stage");
    let [a, b] = browser.middle(second);
    for (from, to) in [
        ([a, b], [a - 150.0, b]),
        ([a, b], [a, b - 120.0]),
        ([x, y], [x - 140.0, y]),
        ([x, y], [x, y + 90.0]),
    ] {
        let between = [(from[0] + to[0]) / 2.0, (from[1] + to[1]) / 2.0];
        browser.touch(&[&[from, between, to]]);
        browser.run("scrollTo(0, 0)");
    }
    comes_to(&served, 2);
    assert_eq!(view(&browser), WHOLE);

    // Two fingers that move apart zoom in between them; one moves the picture, and a double tap shows all of it again.
    browser.touch(&[
        &[[x - 20.0, y], [x - 50.0, y], [x - 80.0, y]],
        &[[x + 20.0, y], [x + 50.0, y], [x + 80.0, y]],
    ]);
    let [scale, left, top] = view(&browser);
    assert!((3.0..5.0).contains(&scale) && left < 0.0 && top < 0.0, "{scale} {left} {top}");
    browser.touch(&[&[[x, y], [x + 30.0, y + 10.0], [x + 60.0, y + 20.0]]]);
    let moved = view(&browser);
    assert_eq!(
        (moved[0], moved[1].round(), moved[2].round()),
        (scale, (left + 60.0).round(), (top + 20.0).round())
    );
    std::thread::sleep(Duration::from_millis(400));
    browser.double_tap([x, y]);
    assert_eq!(view(&browser), WHOLE);
    std::thread::sleep(Duration::from_millis(400));
    browser.double_tap([x + 60.0, y]);
    let [scale, left, _] = view(&browser);
    assert!(scale == 3.0 && left < -2.0 * 60.0 - x + 30.0, "towards the finger: {scale} {left}");
    comes_to(&served, 2);

    // The next picture is shown whole.
    let before = shown(&browser);
    browser.touch(&[&[browser.middle(second)]]);
    browser.until(&format!("document.querySelector('#caption-id').title !== {before:?} && {SHOWN}"));
    assert_eq!(view(&browser), WHOLE);
    comes_to(&served, 3);
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn wheel_and_keys_zoom_until_the_next_picture() {
    let place = Place::new(60);
    let served = place.serve();
    let Some(browser) = page(&served, 1280, 800) else { return };
    // A touchpad sends many small steps, and a notch of a wheel is a large one.
    browser.wheel("#stage", -5);
    browser.until("!document.querySelector('#stage img').style.transform.endsWith('scale(1)')");
    let [small, ..] = view(&browser);
    assert!(small < 1.05, "{small}");
    browser.wheel("#stage", -300);
    browser.until("document.querySelector('#stage').classList.contains('zoomed')");
    std::thread::sleep(Duration::from_millis(200));
    let [large, ..] = view(&browser);
    assert!((1.5..2.0).contains(&large), "{large}");
    browser.press(&["+"]);
    let [scale, x, y] = view(&browser);
    // The browser writes six digits.
    assert!((scale / large - 1.5).abs() < 1e-4, "{scale}");
    browser.press(&[SHIFT, RIGHT]);
    assert!(view(&browser)[1] < x - 50.0, "the right of it comes into view");
    browser.press(&[SHIFT, LEFT]);
    let back = view(&browser);
    assert!((back[1] - x).abs() < 0.01 && back[2] == y);
    press_and_wait(&browser, &[&key(&shown(&browser))]);
    assert_eq!(view(&browser), WHOLE);
    browser.press(&["+"]);
    browser.press(&["-"]);
    assert_eq!(view(&browser), WHOLE);
    comes_to(&served, 1);
}
