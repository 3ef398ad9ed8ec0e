//! What a tokenizer returns: the lines of a stream, whole or in pieces
//! ([9.2.5](https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream)).

use core::ops::Range;

/// A field of the specification (9.2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// `data`: a line of the event's data.
    Data,
    /// `event`: the type of the event.
    Event,
    /// `id`: the last event ID.
    Id,
    /// `retry`: the reconnection time.
    Retry,
}

impl Field {
    /// Returns the field's name in the stream.
    ///
    /// ```
    /// assert_eq!(sse_wire::Field::Retry.name(), "retry");
    /// ```
    pub const fn name(self) -> &'static str {
        let (head, colon_and_space) = (self.head().as_bytes(), ": ".len());
        match core::str::from_utf8(head.split_at(head.len() - colon_and_space).0) {
            Ok(name) => name,
            Err(_) => "",
        }
    }

    /// The name, the colon and the space that may follow it.
    pub(crate) const fn head(self) -> &'static str {
        match self {
            Field::Event => "event: ",
            Field::Data => "data: ",
            Field::Id => "id: ",
            Field::Retry => "retry: ",
        }
    }
}

impl core::fmt::Display for Field {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}

/// A part of a stream, from a [`Tokenizer`](crate::Tokenizer).
///
/// A value, a comment, or an unknown line that a chunk border cuts is returned in several pieces, of which all but the
/// last have `complete: false`. A byte is returned as soon as its role is known, so a line may end with an empty
/// piece. Bytes are those of the stream, not decoded; positions count from the stream's first byte.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Token<'c> {
    /// A piece of the value of a known field, without the space after the colon.
    #[non_exhaustive]
    Value {
        /// The field.
        field: Field,
        /// The piece.
        bytes: &'c [u8],
        /// The offset of the piece in the stream.
        position: u64,
        /// Whether the line ends here.
        complete: bool,
    },
    /// A piece of a comment, without one space after the colon.
    #[non_exhaustive]
    Comment {
        /// The piece.
        bytes: &'c [u8],
        /// The offset of the piece in the stream.
        position: u64,
        /// Whether the line ends here.
        complete: bool,
    },
    /// A piece of a line with an unknown field name, including the name and the colon.
    #[non_exhaustive]
    Unknown {
        /// The piece.
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
            Token::Value { bytes, position, .. }
            | Token::Comment { bytes, position, .. }
            | Token::Unknown { bytes, position, .. } => position..position + bytes.len() as u64,
            Token::Unread { ref range } => range.clone(),
            Token::BlankLine { ref block } => block.end.saturating_sub(1)..block.end,
        }
    }
}
