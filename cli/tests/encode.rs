//! `sse-wire encode`: encodes JSON lines as a stream.

#[path = "support/run.rs"]
#[allow(dead_code)] // Each file of tests needs another part of it.
mod run;

use std::fs;

use run::*;
use serde_json::{Value, json};

#[test]
fn a_json_line_becomes_a_block() {
    let lines = concat!(
        r#"{"comment": "c", "type": "e", "id": "1", "retry": 18446744073709551615, "data": "a\nb"}"#,
        "\n\r\n  \n",
        r#"{"data": ""}"#,
        "\r\n",
        r#"{"id": ""}"#,
        "\n{}\n",
        r#"{"type": "message", "data": "no line end"}"#,
    );
    let stream = ": c\nevent: e\nid: 1\nretry: 18446744073709551615\ndata: a\ndata: b\n\n\
                  data: \n\nid: \n\n\nevent: message\ndata: no line end\n\n";
    assert_eq!(run(&["encode"], lines).fine(), stream);
    assert_eq!(run(&["encode", "-"], lines).fine(), stream);
    assert_eq!(run(&["encode", &file("lines.jsonl", lines)], "").fine(), stream);
}

#[test]
fn a_last_event_id_is_written_if_it_differs_from_the_previous_one() {
    let lines = [
        json!({"data": "none", "last_event_id": ""}),
        json!({"data": "set", "last_event_id": "1"}),
        json!({"data": "kept", "last_event_id": "1"}),
        json!({"data": "both", "id": "2", "last_event_id": "2"}),
        json!({"data": "kept", "last_event_id": "2"}),
        json!({"data": "says nothing"}),
        json!({"data": "again", "id": "2"}),
        json!({"data": "reset", "last_event_id": ""}),
        json!({"data": "kept", "last_event_id": ""}),
    ];
    assert_eq!(
        run(&["encode"], lines.map(|line| format!("{line}\n")).concat()).fine(),
        "data: none\n\nid: 1\ndata: set\n\ndata: kept\n\nid: 2\ndata: both\n\ndata: kept\n\n\
         data: says nothing\n\nid: 2\ndata: again\n\nid: \ndata: reset\n\ndata: kept\n\n"
    );
}

#[test]
fn what_parse_prints_encodes_to_a_stream_with_the_same_events() {
    let sample = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/chat.sse")).unwrap();
    let cases = sse_wire_vectors::decoder().into_iter();
    let cases = cases.filter(|case| case.limit.is_none() && case.carried_over.is_none());
    let streams = cases.map(|case| (case.id.clone(), case.chunks.concat(), &["--comments"][..]));
    let streams = streams.chain([
        ("sample".into(), sample.clone(), &["--comments"][..]),
        ("sample, events only".into(), sample, &[]),
    ]);
    for (name, stream, options) in streams {
        let parse = [&["parse", "--json"], options].concat();
        let printed = run(&parse, &stream).stdout;
        let encoded = run(&["encode"], &printed).fine();
        let again = run(&[&parse[..], &["--require-clean-end"]].concat(), encoded).json();
        let without_positions = |mut line: Value| {
            let object = line.as_object_mut().unwrap();
            object.remove("bytes");
            object.remove("position");
            line
        };
        let [before, after] = [json_lines(&printed), again]
            .map(|lines| lines.into_iter().map(without_positions).collect::<Vec<_>>());
        assert_eq!(before, after, "{name}");
    }
}

#[test]
fn the_default_type_that_parse_prints_writes_no_line() {
    let stream = "id: 1\ndata: x\n\ndata: y\n\nevent: z\ndata: z\n\n";
    assert_eq!(run(&["encode"], run(&["parse", "--json"], stream).fine()).fine(), stream);
}

