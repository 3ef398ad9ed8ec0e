//! `sse-wire conform`: the conformance protocol, with which any harness can check the library. Each line is a request
//! and gets one line as its answer, even if it is invalid.

mod connection;
mod stream;

use std::io::{self, BufReader, BufWriter, Write};
use std::process::ExitCode;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sse_wire::{EncodeError, End, Item, ParseError, Part, Refused};

use self::connection::{Step, StepResult};
use self::stream::{Chunk, ParsedEvent, SharedId};
use crate::arguments;
use crate::json::{self, Integer, Object, present, values};
use crate::lines::{LONGEST, Lines};
use crate::messages::log;

/// A request of any kind: it has exactly one of `chunks`, `steps`, and `serialize`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    #[serde(default, deserialize_with = "present")]
    chunks: Option<Vec<Chunk>>,
    #[serde(default, deserialize_with = "present")]
    last_event_id: Option<String>,
    #[serde(default, deserialize_with = "present")]
    limit: Option<Integer>,
    #[serde(default)]
    observe: bool,
    #[serde(default, deserialize_with = "present")]
    steps: Option<Vec<Object<Step>>>,
    #[serde(default, deserialize_with = "present")]
    serialize: Option<Object<Values>>,
    #[serde(default)]
    strict: bool,
}

values! {
    /// What to serialize.
    struct Values {}
}

/// The answer to a request.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Parsed(Parsed),
    Connection { results: Vec<StepResult> },
    Serialized { bytes: String },
    Refused { error: String, field: &'static str, reason: &'static str },
    Error { error: String },
}

#[derive(Serialize)]
struct Parsed {
    events: Vec<ParsedEvent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comments: Option<Vec<String>>,
    last_event_id: String,
    retry: Option<u128>,
    after: Vec<usize>,
    end: &'static str,
    errors: Vec<String>,
}

pub(crate) fn run() -> io::Result<ExitCode> {
    let mut lines = Lines::new(BufReader::new(io::stdin().lock()), LONGEST);
    let mut stdout = BufWriter::new(io::stdout().lock());
    loop {
        let line = match lines.next() {
            Ok(Some(line)) => line,
            Ok(None) => return Ok(ExitCode::SUCCESS),
            Err(error) => {
                log(format_args!("cannot read stdin: {error}"));
                return Ok(ExitCode::FAILURE);
            }
        };
        let answer = line.and_then(answer_to).unwrap_or_else(|error| Answer::Error { error });
        json::write_line(&answer, &mut stdout)?;
        // At once, even if there are more requests: the next one may take long, or end the process.
        stdout.flush()?;
    }
}

/// Answers one request. The error is the reason why that is impossible.
fn answer_to(line: &[u8]) -> Result<Answer, String> {
    let request: Request = json::read_line(line)?;
    match request {
        Request {
            chunks: Some(chunks),
            last_event_id,
            limit,
            observe,
            steps: None,
            serialize: None,
            strict: false,
        } => parse(&chunks, last_event_id.as_deref(), limit, observe).map(Answer::Parsed),
        Request {
            last_event_id: None,
            limit: None,
            observe: false,
            chunks: None,
            steps: Some(steps),
            serialize: None,
            strict: false,
        } => {
            let steps = steps.iter().map(|Object(step)| step);
            Ok(Answer::Connection { results: connection::run(steps) })
        }
        Request {
            last_event_id: None,
            limit: None,
            observe: false,
            chunks: None,
            steps: None,
            serialize: Some(Object(values)),
            strict,
        } => serialize(&values, strict),
        Request { chunks, steps, serialize, strict, .. } => {
            Err(match usize::from(chunks.is_some())
                + usize::from(steps.is_some())
                + usize::from(serialize.is_some())
            {
                0 => "a request needs one of `chunks`, `steps` and `serialize`",
                1 if strict && serialize.is_none() => {
                    "`strict` belongs to a request with `serialize`"
                }
                1 => "`last_event_id`, `limit` and `observe` belong to a request with `chunks`",
                _ => "a request has only one of `chunks`, `steps` and `serialize`",
            }
            .into())
        }
    }
}

fn parse(
    chunks: &[Chunk],
    last_event_id: Option<&str>,
    limit: Option<Integer>,
    observe: bool,
) -> Result<Parsed, String> {
    // The whole stream is in memory already, so parsing without a limit needs little more.
    let limit = limit.and_then(|Integer(limit)| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    let mut parser = arguments::parser(Some(limit));
    if let Some(id) = last_event_id {
        parser.set_last_event_id(id).map_err(|error| format!("`last_event_id`: {error}"))?;
    }
    let (mut events, mut comments) = (Vec::new(), Vec::new());
    let (mut after, mut errors) = (Vec::new(), Vec::new());
    let mut shared_id = SharedId::default();
    for Chunk(chunk) in chunks {
        let mut cursor = parser.push(chunk);
        if observe {
            loop {
                match cursor.next_item() {
                    Ok(Some(Item::Event(event))) => {
                        let mut parsed = ParsedEvent::new(&event, &mut shared_id);
                        parsed.bytes = Some([event.range.start, event.range.end]);
                        events.push(parsed);
                    }
                    Ok(Some(Item::Comment { text, .. })) => comments.push(text.to_owned()),
                    Ok(Some(_)) => {}
                    Ok(None) => break,
                    // Only events and IDs cause errors here.
                    Err(ParseError::Limit(error)) if error.refused() == Refused::Comment => {}
                    Err(error) => errors.push(error.to_string()),
                }
            }
        } else {
            loop {
                match cursor.next() {
                    Ok(Some(event)) => events.push(ParsedEvent::new(&event, &mut shared_id)),
                    Ok(None) => break,
                    Err(error) => errors.push(error.to_string()),
                }
            }
        }
        after.push(events.len());
    }
    let end = match parser.finish() {
        Ok(End::Clean) => "clean",
        Ok(End::Incomplete(_)) => "incomplete",
        Err(error) => return Err(error.to_string()),
    };
    Ok(Parsed {
        events,
        comments: observe.then_some(comments),
        last_event_id: parser.last_event_id().to_owned(),
        retry: parser.reconnection_time().map(|time| time.as_millis()),
        after,
        end,
        errors,
    })
}

fn serialize(values: &Values, strict: bool) -> Result<Answer, String> {
    let mut stream = Vec::new();
    let (error, part, reason) = match values.block(strict).encode(&mut stream) {
        Ok(()) => return Ok(Answer::Serialized { bytes: STANDARD.encode(stream) }),
        Err(error @ EncodeError::LineBreak { part, .. }) => (error, part, "line_break"),
        Err(error @ EncodeError::Nul { .. }) => (error, Part::Id, "nul"),
        Err(error) => return Err(error.to_string()),
    };
    let field = match part {
        Part::Comment => "comment",
        Part::EventType => "type",
        Part::Id => "id",
        _ => "data",
    };
    Ok(Answer::Refused { error: error.to_string(), field, reason })
}
