//! The test vectors as data, ways to cut a stream, and ways to decode one.
#![allow(dead_code)] // Each test file uses its part.

pub mod arrays;
pub mod connection;
pub mod encoder;
pub mod equality;
pub mod fold;
pub mod kept;
pub mod model;
pub mod outcome;
pub mod reference;
pub mod script;
pub mod shapes;

use std::convert::Infallible;
use std::env;
use std::ops::Range;
use std::time::Duration;

pub use arrays::within;
use fold::{Step, fold};
use sse_wire::{
    Arrays, End, Event, Events, Growable, Item, LimitError, Limits, Memory, ParseError, Parser,
    Refused, Storage,
};

/// An event as in the vectors: type, data, last event ID, range.
pub type Returned = (String, String, String, Range<u64>);

/// What a stream decodes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    pub events: Vec<Returned>,
    pub last_event_id: String,
    pub retry: Option<u64>,
    /// The number of events after each chunk.
    pub after: Vec<usize>,
    pub clean: bool,
    /// Refused events and ids.
    pub errors: usize,
    /// Comments, if the entry point returns them.
    pub comments: Option<Vec<String>>,
}

pub struct DecoderCase {
    pub name: String,
    pub chunks: Vec<Vec<u8>>,
    pub last_event_id: Option<String>,
    pub limit: Option<usize>,
    pub expected: Decoded,
}

pub fn decoder_cases() -> Vec<DecoderCase> {
    sse_wire_vectors::decoder().into_iter().map(decoder_case).collect()
}

fn decoder_case(case: sse_wire_vectors::DecoderCase) -> DecoderCase {
    let returned = |event: sse_wire_vectors::Event| -> Returned {
        (event.event_type, event.data, event.last_event_id, event.range.unwrap())
    };
    DecoderCase {
        name: case.case.name,
        chunks: case.chunks,
        last_event_id: case.carried_over,
        limit: case.limit.map(|limit| limit as usize),
        expected: Decoded {
            events: case.events.into_iter().map(returned).collect(),
            last_event_id: case.last_event_id,
            retry: case.retry,
            after: case.after,
            clean: case.clean,
            errors: case.errors,
            comments: Some(case.comments),
        },
    }
}

/// Calls `check` with `stream` whole, byte by byte, and at every two-way split (at a sample of them if the stream is
/// long), with and without empty chunks in between. If the environment has `SSE_WIRE_CHUNKINGS=few`, as for the many
/// mutants, only whole and byte by byte.
pub fn every_chunking(stream: &[u8], mut check: impl FnMut(&[&[u8]])) {
    check(&[stream]);
    check(&[b"", stream, b"", b""]);
    if stream.is_empty() {
        check(&[]);
    }
    let single: Vec<&[u8]> = stream.chunks(1).collect();
    let few = env::var_os("SSE_WIRE_CHUNKINGS").is_some_and(|chunkings| chunkings == "few");
    if !few || stream.len() < 10_000 {
        check(&single);
    }
    if few {
        return;
    }
    if stream.len() < 10_000 {
        let with_empty: Vec<&[u8]> = single.iter().flat_map(|&byte| [byte, b"", b""]).collect();
        check(&with_empty);
    }
    for size in [2, 3, 7, 64, 65] {
        check(&stream.chunks(size).collect::<Vec<_>>());
    }
    let len = stream.len();
    let (edge, step) = if len <= 2000 { (0, 1) } else { (40, len / 20) };
    for at in (0..=len).filter(|at| *at < edge || len - at < edge || at % step == 0) {
        let (head, tail) = stream.split_at(at);
        check(&[head, b"", tail]);
    }
}

/// How a test decodes a stream.
pub trait Driver {
    fn name(&self) -> &'static str;
    fn decode(
        &mut self,
        chunks: &[&[u8]],
        last_event_id: Option<&str>,
        limit: Option<usize>,
    ) -> Decoded;
}

/// Enough for every vector that sets no limit, according to their README.
pub const AMPLE: usize = 1 << 20;

pub fn values(event: &Event<'_>) -> Returned {
    (
        event.event_type.to_owned(),
        event.data.to_owned(),
        event.last_event_id.to_owned(),
        event.range.clone(),
    )
}

#[derive(Clone, Copy, PartialEq)]
pub enum Way {
    /// `Parser::push`.
    Push,
    /// `Parser::push`, and `Events::next_owned`.
    Owned,
    /// `Events::next_item`.
    Items,
    /// `push`, with the cursor ended after each event and the rest pushed again.
    OneEventAPush,
    /// `push`, on a parser that has had another stream, cut in the middle.
    SecondStream,
}

