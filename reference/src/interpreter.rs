//! Interprets a stream while it arrives, line by line.

use alloc::vec::Vec;
use core::mem::take;
use core::ops::Range;

use crate::explanation::{Line, Verdict};
use crate::fold::Fold;
use crate::grammar;
use crate::text::decode;
use crate::{End, Event, State};

/// How many bytes of a line over the limit are kept for display.
const BEGINNING: usize = 256;

/// The bytes of a byte order mark.
const BYTE_ORDER_MARK: &[u8] = "\u{FEFF}".as_bytes();

/// Interprets a stream while it arrives, in any chunks and one line at a time, with the rules and the results of
/// [`interpret`](crate::interpret).
///
/// A line is returned as soon as its end is known. If it ends with CR, this is with the next byte or at the end of the
/// stream, because an LF would belong to it.
///
/// ```
/// use sse_wire_reference::Interpreter;
///
/// let mut interpreter = Interpreter::new("");
/// let mut chunk = &b"data: x\n\nda"[..];
/// let step = interpreter.next(&mut chunk).unwrap();
/// assert_eq!(step.line.source, "data: x\n");
/// assert_eq!(interpreter.state().data_buffer, "x\n");
/// let step = interpreter.next(&mut chunk).unwrap();
/// assert_eq!(step.event.unwrap().data, "x");
/// assert!(interpreter.next(&mut chunk).is_none() && chunk.is_empty());
/// ```
///
/// # Memory
///
/// The current line and the three buffers, all bounded by a [limit](Self::with_limit), if there is one.
#[derive(Clone, Debug)]
pub struct Interpreter {
    fold: Fold,
    limit: usize,
    /// The bytes of the current line; for one over the limit, only the beginning.
    line: Vec<u8>,
    /// Its bytes in the stream.
    range: Range<usize>,
    /// Whether its last byte is a CR, which an LF may follow.
    after_cr: bool,
    /// Whether a byte order mark may still follow.
    at_start: bool,
}

/// A line, and the event that it has dispatched.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// The line and its verdict.
    pub line: Line,
    /// The event, if the line dispatches one.
    pub event: Option<Event>,
}

impl Interpreter {
    /// Starts a stream. `last_event_id` is the last event ID string of the previous stream; empty if there was none.
    pub fn new(last_event_id: &str) -> Self {
        Interpreter {
            fold: Fold::new(last_event_id),
            limit: usize::MAX,
            line: Vec::new(),
            range: 0..0,
            after_cr: false,
            at_start: true,
        }
    }

    /// Bounds the memory: neither a line nor the data buffer may have more bytes than this. A longer line has no
    /// effect, and its block dispatches nothing: [`Verdict::OverLimit`].
    pub fn with_limit(self, limit: usize) -> Self {
        Interpreter { fold: self.fold.with_limit(limit), limit, ..self }
    }

    /// Takes bytes from the front of `chunk`, up to the end of a line. Returns `None` if it has none; then the whole
    /// chunk was taken.
    pub fn next(&mut self, chunk: &mut &[u8]) -> Option<Step> {
        while self.at_start {
            if self.line == BYTE_ORDER_MARK {
                return Some(self.byte_order_mark());
            }
            let (&byte, _) = chunk.split_first()?;
            self.at_start = byte == BYTE_ORDER_MARK[self.line.len()];
            if self.at_start {
                self.take(chunk, 1);
            }
        }
        if self.after_cr {
            let lf = *chunk.first()? == b'\n';
            self.take(chunk, usize::from(lf));
            return Some(self.end_line());
        }
        let end = chunk.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
        let Some(end) = end else {
            self.take(chunk, chunk.len());
            return None;
        };
        self.after_cr = chunk[end] == b'\r';
        self.take(chunk, end + 1);
        if self.after_cr { self.next(chunk) } else { Some(self.end_line()) }
    }

    /// Ends the stream. Returns the verdict for the last line, and the state at the end.
    pub fn finish(mut self) -> (Option<Step>, End) {
        let step = if self.after_cr {
            Some(self.end_line())
        } else if self.at_start && self.line == BYTE_ORDER_MARK {
            Some(self.byte_order_mark())
        } else if !self.line.is_empty() {
            Some(Step { line: self.explain(Verdict::Unfinished), event: None })
        } else {
            None
        };
        let unfinished_line = match &step {
            Some(Step { line: Line { source, verdict: Verdict::Unfinished, .. }, .. }) => source,
            _ => "",
        };
        let end = self.fold.end(unfinished_line, self.range.end);
        (step, end)
    }

    /// Moves this many bytes from the front of the chunk to the line.
    fn take(&mut self, chunk: &mut &[u8], len: usize) {
        let (taken, rest) = chunk.split_at(len);
        *chunk = rest;
        self.range.end += len;
        if self.range.len() <= self.limit {
            self.line.extend_from_slice(taken);
        } else {
            let missing = BEGINNING.saturating_sub(self.line.len());
            self.line.extend_from_slice(&taken[..missing.min(len)]);
            self.line.truncate(BEGINNING);
        }
    }

    fn byte_order_mark(&mut self) -> Step {
        self.at_start = false;
        self.fold.begin_block(self.range.end);
        Step { line: self.explain(Verdict::ByteOrderMark), event: None }
    }

