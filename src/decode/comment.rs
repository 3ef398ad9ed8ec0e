//! Comments, for [`Parser::observe`]
//! ([9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)):
//! lent, or kept in the place of the current line, until they are returned.

use super::ids::KeptLine;
use super::line::Piece;
use super::parser::Parser;
use super::step::Due;
use super::storage::Storage;
use super::text::Slot;
use crate::error::{LimitError, Refused};

impl<S: Storage> Parser<S> {
    /// Takes a piece of a comment, and returns whether the comment is complete and not refused.
    pub(super) fn append_comment(&mut self, chunk: &[u8], piece: Piece) -> bool {
        let Piece { span, first, last, line_start, .. } = piece;
        if first {
            (self.kept_line, self.comment_start) = (KeptLine::Comment, line_start);
        }
        if self.kept_line != KeptLine::Comment {
            // The comment was refused, or its start was not observed.
            return false;
        }
        let mut len = self.buffers.len(self.line) + span.len();
        let mut fits = self.fits(self.sizes_with(self.line, len));
        if first && last && fits.is_ok() && span.is_text(chunk, &self.lines.scan) {
            self.buffers.set(self.line, Slot::Lent(span));
        } else if fits.is_ok() {
            self.room = 0;
            let is_ascii = self.lines.scan.is_ascii(span.start);
            self.buffers.push(self.line, span.bytes(chunk), is_ascii);
            if last {
                len = self.buffers.decoded_len(self.line);
                fits = self.fits(self.sizes_with(self.line, len));
            }
        }
        if let Err(limit) = fits {
            self.drop_comment();
            let position = self.comment_start;
            self.report(LimitError { refused: Refused::Comment, limit, position });
        } else if last {
            self.buffers.decode(self.line, len);
            self.due = Due::Comment;
        }
        self.due == Due::Comment
    }

    /// Drops a comment that was returned or is being read.
    pub(super) fn drop_comment(&mut self) {
        if self.kept_line == KeptLine::Comment {
            self.forget_line(KeptLine::Ignored);
        }
    }
}
