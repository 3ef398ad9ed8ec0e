//! The last event ID: what sets it, and which event has which.

use std::time::Duration;

use sse_wire::{Item, LastEventId, Parser};

use crate::support::outcome::Output;
use crate::{events_of, texts};

#[test]
fn a_last_event_id_is_used_as_its_text() {
    let id = LastEventId::from("7");
    assert!(id == "7" && id == *"7" && id != "8" && id != *"8");
    assert_eq!((id.as_ref(), format!("{id:?} {id}").as_str()), ("7", "\"7\" 7"));
}

#[test]
fn an_owned_event_has_the_id_in_force_and_never_an_earlier_one() {
    let next_id = |parser: &mut Parser, chunk: &[u8]| {
        let mut events = parser.push(chunk);
        let event = events.next_owned().unwrap().unwrap();
        assert_eq!(events.next(), Ok(None));
        assert_eq!(event.last_event_id, parser.last_event_id());
        event.last_event_id.to_string()
    };
    let mut parser = Parser::new();
    assert_eq!(next_id(&mut parser, b"data\n\n"), "");
    assert_eq!(next_id(&mut parser, b"id: 1\ndata\n\n"), "1");
    assert_eq!(parser.push(b"id: 2\n\n").next(), Ok(None));
    assert_eq!(next_id(&mut parser, b"data\n\n"), "2", "by a block without an event");
    parser.set_last_event_id("3").unwrap();
    assert_eq!(next_id(&mut parser.clone(), b"data\n\n"), "3", "by the caller");
    assert_eq!(next_id(&mut parser, b"data\n\n"), "3");
    assert_eq!(parser.push(b"id: 4\ndata\n\n").discard(), Ok(()));
    assert_eq!(next_id(&mut parser, b"data\n\n"), "4", "by an event that was not returned");
    assert_eq!(next_id(&mut parser, b"id\ndata\n\n"), "");
}

#[test]
fn an_id_with_a_nul_at_any_place_among_any_other_bytes_is_ignored() {
    for other in (1..0x80).filter(|byte| !b"\n\r".contains(byte)) {
        for nul in 0..17 {
            let mut id = [other; 17];
            id[nul] = 0;
            let stream = [b"id: good\nid: ", &id[..], b"\ndata: x\n\n"].concat();
            assert_eq!(events_of(&stream)[0].2, "good", "{other:#x}, NUL at {nul}");
        }
    }
}

#[test]
fn a_discarded_chunk_sets_ids_and_reconnection_times_without_its_events() {
    let stream = b"data: 1\n\nid: 2\nretry: 2\ndata: 2\n\nid: 3\n\nretry: 4\nid: 4\ndata: 4";
    let mut parser = Parser::new();
    let mut events = parser.push(stream);
    assert_eq!(events.next().unwrap().unwrap().data, "1");
    assert_eq!(events.discard(), Ok(()));
    assert_eq!(parser.last_event_id(), "3");
    assert_eq!(parser.reconnection_time(), Some(Duration::from_millis(4)));
    assert_eq!(parser.position(), stream.len() as u64);
    // The block that it has started continues.
    let event = Output::from(parser.push(b"5\n\n").next().unwrap().unwrap());
    assert_eq!(texts(&[event]), [["message", "45", "4"]]);

    // Refusals are dropped with their events.
    let mut parser = Parser::with_limit(8);
    let items = parser.push(b"data: 123456789\n: 123456789\nid: 123\nid: 1\n\n: 123456789");
    assert_eq!(items.discard(), Ok(()));
    assert_eq!(parser.push(b"\n").next_item(), Ok(None), "a comment that was discarded in part");
    assert_eq!(parser.last_event_id(), "1");
}

#[test]
fn the_last_event_id_is_that_of_the_last_block_that_the_cursor_has_passed() {
    let stream = b"id: 1\ndata: 1\n\nid: 2\n\nid: 3\ndata: 3\n\nid: 4\n\nid: 5\n";
    let mut parser = Parser::new();
    // Directly after an event it is that event's ID.
    let mut events = parser.push(stream);
    assert_eq!(events.next().unwrap().unwrap().last_event_id, "1");
    let rest = events.into_rest();
    assert_eq!(parser.last_event_id(), "1", "a block without an event is not passed before");
    let mut events = parser.push(rest);
    assert_eq!(events.next().unwrap().unwrap().last_event_id, "3");
    let rest = events.into_rest();
    assert_eq!(parser.last_event_id(), "3");
    // After `None` all blocks of the chunk are passed.
    let mut events = parser.push(rest);
    assert_eq!(events.next(), Ok(None));
    assert_eq!(parser.last_event_id(), "4", "the last block has no blank line yet");

    let mut parser = Parser::new();
    assert_eq!(parser.push(stream).into_rest(), stream);
    assert_eq!(parser.last_event_id(), "", "nothing is passed");
    let mut items = parser.push(stream);
    for id in ["1", "2", "3", "4"] {
        match items.next_item().unwrap() {
            Some(Item::Event(event)) => assert_eq!(event.last_event_id, id),
            item => assert!(
                matches!(item, Some(Item::Block { id: Some(of_block), .. }) if of_block == id)
            ),
        }
    }
    assert_eq!(items.into_rest(), b"id: 5\n");
    assert_eq!(parser.last_event_id(), "4");

    let mut parser = Parser::new();
    assert_eq!(parser.push(stream).discard(), Ok(()));
    assert_eq!(parser.last_event_id(), "4", "everything is passed");
}