    fn end_line(&mut self) -> Step {
        self.after_cr = false;
        if self.range.len() > self.limit {
            let verdict = self.fold.skip();
            return Step { line: self.explain(verdict), event: None };
        }
        let text = decode(&self.line);
        // It takes the whole line, or nothing if the line is blank.
        let Ok((blank, lines)) = grammar::lines(&text.characters) else { unreachable!() };
        let (verdict, event) = match &*lines {
            [] => self.fold.dispatch(self.range.clone()),
            [line, ..] => (self.fold.process_line(line).1, None),
        };
        debug_assert!(lines.len() == usize::from(blank.is_empty()));
        Step { line: self.explain(verdict), event }
    }

    /// Takes the current line with this verdict.
    fn explain(&mut self, verdict: Verdict) -> Line {
        let range = self.range.clone();
        self.range.start = range.end;
        let text = decode(&take(&mut self.line));
        let start = range.start;
        let ill_formed = match verdict {
            // The kept beginning may end inside a sequence.
            Verdict::OverLimit { .. } => Vec::new(),
            _ => text
                .ill_formed(0..text.characters.len())
                .map(|bytes| start + bytes.start..start + bytes.end)
                .collect(),
        };
        Line { source: text.characters, range, ill_formed, verdict }
    }

    /// Returns the state after the last line.
    pub fn state(&self) -> &State {
        &self.fold.state
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::{Interpretation, interpret};

    /// Interprets all chunks as one stream.
    fn interpret_chunks<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Interpretation {
        let mut interpreter = Interpreter::new("seed");
        let mut steps = Vec::new();
        for mut chunk in chunks {
            while let Some(step) = interpreter.next(&mut chunk) {
                steps.push(step);
            }
            assert!(chunk.is_empty());
        }
        let (step, end) = interpreter.finish();
        steps.extend(step);
        Interpretation {
            events: steps.iter().filter_map(|step| step.event.clone()).collect(),
            lines: steps.into_iter().map(|step| step.line).collect(),
            last_event_id: end.last_event_id,
            reconnection_time: end.reconnection_time,
            unfinished: end.unfinished,
        }
    }

    #[track_caller]
    fn check(stream: &[u8]) {
        let whole = interpret(stream, "seed");
        assert_eq!(interpret_chunks([stream]), whole, "{:?}", stream.escape_ascii());
        assert_eq!(interpret_chunks(stream.chunks(1)), whole, "{:?}", stream.escape_ascii());
    }

    #[test]
    fn each_stream_of_a_small_world_means_the_same_line_by_line() {
        const PARTS: [&[u8]; 10] =
            [b"\xEF", b"\xBB", b"\xBF", b"\xEF\xBB\xBF", b"data", b"id", b":", b" ", b"\r", b"\n"];
        const LENGTH: u32 = 5;
        for number in 0..(PARTS.len() + 1).pow(LENGTH) {
            let mut rest = number;
            let mut stream = vec![];
            while rest > 0 {
                let part = rest % (PARTS.len() + 1);
                rest /= PARTS.len() + 1;
                // A part is never empty.
                stream.extend(part.checked_sub(1).map_or(&b""[..], |part| PARTS[part]));
            }
            check(&stream);
        }
    }

    #[test]
    fn a_stream_means_the_same_at_every_cut() {
        let stream = b"\xEF\xBB\xBFdata: a\xFF\r\ndata\r: c\xE2\x82\nevent: e\nretry: 7\r\n\r\nid: 1\r\rid: \0\ndata: cut";
        for at in 0..=stream.len() {
            let (first, second) = stream.split_at(at);
            assert_eq!(interpret_chunks([first, b"", second]), interpret(stream, "seed"), "{at}");
        }
    }

    fn verdicts(stream: &[u8], limit: usize) -> Vec<Verdict> {
        let mut interpreter = Interpreter::new("").with_limit(limit);
        let mut verdicts = Vec::new();
        for mut chunk in stream.chunks(3) {
            while let Some(step) = interpreter.next(&mut chunk) {
                assert!(interpreter.state().data_buffer.len() <= limit);
                verdicts.push(step.line.verdict);
            }
            assert!(interpreter.line.len() <= limit.max(BEGINNING));
        }
        verdicts
    }

    #[test]
    fn a_line_over_the_limit_is_left_out_with_its_block_and_the_next_block_is_not() {
        let skipped = || Verdict::OverLimit { limit: 10 };
        let blocks = b"data: 123\n\ndata: 1234\nid: 7\n\ndata: x\n\n";
        assert_eq!(
            verdicts(blocks, 10),
            [
                Verdict::Data { value: "123".into() },
                Verdict::Dispatch { event_type: "message".into(), id: None },
                skipped(),
                Verdict::Id { value: "7".into() },
                Verdict::SkippedBlock { id: Some("7".into()) },
                Verdict::Data { value: "x".into() },
                Verdict::Dispatch { event_type: "message".into(), id: None },
            ]
        );
        let long = [&[b'x'; 1000][..], b"\n\n"].concat();
        assert_eq!(verdicts(&long, 10), [skipped(), Verdict::SkippedBlock { id: None }]);
    }

    #[test]
    fn a_data_buffer_over_the_limit_skips_the_block() {
        let data = || Verdict::Data { value: "1234".into() };
        let skipped = || Verdict::OverLimit { limit: 11 };
        assert_eq!(
            verdicts(b"data: 1234\ndata: 1234\ndata: 1234\n\n", 11),
            [data(), data(), skipped(), Verdict::SkippedBlock { id: None }]
        );
    }
}
