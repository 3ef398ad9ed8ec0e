//! Last event IDs: the `id` line, the last event ID buffer and the last event ID string
//! ([9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)).
//!
//! # Implementation notes
//!
//! Each of the three has a place, and an ID never moves: the places swap roles.

use core::mem::swap;

use super::line::Piece;
use super::parser::Parser;
use super::storage::{Place, Storage};
use super::text::Slot;
use crate::error::{LastEventIdError, Refused};
#[cfg(feature = "alloc")]
use crate::event::LastEventId;

impl<S: Storage> Parser<S> {
    /// Sets the last event ID string, for example to that of an earlier stream before this one starts. In the middle
    /// of a block, earlier `id` lines of the block then do not count, nor does one whose value is being read; a
    /// comment that is being read is dropped.
    ///
    /// # Errors
    ///
    /// An ID that has a NUL, LF, or CR, that is longer than the [limit for IDs](Self::limits), or that does not fit
    /// beside the event that is being read, is refused and changes nothing.
    ///
    /// # Memory and cost
    ///
    /// The ID is copied.
    pub fn set_last_event_id(&mut self, id: &str) -> Result<(), LastEventIdError> {
        let mut characters = id.char_indices();
        if let Some((at, character)) = characters.find(|(_, c)| matches!(c, '\0' | '\n' | '\r')) {
            return Err(LastEventIdError::Character { character, at });
        }
        self.clear_ended();
        let event = self.buffers.len(Place::Data) + self.buffers.len(Place::EventType);
        let room = self.limit_of_ids().bytes.min(self.limits.retained.saturating_sub(event));
        if id.len() > room {
            return Err(LastEventIdError::TooLong { length: id.len(), room });
        }
        self.forget_ids();
        self.buffers.push(self.id, id.as_bytes(), true);
        self.commit_id();
        (self.room, self.sets_id) = (0, false);
        Ok(())
    }

    /// Takes a piece of an `id` line, and returns whether something was refused. The place of the line has nothing once
    /// the line is ignored, and is refused once it is longer than the limit for IDs.
    #[inline(never)]
    pub(super) fn append_id(&mut self, chunk: &[u8], piece: &Piece) -> bool {
        let (bytes, limit) = (piece.span.bytes(chunk), self.limit_of_ids());
        crate::work::count_bytes(bytes.len());
        // A NUL is rare, and `contains` is faster than to look for its index.
        let nul = if bytes.contains(&0) { bytes.iter().position(|&byte| byte == 0) } else { None };
        let value = &bytes[..nul.unwrap_or(bytes.len())];
        let is_ascii = self.lines.scan.is_ascii(piece.span.start);
        let is_plain = is_ascii && piece.first && piece.last && value.len() == bytes.len();
        if is_plain && bytes.len() <= limit.bytes && self.has_room(bytes.len()) {
            // A short way for most IDs.
            self.buffers.set(self.id, Slot::Unset);
            self.buffers.push(self.id, bytes, true);
            return false;
        }
        if piece.first || self.buffers.is_kept(self.line) {
            let len = value.len().min(limit.bytes - self.buffers.len(self.line));
            self.fit_id(len);
            self.buffers.push(self.line, &value[..len], is_ascii);
            if len < value.len() {
                self.buffers.set(self.line, Slot::Refused);
            }
        }
        if value.len() < bytes.len() {
            self.buffers.set(self.line, Slot::Unset);
        }
        if !piece.last {
            return self.errors[0].is_some();
        }
        if !self.buffers.is_text(self.line, chunk, &self.lines.scan) {
            let len = self.buffers.decoded_len(self.line);
            if len > limit.bytes {
                self.buffers.set(self.line, Slot::Refused);
            } else {
                self.fit_id(len - self.buffers.len(self.line));
                self.buffers.decode(self.line, len);
            }
        }
        match self.buffers.slot(self.line) {
            Slot::Unset => {}
            Slot::Refused => self.report(Refused::Id, limit, piece.line_start),
            _ => swap(&mut self.line, &mut self.id),
        }
        self.buffers.set(self.line, Slot::Unset);
        self.errors[0].is_some()
    }

    /// Reserves room for `len` more bytes of an ID. If they do not fit beside the event, the event is refused.
    fn fit_id(&mut self, len: usize) {
        if let Err(limit) = self.fits(self.line, len) {
            self.refuse_event(limit, self.lines.block_start);
        }
    }

    /// Clears the last event ID buffer and the place of the current line.
    pub(super) fn forget_ids(&mut self) {
        self.buffers.set(self.id, Slot::Unset);
        self.buffers.set(self.line, Slot::Unset);
    }

    /// Makes the last event ID buffer, if the block has set it, the last event ID string.
    pub(super) fn commit_id(&mut self) {
        self.sets_id = self.buffers.is_kept(self.id);
        if self.sets_id {
            swap(&mut self.id, &mut self.string);
            self.buffers.set(self.id, Slot::Unset);
            #[cfg(feature = "alloc")]
            {
                self.shared_id = LastEventId::NONE;
            }
        }
    }
}
