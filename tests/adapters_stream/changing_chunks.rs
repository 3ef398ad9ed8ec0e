//! No panic, whatever bytes a chunk has at each call of `as_ref`.

use std::cell::Cell;
use std::task::Poll;

use sse_wire::stream::EventStream;
use sse_wire::{End, Event, Growable, Item, Limits, Parser};

use crate::Broken;
use crate::stream_script::{Script, poll_next, poll_once};

/// A chunk that has different bytes at each call of `as_ref`, until only the last are left.
struct Fickle {
    looks: Cell<usize>,
    answers: Vec<Vec<u8>>,
}

impl AsRef<[u8]> for Fickle {
    fn as_ref(&self) -> &[u8] {
        let look = self.looks.get();
        self.looks.set(look + 1);
        &self.answers[look.min(self.answers.len() - 1)]
    }
}

/// The variants of a stream with values of all kinds: itself, another length, or other bytes.
fn variant(stream: &[u8], number: usize) -> Vec<u8> {
    let other = |with: &[u8]| with.iter().copied().cycle().take(stream.len()).collect();
    let values = |byte: u8| {
        let change = |&old: &u8| if b"xyz".contains(&old) { byte } else { old };
        stream.iter().map(change).collect()
    };
    match number {
        0 => Vec::new(),
        1 => stream[..stream.len() / 2].to_vec(),
        2 => [stream, stream].concat(),
        3 => [stream, &[b'x'; 999], b"\n\n"].concat(),
        4 => other(b"\xFF"),
        5 => other(b"\n"),
        6 => other(b"data: \xFF\n\n"),
        7 => values(0xFF),
        8 => values(b'\n'),
        9 => values(0),
        _ => stream.to_vec(),
    }
}

#[test]
fn no_panic_and_only_valid_text_from_a_chunk_whose_bytes_change() {
    let stream = [
        &b"event: xx\nid: xyz\n: yy\ndata: zz\n: xyz\ndata: yx\n\n: zz\nid: x\nretry: 1\n\n"[..],
        b"data: xyz\nid: yyyyyyyyyyyyyyyyyyyy\n\n",
        b"event: x\n\ndata: xy\nid: zzz\n: x",
    ]
    .concat();
    let is_text = |text: &str| assert!(std::str::from_utf8(text.as_bytes()).is_ok(), "{text:?}");
    let is_event = |event: Event<'_>| {
        [event.event_type, event.data, event.last_event_id].into_iter().for_each(is_text);
    };
    // A generator of Knuth's.
    let mut seed: u64 = 1;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    for _ in 0..5_000 {
        let fickle = |answers| Ok::<_, Broken>(Fickle { looks: Cell::new(0), answers });
        let mut chunks: Vec<_> = (0..1 + random(2))
            .map(|_| fickle((0..1 + random(6)).map(|_| variant(&stream, random(20))).collect()))
            .collect();
        chunks.push(fickle(vec![b"\n\n\ndata: healthy\n\n".to_vec()]));
        let parser = Parser::with_limits(Growable::new(), Limits { retained: 1000, id: 16 });
        let mut events = EventStream::with_parser(Script::ready(chunks), parser);
        let mut last = String::new();
        loop {
            match random(4) {
                0 => match poll_next(&mut events) {
                    Poll::Ready(None) => break,
                    Poll::Ready(Some(Ok(event))) => {
                        is_event(event.as_event());
                        last = event.data;
                    }
                    other => assert!(other.is_ready()),
                },
                1 => {
                    let Poll::Ready(Some(cursor)) = poll_once(events.next_events()) else { break };
                    let mut cursor = cursor.unwrap();
                    for _ in 0..random(4) {
                        if let Ok(Some(event)) = cursor.next() {
                            event.data.clone_into(&mut last);
                            is_event(event);
                        }
                    }
                }
                _ => {
                    let Poll::Ready(Some(items)) = poll_once(events.next_events()) else { break };
                    let mut items = items.unwrap();
                    for _ in 0..random(4) {
                        match items.next_item() {
                            Ok(Some(Item::Event(event))) => {
                                event.data.clone_into(&mut last);
                                is_event(event);
                            }
                            Ok(Some(Item::Comment { text, .. })) => is_text(text),
                            Ok(Some(Item::Block { id, .. })) => is_text(id.unwrap_or_default()),
                            _ => {}
                        }
                    }
                }
            }
            is_text(events.last_event_id());
        }
        assert_eq!(last, "healthy");
        if let Ok(End::Incomplete(pending)) = events.finish() {
            let data = pending.data.unwrap_or_default();
            [pending.event_type, data, pending.last_event_id].into_iter().for_each(is_text);
        }
    }
}
