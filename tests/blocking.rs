//! The client that reconnects, for threads: like the asynchronous one, over any `Read`.

#![cfg(feature = "http")]

#[path = "support/incoming.rs"]
mod incoming;

use std::cell::RefCell;
use std::io::{self, Read};
use std::rc::Rc;
use std::time::Duration;

use http::Response;
use incoming::text;
use sse_wire::blocking::EventSource;
use sse_wire::{Attempt, FinalError, Incoming, Parser, Policy, Refused, SourceError, SourceNotice};

/// A body that is read byte by byte, with an interruption before each, and may break off.
struct Body {
    bytes: &'static [u8],
    interrupted: bool,
    cut: bool,
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.interrupted = !self.interrupted;
        if self.interrupted {
            return Err(io::ErrorKind::Interrupted.into());
        }
        match self.bytes.split_first() {
            Some((&byte, rest)) => {
                (buffer[0], self.bytes) = (byte, rest);
                Ok(1)
            }
            None if self.cut => Err(io::ErrorKind::ConnectionReset.into()),
            None => Ok(0),
        }
    }
}

type Reply = Result<Response<Body>, Box<dyn std::error::Error + Send + Sync>>;

fn reply(status: u16, text: &'static str, cut: bool) -> Reply {
    let body = Body { bytes: text.as_bytes(), interrupted: false, cut };
    let response = Response::builder().status(status).header("content-type", "text/event-stream");
    Ok(response.body(body)?)
}

/// No waits, so that no test has to sleep.
fn policy() -> Policy {
    Policy { reconnection_time: Duration::ZERO, ..Policy::specification() }
}

macro_rules! expect {
    ($source:expr, $($text:expr),* $(,)?) => {
        $(assert_eq!(text($source.next()), $text);)*
    };
}

#[test]
fn a_blocking_source_resumes_and_an_error_is_its_last_item() {
    let ids = RefCell::new(Vec::new());
    let mut replies = vec![
        reply(404, "{}", false),
        reply(200, "data: b\n\n", true),
        Err("no route".into()),
        reply(200, "id: 1\ndata: a\n\nid: 2\ndata: cut", false),
    ];
    let mut source = EventSource::new(|attempt: Attempt| {
        ids.borrow_mut().push(attempt.last_event_id().to_owned());
        replies.pop().expect("no more requests")
    })
    .with_policy(policy());
    expect!(
        source,
        "open",
        "1:a",
        "reconnecting in 0ns: the server ended the stream",
        "reconnecting in 0ns: there was a network error: no route",
        "open",
        "1:b",
        "reconnecting in 0ns: there was a network error: connection reset",
    );
    let Some(Err(SourceError::Response(error))) = source.next() else { panic!() };
    let mut body = String::new();
    error.into_response().into_body().read_to_string(&mut body).unwrap();
    assert_eq!(body, "{}");
    expect!(source, "none", "none");
    drop(source);
    assert_eq!(*ids.borrow(), ["", "1", "1", "1"]);
}

#[test]
fn a_blocking_source_can_be_reconnected_and_closed_and_ends_with_a_final_error() {
    let mut replies = vec![
        Err(FinalError::new("no token is left").into()),
        reply(200, ": c\n\ndata: b\n\n", false),
        reply(200, "data: a\n\ndata: lost\n\n", false),
    ];
    let request = |_: Attempt| replies.pop().expect("no more requests");
    let mut source = EventSource::new(request).with_policy(policy()).observe();
    expect!(source, "open", ":a");
    source.reconnect();
    expect!(source, "reconnecting in 0ns: requested by the caller", "open", "comment: `c`", ":b");
    source.reconnect();
    expect!(
        source,
        "reconnecting in 0ns: requested by the caller",
        "error: no token is left",
        "none"
    );

    let mut source = EventSource::new(|_: Attempt| reply(200, "data: a\n\ndata: b\n\n", false));
    expect!(source, "open", ":a");
    source.close();
    expect!(source, "none");
    source.reconnect();
    expect!(source, "none");
}

/// A body that is read at once, and counts as open until it is dropped.
struct Whole(&'static [u8], #[allow(dead_code)] Rc<()>);

impl Read for Whole {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

#[test]
fn reconnecting_and_closing_drop_the_connection_with_what_was_read_of_it() {
    let open = Rc::new(());
    let mut source = EventSource::new(|_: Attempt| {
        let body = Whole(b"id: 1\ndata: a\n\ndata: b\n\ndata: lost\n\n", open.clone());
        Response::builder().header("content-type", "text/event-stream").body(body)
    })
    .with_policy(policy());
    assert_eq!(source.last_event_id(), "");
    expect!(source, "open", "1:a", "1:b");
    assert_eq!((source.last_event_id(), Rc::strong_count(&open)), ("1", 2));
    source.reconnect();
    assert_eq!(Rc::strong_count(&open), 1, "the connection is closed at once");
    expect!(source, "reconnecting in 0ns: requested by the caller", "open", "1:a");
    source.close();
    assert_eq!(Rc::strong_count(&open), 1);
    expect!(source, "none");
    assert!(format!("{source:?}").starts_with("EventSource { connection: "));
}

#[test]
fn nothing_lost_in_silence_a_second_refusal_at_the_end_of_a_chunk_is_a_notice_as_well() {
    let request = |_: Attempt| {
        let body = Whole(b"data: 0123456789012\nid: 12345\n", Rc::default());
        Response::builder().header("content-type", "text/event-stream").body(body)
    };
    let mut source =
        EventSource::new(request).with_policy(policy()).with_parser(Parser::with_limit(16));
    expect!(source, "open");
    for what in [Refused::Event, Refused::Id] {
        match source.next().unwrap().unwrap() {
            Incoming::Notice(SourceNotice::Refused(error)) => assert_eq!(error.refused(), what),
            other => panic!("{other:?}"),
        }
    }
    expect!(source, "reconnecting in 0ns: the server ended the stream");
}
