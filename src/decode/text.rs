//! The buffers of a block, and bytes → text: UTF-8 decode, with U+FFFD for each maximal ill-formed
//! subpart
//! ([9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation),
//! [Encoding Standard](https://encoding.spec.whatwg.org/#utf-8-decode)).
//!
//! # Implementation notes
//!
//! A value is lent from the chunk if possible, and kept otherwise. Bytes are kept as they arrived, and
//! decoded once, when all of them have arrived, so that no state for a cut sequence is needed. Text is
//! never shorter than its bytes, because an ill-formed subpart of one to three bytes becomes the three
//! bytes of U+FFFD.
//!
//! All text that is returned without another check is made here. Two invariants make it sound:
//! - the text of a lent value is asked for only after [`Buffers::is_text`] was true, in one borrow of the chunk, or in
//!   memory of a sealed trait that only this crate writes to;
//! - the first `known` bytes in a place are UTF-8. They are private and change only here.

#[cfg(feature = "alloc")]
use alloc::string::String;
use core::str::from_utf8;

use super::scan::Scan;
use super::storage::{Place, Storage};

/// The replacement for an ill-formed subpart.
const REPLACEMENT: &[u8] = "\u{FFFD}".as_bytes();

/// A range of a chunk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Span {
    pub(crate) const fn len(self) -> usize {
        self.end - self.start
    }

    #[inline]
    pub(crate) fn bytes(self, chunk: &[u8]) -> &[u8] {
        &chunk[self.start..self.end]
    }
}

/// What a buffer, or the place of the current line, is set to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Slot {
    Unset,
    /// A whole value, in the chunk.
    Lent(Span),
    Kept(Kept),
    /// For data: the event was refused, and data and type are ignored up to the blank line. For the current line: it is
    /// an ID that is longer than the limit for IDs.
    Refused,
    /// For data: a part of the block was not read, and the rest of it is ignored.
    Skipped,
}

/// What is kept in a place: text, and after it bytes as they arrived.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept {
    len: usize,
    /// The number of bytes that are known to be UTF-8.
    known: usize,
}

/// The buffers of a block.
#[derive(Clone)]
pub(crate) struct Buffers<S> {
    storage: S,
    slots: [Slot; Place::ALL.len()],
    /// Whether the storage may have memory to give back when the block ends.
    large: bool,
}

impl<S> Buffers<S> {
    pub(crate) const fn new(storage: S) -> Self {
        Buffers { storage, slots: [Slot::Unset; Place::ALL.len()], large: false }
    }

    pub(crate) fn slot(&self, place: Place) -> Slot {
        self.slots[place as usize]
    }

    pub(crate) fn set(&mut self, place: Place, slot: Slot) {
        self.slots[place as usize] = slot;
    }

    fn kept(&self, place: Place) -> Kept {
        match self.slot(place) {
            Slot::Kept(kept) => kept,
            _ => Kept { len: 0, known: 0 },
        }
    }

    /// Returns whether there is a value, which may be empty.
    pub(crate) fn is_set(&self, place: Place) -> bool {
        matches!(self.slot(place), Slot::Lent(_) | Slot::Kept(_))
    }

    pub(crate) fn is_kept(&self, place: Place) -> bool {
        matches!(self.slot(place), Slot::Kept(_))
    }

    /// Returns how many bytes are kept or lent.
    pub(crate) fn len(&self, place: Place) -> usize {
        match self.slot(place) {
            Slot::Lent(span) => span.len(),
            _ => self.kept(place).len,
        }
    }
}

impl<S: Storage> Buffers<S> {
    pub(crate) fn max_len(&self, place: Place) -> usize {
        self.storage.max_len(place)
    }

    /// Appends bytes that fit to what is kept. `is_text` means that they are known to be UTF-8.
    pub(crate) fn push(&mut self, place: Place, bytes: &[u8], is_text: bool) {
        crate::work::count_bytes(bytes.len());
        let Kept { len, known } = self.kept(place);
        let end = len + bytes.len();
        match (self.storage.memory_mut(place).get_mut(len..end), bytes) {
            // Often an LF: no call is needed.
            (Some([kept]), [byte]) => *kept = *byte,
            (Some(kept), _) => kept.copy_from_slice(bytes),
            (None, _) => self.large |= self.storage.resize(place, len, end, bytes),
        }
        let known = if is_text && known == len { end } else { known };
        self.set(place, Slot::Kept(Kept { len: end, known }));
    }

