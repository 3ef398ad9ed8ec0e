//! Last event IDs: the `id` line, the last event ID buffer and the last event ID string
//! ([9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)).
//!
//! # Implementation notes
//!
//! The ids are one text: the last event ID string, from `string` on the last event ID buffer if it is
//! kept, and from `line` on the line that is being read, an `id` or an observed comment.

use super::line::Piece;
use super::parser::Parser;
use super::storage::Storage;
use super::text::Slot;
use crate::error::Refused;

/// The `id` line that is being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IdLine {
    Fits,
    /// It is longer than an id may be.
    TooLong,
    /// It sets no id: it has a NUL, or the caller has set one meanwhile.
    Ignored,
}

impl<S: Storage> Parser<S> {
    /// Takes a piece of an `id` line that is kept, in which the first NUL is at `nul`. If the id does
    /// not fit beside the event, the event gives way.
    #[inline(never)]
    pub(super) fn append_id(&mut self, chunk: &[u8], piece: Piece, nul: Option<usize>) -> bool {
        let is_ascii = self.lines.scan.is_ascii(piece.start);
        let bytes = piece.span().bytes(chunk);
        let limit = self.limit_of_ids();
        self.large = true;
        if piece.first {
            self.keep_id(chunk);
            self.id_line = IdLine::Fits;
        }
        if self.id_line == IdLine::Fits {
            let value = &bytes[..nul.unwrap_or(bytes.len())];
            let ids = &mut self.storage.arrays_mut().ids;
            let room = limit.bytes - (ids.len() - self.line);
            ids.push(&value[..value.len().min(room)], is_ascii);
            if value.len() > room {
                self.id_line = IdLine::TooLong;
            }
            self.refuse_event_unless_fits(self.sizes());
        }
        if nul.is_some() {
            self.id_line = IdLine::Ignored;
        }
        let ids = &mut self.storage.arrays_mut().ids;
        if piece.last && self.id_line == IdLine::Fits {
            let decoded_len = ids.kept_decoded_len();
            if decoded_len - self.line > limit.bytes {
                self.id_line = IdLine::TooLong;
            } else {
                let mut sizes = self.sizes();
                (sizes[2], self.far, self.room) = (decoded_len, false, 0);
                self.refuse_event_unless_fits(sizes);
                let ids = &mut self.storage.arrays_mut().ids;
                ids.decode(decoded_len);
                ids.remove(self.string, self.line);
                (ids.slot, self.line) = (Slot::Kept, ids.len());
            }
        }
        if piece.last && self.id_line == IdLine::TooLong {
            self.report(Refused::Id, limit, piece.line_start);
        }
        if self.id_line != IdLine::Fits {
            self.storage.arrays_mut().ids.truncate(self.line);
        }
        self.errors[0].is_some()
    }

    /// Forgets a lent id of a chunk that may have changed, if it is not ASCII any more.
    #[cfg(feature = "stream")]
    pub(super) fn recheck_id(&mut self, chunk: &[u8]) {
        if matches!(self.storage.arrays().ids.slot, Slot::Lent(id) if !id.bytes(chunk).is_ascii()) {
            self.forget_id();
        }
    }

    /// Keeps a lent id behind the last event ID string.
    #[inline]
    pub(super) fn keep_id(&mut self, chunk: &[u8]) {
        let ids = &mut self.storage.arrays_mut().ids;
        if let Slot::Lent(span) = ids.slot {
            // An id is lent only if it is ASCII.
            ids.keep_span(chunk, span, self.string, true);
            self.line = ids.len();
        }
    }

    /// The last event ID buffer, which the block has set, becomes the last event ID string.
    #[inline]
    pub(super) fn commit_id(&mut self, chunk: &[u8]) {
        let ids = &mut self.storage.arrays_mut().ids;
        match ids.slot {
            Slot::Lent(span) => ids.keep_span(chunk, span, 0, true),
            _ => ids.remove(0, self.string),
        }
        (self.string, self.line) = (ids.len(), ids.len());
        self.large |= ids.release(self.string);
        self.id_changes += 1;
    }

    /// Forgets the last event ID buffer and the line that is being read.
    pub(super) fn forget_id(&mut self) {
        self.line = self.string;
        let ids = &mut self.storage.arrays_mut().ids;
        ids.truncate(self.string);
        ids.slot = Slot::Unset;
    }

    /// Replaces the last event ID string, and what the block has set; or returns how much room
    /// there is for it.
    pub(super) fn replace_last_event_id(&mut self, id: &str) -> Result<(), usize> {
        let [data, event_type, _] = self.sizes();
        let room = self.limit_of_ids().bytes.min(self.limit.saturating_sub(data + event_type));
        if id.len() > room {
            return Err(room);
        }
        (self.id_line, self.string, self.large) = (IdLine::Ignored, 0, true);
        (self.far, self.room) = (false, 0);
        self.drop_comment();
        self.forget_id();
        self.storage.arrays_mut().ids.push(id.as_bytes(), true);
        (self.string, self.line) = (id.len(), id.len());
        self.id_changes += 1;
        Ok(())
    }
}

/// Where the first NUL is.
#[inline]
pub(super) fn first_nul(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH_BITS: u64 = ONES << 7;
    crate::work::count_bytes(bytes.len());
    // Most ids are shorter than a search pays for. A word has a zero byte if some high bit appears,
    // that was not there, when 1 is taken from each byte.
    let (mut rest, mut found) = (bytes, 0);
    while let Some((word, behind)) = rest.split_first_chunk() {
        let word = u64::from_ne_bytes(*word);
        found |= word.wrapping_sub(ONES) & !word & HIGH_BITS;
        rest = behind;
    }
    if found == 0 && !rest.contains(&0) { None } else { memchr::memchr(0, bytes) }
}
