//! Bytes → text: UTF-8 decode, with U+FFFD for what is none
//! ([9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation),
//! [Encoding Standard](https://encoding.spec.whatwg.org/#utf-8-decoder)).
//!
//! Text that is well-formed and lies in the chunk is lent from it: [`CheckedText`]. All other text
//! is decoded in a buffer, piece by piece ([`CutSequence::decode`]) or at once ([`decode`],
//! [`decode_in_place`]). Values are cut out of the stream before they are decoded, and lines of data
//! are joined before, which gives the same text: no byte of a line end, a colon or a field name is
//! ever part of an ill-formed sequence.

use core::str::from_utf8;

use crate::size::FAST;

/// What stands for a maximal subpart of an ill-formed sequence.
pub(crate) const REPLACEMENT: &str = "\u{FFFD}";

/// The first bytes of a sequence that a chunk border cuts; empty between sequences.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CutSequence {
    bytes: [u8; 3],
    len: u8,
}

impl CutSequence {
    pub(crate) const fn new() -> Self {
        CutSequence { bytes: [0; 3], len: 0 }
    }

    /// Decodes the next piece of a value and hands its text on, part by part; `last` where the
    /// value ends with it. Each maximal subpart of an ill-formed sequence becomes `replacement`,
    /// or ends it with the error that stands there.
    pub(crate) fn decode<E: Copy>(
        &mut self,
        mut piece: &[u8],
        last: bool,
        replacement: Result<&str, E>,
        mut text: impl FnMut(&str) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.len > 0 {
            piece = self.complete(piece, replacement, &mut text)?;
        }
        if self.len == 0 {
            crate::work::count_bytes(piece.len());
            match self.keep_cut(piece) {
                Ok("") => {}
                Ok(well_formed) => text(well_formed)?,
                Err(ill_formed) => decode(ill_formed, replacement, &mut text)?,
            }
        }
        if last && self.len > 0 {
            self.len = 0;
            text(replacement?)?;
        }
        Ok(())
    }

    /// Keeps the sequence that the end of the piece cuts, and gives all before it. Nothing was cut
    /// before the piece.
    #[inline(always)]
    fn keep_cut<'p>(&mut self, piece: &'p [u8]) -> Result<&'p str, &'p [u8]> {
        let (whole, cut) = match piece {
            // Most text is ASCII, at least where it ends.
            [.., last] if last.is_ascii() => (piece, &[][..]),
            _ => piece.split_at(character_border(piece, piece.len())),
        };
        if !cut.is_empty() {
            self.keep(cut);
        }
        well_formed(whole).ok_or(whole)
    }

    /// Completes the sequence that was cut, as far as the piece can, and gives the rest of it.
    fn complete<'p, E: Copy>(
        &mut self,
        piece: &'p [u8],
        replacement: Result<&str, E>,
        text: &mut impl FnMut(&str) -> Result<(), E>,
    ) -> Result<&'p [u8], E> {
        let (mut sequence, seen) = ([0; 4], usize::from(self.len));
        sequence[..seen].copy_from_slice(&self.bytes[..seen]);
        let missing = sequence_len(sequence[0]).saturating_sub(seen);
        let more = piece.iter().take(missing).take_while(|&&byte| is_continuation(byte)).count();
        let (more, rest) = piece.split_at(more);
        sequence[seen..seen + more.len()].copy_from_slice(more);
        let sequence = &sequence[..seen + more.len()];
        match from_utf8(sequence) {
            Ok(character) => {
                self.len = 0;
                text(character)?;
                Ok(rest)
            }
            Err(error) if error.error_len().is_none() && rest.is_empty() => {
                self.keep(sequence);
                Ok(rest)
            }
            // It can't be completed: either what comes is no continuation, or the first byte that
            // comes already is none for this sequence, and begins something else.
            Err(error) => {
                self.len = 0;
                text(replacement?)?;
                Ok(if error.error_len().is_none() { rest } else { piece })
            }
        }
    }

    #[inline(always)]
    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// Keeps what the end of `bytes` cuts, and returns its length.
    pub(crate) fn keep_end(&mut self, bytes: &[u8]) -> usize {
        let cut = &bytes[character_border(bytes, bytes.len())..];
        self.keep(cut);
        cut.len()
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.bytes[..bytes.len()].copy_from_slice(bytes);
        self.len = bytes.len() as u8;
    }
}

/// Decodes all of `bytes`, with `replacement` also for a sequence that their end cuts.
pub(crate) fn decode<E: Copy>(
    bytes: &[u8],
    replacement: Result<&str, E>,
    text: &mut impl FnMut(&str) -> Result<(), E>,
) -> Result<(), E> {
    for part in bytes.utf8_chunks() {
        if !part.valid().is_empty() {
            text(part.valid())?;
        }
        if !part.invalid().is_empty() {
            text(replacement?)?;
        }
    }
    Ok(())
}

