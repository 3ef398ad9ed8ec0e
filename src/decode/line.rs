//! A line: its field and where its value begins
//! ([9.2.5](https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream),
//! [9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)).
//! The only place for names, colon, and space.

use super::text::Span;
use crate::field::Field;

/// The kind of a line that is not blank (9.2.6): see [`Token::Line`](crate::Token::Line).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Line {
    /// A line with one of the fields of the specification.
    Field(Field),
    /// A line that begins with a colon.
    Comment,
    /// A line with another field name, which the specification says to ignore.
    Unknown,
}

/// All lines with a meaning, the most frequent first.
const KNOWN: [Line; 5] = [
    Line::Field(Field::Data),
    Line::Field(Field::Event),
    Line::Comment,
    Line::Field(Field::Id),
    Line::Field(Field::Retry),
];

/// The longest of all [`Line::head`]s.
pub(super) const LONGEST_HEAD: usize = "retry: ".len();

impl Line {
    /// The name, the colon, and one space.
    const fn head(self) -> &'static [u8] {
        match self {
            Line::Field(field) => field.head().as_bytes(),
            Line::Comment => b": ",
            Line::Unknown => b"",
        }
    }

    /// Returns the start of the value in `text`, after one space if there is one; `None` if the name is
    /// another one.
    #[inline(always)]
    fn value_start(self, text: &[u8]) -> Option<usize> {
        // The first byte comes first: this branch is easier to predict than one on the length.
        if text.first() != self.head().first() {
            return None;
        }
        let name = self.head().len() - ": ".len();
        match text.strip_prefix(&self.head()[..name])? {
            [b':', b' ', ..] => Some(name + 2),
            [b':', ..] => Some(name + 1),
            [] => Some(name),
            _ => None,
        }
    }
}

/// Returns the kind of a line and the start of its value. `text` is all of it, or enough to decide.
#[inline(always)]
pub(super) fn classify(text: &[u8]) -> (Line, usize) {
    for &line in &KNOWN {
        if let Some(value) = line.value_start(text) {
            return (line, value);
        }
    }
    (Line::Unknown, 0)
}

/// Returns the head of the known line that begins with this byte, if there is one.
pub(super) fn head_begun_by(byte: u8) -> Option<&'static [u8]> {
    KNOWN.iter().map(|line| line.head()).find(|head| head[0] == byte)
}

/// A value, or a piece of it, by its span in the chunk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    pub(crate) line: Line,
    pub(crate) span: Span,
    /// Whether the value begins here, and whether its line ends here.
    pub(crate) first: bool,
    pub(crate) last: bool,
    /// The position of the line in the stream.
    pub(crate) line_start: u64,
}
