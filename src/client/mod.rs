//! The rules of a connection that comes back, without I/O
//! ([9.2.2](https://html.spec.whatwg.org/multipage/server-sent-events.html#the-eventsource-interface)
//! to 9.2.4): a parser and the state of its connection.
//!
//! The rules are in `connection`. Here they meet the parser: what opens begins a stream, what is
//! lost ends one.

mod action;
mod backoff;
mod connection;
mod content_type;
mod delivery;
mod idle;

use core::time::Duration;

pub use self::action::{Action, Failure, Interruption, ReadyState};
pub use self::backoff::Backoff;
use self::connection::Connection;
pub use self::delivery::{SourceEvents, SourceItems};
pub use self::idle::Liveness;
use crate::decode::{Growable, Parser, Storage};
use crate::error::ParseError;
use crate::event::End;

/// The client's side of a stream that reconnects, as `EventSource` of the specification, without
/// I/O: a driver has the connection and the clock, does what [`poll`](Self::poll) says, and hands
/// in what comes of it.
///
/// ```
/// use std::time::Duration;
/// use sse_wire::{Action, EventSource};
///
/// // What the server will say to each request, in place of a network.
/// let mut responses = [
///     (200, "text/event-stream", &b"retry: 500\nid: 1\ndata: one\n\ndata: cu"[..]),
///     (200, "Text/Event-Stream; charset=utf-8", b"data: two\n\n"),
///     (204, "", b""),
/// ]
/// .into_iter();
/// let mut body = &b""[..];
/// // The time since the driver began, in place of a clock.
/// let mut now = Duration::ZERO;
/// let mut seen = Vec::new();
///
/// let mut source = EventSource::new();
/// let failure = loop {
///     match source.poll(now) {
///         Action::Connect { last_event_id } => {
///             seen.push(format!("request behind {last_event_id:?}"));
///             let (status, content_type, stream) = responses.next().unwrap();
///             source.handle_response(status, Some(content_type.as_bytes()));
///             body = stream;
///         }
///         // No longer than `until`, where it is there: here something is always at hand.
///         Action::Receive { until: _ } => match body.split_at_checked(8).unwrap_or((body, b"")) {
///             (b"", _) => _ = source.handle_end()?,
///             (chunk, rest) => {
///                 let mut events = source.push(chunk);
///                 while let Some(event) = events.next()? {
///                     seen.push(event.data.to_owned());
///                 }
///                 body = rest;
///             }
///         },
///         Action::Wait { until } => now = until,
///         Action::Opened => {}
///         Action::Reconnecting { reason, delay } => {
///             seen.push(format!("{reason}: {} ms", delay.as_millis()));
///         }
///         Action::Failed(failure) => break Some(failure),
///         Action::Stop => break None,
///     }
/// };
/// assert_eq!(seen, [
///     "request behind None",
///     "one",
///     "the server ended the stream: 500 ms",
///     "request behind Some(\"1\")",
///     "two",
///     "the server ended the stream: 500 ms",
///     "request behind Some(\"1\")",
/// ]);
/// assert_eq!(failure.unwrap().to_string(), "the response has the status 204; an event stream needs 200");
/// # Ok::<(), sse_wire::ParseError>(())
/// ```
///
/// # States
///
/// ```text
///                CONNECTING (0)                               OPEN (1)
///      ┌────────────────────────────────────┐               ┌──────────┐
/// new ─┼─▶ waiting ──────────▶ requested ───┼──────────────▶│          │
///      │      ▲     Connect        │        │ response 200, │          │
///      │      │                    │        │ event stream: │          │
///      │      │                    │        │ Opened        │          │
///      └──────┼────────────────────┼────────┘               └────┬─────┘
///             │                    │ network error,              │ network error, end,
///             │                    ▼ end                         ▼ silent for too long
///             └──────────────── Reconnecting ◀───────────────────┘
///
///      CLOSED (2), where poll says Stop, is reached
///      - from `requested` by any other response: Failed
///      - in place of Reconnecting where `with_max_reconnections` allows no more: Failed
///      - from everywhere by `close`
/// ```
///
/// # Laws
///
/// - Nothing is delivered after [`close`](Self::close): no event, not even the rest of a chunk, and
///   no announcement.
/// - A request carries a last event ID if and only if it is not empty.
/// - A stream begins afresh with each connection: byte order mark, unfinished line and block of the
///   one before are forgotten, an `id` of that block included; the last event ID string and the
///   reconnection time stay.
/// - No wait is shorter than the reconnection time.
/// - Chunks decide nothing, as for [`Parser`]; fixed arrays and growable buffers give the same.
/// - No input panics, and no input that does not fit changes anything: a response before
///   `Connect` was said or after the first one, an end or a network error without a request, bytes
///   while the source is not open, and all of them once it is closed.
///
/// # Time
///
/// Time is the argument of [`poll`](Self::poll) and nothing else: a [`Duration`] since any moment
/// that the caller chooses, which no type of a platform has to stand for. It never goes back: an
/// earlier time than one that was given counts as that one. Waits and deadlines begin at the first
/// poll after what causes them, so poll after each input; the time that a caller spends on an
/// event between the two is not taken for silence of the server.
///
/// # Where the specification is silent
///
/// - The first reconnection time is 3000 ms ([`with_reconnection_time`](Self::with_reconnection_time)).
/// - Of several types in `Content-Type` the last valid one counts, as the Fetch Standard extracts
///   it: `text/html, text/event-stream` opens, `text/event-stream, text/html` fails.
/// - An ID with characters that some HTTP clients don't take for a header's value (beyond ASCII, or
///   controls) is given to the driver as it is. Clients that take bytes, take these.
/// - Backoff, a limit of reconnections and deadlines for silence are there for those who ask:
///   [`with_backoff`](Self::with_backoff), [`with_max_reconnections`](Self::with_max_reconnections),
///   [`with_idle_timeout`](Self::with_idle_timeout).
///
/// # Memory and cost
///
/// Those of the parser, and no allocation beside. A deadline for more than bytes makes the lines of
/// each chunk be looked for twice.
#[derive(Clone, Debug)]
pub struct EventSource<S = Growable> {
    parser: Parser<S>,
    connection: Connection,
}

