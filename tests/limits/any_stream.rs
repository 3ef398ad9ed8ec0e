//! Any stream within any limits: equality with the model, and no input that wedges a parser.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use sse_wire::{Growable, Parser, Storage};

use crate::laws;
use crate::support::model::Limits;
use crate::support::outcome::{self, Outcome, Output, Way};
use crate::support::shapes::{cut, places};
use crate::support::{self, within};

/// Values of some length, of which some are ill-formed and some have a NUL.
fn value() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: [&[u8]; 10] = [
        b"x",
        b"1234",
        b" ",
        b"\xC3\xA9",
        b"\xE2\x82\xAC",
        b"\xF0\x9F",
        b"\xE2",
        b"\xFF",
        b"\xFF\xFF\xFF",
        b"\0",
    ];
    vec(select(&PIECES[..9]), 0..9).prop_flat_map(|pieces| {
        let nul = prop_oneof![9 => Just(0), 1 => Just(1_usize)];
        nul.prop_map(move |nul| [pieces.concat(), PIECES[9].repeat(nul)].concat())
    })
}

/// Lines of all fields, in blocks, some of them cut or run together.
fn stream_of_fields() -> impl Strategy<Value = Vec<u8>> {
    const NAMES: [&[u8]; 10] = [
        b"data:",
        b"data: ",
        b"data",
        b"event: ",
        b"event",
        b"id: ",
        b"id:",
        b"retry: 5",
        b": ",
        b"unknown: ",
    ];
    const LINE_ENDS: [&[u8]; 8] = [b"\n", b"\n", b"\n", b"\r\n", b"\r", b"\n\n", b"\r\n\r\n", b""];
    let line = (select(&NAMES[..]), value(), select(&LINE_ENDS[..]));
    let line = line.prop_map(|(name, value, end)| [name, &value, end].concat());
    vec(line, 0..12).prop_map(|lines| lines.concat())
}

fn limits() -> impl Strategy<Value = Limits> {
    let all = prop_oneof![4 => 0..100_usize, 1 => Just(usize::MAX)];
    let id = prop_oneof![0..20_usize, Just(usize::MAX)];
    let array = || prop_oneof![1 => Just(0_usize), 4 => 0..60_usize];
    let arrays = [array().boxed(), array().boxed(), (0..90_usize).boxed()];
    (all, id, prop::option::of(arrays)).prop_map(|(all, id, arrays)| Limits { all, id, arrays })
}

/// Everything that the last of these streams gives, over growable buffers or arrays.
fn outcome_within(limits: Limits, way: Way, streams: &[&[&[u8]]]) -> Outcome {
    fn run<S: Storage>(mut parser: Parser<S>, way: Way, streams: &[&[&[u8]]]) -> Outcome {
        let outcomes = streams.iter().map(|chunks| {
            let mut output = Vec::new();
            for (at, chunk) in chunks.iter().enumerate() {
                outcome::take(&mut parser, way, at, chunk, &mut output);
            }
            outcome::end(&mut parser, output)
        });
        outcomes.last().unwrap()
    }
    match limits.arrays {
        None => run(Parser::with_limits(Growable::new(), limits.of_parser()), way, streams),
        Some(arrays) => {
            let [data, event_type, ids] = arrays.map(|len| vec![0xFF; len]);
            run(within(limits.of_parser(), data, event_type, ids), way, streams)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..support::kept::failures() })]

    #[test]
    fn equality_with_the_model_of_limits_on_every_stream_in_any_chunks_in_every_way(
        stream in stream_of_fields(),
        limits in limits(),
        places in places(),
        calls in 0_u8..4,
    ) {
        laws::limits::agree(limits, &stream, &cut(&stream, &places), calls);
    }

    #[test]
    fn no_input_wedges_a_parser_a_healthy_event_follows_any_input(
        hostile in stream_of_fields(),
        limits in limits(),
        places in places(),
        ended in any::<bool>(),
        items in any::<bool>(),
        share in 0..=4_usize,
    ) {
        // Data and type share a quarter of the limit, beside three IDs of the greatest length: the one
        // in force, the block's, and the one that is being read.
        let quarter = limits.all.min(4000) / 4;
        let [data, event_type, ids] = limits.arrays.unwrap_or([usize::MAX; 3]);
        let data = "d".repeat((quarter * share / 4).min(data));
        let event_type = "t".repeat((quarter - quarter * share / 4).min(event_type));
        let id = "i".repeat(limits.id.min(limits.all / 4).min(ids / 3).min(4000));
        let healthy = format!("data: {data}\nevent: {event_type}\nid: {id}\nid: {id}\n\n");
        let way = if items { Way::Items } else { Way::Push };
        let chunks = cut(&hostile, &places);
        let expected = [if event_type.is_empty() { "message" } else { &event_type }, &data, &id];
        // In the same stream, or in the next one.
        let alone = [healthy.as_bytes()];
        let same = [&chunks[..], &[b"\n\n", healthy.as_bytes()]].concat();
        let streams: &[&[&[u8]]] = if ended { &[&chunks, &alone] } else { &[&same] };
        let output = outcome_within(limits, way, streams).output;
        let last = match output.last() {
                Some(Output::Event(event)) => [&*event.event_type, &*event.data, &*event.last_event_id],
            other => panic!("{other:?}"),
        };
        prop_assert_eq!(last, expected);
    }
}
