//! Limits: equality with the model, the text of each error, arrays of different sizes, and limits, last event IDs, and
//! entry points that change in the middle of a line.
#![cfg(feature = "std")]

#[path = "support/laws/mod.rs"]
mod laws;
mod support;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use sse_wire::{
    Arrays, End, Field, Item, LastEventIdError, LimitError, ParseError, Parser, Refused, Storage,
};
use support::model::Limits;
use support::outcome::{Outcome, Output, Way};
use support::shapes::{cut, places};
use support::{arrays, equality, model, outcome, over_arrays};

/// The data of all events, and all errors, for `stream` byte by byte and whole.
macro_rules! outcome {
    ($parser:expr, $stream:expr) => {{
        let outcome = |size: usize| {
            let mut parser = $parser;
            let (mut data, mut errors) = (Vec::new(), Vec::new());
            for chunk in AsRef::<[u8]>::as_ref(&$stream).chunks(size) {
                let mut events = parser.push(chunk);
                loop {
                    match events.next() {
                        Ok(Some(event)) => data.push(event.data.to_owned()),
                        Ok(None) => break,
                        Err(ParseError::Limit(error)) => errors.push(error),
                        Err(other) => panic!("{other}"),
                    }
                }
            }
            (data, errors, parser.last_event_id().to_owned())
        };
        let whole = outcome(usize::MAX);
        assert_eq!(outcome(1), whole, "byte by byte as in one chunk");
        whole
    }};
}

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
    fn run<S: Storage>(
        mut parser: Parser<S>,
        limits: Limits,
        way: Way,
        streams: &[&[&[u8]]],
    ) -> Outcome {
        parser.set_limit(limits.all).unwrap();
        parser.set_id_limit(limits.id).unwrap();
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
        None => run(Parser::new(), limits, way, streams),
        Some(arrays) => {
            let [data, event_type, ids] = arrays.map(|len| vec![0xFF; len]);
            run(over_arrays(data, event_type, ids), limits, way, streams)
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
        observed in any::<bool>(),
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
        let way = if observed { Way::Observe } else { Way::Push };
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

fn facts(error: &LimitError) -> (usize, u64, Option<Field>, Refused) {
    (error.limit(), error.position(), error.array(), error.refused())
}

/// The limit error that was returned.
fn limit_error<T: std::fmt::Debug>(result: Result<T, ParseError>) -> LimitError {
    match result {
        Err(ParseError::Limit(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_array_that_is_too_small_is_named_and_its_event_skipped_even_if_it_could_be_lent() {
    for (stream, limit, array) in [
        ("data: 123456789\n\n", 8, Field::Data),
        ("data: 1234\ndata: 5678\n\n", 8, Field::Data),
        ("data\nevent: 12345\n\n", 4, Field::Event),
    ] {
        let stream = format!("data: first\n\n{stream}data: last\n\n");
        let (data, errors, _) = outcome!(over_arrays([0; 8], [0; 4], [0; 6]), stream);
        assert_eq!(data, ["first", "last"], "{stream}");
        let returned: Vec<_> = errors.iter().map(facts).collect();
        assert_eq!(returned, [(limit, 13, Some(array), Refused::Event)], "{stream}");
        let text = errors[0].to_string();
        assert!(text.contains(&format!("array of {limit} bytes for `{}`", array.name())), "{text}");
    }
}

#[test]
fn an_id_longer_than_a_third_of_its_array_is_refused_and_its_event_is_returned() {
    // A third, so that the ID in force, the block's and the one that is being read fit.
    let stream = "id: 12\ndata: a\n\nid: 34\nid: 567\ndata: b\n\nid: 8901\nid: 23\ndata: c\n\n";
    let (data, errors, id) = outcome!(over_arrays([0; 8], [0; 4], [0; 6]), stream);
    assert_eq!((data, &*id), (vec!["a".into(), "b".into(), "c".into()], "23"));
    let returned: Vec<_> = errors.iter().map(facts).collect();
    let refused = |position| (2, position, Some(Field::Id), Refused::Id);
    assert_eq!(returned, [refused(23), refused(40)]);
    assert_eq!(
        errors[0].to_string(),
        "the id that begins at byte 23 was skipped: it needs more than the 2 bytes that the array \
         for `id` has for each id; give a larger array to receive it"
    );
}

#[test]
fn an_empty_array_refuses_all_but_empty_values_and_is_named() {
    for (stream, array, refused) in [
        ("data: x\n\n", Field::Data, Refused::Event),
        ("data\ndata\n\n", Field::Data, Refused::Event),
        ("event: x\ndata\n\n", Field::Event, Refused::Event),
        ("id: x\n\n", Field::Id, Refused::Id),
    ] {
        let stream = format!("event\nid\ndata:\n\n{stream}data\n\n");
        let (data, errors, id) = outcome!(over_arrays([], [], []), stream);
        assert_eq!((data, &*id), (vec![String::new(), String::new()], ""), "{stream}");
        let returned: Vec<_> = errors.iter().map(facts).collect();
        assert_eq!(returned, [(0, 16, Some(array), refused)], "{stream}");
    }
    let mut parser = over_arrays([], [], []);
    let error = limit_error(parser.observe(b": x\n").next());
    assert_eq!(facts(&error), (0, 0, Some(Field::Id), Refused::Comment));
}

#[test]
fn parsers_over_arrays_can_be_const_and_static() {
    use std::sync::Mutex;
    type Small = Arrays<[u8; 16], [u8; 0], [u8; 24]>;
    const PARSER: Parser<Small> = over_arrays([0; 16], [], [0; 24]);
    static SHARED: Mutex<Parser<Small>> = Mutex::new(PARSER);
    static GROWABLE: Mutex<Parser> = Mutex::new(Parser::with_limit(16));
    let (data, errors, id) = outcome!(PARSER, "id: 12345678\ndata: x\n\nevent: e\ndata\n\n");
    assert_eq!((data, &*id), (vec!["x".into()], "12345678"));
    assert_eq!(facts(&errors[0]), (0, 22, Some(Field::Event), Refused::Event));
    let mut shared = SHARED.lock().unwrap();
    assert_eq!(shared.push(b"data: x").next(), Ok(None));
    assert_eq!(shared.push(b"\n\n").next().unwrap().unwrap().data, "x");
    let mut growable = GROWABLE.lock().unwrap();
    assert!(growable.push(b"data: x\n\n").next().unwrap().is_some());
}

#[test]
fn the_bound_that_is_reached_first_is_named_if_the_limit_and_an_array_are_too_small() {
    for limit in 0..12 {
        for stream in
            ["data: 1234567890\n\n", "data: 12\ndata: 34567\n\n", "event: 1234567890\ndata\n\n"]
        {
            // Whole and byte by byte: the macro compares the errors.
            let (data, errors, _) = outcome!(
                {
                    let mut parser = over_arrays([0; 4], [0; 4], [0; 4]);
                    parser.set_limit(limit).unwrap();
                    parser
                },
                stream
            );
            assert_eq!((data.len(), errors.len()), (0, 1), "{stream} {limit}");
            assert_eq!(errors[0].array().is_none(), limit <= 4, "{stream} {limit}");
        }
        // For an ID they are a quarter of the limit and a third of the array.
        let (data, errors, _) = outcome!(
            {
                let mut parser = over_arrays([0; 4], [0; 4], [0; 7]);
                parser.set_limit(limit).unwrap();
                parser
            },
            "id: 123\ndata\n\n"
        );
        assert_eq!((data.len(), errors.len()), (1, 1), "{limit}");
        let expected = (2.min(limit / 4), Some(Field::Id).filter(|_| limit >= 12));
        assert_eq!((errors[0].limit(), errors[0].array()), expected, "{limit}");
    }
}

#[test]
fn the_bound_that_is_reached_first_is_named_with_an_id_in_force_as_well() {
    for limit in 12..24 {
        let (data, errors, _) = outcome!(
            {
                let mut parser = over_arrays([0; 8], [0; 8], [0; 9]);
                parser.set_limit(limit).unwrap();
                parser.set_last_event_id("123").unwrap();
                parser
            },
            "event: abc\ndata: 1234567890\n\n"
        );
        assert_eq!((data.len(), errors.len()), (0, 1), "{limit}");
        let array = Some(Field::Data).filter(|_| 3 + 3 + 8 < limit);
        assert_eq!(errors[0].array(), array, "{limit}");
    }
}

#[test]
fn events_that_fit_each_array_exactly_are_returned() {
    let stream = "id: 123\nevent: type\ndata: 1234\ndata: 678\n\n";
    let (data, errors, id) = outcome!(over_arrays([0; 8], [0; 4], [0; 9]), stream);
    assert_eq!((data, errors, id), (vec!["1234\n678".into()], vec![], "123".into()));
}

#[test]
fn bounded_memory_the_lf_between_empty_data_lines_counts_wherever_they_are_cut() {
    const LIMIT: usize = 40;
    for line in ["data\n", "data:\n", "data: \n", "data: \r\n", "data: \r"] {
        let end = line.trim_start_matches(|c| "data: ".contains(c));
        for lines in [LIMIT, LIMIT + 1, LIMIT + 2, 3 * LIMIT] {
            let stream = format!("{}{end}data: last{end}{end}", line.repeat(lines));
            let (data, errors, _) = outcome!(Parser::with_limit(LIMIT), stream);
            let refused = lines > LIMIT + 1;
            assert_eq!((data.len(), errors.len()), (2 - usize::from(refused), refused.into()));
            for size in 1..8 {
                let mut parser = Parser::with_limit(LIMIT);
                for chunk in stream.as_bytes().chunks(size) {
                    let mut events = parser.push(chunk);
                    while !matches!(events.next(), Ok(None)) {}
                    assert!(parser.retained() <= LIMIT, "{line:?}, {lines} lines by {size}");
                }
            }
        }
    }
}

#[test]
fn a_comment_between_data_lines_does_not_change_them_wherever_they_are_cut() {
    let rest = "\u{E9}".repeat(60);
    let data = format!("ab\n{rest}");
    for comment in 0..100 {
        let stream = format!("data: ab\n:{}\ndata: {rest}\n\n", "c".repeat(comment));
        for size in 1..60 {
            let mut parser = Parser::with_limit(data.len());
            let mut returned = Vec::new();
            for chunk in stream.as_bytes().chunks(size) {
                let mut items = parser.observe(chunk);
                while let Some(item) = items.next().unwrap() {
                    match item {
                        Item::Event(event) => returned.push(event.data.to_owned()),
                        Item::Comment { text, .. } => returned.push(text.to_owned()),
                        other => panic!("{other:?}"),
                    }
                }
            }
            assert_eq!(returned, ["c".repeat(comment), data.clone()], "chunks of {size}");
        }
    }
}

#[test]
fn a_returned_comment_is_not_retained_nor_is_a_refused_event_before_it() {
    let mut parser = Parser::new();
    assert!(matches!(parser.observe(b"data: abc\n: com").next(), Ok(None)));
    assert!(matches!(parser.observe(b"ment\n").next(), Ok(Some(Item::Comment { .. }))));
    assert_eq!(parser.retained(), 3);
    parser.set_limit(3).unwrap();
    assert_eq!(parser.set_limit(2).unwrap_err().limit(), 2);
    assert_eq!(parser.retained(), 0);
}

#[test]
fn a_returned_comment_is_not_retained_if_the_rest_is_discarded() {
    for head in ["", "data: a\n"] {
        let mut parser = Parser::new();
        assert_eq!(parser.observe(format!("{head}: com").as_bytes()).next(), Ok(None));
        let mut items = parser.observe(b"ment\ndata: b\n");
        assert!(matches!(items.next(), Ok(Some(Item::Comment { text: "comment", .. }))));
        assert_eq!(items.discard(), Ok(()));
        let mut events = parser.push(b"data: c\n\n");
        let event = events.next().unwrap().unwrap();
        assert_eq!(event.data, if head.is_empty() { "b\nc" } else { "a\nb\nc" });
    }
}

#[test]
fn an_error_has_the_limit_the_position_and_advice() {
    let (_, errors, _) = outcome!(Parser::with_limit(4), "data: 1\n\n: c\ndata: 12345\n\n");
    assert_eq!(facts(&errors[0]), (4, 9, None, Refused::Event));
    assert_eq!(
        errors[0].to_string(),
        "the event that begins at byte 9 was skipped: it needs more than the limit of 4 retained \
         bytes; raise the limit to receive it"
    );
}

#[test]
fn an_id_reported_in_place_of_its_event_is_complete_wherever_it_is_cut() {
    // The limit may be reached in the middle of a character.
    for id in ["abcdef", "ab\u{20AC}cd", "\u{1F600}\u{1F600}", "a\u{20AC}\u{20AC}"] {
        for data in 15..30 {
            let stream = format!("data: {}\nid: {id}\n\ndata\n\n", "x".repeat(data));
            let (events, errors, last_event_id) = outcome!(Parser::with_limit(32), stream);
            assert_eq!(last_event_id, id);
            assert_eq!(errors.len(), usize::from(data + id.len() > 32), "{stream}");
            assert!(errors.iter().all(|error| error.refused() == Refused::Event));
            assert_eq!(events.len(), 2 - errors.len());
        }
    }
}

#[test]
fn an_id_reported_in_place_of_its_event_is_complete_if_ill_formed() {
    for data in 25..40 {
        let stream = [b"data: ", &[b'x'; 40][..data], b"\nid: a\xFFb\xE2\x82c\n\n"].concat();
        let (_, errors, last_event_id) = outcome!(Parser::with_limit(40), stream);
        let refused = usize::from(data + "a\u{FFFD}b\u{FFFD}c".len() > 40);
        assert_eq!((&*last_event_id, errors.len()), ("a\u{FFFD}b\u{FFFD}c", refused), "{data}");
    }
}

#[test]
fn an_id_at_its_limit_is_kept_and_one_more_byte_is_refused_without_its_event() {
    let parser = |id_limit| {
        let mut parser = Parser::with_limit(80);
        parser.set_id_limit(id_limit).unwrap();
        parser
    };
    // The limit for IDs, or a quarter of the limit.
    for (id_limit, in_force) in [(0, 0), (1, 1), (7, 7), (20, 20), (21, 20), (usize::MAX, 20)] {
        assert_eq!(parser(id_limit).id_limit(), in_force);
        for len in in_force.saturating_sub(1)..in_force + 2 {
            let id = "i".repeat(len);
            let stream = format!("id: {id}\ndata: x\n\n");
            let (data, errors, last_event_id) = outcome!(parser(id_limit), stream);
            assert_eq!(data, ["x"], "{stream}");
            if len <= in_force {
                assert_eq!((&*last_event_id, errors.len()), (&*id, 0), "{stream}");
            } else {
                assert_eq!(last_event_id, "", "{stream}");
                assert_eq!(facts(&errors[0]), (in_force, 0, None, Refused::Id), "{stream}");
            }
        }
    }
    // As long as the whole limit, and longer.
    for len in [79, 80, 81, 500] {
        let stream = format!("id: a\n\nid: {}\ndata: x\n\n", "i".repeat(len));
        let (data, errors, id) = outcome!(parser(usize::MAX), stream);
        assert_eq!((data, &*id), (vec!["x".into()], "a"));
        assert_eq!(facts(&errors[0]), (20, 7, None, Refused::Id));
        assert_eq!(
            errors[0].to_string(),
            "the id that begins at byte 7 was skipped: it needs more than the limit of 20 bytes \
             for ids; raise the limits to receive it"
        );
    }
}

#[test]
fn an_id_is_checked_at_the_end_of_its_line_for_nul_first() {
    let parser = || Parser::with_limit(32);
    // It is 8 bytes long at most.
    for (id, refused) in [
        ("12345678", false),
        ("123456789", true),
        ("1234\u{0}56789", false),
        ("123456789\u{0}", false),
        ("\u{0}123456789", false),
        ("123456789123456789\u{0}", false),
    ] {
        let stream = format!("id: a\n\nid: {id}\ndata: x\n\n");
        let (data, errors, last_event_id) = outcome!(parser(), stream);
        assert_eq!((data, errors.len()), (vec!["x".into()], usize::from(refused)), "{stream:?}");
        let kept = refused || id.contains('\0');
        assert_eq!(last_event_id, if kept { "a" } else { id }, "{stream:?}");
    }
    // A line that does not end is not checked.
    let (_, errors, _) = outcome!(parser(), "id: 123456789123456789");
    assert_eq!(errors, []);
    // Each byte becomes the three of U+FFFD, which are what counts in the end.
    for (ill_formed, refused) in [(2, false), (3, true), (8, true), (9, true)] {
        let stream = [b"id: ", &[0xFF; 9][..ill_formed], b"\ndata: x\n\n"].concat();
        let (data, errors, id) = outcome!(parser(), stream);
        assert_eq!((data, errors.len()), (vec!["x".into()], usize::from(refused)));
        assert_eq!(id, if refused { String::new() } else { "\u{FFFD}".repeat(ill_formed) });
    }
}

#[test]
fn an_id_can_be_refused_after_its_event_was_and_both_are_reported() {
    // While it is read, at most the limit for IDs counts.
    let stream = "data: 1234567890123\nid: 123456\nid: 1\n\ndata: x\n\n";
    let (data, errors, id) = outcome!(Parser::with_limit(16), stream);
    assert_eq!((data, &*id), (vec!["x".into()], "1"));
    let returned: Vec<_> = errors.iter().map(facts).collect();
    assert_eq!(returned, [(16, 0, None, Refused::Event), (4, 20, None, Refused::Id)]);
}

#[test]
fn an_ill_formed_event_is_refused_at_its_blank_line_if_it_is_too_long_only_as_text() {
    for (stream, position) in [
        (&b"data: \xFF\xFF\xFF\n"[..], 0),
        (b"event: \xFF\xFF\xFF\ndata\n", 0),
        (b"event: \xFF\ndata: \xFF\xFF\n", 0),
        (b"\ndata: ab\ndata: \xFF\xFF\n", 1),
        (b"data: \xFF\xFF\n\ndata: \xFF\xFF\xFF\n", 10),
    ] {
        let mut parser = Parser::with_limit(8);
        let mut events = parser.push(stream);
        while let Some(event) = events.next().unwrap() {
            assert!(event.range.end <= position);
        }
        let mut items = parser.observe(b"id: 7\n\n");
        let error = limit_error(items.next());
        assert_eq!(facts(&error), (8, position, None, Refused::Event), "{}", stream.escape_ascii());
        // Its block is returned, with its ID.
        assert!(matches!(items.next(), Ok(Some(Item::Block { id: Some("7"), .. }))));
        assert_eq!(items.next(), Ok(None));
        let (data, errors, _) =
            outcome!(Parser::with_limit(8), [stream, b"\ndata: x\n\n"].concat());
        assert_eq!((data.last().unwrap().as_str(), errors.len()), ("x", 1));
    }
}

#[test]
fn an_ill_formed_type_counts_as_its_bytes_until_a_later_one_replaces_it() {
    let stream = b"event: \xFF\xFF\xFF\xFF\nevent: e\ndata: 1234567\n\n";
    let (data, errors, _) = outcome!(Parser::with_limit(8), stream);
    assert_eq!((data, errors), (vec!["1234567".into()], vec![]));
}

#[test]
fn the_end_of_the_stream_obeys_the_limit_of_decoded_text_as_well() {
    for (stream, data, refused) in [
        (&b"data: \xFF\xFF"[..], Some("\u{FFFD}\u{FFFD}"), false),
        (b"data: \xFF\xFF\xFF", None, true),
        (b"event: \xFF\ndata: \xFF\xFF\n", None, true),
        (b"event: \xFF\xFF\xFF\n", None, true),
    ] {
        let mut parser = Parser::with_limit(8);
        assert_eq!(parser.push(stream).next(), Ok(None));
        let Ok(End::Incomplete(pending)) = parser.finish() else { panic!("no blank line") };
        assert_eq!((pending.data, pending.refused), (data, refused), "{}", stream.escape_ascii());
        assert_eq!(pending.event_type, "");
    }
}

#[test]
fn a_comment_beyond_the_limit_is_a_separate_error_and_its_event_is_returned() {
    let stream = b"data: ab\n: a long comment\ndata: c\n: ok\n\n";
    for size in [1, 5, stream.len()] {
        let mut parser = Parser::with_limit(8);
        let mut returned = Vec::new();
        for chunk in stream.chunks(size) {
            let mut items = parser.observe(chunk);
            loop {
                match items.next() {
                    Ok(Some(Item::Event(event))) => returned.push(event.data.to_owned()),
                    Ok(Some(Item::Comment { text, position, .. })) => {
                        returned.push(format!("{text} {position}"))
                    }
                    Ok(Some(other)) => panic!("{other:?}"),
                    Ok(None) => break,
                    error => {
                        let error = limit_error(error);
                        assert_eq!(facts(&error), (8, 9, None, Refused::Comment));
                        returned.push(error.to_string());
                    }
                }
            }
        }
        let refused = "the comment that begins at byte 9 was skipped: it needs more than the limit \
                       of 8 retained bytes; raise the limit to receive it";
        assert_eq!(returned, [refused, "ok 34", "ab\nc"], "chunks of {size}");
    }
}

#[test]
fn a_comment_is_returned_only_if_all_of_it_was_observed_and_never_affects_the_data() {
    // Whether each part of the stream is observed, and the comments that are then returned.
    let parts = ["data: a\n: on", "e\n: two\n: th", "ree\ndata: b\n\n"];
    for observed in 0..8 {
        let is_observed = |part: usize| observed >> part & 1 == 1;
        let mut parser = Parser::new();
        let (mut comments, mut data) = (Vec::new(), Vec::new());
        for (i, part) in parts.iter().enumerate() {
            if is_observed(i) {
                let mut items = parser.observe(part.as_bytes());
                while let Some(item) = items.next().unwrap() {
                    match item {
                        Item::Comment { text, .. } => comments.push(text.to_owned()),
                        Item::Event(event) => data.push(event.data.to_owned()),
                        other => panic!("{other:?}"),
                    }
                }
            } else {
                let mut events = parser.push(part.as_bytes());
                while let Some(event) = events.next().unwrap() {
                    data.push(event.data.to_owned());
                }
            }
        }
        let expected: Vec<&str> = [("one", 0, 1), ("two", 1, 1), ("three", 1, 2)]
            .into_iter()
            .filter(|&(_, first, last)| is_observed(first) && is_observed(last))
            .map(|(comment, _, _)| comment)
            .collect();
        assert_eq!(comments, expected, "{observed:03b}");
        assert_eq!(data, ["a\nb"], "{observed:03b}");
    }
}

#[test]
fn a_comment_outlives_empty_chunks_at_any_entry_point() {
    let mut parser = Parser::new();
    assert_eq!(parser.observe(b": a").next(), Ok(None));
    assert_eq!(parser.push(b"").next(), Ok(None));
    assert_eq!(parser.observe(b"").next(), Ok(None));
    let mut items = parser.observe(b"b\n");
    assert!(matches!(items.next(), Ok(Some(Item::Comment { text: "ab", .. }))));
}

#[test]
fn an_empty_chunk_starts_no_value_and_retains_nothing() {
    let mut parser = Parser::with_limit(0);
    assert_eq!(parser.push(b"data\ndata: ").next(), Ok(None));
    assert_eq!(parser.push(b"").next(), Ok(None));
    assert_eq!(parser.retained(), 0);

    let mut parser = Parser::new();
    assert_eq!(parser.push(b"data: ").next(), Ok(None));
    assert_eq!(parser.push(b"").next(), Ok(None));
    let Ok(End::Incomplete(pending)) = parser.finish() else { panic!("the line has no end") };
    assert_eq!(pending.data, None);
}

#[test]
fn an_event_type_of_a_refused_event_is_not_retained() {
    let mut parser = Parser::with_limit(40);
    assert!(parser.push(&[b"data: ", &[b'x'; 41][..]].concat()).next().is_err());
    assert_eq!(parser.push(b"\nevent: abc\n").next(), Ok(None));
    assert_eq!(parser.retained(), 0);
    let Ok(End::Incomplete(pending)) = parser.finish() else { panic!("the block has no end") };
    assert_eq!(pending.event_type, "");
}

#[test]
fn chunk_invariance_a_sequence_cut_at_the_limit_is_decoded_whole() {
    let text = "\u{feff}é\u{10348}";
    let needed = text.len();
    for limit in needed..4 * needed {
        // The room is computed at the first chunk, and again when it is used up.
        let mut parser = Parser::with_limit(limit);
        let stream = format!("data: {text}\n\n");
        assert_eq!(parser.push(b"").next(), Ok(None));
        let mut data = Vec::new();
        for byte in stream.as_bytes().chunks(1) {
            let mut events = parser.push(byte);
            while let Some(event) = events.next().unwrap() {
                data.push(event.data.to_owned());
            }
        }
        assert_eq!(data, [text], "a limit of {limit} bytes");
    }
}

#[test]
fn a_comment_that_is_no_longer_observed_is_not_retained() {
    let mut parser = Parser::new();
    assert_eq!(parser.observe(b"data: ab\n: a long comm").next(), Ok(None));
    assert!(parser.retained() > 10);
    assert_eq!(parser.push(b"ent").next(), Ok(None));
    assert_eq!(parser.retained(), 2);
}

#[test]
fn a_limit_can_be_lowered_and_raised_in_the_middle_of_anything() {
    // Lowered below what is retained: refused at once, with the block's position.
    let mut parser = Parser::new();
    assert_eq!(parser.push(b"id: 1\ndata: 12345678").next(), Ok(None));
    assert_eq!(parser.retained(), 9);
    assert_eq!(parser.set_limit(9), Ok(()));
    let error = parser.set_limit(8).unwrap_err();
    assert_eq!(facts(&error), (8, 0, None, Refused::Event));
    assert_eq!((parser.limit(), parser.retained()), (8, 1));
    assert_eq!(parser.set_limit(5), Ok(()), "reported once");
    let mut events = parser.push(b"9\ndata: more\n\ndata: 1234\n\ndata: 12345\n\n");
    let event = events.next().unwrap().unwrap();
    assert_eq!((event.data, event.last_event_id), ("1234", "1"));
    assert_eq!(facts(&limit_error(events.next())), (5, 46, None, Refused::Event));
    assert_eq!(events.next(), Ok(None));
    assert_eq!(parser.set_limit(6), Ok(()));
    assert_eq!(parser.push(b"data: 12345\n\n").next().unwrap().unwrap().data, "12345");

    // A comment that is being read is dropped before the event is.
    let mut parser = Parser::new();
    assert_eq!(parser.observe(b"data: 1234\n: a long comm").next(), Ok(None));
    assert_eq!(parser.set_limit(4), Ok(()));
    assert_eq!(parser.retained(), 4);
    let mut items = parser.observe(b"ent\n\n");
    assert!(matches!(items.next(), Ok(Some(Item::Event(event))) if event.data == "1234"));

    // In the middle of a chunk.
    let mut parser = Parser::new();
    let chunk = b"data: 1\n\ndata: 12345\n\n";
    let mut events = parser.push(chunk);
    assert!(events.next().unwrap().is_some());
    let rest = events.into_rest();
    assert_eq!(parser.set_limit(4), Ok(()));
    assert_eq!(facts(&limit_error(parser.push(rest).next())), (4, 9, None, Refused::Event));
}

#[test]
fn a_limit_that_leaves_no_room_for_an_id_is_rejected_and_changes_nothing() {
    for set_id_limit in [false, true] {
        let refused = |parser: &mut Parser, limit| {
            let before = (parser.limit(), parser.id_limit(), parser.retained());
            let changed = match set_id_limit {
                true => parser.set_id_limit(limit),
                false => parser.set_limit(4 * limit + 3),
            };
            let changed = changed.map_err(|error| facts(&error));
            let after = (parser.limit(), parser.id_limit(), parser.retained());
            assert!(changed.is_ok() || before == after);
            changed
        };
        // The ID in force.
        let mut parser = Parser::new();
        parser.set_last_event_id("123456").unwrap();
        assert_eq!(refused(&mut parser, 5), Err((5, 0, None, Refused::Id)));
        assert_eq!(refused(&mut parser, 6), Ok(()));
        assert_eq!((parser.last_event_id(), parser.id_limit()), ("123456", 6));
        // The one that the block has set.
        assert_eq!(parser.push(b"id: 1\n\nid: 123456\n").next(), Ok(None));
        assert_eq!(refused(&mut parser, 5), Err((5, 7, None, Refused::Id)));
        assert_eq!(
            parser.push(b"\nid: 1\ndata: x\n\n").next().map(|event| event.is_some()),
            Ok(true)
        );
        assert_eq!(refused(&mut parser, 5), Ok(()));
        // Not the one that is being read, which is checked at the end of its line.
        assert_eq!(parser.push(b"id: 12345").next(), Ok(None));
        assert_eq!(refused(&mut parser, 4), Ok(()));
        assert_eq!(limit_error(parser.push(b"\n").next()).limit(), 4);
        assert_eq!(refused(&mut parser, 0), Err((0, 34, None, Refused::Id)));
        assert_eq!(parser.set_last_event_id(""), Ok(()));
        assert_eq!(refused(&mut parser, 0), Ok(()));
    }
}

#[test]
fn a_last_event_id_is_set_by_the_caller_or_rejected_with_the_reason() {
    let mut parser = Parser::with_limit(16);
    parser.set_last_event_id("old").unwrap();
    for (id, at, character) in [("a\0b", 1, '\0'), ("\n", 0, '\n'), ("\u{E9}\r", 2, '\r')] {
        let error = parser.set_last_event_id(id).unwrap_err();
        assert_eq!(error, LastEventIdError::Character { character, at });
        assert!(error.to_string().contains(&format!("{character:?} at byte {at}")), "{error}");
    }
    let error = parser.set_last_event_id("12345").unwrap_err();
    assert_eq!(error, LastEventIdError::TooLong { length: 5, room: 4 });
    assert_eq!(parser.last_event_id(), "old");
    let mut parser = over_arrays([0; 9], [0; 9], [0; 14]);
    let error = parser.set_last_event_id("12345").unwrap_err();
    assert_eq!(error, LastEventIdError::TooLong { length: 5, room: 4 });
    assert!(
        error.to_string().starts_with("the last event ID has 5 bytes, and there is room for 4; "),
        "{error}"
    );
    parser.set_last_event_id("1234").unwrap();
    assert_eq!(parser.last_event_id(), "1234");
    // Other retained values count too.
    let mut parser = Parser::with_limit(20);
    assert_eq!(parser.push(b"event: e\ndata: 123456789012345\nid: 1").next(), Ok(None));
    let error = parser.set_last_event_id("12345").unwrap_err();
    assert_eq!(error, LastEventIdError::TooLong { length: 5, room: 4 });
    parser.set_last_event_id("1234").unwrap();
    assert_eq!(parser.retained(), 20);
}

#[test]
fn a_last_event_id_that_is_set_in_the_middle_of_a_block_replaces_what_the_block_had() {
    for head in ["id: block\nda", "id: block\nid: ha", "id: ha", "data: x\nid: \u{20AC}"] {
        let mut parser = Parser::new();
        assert_eq!(parser.push(head.as_bytes()).next(), Ok(None));
        parser.set_last_event_id("set").unwrap();
        assert_eq!(parser.last_event_id(), "set");
        assert_eq!(parser.push(b"lf\n\n").next().map(|_| ()), Ok(()), "{head}");
        assert_eq!(parser.last_event_id(), "set", "{head}");
        assert_eq!(parser.finish(), Ok(End::Clean));
    }
}

#[test]
fn a_refused_block_does_not_name_an_id_that_is_set_after_its_error() {
    let mut parser = Parser::with_limit(16);
    let mut items = parser.observe(b"id: 1\ndata: \xFF\xFF\xFF\xFF\xFF\xFF\n\n");
    assert!(items.next().is_err());
    parser.set_last_event_id("9").unwrap();
    assert!(matches!(parser.observe(b"").next(), Ok(Some(Item::Block { id: None, .. }))));
}

#[cfg(feature = "std")]
#[test]
fn a_last_event_id_that_is_set_between_two_events_of_one_read_counts_for_the_second() {
    let id = "i".repeat(100);
    for data in [300, 301] {
        let stream = format!("data\n\ndata: {}\n\ndata\n\n", "x".repeat(data));
        let mut reader =
            sse_wire::io::EventReader::with_parser(stream.as_bytes(), Parser::with_limit(400));
        assert_eq!(reader.next().unwrap().unwrap().data, "");
        reader.set_last_event_id(&id).unwrap();
        let refused = reader.next().map(|event| event.unwrap().data.len());
        assert_eq!(refused.is_err(), data > 300, "{data} bytes beside 100 within 400: {refused:?}");
        assert_eq!(reader.next().unwrap().unwrap().data, "", "the one after it");
        assert!(reader.parser().retained() <= 400);
    }
}

#[test]
fn the_default_limit_is_16_mib() {
    assert_eq!(Parser::new().limit(), 1 << 24);
    assert_eq!(Parser::with_limit(7).limit(), 7);
    assert_eq!(over_arrays([0; 8], [0; 8], [0; 8]).limit(), usize::MAX);
}

#[test]
fn the_limit_for_ids_is_64_kib_a_quarter_of_the_limit_or_a_third_of_the_array() {
    let mut parser = Parser::new();
    assert_eq!(parser.id_limit(), 1 << 16);
    parser.set_id_limit(usize::MAX).unwrap();
    assert_eq!(parser.id_limit(), 1 << 22);
    assert_eq!(Parser::with_limit(1 << 18).id_limit(), 1 << 16);
    assert_eq!(Parser::with_limit((1 << 18) - 1).id_limit(), (1 << 16) - 1);
    assert_eq!(over_arrays([], [], [0; 95]).id_limit(), 31);
}

#[test]
fn an_id_that_is_being_read_and_fits_a_new_limit_exactly_is_kept() {
    for (limit, id) in [(2, "12"), (1, "")] {
        let mut parser = Parser::new();
        assert_eq!(parser.push(b"id: 12").next(), Ok(None));
        assert_eq!(parser.set_id_limit(limit), Ok(()));
        let mut events = parser.push(b"\ndata: x\n\n");
        assert_eq!(events.next().is_err(), limit == 1);
        assert_eq!(events.discard(), Ok(()));
        assert_eq!(parser.last_event_id(), id);
    }
}

#[test]
fn a_comment_that_fits_a_new_limit_exactly_is_kept() {
    let mut parser = Parser::new();
    assert_eq!(parser.observe(b":abc").next(), Ok(None));
    let kept = parser.retained();
    assert!(kept >= 3);
    assert_eq!(parser.set_limit(kept), Ok(()));
    match parser.observe(b"\n").next() {
        Ok(Some(Item::Comment { text, .. })) => assert_eq!(text, "abc"),
        other => panic!("{other:?}"),
    };
}
