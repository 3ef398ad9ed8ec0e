//! The reader: errors, ends, dropped cursors, sources that misbehave, and its cost.

use std::error::Error as _;
use std::io::{self, ErrorKind, Read};
use std::time::Duration;

use allocation_counter::measure;
use sse_wire::io::EventReader;
use sse_wire::{End, Event, Item, ParseError, Parser, ReadError, Refused};

use crate::support::script::{Script, Step};

#[test]
fn promptness_an_event_is_returned_before_the_next_read() {
    let mut reader = EventReader::new(Script::new([Step::Bytes(b"data: 1\n\ndata: 2\r\rda")]));
    assert_eq!(reader.next().unwrap().unwrap().data, "1");
    assert_eq!(reader.next().unwrap().unwrap().data, "2");
    assert_eq!(reader.get_ref().reads, 1);
    assert_eq!(reader.unread(), b"da");
}

#[test]
fn an_error_of_the_source_is_returned_with_its_source_and_nothing_is_lost() {
    for kind in [ErrorKind::TimedOut, ErrorKind::WouldBlock, ErrorKind::ConnectionReset] {
        struct Fails(Vec<Result<&'static [u8], ErrorKind>>);
        impl Read for Fails {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                match self.0.pop() {
                    Some(Ok(mut bytes)) => bytes.read(buffer),
                    Some(Err(kind)) => Err(kind.into()),
                    None => Ok(0),
                }
            }
        }
        let steps: [Result<&[u8], _>; 4] =
            [Ok(b"data: \xE2\x82"), Err(kind), Err(kind), Ok(b"\xAC\n\n")];
        let mut reader = EventReader::new(Fails(steps.into_iter().rev().collect()));
        for _ in 0..2 {
            let error = reader.next().unwrap_err();
            let source = error.source().unwrap().downcast_ref::<io::Error>().unwrap();
            assert_eq!(source.kind(), kind);
            assert_eq!(io::Error::from(error).kind(), kind);
        }
        assert_eq!(reader.next().unwrap().unwrap().data, "\u{20AC}");
        assert!(reader.next().unwrap().is_none());
        assert_eq!(reader.finish(), Ok(End::Clean));
    }
}

#[test]
fn a_refused_event_is_an_error_and_the_next_event_follows() {
    let stream = &b"data: 1\n\ndata: too long\n\ndata: 2\n\n"[..];
    let mut reader = EventReader::with_parser(stream, Parser::with_limit(4));
    let mut events = reader.owned_events();
    assert_eq!(events.next().unwrap().unwrap().data, "1");
    let error = events.next().unwrap().unwrap_err();
    let ReadError::Parse(ParseError::Limit(limit)) = error else { panic!("{error:?}") };
    assert_eq!((limit.position(), limit.limit()), (9, 4));
    let error = io::Error::from(error);
    assert_eq!(error.kind(), ErrorKind::QuotaExceeded);
    assert_eq!(error.downcast::<ParseError>().unwrap(), limit.into());
    assert_eq!(events.next().unwrap().unwrap().data, "2");
    assert!(events.next().is_none());
}

#[test]
fn finish_reports_the_end_after_none_and_the_parser_continues_with_the_next_connection() {
    let mut parser = Parser::new();
    parser.set_last_event_id("before").unwrap();
    let mut reader =
        EventReader::with_parser(&b"retry: 7\ndata: 1\n\nid: x\ndata: cut"[..], parser);
    assert_eq!(reader.next().unwrap().unwrap().last_event_id, "before");
    assert!(reader.next().unwrap().is_none());
    match reader.finish().unwrap() {
        End::Incomplete(pending) => assert_eq!(pending.data, Some("cut")),
        End::Clean => panic!("clean"),
    }
    assert_eq!(
        (reader.last_event_id(), reader.reconnection_time()),
        ("before", Some(Duration::from_millis(7)))
    );
    assert_eq!(reader.parser().position(), 0);

    // Without `finish`, and in the middle of what was read.
    let mut reader =
        EventReader::with_parser(&b"id: 1\ndata: a\n\ndata: "[..], reader.into_parts().1);
    assert_eq!(reader.next().unwrap().unwrap().last_event_id, "1");
    let mut reader = EventReader::with_parser(&b"data: b\n\n"[..], reader.into_parts().1);
    let event = reader.next().unwrap().unwrap();
    assert_eq!((event.data, event.last_event_id, event.range), ("b", "1", 0..9));
}

#[test]
fn the_last_event_without_its_blank_line_is_returned_on_request() {
    for (stream, last) in [
        (&b"data: 1\n\nevent: e\ndata: 2"[..], Some("2")),
        (b"data: 1\n\ndata: 2\n", Some("2")),
        (b"data: 1\n\nid: 2\n", None),
        (b"data: 1\n\n", None),
    ] {
        let reader = || EventReader::new(stream).deliver_unfinished();
        let mut lent = reader();
        assert_eq!(lent.next().unwrap().unwrap().data, "1");
        assert_eq!(lent.next().unwrap().map(|event| event.data.to_owned()).as_deref(), last);
        assert_eq!(lent.next().unwrap(), None, "once");
        let mut owned = reader();
        assert_eq!(owned.next_owned().unwrap().unwrap().data, "1");
        assert_eq!(owned.next_owned().unwrap().map(|event| event.data).as_deref(), last);
        assert_eq!(owned.next_owned().unwrap(), None, "once");
    }
}

#[test]
fn finish_drops_unparsed_bytes_and_reports_them() {
    let mut reader = EventReader::new(&b"data: 1\n\ndata: 2\n\n"[..]);
    reader.next().unwrap();
    assert!(matches!(reader.finish(), Err(ParseError::Unread { bytes: 9, .. })));
    assert_eq!(reader.unread(), b"");
    assert!(reader.next().unwrap().is_none());
}

