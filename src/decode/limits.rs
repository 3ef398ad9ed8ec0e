//! The limits for retained bytes.
//!
//! # Implementation notes
//!
//! [`Parser::fits`] checks every limit. Bytes count as they arrived until they are decoded: data and type at
//! the blank line, an ID at the end of its line. The check is skipped as long as there certainly is
//! [room](Parser::has_room) for a value.

use super::ids::KeptLine;
use super::parser::Parser;
use super::step::Due;
use super::storage::{Place, Storage};
use super::text::Slot;
use crate::error::{Limit, LimitError, ParseError, Refused};
use crate::field::Field;

/// The number of bytes in each place.
type Sizes = [usize; Place::ALL.len()];

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
        let line = self.buffers.len(self.line);
        match self.due {
            Due::Ended | Due::Finished => self.last_event_id().len(),
            // It was returned.
            Due::Comment => self.sizes().iter().sum::<usize>() - line,
            _ => self.sizes().iter().sum(),
        }
    }

    /// Reserves room for `len` bytes, if there certainly is enough.
    #[inline]
    pub(super) fn has_room(&mut self, len: usize) -> bool {
        let room = self.room.checked_sub(len);
        self.room = room.unwrap_or(self.room);
        room.is_some()
    }

    /// Returns the sizes of what is retained or lent.
    pub(super) fn sizes(&self) -> Sizes {
        Place::ALL.map(|place| self.buffers.len(place))
    }

    /// Returns the sizes if there were `len` bytes in this place.
    pub(super) fn sizes_with(&self, place: Place, len: usize) -> Sizes {
        let mut sizes = self.sizes();
        sizes[place as usize] = len;
        sizes
    }

    /// Checks sizes against the limits, and returns the [room](Self::has_room) that they leave. If several
    /// limits are exceeded, the error has the one that is reached first, byte by byte.
    pub(super) fn fits(&self, sizes: Sizes) -> Result<usize, Limit> {
        let sum = sizes.iter().fold(0, |sum: usize, &size| sum.saturating_add(size));
        let mut room = self.limit.checked_sub(sum);
        for (place, size) in Place::ALL.into_iter().zip(sizes) {
            let max_len = self.buffers.max_len(place);
            if size > max_len && sum - size + max_len < self.limit {
                return Err(Limit { bytes: max_len, array: Some(place.field()) });
            }
            room = room.map(|room| room.min(max_len.saturating_sub(size)));
        }
        room.ok_or(Limit { bytes: self.limit, array: None })
    }

    /// Returns the limit for IDs. It leaves room for an event of a quarter of the limit, however long IDs are.
    pub(super) fn limit_of_ids(&self) -> Limit {
        let array = self.buffers.max_len(self.line);
        let bytes = self.max_id_len.min(self.limit / 4);
        Limit { bytes: bytes.min(array), array: (array < bytes).then_some(Field::Id) }
    }

    /// Refuses the event, and returns `true`, if `len` more bytes in this place do not fit.
    #[inline]
    pub(super) fn refuses(&mut self, place: Place, len: usize) -> bool {
        !self.has_room(len) && self.refuses_without_room(place, len)
    }

    /// Does the same with all sizes. After the event is refused everything fits: IDs never need more than
    /// three quarters of the limit.
    #[cold]
    fn refuses_without_room(&mut self, place: Place, len: usize) -> bool {
        let sizes = self.sizes_with(place, self.buffers.len(place) + len);
        self.refuse_event_unless_fits(sizes).map_err(|error| self.report(error)).is_err()
    }

    fn refuse_event_unless_fits(&mut self, sizes: Sizes) -> Result<(), LimitError> {
        match self.fits(sizes) {
            Ok(room) => {
                self.room = room;
                Ok(())
            }
            Err(limit) => {
                self.drop_event(Slot::Refused);
                let position = self.lines.unfinished_block().start;
                Err(LimitError { refused: Refused::Event, limit, position })
            }
        }
    }

    /// Remembers a refusal. Two are pending only if an event and then its ID are refused.
    #[cold]
    pub(super) fn report(&mut self, error: LimitError) {
        self.errors[usize::from(self.errors[0].is_some())] = Some(ParseError::Limit(error));
    }

    /// Changes the limits, unless the IDs in use are longer than the new ones allow.
    pub(super) fn set_limits(&mut self, limit: usize, id_limit: usize) -> Result<(), LimitError> {
        self.clear_ended();
        let before = (self.limit, self.max_id_len);
        (self.limit, self.max_id_len, self.room) = (limit, id_limit, 0);
        let (limit, position) = (self.limit_of_ids(), self.lines.unfinished_block().start);
        if self.buffers.len(self.string).max(self.buffers.len(self.id)) > limit.bytes {
            (self.limit, self.max_id_len) = before;
            return Err(LimitError { refused: Refused::Id, limit, position });
        }
        if self.kept_line == KeptLine::Id && self.buffers.len(self.line) > limit.bytes {
            self.forget_line(KeptLine::LongId);
        }
        if self.fits(self.sizes()).is_err() {
            self.drop_comment();
        }
        self.refuse_event_unless_fits(self.sizes())
    }
}
