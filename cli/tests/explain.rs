//! `sse-wire explain`: prints each line of a stream with its rule.

#[path = "support/run.rs"]
#[allow(dead_code)] // Each file of tests needs another part of it.
mod run;

use std::io::Write;
use std::process::Stdio;

use run::*;
use serde_json::json;

#[test]
fn explain_shows_what_each_line_did_and_why() {
    let stream = b"\xEF\xBB\xBFdata: \x1B[2J\nData: y\n\nretry: 9\nid: 7";
    assert_eq!(
        run(&["explain"], stream).fine(),
        r#"bytes 0..3 "\u{feff}": removed: a byte order mark begins the stream (9.2.5)
bytes 3..14 "data: \u{1b}[2J\n": appends "\u{1b}[2J" and an LF to the data buffer (9.2.6)
bytes 14..22 "Data: y\n": ignored: no field has the name "Data"; case counts, so it is not "data" (9.2.6)
bytes 22..23 "\n": a blank line: an event of the type "message" (9.2.6)
bytes 23..32 "retry: 9\n": sets the reconnection time to 9 ms, at once (9.2.6)
bytes 32..37 "id: 7": discarded: the stream ends before the line does (9.2.6)
the stream ends: the last event ID is "", the reconnection time 9 ms; discarded: bytes 23..37, which have no blank line
4 lines, 1 event, 0 comments, 0 ids
"#
    );
    let path = file("explain.sse", "id\n\n");
    assert_eq!(
        run(&["explain", "--json", &path], "").json(),
        [
            json!({"bytes": [0, 3], "line": "id\n", "section": "9.2.6",
                "reason": "sets the last event ID buffer to \"\"; a blank line will commit it (9.2.6)"}),
            json!({"bytes": [3, 4], "line": "\n", "section": "9.2.6",
                "reason": "a blank line: no event, since the data buffer is empty; the last event ID is now \"\" (9.2.6)"}),
            json!({"last_event_id": "", "retry": null, "discarded": null,
                "lines": 2, "events": 0, "comments": 0, "ids": 1}),
        ]
    );
}

#[test]
fn explain_shows_ill_formed_bytes_nul_and_trailing_spaces() {
    let stream = b"data: \xE2\x82 \0 \r\n\n";
    let shown = run(&["explain"], stream).fine();
    let expected = "bytes 0..13 \"data: \u{fffd} \\0 \\r\\n\": appends \"\u{fffd} \\0 \" and an LF to the data buffer \
                    (9.2.6); bytes 6..8 are ill-formed UTF-8: U+FFFD\n";
    assert!(shown.starts_with(expected), "{shown}");
    let lines = run(&["explain", "--json"], stream).json();
    assert_eq!(lines[0]["ill_formed"], json!([[6, 8]]));
    assert_eq!(lines[1].get("ill_formed"), None);
}

#[test]
fn explain_shows_a_line_while_the_stream_is_still_open() {
    let mut live = Running::start(&["explain"]);
    live.write("data: x\n\nda");
    assert!(live.line().starts_with("bytes 0..8 "));
    assert!(live.line().starts_with("bytes 8..9 "));
    live.write("ta: y\r");
    live.write("\n");
    assert!(live.line().starts_with("bytes 9..18 "));
    live.stdin = None;
    assert!(live.line().contains("discarded: bytes 9..18"));
    assert!(live.line().starts_with("3 lines, 1 event"));
    live.end_fine();
}

#[cfg(target_os = "linux")]
#[test]
fn memory_of_explain_does_not_grow_with_the_stream_a_line_or_an_event() {
    let long = format!("data: {}\n", "x".repeat(1000));
    for (input, times) in [("\n", 1 << 20), (&long, 1 << 16), ("data: \u{FEFF}x", 1 << 23)] {
        let mut child = command(&["explain"]);
        let mut child = child.stdout(Stdio::null()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        for part in input.repeat(times).as_bytes().chunks(1 << 16) {
            stdin.write_all(part).unwrap();
        }
        // Everything except the contents of the pipe has been read.
        let peak = system_number(&child, "status", "VmHWM:");
        drop(stdin);
        assert!(child.wait().unwrap().success());
        assert!(peak < 32 * 1024, "{} bytes, {times} times: {peak} KiB", input.len());
    }
}

#[test]
fn explain_skips_what_exceeds_the_limit_and_continues() {
    let stream = format!("data: {}\n\ndata: x\n\n", "x".repeat(2000));
    let shown = run(&["explain", "--limit", "1kB"], &stream).fine();
    assert!(
        shown.contains("not interpreted: the block needs more than the limit of 1000 bytes"),
        "{shown}"
    );
    assert!(shown.ends_with("4 lines, 1 event, 0 comments, 0 ids\n"), "{shown}");
}

#[test]
fn lint_is_an_exit_code_and_names_code_problem_and_fix() {
    let clean = "data: {}\n\n";
    assert_eq!(run(&["explain", "--lint"], clean).fine(), "");
    let stream = "data: {}\nretry: 3s\n\u{1b}: x\n\n";
    let done = run(&["explain", "--lint"], stream);
    assert_eq!((done.code, done.stderr.as_str()), (1, ""));
    assert_eq!(
        done.stdout,
        "bytes 9..19 retry-not-digits: the reconnection time is ignored: \"3s\" is not only ASCII digits (9.2.6); write milliseconds in digits, without a unit\n\
         bytes 19..24 unknown-field: the line is ignored: no field has the name \"\\u{1b}\" (9.2.6); name it data, event, id, or retry, or make it a comment with a leading colon\n"
    );
    let done = run(&["explain", "--lint", "--json"], stream);
    let findings = json_lines(&done.stdout);
    assert_eq!((done.code, findings.len()), (1, 2));
    assert_eq!(
        (&findings[0]["code"], &findings[0]["bytes"]),
        (&json!("retry-not-digits"), &json!([9, 19]))
    );
    assert!(findings[0]["fix"].is_string() && findings[0]["problem"].is_string());
}

#[test]
fn explain_cannot_control_the_terminal() {
    let stream: String = ('\0'..='\u{2100}').map(|c| format!("data{c}: {c}\n\n")).collect();
    for arguments in [&["explain"][..], &["explain", "--json"]] {
        let shown = run(arguments, &stream).fine();
        let orders =
            |c: char| (c.is_control() && c != '\n') || ('\u{2028}'..='\u{202e}').contains(&c);
        assert_eq!(shown.chars().find(|&c| orders(c)), None);
    }
}

#[test]
fn explain_reports_what_it_cannot_read() {
    let done = run(&["explain", "no/such/file"], "");
    assert_eq!((done.code, done.stdout.as_str()), (1, ""));
    assert!(done.stderr.starts_with("sse-wire: cannot open no/such/file: "), "{}", done.stderr);
    let done = run(&["explain", env!("CARGO_TARGET_TMPDIR")], "");
    assert_eq!((done.code, done.stdout.as_str()), (1, ""), "a folder");
    assert!(done.stderr.contains("cannot read"), "{}", done.stderr);
}

#[test]
fn the_example_in_the_help_of_explain_has_the_shown_output() {
    let help = run(&["explain", "--help"], "").fine();
    let (_, example) = help.split_once("| sse-wire explain\n").unwrap();
    let (answer, _) = example.split_once("\n\n").unwrap();
    let answer: String = answer.lines().map(|line| format!("{}\n", line.trim_start())).collect();
    assert!(help.contains(r"$ printf 'data: x\nId: 7\n\n' |"), "{help}");
    assert_eq!(run(&["explain"], "data: x\nId: 7\n\n").fine(), answer);
}
