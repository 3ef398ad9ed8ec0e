//! Bounded memory: what the parser's buffers have, and when they shrink.

use allocation_counter::measure;
use sse_wire::{Arrays, ParseError, Parser, Refused};

use crate::{decode, event_of, owned, without_id_limit};

#[test]
fn bounded_memory_a_warm_buffer_is_reused() {
    let stream = event_of(1000).repeat(200);
    let mut parser = Parser::new();
    // Every event is cut by a border, so every event is copied.
    let (_, warm_up) = decode(&mut parser, event_of(1000).chunks(64));
    assert!(warm_up.count_total > 0);
    let (count, info) = decode(&mut parser, stream.chunks(64));
    assert_eq!((count, info.count_total), (200, 0));
}

#[test]
fn bounded_memory_the_peak_of_allocation_stays_below_a_small_multiple_of_the_limit() {
    const LIMIT: usize = 64 * 1024;
    let flood = |head: &str, unit: &str, tail: &str| {
        format!("{head}{}{tail}data: x\n\n", unit.repeat(20 * LIMIT / unit.len()))
    };
    for (name, stream) in [
        ("data in one line", flood("data: ", "x", "\n\n")),
        ("data in many lines", flood("", "data: x\n", "\n")),
        ("event type", flood("event: ", "x", "\n\n")),
        ("id", flood("id: ", "x", "\n\n")),
        ("ids", flood("", "id: xxxxxxxxxxxxxxxxxxxxxxxx\n", "\n")),
        ("comment", flood(":", "x", "\n\n")),
        ("unknown field", flood("x", "x", "\n\n")),
        ("ill-formed data", flood("data: ", "\u{1}", "\n\n")),
    ] {
        let stream: Vec<u8> =
            stream.bytes().map(|byte| if byte == 1 { 0xFF } else { byte }).collect();
        for size in [1, 64, 1460, stream.len()] {
            let mut parser = Parser::with_limit(LIMIT);
            let (count, info) = decode(&mut parser, stream.chunks(size));
            assert!(count >= 1, "{name}: the event after it comes");
            // A buffer doubles, and its old half exists while it is copied.
            assert!(info.bytes_max <= 3 * LIMIT as u64, "{name}, chunks of {size}: {info:?}");
            if ["comment", "unknown field"].contains(&name) {
                assert!(info.bytes_total < 64, "{name}: never retained: {info:?}");
            }
        }
    }
}

#[test]
fn bounded_memory_a_large_event_is_freed_and_does_not_make_later_ones_expensive() {
    let mut parser = Parser::new();
    let large = event_of(4 << 20);
    let (count, info) = decode(&mut parser, large.chunks(1000));
    assert_eq!(count, 1);
    assert!(info.bytes_current >= 4 << 20, "the last event can still be lent: {info:?}");
    // A small event that is lent, and one that is copied.
    for size in [usize::MAX, 3] {
        let large = parser.clone();
        let mut parser = large;
        let (_, info) = decode(&mut parser, b"data: small\n\n".chunks(size));
        assert!(info.bytes_current < -(4 << 20) + 8192, "given back: {info:?}");
        let (_, info) = decode(&mut parser, b"data: small\n\n".chunks(size));
        assert_eq!(info.count_total, 0, "and not taken again: {info:?}");
    }
}

#[test]
fn bounded_memory_events_of_one_large_size_keep_their_buffer() {
    let mut parser = Parser::new();
    let (_, _) = decode(&mut parser, event_of(1 << 20).chunks(1000));
    let (count, info) = decode(&mut parser, event_of(1 << 20).repeat(5).chunks(1000));
    assert_eq!((count, info.count_total), (5, 0));
}

#[test]
fn bounded_memory_a_block_of_a_quarter_of_the_buffer_keeps_it_and_a_smaller_one_shrinks_it() {
    // The part retained from the first chunk is as long as the data, and allocated first.
    let decode = |parser: &mut Parser, data_len| {
        let line = format!("data: {}", "x".repeat(data_len));
        let (count, info) = decode(parser, [line.as_bytes(), b"\n\n"].into_iter());
        assert_eq!(count, 1);
        info.bytes_current
    };
    let mut parser = Parser::new();
    assert_eq!(decode(&mut parser, 16 << 10), 16 << 10);
    assert_eq!(decode(&mut parser, 4 << 10), 0);
    let used = (4 << 10) - 1;
    assert_eq!(
        decode(&mut parser, used),
        2 * used as i64 - (16 << 10),
        "room for two of it is kept"
    );
}

#[test]
fn bounded_memory_a_buffer_does_not_shrink_below_4_kib() {
    let mut parser = Parser::new();
    // The second piece doubles the buffer, of which little more than the data is written.
    let [first, second] = [format!("data: {}", "x".repeat(2300)), "x\n\n".into()];
    let (_, info) = decode(&mut parser, [first.as_bytes(), second.as_bytes()].into_iter());
    assert_eq!(info.bytes_current, 4600);
    let (_, info) = decode(&mut parser, [&b"event: x\n\n"[..]].into_iter());
    assert_eq!(info.bytes_current, 4096 - 4600);
}

#[test]
fn bounded_memory_the_text_of_ill_formed_data_is_freed_with_the_next_block() {
    let mut parser = Parser::new();
    // Each byte is three of text, and 4 KiB may stay.
    let line = [&b"data: "[..], &[0xFF; 2000]].concat();
    let (count, info) = decode(&mut parser, [&line[..], b"\n\n"].into_iter());
    assert!(count == 1 && info.bytes_current >= 6000, "the event can still be lent: {info:?}");
    let (_, info) = decode(&mut parser, [&b"event: x\n\n"[..]].into_iter());
    assert!(info.bytes_current <= 4096 - 6000, "{info:?}");
}

