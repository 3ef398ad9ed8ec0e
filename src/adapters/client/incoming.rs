//! What an `EventSource` gives: events, notices, and at last maybe an error.

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

/// What an [`EventSource`](crate::EventSource) gives. There is nothing else that a caller could have to
/// handle.
#[derive(Debug)]
pub enum Incoming {
    /// An event.
    Event(OwnedEvent),
    /// Something has happened, that a caller may want to log or to show.
    Notice(SourceNotice),
}

/// Something has happened to an [`EventSource`](crate::EventSource). As text it is one line for a log,
/// without addresses and what else an HTTP client's errors begin with.
#[derive(Debug)]
#[non_exhaustive]
pub enum SourceNotice {
    /// The connection is open.
    Open,
    /// An event or an ID needs more than its limit, and was skipped.
    Refused(LimitError),
    /// The connection is lost, or could not be made, and there will be another.
    #[non_exhaustive]
    Reconnecting {
        /// Why.
        reason: Interruption,
        /// How long the wait is.
        delay: Duration,
        /// The error of the request or of the body, if there was one.
        error: Option<BoxError>,
        /// The event that was cut, as far as it came; any part of it may be missing. The specification discards
        /// it, and its ID does not count.
        unfinished: Option<OwnedEvent>,
    },
    /// The server answered with the status 204, which asks clients not to connect again: the end.
    Ended,
    /// A comment, as in [`Item::Comment`](crate::Item::Comment). This and what follows come only from a source
    /// that observes.
    #[non_exhaustive]
    Comment {
        /// What follows the colon, without one space directly after it.
        text: String,
        /// Where in the stream its colon is.
        position: u64,
    },
    /// A `retry` line has set the reconnection time.
    #[non_exhaustive]
    ReconnectionTime {
        /// The time.
        time: Duration,
    },
    /// A block without an event has set the last event ID.
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

/// What an error comes from: the last of its sources. Those before it repeat it, or have addresses, with
/// whatever tokens these have.
fn write_cause(error: Option<&BoxError>, f: &mut Formatter<'_>) -> fmt::Result {
    let Some(error) = error else { return Ok(()) };
    let mut cause: &dyn Error = &**error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    write!(f, ": {cause}")
}

/// Why an [`EventSource`](crate::EventSource) gave up.
#[non_exhaustive]
pub enum SourceError<B> {
    /// The response is no event stream.
    Response(ResponseError<B>),
    /// The policy allows no other request: see [`Failure::Reconnections`] and [`Failure::NotSafe`].
    #[non_exhaustive]
    GaveUp {
        /// Why.
        failure: Failure,
        /// The last error of a request or of a body, if that was the reason.
        error: Option<BoxError>,
    },
    /// The request was refused with a [`FinalError`]: this is what it has.
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

/// Marks the error of a request as final: there is no other attempt. Every other error is a network error,
/// and the request is tried again.
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
    /// The error as a final one.
    pub fn new(error: impl Into<BoxError>) -> Self {
        FinalError(error.into())
    }

    /// The error.
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
