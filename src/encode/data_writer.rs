//! The data of a block, written piecewise: each line break in it starts a new `data` line.
//!
//! Implementation notes. Line breaks and characters may be cut anywhere, so the writer keeps what was cut. After the
//! first error nothing more is written, and the block is rolled back when the writer is dropped.

use core::fmt::{self, Debug, Formatter};

use super::sink::Sink;
use crate::decode::scan::{CR, LF, LONG_WINDOW, Scan};
use crate::error::{EncodeError, Part};
use crate::field::Field;

/// The start of each line of data.
pub(crate) const DATA: &str = Field::Data.head();
/// The replacement for a line break in data.
const NEXT_LINE: &str = "\ndata: ";

/// Writes the data of one block piecewise: see [`Block::data_writer`](crate::Block::data_writer).
///
/// It implements [`core::fmt::Write`] and, with the feature `std`, `std::io::Write`, so that a serializer can write into
/// it. A line break or a character may be cut between two pieces.
///
/// ```
/// use core::fmt::Write as _;
/// use sse_wire::{Block, SliceSink};
///
/// let mut memory = [0; 64];
/// let mut sink = SliceSink::new(&mut memory);
/// let mut data = Block::new().event_type("reading").data_writer(&mut sink)?;
/// write!(data, "{}\n{:.1}", 7, 21.5).unwrap();
/// data.finish()?;
/// assert_eq!(sink.written(), b"event: reading\ndata: 7\ndata: 21.5\n\n");
/// # Ok::<(), sse_wire::EncodeError>(())
/// ```
///
/// Only [`finish`](Self::finish) completes the block. A writer that is dropped without it, because a serializer has
/// failed for example, rolls the block back if the sink can do that. (One that is leaked by [`core::mem::forget`]
/// leaves part of a block behind.)
#[must_use = "a block that is not finished is rolled back"]
pub struct DataWriter<'s, S: Sink + ?Sized> {
    sink: &'s mut S,
    /// The sink's length before the block.
    mark: usize,
    /// Whether the last byte of data was a CR, so that an LF directly after it belongs to it.
    after_cr: bool,
    strict: bool,
    /// Bytes of data so far.
    written: usize,
    /// A character that is cut between pieces of bytes.
    cut: [u8; 4],
    cut_len: usize,
    /// The first error, after which nothing is written.
    failed: Option<EncodeError>,
    finished: bool,
}

impl<'s, S: Sink + ?Sized> DataWriter<'s, S> {
    /// Creates a writer that has written nothing.
    pub(crate) fn new(sink: &'s mut S, strict: bool) -> Self {
        DataWriter {
            mark: sink.mark(),
            sink,
            after_cr: false,
            strict,
            written: 0,
            cut: [0; 4],
            cut_len: 0,
            failed: None,
            finished: false,
        }
    }

    /// Writes everything before the data.
    pub(crate) fn begin(
        &mut self,
        head: impl FnOnce(&mut S) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        let begun = head(self.sink).and_then(|()| self.sink.write(DATA));
        begun.or_else(|error| self.fail(error))
    }

    /// Appends text to the data.
    ///
    /// # Errors
    ///
    /// A full sink, or a CR in a [strict](crate::Block::strict) block. After an error the writer writes nothing more, and
    /// its block is rolled back when it is dropped.
    pub fn write(&mut self, text: &str) -> Result<(), EncodeError> {
        if !text.is_empty() {
            self.check_whole_characters()?;
        }
        self.write_text(text)
    }

    /// Appends UTF-8 bytes to the data; a character may be cut between two calls.
    ///
    /// # Errors
    ///
    /// Those of [`write`](Self::write), and bytes that are not UTF-8.
    ///
    /// # Memory and cost
    ///
    /// The bytes are read three times: to validate them, to find line breaks, and to copy them.
    pub fn write_bytes(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        // Most pieces cut no character, and those of serializers are many and short.
        if self.cut_len == 0 {
            if let Ok(text) = core::str::from_utf8(bytes) {
                return self.write_text(text);
            }
        }
        let mut rest = bytes;
        while let (true, [byte, after @ ..]) = (self.cut_len > 0, rest) {
            self.cut[self.cut_len] = *byte;
            let sequence = self.cut;
            match core::str::from_utf8(&sequence[..=self.cut_len]) {
                Ok(character) => {
                    self.cut_len = 0;
                    self.write_text(character)?;
                }
                Err(error) if error.error_len().is_none() => self.cut_len += 1,
                Err(_) => return self.fail(EncodeError::NotUtf8 { at: self.written }),
            }
            rest = after;
        }
        let Some(part) = rest.utf8_chunks().next() else { return self.check_not_failed() };
        self.write_text(part.valid())?;
        let cut = &rest[part.valid().len()..];
        if core::str::from_utf8(cut).is_err_and(|error| error.error_len().is_some()) {
            return self.fail(EncodeError::NotUtf8 { at: self.written });
        }
        self.cut[..cut.len()].copy_from_slice(cut);
        self.cut_len = cut.len();
        Ok(())
    }

