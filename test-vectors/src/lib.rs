//! Test vectors for `text/event-stream` (Server-Sent Events): streams and their events, what happens to a connection and
//! how a client must react, values and the bytes that an encoder must write for them. They follow section 9.2 of the
//! [HTML standard](https://html.spec.whatwg.org/multipage/server-sent-events.html).
//!
//! ```
//! for case in sse_wire_vectors::decoder() {
//!     if case.level != sse_wire_vectors::Level::Must {
//!         continue;
//!     }
//!     let stream: Vec<u8> = case.chunks.concat();
//!     // Decode the stream, cut in as many ways as possible, and compare:
//!     # let my_events = case.events.clone();
//!     assert_eq!(my_events, case.events, "{}: {}", case.id, case.name);
//! }
//! ```
//!
//! The same cases are JSON files for any language. Their README describes each member, how to cut a stream, and when a
//! program may differ. The version of this package is that of the suite: a changed result is a breaking change.
//!
//! Each call of a function parses its files again, which takes a few milliseconds.

mod connection;
mod json;
mod read;

use std::collections::BTreeMap;
use std::ops::{Deref, Range};

pub use connection::{ConnectionCase, Outcome, Policy, Response, Silence, Step};
use json::Value;
use read::{case, event, map};

/// What decides the result of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// The standard.
    Must,
    /// The standard is silent or unclear here: see [`Case::choice`].
    Choice,
    /// A limit on memory, which the standard does not define.
    Limit,
    /// Positions of events, which the standard does not define.
    Position,
}

impl Level {
    /// Returns its name in the files.
    pub fn name(self) -> &'static str {
        match self {
            Level::Must => "must",
            Level::Choice => "choice",
            Level::Limit => "limit",
            Level::Position => "position",
        }
    }
}

/// The parts that every case has.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Case {
    /// Identifies the case. It never changes, and is never reused.
    pub id: String,
    /// What must happen, as a sentence.
    pub name: String,
    /// The rule that it checks: a key of [`Suite::rules`].
    pub rule: String,
    /// The section of the standard that decides: a key of [`Suite::sections`].
    pub section: String,
    /// What decides the result.
    pub level: Level,
    /// The first version of the suite that has the case.
    pub since: String,
    /// The reason for the result, if the standard has none.
    pub choice: Option<String>,
}

/// A stream, and the results that a decoder must have.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecoderCase {
    /// Its id, name, and tags, whose fields this struct also has by `Deref`.
    pub case: Case,
    /// The stream as it arrives. It ends after the last chunk.
    pub chunks: Vec<Vec<u8>>,
    /// The last event ID that is carried over from an earlier stream.
    pub carried_over: Option<String>,
    /// How many bytes the decoder may retain.
    pub limit: Option<u64>,
    /// The events.
    pub events: Vec<Event>,
    /// Each complete comment, without its colon and without one space after it.
    pub comments: Vec<String>,
    /// The last event ID string at the end.
    pub last_event_id: String,
    /// The reconnection time at the end in milliseconds, if a line has set it.
    pub retry: Option<u64>,
    /// The number of events delivered so far, after each chunk.
    pub after: Vec<usize>,
    /// Whether nothing follows the last blank line.
    pub clean: bool,
    /// The number of refused events and ids.
    pub errors: usize,
}

/// An event that a decoder delivers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its type; `message` if no line has set one.
    pub event_type: String,
    /// Its data.
    pub data: String,
    /// The last event ID.
    pub last_event_id: String,
    /// Its bytes in the stream; `None` in a connection.
    pub range: Option<Range<u64>>,
}

/// Values, and the block that an encoder writes for them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EncoderCase {
    /// Its id, name, and tags, whose fields this struct also has by `Deref`.
    pub case: Case,
    /// The event's type.
    pub event_type: Option<String>,
    /// The event's data.
    pub data: Option<String>,
    /// The last event ID.
    pub id: Option<String>,
    /// The reconnection time in milliseconds.
    pub retry: Option<u64>,
    /// A comment.
    pub comment: Option<String>,
    /// Whether a line break in the data that would not round-trip must be refused.
    pub strict: bool,
    /// The block with its blank line, or why it must be refused.
    pub expected: Result<Vec<u8>, Refusal>,
}

/// Why values must be refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// `type`, `data`, `id`, or `comment`.
    pub field: String,
    /// `line_break` or `nul`.
    pub reason: String,
}

macro_rules! has_a_case {
    ($($name:ident)+) => {$(
        impl Deref for $name {
            type Target = Case;

            fn deref(&self) -> &Case {
                &self.case
            }
        }
    )+};
}

