//! What an `EventSource` returns: events, notices, and an error at the end.

use alloc::string::String;
use core::error::Error;
use core::fmt::{self, Debug, Display, Formatter};
use core::ops::Range;
use core::time::Duration;

use super::super::excerpt::Excerpt;
use super::{BoxError, ResponseError};
use crate::client::{Failure, Interruption, Notice};
use crate::error::LimitError;
use crate::event::{LastEventId, OwnedEvent};

/// An item of an [`EventSource`](crate::EventSource). The enum is exhaustive: there will be no third kind.
///
/// ```
/// use sse_wire::{Incoming, OwnedEvent};
///
/// fn event(incoming: Incoming) -> Option<OwnedEvent> {
///     match incoming {
///         Incoming::Event(event) => Some(event),
///         Incoming::Notice(_) => None,
///     }
/// }
/// # assert!(event(Incoming::Event(OwnedEvent::default())).is_some());
/// ```
#[derive(Debug)]
pub enum Incoming {
    /// An event.
    Event(OwnedEvent),
    /// A change of the connection, to be logged or shown.
    Notice(SourceNotice),
}

/// What has happened to the connection of an [`EventSource`](crate::EventSource).
///
/// Displayed, it is one line for a log, without the addresses that an HTTP client's errors often contain.
///
/// ```
/// use sse_wire::SourceNotice;
///
/// fn log(notice: &SourceNotice) {
///     match notice {
///         SourceNotice::Open => {}
///         SourceNotice::Reconnecting { delay, .. } if delay.as_secs() < 10 => {}
///         _ => eprintln!("{notice}"),
///     }
/// }
/// # log(&SourceNotice::Open);
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum SourceNotice {
    /// The connection is open.
    Open,
    /// An event or an ID needs more than its limit, and was skipped.
    Refused(LimitError),
    /// The connection was lost or could not be made, and there will be another.
    #[non_exhaustive]
    Reconnecting {
        /// Why.
        reason: Interruption,
        /// How long the source waits before it.
        delay: Duration,
        /// The error of the request or of the body, if there was one.
        error: Option<BoxError>,
        /// The event that was cut, as far as it had arrived; any part of it may be missing. The specification
        /// discards it, and its ID does not count.
        unfinished: Option<OwnedEvent>,
    },
    /// The server answered with the status 204, which asks clients not to reconnect. This is the last notice.
    Ended,
    /// A comment, as in [`Item::Comment`](crate::Item::Comment). This and the following notices require
    /// `EventSource::observe`.
    #[non_exhaustive]
    Comment {
        /// The text after the colon, without one space directly after the colon.
        text: String,
        /// The offset of its colon in the stream.
        position: u64,
    },
    /// A `retry` line has set the reconnection time.
    #[non_exhaustive]
    ReconnectionTime {
        /// The time.
        time: Duration,
    },
    /// A block without data has set the last event ID. (A block whose event was [refused](Self::Refused) can have set it,
    /// too.)
    #[non_exhaustive]
    LastEventId {
        /// The ID.
        id: LastEventId,
        /// The range of the block in the stream, as in [`OwnedEvent::range`].
        range: Range<u64>,
    },
}

impl Display for SourceNotice {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => Display::fmt(&Notice::Open, f),
            Self::Refused(error) => Display::fmt(error, f),
            &Self::Reconnecting { reason, delay, ref error, .. } => {
                Display::fmt(&Notice::Reconnecting { reason, delay }, f)?;
                write_cause(error.as_ref(), f)
            }
            Self::Ended => Display::fmt(&Notice::Ended, f),
            Self::Comment { text, .. } => write!(f, "comment: {}", Excerpt(text)),
            Self::ReconnectionTime { time } => write!(f, "the reconnection time is {time:?}"),
            Self::LastEventId { id, .. } => write!(f, "the last event ID is {}", Excerpt(id)),
        }
    }
}

/// Writes the last of the error's sources. Those before it repeat it, or have addresses, which may have tokens.
fn write_cause(error: Option<&BoxError>, f: &mut Formatter<'_>) -> fmt::Result {
    let Some(error) = error else { return Ok(()) };
    let mut cause: &dyn Error = &**error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    write!(f, ": {cause}")
}

/// Why an [`EventSource`](crate::EventSource) gave up.
///
/// ```
/// # #[cfg(feature = "http-body")] {
/// use sse_wire::SourceError;
///
/// async fn report<B: http_body::Body>(error: SourceError<B>) -> String {
///     match error {
///         SourceError::Response(error) => {
///             let what = error.to_string();
///             what + ": " + &error.body_text(1000).await // which usually has the reason
///         }
///         error => error.to_string(),
///     }
/// }
/// # let _ = report::<String>;
/// # }
/// ```
#[non_exhaustive]
pub enum SourceError<B> {
    /// The response is not an event stream.
    Response(ResponseError<B>),
    /// The policy allows no further request: see [`Failure::Reconnections`] and [`Failure::NotSafe`].
    #[non_exhaustive]
    GaveUp {
        /// Why.
        failure: Failure,
        /// The last error of a request or of a body, if that was the reason.
        error: Option<BoxError>,
    },
    /// The closure returned a [`FinalError`], which contained this error.
    Request(BoxError),
}

impl<B> Display for SourceError<B> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Response(error) => Display::fmt(error, f),
            Self::GaveUp { failure, error } => {
                Display::fmt(failure, f)?;
                write_cause(error.as_ref(), f)
            }
            Self::Request(error) => Display::fmt(error, f),
        }
    }
}

impl<B> Debug for SourceError<B> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Response(error) => f.debug_tuple("Response").field(error).finish(),
            Self::GaveUp { failure, error } => {
                f.debug_struct("GaveUp").field("failure", failure).field("error", error).finish()
            }
            Self::Request(error) => f.debug_tuple("Request").field(error).finish(),
        }
    }
}

impl<B> Error for SourceError<B> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Response(_) => None,
            Self::GaveUp { error, .. } => error.as_ref().map(|error| &**error as _),
            Self::Request(error) => error.source(),
        }
    }
}

/// Marks the error of a request as final: there is no further attempt. Any other error counts as a network error,
/// and the request is sent again.
///
/// ```
/// use sse_wire::FinalError;
///
/// fn token() -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
///     Err(FinalError::new("no token is left").into())
/// }
/// # assert!(token().is_err());
/// ```
#[derive(Debug)]
pub struct FinalError(BoxError);

impl FinalError {
    /// Marks this error as final.
    pub fn new(error: impl Into<BoxError>) -> Self {
        FinalError(error.into())
    }

    /// Returns the error.
    pub fn into_inner(self) -> BoxError {
        self.0
    }
}

impl Display for FinalError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.0, f)
    }
}

impl Error for FinalError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}
