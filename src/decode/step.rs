//! A step through a chunk: from line to line, and from block to block
//! ([9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)).
//!
//! # Implementation notes
//!
//! [`Parser::step`] returns a plain value. Only then is an event built that borrows the buffers.

use super::line::{Line, Piece};
use super::lines::Step;
use super::parser::Parser;
use super::storage::{Place, Storage};
use super::text::Slot;
use crate::error::ParseError;
use crate::field::Field;

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
        if self.errors[0].is_some() {
            return self.take_error();
        }
        if self.append_chunk(chunk) {
            return Ok(Stop::End);
        }
        let stop = loop {
            let stop = match self.lines.step(chunk) {
                Step::End => Some(Stop::End),
                Step::UnknownHead(_) => None,
                Step::BlankLine(block) => {
                    (self.start, self.len) = (block.start, block.end - block.start);
                    self.dispatch::<ALL>(chunk)
                }
                Step::Line(piece) => self.piece::<ALL>(chunk, piece),
                // A separate arm, since a whole line is known to begin and end here.
                Step::Piece(piece) => self.piece::<ALL>(chunk, piece),
            };
            if let Some(stop) = stop {
                break stop;
            }
        };
        if self.last != Stop::Event && self.lines.unread() == 0 {
            self.keep_lent(chunk);
        }
        if stop == Stop::Error { self.take_error() } else { Ok(stop) }
    }

    /// Takes the whole chunk, if it lies within data that is kept: a short way to `append` for small chunks.
    fn append_chunk(&mut self, chunk: &[u8]) -> bool {
        let is_within = self.buffers.is_kept(Place::Data)
            && self.lines.is_within(chunk, Line::Field(Field::Data))
            && self.has_room(chunk.len());
        if is_within {
            self.lines.at = chunk.len();
            self.buffers.push(Place::Data, chunk, self.lines.scan.is_ascii(0));
        }
        is_within
    }

    #[inline(always)]
    fn piece<const ALL: bool>(&mut self, chunk: &[u8], piece: Piece) -> Option<Stop> {
        let place = match piece.line {
            Line::Field(Field::Data) => Place::Data,
            Line::Field(Field::Event) => Place::EventType,
            _ if matches!(self.buffers.slot(Place::Data), Slot::Skipped) => return None,
            // Copies by reference: otherwise every piece would be in memory.
            Line::Field(Field::Id) => {
                return self.append_id(chunk, &{ piece }).then_some(Stop::Error);
            }
            Line::Field(Field::Retry) => {
                let is_set = self.append_retry(piece.span.bytes(chunk), piece.first, piece.last);
                return (is_set && ALL).then_some(Stop::ReconnectionTime);
            }
            Line::Comment if ALL => return self.append_comment(chunk, &{ piece }),
            Line::Comment | Line::Unknown => {
                // Of a comment that is no longer to be returned, nothing is kept.
                self.buffers.set(self.line, Slot::Unset);
                return None;
            }
        };
        self.append_event(place, chunk, piece).then_some(Stop::Error)
    }

    /// Returns the error that a step has found.
    fn take_error(&mut self) -> Result<Stop, ParseError> {
        let [first, second] = self.errors;
        self.errors = [second, None];
        first.map_or(Ok(Stop::End), Err)
    }

    /// Clears what was returned.
    pub(super) fn clear_ended(&mut self) {
        match self.last {
            Stop::Event => self.drop_event(Slot::Unset),
            Stop::Block => self.drop_block(),
            Stop::Comment => self.buffers.set(self.line, Slot::Unset),
            _ => return,
        }
        self.last = Stop::End;
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
        self.buffers.set(Place::Data, Slot::Skipped);
        (self.errors, self.last) = ([Some(ParseError::Unread { bytes }), None], Stop::End);
    }
}
