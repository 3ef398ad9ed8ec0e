//! A step through a chunk: from line to line, and from block to block
//! ([9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)).
//!
//! # Implementation notes
//!
//! [`Parser::step`] returns a plain value. Only then is an event built that borrows the buffers.

use core::ops::Range;

use super::line::{Line, Piece};
use super::lines::Step;
use super::parser::Parser;
use super::storage::{Place, Storage};
use super::text::Slot;
use crate::error::ParseError;
use crate::field::Field;

/// What is to be done before the next line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    Nothing,
    /// Clear a block that has ended and was returned.
    Ended,
    /// Clear the block that was returned as unfinished.
    Finished,
    /// Clear a comment that was returned.
    Comment,
    /// Return a block whose event was refused at its blank line.
    Refused,
    /// Skip what follows unread bytes, up to a blank line.
    Skip,
}

/// Why a cursor stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The chunk is used up.
    End,
    Event,
    /// A block without an event.
    Block,
    Comment,
    ReconnectionTime,
    /// An error was found, which [`Parser::step`] returns instead.
    Error,
}

impl<S: Storage> Parser<S> {
    /// Continues to the next event, or with `ALL` to the next item.
    #[inline(always)]
    pub(crate) fn step<const ALL: bool>(&mut self, chunk: &[u8]) -> Result<Stop, ParseError> {
        self.clear_ended();
        let mut stop = self.errors[0].is_some().then_some(Stop::Error);
        if self.due != Due::Nothing && stop.is_none() {
            stop = self.take_due(chunk, ALL);
        }
        if stop.is_none() && self.append_chunk(chunk) {
            return Ok(Stop::End);
        }
        let stop = stop.unwrap_or_else(|| self.find::<ALL>(chunk));
        if self.due != Due::Ended && self.lines.unread() == 0 {
            self.keep_lent(chunk);
        }
        if stop == Stop::Error { self.take_error() } else { Ok(stop) }
    }

    /// Takes the whole chunk, if it lies within data that is kept: a short way to `append` for small chunks.
    #[inline]
    fn append_chunk(&mut self, chunk: &[u8]) -> bool {
        let is_within = self.lines.is_within(Line::Field(Field::Data), chunk)
            && matches!(self.buffers.slot(Place::Data), Slot::Kept(_))
            && self.has_room(chunk.len());
        if is_within {
            self.lines.take_all(chunk);
            self.buffers.push(Place::Data, chunk, self.lines.scan.is_ascii(0));
        }
        is_within
    }

    #[inline(always)]
    fn find<const ALL: bool>(&mut self, chunk: &[u8]) -> Stop {
        loop {
            let stop = match self.lines.step(chunk) {
                Step::End => return Stop::End,
                Step::UnknownHead(_) => None,
                Step::BlankLine(end) => self.blank_line::<ALL>(chunk, end),
                Step::Line(piece) => self.piece::<ALL>(chunk, piece),
                // Of data most often, if chunks are small.
                Step::Piece(piece) if piece.line == Line::Field(Field::Data) => {
                    self.append(Place::Data, chunk, piece).then_some(Stop::Error)
                }
                Step::Piece(piece) => self.cut_piece::<ALL>(chunk, &piece),
            };
            if let Some(stop) = stop {
                return stop;
            }
        }
    }

    #[inline(never)]
    fn cut_piece<const ALL: bool>(&mut self, chunk: &[u8], piece: &Piece) -> Option<Stop> {
        self.piece::<ALL>(chunk, *piece)
    }

    #[inline(always)]
    fn piece<const ALL: bool>(&mut self, chunk: &[u8], piece: Piece) -> Option<Stop> {
        // Not one `match`: the most frequent fields then need no jump table.
        if let Line::Field(field @ (Field::Data | Field::Event)) = piece.line {
            let place = if field == Field::Data { Place::Data } else { Place::EventType };
            self.append(place, chunk, piece).then_some(Stop::Error)
        } else if piece.line == Line::Field(Field::Id) {
            self.set_id(chunk, piece).then_some(Stop::Error)
        } else if piece.line == Line::Field(Field::Retry) {
            let is_set = self.append_retry(piece.span.bytes(chunk), piece.first, piece.last);
            (is_set && ALL).then_some(Stop::ReconnectionTime)
        } else if piece.line == Line::Comment && ALL {
            self.append_comment(chunk, piece)
        } else {
            self.drop_comment();
            None
        }
    }

    #[inline(always)]
    fn blank_line<const ALL: bool>(&mut self, chunk: &[u8], at: usize) -> Option<Stop> {
        let stop = self.dispatch(chunk);
        let Range { start, end } = self.lines.end_block(at);
        (self.start, self.len) = (start, end - start);
        self.due = if stop == Stop::Error { Due::Refused } else { Due::Ended };
        if stop == Stop::Block && !ALL {
            self.clear_ended();
            return None;
        }
        Some(stop)
    }

    /// Does what is due, and returns why a cursor stops for it.
    #[cold]
    fn take_due(&mut self, chunk: &[u8], all: bool) -> Option<Stop> {
        if self.due == Due::Skip {
            if !self.lines.skip_block(chunk) {
                return Some(Stop::End);
            }
            self.due = Due::Nothing;
            return None;
        }
        self.due = Due::Ended;
        if all {
            return Some(Stop::Block);
        }
        self.clear_ended();
        None
    }

    /// Returns the error that a step has found.
    #[cold]
    fn take_error(&mut self) -> Result<Stop, ParseError> {
        let [first, second] = self.errors;
        self.errors = [second, None];
        first.map_or(Ok(Stop::End), Err)
    }

    /// Clears what was returned.
    pub(super) fn clear_ended(&mut self) {
        match self.due {
            Due::Ended => self.drop_event(Slot::Unset),
            Due::Finished => self.drop_block(),
            Due::Comment => self.drop_comment(),
            _ => return,
        }
        self.due = Due::Nothing;
    }

    /// Begins a chunk. Nothing of it is read yet.
    pub(crate) fn begin(&mut self, chunk: &[u8]) {
        if self.lines.unread() > 0 {
            self.skip_unread();
        }
        self.lines.begin(chunk);
    }

    /// Skips what the last cursor has left unread, and remembers to report it.
    #[cold]
    fn skip_unread(&mut self) {
        let before = match self.errors[0] {
            Some(ParseError::Unread { bytes }) => bytes,
            _ => 0,
        };
        let bytes = before.saturating_add(self.lines.skip_unread());
        self.drop_block();
        (self.errors, self.due) = ([Some(ParseError::Unread { bytes }), None], Due::Skip);
    }
}
