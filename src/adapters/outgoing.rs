//! What every writer without an allocator does between two writes: it keeps what is encoded and
//! not written yet, in the caller's memory.

use crate::encode::{SliceSink, sink::sealed};
use crate::error::EncodeError;

/// Memory to encode into, and what of it waits to be written.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing<M> {
    memory: M,
    /// How much of the memory is encoded.
    end: usize,
    /// How much of that is written.
    written: usize,
}

impl<M: AsRef<[u8]> + AsMut<[u8]>> Outgoing<M> {
    pub(crate) const fn new(memory: M) -> Self {
        Outgoing { memory, end: 0, written: 0 }
    }

    /// What is encoded and not written.
    pub(crate) fn waiting(&self) -> &[u8] {
        self.memory.as_ref().get(self.written..self.end).unwrap_or_default()
    }

    /// Says how many bytes were written. Once all are, the whole memory is free again.
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

/// What all writers over fixed memory offer beside the loop, and that they are a sink.
macro_rules! writer_methods {
    ($bound:path) => {
        impl<W: $bound, M: AsRef<[u8]> + AsMut<[u8]>> BlockWriter<W, M> {
            /// A writer that encodes into this memory, owned or borrowed: as much as the longest
            /// block needs.
            pub const fn new(writer: W, memory: M) -> Self {
                BlockWriter { writer, outgoing: Outgoing::new(memory) }
            }

            /// What was encoded and not taken by the target yet.
            pub fn waiting(&self) -> &[u8] {
                self.outgoing.waiting()
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
