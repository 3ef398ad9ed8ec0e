//! HTTP bodies ↔ events, for every client and server that speaks [`http_body::Body`](::http_body::Body)
//! 1.0: hyper, axum, tonic, reqwest.
//!
//! A client reads the events of a body, here of one that lies in memory:
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
//!
//! A server makes a body of its events. With axum and tokio:
//!
//! ```text
//! async fn ticks() -> impl IntoResponse {
//!     let body = EventBody::new(ticks, |n: u64, out| {
//!         Block::new().event_type("tick").data(&n.to_string()).encode(out)
//!     });
//!     let body = body.keep_alive(KeepAlive::new(Duration::ZERO), tokio::time::sleep);
//!     (server::RESPONSE_HEADERS, axum::body::Body::new(body))
//! }
//! ```
//!
//! With hyper it is `Response::builder().header(…).body(body)`, and on the side of the client
//! `events(response.into_body())`.

// Implementation notes. Decoding is the stream adapter over a body's data. Encoding is one
// decision, in `poll_frame`: what is ready goes into the frame, and a frame that has something
// goes out before anything is waited for. Silence is what comes after that, and the only state in
// which there is a timer.

use alloc::vec::Vec;
use core::future::{Future, Pending};
use core::mem::take;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use ::http_body::{Body, Frame};
use bytes::{Buf, Bytes};
use futures_core::stream::Stream;
use pin_project_lite::pin_project;

use crate::server::KeepAlive;
use crate::stream::EventStream;

/// The events of a body, parsed with a limit of 16 MiB. For another limit, or to go on after an
/// earlier connection: `EventStream::with_parser(BodyData::new(body), parser)`.
pub fn events<B: Body>(body: B) -> EventStream<BodyData<B>> {
    EventStream::new(BodyData::new(body))
}

pin_project! {
    /// The data of a body as a stream of chunks. Trailers are passed over.
    ///
    /// Data that is [`Bytes`] is not copied, any other kind once.
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct BodyData<B> {
        #[pin]
        body: B,
    }
}

impl<B: Body> BodyData<B> {
    /// The data of `body`.
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
    /// A body made of a stream of anything, by a function that encodes one item.
    ///
    /// The function appends to the bytes that it is given: one block an item, none to pass an item
    /// over, or many. [`Block::encode`](crate::Block::encode) does it, and
    /// [`Block::data_writer`](crate::Block::data_writer) takes what a serializer writes.
    ///
    /// ```
    /// use futures::stream;
    /// use sse_wire::{Block, http_body::EventBody};
    ///
    /// let names = stream::iter(["Ada", "Grace"]);
    /// let body = EventBody::new(names, |name, out| {
    ///     Block::new().event_type("joined").data(name).encode(out)
    /// });
    /// # use futures::{StreamExt, executor::block_on};
    /// # let mut events = sse_wire::http_body::events(body);
    /// # block_on(async {
    /// # assert_eq!(events.next().await.unwrap().unwrap().data, "Ada");
    /// # assert_eq!(events.next().await.unwrap().unwrap().data, "Grace");
    /// # assert!(events.next().await.is_none());
    /// # });
    /// ```
    ///
    /// # Frames
    ///
    /// All items that are ready go into one frame, until it has [8 KiB](Self::frame_size); nothing
    /// that was encoded is held back while more is waited for. A poll takes items until one is not
    /// ready or a frame is full.
    ///
    /// # Errors
    ///
    /// An error of the function is an error of the body, of the same type, in the item's place: what
    /// was encoded before goes out first, and nothing of the item does. Servers abort the response
    /// there, so that the client notices; a body that is polled on goes on with the next item.
    ///
    /// To leave out what can't be encoded and keep the connection, let the function return no error:
    ///
    /// ```
    /// # use futures::stream;
    /// use sse_wire::{Block, EncodeError, http_body::EventBody};
    ///
    /// # let lines = stream::iter([(String::from("1\ndata: injected"), "x")]);
    /// let body = EventBody::new(lines, |(id, text): (String, &str), out| {
    ///     if let Err(error) = Block::new().id(&id).data(text).encode(out) {
    ///         eprintln!("not sent: {error}");
    ///     }
    ///     Ok::<(), EncodeError>(())
    /// });
    /// # let body: Vec<_> = futures::executor::block_on_stream(sse_wire::http_body::BodyData::new(body)).collect();
    /// # assert!(body.is_empty());
    /// ```
    ///
    /// The items of a stream that can fail are `Result`s; the function begins with `let item =
    /// item?;` then.
    ///
    /// # Memory and cost
    ///
    /// One frame, of at most the frame size and one item, in memory of its own. As long as it is
    /// not polled, because a client is slow, nothing is taken from the stream.
    #[derive(Debug)]
    #[must_use = "bodies do nothing unless polled"]
    pub struct EventBody<S, F, E, M = fn(Duration) -> Pending<()>, T = Pending<()>> {
        #[pin]
        items: S,
        encode: F,
        frame: Vec<u8>,
        frame_size: usize,
        // An error that waits for the frame in front of it.
        failed: Option<E>,
        ended: bool,
        keep_alive: Option<(KeepAlive<'static>, M)>,
        // The end of the silence that is going on.
        #[pin]
        timer: Option<T>,
    }
}

impl<S, F, E> EventBody<S, F, E>
where
    S: Stream,
    F: FnMut(S::Item, &mut Vec<u8>) -> Result<(), E>,
{
    /// A body of `items`, each encoded by `encode`.
    pub const fn new(items: S, encode: F) -> Self {
        EventBody {
            items,
            encode,
            frame: Vec::new(),
            frame_size: 8 * 1024,
            failed: None,
            ended: false,
            keep_alive: None,
            timer: None,
        }
    }
}

impl<S, F, E, M, T> EventBody<S, F, E, M, T> {
    /// From how many bytes on a frame takes no more items. With 1, each item has a frame of its
    /// own: for streams that are always ready and take long to be so.
    pub const fn frame_size(mut self, bytes: usize) -> Self {
        self.frame_size = bytes;
        self
    }

