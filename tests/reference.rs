//! The reference: compared with the vectors, which were worked out by hand, and with the parser and the tokenizer; and
//! its explanations. (For every small stream: `tests/small_worlds.rs`.)

#![cfg(feature = "alloc")]

mod support;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use sse_wire_reference::{End, Interpreter, Step, Verdict, decode, interpret};
use support::equality::{Reference, Ways};
use support::reference::ReferenceDriver;
use support::{Driver, decoder_cases};

#[test]
fn every_decoder_vector_without_a_limit_holds_in_the_reference() {
    let cases = decoder_cases();
    let (limited, cases): (Vec<_>, Vec<_>) = cases.iter().partition(|case| case.limit.is_some());
    for case in &cases {
        let chunks: Vec<&[u8]> = case.chunks.iter().map(Vec::as_slice).collect();
        let id = case.last_event_id.as_deref();
        assert_eq!(
            ReferenceDriver.decode(&chunks, id, None),
            case.expected,
            "{}\n{}",
            case.name,
            interpret(&chunks.concat(), id.unwrap_or_default()),
        );
    }
    // The specification has no limit, so the reference has none.
    println!("{} vectors hold, {} have a limit and were left out", cases.len(), limited.len());
    assert!(cases.len() >= 400 && limited.len() < cases.len() / 5);
}

#[test]
fn the_lines_of_a_stream_are_all_of_its_bytes_in_order() {
    for case in decoder_cases() {
        let stream = case.chunks.concat();
        let mut end = 0;
        let mut text = String::new();
        for line in interpret(&stream, "").lines {
            assert_eq!(line.range.start, end, "{}", case.name);
            assert_eq!(String::from_utf8_lossy(&stream[line.range.clone()]), line.source);
            end = line.range.end;
            text += &line.source;
        }
        assert_eq!(end, stream.len(), "{}", case.name);
        assert_eq!(text, String::from_utf8_lossy(&stream), "{}", case.name);
    }
}