#[test]
fn bounded_memory_the_memory_of_a_dropped_id_is_freed_with_the_next_block() {
    let mut parser = without_id_limit();
    let mut dropped = vec![b'x'; 1 << 20];
    dropped.splice(..0, *b"id: ");
    dropped.extend(b"\0\n\n");
    let (_, info) = decode(&mut parser, dropped.chunks(1000));
    assert!(info.bytes_max >= 1 << 20 && info.bytes_current < 8192, "{info:?}");
    // An ID that the caller resets.
    parser.set_last_event_id(&"x".repeat(1 << 20)).unwrap();
    let info = measure(|| {
        parser.set_last_event_id("").unwrap();
        let mut events = parser.push(b"data: x\n\n");
        assert!(events.next().unwrap().is_some());
    });
    assert!(info.bytes_current < -(1 << 20) + 8192, "{info:?}");
}

#[test]
fn bounded_memory_an_id_of_8_mib_is_refused_unless_the_limit_for_ids_is_raised() {
    let stream = format!("id: {}\ndata: x\n\n", "i".repeat(8 << 20));
    for size in [1460, usize::MAX] {
        let mut parser = Parser::new();
        let mut errors = Vec::new();
        let info = measure(|| {
            for chunk in stream.as_bytes().chunks(size) {
                let mut events = parser.push(chunk);
                loop {
                    match events.next() {
                        Ok(Some(event)) => assert_eq!((event.data, event.last_event_id), ("x", "")),
                        Ok(None) => break,
                        Err(ParseError::Limit(error)) => {
                            errors.push((error.refused(), error.limit()))
                        }
                        Err(other) => panic!("{other}"),
                    }
                }
            }
        });
        assert_eq!(errors, [(Refused::Id, 64 << 10)]);
        assert!(info.bytes_max < 4 * (64 << 10), "{info:?}");
    }
    let mut parser = without_id_limit();
    assert_eq!(decode(&mut parser, [stream.as_bytes()].into_iter()).0, 1);
    assert_eq!(parser.last_event_id().len(), 8 << 20);
}

#[test]
fn bounded_memory_ill_formed_data_allocates_four_times_its_bytes_at_most() {
    for len in [(64 << 10) - 1, 64 << 10, (64 << 10) + 1, 1 << 20] {
        let stream = [b"data: ", &vec![0xFF; len][..], b"\n\n"].concat();
        for size in [1, 3, 1460, 4096, usize::MAX] {
            for keep in [false, true] {
                let mut parser = Parser::new();
                let chunks = stream.chunks(size);
                let (text, info) = if keep {
                    let (events, info) = owned(&mut parser, chunks);
                    (events[0].data.len(), info)
                } else {
                    let (count, info) = decode(&mut parser, chunks);
                    (3 * len * count, info)
                };
                assert_eq!(text, 3 * len);
                let most = 4 * len as u64;
                assert!(info.bytes_max <= most, "{len} bytes in chunks of {size}: {info:?}");
            }
        }
    }
}

#[test]
fn bounded_memory_a_long_type_or_id_is_freed_with_the_next_short_one() {
    for field in ["event", "id"] {
        let mut parser = without_id_limit();
        let long = format!("{field}: {}\ndata: x\n\n", "x".repeat(1 << 20));
        let (_, info) = decode(&mut parser, long.as_bytes().chunks(1000));
        assert!(info.bytes_current >= 1 << 20, "{field}: {info:?}");
        let short = format!("{field}: x\ndata: x\n\n");
        let (_, info) = decode(&mut parser, [short.as_bytes()].into_iter());
        assert!(info.bytes_current < -(1 << 20) + 8192, "{field}: {info:?}");
    }
}

#[test]
fn bounded_memory_a_block_that_uses_more_than_a_quarter_of_a_buffer_does_not_shrink_it() {
    let mut parser = Parser::new();
    let [large, smaller] = [64, 40].map(|kib| event_of(kib << 10));
    decode(&mut parser, large.chunks(1024));
    for stream in [smaller, large] {
        let (events, info) = decode(&mut parser, stream.chunks(1024));
        assert_eq!((events, info.count_total), (1, 0));
    }
}

#[test]
fn bounded_memory_a_buffer_shrinks_to_twice_the_block() {
    let mut parser = Parser::new();
    for kib in [64, 5] {
        decode(&mut parser, event_of(kib << 10).chunks(1024));
    }
    let (events, info) = decode(&mut parser, event_of(9 << 10).chunks(1024));
    assert_eq!((events, info.count_total), (1, 0));
}

#[test]
fn the_debug_output_of_a_parser_does_not_show_its_texts() {
    let mut parser = Parser::new();
    let mut events =
        parser.push(b"id: secret\ndata: secret\n\nevent: secret\nid: secret\ndata: secret");
    assert!(events.next_owned().unwrap().is_some());
    assert_eq!(events.next(), Ok(None));
    let shown = format!("{parser:?}");
    assert!(shown.contains("position: 62") && !shown.contains("secret"), "{shown}");

    let array = || [0; 64];
    let mut parser =
        Parser::with_arrays(Arrays { data: array(), event_type: array(), ids: array() });
    assert_eq!(parser.push(b"data: secret").next(), Ok(None));
    let shown = format!("{parser:?}");
    assert!(shown.contains("position: 12") && !shown.contains("115"), "{shown}");
}
