//! The buffers of a block, and bytes → text: UTF-8 decode, with U+FFFD for each maximal ill-formed
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
//! - the first `known` bytes that are kept of a field are UTF-8. They are private and change only here.

#[cfg(feature = "alloc")]
use alloc::string::String;
use core::ops::Range;
use core::str::from_utf8;

use super::scan::Scan;
use super::storage::Storage;
use super::token::Field;

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
    /// What is kept; of ids, what follows the last event ID string.
    Kept,
    /// Of the data: the event was refused. Data and type are ignored up to the blank line.
    Refused,
}

/// What is kept of a field: text, and after it bytes as they came.
#[derive(Clone, Copy)]
struct Buffer {
    len: usize,
    /// So many bytes are known to be UTF-8.
    known: usize,
    slot: Slot,
}

/// The buffers of a block: data, event type and ids.
#[derive(Clone)]
pub(crate) struct Buffers<S> {
    storage: S,
    buffers: [Buffer; 3],
}

impl<S> Buffers<S> {
    pub(crate) const fn new(storage: S) -> Self {
        Buffers { storage, buffers: [Buffer { len: 0, known: 0, slot: Slot::Unset }; 3] }
    }

    pub(crate) fn slot(&self, field: Field) -> Slot {
        self.buffers[field as usize].slot
    }

    pub(crate) fn set(&mut self, field: Field, slot: Slot) {
        self.buffers[field as usize].slot = slot;
    }

    /// How many bytes are kept, those of earlier blocks included.
    pub(crate) fn len(&self, field: Field) -> usize {
        self.buffers[field as usize].len
    }

    /// How many bytes the block has set the buffer to.
    pub(crate) fn slot_len(&self, field: Field) -> usize {
        match self.slot(field) {
            Slot::Unset | Slot::Refused => 0,
            Slot::Lent(span) => span.len(),
            Slot::Kept => self.len(field),
        }
    }

    /// Keeps the first `len` bytes, a border of characters.
    pub(crate) fn truncate(&mut self, field: Field, len: usize) {
        let buffer = &mut self.buffers[field as usize];
        (buffer.len, buffer.known) = (buffer.len.min(len), buffer.known.min(len));
    }
}

impl<S: Storage> Buffers<S> {
    pub(crate) fn max_len(&self, field: Field) -> usize {
        self.storage.max_len(field)
    }

    /// Appends bytes, which the caller knows to fit, and perhaps to be text.
    pub(crate) fn push(&mut self, field: Field, bytes: &[u8], is_text: bool) {
        crate::work::count_bytes(bytes.len());
        let Buffer { len, known, .. } = &mut self.buffers[field as usize];
        let end = *len + bytes.len();
        if end > self.storage.memory(field).len() {
            self.storage.grow(field, *len, end);
        }
        match (&mut self.storage.memory_mut(field)[*len..end], bytes) {
            // Most often an LF: it needs no call.
            ([place], [byte]) => *place = *byte,
            (places, _) => places.copy_from_slice(bytes),
        }
        if is_text && *known == *len {
            *known = end;
        }
        *len = end;
    }

    /// Keeps what is lent, after the first `start` bytes: its chunk ends, or more of it follows.
    #[inline(always)]
    pub(crate) fn keep(&mut self, field: Field, start: usize, chunk: &[u8], scan: &Scan) {
        if let Slot::Lent(span) = self.slot(field) {
            // An id is lent only if it is ASCII.
            let is_text = field == Field::Id || scan.is_ascii(span.start);
            self.keep_span(field, start, span.bytes(chunk), is_text);
        }
    }

    #[inline(never)]
    fn keep_span(&mut self, field: Field, start: usize, bytes: &[u8], is_text: bool) {
        self.truncate(field, start);
        self.push(field, bytes, is_text);
        self.set(field, Slot::Kept);
    }

    /// Whether nothing is kept or has to be decoded.
    pub(crate) fn is_lent_text(&self, field: Field, chunk: &[u8], scan: &Scan) -> bool {
        match self.slot(field) {
            Slot::Lent(span) => span.is_text(chunk, scan),
            slot => slot == Slot::Unset,
        }
    }

