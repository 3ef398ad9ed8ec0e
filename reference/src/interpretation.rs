//! Interprets a whole stream: the rules of [`State`](crate::State) as a fold over the grammar's lines.

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use crate::explanation::{Line, Verdict};
use crate::fold::Fold;
use crate::grammar;
use crate::text::{Text, decode};

/// The result of [`interpret`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Interpretation {
    /// The events, in order.
    pub events: Vec<Event>,
    /// The byte order mark, each line, and the rest at the end: together the whole stream, in order.
    pub lines: Vec<Line>,
    /// The last event ID string at the end of the stream.
    pub last_event_id: String,
    /// The reconnection time in milliseconds, if the stream has set it.
    pub reconnection_time: Option<u64>,
    /// The block without its blank line, if there is one: then the stream does not match the grammar.
    pub unfinished: Option<Unfinished>,
}

/// The state at the end of a stream.
///
/// Displayed, it is one line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct End {
    /// The last event ID string.
    pub last_event_id: String,
    /// The reconnection time in milliseconds, if the stream has set it.
    pub reconnection_time: Option<u64>,
    /// The block without its blank line, if there is one.
    pub unfinished: Option<Unfinished>,
}

/// An event that was dispatched.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// Its type; `message` if the event type buffer is empty.
    pub event_type: String,
    /// Its data.
    pub data: String,
    /// The last event ID string at the time of its dispatch.
    pub last_event_id: String,
    /// Whether a line of its block has set the last event ID.
    pub sets_id: bool,
    /// The range of its block in the stream: from its first line to just after the first byte that ends its blank
    /// line.
    pub range: Range<usize>,
}

/// The buffers at the end of the stream, which are discarded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unfinished {
    /// The event type buffer.
    pub event_type_buffer: String,
    /// The data buffer: each `data` line of the block followed by an LF, so it is empty only if there was none.
    pub data_buffer: String,
    /// The last event ID buffer.
    pub last_event_id_buffer: String,
    /// Whether a line of the block has set it.
    pub sets_id: bool,
    /// The characters of the unfinished line, which has no effect.
    pub line: String,
    /// The range of the block in the stream, including the unfinished line.
    pub range: Range<usize>,
}

impl Interpretation {
    /// Returns how many events are dispatched after this many bytes of the stream, in any chunks.
    pub fn events_within(&self, bytes: usize) -> usize {
        self.events.iter().filter(|event| event.range.end <= bytes).count()
    }
}

/// Interprets a whole stream. `last_event_id` is the last event ID string of the previous stream; empty if there was
/// none.
///
/// ```
/// use sse_wire_reference::interpret;
///
/// let meaning = interpret(b"event: tick\ndata: 1\n\nid: 7\n\nid: 8\ndata: cut", "");
/// assert_eq!((&*meaning.events[0].event_type, &*meaning.events[0].data), ("tick", "1"));
/// assert_eq!(meaning.last_event_id, "7");
/// let unfinished = meaning.unfinished.unwrap();
/// assert_eq!(unfinished.last_event_id_buffer, "8");
/// assert_eq!((&*unfinished.data_buffer, &*unfinished.line), ("", "data: cut"));
/// ```
pub fn interpret(stream: &[u8], last_event_id: &str) -> Interpretation {
    let text = decode(stream);
    // Neither can fail, because both can match nothing.
    let Ok((tail, stream)) = grammar::stream(&text.characters) else { unreachable!() };
    let Ok((unfinished_line, unfinished_block)) = grammar::lines(tail) else { unreachable!() };

    let mut whole = WholeStream {
        text: &text,
        at: 0,
        fold: Fold::new(last_event_id),
        events: Vec::new(),
        lines: Vec::new(),
    };
    if stream.bom.is_some() {
        whole.explain("\u{FEFF}", Verdict::ByteOrderMark);
        whole.fold.begin_block(whole.here());
    }
    for event in &stream.events {
        whole.lines(&event.lines);
        whole.blank_line(event.end_of_line);
    }
    whole.lines(&unfinished_block);
    whole.end(unfinished_line)
}

/// The position in the text.
struct WholeStream<'t> {
    text: &'t Text,
    /// The characters before this offset were taken.
    at: usize,
    fold: Fold,
    events: Vec<Event>,
    lines: Vec<Line>,
}

impl WholeStream<'_> {
    fn lines(&mut self, lines: &[grammar::Line<'_>]) {
        for line in lines {
            let (source, verdict) = self.fold.process_line(line);
            self.explain(source, verdict);
        }
    }

    fn blank_line(&mut self, end_of_line: &str) {
        let (verdict, event) = self.fold.dispatch(self.here()..self.at_byte(end_of_line.len()));
        self.explain(end_of_line, verdict);
        self.events.extend(event);
    }

    /// "Once the end of the file is reached, any pending data must be discarded."
    fn end(mut self, unfinished_line: &str) -> Interpretation {
        if !unfinished_line.is_empty() {
            self.explain(unfinished_line, Verdict::Unfinished);
        }
        let here = self.here();
        let End { last_event_id, reconnection_time, unfinished } =
            self.fold.end(unfinished_line, here);
        let WholeStream { events, lines, .. } = self;
        Interpretation { events, lines, last_event_id, reconnection_time, unfinished }
    }

    /// Takes a line with this verdict.
    fn explain(&mut self, source: &str, verdict: Verdict) {
        let characters = self.at..self.at + source.len();
        self.at = characters.end;
        self.lines.push(Line {
            source: source.into(),
            range: self.text.bytes(characters.clone()),
            ill_formed: self.text.ill_formed(characters).collect(),
            verdict,
        });
    }

    /// Returns the offset of the next character in the stream.
    fn here(&self) -> usize {
        self.at_byte(0)
    }

    /// Returns the offset in the stream of the character that is this far ahead.
    fn at_byte(&self, ahead: usize) -> usize {
        let at = self.at + ahead;
        self.text.bytes(at..at).start
    }
}
