//! A connection: the rules, and the parser of its streams.

use core::time::Duration;

use super::action::{Action, Interruption, Notice, ReadyState};
use super::delivery::ConnectionEvents;
use super::jitter::SplitMix64;
use super::policy::Policy;
use super::response::ResponseHead;
use super::rules::Rules;
use crate::decode::{Growable, Parser, Storage};
use crate::error::ParseError;
use crate::event::End;

/// The rules of a connection that is reestablished, like the specification's `EventSource`, without I/O: a driver has
/// the transport and the clock, does what [`poll`](Self::poll) returns, and passes in what it receives.
///
/// `EventSource` (feature `client`) is such a driver for tokio and any HTTP client.
///
/// ```
/// use std::time::Duration;
/// use sse_wire::{Action, Connection, Policy, ResponseHead};
///
/// // The server's answers to the requests, in place of a network.
/// let mut responses = [
///     (200, &b"text/event-stream"[..], &b"retry: 700\nid: 1\ndata: one\n\ndata: cu"[..]),
///     (200, b"Text/Event-Stream; charset=utf-8", b"data: two\n\n"),
///     (204, b"", b""),
/// ]
/// .into_iter();
/// let mut body = &b""[..];
/// // The time since the driver started, in place of a clock.
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
///         // A real driver waits until `until` at most.
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
///     "the server asks clients not to reconnect (status 204)",
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
///      - from every state by `close`
///
///      `reconnect` leads from every state to `requested`, except after `close`
/// ```
///
/// # Laws
///
/// - Nothing is delivered after [`close`](Self::close): no event, not even the rest of a chunk, and
///   no notice.
/// - Each connection starts a new stream: the byte order mark, the unfinished line, and the unfinished block of the
///   previous one are discarded, including an `id` of that block; the last event ID string and the reconnection time
///   stay.
/// - No wait is shorter than the policy's floor, except after [`reconnect`](Self::reconnect).
/// - Chunk borders change nothing, as with [`Parser`]; fixed arrays and growable buffers give the same results.
/// - No input panics. An input that does not fit the state is ignored: a response before `Connect` or after the
///   first one, an end or a network error without a request, bytes while the connection is not open, and everything
///   once it is closed.
///
/// # Time
///
/// The argument of [`poll`](Self::poll) is the only clock: a [`Duration`] since any moment that the caller chooses. A
/// time earlier than a previous one counts as the previous one. Waits and time limits start at the first poll after
/// their cause, so poll after each input; the time that the caller spends on an event in between does not count as
/// silence of the server.
///
/// # Where the specification is silent
///
/// - [`Policy`] has the choices.
/// - If `Content-Type` has several types, the last valid one counts, as in the Fetch Standard:
///   `text/html, text/event-stream` opens, `text/event-stream, text/html` fails.
/// - A response with a `Content-Encoding` fails, because a compressed body would never give an event.
/// - An ID that no header can carry is [left out of the request](Self::last_event_id_header).
///
/// # Memory and cost
///
/// Those of the parser, with no other allocation. With a time limit for comments, blocks, or events, each chunk is
/// scanned for lines twice.
#[derive(Clone, Debug)]
pub struct Connection<S = Growable> {
    parser: Parser<S>,
    rules: Rules,
}

#[cfg(feature = "alloc")]
impl Connection {
    /// Creates a connection with a new parser, which retains at most 16 MiB.
    #[must_use]
    pub const fn new(policy: Policy) -> Self {
        Self::with_parser(Parser::new(), policy)
    }
}

impl<S: Storage> Connection<S> {
    /// Creates a connection with this parser: one with another limit, over fixed arrays, or with a last event ID or
    /// reconnection time from an earlier connection. The rest of an earlier stream in it is discarded.
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

    /// Sets the seed of the [jitter](Policy::jitter): 64 bits that differ between clients, such as random bits from the
    /// operating system or the hardware, or a hash of the device's number and the time. The default is zero.
    #[must_use]
    pub const fn with_seed(mut self, seed: u64) -> Self {
        self.rules.random = SplitMix64(seed);
        self
    }

    /// Returns the state. An input changes it at once; [`poll`](Self::poll) changes it if a time limit has passed, or
    /// if the policy gives up after a lost connection.
    pub const fn ready_state(&self) -> ReadyState {
        self.rules.ready_state()
    }

    /// Returns the policy.
    pub const fn policy(&self) -> &Policy {
        &self.rules.policy
    }

