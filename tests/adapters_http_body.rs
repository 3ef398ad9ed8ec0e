//! Bodies and events: the vectors through both, and their laws.

#![cfg(feature = "http-body")]

#[path = "support/stream_script.rs"]
mod stream_script;
mod support;

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use allocation_counter::measure;
use bytes::{Buf, Bytes};
use http_body::{Body, Frame};
use sse_wire::http_body::{BodyData, events};
use sse_wire::stream::EventStream;
use sse_wire::{End, ReadError};
use stream_script::{Script, is_send, poll_next};
use support::{
    Decoded, DecoderCase, decoder_cases, every_chunking, growable, milliseconds, seeded,
};

/// A body that follows a script.
struct ScriptBody<D>(Script<Result<Frame<D>, Broken>>);

#[derive(Debug, PartialEq)]
struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("broken pipe")
    }
}

impl StdError for Broken {}

impl<D: Buf + Unpin> Body for ScriptBody<D> {
    type Data = D;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<D>, Broken>>> {
        self.0.answer()
    }
}

fn trailers<D>() -> Frame<D> {
    let mut trailers = http::HeaderMap::new();
    trailers.insert("data", "x".parse().unwrap());
    Frame::trailers(trailers)
}

fn decode<D: Buf + Unpin>(case: &DecoderCase, frames: Vec<Frame<D>>) -> Decoded {
    let parser = seeded(growable(case.limit), case.last_event_id.as_deref());
    let body = ScriptBody(Script::pausing(frames.into_iter().map(Ok)));
    let mut stream = EventStream::with_parser(BodyData::new(body), parser);
    let mut decoded = Decoded::default();
    loop {
        match poll_next(&mut stream) {
            Poll::Ready(Some(Ok(event))) => decoded.events.push((
                event.event_type.into_owned(),
                event.data,
                event.last_event_id.to_string(),
                event.range,
            )),
            Poll::Ready(Some(Err(ReadError::Parse(_)))) => decoded.errors += 1,
            Poll::Ready(Some(Err(ReadError::Transport(error)))) => panic!("{error}"),
            Poll::Ready(None) => break,
            Poll::Pending => decoded.after.push(decoded.events.len()),
        }
    }
    decoded.last_event_id = stream.last_event_id().to_owned();
    decoded.retry = stream.reconnection_time().map(milliseconds);
    decoded.clean = matches!(stream.finish().unwrap(), End::Clean);
    decoded
}

#[test]
fn every_decoder_vector_holds_in_every_chunking_through_a_body() {
    for case in &decoder_cases() {
        let stream = case.chunks.concat();
        let check = |chunks: &[&[u8]], after: Option<&[usize]>| {
            let whole = |&chunk: &&[u8]| Frame::data(Bytes::copy_from_slice(chunk));
            // Data that is not contiguous.
            let in_two = |&chunk: &&[u8]| {
                let (head, tail) = chunk.split_at(chunk.len() / 2);
                Frame::data(Bytes::copy_from_slice(head).chain(Bytes::copy_from_slice(tail)))
            };
            for decoded in [
                decode(case, chunks.iter().map(whole).collect()),
                decode(case, chunks.iter().map(in_two).collect()),
            ] {
                let after = after.unwrap_or(&decoded.after).to_vec();
                let expected = Decoded { after, comments: None, ..case.expected.clone() };
                assert!(
                    decoded == expected,
                    "{}\nchunks   {:?}\ndecoded  {decoded:?}\nexpected {expected:?}",
                    case.name,
                    chunks.iter().map(|chunk| chunk.escape_ascii().to_string()).collect::<Vec<_>>(),
                );
            }
        };
        let given: Vec<&[u8]> = case.chunks.iter().map(Vec::as_slice).collect();
        check(&given, Some(&case.expected.after));
        every_chunking(&stream, |chunks| check(chunks, None));
    }
}

#[test]
fn trailers_are_skipped_anywhere() {
    let data = |bytes: &'static [u8]| Frame::data(Bytes::from_static(bytes));
    let frames = [trailers(), data(b"data: 1\n"), trailers(), data(b"\n"), trailers()];
    let mut events = events(ScriptBody(Script::ready(frames.map(Ok))));
    assert!(matches!(poll_next(&mut events), Poll::Ready(Some(Ok(event))) if event.data == "1"));
    assert!(matches!(poll_next(&mut events), Poll::Ready(None)));
}

#[test]
fn an_error_of_a_body_follows_the_events_before_it() {
    let data = Frame::data(Bytes::from_static(b"data: 1\n\n"));
    let mut events = events(ScriptBody(Script::ready([Ok(data), Err(Broken)])));
    assert!(matches!(poll_next(&mut events), Poll::Ready(Some(Ok(_)))));
    let Poll::Ready(Some(Err(error))) = poll_next(&mut events) else { panic!() };
    assert_eq!(error, ReadError::Transport(Broken));
    assert_eq!(error.source().unwrap().downcast_ref(), Some(&Broken));
}

#[test]
fn zero_copy_bytes_of_a_body_are_not_copied() {
    let data = Bytes::from(b"data: x\n\n".repeat(1000));
    let mut chunks = BodyData::new(ScriptBody(Script::ready([Ok(Frame::data(data.clone()))])));
    let info = measure(|| {
        let Poll::Ready(Some(Ok(chunk))) = poll_next(&mut chunks) else { panic!() };
        assert_eq!(chunk.as_ptr(), data.as_ptr());
    });
    assert_eq!(info.count_total, 0);
}

#[test]
fn events_of_a_body_are_send_if_the_body_is() {
    assert!(is_send!(events(String::new())));
}
