//! The push parser: chunks in, events out
//! ([9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)).
//!
//! [`Events`] and [`Items`] are two faces of one cursor, which has the rules.

use core::ops::Range;

use crate::buffer::{Buffers, Fixed, Growable};
use crate::cursor::Stop;
use crate::error::{LastEventIdError, Limit, LimitError, Refused};
use crate::event::{End, Event, Item, Pending};
use crate::reading::Reading;
use crate::retained::Retained;
use crate::tokenizer::Tokenizer;

/// The limit of a parser that is given none: 16 MiB.
#[cfg(feature = "alloc")]
const DEFAULT_LIMIT: usize = 16 * 1024 * 1024;

/// Turns the chunks of a stream into events.
///
/// ```
/// use sse_wire::{End, Parser};
///
/// let mut parser = Parser::new();
/// let mut seen = Vec::new();
/// for chunk in [&b"data: he"[..], b"llo\n", b"\ndata: world\n\nda"] {
///     let mut events = parser.push(chunk);
///     while let Some(event) = events.next()? {
///         seen.push(event.data.to_owned());
///     }
/// }
/// assert_eq!(seen, ["hello", "world"]);
/// assert!(matches!(parser.finish(), End::Incomplete(_)), "cut in the middle of an event");
/// # Ok::<(), sse_wire::LimitError>(())
/// ```
///
/// # Laws
///
/// - Chunk-invariance: any split of the stream, empty chunks included, gives the same events,
///   errors and final state.
/// - Promptness: an event is out as soon as the chunk with the end of its blank line is pushed; a
///   CR suffices.
/// - Drained input: a cursor that has said `None` has taken the whole chunk; one that is dropped
///   earlier says what is left.
/// - Every byte sequence is a valid stream: the limit is the only error.
///
/// # Errors
///
/// A block whose type, data and IDs need more than the limit is refused: [`LimitError`]. It counts
/// in bytes of decoded text: the data (lines joined by LF), the event type, the last event ID in
/// force, the one that the block sets, and an `id` line that is being read; and it counts whether
/// or not they had to be copied, so that chunks decide nothing. In a refused block `id` and
/// `retry` lines still have their effect; only an ID that does not fit even without the event is
/// dropped, and the one before it stays. Comments and unknown fields never count, unless
/// [observed](Self::observe).
///
/// # Memory and cost
///
/// An event whose block lies in one chunk, with one `data` line and well-formed UTF-8, is lent from
/// the chunk: nothing is copied (an ID is, since it outlives the chunk) and nothing is allocated.
/// (Where a comment or a reconnection time behind the data is observed, the data is copied.)
/// Of other blocks the decoded values are kept, never more than the limit. Each byte is looked at
/// a bounded number of times, whatever the chunks and the limit.
#[derive(Clone, Debug)]
pub struct Parser<B = Growable> {
    tokenizer: Tokenizer,
    retained: Retained<B>,
}

#[cfg(feature = "alloc")]
impl Parser {
    /// A parser that retains at most 16 MiB.
    pub const fn new() -> Self {
        Self::with_limit(DEFAULT_LIMIT)
    }

    /// A parser that retains at most so many bytes; `usize::MAX` for no limit.
    ///
    /// ```
    /// let mut parser = sse_wire::Parser::with_limit(1024);
    /// let flood = [b'x'; 4096];
    /// assert!(parser.push(b"data: ").next().unwrap().is_none());
    /// assert!(parser.push(&flood).next().is_err());
    /// ```
    pub const fn with_limit(limit: usize) -> Self {
        Parser { tokenizer: Tokenizer::new(), retained: Retained::new(Growable::new(), limit) }
    }
}

#[cfg(feature = "alloc")]
impl Default for Parser {
    fn default() -> Self {
        Self::new()
    }
}

impl<D, E, I> Parser<Fixed<D, E, I>>
where
    D: AsRef<[u8]> + AsMut<[u8]>,
    E: AsRef<[u8]> + AsMut<[u8]>,
    I: AsRef<[u8]> + AsMut<[u8]>,
{
    /// A parser over fixed arrays, for use without an allocator: one array for the data of an
    /// event, one for its type, one for last event IDs. Arrays can be owned or borrowed.
    ///
    /// The array for IDs holds the last event ID in force and, while they are read, those that may
    /// replace it: at its best it has twice or thrice the length of the longest ID.
    ///
    /// ```
    /// let mut data = [0; 512];
    /// let mut parser = sse_wire::Parser::with_arrays(&mut data[..], [0; 32], [0; 64]);
    /// # fn no_allocator(mut parser: sse_wire::Parser<sse_wire::Fixed<&mut [u8], [u8; 32], [u8; 64]>>) {
    /// let mut events = parser.push(b"data: small\n\n");
    /// assert_eq!(events.next().unwrap().unwrap().data, "small");
    /// # } no_allocator(parser);
    /// ```
    ///
    /// # Errors
    ///
    /// An event that needs more than an array has is refused as one beyond the limit is, whether
    /// or not it would have to be copied: [`LimitError::array`] names the array.
    ///
    /// # Memory and cost
    ///
    /// Nothing beside the arrays and the parser itself. What is lent from an array is checked to be
    /// UTF-8 each time: the data and type once for an event that was copied, the last event ID in
    /// force once for each event.
    pub const fn with_arrays(data: D, event_type: E, ids: I) -> Self {
        Parser {
            tokenizer: Tokenizer::new(),
            retained: Retained::new(Fixed::new(data, event_type, ids), usize::MAX),
        }
    }
}

