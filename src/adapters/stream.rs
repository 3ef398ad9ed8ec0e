//! Turns a stream of chunks into a stream of events, for asynchronous code on any runtime.
//!
//! ```
//! use futures::{StreamExt, executor::block_on, stream};
//! use sse_wire::stream::EventStreamExt;
//!
//! // What an HTTP client returns, cut anywhere.
//! let chunks = stream::iter(["data: he", "llo\n\nevent: end\n", "data\n\n"].map(Ok::<_, std::io::Error>));
//! let mut events = chunks.events();
//! # block_on(async {
//! while let Some(event) = events.next().await {
//!     let event = event?;
//!     println!("{}: {}", event.event_type, event.data);
//! }
//! # Ok::<(), sse_wire::ReadError<std::io::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! With reqwest, write `response.bytes_stream().events()`. [`migration`](crate::migration) lists the differences from
//! other crates.

// Implementation notes. The parser knows how much of a chunk it has taken, so a future or a cursor can be dropped at
// any time, and nothing is lost or parsed twice. The chunk is kept until all of it is taken, so that events can be
// lent from it. Unless its type is known to be immutable, `as_ref` may return different bytes each time: so each
// cursor calls it once, and the parser keeps no knowledge of the bytes between cursors.

use alloc::string::String;
use alloc::vec::Vec;
use core::any::TypeId;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use futures_core::stream::{FusedStream, Stream, TryStream};
use pin_project_lite::pin_project;

use super::error::ReadError;
use crate::{End, Events, OwnedEvent, ParseError, Parser};

pin_project! {
    /// The events of a stream of chunks.
    ///
    /// ```
    /// use futures::{StreamExt, executor::block_on, stream};
    /// use sse_wire::{Parser, stream::EventStream};
    ///
    /// let connect = |bytes: &'static str| stream::iter([Ok::<_, std::io::Error>(bytes)]);
    /// # block_on(async {
    /// let mut events = EventStream::with_parser(connect("id: 7\ndata: x\n\n"), Parser::with_limit(1024));
    /// while let Some(event) = events.next().await { /* … */ }
    ///
    /// let mut parser = events.into_parser();
    /// let _how_it_ended = parser.finish()?;
    /// let mut events = EventStream::with_parser(connect("data: y\n\n"), parser);
    /// assert_eq!(events.next().await.unwrap().unwrap().last_event_id, "7");
    /// # Ok::<(), sse_wire::ParseError>(())
    /// # }).unwrap();
    /// ```
    ///
    /// As a [`Stream`] it returns one [`OwnedEvent`] for each poll. [`next_events`](Self::next_events) lends events
    /// without copying them, and its cursor also returns comments, reconnection times, and blocks without an event.
    /// Both can be mixed.
    ///
    /// The chunks can have any type of bytes (`Bytes`, `Vec<u8>`, `&[u8]`), from any stream of `Result`s. The type is
    /// `Send` if that stream and its chunks are, and `Unpin` if that stream is; neither is required.
    ///
    /// # Laws
    ///
    /// - Those of [`Parser`]: chunk-invariance, promptness, and linear time, even if a chunk has many events and each
    ///   takes a poll.
    /// - Cancellation: dropping a future of `next` or `next_events`, or a cursor, loses nothing.
    ///
    /// # Errors
    ///
    /// [`ReadError::Parse`] in place of an event that needs more than the parser's limit: 16 MiB, unless
    /// [set](Self::with_parser). The next poll continues after that event.
    ///
    /// [`ReadError::Transport`] if the stream of chunks returns an error, after all events that were complete before.
    /// If that stream has more chunks, parsing continues where the last chunk ended.
    ///
    /// # End
    ///
    /// `None` after the stream of chunks has ended. An event without its blank line is discarded, as the specification
    /// requires; [`finish`](Self::finish) returns it.
    ///
    /// # Memory and cost
    ///
    /// One chunk, and what the parser retains; nothing is queued. An event costs what [`Events::next_owned`] does.
    ///
    /// A poll takes chunks until one completes an event, or until the stream of chunks is pending. Tokio's sockets are
    /// pending from time to time, even if they always have bytes.
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct EventStream<S: TryStream> {
        #[pin]
        chunks: S,
        parser: Parser,
        // The chunk that the parser has started.
        chunk: Option<S::Ok>,
        ended: bool,
        unfinished: bool,
    }
}

