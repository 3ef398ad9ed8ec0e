//! The push parser, which turns chunks into events
//! ([9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)).

use core::fmt::{self, Debug, Formatter};
use core::ops::Range;
use core::time::Duration;

use super::cursor::Events;
use super::limits::Limits;
use super::lines::Lines;
use super::step::Stop;
use super::storage::{Arrays, Growable, Memory, Place, Storage};
use super::text::{Buffers, Slot};
use crate::error::ParseError;
#[cfg(feature = "alloc")]
use crate::event::LastEventId;
use crate::event::{End, Pending};

/// Turns the chunks of a stream into events.
///
/// ```
/// use sse_wire::{End, ParseError, Parser};
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
/// assert!(matches!(parser.finish()?, End::Incomplete(_)), "cut in the middle of an event");
/// # Ok::<(), ParseError>(())
/// ```
///
/// # Laws
///
/// - Chunk-invariance: any split of the stream, including empty chunks, gives the same events, errors, and final
///   state.
/// - Promptness: an event is returned as soon as the end of its blank line is pushed, for which a lone CR is enough.
/// - Nothing is lost in silence: a cursor that has returned `None` has taken the whole chunk;
///   [`into_rest`](Events::into_rest) ends a cursor and returns what it has not taken; after a cursor that was dropped
///   earlier, the next call returns [`ParseError::Unread`].
/// - Every byte sequence is a valid stream: the limits are the only other error.
///
/// # Limits
///
/// The limit in bytes covers the data (lines joined by LF), the event type, the last event ID in force, the one that
/// the block sets, and an `id` line that is being read. A block that needs more is refused with one [`LimitError`],
/// even if its values were not copied, so that chunk borders change nothing. Bytes count as they arrive, and again as
/// decoded text: an ID at the end of its line, data and type at the blank line. The `id` and `retry` lines of a
/// refused block still take effect. Unknown fields never count, and comments only if they are
/// [returned](Events::next_item).
///
/// IDs have a separate limit: 64 KiB unless [set](Limits::id), and never more than a quarter of the limit, so
/// that the next event always fits beside an ID. A longer ID is refused with one [`LimitError`] at the end of its
/// line, and the previous last event ID stays in force.
///
/// # Memory and cost
///
/// An event whose block lies in one chunk, with one `data` line and well-formed UTF-8, is lent from the chunk, without
/// an allocation or a copy (except of an ID, which outlives the chunk). The values of other blocks are copied, up to
/// the limit. Each byte is read a bounded number of times, whatever the chunks and the limit.
///
/// [`LimitError`]: crate::LimitError
#[derive(Clone)]
pub struct Parser<S = Growable> {
    pub(super) lines: Lines,
    pub(super) buffers: Buffers<S>,
    pub(super) limits: Limits,
    /// How many more bytes certainly fit.
    pub(super) room: usize,
    /// The places of the last event ID string, of the last event ID buffer, and of the current line if it is
    /// an `id` or a comment that is to be returned.
    pub(super) string: Place,
    pub(super) id: Place,
    pub(super) line: Place,
    /// Whether the block that has ended has set the last event ID string.
    pub(super) sets_id: bool,
    /// The `retry` line that is being read: its number, if there was a digit; `None` if there was anything else.
    pub(super) retry: Option<Option<u64>>,
    /// The reconnection time.
    pub(super) milliseconds: Option<u64>,
    /// The errors that have not been reported.
    pub(super) errors: [Option<ParseError>; 2],
    /// What the next call clears: the event of a block that has ended, a comment that has, or the block at the end of a
    /// stream.
    pub(super) last: Stop,
    /// The position of the block or comment that has ended, and the length of the block. (The CPU would stall on a
    /// range that is written in two parts and read as one.)
    pub(super) start: u64,
    pub(super) len: u64,
    /// The copy of the last event ID string that owned events share; empty until one needs it.
    #[cfg(feature = "alloc")]
    pub(super) shared_id: LastEventId,
}

/// Omits the texts, which may be secret.
impl<S> Debug for Parser<S> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parser").field("position", &self.lines.position()).finish_non_exhaustive()
    }
}

#[cfg(feature = "alloc")]
impl Parser {
    /// Creates a parser that retains at most 16 MiB.
    pub const fn new() -> Self {
        Self::with_limits(Growable::new(), Limits::DEFAULT)
    }

    /// Creates a parser that retains at most `limit` bytes; `usize::MAX` means no limit.
    ///
    /// ```
    /// let mut parser = sse_wire::Parser::with_limit(1024);
    /// let flood = [b'x'; 4096];
    /// assert!(parser.push(b"data: ").next().unwrap().is_none());
    /// assert!(parser.push(&flood).next().is_err());
    /// ```
    pub const fn with_limit(limit: usize) -> Self {
        Self::with_limits(Growable::new(), Limits { retained: limit, ..Limits::DEFAULT })
    }
}

#[cfg(feature = "alloc")]
impl Default for Parser {
    fn default() -> Self {
        Self::new()
    }
}