/// Decodes the first `len` bytes of `room` in their place, with U+FFFD also for a sequence that
/// their end cuts, and returns the length of the text. The caller knows it to fit.
pub(crate) fn decode_in_place(room: &mut [u8], len: usize) -> usize {
    let is_text = |bytes: &[u8]| {
        crate::work::count_bytes(bytes.len());
        from_utf8(bytes).is_ok()
    };
    if room.get(..len).is_none_or(is_text) {
        return len;
    }
    // Read from the end of the room, so that nothing is written over before it was read: what is
    // still to be read is never longer as bytes than as text.
    let (mut written, mut read) = (0, room.len() - len);
    room.copy_within(..len, read);
    while read < room.len() {
        let rest = &room[read..];
        let (valid, invalid) = match from_utf8(rest) {
            Ok(_) => (rest.len(), 0),
            Err(error) => {
                let valid = error.valid_up_to();
                (valid, error.error_len().unwrap_or(rest.len() - valid))
            }
        };
        crate::work::count_bytes(2 * (valid + invalid));
        room.copy_within(read..read + valid, written);
        written += valid;
        read += valid + invalid;
        if invalid > 0 {
            if let Some(place) = room.get_mut(written..written + REPLACEMENT.len()) {
                place.copy_from_slice(REPLACEMENT.as_bytes());
            }
            written += REPLACEMENT.len();
        }
    }
    written
}

/// Whether more bytes could complete the sequence.
fn is_cut(sequence: &[u8]) -> bool {
    from_utf8(sequence).is_err_and(|error| error.error_len().is_none())
}

/// A stretch of a chunk that is known to be UTF-8, so that the check costs one call for many values.
///
/// The stretches grow, so that a cursor that is dropped after an event has not checked much behind
/// it, and stay below the size of a core's first cache.
#[derive(Debug)]
pub(crate) struct CheckedText<'c> {
    text: &'c str,
    /// Where in the chunk the text begins.
    start: usize,
    /// How many bytes the next stretch has.
    next: usize,
}

impl<'c> CheckedText<'c> {
    /// The first stretch for a caller who drops cursors early.
    const FIRST: usize = 256;
    /// The same for one who does not: all of what a network packet brings.
    const FIRST_OF_DRAINED: usize = 2048;
    const MOST: usize = 16 * 1024;

    /// `drained`: whether the cursor before this one has taken its whole chunk.
    #[inline(always)]
    pub(crate) const fn new(drained: bool) -> Self {
        let next = if drained { Self::FIRST_OF_DRAINED } else { Self::FIRST };
        CheckedText { text: "", start: 0, next }
    }

    /// The bytes from `start` to `end` of `chunk` as text; `None` where they are no UTF-8. `chunk`
    /// is the same at each call, and a line end stands at `end`.
    #[inline(always)]
    pub(crate) fn get(&mut self, chunk: &'c [u8], start: usize, end: usize) -> Option<&'c str> {
        if !FAST {
            return well_formed(chunk.get(start..end)?);
        }
        if let Some(text) = self.known(start, end) {
            return Some(text);
        }
        self.check(chunk, start, end);
        self.known(start, end)
    }

    /// The same where it is in the stretch that was checked last.
    #[inline(always)]
    pub(crate) fn known(&self, start: usize, end: usize) -> Option<&'c str> {
        // Before its start wraps round to behind its end.
        self.text.get(start.wrapping_sub(self.start)..end.wrapping_sub(self.start))
    }

    #[inline(never)]
    fn check(&mut self, chunk: &'c [u8], start: usize, end: usize) {
        let stop = start.saturating_add(self.next).min(chunk.len()).max(end);
        let stop = character_border(chunk, stop);
        let stretch = chunk.get(start..stop).unwrap_or_default();
        self.next = (self.next * 4).min(Self::MOST);
        self.start = start;
        self.text = well_formed(stretch).unwrap_or_else(|| {
            let len = from_utf8(stretch).map_or_else(|error| error.valid_up_to(), str::len);
            crate::work::count_bytes(2 * len);
            from_utf8(&stretch[..len]).unwrap_or_default()
        });
        // An ill-formed sequence ends the check.
        crate::work::count_bytes(self.text.len() + 1);
    }
}

/// Text of any length, where all of it is UTF-8.
#[cfg(feature = "std")]
pub(crate) fn well_formed(bytes: &[u8]) -> Option<&str> {
    simdutf8::basic::from_utf8(bytes).ok()
}

/// Text of any length, where all of it is UTF-8.
#[cfg(not(feature = "std"))]
pub(crate) fn well_formed(bytes: &[u8]) -> Option<&str> {
    from_utf8(bytes).ok()
}

/// How many bytes a sequence has that begins so.
const fn sequence_len(lead: u8) -> usize {
    match lead {
        0..0xE0 => 2,
        0xE0..0xF0 => 3,
        _ => 4,
    }
}

const fn is_continuation(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}

/// The last index up to `index` at which no sequence of well-formed text is cut.
fn character_border(chunk: &[u8], index: usize) -> usize {
    let before = chunk.get(..index).unwrap_or_default();
    if before.last().is_none_or(u8::is_ascii) {
        return index;
    }
    let tail = &before[before.len().saturating_sub(3)..];
    // A lead byte that close to the end may be cut; ASCII and continuation bytes are not.
    match tail.iter().rposition(|&byte| !is_continuation(byte)) {
        Some(lead) if is_cut(&tail[lead..]) => index - (tail.len() - lead),
        _ => index,
    }
}
