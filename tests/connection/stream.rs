//! The stream of a connection: its events, what its end reports, and what its parser keeps.

use std::time::Duration;

use sse_wire::{Action, Connection, End, ParseError, Parser, Policy, ReadyState, Silence};

use crate::{BARE, EVENT_STREAM, open};

#[test]
fn the_end_of_a_stream_returns_what_was_pending() {
    for error in [false, true] {
        let mut connection = open();
        let mut events = connection.push(b"data: 1\n\ndata: 2");
        assert_eq!(events.next().unwrap().unwrap().data, "1");
        assert_eq!(events.next(), Ok(None));
        let end = if error { connection.handle_network_error() } else { connection.handle_end() };
        let Ok(End::Incomplete(pending)) = end else { panic!("{end:?}") };
        assert_eq!(pending.data, Some("2"));
        assert_eq!(connection.handle_end(), Ok(End::Clean), "the stream was dropped");
        assert_eq!(connection.handle_network_error(), Ok(End::Clean));
    }
}

#[test]
fn a_dropped_cursor_is_reported_once_by_the_next_one_or_by_the_end_of_the_stream() {
    for error in [false, true] {
        let mut connection = open();
        assert_eq!(connection.push(b"data: 1\n\ndata: 2\n\n").next().unwrap().unwrap().data, "1");
        let mut events = connection.push(b"data: 3\n\ndata: 4\n\n");
        assert!(matches!(events.next(), Err(ParseError::Unread { bytes: 9, .. })));
        assert_eq!(events.next().unwrap().unwrap().data, "4");
        assert_eq!(events.next(), Ok(None));

        assert!(connection.push(b"data: 5\n\ndata: 6\n\n").next_item().unwrap().is_some());
        let end = if error { connection.handle_network_error() } else { connection.handle_end() };
        assert!(matches!(end, Err(ParseError::Unread { bytes: 9, .. })));
        assert_eq!(connection.ready_state(), ReadyState::Connecting, "it is lost even so");
        assert!(matches!(connection.poll(Duration::ZERO), Action::Wait { .. }));
    }
}

#[test]
fn a_parser_keeps_its_id_and_time_but_not_an_unfinished_stream() {
    let mut parser = Parser::with_limit(100);
    let mut events = parser.push(b"\xEF\xBB\xBFid: 1\nretry: 7\n\nid: 2\ndata: half");
    while events.next().unwrap().is_some() {}
    let policy = Policy { reconnection_time: Duration::from_millis(9), ..BARE };
    let mut connection = Connection::with_parser(parser, policy);
    assert_eq!(connection.reconnection_time(), Duration::from_millis(7));
    assert_eq!(connection.last_event_id_header(), Some("1"));
    assert_eq!(connection.poll(Duration::ZERO), Action::Connect);
    connection.handle_response(EVENT_STREAM);
    let mut events = connection.push(b"\xEF\xBB\xBFdata: x\n\n");
    let event = events.next().unwrap().unwrap();
    assert_eq!((event.data, event.last_event_id, event.range), ("x", "1", 3..12));
    let parser = connection.into_parser();
    assert_eq!((parser.limits().retained, parser.last_event_id()), (100, "1"));
}

#[test]
fn an_event_beyond_the_limit_is_an_error_and_the_connection_stays_open() {
    let mut connection = Connection::with_parser(Parser::with_limit(8), BARE);
    assert_eq!(connection.poll(Duration::ZERO), Action::Connect);
    connection.handle_response(EVENT_STREAM);
    let mut events = connection.push(b"data: 123456789\n\ndata: x\n\n");
    let Err(ParseError::Limit(error)) = events.next() else { panic!() };
    assert_eq!(error.limit(), 8);
    assert_eq!(events.next().unwrap().unwrap().data, "x");
    assert_eq!(connection.ready_state(), ReadyState::Open);
}

#[test]
fn zero_copy_an_event_is_lent_through_a_connection_that_allocates_nothing() {
    let silence = Silence { events: Some(Duration::MAX), ..Silence::default() };
    let mut connection = Connection::new(Policy { silence, ..Policy::default() });
    let stream = b": comment\nevent: e\ndata: x\n\n".repeat(10);
    let mut count = 0;
    let info = allocation_counter::measure(|| {
        assert_eq!(connection.poll(Duration::ZERO), Action::Connect);
        connection.handle_response(EVENT_STREAM);
        let mut events = connection.push(&stream);
        while let Some(event) = events.next().unwrap() {
            assert!(stream.as_ptr_range().contains(&event.data.as_ptr()));
            count += 1;
        }
    });
    assert_eq!((count, info.count_total), (10, 0));
}
