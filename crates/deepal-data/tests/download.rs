//! Downloads from small servers on this machine, each of which misbehaves in its own way.
#![expect(clippy::unwrap_used, reason = "test helpers")]

use deepal_data::datasets::remote::{Digest, Remote};
use deepal_data::datasets::transfer::fetch;
use deepal_data::{Error, Kind};
use flate2::{Compression, write::GzEncoder};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// The published file: 100,000 bytes.
fn published() -> Vec<u8> {
    (0..100_000_u32).map(|at| (at % 251) as u8).collect()
}

/// `hashlib.sha256(bytes(i % 251 for i in range(100_000))).hexdigest()`
const SHA256: &str = "cd2df694e424bc7968cc37f47751019e5ca0cd1bdf2e479ea537c3a1c32ee1aa";

/// The most bytes that a mirror may send in these tests.
const MOST: u64 = 200_000;

/// What a server does with a request: its body and, if asked for a range, from where.
type Answer = fn(&mut TcpStream, Option<usize>) -> std::io::Result<()>;

/// A server on this machine and the ranges that it was asked for.
struct Server {
    url: String,
    asked: Arc<Mutex<Vec<Option<usize>>>>,
}

impl Server {
    /// Answers the requests one after the other; the last answer goes on for ever.
    fn new(answers: &'static [Answer]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        std::thread::spawn(move || {
            let mut answers = answers.iter();
            let mut answer = answers.next();
            for stream in listener.incoming() {
                let (Ok(mut stream), Some(now)) = (stream, answer) else { return };
                let range = range(&stream);
                log.lock().unwrap().push(range);
                let _ = now(&mut stream, range);
                answer = answers.next().or(answer);
            }
        });
        Self { url, asked }
    }

    fn asked(&self) -> Vec<Option<usize>> {
        self.asked.lock().unwrap().clone()
    }
}

/// Reads the head of a request; the start of the range, if it asks for one.
fn range(stream: &TcpStream) -> Option<usize> {
    let lines = BufReader::new(stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
    let head = lines.collect::<Vec<_>>();
    let range =
        head.iter().find_map(|line| line.to_lowercase().strip_prefix("range: bytes=").map(str::to_owned))?;
    range.trim_end_matches('-').parse().ok()
}

fn send(stream: &mut TcpStream, status: &str, headers: &str, len: usize, body: &[u8]) -> std::io::Result<()> {
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {len}\r\nConnection: close\r\n{headers}\r\n")?;
    stream.write_all(body)
}

/// A server as it should be.
fn good(stream: &mut TcpStream, range: Option<usize>) -> std::io::Result<()> {
    let all = published();
    match range {
        None => send(stream, "200 OK", "", all.len(), &all),
        Some(start) if start >= all.len() => send(stream, "416 Range Not Satisfiable", "", 0, b""),
        Some(start) => {
            let headers = format!("Content-Range: bytes {start}-{}/{}\r\n", all.len() - 1, all.len());
            send(stream, "206 Partial Content", &headers, all.len() - start, &all[start..])
        }
    }
}

/// Promises all and sends 30,000 bytes of it.
fn breaks_off(stream: &mut TcpStream, range: Option<usize>) -> std::io::Result<()> {
    let (all, start) = (published(), range.unwrap_or(0));
    let end = (start + 30_000).min(all.len());
    let status = if range.is_some() { "206 Partial Content" } else { "200 OK" };
    let headers = format!("Content-Range: bytes {start}-{}/{}\r\n", all.len() - 1, all.len());
    send(stream, status, &headers, all.len() - start, &all[start..end])
}

fn knows_no_ranges(stream: &mut TcpStream, _: Option<usize>) -> std::io::Result<()> {
    good(stream, None)
}

fn sends_the_wrong_range(stream: &mut TcpStream, range: Option<usize>) -> std::io::Result<()> {
    match range {
        None => good(stream, None),
        Some(_) => send(stream, "206 Partial Content", "Content-Range: bytes 5-9/100000\r\n", 5, b"wrong"),
    }
}

fn wrong_bytes(stream: &mut TcpStream, _: Option<usize>) -> std::io::Result<()> {
    send(stream, "200 OK", "", 5, b"wrong")
}

fn not_found(stream: &mut TcpStream, _: Option<usize>) -> std::io::Result<()> {
    send(stream, "404 Not Found", "", 0, b"")
}

fn packed(stream: &mut TcpStream, _: Option<usize>) -> std::io::Result<()> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&published())?;
    let packed = packed.finish()?;
    send(stream, "200 OK", "", packed.len(), &packed)
}

