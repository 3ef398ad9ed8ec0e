//! Chunk → tokens: lines, comments and fields
//! ([9.2.5](https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream),
//! [9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)).
//!
//! A letter to the maintainer. The state says what was just seen, and nothing of the input is kept:
//! what a chunk border cuts of a field name is kept as a count, since the bytes of a known name are
//! known. A line that lies whole in the chunk goes through [`Tokens::whole_line`]; [`State`] serves
//! the line that a border cuts, and every line where the code is to be small ([`FAST`]); both meet
//! in [`Tokens::end_line`]. A CR ends its line at once; that an LF may follow in the next chunk is
//! known to [`State::AfterCr`] alone.

use core::ops::Range;

use crate::scan::{CR, LF, LineEnds, is_line_end};
use crate::size::FAST;
use crate::token::{Field, Token};

static BYTE_ORDER_MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// What was just seen of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// So many bytes of a byte order mark (0, 1 or 2) and nothing else.
    StreamStart { seen: u8 },
    /// A line end.
    LineStart,
    /// A CR that ended a line: a directly following LF belongs to it.
    AfterCr,
    /// So many bytes of this field's name, from the line's start on.
    FieldName { field: Field, seen: u8 },
    /// The colon behind this field's name.
    AfterColon { field: Field },
    /// The start of this field's value, or more of it.
    Value { field: Field },
    /// The colon of a comment, or more of it.
    Comment,
    /// A field name that the specification does not know, or more of its line.
    Unknown,
}

impl State {
    /// What the first byte of a line makes of it, before the byte is taken.
    #[inline(always)]
    const fn at_line_start(byte: u8) -> State {
        match byte {
            b'd' => State::FieldName { field: Field::Data, seen: 0 },
            b'e' => State::FieldName { field: Field::Event, seen: 0 },
            b'i' => State::FieldName { field: Field::Id, seen: 0 },
            b'r' => State::FieldName { field: Field::Retry, seen: 0 },
            b':' => State::Comment,
            _ => State::Unknown,
        }
    }

    /// What the byte behind so many of a field's name makes of it. It is taken, but for a line end.
    #[inline(always)]
    fn in_field_name(field: Field, seen: u8, byte: u8) -> State {
        match field.name().as_bytes().get(usize::from(seen)) {
            Some(&next) if next == byte => State::FieldName { field, seen: seen + 1 },
            None if byte == b':' => State::AfterColon { field },
            None if is_line_end(byte) => State::Value { field },
            _ => State::Unknown,
        }
    }

    /// What a line end leaves where it ends a chunk.
    #[inline(always)]
    const fn behind_line_end(byte: u8) -> State {
        if byte == CR { State::AfterCr } else { State::LineStart }
    }
}

/// Cuts a stream into [`Token`]s: the layer for gateways, keep-alive timers, data larger than
/// memory, and explaining a stream.
///
/// ```
/// use sse_wire::{Field, Token, Tokenizer};
///
/// let mut tokenizer = Tokenizer::new();
/// let mut data_bytes = 0;
/// for chunk in [&b"data: he"[..], b"llo\n\n"] {
///     for token in tokenizer.push(chunk) {
///         if let Token::Value { field: Field::Data, bytes, .. } = token {
///             data_bytes += bytes.len();
///         }
///     }
/// }
/// assert_eq!(data_bytes, 5);
/// assert!(tokenizer.finish().is_empty(), "the stream ended clean");
/// ```
///
/// # Laws
///
/// - Chunk-invariance: under any split of the stream, the pieces of each value, comment and unknown
///   line join to the same bytes at the same positions.
/// - Positions: a token's bytes are the stream's bytes at [`Token::range`].
///
/// # Memory and cost
///
/// A few machine words, no buffer and no allocation. Each byte is looked at a bounded number of
/// times, whatever the chunks.
#[derive(Clone, Debug)]
pub struct Tokenizer {
    state: State,
    /// Bytes taken since the start of the stream.
    position: u64,
    /// Where the current block begins; all before it has been told or belongs to no block.
    block_start: u64,
}

impl Default for Tokenizer {
    fn default() -> Self {
        Self::new()
    }
}

impl Tokenizer {
    /// A tokenizer at the start of a stream.
    pub const fn new() -> Self {
        Tokenizer { state: State::StreamStart { seen: 0 }, position: 0, block_start: 0 }
    }

