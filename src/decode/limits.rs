//! The limits for retained bytes.
//!
//! # Implementation notes
//!
//! [`Parser::make_room`] checks every limit but that for IDs. Bytes count as they arrived until they are decoded: data
//! and type at the blank line, an ID at the end of its line. The check is skipped as long as there certainly is
//! [room](Parser::has_room) for a value.

use super::parser::Parser;
use super::step::Stop;
use super::storage::{Place, Storage};
use super::text::Slot;
use crate::error::{Limit, LimitError, ParseError, Refused};
use crate::field::Field;

/// How much a [`Parser`] can retain, in bytes: see [its limits](Parser#limits).
///
/// ```
/// use sse_wire::{Growable, Limits, Parser};
///
/// // Events of up to 16 MiB, but IDs of up to 100 bytes.
/// let parser = Parser::with_limits(Growable::new(), Limits { id: 100, ..Limits::DEFAULT });
/// assert_eq!(parser.limits().retained, 16 * 1024 * 1024);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For everything; `usize::MAX` if there is no limit besides the arrays.
    pub retained: usize,
    /// For an ID. A quarter of `retained` and a third of an array apply as well.
    pub id: usize,
}

impl Limits {
    /// 16 MiB, and 64 KiB for an ID.
    pub const DEFAULT: Limits = Limits { retained: 16 * 1024 * 1024, id: 64 * 1024 };
}

impl<S: Storage> Parser<S> {
    /// Returns the limits in force: for IDs, the one that the parser was created with, a quarter of the other, or a
    /// third of the array, whichever is smallest.
    pub fn limits(&self) -> Limits {
        Limits { id: self.limit_of_ids().bytes, ..self.limits }
    }

    /// Returns how many bytes are retained. They count as they arrived until they are decoded.
    pub fn retained(&self) -> usize {
        match self.last {
            Stop::Event | Stop::Block => self.last_event_id().len(),
            // It was returned or refused.
            Stop::Comment => self.sizes().0 - self.buffers.len(self.line),
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
        Place::ALL.iter().fold((0, usize::MAX), |(total, free), &place| {
            let len = self.buffers.len(place);
            (total + len, free.min(self.buffers.max_len(place) - len))
        })
    }

    /// Returns the limit for IDs. It leaves room for an event of a quarter of the limit, however long IDs are.
    pub(super) fn limit_of_ids(&self) -> Limit {
        let array = self.buffers.max_len(self.line);
        let bytes = self.limits.id.min(self.limits.retained / 4);
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
        if own > max_len && total - own + max_len < self.limits.retained {
            return Err(Limit { bytes: max_len, array: Some(place.field()) });
        }
        let limit = Limit { bytes: self.limits.retained, array: None };
        let room = self.limits.retained.checked_sub(total).ok_or(limit)?;
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
}