/// Says that there is more than the file can have.
fn offers_too_much(stream: &mut TcpStream, _: Option<usize>) -> std::io::Result<()> {
    send(stream, "200 OK", "", 1 << 40, &[1; 1000])
}

/// Does not say how much there is, and never ends.
fn never_ends(stream: &mut TcpStream, _: Option<usize>) -> std::io::Result<()> {
    write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
    loop {
        stream.write_all(&[1; 10_000])?;
    }
}

/// Fetches `file` from the servers into `folder`; the lengths that progress was told.
fn get(
    servers: &[&Server],
    folder: &Path,
    unpacked: bool,
) -> (deepal_data::Result<()>, Vec<(u64, Option<u64>)>) {
    let mirrors = servers.iter().map(|server| server.url.as_str()).collect::<Vec<_>>();
    let digest = if unpacked { Digest::Unpacked(SHA256) } else { Digest::File(SHA256) };
    let told = Mutex::new(Vec::new());
    let progress = |file: &str, done: u64, total: Option<u64>| {
        assert_eq!(file, "file");
        told.lock().unwrap().push((done, total));
    };
    let result = fetch(&Remote { name: "file", mirrors: &mirrors, most: MOST, digest }, folder, &progress);
    (result, told.into_inner().unwrap())
}

/// Exactly the right file is there and nothing else.
fn is_there(folder: &Path) -> bool {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
    names == ["file"] && fs::read(folder.join("file")).unwrap() == published()
}

#[test]
fn a_file_comes_with_progress_and_is_not_fetched_twice() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::new(&[good]));
    let folder = folder.path().join("not/yet/there");
    let (result, told) = get(&[&server], &folder, false);
    result.unwrap();
    assert!(is_there(&folder));
    assert_eq!((told[0], told[told.len() - 1]), ((0, Some(100_000)), (100_000, Some(100_000))));
    get(&[&server], &folder, false).0.unwrap();
    assert_eq!(server.asked(), [None]);
}

#[test]
fn a_mirror_may_pack_the_file_anew() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::new(&[packed]));
    get(&[&server], folder.path(), true).0.unwrap();
    assert_eq!(&fs::read(folder.path().join("file")).unwrap()[..2], [0x1f, 0x8b]);
}

#[test]
fn after_wrong_bytes_the_next_mirror_is_asked_for_all() {
    let folder = tempfile::tempdir().unwrap();
    let (bad, server) = (Server::new(&[wrong_bytes]), Server::new(&[good]));
    get(&[&bad, &server], folder.path(), false).0.unwrap();
    assert!(is_there(folder.path()));
    assert_eq!(server.asked(), [None]);
}

#[test]
fn what_breaks_off_is_resumed_at_once() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::new(&[breaks_off, good]));
    get(&[&server], folder.path(), false).0.unwrap();
    assert!(is_there(folder.path()));
    assert_eq!(server.asked(), [None, Some(30_000)]);
}

#[test]
fn what_stays_broken_is_resumed_by_the_next_call() {
    let (folder, server) =
        (tempfile::tempdir().unwrap(), Server::new(&[breaks_off, breaks_off, breaks_off, good]));
    let (result, _) = get(&[&server], folder.path(), false);
    assert!(result.unwrap_err().to_string().contains("broke off after 90000"));
    assert!(!folder.path().join("file").exists());
    assert_eq!(fs::metadata(folder.path().join("file.part")).unwrap().len(), 90_000);

    let (result, told) = get(&[&server], folder.path(), false);
    result.unwrap();
    assert!(is_there(folder.path()));
    assert_eq!(server.asked(), [None, Some(30_000), Some(60_000), Some(90_000)]);
    assert_eq!(told[0], (90_000, Some(100_000)));
}

