//! A client that connects again, for code with threads in place of tasks (feature `http`).

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

/// A client that stays connected, over bodies that are [`Read`]: the twin of the asynchronous
/// `EventSource`.
///
/// The closure sends each request, and returns whatever becomes an `http::Response<B>`. Here it is ureq's:
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
/// An iterator ends as the asynchronous one does: an `Err` comes once and last.
///
/// # Time limits
///
/// Nothing can be interrupted that waits in a request or a read: those time limits are the HTTP client's, and
/// their errors are network errors. The policy's are looked at between two reads.
pub struct EventSource<F, B> {
    request: F,
    session: Session<B>,
    body: Option<B>,
    buffer: Vec<u8>,
    /// What of the buffer was read and not taken.
    unread: Range<usize>,
    start: Instant,
}

impl<F, B> EventSource<F, B> {
    /// A source with these requests. The first is sent when it is asked for an item.
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

    /// With another policy; to be called before the first item.
    #[must_use]
    pub fn with_policy(mut self, policy: Policy) -> Self {
        self.session = self.session.with_policy(policy);
        self
    }

    /// With this parser: one with another limit, or with a last event ID or reconnection time from earlier; to
    /// be called before the first item.
    #[must_use]
    pub fn with_parser(mut self, parser: Parser) -> Self {
        self.session = self.session.with_parser(parser);
        self
    }

    /// Also gives comments, reconnection times, and IDs of blocks without an event, as
    /// [notices](crate::SourceNotice::Comment). Comments count for the parser's limit then.
    #[must_use]
    pub fn observe(mut self) -> Self {
        self.session.observes = true;
        self
    }

    /// The connection: it has the state, the reconnection time, the policy and the parser.
    pub const fn connection(&self) -> &Connection {
        &self.session.connection
    }

    /// The last event ID string: what the next request resumes after; empty if there is none.
    pub fn last_event_id(&self) -> &str {
        self.connection().parser().last_event_id()
    }

    /// Sends another request for the next item: drops a connection, forgives a failure. Nothing counts it, and
    /// no wait grows by it.
    pub fn reconnect(&mut self) {
        self.session.reconnect();
        self.drop_connection();
    }

    /// Closes the source for good: nothing more comes.
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
            if !self.unread.is_empty() {
                let (incoming, rest) = self.session.take(&self.buffer[self.unread.clone()]);
                self.unread.start = self.unread.end - rest;
                if let Some(incoming) = incoming {
                    return Some(Ok(incoming));
                }
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
                // There is none between a request and its response.
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
