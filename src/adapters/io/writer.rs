//! Blocks to any [`std::io::Write`].

use alloc::vec::Vec;
use std::io::{self, Write};

use super::uninterrupted;
use crate::adapters::WriteError;
use crate::encode::Block;
use crate::encode::{Sink, sink::sealed};
use crate::error::EncodeError;

/// Blocks to a [`Write`].
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
/// [`write`](Self::write) hands a block to the target in one write, as far as the target takes it
/// so, and flushes the target: an event that waits in a buffer is late. For several events in one
/// write, encode them into the writer and flush it.
///
/// # Errors
///
/// [`WriteError`], which turns into an [`io::Error`] by `?`. A block that can't be encoded leaves
/// no trace. A target that fails in the middle of a block, with
/// [`WouldBlock`](io::ErrorKind::WouldBlock) for example, loses nothing: the rest waits, and
/// [`flush`](Self::flush) goes on with it. Dropping the writer drops what waits.
///
/// # Memory and cost
///
/// One buffer, which grows to what waits to be written, and is used again. Once all is written, no
/// more than 16 KiB of it are kept.
#[derive(Clone, Debug)]
pub struct BlockWriter<W> {
    writer: W,
    buffer: Vec<u8>,
    /// How much of the buffer the target has taken.
    written: usize,
}

/// The writer's buffer stays that large.
const KEPT: usize = 16 * 1024;

impl<W: Write> BlockWriter<W> {
    /// A writer with nothing to write.
    pub const fn new(writer: W) -> Self {
        BlockWriter { writer, buffer: Vec::new(), written: 0 }
    }

    /// Writes a block, and flushes the target.
    ///
    /// # Errors
    ///
    /// See [`BlockWriter`]. After an error of the target the block is taken: go on with
    /// [`flush`](Self::flush), not by writing it again.
    pub fn write(&mut self, block: &Block<'_>) -> Result<(), WriteError<io::Error>> {
        block.encode(self)?;
        self.flush()
    }

    /// Writes what waits, and flushes the target.
    ///
    /// # Errors
    ///
    /// Those of the target; a target that takes nothing is [`WriteError::WriteZero`]. Calling it
    /// again goes on. [`Interrupted`](io::ErrorKind::Interrupted) is not reported, but tried again.
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

    /// What was encoded and not taken by the target yet.
    pub fn waiting(&self) -> &[u8] {
        self.buffer.get(self.written..).unwrap_or_default()
    }

    /// The target.
    pub const fn get_ref(&self) -> &W {
        &self.writer
    }

    /// The target. What is written to it directly stands before what waits.
    pub const fn get_mut(&mut self) -> &mut W {
        &mut self.writer
    }

    /// The target; what waits is dropped.
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
