//! Limits: what each error tells, arrays of different sizes, and limits, last event IDs and entry
//! points that change in the middle of a line.
#![cfg(feature = "std")]

use sse_wire::{End, Field, Item, LastEventIdError, LimitError, Parser, Refused};

/// The data of all events, and all errors, when `stream` comes byte by byte and whole.
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
                        Err(error) => errors.push(error),
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

fn facts(error: &LimitError) -> (usize, u64, Option<Field>, Refused) {
    (error.limit(), error.position(), error.array(), error.refused())
}

#[test]
fn an_array_that_is_too_small_is_named_and_the_event_skipped_even_where_it_could_be_lent() {
    for (stream, limit, array) in [
        ("data: 123456789\n\n", 8, Field::Data),
        ("data: 1234\ndata: 5678\n\n", 8, Field::Data),
        ("data\nevent: 12345\n\n", 4, Field::Event),
        ("id: 1234567\ndata\n\n", 6, Field::Id),
        ("id: 1234\nid: 567\ndata\n\n", 6, Field::Id),
    ] {
        let stream = format!("data: first\n\n{stream}data: last\n\n");
        let (data, errors, _) = outcome!(Parser::with_arrays([0; 8], [0; 4], [0; 6]), stream);
        assert_eq!(data, ["first", "last"], "{stream}");
        let told: Vec<_> = errors.iter().map(facts).collect();
        assert_eq!(told, [(limit, 13, Some(array), Refused::Event)], "{stream}");
        let text = errors[0].to_string();
        assert!(text.contains(&format!("array of {limit} bytes for `{}`", array.name())), "{text}");
    }
}

#[test]
fn the_bound_that_is_met_first_is_named_where_the_limit_and_an_array_both_are_too_small() {
    for limit in 0..12 {
        for stream in [
            "data: 1234567890\n\n",
            "data: 12\ndata: 34567\n\n",
            "event: 1234567890\ndata\n\n",
            "id: 1234567890\ndata\n\n",
        ] {
            // Whole and byte by byte: the macro compares the errors.
            let (data, errors, _) = outcome!(
                {
                    let mut parser = Parser::with_arrays([0; 4], [0; 4], [0; 4]);
                    parser.set_limit(limit).unwrap();
                    parser
                },
                stream
            );
            assert_eq!((data.len(), errors.len()), (0, 1), "{stream} {limit}");
            assert_eq!(errors[0].array().is_none(), limit <= 4, "{stream} {limit}");
        }
    }
}

