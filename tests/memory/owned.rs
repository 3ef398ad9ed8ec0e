//! Bounded memory: owned events cost what their own bytes cost.

use allocation_counter::measure;
use sse_wire::Parser;

use crate::{decode, event_of, owned, without_id_limit};

#[test]
fn bounded_memory_the_copy_of_an_id_for_owned_events_is_freed_with_the_id() {
    let mut parser = without_id_limit();
    let stream = format!("id: {}\ndata: x\n\n", "x".repeat(1 << 20));
    let info = measure(|| {
        assert!(parser.push(stream.as_bytes()).next_owned().unwrap().is_some());
        assert!(parser.push(b"id\n\n").next().unwrap().is_none());
    });
    assert!(info.bytes_current < 8192, "{info:?}");
}

#[test]
fn an_owned_event_allocates_only_for_its_values() {
    for (stream, allocations) in [
        (&b"data: x\n\n"[..], 1),
        (b"data\n\n", 0),
        (b"event: message\ndata: x\n\n", 1),
        (b"event: e\ndata: x\n\n", 2),
        (b"event: e\nid: 1\ndata: x\n\n", 3),
    ] {
        let mut parser = Parser::new();
        let mut events = parser.push(stream);
        let event = events.next().unwrap().unwrap();
        let mut owned = None;
        let info = measure(|| owned = Some(event.clone().into_owned()));
        assert_eq!(info.count_total, allocations, "{}", stream.escape_ascii());
        assert_eq!(owned.unwrap().as_event(), event);
    }
}

#[test]
fn bounded_memory_one_large_id_does_not_make_every_later_event_large() {
    const ID: usize = 60 << 10;
    let stream =
        format!("id: {}\ndata: 123456\n\n{}", "i".repeat(ID), "data: 123456\n\n".repeat(299));
    for size in [3, 1460, usize::MAX] {
        let (events, info) = owned(&mut Parser::new(), stream.as_bytes().chunks(size));
        assert_eq!(events.len(), 300);
        assert!(
            events.iter().all(|event| event.last_event_id.len() == ID && event.data == "123456")
        );
        // The parser's, while it grows, and one that all events share.
        assert!(info.bytes_total < 5 * ID as u64, "chunks of {size}: {info:?}");
        let shared = info.bytes_current;
        assert!(shared < 4 * ID as i64, "chunks of {size}: {info:?}");
    }
}

#[test]
fn bounded_memory_owned_events_cost_what_their_own_bytes_cost_even_after_a_large_one() {
    for large in [0, 4 << 20] {
        // Lent, kept as one line and joined of several.
        for (event, size) in [
            ("data: 0123456789\n\n".to_owned(), usize::MAX),
            ("data: 0123456789\n\n".to_owned(), 7),
            ("data: 01234\ndata: 56789\n\n".to_owned(), usize::MAX),
            (format!("data: {}\n\n", "x".repeat(700)), 64),
            (format!("data: {}\n\n", "x".repeat(9000)), 1460),
        ] {
            let mut parser = Parser::new();
            let before = event_of(large);
            let (first, _) = owned(&mut parser, before.chunks(1460));
            assert_eq!(first[0].data.len(), large);
            drop(first);
            let stream = event.repeat(1000);
            let (events, info) = owned(&mut parser, stream.as_bytes().chunks(size));
            assert_eq!(events.len(), 1000);
            let bytes: usize = events.iter().map(|event| event.data.len()).sum();
            let held: usize = events.iter().map(|event| event.data.capacity()).sum();
            assert!(held <= 2 * bytes, "{held} of {bytes}, {event:.20}, chunks of {size}");
            assert!(
                info.bytes_total <= 6 * bytes as u64 + 8192,
                "{event:.20}, chunks of {size}: {info:?}"
            );
        }
    }
}

#[test]
fn bounded_memory_an_owned_event_does_not_hold_the_buffer_of_a_larger_one_before_it() {
    for large in [4000, 1 << 20] {
        let mut parser = Parser::new();
        assert_eq!(decode(&mut parser, event_of(large).chunks(1460)).0, 1);
        let (events, info) = owned(&mut parser, b"data: small\n\n".chunks(7));
        assert_eq!((events.len(), events[0].data.capacity()), (1, 5), "{large}");
        // The part that is always kept.
        assert!(info.bytes_max < 8192, "{large}: {info:?}");
    }
}

#[test]
fn bounded_memory_the_data_of_an_owned_event_takes_over_its_buffer() {
    let stream = event_of(64 << 10);
    let (events, info) = owned(&mut Parser::new(), [&stream[..1000], &stream[1000..]].into_iter());
    assert_eq!(events[0].data.len(), 64 << 10);
    // For the first piece and for the whole; a copy would be one more.
    assert_eq!(info.count_total, 2, "{info:?}");
}

#[test]
fn bounded_memory_an_owned_event_leaves_a_buffer_that_is_much_larger() {
    let mut parser = Parser::new();
    decode(&mut parser, event_of(1 << 20).chunks(1000));
    // More than a quarter of it, so that the parser keeps it, and less than half.
    let (events, _) = owned(&mut parser, event_of(700 << 10).chunks(1000));
    let data = &events[0].data;
    assert!(data.capacity() <= 2 * data.len(), "{}", data.capacity());
}

#[test]
fn an_owned_event_of_small_data_allocates_once_although_chunk_borders_cut_it() {
    let stream = format!("data: {}\n\n", "x".repeat(250)).repeat(1000);
    let (events, info) = owned(&mut Parser::new(), stream.as_bytes().chunks(64));
    assert_eq!(events.len(), 1000);
    // The buffer of the parser grows a few times, and stays.
    assert!(info.count_total < 1010, "{info:?}");
}
