//! The messages of all commands, on stderr.

use std::fmt;
use std::io::{self, Write};

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

/// Returns the message about an event that was lost when a stream was cut: where it begins, and its parts so far.
pub(crate) fn cut(
    start: u64,
    event_type: Option<&str>,
    id: Option<&str>,
    data: Option<&str>,
) -> String {
    let part = |name, text: Option<&str>| text.map(|text| format!("{name} {}", quote(text)));
    let data = part("data", data).unwrap_or_else(|| "no data".into());
    let parts = [part("type", event_type), part("id", id), Some(data)];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    format!(
        "the stream was cut inside the event that begins at byte {start}: no blank line ends it, so it was discarded; pending: {}",
        parts.join(", ")
    )
}
