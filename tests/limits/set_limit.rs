//! The limits of a new parser, and limits that change in the middle of a line.

use sse_wire::{Item, Parser, Refused};

use crate::support::over_arrays;
use crate::{facts, limit_error};

#[test]
fn a_limit_can_be_lowered_and_raised_in_the_middle_of_anything() {
    // Lowered below what is retained: refused at once, with the block's position.
    let mut parser = Parser::new();
    assert_eq!(parser.push(b"id: 1\ndata: 12345678").next(), Ok(None));
    assert_eq!(parser.retained(), 9);
    assert_eq!(parser.set_limit(9), Ok(()));
    let error = parser.set_limit(8).unwrap_err();
    assert_eq!(facts(&error), (8, 0, None, Refused::Event));
    assert_eq!((parser.limit(), parser.retained()), (8, 1));
    assert_eq!(parser.set_limit(5), Ok(()), "reported once");
    let mut events = parser.push(b"9\ndata: more\n\ndata: 1234\n\ndata: 12345\n\n");
    let event = events.next().unwrap().unwrap();
    assert_eq!((event.data, event.last_event_id), ("1234", "1"));
    assert_eq!(facts(&limit_error(events.next())), (5, 46, None, Refused::Event));
    assert_eq!(events.next(), Ok(None));
    assert_eq!(parser.set_limit(6), Ok(()));
    assert_eq!(parser.push(b"data: 12345\n\n").next().unwrap().unwrap().data, "12345");

    // A comment that is being read is dropped before the event is.
    let mut parser = Parser::new();
    assert_eq!(parser.push(b"data: 1234\n: a long comm").next_item(), Ok(None));
    assert_eq!(parser.set_limit(4), Ok(()));
    assert_eq!(parser.retained(), 4);
    let mut items = parser.push(b"ent\n\n");
    assert!(matches!(items.next_item(), Ok(Some(Item::Event(event))) if event.data == "1234"));

    // In the middle of a chunk.
    let mut parser = Parser::new();
    let chunk = b"data: 1\n\ndata: 12345\n\n";
    let mut events = parser.push(chunk);
    assert!(events.next().unwrap().is_some());
    let rest = events.into_rest();
    assert_eq!(parser.set_limit(4), Ok(()));
    assert_eq!(facts(&limit_error(parser.push(rest).next())), (4, 9, None, Refused::Event));
}

#[test]
fn a_limit_that_leaves_no_room_for_an_id_is_rejected_and_changes_nothing() {
    for set_id_limit in [false, true] {
        let refused = |parser: &mut Parser, limit| {
            let before = (parser.limit(), parser.id_limit(), parser.retained());
            let changed = match set_id_limit {
                true => parser.set_id_limit(limit),
                false => parser.set_limit(4 * limit + 3),
            };
            let changed = changed.map_err(|error| facts(&error));
            let after = (parser.limit(), parser.id_limit(), parser.retained());
            assert!(changed.is_ok() || before == after);
            changed
        };
        // The ID in force.
        let mut parser = Parser::new();
        parser.set_last_event_id("123456").unwrap();
        assert_eq!(refused(&mut parser, 5), Err((5, 0, None, Refused::Id)));
        assert_eq!(refused(&mut parser, 6), Ok(()));
        assert_eq!((parser.last_event_id(), parser.id_limit()), ("123456", 6));
        // The one that the block has set.
        assert_eq!(parser.push(b"id: 1\n\nid: 123456\n").next(), Ok(None));
        assert_eq!(refused(&mut parser, 5), Err((5, 7, None, Refused::Id)));
        assert_eq!(
            parser.push(b"\nid: 1\ndata: x\n\n").next().map(|event| event.is_some()),
            Ok(true)
        );
        assert_eq!(refused(&mut parser, 5), Ok(()));
        // Not the one that is being read, which is checked at the end of its line.
        assert_eq!(parser.push(b"id: 12345").next(), Ok(None));
        assert_eq!(refused(&mut parser, 4), Ok(()));
        assert_eq!(limit_error(parser.push(b"\n").next()).limit(), 4);
        assert_eq!(refused(&mut parser, 0), Err((0, 34, None, Refused::Id)));
        assert_eq!(parser.set_last_event_id(""), Ok(()));
        assert_eq!(refused(&mut parser, 0), Ok(()));
    }
}

#[test]
fn the_default_limit_is_16_mib() {
    assert_eq!(Parser::new().limit(), 1 << 24);
    assert_eq!(Parser::with_limit(7).limit(), 7);
    assert_eq!(over_arrays([0; 8], [0; 8], [0; 8]).limit(), usize::MAX);
}

#[test]
fn the_limit_for_ids_is_64_kib_a_quarter_of_the_limit_or_a_third_of_the_array() {
    let mut parser = Parser::new();
    assert_eq!(parser.id_limit(), 1 << 16);
    parser.set_id_limit(usize::MAX).unwrap();
    assert_eq!(parser.id_limit(), 1 << 22);
    assert_eq!(Parser::with_limit(1 << 18).id_limit(), 1 << 16);
    assert_eq!(Parser::with_limit((1 << 18) - 1).id_limit(), (1 << 16) - 1);
    assert_eq!(over_arrays([], [], [0; 95]).id_limit(), 31);
}

#[test]
fn an_id_that_is_being_read_and_fits_a_new_limit_exactly_is_kept() {
    for (limit, id) in [(2, "12"), (1, "")] {
        let mut parser = Parser::new();
        assert_eq!(parser.push(b"id: 12").next(), Ok(None));
        assert_eq!(parser.set_id_limit(limit), Ok(()));
        let mut events = parser.push(b"\ndata: x\n\n");
        assert_eq!(events.next().is_err(), limit == 1);
        assert_eq!(events.discard(), Ok(()));
        assert_eq!(parser.last_event_id(), id);
    }
}

#[test]
fn a_comment_that_fits_a_new_limit_exactly_is_kept() {
    let mut parser = Parser::new();
    assert_eq!(parser.push(b":abc").next_item(), Ok(None));
    let kept = parser.retained();
    assert!(kept >= 3);
    assert_eq!(parser.set_limit(kept), Ok(()));
    match parser.push(b"\n").next_item() {
        Ok(Some(Item::Comment { text, .. })) => assert_eq!(text, "abc"),
        other => panic!("{other:?}"),
    };
}
