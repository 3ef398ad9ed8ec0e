//! What a [`Connection`](crate::Connection) answers: its state, what is to be done, what has happened.

use core::error::Error;
use core::fmt::{self, Display, Formatter};
use core::time::Duration;

use super::Liveness;

/// The state of a connection, with the values of
/// [`readyState`](https://html.spec.whatwg.org/multipage/server-sent-events.html#dom-eventsource-readystate)
/// (9.2.2). These are all that the specification has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ReadyState {
    /// Not yet open, or waiting to connect again.
    Connecting = 0,
    /// Open: events are delivered.
    Open = 1,
    /// Closed by the user, ended by the server, or failed.
    Closed = 2,
}

/// What is to be done next: see [`Connection::poll`](crate::Connection::poll).
///
/// A driver that does not know one of them could not go on, so these are all there will be.
#[must_use = "nothing goes on unless it is done"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Drop the connection, if there is one, send a request, and hand in what comes of it. Returned
    /// once for each request.
    ///
    /// The request has the headers `Accept: text/event-stream` and `Cache-Control: no-cache`, and
    /// `Last-Event-ID` if [`last_event_id_header`](crate::Connection::last_event_id_header) returns
    /// a value for it. Redirects are followed by the HTTP client.
    Connect,
    /// Take what comes on the connection, first the response and then its body, and hand it in.
    Receive {
        /// Wait no longer than until this time, and poll again.
        until: Option<Duration>,
    },
    /// Drop the connection, if there is one, wait, and poll again.
    Wait {
        /// Until when to wait.
        until: Duration,
    },
    /// Drop the connection, if there is one. Nothing more comes, unless
    /// [`reconnect`](crate::Connection::reconnect) forgives a failure.
    Stop,
}

/// What has happened: see [`Connection::next_notice`](crate::Connection::next_notice).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Notice {
    /// The connection is open.
    Open,
    /// The connection is lost, or could not be made, and there will be another.
    #[non_exhaustive]
    Reconnecting {
        /// Why.
        reason: Interruption,
        /// How long the wait is.
        delay: Duration,
    },
    /// The server answered with the status 204, which asks clients not to connect again.
    Ended,
    /// The connection failed, and there will be no other.
    Failed(Failure),
}

/// Why a connection was lost, if there is another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Interruption {
    /// The body ended.
    End,
    /// There was a network error.
    NetworkError,
    /// The response has this status, which is [tried again](crate::Policy::retry_status).
    Status(u16),
    /// No response came in [time](crate::Policy::head_timeout).
    NoResponse,
    /// No sign of life of this class came in [time](crate::Policy::silence).
    Silence(Liveness),
    /// The user asked for it: [`Connection::reconnect`](crate::Connection::reconnect).
    Asked,
}

/// Why there is no other connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Failure {
    /// The response has this status, which is neither 200 nor tried again.
    Status(u16),
    /// The response has another type than `text/event-stream`, or none.
    ContentType,
    /// The response's body is compressed.
    ContentEncoding,
    /// That many reconnections in a row, all that
    /// [`max_reconnections`](crate::Policy::max_reconnections) allows, gave no healthy connection.
    #[non_exhaustive]
    Reconnections {
        /// How many.
        count: u32,
        /// How the last connection was lost.
        last: Interruption,
    },
    /// The request is [not to be sent again](crate::SendAgain::IfSafe): a part of the response was
    /// received, and no event had an ID to resume after.
    #[non_exhaustive]
    NotSafe {
        /// How the connection was lost.
        reason: Interruption,
    },
}

impl Display for Notice {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("open"),
            Self::Reconnecting { reason, delay } => {
                write!(f, "reconnecting in {delay:?}: {reason}")
            }
            Self::Ended => f.write_str("the server asks not to connect again (status 204)"),
            Self::Failed(failure) => failure.fmt(f),
        }
    }
}

impl Display for Interruption {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::End => "the server ended the stream",
            Self::NetworkError => "there was a network error",
            Self::Status(status) => return write!(f, "the response has the status {status}"),
            Self::NoResponse => "no response came in time",
            Self::Silence(Liveness::Bytes) => "no bytes came in time",
            Self::Silence(Liveness::Comments) => "no comment, block or event came in time",
            Self::Silence(Liveness::Blocks) => "no block or event came in time",
            Self::Silence(Liveness::Events) => "no event came in time",
            Self::Asked => "asked for",
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
            Self::ContentEncoding => f.write_str(
                "the response is compressed (`Content-Encoding`); let the HTTP client decode it, or ask for no compression",
            ),
            Self::Reconnections { count, last } => write!(
                f,
                "{count} reconnections in a row gave no connection that lasted; at last, {last}"
            ),
            Self::NotSafe { reason } => write!(
                f,
                "{reason}; the request is not sent again, since a part of the response was received"
            ),
        }
    }
}

impl Error for Failure {}
