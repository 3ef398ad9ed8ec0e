//! The lines of a stream, whole or in pieces
//! ([9.2.5](https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream)).
//!
//! # Implementation notes
//!
//! A whole line in one chunk never leaves [`State::Start`]. The other states are for a line that a chunk
//! border cuts: they remember what was seen of it without a copy, because the bytes of a known name are
//! known. A CR ends its line at once; only [`State::AfterCr`] knows that an LF in the next chunk belongs to it.

use core::ops::Range;

use super::line::{LONGEST_HEAD, Line, Piece, classify, head_begun_by};
use super::scan::{CR, LF, Scan, is_line_end};
use super::text::Span;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The last part of the stream that was seen.
#[derive(Clone, Copy, Debug)]
enum State {
    /// A line end.
    Start,
    /// A CR that ended a line and a chunk: a directly following LF belongs to it.
    AfterCr,
    /// This many bytes of the head of a line, or of a byte order mark.
    Head(&'static [u8], usize),
    /// The head of this line, and with `false` also a part of its value.
    Value(Line, bool),
}

/// What comes next.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Nothing: the chunk ends.
    End,
    /// A blank line, which ends a block with this range. It excludes the LF of a CRLF, because a block is complete
    /// before it arrives.
    BlankLine(Range<u64>),
    /// The value of a whole line.
    Line(Piece),
    /// The part in this chunk of the value of a line that a chunk border cuts.
    Piece(Piece),
    /// The start of an unknown line, from earlier chunks, that could have become a known one.
    UnknownHead(&'static [u8]),
}

/// Reads a stream line by line.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    state: State,
    /// The positions of the chunk and of the block.
    origin: u64,
    pub(super) block_start: u64,
    /// The position of the line that a chunk border cuts.
    line_start: u64,
    pub(crate) scan: Scan,
    /// Everything before this index of the chunk has been taken.
    pub(super) at: usize,
    pub(super) len: usize,
    /// The last byte of the chunk.
    last: u8,
}

impl Lines {
    pub(crate) const fn new() -> Self {
        Lines {
            state: State::Head(BYTE_ORDER_MARK, 0),
            origin: 0,
            block_start: 0,
            line_start: 0,
            scan: Scan::new(),
            at: 0,
            len: 0,
            last: LF,
        }
    }

    /// Begins a chunk, once nothing of the one before is [unread](Self::unread).
    #[inline]
    pub(crate) fn begin(&mut self, chunk: &[u8]) {
        self.origin = self.position();
        (self.at, self.len) = (0, chunk.len());
        self.last = chunk.last().copied().unwrap_or(self.last);
        self.scan.begin(chunk, 0);
    }

    /// How many bytes of the chunk have not been taken.
    pub(crate) const fn unread(&self) -> usize {
        self.len - self.at
    }

    /// Skips the bytes that have not been taken, of which there are some, and returns how many there were.
    /// What follows is read as the rest of an unknown line, unless they end with a line end.
    pub(crate) fn skip_unread(&mut self) -> usize {
        let unread = self.unread();
        self.at = self.len;
        self.block_start = self.position();
        self.state = match self.last {
            LF => State::Start,
            CR => State::AfterCr,
            _ => State::Value(Line::Unknown, false),
        };
        unread
    }

    /// Ends the chunk here, and returns the index. What has not been taken is pushed again.
    pub(crate) fn leave(&mut self) -> usize {
        self.len = self.at;
        self.at
    }

    /// How many bytes of the stream have been taken.
    pub(crate) const fn position(&self) -> u64 {
        self.position_of(self.at)
    }

    /// The position in the stream of an index of the chunk.
    pub(crate) const fn position_of(&self, index: usize) -> u64 {
        self.origin.wrapping_add(index as u64)
    }

    /// Returns the range of the block whose blank line has not arrived, as far as it was taken.
    pub(crate) const fn unfinished_block(&self) -> Range<u64> {
        self.block_start..self.position()
    }

    /// Returns whether a part of the current line was taken.
    pub(crate) const fn is_in_line(&self) -> bool {
        !matches!(self.state, State::Start | State::AfterCr | State::Head(_, 0))
    }

    /// Returns whether the whole chunk lies within the value of such a line, of which a part has been taken.
    #[inline]
    pub(crate) fn is_within(&mut self, chunk: &[u8], line: Line) -> bool {
        matches!(self.state, State::Value(begun, false) if begun == line)
            && self.at == 0
            && self.scan.peek(chunk).is_none()
    }

