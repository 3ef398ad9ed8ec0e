//! The form of `sse-wire parse` for people: the type of an event on a line of its own, its data
//! below, indented. Escape sequences for colours are always written here; `anstream` takes them out
//! where the output is no terminal. None of them can come from the stream: see [`escape`].

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use sse_wire::Event;

use crate::escape;
use crate::output::{Shown, milliseconds};

const TYPE: Style = AnsiColor::Cyan.on_default().bold();
const ID: Style = AnsiColor::Yellow.on_default();
const ASIDE: Style = Style::new().dimmed();

/// Appends an item. A block that does nothing appends nothing.
pub(crate) fn write(item: &Shown<'_>, out: &mut String) {
    match item {
        Shown::Event(event) => write_event(event, out),
        Shown::Id(id, _) => write_id(id, out),
        Shown::Comment(text, _) => styled(ASIDE, ": ", text, out),
        Shown::ReconnectionTime(time) => {
            styled(ASIDE, "retry: ", &format!("{} ms", milliseconds(*time)), out);
        }
        Shown::Nothing => return,
    }
    out.push('\n');
}

fn write_event(event: &Event<'_>, out: &mut String) {
    styled(TYPE, "", event.event_type, out);
    if event.sets_id {
        out.push_str("  ");
        write_id(event.last_event_id, out);
    }
    if event.data.is_empty() {
        styled(ASIDE, "  ", "(empty data)", out);
        return;
    }
    for line in event.data.split('\n') {
        out.push_str("\n  ");
        escape::data(line, out);
    }
}

fn write_id(id: &str, out: &mut String) {
    match id {
        "" => styled(ASIDE, "", "(id reset)", out),
        id => styled(ID, "id: ", id, out),
    }
}

/// Appends a label and text from the stream, in one style.
fn styled(style: Style, label: &str, text: &str, out: &mut String) {
    let _ = write!(out, "{style}{label}");
    escape::line(text, out);
    let _ = write!(out, "{style:#}");
}