#[test]
fn a_bad_line_is_named_and_nothing_of_it_is_written() {
    let after = r#"{"data": "after"}"#;
    for (bad, reason) in [
        (r#"{"data": 5}"#, "`data`: invalid type: integer `5`, expected a string"),
        (r#"{"data": null}"#, "`data`: invalid type: null, expected a string"),
        (r#"{"data": {"a": 1}}"#, "`data`: invalid type: map, expected a string"),
        (r#"{"data": "x", "dat": "y"}"#, "unknown field `dat`, expected one of `type`, `data`"),
        (r#"{"data": "x", "data": "y"}"#, "duplicate field `data`"),
        (r#"{"id": 7}"#, "`id`: invalid type: integer `7`, expected a string"),
        (r#"{"type": null}"#, "`type`: invalid type: null"),
        (r#"{"comment": []}"#, "`comment`: invalid type: sequence"),
        (r#"{"last_event_id": 1}"#, "`last_event_id`: invalid type: integer `1`"),
        (
            r#"{"retry": -1}"#,
            "`retry`: invalid type: integer `-1`, expected an integer from 0 to 18446744073709551615",
        ),
        (
            r#"{"retry": 18446744073709551616}"#,
            "expected an integer from 0 to 18446744073709551615",
        ),
        (r#"{"retry": 1.5}"#, "`retry`: invalid type: floating point `1.5`"),
        (r#"{"retry": "5"}"#, "`retry`: invalid type: string \"5\""),
        (r#"{"data": "x", "id": "1\ndata: injected"}"#, "the id has a line break at byte 1"),
        (r#"{"data": "x", "id": "a\u0000"}"#, "the id has a NUL at byte 1"),
        (r#"{"data": "x", "last_event_id": "a\r"}"#, "the id has a line break at byte 1"),
        (r#"{"data": "x", "type": "a\r"}"#, "the event type has a line break at byte 1"),
        (r#"{"data": "x", "comment": "a\n"}"#, "the comment has a line break at byte 1"),
        (r#"{"id": "1", "last_event_id": "2"}"#, "`id` and `last_event_id` differ"),
        (r#"["e", "x"]"#, "expected a JSON object"),
        (r#""x""#, "expected a JSON object"),
        (r#"{"data": "x""#, "not valid JSON at column 12: EOF"),
        (r#"{"data": "x"} {}"#, "not valid JSON at column 15: trailing characters"),
        ("data: x", "not valid JSON at column 1: expected value"),
    ] {
        let done = run(&["encode"], format!("{{\"data\": \"before\"}}\n\n{bad}\n{after}\n"));
        assert_eq!((done.stdout.as_str(), done.code), ("data: before\n\n", 1), "{bad}");
        assert!(done.stderr.starts_with("sse-wire: stdin: line 3: "), "{}", done.stderr);
        assert!(done.stderr.contains(reason), "{bad} {}", done.stderr);
        assert_eq!(done.stderr.lines().count(), 1, "{}", done.stderr);
        assert!(!done.stderr.contains(" at line "), "a second line number: {}", done.stderr);
    }
    let done = run(&["encode"], b"{\"data\": \"\xff\"}\n");
    assert_eq!((done.stdout.as_str(), done.code), ("", 1));
    assert_eq!(done.stderr, "sse-wire: stdin: line 1: not UTF-8 at byte 10\n");
    let done = run(&["encode"], "{\"\\u001b[31m\": 1}\n");
    assert!(!done.stderr.contains('\u{1b}'), "{:?}", done.stderr);

    let done = run(&["encode", "/nowhere/x.jsonl"], "");
    assert_eq!((done.stdout.as_str(), done.code), ("", 1));
    assert!(done.stderr.starts_with("sse-wire: cannot open /nowhere/x.jsonl: "), "{}", done.stderr);
}

#[test]
fn strict_refuses_a_carriage_return_in_data() {
    let line = r#"{"data": "a\r\nb"}"#;
    assert_eq!(run(&["encode"], line).fine(), "data: a\ndata: b\n\n");
    let done = run(&["encode", "--strict"], line);
    assert_eq!((done.stdout.as_str(), done.code), ("", 1));
    assert!(done.stderr.contains("line 1: the data has a CR at byte 1"), "{}", done.stderr);
    assert_eq!(run(&["encode", "--strict"], r#"{"data": "a\nb"}"#).fine(), "data: a\ndata: b\n\n");
}

#[test]
fn a_block_is_written_while_lines_still_arrive() {
    let mut live = Running::start(&["encode"]);
    for n in ["1", "2"] {
        live.write(format!("{{\"data\": \"{n}\"}}\n{{\"da"));
        assert_eq!([live.line(), live.line()], [format!("data: {n}"), String::new()]);
        live.write("ta\": \"x\"}\n");
        assert_eq!([live.line(), live.line()], ["data: x", ""]);
    }
    live.end_fine();
}

#[test]
fn encode_ends_quietly_if_nothing_reads_its_output() {
    ends_quietly_if_nobody_reads(&["encode"], "{\"data\": \"x\"}\n");
}

#[test]
fn every_encoder_vector_holds() {
    let cases = sse_wire_vectors::encoder();
    assert!(cases.len() > 30, "{} cases", cases.len());
    for case in cases {
        let texts = [
            ("type", &case.event_type),
            ("data", &case.data),
            ("id", &case.id),
            ("comment", &case.comment),
        ];
        let texts = texts.into_iter().filter_map(|(key, text)| Some((key, json!(text.as_ref()?))));
        let retry = case.retry.map(|retry| ("retry", json!(retry)));
        let line: Value = texts.chain(retry).map(|(key, value)| (key.to_owned(), value)).collect();
        let arguments = if case.strict { &["encode", "--strict"][..] } else { &["encode"] };
        let done = run(arguments, line.to_string());
        match &case.expected {
            Ok(bytes) => assert_eq!(done.fine().as_bytes(), bytes, "{}", case.case.id),
            Err(_) => assert_eq!((done.stdout.as_str(), done.code), ("", 1), "{}", case.case.id),
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn blocks_of_lines_that_are_available_are_written_together() {
    const LINES: usize = 20_000;
    let mut live = Running::start(&["encode"]);
    live.write("{\"data\": \"x\"}\n".repeat(LINES) + "{\"comment\": \"the end\"}\n");
    while live.line() != ": the end" {}
    let writes = system_number(&live.child, "io", "syscw:");
    assert!(writes < LINES as u64 / 20, "{writes} writes");
}
