//! The limits for what is retained.
//!
//! # Implementation notes
//!
//! Every limit is judged in [`Parser::fits`], with the bytes as they came until they are decoded: data
//! and type at the blank line, an id at the end of its line. If nothing in the chunk can reach a limit
//! ([`Parser::begin_block_chunk`]), it is not asked for values that are not decoded.

use super::ids::IdLine;
use super::parser::Parser;
use super::storage::Storage;
use super::text::Slot;
use super::token::Field;
use crate::error::{Limit, LimitError, ParseError, Refused};

/// Lengths of data, event type and ids, for the limits.
type Sizes = [usize; 3];

impl<S: Storage> Parser<S> {
    /// Begins a chunk of so many bytes: can it reach a limit, whatever they are?
    #[inline]
    pub(super) fn begin_block_chunk(&mut self, len: usize) {
        match self.room.checked_sub(len) {
            Some(room) => (self.far, self.room) = (true, room),
            None => self.find_room(len),
        }
    }

    #[inline(never)]
    fn find_room(&mut self, len: usize) {
        let (sizes, arrays) = (self.sizes(), self.storage.arrays());
        let [data, event_type, _] = sizes;
        let room = self.limit.saturating_sub(sizes.iter().sum());
        let room = room.min(arrays.data.max_len() - data);
        // A value of one byte can come with the LF between two lines, whose name came before.
        let room = room.min(arrays.event_type.max_len() - event_type).saturating_sub(1);
        (self.far, self.room) = (len <= room, room.saturating_sub(len));
    }

    /// What is retained or lent.
    pub(super) fn sizes(&self) -> Sizes {
        let arrays = self.storage.arrays();
        let lent_id = if let Slot::Lent(span) = arrays.ids.slot { span.len() } else { 0 };
        let ids = if self.has_comment { self.line } else { arrays.ids.len() };
        [arrays.data.slot_len(), arrays.event_type.slot_len(), ids + lent_id]
    }

    /// Whether that is within the limits. If several are passed, the error names the one that is met
    /// first, byte by byte.
    pub(super) fn fits(&self, sizes: Sizes) -> Result<(), Limit> {
        let arrays = self.storage.arrays();
        let max_lens = [arrays.data.max_len(), arrays.event_type.max_len(), arrays.ids.max_len()];
        let sum = sizes.iter().fold(0, |sum: usize, &size| sum.saturating_add(size));
        for (i, field) in [Field::Data, Field::Event, Field::Id].into_iter().enumerate() {
            let (size, max_len) = (sizes[i], max_lens[i]);
            if size > max_len && sum - size + max_len < self.limit {
                return Err(Limit { bytes: max_len, array: Some(field) });
            }
        }
        if sum > self.limit { Err(Limit { bytes: self.limit, array: None }) } else { Ok(()) }
    }

    /// How long an id may be: however long ids are, an event with a quarter of the limit fits.
    pub(super) fn limit_of_ids(&self) -> Limit {
        let array = self.storage.arrays().ids.max_len() / 3;
        let bytes = self.max_id_len.min(self.limit / 4);
        let is_array = array < bytes;
        Limit { bytes: bytes.min(array), array: is_array.then_some(Field::Id) }
    }

    /// Whether the event is refused, since a piece of so many bytes of its data or type does not fit.
    #[cold]
    pub(super) fn refuses(&mut self, field: Field, len: usize, first: bool) -> bool {
        let mut sizes = self.sizes();
        if field == Field::Data {
            let joint = first && self.storage.arrays().data.slot != Slot::Unset;
            sizes[0] += len + usize::from(joint);
        } else {
            sizes[1] = len + if first { 0 } else { sizes[1] };
        }
        self.refuse_event_unless_fits(sizes)
    }

    /// Refuses the event of the block if it does not fit, and if that was not done before.
    pub(super) fn refuse_event_unless_fits(&mut self, sizes: Sizes) -> bool {
        match self.fits(sizes) {
            Err(limit) if self.storage.arrays().data.slot != Slot::Refused => {
                self.report(Refused::Event, limit, self.lines.unfinished_block().start);
                self.drop_event();
                self.storage.arrays_mut().data.slot = Slot::Refused;
                true
            }
            _ => false,
        }
    }

    /// Remembers a refusal: that of an id can come behind that of its event, and nothing else.
    #[cold]
    pub(super) fn report(&mut self, refused: Refused, limit: Limit, position: u64) {
        let place = usize::from(self.errors[0].is_some());
        self.errors[place] = Some(ParseError::Limit(LimitError { refused, limit, position }));
    }

    /// Applies new limits, unless the ids in use are longer than they allow.
    pub(super) fn apply_limits(&mut self) -> Result<(), LimitError> {
        (self.room, self.far) = (0, false);
        let (limit, position) = (self.limit_of_ids(), self.lines.unfinished_block().start);
        if self.string.max(self.line - self.string) > limit.bytes {
            return Err(LimitError { refused: Refused::Id, limit, position });
        }
        if self.storage.arrays().ids.len() - self.line > limit.bytes && self.comment != Slot::Kept {
            self.id_line = IdLine::TooLong;
            self.storage.arrays_mut().ids.truncate(self.line);
        }
        if self.fits(self.sizes()).is_err() {
            self.drop_comment();
        }
        if !self.refuse_event_unless_fits(self.sizes()) {
            return Ok(());
        }
        let place = usize::from(self.errors[1].is_some());
        match self.errors[place].take() {
            Some(ParseError::Limit(error)) => Err(error),
            _ => Ok(()),
        }
    }
}
