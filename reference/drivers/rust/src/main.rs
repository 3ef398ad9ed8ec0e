//! Drives a decoder of Rust by the conformance protocol: `drivers NAME`.

mod decoders;

use std::cell::RefCell;
use std::io::{self, BufRead, Write};
use std::rc::Rc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// A request's stream, and what has come of it so far.
#[derive(Default)]
pub struct Stream {
    chunks: Vec<Vec<u8>>,
    /// Carried over at first, then that of the last block with one.
    last_event_id: String,
    out: Rc<RefCell<Out>>,
}

#[derive(Default)]
struct Out {
    events: Vec<Value>,
    after: Vec<usize>,
    retry: Option<u64>,
    shows_every_retry: bool,
}

impl Stream {
    /// The chunks; how many events are out is counted when the next one is asked for.
    fn chunks<T: From<Vec<u8>>>(&mut self) -> impl Iterator<Item = T> + use<T> {
        let (mut chunks, out) = (std::mem::take(&mut self.chunks).into_iter(), self.out.clone());
        let mut first = true;
        std::iter::from_fn(move || {
            let mut out = out.borrow_mut();
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
        self.out.borrow_mut().events.push(event);
    }

    /// An event of a decoder that shows the ids of blocks alone.
    fn block(&mut self, event_type: Option<&str>, data: &str, id: Option<&str>) {
        if let Some(id) = id {
            self.last_event_id = id.to_owned();
        }
        self.event(event_type, data, &self.last_event_id);
    }

    /// For a decoder that shows each reconnection time, with an event or without.
    fn shows_every_retry(&self) {
        self.out.borrow_mut().shows_every_retry = true;
    }

    fn retry(&self, milliseconds: Option<u64>) {
        let mut out = self.out.borrow_mut();
        out.retry = milliseconds.or(out.retry);
    }
}

fn answer(decode: decoders::Decode, request: &Value) -> Result<Value, String> {
    let Some(chunks) = request["chunks"].as_array().filter(|_| request["limit"].is_null()) else {
        return Ok(json!({"unsupported": "a decoder without a limit"}));
    };
    let chunks = chunks.iter().map(|chunk| STANDARD.decode(chunk.as_str().unwrap()).unwrap());
    let last_event_id = request["last_event_id"].as_str().unwrap_or_default().to_owned();
    let mut stream = Stream { chunks: chunks.collect(), last_event_id, ..Stream::default() };
    let count = stream.chunks.len();
    let last_event_id = decode(&mut stream)?;
    let out = stream.out.take();
    let mut answer = json!({"events": out.events});
    if out.after.len() == count {
        answer["after"] = json!(out.after);
    }
    // Some decoders show it with an event only: without one nothing is known.
    if out.retry.is_some() || out.shows_every_retry {
        answer["retry"] = json!(out.retry);
    }
    if let Some(id) = last_event_id {
        answer["last_event_id"] = json!(id);
    }
    Ok(answer)
}

fn main() {
    let name = std::env::args().nth(1).expect("the name of a decoder");
    let decode = decoders::ALL.iter().find(|(known, _)| *known == name).expect("a known name").1;
    for line in io::stdin().lock().lines() {
        let request = serde_json::from_str(&line.unwrap()).unwrap();
        let answer = answer(decode, &request).unwrap_or_else(|error| match &*error {
            decoders::UNSUPPORTED => json!({"unsupported": error}),
            _ => json!({"error": error}),
        });
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{answer}").and_then(|()| stdout.flush()).unwrap();
    }
}
