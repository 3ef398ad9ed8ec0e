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

    /// Takes a piece of an `id` line.
    #[inline(always)]
    pub(super) fn set_id(&mut self, chunk: &[u8], piece: Piece) {
        let Piece { span, first, last, line_start, .. } = piece;
        let bytes = span.bytes(chunk);
        crate::work::count_bytes(bytes.len());
        let (has_nul, is_ascii) = (bytes.contains(&0), self.lines.scan.is_ascii(span.start));
        let is_plain = first && last && is_ascii && !has_nul;
        if is_plain && bytes.len() <= self.limit_of_ids().bytes && self.has_room(bytes.len()) {
            self.buffers.set(self.id, Slot::Unset);
            self.buffers.push(self.id, bytes, true);
        } else {
            // Not the piece itself: with its address taken, every piece would be in memory.
            self.append_id(bytes, has_nul, is_ascii, first, last.then_some(line_start));
        }
    }

    /// Takes a piece of any `id` line. If the line ends here, `ended` is the position of its start. If the
    /// ID does not fit beside the event, the event is refused.
    #[inline(never)]
    fn append_id(
        &mut self,
        bytes: &[u8],
        has_nul: bool,
        is_ascii: bool,
        first: bool,
        ended: Option<u64>,
    ) {
        let limit = self.limit_of_ids();
        if first {
            self.kept_line = KeptLine::Id;
        }
        if self.kept_line == KeptLine::Id {
            let value = bytes.split(|&byte| byte == 0).next().unwrap_or(bytes);
            let len = value.len().min(limit.bytes - self.buffers.len(self.line));
            self.refuses(self.line, len);
            self.buffers.push(self.line, &value[..len], is_ascii);
            if len < value.len() {
                self.kept_line = KeptLine::LongId;
            }
        }
        if has_nul {
            self.kept_line = KeptLine::Ignored;
        }
        if ended.is_some() && self.kept_line == KeptLine::Id {
            let len = self.buffers.decoded_len(self.line);
            if len <= limit.bytes {
                self.refuses(self.line, len - self.buffers.len(self.line));
                self.buffers.decode(self.line, len);
                swap(&mut self.line, &mut self.id);
            } else {
                self.kept_line = KeptLine::LongId;
            }
        }
        if let (Some(position), KeptLine::LongId) = (ended, self.kept_line) {
            self.report(LimitError { refused: Refused::Id, limit, position });
        }
        match ended {
            Some(_) => self.forget_line(KeptLine::Ignored),
            None if self.kept_line != KeptLine::Id => self.buffers.set(self.line, Slot::Unset),
            None => {}
        }
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
