//! IDs: the limit for each, and the last event ID that a caller sets.

use sse_wire::{End, Growable, LastEventIdError, Limits, Parser, Refused};

use crate::facts;
use crate::support::over_arrays;

#[test]
fn an_id_reported_in_place_of_its_event_is_complete_wherever_it_is_cut() {
    // The limit may be reached in the middle of a character.
    for id in ["abcdef", "ab\u{20AC}cd", "\u{1F600}\u{1F600}", "a\u{20AC}\u{20AC}"] {
        for data in 15..30 {
            let stream = format!("data: {}\nid: {id}\n\ndata\n\n", "x".repeat(data));
            let (events, errors, last_event_id) = outcome!(Parser::with_limit(32), stream);
            assert_eq!(last_event_id, id);
            assert_eq!(errors.len(), usize::from(data + id.len() > 32), "{stream}");
            assert!(errors.iter().all(|error| error.refused() == Refused::Event));
            assert_eq!(events.len(), 2 - errors.len());
        }
    }
}

#[test]
fn an_id_reported_in_place_of_its_event_is_complete_if_ill_formed() {
    for data in 25..40 {
        let stream = [b"data: ", &[b'x'; 40][..data], b"\nid: a\xFFb\xE2\x82c\n\n"].concat();
        let (_, errors, last_event_id) = outcome!(Parser::with_limit(40), stream);
        let refused = usize::from(data + "a\u{FFFD}b\u{FFFD}c".len() > 40);
        assert_eq!((&*last_event_id, errors.len()), ("a\u{FFFD}b\u{FFFD}c", refused), "{data}");
    }
}

#[test]
fn an_id_at_its_limit_is_kept_and_one_more_byte_is_refused_without_its_event() {
    let parser = |id| Parser::with_limits(Growable::new(), Limits { retained: 80, id });
    // The limit for IDs, or a quarter of the limit.
    for (id_limit, in_force) in [(0, 0_usize), (1, 1), (7, 7), (20, 20), (21, 20), (usize::MAX, 20)]
    {
        assert_eq!(parser(id_limit).limits().id, in_force);
        for len in in_force.saturating_sub(1)..in_force + 2 {
            let id = "i".repeat(len);
            let stream = format!("id: {id}\ndata: x\n\n");
            let (data, errors, last_event_id) = outcome!(parser(id_limit), stream);
            assert_eq!(data, ["x"], "{stream}");
            if len <= in_force {
                assert_eq!((&*last_event_id, errors.len()), (&*id, 0), "{stream}");
            } else {
                assert_eq!(last_event_id, "", "{stream}");
                assert_eq!(facts(&errors[0]), (in_force, 0, None, Refused::Id), "{stream}");
            }
        }
    }
    // As long as the whole limit, and longer.
    for len in [79, 80, 81, 500] {
        let stream = format!("id: a\n\nid: {}\ndata: x\n\n", "i".repeat(len));
        let (data, errors, id) = outcome!(parser(usize::MAX), stream);
        assert_eq!((data, &*id), (vec!["x".into()], "a"));
        assert_eq!(facts(&errors[0]), (20, 7, None, Refused::Id));
        assert_eq!(
            errors[0].to_string(),
            "the id that begins at byte 7 was skipped: it needs more than the limit of 20 bytes \
             for ids; raise the limits to receive it"
        );
    }
}

#[test]
fn an_id_is_checked_at_the_end_of_its_line_for_nul_first() {
    let parser = || Parser::with_limit(32);
    // It is 8 bytes long at most.
    for (id, refused) in [
        ("12345678", false),
        ("123456789", true),
        ("1234\u{0}56789", false),
        ("123456789\u{0}", false),
        ("\u{0}123456789", false),
        ("123456789123456789\u{0}", false),
    ] {
        let stream = format!("id: a\n\nid: {id}\ndata: x\n\n");
        let (data, errors, last_event_id) = outcome!(parser(), stream);
        assert_eq!((data, errors.len()), (vec!["x".into()], usize::from(refused)), "{stream:?}");
        let kept = refused || id.contains('\0');
        assert_eq!(last_event_id, if kept { "a" } else { id }, "{stream:?}");
    }
    // A line that does not end is not checked.
    let (_, errors, _) = outcome!(parser(), "id: 123456789123456789");
    assert_eq!(errors, []);
    // Each byte becomes the three of U+FFFD, which are what counts in the end.
    for (ill_formed, refused) in [(2, false), (3, true), (8, true), (9, true)] {
        let stream = [b"id: ", &[0xFF; 9][..ill_formed], b"\ndata: x\n\n"].concat();
        let (data, errors, id) = outcome!(parser(), stream);
        assert_eq!((data, errors.len()), (vec!["x".into()], usize::from(refused)));
        assert_eq!(id, if refused { String::new() } else { "\u{FFFD}".repeat(ill_formed) });
    }
}

