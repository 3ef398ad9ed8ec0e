//! The targets of the encoder.

#[cfg(feature = "alloc")]
use alloc::{string::String, vec::Vec};
use core::fmt::{self, Write};
#[cfg(feature = "alloc")]
use core::ops::Range;

use crate::error::EncodeError;

/// A target of [`Block::encode`](crate::Block::encode): a `Vec<u8>` or `String`, to which the block is appended, a
/// [`SliceSink`] over fixed memory, a [`FmtSink`] over any [`core::fmt::Write`], or a `BlockWriter`.
///
/// The trait is sealed; use `FmtSink` for other targets.
///
/// ```
/// use sse_wire::{Block, EncodeError, Sink};
///
/// fn tick(number: u64, sink: &mut impl Sink) -> Result<(), EncodeError> {
///     Block::new().event_type("tick").data(&number.to_string()).encode(sink)
/// }
///
/// let (mut bytes, mut text) = (Vec::new(), String::new());
/// tick(7, &mut bytes)?;
/// tick(7, &mut text)?;
/// assert_eq!(bytes, text.as_bytes());
/// # Ok::<(), EncodeError>(())
/// ```
pub trait Sink: sealed::Sink {}

/// Fixed memory as a [`Sink`].
///
/// ```
/// use sse_wire::{Block, SliceSink};
///
/// let mut memory = [0; 32];
/// let mut sink = SliceSink::new(&mut memory);
/// Block::new().data("one").encode(&mut sink)?;
/// Block::new().data("two").encode(&mut sink)?;
/// assert_eq!(sink.written(), b"data: one\n\ndata: two\n\n");
/// assert!(Block::new().data("too long").encode(&mut sink).is_err());
/// assert_eq!(sink.written().len(), 22, "a block that does not fit is rolled back");
/// # Ok::<(), sse_wire::EncodeError>(())
/// ```
#[derive(Debug)]
pub struct SliceSink<'a> {
    memory: &'a mut [u8],
    len: usize,
}

impl<'a> SliceSink<'a> {
    /// Creates an empty sink over `memory`.
    pub const fn new(memory: &'a mut [u8]) -> Self {
        SliceSink { memory, len: 0 }
    }

    /// Creates a sink that continues after the first `len` bytes of `memory`.
    #[cfg(any(feature = "embedded-io", feature = "embedded-io-async"))]
    pub(crate) const fn after(memory: &'a mut [u8], len: usize) -> Self {
        SliceSink { memory, len }
    }

    /// Returns what was written.
    pub fn written(&self) -> &[u8] {
        self.memory.get(..self.len).unwrap_or_default()
    }

    /// Returns the memory, with what was written at its start.
    pub fn into_written(self) -> &'a mut [u8] {
        self.memory.get_mut(..self.len).unwrap_or_default()
    }
}

/// Any [`core::fmt::Write`] as a [`Sink`].
///
/// Such a target can't be rolled back: after an error, or if a [`DataWriter`](crate::DataWriter) was dropped unfinished,
/// it may have part of a block, and the stream has to end there.
///
/// ```
/// use sse_wire::{Block, FmtSink};
///
/// struct Event<'a>(&'a str);
///
/// impl std::fmt::Display for Event<'_> {
///     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
///         Block::new().data(self.0).encode(&mut FmtSink(f)).map_err(|_| std::fmt::Error)
///     }
/// }
/// assert_eq!(Event("x").to_string(), "data: x\n\n");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct FmtSink<W>(pub W);

/// A sink that only counts.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    len: usize,
}

impl Counter {
    pub(crate) const fn len(&self) -> usize {
        self.len
    }
}

/// The methods of a sink, which are private to this crate.
pub(crate) mod sealed {
    use core::ops::Range;

    use super::EncodeError;

    pub trait Sink {
        fn write(&mut self, text: &str) -> Result<(), EncodeError>;
        /// Writes a part of a text that begins and ends between two characters.
        #[inline(always)]
        fn write_part(&mut self, text: &str, part: Range<usize>) -> Result<(), EncodeError> {
            self.write(&text[part])
        }
        /// Reserves room for this many more bytes, if it can.
        fn reserve(&mut self, _more: usize) {}
        /// Returns how many bytes were written: a mark for [`truncate`](Self::truncate).
        fn mark(&self) -> usize;
        /// Removes what was written since `mark`, if it can.
        fn truncate(&mut self, mark: usize);
    }
}

#[cfg(feature = "alloc")]
impl Sink for Vec<u8> {}

#[cfg(feature = "alloc")]
impl sealed::Sink for Vec<u8> {
    #[inline(always)]
    fn write(&mut self, text: &str) -> Result<(), EncodeError> {
        self.extend_from_slice(text.as_bytes());
        Ok(())
    }

    #[inline(always)]
    fn write_part(&mut self, text: &str, part: Range<usize>) -> Result<(), EncodeError> {
        self.extend_from_slice(&text.as_bytes()[part]);
        Ok(())
    }

    #[inline(always)]
    fn reserve(&mut self, more: usize) {
        self.reserve(more);
    }

    fn mark(&self) -> usize {
        self.len()
    }

    fn truncate(&mut self, mark: usize) {
        self.truncate(mark);
    }
}

#[cfg(feature = "alloc")]
impl Sink for String {}

#[cfg(feature = "alloc")]
impl sealed::Sink for String {
    #[inline(always)]
    fn write(&mut self, text: &str) -> Result<(), EncodeError> {
        self.push_str(text);
        Ok(())
    }

    #[inline(always)]
    fn reserve(&mut self, more: usize) {
        self.reserve(more);
    }

    fn mark(&self) -> usize {
        self.len()
    }

    fn truncate(&mut self, mark: usize) {
        self.truncate(mark);
    }
}

impl Sink for SliceSink<'_> {}

impl sealed::Sink for SliceSink<'_> {
    fn write(&mut self, text: &str) -> Result<(), EncodeError> {
        let free = self.memory.get_mut(self.len..).unwrap_or_default();
        let Some(place) = free.get_mut(..text.len()) else {
            return Err(EncodeError::NoRoom { needed: text.len() });
        };
        place.copy_from_slice(text.as_bytes());
        self.len += text.len();
        Ok(())
    }

    fn mark(&self) -> usize {
        self.len
    }

    fn truncate(&mut self, mark: usize) {
        self.len = mark;
    }
}

impl<W: Write> Sink for FmtSink<W> {}

impl<W: Write> sealed::Sink for FmtSink<W> {
    fn write(&mut self, text: &str) -> Result<(), EncodeError> {
        self.0.write_str(text).map_err(|fmt::Error| EncodeError::Sink)
    }

    fn mark(&self) -> usize {
        0
    }

    fn truncate(&mut self, _mark: usize) {}
}

impl Sink for Counter {}

impl sealed::Sink for Counter {
    fn write(&mut self, text: &str) -> Result<(), EncodeError> {
        self.len = self.len.saturating_add(text.len());
        Ok(())
    }

    fn mark(&self) -> usize {
        self.len
    }

    fn truncate(&mut self, mark: usize) {
        self.len = mark;
    }
}
