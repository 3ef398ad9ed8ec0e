//! A block: what each field does to the buffers, what the limits allow, and dispatch
//! ([9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)).
//!
//! # Implementation notes
//!
//! The specification's buffers are the three [`Slot`]s of the storage. A value stays in the chunk,
//! lent, as long as it is one whole line; it is kept when a chunk border cuts it, when another `data`
//! line follows, or when the chunk ends. What a slot had stays in the storage as garbage after its
//! block, so that the event can be lent: slots say what counts.

use super::ids::first_nul;
use super::line::Piece;
use super::parser::Parser;
use super::scan::LF;
use super::step::Stop;
use super::storage::Storage;
use super::text::Slot;
use super::token::Field;

/// The `retry` line that is being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Retry {
    Empty,
    /// The value of its digits, in milliseconds.
    Digits(u64),
    Invalid,
}

impl<S: Storage> Parser<S> {
    /// Takes a piece of a field's value; returns whether something was refused.
    #[inline(always)]
    pub(super) fn value(&mut self, field: Field, chunk: &[u8], piece: Piece) -> bool {
        let (span, whole) = (piece.span(), piece.first && piece.last);
        let is_ascii = self.lines.scan.is_ascii(span.start);
        // Not one `match`: the most frequent field needs no table of jumps.
        if field == Field::Data {
            if !self.far && self.refuses(field, span.len(), piece.first) {
                return true;
            }
            let data = &mut self.storage.arrays_mut().data;
            if whole && data.slot == Slot::Unset {
                data.slot = Slot::Lent(span);
            } else if data.slot != Slot::Refused {
                // The specification appends each value and an LF, and takes the last LF off when it
                // dispatches; here the LF comes before all values but the first.
                let joint = piece.first && data.slot != Slot::Unset;
                if data.slot != Slot::Kept {
                    data.begin_kept(chunk, &self.lines.scan);
                }
                if joint {
                    data.push(&[LF], true);
                }
                data.push(span.bytes(chunk), is_ascii);
            }
        } else if field == Field::Event {
            if !self.far && self.refuses(field, span.len(), piece.first) {
                return true;
            }
            let arrays = self.storage.arrays_mut();
            if whole && arrays.data.slot != Slot::Refused {
                arrays.event_type.slot = Slot::Lent(span);
            } else if arrays.data.slot != Slot::Refused {
                if piece.first {
                    arrays.event_type.slot = Slot::Unset;
                    arrays.event_type.begin_kept(chunk, &self.lines.scan);
                }
                arrays.event_type.push(span.bytes(chunk), is_ascii);
            }
        } else if field == Field::Id {
            let nul = first_nul(span.bytes(chunk));
            if whole
                && self.far
                && is_ascii
                && nul.is_none()
                && span.len() <= self.limit_of_ids().bytes
            {
                if self.line != self.string {
                    self.forget_id();
                }
                self.storage.arrays_mut().ids.slot = Slot::Lent(span);
            } else {
                return self.append_id(chunk, piece, nul);
            }
        } else {
            self.append_retry(span.bytes(chunk), piece.first, piece.last);
        }
        false
    }

    /// Takes a piece of a `retry` line.
    fn append_retry(&mut self, bytes: &[u8], first: bool, last: bool) {
        let before = if first { Retry::Empty } else { self.retry };
        self.retry =
            bytes.iter().fold(before, |retry, byte| match (retry, byte.wrapping_sub(b'0')) {
                (Retry::Empty, digit @ 0..10) => Retry::Digits(digit.into()),
                (Retry::Digits(number), digit @ 0..10) => {
                    Retry::Digits(number.saturating_mul(10).saturating_add(digit.into()))
                }
                _ => Retry::Invalid,
            });
        if let (Retry::Digits(milliseconds), true) = (self.retry, last) {
            self.milliseconds = Some(milliseconds);
        }
    }