#[test]
fn nothing_is_returned_twice_whatever_is_called_between_two_events() {
    let stream: String = (0..60).map(|n| format!("id: {n}\ndata: {n}\n\n")).collect();
    for size in [1, 7, 64, 4096] {
        let mut reader = EventReader::with_buffer(stream.as_bytes(), Parser::new(), vec![0; size]);
        for n in 0..60 {
            match n % 5 {
                0 => reader.set_last_event_id("x").unwrap(),
                1 => _ = reader.parser().clone().push(b"data: y\n\n").next(),
                2 => _ = reader.next_events().unwrap(),
                3 => _ = reader.unread(),
                _ => {}
            }
            let event = match n % 4 {
                0 => reader.next_owned().unwrap(),
                1 => reader.owned_events().next().transpose().unwrap(),
                2 => reader.next().unwrap().map(Event::into_owned),
                _ => loop {
                    let mut items = reader.next_events().unwrap().expect("more comes");
                    if let Some(Item::Event(event)) = items.next_item().unwrap() {
                        break Some(event.into_owned());
                    }
                },
            };
            let event = event.unwrap();
            assert_eq!((event.data, &*event.last_event_id), (n.to_string(), &*n.to_string()));
        }
        assert!(reader.next().unwrap().is_none());
        assert_eq!(reader.finish(), Ok(End::Clean));
    }
}

#[test]
fn a_dropped_cursor_is_reported_by_the_reader_that_gets_its_parser() {
    let left = || {
        let mut parser = Parser::new();
        let _ = parser.push(b"data: 1\n\ndata: 2\n\n").next();
        parser
    };
    let mut reader = EventReader::with_parser(&b"data: 3\n\ndata: 4\n\n"[..], left());
    let error = reader.next().unwrap_err();
    assert!(matches!(error, ReadError::Parse(ParseError::Unread { bytes: 9, .. })), "{error:?}");
    assert_eq!(io::Error::from(error).kind(), ErrorKind::Other);
    assert_eq!(reader.next().unwrap().unwrap().data, "4");
    assert_eq!(reader.finish(), Ok(End::Clean));

    let mut reader = EventReader::with_parser(io::empty(), left());
    assert_eq!(reader.unread(), b"");
    assert!(matches!(reader.finish(), Err(ParseError::Unread { bytes: 9, .. })));
}

#[test]
fn a_source_with_more_bytes_after_its_end_continues() {
    let mut reader = EventReader::new(Script::new([
        Step::Bytes(b"data: "),
        Step::Bytes(b""),
        Step::Bytes(b"x\n\n"),
    ]));
    assert!(reader.next().unwrap().is_none());
    assert_eq!(reader.next().unwrap().unwrap().data, "x");
}

#[test]
#[should_panic(expected = "nothing can be read into an empty buffer")]
fn an_empty_buffer_is_refused() {
    let _ = EventReader::with_buffer(io::empty(), Parser::new(), []);
}

#[test]
fn a_source_that_reports_more_than_it_read_is_harmless() {
    struct Liar(bool);
    impl Read for Liar {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            buffer.fill(b'\n');
            self.0 = !self.0;
            Ok(if self.0 { usize::MAX } else { 0 })
        }
    }
    let mut reader = EventReader::new(Liar(false));
    assert!(reader.next().unwrap().is_none());
    assert_eq!(reader.parser().position(), 16 * 1024);
}

#[test]
fn zero_copy_an_event_that_lies_in_one_read_allocates_nothing() {
    let stream =
        "event: tick\ndata: some text, also \u{E9}\r\n\r\n: c\n\ndata: \u{6F22}\n\n".repeat(50);
    let mut reader = EventReader::new(stream.as_bytes());
    let mut count = 0;
    let info = measure(|| {
        while let Some(event) = reader.next().unwrap() {
            count += event.data.len().min(1);
        }
    });
    assert_eq!((count, info.count_total), (100, 0));
}

#[test]
fn kept_and_lent_texts_can_be_in_one_event() {
    // The type is kept and the data lent, then the other way round; kept bytes of an earlier event are not part of a
    // later one.
    for (chunks, expected) in [
        ([&b"event: ke"[..], b"pt\ndata: lent\n\n"], ("kept", "lent")),
        ([b"event: kept\ndata: ke", b"pt\n\n"], ("kept", "kept")),
        ([b"data: ke", b"pt\nevent: lent\n\n"], ("lent", "kept")),
        ([b"event: x\ndata: ke", b"pt\n\ndata\n\n"], ("x", "kept")),
    ] {
        let mut reader = EventReader::new(Script::new(chunks.map(Step::Bytes)));
        let event = reader.next().unwrap().unwrap();
        assert_eq!((event.event_type, event.data), expected);
        while let Some(event) = reader.next().unwrap() {
            assert_eq!((event.event_type, event.data), ("message", ""));
        }
    }
}

/// A second refusal.
#[test]
fn promptness_no_event_that_was_read_waits_for_the_next_read() {
    let parser = || Parser::with_limit(16);
    let two = b"data: 1234567890123\nid: abcdefg\n";
    let mut reader = EventReader::with_parser(Script::new([Step::Bytes(two)]), parser());
    for what in [Refused::Event, Refused::Id] {
        let error = reader.next().unwrap_err();
        assert!(matches!(error, ReadError::Parse(ParseError::Limit(e)) if e.refused() == what));
    }
    assert_eq!(reader.get_ref().reads, 1);
    assert!(reader.next().unwrap().is_none());
}
