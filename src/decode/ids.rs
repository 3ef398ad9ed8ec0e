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
use super::text::{Slot, Span};
use super::token::Field;
use crate::error::{LimitError, Refused};

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
    /// Takes a piece of an `id` line.
    #[inline(always)]
    pub(super) fn set_id(&mut self, chunk: &[u8], piece: Piece) {
        let bytes = piece.span.bytes(chunk);
        crate::work::count_bytes(bytes.len());
        let is_ascii = self.lines.scan.is_ascii(piece.span.start);
        let is_plain = piece.first && piece.last && is_ascii && !bytes.contains(&0);
        if is_plain && bytes.len() <= self.limit_of_ids().bytes && self.has_room(bytes.len()) {
            if self.line != self.string {
                self.forget_id();
            }
            self.buffers.set(Field::Id, Slot::Lent(piece.span));
        } else {
            // Not the piece itself: its address would keep every piece in memory.
            let Piece { span, first, last, line_start, .. } = piece;
            self.append_id(chunk, span, is_ascii, first, last.then_some(line_start));
        }
    }

    /// Takes a piece of an `id` line that is kept, of a line that ends here and began at `ended`. If the id
    /// does not fit beside the event, the event gives way.
    #[inline(never)]
    fn append_id(
        &mut self,
        chunk: &[u8],
        span: Span,
        is_ascii: bool,
        first: bool,
        ended: Option<u64>,
    ) {
        let limit = self.limit_of_ids();
        (self.room, self.large) = (0, true);
        if first {
            self.keep_id(chunk);
            self.id_line = IdLine::Fits;
        }
        let bytes = span.bytes(chunk);
        let nul = bytes.iter().position(|&byte| byte == 0);
        if self.id_line == IdLine::Fits {
            let value = &bytes[..nul.unwrap_or(bytes.len())];
            let room = limit.bytes - (self.buffers.len(Field::Id) - self.line);
            self.buffers.push(Field::Id, &value[..value.len().min(room)], is_ascii);
            if value.len() > room {
                self.id_line = IdLine::TooLong;
            }
            self.refuse_event_unless_fits(self.sizes());
        }
        if nul.is_some() {
            self.id_line = IdLine::Ignored;
        }
        if ended.is_some() && self.id_line == IdLine::Fits {
            let mut sizes = self.sizes();
            sizes[2] = self.buffers.decoded_len(Field::Id);
            if sizes[2] - self.line <= limit.bytes {
                self.refuse_event_unless_fits(sizes);
                self.buffers.decode(Field::Id, sizes[2]);
                self.buffers.remove(Field::Id, self.string..self.line);
                self.buffers.set(Field::Id, Slot::Kept);
                self.line = self.buffers.len(Field::Id);
            } else {
                self.id_line = IdLine::TooLong;
            }
        }
        if self.id_line != IdLine::Fits {
            self.buffers.truncate(Field::Id, self.line);
        }
        if let (Some(position), IdLine::TooLong) = (ended, self.id_line) {
            self.report(LimitError { refused: Refused::Id, limit, position });
        }
    }

    /// Forgets a lent id of a chunk that may have changed, if it is not ASCII any more.
    #[cfg(feature = "stream")]
    pub(super) fn recheck_id(&mut self, chunk: &[u8]) {
        if matches!(self.buffers.slot(Field::Id), Slot::Lent(id) if !id.bytes(chunk).is_ascii()) {
            self.forget_id();
        }
    }

    /// Keeps a lent id, which is ASCII, after the last event ID string.
    pub(super) fn keep_id(&mut self, chunk: &[u8]) {
        if let Slot::Lent(_) = self.buffers.slot(Field::Id) {
            self.buffers.keep(Field::Id, self.string, chunk, &self.lines.scan);
            self.line = self.buffers.len(Field::Id);
        }
    }

    /// The last event ID buffer, if the block has set it, becomes the last event ID string.
    pub(super) fn commit_id(&mut self, chunk: &[u8]) {
        match self.buffers.slot(Field::Id) {
            Slot::Lent(_) => self.buffers.keep(Field::Id, 0, chunk, &self.lines.scan),
            Slot::Kept => self.buffers.remove(Field::Id, 0..self.string),
            _ => return,
        }
        (self.string, self.line) = (self.buffers.len(Field::Id), self.buffers.len(Field::Id));
        self.large |= self.buffers.release(Field::Id, self.string);
        self.id_changes += 1;
    }

    /// Forgets the last event ID buffer and the line that is being read.
    pub(super) fn forget_id(&mut self) {
        self.line = self.string;
        self.buffers.truncate(Field::Id, self.string);
        self.buffers.set(Field::Id, Slot::Unset);
    }

    /// Replaces the last event ID string, and what the block has set; or returns how much room
    /// there is for it.
    pub(super) fn replace_last_event_id(&mut self, id: &str) -> Result<(), usize> {
        let [data, event_type, _] = self.sizes();
        let room = self.limit_of_ids().bytes.min(self.limit.saturating_sub(data + event_type));
        if id.len() > room {
            return Err(room);
        }
        (self.id_line, self.string) = (IdLine::Ignored, 0);
        (self.room, self.large) = (0, true);
        self.drop_comment();
        self.forget_id();
        self.buffers.push(Field::Id, id.as_bytes(), true);
        (self.string, self.line) = (id.len(), id.len());
        self.id_changes += 1;
        Ok(())
    }
}