#[test]
fn what_fits_each_array_exactly_comes() {
    let stream = "id: 123\nevent: type\ndata: 1234\ndata: 678\n\n";
    let (data, errors, id) = outcome!(Parser::with_arrays([0; 8], [0; 4], [0; 3]), stream);
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
fn a_comment_between_data_lines_changes_nothing_of_them_wherever_they_are_cut() {
    let rest = "\u{E9}".repeat(60);
    let data = format!("ab\n{rest}");
    for comment in 0..100 {
        let stream = format!("data: ab\n:{}\ndata: {rest}\n\n", "c".repeat(comment));
        for size in 1..60 {
            let mut parser = Parser::with_limit(data.len());
            let mut told = Vec::new();
            for chunk in stream.as_bytes().chunks(size) {
                let mut items = parser.observe(chunk);
                while let Some(item) = items.next().unwrap() {
                    match item {
                        Item::Event(event) => told.push(event.data.to_owned()),
                        Item::Comment { text, .. } => told.push(text.to_owned()),
                        other => panic!("{other:?}"),
                    }
                }
            }
            assert_eq!(told, ["c".repeat(comment), data.clone()], "chunks of {size}");
        }
    }
}

#[test]
fn a_comment_that_was_told_is_retained_no_more_nor_is_a_refused_event_before_it() {
    let mut parser = Parser::new();
    assert!(matches!(parser.observe(b"data: abc\n: com").next(), Ok(None)));
    assert!(matches!(parser.observe(b"ment\n").next(), Ok(Some(Item::Comment { .. }))));
    assert_eq!(parser.retained(), 3);
    parser.set_limit(3).unwrap();
    assert_eq!(parser.set_limit(2).unwrap_err().limit(), 2);
    assert_eq!(parser.retained(), 0);
}

#[test]
fn an_error_names_the_limit_and_the_position_and_says_what_to_do() {
    let (_, errors, _) = outcome!(Parser::with_limit(4), "data: 1\n\n: c\ndata: 12345\n\n");
    assert_eq!(facts(&errors[0]), (4, 9, None, Refused::Event));
    assert_eq!(
        errors[0].to_string(),
        "the event that begins at byte 9 was skipped: it needs more than the limit of 4 retained \
         bytes; raise the limit to receive it"
    );
}

#[test]
fn an_id_that_takes_the_place_of_its_event_comes_whole_wherever_it_is_cut() {
    // The error may come in the middle of a character.
    for id in ["abcdef", "ab\u{20AC}cd", "\u{1F600}\u{1F600}", "a\u{20AC}\u{20AC}"] {
        for data in 1..12 {
            let stream = format!("data: {}\nid: {id}\n\ndata\n\n", "x".repeat(data));
            let (events, errors, last_event_id) = outcome!(Parser::with_limit(12), stream);
            assert_eq!(last_event_id, id);
            assert_eq!(errors.len(), usize::from(data + id.len() > 12), "{stream}");
            assert_eq!(events.len(), 2 - errors.len());
        }
    }
}

#[test]
fn an_id_that_takes_the_place_of_its_event_comes_whole_where_it_is_ill_formed() {
    for data in 1..12 {
        let stream = [b"data: ", &[b'x'; 12][..data], b"\nid: a\xFFb\xE2\x82c\n\n"].concat();
        let (_, errors, last_event_id) = outcome!(Parser::with_limit(12), stream);
        assert_eq!(
            (last_event_id.as_str(), errors.len()),
            ("a\u{FFFD}b\u{FFFD}c", usize::from(data > 3))
        );
    }
}

#[test]
fn a_comment_beyond_the_limit_is_an_error_of_its_own_and_its_event_comes() {
    let stream = b"data: ab\n: a long comment\ndata: c\n: ok\n\n";
    for size in [1, 5, stream.len()] {
        let mut parser = Parser::with_limit(8);
        let mut told = Vec::new();
        for chunk in stream.chunks(size) {
            let mut items = parser.observe(chunk);
            loop {
                match items.next() {
                    Ok(Some(Item::Event(event))) => told.push(event.data.to_owned()),
                    Ok(Some(Item::Comment { text, position, .. })) => {
                        told.push(format!("{text} {position}"))
                    }
                    Ok(Some(other)) => panic!("{other:?}"),
                    Ok(None) => break,
                    Err(error) => {
                        assert_eq!(facts(&error), (8, 9, None, Refused::Comment));
                        told.push(error.to_string());
                    }
                }
            }
        }
        let refused = "the comment that begins at byte 9 was skipped: it needs more than the limit \
                       of 8 retained bytes; raise the limit to receive it";
        assert_eq!(told, [refused, "ok 34", "ab\nc"], "chunks of {size}");
    }
}

#[test]
fn a_comment_is_shown_only_where_all_of_it_was_observed_and_never_touches_the_data() {
    // Whether each part of the stream is observed, and the comments that are shown then.
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
fn an_empty_chunk_begins_no_value_and_retains_nothing() {
    let mut parser = Parser::with_limit(0);
    assert_eq!(parser.push(b"data\ndata: ").next(), Ok(None));
    assert_eq!(parser.push(b"").next(), Ok(None));
    assert_eq!(parser.retained(), 0);

    let mut parser = Parser::new();
    assert_eq!(parser.push(b"data: ").next(), Ok(None));
    assert_eq!(parser.push(b"").next(), Ok(None));
    let End::Incomplete(pending) = parser.finish() else { panic!("the line has no end") };
    assert_eq!(pending.data, None);
}

#[test]
fn an_event_type_of_a_refused_event_is_not_retained() {
    let mut parser = Parser::with_limit(40);
    assert!(parser.push(&[b"data: ", &[b'x'; 41][..]].concat()).next().is_err());
    assert_eq!(parser.push(b"\nevent: abc\n").next(), Ok(None));
    assert_eq!(parser.retained(), 0);
    let End::Incomplete(pending) = parser.finish() else { panic!("the block has no end") };
    assert_eq!(pending.event_type, "");
}

#[test]
fn chunk_invariance_a_sequence_that_is_cut_where_the_limit_is_met_is_decoded_whole() {
    let text = "\u{feff}é\u{10348}";
    let needed = text.len();
    for limit in needed..4 * needed {
        // What room there is, is asked for at the first chunk, and again where that is used up.
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
fn a_comment_that_nobody_wants_any_more_is_not_retained() {
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
    assert_eq!(parser.set_limit(5), Ok(()), "told once");
    let mut events = parser.push(b"9\ndata: more\n\ndata: 1234\n\ndata: 12345\n\n");
    let event = events.next().unwrap().unwrap();
    assert_eq!((event.data, event.last_event_id), ("1234", "1"));
    assert_eq!(facts(&events.next().unwrap_err()), (5, 46, None, Refused::Event));
    assert_eq!(events.next(), Ok(None));
    assert_eq!(parser.set_limit(6), Ok(()));
    assert_eq!(parser.push(b"data: 12345\n\n").next().unwrap().unwrap().data, "12345");

    // A comment that is being read gives way before the event does.
    let mut parser = Parser::new();
    assert_eq!(parser.observe(b"data: 1234\n: a long comm").next(), Ok(None));
    assert_eq!(parser.set_limit(4), Ok(()));
    assert_eq!(parser.retained(), 4);
    let mut items = parser.observe(b"ent\n\n");
    assert!(matches!(items.next(), Ok(Some(Item::Event(event))) if event.data == "1234"));

    // A last event ID that is longer than the limit stays.
    let mut parser = Parser::new();
    parser.set_last_event_id("123456").unwrap();
    assert_eq!(parser.set_limit(3), Ok(()), "no event to refuse");
    assert_eq!(parser.last_event_id(), "123456");
    let mut events = parser.push(b"data: 1\n\n");
    assert_eq!(facts(&events.next().unwrap_err()), (3, 0, None, Refused::Event));
    assert_eq!(events.next(), Ok(None));
}

#[test]
fn a_last_event_id_is_set_from_outside_or_refused_with_the_reason() {
    let mut parser = Parser::with_limit(4);
    parser.set_last_event_id("old").unwrap();
    for (id, at, character) in [("a\0b", 1, '\0'), ("\n", 0, '\n'), ("\u{E9}\r", 2, '\r')] {
        let error = parser.set_last_event_id(id).unwrap_err();
        assert_eq!(error, LastEventIdError::Character { character, at });
        assert!(error.to_string().contains(&format!("{character:?} at byte {at}")), "{error}");
    }
    let error = parser.set_last_event_id("12345").unwrap_err();
    assert_eq!(error, LastEventIdError::TooLong { length: 5, room: 4 });
    assert_eq!(parser.last_event_id(), "old");
    let mut parser = Parser::with_arrays([0; 9], [0; 9], [0; 4]);
    let error = parser.set_last_event_id("12345").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the last event ID has 5 bytes, and there is room for 4; raise the limit, or give a larger \
         array for IDs"
    );
    parser.set_last_event_id("1234").unwrap();
    assert_eq!(parser.last_event_id(), "1234");
    // What else is retained counts.
    let mut parser = Parser::with_limit(10);
    assert_eq!(parser.push(b"event: e\ndata: 12345\nid: 1").next(), Ok(None));
    let error = parser.set_last_event_id("12345").unwrap_err();
    assert_eq!(error, LastEventIdError::TooLong { length: 5, room: 4 });
    parser.set_last_event_id("1234").unwrap();
    assert_eq!(parser.retained(), 10);
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
        assert_eq!(parser.finish(), End::Clean);
    }
}

#[test]
fn the_limit_of_a_parser_that_is_given_none_is_16_mib() {
    assert_eq!(Parser::new().limit(), 1 << 24);
    assert_eq!(Parser::with_limit(7).limit(), 7);
    assert_eq!(Parser::with_arrays([0; 8], [0; 8], [0; 8]).limit(), usize::MAX);
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