impl<B: Buffers> Parser<B> {
    /// Takes the next bytes of the stream, any number of them, and gives a cursor over the events
    /// that they complete. Nothing is read before the cursor is asked.
    #[inline]
    pub fn push<'p, 'c>(&'p mut self, chunk: &'c [u8]) -> Events<'p, 'c, B> {
        Events { reading: Reading::new(&mut self.tokenizer, &mut self.retained, chunk) }
    }

    /// Like [`push`](Self::push), but the cursor also shows comments, reconnection times and
    /// blocks without an event, in order.
    ///
    /// Comments are handed out whole, so they count for the limit here: one that is too long is
    /// refused with an error of its own ([`Refused::Comment`]), which `push` never gives. A comment
    /// of which a part went through `push` is not shown.
    ///
    /// ```
    /// use sse_wire::{Item, Parser};
    ///
    /// let mut parser = Parser::new();
    /// let mut items = parser.observe(b": hi\nretry: 5\nid: 7\n\n");
    /// assert!(matches!(items.next()?, Some(Item::Comment { text: "hi", .. })));
    /// assert!(matches!(items.next()?, Some(Item::ReconnectionTime { milliseconds: 5, .. })));
    /// assert!(matches!(items.next()?, Some(Item::Block { id: Some("7"), .. })));
    /// assert!(items.next()?.is_none());
    /// # Ok::<(), sse_wire::LimitError>(())
    /// ```
    #[inline]
    pub fn observe<'p, 'c>(&'p mut self, chunk: &'c [u8]) -> Items<'p, 'c, B> {
        Items { reading: Reading::new(&mut self.tokenizer, &mut self.retained, chunk) }
    }

    /// Ends the stream, says how it ended, and makes the parser ready for the next connection: the
    /// last event ID string and the reconnection time stay, all else starts afresh.
    ///
    /// ```
    /// use sse_wire::{End, Parser};
    ///
    /// let mut parser = Parser::new();
    /// let mut events = parser.push(b"id: 1\ndata: whole\n\ndata: [DONE]");
    /// while let Some(_event) = events.next()? {}
    /// match parser.finish() {
    ///     End::Clean => unreachable!(),
    ///     End::Incomplete(pending) => assert_eq!(pending.data, Some("[DONE]")),
    /// }
    /// assert_eq!(parser.last_event_id(), "1");
    /// # Ok::<(), sse_wire::LimitError>(())
    /// ```
    pub fn finish(&mut self) -> End<'_> {
        let in_line = self.tokenizer.is_in_line();
        let range = self.tokenizer.finish();
        let block = self.retained.end_stream();
        if range.is_empty() {
            return End::Clean;
        }
        let retained = &self.retained;
        End::Incomplete(Pending {
            event_type: if block.has_event_type { retained.event_type() } else { "" },
            data: block.has_data.then(|| retained.data()),
            last_event_id: retained.id(block.id),
            sets_id: block.sets_id,
            in_line,
            refused: block.refused,
            range,
        })
    }

    /// The last event ID string: what a `Last-Event-ID` header must say; empty where there is none.
    pub fn last_event_id(&self) -> &str {
        self.retained.last_event_id()
    }

    /// Sets the last event ID string: to one that was kept from an earlier stream, before this one
    /// begins. In the middle of a block, an `id` line that the block has had does not count, nor
    /// one of whose value a part was taken.
    ///
    /// # Errors
    ///
    /// An ID that is too long, or has a character that no stream can have put there, is refused
    /// and changes nothing.
    ///
    /// # Memory and cost
    ///
    /// The ID is copied.
    pub fn set_last_event_id(&mut self, id: &str) -> Result<(), LastEventIdError> {
        if let Some((at, character)) =
            id.char_indices().find(|(_, c)| matches!(c, '\0' | '\n' | '\r'))
        {
            return Err(LastEventIdError::Character { character, at });
        }
        self.retained
            .replace_last_event_id(id)
            .map_err(|room| LastEventIdError::TooLong { length: id.len(), room })
    }

    /// The reconnection time in milliseconds; `None` while no `retry` line has set it.
    pub const fn reconnection_time(&self) -> Option<u64> {
        self.retained.reconnection_time
    }

    /// The limit in bytes; `usize::MAX` where only the arrays limit.
    pub const fn limit(&self) -> usize {
        self.retained.limit()
    }

    /// Changes the limit in bytes.
    ///
    /// # Errors
    ///
    /// Where more is retained than the new limit allows, a comment that is being read is dropped,
    /// and if that is not enough, the event is refused. IDs stay, longer ones too: they are needed
    /// to resume.
    pub fn set_limit(&mut self, limit: usize) -> Result<(), LimitError> {
        self.retained.set_limit(limit);
        if self.retained.len() > limit {
            self.retained.drop_told_comment();
            self.retained.drop_unfinished_comment();
        }
        let block = self.unfinished_block();
        if self.retained.len() <= limit || self.retained.is_skipping() || block.is_empty() {
            return Ok(());
        }
        self.retained.refuse_event();
        Err(LimitError {
            refused: Refused::Event,
            limit: Limit { bytes: limit, array: None },
            position: block.start,
        })
    }

    /// How many bytes are retained now. Data counts as it came until it is decoded, which makes
    /// three bytes of each ill-formed sequence; the limit counts them from the start.
    pub fn retained(&self) -> usize {
        self.retained.len()
    }

    /// The data of the event that was told last, where it was kept and not lent from the chunk: for
    /// a reader, which hands it out after its cursor is gone.
    #[cfg(any(feature = "std", feature = "embedded-io", feature = "embedded-io-async"))]
    pub(crate) fn kept_data(&self) -> &str {
        self.retained.data()
    }

    /// Its event type, likewise.
    #[cfg(any(feature = "std", feature = "embedded-io", feature = "embedded-io-async"))]
    pub(crate) fn kept_event_type(&self) -> &str {
        self.retained.event_type()
    }

    /// How many bytes of the stream have been taken.
    pub const fn position(&self) -> u64 {
        self.tokenizer.position()
    }

    /// The range of the block that has not seen its blank line yet, as far as it was taken; empty
    /// between blocks. All before it has been told, and nobody will ask for it again.
    pub const fn unfinished_block(&self) -> Range<u64> {
        self.tokenizer.unfinished_block()
    }
}

