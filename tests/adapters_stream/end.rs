//! Cancellation, the end of a stream, and the parser that continues after it.

use std::task::Poll;
use std::time::Duration;

use sse_wire::stream::{EventStream, EventStreamExt};
use sse_wire::{End, ParseError, Parser};

use crate::stream_script::{Script, poll_next, poll_once};
use crate::{Broken, returned};

#[test]
fn cancellation_a_dropped_future_loses_nothing() {
    let bytes = b"id: 1\ndata: one\n\ndata: two\r\n\r\n: c\n\nevent: e\ndata: three\n\n";
    let expected = returned(&mut Script::ready([Ok::<_, Broken>(&bytes[..])]).events());
    assert_eq!(expected, ["one", "two", "three"]);
    for size in 1..=bytes.len() {
        let mut stream = Script::pausing(bytes.chunks(size).map(Ok::<_, Broken>)).events();
        let mut seen = Vec::new();
        // Each poll uses a new future, which is then dropped.
        loop {
            match poll_once(futures::StreamExt::next(&mut stream)) {
                Poll::Ready(Some(event)) => seen.push(event.unwrap().data),
                Poll::Ready(None) => break,
                Poll::Pending => {}
            }
        }
        assert_eq!(seen, expected, "chunks of {size}");
    }
}

#[test]
fn finish_reports_the_end_after_none_and_the_parser_continues_in_the_next_connection() {
    let first = b"id: 1\nretry: 50\ndata: whole\n\nid: 2\ndata: cut";
    let mut stream = Script::ready([Ok(&first[..])]).events();
    assert_eq!(returned(&mut stream), ["whole"]);
    assert_eq!(stream.last_event_id(), "1");
    let Ok(End::Incomplete(pending)) = stream.finish() else { panic!() };
    assert_eq!((pending.data, pending.last_event_id), (Some("cut"), "2"));

    let second = Script::ready([Ok::<_, Broken>(&b"data: next\n\n"[..])]);
    let mut stream = EventStream::with_parser(second, stream.into_parser());
    assert_eq!(stream.reconnection_time(), Some(Duration::from_millis(50)));
    let Poll::Ready(Some(Ok(event))) = poll_next(&mut stream) else { panic!() };
    assert_eq!((event.data.as_str(), event.last_event_id.as_str()), ("next", "1"));
    assert_eq!(event.range, 0..12, "positions start again");
}

#[test]
fn a_parser_in_the_middle_of_a_stream_continues_there() {
    let mut parser = Parser::new();
    assert!(parser.push(b"data: be").next().unwrap().is_none());
    let mut stream =
        EventStream::with_parser(Script::ready([Ok(&b"gun\n\ndata: x\n\n"[..])]), parser);
    assert_eq!(returned(&mut stream), ["begun", "x"]);
}

#[test]
fn finish_ends_the_stream_in_the_middle_of_a_chunk_too() {
    let mut stream =
        Script::ready([Ok(&b"data: 1\n\ndata: 2\n\n"[..]), Ok(b"data: 3\n\n")]).events();
    assert!(poll_next(&mut stream).is_ready());
    assert!(matches!(stream.finish(), Err(ParseError::Unread { bytes: 9, .. })));
    assert_eq!(returned(&mut stream), Vec::<String>::new());
}
