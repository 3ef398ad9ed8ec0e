//! tokio-util's [`Decoder`] and [`Encoder`], for `FramedRead` and `FramedWrite` over any
//! `AsyncRead` and `AsyncWrite` of tokio (feature `codec`).

use std::io;

use tokio_util::bytes::{Buf, BytesMut};
use tokio_util::codec::{Decoder, Encoder};

use super::error::WriteError;
use crate::buffer::{Buffers, Growable};
use crate::encoder::Block;
use crate::error::{EncodeError, LimitError};
use crate::event::{End, Event, Item, OwnedEvent};
use crate::parser::Parser;
use crate::sink::{Sink, sealed};

/// What both decoders offer beside decoding.
macro_rules! decoder_methods {
    ($decoder:ty $(, $select:ident)?) => {
        impl<$($select,)? B: Buffers> $decoder {
            /// Ends the stream, says how it ended, and makes the decoder ready for the next one, as
            /// [`Parser::finish`] does.
            pub fn finish(&mut self) -> End<'_> {
                self.parser.finish()
            }

            /// The last event ID string: what a `Last-Event-ID` header must say.
            pub fn last_event_id(&self) -> &str {
                self.parser.last_event_id()
            }

            /// The reconnection time in milliseconds; `None` while no `retry` line has set it.
            pub const fn reconnection_time(&self) -> Option<u64> {
                self.parser.reconnection_time()
            }

            /// The parser.
            pub const fn parser(&self) -> &Parser<B> {
                &self.parser
            }

            /// The parser, to change its limit or its last event ID.
            pub const fn parser_mut(&mut self) -> &mut Parser<B> {
                &mut self.parser
            }

            /// The parser, for the next connection.
            pub fn into_parser(self) -> Parser<B> {
                self.parser
            }
        }
    };
}

/// Bytes → events.
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
///         Err(limit) => eprintln!("{limit}"), // and on with the next event
///     }
/// }
/// assert!(matches!(events.decoder_mut().finish(), End::Incomplete(_)));
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
///
/// An event is out as soon as the bytes of its blank line were read.
///
/// # End
///
/// What has not seen its blank line at the end of the stream is no event. `None` says that the
/// stream has ended, and [`finish`](Self::finish) how. Call it also before the decoder gets another
/// stream.
///
/// # Errors
///
/// An event beyond the limit is the item `Err(LimitError)`, and the next event follows. It is no
/// error of the decoder: behind one of those, `FramedRead` says `None`, and does not look at what
/// it has read already before more comes. Errors of the transport come through as they are, and
/// lose nothing: `FramedRead` says `None` once after each, and can be polled again.
///
/// # Memory and cost
///
/// `decode` takes all that it is given, up to the end of an event, and copies only what an
/// [`OwnedEvent`] holds, so `FramedRead`'s buffer does not grow. Beside it, there is what the parser
/// retains. Each byte is looked at a bounded number of times, however many events one read brings.
#[derive(Clone, Debug)]
pub struct EventDecoder<B = Growable> {
    parser: Parser<B>,
}

impl EventDecoder {
    /// A decoder with the default limit.
    pub const fn new() -> Self {
        Self::with_parser(Parser::new())
    }
}

impl Default for EventDecoder {
    fn default() -> Self {
        Self::new()
    }
}

impl<B> EventDecoder<B> {
    /// A decoder with this parser: for another limit, or a last event ID that is carried over from
    /// an earlier stream.
    pub const fn with_parser(parser: Parser<B>) -> Self {
        EventDecoder { parser }
    }
}

impl<B: Buffers> Decoder for EventDecoder<B> {
    type Item = Result<OwnedEvent, LimitError>;
    type Error = io::Error;

    fn decode(&mut self, bytes: &mut BytesMut) -> io::Result<Option<Self::Item>> {
        let mut events = self.parser.push(bytes);
        let item = events.next().map(|event| event.map(|event| event.to_owned())).transpose();
        let taken = events.taken();
        bytes.advance(taken);
        Ok(item)
    }
}

