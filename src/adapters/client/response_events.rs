//! The events of one response, without reconnection.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt::{self, Debug, Formatter};
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use ::http_body::Body;
use futures_core::stream::{FusedStream, Stream};
use http::{HeaderMap, Response};

use super::ResponseError;
use super::stream_error::{StreamEnd, StreamError};
use crate::adapters::error::ReadError;
use crate::client::ResponseHead;
use crate::decode::Parser;
use crate::error::{LimitError, ParseError, Refused};
use crate::event::{End, OwnedEvent};
use crate::http_body::BodyData;
use crate::stream::EventStream;

/// Returns the events of a response, from any HTTP client whose response converts to `http::Response<B>`, where `B`
/// is an `http_body::Body`: reqwest (from 0.12 on) and hyper, for example.
///
/// ```
/// # struct Delta { text: String }
/// # let response = http::Response::builder().header("content-type", "text/event-stream")
/// #     .body("data: Hel\n\ndata: lo\n\ndata: [DONE]\n\n".to_owned()).unwrap();
/// # futures::executor::block_on(async {
/// let mut events = sse_wire::events(response)?.until("[DONE]");
/// let mut text = String::new();
/// while let Some(event) = events.try_next().await? {
///     text += &event.data;
/// }
/// assert_eq!(text, "Hello");
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// # }).unwrap();
/// ```
///
/// To read a body without checking its response, use [`http_body::events`](crate::http_body::events).
///
/// # Errors
///
/// Returns a [`ResponseError`] with the whole response, its body unread, if the status is not 200, the content type
/// is not `text/event-stream`, or the body is compressed
/// ([9.2.3](https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model)).
pub fn events<R, B>(response: R) -> Result<ResponseEvents<B>, ResponseError<B>>
where
    R: Into<Response<B>>,
    B: Body,
{
    let response = response.into();
    match ResponseHead::from(&response).check(None) {
        Ok(()) => Ok(ResponseEvents::new(response)),
        Err(failure) => Err(ResponseError::new(failure, response)),
    }
}

/// The events of one response: see [`events`].
///
/// ```
/// # use std::error::Error;
/// use sse_wire::{StreamEnd, StreamError};
///
/// # fn main() -> Result<(), Box<dyn Error + Send + Sync>> { futures::executor::block_on(async {
/// # let response = http::Response::builder().header("content-type", "text/event-stream")
/// #     .body("data: Hel\n\ndata: lo\n\n".to_owned())?;
/// let mut events = sse_wire::events(response)?.until("[DONE]").error_events();
/// loop {
///     match events.try_next().await {
///         Ok(Some(event)) => print!("{}", event.data),
///         Ok(None) => break,
///         Err(StreamError::Refused(error)) => eprintln!("skipped: {error}"),
///         Err(StreamError::ErrorEvent(event)) => return Err(event.data.into()),
///         Err(StreamError::InEvent | StreamError::BeforeSentinel) => break, // cut: ask again?
///         Err(error) => return Err(error.into()),
///     }
/// }
/// assert_eq!(events.end(), Some(StreamEnd::BeforeSentinel));
/// # Ok(()) }) }
/// ```
///
/// # Errors
///
/// A [`StreamError`] is the last item, except [`StreamError::Refused`]: the next call continues after the refused
/// event. A refused ID is not an error, because its event is delivered: see [`refused_id`](Self::refused_id).
///
/// A stream that is cut in the middle of an event is an error, and so is one that ends before
/// [its sentinel](Self::until). [`end`](Self::end) returns how the stream ended.
///
/// # Time limits
///
/// There are none: set the HTTP client's read timeout, or wrap [`try_next`](Self::try_next) in a timeout.
///
/// # Laws
///
/// - Cancellation: dropping a future of [`try_next`](Self::try_next) loses nothing, so it can be used in `select!`.
/// - The type is `Unpin`, and `Send` if the body is.
///
/// # Memory and cost
///
/// Those of [`EventStream`].
#[must_use = "streams do nothing unless polled"]
pub struct ResponseEvents<B: Body> {
    headers: HeaderMap,
    stream: EventStream<BodyData<Pin<Box<B>>>>,
    sentinel: Option<String>,
    error_type: bool,
    #[cfg(feature = "json")]
    error_objects: bool,
    refused_id: Option<LimitError>,
    end: Option<StreamEnd>,
}

impl<B: Body> ResponseEvents<B> {
    fn new(response: Response<B>) -> Self {
        let (parts, body) = response.into_parts();
        ResponseEvents {
            headers: parts.headers,
            stream: EventStream::new(BodyData::new(Box::pin(body))),
            sentinel: None,
            error_type: false,
            #[cfg(feature = "json")]
            error_objects: false,
            refused_id: None,
            end: None,
        }
    }

