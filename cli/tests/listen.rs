//! `sse-wire listen` as a process: what it shows for each response of a server, and its exit code.
#![cfg(all(feature = "http", unix))]

#[path = "support/loopback.rs"]
#[allow(dead_code)] // Each file of tests needs another part of it.
mod loopback;
#[path = "support/run.rs"]
#[allow(dead_code)] // Here, too.
mod run;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::thread;

use loopback::{answer, head, open_server, server, stream};
use run::{CLOSED, Ended, Running, command, system_number};
use serde_json::{Value, json};

/// `listen` without long waits.
const QUICK: [&str; 9] =
    ["listen", "--retry", "1ms", "--min-wait", "0", "--backoff", "0", "--jitter", "0"];

/// Runs `listen` to its end.
fn listen(arguments: &[&str]) -> Ended {
    Running::start(&[&QUICK, arguments].concat()).end()
}

fn json_lines(lines: &[String]) -> Vec<Value> {
    lines.iter().map(|line| serde_json::from_str(line).expect(line)).collect()
}

fn has(head: &[u8], text: &str) -> bool {
    head.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn the_request_is_that_of_an_event_source() {
    let (url, heads) = server(vec![stream("data: x\n\n")]);
    let arguments =
        ["--max-events", "1", "-H", "X-Own: größe", "--header", "Accept: text/plain", &url];
    assert_eq!(listen(&arguments).code, Some(0));
    let head = heads.recv().unwrap();
    for text in ["GET / HTTP/1.1\r\n", "cache-control: no-cache\r\n", "x-own: größe\r\n"] {
        assert!(has(&head, text), "{}", head.escape_ascii());
    }
    assert!(has(&head, "accept: text/plain\r\n"), "an option replaces");
    assert!(!has(&head, "text/event-stream") && !has(&head, "last-event-id"));

    let (url, heads) = server(vec![stream("data: x\n\n")]);
    assert_eq!(listen(&["--max-events", "1", "--last-event-id", "7 ü", &url]).code, Some(0));
    let head = heads.recv().unwrap();
    assert!(has(&head, "last-event-id: 7 ü\r\n"), "{}", head.escape_ascii());
    assert!(has(&head, "accept: text/event-stream\r\n"));
}

#[test]
fn a_stream_that_ends_is_resumed_after_its_last_id() {
    let id = "größe-7🌊";
    let (url, heads) = server(vec![
        stream(format!("retry: 2\nid: {id}\ndata: one\n\ndata: cut")),
        stream("data: two\n\n"),
        answer("204 No Content", "", ""),
    ]);
    let ended = listen(&["--json", &url]);
    assert_eq!(
        json_lines(&ended.stdout),
        [
            json!({"type": "message", "data": "one", "last_event_id": id, "bytes": [0, 38]}),
            json!({"type": "message", "data": "two", "last_event_id": id, "bytes": [0, 11]}),
        ]
    );
    let heads: Vec<Vec<u8>> = heads.iter().collect();
    assert!(!has(&heads[0], "last-event-id"));
    for head in &heads[1..] {
        assert!(has(head, &format!("last-event-id: {id}\r\n")), "{}", head.escape_ascii());
    }
    assert_eq!((heads.len(), ended.code), (3, Some(3)), "the server asked to end");
    let again =
        format!("sse-wire: the server ended the stream; reconnecting in 2 ms, after ID \"{id}\"");
    let connected = format!("sse-wire: connected to {url}");
    assert_eq!(ended.stderr[0], connected);
    assert!(ended.stderr[1].contains("was cut inside the event that begins at byte 38"));
    assert_eq!(ended.stderr[2..5], [again.clone(), connected, again]);
    assert!(ended.stderr[5].contains("asks clients not to reconnect (status 204)"), "{ended:?}");
}

#[test]
fn a_response_that_is_not_an_event_stream_is_an_error() {
    for (answer, reason) in [
        (answer("404 Not Found", "", ""), "the status 404"),
        (answer("501 Oh", "content-type: text/event-stream\r\n", "data: x\n\n"), "the status 501"),
        (answer("200 OK", "content-type: text/html\r\n", "<\x1b[2J>"), "`text/html`"),
        (answer("200 OK", "", "data: x\n\n"), "`Content-Type`"),
    ] {
        let (url, _heads) = server(vec![answer]);
        let ended = listen(&[&url]);
        assert_eq!((ended.code, ended.stdout.len(), ended.stderr.len()), (Some(4), 0, 1));
        let said = &ended.stderr[0];
        assert!(said.starts_with(&format!("sse-wire: {url}: the response has")), "{said}");
        assert!(said.contains(reason), "{said}");
    }
    let types = "content-type: text/html\r\nContent-Type: Text/Event-Stream; charset=utf-8\r\n";
    let (url, _heads) = server(vec![answer("200 OK", types, "data: x\n\n")]);
    assert_eq!(listen(&["--max-events", "1", &url]).code, Some(0), "the last type counts");
}

#[test]
fn redirects_are_followed_and_endless_ones_are_an_error() {
    let (there, heads) = server(vec![stream("data: there\n\n")]);
    let location = format!("location: {there}events\r\n");
    let (here, _heads) = server(vec![answer("307 Temporary Redirect", &location, "")]);
    let ended = listen(&["--max-events", "1", "--last-event-id", "7", &here]);
    assert_eq!((ended.code, ended.stdout.concat()), (Some(0), "message  there".to_owned()));
    let head = heads.recv().unwrap();
    assert!(has(&head, "GET /events ") && has(&head, "last-event-id: 7\r\n"));

    let (url, _heads) = server(vec![answer("302 Found", "location: /\r\n", ""); 20]);
    let ended = listen(&[&url]);
    assert_eq!((ended.code, ended.stderr.len()), (Some(1), 1));
    assert!(ended.stderr[0].contains("redirect"), "{ended:?}");
}

#[test]
fn an_invalid_address_is_an_error() {
    for (url, reason) in [
        ("nowhere", "relative URL without a base; write it with http://"),
        ("localhost:80/x", "the scheme `localhost` is not supported"),
        ("ftp://127.0.0.1/", "the scheme `ftp` is not supported"),
        ("http://", "empty host"),
    ] {
        let ended = listen(&[url]);
        assert_eq!((ended.code, ended.stderr.len()), (Some(2), 1), "{ended:?}");
        let said = format!("sse-wire: {url}: ");
        assert!(ended.stderr[0].starts_with(&said), "{ended:?}");
        assert!(ended.stderr[0].contains(reason), "{ended:?}");
    }
}

#[test]
fn a_refused_connection_is_retried_as_often_as_allowed() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let ended = listen(&["--max-reconnections", "2", &format!("http://{closed}/")]);
    assert_eq!((ended.code, ended.stderr.len()), (Some(1), 3), "{ended:?}");
    for (said, what) in ended.stderr.iter().zip([
        "reconnecting in 1 ms",
        "reconnecting in 1 ms",
        "2 reconnections in a row gave no lasting connection",
    ]) {
        assert!(said.contains(what) && said.contains("network error"), "{said}");
        assert!(said.contains("onnection refused"), "{said}");
    }
}