#[cfg(feature = "alloc")]
impl EventSource {
    /// A source with a parser of its own, which retains at most 16 MiB.
    pub const fn new() -> Self {
        Self::with_parser(Parser::new())
    }
}

#[cfg(feature = "alloc")]
impl Default for EventSource {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Storage> EventSource<S> {
    /// A source with this parser: one with another limit, over fixed arrays, or with a last event
    /// ID or reconnection time from earlier. The rest of an earlier stream in it is forgotten.
    ///
    /// ```
    /// use std::time::Duration;
    /// use sse_wire::{Action, Array, Arrays, EventSource, Parser};
    ///
    /// let mut parser = Parser::with_arrays(Arrays {
    ///     data: Array::new([0; 512]),
    ///     event_type: Array::new([0; 32]),
    ///     ids: Array::new([0; 96]),
    /// });
    /// parser.set_last_event_id("stored")?;
    /// let mut source = EventSource::with_parser(parser);
    /// assert_eq!(source.poll(Duration::ZERO), Action::Connect { last_event_id: Some("stored") });
    /// # Ok::<(), sse_wire::LastEventIdError>(())
    /// ```
    #[must_use]
    pub const fn with_parser(parser: Parser<S>) -> Self {
        EventSource { parser, connection: Connection::new() }
    }

    /// Sets the reconnection time that is in force while no `retry` line has set another.
    #[must_use]
    pub const fn with_reconnection_time(mut self, time: Duration) -> Self {
        self.connection.reconnection_time = time;
        self
    }

    /// Lets waits grow while reconnecting brings no event.
    #[must_use]
    pub const fn with_backoff(mut self, backoff: Backoff) -> Self {
        self.connection.backoff = Some(backoff);
        self
    }

    /// Fails for good where a connection is lost and the last `count` reconnections have brought
    /// no event; with 0 there is no reconnection. As for [`Backoff`] only an event begins the count
    /// anew, so a stream that may be silent for longer than its connections live needs a large
    /// number, or none.
    #[must_use]
    pub const fn with_max_reconnections(mut self, count: u32) -> Self {
        self.connection.max_reconnections = Some(count);
        self
    }

    /// Takes an open connection for lost where no sign of life of a class comes for `timeout`; each
    /// class can have a timeout of its own.
    ///
    /// ```
    /// use std::time::Duration;
    /// use sse_wire::{Action, EventSource, Interruption, Liveness};
    ///
    /// let seconds = Duration::from_secs;
    /// let mut source = EventSource::new()
    ///     .with_idle_timeout(Liveness::Bytes, seconds(30))
    ///     .with_idle_timeout(Liveness::Events, seconds(40));
    /// # assert!(matches!(source.poll(seconds(0)), Action::Connect { .. }));
    /// # source.handle_response(200, Some(b"text/event-stream"));
    /// # assert_eq!(source.poll(seconds(0)), Action::Opened);
    /// // … it is open since 0 s.
    /// assert_eq!(source.poll(seconds(0)), Action::Receive { until: Some(seconds(30)) });
    /// source.push(b": keep-alive\n\n").next()?;
    /// assert_eq!(source.poll(seconds(20)), Action::Receive { until: Some(seconds(40)) });
    /// let Action::Reconnecting { reason, .. } = source.poll(seconds(40)) else { panic!() };
    /// assert_eq!(reason, Interruption::Idle(Liveness::Events));
    /// # Ok::<(), sse_wire::ParseError>(())
    /// ```
    ///
    /// A driver that was held up hands in what has arrived meanwhile, and polls then. A response
    /// that does not come is for the HTTP client to time out.
    #[must_use]
    pub const fn with_idle_timeout(mut self, class: Liveness, timeout: Duration) -> Self {
        self.connection.idle.set(class, timeout);
        self
    }

    /// The state. An input changes it at once, before [`poll`](Self::poll) announces that; `poll`
    /// itself changes it only where a deadline has passed.
    pub const fn ready_state(&self) -> ReadyState {
        self.connection.ready_state()
    }