    /// How many bytes there are once all that is kept is decoded.
    pub(crate) fn decoded_len(&mut self, field: Field) -> usize {
        let Buffer { len, known, .. } = &mut self.buffers[field as usize];
        let rest = &self.storage.memory(field)[*known..*len];
        if rest.is_empty() || is_utf8(rest) {
            *known = *len;
            return *len;
        }
        crate::work::count_bytes(2 * rest.len());
        let parts = rest.utf8_chunks().map(|part| match part.invalid() {
            [] => part.valid().len(),
            _ => part.valid().len() + REPLACEMENT.len(),
        });
        *known + parts.sum::<usize>()
    }

    /// Makes text of what is kept, of the length that is known and fits.
    pub(crate) fn decode(&mut self, field: Field, decoded_len: usize) {
        let Buffer { len, known, .. } = &mut self.buffers[field as usize];
        if *known == *len {
            return;
        }
        self.storage.grow(field, *len, decoded_len);
        let room = &mut self.storage.memory_mut(field)[..decoded_len];
        // Read from the end of the room, so that nothing is overwritten before it was read: what is
        // still to be read is never longer than its text.
        let (mut written, mut read) = (*known, decoded_len - (*len - *known));
        room.copy_within(*known..*len, read);
        while let Some(part) = room[read..].utf8_chunks().next() {
            let (valid, invalid) = (part.valid().len(), part.invalid().len());
            room.copy_within(read..read + valid, written);
            (read, written) = (read + valid + invalid, written + valid);
            if invalid > 0 {
                room[written..written + REPLACEMENT.len()].copy_from_slice(REPLACEMENT);
                written += REPLACEMENT.len();
            }
        }
        (*len, *known) = (decoded_len, decoded_len);
    }

    /// Takes text out of the middle.
    pub(crate) fn remove(&mut self, field: Field, removed: Range<usize>) {
        let Buffer { len, known, .. } = &mut self.buffers[field as usize];
        debug_assert_eq!(known, len);
        crate::work::count_bytes(*len - removed.end);
        self.storage.memory_mut(field).copy_within(removed.end..*len, removed.start);
        *len -= removed.len();
        *known = *len;
    }

    /// The text in a range between characters in what is known to be text.
    #[allow(unsafe_code)]
    pub(crate) fn get(&self, field: Field, range: Range<usize>) -> &str {
        let text = &self.storage.memory(field)[..self.buffers[field as usize].known][range];
        debug_assert!(from_utf8(text).is_ok());
        // SAFETY: `known` bytes are UTF-8, and the range is between characters: see the notes above.
        unsafe { core::str::from_utf8_unchecked(text) }
    }

    /// The text that the block has set the buffer to, once it is decoded; empty if there is none.
    pub(crate) fn text<'a>(&'a self, field: Field, chunk: &'a [u8]) -> &'a str {
        // Not one `match`: the most frequent one needs no table of jumps.
        if let Slot::Lent(span) = self.slot(field) {
            return span.lent(chunk);
        }
        let is_kept = self.slot(field) == Slot::Kept;
        if is_kept { self.get(field, 0..self.len(field)) } else { "" }
    }

    /// The same to keep: with its memory, if that is not much larger.
    #[cfg(feature = "alloc")]
    #[allow(unsafe_code)]
    pub(crate) fn take(&mut self, field: Field, chunk: &[u8]) -> String {
        let Buffer { len, known, slot } = self.buffers[field as usize];
        let is_text = slot == Slot::Kept && known == len;
        match is_text.then(|| self.storage.take(field, len)).flatten() {
            Some(bytes) => {
                self.truncate(field, 0);
                // SAFETY: all of it was known to be UTF-8: see the notes above.
                unsafe { String::from_utf8_unchecked(bytes) }
            }
            None => self.text(field, chunk).into(),
        }
    }

    /// Keeps the first `used` bytes, and gives memory back that they don't justify; returns whether
    /// the end of a later block has to look again.
    pub(crate) fn release(&mut self, field: Field, used: usize) -> bool {
        self.truncate(field, used);
        self.storage.release(field, used)
    }
}

/// Whether bytes are UTF-8.
#[inline(never)]
fn is_utf8(bytes: &[u8]) -> bool {
    crate::work::count_bytes(bytes.len());
    #[cfg(feature = "std")]
    return simdutf8::basic::from_utf8(bytes).is_ok();
    // Smaller than `from_utf8`, since `decode` needs it as well.
    #[cfg(not(feature = "std"))]
    return bytes.utf8_chunks().all(|part| part.invalid().is_empty());
}
