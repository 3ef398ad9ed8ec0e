//! Positions: the ranges of tokens are the stream, and the range of an event decodes to that event.

use std::ops::Range;

use proptest::prelude::*;
use sse_wire::{Item, Parser};

use crate::support::shapes::{cut, places};
use crate::support::{self, Way, decode};
use crate::{hostile_stream, laws};

proptest! {
    #![proptest_config(support::kept::failures())]

    #[test]
    fn positions_the_tokens_and_their_ranges_are_the_stream(stream in hostile_stream(), places in places()) {
        laws::positions::rebuilt(&stream, &cut(&stream, &places));
    }

    #[test]
    fn positions_the_bytes_of_an_events_range_decode_to_that_event(stream in hostile_stream()) {
        let mut last_end = 0;
        let mut last_event_id = String::new();
        for item in items(&stream) {
            let (id, range, event) = item;
            prop_assert!(last_end <= range.start, "blocks come in order and do not overlap");
            let between = &stream[last_end as usize..range.start as usize];
            prop_assert!(matches!(between, b"" | b"\n" | b"\xEF\xBB\xBF"), "nothing is lost between blocks");
            last_end = range.end;
            let mut parser = Parser::new();
            parser.set_last_event_id(&last_event_id).unwrap();
            // A byte order mark here is data, but would be removed at the start of a separate stream.
            let block = [b":\n", &stream[range.start as usize..range.end as usize]].concat();
            let alone = decode(parser, Way::Push, &[&block]);
            let returned = alone.events.first().map(|(event_type, data, id, _)| {
                (event_type.clone(), data.clone(), id.clone())
            });
            prop_assert_eq!(returned, event);
            prop_assert!(alone.clean && alone.events.len() <= 1);
            last_event_id = id.unwrap_or(last_event_id);
            prop_assert_eq!(&alone.last_event_id, &last_event_id);
        }
    }
}

/// The ID that a block sets, its range, and its event.
type BlockOf = (Option<String>, Range<u64>, Option<(String, String, String)>);

/// The blocks of a stream: the ID that each sets, its range, and its event.
fn items(stream: &[u8]) -> Vec<BlockOf> {
    let mut parser = Parser::new();
    let mut items = parser.push(stream);
    let mut blocks = Vec::new();
    while let Some(item) = items.next_item().unwrap() {
        match item {
            Item::Event(event) => {
                let id = event.sets_id.then(|| event.last_event_id.to_owned());
                let returned =
                    (event.event_type.into(), event.data.into(), event.last_event_id.into());
                blocks.push((id, event.range, Some(returned)));
            }
            Item::Block { id, range, .. } => blocks.push((id.map(str::to_owned), range, None)),
            _ => {}
        }
    }
    blocks
}