/// Decodes with a parser over any buffers.
pub fn decode<S: Storage>(mut parser: Parser<S>, way: Way, chunks: &[&[u8]]) -> Decoded {
    let mut decoded = Decoded::default();
    if way == Way::SecondStream {
        // Leaves an unfinished line, an unfinished character, the state after a CR, and a refused event.
        for half in [&b"\xEF\xBB"[..], b"event: x\ndata: half \xE2\x82", b"id: half", b"data: y\r"]
        {
            let mut events = parser.push(half);
            while !matches!(events.next(), Ok(None)) {}
            assert!(matches!(parser.finish(), Ok(End::Incomplete(_))));
            assert_eq!(parser.position(), 0);
        }
    }
    for chunk in chunks {
        match way {
            Way::Push | Way::SecondStream => {
                let mut events = parser.push(chunk);
                while collect_event(&mut events, &mut decoded) {}
                assert!(
                    events.into_rest().is_empty(),
                    "a cursor that returned None has taken everything"
                );
            }
            Way::Owned => {
                let mut events = parser.push(chunk);
                loop {
                    match events.next_owned() {
                        Ok(Some(event)) => decoded.events.push(values(&event.as_event())),
                        Ok(None) => break,
                        Err(error) => decoded.errors += errors_in(error),
                    }
                }
            }
            Way::OneEventAPush => {
                let mut rest = *chunk;
                loop {
                    let mut events = parser.push(rest);
                    let more = collect_event(&mut events, &mut decoded);
                    let left = events.into_rest();
                    assert!(rest.ends_with(left));
                    rest = left;
                    if !more {
                        break;
                    }
                }
                assert!(rest.is_empty());
            }
            Way::Items => push_items(&mut parser, chunk, &mut decoded),
        }
        decoded.after.push(decoded.events.len());
    }
    decoded.clean = parser.finish() == Ok(End::Clean);
    decoded.last_event_id = parser.last_event_id().to_owned();
    decoded.retry = parser.reconnection_time().map(milliseconds);
    decoded
}

fn collect_event<S: Storage>(events: &mut Events<'_, '_, S>, decoded: &mut Decoded) -> bool {
    match events.next() {
        Ok(Some(event)) => decoded.events.push(values(&event)),
        Ok(None) => return false,
        Err(error) => decoded.errors += errors_in(error),
    }
    true
}

/// Refused comments do not count.
fn errors_in(error: ParseError) -> usize {
    match error {
        ParseError::Limit(error) => usize::from(error.refused() != Refused::Comment),
        other => panic!("{other}"),
    }
}

pub fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap()
}

fn push_items<S: Storage>(parser: &mut Parser<S>, chunk: &[u8], decoded: &mut Decoded) {
    let comments = decoded.comments.get_or_insert_default();
    let mut items = parser.push(chunk);
    loop {
        match items.next_item() {
            Ok(Some(Item::Event(event))) => decoded.events.push(values(&event)),
            Ok(Some(Item::Comment { text, .. })) => comments.push(text.to_owned()),
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(error) => decoded.errors += errors_in(error),
        }
    }
    assert!(items.into_rest().is_empty());
}

/// The parser, with the last event ID of an earlier stream.
pub fn seeded<S: Storage>(mut parser: Parser<S>, last_event_id: Option<&str>) -> Parser<S> {
    if let Some(id) = last_event_id {
        parser.set_last_event_id(id).unwrap();
    }
    parser
}

/// A parser over arrays of any kind, with no limits but theirs.
pub const fn over_arrays<D: Memory, E: Memory, I: Memory>(
    data: D,
    event_type: E,
    ids: I,
) -> Parser<Arrays<D, E, I>> {
    Parser::with_arrays(Arrays { data, event_type, ids })
}

/// A parser that grows up to the limit, without a separate limit for IDs.
pub fn growable(limit: Option<usize>) -> Parser {
    let limits = Limits { retained: limit.unwrap_or(AMPLE), id: usize::MAX };
    Parser::with_limits(Growable::new(), limits)
}

/// A growable parser, used in one of the ways.
pub struct GrowableDriver(pub Way, pub &'static str);

impl Driver for GrowableDriver {
    fn name(&self) -> &'static str {
        self.1
    }

    fn decode(
        &mut self,
        chunks: &[&[u8]],
        last_event_id: Option<&str>,
        limit: Option<usize>,
    ) -> Decoded {
        decode(seeded(growable(limit), last_event_id), self.0, chunks)
    }
}

/// A parser over fixed arrays that are full of earlier bytes, used in one of the ways.
pub struct FixedDriver {
    pub way: Way,
    pub name: &'static str,
    data: Vec<u8>,
    event_type: Vec<u8>,
    ids: Vec<u8>,
}

impl FixedDriver {
    pub fn new(way: Way, name: &'static str) -> Self {
        FixedDriver {
            way,
            name,
            data: vec![0xFF; AMPLE],
            event_type: vec![0xFF; AMPLE],
            ids: vec![0xFF; AMPLE],
        }
    }

