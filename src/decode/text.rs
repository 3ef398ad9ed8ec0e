//! A buffer of a block, and bytes → text: UTF-8 decode, with U+FFFD for each maximal ill-formed
//! subpart
//! ([9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation),
//! [Encoding Standard](https://encoding.spec.whatwg.org/#utf-8-decode)).
//!
//! # Implementation notes
//!
//! A value stays in the chunk, lent, as long as it can; else it is kept. Bytes are kept as they came
//! and decoded once, when all of them are there: so no state of a cut sequence is needed. Text is
//! never shorter than its bytes, since an ill-formed subpart of one to three bytes becomes the three
//! bytes of U+FFFD.
//!
//! All text that is lent without another check is lent here. Two invariants make it sound:
//! - [`Span::lent`] is given a chunk and a place in it of which [`Span::is_text`] was true, in one
//!   borrow of the chunk, or in memory of a sealed trait that only this crate writes to;
//! - the first `known` bytes of an [`Array`] are UTF-8. They are private and change only here.

#[cfg(feature = "alloc")]
use alloc::string::String;
use core::fmt::{self, Debug, Formatter};
use core::str::from_utf8;

use super::scan::Scan;
use super::storage::sealed::Buffer;

/// What an ill-formed subpart becomes.
const REPLACEMENT: &[u8] = "\u{FFFD}".as_bytes();

/// A place in a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Span {
    #[inline]
    pub(crate) const fn len(self) -> usize {
        self.end - self.start
    }

    #[inline]
    pub(crate) fn bytes(self, chunk: &[u8]) -> &[u8] {
        &chunk[self.start..self.end]
    }

    /// Whether the bytes there are UTF-8. `scan` is the one of this chunk.
    #[inline]
    pub(crate) fn is_text(self, chunk: &[u8], scan: &Scan) -> bool {
        scan.is_ascii(self.start) || is_utf8(self.bytes(chunk))
    }

    /// The text there, which was seen to be UTF-8.
    #[allow(unsafe_code)]
    #[inline]
    pub(crate) fn lent(self, chunk: &[u8]) -> &str {
        let bytes = self.bytes(chunk);
        debug_assert!(from_utf8(bytes).is_ok());
        // SAFETY: `is_text` was true for this place and these bytes: see the notes above.
        unsafe { core::str::from_utf8_unchecked(bytes) }
    }
}

/// What a block has set a buffer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    Unset,
    /// A whole value, in the chunk.
    Lent(Span),
    /// What is in the array; of ids, behind the last event ID string.
    Kept,
    /// Of the data: the event was refused. Data and type are ignored up to the blank line.
    Refused,
}

/// Memory of a buffer, and how much of it is in use: text, and behind it bytes as they came.
#[derive(Clone)]
pub struct Array<M> {
    memory: M,
    len: usize,
    /// So many bytes are known to be UTF-8.
    known: usize,
    pub(crate) slot: Slot,
}

impl<M> Debug for Array<M> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Array").field("len", &self.len).finish_non_exhaustive()
    }
}

impl<M> Array<M> {
    /// An empty array over this memory, owned or borrowed.
    pub const fn new(memory: M) -> Self {
        Array { memory, len: 0, known: 0, slot: Slot::Unset }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// How many bytes the slot has for the limit.
    pub(crate) fn slot_len(&self) -> usize {
        match self.slot {
            Slot::Unset | Slot::Refused => 0,
            Slot::Lent(span) => span.len(),
            Slot::Kept => self.len,
        }
    }
}

impl<M: Buffer> Array<M> {
    /// Keeps the first `len` bytes, a border of characters.
    #[inline]
    pub(crate) fn truncate(&mut self, len: usize) {
        self.memory.truncate(len);
        (self.len, self.known) = (len, self.known.min(len));
    }

    pub(crate) fn max_len(&self) -> usize {
        self.memory.max_len()
    }

    /// Appends bytes, which the caller knows to fit, and perhaps to be text.
    #[inline]
    pub(crate) fn push(&mut self, bytes: &[u8], is_text: bool) {
        crate::work::count_bytes(bytes.len());
        self.memory.push(self.len, bytes);
        if is_text && self.known == self.len {
            self.known += bytes.len();
        }
        self.len += bytes.len();
    }

    /// Keeps what is lent, since its chunk ends, or more of it follows.
    #[inline]
    pub(crate) fn keep(&mut self, chunk: &[u8], scan: &Scan) {
        if let Slot::Lent(span) = self.slot {
            self.keep_span(chunk, span, 0, scan.is_ascii(span.start));
        }
    }

    /// Keeps what is lent, or else nothing, so that more can be appended.
    pub(crate) fn begin_kept(&mut self, chunk: &[u8], scan: &Scan) {
        if self.slot == Slot::Unset {
            self.truncate(0);
            self.slot = Slot::Kept;
        }
        self.keep(chunk, scan);
    }

    /// Keeps a value behind index `start`.
    #[inline]
    pub(crate) fn keep_span(&mut self, chunk: &[u8], span: Span, start: usize, is_text: bool) {
        self.truncate(start);
        self.push(span.bytes(chunk), is_text);
        self.slot = Slot::Kept;
    }

