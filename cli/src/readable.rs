//! The readable form: the type of an event on one line, and its data below, indented. Escape sequences set colors; none
//! can come from the stream: see [`escape`].

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use humantime::Rfc3339Timestamp;
use sse_wire::Event;

use crate::escape;
use crate::shown::Shown;

/// The styles of the parts of an item.
pub(crate) struct Styles {
    event_type: Style,
    id: Style,
    aside: Style,
}

pub(crate) const COLORED: Styles = Styles {
    event_type: AnsiColor::Cyan.on_default().bold(),
    id: AnsiColor::Yellow.on_default(),
    aside: Style::new().dimmed(),
};

pub(crate) const PLAIN: Styles =
    Styles { event_type: Style::new(), id: Style::new(), aside: Style::new() };

/// Appends an item. A block that does nothing appends nothing.
pub(crate) fn write(
    item: &Shown<'_>,
    time: Option<Rfc3339Timestamp>,
    styles: &Styles,
    out: &mut String,
) {
    if let (Some(time), false) = (time, matches!(item, Shown::Nothing)) {
        styled(styles.aside, "", &time.to_string(), out);
        out.push_str("  ");
    }
    match item {
        Shown::Event(event) => write_event(event, styles, out),
        Shown::Id(id, _) => write_id(id, styles, out),
        Shown::Comment(text, _) => styled(styles.aside, ": ", text, out),
        Shown::ReconnectionTime(time) => {
            styled(styles.aside, "retry: ", &format!("{} ms", time.as_millis()), out);
        }
        Shown::Nothing => return,
    }
    out.push('\n');
}

fn write_event(event: &Event<'_>, styles: &Styles, out: &mut String) {
    styled(styles.event_type, "", event.event_type, out);
    if event.sets_id {
        out.push_str("  ");
        write_id(event.last_event_id, styles, out);
    }
    if event.data.is_empty() {
        styled(styles.aside, "  ", "(empty data)", out);
        return;
    }
    for line in event.data.split('\n') {
        out.push_str("\n  ");
        escape::data(line, out);
    }
}

fn write_id(id: &str, styles: &Styles, out: &mut String) {
    match id {
        "" => styled(styles.aside, "", "(id reset)", out),
        id => styled(styles.id, "id: ", id, out),
    }
}

/// Appends a label and text from the stream, in one style.
fn styled(style: Style, label: &str, text: &str, out: &mut String) {
    let _ = write!(out, "{style}{label}");
    escape::line(text, out);
    let _ = write!(out, "{style:#}");
}
