//! Comments, for [`Parser::observe`]
//! ([9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)):
//! lent, or kept in the place of the current line, until they are returned.

use super::ids::KeptLine;
use super::line::Piece;
use super::parser::Parser;
use super::step::{Due, Stop};
use super::storage::Storage;
use super::text::Slot;
use crate::error::{Limit, LimitError, Refused};

impl<S: Storage> Parser<S> {
    /// Takes a piece of a comment, and returns why a cursor stops for it.
    pub(super) fn append_comment(&mut self, chunk: &[u8], piece: Piece) -> Option<Stop> {
        if piece.first {
            self.kept_line = KeptLine::Comment;
        }
        if self.kept_line != KeptLine::Comment {
            // The comment was refused, or its start was not observed.
            return None;
        }
        if let Err(limit) = self.keep_comment(chunk, &piece) {
            self.drop_comment();
            let position = piece.line_start;
            self.report(LimitError { refused: Refused::Comment, limit, position });
            return Some(Stop::Error);
        }
        if piece.last {
            (self.due, self.start) = (Due::Comment, piece.line_start);
        }
        piece.last.then_some(Stop::Comment)
    }

    fn keep_comment(&mut self, chunk: &[u8], piece: &Piece) -> Result<(), Limit> {
        let (span, scan) = (piece.span, &self.lines.scan);
        let len = self.buffers.len(self.line) + span.len();
        self.room = self.fits(self.sizes_with(self.line, len))?;
        if piece.first && piece.last && span.is_text(chunk, scan) {
            self.buffers.set(self.line, Slot::Lent(span));
            return Ok(());
        }
        self.buffers.push(self.line, span.bytes(chunk), scan.is_ascii(span.start));
        if piece.last {
            let len = self.buffers.decoded_len(self.line);
            self.room = self.fits(self.sizes_with(self.line, len))?;
            self.buffers.decode(self.line, len);
        }
        Ok(())
    }

    /// Drops a comment that was returned or is being read.
    pub(super) fn drop_comment(&mut self) {
        if self.kept_line == KeptLine::Comment {
            self.forget_line(KeptLine::Ignored);
        }
    }
}