    /// Takes the next bytes of the stream, any number of them. Nothing is read before the cursor
    /// is asked; one that said `None` has taken the whole chunk, one dropped earlier says what is
    /// left ([`Tokens::remaining`]).
    #[inline]
    pub fn push<'t, 'c>(&'t mut self, chunk: &'c [u8]) -> Tokens<'t, 'c> {
        Tokens {
            origin: self.position,
            tokenizer: self,
            chunk,
            at: 0,
            line_ends: LineEnds::default(),
        }
    }

    /// The same, where the first line end has been looked for.
    #[inline(always)]
    pub(crate) fn push_scanned<'t, 'c>(
        &'t mut self,
        chunk: &'c [u8],
        line_ends: LineEnds,
    ) -> Tokens<'t, 'c> {
        Tokens { line_ends, ..self.push(chunk) }
    }

    /// Whether the line that goes on is in the value of `field`.
    #[inline(always)]
    pub(crate) fn is_in_value(&self, field: Field) -> bool {
        self.state == State::Value { field }
    }

    /// The field in whose value the line that goes on is.
    #[inline(always)]
    pub(crate) const fn value(&self) -> Option<Field> {
        match self.state {
            State::Value { field } => Some(field),
            _ => None,
        }
    }

    /// Passes a chunk of so many bytes, which is part of a line.
    #[inline(always)]
    pub(crate) fn pass(&mut self, len: usize) {
        self.position = self.position.wrapping_add(len as u64);
    }

    /// Takes a chunk of one byte that ends a line of which all else was taken.
    #[inline(always)]
    pub(crate) fn end_line(&mut self, byte: u8) {
        self.state = State::behind_line_end(byte);
        self.pass(1);
    }

    /// Takes a chunk of one byte that belongs neither to a value, nor to a comment that counts, and
    /// ends no block, if that is what it is.
    #[inline(always)]
    pub(crate) fn take_byte(&mut self, byte: u8, in_ignored_line: bool) -> bool {
        let ends_line = is_line_end(byte);
        self.state = match self.state {
            State::LineStart | State::AfterCr if !ends_line => match State::at_line_start(byte) {
                State::FieldName { field, seen } => State::in_field_name(field, seen, byte),
                state => state,
            },
            State::FieldName { field, seen } if !ends_line => {
                State::in_field_name(field, seen, byte)
            }
            State::AfterColon { field } if byte == b' ' => State::Value { field },
            State::Comment if !in_ignored_line => return false,
            State::Unknown | State::Comment if ends_line => State::behind_line_end(byte),
            state @ (State::Unknown | State::Comment) => state,
            _ => return false,
        };
        self.pass(1);
        true
    }

    /// How many bytes of the stream have been taken.
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// The range of the block that has not seen its blank line yet, as far as it was taken; empty
    /// between blocks.
    pub const fn unfinished_block(&self) -> Range<u64> {
        self.block_start..self.position
    }

    /// Whether something of the current line was taken.
    pub(crate) const fn is_in_line(&self) -> bool {
        !matches!(self.state, State::StreamStart { seen: 0 } | State::LineStart | State::AfterCr)
    }

    /// Ends the stream and makes the tokenizer ready for the next one. Gives the range of the
    /// block that did not see its blank line: empty where the stream ended clean, that is, where
    /// it follows the grammar of 9.2.5.
    pub fn finish(&mut self) -> Range<u64> {
        let unfinished = self.unfinished_block();
        *self = Self::new();
        unfinished
    }
}

/// The tokens of one chunk: see [`Tokenizer::push`].
#[must_use = "nothing is read before the cursor is asked"]
#[derive(Debug)]
pub struct Tokens<'t, 'c> {
    tokenizer: &'t mut Tokenizer,
    chunk: &'c [u8],
    /// Everything before this index of the chunk has been taken.
    at: usize,
    /// Where a line end has been found when a step begins, a whole line begins at `at`.
    line_ends: LineEnds,
    /// The position of the chunk's first byte.
    origin: u64,
}

