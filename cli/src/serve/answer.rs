//! The responses: the stream, a page that shows it, or the reason why there is none.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{
    ACCEPT, ALLOW, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER,
    VARY,
};
use hyper::{Method, Request, Response, StatusCode};
use sse_wire::server::{Hub, LAST_EVENT_ID, RESPONSE_HEADERS, Subscriber, last_event_id};

use super::access::{Cors, Hosts};
use crate::messages::log;

/// Everything that the responses need.
pub(crate) struct Answers {
    pub(crate) hub: Hub,
    /// The only path with the stream; `None` if every path has it.
    pub(crate) path: Option<String>,
    pub(crate) hosts: Hosts,
    pub(crate) cors: Cors,
    pub(crate) clients: Arc<Clients>,
}

pub(crate) type Body = UnsyncBoxBody<Bytes, Infallible>;

/// The response to a browser that opens the URL.
const PAGE: &str = include_str!("page.html");

/// The page contains its script and its style, and reads only from this server.
const PAGE_POLICY: &str = "default-src 'none'; connect-src 'self'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; frame-ancestors 'none'";

impl Answers {
    /// Returns the response to a client over the limit.
    pub(crate) fn full() -> Response<Body> {
        let mut response = text(StatusCode::SERVICE_UNAVAILABLE, "there are too many clients\n");
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
        response
    }

    pub(crate) fn answer<B>(&self, request: &Request<B>, peer: SocketAddr) -> Response<Body> {
        if !self.hosts.allow(request) {
            return text(
                StatusCode::FORBIDDEN,
                "this host name is not allowed; add it with --allow-host\n",
            );
        }
        if self.path.as_ref().is_some_and(|path| path != request.uri().path()) {
            return text(StatusCode::NOT_FOUND, "no event stream is at this path\n");
        }
        let mut response = match *request.method() {
            Method::GET if wants_page(request) => page(),
            Method::GET => self.stream(request, peer),
            Method::HEAD => head(),
            Method::OPTIONS if !self.cors.is_empty() => {
                let mut response = text(StatusCode::NO_CONTENT, "");
                response.headers_mut().remove(CONTENT_TYPE);
                self.cors.allow_request(request.headers(), response.headers_mut());
                return response;
            }
            _ => {
                let mut response =
                    text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are supported\n");
                response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
                response
            }
        };
        response.headers_mut().append(VARY, HeaderValue::from_static("accept"));
        self.cors.allow(request.headers(), response.headers_mut());
        response
    }

    fn stream<B>(&self, request: &Request<B>, peer: SocketAddr) -> Response<Body> {
        let query = request.uri().query().unwrap_or_default().as_bytes();
        let id = form_urlencoded::parse(query).find(|(name, _)| name == "lastEventId");
        let id = id.map(|(_, id)| id);
        if let Some(Err(error)) =
            request.headers().get(LAST_EVENT_ID).map(|id| last_event_id(id.as_bytes()))
        {
            // An intermediary has changed it. A browser would not reconnect after an error.
            log(format_args!("client {peer}: {error}"));
        }
        let comes_back = id.is_some() || request.headers().contains_key(LAST_EVENT_ID);
        let guard = self.clients.come(peer, if comes_back { "reconnects" } else { "new" });
        let subscriber = Subscriber::from(request.headers()).or_last_event_id(id.as_deref());
        self.hub.subscribe(subscriber).map(|body| {
            body.map_frame(move |frame| {
                let _ = &guard;
                frame
            })
            .boxed_unsync()
        })
    }
}

/// Returns whether a page is wanted: `EventSource` and curl do not accept HTML.
fn wants_page<B>(request: &Request<B>) -> bool {
    let accept = request.headers().get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let types = accept.flat_map(|value| value.split(','));
    let mut types = types.map(|part| part.split(';').next().unwrap_or_default().trim());
    types.any(|part| part.eq_ignore_ascii_case("text/html"))
}

fn page() -> Response<Body> {
    let mut response = text(StatusCode::OK, PAGE);
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, html);
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
    response
}

/// Returns only the head of the stream.
fn head() -> Response<Body> {
    let mut response = text(StatusCode::OK, "");
    for &(name, value) in RESPONSE_HEADERS {
        let name = HeaderName::from_static(name);
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn text(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())).boxed_unsync());
    *response.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, plain);
    response
}

/// Counts clients, and logs them if asked to.
pub(crate) struct Clients {
    count: AtomicUsize,
    verbose: bool,
}

impl Clients {
    pub(crate) fn new(verbose: bool) -> Arc<Self> {
        Arc::new(Clients { count: AtomicUsize::new(0), verbose })
    }

    /// Counts a client until the returned value is dropped.
    fn come(self: &Arc<Self>, peer: SocketAddr, how: &str) -> Guard {
        let count = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        self.say(peer, format_args!("connected ({how})"), count);
        Guard { clients: self.clone(), peer }
    }

    fn say(&self, peer: SocketAddr, what: std::fmt::Arguments<'_>, count: usize) {
        if self.verbose {
            log(format_args!("client {peer} {what}; clients: {count}"));
        }
    }
}

struct Guard {
    clients: Arc<Clients>,
    peer: SocketAddr,
}

impl Drop for Guard {
    fn drop(&mut self) {
        let count = self.clients.count.fetch_sub(1, Ordering::Relaxed) - 1;
        self.clients.say(self.peer, format_args!("disconnected"), count);
    }
}
