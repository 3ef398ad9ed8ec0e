//! A client that reconnects, for code that uses threads rather than tasks (feature `http`).

use alloc::{vec, vec::Vec};
use core::fmt::{self, Debug, Formatter};
use core::ops::Range;
use std::io::{ErrorKind, Read};
use std::thread;
use std::time::Instant;

use http::Response;

use super::session::{Item, Next, Session};
use super::{Attempt, BoxError};
use crate::client::{Action, Connection, Policy};
use crate::decode::Parser;

/// How many bytes are read at once.
const READ: usize = 16 * 1024;

/// A client that stays connected, over bodies that implement [`Read`]: the blocking counterpart of `EventSource`.
///
/// The closure sends each request, and returns anything that converts to `http::Response<B>`; here, the response of
/// ureq:
///
/// ```
/// use sse_wire::{Incoming, blocking::EventSource};
///
/// # mod ureq {
/// #     pub struct Body(pub &'static str);
/// #     impl Body { pub fn into_reader(self) -> &'static [u8] { self.0.as_bytes() } }
/// # }
/// # let mut bodies = vec!["", "retry: 0\ndata: one\n\n"];
/// # let mut get = |_: http::HeaderMap| {
/// #     let body = bodies.pop().unwrap();
/// #     http::Response::builder().status(if body.is_empty() { 204 } else { 200 })
/// #         .header("content-type", "text/event-stream").body(ureq::Body(body))
/// # };
/// let source = EventSource::new(|attempt| {
///     let response = get(attempt.headers())?;
///     Ok::<_, http::Error>(response.map(|body| body.into_reader()))
/// });
/// for item in source {
///     match item? {
///         Incoming::Event(event) => println!("{}", event.data),
///         Incoming::Notice(notice) => eprintln!("{notice}"),
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// There is at most one `Err`, and it is the last item, as with the asynchronous source.
///
/// # Time limits
///
/// A request or a read that waits can't be interrupted, and the policy's time limits are checked between two reads
/// only. So set the HTTP client's timeouts for connecting, for the response's head, and for each read; their errors
/// count as network errors.
pub struct EventSource<F, B> {
    request: F,
    session: Session<B>,
    body: Option<B>,
    buffer: Vec<u8>,
    /// The part of the buffer that was read, but not parsed.
    unread: Range<usize>,
    start: Instant,
}

impl<F, B> EventSource<F, B> {
    /// Creates a source. The first item sends the first request.
    pub fn new<R, E>(request: F) -> Self
    where
        F: FnMut(Attempt) -> Result<R, E>,
        R: Into<Response<B>>,
        E: Into<BoxError>,
        B: Read,
    {
        EventSource {
            request,
            session: Session::new(),
            body: None,
            buffer: vec![0; READ],
            unread: 0..0,
            start: Instant::now(),
        }
    }

    /// Sets the policy. Call it before the first item.
    #[must_use]
    pub fn with_policy(mut self, policy: Policy) -> Self {
        self.session = self.session.with_policy(policy);
        self
    }

    /// Sets the parser: one with another limit, or with a last event ID or reconnection time from an earlier
    /// connection. Call it before the first item.
    #[must_use]
    pub fn with_parser(mut self, parser: Parser) -> Self {
        self.session = self.session.with_parser(parser);
        self
    }

    /// Also returns comments, reconnection times, and IDs of blocks without an event, as
    /// [notices](crate::SourceNotice::Comment). Comments then count toward the parser's limit.
    #[must_use]
    pub fn observe(mut self) -> Self {
        self.session.observes = true;
        self
    }

    /// Returns the connection, with its state, reconnection time, policy, and parser.
    pub const fn connection(&self) -> &Connection {
        &self.session.connection
    }

    /// Returns the last event ID string, after which the next request resumes; empty if there is none.
    pub fn last_event_id(&self) -> &str {
        self.connection().parser().last_event_id()
    }

    /// Sends another request for the next item: drops an open connection, or starts again after a failure. It does
    /// not count as a reconnection, so later waits are no longer than without it.
    pub fn reconnect(&mut self) {
        self.session.reconnect();
        self.drop_connection();
    }

    /// Closes the source for good, for example after an event like `[DONE]`: the next item is `None`.
    pub fn close(&mut self) {
        self.session.close();
        self.drop_connection();
    }

    fn drop_connection(&mut self) {
        (self.body, self.unread) = (None, 0..0);
    }
}

impl<F, R, E, B> Iterator for EventSource<F, B>
where
    F: FnMut(Attempt) -> Result<R, E>,
    R: Into<Response<B>>,
    E: Into<BoxError>,
    B: Read,
{
    type Item = Item<B>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            // Even of an empty chunk: the one before can have ended with two refusals.
            let (incoming, rest) = self.session.take(&self.buffer[self.unread.clone()]);
            self.unread.start = self.unread.end - rest;
            if let Some(incoming) = incoming {
                return Some(Ok(incoming));
            }
            let action = match self.session.next(self.start.elapsed()) {
                Next::Item(item) => return Some(item),
                Next::Action(action) => action,
            };
            match (action, &mut self.body) {
                (Action::Connect, _) => {
                    self.drop_connection();
                    let response = (self.request)(self.session.attempt());
                    self.body = self.session.respond(response);
                }
                (Action::Receive { .. }, Some(body)) => match body.read(&mut self.buffer) {
                    Ok(0) => self.session.end(None),
                    Ok(len) => self.unread = 0..len,
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => self.session.end(Some(error.into())),
                },
                // A request has returned its response before the connection asks for bytes.
                (Action::Receive { .. }, None) => self.session.end(None),
                (Action::Wait { until }, _) => {
                    self.drop_connection();
                    thread::sleep(until.saturating_sub(self.start.elapsed()));
                }
                (Action::Stop, _) => {
                    self.drop_connection();
                    return None;
                }
            }
        }
    }
}

impl<F, B> Debug for EventSource<F, B> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventSource").field("connection", self.connection()).finish_non_exhaustive()
    }
}
