//! The lines of a stream, whole or in pieces
//! ([9.2.5](https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream)).
//!
//! # Implementation notes
//!
//! A line that lies whole in a chunk goes through [`Lines::whole_line`] and nothing else. [`State`]
//! serves the line that a chunk border cuts: it says what was seen of it, and no byte is kept, since
//! the bytes of a known name are known. A CR ends its line at once; that an LF may follow in the next
//! chunk is known to [`State::AfterCr`] alone.

use core::ops::Range;

use super::line::{LONGEST_HEAD, Line, Piece, begun_by, classify};
use super::scan::{CR, LF, Scan, is_line_end};
use super::text::Span;

const BYTE_ORDER_MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// What was just seen of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// So many bytes of a byte order mark and nothing else.
    Bom(u8),
    /// A line end.
    Start,
    /// A CR that ended a line and a chunk: a directly following LF belongs to it.
    AfterCr,
    /// So many bytes of this line's head, from the line's start on.
    Head(Line, u8),
    /// Some of this line's value, or of an unknown line.
    Value(Line),
}

/// What comes if no whole line does.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Piece(Piece),
    /// A whole line begins here.
    WholeLine,
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
            state: State::Bom(0),
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

    /// Passes what has not been taken: what follows is read as the rest of an unknown line, unless
    /// that ended with a line end. Returns how many bytes that were.
    #[cold]
    pub(crate) fn skip_unread(&mut self) -> usize {
        let unread = self.unread();
        self.at = self.len;
        self.block_start = self.position();
        self.line_start = self.position();
        self.state = match self.last {
            LF => State::Start,
            CR => State::AfterCr,
            _ => State::Value(Line::Unknown),
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
        !matches!(self.state, State::Bom(0) | State::Start | State::AfterCr)
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
            match self.whole_line(chunk) {
                Some(line) if line.len() == 0 => {
                    self.end_block(line.end);
                    return true;
                }
                None if self.cut_line(chunk).is_none() => return false,
                _ => {}
            }
        }
    }

    /// Takes the next line, if it begins and ends in the chunk.
    #[inline(always)]
    pub(crate) fn whole_line(&mut self, chunk: &[u8]) -> Option<Span> {
        if self.state != State::Start {
            return None;
        }
        let (start, end) = (self.at, self.scan.peek(chunk)?);
        self.end_line(chunk, end);
        Some(Span { start, end })
    }

    /// The value of a whole line that is not blank.
    #[inline(always)]
    pub(crate) fn value_of(&self, chunk: &[u8], line: Span) -> Piece {
        let line_start = self.position_of(line.start);
        let (kind, value) = classify(line.bytes(chunk));
        let start = line.start + value;
        Piece { line: kind, start, end: line.end, first: true, last: true, line_start }
    }

    /// Takes what the chunk has of a value that an earlier one began.
    #[inline(always)]
    pub(crate) fn rest_of_value(&mut self, chunk: &[u8]) -> Option<Piece> {
        let State::Value(line) = self.state else { return None };
        (self.unread() > 0).then(|| self.piece(chunk, line, false))
    }

    /// Passes the line end at `end`, with the LF of a CRLF if the chunk has it.
    #[inline(always)]
    fn end_line(&mut self, chunk: &[u8], end: usize) {
        self.scan.pass();
        self.at = end + 1;
        if chunk[end] == CR {
            self.end_line_with_cr(chunk);
        }
    }

    #[inline]
    fn end_line_with_cr(&mut self, chunk: &[u8]) {
        match chunk.get(self.at) {
            Some(&LF) => self.take_lf(chunk),
            Some(_) => {}
            None => self.state = State::AfterCr,
        }
    }

    /// Takes the LF that is next and belongs to the CR before it.
    #[inline]
    fn take_lf(&mut self, chunk: &[u8]) {
        self.scan.peek(chunk);
        self.scan.pass();
        self.at += 1;
    }

    /// Takes what the chunk has of a line that its start or its end cuts; `None` once all is taken.
    #[inline(always)]
    pub(crate) fn cut_line(&mut self, chunk: &[u8]) -> Option<Step> {
        loop {
            let first = *chunk.get(self.at)?;
            match self.state {
                State::Bom(seen) if first == BYTE_ORDER_MARK[usize::from(seen)] => {
                    self.at += 1;
                    self.state = State::Bom(seen + 1);
                    if seen == 2 {
                        (self.state, self.block_start) = (State::Start, self.position());
                    }
                }
                State::Bom(0) => self.state = State::Start,
                State::Bom(seen) => return Some(self.head(chunk, &BYTE_ORDER_MARK[..seen.into()])),
                State::AfterCr => {
                    self.state = State::Start;
                    if first == LF {
                        let between_blocks = self.block_start == self.position();
                        self.take_lf(chunk);
                        self.block_start += u64::from(between_blocks);
                    }
                }
                State::Start if self.scan.peek(chunk).is_some() => return Some(Step::WholeLine),
                State::Start => {
                    self.line_start = self.position();
                    let rest = &chunk[self.at..];
                    match begun_by(first) {
                        Some(line) if rest.len() <= LONGEST_HEAD => {
                            self.state = State::Head(line, 0);
                        }
                        _ => {
                            let (line, value) = classify(rest);
                            return Some(self.first_piece(chunk, line, value));
                        }
                    }
                }
                State::Head(line, seen) => {
                    if !self.take_head_byte(chunk) {
                        return Some(self.head(chunk, &line.head()[..seen.into()]));
                    }
                }
                State::Value(line) => return Some(Step::Piece(self.piece(chunk, line, false))),
            }
        }
    }

    /// Takes the next byte, if a line's head goes on with it.
    #[inline]
    pub(crate) fn take_head_byte(&mut self, chunk: &[u8]) -> bool {
        let State::Head(line, seen) = self.state else { return false };
        let goes_on = line.head().get(usize::from(seen)) == chunk.get(self.at);
        if goes_on {
            self.at += 1;
            self.state = State::Head(line, seen + 1);
        }
        goes_on
    }

    /// Goes on with a line of which earlier chunks had this head: the next byte tells what it is.
    fn head(&mut self, chunk: &[u8], seen: &'static [u8]) -> Step {
        let mut text = [0; LONGEST_HEAD + 1];
        text[..seen.len()].copy_from_slice(seen);
        text[seen.len()] = chunk[self.at];
        let len = seen.len() + usize::from(!is_line_end(chunk[self.at]));
        let (line, value) = classify(&text[..len]);
        if line == Line::Unknown {
            self.state = State::Value(line);
            return Step::UnknownHead(seen);
        }
        self.first_piece(chunk, line, value - seen.len())
    }

    /// Takes what the chunk has of a value that begins so many bytes from here.
    fn first_piece(&mut self, chunk: &[u8], line: Line, value: usize) -> Step {
        self.at += value;
        self.state = State::Value(line);
        Step::Piece(self.piece(chunk, line, true))
    }

    /// Takes what the chunk has of a value that begins here or goes on.
    #[inline(always)]
    fn piece(&mut self, chunk: &[u8], line: Line, first: bool) -> Piece {
        let (start, line_start) = (self.at, self.line_start);
        let found = self.scan.peek(chunk);
        if let Some(end) = found {
            self.state = State::Start;
            self.end_line(chunk, end);
        } else {
            self.at = chunk.len();
        }
        let (end, last) = (found.unwrap_or(chunk.len()), found.is_some());
        Piece { line, start, end, first, last, line_start }
    }
}
