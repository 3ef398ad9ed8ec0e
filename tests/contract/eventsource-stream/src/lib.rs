//! The API of eventsource-stream 0.2 over sse-wire, to replace the parser of crates that depend on it.

use std::error::Error;
use std::fmt::{self, Debug, Display, Formatter};
use std::pin::Pin;
use std::string::FromUtf8Error;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use nom::error::Error as NomError;
use sse_wire::Parser;

/// An event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Its type.
    pub event: String,
    /// Its data.
    pub data: String,
    /// The last event ID.
    pub id: String,
    /// The reconnection time in force.
    pub retry: Option<Duration>,
}

/// Adds [`eventsource`](Self::eventsource) to streams of chunks.
pub trait Eventsource: Sized {
    /// Returns the events of this stream.
    fn eventsource(self) -> EventStream<Self>;
}

impl<S, B, E> Eventsource for S
where
    S: Stream<Item = Result<B, E>>,
    B: AsRef<[u8]>,
{
    fn eventsource(self) -> EventStream<Self> {
        EventStream::new(self)
    }
}

/// The events of a stream of chunks.
pub struct EventStream<S> {
    chunks: Pin<Box<S>>,
    parser: Parser,
    chunk: Vec<u8>,
    /// How many bytes of the chunk were taken.
    taken: usize,
}

impl<S> EventStream<S> {
    /// Returns the events of these chunks.
    pub fn new(chunks: S) -> Self {
        EventStream { chunks: Box::pin(chunks), parser: Parser::new(), chunk: Vec::new(), taken: 0 }
    }

    /// Sets the last event ID. An ID that no stream can set changes nothing.
    pub fn set_last_event_id(&mut self, id: impl Into<String>) {
        _ = self.parser.set_last_event_id(&id.into());
    }

    /// Returns the last event ID.
    pub fn last_event_id(&self) -> &str {
        self.parser.last_event_id()
    }
}

impl<S, B, E> Stream for EventStream<S>
where
    S: Stream<Item = Result<B, E>>,
    B: AsRef<[u8]>,
{
    type Item = Result<Event, EventStreamError<E>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            let mut events = this.parser.push(&this.chunk[this.taken..]);
            let event = events.next_owned();
            this.taken = this.chunk.len() - events.into_rest().len();
            match event {
                Ok(Some(event)) => {
                    return Poll::Ready(Some(Ok(Event {
                        event: event.event_type.into_owned(),
                        data: event.data,
                        id: event.last_event_id.to_string(),
                        retry: this.parser.reconnection_time(),
                    })));
                }
                Ok(None) => {}
                // The event is skipped, and the stream continues.
                Err(_) => continue,
            }
            match ready!(this.chunks.as_mut().poll_next(cx)) {
                Some(Ok(chunk)) => {
                    this.chunk.clear();
                    this.chunk.extend_from_slice(chunk.as_ref());
                    this.taken = 0;
                }
                Some(Err(error)) => {
                    return Poll::Ready(Some(Err(EventStreamError::Transport(error))));
                }
                None => return Poll::Ready(None),
            }
        }
    }
}

/// The error of the stream. Only `Transport` occurs, because any bytes are a valid stream.
#[derive(Debug, PartialEq)]
pub enum EventStreamError<E> {
    /// Never occurs.
    Utf8(FromUtf8Error),
    /// Never occurs.
    Parser(NomError<String>),
    /// The error of the chunks.
    Transport(E),
}

impl<E: Display> Display for EventStreamError<E> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Utf8(error) => Display::fmt(error, f),
            Self::Parser(error) => Display::fmt(error, f),
            Self::Transport(error) => write!(f, "Transport error: {error}"),
        }
    }
}

impl<E: Debug + Display> Error for EventStreamError<E> {}
