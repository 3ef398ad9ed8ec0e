//! Implements tokio-util's [`Decoder`] and [`Encoder`], for `FramedRead` and `FramedWrite` over tokio's `AsyncRead`
//! and `AsyncWrite` (feature `codec`).

use std::io;

use tokio_util::bytes::{Bytes, BytesMut};
use tokio_util::codec::{Decoder, Encoder};

use super::error::WriteError;
use super::intake::parser_methods;
use crate::decode::{Events, Growable, Parser, Storage};
use crate::encode::Block;
use crate::encode::{Sink, sink::sealed};
use crate::error::{EncodeError, ParseError};
use crate::event::{End, Event, Item, OwnedEvent};

/// The other methods of both decoders.
macro_rules! decoder_methods {
    ($decoder:ty $(, $select:ident)?) => {
        impl<$($select,)? S: Storage> $decoder {
            /// Ends the stream, returns how it ended, and makes the decoder ready for the next one,
            /// as [`Parser::finish`] does.
            ///
            /// # Errors
            ///
            /// [`ParseError::Unread`] if bytes that were passed to `decode` were not decoded. They are dropped. After
            /// `decode` has returned `None` there are none.
            pub fn finish(&mut self) -> Result<End<'_>, ParseError> {
                self.chunk = Bytes::new();
                self.parser.finish()
            }

            parser_methods!(parser);

            /// Returns the parser, for the next connection.
            pub fn into_parser(self) -> Parser<S> {
                self.parser
            }
        }
    };
}

/// Takes all bytes as the parser's next chunk, unless it is still within one. Returns whether there is something to
/// parse.
fn take_chunk<S: Storage>(parser: &mut Parser<S>, chunk: &mut Bytes, bytes: &mut BytesMut) -> bool {
    if parser.is_done() {
        // Its memory is reused for reading.
        *chunk = Bytes::new();
        if bytes.is_empty() {
            return false;
        }
        *chunk = bytes.split().freeze();
        parser.begin(chunk);
    }
    true
}

/// Decodes bytes into events.
///
/// ```
/// use futures_util::StreamExt;
/// use sse_wire::{End, codec::EventDecoder};
/// use tokio_util::codec::FramedRead;
///
/// # futures_executor::block_on(async {
/// let body = &b"event: tick\ndata: 1\n\ndata: 2\n\ndata: cut"[..];
/// let mut events = FramedRead::new(body, EventDecoder::new());
/// while let Some(event) = events.next().await {
///     match event? {
///         Ok(event) => println!("{}: {}", event.event_type, event.data),
///         Err(error) => eprintln!("{error}"), // skipped; the next event follows
///     }
/// }
/// assert!(matches!(events.decoder_mut().finish()?, End::Incomplete(_)));
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
///
/// An event is returned as soon as its blank line was read.
///
/// # End
///
/// A block without its blank line at the end of the stream is not an event. After `None`, [`finish`](Self::finish)
/// returns how the stream ended. Call it before the decoder gets another stream.
///
/// # Errors
///
/// An event beyond the limit is an item `Err(ParseError)`, and the next event follows. It is not an error of the
/// decoder, because after one of those `FramedRead` returns `None` and does not continue with what it has already
/// read. Errors of the transport are returned unchanged and lose nothing: `FramedRead` returns `None` once after each,
/// and can be polled again.
///
/// # Memory and cost
///
/// `decode` takes the whole buffer without copying it, and keeps it until its last event was decoded, so
/// `FramedRead`'s buffer does not grow. An [`OwnedEvent`] is a copy. The parser retains what a read cuts. Each byte is
/// read a bounded number of times, however many events one read has.
#[derive(Clone, Debug)]
pub struct EventDecoder<S = Growable> {
    parser: Parser<S>,
    chunk: Bytes,
    unfinished: bool,
}

impl EventDecoder {
    /// Creates a decoder with a limit of 16 MiB.
    pub const fn new() -> Self {
        EventDecoder { parser: Parser::new(), chunk: Bytes::new(), unfinished: false }
    }
}

impl Default for EventDecoder {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Storage> EventDecoder<S> {
    /// Creates a decoder with this parser: one with another limit, or with the last event ID of an earlier stream.
    pub fn with_parser(mut parser: Parser<S>) -> Self {
        // If its last cursor was dropped, this chunk is not ours to continue, and the parser reports that.
        parser.begin(&[]);
        EventDecoder { parser, chunk: Bytes::new(), unfinished: false }
    }

    /// Also returns the last event if its blank line is missing, since some servers end their streams without it. The
    /// specification discards such an event, because any part of it may be missing.
    #[must_use]
    pub fn deliver_unfinished(mut self) -> Self {
        self.unfinished = true;
        self
    }
}

impl<S: Storage> Decoder for EventDecoder<S> {
    type Item = Result<OwnedEvent, ParseError>;
    type Error = io::Error;

    fn decode(&mut self, bytes: &mut BytesMut) -> io::Result<Option<Self::Item>> {
        while take_chunk(&mut self.parser, &mut self.chunk, bytes) {
            match self.parser.find_event(&self.chunk) {
                Ok(true) => return Ok(Some(Ok(self.parser.owned_event(&self.chunk)))),
                Ok(false) => {}
                Err(error) => return Ok(Some(Err(error))),
            }
        }
        Ok(None)
    }

