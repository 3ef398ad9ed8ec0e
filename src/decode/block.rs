//! A block: what each field does to the buffers, and dispatch
//! ([9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)).
//!
//! # Implementation notes
//!
//! The specification's buffers are [`Buffers`](super::text::Buffers), each with a [`Slot`]. A value stays
//! in the chunk, lent, as long as it is one whole line; it is kept when a chunk border cuts it, when
//! another `data` line follows, or when the chunk ends. What was kept stays as garbage after its block, so
//! that the event can be lent: slots say what counts.

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
    /// Takes a piece of a value of data or type; if it does not fit, the event is refused.
    #[inline(always)]
    pub(super) fn append(&mut self, field: Field, chunk: &[u8], piece: Piece) {
        if self.buffers.slot(Field::Data) == Slot::Refused {
            return;
        }
        if field == Field::Event && piece.first {
            self.buffers.set(field, Slot::Unset);
        }
        let (span, slot) = (piece.span, self.buffers.slot(field));
        // The specification appends each value and an LF, and takes the last LF off when it dispatches;
        // here the LF comes before all values but the first.
        let joint = piece.first && slot != Slot::Unset;
        if !self.has_room(span.len()) && self.refuses(field, span.len() + usize::from(joint)) {
            return;
        }
        if slot == Slot::Unset && piece.first && piece.last {
            self.buffers.set(field, Slot::Lent(span));
            return;
        }
        self.append_kept(field, chunk, piece, joint);
    }

    #[inline(always)]
    fn append_kept(&mut self, field: Field, chunk: &[u8], piece: Piece, joint: bool) {
        let scan = &self.lines.scan;
        match self.buffers.slot(field) {
            Slot::Unset => {
                self.buffers.truncate(field, 0);
                self.buffers.set(field, Slot::Kept);
            }
            Slot::Lent(_) => self.buffers.keep(field, 0, chunk, scan),
            _ => {}
        }
        if joint {
            self.buffers.push(field, &[LF], true);
        }
        self.buffers.push(field, piece.span.bytes(chunk), scan.is_ascii(piece.span.start));
    }

    /// Takes a piece of a `retry` line; returns whether it has set the reconnection time.
    pub(super) fn append_retry(&mut self, bytes: &[u8], first: bool, last: bool) -> bool {
        let before = if first { Retry::Empty } else { self.retry };
        self.retry =
            bytes.iter().fold(before, |retry, byte| match (retry, byte.wrapping_sub(b'0')) {
                (Retry::Empty, digit @ 0..10) => Retry::Digits(digit.into()),
                (Retry::Digits(number), digit @ 0..10) => {
                    Retry::Digits(number.saturating_mul(10).saturating_add(digit.into()))
                }
                _ => Retry::Invalid,
            });
        match self.retry {
            Retry::Digits(milliseconds) if last => {
                self.milliseconds = Some(milliseconds);
                true
            }
            _ => false,
        }
    }

    /// Drops data and type, and sets the data to `slot`.
    pub(super) fn drop_event(&mut self, slot: Slot) {
        self.large = true;
        for (field, slot) in [(Field::Data, slot), (Field::Event, Slot::Unset)] {
            self.buffers.truncate(field, 0);
            self.buffers.set(field, slot);
        }
    }

    /// Drops the whole block, of which something was not read.
    pub(super) fn drop_block(&mut self) {
        self.drop_comment();
        self.drop_event(Slot::Unset);
        self.forget_id();
    }

    /// Keeps what is lent, since its chunk ends.
    pub(super) fn keep_lent(&mut self, chunk: &[u8]) {
        self.buffers.keep(Field::Data, 0, chunk, &self.lines.scan);
        self.buffers.keep(Field::Event, 0, chunk, &self.lines.scan);
        self.keep_id(chunk);
    }

    /// Ends the block at its blank line: as an event, as a block without one, or with an error if its
    /// event is refused now. The buffers of an event stay until [`clear`](Self::clear).
    #[inline(always)]
    pub(super) fn dispatch(&mut self, chunk: &[u8]) -> Stop {
        let lent = |field| self.buffers.is_lent_text(field, chunk, &self.lines.scan);
        if self.large || !lent(Field::Data) || !lent(Field::Event) {
            return self.dispatch_kept(chunk);
        }
        let has_data = self.buffers.slot(Field::Data) != Slot::Unset;
        if self.buffers.slot(Field::Id) != Slot::Unset {
            self.commit_id(chunk);
        }
        if has_data { Stop::Event } else { Stop::Block }
    }

    #[inline(never)]
    fn dispatch_kept(&mut self, chunk: &[u8]) -> Stop {
        let has_data = self.has_data();
        let refused = has_data && self.decode(chunk);
        self.commit_id(chunk);
        self.large = self.buffers.release(Field::Id, self.string);
        for field in [Field::Data, Field::Event] {
            // Of what is lent nothing is used.
            let is_kept = self.buffers.slot(field) == Slot::Kept;
            let used = if is_kept { self.buffers.len(field) } else { 0 };
            self.large |= self.buffers.release(field, used);
        }
        match (has_data, refused) {
            (true, true) => Stop::Error,
            (true, false) => Stop::Event,
            (false, _) => Stop::Block,
        }
    }

    /// Whether there is something to dispatch.
    pub(super) fn has_data(&self) -> bool {
        !matches!(self.buffers.slot(Field::Data), Slot::Unset | Slot::Refused)
    }

    /// Makes text of data and type; returns whether the event is refused instead.
    pub(super) fn decode(&mut self, chunk: &[u8]) -> bool {
        let mut sizes = self.sizes();
        for field in [Field::Data, Field::Event] {
            if !self.buffers.is_lent_text(field, chunk, &self.lines.scan) {
                self.buffers.keep(field, 0, chunk, &self.lines.scan);
            }
            if self.buffers.slot(field) == Slot::Kept {
                sizes[field as usize] = self.buffers.decoded_len(field);
            }
        }
        let refused = self.refuse_event_unless_fits(sizes);
        for field in [Field::Data, Field::Event] {
            if self.buffers.slot(field) == Slot::Kept {
                self.buffers.decode(field, sizes[field as usize]);
            }
        }
        refused
    }

    /// Clears the buffers of a block that has ended.
    pub(super) fn clear(&mut self) {
        self.buffers.set(Field::Data, Slot::Unset);
        self.buffers.set(Field::Event, Slot::Unset);
        self.buffers.set(Field::Id, Slot::Unset);
        if self.line != self.string {
            self.forget_id();
        }
    }
}
