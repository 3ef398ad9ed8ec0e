//! A workload, cut into the chunks that every candidate gets.

use std::ops::Range;

use bytes::Bytes;

use crate::drive;
use crate::workloads::Workload;

/// A stream and its chunks. It is never freed, so that a candidate may keep references to it.
pub struct Input {
    pub workload: &'static str,
    pub event_size: usize,
    pub chunk_size: usize,
    pub stream: &'static [u8],
    /// The chunks for candidates that only take `Bytes`: created before timing starts, all from one allocation, as a
    /// connection returns them. A clone costs one atomic addition.
    bytes: &'static [Bytes],
}

/// Consecutive chunks, which a candidate gets in one call.
#[derive(Clone, Copy)]
pub struct Part {
    pub stream: &'static [u8],
    pub chunk_size: usize,
    pub bytes: &'static [Bytes],
}

impl Input {
    pub fn new(workload: &Workload, chunk_size: usize) -> &'static Self {
        let stream = whole_events(&workload.bytes, drive::stream(workload, chunk_size).len());
        let shared = Bytes::from(stream.clone());
        let bytes = (0..stream.len())
            .step_by(chunk_size)
            .map(|start| shared.slice(start..stream.len().min(start + chunk_size)))
            .collect::<Vec<_>>();
        Box::leak(Box::new(Input {
            workload: workload.name,
            event_size: workload.event_size,
            chunk_size,
            stream: stream.leak(),
            bytes: bytes.leak(),
        }))
    }

    pub fn whole(&self) -> Part {
        self.part(0..self.bytes.len())
    }

    /// Returns the chunks with these numbers.
    pub fn part(&self, chunks: Range<usize>) -> Part {
        let end = self.stream.len().min(chunks.end * self.chunk_size);
        Part {
            stream: &self.stream[chunks.start * self.chunk_size..end],
            chunk_size: self.chunk_size,
            bytes: &self.bytes[chunks],
        }
    }

    pub fn chunk_count(&self) -> usize {
        self.bytes.len()
    }
}

impl Part {
    pub fn chunks(self) -> impl Iterator<Item = &'static [u8]> {
        self.stream.chunks(self.chunk_size)
    }
}

/// Returns at most `most` bytes of the stream, cut after an event, so that they can be repeated. If an event is longer,
/// returns its first bytes, followed by a blank line.
fn whole_events(stream: &[u8], most: usize) -> Vec<u8> {
    if most >= stream.len() {
        return stream.to_vec();
    }
    let start = &stream[..most];
    for blank_line in [&b"\n\n"[..], b"\r\n\r\n"] {
        if let Some(at) = memchr::memmem::rfind(start, blank_line) {
            return start[..at + blank_line.len()].to_vec();
        }
    }
    [start, b"\n\n"].concat()
}
