//! The tokenizer, which cuts chunks into lines and pieces of lines
//! ([9.2.5](https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream)).

use core::iter::FusedIterator;
use core::ops::Range;

use super::line::Line;
use super::lines::{Lines, Step};

/// Cuts a stream into [`Token`]s, for gateways, keep-alive timers, data larger than memory, and tools that explain a
/// stream.
///
/// ```
/// use sse_wire::{Field, Line, Token, Tokenizer};
///
/// let mut tokenizer = Tokenizer::new();
/// let mut data_bytes = 0;
/// for chunk in [&b"data: he"[..], b"llo\n\n"] {
///     for token in tokenizer.push(chunk) {
///         if let Token::Line { line: Line::Field(Field::Data), bytes, .. } = token {
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
/// - Chunk-invariance: for any split of the stream, the pieces of each value, comment, and unknown line join to the
///   same bytes at the same positions.
/// - Positions: a token's bytes are the stream's bytes at [`Token::range`].
///
/// # Memory and cost
///
/// No buffer and no allocation. Each byte is read a bounded number of times, whatever the chunks.
#[derive(Clone, Debug)]
pub struct Tokenizer {
    lines: Lines,
    /// The number of bytes before the chunk that were not taken.
    unread: u64,
}

impl Default for Tokenizer {
    fn default() -> Self {
        Self::new()
    }
}

impl Tokenizer {
    /// Creates a tokenizer at the start of a stream.
    pub const fn new() -> Self {
        Tokenizer { lines: Lines::new(), unread: 0 }
    }

    /// Takes the next bytes of the stream, any number of them. Nothing is read before the first call of the iterator.
    /// If it is dropped before it has returned `None`, the next one starts with [`Token::Unread`].
    #[inline]
    pub fn push<'t, 'c>(&'t mut self, chunk: &'c [u8]) -> Tokens<'t, 'c> {
        self.pass_unread();
        self.lines.begin(chunk);
        Tokens { tokenizer: self, chunk }
    }

    /// Returns how many bytes of the stream were taken.
    pub const fn position(&self) -> u64 {
        self.lines.position()
    }

    /// Returns the range of the block whose blank line has not arrived, as far as it was taken; empty between blocks.
    pub const fn unfinished_block(&self) -> Range<u64> {
        self.lines.unfinished_block()
    }

    /// Ends the stream and makes the tokenizer ready for the next one. Returns the range of the block without its
    /// blank line: empty if the stream has ended clean, that is, if it follows the grammar of 9.2.5.
    pub fn finish(&mut self) -> Range<u64> {
        let mut start = self.unfinished_block().start;
        self.pass_unread();
        let end = self.position();
        start = start.min(end - self.unread);
        *self = Self::new();
        start..end
    }

    /// Skips what the last iterator has left.
    #[inline]
    fn pass_unread(&mut self) {
        if self.lines.unread() > 0 {
            self.unread += self.lines.skip_unread() as u64;
        }
    }
}

/// The tokens of one chunk: see [`Tokenizer::push`].
///
/// ```
/// let mut tokenizer = sse_wire::Tokenizer::new();
/// let tokens = tokenizer.push(b": ping\n\ndata: x\n\n");
/// assert_eq!(tokens.count(), 4); // a comment, a blank line, a value, a blank line
/// ```
#[must_use = "iterators are lazy and do nothing unless consumed"]
#[derive(Debug)]
pub struct Tokens<'t, 'c> {
    tokenizer: &'t mut Tokenizer,
    chunk: &'c [u8],
}

impl<'c> Tokens<'_, 'c> {
    /// Ends the iterator, and returns the bytes of the chunk that it has not taken, so that they can be pushed again,
    /// alone or followed by new bytes.
    ///
    /// ```
    /// let mut tokenizer = sse_wire::Tokenizer::new();
    /// let mut tokens = tokenizer.push(b"data: a\ndata: b\n");
    /// tokens.next();
    /// assert_eq!(tokens.into_rest(), b"data: b\n");
    /// ```
    pub fn into_rest(self) -> &'c [u8] {
        &self.chunk[self.tokenizer.lines.leave()..]
    }
}

