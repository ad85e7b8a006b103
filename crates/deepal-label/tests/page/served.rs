//! A project of small pictures, served by a thread, and a client of its API.

use deepal_engine::Monitor;
use deepal_label::{Serve, serve};
use deepal_project::{Project, Setup};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub(crate) const CLASSES: [&str; 3] = ["red", "green", "blue"];

/// A folder with pictures of three colours and the project about it.
pub(crate) struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    /// `n` pictures, and batches of ten.
    pub(crate) fn new(n: usize) -> Self {
        Self::with(n, &CLASSES)
    }

    pub(crate) fn with(n: usize, classes: &[&str]) -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::create_dir(place.source()).unwrap();
        for i in 0..n {
            let noise = |at: u32| {
                (at.wrapping_mul(2_654_435_761).wrapping_add((i as u32).wrapping_mul(40_503_701)) >> 24) as u8
                    / 4
            };
            let picture = image::RgbImage::from_fn(24, 24, |x, y| {
                let mut pixel = [30 + noise(x * 31 + y), 30 + noise(x + y * 17), 30 + noise(x * 7 + y * 3)];
                let inside =
                    x.abs_diff(6 + (i as u32 * 5) % 12) < 6 && y.abs_diff(6 + (i as u32 * 3) % 12) < 6;
                pixel[i % 3] += if inside { 150 } else { 0 };
                image::Rgb(pixel)
            });
            picture.save(place.source().join(format!("photo {i:03}.png"))).unwrap();
        }
        place.create(classes);
        place
    }

    /// A table of texts, in two classes.
    pub(crate) fn texts(n: usize) -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        let line = |i: usize| {
            let text = ["a fine film with a <b>good</b> story", "a dull film and a bad story"][i % 2];
            format!("t{i},\"{text}, seen {} times\"\n", i / 2)
        };
        let table = format!("id,text\n{}", (0..n).map(line).collect::<String>());
        std::fs::write(place.folder.path().join("texts.csv"), table).unwrap();
        let setup =
            Setup { batch: 10, ..Setup::new(place.folder.path().join("texts.csv"), words(&["good", "bad"])) };
        Project::create(&place.project(), &setup, Monitor::silent()).unwrap();
        place
    }

    fn create(&self, classes: &[&str]) {
        let setup = Setup { batch: 10, ..Setup::new(self.source(), words(classes)) };
        Project::create(&self.project(), &setup, Monitor::silent()).unwrap();
    }

    pub(crate) fn source(&self) -> PathBuf {
        self.folder.path().join("photos")
    }

    pub(crate) fn project(&self) -> PathBuf {
        self.folder.path().join("photos.deepal")
    }

    pub(crate) fn serve(&self) -> Served {
        Served::start(&self.project(), 0)
    }
}

fn words(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The class of a picture, by the name of its file: what a person would see.
pub(crate) fn truth(id: &str) -> usize {
    id.trim_start_matches("photo ").trim_end_matches(".png").parse::<usize>().unwrap() % 3
}

/// The address of a sample, as the documentation of the API has it.
pub(crate) fn address(row: usize, id: &str) -> String {
    let hash = Sha256::digest(id);
    let hash = hash[..4].iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    format!("{row}-{hash}")
}

/// A server that runs.
pub(crate) struct Served {
    pub(crate) url: String,
    pub(crate) port: u16,
    pub(crate) token: String,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    agent: ureq::Agent,
}

impl Served {
    pub(crate) fn start(project: &Path, port: u16) -> Self {
        let (ready, started) = channel();
        let stop = Arc::new(AtomicBool::new(false));
        let (project, stopped) = (project.to_path_buf(), stop.clone());
        let thread = std::thread::spawn(move || {
            let monitor = Monitor { hear: &|_| {}, stop: &stopped };
            let project = Project::open(&project, monitor).unwrap();
            let options = Serve { port: Some(port), ..Serve::default() };
            serve(project, &options, &|url| ready.send(url.to_owned()).unwrap(), monitor).unwrap();
        });
        let url = started.recv_timeout(Duration::from_secs(60)).expect("the server starts");
        let (address, token) = url.split_once("/?token=").unwrap();
        let port = address.rsplit(':').next().unwrap().parse().unwrap();
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        let agent = config.timeout_global(Some(Duration::from_secs(60))).build().into();
        Self { port, token: token.to_owned(), url, stop, thread: Some(thread), agent }
    }

    /// Ends it; the answers so far are on disk.
    pub(crate) fn stop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        let (status, value) = self.try_get(path);
        assert_eq!(status, 200, "{path}: {value}");
        value
    }

    pub(crate) fn try_get(&self, path: &str) -> (u16, Value) {
        let request = self.agent.get(self.address(path)).header("Authorization", self.bearer());
        let mut response = request.call().unwrap();
        // Pictures are no text.
        let bytes = response.body_mut().read_to_vec().unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        (response.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Value {
        let (status, value) = self.try_post(path, body);
        assert_eq!(status, 200, "{path} {body}: {value}");
        value
    }

    pub(crate) fn try_post(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = self.agent.post(self.address(path)).header("Authorization", self.bearer());
        let mut response = request.content_type("application/json").send(body.to_string()).unwrap();
        let text = response.body_mut().read_to_string().unwrap();
        (response.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// Head and body of the answer to a request as it is written, byte for byte.
    pub(crate) fn raw(&self, request: &str) -> (String, Vec<u8>) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        // A server that refuses a body may close before all of it is sent.
        drop(stream.write_all(request.as_bytes()));
        let mut answer = Vec::new();
        drop(stream.read_to_end(&mut answer));
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer has a head");
        (String::from_utf8_lossy(&answer[..end]).to_lowercase(), answer.split_off(end + 4))
    }

    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }

    fn address(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Waits until there are open questions, and gives them.
    pub(crate) fn questions(&self) -> Vec<Value> {
        let begun = Instant::now();
        loop {
            let questions = self.get("/api/next?n=100")["questions"].as_array().unwrap().clone();
            if !questions.is_empty() {
                return questions;
            }
            assert!(begun.elapsed() < Duration::from_secs(120), "no question: {}", self.get("/api/state"));
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Labels a sample; the events.
    pub(crate) fn label(&self, item: &Value, class: usize, key: &str) -> Value {
        let body = serde_json::json!({
            "key": key, "items": [item["item"]], "action": "label", "class": class, "millis": 1000,
        });
        self.post("/api/answer", &body)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A failed assertion is reported by itself.
            drop(thread.join());
        }
    }
}
