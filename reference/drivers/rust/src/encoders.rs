//! The encoders. Each returns the bytes of a block.

use std::convert::Infallible;
use std::future::ready;
use std::sync::Mutex;
use std::time::Duration;

use axum::response::IntoResponse;
use futures_executor::block_on;
use futures_util::stream::{Stream, iter, once};
use http_body_util::BodyExt;
use rocket::local::blocking::Client;
use rocket::response::stream::{Event, EventStream};

use crate::{Block, Failure, text};

pub type Encode = fn(Block) -> Result<Vec<u8>, Failure>;

pub const ALL: &[(&str, Encode)] = &[
    ("axum", axum),
    ("rocket", rocket),
    ("russe", russe),
    ("salvo", salvo),
    ("sse-stream", sse_stream),
];

fn axum(block: Block) -> Result<Vec<u8>, Failure> {
    let mut event = axum::response::sse::Event::default();
    if let Some(comment) = block.comment {
        event = event.comment(comment);
    }
    if let Some(event_type) = block.event_type {
        event = event.event(event_type);
    }
    if let Some(id) = block.id {
        event = event.id(id);
    }
    if let Some(retry) = block.retry {
        event = event.retry(Duration::from_millis(retry));
    }
    if let Some(data) = block.data {
        event = event.data(data);
    }
    let response = axum::response::Sse::new(iter([Ok::<_, Infallible>(event)])).into_response();
    Ok(block_on(response.into_body().collect()).map_err(text)?.to_bytes().into())
}

/// The event for the next request.
static EVENT: Mutex<Option<Event>> = Mutex::new(None);

#[rocket::get("/")]
fn event() -> EventStream<impl Stream<Item = Event>> {
    let event = EVENT.lock().unwrap().take().unwrap();
    EventStream::from(once(ready(event))).heartbeat(None)
}

fn rocket(block: Block) -> Result<Vec<u8>, Failure> {
    let Block { event_type, data, id, retry, comment } = block;
    let retry = retry.map(Duration::from_millis);
    let mut written = match (&data, &comment, retry) {
        (Some(data), ..) => Event::data(data.clone()),
        (_, Some(comment), _) => Event::comment(comment.clone()),
        (.., Some(retry)) => Event::retry(retry),
        _ => return Err(Failure::Unsupported("an event has data, a comment or a retry")),
    };
    if let Some(comment) = comment {
        written = written.with_comment(comment);
    }
    if let Some(event_type) = event_type {
        written = written.event(event_type);
    }
    if let Some(id) = id {
        written = written.id(id);
    }
    if let Some(retry) = retry {
        written = written.with_retry(retry);
    }
    *EVENT.lock().unwrap() = Some(written);
    let config = rocket::Config { log_level: rocket::config::LogLevel::Off, ..Default::default() };
    let server = rocket::custom(config).mount("/", rocket::routes![event]);
    let client = Client::untracked(server).map_err(text)?;
    client.get("/").dispatch().into_bytes().ok_or_else(|| Failure::Error("no body".into()))
}

fn salvo(block: Block) -> Result<Vec<u8>, Failure> {
    let mut event = salvo::sse::SseEvent::default();
    if let Some(comment) = block.comment {
        event = event.comment(comment);
    }
    if let Some(event_type) = block.event_type {
        event = event.name(event_type);
    }
    if let Some(id) = block.id {
        event = event.id(id);
    }
    if let Some(retry) = block.retry {
        event = event.retry(Duration::from_millis(retry));
    }
    if let Some(data) = block.data {
        event = event.text(data);
    }
    let mut response = salvo::Response::new();
    salvo::sse::stream(&mut response, iter([Ok::<_, Infallible>(event)]));
    Ok(block_on(response.take_body().collect()).map_err(text)?.to_bytes().into())
}

/// Also the encoder of actix-web-lab.
fn russe(block: Block) -> Result<Vec<u8>, Failure> {
    use ::russe::{Event, Message};

    let Block { event_type, data, id, retry, comment } = block;
    let retry = retry.map(Duration::from_millis);
    let event = match (data, retry) {
        (Some(data), retry) => Some(Event::Message(Message {
            data: data.into(),
            event: event_type.map(Into::into),
            retry,
            id: id.map(Into::into),
        })),
        _ if event_type.is_some() || id.is_some() => {
            return Err(Failure::Unsupported("an event has data"));
        }
        (None, retry) => retry.map(Event::Retry),
    };
    let comment = comment.map(|comment| Event::Comment(comment.into()));
    let mut bytes = Vec::new();
    for event in [comment, event].into_iter().flatten() {
        bytes.extend_from_slice(event.into_bytestring().map_err(text)?.as_bytes());
    }
    Ok(bytes)
}

fn sse_stream(block: Block) -> Result<Vec<u8>, Failure> {
    if block.comment.is_some() {
        return Err(Failure::Unsupported("it writes no comments"));
    }
    let Block { event_type: event, data, id, retry, .. } = block;
    let written = ::sse_stream::Sse { event, data, id, retry };
    Ok(written.encode().map_err(text)?.into())
}
