//! Events from any [`embedded_io::Read`](::embedded_io::Read), blocks to any
//! [`embedded_io::Write`](::embedded_io::Write), without an allocator (feature `embedded-io`).
//!
//! `embedded_io_async` is the same, asynchronous.

use ::embedded_io::{Error, ErrorKind, Read, Write};

use super::error::{ReadError, WriteError};
use super::intake::{Intake, reader_methods};
use super::outgoing::{Outgoing, writer_methods};
use crate::decode::{Events, Items, Memory, Parser, Storage};
use crate::encode::Block;
use crate::event::Event;
#[cfg(feature = "alloc")]
use crate::event::OwnedEvent;

/// Events from a [`Read`], lent one by one.
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
/// It reads only when all that was read is taken, once, and never waits for more than the source
/// has: an event is out as soon as the bytes of its blank line were read.
///
/// # Errors
///
/// [`ReadError`] with the source's own error. None is final and none loses anything: after an event
/// that is too large the next call returns the next one, and after an error of the source it reads
/// again. [`Interrupted`](ErrorKind::Interrupted) is not reported: reading is tried again.
///
/// # Memory and cost
///
/// The buffer to read into, the parser with its arrays, and a few words. An event that lies in one
/// read, with one `data` line and well-formed, is lent from the buffer, and not copied. The cost is
/// the parser's.
#[derive(Clone, Debug)]
pub struct EventReader<R, S, M> {
    reader: R,
    intake: Intake<S, M>,
}

impl<R: Read, S: Storage, M: Memory> EventReader<R, S, M> {
    /// A reader with this parser that reads into this buffer, owned or borrowed. Its length bounds
    /// only how much is read at once, not the events.
    ///
    /// # Panics
    ///
    /// If the buffer is empty.
    pub fn new(reader: R, parser: Parser<S>, buffer: M) -> Self {
        EventReader { reader, intake: Intake::new(parser, buffer) }
    }

    /// The next event, which borrows the reader; `None` if the source has ended.
    ///
    /// # Errors
    ///
    /// See [`EventReader`]: the limits, or the source.
    #[allow(clippy::should_implement_trait)] // An iterator could not lend.
    pub fn next(&mut self) -> Result<Option<Event<'_>>, ReadError<R::Error>> {
        while self.read().map_err(ReadError::Transport)? {
            if self.intake.find()? {
                return Ok(Some(self.intake.event()));
            }
        }
        Ok(None)
    }

    /// The next event, to keep: like [`next`](Self::next), but cheaper than a copy of what it lends
    /// ([`Events::next_owned`]).
    ///
    /// # Errors
    ///
    /// As for [`next`](Self::next).
    #[cfg(feature = "alloc")]
    pub fn next_owned(&mut self) -> Result<Option<OwnedEvent>, ReadError<R::Error>> {
        while self.read().map_err(ReadError::Transport)? {
            if let Some(event) = self.intake.events().next_owned()? {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    /// A cursor over the events of what was read and not taken, or else of what one read brings:
    /// none of them, or many; `None` if the source has ended. What a dropped cursor has not taken is
    /// left to the next call.
    ///
    /// # Errors
    ///
    /// Those of the source; those of the limits come from the cursor.
    pub fn next_events(&mut self) -> Result<Option<Events<'_, '_, S>>, R::Error> {
        let more = self.read()?;
        Ok(more.then(|| self.intake.events()))
    }

    /// Like [`next_events`](Self::next_events), but the cursor also shows comments, reconnection
    /// times and blocks without an event, in order: [`Parser::observe`].
    ///
    /// # Errors
    ///
    /// Those of the source; those of the limits come from the cursor.
    pub fn next_items(&mut self) -> Result<Option<Items<'_, '_, S>>, R::Error> {
        let more = self.read()?;
        Ok(more.then(|| self.intake.items()))
    }

    /// Reads once if all that was read is taken, and returns whether there is something to take.
    fn read(&mut self) -> Result<bool, R::Error> {
        if self.intake.is_taken() {
            let len = uninterrupted(|| self.reader.read(self.intake.memory()))?;
            self.intake.filled(len);
        }
        Ok(!self.intake.is_taken())
    }

    reader_methods!();
}

/// Blocks to a [`Write`].
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
/// [`write`](Self::write) hands a block to the target in one write, as far as the target takes it
/// so, and flushes the target.
///
/// # Errors
///
/// [`WriteError`] with the target's own error. A block that can't be encoded, or for which the
/// memory is too small, leaves no trace. A target that fails in the middle of a block loses
/// nothing: the rest waits, takes its room, and [`flush`](Self::flush) goes on with it.
///
/// # Memory and cost
///
/// The memory that it is given, and nothing else.
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
    /// See [`BlockWriter`]. After an error of the target the block is taken: go on with
    /// [`flush`](Self::flush), not by writing it again.
    pub fn write(&mut self, block: &Block<'_>) -> Result<(), WriteError<W::Error>> {
        block.encode(self)?;
        self.flush()
    }

    /// Writes what waits, and flushes the target.
    ///
    /// # Errors
    ///
    /// Those of the target; a target that takes nothing is [`WriteError::WriteZero`]. Calling it
    /// again goes on. [`Interrupted`](ErrorKind::Interrupted) is not reported, but tried again.
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

/// Tries until it is not interrupted.
fn uninterrupted<T, E: Error>(mut call: impl FnMut() -> Result<T, E>) -> Result<T, E> {
    loop {
        match call() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
