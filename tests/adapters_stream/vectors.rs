//! The vectors, in every chunking and every way to take events, and round trip.

use std::task::Poll;

use futures::stream::FusedStream;
use sse_wire::stream::{EventStream, EventStreamExt};
use sse_wire::{Block, End, Item, ParseError, ReadError, Refused};

use crate::stream_script::{Script, poll_next, poll_once};
use crate::support::{
    Decoded, DecoderCase, decoder_cases, every_chunking, growable, milliseconds, seeded, values,
};
use crate::{Broken, Chunks};

/// How a test takes events from the stream.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    /// As a `Stream`, pending after each chunk.
    Poll,
    /// As a `Stream` of chunks that are always ready.
    PollReady,
    /// `next_events`, each cursor drained.
    Events,
    /// `next_events`, with a future dropped before each event and a cursor leaked after it.
    ForgottenCursors,
    /// `next_events`, with `next_item`.
    Items,
    /// All of them in turn.
    Mixed,
}

const WAYS: [Way; 6] =
    [Way::Poll, Way::PollReady, Way::Events, Way::ForgottenCursors, Way::Items, Way::Mixed];

/// Returns everything until the stream is pending, and whether it has ended.
fn run(stream: &mut EventStream<Chunks<&[u8]>>, way: Way, decoded: &mut Decoded) -> bool {
    let mut turn = 0;
    loop {
        let step = match way {
            Way::Mixed => [Way::Poll, Way::ForgottenCursors, Way::Items][turn % 3],
            way => way,
        };
        turn += 1;
        match step {
            Way::Poll | Way::PollReady | Way::Mixed => match poll_next(stream) {
                Poll::Ready(Some(Ok(event))) => decoded.events.push(values(&event.as_event())),
                Poll::Ready(Some(Err(ReadError::Parse(_)))) => decoded.errors += 1,
                Poll::Ready(Some(Err(ReadError::Transport(error)))) => panic!("{error}"),
                Poll::Ready(None) => return true,
                Poll::Pending => return false,
            },
            Way::Events | Way::ForgottenCursors => {
                let mut events = match poll_once(stream.next_events()) {
                    Poll::Ready(Some(events)) => events.unwrap(),
                    Poll::Ready(None) => return true,
                    Poll::Pending => return false,
                };
                loop {
                    match events.next() {
                        Ok(Some(event)) => decoded.events.push(values(&event)),
                        Ok(None) => break,
                        Err(_) => decoded.errors += 1,
                    }
                    if step == Way::ForgottenCursors {
                        // A cursor has no `Drop`, so a leaked one behaves like a dropped one.
                        const { assert!(!std::mem::needs_drop::<sse_wire::Events<'_, '_>>()) };
                        break;
                    }
                }
            }
            Way::Items => {
                let mut items = match poll_once(stream.next_events()) {
                    Poll::Ready(Some(items)) => items.unwrap(),
                    Poll::Ready(None) => return true,
                    Poll::Pending => return false,
                };
                loop {
                    match items.next_item() {
                        Ok(Some(Item::Event(event))) => decoded.events.push(values(&event)),
                        Ok(Some(Item::Comment { text, .. })) if way == Way::Items => {
                            decoded.comments.get_or_insert_default().push(text.to_owned());
                        }
                        Ok(Some(_)) => {}
                        Ok(None) => break,
                        Err(ParseError::Limit(error)) if error.refused() == Refused::Comment => {}
                        Err(_) => decoded.errors += 1,
                    }
                    if way == Way::Mixed {
                        break;
                    }
                }
            }
        }
    }
}

fn decode(case: &DecoderCase, way: Way, chunks: &[&[u8]]) -> Decoded {
    let parser = seeded(growable(case.limit), case.last_event_id.as_deref());
    let items = chunks.iter().map(|&chunk| Ok(chunk));
    let script = if way == Way::PollReady { Script::ready(items) } else { Script::pausing(items) };
    let mut stream = EventStream::with_parser(script, parser);
    let mut decoded = Decoded::default();
    if way == Way::Items {
        decoded.comments = Some(Vec::new());
    }
    assert!(!stream.is_terminated(), "or it would not be polled");
    while !run(&mut stream, way, &mut decoded) {
        decoded.after.push(decoded.events.len());
    }
    assert!(stream.is_terminated());
    assert!(matches!(poll_next(&mut stream), Poll::Ready(None)), "and stays at its end");
    decoded.last_event_id = stream.last_event_id().to_owned();
    decoded.retry = stream.reconnection_time().map(milliseconds);
    let clean = stream.parser().unfinished_block().is_empty();
    decoded.clean = matches!(stream.finish().unwrap(), End::Clean);
    assert_eq!(decoded.clean, clean);
    decoded
}

#[test]
fn every_decoder_vector_holds_in_every_chunking_through_the_stream() {
    for case in &decoder_cases() {
        let stream = case.chunks.concat();
        for way in WAYS {
            let check = |chunks: &[&[u8]], after: Option<&[usize]>| {
                let decoded = decode(case, way, chunks);
                let expected = Decoded {
                    after: match after {
                        Some(after) if way != Way::PollReady => after.to_vec(),
                        _ => decoded.after.clone(),
                    },
                    comments: match (&decoded.comments, case.limit) {
                        // Observed comments count toward the limit.
                        (None, _) | (_, Some(_)) => decoded.comments.clone(),
                        (Some(_), None) => case.expected.comments.clone(),
                    },
                    ..case.expected.clone()
                };
                assert!(
                    decoded == expected,
                    "{}\n{way:?}\nchunks   {:?}\ndecoded  {decoded:?}\nexpected {expected:?}",
                    case.name,
                    chunks.iter().map(|chunk| chunk.escape_ascii().to_string()).collect::<Vec<_>>(),
                );
            };
            let given: Vec<&[u8]> = case.chunks.iter().map(Vec::as_slice).collect();
            check(&given, Some(&case.expected.after));
            every_chunking(&stream, |chunks| check(chunks, None));
        }
    }
}

#[test]
fn round_trip_encoded_blocks_are_decoded_by_the_stream() {
    let mut bytes = Vec::new();
    for n in 0..20 {
        let data = format!("{n}\nof 20");
        Block::new().event_type("n").id(&n.to_string()).data(&data).encode(&mut bytes).unwrap();
    }
    for size in [1, 5, bytes.len()] {
        let mut stream = Script::pausing(bytes.chunks(size).map(Ok::<_, Broken>)).events();
        let mut again = Vec::new();
        loop {
            match poll_next(&mut stream) {
                Poll::Ready(Some(event)) => {
                    Block::from(&event.unwrap()).encode(&mut again).unwrap();
                }
                Poll::Ready(None) => break,
                Poll::Pending => {}
            }
        }
        assert_eq!(again, bytes);
    }
}
