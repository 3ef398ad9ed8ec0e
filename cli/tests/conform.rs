//! `sse-wire conform`: one answer to each request of the protocol. That its answers are right is in `check.rs`.

#[path = "support/run.rs"]
#[allow(dead_code)] // Each file of tests needs another part of it.
mod run;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use run::*;
use serde_json::{Value, json};

/// The answers to requests, one each.
fn conform<'a>(requests: impl Iterator<Item = &'a Value>) -> Vec<Value> {
    let lines: Vec<String> = requests.map(|request| format!("{request}\n")).collect();
    let answers = run(&["conform"], lines.concat()).json();
    assert_eq!(answers.len(), lines.len());
    answers
}

/// The reason in an answer that is an error; for values that can't be written, the answer also has the field and the
/// reason code.
fn reason(answer: &Value) -> Option<&str> {
    let reason = answer.get("error")?.as_str()?;
    let beside = ["field", "reason"].map(|key| answer.get(key).is_some());
    let is_error = match answer.as_object()?.len() {
        1 => true,
        3 => beside == [true; 2],
        _ => false,
    };
    (is_error && !reason.is_empty()).then_some(reason)
}

#[test]
fn a_connection_request_is_answered_exactly() {
    let request = json!({"steps": [
        {"op": "request"},
        {"op": "response", "status": 200, "content_type": "Text/Event-Stream ; x"},
        {"op": "bytes", "b64": STANDARD.encode("id: é\ndata: a\n\nretry: 18446744073709551615\nid: 2")},
        {"op": "end"},
        {"op": "request"},
        {"op": "response", "status": 204, "content_type": null},
        {"op": "network_error"},
        {"op": "close"},
    ]});
    assert_eq!(
        run(&["conform"], request.to_string()).fine(),
        concat!(
            r#"{"results":[{"last_event_id_header":null},{"action":"open"},"#,
            r#"{"events":[{"type":"message","data":"a","last_event_id":"é"}]},"#,
            r#"{"action":"reconnect","delay_ms":18446744073709551615,"last_event_id_header":"é"},"#,
            r#"{"last_event_id_header":"é"},{"action":"fail"},{"action":"none"},"#,
            r#"{"action":"closed"}]}"#,
            "\n"
        )
    );
    assert_eq!(run(&["conform"], r#"{"steps": []}"#).json(), [json!({"results": []})]);
    // A response without a type can omit the key.
    let absent = run(&["conform"], r#"{"steps": [{"op": "response", "status": 200}]}"#).json();
    assert_eq!(absent, [json!({"results": [{"action": "fail"}]})]);
}

#[test]
fn without_a_limit_requests_deliver_events_of_any_size() {
    let data = "x".repeat(17 << 20);
    let bytes = STANDARD.encode(format!("data: {data}\n\n"));
    let parse = json!({"chunks": [bytes]});
    let connection = json!({"steps": [
        {"op": "response", "status": 200, "content_type": "text/event-stream"},
        {"op": "bytes", "b64": bytes},
    ]});
    let answers = conform([parse, connection].iter());
    // Compared so that a failure doesn't print it.
    for events in [&answers[0]["events"], &answers[1]["results"][1]["events"]] {
        assert!(events[0]["data"].as_str() == Some(&*data), "an event of {} bytes", data.len());
    }
}

#[test]
fn a_parse_request_is_answered_exactly() {
    let request = json!({
        "chunks": ["ZGF0YTogYQoK", "", "ZGF0YTogYg==", "DQ0KDXJldHJ5OiAxODQ0Njc0NDA3MzcwOTU1MTYxNQ1pZDogaGFsZg0="],
        "last_event_id": "é",
        "limit": 1000,
    });
    assert_eq!(
        run(&["conform"], request.to_string()).fine(),
        concat!(
            r#"{"events":[{"type":"message","data":"a","last_event_id":"é"},"#,
            r#"{"type":"message","data":"b","last_event_id":"é"}],"#,
            r#""last_event_id":"é","retry":18446744073709551615,"#,
            r#""after":[1,1,1,2],"end":"incomplete","errors":[]}"#,
            "\n"
        )
    );
    let none = json!({"events": [], "last_event_id": "", "retry": null, "after": [], "end": "clean", "errors": []});
    assert_eq!(run(&["conform"], r#"{"chunks": []}"#).json(), [none]);
}

#[test]
fn a_limit_in_a_request_is_reported_in_the_answer() {
    let chunk = STANDARD.encode("data: 123456789\n\ndata: x\n\n");
    let request = |limit: u64| json!({"chunks": [chunk], "limit": limit});
    let answers = conform([request(8), request(9), request(u64::MAX)].iter());
    assert_eq!(
        answers[0]["errors"],
        json!([
            "the event that begins at byte 0 was skipped: it needs more than the limit of 8 retained bytes; raise the limit to receive it"
        ])
    );
    assert_eq!(answers[0]["after"], json!([1]));
    assert_eq!((&answers[1]["errors"], &answers[1]["after"]), (&json!([]), &json!([2])));
    assert_eq!((&answers[2]["errors"], &answers[2]["after"]), (&json!([]), &json!([2])));
}

#[test]
fn ids_are_limited_to_a_quarter_of_the_limit_of_a_request_and_unlimited_without_it() {
    let id = "7".repeat(65_537);
    let chunk = STANDARD.encode(format!("id: {id}\ndata: x\n\n"));
    let limited = |limit: usize| json!({"chunks": [chunk], "limit": limit});
    let answers = conform(
        [json!({"chunks": [chunk]}), limited(4 * id.len()), limited(4 * id.len() - 1)].iter(),
    );
    for answer in &answers[..2] {
        // Compared so that a failure doesn't print it.
        assert!(answer["events"][0]["last_event_id"] == id, "an id of {} bytes", id.len());
        assert_eq!(answer["errors"], json!([]));
    }
    let event = json!({"type": "message", "data": "x", "last_event_id": ""});
    assert_eq!(answers[2]["events"], json!([event]));
    assert_eq!(
        answers[2]["errors"],
        json!([
            "the id that begins at byte 0 was skipped: it needs more than the limit of 65536 bytes for ids; raise the limits to receive it"
        ])
    );
}

#[test]
fn a_refusal_names_the_field_and_the_reason() {
    for (values, field, reason, error) in [
        (
            json!({"comment": "\n"}),
            "comment",
            "line_break",
            "the comment has a line break at byte 0",
        ),
        (json!({"type": "\n"}), "type", "line_break", "the event type has a line break at byte 0"),
        (json!({"id": "\n"}), "id", "line_break", "the id has a line break at byte 0"),
        (json!({"id": "\0"}), "id", "nul", "the id has a NUL at byte 0"),
    ] {
        let answer = &conform([json!({"serialize": values})].iter())[0];
        let said = answer["error"].as_str().unwrap();
        assert!(said.starts_with(error), "{said}");
        assert_eq!(*answer, json!({"error": said, "field": field, "reason": reason}));
    }
    let request = json!({"serialize": {"data": "\r"}, "strict": true});
    let answer = &conform([request].iter())[0];
    assert_eq!((&answer["field"], &answer["reason"]), (&json!("data"), &json!("line_break")));
}

#[test]
fn an_observed_request_has_comments_and_ranges_and_no_error_for_a_comment() {
    let chunk = STANDARD.encode(": hi\n: 123456789\ndata: x\n\n");
    let request = json!({"chunks": [chunk], "limit": 8, "observe": true});
    assert_eq!(
        run(&["conform"], request.to_string()).fine(),
        concat!(
            r#"{"events":[{"type":"message","data":"x","last_event_id":"","bytes":[0,26]}],"#,
            r#""comments":["hi"],"last_event_id":"","retry":null,"after":[1],"end":"clean","errors":[]}"#,
            "\n"
        )
    );
}

#[test]
fn every_line_gets_one_answer_whatever_it_is() {
    let deep = "[".repeat(100_000);
    let lines: Vec<(&[u8], &str)> = vec![
        (b"", "an empty line"),
        (b" \r", "an empty line"),
        (b"garbage", "not valid JSON at column 1"),
        (b"\xff\xfe", "not UTF-8 at byte 0"),
        (b"{\"chunks\": [\"\xc3\"]}", "not UTF-8 at byte 13"),
        (b"{}", "needs one of `chunks`, `steps` and `serialize`"),
        (b"{\"limit\": 5}", "needs one of"),
        (b"[]", "expected a JSON object"),
        (b"{\"chunks\": []} {}", "trailing characters"),
        (deep.as_bytes(), "expected a JSON object"),
        (br#"{"steps": null}"#, "`steps`: invalid type: null"),
        (br#"{"steps": {"op": "request"}}"#, "`steps`: invalid type: map"),
        (br#"{"steps": ["request"]}"#, "`steps[0]`: invalid type: string"),
        (br#"{"steps": [["request"]]}"#, "`steps[0]`: invalid type: sequence"),
        (br#"{"steps": [{"op": "end"}, {"op": "open"}]}"#, "`steps[1].op`: unknown variant `open`"),
        (br#"{"steps": [{"status": 200}]}"#, "`steps[0]`: missing field `op`"),
        (br#"{"steps": [{"op": "close", "op": "end"}]}"#, "`steps[0]`: duplicate field `op`"),
        (br#"{"steps": [{"op": "request", "id": 1}]}"#, "`steps[0]`: unknown field `id`"),
        (br#"{"steps": [{"op": "response"}]}"#, "`steps[0]`: missing field `status`"),
        (
            br#"{"steps": [{"op": "response", "status": "200"}]}"#,
            "`steps[0]`: invalid type: string",
        ),
        (br#"{"steps": [{"op": "response", "status": -1}]}"#, "`steps[0]`: invalid type: integer"),
        (
            br#"{"steps": [{"op": "response", "status": 65736}]}"#,
            "`steps[0]`: 65736 is not a status of a response",
        ),
        (
            br#"{"steps": [{"op": "response", "status": 200, "content_type": 5}]}"#,
            "`steps[0]`: invalid type: integer `5`",
        ),
        (br#"{"steps": [{"op": "bytes"}]}"#, "`steps[0]`: missing field `b64`"),
        (br#"{"steps": [{"op": "bytes", "b64": "YQ"}]}"#, "`steps[0]`: not standard Base64"),
        (br#"{"steps": [], "last_event_id": ""}"#, "belong to a request with `chunks`"),
        (br#"{"serialize": {}, "limit": 5}"#, "belong to a request with `chunks`"),
        (br#"{"serialize": {}, "observe": true}"#, "belong to a request with `chunks`"),
        (br#"{"chunks": [], "observe": 1}"#, "`observe`: invalid type: integer `1`"),
        (br#"{"chunks": [], "strict": true}"#, "`strict` belongs to a request with `serialize`"),
        (br#"{"steps": [], "strict": true}"#, "`strict` belongs to a request with `serialize`"),
        (br#"{"serialize": {}, "strict": null}"#, "`strict`: invalid type: null"),
        (br#"{"chunks": [], "steps": []}"#, "has only one of"),
        (br#"{"chunks": [], "serialize": {}}"#, "has only one of"),
        (br#"{"steps": [], "serialize": {}}"#, "has only one of"),
        (br#"{"chunks": [], "chunks": []}"#, "duplicate field `chunks`"),
        (br#"{"chunks": [], "foo": 1}"#, "unknown field `foo`"),
        (br#"{"chunks": "ZGF0YQ=="}"#, "`chunks`: invalid type: string"),
        (br#"{"chunks": null}"#, "`chunks`: invalid type: null"),
        (br#"{"chunks": ["", 5]}"#, "`chunks[1]`: invalid type: integer `5`"),
        (br#"{"chunks": ["YQ"]}"#, "`chunks[0]`: not standard Base64 with padding"),
        (br#"{"chunks": ["_-8="]}"#, "`chunks[0]`: not standard Base64 with padding"),
        (br#"{"chunks": ["YR=="]}"#, "`chunks[0]`: not standard Base64 with padding"),
        (br#"{"chunks": ["YQ==\n"]}"#, "`chunks[0]`: not standard Base64 with padding"),
        (br#"{"chunks": [], "limit": -1}"#, "`limit`: invalid type: integer `-1`"),
        (br#"{"chunks": [], "limit": null}"#, "`limit`: invalid type: null"),
        (
            br#"{"chunks": [], "limit": 18446744073709551616}"#,
            "`limit`: invalid type: floating point",
        ),
        (br#"{"chunks": [], "last_event_id": 5}"#, "`last_event_id`: invalid type"),
        (
            br#"{"chunks": [], "last_event_id": "a\n"}"#,
            "`last_event_id`: the last event ID has '\\n' at byte 1",
        ),
        (
            br#"{"chunks": [], "last_event_id": "abc", "limit": 11}"#,
            "`last_event_id`: the last event ID has 3 bytes, and there is room for 2",
        ),
        (br#"{"serialize": null}"#, "`serialize`: invalid type: null"),
        (br#"{"serialize": ["message"]}"#, "`serialize`: invalid type: sequence"),
        (br#"{"serialize": {"event": "x"}}"#, "unknown field `event`"),
        (
            br#"{"serialize": {"data": 5}}"#,
            "`serialize.data`: invalid type: integer `5`, expected a string",
        ),
        (br#"{"serialize": {"data": null}}"#, "`serialize.data`: invalid type: null"),
        (br#"{"serialize": {"retry": "5"}}"#, "`serialize.retry`: invalid type: string"),
        (br#"{"serialize": {"id": "\ud800"}}"#, "not valid JSON"),
        (br#"{"serialize": {"id": "a\u0000"}}"#, "the id has a NUL at byte 1"),
        (br#"{"serialize": {"type": "a\n"}}"#, "the event type has a line break at byte 1"),
    ];
    let good: &[u8] = br#"{"serialize": {"retry": 18446744073709551615}}"#;
    let mut input = Vec::new();
    for (line, _) in &lines {
        input.extend([line, good].into_iter().flat_map(|line| [line, b"\n"].concat()));
    }
    let answers = run(&["conform"], input).json();
    assert_eq!(answers.len(), 2 * lines.len());
    for ((line, expected), answers) in lines.iter().zip(answers.chunks(2)) {
        let line = String::from_utf8_lossy(line);
        let reason = reason(&answers[0]).unwrap_or_else(|| panic!("{line} {}", answers[0]));
        assert!(reason.contains(expected), "{line} {reason}");
        let bytes = STANDARD.encode("retry: 18446744073709551615\n\n");
        assert_eq!(answers[1], json!({"bytes": bytes}), "the run goes on after {line}");
    }
}

#[test]
fn answers_are_written_while_a_harness_waits_for_them() {
    let mut live = Running::start(&["conform"]);
    for _ in 0..2 {
        // Half of the next request is in the buffer when the answers are due.
        live.write("{\"chunks\": []}\n{}\n{\"chu");
        assert!(live.line().starts_with("{\"events\":[]"));
        assert!(live.line().starts_with("{\"error\":"));
        live.write("nks\": [\"\"]}\n");
        assert!(live.line().contains("\"after\":[0]"));
    }
    live.end_fine();
}

#[cfg(target_os = "linux")]
#[test]
fn each_answer_is_written_before_the_next_request_is_answered() {
    let mut live = Running::start(&["conform"]);
    live.write("{\"chunks\": []}\n".repeat(100));
    for _ in 0..100 {
        live.line();
    }
    let writes = system_number(&live.child, "io", "syscw:");
    assert!(writes >= 100, "{writes} writes");
    live.end_fine();
}

/// 1000 events with an ID of 60 KB took 60 MB, and so did 1000 requests of a connection.
#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_the_events_that_have_the_same_long_id() {
    let id = "i".repeat(60_000);
    let bytes = STANDARD.encode(format!("id: {id}\ndata\n\n") + &"data\n\n".repeat(999));
    let response = json!({"op": "response", "status": 200, "content_type": "text/event-stream"});
    let steps = [response, json!({"op": "bytes", "b64": bytes})].into_iter();
    let requests = vec![json!({"op": "request"}); 1000];
    for request in [
        json!({"chunks": [bytes]}),
        json!({"chunks": [bytes], "observe": true}),
        json!({"steps": steps.chain(requests).collect::<Vec<_>>()}),
    ] {
        let mut live = Running::start(&["conform"]);
        live.write(format!("{request}\n"));
        let answer = live.line();
        assert!(answer.len() > 60_000_000, "{} bytes", answer.len());
        let peak = system_number(&live.child, "status", "VmHWM:");
        assert!(peak < 32 * 1024, "{peak} KiB");
        live.end_fine();
    }
}

#[test]
fn a_last_request_without_a_line_end_is_answered_and_no_request_is_not() {
    assert_eq!(run(&["conform"], "{}\n{}").json().len(), 2);
    assert_eq!(run(&["conform"], "").fine(), "");
}

#[test]
fn conform_ends_quietly_if_nothing_reads_its_output() {
    ends_quietly_if_nobody_reads(&["conform"], "{\"chunks\": []}\n");
}

#[test]
fn the_example_in_the_help_of_conform_has_the_shown_output() {
    let help = run(&["conform", "--help"], "").fine();
    let (command, answer) = help.split_once("  $ echo '").unwrap().1.split_once('\n').unwrap();
    let (request, _) = command.split_once('\'').unwrap();
    assert_eq!(run(&["conform"], request).fine().trim(), answer.trim());
}

/// A line of 400 MB was kept as a whole.
#[test]
fn a_line_over_the_limit_is_rejected_and_conform_continues() {
    let mut input = vec![b' '; (64 << 20) + 1];
    input.extend(b"\n{\"serialize\": {}}\n");
    let refused = "the line has 67108865 bytes; at most 67108864 are allowed";
    let conform = run(&["conform"], &input);
    let [refusal, answer] = &conform.json()[..] else { panic!("one answer a line") };
    assert!(refusal["error"].as_str().unwrap().contains(refused), "{refusal}");
    assert_eq!(answer["bytes"], "Cg==");
    let encode = run(&["encode"], &input);
    assert_eq!(encode.code, 1);
    assert!(encode.stderr.contains(&format!("line 1: {refused}")), "{}", encode.stderr);
}
