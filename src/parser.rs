//! Tokens → events: fields, dispatch and the end of the stream
//! ([9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)).
//!
//! A letter to the maintainer. [`Cursor::advance`] is the whole of it: one token, one rule. The
//! first `data` and `event` value of a block stay in the chunk, lent, as long as nothing forces a
//! copy: a chunk border, more data, ill-formed text, or something handed out in the middle of the
//! block (the caller may drop the cursor then). So between two calls nothing is lent, and a cursor
//! can be dropped or forgotten without loss. Rules decide first and borrow last: `advance` returns
//! a plain [`Outcome`], and only then an event is built that borrows the buffers.

use core::ops::Range;

use crate::buffer::{Buffers, Fixed, Growable};
use crate::error::{LastEventIdError, Limit, LimitError, Refused};
use crate::event::{DEFAULT_EVENT_TYPE, End, Event, Item, Pending};
use crate::retained::{Line, Retained};
use crate::tokenizer::{Field, Step, Tokenizer, Tokens};
use crate::utf8::CheckedText;

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
/// `retry` lines still have their effect. Comments and unknown fields never count, unless
/// [observed](Self::observe).
///
/// # Memory and cost
///
/// An event whose block lies in one chunk, with one `data` line and well-formed UTF-8, is lent from
/// the chunk: nothing is copied (an ID is, since it outlives the chunk) and nothing is allocated.
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
    pub fn new() -> Self {
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
    pub fn with_limit(limit: usize) -> Self {
        Parser { tokenizer: Tokenizer::new(), retained: Retained::new(Growable::default(), limit) }
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
        Events { cursor: Cursor::new(self, chunk) }
    }

    /// Like [`push`](Self::push), but the cursor also shows comments, reconnection times and
    /// blocks without an event, in order.
    ///
    /// Comments are handed out whole. What a chunk border cuts of one is retained and counts for
    /// the limit; one that is too long is refused with an error of its own. A comment whose
    /// beginning went through `push` is not shown.
    ///
    /// ```
    /// use sse_wire::{Item, Parser};
    ///
    /// let mut parser = Parser::new();
    /// let mut items = parser.observe(b": hi\nretry: 5\nid: 7\n\n");
    /// assert!(matches!(items.next()?, Some(Item::Comment { text: "hi", .. })));
    /// assert!(matches!(items.next()?, Some(Item::ReconnectionTime { milliseconds: 5 })));
    /// assert!(matches!(items.next()?, Some(Item::Block { id: Some("7"), .. })));
    /// assert!(items.next()?.is_none());
    /// # Ok::<(), sse_wire::LimitError>(())
    /// ```
    #[inline]
    pub fn observe<'p, 'c>(&'p mut self, chunk: &'c [u8]) -> Items<'p, 'c, B> {
        Items { cursor: Cursor::new(self, chunk) }
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
            refused: block.refused,
            range,
        })
    }

    /// The last event ID string: what a `Last-Event-ID` header must say; empty where there is none.
    pub fn last_event_id(&self) -> &str {
        self.retained.last_event_id()
    }

    /// Sets the last event ID string: to one that was kept from an earlier stream, before this one
    /// begins. In the middle of a block, an `id` line that the block has had does not count.
    ///
    /// # Errors
    ///
    /// An ID that is too long, or has a character that no stream can have put there, is refused
    /// and changes nothing.
    pub fn set_last_event_id(&mut self, id: &str) -> Result<(), LastEventIdError> {
        if let Some((at, character)) =
            id.char_indices().find(|(_, c)| matches!(c, '\0' | '\n' | '\r'))
        {
            return Err(LastEventIdError::Character { character, at });
        }
        self.retained
            .replace_last_event_id(id)
            .map_err(|limit| LastEventIdError::TooLong { length: id.len(), limit: limit.bytes })
    }

    /// The reconnection time in milliseconds; `None` while no `retry` line has set it.
    pub const fn reconnection_time(&self) -> Option<u64> {
        self.retained.reconnection_time
    }

    /// The limit in bytes; `usize::MAX` where only the arrays limit.
    pub const fn limit(&self) -> usize {
        self.retained.limit
    }

    /// Changes the limit in bytes.
    ///
    /// # Errors
    ///
    /// Where more is retained than the new limit allows, the event that is being read is refused.
    /// A last event ID that is longer stays: it is needed to resume.
    pub fn set_limit(&mut self, limit: usize) -> Result<(), LimitError> {
        self.retained.limit = limit;
        if self.retained.len() > limit {
            self.retained.drop_comment(false);
        }
        if self.retained.len() <= limit || self.retained.skipping {
            return Ok(());
        }
        self.retained.refuse_event();
        Err(LimitError {
            refused: Refused::Event,
            limit: Limit { bytes: limit, array: None },
            position: self.tokenizer.unfinished_block().start,
        })
    }

    /// How many bytes are retained now.
    pub fn retained(&self) -> usize {
        self.retained.len()
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
#[derive(Debug)]
pub struct Events<'p, 'c, B = Growable> {
    cursor: Cursor<'p, 'c, B>,
}

impl<'c, B: Buffers> Events<'_, 'c, B> {
    /// The next event, which borrows the cursor; `None` once the whole chunk is taken.
    ///
    /// # Errors
    ///
    /// An event that needs more than the limit is refused. The next call goes on behind it.
    #[inline]
    #[allow(clippy::should_implement_trait)] // An iterator could not lend.
    pub fn next(&mut self) -> Result<Option<Event<'_>>, LimitError> {
        match self.cursor.advance::<false>()? {
            Some(Outcome::Event(event)) => Ok(Some(self.cursor.event(event))),
            _ => Ok(None),
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
        self.cursor.tokens.remaining()
    }

    /// How many bytes of the chunk have been taken.
    #[inline]
    pub fn taken(&self) -> usize {
        self.cursor.tokens.taken()
    }
}