    /// Takes the next step.
    #[inline(always)]
    pub(crate) fn step(&mut self, chunk: &[u8]) -> Step {
        loop {
            if let State::Start = self.state {
                if let Some(end) = self.scan.peek(chunk) {
                    return self.whole_line(chunk, end);
                }
            }
            if self.at == chunk.len() {
                return Step::End;
            }
            if let State::Value(line, first) = self.state {
                return Step::Piece(self.piece(chunk, line, first));
            }
            if let Some(seen) = self.cut_line(chunk) {
                return Step::UnknownHead(seen);
            }
        }
    }

    #[inline(always)]
    fn whole_line(&mut self, chunk: &[u8], end: usize) -> Step {
        let start = self.at;
        self.end_line(chunk, end);
        if start == end {
            let block = self.block_start..self.position_of(end + 1);
            self.block_start = self.position();
            return Step::BlankLine(block);
        }
        let (line, value) = classify(&chunk[start..end]);
        let (span, line_start) = (Span { start: start + value, end }, self.position_of(start));
        Step::Line(Piece { line, span, first: true, last: true, line_start })
    }

    /// Takes the part in this chunk of a value that begins or continues here.
    #[inline]
    fn piece(&mut self, chunk: &[u8], line: Line, first: bool) -> Piece {
        let (start, found) = (self.at, self.scan.peek(chunk));
        match found {
            Some(end) => {
                self.state = State::Start;
                self.end_line(chunk, end);
            }
            None => (self.at, self.state) = (chunk.len(), State::Value(line, false)),
        }
        let span = Span { start, end: found.unwrap_or(chunk.len()) };
        Piece { line, span, first, last: found.is_some(), line_start: self.line_start }
    }

    /// Takes the line end at `end`, with the LF of a CRLF if it is in the chunk.
    #[inline]
    fn end_line(&mut self, chunk: &[u8], end: usize) {
        self.scan.pass();
        self.at = end + 1;
        if chunk[end] == CR {
            match chunk.get(self.at) {
                Some(&LF) => self.take_lf(chunk),
                Some(_) => {}
                None => self.state = State::AfterCr,
            }
        }
    }

    /// Takes the next byte, the LF of a CRLF.
    fn take_lf(&mut self, chunk: &[u8]) {
        self.scan.peek(chunk);
        self.scan.pass();
        self.at += 1;
    }

    /// Takes a step towards the value of a line that a chunk border cuts. If the line turns out to be
    /// unknown, returns its bytes from earlier chunks.
    fn cut_line(&mut self, chunk: &[u8]) -> Option<&'static [u8]> {
        let first = chunk[self.at];
        match self.state {
            State::Start => {
                self.line_start = self.position();
                let text = &chunk[self.at..];
                match (text.len() <= LONGEST_HEAD).then(|| head_begun_by(first)).flatten() {
                    Some(head) => self.state = State::Head(head, 0),
                    None => self.begin_value(text, 0),
                }
            }
            State::AfterCr => {
                self.state = State::Start;
                if first == LF {
                    let between_blocks = self.block_start == self.position();
                    self.take_lf(chunk);
                    self.block_start += u64::from(between_blocks);
                }
            }
            State::Head(head, seen) if head.get(seen) == Some(&first) => {
                self.at += 1;
                self.state = State::Head(head, seen + 1);
                if head[0] == BYTE_ORDER_MARK[0] && seen + 1 == BYTE_ORDER_MARK.len() {
                    (self.state, self.block_start) = (State::Start, self.position());
                }
            }
            State::Head(_, 0) => self.state = State::Start,
            State::Head(head, seen) => {
                let mut text = [0; LONGEST_HEAD + 1];
                text[..seen].copy_from_slice(&head[..seen]);
                text[seen] = first;
                self.begin_value(&text[..seen + usize::from(!is_line_end(first))], seen);
                let is_unknown = matches!(self.state, State::Value(Line::Unknown, _));
                return is_unknown.then(|| &head[..seen]);
            }
            State::Value(..) => {}
        }
        None
    }

    /// Begins the value of a line of which `seen` bytes have been taken. `text` is enough of it to classify it.
    fn begin_value(&mut self, text: &[u8], seen: usize) {
        let (line, value) = classify(text);
        self.at += value.saturating_sub(seen);
        self.state = State::Value(line, true);
    }
}
