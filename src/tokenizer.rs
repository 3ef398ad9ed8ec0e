//! Chunk → tokens: lines, comments and fields
//! ([9.2.5](https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream),
//! [9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)).
//!
//! A letter to the maintainer. The state says what was just seen, and nothing of the input is kept:
//! what a chunk border cuts of a field name is kept as a count, since the bytes of a known name are
//! known. A line that lies whole in the chunk goes through [`Tokens::whole_line`]; [`State`] serves
//! the line that a border cuts, and both meet in [`value_start`] and [`Tokens::end_line`]. A CR ends
//! its line at once; that an LF may follow it is known to [`State::AfterCr`] alone.

use core::ops::Range;

use crate::scan::{CR, LF, LineEnds};
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
    /// So many bytes of this field's name, from the line's start on, in earlier chunks.
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
    line_ends: LineEnds,
    /// The position of the chunk's first byte.
    origin: u64,
}

/// A token before it is lent: what it is, and its place in the chunk.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Value {
        field: Field,
        start: usize,
        end: usize,
        complete: bool,
    },
    Comment {
        start: usize,
        end: usize,
        complete: bool,
    },
    Unknown {
        start: usize,
        end: usize,
        complete: bool,
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
            if self.tokenizer.state != State::LineStart {
                if let Some(step) = self.resumed_line()? {
                    return Some(step);
                }
            } else if let Some(end) = self.line_ends.peek(self.chunk) {
                return Some(self.whole_line(end));
            } else {
                let &first = self.chunk.get(self.at)?;
                self.tokenizer.state = match Field::by_first_byte(first) {
                    Some(field) => State::FieldName { field, seen: 0 },
                    None if first == b':' => {
                        self.at += 1;
                        State::Comment
                    }
                    None => State::Unknown,
                };
            }
        }
    }

    /// A line from its start to the line end at `end`.
    #[inline(always)]
    fn whole_line(&mut self, end: usize) -> Step {
        let start = self.at;
        let line = self.chunk.get(start..end).unwrap_or_default();
        let step = match line {
            [] => return self.blank_line(end),
            [b':', ..] => Step::Comment { start: start + 1, end, complete: true },
            _ => match Field::at_start_of(line).and_then(|field| {
                let name_len = field.name().len();
                match line.get(name_len) {
                    None => Some((field, end)),
                    Some(b':') => Some((field, value_start(self.chunk, start + name_len + 1))),
                    Some(_) => None,
                }
            }) {
                Some((field, start)) => Step::Value { field, start, end, complete: true },
                None => Step::Unknown { start, end, complete: true },
            },
        };
        self.end_line(end);
        step
    }

    /// The part of a line that follows what earlier chunks held, or that the chunk's end cuts.
    ///
    /// `None`: the chunk is used up. `Some(None)`: the state moved on, without a token.
    fn resumed_line(&mut self) -> Option<Option<Step>> {
        let line_end = self.line_ends.peek(self.chunk);
        match self.tokenizer.state {
            State::LineStart => {}
            State::StreamStart { seen } => {
                return Some(self.byte_order_mark(*self.chunk.get(self.at)?, seen));
            }
            State::AfterCr => {
                if *self.chunk.get(self.at)? == LF {
                    self.swallow_line_feed();
                }
                self.tokenizer.state = State::LineStart;
            }
            State::FieldName { field, seen } => return self.field_name(field, seen, line_end),
            State::AfterColon { field } => {
                // Where the line ends here, its value is empty; where the chunk does, wait.
                if line_end.is_none() && self.at == self.chunk.len() {
                    return None;
                }
                self.at = value_start(self.chunk, self.at);
                self.tokenizer.state = State::Value { field };
            }
            State::Value { field } => {
                return self.piece(line_end, |start, end, complete| Step::Value {
                    field,
                    start,
                    end,
                    complete,
                });
            }
            State::Comment => {
                return self.piece(line_end, |start, end, complete| Step::Comment {
                    start,
                    end,
                    complete,
                });
            }
            State::Unknown => {
                return self.piece(line_end, |start, end, complete| Step::Unknown {
                    start,
                    end,
                    complete,
                });
            }
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
            return Some(Step::UnknownPrefix { bytes: seen_part });
        }
        None
    }

    /// More of a line that began with `seen` bytes of the name of `field`.
    fn field_name(
        &mut self,
        field: Field,
        seen: u8,
        line_end: Option<usize>,
    ) -> Option<Option<Step>> {
        let name = field.name().as_bytes();
        let (seen_part, wanted) = name.split_at(usize::from(seen));
        let here =
            self.chunk.get(self.at..line_end.unwrap_or(self.chunk.len())).unwrap_or_default();
        let same = wanted.iter().zip(here).take_while(|(a, b)| a == b).count();
        if same == here.len() && line_end.is_none() {
            // The chunk ends inside the name or right behind it.
            self.tokenizer.state = State::FieldName { field, seen: seen + same as u8 };
            self.at = self.chunk.len();
            return None;
        }
        match here.get(same) {
            None if same == wanted.len() => {
                self.at += same;
                self.tokenizer.state = State::Value { field };
            }
            Some(b':') if same == wanted.len() => {
                self.at += same + 1;
                self.tokenizer.state = State::AfterColon { field };
            }
            _ => {
                self.tokenizer.state = State::Unknown;
                if seen > 0 {
                    return Some(Some(Step::UnknownPrefix { bytes: seen_part }));
                }
            }
        }
        Some(None)
    }

    /// What the chunk holds of a value, a comment or an unknown line.
    fn piece(
        &mut self,
        line_end: Option<usize>,
        step: impl Fn(usize, usize, bool) -> Step,
    ) -> Option<Option<Step>> {
        let start = self.at;
        match line_end {
            Some(end) => {
                self.tokenizer.state = State::LineStart;
                self.end_line(end);
                Some(Some(step(start, end, true)))
            }
            None if start == self.chunk.len() => None,
            None => {
                self.at = self.chunk.len();
                Some(Some(step(start, self.chunk.len(), false)))
            }
        }
    }

    #[inline(always)]
    fn blank_line(&mut self, end: usize) -> Step {
        let block_start = self.tokenizer.block_start;
        self.end_line(end);
        let block_end = self.here();
        self.tokenizer.block_start = block_end;
        Step::BlankLine { block_start, block_end }
    }

    /// Passes the line end at `end`; a CR is one whatever follows. The state is
    /// [`State::LineStart`] already.
    #[inline(always)]
    fn end_line(&mut self, end: usize) {
        debug_assert_eq!(self.tokenizer.state, State::LineStart);
        self.line_ends.pass();
        self.at = end + 1;
        if self.chunk.get(end) == Some(&CR) {
            self.tokenizer.state = State::AfterCr;
        }
    }

    /// Passes the LF that completes a CRLF: it belongs to the line before, not to this block.
    fn swallow_line_feed(&mut self) {
        self.line_ends.pass();
        if self.tokenizer.block_start == self.here() {
            self.tokenizer.block_start += 1;
        }
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

/// Where the value begins whose colon stands before `index`: one U+0020 there is not part of it.
#[inline(always)]
fn value_start(chunk: &[u8], index: usize) -> usize {
    index + usize::from(chunk.get(index) == Some(&b' '))
}

impl<'c> Iterator for Tokens<'_, 'c> {
    type Item = Token<'c>;

    #[inline]
    fn next(&mut self) -> Option<Token<'c>> {
        let step = self.step();
        self.commit();
        let step = step?;
        let bytes = |start: usize, end: usize| self.chunk.get(start..end).unwrap_or_default();
        Some(match step {
            Step::Value { field, start, end, complete } => Token::Value {
                field,
                bytes: bytes(start, end),
                position: self.position_of(start),
                complete,
            },
            Step::Comment { start, end, complete } => Token::Comment {
                bytes: bytes(start, end),
                position: self.position_of(start),
                complete,
            },
            Step::Unknown { start, end, complete } => Token::Unknown {
                bytes: bytes(start, end),
                position: self.position_of(start),
                complete,
            },
            Step::UnknownPrefix { bytes } => Token::Unknown {
                bytes,
                position: self.here() - bytes.len() as u64,
                complete: false,
            },
            Step::BlankLine { block_start, block_end } => {
                Token::BlankLine { block: block_start..block_end }
            }
        })
    }
}

impl core::iter::FusedIterator for Tokens<'_, '_> {}
