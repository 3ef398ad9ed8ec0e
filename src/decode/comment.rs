//! Comments, for those who observe a stream
//! ([9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)):
//! kept after the ids, if a chunk border cuts them or they are ill-formed, until they were handed out.

use super::line::Piece;
use super::parser::Parser;
use super::step::Due;
use super::storage::Storage;
use super::text::Slot;
use super::token::Field;
use crate::error::{LimitError, Refused};

impl<S: Storage> Parser<S> {
    /// Takes a piece of a comment; returns whether it is the last one, and nothing was refused.
    pub(super) fn append_comment(&mut self, chunk: &[u8], piece: Piece) -> bool {
        let (span, scan) = (piece.span, &self.lines.scan);
        if piece.first {
            let is_lent = piece.last && span.is_text(chunk, scan);
            self.comment = if is_lent { Slot::Lent(span) } else { Slot::Kept };
            self.comment_start = piece.line_start;
        }
        let is_kept = self.comment == Slot::Kept;
        if self.comment == Slot::Unset {
            // It was refused, or its start was not observed.
            return false;
        }
        let mut sizes = self.sizes();
        sizes[2] += span.len();
        let mut fits = self.fits(sizes);
        if is_kept && fits.is_ok() {
            self.keep_id(chunk);
            (self.room, self.large) = (0, true);
            let is_ascii = self.lines.scan.is_ascii(span.start);
            self.buffers.push(Field::Id, span.bytes(chunk), is_ascii);
            if piece.last {
                sizes[2] = self.buffers.decoded_len(Field::Id);
                fits = self.fits(sizes);
            }
        }
        if let Err(limit) = fits {
            self.drop_comment();
            let position = self.comment_start;
            self.report(LimitError { refused: Refused::Comment, limit, position });
            return false;
        }
        if !piece.last {
            return false;
        }
        if is_kept {
            self.buffers.decode(Field::Id, sizes[2]);
        }
        self.due = Due::Comment;
        true
    }

    /// Drops a comment that was handed out or is being read.
    pub(super) fn drop_comment(&mut self) {
        if self.comment == Slot::Kept {
            self.buffers.truncate(Field::Id, self.line);
        }
        self.comment = Slot::Unset;
    }
}