#[test]
fn the_next_mirror_goes_on_where_the_first_broke_off() {
    let folder = tempfile::tempdir().unwrap();
    let (bad, server) = (Server::new(&[breaks_off, not_found]), Server::new(&[good]));
    get(&[&bad, &server], folder.path(), false).0.unwrap();
    assert_eq!((bad.asked(), server.asked()), (vec![None, Some(30_000)], vec![Some(30_000)]));
}

#[test]
fn a_server_without_ranges_sends_all_again() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::new(&[breaks_off, knows_no_ranges]));
    get(&[&server], folder.path(), false).0.unwrap();
    assert!(is_there(folder.path()));
    assert_eq!(server.asked(), [None, Some(30_000)]);
}

#[test]
fn another_range_than_asked_for_is_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let (bad, server) = (Server::new(&[breaks_off, sends_the_wrong_range]), Server::new(&[good]));
    get(&[&bad, &server], folder.path(), false).0.unwrap();
    assert!(is_there(folder.path()));
}

#[test]
fn a_part_that_is_whole_too_long_or_wrong_is_put_right() {
    let wrong = vec![1; 1000];
    let long = [published(), vec![0]].concat();
    for (part, requests) in [
        (published(), vec![Some(100_000)]),
        (long, vec![Some(100_001), None]),
        (wrong, vec![Some(1000), None]),
    ] {
        let (folder, server) = (tempfile::tempdir().unwrap(), Server::new(&[good]));
        fs::write(folder.path().join("file.part"), part).unwrap();
        get(&[&server], folder.path(), false).0.unwrap();
        assert!(is_there(folder.path()));
        assert_eq!(server.asked(), requests);
    }
}

#[test]
fn a_body_above_the_limit_is_refused_and_the_next_mirror_asked() {
    let folder = tempfile::tempdir().unwrap();
    let bad = [Server::new(&[offers_too_much]), Server::new(&[never_ends])];
    let (result, _) = get(&[&bad[0], &bad[1]], folder.path(), false);
    let text = result.unwrap_err().to_string();
    assert!(text.contains("offers 1099511627776 bytes, and the file has at most 200000"), "{text}");
    assert!(text.contains("sends more than 200000 bytes"), "{text}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let good = Server::new(&[good]);
    get(&[&bad[0], &bad[1], &good], folder.path(), false).0.unwrap();
    assert!(is_there(folder.path()));
}

#[test]
fn when_all_fail_every_mirror_is_named_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let servers = [Server::new(&[not_found]), Server::new(&[wrong_bytes])];
    let gone = { TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap() };
    let gone = Server { url: format!("http://{gone}/"), asked: Arc::default() };
    let (result, _) = get(&[&servers[0], &servers[1], &gone], folder.path(), false);
    let error = result.unwrap_err();
    assert_eq!(error.kind(), Kind::Download);
    let text = error.to_string();
    assert!(text.contains(&format!("{}file (HTTP status 404)", servers[0].url)), "{text}");
    assert!(text.contains(&format!("{}file (wrong SHA-256: expected ", servers[1].url)), "{text}");
    assert!(text.contains(&format!("{}file (", gone.url)), "{text}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "neither the file nor a part is left");
}

#[test]
fn a_folder_that_cannot_be_written_is_an_output_error() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let server = Server::new(&[good]);
    let (result, _) = get(&[&server], &file.path().join("cache"), false);
    let error = result.unwrap_err();
    assert!(matches!(error, Error::Write { .. }) && server.asked().is_empty(), "{error}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_an_output_error_and_no_matter_for_the_next_mirror() {
    let (folder, servers) = (tempfile::tempdir().unwrap(), [Server::new(&[good]), Server::new(&[good])]);
    std::os::unix::fs::symlink("/dev/full", folder.path().join("file.part")).unwrap();
    let (result, _) = get(&[&servers[0], &servers[1]], folder.path(), false);
    let error = result.unwrap_err();
    assert!(matches!(error, Error::Write { .. }) && servers[1].asked().is_empty(), "{error}");
    assert!(!folder.path().join("file").exists());
}

#[test]
fn two_at_once_fetch_the_file_once() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::new(&[good]));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| get(&[&server], folder.path(), false).0.unwrap());
        }
    });
    assert_eq!(fs::read(folder.path().join("file")).unwrap(), published());
    assert_eq!(server.asked(), [None]);
}
