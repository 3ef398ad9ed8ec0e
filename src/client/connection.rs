//! A connection as its driver sees it: the rules, and the parser of its streams. What opens begins a
//! stream, what is lost ends one.

use core::time::Duration;

use super::action::{Action, Interruption, Notice, ReadyState};
use super::delivery::{ConnectionEvents, ConnectionItems};
use super::jitter::SplitMix64;
use super::policy::Policy;
use super::response::ResponseHead;
use super::rules::Rules;
use crate::decode::{Growable, Parser, Storage};
use crate::error::ParseError;
use crate::event::End;

/// The rules of a connection that comes back, as `EventSource` of the specification, without I/O: a driver
/// has the connection and the clock, does what [`poll`](Self::poll) returns, and hands in what comes of it.
///
/// With tokio and an HTTP client, `EventSource` of the feature `client` is that driver.
///
/// ```
/// use std::time::Duration;
/// use sse_wire::{Action, Connection, Policy, ResponseHead};
///
/// // What the server will answer to each request, in place of a network.
/// let mut responses = [
///     (200, &b"text/event-stream"[..], &b"retry: 700\nid: 1\ndata: one\n\ndata: cu"[..]),
///     (200, b"Text/Event-Stream; charset=utf-8", b"data: two\n\n"),
///     (204, b"", b""),
/// ]
/// .into_iter();
/// let mut body = &b""[..];
/// // The time since the driver began, in place of a clock.
/// let mut now = Duration::ZERO;
/// let mut seen = Vec::new();
///
/// let mut connection = Connection::new(Policy { jitter: 0, ..Policy::default() });
/// loop {
///     let action = connection.poll(now);
///     while let Some(notice) = connection.next_notice() {
///         seen.push(notice.to_string());
///     }
///     match action {
///         Action::Connect => {
///             seen.push(format!("request after {:?}", connection.last_event_id_header()));
///             let (status, content_type, stream) = responses.next().unwrap();
///             let content_type = Some(content_type);
///             connection.handle_response(ResponseHead { status, content_type, ..ResponseHead::default() });
///             body = stream;
///         }
///         // No longer than `until`: here something is always at hand.
///         Action::Receive { until: _ } => match body.split_at_checked(8).unwrap_or((body, b"")) {
///             (b"", _) => _ = connection.handle_end()?,
///             (chunk, rest) => {
///                 let mut events = connection.push(chunk);
///                 while let Some(event) = events.next()? {
///                     seen.push(event.data.to_owned());
///                 }
///                 body = rest;
///             }
///         },
///         Action::Wait { until } => now = until,
///         Action::Stop => break,
///     }
/// }
/// assert_eq!(seen, [
///     "request after None",
///     "open",
///     "one",
///     "reconnecting in 700ms: the server ended the stream",
///     "request after Some(\"1\")",
///     "open",
///     "two",
///     "reconnecting in 1.4s: the server ended the stream",
///     "request after Some(\"1\")",
///     "the server asks not to connect again (status 204)",
/// ]);
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
///      │      │                    │        │ Open          │          │
///      └──────┼────────────────────┼────────┘               └────┬─────┘
///             │                    │ network error, end,         │ network error, end,
///             │                    ▼ no response, status         ▼ silence
///             └──────────────── Reconnecting ◀───────────────────┘
///
///      CLOSED (2), where poll returns Stop, is reached
///      - from `requested` by the status 204: Ended
///      - from `requested` by any other response: Failed
///      - in place of Reconnecting, if the policy allows no more: Failed
///      - from everywhere by `close`
///
///      `reconnect` leads from everywhere but `close` to `requested`
/// ```
///
/// # Laws
///
/// - Nothing is delivered after [`close`](Self::close): no event, not even the rest of a chunk, and
///   no notice.
/// - A stream begins afresh with each connection: byte order mark, unfinished line and block of the
///   one before are forgotten, an `id` of that block included; the last event ID string and the
///   reconnection time stay.
/// - No wait is shorter than the policy's floor, except after [`reconnect`](Self::reconnect).
/// - Chunks decide nothing, as for [`Parser`]; fixed arrays and growable buffers give the same.
/// - No input panics, and no input that does not fit changes anything: a response before `Connect` or
///   after the first one, an end or a network error without a request, bytes while the connection is not
///   open, and all of them once it is closed.
///
/// # Time
///
/// Time is the argument of [`poll`](Self::poll) and nothing else: a [`Duration`] since any moment that
/// the caller chooses. It never goes back: an earlier time than one that was given counts as that one.
/// Waits and time limits begin at the first poll after what causes them, so poll after each input; the
/// time that a caller spends on an event between the two is not taken for silence of the server.
///
/// # Where the specification is silent
///
/// - [`Policy`] has what can be chosen.
/// - Of several types in `Content-Type` the last valid one counts, as the Fetch Standard extracts
///   it: `text/html, text/event-stream` opens, `text/event-stream, text/html` fails.
/// - A response with a `Content-Encoding` fails: parsed as text, a compressed body gives nothing, for ever.
/// - An ID that no header can carry is [left out of the request](Self::last_event_id_header).
///
/// # Memory and cost
///
/// Those of the parser, and no allocation beside. A time limit for the silence of more than bytes makes the
/// lines of each chunk be looked for twice.
#[derive(Clone, Debug)]
pub struct Connection<S = Growable> {
    parser: Parser<S>,
    rules: Rules,
}