/// All that can be observed in one chunk: see [`Parser::observe`].
#[derive(Debug)]
pub struct Items<'p, 'c, B = Growable> {
    cursor: Cursor<'p, 'c, B>,
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
        let Some(outcome) = self.cursor.advance::<true>()? else { return Ok(None) };
        let retained = &self.cursor.retained;
        Ok(Some(match outcome {
            Outcome::Event(event) => Item::Event(self.cursor.event(event)),
            Outcome::Block { sets_id, range } => {
                Item::Block { id: sets_id.then(|| retained.last_event_id()), range }
            }
            Outcome::Comment { text, position } => {
                let text = text.or(|| retained.comment());
                Item::Comment { text: text.strip_prefix(' ').unwrap_or(text), position }
            }
            Outcome::ReconnectionTime { milliseconds } => Item::ReconnectionTime { milliseconds },
        }))
    }

    /// The bytes of the chunk that have not been taken, as [`Events::remaining`] gives them.
    #[inline]
    pub fn remaining(&self) -> &'c [u8] {
        self.cursor.tokens.remaining()
    }

    /// How many bytes of the chunk have been taken.
    #[inline]
    pub fn taken(&self) -> usize {
        self.cursor.tokens.taken()
    }
}

/// Text that is handed out: where it is.
#[derive(Clone, Copy, Debug)]
enum Text<'c> {
    /// Lent from the chunk.
    Lent(&'c str),
    /// In the parser's buffers.
    Kept,
}

impl<'c> Text<'c> {
    #[inline(always)]
    fn or<'a>(self, kept: impl FnOnce() -> &'a str) -> &'a str
    where
        'c: 'a,
    {
        match self {
            Text::Lent(text) => text,
            Text::Kept => kept(),
        }
    }
}