    /// Sets a sentinel: an event with this data, like `[DONE]`, ends the events and is not returned. A stream that
    /// ends without it is then an error.
    pub fn until(mut self, sentinel: impl Into<String>) -> Self {
        self.sentinel = Some(sentinel.into());
        self
    }

    /// Returns an event of the type `error` as an error, which is the last item.
    pub const fn error_events(mut self) -> Self {
        self.error_type = true;
        self
    }

    /// Returns an [error object](OwnedEvent::is_error_object) as an error, which is the last item (feature `json`).
    ///
    /// # Memory and cost
    ///
    /// Data that begins with `{` is parsed one more time.
    #[cfg(feature = "json")]
    pub const fn error_objects(mut self) -> Self {
        self.error_objects = true;
        self
    }

    /// Sets the parser, for a limit other than 16 MiB. Call it before the first event.
    pub fn with_parser(mut self, parser: Parser) -> Self {
        self.stream = self.stream.replace_parser(parser);
        self
    }

    /// Also returns the last event if its blank line is missing, since some servers end their streams without it.
    /// The specification discards such an event, because any part of it may be missing.
    pub fn deliver_unfinished(mut self) -> Self {
        self.stream = self.stream.deliver_unfinished();
        self
    }

    /// Returns the response's headers.
    pub const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Returns the last event ID string; empty if there is none.
    pub fn last_event_id(&self) -> &str {
        self.stream.last_event_id()
    }

    /// Returns the last refusal of an ID that is longer than the limit for IDs. The ID before it stays in force.
    pub const fn refused_id(&self) -> Option<LimitError> {
        self.refused_id
    }

    /// Returns how the events ended; `None` if they have not.
    pub const fn end(&self) -> Option<StreamEnd> {
        self.end
    }

    /// Returns the next event; `None` at the end.
    ///
    /// # Errors
    ///
    /// See [`ResponseEvents`].
    pub async fn try_next(&mut self) -> Result<Option<OwnedEvent>, StreamError<B::Error>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await.transpose()
    }

    fn judge(&mut self, event: OwnedEvent) -> Option<Result<OwnedEvent, StreamError<B::Error>>> {
        if self.sentinel.as_deref() == Some(&event.data) {
            self.end = Some(StreamEnd::Sentinel);
            return None;
        }
        if self.is_error(&event) {
            self.end = Some(StreamEnd::ErrorEvent);
            return Some(Err(StreamError::ErrorEvent(Box::new(event))));
        }
        Some(Ok(event))
    }

    fn is_error(&self, event: &OwnedEvent) -> bool {
        if self.error_type && event.event_type == "error" {
            return true;
        }
        #[cfg(feature = "json")]
        if self.error_objects {
            return event.is_error_object();
        }
        false
    }

    fn finish(&mut self) -> Option<StreamError<B::Error>> {
        let in_event = matches!(self.stream.finish(), Ok(End::Incomplete(_)));
        let (end, error) = match (in_event, &self.sentinel) {
            (true, _) => (StreamEnd::InEvent, Some(StreamError::InEvent)),
            (false, Some(_)) => (StreamEnd::BeforeSentinel, Some(StreamError::BeforeSentinel)),
            (false, None) => (StreamEnd::Clean, None),
        };
        self.end = Some(end);
        error
    }
}

impl<B: Body> Stream for ResponseEvents<B> {
    type Item = Result<OwnedEvent, StreamError<B::Error>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if this.end.is_some() {
                return Poll::Ready(None);
            }
            let item = match ready!(Pin::new(&mut this.stream).poll_next(cx)) {
                Some(Ok(event)) => this.judge(event),
                Some(Err(ReadError::Parse(ParseError::Limit(error)))) => {
                    if error.refused() == Refused::Id {
                        this.refused_id = Some(error);
                        continue;
                    }
                    Some(Err(StreamError::Refused(error)))
                }
                // No cursor is dropped before its end here.
                Some(Err(ReadError::Parse(ParseError::Unread { .. }))) => continue,
                Some(Err(ReadError::Transport(error))) => {
                    this.end = Some(StreamEnd::Transport);
                    Some(Err(StreamError::Transport(error)))
                }
                None => this.finish().map(Err),
            };
            return Poll::Ready(item);
        }
    }
}

impl<B: Body> FusedStream for ResponseEvents<B> {
    fn is_terminated(&self) -> bool {
        self.end.is_some()
    }
}

impl<B: Body> Debug for ResponseEvents<B> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseEvents").field("end", &self.end).finish_non_exhaustive()
    }
}
