//! Reads events from any [`embedded_io::Read`](::embedded_io::Read), and writes blocks to any
//! [`embedded_io::Write`](::embedded_io::Write), without an allocator (feature `embedded-io`).
//!
//! The source is the body of a response: an HTTP client has to remove the head and the transfer encoding first.
//!
//! `embedded_io_async` is the asynchronous counterpart.

use ::embedded_io::{Error, ErrorKind, Read, Write};

use super::error::{ReadError, WriteError};
use super::intake::{Intake, reader_methods};
use super::outgoing::{Outgoing, writer_methods};
use crate::decode::{Events, Memory, Parser, Storage};
use crate::encode::Block;
use crate::event::Event;
#[cfg(feature = "alloc")]
use crate::event::OwnedEvent;

/// Reads events from a [`Read`], and lends them one by one.
///
/// ```
/// use sse_wire::{Arrays, End, Parser, embedded_io::EventReader};
///
/// let uart = &b"event: tick\ndata: 1\n\ndata: 2\n\ndata: cut"[..];
/// let parser = Parser::with_arrays(Arrays {
///     data: [0; 512],
///     event_type: [0; 32],
///     ids: [0; 96],
/// });
/// let mut reader = EventReader::new(uart, parser, [0; 128]);
/// while let Some(event) = reader.next()? {
///     assert!(["1", "2"].contains(&event.data));
/// }
/// assert!(matches!(reader.finish()?, End::Incomplete(_)));
/// # Ok::<(), sse_wire::ReadError<core::convert::Infallible>>(())
/// ```
///
/// It reads once, and only after everything before was parsed, so it never waits for more than the source has: an
/// event is returned as soon as its blank line was read.
///
/// # Errors
///
/// A [`ReadError`] with the source's own error. No error is final or loses anything: after an event that is too large
/// the next call returns the next event, and after an error of the source it reads again. After
/// [`Interrupted`](ErrorKind::Interrupted) the reader retries without an error.
///
/// # Memory and cost
///
/// The buffer to read into, the parser with its arrays, and a few words. A well-formed event with one `data` line that
/// lies in one read is lent from the buffer, without a copy. The cost is the parser's.
#[derive(Clone, Debug)]
pub struct EventReader<R, S, M> {
    reader: R,
    intake: Intake<S, M>,
}

impl<R: Read, S: Storage, M: Memory> EventReader<R, S, M> {
    /// Creates a reader with this parser that reads into this buffer, owned or borrowed. Its length bounds how much is
    /// read at once, but not the events.
    ///
    /// # Panics
    ///
    /// If the buffer is empty.
    pub fn new(reader: R, parser: Parser<S>, buffer: M) -> Self {
        EventReader { reader, intake: Intake::new(parser, buffer) }
    }

    /// Returns the next event, which borrows the reader; `None` if the source has ended.
    ///
    /// # Errors
    ///
    /// See [`EventReader`].
    #[inline(always)]
    #[allow(clippy::should_implement_trait)] // An iterator could not lend.
    pub fn next(&mut self) -> Result<Option<Event<'_>>, ReadError<R::Error>> {
        while !self.intake.find()? {
            if !self.read().map_err(ReadError::Transport)? {
                return Ok(None);
            }
        }
        Ok(Some(self.intake.event()))
    }

    /// Returns the next event as an owned one, which is cheaper than a copy of what [`next`](Self::next) lends
    /// ([`Events::next_owned`]).
    ///
    /// # Errors
    ///
    /// As for [`next`](Self::next).
    #[cfg(feature = "alloc")]
    pub fn next_owned(&mut self) -> Result<Option<OwnedEvent>, ReadError<R::Error>> {
        while !self.intake.find()? {
            if !self.read().map_err(ReadError::Transport)? {
                return Ok(None);
            }
        }
        Ok(Some(self.intake.owned_event()))
    }

    /// Returns a cursor over the events of one read, or of what is left of the last one. It may have no events, or
    /// many; `None` if the source has ended. The next call continues where a dropped cursor stopped.
    ///
    /// # Errors
    ///
    /// Those of the source; the cursor returns those of the limits.
    pub fn next_events(&mut self) -> Result<Option<Events<'_, '_, S>>, R::Error> {
        let more = self.read()?;
        Ok(more.then(|| self.intake.events()))
    }

    /// Reads once if everything before was parsed, and returns whether there is something to parse.
    fn read(&mut self) -> Result<bool, R::Error> {
        if self.intake.is_taken() {
            let len = uninterrupted(|| self.reader.read(self.intake.memory()))?;
            self.intake.filled(len);
        }
        Ok(!self.intake.is_taken())
    }

    reader_methods!();
}

/// Writes blocks to a [`Write`].
///
/// ```
/// use sse_wire::{Block, embedded_io::BlockWriter};
///
/// let mut uart = [0; 64];
/// let mut writer = BlockWriter::new(&mut uart[..], [0; 32]);
/// writer.write(&Block::new().event_type("tick").data("1")).unwrap();
///
/// // It is a `Sink`, too: what is encoded into it goes out with the next `flush`, in one write.
/// Block::new().data("2").encode(&mut writer).unwrap();
/// writer.flush().unwrap();
/// let free = writer.into_inner().len();
/// assert_eq!(&uart[..64 - free], b"event: tick\ndata: 1\n\ndata: 2\n\n");
/// ```
///
/// [`write`](Self::write) writes a block to the target, in one write if the target takes all of it, and flushes the
/// target.
///
/// # Errors
///
/// A [`WriteError`] with the target's own error. A block that can't be encoded, or for which the memory is too small,
/// writes nothing. If the target fails in the middle of a block, nothing is lost: the rest stays in the memory, and
/// [`flush`](Self::flush) writes it.
///
/// # Memory and cost
///
/// Only the memory that was passed in.
#[derive(Clone, Debug)]
pub struct BlockWriter<W, M> {
    writer: W,
    outgoing: Outgoing<M>,
}

writer_methods!(Write);

impl<W: Write, M: AsRef<[u8]> + AsMut<[u8]>> BlockWriter<W, M> {
    /// Writes a block, and flushes the target.
    ///
    /// # Errors
    ///
    /// See [`BlockWriter`]. After an error of the target the writer has the block: call [`flush`](Self::flush) instead
    /// of writing it again.
    pub fn write(&mut self, block: &Block<'_>) -> Result<(), WriteError<W::Error>> {
        block.encode(self)?;
        self.flush()
    }

    /// Writes what is not written yet, and flushes the target.
    ///
    /// # Errors
    ///
    /// Those of the target; if the target takes no bytes, [`WriteError::WriteZero`]. The next call continues. After
    /// [`Interrupted`](ErrorKind::Interrupted) the writer retries without an error.
    pub fn flush(&mut self) -> Result<(), WriteError<W::Error>> {
        while let rest @ [_, ..] = self.outgoing.waiting() {
            let len = uninterrupted(|| self.writer.write(rest)).map_err(WriteError::Transport)?;
            if len == 0 {
                return Err(WriteError::WriteZero);
            }
            self.outgoing.written(len);
        }
        uninterrupted(|| self.writer.flush()).map_err(WriteError::Transport)
    }
}

/// Retries while it is interrupted.
fn uninterrupted<T, E: Error>(mut call: impl FnMut() -> Result<T, E>) -> Result<T, E> {
    loop {
        match call() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