    /// Drops data and type.
    pub(super) fn drop_event(&mut self) {
        self.large = true;
        let arrays = self.storage.arrays_mut();
        arrays.data.truncate(0);
        arrays.event_type.truncate(0);
        (arrays.data.slot, arrays.event_type.slot) = (Slot::Unset, Slot::Unset);
    }

    /// Drops the whole block, of which something was not read.
    pub(super) fn drop_block(&mut self) {
        self.drop_comment();
        self.drop_event();
        self.forget_id();
    }

    /// Keeps what is lent, since its chunk ends.
    #[inline]
    pub(super) fn keep_lent(&mut self, chunk: &[u8]) {
        let arrays = self.storage.arrays_mut();
        arrays.data.keep(chunk, &self.lines.scan);
        arrays.event_type.keep(chunk, &self.lines.scan);
        self.keep_id(chunk);
    }

    /// Ends the block at its blank line: as an event, as a block without one, or with an error if its
    /// event is refused now. The slots of an event stay until [`clear`](Self::clear).
    #[inline(always)]
    pub(super) fn dispatch(&mut self, chunk: &[u8]) -> Stop {
        let (arrays, scan) = (self.storage.arrays(), &self.lines.scan);
        if self.large
            || !arrays.data.is_lent_text(chunk, scan)
            || !arrays.event_type.is_lent_text(chunk, scan)
        {
            return self.dispatch_kept(chunk);
        }
        let has_data = arrays.data.slot != Slot::Unset;
        if arrays.ids.slot != Slot::Unset {
            self.commit_id(chunk);
        }
        if has_data { Stop::Event } else { Stop::Block }
    }

    #[inline(never)]
    fn dispatch_kept(&mut self, chunk: &[u8]) -> Stop {
        let has_data = !matches!(self.storage.arrays().data.slot, Slot::Unset | Slot::Refused);
        let refused = has_data && self.decode(chunk);
        if self.storage.arrays().ids.slot != Slot::Unset {
            self.commit_id(chunk);
        }
        let arrays = self.storage.arrays_mut();
        // Of what is lent nothing is used.
        let used = |slot, len| if slot == Slot::Kept { len } else { 0 };
        let data = arrays.data.release(used(arrays.data.slot, arrays.data.len()));
        let event_type = used(arrays.event_type.slot, arrays.event_type.len());
        let event_type = arrays.event_type.release(event_type);
        self.large = data | event_type | arrays.ids.release(self.string);
        match has_data {
            true if refused => Stop::Error,
            true => Stop::Event,
            false => Stop::Block,
        }
    }

    /// Makes text of data and type; returns whether the event is refused instead.
    pub(super) fn decode(&mut self, chunk: &[u8]) -> bool {
        let before = self.sizes();
        let mut sizes = before;
        let arrays = self.storage.arrays_mut();
        sizes[0] = arrays.data.decoded_len(chunk, &self.lines.scan);
        sizes[1] = arrays.event_type.decoded_len(chunk, &self.lines.scan);
        if sizes != before && self.refuse_event_unless_fits(sizes) {
            return true;
        }
        let arrays = self.storage.arrays_mut();
        arrays.data.decode(sizes[0]);
        arrays.event_type.decode(sizes[1]);
        false
    }

    /// Ends the stream; returns whether the event of the unfinished block was or is refused. What the
    /// block had stays until [`clear`](Self::clear).
    pub(super) fn end_block_unfinished(&mut self) -> bool {
        self.drop_comment();
        self.storage.arrays_mut().ids.truncate(self.line);
        self.decode(&[]);
        self.errors = [None, None];
        self.storage.arrays().data.slot == Slot::Refused
    }

    /// Clears the buffers of a block that has ended.
    #[inline]
    pub(super) fn clear(&mut self) {
        let arrays = self.storage.arrays_mut();
        (arrays.data.slot, arrays.event_type.slot) = (Slot::Unset, Slot::Unset);
        arrays.ids.slot = Slot::Unset;
        if self.line != self.string {
            self.forget_id();
        }
    }
}
