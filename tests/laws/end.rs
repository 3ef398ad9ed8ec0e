//! The end of a stream: what was pending, and what stays for the next stream.

use sse_wire::{End, Event, Parser};

use crate::support::{decoder_cases, every_chunking};

#[test]
fn state_after_finish_only_the_last_event_id_and_the_reconnection_time_stay() {
    for case in decoder_cases().iter().filter(|case| case.limit.is_none()) {
        let stream = case.chunks.concat();
        every_chunking(&stream[..stream.len().min(40)], |chunks| {
            let mut parser = Parser::new();
            for chunk in chunks {
                let mut events = parser.push(chunk);
                while events.next().unwrap().is_some() {}
            }
            let _ = parser.finish().unwrap();
            let (id, retry) = (parser.last_event_id().to_owned(), parser.reconnection_time());
            assert_eq!(parser.retained(), id.len());
            let mut events = parser.push(b"\xEF\xBB\xBFdata: fresh\n\n");
            let event = events.next().unwrap().unwrap();
            assert_eq!(
                (event.event_type, event.data, event.last_event_id),
                ("message", "fresh", &*id)
            );
            assert_eq!(event.range, 3..16);
            assert_eq!(parser.finish(), Ok(End::Clean));
            assert_eq!((parser.last_event_id(), parser.reconnection_time()), (&*id, retry));
        });
    }
}

#[test]
fn the_end_has_what_was_pending_and_whether_its_line_was_cut() {
    let pending = |stream: &'static str| {
        let mut parser = Parser::new();
        let mut events = parser.push(stream.as_bytes());
        while events.next().unwrap().is_some() {}
        match parser.finish().unwrap() {
            End::Clean => None,
            End::Incomplete(pending) => Some((
                pending.event_type.to_owned(),
                pending.data.map(str::to_owned),
                pending.last_event_id.to_owned(),
                (pending.sets_id, pending.in_line, pending.refused),
                pending.range,
            )),
        }
    };
    let returned = |event_type: &str, data: Option<&str>, id: &str, flags, range| {
        Some((event_type.to_owned(), data.map(str::to_owned), id.to_owned(), flags, range))
    };
    assert_eq!(pending("data: x\n\n"), None);
    assert_eq!(pending("data: x\n"), returned("", Some("x"), "", (false, false, false), 0..8));
    assert_eq!(pending("data: x"), returned("", Some("x"), "", (false, true, false), 0..7));
    assert_eq!(pending("data: x\nda"), returned("", Some("x"), "", (false, true, false), 0..10));
    assert_eq!(pending("event: e\nid: 1\n"), returned("e", None, "1", (true, false, false), 0..15));
    assert_eq!(pending("id: 1\n\nid: 2"), returned("", None, "1", (false, true, false), 7..12));
    assert_eq!(pending("id: 1\n\nid: 1\r"), returned("", None, "1", (true, false, false), 7..13));
    assert_eq!(
        pending("data: \u{FEFF}x\ndata: y"),
        returned("", Some("\u{FEFF}x\ny"), "", (false, true, false), 0..18)
    );
    assert_eq!(pending(":c"), returned("", None, "", (false, true, false), 0..2));
}

#[test]
fn what_was_pending_becomes_an_event_if_it_has_data_and_was_not_refused() {
    let event = |stream: &[u8]| {
        let mut parser = Parser::with_limit(16);
        let _ = parser.push(stream).discard();
        match parser.finish().unwrap() {
            End::Clean => None,
            End::Incomplete(pending) => pending.into_event().map(Event::into_owned),
        }
    };
    let mut expected = Event::new("message", "x\ny").into_owned();
    (expected.last_event_id, expected.sets_id, expected.range) = ("1".into(), true, 0..22);
    assert_eq!(event(b"id: 1\ndata: x\ndata: y\n"), Some(expected));
    assert_eq!(event(b"event: e\ndata\n").unwrap().event_type, "e");
    assert_eq!(event(b"event: e\nid: 1"), None);
    assert_eq!(event(b"data: longer than the limit\ndata: x"), None);
}