#[test]
fn waits_grow_up_to_the_backoff() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{closed}/");
    let ended = listen(&["--max-reconnections", "4", "--backoff", "0.005", &url]);
    let waits: Vec<_> =
        ended.stderr[..4].iter().map(|line| line.rsplit_once(" in ").unwrap().1).collect();
    assert_eq!(waits, ["1 ms", "2 ms", "4 ms", "5 ms"]);
}

#[test]
fn https_to_a_server_without_tls_is_an_error() {
    let (url, _heads) = {
        // It answers without reading, because this is not an HTTP request.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}/", listener.local_addr().unwrap());
        let server = thread::spawn(move || {
            let (mut client, _) = listener.accept().unwrap();
            client.write_all(&answer("400 Bad Request", "", "")).unwrap();
            // Unread bytes would turn the end into a reset.
            let _ = client.read_to_end(&mut Vec::new());
        });
        (url, server)
    };
    let ended = listen(&[&url]);
    assert_eq!((ended.code, ended.stderr.len()), (Some(1), 1), "{ended:?}");
    assert!(ended.stderr[0].contains("the server may be an http:// one"), "{ended:?}");
}

#[test]
fn an_id_that_no_header_can_carry_is_reported_and_not_sent() {
    let (url, heads) = server(vec![
        stream("id: 1\ndata: one\n\nid: a\u{1}b\u{1b}[2J\ndata: two\n\n"),
        stream("id: 3\ndata: three\n\n"),
    ]);
    let ended = listen(&["--max-events", "3", "--json", &url]);
    assert_eq!((ended.code, ended.stdout.len()), (Some(0), 3));
    assert!(heads.iter().all(|head| !has(&head, "last-event-id")));
    assert!(ended.stderr.iter().any(|line| line.contains("is not sent: it has a control")));
    assert!(ended.stderr.iter().all(|line| !line.contains('\u{1b}')), "{ended:?}");

    let ended = listen(&["--last-event-id", "a\u{1}", &url]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.concat().contains("control character"), "{ended:?}");
}

