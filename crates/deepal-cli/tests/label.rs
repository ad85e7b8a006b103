//! `deepal label` as a process: it resumes, refuses what contradicts, and loses no answer that it confirmed.

#![cfg(feature = "label")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "in a test a failed unwrap is the failure")]

use assert_cmd::cargo::cargo_bin;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// `n` small pictures in a folder.
fn pictures(folder: &Path, n: usize) {
    std::fs::create_dir(folder).unwrap();
    for i in 0..n {
        let file = std::fs::File::create(folder.join(format!("{i}.png"))).unwrap();
        let mut encoder = png::Encoder::new(file, 4, 4);
        encoder.set_color(png::ColorType::Grayscale);
        let bytes = (0..16).map(|at| (i * 37 + at * 11) as u8).collect::<Vec<_>>();
        encoder.write_header().unwrap().write_image_data(&bytes).unwrap();
    }
}

/// A server in a process of its own, which is killed with it.
struct Page {
    process: Child,
    address: String,
    token: String,
}

impl Page {
    fn start(source: &Path, more: &[&str]) -> Self {
        Self::run(Command::new(cargo_bin!("deepal")), source, more)
    }

    /// In a shell that lets files grow to so many blocks of 512 bytes.
    fn with_room(source: &Path, blocks: u64) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit -f {blocks}; trap '' XFSZ; exec \"$0\" \"$@\"")]);
        command.arg(cargo_bin!("deepal"));
        Self::run(command, source, &[])
    }

    fn run(mut command: Command, source: &Path, more: &[&str]) -> Self {
        command.arg("label").arg(source).args(["--no-browser", "--port", "0"]).args(more);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let line = BufReader::new(process.stdout.take().unwrap()).lines().next();
        let line = line.expect("the address is printed").unwrap();
        let (address, token) = line.split_once("/?token=").unwrap();
        Self { process, address: address.to_owned(), token: token.to_owned() }
    }

    fn kill(&mut self) {
        // SIGKILL on Unix.
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    fn client(&self) -> Client {
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        let agent = config.timeout_global(Some(Duration::from_secs(30))).build().into();
        Client { agent, address: self.address.clone(), bearer: format!("Bearer {}", self.token) }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

struct Client {
    agent: ureq::Agent,
    address: String,
    bearer: String,
}

impl Client {
    fn get(&self, path: &str) -> String {
        let request = self.agent.get(format!("{}{path}", self.address)).header("Authorization", &self.bearer);
        request.call().unwrap().body_mut().read_to_string().unwrap()
    }

    /// `None` if the server is gone, or before it has answered.
    fn post(&self, path: &str, body: &Value) -> Option<Value> {
        let (status, reply) = self.try_post(path, body)?;
        assert_eq!(status, 200, "{reply}");
        Some(reply)
    }

    fn try_post(&self, path: &str, body: &Value) -> Option<(u16, Value)> {
        let request =
            self.agent.post(format!("{}{path}", self.address)).header("Authorization", &self.bearer);
        let mut response = request.content_type("application/json").send(body.to_string()).ok()?;
        let text = response.body_mut().read_to_string().ok()?;
        Some((response.status().as_u16(), serde_json::from_str(&text).unwrap()))
    }
}

/// Killed at random moments while four clients answer: every answer that was confirmed is there. `DEEPAL_KILLS` says how often [default: 5].
#[test]
fn no_confirmed_answer_is_lost_when_it_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("photos");
    pictures(&source, 120);
    let kills = std::env::var("DEEPAL_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(5);
    // Of each sample the class that was confirmed last, and those that were sent since.
    let sent = Arc::new(Mutex::new(BTreeMap::<String, (Option<u64>, BTreeSet<u64>)>::new()));
    let (confirmed, mut lost) = (Arc::new(AtomicUsize::new(0)), 0);
    for kill in 0..kills {
        let mut page = Page::start(&source, &["--classes", "a,b,c", "--batch", "10"]);
        let found = serde_json::from_str::<Value>(&page.client().get("/api/find?words=png&n=500")).unwrap();
        let items = found["items"].as_array().unwrap().clone();
        assert!(items.len() > 40, "{} of 120 can be found", items.len());
        let threads = (0..4_usize).map(|thread| {
            let (client, sent, confirmed) = (page.client(), sent.clone(), confirmed.clone());
            let mine = items.iter().skip(thread).step_by(4).cloned().collect::<Vec<_>>();
            std::thread::spawn(move || {
                for (n, item) in mine.iter().cycle().take(5000).enumerate() {
                    let id = item["id"].as_str().unwrap();
                    let class = ((n / mine.len() + n + kill) % 3) as u64;
                    sent.lock().unwrap().entry(id.to_owned()).or_default().1.insert(class);
                    let key = format!("key-{kill}-{thread}-{n}");
                    let body =
                        json!({ "key": key, "items": [item["item"]], "action": "label", "class": class });
                    if client.post("/api/answer", &body).is_none() {
                        return;
                    }
                    sent.lock().unwrap().insert(id.to_owned(), (Some(class), BTreeSet::new()));
                    confirmed.fetch_add(1, Ordering::Relaxed);
                }
            })
        });
        let threads = threads.collect::<Vec<_>>();
        // Another moment each time: the golden ratio leaves no part of the interval out.
        let share = (kill as f64 * 0.618_034).fract();
        let enough = confirmed.load(Ordering::Relaxed) + 11 + (60.0 * share) as usize;
        while confirmed.load(Ordering::Relaxed) < enough && threads.iter().any(|thread| !thread.is_finished())
        {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_micros((9_000.0 * share) as u64));
        page.kill();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        let page = Page::start(&source, &[]);
        let labels = page.client().get("/api/export?format=jsonl");
        let labels = labels.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let labels = labels.map(|line| (line["id"].as_str().unwrap().to_owned(), line["label"].clone()));
        let labels = labels.collect::<BTreeMap<_, _>>();
        let mut sent = sent.lock().unwrap();
        for (id, (last, since)) in sent.iter_mut() {
            let found =
                labels.get(id).and_then(Value::as_str).and_then(|name| "abc".find(name)).map(|at| at as u64);
            let is_right = found == *last || found.is_some_and(|found| since.contains(&found));
            lost += usize::from(!is_right);
            (*last, *since) = (found, BTreeSet::new());
        }
    }
    let confirmed = confirmed.load(Ordering::Relaxed);
    println!("{kills} kills, {confirmed} confirmed answers, {lost} lost");
    assert!(confirmed > 10 * kills, "{confirmed} answers were confirmed in {kills} lives");
    assert_eq!(lost, 0);
}

/// What the disk has no room for is refused, all before it is there, and it can be sent again when there is room.
#[cfg(unix)]
#[test]
fn an_answer_without_room_on_the_disk_is_refused_whole() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("photos");
    pictures(&source, 40);
    let page = Page::start(&source, &["--classes", "a,b,c", "--batch", "10"]);
    let found = serde_json::from_str::<Value>(&page.client().get("/api/find?words=png&n=500")).unwrap();
    drop(page);
    let size = std::fs::metadata(folder.path().join("photos.deepal/project.sqlite")).unwrap().len();
    let page = Page::with_room(&source, size.div_ceil(512) + 100);
    let flag = |n: usize| {
        let item = &found["items"][n]["item"];
        let note = format!("{n} {}", "long ".repeat(2000));
        json!({ "key": format!("key-number-{n}"), "items": [item], "action": "flag", "note": note, "millis": n })
    };
    let (n, status, reply) = (0..20)
        .find_map(|n| {
            let (status, reply) = page.client().try_post("/api/answer", &flag(n)).unwrap();
            (status != 200).then_some((n, status, reply))
        })
        .expect("the room has an end");
    assert!(n > 0 && status == 507, "{n}: {status} {reply}");
    assert!(reply["error"].as_str().unwrap().contains("nothing of this is recorded"), "{reply}");
    drop(page);
    let page = Page::start(&source, &[]);
    let flagged =
        || serde_json::from_str::<Value>(&page.client().get("/api/state")).unwrap()["flagged"].clone();
    assert_eq!(flagged(), n);
    let mut again = flag(n);
    again["retry"] = json!(true);
    page.client().post("/api/answer", &again).unwrap();
    assert_eq!(flagged(), n + 1);
}

#[test]
fn the_same_command_goes_on_and_another_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("photos");
    pictures(&source, 40);
    let command = |more: &[&str]| {
        let mut command = assert_cmd::Command::new(cargo_bin!("deepal"));
        command.arg("label").arg(&source).args(["--no-browser", "--port", "0"]).args(more);
        command
    };
    let page = Page::start(&source, &["--classes", "a,b", "--batch", "7"]);
    command(&[]).assert().failure().stderr(predicates::str::contains("photos.deepal"));
    drop(page);
    let page = Page::start(&source, &["--classes", "a,b", "--batch", "7"]);
    assert!(page.client().get("/api/state").contains("\"project\":\"photos\""));
    drop(page);
    for (more, words) in [
        (["--classes", "a,c"], "the classes a, b"),
        (["--strategy", "margin"], "the strategy auto"),
        (["--net", "mlp"], "the net that suits the data"),
        (["--batch", "8"], "batches of 7"),
    ] {
        let error = command(&more).assert().code(2);
        error.stderr(predicates::str::contains(words)).stderr(predicates::str::contains(more[0]));
    }
    let project = folder.path().join("photos.deepal");
    let page = Page::start(&project, &[]);
    assert!(page.client().get("/api/state").contains("\"project\":\"photos\""), "by its folder too");
}
