//! Round trip: blocks decode to themselves, and events encode to themselves.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use sse_wire::{Block, Item, Parser};

use crate::{events_of, hostile_stream, laws, support};

#[test]
fn round_trip_an_event_becomes_a_block_with_its_own_id_and_no_default_type() {
    let blocks = ["event: tick\nid: 7\ndata: a\ndata: b\n\n", "data: c\n\n", "id: \ndata: d\n\n"];
    let stream = blocks.concat();
    let mut parser = Parser::new();
    let mut events = parser.push(stream.as_bytes());
    for block in blocks {
        let mut encoded = String::new();
        let event = events.next().unwrap().unwrap();
        Block::from(&event).encode(&mut encoded).unwrap();
        assert_eq!(encoded, block);
        let owned = event.clone().into_owned();
        assert_eq!(Block::from(&owned), Block::from(&event));
    }
}

proptest! {
    #![proptest_config(support::kept::failures())]

    #[test]
    fn round_trip_blocks_decode_to_themselves_alone_and_between_others_or_are_rejected(
        blocks in vec(any_block(), 0..5),
    ) {
        laws::encoding::round_trip(blocks.iter().map(AnyBlock::as_block));
    }

    #[test]
    fn round_trip_every_event_of_any_stream_encodes_to_itself(stream in hostile_stream()) {
        let mut copy = Vec::new();
        let mut parser = Parser::new();
        let mut items = parser.push(&stream);
        while let Some(item) = items.next_item().unwrap() {
            match item {
                Item::Event(event) => Block::from(&event).encode(&mut copy).unwrap(),
                Item::Block { id: Some(id), .. } => Block::new().id(id).encode(&mut copy).unwrap(),
                _ => {}
            }
        }
        let returned = |stream: &[u8]| -> Vec<_> {
            events_of(stream).into_iter().map(|event| (event.0, event.1, event.2)).collect()
        };
        prop_assert_eq!(returned(&copy), returned(&stream));
    }
}

#[derive(Clone, Debug)]
struct AnyBlock {
    /// Comment, type, id, data.
    texts: [Option<String>; 4],
    retry: Option<u64>,
    strict: bool,
}

impl AnyBlock {
    fn as_block(&self) -> Block<'_> {
        let [comment, event_type, id, data] = self.texts.each_ref().map(Option::as_deref);
        Block {
            comment,
            event_type,
            id,
            data,
            retry: self.retry.map(Duration::from_millis),
            strict: self.strict,
        }
    }
}

fn any_block() -> impl Strategy<Value = AnyBlock> {
    let texts = [(); 4].map(|()| prop::option::of(any_text()));
    (texts, prop::option::of(any::<u64>()), any::<bool>())
        .prop_map(|(texts, retry, strict)| AnyBlock { texts, retry, strict })
}

/// Text of lines, spaces, colons and characters of every length.
fn any_text() -> impl Strategy<Value = String> {
    const PIECES: [&str; 13] = [
        "\n", "\r", "\r\n", " ", ":", "data: x", "\0", "é", "漢", "😀", "\u{FEFF}", "\u{2028}", "x",
    ];
    prop_oneof![
        vec(select(&PIECES[..]), 0..8).prop_map(|pieces| pieces.concat()),
        vec(select(&PIECES[3..]), 0..4).prop_map(|pieces| pieces.concat()),
        any::<String>(),
    ]
}

#[test]
fn a_reconnection_time_is_written_in_whole_milliseconds_and_saturates() {
    for (time, expected) in [
        (Duration::ZERO, "retry: 0\n\n"),
        (Duration::from_micros(1_999), "retry: 1\n\n"),
        (Duration::from_millis(u64::MAX), "retry: 18446744073709551615\n\n"),
        (Duration::MAX, "retry: 18446744073709551615\n\n"),
    ] {
        let mut stream = String::new();
        Block::new().retry(time).encode(&mut stream).unwrap();
        assert_eq!(stream, expected);
    }
}
