//! The rules of lines, fields and dispatch, as a fold over the grammar's lines
//! ([9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)).

use alloc::string::String;
use alloc::vec::Vec;
use core::mem::take;
use core::ops::Range;

use crate::explanation::{Line, Verdict};
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
        last_event_id_buffer: last_event_id.into(),
        event_type_buffer: String::new(),
        data_buffer: String::new(),
        sets_id: false,
        out: Interpretation {
            events: Vec::new(),
            lines: Vec::new(),
            last_event_id: last_event_id.into(),
            reconnection_time: None,
            unfinished: None,
        },
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

/// The fold: the buffers of 9.2.6, and what has come out.
struct Interpreter<'t> {
    text: &'t Text,
    /// The characters before this offset have been taken.
    at: usize,
    /// Where in the stream the current block begins.
    block_start: usize,
    data_buffer: String,
    event_type_buffer: String,
    last_event_id_buffer: String,
    /// Whether the current block has set the last event ID buffer.
    sets_id: bool,
    out: Interpretation,
}

impl Interpreter<'_> {
    fn lines(&mut self, lines: &[grammar::Line<'_>]) {
        for line in lines {
            match *line {
                grammar::Line::Comment { source, text } => {
                    self.explain(source, Verdict::Comment { text: text.into() });
                }
                grammar::Line::Field { source, name, value } => {
                    let verdict = self.process_field(name, value);
                    self.explain(source, verdict);
                }
            }
        }
    }

    /// "The steps to process the field".
    fn process_field(&mut self, name: &str, value: &str) -> Verdict {
        match name {
            "event" => {
                self.event_type_buffer = value.into();
                Verdict::EventType { value: value.into() }
            }
            "data" => {
                self.data_buffer += value;
                self.data_buffer += "\n";
                Verdict::Data { value: value.into() }
            }
            "id" if value.contains('\0') => Verdict::IdWithNul,
            "id" => {
                self.last_event_id_buffer = value.into();
                self.sets_id = true;
                Verdict::Id { value: value.into() }
            }
            "retry" if value.is_empty() => Verdict::EmptyRetry,
            "retry" if value.chars().all(|c| c.is_ascii_digit()) => {
                // Digits alone: nothing but the size can be wrong.
                let milliseconds = value.parse().ok();
                self.out.reconnection_time = Some(milliseconds.unwrap_or(u64::MAX));
                Verdict::Retry { milliseconds }
            }
            "retry" => Verdict::RetryNotDigits { value: value.into() },
            _ => Verdict::UnknownField { name: name.into() },
        }
    }

    /// "The steps to dispatch the event".
    fn blank_line(&mut self, end_of_line: &str) {
        self.out.last_event_id.clone_from(&self.last_event_id_buffer);
        let mut data = take(&mut self.data_buffer);
        let mut event_type = take(&mut self.event_type_buffer);
        let sets_id = take(&mut self.sets_id);
        let id = sets_id.then(|| self.out.last_event_id.clone());
        if data.is_empty() {
            self.explain(end_of_line, Verdict::NothingToDispatch { event_type, id });
        } else {
            if data.ends_with('\n') {
                data.pop();
            }
            if event_type.is_empty() {
                event_type = "message".into();
            }
            let verdict = Verdict::Dispatch { event_type: event_type.clone(), id };
            let line = self.explain(end_of_line, verdict);
            self.out.events.push(Event {
                event_type,
                data,
                last_event_id: self.out.last_event_id.clone(),
                sets_id,
                range: self.block_start..line.start + 1,
            });
        }
        self.begin_block();
    }

    /// "Once the end of the file is reached, any pending data must be discarded."
    fn end(mut self, unfinished_line: &str) -> Interpretation {
        if !unfinished_line.is_empty() {
            self.explain(unfinished_line, Verdict::Unfinished);
        }
        let range = self.block_start..self.here();
        if !range.is_empty() {
            self.out.unfinished = Some(Unfinished {
                event_type_buffer: self.event_type_buffer,
                data_buffer: self.data_buffer,
                last_event_id_buffer: self.last_event_id_buffer,
                sets_id: self.sets_id,
                line: unfinished_line.into(),
                range,
            });
        }
        self.out
    }

    /// Takes a line and says what it was. Gives its bytes.
    fn explain(&mut self, source: &str, verdict: Verdict) -> Range<usize> {
        let start = self.at;
        self.at += source.len();
        let range = self.text.bytes(start..self.at);
        self.out.lines.push(Line { source: source.into(), range: range.clone(), verdict });
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
