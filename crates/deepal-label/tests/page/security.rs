//! Who may ask, and what is sent with every answer.

use crate::served::{Place, Served, address};
use deepal_engine::Monitor;
use deepal_label::{Serve, serve};
use deepal_project::Project;

fn status(served: &Served, request: &str) -> String {
    served.raw(request).0.split(' ').nth(1).unwrap().to_owned()
}

/// A GET with these lines in its head.
fn get(path: &str, lines: &str) -> String {
    format!("GET {path} HTTP/1.1\r\n{lines}Connection: close\r\n\r\n")
}

fn post(lines: &str, body: &str) -> String {
    let length = body.len();
    format!("POST /api/undo HTTP/1.1\r\n{lines}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}")
}

#[test]
fn the_token_becomes_a_cookie_and_nothing_is_shown_without() {
    let place = Place::new(12);
    let served = place.serve();
    let host = format!("Host: 127.0.0.1:{}\r\n", served.port);
    for path in ["/", "/page.js", "/api/state", "/api/export", "/media/0-00000000", "/nothing"] {
        assert_eq!(status(&served, &get(path, &host)), "401", "{path}");
    }
    let wrong = "0".repeat(32);
    for query in [wrong.as_str(), "", &served.token[..31], &format!("{}0", served.token)] {
        assert_eq!(status(&served, &get(&format!("/?token={query}"), &host)), "401", "{query}");
    }
    let (head, _) = served.raw(&get(&format!("/?token={}", served.token), &host));
    assert!(head.starts_with("http/1.1 303"), "{head}");
    assert!(head.contains("location: /\r\n"), "{head}");
    let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    assert!(cookie.contains("httponly") && cookie.contains("samesite=strict"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap();
    let (head, body) = served.raw(&get("/", &format!("{host}Cookie: other=1; {cookie}\r\n")));
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert!(String::from_utf8_lossy(&body).contains("<title>deepal label</title>"));
    assert!(head.contains("content-security-policy: default-src 'none';"), "{head}");
    assert!(head.contains("x-content-type-options: nosniff"), "{head}");
    assert!(head.contains("cache-control: no-store"), "{head}");
    let name = cookie.split('=').next().unwrap();
    assert_eq!(status(&served, &get("/", &format!("{host}Cookie: {name}={wrong}\r\n"))), "401");
}

#[test]
fn a_foreign_host_origin_or_form_is_refused() {
    let place = Place::new(12);
    let served = place.serve();
    let (port, bearer) = (served.port, served.bearer());
    let own = format!("Host: 127.0.0.1:{port}\r\nAuthorization: {bearer}\r\n");
    for host in
        [format!("evil.example:{port}"), format!("192.168.1.2:{port}"), "localhost.evil.example".into()]
    {
        let lines = format!("Host: {host}\r\nAuthorization: {bearer}\r\n");
        assert_eq!(status(&served, &get("/api/state", &lines)), "403", "{host}");
    }
    assert_eq!(status(&served, &get("/api/state", &format!("Authorization: {bearer}\r\n"))), "403");
    assert_eq!(status(&served, &get("/api/state", &own)), "200");
    let json = "Content-Type: application/json\r\n";
    let origin = |origin: &str| format!("{own}Origin: {origin}\r\n{json}");
    for other in ["http://evil.example", "null", "http://127.0.0.1:1", &format!("https://127.0.0.1:{port}")] {
        assert_eq!(status(&served, &post(&origin(other), "{}")), "403", "{other}");
    }
    assert_eq!(status(&served, &post(&origin(&format!("http://127.0.0.1:{port}")), "{}")), "200");
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        assert_eq!(status(&served, &post(&format!("{own}Content-Type: {kind}\r\n"), "{}")), "415", "{kind}");
    }
    assert_eq!(status(&served, &post(&own, "{}")), "415", "without a type");
    assert_eq!(
        status(&served, &format!("DELETE /api/state HTTP/1.1\r\n{own}Connection: close\r\n\r\n")),
        "405"
    );
    let large = format!("{{\"x\":\"{}\"}}", "x".repeat(1 << 20));
    assert_eq!(status(&served, &post(&format!("{own}{json}"), &large)), "413");
}

#[test]
fn a_sample_is_only_reached_by_its_own_address() {
    let place = Place::new(12);
    let served = place.serve();
    let good = address(3, "photo 003.png");
    assert_eq!(served.get(&format!("/api/item/{good}"))["id"], "photo 003.png");
    let other = address(3, "photo 004.png");
    for item in ["3", other.as_str(), "999-00000000", "-1", "..%2f..%2fetc%2fpasswd", "photo%20003.png"] {
        for path in ["/media/", "/api/item/", "/api/why/", "/api/like/"] {
            let (status, answer) = served.try_get(&format!("{path}{item}"));
            assert_eq!(status, 404, "{path}{item}: {answer}");
        }
    }
}

/// A file that is a picture and a page at once: the browser gets neither of its bytes.
#[test]
fn pictures_are_encoded_anew() {
    let place = Place::new(12);
    let path = place.source().join("photo 003.png");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.extend(b"<script>alert(1)</script>");
    std::fs::write(&path, &bytes).unwrap();
    let served = place.serve();
    let own = format!("Host: 127.0.0.1:{}\r\nAuthorization: {}\r\n", served.port, served.bearer());
    let (head, body) = served.raw(&get(&format!("/media/{}", address(3, "photo 003.png")), &own));
    assert!(head.contains("content-type: image/png"), "{head}");
    assert!(!body.windows(8).any(|part| part == b"<script>"));
    let (old, new) = (image::load_from_memory(&bytes).unwrap(), image::load_from_memory(&body).unwrap());
    assert_eq!(old.to_rgb8(), new.to_rgb8());
    std::fs::write(&path, b"no picture any more").unwrap();
    let (status, answer) = served.try_get(&format!("/media/{}", address(3, "photo 003.png")));
    assert_eq!(status, 422, "{answer}");
    assert!(answer["error"].as_str().unwrap().contains("photo 003.png"), "{answer}");
}

#[test]
fn a_port_that_is_taken_is_named() {
    let (place, other) = (Place::new(12), Place::new(12));
    let served = place.serve();
    let project = Project::open(&other.project(), Monitor::silent()).unwrap();
    let options = Serve { port: Some(served.port), ..Serve::default() };
    let error = serve(project, &options, &|_| panic!("it cannot be ready"), Monitor::silent()).unwrap_err();
    let text = error.to_string();
    assert!(text.contains(&served.port.to_string()) && text.contains("another program"), "{text}");
}
