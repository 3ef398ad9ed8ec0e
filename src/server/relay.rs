//! A stream of one request as a response: each item is encoded into the body.
//!
//! Implementation notes. There is one decision, in `poll_bytes`: ready items go into the frame, and a frame with bytes
//! is returned before any wait. Otherwise there is silence. The first one is ended at once, because an intermediary
//! may delay the head until the first byte of the body.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::error::Error;
use core::fmt::{self, Debug, Formatter};
use core::mem::take;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::stream::{FusedStream, Stream};
use http::Response;
use http_body::{Body, Frame};
use pin_project_lite::pin_project;
use tokio::time::Instant;

use super::silence::Silence;
use super::{KeepAlive, RESPONSE_HEADERS};
use crate::error::EncodeError;

/// An error of a body.
type BoxError = Box<dyn Error + Send + Sync>;

/// Writes the event that a client gets for an error.
type OnError = Box<dyn FnOnce(BoxError, &mut Vec<u8>) -> Result<(), EncodeError> + Send + Sync>;

/// Returns a response for any stream: the status 200, [`RESPONSE_HEADERS`](crate::server::RESPONSE_HEADERS), and a
/// [body](EventBody) into which a function encodes each item.
///
/// The function appends one or more blocks for an item to the bytes, or none to skip the item. A handler of axum that
/// relays the answer of a model:
///
/// ```
/// # use futures::{Stream, StreamExt, stream};
/// use http::Response;
/// use sse_wire::{Block, server::EventBody};
///
/// # struct Delta { text: String }
/// # fn ask() -> impl Stream<Item = Result<Delta, std::io::Error>> { stream::iter([Ok(Delta { text: "Hi".into() })]) }
/// async fn answer() -> Response<impl http_body::Body> {
///     let upstream = ask(); // a stream of results
///     sse_wire::response(upstream, |item, out| Ok(Block::new().data(&item?.text).encode(out)?))
/// }
/// # let body = futures::executor::block_on(answer()).into_body();
/// # let frame = futures::executor::block_on(http_body_util::BodyExt::frame(&mut Box::pin(body))).unwrap();
/// ```
///
/// The body has the options, which [`Response::map`] can set:
///
/// ```
/// # use futures::stream;
/// # let upstream = stream::iter([Err::<&str, _>(std::io::Error::other("cut"))]);
/// use sse_wire::Block;
///
/// let response = sse_wire::response(upstream, |item, out| Ok(Block::new().data(item?).encode(out)?))
///     .map(|body| body.on_error(|error, out| {
///         Block::new().event_type("error").data(&error.to_string()).encode(out)
///     }));
/// # let mut body = response.into_body();
/// # let first = futures::executor::block_on(http_body_util::BodyExt::frame(&mut body)).unwrap().unwrap();
/// # assert_eq!(first.into_data().unwrap(), "event: error\ndata: cut\n\n");
/// ```
///
/// hyper and axum take the response as it is. For frameworks with other types, use `RESPONSE_HEADERS` and the body as
/// a stream of [`Bytes`].
///
/// [`Response::map`]: http::Response::map
pub fn response<S, F>(items: S, encode: F) -> Response<EventBody<S, F>>
where
    S: Stream,
    F: FnMut(S::Item, &mut Vec<u8>) -> Result<(), Box<dyn Error + Send + Sync>>,
{
    with_head(EventBody::new(items, encode))
}

/// Creates a response with an event stream as its body.
pub(super) fn with_head<B>(body: B) -> Response<B> {
    let mut response = Response::new(body);
    for &(name, value) in RESPONSE_HEADERS {
        let name = http::HeaderName::from_static(name);
        response.headers_mut().insert(name, http::HeaderValue::from_static(value));
    }
    response
}

pin_project! {
    /// The body of a [`response`](crate::response): any stream, with a function that encodes each item.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use futures::{StreamExt, stream};
    /// use sse_wire::{Block, server::EventBody};
    ///
    /// let numbers = stream::iter([1, 2]);
    /// let mut body = EventBody::new(numbers, |number, out| {
    ///     Ok(Block::new().data(&number.to_string()).encode(out)?)
    /// });
    /// assert_eq!(body.next().await.unwrap().unwrap(), "data: 1\n\ndata: 2\n\n");
    /// # }
    /// ```
    ///
    /// It is an [`http_body::Body`] and a [`Stream`] of [`Bytes`], [`Send`] and [`Sync`] if its stream
    /// and its function are.
    ///
    /// # Frames
    ///
    /// All items that are ready go into one frame, until it has [8 KiB](Self::frame_size); no encoded item waits for a
    /// later one. If nothing is ready at the first poll of the body, a keep-alive is written at once, so that the
    /// client receives the head.
    ///
    /// # Errors
    ///
    /// An error of the function ends the body. Items that were encoded before are sent first, and nothing of the
    /// failed item is sent. Then the body ends with the event that [`on_error`](Self::on_error) writes, or, without
    /// it, with the error: a server then breaks the response off, so that the client notices.
    ///
    /// # Panics
    ///
    /// Polling it outside a tokio runtime with time enabled panics.
    ///
    /// # Memory and cost
    ///
    /// One frame, of at most the frame size plus one item, and a timer. While the body is not polled, because a client
    /// is slow, it takes nothing from the stream. It can't detect a client that has stopped reading: see
    /// [`WriteTimeout`](super::WriteTimeout). When the connection ends, the body and its stream are dropped.
    #[must_use = "bodies do nothing unless polled"]
    pub struct EventBody<S, F> {
        #[pin]
        items: S,
        encode: F,
        frame: Vec<u8>,
        frame_size: usize,
        silence: Silence,
        on_error: Option<OnError>,
        failed: Option<BoxError>,
        ended: bool,
    }
}

