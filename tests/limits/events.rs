//! Events: what counts toward the limit for data and type, and when an event is refused.

use sse_wire::{End, Parser, Refused};

use crate::{facts, limit_error};

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
        let mut items = parser.push(b"id: 7\n\n");
        let error = limit_error(items.next_item());
        assert_eq!(facts(&error), (8, position, None, Refused::Event), "{}", stream.escape_ascii());
        assert_eq!(items.next_item(), Ok(None), "one result for each block");
        assert_eq!(parser.last_event_id(), "7");
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
