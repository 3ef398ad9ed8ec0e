//! How the events of one response end.

use alloc::boxed::Box;
use core::error::Error;
use core::fmt::{self, Display, Formatter};

use crate::adapters::excerpt::Excerpt;
use crate::error::LimitError;
use crate::event::OwnedEvent;

/// How the events of a response ended: see [`ResponseEvents::end`](crate::ResponseEvents::end).
///
/// ```
/// use sse_wire::StreamEnd;
///
/// fn is_complete(end: Option<StreamEnd>) -> bool {
///     matches!(end, Some(StreamEnd::Clean | StreamEnd::Sentinel))
/// }
/// # assert!(is_complete(Some(StreamEnd::Sentinel)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StreamEnd {
    /// The server ended the stream after an event, and no sentinel was set.
    Clean,
    /// The sentinel arrived.
    Sentinel,
    /// The stream was cut in the middle of an event.
    InEvent,
    /// The server ended the stream after an event, but before the sentinel.
    BeforeSentinel,
    /// The body returned an error.
    Transport,
    /// An error event arrived.
    ErrorEvent,
}

/// The error of [`ResponseEvents`](crate::ResponseEvents); `E` is the body's error.
///
/// ```
/// use sse_wire::StreamError;
///
/// /// Whether the same request may succeed if it is sent again.
/// fn is_temporary<E>(error: &StreamError<E>) -> bool {
///     match error {
///         StreamError::Transport(_) | StreamError::InEvent | StreamError::BeforeSentinel => true,
///         StreamError::ErrorEvent(event) => event.data.contains("overloaded"),
///         _ => false,
///     }
/// }
///
/// # let response = http::Response::builder().header("content-type", "text/event-stream")
/// #     .body("data: Hel\n\nda".to_owned())?;
/// # futures::executor::block_on(async {
/// // Here the server closed the connection after `da`.
/// let mut events = sse_wire::events(response)?;
/// assert_eq!(events.try_next().await?.unwrap().data, "Hel");
/// let error = events.try_next().await.unwrap_err();
/// assert!(is_temporary(&error));
/// assert_eq!(error.to_string(), "the stream was cut in the middle of an event");
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// # }).unwrap();
/// # Ok::<(), http::Error>(())
/// ```
///
/// It implements [`Error`] if `E` does, which a `Box<dyn Error>` does not.
#[derive(Debug)]
#[non_exhaustive]
pub enum StreamError<E> {
    /// An event needs more than the parser's limit. The next call continues after it.
    Refused(LimitError),
    /// The body's error, which is also the [source](Error::source).
    Transport(E),
    /// The stream was cut in the middle of an event, which is lost.
    InEvent,
    /// The stream ended before [its sentinel](crate::ResponseEvents::until).
    BeforeSentinel,
    /// The server sent an error event: see [`ResponseEvents::error_events`](crate::ResponseEvents::error_events) and
    /// `ResponseEvents::error_objects`.
    ErrorEvent(Box<OwnedEvent>),
}

impl<E> Display for StreamError<E> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => Display::fmt(error, f),
            Self::Transport(_) => f.write_str("the stream could not be read"),
            Self::InEvent => f.write_str("the stream was cut in the middle of an event"),
            Self::BeforeSentinel => f.write_str("the stream ended before it was complete"),
            Self::ErrorEvent(event) => {
                write!(f, "the stream has an error event: {}", Excerpt(&event.data))
            }
        }
    }
}

impl<E: Error + 'static> Error for StreamError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Transport(error) => Some(error),
            _ => None,
        }
    }
}