#[test]
fn each_line_has_its_range_its_effect_and_the_section() {
    let explained: &[(&[u8], &str)] = &[
        (b"\xEF\xBB\xBF", r#""\u{feff}": removed: a byte order mark begins the stream (9.2.5)"#),
        (b": hi\n", r#"": hi\n": ignored: a comment (9.2.6)"#),
        (b"event: e\n", r#""event: e\n": sets the event type buffer to "e" (9.2.6)"#),
        (
            b"\n",
            r#""\n": a blank line: no event, since the data buffer is empty; the type "e" is discarded (9.2.6)"#,
        ),
        (b"\r\n", r#""\r\n": a blank line: no event, since the data buffer is empty (9.2.6)"#),
        (b"event\r", r#""event\r": empties the event type buffer, which means "message" (9.2.6)"#),
        (
            b"data:  \xE2\x82\n",
            "\"data:  \u{FFFD}\\n\": appends \" \u{FFFD}\" and an LF to the data buffer (9.2.6); bytes 33..35 are ill-formed UTF-8: U+FFFD",
        ),
        (
            b"id: 1\n",
            r#""id: 1\n": sets the last event ID buffer to "1"; a blank line will commit it (9.2.6)"#,
        ),
        (b"id: \0\n", r#""id: \0\n": ignored: an ID with a NUL (9.2.6)"#),
        (b"retry: 007\n", r#""retry: 007\n": sets the reconnection time to 7 ms, at once (9.2.6)"#),
        (
            b"retry: 18446744073709551616\n",
            r#""retry: 18446744073709551616\n": sets the reconnection time to 18446744073709551615 ms, the maximum (9.2.6, our choice)"#,
        ),
        (b"retry\n", r#""retry\n": ignored: no digits (9.2.6, our choice)"#),
        (b"retry: -1\n", r#""retry: -1\n": ignored: "-1" is not only ASCII digits (9.2.6)"#),
        (b"dat\n", r#""dat\n": ignored: no field has the name "dat" (9.2.6)"#),
        (
            b"ID: 2\n",
            r#""ID: 2\n": ignored: no field has the name "ID"; case counts, so it is not "id" (9.2.6)"#,
        ),
        (
            b"data : x\n",
            r#""data : x\n": ignored: no field has the name "data "; white space belongs to the name, so it is not "data" (9.2.6)"#,
        ),
        (
            b"\xEF\xBB\xBFdata: x\n",
            r#""\u{feff}data: x\n": ignored: no field has the name "\u{feff}data"; only the first byte order mark of a stream is removed, so it is not "data" (9.2.6)"#,
        ),
        (
            b"\n",
            r#""\n": a blank line: an event of the type "message"; the last event ID is now "1" (9.2.6)"#,
        ),
        (
            b"id\n",
            r#""id\n": sets the last event ID buffer to ""; a blank line will commit it (9.2.6)"#,
        ),
        (
            b"\r",
            r#""\r": a blank line: no event, since the data buffer is empty; the last event ID is now "" (9.2.6)"#,
        ),
        (b"event: x\n", r#""event: x\n": sets the event type buffer to "x" (9.2.6)"#),
        (
            b"data: 70 characters are too many to be shown twice, so there are only sixty\n",
            r#""data: 70 characters are too many to be shown twice, so there"… (76 bytes): appends "70 characters are too many to be shown twice, so there are o"… (69 bytes) and an LF to the data buffer (9.2.6)"#,
        ),
        (b"\n", r#""\n": a blank line: an event of the type "x" (9.2.6)"#),
        (b"data: cut", r#""data: cut": discarded: the stream ends before the line does (9.2.6)"#),
    ];
    let stream: Vec<u8> = explained.iter().flat_map(|(bytes, _)| bytes.iter().copied()).collect();
    let meaning = interpret(&stream, "");
    let mut start = 0;
    assert_eq!(meaning.lines.len(), explained.len());
    for (line, (bytes, explanation)) in meaning.lines.iter().zip(explained) {
        let end = start + bytes.len();
        assert_eq!(line.to_string(), format!("bytes {start}..{end} {explanation}"));
        start = end;
    }
    let end = |mut stream: &[u8], last_event_id| {
        let mut interpreter = Interpreter::new(last_event_id);
        while interpreter.next(&mut stream).is_some() {}
        interpreter.finish().1.to_string()
    };
    let discarded = format!("discarded: bytes {}..{start}, which have no blank line", start - 9);
    assert_eq!(
        end(&stream, ""),
        format!(
            "the stream ends: the last event ID is \"\", the reconnection time 18446744073709551615 ms; {discarded}"
        )
    );
    assert_eq!(end(b"", "7"), "the stream ends: the last event ID is \"7\"; nothing is unfinished");
}

/// The steps of a stream, and its end.
fn steps(mut interpreter: Interpreter, mut stream: &[u8]) -> (Vec<Step>, End) {
    let mut steps: Vec<_> = std::iter::from_fn(|| interpreter.next(&mut stream)).collect();
    let (last, end) = interpreter.finish();
    steps.extend(last);
    (steps, end)
}

#[test]
fn a_line_over_the_limit_has_no_effect_and_its_block_dispatches_nothing() {
    let stream = b"data: 1234\ndata: 12345\n\ndata: 12345\ndata: a\nid: 7\n\ndata: \xFFa\n\n\xFF: 12345678\n";
    let (steps, _) = steps(Interpreter::new("").with_limit(11), stream);
    let over = Verdict::OverLimit { limit: 11 };
    let places = (0..steps.len()).filter(|&at| steps[at].line.verdict == over);
    assert_eq!((steps.len(), places.collect::<Vec<_>>()), (10, vec![1, 3, 9]));
    let events: Vec<_> = steps.iter().filter_map(|step| step.event.as_ref()).collect();
    assert_eq!(events.len(), 1, "blocks with such a line are skipped");
    assert_eq!((events[0].data.as_str(), events[0].last_event_id.as_str()), ("\u{FFFD}a", "7"));
    assert_eq!(steps[6].line.verdict, Verdict::SkippedBlock { id: Some("7".into()) });
    assert_eq!((steps[7].line.ill_formed.len(), steps[9].line.ill_formed.len()), (1, 0));
}

#[test]
fn the_end_of_a_stream_completes_a_byte_order_mark_and_a_line_that_a_cr_ends() {
    for (stream, verdicts, unfinished) in [
        (&b"\xEF\xBB\xBF"[..], &["a byte order mark"][..], None),
        (b"\xEF\xBB", &["discarded"], Some("\u{FFFD}")),
        (b"data: x\r", &["appends"], Some("")),
        (b"data: x\n\r", &["appends", "a blank line"], None),
        (b"data: x\n\nda", &["appends", "a blank line", "discarded"], Some("da")),
        (b"data: x\n\n\xEF\xBB\xBF", &["appends", "a blank line", "discarded"], Some("\u{FEFF}")),
    ] {
        let (steps, end) = steps(Interpreter::new(""), stream);
        assert_eq!(steps.len(), verdicts.len(), "{stream:?}");
        for (step, verdict) in steps.iter().zip(verdicts) {
            assert!(step.line.verdict.to_string().contains(verdict), "{}", step.line);
        }
        assert_eq!(end.unfinished.as_ref().map(|block| &*block.line), unfinished, "{end}");
    }
}

#[test]
fn an_interpretation_displays_its_lines() {
    let meaning = interpret(b"data: x\n\n", "");
    let lines: Vec<_> = meaning.to_string().lines().map(str::to_owned).collect();
    assert_eq!(lines, meaning.lines.iter().map(ToString::to_string).collect::<Vec<_>>());
}

#[test]
fn ill_formed_sequences_are_those_that_begin_in_the_range() {
    let text = decode(b"\xFFa\xFF");
    let sequences = |range| text.ill_formed(range).map(|it| (it.start, it.end)).collect::<Vec<_>>();
    assert_eq!(text.characters, "\u{FFFD}a\u{FFFD}");
    assert_eq!(sequences(0..4), [(0, 1)]);
    assert_eq!(sequences(3..7), [(2, 3)]);
    assert_eq!(sequences(4..7), [(2, 3)]);
    assert_eq!(sequences(0..7), [(0, 1), (2, 3)]);
}

/// Text that servers send, and text that no server should send, whole and cut.
fn any_stream() -> impl Strategy<Value = Vec<u8>> {
    let pieces: &[&[u8]] = &[
        b"\n", b"\r", b"\r\n", b"data", b"event", b"id", b"retry", b":", b" ", b"\0", b"\t", b"9",
        b"data: {\"delta\": \"Hel\"}\n\n", b"event: done\r\ndata: [DONE]\r\n\r\n", b": keep-alive\n\n",
        b"id: \xC3\xA9\n", b"retry: 3000\n", b"\xEF\xBB\xBF", b"\xE2\x82", b"\xF0\x9F\x98", b"\x80",
        b"a line that is longer than the vectors in which line ends are looked for, which have 64 bytes",
    ];
    let piece = prop_oneof![
        8 => select(pieces).prop_map(<[u8]>::to_vec),
        1 => vec(any::<u8>(), 0..9),
        1 => any::<String>().prop_map(String::into_bytes),
    ];
    vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(support::kept::failures())]

    #[test]
    fn equality_with_the_reference_on_every_stream_in_every_way(
        stream in any_stream(),
        before in "[^\0\n\r]{0,5}",
        places in vec(any::<Index>(), 0..9),
    ) {
        let mut ends: Vec<usize> = places.iter().map(|it| it.index(stream.len() + 1)).collect();
        ends.push(stream.len());
        ends.sort_unstable();
        let starts = [0].into_iter().chain(ends.iter().copied());
        let cut: Vec<&[u8]> = starts.zip(&ends).map(|(start, &end)| &stream[start..end]).collect();
        let single: Vec<&[u8]> = stream.chunks(1).collect();
        let whole = [stream.as_slice()];
        let chunkings: [&[&[u8]]; 3] = [&whole, &cut, &single];
        let reference = Reference::new(&stream, &before);
        let compared = Ways::new(stream.len() + before.len()).compare(&reference, chunkings);
        prop_assert!(compared.is_ok(), "{}", compared.unwrap_err());
    }
}