    /// The parser: it has the last event ID string and says how much is retained.
    pub const fn parser(&self) -> &Parser<S> {
        &self.parser
    }

    /// Gives the parser back, for another source to resume with.
    pub fn into_parser(self) -> Parser<S> {
        self.parser
    }

    /// The reconnection time: of the last `retry` line, or the one to begin with.
    pub fn reconnection_time(&self) -> Duration {
        self.parser.reconnection_time().unwrap_or(self.connection.reconnection_time)
    }

    /// Closes the source for good
    /// ([9.2.2](https://html.spec.whatwg.org/multipage/server-sent-events.html#dom-eventsource-close)).
    pub fn close(&mut self) {
        self.connection.close();
    }

    /// Says what is to be done next, or what has happened; `now` is the time.
    ///
    /// Call it again after each input, when the time has come that it named, and at once after an
    /// announcement. What can change its answer:
    ///
    /// | answer | what changes it |
    /// | --- | --- |
    /// | `Connect` | said once; then `Receive` |
    /// | `Receive` after `Connect` | `handle_response`, `handle_end`, `handle_network_error`, `close` |
    /// | `Receive` when open | `handle_end`, `handle_network_error`, `close`; time, from `until` on; with idle timeouts also bytes, which only ever put `until` off |
    /// | `Wait` | time, from `until` on; `close` |
    /// | `Opened`, `Reconnecting`, `Failed` | said once |
    /// | `Stop` | nothing |
    ///
    /// What is said once is announced in order, and is gone where `close` comes before it.
    pub fn poll(&mut self, now: Duration) -> Action<'_> {
        let reconnection_time = self.reconnection_time();
        let last_event_id = last_event_id_header(&self.parser);
        self.connection.poll(now, reconnection_time, last_event_id)
    }

    /// Takes the response to the request: its status, and the value of its `Content-Type`, where it
    /// has one (of several, their values joined by commas).
    ///
    /// Status 200 and the type `text/event-stream`, in any case and with any parameters, open the
    /// connection; with any other response the source fails for good
    /// ([9.2.3](https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model)).
    pub fn handle_response(&mut self, status: u16, content_type: Option<&[u8]>) {
        if self.connection.respond(status, content_type) {
            // A stream that was taken for lost has not been ended, nor what a parser had before.
            let _ = self.parser.finish();
        }
    }

    /// Takes the next bytes of the body, any number of them, and gives a cursor over the events
    /// that they complete, as [`Parser::push`] does. While the source is not open there are none,
    /// and the bytes are dropped.
    pub fn push<'s, 'c>(&'s mut self, chunk: &'c [u8]) -> SourceEvents<'s, 'c, S> {
        let chunk = self.wanted(chunk);
        SourceEvents { connection: &mut self.connection, events: self.parser.push(chunk) }
    }

    /// Like [`push`](Self::push), but the cursor also shows comments, reconnection times and blocks
    /// without an event, as [`Parser::observe`] does.
    pub fn observe<'s, 'c>(&'s mut self, chunk: &'c [u8]) -> SourceItems<'s, 'c, S> {
        let chunk = self.wanted(chunk);
        SourceItems { connection: &mut self.connection, items: self.parser.observe(chunk) }
    }

    /// What there is of a chunk for the parser: nothing, while the source is not open.
    fn wanted<'c>(&mut self, chunk: &'c [u8]) -> &'c [u8] {
        let position = self.parser.position() + self.parser.unread() as u64;
        self.connection.idle.look_at(chunk, position);
        if self.connection.is_open() { chunk } else { &[] }
    }

    /// Takes the end of the body, and says whether it cut an event, as [`Parser::finish`] does. The
    /// connection is to be established again.
    ///
    /// # Errors
    ///
    /// [`ParseError::Unread`], if the last cursor was dropped before it had taken its whole chunk. The
    /// connection is to be established again all the same.
    pub fn handle_end(&mut self) -> Result<End<'_>, ParseError> {
        self.interrupt(Interruption::End)
    }

    /// Takes a network error: no response came, or the body broke off. The connection is to be
    /// established again, and says whether an event was cut, as [`Parser::finish`] does.
    ///
    /// # Errors
    ///
    /// [`ParseError::Unread`], if the last cursor was dropped before it had taken its whole chunk. The
    /// connection is to be established again all the same.
    pub fn handle_network_error(&mut self) -> Result<End<'_>, ParseError> {
        self.interrupt(Interruption::NetworkError)
    }

    fn interrupt(&mut self, reason: Interruption) -> Result<End<'_>, ParseError> {
        let open = self.connection.is_open();
        self.connection.interrupt(reason);
        if open { self.parser.finish() } else { Ok(End::Clean) }
    }

    /// What the header `Last-Event-ID` of a request would be now; `None` where there is none.
    pub fn last_event_id_header(&self) -> Option<&str> {
        last_event_id_header(&self.parser)
    }
}

/// The header's value: the last event ID string, where it is not empty.
fn last_event_id_header<S: Storage>(parser: &Parser<S>) -> Option<&str> {
    Some(parser.last_event_id()).filter(|id| !id.is_empty())
}