    /// Whether nothing has to be decoded or is kept.
    #[inline]
    pub(crate) fn is_lent_text(&self, chunk: &[u8], scan: &Scan) -> bool {
        match self.slot {
            Slot::Lent(span) => span.is_text(chunk, scan),
            slot => slot == Slot::Unset,
        }
    }

    /// How many bytes the slot has once it is decoded; keeps what is lent if that is ill-formed.
    pub(crate) fn decoded_len(&mut self, chunk: &[u8], scan: &Scan) -> usize {
        if !self.is_lent_text(chunk, scan) {
            self.keep(chunk, scan);
        }
        if self.slot != Slot::Kept {
            self.truncate(0);
            return self.slot_len();
        }
        self.kept_decoded_len()
    }

    /// How many bytes there are once all is decoded.
    pub(crate) fn kept_decoded_len(&mut self) -> usize {
        let rest = &self.memory.bytes(self.len)[self.known..];
        if rest.is_empty() || is_utf8(rest) {
            self.known = self.len;
        }
        self.known + decoded_len(&self.memory.bytes(self.len)[self.known..])
    }

    /// Makes text of what is kept, of the length that is known and fits.
    pub(crate) fn decode(&mut self, decoded_len: usize) {
        if self.known < self.len {
            let room = &mut self.memory.room(decoded_len)[self.known..];
            decode_in_place(room, self.len - self.known);
            (self.len, self.known) = (decoded_len, decoded_len);
        }
    }

    /// Takes text out of the middle.
    pub(crate) fn remove(&mut self, start: usize, end: usize) {
        crate::work::count_bytes(self.len - end);
        debug_assert_eq!(self.known, self.len);
        self.memory.room(self.len).copy_within(end.., start);
        self.truncate(self.len - (end - start));
    }

    /// The text from `start` to `end`, borders of characters in what is known to be text.
    #[allow(unsafe_code)]
    #[inline]
    pub(crate) fn get(&self, start: usize, end: usize) -> &str {
        let text = &self.memory.bytes(self.known)[start..end];
        debug_assert!(from_utf8(text).is_ok());
        // SAFETY: `known` bytes are UTF-8, and the range is between characters: see the notes above.
        unsafe { core::str::from_utf8_unchecked(text) }
    }

    /// The text of the slot, once it is decoded.
    #[inline]
    pub(crate) fn text<'a>(&'a self, chunk: &'a [u8]) -> Option<&'a str> {
        if let Slot::Lent(span) = self.slot {
            return Some(span.lent(chunk));
        }
        (self.slot == Slot::Kept).then(|| self.get(0, self.len))
    }

    /// The same to keep: with its memory, if that is not much larger.
    #[cfg(feature = "alloc")]
    #[allow(unsafe_code)]
    pub(crate) fn take(&mut self, chunk: &[u8]) -> String {
        let kept = self.slot == Slot::Kept && self.known == self.len;
        match kept.then(|| self.memory.take(self.len)).flatten() {
            Some(bytes) => {
                self.truncate(0);
                // SAFETY: all of it was known to be UTF-8: see the notes above.
                unsafe { String::from_utf8_unchecked(bytes) }
            }
            None => self.text(chunk).unwrap_or_default().into(),
        }
    }

    /// Gives memory back that the first `used` bytes don't justify; returns whether the end of a
    /// later block has to look again.
    #[inline]
    pub(crate) fn release(&mut self, used: usize) -> bool {
        if used < self.len {
            self.truncate(used);
        }
        self.memory.release(used)
    }
}

/// Whether bytes are UTF-8.
#[inline(never)]
fn is_utf8(bytes: &[u8]) -> bool {
    crate::work::count_bytes(bytes.len());
    #[cfg(feature = "std")]
    return simdutf8::basic::from_utf8(bytes).is_ok();
    #[cfg(not(feature = "std"))]
    return from_utf8(bytes).is_ok();
}

/// How many bytes the text has that `bytes` stand for.
fn decoded_len(bytes: &[u8]) -> usize {
    let (mut len, mut at) = (0, 0);
    while at < bytes.len() {
        let (valid, invalid) = next_part(&bytes[at..]);
        len += valid + if invalid > 0 { REPLACEMENT.len() } else { 0 };
        at += valid + invalid;
    }
    len
}

/// Decodes the first `len` bytes of `room` in place: their text has its length.
fn decode_in_place(room: &mut [u8], len: usize) {
    // Read from the end of the room, so that nothing is overwritten before it was read: what is still
    // to be read is never longer than its text.
    let (mut written, mut read) = (0, room.len() - len);
    room.copy_within(..len, read);
    while read < room.len() {
        let (valid, invalid) = next_part(&room[read..]);
        crate::work::count_bytes(valid);
        room.copy_within(read..read + valid, written);
        written += valid;
        read += valid + invalid;
        if invalid > 0 {
            room[written..written + REPLACEMENT.len()].copy_from_slice(REPLACEMENT);
            written += REPLACEMENT.len();
        }
    }
}

/// The lengths of the text that bytes begin with, and of the ill-formed subpart that ends it.
fn next_part(bytes: &[u8]) -> (usize, usize) {
    match from_utf8(bytes) {
        Ok(text) => (text.len(), 0),
        Err(error) => {
            let valid = error.valid_up_to();
            crate::work::count_bytes(valid + 1);
            (valid, error.error_len().unwrap_or(bytes.len() - valid))
        }
    }
}
