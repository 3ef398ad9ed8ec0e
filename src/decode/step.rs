//! The way through a chunk: from line to line, and from block to block
//! ([9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)).
//!
//! # Implementation notes
//!
//! [`Parser::step`] decides and returns a plain value; only then an event is built that borrows the
//! buffers. A whole line and a line that a chunk border cuts are read in different ways, and both end
//! in [`Parser::piece`].

use core::ops::Range;

use super::block::Retry;
use super::line::{Line, Piece};
use super::lines::Step;
use super::parser::Parser;
use super::storage::Storage;
use super::text::Slot;
use super::token::Field;
use crate::error::ParseError;

/// What comes before the next line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    Nothing,
    /// Skipping what follows unread bytes, up to a blank line.
    Skip,
    /// A block whose event was refused at its blank line.
    Block,
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
    /// [`Parser::take_error`] has it.
    Error,
}

impl<S: Storage> Parser<S> {
    /// Goes on to the next thing to hand out. `ALL` also stops at what is no event.
    #[inline(always)]
    pub(crate) fn step<const ALL: bool>(&mut self, chunk: &[u8]) -> Stop {
        self.clear_ended();
        if ALL && self.has_comment {
            self.drop_comment();
        }
        let due = if self.errors[0].is_some() {
            Some(Stop::Error)
        } else if self.due != Due::Nothing {
            self.take_due(chunk, ALL)
        } else {
            None
        };
        let stop = if let Some(stop) = due {
            stop
        } else if let Some(stop) = self.rest_of_value::<ALL>(chunk) {
            // Nothing is lent then.
            return stop;
        } else {
            self.find::<ALL>(chunk)
        };
        if stop != Stop::Event && !self.ended && self.lines.unread() == 0 {
            self.keep_lent(chunk);
        }
        stop
    }

    #[inline(always)]
    fn find<const ALL: bool>(&mut self, chunk: &[u8]) -> Stop {
        loop {
            let stop = match self.lines.whole_line(chunk) {
                None if self.lines.unread() == 0 => return Stop::End,
                None if self.lines.take_head_byte(chunk) => None,
                None => self.cut_line::<ALL>(chunk),
                Some(line) if line.len() == 0 => self.blank_line::<ALL>(chunk, line.end),
                Some(line) => self.piece::<ALL>(chunk, self.lines.value_of(chunk, line)),
            };
            if let Some(stop) = stop {
                return stop;
            }
        }
    }

    /// Takes what the chunk has of a value that an earlier one began; most small chunks are no more.
    #[inline(always)]
    fn rest_of_value<const ALL: bool>(&mut self, chunk: &[u8]) -> Option<Stop> {
        let piece = self.lines.rest_of_value(chunk)?;
        let stop = if piece.line == Line::Field(Field::Data) {
            self.value(Field::Data, chunk, piece).then_some(Stop::Error)
        } else {
            self.cut_piece::<ALL>(chunk, piece)
        };
        if piece.last { stop } else { stop.or(Some(Stop::End)) }
    }

    /// Takes what the chunk has of a line that its start or its end cuts.
    #[inline(never)]
    fn cut_line<const ALL: bool>(&mut self, chunk: &[u8]) -> Option<Stop> {
        match self.lines.cut_line(chunk)? {
            Step::Piece(piece) => self.cut_piece::<ALL>(chunk, piece),
            _ => None,
        }
    }

    #[inline(never)]
    fn cut_piece<const ALL: bool>(&mut self, chunk: &[u8], piece: Piece) -> Option<Stop> {
        self.piece::<ALL>(chunk, piece)
    }

    #[inline(always)]
    fn piece<const ALL: bool>(&mut self, chunk: &[u8], piece: Piece) -> Option<Stop> {
        match piece.line {
            Line::Field(field) if self.value(field, chunk, piece) => Some(Stop::Error),
            Line::Field(Field::Retry) if ALL && piece.last => {
                matches!(self.retry, Retry::Digits(_)).then_some(Stop::ReconnectionTime)
            }
            Line::Comment if ALL && self.append_comment(chunk, piece) => Some(Stop::Comment),
            Line::Comment if ALL => self.errors[0].is_some().then_some(Stop::Error),
            // Nobody observes it.
            Line::Comment if self.comment != Slot::Unset => {
                self.drop_comment();
                None
            }
            _ => None,
        }
    }

    #[inline(always)]
    fn blank_line<const ALL: bool>(&mut self, chunk: &[u8], at: usize) -> Option<Stop> {
        let stop = self.dispatch(chunk);
        let Range { start, end } = self.lines.end_block(at);
        (self.start, self.len, self.ended) = (start, end - start, true);
        match stop {
            Stop::Block if !ALL => {
                self.clear_ended();
                return None;
            }
            Stop::Error => (self.due, self.ended) = (Due::Block, false),
            _ => {}
        }
        Some(stop)
    }

    /// Takes what is due; returns whether that stops a cursor.
    #[cold]
    fn take_due(&mut self, chunk: &[u8], all: bool) -> Option<Stop> {
        if self.due == Due::Skip && !self.lines.skip_block(chunk) {
            return Some(Stop::End);
        }
        self.ended = core::mem::replace(&mut self.due, Due::Nothing) == Due::Block;
        if all && self.ended {
            return Some(Stop::Block);
        }
        self.clear_ended();
        None
    }

    /// The error that a step has found.
    #[cold]
    pub(crate) fn take_error<T>(&mut self) -> Result<Option<T>, ParseError> {
        let [first, second] = self.errors;
        self.errors = [second, None];
        first.map_or(Ok(None), Err)
    }

    #[cold]
    pub(super) fn skip_unread(&mut self) {
        let before = match self.errors[0] {
            Some(ParseError::Unread { bytes }) => bytes,
            _ => 0,
        };
        let bytes = before.saturating_add(self.lines.skip_unread());
        self.drop_block();
        self.errors = [Some(ParseError::Unread { bytes }), None];
        self.due = Due::Skip;
    }

    #[inline]
    pub(super) fn clear_ended(&mut self) {
        if self.ended {
            self.ended = false;
            self.clear();
        }
    }

    /// Begins a chunk, of which nothing is read yet.
    #[inline]
    pub(crate) fn begin(&mut self, chunk: &[u8]) {
        self.clear_ended();
        if self.lines.unread() > 0 {
            self.skip_unread();
        }
        self.lines.begin(chunk);
        self.begin_block_chunk(chunk.len());
    }
}
