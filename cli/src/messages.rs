//! The messages of all commands, on stderr.

use std::fmt;
use std::io::{self, Write};

use sse_wire::Pending;

use crate::escape;

/// Writes a message to stderr, escaped, because the text can contain parts of the input.
pub(crate) fn log(what: fmt::Arguments<'_>) {
    let mut line = String::from("sse-wire: ");
    escape::line(&what.to_string(), &mut line);
    line.push('\n');
    // There is nowhere else to report it.
    let _ = io::stderr().write_all(line.as_bytes());
}

/// Quotes the beginning of a text.
pub(crate) fn quote(text: &str) -> String {
    const SHOWN: usize = 60;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}… ({} bytes)", &text[..end], text.len()),
        None => format!("{text:?}"),
    }
}

/// Returns the message about an event that was lost when a stream was cut.
pub(crate) fn cut(pending: &Pending<'_>) -> String {
    let start = pending.range.start;
    if pending.refused {
        return format!(
            "the stream was cut inside the event that begins at byte {start}, which is over the limit"
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