/// The events of one chunk: see [`Parser::push`].
#[must_use = "nothing is read before the cursor is asked"]
#[derive(Debug)]
pub struct Events<'p, 'c, B = Growable> {
    reading: Reading<'p, 'c, B>,
}

impl<'c, B: Buffers> Events<'_, 'c, B> {
    /// The next event, which borrows the cursor; `None` once the whole chunk is taken.
    ///
    /// # Errors
    ///
    /// An event that needs more than the limit is refused. The next call goes on behind it.
    #[inline(always)]
    #[allow(clippy::should_implement_trait)] // An iterator could not lend.
    pub fn next(&mut self) -> Result<Option<Event<'_>>, LimitError> {
        let Some(cursor) = self.reading.cursor() else { return Ok(None) };
        match cursor.advance::<false>() {
            Stop::Event => Ok(Some(cursor.event())),
            Stop::Refused => cursor.refusal().map_or(Ok(None), Err),
            Stop::Other | Stop::End => Ok(None),
        }
    }

    /// The bytes of the chunk that have not been taken: push them again after dropping the cursor.
    ///
    /// ```
    /// let mut parser = sse_wire::Parser::new();
    /// let mut events = parser.push(b"data: 1\n\ndata: 2\n\n");
    /// events.next()?;
    /// assert_eq!(events.remaining(), b"data: 2\n\n");
    /// # Ok::<(), sse_wire::LimitError>(())
    /// ```
    #[inline]
    pub fn remaining(&self) -> &'c [u8] {
        self.reading.remaining()
    }

    /// How many bytes of the chunk have been taken.
    #[inline]
    pub fn taken(&self) -> usize {
        self.reading.taken()
    }
}

/// All that can be observed in one chunk: see [`Parser::observe`].
#[must_use = "nothing is read before the cursor is asked"]
#[derive(Debug)]
pub struct Items<'p, 'c, B = Growable> {
    reading: Reading<'p, 'c, B>,
}

impl<'c, B: Buffers> Items<'_, 'c, B> {
    /// The next item, which borrows the cursor; `None` once the whole chunk is taken.
    ///
    /// # Errors
    ///
    /// An event or a comment that needs more than the limit is refused. The next call goes on
    /// behind it.
    #[inline]
    #[allow(clippy::should_implement_trait)] // An iterator could not lend.
    pub fn next(&mut self) -> Result<Option<Item<'_>>, LimitError> {
        let Some(cursor) = self.reading.cursor() else { return Ok(None) };
        match cursor.advance::<true>() {
            Stop::Event => Ok(Some(Item::Event(cursor.event()))),
            Stop::Other => Ok(Some(cursor.item())),
            Stop::Refused => cursor.refusal().map_or(Ok(None), Err),
            Stop::End => Ok(None),
        }
    }

    /// The bytes of the chunk that have not been taken, as [`Events::remaining`] gives them.
    #[inline]
    pub fn remaining(&self) -> &'c [u8] {
        self.reading.remaining()
    }

    /// How many bytes of the chunk have been taken.
    #[inline]
    pub fn taken(&self) -> usize {
        self.reading.taken()
    }
}
