//! What can go wrong: in decoding only a limit, in encoding only a value that the format cannot
//! carry or a place that cannot take it.

use core::error::Error;
use core::fmt::{self, Display, Formatter};

use crate::Field;

/// Why a cursor has nothing to hand out this time. The next call goes on after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseError {
    /// Something needs more memory than a parser may retain.
    Limit(LimitError),
    /// An earlier cursor was dropped before it had taken its whole chunk.
    ///
    /// ```
    /// use sse_wire::{ParseError, Parser};
    ///
    /// let mut parser = Parser::new();
    /// parser.push(b"data: 1\n\ndata: 2\n\n").next()?; // and the cursor is gone
    /// let mut events = parser.push(b"data: 3\n\ndata: 4\n\n");
    /// assert_eq!(events.next(), Err(ParseError::Unread { bytes: 9 }));
    /// assert_eq!(events.next()?.unwrap().data, "4");
    /// # Ok::<(), ParseError>(())
    /// ```
    Unread {
        /// How many bytes it had not taken.
        bytes: usize,
    },
}

impl Display for ParseError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limit(error) => error.fmt(f),
            Self::Unread { bytes } => write!(
                f,
                "a cursor was dropped before it had taken the last {bytes} bytes of its chunk: they are lost, with everything up to the next blank line; call `next` until it returns `None`, or `into_rest` or `discard`"
            ),
        }
    }
}

impl Error for ParseError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        None
    }
}

impl From<LimitError> for ParseError {
    fn from(error: LimitError) -> Self {
        Self::Limit(error)
    }
}

/// Something needs more memory than a parser may retain.
///
/// The parser goes on: an event that is refused is skipped to its blank line, a comment or an id to
/// the end of its line, and the next call gives what comes next.
///
/// ```
/// use sse_wire::{ParseError, Parser};
///
/// let mut parser = Parser::with_limit(8);
/// let mut events = parser.push(b"data: a lot of text\n\ndata: short\n\n");
/// let Err(ParseError::Limit(error)) = events.next() else { panic!() };
/// assert_eq!((error.limit(), error.position()), (8, 0));
/// assert_eq!(events.next()?.unwrap().data, "short");
/// # Ok::<(), ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitError {
    pub(crate) refused: Refused,
    pub(crate) limit: Limit,
    pub(crate) position: u64,
}

/// What a [`LimitError`] refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// The event whose block begins at the error's position.
    Event,
    /// The comment that begins at the error's position; the event around it is not touched.
    Comment,
    /// The id in the line that begins at the error's position; the event around it is not touched,
    /// and the last event ID before it stays in force.
    Id,
}

/// The limit that would have been passed, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) bytes: usize,
    /// The fixed array that is too small; none where it is the limit for everything retained.
    pub(crate) array: Option<Field>,
}

impl LimitError {
    /// The limit in bytes: the parser's, the one for ids if an id was refused, or what the array
    /// allows that is too small.
    pub const fn limit(&self) -> usize {
        self.limit.bytes
    }

    /// The array that is too small: the one for this field. `None` if the limit is the parser's.
    pub const fn array(&self) -> Option<Field> {
        self.limit.array
    }

    /// Where in the stream the refused event's block begins, or the line of the refused comment or
    /// id.
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// What was refused.
    pub const fn refused(&self) -> Refused {
        self.refused
    }
}

impl Display for LimitError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (position, bytes) = (self.position, self.limit.bytes);
        let what = match self.refused {
            Refused::Event => "event",
            Refused::Comment => "comment",
            Refused::Id => "id",
        };
        write!(f, "the {what} that begins at byte {position} was skipped: it needs more than ")?;
        match (self.limit.array, self.refused) {
            (Some(Field::Id), _) => write!(
                f,
                "the {bytes} bytes that the array for `id` has for each id; give a larger array to receive it"
            ),
            (Some(field), _) => write!(
                f,
                "the array of {bytes} bytes for `{field}`; give a larger array to receive it"
            ),
            (None, Refused::Id) => {
                write!(f, "the limit of {bytes} bytes for ids; raise the limits to receive it")
            }
            (None, _) => {
                write!(f, "the limit of {bytes} retained bytes; raise the limit to receive it")
            }
        }
    }
}

impl Error for LimitError {}

/// A last event ID that a parser can't start from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LastEventIdError {
    /// It is longer than the limit allows beside what else is retained, or than the array for IDs.
    TooLong {
        /// Its length in bytes.
        length: usize,
        /// The room for it in bytes.
        room: usize,
    },
    /// It has a NUL, LF or CR, which no stream can have put there.
    Character {
        /// The character.
        character: char,
        /// Its byte offset.
        at: usize,
    },
}

impl Display for LastEventIdError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { length, room } => {
                write!(
                    f,
                    "the last event ID has {length} bytes, and there is room for {room}; raise the limit, or give a larger array for IDs"
                )
            }
            Self::Character { character, at } => write!(
                f,
                "the last event ID has {character:?} at byte {at}, which no stream can have put there; check where it was stored"
            ),
        }
    }
}

impl Error for LastEventIdError {}

/// A block that was not encoded.
///
/// ```
/// use sse_wire::{Block, EncodeError, Part};
///
/// let error = Block::new().id("1\ndata: injected").encode(&mut Vec::new()).unwrap_err();
/// assert_eq!(error, EncodeError::LineBreak { part: Part::Id, at: 1 });
/// assert_eq!(
///     error.to_string(),
///     "the id has a line break at byte 1, but is written as one line; remove or escape it"
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeError {
    /// A CR or LF where it can't stand, or, in a [strict](crate::Block::strict) block, a CR in data.
    LineBreak {
        /// What has it.
        part: Part,
        /// Its byte offset there.
        at: usize,
    },
    /// A NUL in the ID: decoders would ignore the ID.
    Nul {
        /// Its byte offset in the ID.
        at: usize,
    },
    /// Bytes that were written as data are no UTF-8.
    NotUtf8 {
        /// The byte offset in the data: everything before it is well-formed.
        at: usize,
    },
    /// The fixed memory is too small. Nothing of the block stays there.
    NoRoom {
        /// How many bytes the block needs: exactly where it is encoded whole, at least where its
        /// data comes piecewise.
        needed: usize,
    },
    /// The target below the sink has reported an error; it may hold part of the block.
    Sink,
}

/// A part of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Part {
    /// The comment.
    Comment,
    /// The event type, the value of the field `event`.
    EventType,
    /// The value of the field `id`.
    Id,
    /// The data.
    Data,
}

impl Display for Part {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Part::Comment => "comment",
            Part::EventType => "event type",
            Part::Id => "id",
            Part::Data => "data",
        })
    }
}

impl Display for EncodeError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::LineBreak { part: Part::Data, at } => write!(
                f,
                "the data has a CR at byte {at}, which would decode as LF; encode without `strict` to allow that"
            ),
            Self::LineBreak { part, at } => write!(
                f,
                "the {part} has a line break at byte {at}, but is written as one line; remove or escape it"
            ),
            Self::Nul { at } => write!(
                f,
                "the id has a NUL at byte {at}, and decoders ignore such an id; remove or escape it"
            ),
            Self::NotUtf8 { at } => write!(
                f,
                "the data is no UTF-8 from byte {at} on; encode binary data as text, in Base64 for example"
            ),
            Self::NoRoom { needed } => {
                write!(f, "the block needs {needed} bytes, and fewer are free; give more memory")
            }
            Self::Sink => f.write_str(
                "the target of the encoder reported an error and may hold part of a block; end the stream",
            ),
        }
    }
}

impl Error for EncodeError {}
