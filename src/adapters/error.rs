//! Errors of a parser or an encoder together with a transport.

use core::error::Error;
use core::fmt::{self, Display, Formatter};

use crate::error::{EncodeError, ParseError};

/// The error of a reader or of a stream of events; `E` is the transport's error.
///
/// ```
/// # #[cfg(feature = "std")] {
/// use sse_wire::{ReadError, io::EventReader};
///
/// fn print(source: impl std::io::Read) -> std::io::Result<()> {
///     let mut reader = EventReader::new(source);
///     loop {
///         match reader.next() {
///             Ok(Some(event)) => println!("{}", event.data),
///             Ok(None) => return Ok(()),
///             Err(ReadError::Parse(error)) => eprintln!("{error}"), // too large; the next event follows
///             Err(ReadError::Transport(error)) => return Err(error),
///         }
///     }
/// }
/// # print(&b"data: x\n\n"[..]).unwrap();
/// # }
/// ```
///
/// Neither is final: after a refused event the next call returns the next event, and after an error of the transport
/// it reads again. Nothing that was read before is lost.
///
/// It implements [`std::error::Error`](Error) if `E` does, which a `Box<dyn Error>` does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadError<E> {
    /// The parser's error. Usually an event needs more than the limit, and is skipped.
    Parse(ParseError),
    /// The transport's error, which is also the [source](Error::source).
    Transport(E),
}

impl<E> From<ParseError> for ReadError<E> {
    fn from(error: ParseError) -> Self {
        ReadError::Parse(error)
    }
}

impl<E> Display for ReadError<E> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Parse(error) => error.fmt(f),
            ReadError::Transport(_) => {
                f.write_str("the stream could not be read; if a retry fails, reconnect")
            }
        }
    }
}

impl<E: Error + 'static> Error for ReadError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            ReadError::Parse(_) => None,
            ReadError::Transport(error) => Some(error),
        }
    }
}

/// The error of a writer; `E` is the transport's error.
///
/// ```
/// # #[cfg(feature = "std")] {
/// use sse_wire::{Block, EncodeError, WriteError, io::BlockWriter};
///
/// let mut writer = BlockWriter::new(Vec::new());
/// let error = writer.write(&Block::new().id("1\0").data("x")).unwrap_err();
/// assert!(matches!(error, WriteError::Encode(EncodeError::Nul { at: 1 })));
/// assert!(writer.get_ref().is_empty());
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteError<E> {
    /// The block can't be encoded, and nothing was written.
    Encode(EncodeError),
    /// The transport's error, which is also the [source](Error::source). The writer has the block: the next `flush`
    /// writes what the transport has not taken.
    Transport(E),
    /// The transport took no bytes and returned no error. The next `flush` continues.
    WriteZero,
}

impl<E> From<EncodeError> for WriteError<E> {
    fn from(error: EncodeError) -> Self {
        WriteError::Encode(error)
    }
}

impl<E> Display for WriteError<E> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            WriteError::Encode(error) => error.fmt(f),
            WriteError::Transport(_) => f.write_str("the stream could not be written"),
            WriteError::WriteZero => {
                f.write_str("the stream could not be written: its target takes no more bytes")
            }
        }
    }
}

impl<E: Error + 'static> Error for WriteError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            WriteError::Transport(error) => Some(error),
            WriteError::Encode(_) | WriteError::WriteZero => None,
        }
    }
}

#[cfg(feature = "std")]
mod std_io {
    use std::io::{Error, ErrorKind};

    use super::{ReadError, WriteError};
    use crate::error::{EncodeError, LimitError, ParseError};

    /// The kind is [`QuotaExceeded`](ErrorKind::QuotaExceeded) for a limit. The `ParseError` is inside
    /// ([`get_ref`](Error::get_ref), [`downcast`](Error::downcast)).
    impl From<ParseError> for Error {
        fn from(error: ParseError) -> Self {
            let kind = match error {
                ParseError::Limit(_) => ErrorKind::QuotaExceeded,
                ParseError::Unread { .. } => ErrorKind::Other,
            };
            Error::new(kind, error)
        }
    }

    /// As for a [`ParseError`].
    impl From<LimitError> for Error {
        fn from(error: LimitError) -> Self {
            ParseError::from(error).into()
        }
    }

    /// The kind is [`InvalidData`](ErrorKind::InvalidData) if the block can't be encoded, and
    /// [`StorageFull`](ErrorKind::StorageFull) if there is no room for it. The `EncodeError` is inside.
    impl From<EncodeError> for Error {
        fn from(error: EncodeError) -> Self {
            let kind = match error {
                EncodeError::NoRoom { .. } => ErrorKind::StorageFull,
                EncodeError::Sink => ErrorKind::Other,
                _ => ErrorKind::InvalidData,
            };
            Error::new(kind, error)
        }
    }

    impl From<Error> for ReadError<Error> {
        fn from(error: Error) -> Self {
            ReadError::Transport(error)
        }
    }

    /// The transport's error unchanged, or that of the [`ParseError`].
    impl From<ReadError<Error>> for Error {
        fn from(error: ReadError<Error>) -> Self {
            match error {
                ReadError::Parse(error) => error.into(),
                ReadError::Transport(error) => error,
            }
        }
    }

    impl From<Error> for WriteError<Error> {
        fn from(error: Error) -> Self {
            WriteError::Transport(error)
        }
    }

    /// The transport's error unchanged, or that of the [`EncodeError`].
    impl From<WriteError<Error>> for Error {
        fn from(error: WriteError<Error>) -> Self {
            match error {
                WriteError::Encode(error) => error.into(),
                WriteError::Transport(error) => error,
                WriteError::WriteZero => ErrorKind::WriteZero.into(),
            }
        }
    }
}