#[cfg(feature = "alloc")]
impl Connection {
    /// A connection with a parser of its own, which retains at most 16 MiB.
    #[must_use]
    pub const fn new(policy: Policy) -> Self {
        Self::with_parser(Parser::new(), policy)
    }
}

impl<S: Storage> Connection<S> {
    /// A connection with this parser: one with another limit, over fixed arrays, or with a last event
    /// ID or reconnection time from earlier. The rest of an earlier stream in it is forgotten.
    ///
    /// ```
    /// use sse_wire::{Arrays, Connection, Parser, Policy};
    ///
    /// let mut parser = Parser::with_arrays(Arrays {
    ///     data: [0; 512],
    ///     event_type: [0; 32],
    ///     ids: [0; 96],
    /// });
    /// parser.set_last_event_id("stored")?;
    /// let connection = Connection::with_parser(parser, Policy::default());
    /// assert_eq!(connection.last_event_id_header(), Some("stored"));
    /// # Ok::<(), sse_wire::LastEventIdError>(())
    /// ```
    #[must_use]
    pub const fn with_parser(parser: Parser<S>, policy: Policy) -> Self {
        Connection { parser, rules: Rules::new(policy) }
    }

    /// Sets where the randomness of the [jitter](Policy::jitter) comes from: any 64 bits that other clients
    /// don't have, of the operating system, a hardware generator, or a hash of the device's number and the
    /// time. It is zero otherwise, the same for all.
    #[must_use]
    pub const fn with_seed(mut self, seed: u64) -> Self {
        self.rules.random = SplitMix64(seed);
        self
    }

    /// The state. An input changes it at once; [`poll`](Self::poll) changes it if a time limit has passed, or
    /// the policy gives up after a loss.
    pub const fn ready_state(&self) -> ReadyState {
        self.rules.ready_state()
    }

    /// The policy.
    pub const fn policy(&self) -> &Policy {
        &self.rules.policy
    }

    /// The parser: it has the last event ID string and knows how much is retained.
    pub const fn parser(&self) -> &Parser<S> {
        &self.parser
    }

    /// The parser, for another connection to resume with.
    pub fn into_parser(self) -> Parser<S> {
        self.parser
    }

    /// The reconnection time: of the last `retry` line, or the policy's.
    pub fn reconnection_time(&self) -> Duration {
        self.parser.reconnection_time().unwrap_or(self.rules.policy.reconnection_time)
    }

    /// The value of the request's header `Last-Event-ID`, these bytes whether or not they are ASCII
    /// ([9.2.4](https://html.spec.whatwg.org/multipage/server-sent-events.html#the-last-event-id-header)).
    ///
    /// `None` if there is no such header: the last event ID string is empty, or has a control character
    /// other than a tab, which no HTTP client sends. The server takes the client for a new one then.
    pub fn last_event_id_header(&self) -> Option<&str> {
        let id = self.parser.last_event_id();
        let can_be_sent = |byte: u8| byte == b'\t' || !byte.is_ascii_control();
        Some(id).filter(|id| !id.is_empty() && id.bytes().all(can_be_sent))
    }

    /// Closes the connection for good
    /// ([9.2.2](https://html.spec.whatwg.org/multipage/server-sent-events.html#dom-eventsource-close)).
    pub fn close(&mut self) {
        self.rules.close();
    }

