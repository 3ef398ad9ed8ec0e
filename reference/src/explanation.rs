//! The verdict for each line, and its reason.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Display, Formatter};
use core::ops::Range;

use crate::{End, Interpretation};

/// A line of a stream, its byte order mark, or the rest at its end.
///
/// Displayed, it is one line with its bytes, its effect, and the section of the specification; long text is shortened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Line {
    /// Its characters, including its end; for a line over the limit, only the beginning.
    pub source: String,
    /// Its bytes in the stream.
    pub range: Range<usize>,
    /// The range of each ill-formed UTF-8 sequence in it, which became one U+FFFD.
    pub ill_formed: Vec<Range<usize>>,
    /// Its verdict.
    pub verdict: Verdict,
}

/// What a line is, by its section of the specification.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs)] // The documentation of the variants covers the members.
pub enum Verdict {
    /// The byte order mark at the start of the stream: removed.
    ByteOrderMark,
    /// A comment: ignored. The text is everything after its colon.
    Comment { text: String },
    /// Sets the event type buffer.
    EventType { value: String },
    /// Is appended to the data buffer.
    Data { value: String },
    /// Sets the last event ID buffer.
    Id { value: String },
    /// An `id` with a NUL in it: ignored.
    IdWithNul,
    /// Sets the reconnection time; `None` means that the number is too large, and [`u64::MAX`] is set.
    Retry { milliseconds: Option<u64> },
    /// A `retry` without a value: ignored.
    EmptyRetry,
    /// A `retry` with characters other than digits: ignored.
    RetryNotDigits { value: String },
    /// A field that the specification does not define: ignored.
    UnknownField { name: String },
    /// A blank line when the data buffer is not empty. `id` is the one that the block has set.
    Dispatch { event_type: String, id: Option<String> },
    /// A blank line when the data buffer is empty. `event_type` was in the event type buffer.
    NothingToDispatch { event_type: String, id: Option<String> },
    /// A line, or a `data` line together with those before it, exceeds the limit of an
    /// [`Interpreter`](crate::Interpreter): it has no effect, and its block dispatches nothing.
    OverLimit { limit: usize },
    /// A blank line after a line over the limit. `id` is the one that the block has set.
    SkippedBlock { id: Option<String> },
    /// The stream ended within the line.
    Unfinished,
}

impl Verdict {
    /// Returns the section of the WHATWG HTML standard that decides it.
    pub const fn section(&self) -> &'static str {
        match self {
            Verdict::ByteOrderMark => "9.2.5",
            _ => "9.2.6",
        }
    }

    /// Returns whether the section is silent or unclear, so that it is a choice of this crate.
    pub const fn is_choice(&self) -> bool {
        matches!(self, Verdict::EmptyRetry | Verdict::Retry { milliseconds: None })
    }
}

impl Display for Line {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Line { source, range: Range { start, end }, ill_formed, verdict } = self;
        write!(f, "bytes {start}..{end} {}: {verdict}", Quoted(source, end - start))?;
        for (index, Range { start, end }) in ill_formed.iter().enumerate() {
            const SHOWN: usize = 3;
            if index == SHOWN {
                return write!(f, "; {} more", ill_formed.len() - SHOWN);
            }
            write!(f, "; bytes {start}..{end} are ill-formed UTF-8: U+FFFD")?;
        }
        Ok(())
    }
}

impl Display for Verdict {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::ByteOrderMark => f.write_str("removed: a byte order mark begins the stream"),
            Verdict::Comment { .. } => f.write_str("ignored: a comment"),
            Verdict::EventType { value } if value.is_empty() => {
                f.write_str("empties the event type buffer, which means \"message\"")
            }
            Verdict::EventType { value } => {
                write!(f, "sets the event type buffer to {}", quoted(value))
            }
            Verdict::Data { value } => {
                write!(f, "appends {} and an LF to the data buffer", quoted(value))
            }
            Verdict::Id { value } => write!(
                f,
                "sets the last event ID buffer to {}; a blank line will commit it",
                quoted(value)
            ),
            Verdict::IdWithNul => f.write_str("ignored: an ID with a NUL"),
            Verdict::Retry { milliseconds: Some(milliseconds) } => {
                write!(f, "sets the reconnection time to {milliseconds} ms, at once")
            }
            Verdict::Retry { milliseconds: None } => {
                write!(f, "sets the reconnection time to {} ms, the maximum", u64::MAX)
            }
            Verdict::EmptyRetry => f.write_str("ignored: no digits"),
            Verdict::RetryNotDigits { value } => {
                write!(f, "ignored: {} is not only ASCII digits", quoted(value))
            }
            Verdict::UnknownField { name } => {
                write!(f, "ignored: no field has the name {}", quoted(name))?;
                near_miss(name)
                    .map_or(Ok(()), |(rule, known)| write!(f, "; {rule}, so it is not {known:?}"))
            }
            Verdict::Dispatch { event_type, id } => {
                write!(f, "a blank line: an event of the type {}", quoted(event_type))?;
                commit(id, f)
            }
            Verdict::NothingToDispatch { event_type, id } => {
                f.write_str("a blank line: no event, since the data buffer is empty")?;
                if !event_type.is_empty() {
                    write!(f, "; the type {} is discarded", quoted(event_type))?;
                }
                commit(id, f)
            }
            Verdict::OverLimit { limit } => {
                write!(f, "not interpreted: the block needs more than the limit of {limit} bytes")
            }
            Verdict::SkippedBlock { id } => {
                f.write_str(
                    "a blank line: no event, since a line of the block was not interpreted",
                )?;
                commit(id, f)
            }
            Verdict::Unfinished => f.write_str("discarded: the stream ends before the line does"),
        }?;
        let choice = if self.is_choice() { ", our choice" } else { "" };
        write!(f, " ({}{choice})", self.section())
    }
}

fn commit(id: &Option<String>, f: &mut Formatter<'_>) -> fmt::Result {
    id.as_ref().map_or(Ok(()), |id| write!(f, "; the last event ID is now {}", quoted(id)))
}

/// Quotes the beginning of a text.
fn quoted(text: &str) -> Quoted<'_> {
    Quoted(text, text.len())
}

/// A text, and its length in bytes.
struct Quoted<'a>(&'a str, usize);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 60;
        match self.0.char_indices().nth(SHOWN) {
            Some((end, _)) => write!(f, "{:?}… ({} bytes)", &self.0[..end], self.1),
            None => write!(f, "{:?}", self.0),
        }
    }
}

/// Returns the field that an unknown name probably means, and the rule that rejects it.
fn near_miss(name: &str) -> Option<(&'static str, &'static str)> {
    let known = |name: &str| {
        ["event", "data", "id", "retry"].into_iter().find(|known| known.eq_ignore_ascii_case(name))
    };
    let rules = [
        ("case counts", name),
        ("white space belongs to the name", name.trim()),
        ("only the first byte order mark of a stream is removed", name.trim_matches('\u{FEFF}')),
    ];
    rules.into_iter().find_map(|(rule, bare)| Some((rule, known(bare)?)))
}

/// Displays each line with its reason.
impl Display for Interpretation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl Display for End {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "the stream ends: the last event ID is {}", quoted(&self.last_event_id))?;
        if let Some(milliseconds) = self.reconnection_time {
            write!(f, ", the reconnection time {milliseconds} ms")?;
        }
        match &self.unfinished {
            None => f.write_str("; nothing is unfinished"),
            Some(unfinished) => {
                let Range { start, end } = unfinished.range;
                write!(f, "; discarded: bytes {start}..{end}, which have no blank line")
            }
        }
    }
}
