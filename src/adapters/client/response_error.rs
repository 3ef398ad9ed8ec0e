//! A response that is not an event stream, with its body unread.

use alloc::boxed::Box;
#[cfg(feature = "http-body")]
use alloc::{string::String, vec::Vec};
use core::error::Error;
use core::fmt::{self, Debug, Display, Formatter};
use std::sync::{Mutex, PoisonError};

use http::header::{CONTENT_TYPE, HeaderMap};
use http::response::Parts;
use http::{Response, StatusCode};

use super::super::excerpt::Excerpt;
use crate::client::Failure;

/// A response that is not an event stream: its status is not 200, its content type is another, or its body is
/// compressed.
///
/// It has the whole response with its body unread, since the body usually has the reason, as a JSON object for
/// example. A header may have an ID of the request for the server's support, or `Retry-After`:
///
/// ```
/// # #[cfg(feature = "http-body")] {
/// use std::time::Duration;
/// use sse_wire::{Failure, ResponseError};
///
/// /// How long to wait before the request is sent again, if it should be.
/// fn retry_after<B>(error: &ResponseError<B>) -> Option<Duration> {
///     match error.failure() {
///         Failure::Status(429 | 503) => {
///             let value = error.headers().get("retry-after")?.to_str().ok()?;
///             value.parse().ok().map(Duration::from_secs)
///         }
///         _ => None,
///     }
/// }
///
/// let response = http::Response::builder().status(429).header("retry-after", "7").body(String::new());
/// let error = sse_wire::events(response.unwrap()).unwrap_err();
/// assert_eq!(retry_after(&error), Some(Duration::from_secs(7)));
/// # }
/// ```
///
/// It is `Send` and `Sync` if the body is `Send`, so `?` works in a function that returns
/// `Box<dyn Error + Send + Sync>`, or the error of `anyhow`.
pub struct ResponseError<B>(Box<Inner<B>>);

struct Inner<B> {
    failure: Failure,
    parts: Parts,
    /// Never locked: the mutex makes the error `Sync`, which few bodies are.
    body: Mutex<B>,
}

impl<B> ResponseError<B> {
    pub(super) fn new(failure: Failure, response: Response<B>) -> Self {
        let (parts, body) = response.into_parts();
        ResponseError(Box::new(Inner { failure, parts, body: Mutex::new(body) }))
    }

    /// Returns what is wrong with the response.
    pub fn failure(&self) -> Failure {
        self.0.failure
    }

    /// Returns the status.
    pub fn status(&self) -> StatusCode {
        self.0.parts.status
    }

    /// Returns the headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.0.parts.headers
    }

    /// Returns the response with its body unread.
    pub fn into_response(self) -> Response<B> {
        let Inner { parts, body, .. } = *self.0;
        Response::from_parts(parts, body.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads at most `limit` bytes of the body and returns them as text; ill-formed UTF-8 becomes U+FFFD. If the body
    /// returns an error, the text is what arrived before it. This consumes the error, so format it first.
    ///
    /// ```
    /// use sse_wire::events;
    ///
    /// let response = http::Response::builder().status(401).body(String::from("the key has expired"));
    /// # futures::executor::block_on(async {
    /// let Err(error) = events(response?) else { panic!() };
    /// assert_eq!(error.status(), 401);
    /// let what = error.to_string();
    /// let text = error.body_text(100).await;
    /// assert_eq!(
    ///     format!("{what}: {text}"),
    ///     "the response has the status 401; an event stream needs 200: the key has expired"
    /// );
    /// # Ok::<(), http::Error>(())
    /// # }).unwrap();
    /// ```
    #[cfg(feature = "http-body")]
    pub async fn body_text(self, limit: usize) -> String
    where
        B: ::http_body::Body,
    {
        use core::future::poll_fn;
        use core::pin::{Pin, pin};

        use futures_core::Stream;

        let mut chunks = pin!(crate::http_body::BodyData::new(self.into_response().into_body()));
        let mut text = Vec::new();
        while text.len() < limit {
            let next = poll_fn(|cx| Pin::as_mut(&mut chunks).poll_next(cx)).await;
            let Some(Ok(chunk)) = next else { break };
            text.extend_from_slice(&chunk[..chunk.len().min(limit - text.len())]);
        }
        String::from_utf8_lossy(&text).into_owned()
    }
}

impl<B> Display for ResponseError<B> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let content_type = self.headers().get_all(CONTENT_TYPE).iter().next_back();
        match (self.failure(), content_type) {
            (Failure::ContentType, Some(value)) => {
                let value = alloc::string::String::from_utf8_lossy(value.as_bytes());
                write!(f, "the response has the type {}", Excerpt(&value))?;
                f.write_str("; an event stream has `text/event-stream`; check the address")
            }
            (failure, _) => Display::fmt(&failure, f),
        }
    }
}

impl<B> Debug for ResponseError<B> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseError")
            .field("failure", &self.failure())
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}

impl<B> Error for ResponseError<B> {}
