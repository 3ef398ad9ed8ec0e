//! Writes blocks to any [`std::io::Write`].

use alloc::vec::Vec;
use std::io::{self, Write};

use super::uninterrupted;
use crate::adapters::WriteError;
use crate::encode::Block;
use crate::encode::{Sink, sink::sealed};
use crate::error::EncodeError;

/// Writes blocks to a [`Write`].
///
/// ```
/// use sse_wire::{Block, io::BlockWriter};
///
/// let mut writer = BlockWriter::new(Vec::new());
/// writer.write(&Block::new().event_type("tick").data("1"))?;
///
/// // It is a `Sink`, too: what is encoded into it goes out with the next `flush`, in one write.
/// Block::new().data("2").encode(&mut writer)?;
/// Block::new().comment("keep-alive").encode(&mut writer)?;
/// writer.flush()?;
/// assert_eq!(writer.get_ref(), b"event: tick\ndata: 1\n\ndata: 2\n\n: keep-alive\n\n");
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// [`write`](Self::write) writes a block to the target, in one write if the target takes all of it, and flushes the
/// target, since an event in a buffer is delayed. To send several events in one write, encode them into the writer and
/// flush it.
///
/// # Errors
///
/// A [`WriteError`], which `?` converts to an [`io::Error`]. A block that can't be encoded writes nothing. If the
/// target fails in the middle of a block, with [`WouldBlock`](io::ErrorKind::WouldBlock) for example, nothing is lost:
/// the writer keeps the rest, and [`flush`](Self::flush) writes it. Dropping the writer drops the rest.
///
/// # Memory and cost
///
/// One buffer, which grows with what is not written yet, and is reused. After everything is written, at most 16 KiB of
/// it are kept.
#[derive(Clone, Debug)]
pub struct BlockWriter<W> {
    writer: W,
    buffer: Vec<u8>,
    /// How many bytes of the buffer the target has taken.
    written: usize,
}

/// The largest capacity that the writer's buffer keeps.
const KEPT: usize = 16 * 1024;

impl<W: Write> BlockWriter<W> {
    /// Creates a writer.
    pub const fn new(writer: W) -> Self {
        BlockWriter { writer, buffer: Vec::new(), written: 0 }
    }

    /// Writes a block, and flushes the target.
    ///
    /// # Errors
    ///
    /// See [`BlockWriter`]. After an error of the target the writer has the block: call [`flush`](Self::flush) instead
    /// of writing it again.
    pub fn write(&mut self, block: &Block<'_>) -> Result<(), WriteError<io::Error>> {
        block.encode(self)?;
        self.flush()
    }

    /// Writes what is not written yet, and flushes the target.
    ///
    /// # Errors
    ///
    /// Those of the target; if the target takes no bytes, [`WriteError::WriteZero`]. The next call continues. After
    /// [`Interrupted`](io::ErrorKind::Interrupted) the writer retries without an error.
    pub fn flush(&mut self) -> Result<(), WriteError<io::Error>> {
        while let Some(rest @ [_, ..]) = self.buffer.get(self.written..) {
            let taken = uninterrupted(|| self.writer.write(rest))?;
            if taken == 0 {
                return Err(WriteError::WriteZero);
            }
            self.written += taken;
        }
        self.buffer.clear();
        self.buffer.shrink_to(KEPT);
        self.written = 0;
        Ok(uninterrupted(|| self.writer.flush())?)
    }

    /// Returns what was encoded, but not taken by the target yet.
    pub fn waiting(&self) -> &[u8] {
        self.buffer.get(self.written..).unwrap_or_default()
    }

    /// Returns the target.
    pub const fn get_ref(&self) -> &W {
        &self.writer
    }

    /// Returns the target. What is written to it directly comes before what was encoded, but not written.
    pub const fn get_mut(&mut self) -> &mut W {
        &mut self.writer
    }

    /// Returns the target; what is not written is dropped.
    pub fn into_inner(self) -> W {
        self.writer
    }
}

impl<W> Sink for BlockWriter<W> {}

impl<W> sealed::Sink for BlockWriter<W> {
    fn write(&mut self, text: &str) -> Result<(), EncodeError> {
        sealed::Sink::write(&mut self.buffer, text)
    }

    fn reserve(&mut self, more: usize) {
        self.buffer.reserve(more);
    }

    fn mark(&self) -> usize {
        self.buffer.len()
    }

    fn truncate(&mut self, mark: usize) {
        self.buffer.truncate(mark);
    }
}