/// Bytes → whatever the caller makes of what can be observed: events, comments, reconnection times
/// and blocks without an event ([`Parser::observe`]).
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
///     _ => None, // and on with the next item
/// });
/// let items = FramedRead::new(&b": ping\n\nretry: 5\n\ndata: 1\n\n"[..], decoder);
/// let items: Vec<_> = items.map(|item| item.unwrap().unwrap()).collect().await;
/// assert_eq!(items, [Seen::KeepAlive, Seen::Data("1".into())]);
/// # });
/// ```
///
/// The end, errors, memory and cost are those of [`EventDecoder`], but nothing is copied that the
/// caller does not copy, and comments count for the limit.
#[derive(Clone, Debug)]
pub struct ItemDecoder<F, B = Growable> {
    parser: Parser<B>,
    select: F,
}

impl<F, T, B: Buffers> ItemDecoder<F, B>
where
    F: FnMut(Item<'_>) -> Option<T>,
{
    /// A decoder with this parser, which gives what `select` makes of an item, unless that is
    /// `None`.
    pub const fn new(parser: Parser<B>, select: F) -> Self {
        ItemDecoder { parser, select }
    }
}

impl<F, T, B: Buffers> Decoder for ItemDecoder<F, B>
where
    F: FnMut(Item<'_>) -> Option<T>,
{
    type Item = Result<T, LimitError>;
    type Error = io::Error;

    fn decode(&mut self, bytes: &mut BytesMut) -> io::Result<Option<Self::Item>> {
        let mut items = self.parser.observe(bytes);
        let item = loop {
            match items.next() {
                Ok(Some(item)) => {
                    if let Some(selected) = (self.select)(item) {
                        break Some(Ok(selected));
                    }
                }
                Ok(None) => break None,
                Err(error) => break Some(Err(error)),
            }
        };
        let taken = items.taken();
        bytes.advance(taken);
        Ok(item)
    }
}

decoder_methods!(EventDecoder<B>);
decoder_methods!(ItemDecoder<F, B>, F);

/// Blocks and events → bytes.
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
/// [`WriteError::Encode`] where a block would inject or not come back: nothing of it is written,
/// and the next one can be sent. Errors of the transport come through as
/// [`WriteError::Transport`]. Both turn into an [`io::Error`] by `?`.
///
/// # Memory and cost
///
/// A block is encoded straight into the buffer of `FramedWrite`, and nothing is allocated beside.
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
        self.encode(event.as_event(), bytes)
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

#[cfg(test)]
mod tests {
    use std::format;
    use std::string::String;

    use tokio_util::bytes::BytesMut;
    use tokio_util::codec::Decoder;

    use super::EventDecoder;
    use crate::Parser;
    use crate::work::{counted, streams};

    #[test]
    fn linear_time_a_decoder_looks_at_each_byte_a_bounded_number_of_times() {
        const LEN: usize = 20_000;
        let mut failures = String::new();
        for (name, stream) in streams(LEN) {
            for size in [1, 64, 1460, 2 * LEN] {
                for limit in [usize::MAX, LEN / 2, 10] {
                    let mut decoder = EventDecoder::with_parser(Parser::with_limit(limit));
                    let mut bytes = BytesMut::new();
                    let work = counted(|| {
                        for chunk in stream.chunks(size) {
                            bytes.extend_from_slice(chunk);
                            while let Ok(Some(_)) = decoder.decode(&mut bytes) {}
                        }
                    });
                    // That of a cursor an event.
                    if work > 328 * stream.len() {
                        let ratio = work / stream.len();
                        failures += &format!(
                            "{name}, {size} bytes at once, limit {limit}: {ratio} for each byte\n"
                        );
                    }
                }
            }
        }
        assert!(failures.is_empty(), "{failures}");
    }
}
