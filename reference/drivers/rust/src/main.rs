//! Drives a decoder, an encoder, or both in Rust through the conformance protocol: `drivers NAME`.

mod decoders;
mod encoders;

use std::fmt::Debug;
use std::io::{self, BufRead, Write};
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, MutexGuard};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// Why there is no result.
pub enum Failure {
    /// The implementation does not support the request.
    Unsupported(&'static str),
    /// Its error message.
    Error(String),
}

/// The error of a decoder or an encoder.
fn text(error: impl Debug) -> Failure {
    Failure::Error(format!("{error:?}"))
}

/// The values that an encoder writes.
#[derive(Default)]
pub struct Block {
    event_type: Option<String>,
    data: Option<String>,
    id: Option<String>,
    retry: Option<u64>,
    comment: Option<String>,
}

/// The stream of a request, and the results so far.
#[derive(Default)]
pub struct Stream {
    chunks: Vec<Vec<u8>>,
    /// At first the one that is carried over, then that of the last block with an id.
    last_event_id: String,
    out: Arc<Mutex<Out>>,
}

#[derive(Default)]
struct Out {
    events: Vec<Value>,
    after: Vec<usize>,
    retry: Option<u64>,
    shows_every_retry: bool,
}

impl Stream {
    fn out(&self) -> MutexGuard<'_, Out> {
        self.out.lock().unwrap()
    }

    /// Returns the chunks, and counts the events so far when the next one is taken.
    fn chunks<T: From<Vec<u8>>>(&mut self) -> impl Iterator<Item = T> + use<T> {
        let (mut chunks, out) = (std::mem::take(&mut self.chunks).into_iter(), self.out.clone());
        let mut first = true;
        std::iter::from_fn(move || {
            let mut out = out.lock().unwrap();
            let count = out.events.len();
            if !std::mem::take(&mut first) {
                out.after.push(count);
            }
            chunks.next().map(T::from)
        })
    }

    fn event(&self, event_type: Option<&str>, data: &str, last_event_id: &str) {
        let event_type = event_type.filter(|name| !name.is_empty()).unwrap_or("message");
        let event = json!({"type": event_type, "data": data, "last_event_id": last_event_id});
        self.out().events.push(event);
    }

    /// Adds an event of a decoder that only has the id of each block.
    fn block(&mut self, event_type: Option<&str>, data: &str, id: Option<&str>) {
        if let Some(id) = id {
            self.last_event_id = id.to_owned();
        }
        self.event(event_type, data, &self.last_event_id);
    }

    /// Sets the reconnection time, for a decoder that returns it even without an event.
    fn shows_every_retry(&self) {
        self.out().shows_every_retry = true;
    }

    fn retry(&self, milliseconds: Option<u64>) {
        let mut out = self.out();
        out.retry = milliseconds.or(out.retry);
    }
}

fn parse(decode: decoders::Decode, request: &Value) -> Result<Value, Failure> {
    let Some(chunks) = request["chunks"].as_array().filter(|_| request["limit"].is_null()) else {
        return Err(Failure::Unsupported("a decoder without a limit"));
    };
    let chunks = chunks.iter().map(|chunk| STANDARD.decode(chunk.as_str().unwrap()).unwrap());
    let last_event_id = request["last_event_id"].as_str().unwrap_or_default().to_owned();
    let mut stream = Stream { chunks: chunks.collect(), last_event_id, ..Stream::default() };
    let count = stream.chunks.len();
    let last_event_id = decode(&mut stream)?;
    let out = std::mem::take(&mut *stream.out());
    let mut answer = json!({"events": out.events});
    if out.after.len() == count {
        answer["after"] = json!(out.after);
    }
    // Some decoders return it only with an event; without one it is unknown.
    if out.retry.is_some() || out.shows_every_retry {
        answer["retry"] = json!(out.retry);
    }
    if let Some(id) = last_event_id {
        answer["last_event_id"] = json!(id);
    }
    Ok(answer)
}

fn serialize(encode: encoders::Encode, request: &Value) -> Result<Value, Failure> {
    if request["strict"] == true {
        return Err(Failure::Unsupported("it has no strict mode"));
    }
    let values = &request["serialize"];
    let text = |key: &str| values[key].as_str().map(str::to_owned);
    let block = Block {
        event_type: text("type"),
        data: text("data"),
        id: text("id"),
        retry: values["retry"].as_u64(),
        comment: text("comment"),
    };
    // Some panic for a value that they reject.
    let bytes = panic::catch_unwind(AssertUnwindSafe(|| encode(block)));
    let bytes = bytes.unwrap_or_else(|_| Err(Failure::Error("a panic".into())))?;
    Ok(json!({"bytes": STANDARD.encode(bytes)}))
}

fn main() {
    let name = std::env::args().nth(1).expect("the name of a decoder or an encoder");
    let decode = decoders::ALL.iter().find(|(known, _)| *known == name).map(|known| known.1);
    let encode = encoders::ALL.iter().find(|(known, _)| *known == name).map(|known| known.1);
    assert!(decode.is_some() || encode.is_some(), "{name} is not known");
    panic::set_hook(Box::new(|_| {}));
    for line in io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let answer = match (decode, encode) {
            (Some(decode), _) if request["chunks"].is_array() => parse(decode, &request),
            (_, Some(encode)) if request["serialize"].is_object() => serialize(encode, &request),
            _ => Err(Failure::Unsupported("it does not do this")),
        };
        let answer = answer.unwrap_or_else(|failure| match failure {
            Failure::Unsupported(why) => json!({"unsupported": why}),
            Failure::Error(error) => json!({"error": error}),
        });
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{answer}").and_then(|()| stdout.flush()).unwrap();
    }
}
