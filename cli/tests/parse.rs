//! `sse-wire parse`: shows the events of streams.

#[path = "support/run.rs"]
#[allow(dead_code)] // Each file of tests needs another part of it.
mod run;

use run::*;
use serde_json::{Value, json};

#[test]
fn events_are_readable() {
    let stream = ": hi\nretry: 5\nid: 1\ndata: one\ndata:\ndata:  two\n\nevent: tick\ndata: {}\n\n\
                  id: 2\n\nevent: ping\nid\ndata\n\ndata: \ttab é日\u{1f30a}\n\n";
    let events = "message  id: 1\n  one\n  \n   two\ntick\n  {}\n\
                  ping  (id reset)  (empty data)\nmessage\n  \ttab é日\u{1f30a}\n";
    assert_eq!(run(&["parse"], stream).fine(), events);
    assert_eq!(run(&["parse", "-"], stream).fine(), events);
    assert_eq!(run(&["parse", &file("readable.sse", stream)], "").fine(), events);
}

#[test]
fn comments_reconnection_times_and_ids_without_an_event_are_shown_with_comments() {
    let stream = ": hi\nretry: 5\nid: 7\n\ndata: x\n: in between\n\nid\n\nevent: none\n\n";
    assert_eq!(
        run(&["parse", "--comments"], stream).fine(),
        ": hi\nretry: 5 ms\nid: 7\n: in between\nmessage\n  x\n(id reset)\n"
    );
    assert_eq!(
        run(&["parse", "--json", "--comments"], stream).json(),
        [
            json!({"comment": "hi", "position": 0}),
            json!({"retry": 5}),
            json!({"id": "7", "bytes": [0, 21]}),
            json!({"comment": "in between", "position": 29}),
            json!({"type": "message", "data": "x", "last_event_id": "7", "bytes": [21, 43]}),
            json!({"id": "", "bytes": [43, 47]}),
        ]
    );
    assert_eq!(
        run(&["parse", "--json"], stream).json(),
        [json!({"type": "message", "data": "x", "last_event_id": "7", "bytes": [21, 43]})]
    );
}

#[test]
fn a_stream_cannot_control_the_terminal() {
    let hostile = "\u{1b}]0;x\u{7}\u{9b}2J\u{7f}\u{8}\u{202e}";
    let stream = format!(
        ": c{hostile}\nevent: e{hostile}\nid: i{hostile}\ndata: d{hostile}\0\n\ndata: \u{1b}cut"
    );
    for arguments in [
        &["parse", "--comments"][..],
        &["parse", "--comments", "--json"],
        &["parse", "--comments", "--chunk", "1"],
    ] {
        let done = run(arguments, &stream);
        for text in [&done.stdout, &done.stderr] {
            let bad = text.chars().find(|&c| c != '\n' && c.is_control() || c == '\u{202e}');
            assert_eq!(bad, None, "{arguments:?} {text}");
        }
        assert!(done.stdout.lines().count() >= 2 && done.stderr.contains("cut"), "{done:?}");
    }
    let readable = run(&["parse", "--comments"], &stream).stdout;
    let shown = r"\u{1b}]0;x\u{7}\u{9b}2J\u{7f}\u{8}\u{202e}";
    assert_eq!(readable, format!(": c{shown}\ne{shown}  id: i{shown}\n  d{shown}\\u{{0}}\n"));
    let events = json_lines(&run(&["parse", "--json"], &stream).stdout);
    assert_eq!(events[0]["data"], format!("d{hostile}\0"), "JSON keeps the text");
}

#[test]
fn only_events_of_a_type_and_only_data_are_shown_on_request() {
    let stream = "event: a\ndata: 1\ndata: \u{1b}2\n\ndata: 3\n\nevent: b\ndata\n\n: c\n\n";
    let shown = |options: &[&str]| run(&[&["parse"], options].concat(), stream).fine();
    assert_eq!(shown(&["--event", "message"]), "message\n  3\n");
    assert_eq!(shown(&["--event", "a", "--event=b"]).lines().count(), 4);
    assert_eq!(shown(&["--event", "message", "--comments"]), "message\n  3\n: c\n");
    assert_eq!(shown(&["--data-only"]), "1\n\u{1b}2\n3\n\n", "a pipe gets it as it is");
    assert_eq!(shown(&["--data-only", "--event", "message"]), "3\n");
    for other in ["--json", "--comments", "--timestamps"] {
        assert_eq!(run(&["parse", "--data-only", other], "").code, 2, "{other}");
    }
}