    /// Keeps a lent value, because its chunk ends or more of it follows.
    pub(crate) fn keep(&mut self, place: Place, chunk: &[u8], scan: &Scan) {
        if let Slot::Lent(span) = self.slot(place) {
            self.push(place, span.bytes(chunk), scan.is_ascii(span.start));
        }
    }

    /// Returns whether what is kept or lent needs no decoding.
    pub(crate) fn is_text(&self, place: Place, chunk: &[u8], scan: &Scan) -> bool {
        match self.slot(place) {
            Slot::Lent(span) => scan.is_ascii(span.start) || is_utf8(span.bytes(chunk)),
            Slot::Kept(Kept { len, known }) => known == len,
            _ => true,
        }
    }

    /// Returns the length that what is kept, which is not known to be text, has once it is decoded.
    pub(crate) fn decoded_len(&mut self, place: Place) -> usize {
        let Kept { len, known } = self.kept(place);
        let rest = &self.storage.memory(place)[known..len];
        if is_utf8(rest) {
            self.set(place, Slot::Kept(Kept { len, known: len }));
            return len;
        }
        crate::work::count_bytes(2 * rest.len());
        rest.utf8_chunks().fold(known, |len, part| match part.invalid() {
            [] => len + part.valid().len(),
            _ => len + part.valid().len() + REPLACEMENT.len(),
        })
    }

    /// Decodes what is kept. `decoded_len` is its length then, which fits.
    pub(crate) fn decode(&mut self, place: Place, decoded_len: usize) {
        let Kept { len, known } = self.kept(place);
        if decoded_len > self.storage.memory(place).len() {
            self.large |= self.storage.resize(place, len, decoded_len, &[]);
        }
        let room = &mut self.storage.memory_mut(place)[..decoded_len];
        // The bytes are moved to the end first. They are never longer than their text, so nothing is
        // overwritten before it is read.
        let (mut written, mut read) = (known, decoded_len - (len - known));
        room.copy_within(known..len, read);
        while let Some(part) = room[read..].utf8_chunks().next() {
            let (valid, invalid) = (part.valid().len(), part.invalid().len());
            room.copy_within(read..read + valid, written);
            (read, written) = (read + valid + invalid, written + valid);
            if invalid > 0 {
                room[written..written + REPLACEMENT.len()].copy_from_slice(REPLACEMENT);
                written += REPLACEMENT.len();
            }
        }
        self.set(place, Slot::Kept(Kept { len: decoded_len, known: decoded_len }));
    }

    /// Returns the lent or kept text, as far as it is decoded; empty if there is none.
    #[allow(unsafe_code)]
    pub(crate) fn text<'a>(&'a self, place: Place, chunk: &'a [u8]) -> &'a str {
        let bytes = match self.slot(place) {
            Slot::Lent(span) => span.bytes(chunk),
            _ => &self.storage.memory(place)[..self.kept(place).known],
        };
        debug_assert!(from_utf8(bytes).is_ok());
        // SAFETY: `is_text` was true for this span and these bytes, or `known` bytes are UTF-8: see the notes above.
        unsafe { core::str::from_utf8_unchecked(bytes) }
    }

    /// Returns the same as a `String`: with its memory, if a copy costs more and the memory is not much larger.
    #[cfg(feature = "alloc")]
    #[allow(unsafe_code)]
    pub(crate) fn take(&mut self, place: Place, chunk: &[u8]) -> String {
        let Kept { len, known } = self.kept(place);
        match (known == len).then(|| self.storage.take(place, len)).flatten() {
            Some(bytes) => {
                self.set(place, Slot::Unset);
                // SAFETY: all of it was known to be UTF-8: see the notes above.
                unsafe { String::from_utf8_unchecked(bytes) }
            }
            None => self.text(place, chunk).into(),
        }
    }

    /// Gives back memory that is much larger than what is kept.
    pub(crate) fn release(&mut self) {
        if self.large {
            self.large = false;
            for &place in &Place::ALL {
                let Kept { len, .. } = self.kept(place);
                self.large |= self.storage.resize(place, len, len, &[]);
            }
        }
    }
}

/// Returns whether bytes are UTF-8.
fn is_utf8(bytes: &[u8]) -> bool {
    crate::work::count_bytes(bytes.len());
    #[cfg(feature = "std")]
    return simdutf8::basic::from_utf8(bytes).is_ok();
    // Smaller than `from_utf8`, since `decode` needs it as well.
    #[cfg(not(feature = "std"))]
    return bytes.utf8_chunks().all(|part| part.invalid().is_empty());
}