/// What a cursor has decided to hand out, before it borrows for it.
enum Outcome<'c> {
    Event(Dispatched<'c>),
    Block { sets_id: bool, range: Range<u64> },
    Comment { text: Text<'c>, position: u64 },
    ReconnectionTime { milliseconds: u64 },
}

struct Dispatched<'c> {
    event_type: Text<'c>,
    data: Text<'c>,
    sets_id: bool,
    range: Range<u64>,
}

/// The way through one chunk.
#[derive(Debug)]
struct Cursor<'p, 'c, B> {
    tokens: Tokens<'p, 'c>,
    retained: &'p mut Retained<B>,
    text: CheckedText<'c>,
    /// The block's only data so far, where it is lent.
    data: Option<&'c str>,
    /// The block's event type, where it is lent.
    event_type: Option<&'c str>,
}

impl<'p, 'c, B: Buffers> Cursor<'p, 'c, B> {
    #[inline]
    fn new(parser: &'p mut Parser<B>, chunk: &'c [u8]) -> Self {
        Cursor {
            tokens: parser.tokenizer.push(chunk),
            retained: &mut parser.retained,
            text: CheckedText::new(),
            data: None,
            event_type: None,
        }
    }

    /// Goes on to the next thing to hand out. `ALL` also stops at what is no event.
    #[inline(always)]
    fn advance<const ALL: bool>(&mut self) -> Result<Option<Outcome<'c>>, LimitError> {
        self.retained.drop_comment(ALL);
        while let Some(step) = self.tokens.step() {
            match step {
                Step::Value { field: Field::Data, start, end, complete } => {
                    self.process_data(start, end, complete)?;
                }
                Step::Value { field: Field::Event, start, end, complete } => {
                    self.process_event_type(start, end, complete)?;
                }
                Step::Value { field: Field::Id, start, end, complete } => {
                    let appended =
                        self.retained.append_id(self.bytes(start, end), complete, self.lent());
                    self.refuse_if(appended)?;
                }
                Step::Value { field: Field::Retry, start, end, complete } => {
                    let time =
                        self.retained.read_reconnection_time(self.bytes(start, end), complete);
                    if let (true, Some(milliseconds)) = (ALL, time) {
                        self.keep_lent();
                        return Ok(Some(Outcome::ReconnectionTime { milliseconds }));
                    }
                }
                Step::Comment { start, end, complete } if ALL => {
                    if let Some(outcome) = self.process_comment(start, end, complete)? {
                        return Ok(Some(outcome));
                    }
                }
                Step::Comment { complete, .. } => self.retained.ignore(complete),
                Step::Unknown { .. } | Step::UnknownPrefix { .. } => {}
                Step::BlankLine { block_start, block_end } => {
                    let outcome = self.dispatch(block_start..block_end);
                    if ALL || matches!(outcome, Outcome::Event(_)) {
                        return Ok(Some(outcome));
                    }
                }
            }
        }
        self.keep_lent();
        Ok(None)
    }

    #[inline(always)]
    fn process_data(&mut self, start: usize, end: usize, last: bool) -> Result<(), LimitError> {
        let retained = &*self.retained;
        if retained.skipping {
            self.retained.ignore(last);
            return Ok(());
        }
        let first = self.data.is_none() && !retained.has_data && retained.line == Line::Start;
        if let Some(text) = self.lend(start, end, first && last) {
            let checked = self.retained.check(Field::Data, self.lent(), text.len());
            self.data = Some(text);
            return self.refuse_if(checked);
        }
        if let Some(text) = self.data.take() {
            self.retained.keep_data(text);
        }
        let appended = self.retained.append_data(self.bytes(start, end), last, self.lent());
        self.refuse_if(appended)
    }

    #[inline(always)]
    fn process_event_type(
        &mut self,
        start: usize,
        end: usize,
        last: bool,
    ) -> Result<(), LimitError> {
        if self.retained.skipping {
            self.retained.ignore(last);
            return Ok(());
        }
        let whole = self.retained.line == Line::Start && last;
        self.event_type = None;
        if let Some(text) = self.lend(start, end, whole) {
            self.retained.has_event_type = false;
            let checked = self.retained.check(Field::Event, self.lent(), text.len());
            self.event_type = Some(text);
            return self.refuse_if(checked);
        }
        let appended = self.retained.append_event_type(self.bytes(start, end), last, self.lent());
        self.refuse_if(appended)
    }

    fn process_comment(
        &mut self,
        start: usize,
        end: usize,
        last: bool,
    ) -> Result<Option<Outcome<'c>>, LimitError> {
        self.keep_lent();
        let position = self.tokens.position_of(start) - 1;
        let whole = self.retained.line == Line::Start && last;
        if let Some(text) = self.lend(start, end, whole) {
            return match self.retained.check(Field::Data, 0, text.len()) {
                Ok(()) => Ok(Some(Outcome::Comment { text: Text::Lent(text), position })),
                Err(limit) => Err(LimitError { refused: Refused::Comment, limit, position }),
            };
        }
        match self.retained.append_comment(self.bytes(start, end), last, position) {
            Ok(whole) => Ok(whole.map(|position| Outcome::Comment { text: Text::Kept, position })),
            Err((limit, position)) => {
                Err(LimitError { refused: Refused::Comment, limit, position })
            }
        }
    }

    /// The blank line: 9.2.6, "dispatch the event".
    #[inline(always)]
    fn dispatch(&mut self, range: Range<u64>) -> Outcome<'c> {
        let block = self.retained.end_block();
        let event_type = match self.event_type.take() {
            Some(text) => Text::Lent(text),
            None if block.has_event_type => Text::Kept,
            None => Text::Lent(""),
        };
        let data = match self.data.take() {
            Some(text) => Text::Lent(text),
            None if block.has_data => Text::Kept,
            None => return Outcome::Block { sets_id: block.sets_id, range },
        };
        Outcome::Event(Dispatched { event_type, data, sets_id: block.sets_id, range })
    }

    #[inline(always)]
    fn event(&self, event: Dispatched<'c>) -> Event<'_> {
        Event {
            event_type: match event.event_type.or(|| self.retained.event_type()) {
                "" => DEFAULT_EVENT_TYPE,
                event_type => event_type,
            },
            data: event.data.or(|| self.retained.data()),
            last_event_id: self.retained.last_event_id(),
            sets_id: event.sets_id,
            range: event.range,
        }
    }

    /// A value that lies whole in the chunk, as text; `None` where `whole` is false or the text is
    /// ill-formed.
    #[inline(always)]
    fn lend(&mut self, start: usize, end: usize, whole: bool) -> Option<&'c str> {
        if whole { self.text.get(self.tokens.chunk(), start, end) } else { None }
    }

    #[inline(always)]
    fn bytes(&self, start: usize, end: usize) -> &'c [u8] {
        self.tokens.chunk().get(start..end).unwrap_or_default()
    }

    /// How many bytes the block has lent.
    #[inline(always)]
    fn lent(&self) -> usize {
        self.data.map_or(0, str::len) + self.event_type.map_or(0, str::len)
    }

    /// Copies what the block has lent, which the cursor may not outlive.
    #[inline(always)]
    fn keep_lent(&mut self) {
        if let Some(text) = self.data.take() {
            self.retained.keep_data(text);
        }
        if let Some(text) = self.event_type.take() {
            self.retained.keep_event_type(text);
        }
    }

    /// Refuses the block's event where something did not fit.
    #[inline(always)]
    fn refuse_if(&mut self, fits: Result<(), Limit>) -> Result<(), LimitError> {
        fits.map_err(|limit| {
            self.data = None;
            self.event_type = None;
            self.retained.refuse_event();
            LimitError { refused: Refused::Event, limit, position: self.tokens.block_start() }
        })
    }
}