    fn decode_eof(&mut self, bytes: &mut BytesMut) -> io::Result<Option<Self::Item>> {
        let item = self.decode(bytes)?;
        if item.is_some() || !self.unfinished {
            return Ok(item);
        }
        Ok(match self.parser.finish() {
            Ok(End::Incomplete(pending)) => {
                pending.into_event().map(|event| Ok(event.into_owned()))
            }
            Ok(End::Clean) => None,
            Err(error) => Some(Err(error)),
        })
    }
}

/// Decodes bytes into values that the caller makes from events, comments, reconnection times, and blocks without an
/// event ([`Events::next_item`]).
///
/// ```
/// use futures_util::StreamExt;
/// use sse_wire::{Item, Parser, codec::ItemDecoder};
/// use tokio_util::codec::FramedRead;
///
/// #[derive(Debug, PartialEq)]
/// enum Seen {
///     Data(String),
///     KeepAlive,
/// }
///
/// # futures_executor::block_on(async {
/// let decoder = ItemDecoder::new(Parser::new(), |item| match item {
///     Item::Event(event) => Some(Seen::Data(event.data.to_owned())),
///     Item::Comment { .. } => Some(Seen::KeepAlive),
///     _ => None, // skipped
/// });
/// let items = FramedRead::new(&b": ping\n\nretry: 5\n\ndata: 1\n\n"[..], decoder);
/// let items: Vec<_> = items.map(|item| item.unwrap().unwrap()).collect().await;
/// assert_eq!(items, [Seen::KeepAlive, Seen::Data("1".into())]);
/// # });
/// ```
///
/// The end, errors, memory, and cost are those of [`EventDecoder`], except that only the caller copies, and comments
/// count toward the limit.
#[derive(Clone, Debug)]
pub struct ItemDecoder<F, S = Growable> {
    parser: Parser<S>,
    chunk: Bytes,
    select: F,
}

impl<F, T, S: Storage> ItemDecoder<F, S>
where
    F: FnMut(Item<'_>) -> Option<T>,
{
    /// Creates a decoder with this parser. It returns the value that `select` makes from an item, and skips the item
    /// if that is `None`.
    pub fn new(mut parser: Parser<S>, select: F) -> Self {
        // As above.
        parser.begin(&[]);
        ItemDecoder { parser, chunk: Bytes::new(), select }
    }
}

impl<F, T, S: Storage> Decoder for ItemDecoder<F, S>
where
    F: FnMut(Item<'_>) -> Option<T>,
{
    type Item = Result<T, ParseError>;
    type Error = io::Error;

    fn decode(&mut self, bytes: &mut BytesMut) -> io::Result<Option<Self::Item>> {
        while take_chunk(&mut self.parser, &mut self.chunk, bytes) {
            let mut events = Events { parser: &mut self.parser, chunk: &self.chunk };
            while let Some(item) = events.next_item().transpose() {
                match item.map(&mut self.select) {
                    Ok(None) => {}
                    Ok(Some(selected)) => return Ok(Some(Ok(selected))),
                    Err(error) => return Ok(Some(Err(error))),
                }
            }
        }
        Ok(None)
    }
}

decoder_methods!(EventDecoder<S>);
decoder_methods!(ItemDecoder<F, S>, F);

/// Encodes blocks and events into bytes.
///
/// ```
/// use futures_util::SinkExt;
/// use sse_wire::{Block, codec::BlockEncoder};
/// use tokio_util::codec::FramedWrite;
///
/// # futures_executor::block_on(async {
/// let mut blocks = FramedWrite::new(Vec::new(), BlockEncoder);
/// blocks.send(Block::new().event_type("tick").data("1")).await?;
/// assert!(blocks.send(Block::new().id("1\ndata: injected")).await.is_err());
/// blocks.send(Block::new().comment("keep-alive")).await?;
/// assert_eq!(blocks.get_ref(), b"event: tick\ndata: 1\n\n: keep-alive\n\n");
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
///
/// An [`Event`] or [`OwnedEvent`] is encoded so that it decodes to itself: [`Block::from`].
///
/// # Errors
///
/// [`WriteError::Encode`] if a block can't be encoded: it writes nothing, and the next block can be sent.
/// [`WriteError::Transport`] for an error of the transport. `?` converts both to an [`io::Error`].
///
/// # Memory and cost
///
/// A block is encoded straight into the buffer of `FramedWrite`, without another allocation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlockEncoder;

impl Encoder<Block<'_>> for BlockEncoder {
    type Error = WriteError<io::Error>;

    fn encode(&mut self, block: Block<'_>, bytes: &mut BytesMut) -> Result<(), Self::Error> {
        Ok(block.encode(bytes)?)
    }
}

impl Encoder<Event<'_>> for BlockEncoder {
    type Error = WriteError<io::Error>;

    fn encode(&mut self, event: Event<'_>, bytes: &mut BytesMut) -> Result<(), Self::Error> {
        self.encode(Block::from(&event), bytes)
    }
}

impl Encoder<OwnedEvent> for BlockEncoder {
    type Error = WriteError<io::Error>;

    fn encode(&mut self, event: OwnedEvent, bytes: &mut BytesMut) -> Result<(), Self::Error> {
        self.encode(Block::from(&event), bytes)
    }
}

impl Sink for BytesMut {}

impl sealed::Sink for BytesMut {
    fn write(&mut self, text: &str) -> Result<(), EncodeError> {
        self.extend_from_slice(text.as_bytes());
        Ok(())
    }

    fn reserve(&mut self, more: usize) {
        self.reserve(more);
    }

    fn mark(&self) -> usize {
        self.len()
    }

    fn truncate(&mut self, mark: usize) {
        self.truncate(mark);
    }
}
