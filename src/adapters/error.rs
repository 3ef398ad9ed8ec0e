//! What can go wrong between a parser or an encoder and a transport: which of the two it was.

use core::error::Error;
use core::fmt::{self, Display, Formatter};

use crate::error::{EncodeError, ParseError};

/// Why a reader, or a stream of events, gave no event; `E` is the transport's error.
///
/// Neither is an end: after a refused event the next call returns the next one, and after an error
/// of the transport it asks the transport again, with nothing lost of what came before.
///
/// It is a [`std::error::Error`](Error) if `E` is one, which a `Box<dyn Error>` is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadError<E> {
    /// The parser's error: mostly, that an event needs more than its limit, and is skipped.
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
            ReadError::Transport(_) => f.write_str(
                "the stream could not be read; if it can't be read again, connect again with \
                 the last event ID",
            ),
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

/// Why a writer did not write a block, or not all of it; `E` is the transport's error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteError<E> {
    /// The block was refused, and nothing of it will be written.
    Encode(EncodeError),
    /// The transport's error, which is also the [source](Error::source). The block is taken: what
    /// the transport has not taken yet waits for the next `flush`.
    Transport(E),
    /// The transport took nothing and reported no error; what it has not taken waits.
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

    /// Of the kind [`QuotaExceeded`](ErrorKind::QuotaExceeded) for a limit, with the `ParseError`
    /// inside ([`get_ref`](Error::get_ref), [`downcast`](Error::downcast)).
    impl From<ParseError> for Error {
        fn from(error: ParseError) -> Self {
            let kind = match error {
                ParseError::Limit(_) => ErrorKind::QuotaExceeded,
                ParseError::Unread { .. } => ErrorKind::Other,
            };
            Error::new(kind, error)
        }
    }

    /// As of the [`ParseError`] that it becomes.
    impl From<LimitError> for Error {
        fn from(error: LimitError) -> Self {
            ParseError::from(error).into()
        }
    }

    /// Of the kind [`InvalidData`](ErrorKind::InvalidData) if the block can't be encoded,
    /// [`StorageFull`](ErrorKind::StorageFull) if there is no room for it, with the `EncodeError`
    /// inside.
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

    /// The transport's error as it was, or that of [`ParseError`].
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

    /// The transport's error as it was, or that of [`EncodeError`].
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
