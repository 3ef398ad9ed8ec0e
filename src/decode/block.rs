//! A block: the effect of each field on the buffers, and dispatch
//! ([9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)).
//!
//! # Implementation notes
//!
//! The specification's buffers are [`Buffers`](super::text::Buffers), each with a [`Slot`]. A value that is
//! one whole line stays in the chunk: it is lent. It is copied, and then kept, if a chunk border cuts it,
//! if another `data` line follows, or when the chunk ends. Slots stay set after a block, so that its event
//! can borrow them; the next step unsets them. A comment is taken like a value, in the place of the current line.

use super::line::Piece;
use super::parser::Parser;
use super::scan::LF;
use super::step::Stop;
use super::storage::{Place, Storage};
use super::text::Slot;
use crate::error::{Limit, Refused};

impl<S: Storage> Parser<S> {
    /// Takes a piece of a value of data or type, or of a comment, unless it does not fit.
    #[inline(always)]
    fn append(&mut self, place: Place, chunk: &[u8], piece: Piece) -> Result<(), Limit> {
        if place != Place::Data && piece.first {
            self.buffers.set(place, Slot::Unset);
        }
        let (span, is_set) = (piece.span, self.buffers.is_set(place));
        // The specification appends an LF after each value, and removes the last one in dispatch. Here an
        // LF comes before each value but the first.
        let joint = piece.first && is_set;
        self.fits(place, span.len() + usize::from(joint))?;
        if !is_set && piece.first && piece.last {
            self.buffers.set(place, Slot::Lent(span));
            return Ok(());
        }
        let scan = &self.lines.scan;
        self.buffers.keep(place, chunk, scan);
        if joint {
            self.buffers.push(place, &[LF], true);
        }
        self.buffers.push(place, span.bytes(chunk), scan.is_ascii(span.start));
        Ok(())
    }

    /// Takes a piece of data or type, and returns whether the event is refused.
    #[inline(always)]
    pub(super) fn append_event(&mut self, place: Place, chunk: &[u8], piece: Piece) -> bool {
        if self.is_refused() {
            return false;
        }
        let appended = self.append(place, chunk, piece);
        appended.map_err(|limit| self.refuse_event(limit, self.lines.block_start)).is_err()
    }

    /// Takes a piece of a comment that is to be returned, and returns why a cursor stops for it.
    #[inline(never)]
    pub(super) fn append_comment(&mut self, chunk: &[u8], piece: &Piece) -> Option<Stop> {
        if !piece.first && !self.buffers.is_kept(self.line) {
            // The comment was refused, or its start was not to be returned.
            return None;
        }
        let mut result = self.append(self.line, chunk, *piece);
        if piece.last {
            (self.last, self.start) = (Stop::Comment, piece.line_start);
            result = result.and_then(|()| self.decode(self.line, chunk));
        }
        if let Err(limit) = result {
            self.buffers.set(self.line, Slot::Unset);
            self.report(Refused::Comment, limit, piece.line_start);
            return Some(Stop::Error);
        }
        piece.last.then_some(Stop::Comment)
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

    /// Ends the block at its blank line: as an event, as a block without one, or with an error if its event is refused
    /// now. The buffers stay until [`clear_ended`](Self::clear_ended).
    #[inline]
    pub(super) fn dispatch<const ALL: bool>(&mut self, chunk: &[u8]) -> Option<Stop> {
        let stop = match self.buffers.is_set(Place::Data) {
            true if self.decode_event(chunk) => Stop::Event,
            true => Stop::Error,
            false => Stop::Block,
        };
        self.commit_id();
        self.buffers.release();
        self.last = Stop::Event;
        if stop == Stop::Block && (!ALL || self.is_refused()) {
            self.clear_ended();
            return None;
        }
        Some(stop)
    }

    /// Returns whether the event was refused, or is not read.
    pub(super) fn is_refused(&self) -> bool {
        matches!(self.buffers.slot(Place::Data), Slot::Refused | Slot::Skipped)
    }

    /// Decodes data and type, unless the event is refused instead; returns whether it stays.
    #[inline]
    pub(super) fn decode_event(&mut self, chunk: &[u8]) -> bool {
        let data = self.decode(Place::Data, chunk);
        let both = data.and_then(|()| self.decode(Place::EventType, chunk));
        both.map_err(|limit| self.refuse_event(limit, self.start)).is_ok()
    }

    /// Decodes a value, unless it does not fit then.
    #[inline]
    fn decode(&mut self, place: Place, chunk: &[u8]) -> Result<(), Limit> {
        let is_text = self.buffers.is_text(place, chunk, &self.lines.scan);
        if is_text { Ok(()) } else { self.decode_bytes(place, chunk) }
    }

    #[cold]
    fn decode_bytes(&mut self, place: Place, chunk: &[u8]) -> Result<(), Limit> {
        self.buffers.keep(place, chunk, &self.lines.scan);
        let len = self.buffers.decoded_len(place);
        // The bytes fit as they arrived.
        self.fits(place, len - self.buffers.len(place))?;
        self.buffers.decode(place, len);
        Ok(())
    }
}
