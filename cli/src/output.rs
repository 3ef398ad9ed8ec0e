//! The output of all commands that show streams, readable or as JSON lines.

use std::io::{self, IsTerminal, Write};
use std::ops::Range;
use std::time::SystemTime;

use humantime::Rfc3339Timestamp;
use sse_wire::Event;

use crate::shown::Shown;
use crate::{escape, json, readable};

/// The number of bytes that are collected before they are written, and to which a larger buffer shrinks.
const BUFFER: usize = 64 * 1024;

/// The options of all commands that show streams: what is shown, and how.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Print one JSON object per line
    ///
    /// {"type", "data", "last_event_id", "bytes": [start, end]}; the range is that of the event in its
    /// stream.
    #[arg(long)]
    json: bool,

    /// Print only the data of each event, followed by an LF
    ///
    /// On a terminal, control characters are escaped.
    #[arg(long, conflicts_with_all = ["json", "comments", "timestamps"])]
    data_only: bool,

    /// Show only events of this type; repeatable
    #[arg(long = "event", value_name = "TYPE")]
    event_types: Vec<String>,

    /// Also show comments, reconnection times, and blocks that only set the last event ID
    ///
    /// In JSON: {"comment", "position"}, {"retry"}, and {"id", "bytes"}.
    #[arg(long)]
    pub(crate) comments: bool,

    /// Show when each item arrived; in JSON, as "time"
    #[arg(long)]
    timestamps: bool,
}

/// Where events are shown, and in which form.
pub(crate) struct Output {
    form: Form,
    /// Empty for all types.
    event_types: Vec<String>,
    timestamps: bool,
    out: Box<dyn Write>,
    buffer: Vec<u8>,
    /// Reused for the text of each item.
    text: String,
}

enum Form {
    Json,
    Data { escaped: bool },
    Readable(&'static readable::Styles),
}

impl Output {
    pub(crate) fn new(options: &Options) -> Self {
        let stdout = io::stdout();
        let colored = anstream::AutoStream::choice(&stdout) != anstream::ColorChoice::Never;
        let form = if options.json {
            Form::Json
        } else if options.data_only {
            Form::Data { escaped: stdout.is_terminal() }
        } else {
            Form::Readable(if colored { &readable::COLORED } else { &readable::PLAIN })
        };
        Output {
            out: match form {
                Form::Readable(_) if colored => Box::new(anstream::stdout().lock()),
                _ => Box::new(stdout.lock()),
            },
            form,
            event_types: options.event_types.clone(),
            timestamps: options.timestamps,
            buffer: Vec::new(),
            text: String::new(),
        }
    }

    /// Whether events of this type are shown.
    pub(crate) fn shows(&self, event_type: &str) -> bool {
        self.event_types.is_empty() || self.event_types.iter().any(|it| it == event_type)
    }

    /// Shows one item, which is written with the next [`flush`](Self::flush).
    pub(crate) fn show<'a>(&mut self, item: impl Into<Shown<'a>>) -> io::Result<()> {
        let item = item.into();
        if matches!(&item, Shown::Event(event) if !self.shows(event.event_type)) {
            return Ok(());
        }
        let time = self.timestamps.then(|| humantime::format_rfc3339_millis(SystemTime::now()));
        match (&self.form, &item) {
            (Form::Json, _) => write_json(&item, time, &mut self.buffer),
            (Form::Data { escaped: false }, Shown::Event(event)) => {
                self.buffer.extend(event.data.as_bytes());
                self.buffer.push(b'\n');
            }
            (form, _) => {
                self.text.clear();
                match (form, &item) {
                    (Form::Readable(styles), _) => {
                        readable::write(&item, time, styles, &mut self.text);
                    }
                    (_, Shown::Event(event)) => {
                        for line in event.data.split('\n') {
                            escape::data(line, &mut self.text);
                            self.text.push('\n');
                        }
                    }
                    _ => {}
                }
                self.buffer.extend(self.text.as_bytes());
                self.text.shrink_to(BUFFER);
            }
        }
        if self.buffer.len() < BUFFER {
            return Ok(());
        }
        self.write()
    }

    /// Writes bytes unchanged and at once.
    #[cfg(feature = "http")]
    pub(crate) fn write_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.out.flush()
    }

    /// Whether something was shown and is not written yet.
    #[cfg(feature = "http")]
    pub(crate) fn is_pending(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// Writes everything that was shown.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.write()?;
        self.out.flush()
    }

    fn write(&mut self) -> io::Result<()> {
        self.out.write_all(&self.buffer)?;
        self.buffer.clear();
        self.buffer.shrink_to(2 * BUFFER);
        Ok(())
    }
}

/// Appends an item as a line of JSON. A block that does nothing appends nothing.
fn write_json(item: &Shown<'_>, time: Option<Rfc3339Timestamp>, out: &mut Vec<u8>) {
    match item {
        Shown::Event(Event { event_type, data, last_event_id, range, .. }) => {
            // Most events have these values, and calls cost more than the rest of a small event.
            if *event_type == "message" {
                out.extend(b"{\"type\":\"message\",\"data\":");
            } else {
                out.extend(b"{\"type\":");
                json::write_string(event_type, out);
                out.extend(b",\"data\":");
            }
            json::write_string(data, out);
            if last_event_id.is_empty() {
                out.extend(b",\"last_event_id\":\"\"");
            } else {
                out.extend(b",\"last_event_id\":");
                json::write_string(last_event_id, out);
            }
            write_range(range, out);
        }
        Shown::Id(id, range) => {
            out.extend(b"{\"id\":");
            json::write_string(id, out);
            write_range(range, out);
        }
        Shown::Comment(text, position) => {
            out.extend(b"{\"comment\":");
            json::write_string(text, out);
            out.extend(b",\"position\":");
            json::write_number(*position, out);
        }
        Shown::ReconnectionTime(time) => {
            out.extend(b"{\"retry\":");
            json::write_number(time.as_millis(), out);
        }
        Shown::Nothing => return,
    }
    if let Some(time) = time {
        out.extend(format!(",\"time\":\"{time}\"").as_bytes());
    }
    out.extend(b"}\n");
}

fn write_range(range: &Range<u64>, out: &mut Vec<u8>) {
    out.extend(b",\"bytes\":[");
    json::write_number(range.start, out);
    out.push(b',');
    json::write_number(range.end, out);
    out.push(b']');
}