has_a_case!(DecoderCase ConnectionCase EncoderCase);

/// The version, the rules, and the sections of the suite.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Suite {
    /// Its version.
    pub version: String,
    /// Each rule, as a sentence.
    pub rules: BTreeMap<String, String>,
    /// Each section, and its address.
    pub sections: BTreeMap<String, String>,
    /// For each rule, the members that an answer needs, since a case of the rule checks nothing without them.
    pub needs: BTreeMap<String, Vec<String>>,
}

/// Returns the suite's version, rules, and sections.
pub fn suite() -> Suite {
    let value = json::read(include_str!("../suite.json"));
    let Value::Object(needs) = &value["needs"] else { panic!("an object") };
    let texts = |list: &Value| list.list().iter().map(Value::text).collect();
    Suite {
        version: value["version"].text(),
        rules: map(&value["rules"]),
        sections: map(&value["sections"]),
        needs: needs.iter().map(|(rule, members)| (rule.clone(), texts(members))).collect(),
    }
}

macro_rules! files {
    ($($path:literal)+) => {
        &[$(($path, include_str!(concat!("../", $path)))),+]
    };
}

/// The files of all cases, each with its path in the package and its JSON, for programs that parse them themselves.
pub const FILES: &[(&str, &str)] = files![
    "decoder/bom.json"
    "decoder/chunk-borders.json"
    "decoder/comments.json"
    "decoder/control-characters.json"
    "decoder/data.json"
    "decoder/end-of-stream.json"
    "decoder/event-types.json"
    "decoder/examples.json"
    "decoder/field-names.json"
    "decoder/ids.json"
    "decoder/limits.json"
    "decoder/line-ends.json"
    "decoder/long-lines.json"
    "decoder/positions.json"
    "decoder/promptness.json"
    "decoder/retry.json"
    "decoder/utf8.json"
    "connection/close.json"
    "connection/content-types.json"
    "connection/ids.json"
    "connection/misfits.json"
    "connection/policies-answers.json"
    "connection/policies-health.json"
    "connection/policies-reconnect.json"
    "connection/policies-sending-again.json"
    "connection/policies-time-limits.json"
    "connection/policies-waits.json"
    "connection/reconnection-times.json"
    "connection/reconnection.json"
    "connection/responses.json"
    "encoder/blocks.json"
    "encoder/data.json"
    "encoder/refusals.json"
    "encoder/unusual-text.json"
];

fn cases<T>(kind: &str, case: impl Fn(&Value) -> T) -> Vec<T> {
    let files = FILES.iter().filter(|(path, _)| path.split('/').next() == Some(kind));
    files
        .flat_map(|(_, text)| {
            json::read(text)["cases"].list().iter().map(&case).collect::<Vec<_>>()
        })
        .collect()
}

/// Returns the cases for decoders, in the order of their files.
pub fn decoder() -> Vec<DecoderCase> {
    cases("decoder", |value| {
        let expect = &value["expect"];
        DecoderCase {
            case: case(value),
            chunks: value["chunks"].list().iter().map(Value::bytes).collect(),
            carried_over: value.get("last_event_id").map(Value::text),
            limit: value.get("limit").map(Value::integer),
            events: expect["events"].list().iter().map(event).collect(),
            comments: expect["comments"].list().iter().map(Value::text).collect(),
            last_event_id: expect["last_event_id"].text(),
            retry: (!expect["retry"].is_null()).then(|| expect["retry"].integer()),
            after: expect["after"].list().iter().map(|n| n.integer() as usize).collect(),
            clean: expect["end"].str() == "clean",
            errors: expect["errors"].integer() as usize,
        }
    })
}

/// Returns the cases for connections, in the order of their files. For a client that does nothing beyond the standard, skip
/// those with a [policy](ConnectionCase::policy).
pub fn connection() -> Vec<ConnectionCase> {
    cases("connection", connection::read)
}

/// Returns the cases for encoders, in the order of their files.
pub fn encoder() -> Vec<EncoderCase> {
    cases("encoder", |value| {
        let text = |key: &str| value["serialize"].get(key).map(Value::text);
        let expect = &value["expect"];
        EncoderCase {
            case: case(value),
            event_type: text("type"),
            data: text("data"),
            id: text("id"),
            retry: value["serialize"].get("retry").map(Value::integer),
            comment: text("comment"),
            strict: matches!(value.get("strict"), Some(Value::Bool(true))),
            expected: match expect.get("error") {
                None => Ok(expect["bytes"].bytes()),
                Some(error) => {
                    Err(Refusal { field: error["field"].text(), reason: error["reason"].text() })
                }
            },
        }
    })
}
