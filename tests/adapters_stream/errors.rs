//! Errors: of the chunks and of limits, in their place among the events.

use std::error::Error as _;
use std::task::Poll;

use sse_wire::stream::{EventStream, EventStreamExt};
use sse_wire::{End, ParseError, Parser, ReadError};

use crate::stream_script::{Script, poll_next, poll_once};
use crate::{Broken, returned};

/// A chunk whose bytes may change, as far as the crate knows.
struct Own<'c>(&'c [u8]);

impl AsRef<[u8]> for Own<'_> {
    fn as_ref(&self) -> &[u8] {
        self.0
    }
}

#[test]
fn a_transport_error_follows_the_events_before_it_and_the_stream_continues() {
    let chunks: [Result<&[u8], _>; 4] =
        [Ok(b"data: 1\n\ndata: 2\n\nda"), Err(Broken(1)), Err(Broken(2)), Ok(b"ta: 3\n\n")];
    let mut stream = Script::ready(chunks).events();
    assert_eq!(returned(&mut stream), ["1", "2", "broken pipe 1", "broken pipe 2", "3"]);
    assert_eq!(stream.finish(), Ok(End::Clean));
}

#[test]
fn a_lending_call_returns_the_transport_error_itself() {
    let mut stream = Script::ready([Err(Broken(1)), Ok(&b"data: 1\n\n"[..])]).events();
    assert!(matches!(poll_once(stream.next_events()), Poll::Ready(Some(Err(Broken(1))))));
    assert!(
        matches!(poll_once(stream.next_events()), Poll::Ready(Some(Ok(_)))),
        "and it continues"
    );
}

#[test]
fn a_limit_error_takes_the_place_of_its_event_and_the_next_event_follows() {
    // The last one is only too long as text, so it is refused at its blank line.
    let bytes = b"data: 1\n\ndata: too long\n\ndata: 2\n\ndata: \xFF\xFF\n\ndata: 3\n\n";
    let expected = ["1", "limit", "2", "limit", "3"];
    for size in 1..=bytes.len() {
        let parser = || Parser::with_limit(4);
        let chunks = || bytes.chunks(size);
        let mut stream = EventStream::with_parser(Script::ready(chunks().map(Ok)), parser());
        assert_eq!(returned(&mut stream), expected, "chunks of {size}");
        let chunks = chunks().map(|bytes| Ok(Own(bytes)));
        let mut stream = EventStream::with_parser(Script::ready(chunks), parser());
        assert_eq!(returned(&mut stream), expected, "chunks of {size}, scanned at each call");
    }
}

#[test]
fn errors_have_advice_and_their_source() {
    let mut stream = EventStream::with_parser(
        Script::ready([Ok(&b"data: xx\n\n"[..]), Err(Broken(9))]),
        Parser::with_limit(1),
    );
    let Poll::Ready(Some(Err(limit))) = poll_next(&mut stream) else { panic!() };
    let ReadError::Parse(ParseError::Limit(error)) = limit else { panic!("{limit:?}") };
    assert_eq!((limit.to_string(), error.limit()), (error.to_string(), 1));
    assert!(limit.source().is_none(), "it is reported once");
    let Poll::Ready(Some(Err(transport))) = poll_next(&mut stream) else { panic!() };
    assert_eq!(transport.source().unwrap().downcast_ref(), Some(&Broken(9)));
    assert!(!transport.to_string().contains("broken pipe"), "it is reported once");
}