    /// Breaks each silence, so that no proxy takes the connection for dead.
    ///
    /// The time of `keep_alive` begins anew after each frame, so it begins at zero. `sleep` makes a
    /// future that is ready after a time: `tokio::time::sleep`, `async_io::Timer::after`, or for
    /// embassy `|time: Duration| embassy_time::Timer::after_micros(time.as_micros() as u64)`. There
    /// is one at a time, and only in silence.
    ///
    /// ```
    /// use std::time::Duration;
    /// use futures::stream;
    /// use sse_wire::{Block, http_body::EventBody, server::KeepAlive};
    /// # mod tokio { pub mod time {
    /// #     pub async fn sleep(_: std::time::Duration) {}
    /// # } }
    ///
    /// let body = EventBody::new(stream::pending(), |text: String, out| {
    ///     Block::new().data(&text).encode(out)
    /// });
    /// let body = body.keep_alive(KeepAlive::new(Duration::ZERO), tokio::time::sleep);
    /// # let mut body = futures::executor::block_on_stream(Box::pin(sse_wire::http_body::BodyData::new(body)));
    /// # assert_eq!(body.next().unwrap().unwrap(), ": \n\n");
    /// ```
    pub fn keep_alive<M2, T2>(
        self,
        keep_alive: KeepAlive<'static>,
        sleep: M2,
    ) -> EventBody<S, F, E, M2, T2>
    where
        M2: FnMut(Duration) -> T2,
        T2: Future,
    {
        EventBody {
            items: self.items,
            encode: self.encode,
            frame: self.frame,
            frame_size: self.frame_size,
            failed: self.failed,
            ended: self.ended,
            keep_alive: Some((keep_alive, sleep)),
            timer: None,
        }
    }
}

impl<S, F, E, M, T> Body for EventBody<S, F, E, M, T>
where
    S: Stream,
    F: FnMut(S::Item, &mut Vec<u8>) -> Result<(), E>,
    M: FnMut(Duration) -> T,
    T: Future,
{
    type Data = Bytes;
    type Error = E;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, E>>> {
        let mut this = self.project();
        while !*this.ended && this.failed.is_none() && this.frame.len() < (*this.frame_size).max(1)
        {
            match this.items.as_mut().poll_next(cx) {
                Poll::Ready(Some(item)) => {
                    let mark = this.frame.len();
                    if let Err(error) = (this.encode)(item, this.frame) {
                        this.frame.truncate(mark);
                        *this.failed = Some(error);
                    }
                }
                Poll::Ready(None) => *this.ended = true,
                Poll::Pending => break,
            }
        }

        if this.frame.is_empty() && this.failed.is_none() && !*this.ended {
            let Some((keep_alive, sleep)) = this.keep_alive else { return Poll::Pending };
            let due = keep_alive.next_at();
            if this.timer.is_none() {
                this.timer.set(Some(sleep(due)));
            }
            if let Some(timer) = this.timer.as_mut().as_pin_mut() {
                ready!(timer.poll(cx));
            }
            if let Some(block) = keep_alive.due(due) {
                // What can't be encoded was refused when the schedule was made.
                let _ = block.encode(this.frame);
            }
        }
        this.timer.set(None);

        Poll::Ready(if this.frame.is_empty() {
            this.failed.take().map(Err)
        } else {
            Some(Ok(Frame::data(take(this.frame).into())))
        })
    }

    fn is_end_stream(&self) -> bool {
        self.ended
    }
}