#[test]
fn timestamps_are_in_both_forms_and_encode_accepts_them() {
    let stream = ": c\ndata: x\n\n";
    let is_time = |text: &str| {
        let form: String = text.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
        form == "9999-99-99T99:99:99.999Z"
    };
    let shown = run(&["parse", "--timestamps", "--comments"], stream).fine();
    let lines: Vec<_> = shown.lines().collect();
    let (time, comment) = lines[0].split_once("  ").unwrap();
    assert!(is_time(time) && comment == ": c", "{shown}");
    let (time, event_type) = lines[1].split_once("  ").unwrap();
    assert!(is_time(time) && event_type == "message" && lines[2] == "  x", "{shown}");
    let printed = run(&["parse", "--timestamps", "--json", "--comments"], stream).fine();
    for line in json_lines(&printed) {
        assert!(is_time(line["time"].as_str().unwrap()), "{line}");
    }
    assert_eq!(run(&["encode"], printed).fine(), ": c\n\ndata: x\n\n");
}

#[cfg(target_os = "linux")]
#[test]
fn events_of_an_available_stream_are_written_together_and_memory_does_not_grow() {
    const EVENTS: usize = 200_000;
    let path = file("many.sse", "data: x\n\n".repeat(EVENTS));
    for options in [&[][..], &["--json"]] {
        // The input stays open after the file, so that the process does not end.
        let mut live = Running::start(&[&["parse"], options, &[path.as_str(), "-"]].concat());
        live.write("data: the end\n\n");
        while !live.line().contains("the end") {}
        let writes = system_number(&live.child, "io", "syscw:");
        assert!(writes < EVENTS as u64 / 20, "{writes} writes");
        let peak = system_number(&live.child, "status", "VmHWM:");
        assert!(peak < 32 * 1024, "{peak} KiB");
        live.end_fine();
    }
}

#[test]
fn an_event_is_written_while_the_stream_is_open() {
    let mut live = Running::start(&["parse", "--json"]);
    for n in ["1", "2"] {
        live.write(format!("data: {n}\n\nda"));
        let event: Value = serde_json::from_str(&live.line()).unwrap();
        assert_eq!(event["data"], n);
        live.write("ta: discarded by the blank type\ndata\nevent:\n: \n");
        live.write("\n");
        live.line();
    }
    live.end_fine();

    let mut live = Running::start(&["parse", "--chunk", "1000000", "--comments"]);
    live.write(": hi\n");
    assert_eq!(live.line(), ": hi");
    // A CR is enough.
    live.write("data: x\r\r");
    assert_eq!([live.line(), live.line()], ["message", "  x"]);
    live.end_fine();
}

#[test]
fn parse_ends_quietly_if_nothing_reads_its_output() {
    ends_quietly_if_nobody_reads(&["parse"], "data: x\n\n");
    ends_quietly_if_nobody_reads(&["parse", "--json"], "data: x\n\n");
}

#[test]
fn several_files_are_several_streams_and_the_id_carries_over() {
    let first = file("first.sse", "\u{feff}id: 1\ndata: a\n\ndata: cut");
    let second = file("second.sse", "\u{feff}data: b\n\n");
    let done = run(&["parse", "--json", &first, "-", &second], "data: stdin\n\nid: lost\n");
    assert_eq!(
        json_lines(&done.stdout),
        [
            json!({"type": "message", "data": "a", "last_event_id": "1", "bytes": [3, 18]}),
            json!({"type": "message", "data": "stdin", "last_event_id": "1", "bytes": [0, 13]}),
            json!({"type": "message", "data": "b", "last_event_id": "1", "bytes": [3, 12]}),
        ]
    );
    assert_eq!(done.code, 0);
    let complaints: Vec<_> = done.stderr.lines().collect();
    assert_eq!(complaints.len(), 2, "{complaints:?}");
    assert!(complaints[0].contains("first.sse: ") && complaints[1].contains("stdin: "));
}

#[test]
fn what_cannot_be_opened_or_read_is_reported_and_the_rest_is_shown() {
    let good = file("good.sse", "data: good\n\n");
    let directory = env!("CARGO_TARGET_TMPDIR");
    let done = run(&["parse", "/nowhere/x.sse", directory, &good], "");
    assert_eq!((done.stdout.as_str(), done.code), ("message\n  good\n", 1));
    assert!(done.stderr.starts_with("sse-wire: cannot open /nowhere/x.sse: "), "{}", done.stderr);
    assert_eq!(run(&["parse", "/nowhere/x.sse", &good], "").code, 1);
    assert_eq!(run(&["parse", directory, &good], "").code, 1);
    if cfg!(unix) {
        let reason = format!("sse-wire: cannot read {directory}: ");
        assert!(done.stderr.contains(&reason), "{}", done.stderr);
    }
}