#[test]
fn an_id_can_be_refused_after_its_event_was_and_both_are_reported() {
    // While it is read, at most the limit for IDs counts.
    let stream = "data: 1234567890123\nid: 123456\nid: 1\n\ndata: x\n\n";
    let (data, errors, id) = outcome!(Parser::with_limit(16), stream);
    assert_eq!((data, &*id), (vec!["x".into()], "1"));
    let returned: Vec<_> = errors.iter().map(facts).collect();
    assert_eq!(returned, [(16, 0, None, Refused::Event), (4, 20, None, Refused::Id)]);
}

#[test]
fn a_last_event_id_is_set_by_the_caller_or_rejected_with_the_reason() {
    let mut parser = Parser::with_limit(16);
    parser.set_last_event_id("old").unwrap();
    for (id, at, character) in [("a\0b", 1, '\0'), ("\n", 0, '\n'), ("\u{E9}\r", 2, '\r')] {
        let error = parser.set_last_event_id(id).unwrap_err();
        assert_eq!(error, LastEventIdError::Character { character, at });
        assert!(error.to_string().contains(&format!("{character:?} at byte {at}")), "{error}");
    }
    let error = parser.set_last_event_id("12345").unwrap_err();
    assert_eq!(error, LastEventIdError::TooLong { length: 5, room: 4 });
    assert_eq!(parser.last_event_id(), "old");
    let mut parser = over_arrays([0; 9], [0; 9], [0; 14]);
    let error = parser.set_last_event_id("12345").unwrap_err();
    assert_eq!(error, LastEventIdError::TooLong { length: 5, room: 4 });
    assert!(
        error.to_string().starts_with("the last event ID has 5 bytes, and there is room for 4; "),
        "{error}"
    );
    parser.set_last_event_id("1234").unwrap();
    assert_eq!(parser.last_event_id(), "1234");
    // Other retained values count too.
    let mut parser = Parser::with_limit(20);
    assert_eq!(parser.push(b"event: e\ndata: 123456789012345\nid: 1").next(), Ok(None));
    let error = parser.set_last_event_id("12345").unwrap_err();
    assert_eq!(error, LastEventIdError::TooLong { length: 5, room: 4 });
    parser.set_last_event_id("1234").unwrap();
    assert_eq!(parser.retained(), 20);
}

#[test]
fn a_last_event_id_that_is_set_in_the_middle_of_a_block_replaces_what_the_block_had() {
    for head in ["id: block\nda", "id: block\nid: ha", "id: ha", "data: x\nid: \u{20AC}"] {
        let mut parser = Parser::new();
        assert_eq!(parser.push(head.as_bytes()).next(), Ok(None));
        parser.set_last_event_id("set").unwrap();
        assert_eq!(parser.last_event_id(), "set");
        assert_eq!(parser.push(b"lf\n\n").next().map(|_| ()), Ok(()), "{head}");
        assert_eq!(parser.last_event_id(), "set", "{head}");
        assert_eq!(parser.finish(), Ok(End::Clean));
    }
}

#[test]
fn an_id_that_is_set_after_a_refusal_at_the_blank_line_is_in_force_for_the_next_event() {
    let mut parser = Parser::with_limit(16);
    let mut events = parser.push(b"id: 1\ndata: \xFF\xFF\xFF\xFF\xFF\xFF\n\ndata: x\n\n");
    assert!(events.next().is_err());
    let rest = events.into_rest();
    assert_eq!(parser.last_event_id(), "1");
    parser.set_last_event_id("9").unwrap();
    let mut events = parser.push(rest);
    let event = events.next().unwrap().unwrap();
    assert_eq!((event.data, event.last_event_id, event.sets_id), ("x", "9", false));
}

#[cfg(feature = "std")]
#[test]
fn a_last_event_id_that_is_set_between_two_events_of_one_read_counts_for_the_second() {
    let id = "i".repeat(100);
    for data in [300, 301] {
        let stream = format!("data\n\ndata: {}\n\ndata\n\n", "x".repeat(data));
        let mut reader =
            sse_wire::io::EventReader::with_parser(stream.as_bytes(), Parser::with_limit(400));
        assert_eq!(reader.next().unwrap().unwrap().data, "");
        reader.set_last_event_id(&id).unwrap();
        let refused = reader.next().map(|event| event.unwrap().data.len());
        assert_eq!(refused.is_err(), data > 300, "{data} bytes beside 100 within 400: {refused:?}");
        assert_eq!(reader.next().unwrap().unwrap().data, "", "the one after it");
        assert!(reader.parser().retained() <= 400);
    }
}
