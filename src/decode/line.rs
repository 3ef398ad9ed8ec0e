//! A line: its field and where its value begins
//! ([9.2.5](https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream),
//! [9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)).
//! Names, colon and space stand here alone.

use super::text::Span;
use crate::field::Field;

/// What a line that is not blank says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Field(Field),
    /// A line that begins with a colon: its name is empty.
    Comment,
    /// A field name that the specification does not know.
    Unknown,
}

/// All lines that mean something, the most frequent first.
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
    /// What decides where the value begins: the name, the colon and one space.
    const fn head(self) -> &'static [u8] {
        match self {
            Line::Field(field) => field.head().as_bytes(),
            Line::Comment => b": ",
            Line::Unknown => b"",
        }
    }

    /// Where the value begins in `text`, if its name is this line's, and nothing or a colon follows:
    /// after one space, if there is one.
    #[inline(always)]
    fn value_start(self, text: &[u8]) -> Option<usize> {
        // Told apart by the first byte: a branch that is easier to foresee than one by the length.
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

/// What a line is and where its value begins; `text` is all of it, or enough to tell.
#[inline(always)]
pub(super) fn classify(text: &[u8]) -> (Line, usize) {
    for line in KNOWN {
        if let Some(value) = line.value_start(text) {
            return (line, value);
        }
    }
    (Line::Unknown, 0)
}

/// The head of the line that may begin with this byte, unless it is unknown whatever follows.
pub(super) fn head_begun_by(byte: u8) -> Option<&'static [u8]> {
    KNOWN.map(Line::head).into_iter().find(|head| head[0] == byte)
}

/// A value, or a piece of it, by its place in the chunk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    pub(crate) line: Line,
    pub(crate) span: Span,
    /// Whether the value begins here, and whether its line ends here.
    pub(crate) first: bool,
    pub(crate) last: bool,
    /// Where in the stream the line begins.
    pub(crate) line_start: u64,
}