#[test]
fn the_error_for_a_url_in_place_of_a_file_has_advice() {
    let done = run(&["parse", "https://example.com/stream"], "");
    assert_eq!((done.stdout.as_str(), done.code), ("", 1));
    let hint = match cfg!(feature = "http") {
        true => "; did you mean `sse-wire listen https://example.com/stream`? ",
        false => "; pipe the output of `curl -sN https://example.com/stream` into this\n",
    };
    assert!(done.stderr.contains(hint), "{}", done.stderr);
}

#[test]
fn a_limit_skips_the_event_and_is_an_exit_code() {
    let stream = "data: 12345678\n\ndata: 123456789\n\ndata: after\n\n";
    let path = file("limit.sse", stream);
    let done = run(&["parse", "--limit", "8", &path], "");
    assert_eq!((done.stdout.as_str(), done.code), ("message\n  12345678\nmessage\n  after\n", 1));
    assert_eq!(
        done.stderr,
        format!(
            "sse-wire: {path}: the event that begins at byte 16 was skipped: it needs more than the \
             limit of 8 retained bytes; raise the limit to receive it (--limit)\n"
        )
    );
    assert!(run(&["parse", "--limit", "9"], stream).fine().contains("123456789"));
    run(&["parse", "--limit", &u64::MAX.to_string()], stream).fine();
}

#[test]
fn the_default_limit_is_16_mib() {
    const LIMIT: usize = 16 * 1024 * 1024;
    let event = |len: usize| format!("data: {}\n\n", "x".repeat(len));
    run(&["parse"], event(LIMIT)).fine();
    let done = run(&["parse"], event(LIMIT + 1));
    assert_eq!((done.stdout.as_str(), done.code), ("", 1));
    assert!(done.stderr.contains("16777216"), "{}", done.stderr);
}

#[test]
fn an_id_beyond_the_limit_for_ids_is_reported_and_an_exit_code_and_its_event_is_shown() {
    const LIMIT: usize = 64 * 1024;
    let event = |len: usize| format!("id: {}\ndata: x\n\n", "7".repeat(len));
    for options in [&[][..], &["--comments"]] {
        run(&[&["parse"], options].concat(), event(LIMIT)).fine();
        let done = run(&[&["parse"], options].concat(), event(LIMIT + 1));
        assert_eq!((done.stdout.as_str(), done.code), ("message\n  x\n", 1));
        assert_eq!(
            done.stderr,
            "sse-wire: stdin: the id that begins at byte 0 was skipped: it needs more than the limit of \
             65536 bytes for ids; raise the limits to receive it (--limit)\n"
        );
        // With a limit, IDs can have a quarter of it.
        let limit = (4 * (LIMIT + 1)).to_string();
        run(&[&["parse", "--limit", &limit], options].concat(), event(LIMIT + 1)).fine();
        let done = run(&[&["parse", "--limit", "8"], options].concat(), event(3));
        assert_eq!((done.stdout.as_str(), done.code), ("message\n  x\n", 1));
        run(&[&["parse", "--limit", "12"], options].concat(), event(3)).fine();
    }
}

#[test]
fn comments_count_toward_the_limit_only_if_they_are_shown() {
    let stream = ": 123456789\ndata: x\n\n";
    assert_eq!(run(&["parse", "--limit", "8"], stream).fine(), "message\n  x\n");
    let done = run(&["parse", "--limit", "8", "--comments"], stream);
    assert_eq!((done.stdout.as_str(), done.code), ("message\n  x\n", 1));
    assert!(done.stderr.contains("comment that begins at byte 0"), "{}", done.stderr);
}

#[test]
fn chunks_of_any_size_give_the_same_events() {
    let stream =
        "\u{feff}: c\r\nevent: é日\r\nid: \u{1f30a}\r\ndata: a\r\ndata: b\r\n\r\ndata: c\r\r";
    let whole = run(&["parse", "--json", "--comments"], stream).fine();
    assert_eq!(whole.lines().count(), 3);
    for chunk in ["1", "2", "3", "7", "65537", "1073741824"] {
        let arguments = ["parse", "--json", "--comments", "--chunk", chunk];
        assert_eq!(run(&arguments, stream).fine(), whole, "{chunk}");
    }
}

