//! The errors: decoding fails only at a limit, encoding only if the format can't represent a value or the target has no
//! room.

use core::error::Error;
use core::fmt::{self, Display, Formatter};

use crate::Field;

/// Why a call of a cursor returned no event. The next call continues after it.
///
/// ```
/// use sse_wire::{ParseError, Parser};
///
/// let mut parser = Parser::with_limit(64);
/// let stream = format!("data: {}\n\ndata: short\n\n", "x".repeat(100));
/// let mut events = parser.push(stream.as_bytes());
/// loop {
///     match events.next() {
///         Ok(Some(event)) => println!("{}", event.data),
///         Ok(None) => break,
///         Err(ParseError::Limit(error)) => eprintln!("skipped: {error}"),
///         Err(error) => eprintln!("{error}"),
///     }
/// }
/// ```
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
    /// parser.push(b"data: 1\n\ndata: 2\n\n").next()?; // drops the cursor
    /// let mut events = parser.push(b"data: 3\n\ndata: 4\n\n");
    /// assert_eq!(events.next(), Err(ParseError::Unread { bytes: 9 }));
    /// assert_eq!(events.next()?.unwrap().data, "4");
    /// # Ok::<(), ParseError>(())
    /// ```
    Unread {
        /// The number of bytes that it had not taken.
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
/// Parsing continues: the next call skips a refused event to its blank line, or a refused comment or ID to the end of
/// its line.
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
///
/// ```
/// use sse_wire::{ParseError, Parser, Refused};
///
/// let mut parser = Parser::with_limit(400); // so an ID can have 100 bytes
/// let stream = format!("id: {}\ndata: x\n\n", "9".repeat(101));
/// let mut events = parser.push(stream.as_bytes());
/// let Err(ParseError::Limit(error)) = events.next() else { panic!() };
/// assert_eq!(error.refused(), Refused::Id);
/// assert_eq!(events.next()?.unwrap().data, "x"); // the event itself is delivered
/// # Ok::<(), ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// The event whose block begins at the error's position.
    Event,
    /// The comment that begins at the error's position. The event around it is not affected.
    Comment,
    /// The ID in the line that begins at the error's position. The event around it is not affected, and the previous
    /// last event ID stays in force.
    Id,
}

/// The limit in bytes that would have been exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) bytes: usize,
    /// The array that is too small; `None` for the parser's limit.
    pub(crate) array: Option<Field>,
}

impl LimitError {
    /// Returns the limit in bytes: the parser's, the one for IDs if an ID was refused, or that of the array that is too
    /// small.
    pub const fn limit(&self) -> usize {
        self.limit.bytes
    }

    /// Returns the field whose array is too small; `None` if the limit is the parser's.
    pub const fn array(&self) -> Option<Field> {
        self.limit.array
    }

    /// Returns the offset in the stream at which the refused event's block begins, or the line of the refused comment or
    /// ID.
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// Returns what was refused.
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
///
/// ```
/// use sse_wire::{LastEventIdError, Parser};
///
/// let error = Parser::new().set_last_event_id("7\n").unwrap_err();
/// assert_eq!(error, LastEventIdError::Character { character: '\n', at: 1 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LastEventIdError {
    /// It is longer than the limit for IDs, or than a third of the array for IDs.
    TooLong {
        /// Its length in bytes.
        length: usize,
        /// The room for it in bytes.
        room: usize,
    },
    /// It has a NUL, LF, or CR, so it can't be from a stream.
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
                "the last event ID has {character:?} at byte {at}, so it can't be from a stream; check where it was stored"
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
    /// A CR or LF in a value of one line, or, in a [strict](crate::Block::strict) block, a CR in data.
    LineBreak {
        /// The part that has it.
        part: Part,
        /// Its byte offset in that part.
        at: usize,
    },
    /// A NUL in the ID, which decoders would ignore.
    Nul {
        /// Its byte offset in the ID.
        at: usize,
    },
    /// Bytes that were written as data are not UTF-8.
    NotUtf8 {
        /// The byte offset in the data: everything before it is well-formed.
        at: usize,
    },
    /// The fixed memory is too small. The block was rolled back.
    NoRoom {
        /// How many bytes the block needs: exact if it is encoded as a whole, a lower bound if its data is written
        /// piecewise.
        needed: usize,
    },
    /// The sink's target reported an error, and may have part of the block.
    Sink,
}

/// A part of a block, in an [`EncodeError`].
///
/// ```
/// use sse_wire::{Block, EncodeError, Part};
///
/// let result = Block::new().event_type("a\nb").encode(&mut Vec::new());
/// assert_eq!(result, Err(EncodeError::LineBreak { part: Part::EventType, at: 1 }));
/// ```
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
                "the data is not UTF-8 from byte {at} on; encode binary data as text, in Base64 for example"
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