impl<'c> Iterator for Tokens<'_, 'c> {
    type Item = Token<'c>;

    #[inline]
    fn next(&mut self) -> Option<Token<'c>> {
        let Tokenizer { lines, unread } = &mut *self.tokenizer;
        if *unread > 0 {
            let end = lines.position();
            return Some(Token::Unread { range: end - core::mem::take(unread)..end });
        }
        let piece = match lines.step(self.chunk) {
            Step::End => return None,
            Step::Line(piece) | Step::Piece(piece) => piece,
            Step::BlankLine(block) => return Some(Token::BlankLine { block }),
            Step::UnknownHead(bytes) => {
                let position = lines.position() - bytes.len() as u64;
                return Some(Token::Line { line: Line::Unknown, bytes, position, complete: false });
            }
        };
        let (bytes, position) = (piece.span.bytes(self.chunk), lines.position_of(piece.span.start));
        Some(Token::Line { line: piece.line, bytes, position, complete: piece.last })
    }
}

impl FusedIterator for Tokens<'_, '_> {}

/// A part of a stream, from a [`Tokenizer`](crate::Tokenizer).
///
/// ```
/// use sse_wire::{Field, Line, Token, Tokenizer};
///
/// let mut tokenizer = Tokenizer::new();
/// let mut tokens = tokenizer.push(b"id: 7\ndata: hel");
/// let Some(Token::Line { line, bytes, complete, .. }) = tokens.next() else { panic!() };
/// assert_eq!((line, bytes, complete), (Line::Field(Field::Id), &b"7"[..], true));
/// let Some(Token::Line { line, bytes, complete, .. }) = tokens.next() else { panic!() };
/// assert_eq!((line, bytes, complete), (Line::Field(Field::Data), &b"hel"[..], false));
/// ```
///
/// A line that a chunk border cuts is returned in several pieces, of which all but the last have `complete: false`. A
/// byte is returned as soon as its role is known, so a line may end with an empty piece. Bytes are those of the stream,
/// not decoded; positions count from the stream's first byte.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Token<'c> {
    /// A piece of a line.
    #[non_exhaustive]
    Line {
        /// The kind of the line.
        line: Line,
        /// The piece: of the value of a known field or of a comment, without one space after the colon; or of an
        /// unknown line, including the name and the colon.
        bytes: &'c [u8],
        /// The offset of the piece in the stream.
        position: u64,
        /// Whether the line ends here.
        complete: bool,
    },
    /// Bytes that the iterator of an earlier chunk did not take. What follows is read as the rest of an unknown line,
    /// unless they ended with a line end.
    #[non_exhaustive]
    Unread {
        /// Their range in the stream.
        range: Range<u64>,
    },
    /// A blank line, the end of a block.
    #[non_exhaustive]
    BlankLine {
        /// The range of the block in the stream: from the first byte of its first line to just after the first byte of
        /// the blank line's end. It excludes the LF of a CRLF, because the block is complete before it arrives, and a
        /// byte order mark.
        block: Range<u64>,
    },
}

impl Token<'_> {
    /// Returns the range of the token's bytes in the stream; for a blank line, of the byte that ends it.
    ///
    /// ```
    /// let mut tokenizer = sse_wire::Tokenizer::new();
    /// let token = tokenizer.push(b"data: x\n").next().unwrap();
    /// assert_eq!(token.range(), 6..7);
    /// ```
    pub fn range(&self) -> Range<u64> {
        match *self {
            Token::Line { bytes, position, .. } => position..position + bytes.len() as u64,
            Token::Unread { ref range } => range.clone(),
            Token::BlankLine { ref block } => block.end.saturating_sub(1)..block.end,
        }
    }
}