impl<D: Memory, E: Memory, I: Memory> Parser<Arrays<D, E, I>> {
    /// Creates a parser over arrays, owned or borrowed, for use without an allocator.
    ///
    /// ```
    /// use sse_wire::{Arrays, Parser};
    ///
    /// let mut data = [0; 512];
    /// let mut parser = Parser::with_arrays(Arrays {
    ///     data: &mut data[..],
    ///     event_type: [0; 32],
    ///     ids: [0; 96],
    /// });
    /// # fn no_allocator(mut parser: Parser<Arrays<&mut [u8], [u8; 32], [u8; 96]>>) {
    /// let mut events = parser.push(b"data: small\n\n");
    /// assert_eq!(events.next().unwrap().unwrap().data, "small");
    /// # } no_allocator(parser);
    /// ```
    ///
    /// # Errors
    ///
    /// An event that needs more than an array has is refused like one beyond the limit, and [`LimitError::array`]
    /// names the array. An ID can have a third of its array. If an array is empty, every value of its field except an
    /// empty one is refused.
    ///
    /// # Memory and cost
    ///
    /// Only the arrays and the parser itself.
    ///
    /// [`LimitError::array`]: crate::LimitError::array
    pub const fn with_arrays(arrays: Arrays<D, E, I>) -> Self {
        Self::with_limits(arrays, Limits { retained: usize::MAX, ..Limits::DEFAULT })
    }
}

impl<S: Storage> Parser<S> {
    /// Creates a parser with this memory and these limits.
    ///
    /// ```
    /// use sse_wire::{Arrays, Growable, Limits, Parser};
    ///
    /// let limits = Limits { retained: 400, id: 30 };
    /// let growing = Parser::with_limits(Growable::new(), limits);
    /// let arrays = Arrays { data: [0; 256], event_type: [0; 32], ids: [0; 96] };
    /// let fixed = Parser::with_limits(arrays, limits);
    /// assert_eq!(growing.limits(), fixed.limits());
    /// ```
    pub const fn with_limits(storage: S, limits: Limits) -> Self {
        Parser {
            lines: Lines::new(),
            buffers: Buffers::new(storage),
            limits,
            room: 0,
            string: Place::Id1,
            id: Place::Id2,
            line: Place::Id3,
            sets_id: false,
            retry: None,
            milliseconds: None,
            errors: [None, None],
            last: Stop::End,
            start: 0,
            len: 0,
            #[cfg(feature = "alloc")]
            shared_id: LastEventId::NONE,
        }
    }

    /// Takes the next bytes of the stream, any number of them, and returns a cursor over the events that they
    /// complete. Nothing is read before the first call of the cursor.
    pub fn push<'p, 'c>(&'p mut self, chunk: &'c [u8]) -> Events<'p, 'c, S> {
        self.begin(chunk);
        Events { parser: self, chunk }
    }

    /// Ends the stream, returns how it ended, and makes the parser ready for the next connection: the last event ID
    /// string and the reconnection time stay, everything else is reset.
    ///
    /// ```
    /// use sse_wire::{End, ParseError, Parser};
    ///
    /// let mut parser = Parser::new();
    /// let mut events = parser.push(b"id: 1\ndata: whole\n\ndata: [DONE]");
    /// while let Some(_event) = events.next()? {}
    /// match parser.finish()? {
    ///     End::Clean => unreachable!(),
    ///     End::Incomplete(pending) => assert_eq!(pending.data, Some("[DONE]")),
    /// }
    /// assert_eq!(parser.last_event_id(), "1");
    /// # Ok::<(), ParseError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// An error that no cursor has reported: [`ParseError::Unread`] if the last one was dropped before it had taken
    /// its whole chunk, or a refusal. The stream is ended even so.
    pub fn finish(&mut self) -> Result<End<'_>, ParseError> {
        self.begin(&[]);
        self.clear_ended();
        let error = self.errors[0];
        let (in_line, range) = (self.lines.is_in_line(), self.lines.unfinished_block());
        self.buffers.set(self.line, Slot::Unset);
        self.decode_event(&[]);
        // What the block had stays until the next call.
        (self.lines, self.last, self.errors) = (Lines::new(), Stop::Block, [None, None]);
        error.map_or(Ok(()), Err)?;
        if range.is_empty() && !self.is_refused() {
            return Ok(End::Clean);
        }
        let sets_id = self.buffers.is_kept(self.id);
        Ok(End::Incomplete(Pending {
            event_type: self.buffers.text(Place::EventType, &[]),
            data: self.buffers.is_set(Place::Data).then(|| self.buffers.text(Place::Data, &[])),
            last_event_id: self.buffers.text(if sets_id { self.id } else { self.string }, &[]),
            sets_id,
            in_line,
            refused: self.is_refused(),
            range,
        }))
    }

    /// Returns the last event ID string after the blocks that were passed, the value for a `Last-Event-ID` header;
    /// empty if there is none.
    pub fn last_event_id(&self) -> &str {
        self.buffers.text(self.string, &[])
    }

    /// Returns the reconnection time, at most `u64::MAX` milliseconds; `None` if no `retry` line has set it.
    pub fn reconnection_time(&self) -> Option<Duration> {
        self.milliseconds.map(Duration::from_millis)
    }

    /// Returns how many bytes of the stream were taken.
    pub const fn position(&self) -> u64 {
        self.lines.position()
    }

    /// Returns the range of the block whose blank line has not arrived, as far as it was taken; empty between blocks.
    /// Nothing before it is needed again.
    pub const fn unfinished_block(&self) -> Range<u64> {
        self.lines.unfinished_block()
    }
}
