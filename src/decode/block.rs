//! A block: the effect of each field on the buffers, and dispatch
//! ([9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)).
//!
//! # Implementation notes
//!
//! The specification's buffers are [`Buffers`](super::text::Buffers), each with a [`Slot`]. A value that is
//! one whole line stays in the chunk: it is lent. It is copied, and then kept, if a chunk border cuts it,
//! if another `data` line follows, or when the chunk ends. Slots stay set after a block, so that its event
//! can borrow them; the next step unsets them.

use super::line::Piece;
use super::parser::Parser;
use super::scan::LF;
use super::step::Stop;
use super::storage::{Place, Storage};
use super::text::Slot;

impl<S: Storage> Parser<S> {
    /// Takes a piece of a value of data or type. If it does not fit, the event is refused; returns whether it was.
    #[inline(always)]
    pub(super) fn append(&mut self, place: Place, chunk: &[u8], piece: Piece) -> bool {
        if self.buffers.slot(Place::Data) == Slot::Refused {
            return false;
        }
        if place == Place::EventType && piece.first {
            self.buffers.set(place, Slot::Unset);
        }
        let (span, slot) = (piece.span, self.buffers.slot(place));
        // The specification appends an LF after each value, and removes the last one in dispatch. Here an
        // LF comes before each value but the first.
        let joint = piece.first && slot != Slot::Unset;
        if self.refuses(place, span.len() + usize::from(joint)) {
            return true;
        }
        if slot == Slot::Unset && piece.first && piece.last {
            self.buffers.set(place, Slot::Lent(span));
            return false;
        }
        let scan = &self.lines.scan;
        self.buffers.keep(place, chunk, scan);
        if joint {
            self.buffers.push(place, &[LF], true);
        }
        self.buffers.push(place, span.bytes(chunk), scan.is_ascii(span.start));
        false
    }

    /// Takes a piece of a `retry` line; returns whether it has set the reconnection time.
    pub(super) fn append_retry(&mut self, bytes: &[u8], first: bool, last: bool) -> bool {
        let before = if first { Some(None) } else { self.retry };
        self.retry = bytes.iter().fold(before, |number, &byte| {
            let digit = char::from(byte).to_digit(10)?;
            Some(Some(number?.unwrap_or(0_u64).saturating_mul(10).saturating_add(digit.into())))
        });
        let set = self.retry.flatten().filter(|_| last);
        self.milliseconds = set.or(self.milliseconds);
        set.is_some()
    }

    /// Drops data and type, and sets the data to `slot`.
    pub(super) fn drop_event(&mut self, slot: Slot) {
        self.buffers.set(Place::Data, slot);
        self.buffers.set(Place::EventType, Slot::Unset);
    }

    /// Drops the whole block, because a part of it was not read.
    pub(super) fn drop_block(&mut self) {
        self.drop_event(Slot::Unset);
        self.forget_ids();
    }

    /// Keeps the lent values, because their chunk ends.
    pub(super) fn keep_lent(&mut self, chunk: &[u8]) {
        self.buffers.keep(Place::Data, chunk, &self.lines.scan);
        self.buffers.keep(Place::EventType, chunk, &self.lines.scan);
    }

    /// Ends the block at its blank line: as an event, as a block without one, or with an error if its
    /// event is refused now. The buffers stay until [`clear_ended`](Self::clear_ended).
    #[inline(always)]
    pub(super) fn dispatch(&mut self, chunk: &[u8]) -> Stop {
        let is_text = |place| self.buffers.is_text(place, chunk, &self.lines.scan);
        let are_text = is_text(Place::Data) && is_text(Place::EventType);
        let refused = !are_text && self.has_data() && self.decode(chunk);
        self.commit_id();
        self.buffers.release();
        match self.has_data() {
            true => Stop::Event,
            false if refused => Stop::Error,
            false => Stop::Block,
        }
    }

    /// Returns whether there is an event to dispatch.
    pub(super) fn has_data(&self) -> bool {
        !matches!(self.buffers.slot(Place::Data), Slot::Unset | Slot::Refused)
    }

    /// Decodes data and type, and returns whether the event is refused instead.
    #[cold]
    pub(super) fn decode(&mut self, chunk: &[u8]) -> bool {
        for place in [Place::Data, Place::EventType] {
            self.buffers.keep(place, chunk, &self.lines.scan);
            let len = self.buffers.decoded_len(place);
            // The bytes fit as they arrived.
            if self.refuses(place, len - self.buffers.len(place)) {
                return true;
            }
            self.buffers.decode(place, len);
        }
        false
    }
}
