//! What a [`Connection`](crate::Connection) returns: its state, what to do next, and what has happened.

use core::error::Error;
use core::fmt::{self, Display, Formatter};
use core::time::Duration;

use super::Liveness;

/// The state of a connection, with the values of
/// [`readyState`](https://html.spec.whatwg.org/multipage/server-sent-events.html#dom-eventsource-readystate)
/// (9.2.2), and no others.
///
/// ```
/// use sse_wire::{Connection, Policy, ReadyState};
///
/// let mut connection = Connection::new(Policy::default());
/// assert_eq!(connection.ready_state(), ReadyState::Connecting);
/// connection.close();
/// assert_eq!(connection.ready_state() as u8, 2);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ReadyState {
    /// Not yet open, or waiting to reconnect.
    Connecting = 0,
    /// Open: events are delivered.
    Open = 1,
    /// Closed by the user, ended by the server, or failed.
    Closed = 2,
}

/// What to do next: see [`Connection::poll`](crate::Connection::poll), and [`Connection`](crate::Connection) for an
/// example.
///
/// The enum is exhaustive, because a driver has to handle every action.
///
/// ```
/// use sse_wire::{Action, Connection, Policy};
///
/// let mut connection = Connection::new(Policy::default());
/// assert_eq!(connection.poll(std::time::Duration::ZERO), Action::Connect);
/// ```
#[must_use = "the connection makes no progress unless this is done"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Drop the connection, if there is one, send a request, and pass its result to the `handle_` methods. Returned
    /// once for each request.
    ///
    /// The request has the headers `Accept: text/event-stream` and `Cache-Control: no-cache`, and
    /// `Last-Event-ID` if [`last_event_id_header`](crate::Connection::last_event_id_header) returns
    /// a value for it. The HTTP client follows redirects.
    Connect,
    /// Receive first the response, then its body, and pass them to the connection.
    Receive {
        /// When to poll again if nothing arrives; `None` if there is no time limit.
        until: Option<Duration>,
    },
    /// Drop the connection, if there is one, wait, and poll again.
    Wait {
        /// When the wait ends.
        until: Duration,
    },
    /// Drop the connection, if there is one. This is the end, unless [`reconnect`](crate::Connection::reconnect)
    /// starts again after a failure.
    Stop,
}

/// What has happened: see [`Connection::next_notice`](crate::Connection::next_notice).
///
/// ```
/// use sse_wire::{Failure, Interruption, Notice};
///
/// fn log(notice: Notice) {
///     match notice {
///         Notice::Failed(Failure::Status(401 | 403)) => eprintln!("the credentials are wrong"),
///         Notice::Reconnecting { reason: Interruption::End, .. } => {} // common
///         notice => eprintln!("{notice}"),
///     }
/// }
/// # log(Notice::Open);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Notice {
    /// The connection is open.
    Open,
    /// The connection was lost or could not be made, and there will be another.
    #[non_exhaustive]
    Reconnecting {
        /// Why.
        reason: Interruption,
        /// How long to wait before it.
        delay: Duration,
    },
    /// The server answered with the status 204, which asks clients not to reconnect.
    Ended,
    /// The connection failed for good.
    Failed(Failure),
}

/// Why a connection was lost or could not be made, if there will be another.
///
/// ```
/// use sse_wire::Interruption;
///
/// fn needs_new_token(reason: Option<Interruption>) -> bool {
///     reason == Some(Interruption::Status(401))
/// }
/// # assert!(!needs_new_token(None));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Interruption {
    /// The body ended.
    End,
    /// There was a network error.
    NetworkError,
    /// The response has this status, after which the policy [retries](crate::Policy::retry_status).
    Status(u16),
    /// No response arrived in [time](crate::Policy::head_timeout).
    NoResponse,
    /// No sign of life of this class arrived in [time](crate::Policy::silence).
    Silence(Liveness),
    /// The caller called [`Connection::reconnect`](crate::Connection::reconnect).
    Asked,
}

/// Why there will be no other connection.
///
/// ```
/// use sse_wire::Failure;
///
/// let failure = Failure::Status(404);
/// assert_eq!(failure.to_string(), "the response has the status 404; an event stream needs 200");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Failure {
    /// The response has this status, which is not 200, and after which the policy does not retry.
    Status(u16),
    /// The response has a content type other than `text/event-stream`, or none.
    ContentType,
    /// The response's body is compressed.
    ContentEncoding,
    /// As many reconnections in a row as [`max_reconnections`](crate::Policy::max_reconnections) allows gave no
    /// healthy connection.
    #[non_exhaustive]
    Reconnections {
        /// How many.
        count: u32,
        /// How the last connection was lost.
        last: Interruption,
    },
    /// It is not [safe](crate::SendAgain::IfSafe) to send the request again: a part of the response was received, and
    /// no event had an ID to resume after.
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
            Self::Ended => f.write_str("the server asks clients not to reconnect (status 204)"),
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
            Self::NoResponse => "no response arrived in time",
            Self::Silence(Liveness::Bytes) => "no bytes arrived in time",
            Self::Silence(Liveness::Comments) => "no comment, block, or event arrived in time",
            Self::Silence(Liveness::Blocks) => "no block or event arrived in time",
            Self::Silence(Liveness::Events) => "no event arrived in time",
            Self::Asked => "requested by the caller",
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
                "{count} reconnections in a row gave no lasting connection; last reason: {last}"
            ),
            Self::NotSafe { reason } => write!(
                f,
                "{reason}; the request is not sent again, since a part of the response was received"
            ),
        }
    }
}

impl Error for Failure {}
