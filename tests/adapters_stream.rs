//! The stream of events: the vectors and the laws.

#![cfg(feature = "stream")]

#[path = "support/stream_script.rs"]
mod stream_script;
mod support;

use std::cell::Cell;
use std::error::Error as _;
use std::fmt;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use allocation_counter::measure;
use futures::Stream;
use futures::stream::FusedStream;
use sse_wire::stream::{EventStream, EventStreamExt};
use sse_wire::{Block, End, Event, Item, ParseError, Parser, ReadError, Refused};
use stream_script::{Script, context, is_send, poll_next, poll_once};
use support::{
    Decoded, DecoderCase, decoder_cases, every_chunking, growable, milliseconds, seeded, values,
};

#[derive(Debug, PartialEq)]
struct Broken(u8);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "broken pipe {}", self.0)
    }
}

impl std::error::Error for Broken {}

type Chunks<'c> = Script<Result<&'c [u8], Broken>>;

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
    /// `next_items`.
    Items,
    /// All of them in turn.
    Mixed,
}

const WAYS: [Way; 6] =
    [Way::Poll, Way::PollReady, Way::Events, Way::ForgottenCursors, Way::Items, Way::Mixed];

/// Returns everything until the stream is pending, and whether it has ended.
fn run(stream: &mut EventStream<Chunks<'_>>, way: Way, decoded: &mut Decoded) -> bool {
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
                let mut items = match poll_once(stream.next_items()) {
                    Poll::Ready(Some(items)) => items.unwrap(),
                    Poll::Ready(None) => return true,
                    Poll::Pending => return false,
                };
                loop {
                    match items.next() {
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

/// The data of each event, or what is returned in its place.
fn returned(stream: &mut EventStream<Chunks<'_>>) -> Vec<String> {
    std::iter::from_fn(|| match poll_next(stream) {
        Poll::Ready(Some(Ok(event))) => Some(event.data),
        Poll::Ready(Some(Err(ReadError::Transport(error)))) => Some(error.to_string()),
        Poll::Ready(Some(Err(ReadError::Parse(_)))) => Some("limit".into()),
        Poll::Ready(None) => None,
        Poll::Pending => Some("pending".into()),
    })
    .collect()
}

#[test]
fn a_transport_error_follows_the_events_before_it_and_the_stream_continues() {
    let chunks: [Result<&[u8], _>; 4] =
        [Ok(b"data: 1\n\ndata: 2\n\nda"), Err(Broken(1)), Err(Broken(2)), Ok(b"ta: 3\n\n")];
    let mut stream = Script::ready(chunks).events();
    assert_eq!(returned(&mut stream), ["1", "2", "broken pipe 1", "broken pipe 2", "3"]);
    assert_eq!(stream.finish(), Ok(End::Clean));
}

#[test]
fn a_lending_call_returns_the_transport_error_itself() {
    let mut stream = Script::ready([Err(Broken(1)), Ok(&b"data: 1\n\n"[..])]).events();
    assert!(matches!(poll_once(stream.next_events()), Poll::Ready(Some(Err(Broken(1))))));
    assert!(matches!(poll_once(stream.next_items()), Poll::Ready(Some(Ok(_)))), "and it continues");
}

#[test]
fn a_limit_error_takes_the_place_of_its_event_and_the_next_event_follows() {
    let bytes = b"data: 1\n\ndata: too long\n\ndata: 2\n\n";
    for size in 1..=bytes.len() {
        let chunks = bytes.chunks(size).map(Ok);
        let mut stream = EventStream::with_parser(Script::ready(chunks), Parser::with_limit(4));
        assert_eq!(returned(&mut stream), ["1", "limit", "2"], "chunks of {size}");
    }
}

#[test]
fn errors_have_advice_and_their_source() {
    let mut stream = EventStream::with_parser(
        Script::ready([Ok(&b"data: xx\n\n"[..]), Err(Broken(9))]),
        Parser::with_limit(1),
    );
    let Poll::Ready(Some(Err(limit))) = poll_next(&mut stream) else { panic!() };
    let ReadError::Parse(ParseError::Limit(error)) = limit else { panic!("{limit:?}") };
    assert_eq!((limit.to_string(), error.limit()), (error.to_string(), 1));
    assert!(limit.source().is_none(), "it is reported once");
    let Poll::Ready(Some(Err(transport))) = poll_next(&mut stream) else { panic!() };
    assert_eq!(transport.source().unwrap().downcast_ref(), Some(&Broken(9)));
    assert!(!transport.to_string().contains("broken pipe"), "it is reported once");
}

#[test]
fn cancellation_a_dropped_future_loses_nothing() {
    let bytes = b"id: 1\ndata: one\n\ndata: two\r\n\r\n: c\n\nevent: e\ndata: three\n\n";
    let expected = returned(&mut Script::ready([Ok::<_, Broken>(&bytes[..])]).events());
    assert_eq!(expected, ["one", "two", "three"]);
    for size in 1..=bytes.len() {
        let mut stream = Script::pausing(bytes.chunks(size).map(Ok::<_, Broken>)).events();
        let mut seen = Vec::new();
        // Each poll uses a new future, which is then dropped.
        loop {
            match poll_once(futures::StreamExt::next(&mut stream)) {
                Poll::Ready(Some(event)) => seen.push(event.unwrap().data),
                Poll::Ready(None) => break,
                Poll::Pending => {}
            }
        }
        assert_eq!(seen, expected, "chunks of {size}");
    }
}

#[test]
fn finish_reports_the_end_after_none_and_the_parser_continues_in_the_next_connection() {
    let first = b"id: 1\nretry: 50\ndata: whole\n\nid: 2\ndata: cut";
    let mut stream = Script::ready([Ok(&first[..])]).events();
    assert_eq!(returned(&mut stream), ["whole"]);
    assert_eq!(stream.last_event_id(), "1");
    let Ok(End::Incomplete(pending)) = stream.finish() else { panic!() };
    assert_eq!((pending.data, pending.last_event_id), (Some("cut"), "2"));

    let second = Script::ready([Ok::<_, Broken>(&b"data: next\n\n"[..])]);
    let mut stream = EventStream::with_parser(second, stream.into_parser());
    assert_eq!(stream.reconnection_time(), Some(Duration::from_millis(50)));
    let Poll::Ready(Some(Ok(event))) = poll_next(&mut stream) else { panic!() };
    assert_eq!((event.data.as_str(), event.last_event_id.as_str()), ("next", "1"));
    assert_eq!(event.range, 0..12, "positions start again");
}

#[test]
fn a_parser_in_the_middle_of_a_stream_continues_there() {
    let mut parser = Parser::new();
    assert!(parser.push(b"data: be").next().unwrap().is_none());
    let mut stream =
        EventStream::with_parser(Script::ready([Ok(&b"gun\n\ndata: x\n\n"[..])]), parser);
    assert_eq!(returned(&mut stream), ["begun", "x"]);
}

#[test]
fn finish_ends_the_stream_in_the_middle_of_a_chunk_too() {
    let mut stream =
        Script::ready([Ok(&b"data: 1\n\ndata: 2\n\n"[..]), Ok(b"data: 3\n\n")]).events();
    assert!(poll_next(&mut stream).is_ready());
    assert!(matches!(stream.finish(), Err(ParseError::Unread { bytes: 9, .. })));
    assert_eq!(returned(&mut stream), Vec::<String>::new());
}

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
        let mut parser = Parser::with_limit(1000);
        parser.set_id_limit(16).unwrap();
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
                    let Poll::Ready(Some(items)) = poll_once(events.next_items()) else { break };
                    let mut items = items.unwrap();
                    for _ in 0..random(4) {
                        match items.next() {
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

fn tiny_events(count: usize) -> Vec<u8> {
    b"data: x\n\n".repeat(count)
}

#[test]
fn linear_time_an_owned_event_costs_its_text_alone_however_large_the_chunk() {
    for count in [100, 10_000] {
        let bytes = tiny_events(count);
        let mut stream = Script::ready([Ok::<_, Broken>(&bytes[..])]).events();
        let mut seen = 0;
        let info = measure(|| {
            while let Poll::Ready(Some(event)) = poll_next(&mut stream) {
                seen += event.unwrap().data.len();
            }
        });
        assert_eq!((seen, info.count_total), (count, count as u64));
        assert_eq!(info.bytes_total, count as u64, "one byte of data for each event");
        // One chunk, and the end: an event that is already complete needs no further chunk.
        let mut stream = Script::ready([Ok::<_, Broken>(&bytes[..])]);
        let mut events = (&mut stream).events();
        while let Poll::Ready(Some(_)) = poll_next(&mut events) {}
        assert_eq!(stream.polls, 2);
    }
}

#[test]
fn zero_copy_a_lent_event_allocates_nothing() {
    let bytes = tiny_events(1000);
    let mut stream = Script::ready(bytes.chunks(9 * 50).map(Ok::<_, Broken>)).events();
    let mut seen = 0;
    let info = measure(|| {
        while let Poll::Ready(Some(events)) = poll_once(stream.next_events()) {
            let mut events = events.unwrap();
            while let Some(event) = events.next().unwrap() {
                seen += event.data.len();
            }
        }
    });
    assert_eq!((seen, info.count_total), (1000, 0));
}

/// A chunk that counts how many are alive.
struct Counted {
    _alive: Rc<()>,
    bytes: &'static [u8],
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        self.bytes
    }
}

#[test]
fn bounded_memory_one_chunk_is_kept_and_none_while_waiting() {
    let alive = Rc::new(());
    let chunk = |bytes| Poll::Ready(Ok::<_, Broken>(Counted { _alive: alive.clone(), bytes }));
    let held = || Rc::strong_count(&alive) - 1;
    let script =
        Script::new([chunk(b"data: 1\n\ndata: 2\n\nda"), chunk(b"ta: 3\n\n"), Poll::Pending]);
    let mut stream = script.events();
    assert_eq!(held(), 2, "both with the script");
    for expected in ["1", "2", "3"] {
        let Poll::Ready(Some(Ok(event))) = poll_next(&mut stream) else { panic!() };
        assert_eq!(event.data, expected);
    }
    assert_eq!(held(), 1, "the first one was evicted");
    assert!(poll_next(&mut stream).is_pending());
    assert_eq!(held(), 0);
}

#[test]
fn a_stream_that_is_not_unpin_works_if_pinned() {
    // A future of an async block can't move once it was polled.
    let chunks = || futures::stream::once(async { Ok::<_, Broken>(b"data: x\n\n") });

    let mut events = pin!(chunks().events());
    let next = events.as_mut().poll_next(&mut context());
    assert!(matches!(next, Poll::Ready(Some(Ok(event))) if event.data == "x"));

    // For the lending calls the chunks are pinned.
    let chunks = pin!(chunks());
    let mut events = EventStream::new(chunks);
    assert!(matches!(poll_once(events.next_events()), Poll::Ready(Some(Ok(_)))));
}

#[test]
fn a_stream_is_send_if_and_only_if_its_chunks_are() {
    let mut sendable = Script::ready([Ok::<_, Broken>(b"x".to_vec())]).events();
    assert!(is_send!(sendable));
    assert!(is_send!(sendable.next_events()));
    let local =
        Script::ready([Ok::<_, Broken>(Counted { _alive: Rc::new(()), bytes: b"data: x\n\n" })]);
    let mut local = local.events();
    assert!(!is_send!(local));
    assert!(matches!(poll_next(&mut local), Poll::Ready(Some(Ok(_)))), "and works");
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
