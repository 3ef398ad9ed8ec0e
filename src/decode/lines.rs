//! The lines of a stream, whole or in pieces
//! ([9.2.5](https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream)).
//!
//! # Implementation notes
//!
//! A line that lies whole in a chunk never leaves [`State::Start`]. The other states serve a line that a
//! chunk border cuts: they say what was seen of it, and no byte is kept, since the bytes of a known name
//! are known. A CR ends its line at once; that an LF may follow in the next chunk is known to
//! [`State::AfterCr`] alone.

use core::ops::Range;

use super::line::{LONGEST_HEAD, Line, Piece, classify, head_begun_by};
use super::scan::{CR, LF, Scan, is_line_end};
use super::text::Span;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What was just seen of the stream.
#[derive(Clone, Copy, Debug)]
enum State {
    /// A line end.
    Start,
    /// A CR that ended a line and a chunk: a directly following LF belongs to it.
    AfterCr,
    /// So many bytes of the head of a line, or of a byte order mark.
    Head(&'static [u8], usize),
    /// The head of this line, and if it is `false`, some of the value too.
    Value(Line, bool),
}

/// What comes next.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Nothing: the chunk is used up.
    End,
    /// A blank line, whose line end begins here.
    BlankLine(usize),
    /// The value of a whole line.
    Line(Piece),
    /// What the chunk has of the value of a line that its start or its end cuts.
    Piece(Piece),
    /// The start of an unknown line that earlier chunks had, and that began as something else.
    UnknownHead(&'static [u8]),
}

/// The way through a stream, line by line.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    state: State,
    /// Where in the stream the chunk begins, and the block.
    origin: u64,
    block_start: u64,
    /// Where in the stream the line begins that a chunk border cuts.
    line_start: u64,
    pub(crate) scan: Scan,
    /// Everything before this index of the chunk has been taken.
    at: usize,
    len: usize,
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
    #[inline]
    pub(crate) const fn unread(&self) -> usize {
        self.len - self.at
    }

    /// Passes what has not been taken, of which there is something: what follows is read as the rest of an
    /// unknown line, unless that ended with a line end. Returns how many bytes that were.
    #[cold]
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

    /// Forgets what is known of the chunk; returns whether it can still be the same one.
    #[cfg(feature = "stream")]
    pub(crate) fn rescan(&mut self, chunk: &[u8]) -> bool {
        self.scan.begin(chunk, self.at);
        self.len == chunk.len()
    }

    /// Ends the chunk here, and returns where: what has not been taken comes again.
    pub(crate) fn leave(&mut self) -> usize {
        self.len = self.at;
        self.at
    }

    /// How many bytes of the stream have been taken.
    #[inline]
    pub(crate) const fn position(&self) -> u64 {
        self.position_of(self.at)
    }

    /// The position in the stream of an index of the chunk.
    #[inline]
    pub(crate) const fn position_of(&self, index: usize) -> u64 {
        self.origin.wrapping_add(index as u64)
    }

    /// The range of the block that has not seen its blank line yet, as far as it was taken.
    pub(crate) const fn unfinished_block(&self) -> Range<u64> {
        self.block_start..self.position()
    }

    /// Whether something of the current line was taken.
    pub(crate) const fn is_in_line(&self) -> bool {
        !matches!(self.state, State::Start | State::AfterCr | State::Head(_, 0))
    }

    /// Ends the block at the blank line that was just taken and whose line end begins at `end`, and
    /// returns its range: without the LF of a CRLF, since a block is complete before it arrives.
    #[inline]
    pub(crate) fn end_block(&mut self, end: usize) -> Range<u64> {
        let block = self.block_start..self.position_of(end + 1);
        self.block_start = self.position();
        block
    }

    /// Takes everything up to the next blank line, which ends a block; returns whether it was found.
    #[cold]
    pub(crate) fn skip_block(&mut self, chunk: &[u8]) -> bool {
        loop {
            match self.step(chunk) {
                Step::BlankLine(end) => {
                    self.end_block(end);
                    return true;
                }
                Step::End => return false,
                _ => {}
            }
        }
    }

    /// Takes what comes next.
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
            return Step::BlankLine(end);
        }
        let (line, value) = classify(&chunk[start..end]);
        let (span, line_start) = (Span { start: start + value, end }, self.position_of(start));
        Step::Line(Piece { line, span, first: true, last: true, line_start })
    }

    /// Takes what the chunk has of a value that begins here or goes on.
    #[inline(always)]
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

    /// Passes the line end at `end`, with the LF of a CRLF if the chunk has it.
    #[inline(always)]
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

    /// Takes the LF that is next and belongs to the CR before it.
    #[inline]
    fn take_lf(&mut self, chunk: &[u8]) {
        self.scan.peek(chunk);
        self.scan.pass();
        self.at += 1;
    }

    /// Takes a step towards the value of a line that the start or the end of the chunk cuts. Returns the
    /// bytes that earlier chunks had of it, if it turns out to be unknown.
    #[inline(never)]
    fn cut_line(&mut self, chunk: &[u8]) -> Option<&'static [u8]> {
        let first = chunk[self.at];
        match self.state {
            State::Start => {
                self.line_start = self.position();
                match head_begun_by(first) {
                    Some(head) if chunk.len() - self.at <= LONGEST_HEAD => {
                        self.state = State::Head(head, 0);
                    }
                    _ => self.begin_value(&chunk[self.at..], 0),
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

    /// Begins the value of a line of which `seen` bytes have been taken; `text` is enough to tell which.
    fn begin_value(&mut self, text: &[u8], seen: usize) {
        let (line, value) = classify(text);
        self.at += value.saturating_sub(seen);
        self.state = State::Value(line, true);
    }
}
