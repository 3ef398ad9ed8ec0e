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
use crate::error::{LastEventIdError, LimitError, Refused};
#[cfg(feature = "alloc")]
use crate::event::LastEventId;

/// The contents of the place of the current line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeptLine {
    /// Nothing. The line is an `id` line with a NUL, or one in whose middle the caller has set the ID, or a
    /// comment that was refused or is not observed.
    Ignored,
    Id,
    /// Nothing. The line is an `id` line that is longer than the limit for IDs.
    LongId,
    Comment,
}

impl<S: Storage> Parser<S> {
    /// Sets the last event ID string, for example to that of an earlier stream before this one starts. In the middle
    /// of a block, earlier `id` lines of the block then do not count, nor does one whose value is being read; an
    /// observed comment that is being read is dropped.
    ///
    /// # Errors
    ///
    /// An ID that has a NUL, LF, or CR, that is longer than the [limit for IDs](Self::id_limit), or that does not fit
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
        let room = self.limit_of_ids().bytes.min(self.limit.saturating_sub(event));
        if id.len() > room {
            return Err(LastEventIdError::TooLong { length: id.len(), room });
        }
        self.forget_ids();
        self.buffers.push(self.id, id.as_bytes(), true);
        self.commit_id();
        (self.room, self.sets_id) = (0, false);
        Ok(())
    }

    /// Takes a piece of an `id` line, and returns whether something was refused.
    #[inline(always)]
    pub(super) fn set_id(&mut self, chunk: &[u8], piece: Piece) -> bool {
        let (bytes, is_ascii) =
            (piece.span.bytes(chunk), self.lines.scan.is_ascii(piece.span.start));
        crate::work::count_bytes(bytes.len());
        let has_nul = bytes.contains(&0);
        let is_plain = piece.first && piece.last && is_ascii && !has_nul;
        if is_plain && bytes.len() <= self.limit_of_ids().bytes && self.has_room(bytes.len()) {
            self.buffers.set(self.id, Slot::Unset);
            self.buffers.push(self.id, bytes, true);
            return false;
        }
        // A copy: with the address of the piece taken, every piece would be in memory.
        self.append_id(bytes, has_nul, is_ascii, &{ piece });
        self.errors[0].is_some()
    }

    /// Takes a piece of any `id` line.
    #[inline(never)]
    fn append_id(&mut self, bytes: &[u8], has_nul: bool, is_ascii: bool, piece: &Piece) {
        if piece.first {
            self.kept_line = KeptLine::Id;
        }
        if self.kept_line == KeptLine::Id {
            self.kept_line = self.keep_id(bytes, is_ascii, piece.last && !has_nul);
        }
        if has_nul {
            self.kept_line = KeptLine::Ignored;
        }
        match self.kept_line {
            KeptLine::Id if !piece.last => return,
            KeptLine::Id => swap(&mut self.line, &mut self.id),
            KeptLine::LongId if piece.last => {
                let (limit, position) = (self.limit_of_ids(), piece.line_start);
                self.report(LimitError { refused: Refused::Id, limit, position });
            }
            _ => {}
        }
        self.buffers.set(self.line, Slot::Unset);
    }

    /// Keeps a piece of an ID up to a NUL, unless the ID is longer than the limit for IDs, and returns what the
    /// place of the line has then. If it does not fit beside the event, the event is refused.
    fn keep_id(&mut self, bytes: &[u8], is_ascii: bool, is_whole: bool) -> KeptLine {
        let limit = self.limit_of_ids().bytes;
        let value = bytes.split(|&byte| byte == 0).next().unwrap_or(bytes);
        let len = value.len().min(limit - self.buffers.len(self.line));
        self.refuses(self.line, len);
        self.buffers.push(self.line, &value[..len], is_ascii);
        if len < value.len() {
            return KeptLine::LongId;
        }
        if is_whole {
            let len = self.buffers.decoded_len(self.line);
            if len > limit {
                return KeptLine::LongId;
            }
            self.refuses(self.line, len - self.buffers.len(self.line));
            self.buffers.decode(self.line, len);
        }
        KeptLine::Id
    }

    /// Makes the last event ID buffer, if the block has set it, the last event ID string.
    pub(super) fn commit_id(&mut self) {
        self.sets_id = matches!(self.buffers.slot(self.id), Slot::Kept(_));
        if self.sets_id {
            swap(&mut self.id, &mut self.string);
            self.buffers.set(self.id, Slot::Unset);
            #[cfg(feature = "alloc")]
            {
                self.shared_id = LastEventId::NONE;
            }
        }
    }

    /// Clears the place of the current line, and remembers why.
    pub(super) fn forget_line(&mut self, because: KeptLine) {
        self.kept_line = because;
        self.buffers.set(self.line, Slot::Unset);
    }

    /// Clears the last event ID buffer and the place of the current line.
    pub(super) fn forget_ids(&mut self) {
        self.buffers.set(self.id, Slot::Unset);
        self.forget_line(KeptLine::Ignored);
    }
}
