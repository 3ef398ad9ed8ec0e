//! `sse-wire conform`: the conformance protocol, by which any harness can check the library. One
//! request a line, one answer a line, whatever the line is.

use std::fmt::{self, Formatter};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::process::ExitCode;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize};
use sse_wire::{End, OwnedEvent, Parser};

use crate::complain;
use crate::connection::{self, Step, StepResult};
use crate::json::{self, Data, Integer, Object, present};

/// All kinds of request: exactly one of `chunks`, `steps` and `serialize` is there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    #[serde(default, deserialize_with = "present")]
    chunks: Option<Vec<Chunk>>,
    #[serde(default, deserialize_with = "present")]
    last_event_id: Option<String>,
    #[serde(default, deserialize_with = "present")]
    limit: Option<Integer>,
    #[serde(default, deserialize_with = "present")]
    steps: Option<Vec<Object<Step>>>,
    #[serde(default, deserialize_with = "present")]
    serialize: Option<Object<Values>>,
}

/// What to serialize.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Values {
    #[serde(default, deserialize_with = "present")]
    r#type: Option<String>,
    #[serde(default, deserialize_with = "present")]
    data: Option<Data>,
    #[serde(default, deserialize_with = "present")]
    id: Option<String>,
    #[serde(default, deserialize_with = "present")]
    retry: Option<Integer>,
    #[serde(default, deserialize_with = "present")]
    comment: Option<String>,
}

/// Bytes of a stream, in Base64.
pub(crate) struct Chunk(pub(crate) Vec<u8>);

impl<'de> Deserialize<'de> for Chunk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ChunkVisitor;

        impl Visitor<'_> for ChunkVisitor {
            type Value = Chunk;

            fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
                f.write_str("a string of standard Base64 with padding")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Chunk, E> {
                STANDARD.decode(text).map(Chunk).map_err(|error| {
                    E::custom(format_args!("not standard Base64 with padding: {error}"))
                })
            }
        }

        deserializer.deserialize_str(ChunkVisitor)
    }
}

/// The answer to a request.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Parsed(Parsed),
    Connection { results: Vec<StepResult> },
    Serialized { bytes: String },
    Error { error: String },
}

#[derive(Serialize)]
struct Parsed {
    events: Vec<ParsedEvent>,
    last_event_id: String,
    retry: Option<u64>,
    after: Vec<usize>,
    end: &'static str,
    errors: Vec<String>,
}

#[derive(Serialize)]
pub(crate) struct ParsedEvent {
    r#type: String,
    data: String,
    last_event_id: String,
}

impl From<OwnedEvent> for ParsedEvent {
    fn from(event: OwnedEvent) -> Self {
        ParsedEvent {
            r#type: event.event_type.into_owned(),
            data: event.data,
            last_event_id: event.last_event_id,
        }
    }
}

pub(crate) fn run() -> io::Result<ExitCode> {
    let mut reader = BufReader::new(io::stdin().lock());
    let mut stdout = BufWriter::new(io::stdout().lock());
    let mut line = Vec::new();
    loop {
        // Without a whole line at hand the next read may wait: for someone who waits for an answer.
        if !reader.buffer().contains(&b'\n') {
            stdout.flush()?;
        }
        line.clear();
        match reader.read_until(b'\n', &mut line) {
            Ok(0) => return Ok(ExitCode::SUCCESS),
            Ok(_) => {}
            Err(error) => {
                complain(format_args!("cannot read stdin: {error}"));
                return Ok(ExitCode::FAILURE);
            }
        }
        let answer = answer_to(&line).unwrap_or_else(|error| Answer::Error { error });
        json::write_line(&answer, &mut stdout)?;
    }
}

/// Answers one request. The error is the reason why it can't be.
fn answer_to(line: &[u8]) -> Result<Answer, String> {
    let request: Request = json::read_line(line)?;
    match request {
        Request { chunks: Some(chunks), last_event_id, limit, steps: None, serialize: None } => {
            parse(&chunks, last_event_id.as_deref(), limit).map(Answer::Parsed)
        }
        Request {
            last_event_id: None,
            limit: None,
            chunks: None,
            steps: Some(steps),
            serialize: None,
        } => {
            let steps = steps.iter().map(|Object(step)| step);
            Ok(Answer::Connection { results: connection::run(steps) })
        }
        Request {
            last_event_id: None,
            limit: None,
            chunks: None,
            steps: None,
            serialize: Some(Object(values)),
        } => serialize(&values),
        Request { chunks, steps, serialize, .. } => Err(match usize::from(chunks.is_some())
            + usize::from(steps.is_some())
            + usize::from(serialize.is_some())
        {
            0 => "a request needs one of `chunks`, `steps` and `serialize`",
            1 => "`last_event_id` and `limit` belong to a request with `chunks`",
            _ => "a request has only one of `chunks`, `steps` and `serialize`",
        }
        .into()),
    }
}

fn parse(
    chunks: &[Chunk],
    last_event_id: Option<&str>,
    limit: Option<Integer>,
) -> Result<Parsed, String> {
    // The stream is here as a whole: without a limit it needs little more than it takes already.
    let limit = limit.and_then(|Integer(limit)| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    let mut parser = Parser::with_limit(limit);
    if let Some(id) = last_event_id {
        parser.set_last_event_id(id).map_err(|error| format!("`last_event_id`: {error}"))?;
    }
    let (mut events, mut after, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    for Chunk(chunk) in chunks {
        let mut cursor = parser.push(chunk);
        loop {
            match cursor.next() {
                Ok(Some(event)) => events.push(event.to_owned().into()),
                Ok(None) => break,
                Err(error) => errors.push(error.to_string()),
            }
        }
        after.push(events.len());
    }
    let end = match parser.finish() {
        End::Clean => "clean",
        End::Incomplete(_) => "incomplete",
    };
    Ok(Parsed {
        events,
        last_event_id: parser.last_event_id().to_owned(),
        retry: parser.reconnection_time(),
        after,
        end,
        errors,
    })
}

fn serialize(values: &Values) -> Result<Answer, String> {
    let block = json::block(
        values.comment.as_deref(),
        values.r#type.as_deref(),
        values.id.as_deref(),
        values.retry.as_ref(),
        values.data.as_ref(),
    );
    let mut stream = Vec::new();
    block.encode(&mut stream).map_err(|error| error.to_string())?;
    Ok(Answer::Serialized { bytes: STANDARD.encode(stream) })
}
