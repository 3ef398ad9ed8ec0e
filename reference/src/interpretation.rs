//! The state of the rules, folded over the grammar's lines
//! ([9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)).

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use crate::explanation::{Line, Verdict};
use crate::grammar;
use crate::state::{Dispatched, State};
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

    let mut interpreter = Interpreter {
        text: &text,
        at: 0,
        block_start: 0,
        state: State::new(last_event_id),
        events: Vec::new(),
        lines: Vec::new(),
    };
    if stream.bom.is_some() {
        interpreter.explain("\u{FEFF}", Verdict::ByteOrderMark);
        interpreter.begin_block();
    }
    for event in &stream.events {
        interpreter.lines(&event.lines);
        interpreter.blank_line(event.end_of_line);
    }
    interpreter.lines(&unfinished_block);
    interpreter.end(unfinished_line)
}

/// The fold of the [`State`], and what has come out.
struct Interpreter<'t> {
    text: &'t Text,
    /// The characters before this offset have been taken.
    at: usize,
    /// Where in the stream the current block begins.
    block_start: usize,
    state: State,
    events: Vec<Event>,
    lines: Vec<Line>,
}

impl Interpreter<'_> {
    fn lines(&mut self, lines: &[grammar::Line<'_>]) {
        for line in lines {
            match *line {
                grammar::Line::Comment { source, text } => {
                    self.explain(source, Verdict::Comment { text: text.into() });
                }
                grammar::Line::Field { source, name, value } => {
                    let verdict = self.state.process_field(name, value);
                    self.explain(source, verdict);
                }
            }
        }
    }

    fn blank_line(&mut self, end_of_line: &str) {
        let Dispatched { event_type, data, sets_id } = self.state.dispatch();
        let last_event_id = self.state.last_event_id.clone();
        let id = sets_id.then(|| last_event_id.clone());
        match data {
            None => {
                self.explain(end_of_line, Verdict::NothingToDispatch { event_type, id });
            }
            Some(data) => {
                let verdict = Verdict::Dispatch { event_type: event_type.clone(), id };
                let line = self.explain(end_of_line, verdict);
                let range = self.block_start..line.start + 1;
                self.events.push(Event { event_type, data, last_event_id, sets_id, range });
            }
        }
        self.begin_block();
    }

    /// "Once the end of the file is reached, any pending data must be discarded."
    fn end(mut self, unfinished_line: &str) -> Interpretation {
        if !unfinished_line.is_empty() {
            self.explain(unfinished_line, Verdict::Unfinished);
        }
        let range = self.block_start..self.here();
        let Interpreter { state, events, lines, .. } = self;
        let unfinished = (!range.is_empty()).then(|| Unfinished {
            event_type_buffer: state.event_type_buffer,
            data_buffer: state.data_buffer,
            last_event_id_buffer: state.last_event_id_buffer,
            sets_id: state.sets_id,
            line: unfinished_line.into(),
            range,
        });
        let State { last_event_id, reconnection_time, .. } = state;
        Interpretation { events, lines, last_event_id, reconnection_time, unfinished }
    }

    /// Takes a line and says what it was. Gives its bytes.
    fn explain(&mut self, source: &str, verdict: Verdict) -> Range<usize> {
        let start = self.at;
        self.at += source.len();
        let range = self.text.bytes(start..self.at);
        self.lines.push(Line { source: source.into(), range: range.clone(), verdict });
        range
    }

    fn begin_block(&mut self) {
        self.block_start = self.here();
    }

    /// Where in the stream the next character begins.
    fn here(&self) -> usize {
        self.text.bytes(self.at..self.at).start
    }
}