/// A token before it is lent: what it is, and its place in the chunk.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// The value of a field, of whose line the chunk has all.
    Field {
        field: Field,
        start: usize,
        end: usize,
    },
    /// A comment of which the chunk has all.
    Comment {
        start: usize,
        end: usize,
    },
    /// A line with an unknown name, of which the chunk has all.
    Unknown {
        start: usize,
        end: usize,
    },
    /// What the chunk has of a line, which a border may cut; `last` where the line ends there.
    Piece {
        of: Cut,
        start: usize,
        end: usize,
        last: bool,
    },
    /// The start of an unknown line that was taken for something known in earlier chunks.
    UnknownPrefix {
        bytes: &'static [u8],
    },
    BlankLine {
        block_start: u64,
        block_end: u64,
    },
}

/// What is in a line of which a piece comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    Value(Field),
    Comment,
    Unknown,
}

impl<'c> Tokens<'_, 'c> {
    /// The bytes of the chunk that have not been taken: push them again after dropping the cursor.
    ///
    /// ```
    /// let mut tokenizer = sse_wire::Tokenizer::new();
    /// let mut tokens = tokenizer.push(b"data: a\ndata: b\n");
    /// tokens.next();
    /// assert_eq!(tokens.remaining(), b"data: b\n");
    /// ```
    #[inline]
    pub fn remaining(&self) -> &'c [u8] {
        self.chunk.get(self.at..).unwrap_or_default()
    }

    /// How many bytes of the chunk have been taken.
    #[inline]
    pub const fn taken(&self) -> usize {
        self.at
    }

    pub(crate) fn chunk(&self) -> &'c [u8] {
        self.chunk
    }

    /// The position in the stream of an index of the chunk.
    #[inline(always)]
    pub(crate) fn position_of(&self, index: usize) -> u64 {
        self.origin.wrapping_add(index as u64)
    }

    /// Where the current block begins.
    #[inline(always)]
    pub(crate) fn block_start(&self) -> u64 {
        self.tokenizer.block_start
    }

    /// The next token, as places in the chunk.
    #[inline(always)]
    pub(crate) fn step(&mut self) -> Option<Step> {
        loop {
            if FAST {
                if let Some(end) = self.line_ends.found() {
                    return self.whole_line(end);
                }
            }
            if FAST && self.tokenizer.state == State::LineStart {
                if self.line_ends.find(self.chunk).is_some() {
                    continue;
                }
                if let Some(step) = self.begin_value(Field::Data) {
                    return Some(step);
                }
            }
            if let Some(step) = self.cut_line()? {
                return Some(step);
            }
        }
    }

    /// A line from its start to the line end at `end`.
    #[inline(always)]
    fn whole_line(&mut self, end: usize) -> Option<Step> {
        let start = self.at;
        let [line @ .., last] = self.chunk.get(start..end + 1)? else { return None };
        let Some(first) = line.first() else {
            return Some(self.blank_line(end, *last));
        };
        self.end_line(end, *last);
        let field = |field| {
            let value = value_of(field, line)?;
            Some(Step::Field { field, start: end - value.len(), end })
        };
        // Each field is told and returned by itself, so that what follows knows it. The most
        // frequent comes first.
        if let Some(data) = field(Field::Data) {
            return Some(data);
        }
        match first {
            b'e' => {
                if let Some(event_type) = field(Field::Event) {
                    return Some(event_type);
                }
            }
            b'i' => {
                if let Some(id) = field(Field::Id) {
                    return Some(id);
                }
            }
            b'r' => {
                if let Some(reconnection_time) = field(Field::Retry) {
                    return Some(reconnection_time);
                }
            }
            b':' => return Some(Step::Comment { start: start + 1, end }),
            _ => {}
        }
        Some(Step::Unknown { start, end })
    }

    /// What comes where the end of a whole line has not been found: more of the line that earlier
    /// chunks began, or the start of the one that the chunk's end cuts.
    ///
    /// `None`: the chunk is used up. `Some(None)`: a line begins here.
    #[inline(never)]
    fn cut_line(&mut self) -> Option<Option<Step>> {
        loop {
            if self.tokenizer.state != State::LineStart {
                if let Some(step) = self.resumed_line()? {
                    return Some(Some(step));
                }
            } else if FAST && self.line_ends.find(self.chunk).is_some() {
                return Some(None);
            } else {
                let first = *self.remaining().first()?;
                if !FAST && is_line_end(first) {
                    self.line_ends.find(self.chunk);
                    return Some(Some(self.blank_line(self.at, first)));
                }
                self.tokenizer.state = State::at_line_start(first);
                match self.tokenizer.state {
                    State::FieldName { field, .. } if FAST => {
                        if let Some(step) = self.begin_value(field) {
                            return Some(Some(step));
                        }
                    }
                    State::Comment => self.at += 1,
                    _ => {}
                }
            }
        }
    }

    /// The part of a line that follows what earlier chunks held, or that the chunk's end cuts.
    ///
    /// `None`: the chunk is used up. `Some(None)`: the state moved on, without a token.
    #[inline(always)]
    fn resumed_line(&mut self) -> Option<Option<Step>> {
        match self.tokenizer.state {
            State::Value { field } => return self.piece(Cut::Value(field)),
            State::Comment => return self.piece(Cut::Comment),
            State::Unknown => return self.piece(Cut::Unknown),
            State::FieldName { field, seen } => return self.field_name(field, seen),
            State::AfterColon { field } => {
                if *self.chunk.get(self.at)? == b' ' {
                    self.at += 1;
                }
                self.tokenizer.state = State::Value { field };
            }
            State::AfterCr => {
                if *self.chunk.get(self.at)? == LF {
                    // It belongs to the line before, not to the block that begins here.
                    let begins_here = self.tokenizer.block_start == self.here();
                    self.pass_line_feed();
                    if begins_here {
                        self.tokenizer.block_start = self.here();
                    }
                }
                self.tokenizer.state = State::LineStart;
            }
            State::StreamStart { seen } => {
                return Some(self.byte_order_mark(*self.chunk.get(self.at)?, seen));
            }
            State::LineStart => {}
        }
        Some(None)
    }

    /// One byte at the start of the stream, after `seen` bytes of a byte order mark.
    fn byte_order_mark(&mut self, byte: u8, seen: u8) -> Option<Step> {
        let (seen_part, wanted) = BYTE_ORDER_MARK.split_at(usize::from(seen));
        if wanted.first() == Some(&byte) {
            self.at += 1;
            self.tokenizer.state = if wanted.len() > 1 {
                State::StreamStart { seen: seen + 1 }
            } else {
                self.tokenizer.block_start = self.here();
                State::LineStart
            };
        } else if seen == 0 {
            self.tokenizer.state = State::LineStart;
        } else {
            self.tokenizer.state = State::Unknown;
            return Some(self.unknown_prefix(seen_part));
        }
        None
    }

    /// The only step that ends in the middle of a line of which more is in the chunk: its end may
    /// have been found, but is not to be taken for that of a whole line.
    fn unknown_prefix(&mut self, bytes: &'static [u8]) -> Step {
        self.line_ends = LineEnds::starting_at(self.at);
        Step::UnknownPrefix { bytes }
    }

    /// Takes the rest of the chunk, in which no line ends, as the beginning of a line of `field`, if
    /// it has some of its value, behind what nearly all servers write.
    #[inline(always)]
    fn begin_value(&mut self, field: Field) -> Option<Step> {
        let value = self.remaining().strip_prefix(field.name_and_space().as_bytes())?;
        if value.is_empty() {
            return None;
        }
        self.tokenizer.state = State::Value { field };
        self.at = self.chunk.len();
        let (start, end) = (self.at - value.len(), self.at);
        Some(Step::Piece { of: Cut::Value(field), start, end, last: false })
    }

    /// More of a line that began with `seen` bytes of the name of `field`.
    fn field_name(&mut self, field: Field, seen: u8) -> Option<Option<Step>> {
        let mut seen_now = seen;
        for (&byte, at) in self.remaining().iter().zip(self.at..) {
            self.tokenizer.state = State::in_field_name(field, seen_now, byte);
            match self.tokenizer.state {
                State::FieldName { seen, .. } => {
                    seen_now = seen;
                    continue;
                }
                State::AfterColon { .. } => self.at = at + 1,
                State::Unknown if seen > 0 => {
                    let (seen_part, _) = field.name().as_bytes().split_at(usize::from(seen));
                    return Some(Some(self.unknown_prefix(seen_part)));
                }
                State::Unknown => {}
                _ => self.at = at,
            }
            return Some(None);
        }
        // The chunk ends inside the name or right behind it.
        self.at = self.chunk.len();
        None
    }

    /// What the chunk holds of a value, a comment or an unknown line.
    #[inline(always)]
    fn piece(&mut self, of: Cut) -> Option<Option<Step>> {
        let (start, end, last) = self.rest_of_line()?;
        Some(Some(Step::Piece { of, start, end, last }))
    }

    /// Whether the chunk begins in the middle of a value of this field.
    #[inline(always)]
    pub(crate) fn is_in_value(&self, field: Field) -> bool {
        self.tokenizer.is_in_value(field)
    }

    /// What the chunk has of the current line, and whether it ends there.
    #[cfg_attr(not(target_os = "none"), inline(always))]
    pub(crate) fn rest_of_line(&mut self) -> Option<(usize, usize, bool)> {
        let start = self.at;
        match self.line_ends.find(self.chunk) {
            Some(end) => {
                self.tokenizer.state = State::LineStart;
                self.end_line(end, *self.chunk.get(end)?);
                Some((start, end, true))
            }
            None if start == self.chunk.len() => None,
            None => {
                self.at = self.chunk.len();
                Some((start, self.at, false))
            }
        }
    }

    #[inline(always)]
    fn blank_line(&mut self, end: usize, last: u8) -> Step {
        let block_start = self.tokenizer.block_start;
        self.end_line(end, last);
        self.tokenizer.block_start = self.here();
        Step::BlankLine { block_start, block_end: self.position_of(end + 1) }
    }

    /// Passes the line end at `end`, the byte `last`; a CR is one whatever follows. The state is
    /// [`State::LineStart`] already.
    #[cfg_attr(not(target_os = "none"), inline(always))]
    fn end_line(&mut self, end: usize, last: u8) {
        debug_assert_eq!(self.tokenizer.state, State::LineStart);
        self.line_ends.pass();
        self.at = end + 1;
        if last == CR {
            match self.chunk.get(self.at) {
                Some(&LF) => self.pass_line_feed(),
                Some(_) => {}
                None => self.tokenizer.state = State::behind_line_end(last),
            }
        }
    }

    /// Passes the LF that completes a CRLF.
    #[inline(always)]
    fn pass_line_feed(&mut self) {
        self.line_ends.find(self.chunk);
        self.line_ends.pass();
        self.at += 1;
    }

    /// Tells the tokenizer how much has been taken: once for each time that the caller may drop the
    /// cursor, not for each line.
    #[inline(always)]
    pub(crate) fn commit(&mut self) {
        self.tokenizer.position = self.here();
    }

    /// The position of the next byte.
    #[inline(always)]
    fn here(&self) -> u64 {
        self.position_of(self.at)
    }
}

