//! The part that all writers without an allocator share: it keeps what was encoded, but not written yet, in the
//! caller's memory.

use crate::encode::{SliceSink, sink::sealed};
use crate::error::EncodeError;

/// Memory to encode into, and the part of it that is not written yet.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing<M> {
    memory: M,
    /// How many bytes were encoded.
    end: usize,
    /// How many of those were written.
    written: usize,
}

impl<M: AsRef<[u8]> + AsMut<[u8]>> Outgoing<M> {
    pub(crate) const fn new(memory: M) -> Self {
        Outgoing { memory, end: 0, written: 0 }
    }

    /// Returns what was encoded, but not written.
    pub(crate) fn waiting(&self) -> &[u8] {
        self.memory.as_ref().get(self.written..self.end).unwrap_or_default()
    }

    /// Takes the number of bytes that were written. After all were written, the whole memory is free again.
    pub(crate) fn written(&mut self, len: usize) {
        self.written += len;
        if self.written >= self.end {
            (self.end, self.written) = (0, 0);
        }
    }
}

impl<M: AsRef<[u8]> + AsMut<[u8]>> sealed::Sink for Outgoing<M> {
    fn write(&mut self, text: &str) -> Result<(), EncodeError> {
        let mut sink = SliceSink::after(self.memory.as_mut(), self.end);
        sink.write(text)?;
        self.end = sink.written().len();
        Ok(())
    }

    fn mark(&self) -> usize {
        self.end
    }

    fn truncate(&mut self, mark: usize) {
        self.end = mark;
    }
}

/// The methods that all writers over fixed memory share, and their implementation of `Sink`.
macro_rules! writer_methods {
    ($bound:path) => {
        impl<W: $bound, M: AsRef<[u8]> + AsMut<[u8]>> BlockWriter<W, M> {
            /// Creates a writer that encodes into this memory, owned or borrowed. It has to be as large as the longest
            /// block.
            pub const fn new(writer: W, memory: M) -> Self {
                BlockWriter { writer, outgoing: Outgoing::new(memory) }
            }

            /// Returns what was encoded, but not taken by the target yet.
            pub fn waiting(&self) -> &[u8] {
                self.outgoing.waiting()
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

        impl<W, M: AsRef<[u8]> + AsMut<[u8]>> crate::Sink for BlockWriter<W, M> {}

        impl<W, M: AsRef<[u8]> + AsMut<[u8]>> crate::encode::sink::sealed::Sink
            for BlockWriter<W, M>
        {
            fn write(&mut self, text: &str) -> Result<(), crate::EncodeError> {
                self.outgoing.write(text)
            }

            fn mark(&self) -> usize {
                self.outgoing.mark()
            }

            fn truncate(&mut self, mark: usize) {
                self.outgoing.truncate(mark);
            }
        }
    };
}

pub(crate) use writer_methods;