    /// Returns the parser, which has the last event ID string and reports how much is retained.
    pub const fn parser(&self) -> &Parser<S> {
        &self.parser
    }

    /// Returns the parser, so that another connection can resume.
    pub fn into_parser(self) -> Parser<S> {
        self.parser
    }

    /// Returns the reconnection time: that of the last `retry` line, or the policy's.
    pub fn reconnection_time(&self) -> Duration {
        self.parser.reconnection_time().unwrap_or(self.rules.policy.reconnection_time)
    }

    /// Returns the value of the request's header `Last-Event-ID`, to be sent as these bytes even if they are not ASCII
    /// ([9.2.4](https://html.spec.whatwg.org/multipage/server-sent-events.html#the-last-event-id-header)).
    ///
    /// `None` means that the header is omitted: the last event ID string is empty, or it has a control character other
    /// than a tab, which no HTTP client sends. The server then treats the client as a new one.
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

    /// Makes a request due at once: ends a wait, drops an open connection, or starts again after a failure. It does not
    /// count as a reconnection, so later waits are no longer than without it; after a failure the count of
    /// reconnections starts again.
    ///
    /// The parser, the policy, and the last event ID stay. A [`Notice`] with [`Interruption::Asked`] follows, unless a
    /// request is already due or the connection was [closed](Self::close).
    pub fn reconnect(&mut self) {
        self.rules.reconnect();
    }

    /// Returns what to do next; `now` is the time.
    ///
    /// Call it again after each input, and at the time that it returned. What can change its result:
    ///
    /// | result | what changes it |
    /// | --- | --- |
    /// | `Connect` | returned once; then `Receive` |
    /// | `Receive` after `Connect` | `handle_response`, `handle_end`, `handle_network_error`; time, from `until` on |
    /// | `Receive` when open | `handle_end`, `handle_network_error`; time, from `until` on; bytes, which can only postpone `until` |
    /// | `Wait` | time, from `until` on |
    /// | `Stop` | nothing but `reconnect` |
    ///
    /// and `close` and `reconnect` in each case.
    pub fn poll(&mut self, now: Duration) -> Action {
        let has_id = !self.parser.last_event_id().is_empty();
        self.rules.poll(now, self.reconnection_time(), has_id)
    }

    /// Returns the next thing that has happened, each once and in order. Call it after [`poll`](Self::poll) until it
    /// returns `None`.
    ///
    /// Calling it is optional. Only the notices of the last connection are kept.
    pub fn next_notice(&mut self) -> Option<Notice> {
        self.rules.next_notice()
    }

    /// Takes the response to the request.
    ///
    /// The status 200 with the type `text/event-stream`, in any letter case and with any parameters, opens the
    /// connection. A status after which the policy [retries](Policy::retry_status) starts a wait of at least its
    /// `Retry-After`. 204 ends the connection, and any other response fails it
    /// ([9.2.3](https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model)).
    ///
    /// With the feature `http`, it also takes `&http::Response<_>` and `&http::response::Parts`.
    pub fn handle_response<'r>(&mut self, head: impl Into<ResponseHead<'r>>) {
        if self.rules.respond(&head.into()) {
            // This ends a stream that timed out, or one that the parser had before.
            let _ = self.parser.finish();
        }
    }

    /// Takes the next bytes of the body, any number of them, and returns a cursor over the events that they complete,
    /// as [`Parser::push`] does. While the connection is not open, the bytes are dropped and there are no events.
    pub fn push<'s, 'c>(&'s mut self, chunk: &'c [u8]) -> ConnectionEvents<'s, 'c, S> {
        // A cursor that is never called takes nothing, so unwanted bytes are removed here.
        let mut wanted: &[u8] = &[];
        if self.rules.is_open() {
            let position = self.parser.position() + self.parser.unread() as u64;
            self.rules.receive(chunk, position);
            wanted = chunk;
        }
        ConnectionEvents { rules: &mut self.rules, events: self.parser.push(wanted) }
    }

    /// Takes the end of the body, and returns whether it cut an event, as [`Parser::finish`] does. A reconnection
    /// follows.
    ///
    /// # Errors
    ///
    /// [`ParseError::Unread`] if the last cursor was dropped before it had taken its whole chunk. The connection
    /// counts as ended even so.
    pub fn handle_end(&mut self) -> Result<End<'_>, ParseError> {
        self.interrupt(Interruption::End)
    }

    /// Takes a network error: there was no response, or the body broke off. As after
    /// [`handle_end`](Self::handle_end), a reconnection follows.
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
