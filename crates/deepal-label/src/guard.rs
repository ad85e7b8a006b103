//! Who may ask: whoever has the token, by an address of this server, from its own page.
//!
//! A page of another site can make the browser send requests to this machine. Its name in `Host` gives a rebound name away, `Origin` a
//! foreign page, the cookie stays away from both (`SameSite=Strict`), and changes must be JSON, which no form can send.

use crate::token::are_equal;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;
use std::sync::Arc;

/// What is sent with everything: nothing but the page's own files may be loaded, guessed, framed or kept.
const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Who may ask.
#[derive(Debug)]
pub(crate) struct Guard {
    pub(crate) token: String,
    /// Its cookie; browsers do not tell ports apart, so the port is part of the name.
    pub(crate) cookie: String,
    /// The address that is listened at.
    pub(crate) host: IpAddr,
}

/// Lets a request pass, or refuses it.
pub(crate) async fn check(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let mut response = match guard.refuses(&request) {
        Some(refusal) => refusal,
        None => next.run(request).await,
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

impl Guard {
    fn refuses(&self, request: &Request) -> Option<Response> {
        let (headers, uri) = (request.headers(), request.uri());
        let host = text(headers, &header::HOST).unwrap_or_default();
        if !self.is_own(host) {
            return Some(plain(StatusCode::FORBIDDEN, "this server does not have that name\n"));
        }
        let origin = text(headers, &header::ORIGIN);
        if origin.is_some_and(|origin| origin.strip_prefix("http://") != Some(host)) {
            return Some(plain(StatusCode::FORBIDDEN, "another site may not ask\n"));
        }
        let given = uri.query().and_then(|query| query.strip_prefix("token="));
        if let Some(given) = given.filter(|_| uri.path() == "/") {
            if !are_equal(given, &self.token) {
                return Some(plain(StatusCode::UNAUTHORIZED, WRONG));
            }
            let cookie = format!("{}={}; HttpOnly; SameSite=Strict; Path=/", self.cookie, self.token);
            let headers = [(header::SET_COOKIE, cookie), (header::LOCATION, "/".to_owned())];
            return Some((StatusCode::SEE_OTHER, headers).into_response());
        }
        if !self.is_known(headers) {
            return Some(plain(StatusCode::UNAUTHORIZED, WRONG));
        }
        let is_json = || {
            let kind = text(headers, &header::CONTENT_TYPE).and_then(|kind| kind.split(';').next());
            kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
        };
        match *request.method() {
            Method::GET | Method::HEAD => None,
            Method::POST if is_json() => None,
            Method::POST => {
                Some(plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, "changes must be application/json\n"))
            }
            _ => Some(plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and POST are known\n")),
        }
    }

    /// Whether a `Host` is one of this server's: localhost, a loopback address, or the address that it listens at. No name can be rebound to
    /// it that way; where it listens at all addresses, any number is its own.
    fn is_own(&self, host: &str) -> bool {
        let end = host.rfind(':').filter(|at| host[at + 1..].bytes().all(|byte| byte.is_ascii_digit()));
        let name = &host[..end.unwrap_or(host.len())];
        if name.eq_ignore_ascii_case("localhost") {
            return true;
        }
        let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        address
            .is_ok_and(|address| address.is_loopback() || address == self.host || self.host.is_unspecified())
    }

    /// Whether the token is there, as a cookie, or as scripts send it.
    fn is_known(&self, headers: &HeaderMap) -> bool {
        let bearer = text(headers, &header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let cookies = cookies
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().strip_prefix(&self.cookie)?.strip_prefix('='));
        bearer.into_iter().chain(cookies).any(|given| are_equal(given, &self.token))
    }
}

const WRONG: &str =
    "Open the address that `deepal label` printed in the terminal: it has the token that this page needs.\n";

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn guard(host: &str) -> Guard {
        Guard { token: "t".repeat(32), cookie: "deepal-1".into(), host: host.parse().unwrap() }
    }

    #[test]
    fn only_own_names_are_answered() {
        let loopback = guard("127.0.0.1");
        for host in ["127.0.0.1:8321", "localhost:8321", "LocalHost", "[::1]:8321", "127.0.0.2:1"] {
            assert!(loopback.is_own(host), "{host}");
        }
        for host in [
            "evil.example:8321",
            "192.168.1.7:8321",
            "",
            "localhost.evil.example",
            "127.0.0.1.evil.example:8321",
        ] {
            assert!(!loopback.is_own(host), "{host}");
        }
        assert!(guard("192.168.1.7").is_own("192.168.1.7:8321"));
        let all = guard(&Ipv4Addr::UNSPECIFIED.to_string());
        assert!(all.is_own("192.168.1.7:8321") && !all.is_own("evil.example"));
    }
}
