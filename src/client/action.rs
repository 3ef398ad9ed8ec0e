//! What an [`EventSource`](crate::EventSource) says: its state, what is to be done, what happened.

use core::error::Error;
use core::fmt::{self, Display, Formatter};
use core::time::Duration;

use super::Liveness;

/// The state of a connection, with the values of
/// [`readyState`](https://html.spec.whatwg.org/multipage/server-sent-events.html#dom-eventsource-readystate)
/// (9.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ReadyState {
    /// Not yet open, or waiting to connect again.
    Connecting = 0,
    /// Open: events are delivered.
    Open = 1,
    /// Closed by the user, or failed. It stays so.
    Closed = 2,
}

/// What is to be done next, or has happened: see [`EventSource::poll`](crate::EventSource::poll).
///
/// A driver that does not know one of them could not go on, so these are all there will be.
#[must_use = "nothing goes on unless it is done"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action<'a> {
    /// Send a request, and hand in what comes of it. Said once for each request.
    ///
    /// It has the headers `Accept: text/event-stream` and `Cache-Control: no-cache`, and goes past
    /// caches. Redirects are followed below, by the HTTP client.
    Connect {
        /// The value of the header `Last-Event-ID`: these bytes, whether or not they are ASCII.
        /// Where it is `None`, the request has no such header.
        last_event_id: Option<&'a str>,
    },
    /// Take what comes on the connection, first the response and then its body, and hand it in.
    Receive {
        /// Wait no longer than until this time, and poll again: an open connection will have been
        /// silent for too long then.
        until: Option<Duration>,
    },
    /// There is no connection: wait, and poll again.
    Wait {
        /// Until when to wait.
        until: Duration,
    },
    /// The connection is open. Said once, before anything else of this connection.
    Opened,
    /// The connection is lost: drop it. Said once, before the wait for the next one.
    Reconnecting {
        /// Why.
        reason: Interruption,
        /// How long the wait will be.
        delay: Duration,
    },
    /// It failed for good: drop the connection. Said once, before `Stop`.
    Failed(Failure),
    /// Closed. Drop the connection; nothing will come any more.
    Stop,
}

/// Why a connection was lost, so that there will be another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Interruption {
    /// The body ended.
    End,
    /// There was a network error.
    NetworkError,
    /// No sign of life of this class came in time.
    Idle(Liveness),
}

/// Why there will be no other connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Failure {
    /// The response has another status than 200: this one.
    Status(u16),
    /// The response has another type than `text/event-stream`, or none.
    ContentType,
    /// So many reconnections in a row brought no event, all that
    /// [`EventSource::with_max_reconnections`](crate::EventSource::with_max_reconnections) allows.
    #[non_exhaustive]
    Reconnections {
        /// How many.
        count: u32,
        /// How the last connection was lost.
        last: Interruption,
    },
}

impl Display for Interruption {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::End => "the server ended the stream",
            Self::NetworkError => "there was a network error",
            Self::Idle(Liveness::Bytes) => "no bytes came in time",
            Self::Idle(Liveness::Comments) => "no comment, block or event came in time",
            Self::Idle(Liveness::Blocks) => "no block or event came in time",
            Self::Idle(Liveness::Events) => "no event came in time",
        })
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => {
                write!(f, "the response has the status {status}; an event stream needs 200")
            }
            Self::ContentType => f.write_str(
                "the response has no `Content-Type` of `text/event-stream`; check the address",
            ),
            Self::Reconnections { count, last } => {
                write!(f, "{count} reconnections brought no event; at last, {last}")
            }
        }
    }
}

impl Error for Failure {}
