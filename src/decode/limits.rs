//! The limits for what is retained.
//!
//! # Implementation notes
//!
//! Every limit is judged in [`Parser::fits`], with the bytes as they came until they are decoded: data
//! and type at the blank line, an id at the end of its line. It is not asked while there is
//! [room](Parser::has_room) for a value whatever else is retained.

use super::ids::IdLine;
use super::parser::Parser;
use super::step::Due;
use super::storage::Storage;
use super::text::Slot;
use super::token::Field;
use crate::error::{Limit, LimitError, ParseError, Refused};

/// Lengths of data, event type and ids, for the limits.
type Sizes = [usize; 3];

/// The fields that retain something, in the order of their [`Sizes`].
const FIELDS: [Field; 3] = [Field::Data, Field::Event, Field::Id];

impl<S: Storage> Parser<S> {
    /// Takes room for a value of so many bytes and an LF, if there certainly is some.
    #[inline(always)]
    pub(super) fn has_room(&mut self, len: usize) -> bool {
        match self.room.checked_sub(len + 1) {
            Some(room) => {
                self.room = room;
                true
            }
            None => false,
        }
    }

    /// What is retained or lent.
    pub(super) fn sizes(&self) -> Sizes {
        let lent_id = match self.buffers.slot(Field::Id) {
            Slot::Lent(span) => span.len(),
            _ => 0,
        };
        // A comment that was handed out does not count any more.
        let is_line = self.due != Due::Comment;
        let ids = lent_id + if is_line { self.buffers.len(Field::Id) } else { self.line };
        [self.buffers.slot_len(Field::Data), self.buffers.slot_len(Field::Event), ids]
    }

    /// Whether that is within the limits. If several are passed, the error names the one that is met
    /// first, byte by byte.
    pub(super) fn fits(&self, sizes: Sizes) -> Result<(), Limit> {
        let sum = sizes.iter().fold(0, |sum: usize, &size| sum.saturating_add(size));
        for (field, size) in FIELDS.into_iter().zip(sizes) {
            let max_len = self.buffers.max_len(field);
            if size > max_len && sum - size + max_len < self.limit {
                return Err(Limit { bytes: max_len, array: Some(field) });
            }
        }
        if sum > self.limit { Err(Limit { bytes: self.limit, array: None }) } else { Ok(()) }
    }

    /// How long an id may be: however long ids are, an event with a quarter of the limit fits.
    pub(super) fn limit_of_ids(&self) -> Limit {
        let array = self.buffers.max_len(Field::Id) / 3;
        let bytes = self.max_id_len.min(self.limit / 4);
        Limit { bytes: bytes.min(array), array: (array < bytes).then_some(Field::Id) }
    }

    /// Whether the event is refused, since a value, or a piece of it, of so many bytes does not fit. If
    /// not, finds out how much room there is.
    #[cold]
    pub(super) fn refuses(&mut self, field: Field, len: usize) -> bool {
        let mut sizes = self.sizes();
        sizes[field as usize] += len;
        if self.refuse_event_unless_fits(sizes) {
            return true;
        }
        self.room = self.limit.saturating_sub(sizes.iter().sum());
        for (field, size) in FIELDS.into_iter().zip(sizes) {
            self.room = self.room.min(self.buffers.max_len(field).saturating_sub(size));
        }
        false
    }

    /// Refuses the event of the block if it does not fit, and if that was not done before.
    pub(super) fn refuse_event_unless_fits(&mut self, sizes: Sizes) -> bool {
        match self.event_fits(sizes) {
            Err(error) => self.report(error),
            Ok(()) => return false,
        }
        true
    }

    /// The same, but returns the error in place of reporting it.
    fn event_fits(&mut self, sizes: Sizes) -> Result<(), LimitError> {
        match self.fits(sizes) {
            Err(limit) if self.buffers.slot(Field::Data) != Slot::Refused => {
                self.drop_event(Slot::Refused);
                let position = self.lines.unfinished_block().start;
                Err(LimitError { refused: Refused::Event, limit, position })
            }
            _ => Ok(()),
        }
    }

    /// Remembers a refusal: that of an id can come after that of its event, and nothing else.
    #[cold]
    pub(super) fn report(&mut self, error: LimitError) {
        self.errors[usize::from(self.errors[0].is_some())] = Some(ParseError::Limit(error));
    }

    /// Changes the limits, unless the ids in use are longer than they allow.
    pub(super) fn set_limits(&mut self, limit: usize, id_limit: usize) -> Result<(), LimitError> {
        self.clear_ended();
        let before = (self.limit, self.max_id_len);
        (self.limit, self.max_id_len, self.room) = (limit, id_limit, 0);
        let (limit, position) = (self.limit_of_ids(), self.lines.unfinished_block().start);
        if self.string.max(self.line - self.string) > limit.bytes {
            (self.limit, self.max_id_len) = before;
            return Err(LimitError { refused: Refused::Id, limit, position });
        }
        if self.comment == Slot::Unset && self.buffers.len(Field::Id) - self.line > limit.bytes {
            self.id_line = IdLine::TooLong;
            self.buffers.truncate(Field::Id, self.line);
        }
        if self.fits(self.sizes()).is_err() {
            self.drop_comment();
        }
        self.event_fits(self.sizes())
    }
}
