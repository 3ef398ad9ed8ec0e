//! The limits for retained bytes.
//!
//! # Implementation notes
//!
//! [`Parser::make_room`] checks every limit but that for IDs. Bytes count as they arrived until they are decoded: data
//! and type at the blank line, an ID at the end of its line. The check is skipped as long as there certainly is
//! [room](Parser::has_room) for a value.

use super::line::Line;
use super::parser::Parser;
use super::step::Due;
use super::storage::{Place, Storage};
use super::text::Slot;
use crate::error::{Limit, LimitError, ParseError, Refused};
use crate::field::Field;

impl<S: Storage> Parser<S> {
    /// Returns the limit in bytes; `usize::MAX` if there is none besides the arrays.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Returns the limit for IDs in bytes that is in force: the one that was [set](Self::set_id_limit), a quarter of
    /// the limit, or a third of the array, whichever is smallest.
    pub fn id_limit(&self) -> usize {
        self.limit_of_ids().bytes
    }

    /// Changes the limit in bytes.
    ///
    /// # Errors
    ///
    /// If the last event ID in force, or the one that the block has set, is longer than a quarter of the new limit,
    /// nothing changes, and the error has [`Refused::Id`](crate::Refused::Id): first call [`set_last_event_id`] with a
    /// shorter or an empty one. If more of the block is retained than the new limit allows, a comment that is being
    /// read is dropped, and if that is not enough, the event is refused: the new limit applies, and the error has
    /// [`Refused::Event`](crate::Refused::Event).
    ///
    /// [`set_last_event_id`]: Self::set_last_event_id
    pub fn set_limit(&mut self, limit: usize) -> Result<(), LimitError> {
        self.set_limits(limit, self.max_id_len)
    }

    /// Changes the limit for IDs in bytes. A quarter of the limit and a third of an array still apply.
    ///
    /// # Errors
    ///
    /// As for [`set_limit`](Self::set_limit).
    pub fn set_id_limit(&mut self, limit: usize) -> Result<(), LimitError> {
        self.set_limits(self.limit, limit)
    }

    /// Returns how many bytes are retained. They count as they arrived until they are decoded.
    pub fn retained(&self) -> usize {
        match self.due {
            Due::Ended | Due::Finished => self.last_event_id().len(),
            // It was returned or refused.
            Due::Comment => self.sizes().0 - self.buffers.len(self.line),
            _ => self.sizes().0,
        }
    }

    /// Reserves room for `len` bytes, if there certainly is enough.
    #[inline]
    pub(super) fn has_room(&mut self, len: usize) -> bool {
        let room = self.room.checked_sub(len);
        self.room = room.unwrap_or(self.room);
        room.is_some()
    }

    /// Returns how many bytes are retained or lent, and how many more fit any array.
    fn sizes(&self) -> (usize, usize) {
        Place::ALL.into_iter().fold((0, usize::MAX), |(total, free), place| {
            let len = self.buffers.len(place);
            (total + len, free.min(self.buffers.max_len(place) - len))
        })
    }

    /// Returns the limit for IDs. It leaves room for an event of a quarter of the limit, however long IDs are.
    pub(super) fn limit_of_ids(&self) -> Limit {
        let array = self.buffers.max_len(self.line);
        let bytes = self.max_id_len.min(self.limit / 4);
        Limit { bytes: bytes.min(array), array: (array < bytes).then_some(Field::Id) }
    }

    /// Reserves room for `len` more bytes in this place, if they fit.
    #[inline]
    pub(super) fn fits(&mut self, place: Place, len: usize) -> Result<(), Limit> {
        if self.has_room(len) { Ok(()) } else { self.make_room(place, len) }
    }

    /// Does the same by all sizes. If both the array and the limit are too small, the error has the one that is
    /// reached first, byte by byte.
    #[cold]
    fn make_room(&mut self, place: Place, len: usize) -> Result<(), Limit> {
        let (total, free) = self.sizes();
        let total = total.saturating_add(len);
        let (max_len, own) = (self.buffers.max_len(place), self.buffers.len(place) + len);
        if own > max_len && total - own + max_len < self.limit {
            return Err(Limit { bytes: max_len, array: Some(place.field()) });
        }
        let limit = Limit { bytes: self.limit, array: None };
        let room = self.limit.checked_sub(total).ok_or(limit)?;
        self.room = room.min(free.saturating_sub(len));
        Ok(())
    }

    /// Refuses the event. Then everything fits: IDs never need more than three quarters of the limit.
    #[cold]
    pub(super) fn refuse_event(&mut self, limit: Limit, start: u64) {
        self.drop_event(Slot::Refused);
        self.report(Refused::Event, limit, start);
    }

    /// Remembers a refusal. Two are pending only if an event and then its ID are refused.
    #[cold]
    pub(super) fn report(&mut self, refused: Refused, limit: Limit, position: u64) {
        let error = LimitError { refused, limit, position };
        self.errors[usize::from(self.errors[0].is_some())] = Some(ParseError::Limit(error));
    }

    /// Changes the limits, unless the IDs in use are longer than the new ones allow.
    pub(super) fn set_limits(&mut self, limit: usize, id_limit: usize) -> Result<(), LimitError> {
        self.clear_ended();
        let before = (self.limit, self.max_id_len);
        (self.limit, self.max_id_len, self.room) = (limit, id_limit, 0);
        let (limit, position) = (self.limit_of_ids(), self.lines.block_start);
        if self.buffers.len(self.string).max(self.buffers.len(self.id)) > limit.bytes {
            (self.limit, self.max_id_len) = before;
            return Err(LimitError { refused: Refused::Id, limit, position });
        }
        let in_comment = self.lines.is_reading(Line::Comment);
        if !in_comment && self.buffers.len(self.line) > limit.bytes {
            self.buffers.set(self.line, Slot::Refused);
        }
        if in_comment && self.make_room(Place::Data, 0).is_err() {
            self.buffers.set(self.line, Slot::Unset);
        }
        self.make_room(Place::Data, 0).map_err(|limit| {
            self.drop_event(Slot::Refused);
            LimitError { refused: Refused::Event, limit, position }
        })
    }
}