#[test]
fn until_ends_before_its_event_and_max_events_counts_shown_ones() {
    let events = "data: 1\n\nevent: a\ndata: 2\n\nevent: end\ndata: [DONE]\n\ndata: 4\n\n";
    for until in ["end", "[DONE]"] {
        let (url, _heads) = server(vec![stream(events)]);
        let ended = listen(&["--until", until, "--data-only", &url]);
        assert_eq!((ended.code, &*ended.stdout), (Some(0), &["1".to_owned(), "2".into()][..]));
    }
    let (url, _heads) = server(vec![stream(events)]);
    let ended = listen(&["--event", "message", "--max-events", "2", "--data-only", &url]);
    assert_eq!((ended.code, &*ended.stdout), (Some(0), &["1".to_owned(), "4".into()][..]));
}

#[test]
fn wrong_options_are_refused() {
    for (option, value, reason) in [
        ("--header", "no-colon", "no colon"),
        ("--header", "a b: c", "not a header name"),
        ("--header", "a: b\nc", "control character"),
        ("--header", "Last-Event-ID: 7", "--last-event-id"),
        ("--max-events", "0", "max-events"),
        ("--idle-timeout", "bits=3", "bytes, comments, blocks and events"),
        ("--idle-timeout", "-1", "negative"),
        ("--connect-timeout", "soon", "not a time"),
        ("--response-timeout", "3 apples", "not a time"),
        ("--limit", "many", "not a size; write 65536"),
        ("--request", "GE T", "not a method"),
        ("--data", "@/nowhere/x.json", "cannot read /nowhere/x.json: "),
        ("--header", "@/nowhere/headers", "cannot read /nowhere/headers: "),
        ("--cacert", "/nowhere/ca.pem", "cannot read /nowhere/ca.pem: "),
        (
            "--cacert",
            concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
            "no certificate in PEM form",
        ),
        ("--retry-status", "5xx", "a range like 500-599, or none"),
        ("--retry-status", "503-500", "a range like 500-599, or none"),
        ("--retry-status", "503,200-299", "200 cannot be retried"),
    ] {
        let ended = listen(&[&format!("{option}={value}"), "http://127.0.0.1:1/"]);
        assert_eq!(ended.code, Some(2), "{option} {value}");
        assert!(ended.stderr.concat().contains(reason), "{ended:?}");
    }
}

#[test]
fn it_ends_after_max_events_even_if_the_chunk_has_more() {
    let body = ": c\ndata: 1\n\ndata: 2\n\ndata: 3\n\n: d\n\n";
    for (options, lines) in [
        (&[][..], &["message", "  1", "message", "  2"][..]),
        (&["--comments"], &[": c", "message", "  1", "message", "  2"]),
    ] {
        let (url, _heads) = server(vec![stream(body)]);
        let ended = listen(&[options, &["--max-events", "2", &url]].concat());
        assert_eq!(
            (ended.code, ended.stdout),
            (Some(0), lines.iter().map(|&l| l.into()).collect())
        );
    }
}

#[test]
fn an_event_is_shown_live_and_a_signal_ends_it_clean() {
    for signal in ["-INT", "-TERM"] {
        let (url, server) = open_server("data: live\n\ndata: pending\n");
        let listener = Running::start(&["listen", &url]);
        assert_eq!([listener.line(), listener.line()], ["message", "  live"]);
        listener.signal(signal);
        let ended = listener.end();
        assert_eq!((ended.code, ended.stdout.len()), (Some(0), 0), "{signal}");
        server.join().unwrap();
    }
}