    pub fn parser(&mut self, limit: usize) -> Parser<Arrays<&mut [u8], &mut [u8], &mut [u8]>> {
        // Each array has exactly the room that the limit allows.
        let (data, event_type, ids) = (&mut self.data, &mut self.event_type, &mut self.ids);
        let limits = Limits { retained: limit, id: usize::MAX };
        within(limits, &mut data[..limit], &mut event_type[..limit], &mut ids[..limit])
    }
}

impl Driver for FixedDriver {
    fn name(&self) -> &'static str {
        self.name
    }

    fn decode(
        &mut self,
        chunks: &[&[u8]],
        last_event_id: Option<&str>,
        limit: Option<usize>,
    ) -> Decoded {
        let way = self.way;
        let parser = self.parser(limit.unwrap_or(AMPLE));
        decode(seeded(parser, last_event_id), way, chunks)
    }
}

/// The tokenizer, with its lines interpreted by the rules of the reference.
pub struct TokenizerDriver;

impl Driver for TokenizerDriver {
    fn name(&self) -> &'static str {
        "tokenizer"
    }

    fn decode(
        &mut self,
        chunks: &[&[u8]],
        last_event_id: Option<&str>,
        limit: Option<usize>,
    ) -> Decoded {
        assert_eq!(limit, None, "a tokenizer has no limit");
        let (mut events, mut comments, mut after) = (Vec::new(), Vec::new(), Vec::new());
        let folded = fold(last_event_id.unwrap_or_default(), chunks, |step| {
            match step {
                Step::Returned(equality::Returned::Event(event)) => events.push((
                    event.event_type.to_owned(),
                    event.data.to_owned(),
                    event.last_event_id.to_owned(),
                    event.range,
                )),
                Step::Returned(equality::Returned::Comment { text, .. }) => {
                    comments.push(text.to_owned())
                }
                Step::Returned(_) => {}
                Step::Taken(_) => after.push(events.len()),
            }
            Ok::<(), Infallible>(())
        });
        let Ok((state, unfinished)) = folded;
        Decoded {
            events,
            last_event_id: state.last_event_id,
            retry: state.reconnection_time,
            after,
            clean: unfinished.is_empty(),
            errors: 0,
            comments: Some(comments),
        }
    }
}

/// Every public entry point.
pub fn drivers() -> Vec<Box<dyn Driver>> {
    vec![
        Box::new(GrowableDriver(Way::Push, "Parser::push")),
        Box::new(GrowableDriver(Way::Owned, "Events::next_owned")),
        Box::new(GrowableDriver(Way::Items, "Events::next_item")),
        Box::new(GrowableDriver(Way::OneEventAPush, "Parser::push, one event a push")),
        Box::new(GrowableDriver(Way::SecondStream, "Parser::push, second stream")),
        Box::new(FixedDriver::new(Way::Push, "fixed arrays")),
        Box::new(FixedDriver::new(Way::Items, "fixed arrays, items")),
        Box::new(FixedDriver::new(Way::OneEventAPush, "fixed arrays, one event a push")),
        Box::new(TokenizerDriver),
    ]
}

/// Checks every decoder vector, in every chunking, with every driver.
pub fn check_decoder_vectors(drivers: &mut [Box<dyn Driver>]) {
    let cases = decoder_cases();
    assert!(cases.len() >= 200, "{} cases", cases.len());
    for case in &cases {
        let stream = case.chunks.concat();
        for driver in &mut *drivers {
            if case.limit.is_some() && driver.name() == "tokenizer" {
                continue;
            }
            let mut check = |chunks: &[&[u8]], after: Option<&[usize]>| {
                let decoded = driver.decode(chunks, case.last_event_id.as_deref(), case.limit);
                let expected = Decoded {
                    after: after.unwrap_or(&decoded.after).to_vec(),
                    comments: match (&decoded.comments, case.limit) {
                        // Observed comments count toward the limit.
                        (None, _) | (_, Some(_)) => decoded.comments.clone(),
                        (Some(_), None) => case.expected.comments.clone(),
                    },
                    ..case.expected.clone()
                };
                assert!(
                    decoded == expected,
                    "{}\nthrough {}\nchunks   {:?}\ndecoded  {decoded:?}\nexpected {expected:?}",
                    case.name,
                    driver.name(),
                    chunks.iter().map(|chunk| chunk.escape_ascii().to_string()).collect::<Vec<_>>(),
                );
            };
            let given: Vec<&[u8]> = case.chunks.iter().map(Vec::as_slice).collect();
            check(&given, Some(&case.expected.after));
            every_chunking(&stream, |chunks| check(chunks, None));
        }
    }
}

/// A stream's limit errors.
pub fn errors(stream: &[u8], limit: usize) -> Vec<LimitError> {
    let mut parser = Parser::with_limit(limit);
    let mut events = parser.push(stream);
    let mut errors = Vec::new();
    loop {
        match events.next() {
            Ok(Some(_)) => {}
            Ok(None) => return errors,
            Err(ParseError::Limit(error)) => errors.push(error),
            Err(other) => panic!("{other}"),
        }
    }
}
