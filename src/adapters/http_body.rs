//! Turns HTTP bodies into events, for every client that uses [`http_body::Body`](::http_body::Body) 1.0, such as
//! hyper, tonic, and reqwest. Here the body is a `String`:
//!
//! ```
//! use futures::{StreamExt, executor::block_on};
//!
//! let body = String::from("event: tick\ndata: 1\n\n");
//! let mut events = sse_wire::http_body::events(body);
//! # block_on(async {
//! while let Some(event) = events.next().await {
//!     assert_eq!(event?.data, "1");
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use core::pin::Pin;
use core::task::{Context, Poll, ready};

use ::http_body::{Body, Frame};
use bytes::{Buf, Bytes};
use futures_core::stream::{Stream, TryStream};
use pin_project_lite::pin_project;

use crate::stream::EventStream;

/// Returns the events of a body, parsed with a limit of 16 MiB.
///
/// ```
/// # futures::executor::block_on(async {
/// let mut events = sse_wire::http_body::events(String::from("data: 1\n\ndata: 2\n\n"));
/// while let Some(mut events) = events.next_events().await.transpose().unwrap() {
///     while let Some(event) = events.next()? {
///         println!("{}", event.data); // lent
///     }
/// }
/// # Ok::<(), sse_wire::ParseError>(())
/// # }).unwrap();
/// ```
///
/// To check the response first, use [`events`](crate::events). For another limit, see [`BodyData`].
pub fn events<B: Body>(body: B) -> EventStream<BodyData<B>> {
    EventStream::new(BodyData::new(body))
}

pin_project! {
    /// The data of a body as a stream of chunks, without trailers.
    ///
    /// Data that is [`Bytes`] is not copied, other data once.
    ///
    /// ```
    /// use sse_wire::{Parser, http_body::BodyData, stream::EventStream};
    ///
    /// let body = String::from("data: x\n\n");
    /// let events = EventStream::with_parser(BodyData::new(body), Parser::with_limit(64 * 1024));
    /// ```
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct BodyData<B> {
        #[pin]
        body: B,
    }
}

impl<B: Body> BodyData<B> {
    /// Returns the data of `body`.
    pub const fn new(body: B) -> Self {
        BodyData { body }
    }
}

impl<B: Body> Stream for BodyData<B> {
    type Item = Result<Bytes, B::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        while let Some(frame) = ready!(self.as_mut().project().body.poll_frame(cx)?) {
            if let Ok(mut data) = frame.into_data() {
                return Poll::Ready(Some(Ok(data.copy_to_bytes(data.remaining()))));
            }
        }
        Poll::Ready(None)
    }
}

pin_project! {
    /// A stream of chunks as a body, for HTTP clients that return a stream instead of a body, as in a browser.
    ///
    /// ```
    /// use futures::stream;
    /// use sse_wire::http_body::ChunkBody;
    ///
    /// // From an HTTP client: a status, headers, and a stream of bytes.
    /// let (status, content_type) = (200, "text/event-stream");
    /// let chunks = stream::iter([Ok::<_, std::io::Error>(b"data: x\n\n".to_vec())]);
    ///
    /// let response = http::Response::builder().status(status).header("content-type", content_type);
    /// let mut events = sse_wire::events(response.body(ChunkBody::new(chunks))?)?;
    /// # futures::executor::block_on(async {
    /// assert_eq!(events.try_next().await?.unwrap().data, "x");
    /// # Ok::<(), sse_wire::StreamError<std::io::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[derive(Debug)]
    #[must_use = "bodies do nothing unless polled"]
    pub struct ChunkBody<S> {
        #[pin]
        chunks: S,
    }
}

impl<S> ChunkBody<S> {
    /// Creates a body of these chunks.
    pub const fn new(chunks: S) -> Self {
        ChunkBody { chunks }
    }
}

impl<S: TryStream<Ok: Into<Bytes>>> Body for ChunkBody<S> {
    type Data = Bytes;
    type Error = S::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, S::Error>>> {
        let chunk = ready!(self.project().chunks.try_poll_next(cx));
        Poll::Ready(chunk.map(|chunk| chunk.map(|chunk| Frame::data(chunk.into()))))
    }
}