#[test]
fn a_signal_ends_it_even_if_its_output_is_full_and_nothing_reads_it() {
    // Much more than the system buffers.
    let (url, _heads) = server(vec![stream(format!("data: {}\n\n", "x".repeat(4 << 20)))]);
    let (output, mut kept) = UnixStream::pair().unwrap();
    let mut child = command(&["listen", &url]).stdout(OwnedFd::from(output)).spawn().unwrap();
    let mut stderr = child.stderr.take().unwrap();
    // It is writing, and nothing reads.
    kept.read_exact(&mut [0]).unwrap();
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    let mut said = String::new();
    stderr.read_to_string(&mut said).unwrap();
    assert!(
        said.ends_with("ended after 100ms with unwritten output, because nothing reads it\n"),
        "{said}"
    );
    assert_eq!(child.wait().unwrap().code(), Some(1));
    drop(kept);
}

#[test]
fn a_signal_ends_the_wait_for_a_reconnection() {
    let (url, _heads) = server(vec![stream("retry: 86400000\n\n")]);
    let listener = Running::start(&["listen", "--jitter", "0", &url]);
    // An hour.
    listener.error_with("reconnecting in 3600000 ms");
    listener.signal("-INT");
    assert_eq!(listener.end().code, Some(0));
}

#[test]
fn silence_of_a_class_ends_the_connection() {
    let (url, server) = open_server(": only a comment\n\n");
    let listener =
        Running::start(&["listen", "--jitter", "0", "--idle-timeout", "events=0.05", &url]);
    listener.error_with("no event arrived in time; reconnecting in 3000 ms");
    server.join().unwrap();
}

#[test]
fn it_ends_quietly_if_nothing_reads_its_output() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        head(&mut client);
        client.write_all(&stream("")).unwrap();
        while client.write_all(b"data: more\n\n").is_ok() {}
    });
    let mut child = command(&["listen", &url]).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut String::new()).unwrap();
    drop(stdout);
    server.join().unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), stderr.lines().count()), (Some(CLOSED), 1), "{stderr}");
}

#[test]
fn memory_is_bounded_for_an_endless_line_and_a_megabyte_of_comments() {
    const MEBIBYTE: usize = 1 << 20;
    let comments = format!(": {}\n", "c".repeat(98)).repeat(MEBIBYTE / 100);
    let (url, _heads) = server(vec![
        stream([b"data: ", "x".repeat(64 * MEBIBYTE).as_bytes()].concat()),
        stream(format!("{comments}data: after\n\n")),
        stream("data: last\n\n"),
    ]);
    let listener = Running::start(&["listen", "--retry", "1", "--limit", "65536", &url]);
    listener.error_with("it needs more than the limit of 65536 retained bytes");
    assert_eq!([listener.line(), listener.line()], ["message", "  after"]);
    if cfg!(target_os = "linux") {
        let peak = system_number(&listener.child, "status", "VmHWM:");
        assert!(peak < 32 * 1024, "{peak} KiB, of a line of 64 MiB");
    }
    assert_eq!([listener.line(), listener.line()], ["message", "  last"]);
    listener.signal("-INT");
    assert_eq!(listener.end().code, Some(5), "an event was skipped");
}

#[test]
fn messages_contain_no_password_and_no_query() {
    let (url, heads) = server(vec![stream("data: x\n\n"), answer("404 Not Found", "", "")]);
    let address = url.strip_prefix("http://").unwrap();
    let secret = format!("http://user:password@{address}?token=secret#secret");
    let ended = listen(&[&secret]);
    assert_eq!(ended.code, Some(4));
    let stderr = ended.stderr.concat();
    assert!(stderr.contains(&url) && !stderr.contains("password") && !stderr.contains("secret"));
    let head = heads.recv().unwrap();
    assert!(has(&head, "GET /?token=secret HTTP") && has(&head, "authorization: Basic "));
    let ended = listen(&["http://user:password@nowhere:port/?token=secret"]);
    let stderr = ended.stderr.concat();
    assert!(!stderr.contains("password") && !stderr.contains("secret"), "{stderr}");
}

