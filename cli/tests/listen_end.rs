//! How `sse-wire listen` ends: when, and with which exit code.
#![cfg(all(feature = "http", unix))]

#[path = "support/loopback.rs"]
#[allow(dead_code)] // Each file of tests needs another part of it.
mod loopback;
#[path = "support/run.rs"]
#[allow(dead_code)] // Here, too.
mod run;

use loopback::{answer, server, stream};
use run::{Ended, Running};

/// Runs `listen` without waits, on a server with these answers.
fn listen(options: &[&str], answers: Vec<Vec<u8>>) -> Ended {
    let (url, _requests) = server(answers);
    let quick = ["listen", "--retry", "1ms", "--min-wait", "0", "--backoff", "0", "--jitter", "0"];
    Running::start(&[&quick, options, &[&url]].concat()).end()
}

/// A stream whose connection is lost before it is whole.
fn lost(body: &str) -> Vec<u8> {
    let headers = "content-type: text/event-stream\r\ncontent-length: 1000\r\n";
    answer("200 OK", headers, body)
}

#[test]
fn once_receives_one_stream_and_its_clean_end_is_a_success() {
    let ended = listen(&["--once", "--data-only"], vec![stream("data: 1\n\ndata: 2\n\n")]);
    assert_eq!((ended.code, ended.stdout.concat()), (Some(0), "12".into()), "{ended:?}");
    assert!(ended.stderr[1].ends_with("the server ended the stream"), "{ended:?}");
    assert_eq!(listen(&["--once"], vec![stream("")]).code, Some(0), "a stream without events");
}

#[test]
fn once_fails_if_the_stream_is_cut_or_lost() {
    for (answer, said) in [
        (
            stream("data: 1\n\ndata: cut"),
            "was cut inside the event that begins at byte 9: no blank line ends it, so it was \
             discarded; pending: data \"cut\"",
        ),
        (
            stream("data: 1\n\nevent: e\nid: 7\ndata: cut"),
            r#"pending: type "e", id "7", data "cut""#,
        ),
        (
            lost("data: 1\n\n"),
            "there was a network error (request or response body error: error reading a body from \
             connection: end of file before message length reached)",
        ),
    ] {
        let ended = listen(&["--once", "--data-only"], vec![answer]);
        assert_eq!((ended.code, ended.stdout.concat()), (Some(1), "1".into()), "{ended:?}");
        assert!(ended.stderr.concat().contains(said), "{ended:?}");
    }
}

