//! How what a stream has is shown, to all commands that show streams: readable or as lines of JSON,
//! each item at once; and what is said of an event that was cut.

use std::io::{self, Write};
use std::ops::Range;
use std::time::Duration;

use serde::Serialize;
use sse_wire::{Event, Item, Pending};

use crate::{json, readable};

/// Where events are shown, and in which form.
pub(crate) enum Output {
    Json(io::BufWriter<io::StdoutLock<'static>>),
    Readable(io::BufWriter<anstream::AutoStream<io::StdoutLock<'static>>>),
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        if json {
            Output::Json(io::BufWriter::new(io::stdout().lock()))
        } else {
            Output::Readable(io::BufWriter::new(anstream::stdout().lock()))
        }
    }

    /// Writes one item, now.
    pub(crate) fn show<'a>(&mut self, item: impl Into<Shown<'a>>) -> io::Result<()> {
        let item = item.into();
        match self {
            Output::Json(out) => {
                if let Some(line) = Line::new(item) {
                    json::write_line(&line, out)?;
                }
                out.flush()
            }
            Output::Readable(out) => {
                let mut text = String::new();
                readable::write(&item, &mut text);
                out.write_all(text.as_bytes())?;
                out.flush()
            }
        }
    }
}

/// What can be shown.
pub(crate) enum Shown<'a> {
    Event(Event<'a>),
    /// A block without an event that has set the last event ID, and its range.
    Id(&'a str, Range<u64>),
    /// A comment, and where it begins.
    Comment(&'a str, u64),
    ReconnectionTime(Duration),
    Nothing,
}

impl<'a> From<Item<'a>> for Shown<'a> {
    fn from(item: Item<'a>) -> Self {
        match item {
            Item::Event(event) => Shown::Event(event),
            Item::Block { id: Some(id), range, .. } => Shown::Id(id, range),
            Item::Comment { text, position, .. } => Shown::Comment(text, position),
            Item::ReconnectionTime { time, .. } => Shown::ReconnectionTime(time),
            _ => Shown::Nothing,
        }
    }
}

/// An item as a line of JSON.
#[derive(Serialize)]
#[serde(untagged)]
enum Line<'a> {
    Event { r#type: &'a str, data: &'a str, last_event_id: &'a str, bytes: [u64; 2] },
    Block { id: &'a str, bytes: [u64; 2] },
    Comment { comment: &'a str, position: u64 },
    ReconnectionTime { retry: u64 },
}

impl<'a> Line<'a> {
    fn new(item: Shown<'a>) -> Option<Self> {
        Some(match item {
            Shown::Event(Event { event_type, data, last_event_id, range, .. }) => Line::Event {
                r#type: event_type,
                data,
                last_event_id,
                bytes: [range.start, range.end],
            },
            Shown::Id(id, range) => Line::Block { id, bytes: [range.start, range.end] },
            Shown::Comment(comment, position) => Line::Comment { comment, position },
            Shown::ReconnectionTime(time) => Line::ReconnectionTime { retry: milliseconds(time) },
            Shown::Nothing => return None,
        })
    }
}

/// A reconnection time, as a `retry` line has it. A parser has none that is longer.
pub(crate) fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The beginning of a text, quoted.
pub(crate) fn quote(text: &str) -> String {
    const SHOWN: usize = 60;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}… ({} bytes)", &text[..end], text.len()),
        None => format!("{text:?}"),
    }
}

/// What was lost when a stream was cut.
pub(crate) fn cut(pending: &Pending<'_>) -> String {
    let start = pending.range.start;
    if pending.refused {
        return format!(
            "the stream was cut inside the event that begins at byte {start}, which needs more than the limit"
        );
    }
    let mut parts = Vec::new();
    if !pending.event_type.is_empty() {
        parts.push(format!("type {}", quote(pending.event_type)));
    }
    if pending.sets_id {
        parts.push(format!("id {}", quote(pending.last_event_id)));
    }
    parts.push(match pending.data {
        Some(data) => format!("data {}", quote(data)),
        None => "no data".into(),
    });
    format!(
        "the stream was cut inside the event that begins at byte {start}: no blank line ends it, so it was discarded; pending: {}",
        parts.join(", ")
    )
}