#[test]
fn a_chunk_without_a_byte_or_beyond_a_gib_is_refused() {
    for chunk in ["0", "1073741825", "-1", "x"] {
        let done = run(&["parse", &format!("--chunk={chunk}")], "data: 1\n\n");
        assert_eq!((done.code, done.stdout.as_str()), (2, ""), "{chunk}");
        assert!(done.stderr.contains("--chunk <N>"), "{}", done.stderr);
    }
}

#[test]
fn a_stream_that_is_cut_inside_an_event_is_reported_with_what_was_pending() {
    let long = "é".repeat(100);
    for (stream, said) in [
        ("data: a\n\nevent: e\nid: 7\ndata: half", r#"byte 9: no blank line ends it, so it was discarded; pending: type "e", id "7", data "half""#.into()),
        ("data: a\n", r#"byte 0: no blank line ends it, so it was discarded; pending: data "a""#.into()),
        ("id: 1\n\n: c", "byte 7: no blank line ends it, so it was discarded; pending: no data".into()),
        (&format!("data: {long}\n"), format!(r#"pending: data "{}"… (200 bytes)"#, "é".repeat(60))),
    ] {
        let done = run(&["parse"], stream);
        assert_eq!(done.code, 0);
        assert!(
            done.stderr.starts_with("sse-wire: stdin: the stream was cut inside the event that begins at byte "),
            "{}", done.stderr
        );
        let said: String = said;
        assert!(done.stderr.ends_with(&format!("{said}\n")), "{}", done.stderr);
        let strict = run(&["parse", "--require-clean-end"], stream);
        assert_eq!((strict.code, strict.stderr), (1, done.stderr));
    }
    for clean in ["", "\u{feff}", "data: a\n\n", "data: a\r\n\r", "\n"] {
        run(&["parse", "--require-clean-end"], clean).fine();
    }
    let skipped = run(&["parse", "--limit", "3"], "data: 1234\n");
    assert!(skipped.stderr.ends_with("begins at byte 0, which is over the limit\n"), "{skipped:?}");
}

#[test]
fn a_cut_in_one_of_several_files_is_an_exit_code() {
    let cut = file("cut.sse", "data: cut\n");
    let good = file("clean.sse", "data: good\n\n");
    assert_eq!(run(&["parse", "--require-clean-end", &cut, &good], "").code, 1);
    assert_eq!(run(&["parse", &cut, &good], "").code, 0);
    assert_eq!(run(&["parse", "--require-clean-end", &good, &good], "").code, 0);
    assert_eq!(run(&["parse", "--limit", "3", &good, &cut], "").code, 1, "for the limit");
}

#[test]
fn json_has_what_the_decoder_vectors_expect() {
    // No limit, not even for IDs.
    let limit = u64::MAX.to_string();
    let arguments = ["parse", "--json", "--comments", "--limit", &limit];
    let cases = sse_wire_vectors::decoder().into_iter();
    let cases = cases.filter(|case| case.limit.is_none() && case.carried_over.is_none());
    let cases: Vec<_> = cases.collect();
    assert!(cases.len() > 100, "{} cases", cases.len());
    for case in cases {
        let lines = json_lines(&run(&arguments, case.chunks.concat()).stdout);
        let comments: Vec<&Value> = lines.iter().filter_map(|line| line.get("comment")).collect();
        assert_eq!(json!(comments), json!(case.comments), "{}", case.id);
        let events: Vec<_> = lines.iter().filter(|line| line.get("type").is_some()).collect();
        let expected = case.events.iter().map(|event| {
            let range = event.range.as_ref().unwrap();
            json!({
                "type": event.event_type,
                "data": event.data,
                "last_event_id": event.last_event_id,
                "bytes": [range.start, range.end],
            })
        });
        assert_eq!(json!(events), json!(expected.collect::<Vec<_>>()), "{}", case.id);
    }
}

#[test]
fn the_sample_stream_is_shown_in_readable_form() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/chat.sse");
    let shown = run(&["parse", "--require-clean-end", path], "").fine();
    assert_eq!(shown.lines().filter(|line| !line.starts_with("  ")).count(), 8);
    assert!(shown.ends_with("message\n  [DONE]\n"), "{shown}");
}