    /// Makes a request due at once: ends a wait, drops a connection, forgives a failure. Nothing counts it,
    /// and no wait grows by it; a failure that is forgiven makes the count of reconnections start again.
    ///
    /// Parser, policy and last event ID stay. There is a [`Notice`] of it, with
    /// [`Interruption::Asked`]; not if a request is due already, or after [`close`](Self::close).
    pub fn reconnect(&mut self) {
        self.rules.reconnect();
    }

    /// What is to be done next; `now` is the time.
    ///
    /// Call it again after each input, and when the time has come that it returned. What can change its
    /// answer:
    ///
    /// | answer | what changes it |
    /// | --- | --- |
    /// | `Connect` | returned once; then `Receive` |
    /// | `Receive` after `Connect` | `handle_response`, `handle_end`, `handle_network_error`; time, from `until` on |
    /// | `Receive` when open | `handle_end`, `handle_network_error`; time, from `until` on; bytes, which only ever put `until` off |
    /// | `Wait` | time, from `until` on |
    /// | `Stop` | nothing but `reconnect` |
    ///
    /// and `close` and `reconnect` in each case.
    pub fn poll(&mut self, now: Duration) -> Action {
        let has_id = !self.parser.last_event_id().is_empty();
        self.rules.poll(now, self.reconnection_time(), has_id)
    }

    /// What has happened, in order, each once: to be asked after [`poll`](Self::poll), until it is `None`.
    ///
    /// A caller that doesn't ask misses it, and nothing else: what is there then is only of the last
    /// connection.
    pub fn next_notice(&mut self) -> Option<Notice> {
        self.rules.next_notice()
    }

    /// Takes the response to the request.
    ///
    /// Status 200 and the type `text/event-stream`, in any case and with any parameters, open the
    /// connection; a status that is [tried again](Policy::retry_status) begins a wait, of at least its
    /// `Retry-After`; 204 ends the connection, and with any other response it fails
    /// ([9.2.3](https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model)).
    ///
    /// With the feature `http`, `&http::Response<_>` and `&http::response::Parts` are accepted as they are.
    pub fn handle_response<'r>(&mut self, head: impl Into<ResponseHead<'r>>) {
        if self.rules.respond(&head.into()) {
            // A stream that was taken for lost has not been ended, nor what a parser had before.
            let _ = self.parser.finish();
        }
    }

    /// Takes the next bytes of the body, any number of them, and returns a cursor over the events that they
    /// complete, as [`Parser::push`] does. While the connection is not open there are none, and the bytes
    /// are dropped.
    pub fn push<'s, 'c>(&'s mut self, chunk: &'c [u8]) -> ConnectionEvents<'s, 'c, S> {
        let chunk = self.wanted(chunk);
        ConnectionEvents { rules: &mut self.rules, events: self.parser.push(chunk) }
    }

    /// Like [`push`](Self::push), but the cursor also shows comments, reconnection times and blocks
    /// without an event, as [`Parser::observe`] does.
    pub fn observe<'s, 'c>(&'s mut self, chunk: &'c [u8]) -> ConnectionItems<'s, 'c, S> {
        let chunk = self.wanted(chunk);
        ConnectionItems { rules: &mut self.rules, items: self.parser.observe(chunk) }
    }

    /// What of a chunk is for the parser: nothing, while the connection is not open.
    fn wanted<'c>(&mut self, chunk: &'c [u8]) -> &'c [u8] {
        if !self.rules.is_open() {
            return &[];
        }
        let position = self.parser.position() + self.parser.unread() as u64;
        self.rules.receive(chunk, position);
        chunk
    }

    /// Takes the end of the body, and returns whether it cut an event, as [`Parser::finish`] does. There
    /// will be another connection.
    ///
    /// # Errors
    ///
    /// [`ParseError::Unread`], if the last cursor was dropped before it had taken its whole chunk. The
    /// connection is lost all the same.
    pub fn handle_end(&mut self) -> Result<End<'_>, ParseError> {
        self.interrupt(Interruption::End)
    }

    /// Takes a network error: no response came, or the body broke off. As after
    /// [`handle_end`](Self::handle_end) there will be another connection.
    ///
    /// # Errors
    ///
    /// Those of `handle_end`.
    pub fn handle_network_error(&mut self) -> Result<End<'_>, ParseError> {
        self.interrupt(Interruption::NetworkError)
    }

    fn interrupt(&mut self, reason: Interruption) -> Result<End<'_>, ParseError> {
        let open = self.rules.is_open();
        self.rules.interrupt(reason);
        if open { self.parser.finish() } else { Ok(End::Clean) }
    }
}