/// The value of a whole line, where it is one of this field.
#[inline(always)]
fn value_of(field: Field, line: &[u8]) -> Option<&[u8]> {
    // One comparison for what nearly all servers write.
    if let Some(value) = line.strip_prefix(field.name_and_space().as_bytes()) {
        return Some(value);
    }
    match line.strip_prefix(field.name().as_bytes())? {
        [b':', value @ ..] | value @ [] => Some(value),
        _ => None,
    }
}

impl<'c> Iterator for Tokens<'_, 'c> {
    type Item = Token<'c>;

    #[inline]
    fn next(&mut self) -> Option<Token<'c>> {
        let step = self.step();
        self.commit();
        let step = step?;
        let (of, start, end, complete) = match step {
            Step::Field { field, start, end } => (Cut::Value(field), start, end, true),
            Step::Comment { start, end } => (Cut::Comment, start, end, true),
            Step::Unknown { start, end } => (Cut::Unknown, start, end, true),
            Step::Piece { of, start, end, last } => (of, start, end, last),
            Step::UnknownPrefix { bytes } => {
                let position = self.here() - bytes.len() as u64;
                return Some(Token::Unknown { bytes, position, complete: false });
            }
            Step::BlankLine { block_start, block_end } => {
                return Some(Token::BlankLine { block: block_start..block_end });
            }
        };
        let bytes = self.chunk.get(start..end).unwrap_or_default();
        let position = self.position_of(start);
        Some(match of {
            Cut::Value(field) => Token::Value { field, bytes, position, complete },
            Cut::Comment => Token::Comment { bytes, position, complete },
            Cut::Unknown => Token::Unknown { bytes, position, complete },
        })
    }
}

impl core::iter::FusedIterator for Tokens<'_, '_> {}
