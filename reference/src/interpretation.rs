//! What a whole stream means: the rules of [`State`](crate::State) as a fold over the grammar's lines.

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use crate::explanation::{Line, Verdict};
use crate::fold::Fold;
use crate::grammar;
use crate::text::{Text, decode};

/// What a stream means: see [`interpret`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Interpretation {
    /// The events, in order.
    pub events: Vec<Event>,
    /// Each line, a byte order mark before them and what is left at the end: together the whole
    /// stream, in order.
    pub lines: Vec<Line>,
    /// The last event ID string at the end of the stream.
    pub last_event_id: String,
    /// The reconnection time in milliseconds, where the stream has set it.
    pub reconnection_time: Option<u64>,
    /// What has not seen its blank line, where there is anything: the stream is not what the
    /// grammar calls one.
    pub unfinished: Option<Unfinished>,
}

/// What there is at the end of a stream.
///
/// Its `Display` says so in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct End {
    /// The last event ID string.
    pub last_event_id: String,
    /// The reconnection time in milliseconds, if the stream has set it.
    pub reconnection_time: Option<u64>,
    /// What has not seen its blank line, if there is anything.
    pub unfinished: Option<Unfinished>,
}

/// An event that was dispatched.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// Its type; `message` where the event type buffer is empty.
    pub event_type: String,
    /// Its data.
    pub data: String,
    /// The last event ID string when it was dispatched.
    pub last_event_id: String,
    /// Whether a line of its block has set the last event ID.
    pub sets_id: bool,
    /// Its block's bytes in the stream: from its first line to just behind the first byte that ends
    /// its blank line.
    pub range: Range<usize>,
}

/// What is discarded at the end of the stream: the buffers then.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unfinished {
    /// The event type buffer.
    pub event_type_buffer: String,
    /// The data buffer: each `data` line of the block with an LF behind it, so empty only where
    /// there was none.
    pub data_buffer: String,
    /// The last event ID buffer.
    pub last_event_id_buffer: String,
    /// Whether a line of the block has set it.
    pub sets_id: bool,
    /// The characters of the line that has no end. They had no effect.
    pub line: String,
    /// The block's bytes in the stream, the unfinished line included.
    pub range: Range<usize>,
}

impl Interpretation {
    /// How many events are out when so many bytes of the stream have come, in whatever chunks.
    pub fn events_within(&self, bytes: usize) -> usize {
        self.events.iter().filter(|event| event.range.end <= bytes).count()
    }
}

/// Interprets a whole stream. `last_event_id` is the last event ID string of the stream before;
/// empty where there was none.
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
    // Neither fails: both take nothing where they can take nothing else.
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

/// The way through the text.
struct WholeStream<'t> {
    text: &'t Text,
    /// The characters before this offset have been taken.
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

    /// Takes a line, which was this.
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

    /// Where in the stream the next character begins.
    fn here(&self) -> usize {
        self.at_byte(0)
    }

    /// Where in the stream the character begins that is so far ahead.
    fn at_byte(&self, ahead: usize) -> usize {
        let at = self.at + ahead;
        self.text.bytes(at..at).start
    }
}