impl<S, F> EventBody<S, F>
where
    S: Stream,
    F: FnMut(S::Item, &mut Vec<u8>) -> Result<(), Box<dyn Error + Send + Sync>>,
{
    /// Creates a body of `items`, each encoded by `encode`, with a keep-alive comment after 15 seconds of silence.
    pub fn new(items: S, encode: F) -> Self {
        EventBody {
            items,
            encode,
            frame: Vec::new(),
            frame_size: 8 * 1024,
            silence: Silence::new(KeepAlive::default()),
            on_error: None,
            failed: None,
            ended: false,
        }
    }
}

impl<S, F> EventBody<S, F> {
    /// Sets the number of bytes from which on a frame takes no more items. With 1, each item has its own frame, for
    /// streams whose items are expensive to make, but always ready.
    pub fn frame_size(mut self, bytes: usize) -> Self {
        self.frame_size = bytes;
        self
    }

    /// Sets what is written after silence, and after how much. The times of `keep_alive` start at zero, as with
    /// [`KeepAlive::default`].
    pub fn keep_alive(mut self, keep_alive: KeepAlive<'static>) -> Self {
        self.silence = Silence::new(keep_alive);
        self
    }

    /// Writes an error as the last event, after which the body ends as if complete. If the function fails, the body
    /// ends with that error.
    pub fn on_error(
        mut self,
        encode: impl FnOnce(Box<dyn Error + Send + Sync>, &mut Vec<u8>) -> Result<(), EncodeError>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.on_error = Some(Box::new(encode));
        self
    }
}

impl<S, F> EventBody<S, F>
where
    S: Stream,
    F: FnMut(S::Item, &mut Vec<u8>) -> Result<(), BoxError>,
{
    fn poll_bytes(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BoxError>>> {
        let mut this = self.project();
        while !*this.ended && this.frame.len() < (*this.frame_size).max(1) {
            match this.items.as_mut().poll_next(cx) {
                Poll::Ready(Some(item)) => {
                    let mark = this.frame.len();
                    if let Err(error) = (this.encode)(item, this.frame) {
                        this.frame.truncate(mark);
                        *this.ended = true;
                        *this.failed = match this.on_error.take() {
                            Some(on_error) => on_error(error, this.frame).err().map(Into::into),
                            None => Some(error),
                        };
                    }
                }
                Poll::Ready(None) => *this.ended = true,
                Poll::Pending => break,
            }
        }
        if this.frame.is_empty() {
            if *this.ended {
                return Poll::Ready(this.failed.take().map(Err));
            }
            let keep_alive = ready!(this.silence.poll(cx));
            // The block was checked when the schedule was made.
            let _ = keep_alive.encode(this.frame);
        } else {
            this.silence.end(Instant::now());
        }
        Poll::Ready(Some(Ok(take(this.frame).into())))
    }

    fn is_ended(&self) -> bool {
        self.ended && self.frame.is_empty() && self.failed.is_none()
    }
}

impl<S, F> Body for EventBody<S, F>
where
    S: Stream,
    F: FnMut(S::Item, &mut Vec<u8>) -> Result<(), Box<dyn Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.poll_bytes(cx).map_ok(Frame::data)
    }

    fn is_end_stream(&self) -> bool {
        self.is_ended()
    }
}

impl<S, F> Stream for EventBody<S, F>
where
    S: Stream,
    F: FnMut(S::Item, &mut Vec<u8>) -> Result<(), Box<dyn Error + Send + Sync>>,
{
    type Item = Result<Bytes, Box<dyn Error + Send + Sync>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_bytes(cx)
    }
}

impl<S, F> FusedStream for EventBody<S, F>
where
    S: Stream,
    F: FnMut(S::Item, &mut Vec<u8>) -> Result<(), Box<dyn Error + Send + Sync>>,
{
    fn is_terminated(&self) -> bool {
        self.is_ended()
    }
}

impl<S: Debug, F> Debug for EventBody<S, F> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventBody")
            .field("items", &self.items)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}
