//! A browser: headless Chromium through the WebDriver protocol, which is JSON over HTTP.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Keys that have no letter, as WebDriver names them.
pub(crate) const BACKSPACE: &str = "\u{e003}";
pub(crate) const ENTER: &str = "\u{e007}";
pub(crate) const ESCAPE: &str = "\u{e00c}";
pub(crate) const CONTROL: &str = "\u{e009}";
pub(crate) const SHIFT: &str = "\u{e008}";
pub(crate) const LEFT: &str = "\u{e012}";
pub(crate) const RIGHT: &str = "\u{e014}";

/// A browser with one window. Both end with it.
pub(crate) struct Browser {
    driver: Child,
    base: String,
    agent: ureq::Agent,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// `None`, after saying so, where there is no chromedriver and `DEEPAL_BROWSER` does not demand one.
    pub(crate) fn start(width: u32, height: u32) -> Option<Self> {
        let started =
            Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut driver = match started {
            Ok(driver) => driver,
            Err(cause) => {
                let is_demanded = std::env::var_os("DEEPAL_BROWSER").is_some_and(|value| value == "1");
                assert!(!is_demanded, "DEEPAL_BROWSER=1, and chromedriver cannot be started: {cause}");
                println!(
                    "skipped: chromedriver cannot be started ({cause}); install Chromium and its driver"
                );
                return None;
            }
        };
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| {
            let line = line.unwrap();
            let port = line.split("started successfully on port ").nth(1)?;
            Some(port.trim_end_matches('.').to_owned())
        });
        // Read on, or the driver stops once the pipe is full.
        std::thread::spawn(move || lines.for_each(drop));
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        let agent: ureq::Agent = config.timeout_global(Some(Duration::from_secs(60))).build().into();
        let profile = tempfile::tempdir().unwrap();
        let mut browser = Self {
            driver,
            base: format!("http://127.0.0.1:{}", port.expect("chromedriver says its port")),
            agent,
            _profile: profile,
        };
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
        ];
        let mut arguments = arguments.map(str::to_owned).to_vec();
        arguments.push(format!("--user-data-dir={}", browser._profile.path().display()));
        let options = json!({ "args": arguments });
        let capabilities = json!({ "browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": { "browser": "ALL" } });
        let session =
            browser.call("POST", "/session", json!({ "capabilities": { "alwaysMatch": capabilities } }));
        browser.base += &format!("/session/{}", session["sessionId"].as_str().unwrap());
        browser.resize(width, height);
        Some(browser)
    }

    fn call(&self, method: &str, path: &str, body: Value) -> Value {
        let url = format!("{}{path}", self.base);
        let mut response = match method {
            "GET" => self.agent.get(&url).call().unwrap(),
            "DELETE" => self.agent.delete(&url).call().unwrap(),
            _ => self.agent.post(&url).content_type("application/json").send(body.to_string()).unwrap(),
        };
        let answer = response.body_mut().with_config().limit(64 << 20).read_to_string().unwrap();
        let mut answer = serde_json::from_str::<Value>(&answer).unwrap();
        assert!(response.status().is_success(), "{path} {body}: {answer}");
        answer["value"].take()
    }

    pub(crate) fn open(&self, url: &str) {
        self.call("POST", "/url", json!({ "url": url }));
    }

    pub(crate) fn reload(&self) {
        self.call("POST", "/refresh", json!({}));
    }

    /// What a script returns.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.call("POST", "/execute/sync", json!({ "script": script, "args": [] }))
    }

    /// Presses keys together, the last of them after the others.
    pub(crate) fn press(&self, keys: &[&str]) {
        let down = keys.iter().map(|key| json!({ "type": "keyDown", "value": key }));
        let up = keys.iter().rev().map(|key| json!({ "type": "keyUp", "value": key }));
        let actions = down.chain(up).collect::<Vec<_>>();
        self.call(
            "POST",
            "/actions",
            json!({ "actions": [{ "type": "key", "id": "keys", "actions": actions }] }),
        );
    }

    /// Holds the key of a letter or digit until it has repeated three times.
    pub(crate) fn hold(&self, key: &str) {
        for n in 0..4 {
            self.devtools(
                "Input.dispatchKeyEvent",
                json!({ "type": "keyDown", "key": key, "text": key, "autoRepeat": n > 0 }),
            );
        }
        self.devtools("Input.dispatchKeyEvent", json!({ "type": "keyUp", "key": key }));
    }

    /// Fingers that touch the page, each at points one after the other: down at the first, up at the last. All have as many points.
    pub(crate) fn touch(&self, fingers: &[&[[f64; 2]]]) {
        let source = |(at, points): (usize, &&[[f64; 2]])| {
            let go = |[x, y]: &[f64; 2], millis| json!({ "type": "pointerMove", "duration": millis, "x": *x as i64, "y": *y as i64 });
            let mut actions = vec![go(&points[0], 0), json!({ "type": "pointerDown", "button": 0 })];
            actions.extend(points[1..].iter().map(|point| go(point, 30)));
            actions.push(json!({ "type": "pointerUp", "button": 0 }));
            let kind = json!({ "pointerType": "touch" });
            json!({ "type": "pointer", "id": format!("finger {at}"), "parameters": kind, "actions": actions })
        };
        let sources = fingers.iter().enumerate().map(source).collect::<Vec<_>>();
        self.call("POST", "/actions", json!({ "actions": sources }));
    }

    /// Two taps of one finger, as fast as a double tap.
    pub(crate) fn double_tap(&self, [x, y]: [f64; 2]) {
        let go = json!({ "type": "pointerMove", "duration": 0, "x": x as i64, "y": y as i64 });
        let (down, up) =
            (json!({ "type": "pointerDown", "button": 0 }), json!({ "type": "pointerUp", "button": 0 }));
        let pause = json!({ "type": "pause", "duration": 60 });
        let actions = json!([go, down, up, pause, down, up]);
        let kind = json!({ "pointerType": "touch" });
        let finger = json!({ "type": "pointer", "id": "finger 0", "parameters": kind, "actions": actions });
        self.call("POST", "/actions", json!({ "actions": [finger] }));
    }

    /// Turns the wheel at the middle of an element; a mouse sends 100 a notch, a touchpad less.
    pub(crate) fn wheel(&self, selector: &str, down: i64) {
        let [x, y] = self.middle(selector);
        let scroll = json!({ "type": "scroll", "x": x as i64, "y": y as i64, "deltaX": 0, "deltaY": down, "duration": 0 });
        self.call(
            "POST",
            "/actions",
            json!({ "actions": [{ "type": "wheel", "id": "wheel", "actions": [scroll] }] }),
        );
    }

    /// Where the middle of an element is.
    pub(crate) fn middle(&self, selector: &str) -> [f64; 2] {
        let script = format!(
            "const box = document.querySelector({selector:?}).getBoundingClientRect();
            return [box.left + box.width / 2, box.top + box.height / 2]"
        );
        let found = self.run(&script);
        [0, 1].map(|at| found[at].as_f64().unwrap())
    }

    /// Opens another tab and goes to it.
    pub(crate) fn other_tab(&self) {
        let handle = self.call("POST", "/window/new", json!({ "type": "tab" }))["handle"].clone();
        self.call("POST", "/window", json!({ "handle": handle }));
    }

    /// Goes to the first tab.
    pub(crate) fn first_tab(&self) {
        let handle = self.call("GET", "/window/handles", Value::Null)[0].clone();
        self.call("POST", "/window", json!({ "handle": handle }));
    }

    pub(crate) fn type_text(&self, text: &str) {
        text.chars().for_each(|letter| self.press(&[&letter.to_string()]));
    }

    pub(crate) fn click(&self, selector: &str) {
        let found = self.call("POST", "/element", json!({ "using": "css selector", "value": selector }));
        let id = found.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned();
        self.call("POST", &format!("/element/{id}/click"), json!({}));
    }

    /// The text of an element.
    pub(crate) fn text(&self, selector: &str) -> String {
        let script = format!("return document.querySelector({selector:?})?.textContent ?? ''");
        self.run(&script).as_str().unwrap().to_owned()
    }

    /// Waits until a script returns true.
    pub(crate) fn until(&self, condition: &str) {
        let begun = Instant::now();
        while self.run(&format!("return Boolean({condition})")) != true {
            let body = || self.run("return document.body.innerText");
            assert!(begun.elapsed() < Duration::from_secs(60), "never: {condition}\n{}", body());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The size of the page, as a phone or a window has it.
    pub(crate) fn resize(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500 });
        self.devtools("Emulation.setDeviceMetricsOverride", size);
    }

    pub(crate) fn prefer(&self, scheme: &str) {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", features);
    }

    pub(crate) fn devtools(&self, command: &str, parameters: Value) {
        self.call("POST", "/goog/cdp/execute", json!({ "cmd": command, "params": parameters }));
    }

    /// What scripts and the security policy complained about since the last call.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let entries = self.call("POST", "/se/log", json!({ "type": "browser" }));
        let entries = entries.as_array().unwrap().iter();
        let severe = entries.filter(|entry| entry["level"] == "SEVERE");
        severe.map(|entry| entry["message"].to_string()).collect()
    }

    /// Keeps a picture of the page in the folder that `DEEPAL_SCREENSHOTS` names, if it does.
    pub(crate) fn look(&self, name: &str) {
        let Some(folder) = std::env::var_os("DEEPAL_SCREENSHOTS") else { return };
        let picture = self.call("GET", "/screenshot", Value::Null);
        let path = std::path::Path::new(&folder).join(format!("{name}.png"));
        std::fs::write(path, unbase64(picture.as_str().unwrap())).unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        drop(self.agent.delete(&self.base).call());
        drop(self.driver.kill());
        drop(self.driver.wait());
    }
}

/// The bytes that base64 stands for (RFC 4648).
fn unbase64(text: &str) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut n) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes() {
        let Some(value) = LETTERS.iter().position(|other| *other == letter) else { continue };
        bits = bits << 6 | value as u32;
        n += 6;
        if n >= 8 {
            n -= 8;
            bytes.push((bits >> n) as u8);
            bits &= (1 << n) - 1;
        }
    }
    bytes
}
