//! Decides who may read the stream, by the host name of the request and the origin of the page.

use hyper::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_REQUEST_HEADERS, HOST, HeaderMap, HeaderValue,
    ORIGIN, VARY,
};
use hyper::http::uri::Authority;
use hyper::{Request, Uri};

use crate::loopback::is_loopback;

/// The host names that a request can have.
///
/// The host name of a page can resolve to 127.0.0.1. The page then has the same origin as a server there that accepts any
/// host name.
pub(crate) enum Hosts {
    Any,
    /// The names of loopback, and these.
    Loopback(Vec<String>),
}

impl Hosts {
    pub(crate) fn allow<B>(&self, request: &Request<B>) -> bool {
        let Hosts::Loopback(others) = self else { return true };
        let authority = |uri: &Uri| uri.authority().cloned();
        let header = || request.headers().get(HOST)?.to_str().ok()?.parse::<Authority>().ok();
        // Only clients of HTTP/1.0 omit the host, and browsers are not.
        let Some(authority) = authority(request.uri()).or_else(header) else {
            return !request.headers().contains_key(HOST);
        };
        let host = authority.host().trim_end_matches('.');
        is_loopback(host) || others.iter().any(|other| other.eq_ignore_ascii_case(host))
    }
}

/// The origins whose pages may read the stream.
pub(crate) struct Cors(pub(crate) Vec<HeaderValue>);

impl Cors {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the headers that let the page of a request read the response.
    pub(crate) fn allow(&self, request: &HeaderMap, answer: &mut HeaderMap) {
        if self.is_empty() {
            return;
        }
        if self.0.iter().any(|allowed| allowed == "*") {
            answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            return;
        }
        answer.append(VARY, HeaderValue::from_static("origin"));
        if let Some(origin) = request.get(ORIGIN).filter(|origin| self.0.contains(origin)) {
            answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            answer.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
    }

    /// Returns the headers of the response to a preflight request.
    pub(crate) fn allow_request(&self, request: &HeaderMap, answer: &mut HeaderMap) {
        self.allow(request, answer);
        answer.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD"));
        // `*` does not include `Authorization`, and has no effect with credentials.
        if let Some(headers) = request.get(ACCESS_CONTROL_REQUEST_HEADERS) {
            answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, headers.clone());
            answer.append(VARY, HeaderValue::from_static("access-control-request-headers"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(hosts: &Hosts, host: &str) -> bool {
        hosts.allow(&Request::get("/").header(HOST, host).body(()).unwrap())
    }

    #[test]
    fn on_loopback_only_its_names_and_those_that_were_allowed_are_answered() {
        let hosts = Hosts::Loopback(vec!["sse.example".into()]);
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "localhost.",
            "a.localhost:1",
            "127.0.0.1:8080",
            "127.9.9.9",
            "[::1]:8080",
            "[::1]",
            "sse.example",
            "SSE.example:80",
        ] {
            assert!(allowed(&hosts, host), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:8080",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "notlocalhost",
            "10.0.0.1",
            "0.0.0.0",
            "[::]",
            "",
            "a b",
        ] {
            assert!(!allowed(&hosts, host), "{host}");
            assert!(allowed(&Hosts::Any, host), "{host}");
        }
        let absolute = Request::get("http://evil.example/").header(HOST, "localhost");
        assert!(!hosts.allow(&absolute.body(()).unwrap()), "the URI counts if it has one");
        assert!(hosts.allow(&Request::get("/").body(()).unwrap()), "HTTP/1.0 has none");
    }
}
