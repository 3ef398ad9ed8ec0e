//! Comments, for those who observe a stream
//! ([9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)): kept only if a chunk border cuts them or if they are ill-formed, behind the ids.

use super::line::Piece;
use super::parser::Parser;
use super::storage::Storage;
use super::text::Slot;
use crate::error::Refused;

impl<S: Storage> Parser<S> {
    /// Takes a piece of a comment; returns whether it is the last one, and nothing was refused.
    pub(super) fn append_comment(&mut self, chunk: &[u8], piece: Piece) -> bool {
        self.has_comment = self.append_piece(chunk, piece);
        self.has_comment
    }

    fn append_piece(&mut self, chunk: &[u8], piece: Piece) -> bool {
        let span = piece.span();
        if piece.first {
            self.comment_start = piece.line_start;
            if piece.last && span.is_text(chunk, &self.lines.scan) {
                self.comment = Slot::Lent(span);
                return self.comment_fits(span.len());
            }
            self.keep_id(chunk);
            (self.comment, self.large) = (Slot::Kept, true);
        }
        if self.comment != Slot::Kept || !self.comment_fits(span.len()) {
            return false;
        }
        let ids = &mut self.storage.arrays_mut().ids;
        ids.push(span.bytes(chunk), self.lines.scan.is_ascii(span.start));
        if !piece.last {
            return false;
        }
        let (len, decoded_len) = (ids.len(), ids.kept_decoded_len());
        let fits = self.comment_fits(decoded_len - len);
        if fits {
            self.storage.arrays_mut().ids.decode(decoded_len);
        }
        fits
    }

    /// Whether a comment may have so many bytes more; if not, it is refused.
    fn comment_fits(&mut self, more: usize) -> bool {
        let mut sizes = self.sizes();
        sizes[2] += more;
        let fits = self.fits(sizes);
        if let Err(limit) = fits {
            self.drop_comment();
            self.report(Refused::Comment, limit, self.comment_start);
        }
        fits.is_ok()
    }

    /// Drops a comment that was handed out or is being read.
    pub(super) fn drop_comment(&mut self) {
        if self.comment == Slot::Kept {
            self.storage.arrays_mut().ids.truncate(self.line);
        }
        (self.comment, self.has_comment) = (Slot::Unset, false);
    }
}
