//! Zero-copy: an event in one chunk is lent from it, and equals an owned one and one made by hand.

use sse_wire::{Event, Field, Item, Line, OwnedEvent, Parser, Token, Tokenizer};

use crate::support::decoder_cases;

#[test]
fn an_owned_event_equals_the_event_and_can_lend_it() {
    let mut parser = Parser::new();
    let mut events = parser.push(b"event: tick\nid: 7\ndata: a\n\ndata: b\n\n");
    for event_type in ["tick", "message"] {
        let event = events.next().unwrap().unwrap();
        let owned = event.clone().into_owned();
        assert_eq!(owned.event_type, event_type);
        assert_eq!((&*owned.data, &*owned.last_event_id), (event.data, "7"));
        assert_eq!(owned.as_event(), event);
        assert_eq!(OwnedEvent::from(event), owned);
    }
}

#[test]
fn an_event_made_by_hand_equals_one_of_a_stream() {
    let mut made = Event::new("tick", "a\nb");
    (made.last_event_id, made.sets_id, made.range) = ("7", true, 0..35);
    let mut parser = Parser::new();
    let mut events = parser.push(b"id: 7\nevent: tick\ndata: a\ndata: b\n\n");
    let event = events.next().unwrap().unwrap();
    assert_eq!(made, event);
    let owned = OwnedEvent::from(Event::new("message", ""));
    assert_eq!(owned, OwnedEvent::default());
    assert_eq!((&*owned.event_type, &*owned.data, &*owned.last_event_id), ("message", "", ""));
}

#[test]
fn zero_copy_an_event_is_lent_from_its_chunk_even_if_comments_and_times_in_it_are_returned() {
    let stream = "event: tick\n: one\nid: 7\nretry: 5\ndata: größe\n: two\n\n";
    let mut parser = Parser::new();
    let mut items = parser.push(stream.as_bytes());
    let within = stream.as_bytes().as_ptr_range();
    let mut seen = 0;
    while let Some(item) = items.next_item().unwrap() {
        seen += 1;
        match item {
            Item::Event(event) => {
                assert_eq!((event.event_type, event.data), ("tick", "größe"));
                assert!(within.contains(&event.event_type.as_ptr()), "type copied");
                assert!(within.contains(&event.data.as_ptr()), "data copied");
            }
            Item::Comment { text, .. } => assert!(within.contains(&text.as_ptr())),
            _ => {}
        }
    }
    assert_eq!(seen, 4);
}

#[test]
fn zero_copy_an_event_in_one_chunk_is_lent_from_it() {
    for case in decoder_cases().iter().filter(|case| case.limit.is_none()) {
        let stream = case.chunks.concat();
        let within = stream.as_ptr_range();
        let mut parser = Parser::new();
        let mut events = parser.push(&stream);
        while let Some(event) = events.next().unwrap() {
            let block = &stream[event.range.start as usize..event.range.end as usize];
            let data_lines = Tokenizer::new()
                .push(block)
                .filter(|token| matches!(token, Token::Line { line: Line::Field(Field::Data), .. }))
                .count();
            if data_lines == 1 && std::str::from_utf8(block).is_ok() {
                assert!(within.contains(&event.data.as_ptr()), "{}: data copied", case.name);
                if event.event_type != "message" {
                    assert!(
                        within.contains(&event.event_type.as_ptr()),
                        "{}: type copied",
                        case.name
                    );
                }
            }
        }
    }
}
