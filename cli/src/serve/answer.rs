//! What a request is answered with: the stream, or why there is none.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW,
    CONTENT_TYPE, HeaderName, HeaderValue, VARY,
};
use hyper::{Method, Request, Response, StatusCode};
use sse_wire::Block;
use sse_wire::server::{
    EventBody, KeepAlive, LAST_EVENT_ID, RESPONSE_HEADERS, Resume, last_event_id,
};

use super::channel::Channel;
use crate::complain;

/// All that answers need.
pub(crate) struct Answers {
    pub(crate) channel: Arc<Channel>,
    /// The only path that has the stream; none where all have.
    pub(crate) path: Option<String>,
    /// Whose pages may read it.
    pub(crate) cors: Option<HeaderValue>,
    /// The reconnection time in milliseconds.
    pub(crate) retry: Option<u64>,
    /// How long a stream may be silent.
    pub(crate) keep_alive: Duration,
    /// Whether new clients get only what comes.
    pub(crate) live_only: bool,
    pub(crate) clients: Arc<Clients>,
}

pub(crate) type Body = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

impl Answers {
    pub(crate) fn answer<B>(&self, request: &Request<B>, peer: SocketAddr) -> Response<Body> {
        let mut response = if self.path.as_ref().is_some_and(|path| path != request.uri().path()) {
            text(StatusCode::NOT_FOUND, "there is no event stream at this path\n")
        } else if *request.method() == Method::GET {
            self.stream(request, peer)
        } else if *request.method() == Method::OPTIONS && self.cors.is_some() {
            self.preflight()
        } else {
            let mut response =
                text(StatusCode::METHOD_NOT_ALLOWED, "an event stream is there for GET alone\n");
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET"));
            response
        };
        if let Some(origin) = &self.cors {
            let headers = response.headers_mut();
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            if origin != "*" {
                headers.insert(VARY, HeaderValue::from_static("origin"));
            }
        }
        response
    }

    /// The answer to a browser that asks whether a page may send its request.
    fn preflight(&self) -> Response<Body> {
        let mut response = text(StatusCode::NO_CONTENT, "");
        let headers = response.headers_mut();
        headers.remove(CONTENT_TYPE);
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET"));
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("*"));
        response
    }

    fn stream<B>(&self, request: &Request<B>, peer: SocketAddr) -> Response<Body> {
        let header = request.headers().get(LAST_EVENT_ID).map_or(&b""[..], HeaderValue::as_bytes);
        let resume = match last_event_id(header) {
            Ok(id) => self.channel.resume(id),
            // Something on the way has spoilt it. With an error a browser would never come back.
            Err(error) => {
                complain(format_args!("client {peer}: {error}"));
                Resume::Gap
            }
        };
        let (position, place) = match resume {
            Resume::New if self.live_only => (self.channel.end_position(), "new"),
            Resume::New => (self.channel.start(), "new"),
            Resume::UpToDate(position) => (position, "up to date"),
            Resume::Missed(position) => (position, "has missed events"),
            Resume::Gap => (self.channel.start(), "has missed events that are gone"),
        };
        let guard = self.clients.come(peer, place);
        let greeting = self.greeting(resume);
        let new = matches!(resume, Resume::New | Resume::Gap);
        let blocks = self.channel.clone().blocks(position, new, greeting, peer.to_string(), guard);
        let body = EventBody::new(blocks, |block: Arc<[u8]>, out| {
            out.extend_from_slice(&block);
            Ok(())
        });
        let body = body.keep_alive(KeepAlive::default().interval(self.keep_alive));
        let mut response = Response::new(body.boxed_unsync());
        for &(name, value) in RESPONSE_HEADERS {
            response
                .headers_mut()
                .insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        response
    }

    /// What a client is told before any event.
    fn greeting(&self, resume: Resume) -> Option<Arc<[u8]>> {
        let gap = "events behind your last event ID are gone; these are all that are left";
        let block = Block {
            retry: self.retry,
            comment: (resume == Resume::Gap).then_some(gap),
            ..Block::new()
        };
        if block == Block::new() {
            return None;
        }
        let mut greeting = Vec::new();
        // There is nothing in it that could be refused.
        block.encode(&mut greeting).ok()?;
        Some(greeting.into())
    }
}

fn text(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(
        Full::new(Bytes::from_static(text.as_bytes())).map_err(Into::into).boxed_unsync(),
    );
    *response.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, plain);
    response
}

/// How many clients there are, and whether to say so.
pub(crate) struct Clients {
    count: AtomicUsize,
    verbose: bool,
}

impl Clients {
    pub(crate) fn new(verbose: bool) -> Arc<Self> {
        Arc::new(Clients { count: AtomicUsize::new(0), verbose })
    }

    /// A client has come, for as long as the value is kept.
    fn come(self: &Arc<Self>, peer: SocketAddr, place: &str) -> Guard {
        let count = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        self.say(peer, format_args!("connected ({place})"), count);
        Guard { clients: self.clone(), peer }
    }

    fn say(&self, peer: SocketAddr, what: std::fmt::Arguments<'_>, count: usize) {
        if self.verbose {
            complain(format_args!("client {peer} {what}; clients: {count}"));
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