#[test]
fn the_user_s_headers_and_credentials_stay_at_their_origin_and_no_referer_is_sent() {
    let (there, heads) = server(vec![stream("data: there\n\n")]);
    let location = format!("location: {there}\r\n");
    let (here, first) = server(vec![
        answer("307 Temporary Redirect", "location: /same?x\r\n", ""),
        answer("302 Found", &location, ""),
    ]);
    let here = here.replace("http://", "http://user:password@");
    let ended = listen(&["--max-events", "1", "-H", "X-Api-Key: secret", &here]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for head in [first.recv().unwrap(), first.recv().unwrap()] {
        assert!(has(&head, "x-api-key: secret\r\n") && has(&head, "authorization: Basic "));
        assert!(!has(&head, "referer"));
    }
    let head = heads.recv().unwrap();
    assert!(has(&head, "accept: text/event-stream\r\n"));
    for name in ["x-api-key", "authorization", "referer"] {
        assert!(!has(&head, name), "{}", head.escape_ascii());
    }
}

#[test]
fn a_proxy_from_the_environment_is_not_used_for_loopback_and_a_named_one_is() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (url, _heads) = server(vec![stream("data: x\n\n")]);
    let mut child = command(&["listen", "--max-events", "1", &url])
        .env("http_proxy", format!("http://{closed}"))
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    assert!(child.wait().unwrap().success());

    let (proxy, heads) = server(vec![stream("data: x\n\n")]);
    let ended = listen(&["--max-events", "1", "--proxy", &proxy, "http://127.0.0.1:1/a"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(has(&heads.recv().unwrap(), "GET http://127.0.0.1:1/a HTTP/1.1\r\n"));
}

#[test]
fn a_hundred_thousand_refused_events_are_reported_once_and_counted() {
    let event = format!("data: {}\n\n", "x".repeat(20));
    let body = event.repeat(100_000) + "id: \u{1}\ndata: y\n\n";
    let (url, _heads) = server(vec![stream(body), answer("204 No Content", "", "")]);
    let ended = listen(&["--limit", "16", &url]);
    assert_eq!((ended.code, ended.stdout.len()), (Some(3), 2), "{:?}", ended.stderr.first());
    assert_eq!(ended.stderr.len(), 6, "{:?}", ended.stderr);
    assert!(ended.stderr.concat().contains("99999 more events were skipped"), "{ended:?}");
}

#[test]
fn a_message_quotes_only_the_beginning_of_a_long_id() {
    let id = "i".repeat(60_000);
    let (url, heads) = server(vec![
        stream(format!("id: {id}\ndata: y\n\nid: {id}\ndata: {id}")),
        stream(format!("id: \u{1}{id}\ndata: y\n\n")),
        answer("204 No Content", "", ""),
    ]);
    let ended = listen(&[&url]);
    assert_eq!(ended.code, Some(3));
    assert!(ended.stderr.iter().all(|line| line.len() < 500), "{:?}", ended.stderr);
    assert_eq!(heads.iter().count(), 3);
}

#[test]
fn a_compressed_body_is_reported_and_the_beginning_of_any_other_is_shown_escaped() {
    let headers = "content-type: text/event-stream\r\ncontent-encoding: gzip\r\n";
    let (url, _heads) = server(vec![answer("200 OK", headers, b"\x1f\x8b")]);
    let ended = listen(&[&url]);
    assert_eq!(ended.code, Some(4));
    assert!(ended.stderr[0].contains("is compressed"), "{ended:?}");

    let (url, _heads) = server(vec![answer(
        "403 Forbidden",
        "content-type: application/json\r\n",
        "{\"error\": \"\u{1b}[2J\u{200e}why\"}".repeat(1000),
    )]);
    let ended = listen(&[&url]);
    let said = &ended.stderr[0];
    assert!(said.contains("the status 403") && said.contains("why") && said.len() < 500, "{said}");
    assert!(!said.contains(['\u{1b}', '\u{200e}']), "{said}");
}

#[test]
fn endless_early_hints_time_out() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        head(&mut client);
        while client.write_all(b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n").is_ok() {}
    });
    let ended = listen(&["--response-timeout", "0.3", "--max-reconnections", "0", &url]);
    assert!(ended.stderr[0].contains("no response arrived in time"), "{ended:?}");
    server.join().unwrap();
}