/// Adds the method [`events`](Self::events) to streams of chunks:
/// ```
/// # let chunks = futures::stream::iter([Ok::<_, std::io::Error>("data: x\n\n")]);
/// use sse_wire::stream::EventStreamExt;
/// let events = chunks.events();
/// ```
pub trait EventStreamExt: TryStream + Sized {
    /// Returns the events of this stream of chunks, parsed with a limit of 16 MiB.
    fn events(self) -> EventStream<Self>
    where
        Self::Ok: AsRef<[u8]>,
    {
        EventStream::new(self)
    }
}

impl<S: TryStream> EventStreamExt for S {}

impl<S: TryStream> EventStream<S>
where
    S::Ok: AsRef<[u8]>,
{
    /// Returns the events of `chunks`, parsed with a limit of 16 MiB.
    pub fn new(chunks: S) -> Self {
        Self::with_parser(chunks, Parser::new())
    }

    /// Returns the events of `chunks`, parsed with this parser: one with another limit, or with the last event ID and
    /// the reconnection time of an earlier connection.
    pub fn with_parser(chunks: S, mut parser: Parser) -> Self {
        // If its last cursor was dropped, this chunk is not ours to continue, and the parser reports that.
        parser.begin(&[]);
        EventStream { chunks, parser, chunk: None, ended: false, unfinished: false }
    }

    /// Also returns the last event as an item of the [`Stream`] if its blank line is missing, since some servers end
    /// their streams without it. The specification discards such an event, because any part of it may be missing.
    pub fn deliver_unfinished(mut self) -> Self {
        self.unfinished = true;
        self
    }

    /// Replaces the parser, before the first chunk.
    #[cfg(feature = "http-body")]
    pub(crate) fn replace_parser(self, parser: Parser) -> Self {
        EventStream { unfinished: self.unfinished, ..Self::with_parser(self.chunks, parser) }
    }

    /// Returns a cursor over the events that the next chunk completes, which may be none; `None` at the end. The
    /// events are lent: one that lies within the chunk is not copied.
    ///
    /// The next call continues where a dropped cursor stopped. Pin a stream that is not `Unpin` first: `let chunks =
    /// pin!(chunks);`.
    ///
    /// ```
    /// use futures::{executor::block_on, stream};
    /// use sse_wire::stream::EventStreamExt;
    ///
    /// let mut stream = stream::iter(["data: 1\n\nda", "ta: 2\n\n"].map(Ok::<_, std::io::Error>)).events();
    /// let mut seen = String::new();
    /// # block_on(async {
    /// while let Some(events) = stream.next_events().await {
    ///     let mut events = events?;
    ///     while let Some(event) = events.next()? {
    ///         seen += event.data;
    ///     }
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// assert_eq!(seen, "12");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the stream of chunks; the cursor returns those of the parser.
    pub async fn next_events(&mut self) -> Option<Result<Events<'_, '_>, S::Error>>
    where
        S: Unpin,
    {
        let chunk = self.next_chunk().await?;
        Some(chunk.map(|()| {
            let (parser, chunk) = Pin::new(self).chunk();
            Events { parser, chunk }
        }))
    }

    /// Ends the stream and returns how it ended. Call it after the first `None`; an earlier call ends the events. The
    /// last event ID and the reconnection time stay.
    ///
    /// ```
    /// use futures::{StreamExt, executor::block_on, stream};
    /// use sse_wire::{End, stream::EventStreamExt};
    ///
    /// let mut events = stream::iter([Ok::<_, std::io::Error>("data: whole\n\ndata: [DONE]")]).events();
    /// # block_on(async {
    /// assert_eq!(events.next().await.unwrap().unwrap().data, "whole");
    /// assert!(events.next().await.is_none());
    /// match events.finish()? {
    ///     End::Clean => unreachable!(),
    ///     End::Incomplete(pending) => assert_eq!(pending.data, Some("[DONE]")),
    /// }
    /// # Ok::<(), sse_wire::ParseError>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`ParseError::Unread`] if a part of the last chunk was not parsed. It is dropped.
    pub fn finish(&mut self) -> Result<End<'_>, ParseError> {
        self.chunk = None;
        self.ended = true;
        self.parser.finish()
    }

    /// Returns the parser. Its [`Parser::unfinished_block`] is empty if the stream has ended clean, which can be
    /// checked for a pinned stream too.
    pub const fn parser(&self) -> &Parser {
        &self.parser
    }

    /// Returns the parser, for the next connection: call [`Parser::finish`] to end this stream. If a part of the last
    /// chunk was not parsed, it is dropped, and `finish` returns [`ParseError::Unread`].
    pub fn into_parser(self) -> Parser {
        self.parser
    }

    /// Returns the last event ID string, the value for a `Last-Event-ID` header; empty if there is none.
    pub fn last_event_id(&self) -> &str {
        self.parser.last_event_id()
    }

    /// Returns the reconnection time; `None` if no `retry` line has set it.
    pub fn reconnection_time(&self) -> Option<Duration> {
        self.parser.reconnection_time()
    }

    async fn next_chunk(&mut self) -> Option<Result<(), S::Error>>
    where
        S: Unpin,
    {
        poll_fn(|cx| Pin::new(&mut *self).poll_chunk(cx)).await
    }

    /// Waits for a chunk that is not fully parsed.
    fn poll_chunk(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<(), S::Error>>> {
        while self.parser.is_done() {
            let mut this = self.as_mut().project();
            *this.chunk = None;
            if *this.ended {
                return Poll::Ready(None);
            }
            match ready!(this.chunks.as_mut().try_poll_next(cx)) {
                Some(Ok(chunk)) => {
                    this.parser.begin(chunk.as_ref());
                    *this.chunk = Some(chunk);
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => *this.ended = true,
            }
        }
        Poll::Ready(Some(Ok(())))
    }

    /// Returns the parser and the bytes of the chunk that it has started.
    fn chunk(self: Pin<&mut Self>) -> (&mut Parser, &[u8]) {
        let this = self.project();
        let chunk = this.chunk.as_ref().map_or(&[][..], AsRef::as_ref);
        if !is_immutable::<S::Ok>() {
            this.parser.rescan(chunk);
        }
        (this.parser, chunk)
    }
}

/// Returns whether a chunk of this type returns the same bytes each time, so that the parser's knowledge of them stays
/// valid between calls.
fn is_immutable<T>() -> bool {
    let known = [
        TypeId::of::<&[u8]>(),
        TypeId::of::<&str>(),
        TypeId::of::<Vec<u8>>(),
        TypeId::of::<String>(),
        #[cfg(feature = "http-body")]
        TypeId::of::<bytes::Bytes>(),
    ];
    known.contains(&typeid::of::<T>())
}

impl<S: TryStream> Stream for EventStream<S>
where
    S::Ok: AsRef<[u8]>,
{
    type Item = Result<OwnedEvent, ReadError<S::Error>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        while let Some(chunk) = ready!(self.as_mut().poll_chunk(cx)) {
            chunk.map_err(ReadError::Transport)?;
            let (parser, chunk) = self.as_mut().chunk();
            if parser.find_event(chunk)? {
                return Poll::Ready(Some(Ok(parser.owned_event(chunk))));
            }
        }
        let this = self.project();
        if core::mem::take(this.unfinished) {
            if let Ok(End::Incomplete(pending)) = this.parser.finish() {
                return Poll::Ready(pending.into_event().map(|event| Ok(event.into_owned())));
            }
        }
        Poll::Ready(None)
    }
}

impl<S: TryStream> FusedStream for EventStream<S>
where
    S::Ok: AsRef<[u8]>,
{
    fn is_terminated(&self) -> bool {
        self.ended && !self.unfinished
    }
}