#[test]
fn once_with_until_fails_if_the_stream_ends_without_it() {
    let options = ["--once", "--until", "[DONE]"];
    let ended = listen(&options, vec![stream("data: 1\n\ndata: [DONE]\n\n")]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let ended = listen(&options, vec![stream("data: 1\n\n")]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr[2].contains("no event with the type or data \"[DONE]\""), "{ended:?}");
}

#[test]
fn a_named_status_is_retried() {
    let unavailable = || answer("503 Unavailable", "", "busy");
    let teapot = || answer("418 Teapot", "", "");
    for (options, first, code) in [
        (&[][..], unavailable(), Some(0)),
        (&["--retry-status", "400-418,500"], teapot(), Some(0)),
        (&["--retry-status", "400-418,500"], unavailable(), Some(4)),
        (&["--retry-status", "none"], unavailable(), Some(4)),
        (&[], teapot(), Some(4)),
        (&["--once"], unavailable(), Some(4)),
    ] {
        let options = [options, &["--max-events", "1"]].concat();
        let ended = listen(&options, vec![first, stream("data: 1\n\n")]);
        assert_eq!(ended.code, code, "{options:?} {ended:?}");
    }
}

#[test]
fn each_kind_of_end_has_its_exit_code() {
    let html = || answer("200 OK", "content-type: text/html\r\n", "");
    let ended = || answer("204 No Content", "", "");
    for (options, answers, code) in [
        (&["--max-events", "1"][..], vec![stream("data: 1\n\n")], 0),
        (&["--max-reconnections", "0"], vec![stream("data: 1\n\n")], 1),
        (&["--max-reconnections", "0"], vec![answer("503 Unavailable", "", "")], 1),
        (&[], vec![stream("data: 1\n\n"), ended()], 3),
        (&["--once"], vec![ended()], 3),
        (&[], vec![stream("data: 1\n\n"), html()], 4),
        (&["--once", "--limit", "4"], vec![stream("data: 12345\n\n")], 5),
        (&["--once", "--limit", "4"], vec![lost("data: 12345\n\n")], 1),
        (&["--limit", "4"], vec![stream("data: 12345\n\n"), ended()], 3),
    ] {
        let ended = listen(options, answers);
        assert_eq!(ended.code, Some(code), "{options:?} {ended:?}");
    }
}

#[test]
fn an_error_event_is_shown_and_ends_with_an_exit_code_if_requested() {
    let typed = "event: error\ndata: overloaded\n\n";
    let object = "data: {\"id\": 1, \"error\":\ndata: {}}\n\n";
    let twice = "data: {\"error\":1,\"error\":2}\n\n";
    for (options, error, shown) in [
        (&[][..], typed, "overloaded"),
        (&[], object, "{\"id\": 1, \"error\":{}}"),
        (&[], twice, "{\"error\":1,\"error\":2}"),
        (&["--event", "other"], typed, ""),
        (&["--once", "--until", "[DONE]"], typed, "overloaded"),
        (&["--max-events", "1"], typed, "overloaded"),
    ] {
        let body = [": c\n\n", error, "data: 2\n\n"].concat();
        let options = [options, &["--data-only", "--fail-on-error"]].concat();
        let ended = listen(&options, vec![stream(body)]);
        assert_eq!((ended.code, ended.stdout.concat()), (Some(6), shown.into()), "{options:?}");
        let said = ended.stderr.last().unwrap();
        assert!(said.starts_with("sse-wire: the server sent an error event: \""), "{said}");
    }
    assert_eq!(listen(&["--once"], vec![stream(typed)]).code, Some(0), "nobody asked");
    let no_errors = "event: Error\ndata: error\n\ndata: {\"error\": null}\n\ndata: [{\"error\": 1}]\n\n\
                     data: {\"a\": {\"error\": 1}}\n\ndata: {\"error\": 1\n\n";
    let ended = listen(&["--once", "--fail-on-error"], vec![stream(no_errors)]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn raw_writes_the_bytes_unchanged() {
    let body = b"\xEF\xBB\xBF: \x1B[2J\r\ndata:x\xFF\r\rid: 7\n\ndata: [DONE]\n\n".as_slice();
    let raw = |body: &[u8], options: &[&str]| {
        let (url, _requests) = server(vec![stream(body)]);
        let options = [&["listen", "--raw"], options, &[&url]].concat();
        run::command(&options).output().unwrap()
    };
    let output = raw(body, &["--once"]);
    assert_eq!(
        (output.stdout.escape_ascii().to_string(), output.status.code()),
        (body.escape_ascii().to_string(), Some(0))
    );
    let body = b"data: [DONE]\n\n";
    let output = raw(body, &["--until", "[DONE]"]);
    assert_eq!((output.stdout == body, output.status.code()), (true, Some(0)), "with its event");
    for other in ["--json", "--data-only", "--comments", "--timestamps", "--event=x"] {
        assert_eq!(raw(body, &[other]).status.code(), Some(2), "{other}");
    }
}

#[test]
fn raw_bytes_are_written_while_the_stream_is_open() {
    let (url, server) = loopback::open_server(": half a line\ndata: x");
    let listener = Running::start(&["listen", "--raw", &url]);
    assert_eq!(listener.line(), ": half a line");
    listener.signal("-TERM");
    let ended = listener.end();
    assert_eq!((ended.code, ended.stdout.concat()), (Some(0), "data: x".into()));
    server.join().unwrap();
}

#[test]
fn skipped_events_are_counted_after_the_first() {
    let event = "data: 12345\n\n";
    for (times, said) in [(2, "1 more event was skipped"), (3, "2 more events were skipped")] {
        let ended = listen(&["--once", "--limit", "4"], vec![stream(event.repeat(times))]);
        assert!(ended.stderr.concat().contains(said), "{ended:?}");
    }
}