    /// Ends the data and the block.
    ///
    /// # Errors
    ///
    /// The first error of a write, a character that is incomplete, or a full sink. The block is then rolled back if the
    /// sink can do that.
    pub fn finish(mut self) -> Result<(), EncodeError> {
        self.check_not_failed()?;
        self.check_whole_characters()?;
        if let Err(error) = self.sink.write("\n\n") {
            return self.fail(error);
        }
        self.finished = true;
        Ok(())
    }

    /// Returns the first error again.
    #[inline]
    fn check_not_failed(&self) -> Result<(), EncodeError> {
        // A `match`, since `map_or` copies the error through memory at each piece.
        match self.failed {
            None => Ok(()),
            Some(error) => Err(error),
        }
    }

    /// Returns an error if a character is incomplete.
    fn check_whole_characters(&mut self) -> Result<(), EncodeError> {
        if self.cut_len == 0 {
            return Ok(());
        }
        self.fail(EncodeError::NotUtf8 { at: self.written })
    }

    /// Keeps the first error. A lack of room is reported for the block as far as it was given.
    #[cold]
    fn fail(&mut self, error: EncodeError) -> Result<(), EncodeError> {
        let error = match error {
            EncodeError::NoRoom { needed } => {
                EncodeError::NoRoom { needed: self.sink.mark() - self.mark + needed }
            }
            other => other,
        };
        Err(*self.failed.get_or_insert(error))
    }

    #[inline]
    fn write_text(&mut self, text: &str) -> Result<(), EncodeError> {
        self.check_not_failed()?;
        if self.strict {
            if let Err(error) = check_strict(text, self.written) {
                return self.fail(error);
            }
        }
        if let Err(error) = write_lines(self.sink, text, &mut self.after_cr) {
            return self.fail(error);
        }
        self.written += text.len();
        Ok(())
    }
}

impl<S: Sink + ?Sized> fmt::Write for DataWriter<'_, S> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.write(text).map_err(|_| fmt::Error)
    }
}

#[cfg(feature = "std")]
impl<S: Sink + ?Sized> std::io::Write for DataWriter<'_, S> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.write_bytes(bytes)?;
        Ok(bytes.len())
    }

    /// Takes the whole piece.
    fn write_all(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        Ok(self.write_bytes(bytes)?)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<S: Sink + ?Sized> Drop for DataWriter<'_, S> {
    fn drop(&mut self) {
        if !self.finished {
            self.sink.truncate(self.mark);
        }
    }
}

impl<S: Sink + ?Sized> Debug for DataWriter<'_, S> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataWriter").field("failed", &self.failed).finish_non_exhaustive()
    }
}

/// Rejects data with a CR, which would decode as an LF.
pub(crate) fn check_strict(text: &str, written: usize) -> Result<(), EncodeError> {
    match memchr::memchr(CR, text.as_bytes()) {
        Some(at) => Err(EncodeError::LineBreak { part: Part::Data, at: written + at }),
        None => Ok(()),
    }
}

/// Writes more of the data: each LF, CR, or CRLF starts a new line. `after_cr` is whether the last byte of the previous
/// piece was a CR.
#[inline(always)]
pub(crate) fn write_lines<S: Sink + ?Sized>(
    sink: &mut S,
    mut text: &str,
    after_cr: &mut bool,
) -> Result<(), EncodeError> {
    if text.is_empty() {
        return Ok(());
    }
    if core::mem::take(after_cr) {
        text = text.strip_prefix('\n').unwrap_or(text);
    }
    match find_line_break(text) {
        None => sink.write(text),
        Some(at) => write_many_lines(sink, text, at, after_cr),
    }
}

/// The same for text whose first line break has been found.
fn write_many_lines<S: Sink + ?Sized>(
    sink: &mut S,
    text: &str,
    first_line_end: usize,
    after_cr: &mut bool,
) -> Result<(), EncodeError> {
    let bytes = text.as_bytes();
    let mut line_ends = Scan::<LONG_WINDOW>::new();
    line_ends.begin(bytes, first_line_end);
    let mut line_start = 0;
    while let Some(line_end) = line_ends.peek(bytes) {
        line_ends.pass();
        let is_lf_of_crlf = line_end == line_start && bytes[..=line_end].ends_with(b"\r\n");
        if !is_lf_of_crlf {
            sink.write_part(text, line_start..line_end)?;
            sink.write(NEXT_LINE)?;
        }
        line_start = line_end + 1;
    }
    *after_cr = bytes.last() == Some(&CR);
    sink.write_part(text, line_start..text.len())
}

/// Returns the offset of the first LF or CR. A short text is searched here, because that costs less than the call.
#[inline(always)]
pub(crate) fn find_line_break(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    if bytes.len() <= 16 {
        return bytes.iter().position(|&byte| byte == LF || byte == CR);
    }
    memchr::memchr2(LF, CR, bytes)
}
