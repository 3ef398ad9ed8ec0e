//! `sse-wire serve` as a process: what clients receive, its messages, and its exit code.
#![cfg(all(feature = "http", unix))]

#[path = "support/loopback.rs"]
#[allow(dead_code)] // Each file of tests needs another part of it.
mod loopback;
#[path = "support/run.rs"]
#[allow(dead_code)] // Here, too.
mod run;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Instant;

use loopback::{read_until, request};
use run::{PATIENCE, Running, command, system_number};
use serde_json::Value;

const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// The head of an answer without its date, sorted.
fn head_of(answer: &str) -> Vec<String> {
    let head = answer.split("\r\n\r\n").next().unwrap();
    let mut lines: Vec<String> = head.split("\r\n").map(str::to_ascii_lowercase).collect();
    lines.retain(|line| !line.starts_with("date: "));
    lines[1..].sort();
    lines
}

/// Waits until a condition on another process is true.
#[track_caller]
fn until(done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < PATIENCE, "it does not come");
        thread::yield_now();
    }
}

/// What a client that requests a stream receives, up to a text.
fn get(url: &str, last_event_id: &[u8], until: &str) -> String {
    let header =
        [&b"GET / HTTP/1.1\r\nhost: localhost\r\nlast-event-id: "[..], last_event_id, b"\r\n\r\n"];
    read_until(&mut request(url, &header.concat()), until)
}

#[test]
fn a_client_gets_lines_live_and_earlier_ones() {
    let (mut server, url) = Running::serve(&[]);
    server.write("before\n");
    let listener = Running::start(&["listen", "--json", &url]);
    let data = |line: String| serde_json::from_str::<Value>(&line).unwrap()["data"].clone();
    assert_eq!(data(listener.line()), "before");
    for line in ["live", "", "größe\twith\ttabs"] {
        server.write(format!("{line}\n"));
        assert_eq!(data(listener.line()), line);
    }
    server.write("with CRLF\r\nno line end");
    assert_eq!(data(listener.line()), "with CRLF");
    server.stdin = None;
    assert_eq!(data(listener.line()), "no line end", "the end of stdin ends no stream");
    // A client that connects after the end of stdin.
    let late = Running::start(&["listen", "--json", "--max-events", "6", &url]).end();
    assert_eq!((late.code, late.stdout.len()), (Some(0), 6));
}

#[test]
fn live_only_sends_new_clients_no_earlier_lines() {
    let (mut server, url) = Running::serve(&["--live-only", "--json"]);
    server.write("{\"id\": \"1\", \"data\": \"before\"}\n");
    get(&url, b"0", "data: before");
    let listener = Running::start(&["listen", "--max-events", "1", &url]);
    listener.error_with("connected to");
    server.write("{\"data\": \"live\"}\n");
    assert_eq!(listener.end().stdout[1], "  live");
}

#[test]
fn a_client_that_reconnects_gets_what_it_has_missed() {
    let (mut server, url) = Running::serve(&["--json", "--replay-events", "2"]);
    for id in ["1", "größe", "3"] {
        server.write(format!("{{\"id\": \"{id}\", \"data\": \"of {id}\"}}\n"));
    }
    get(&url, b"", "data: of 3\n\n");
    let gap = "event: gap\ndata: events were lost: load the whole state\n\n";
    for (id, expected, gapped) in [
        (&b"1"[..], "id: größe\ndata: of größe\n\n", false),
        ("größe".as_bytes(), "id: 3\ndata: of 3\n\n", false),
        (b"unknown", "id: größe\ndata: of größe\n\n", true),
        (b"\xff", "id: größe\ndata: of größe\n\n", true),
    ] {
        let answer = get(&url, id, "data: of 3\n\n");
        assert!(answer.contains(expected), "{answer}");
        assert_eq!(answer.contains(gap), gapped, "{answer}");
        assert_eq!(answer.matches("data: of").count(), 1 + usize::from(id != "größe".as_bytes()));
    }
    let up_to_date = thread::spawn({
        let url = url.clone();
        move || get(&url, b"3", "data: new\n\n")
    });
    server.write("{\"id\": \"4\", \"data\": \"new\"}\n");
    let answer = up_to_date.join().unwrap();
    assert_eq!((answer.matches("data: ").count(), answer.contains(gap)), (1, false), "{answer}");
    server.signal("-INT");
    let ended = server.end();
    assert_eq!(ended.code, Some(0));
    assert!(ended.stderr.concat().contains("`Last-Event-ID` is not UTF-8"), "{ended:?}");
}

#[test]
fn the_ids_of_an_earlier_run_are_a_gap() {
    let (mut server, url) = Running::serve(&[]);
    server.write("one\n");
    let arguments = ["listen", "--json", "--retry", "10", url.as_str()];
    let listener = Running::start(&arguments);
    let event = |line: String| serde_json::from_str::<Value>(&line).unwrap();
    let before = event(listener.line());
    server.signal("-TERM");
    assert_eq!(server.end().code, Some(0));
    listener.error_with("the server ended the stream");

    let port = url.trim_end_matches('/').rsplit(':').next().unwrap();
    let mut server = Running::start(&["serve", "--port", port]);
    server.write("one\n");
    assert!(server.error().starts_with("listening on "));
    let gap = event(listener.line());
    assert_eq!(gap["type"], "gap");
    let after = event(listener.line());
    assert_eq!(after["data"], before["data"]);
    assert_ne!(after["last_event_id"], before["last_event_id"]);
}

#[test]
fn ids_are_a_prefix_and_a_rising_number_and_are_omitted_on_request() {
    let (mut server, url) = Running::serve(&["--json"]);
    server.write("{\"data\": \"a\"}\n{\"id\": \"own\", \"data\": \"b\"}\n{\"comment\": \"c\"}\n{\"data\": \"d\"}\n");
    let answer = get(&url, b"", "data: d\n\n");
    let ids: Vec<&str> = answer.lines().filter_map(|line| line.strip_prefix("id: ")).collect();
    let [first, "own", last] = ids[..] else { panic!("{ids:?}") };
    let prefix = first.strip_suffix("-1").expect(first);
    assert!(u128::from_str_radix(prefix, 16).unwrap() > 1 << 40);
    assert_eq!(last, format!("{prefix}-4"), "the number of the block");
    assert!(answer.contains(": c\n\n"));

    let (mut server, url) = Running::serve(&["--no-ids"]);
    server.write("a\n");
    assert!(!get(&url, b"", "data: a\n\n").contains("\nid"));
}

#[test]
fn what_parse_prints_is_served_with_the_same_events() {
    let stream = "id: 1\ndata: x\n\nevent: e\ndata: y\ndata: z\n\n";
    let mut parse = command(&["parse", "--json"]).spawn().unwrap();
    parse.stdin.take().unwrap().write_all(stream.as_bytes()).unwrap();
    let printed = String::from_utf8(parse.wait_with_output().unwrap().stdout).unwrap();
    let (mut server, url) = Running::serve(&["--json", "--no-ids"]);
    server.write(printed);
    let answer = get(&url, b"", "data: z\n\n");
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    assert!(body.contains("id: 1\ndata: x\n\n") && body.contains("event: e\ndata: y\ndata: z\n\n"));
}

#[test]
fn the_head_is_that_of_an_event_stream_and_retry_comes_first() {
    let (_server, url) = Running::serve(&["--retry", "1234", "--keep-alive", "0"]);
    let answer = get(&url, b"", "retry: 1234\n\n");
    assert_eq!(
        head_of(&answer),
        [
            "http/1.1 200 ok",
            "cache-control: no-cache, no-transform",
            "connection: close",
            "content-type: text/event-stream",
            "transfer-encoding: chunked",
            "vary: accept",
            "x-accel-buffering: no",
        ]
    );
    assert!(answer.contains("\r\n\r\nD\r\nretry: 1234\n\n"), "{answer:?}");
}

#[test]
fn the_head_is_sent_before_any_event_and_keep_alives_end_silence() {
    let (_server, url) = Running::serve(&[]);
    read_until(&mut request(&url, GET), "\r\n\r\n");
    let (_server, url) = Running::serve(&["--keep-alive", "0.01"]);
    read_until(&mut request(&url, GET), ": \n\n\r\n4\r\n: \n\n");
}

#[test]
fn other_methods_and_paths_are_rejected() {
    let (_server, url) = Running::serve(&["--path", "/events"]);
    assert!(url.ends_with("/events"));
    let ask = |line: &str| {
        let text = format!("{line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        let mut answer = String::new();
        request(&url, text.as_bytes()).read_to_string(&mut answer).unwrap();
        head_of(&answer)
    };
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let head = ask(&format!("{method} /events"));
        assert_eq!(head[0], "http/1.1 405 method not allowed", "{method}");
        assert!(head.contains(&"allow: get, head".to_owned()), "{head:?}");
    }
    assert_eq!(ask("GET /")[0], "http/1.1 404 not found");
    assert_eq!(ask("GET /events/")[0], "http/1.1 404 not found");
    let mut stream = request(&url, b"GET /events?x=1 HTTP/1.1\r\nhost: localhost\r\n\r\n");
    read_until(&mut stream, "HTTP/1.1 200 OK\r\n");
}

/// htmx-extensions#184, urbit#4004: HEAD is answered without a stream.
#[test]
fn head_has_the_head_of_the_stream_and_ends() {
    let (_server, url) = Running::serve(&["--verbose"]);
    let mut answer = String::new();
    let head = b"HEAD / HTTP/1.1\r\nhost: localhost\r\n\r\n";
    request(&url, head).read_to_string(&mut answer).unwrap();
    let fields = head_of(&answer);
    assert_eq!(fields[0], "http/1.1 200 ok");
    for field in ["content-type: text/event-stream", "cache-control: no-cache, no-transform"] {
        assert!(fields.contains(&field.to_owned()), "{fields:?}");
    }
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}

#[test]
fn a_page_can_pass_its_last_event_id_in_the_url() {
    let (mut server, url) = Running::serve(&["--json"]);
    for id in ["1", "größe & mehr", "3"] {
        server.write(format!("{{\"id\": \"{id}\", \"data\": \"of {id}\"}}\n"));
    }
    get(&url, b"", "data: of 3\n\n");
    let ask = |target: &str, header: &str| {
        let text = format!("GET {target} HTTP/1.1\r\nhost: localhost\r\n{header}\r\n");
        let answer = read_until(&mut request(&url, text.as_bytes()), "data: of 3\n\n");
        answer.matches("data: of").count()
    };
    assert_eq!(ask("/?x=1&lastEventId=gr%C3%B6%C3%9Fe+%26%20mehr", ""), 1);
    assert_eq!(ask("/?lastEventId=1", ""), 2);
    assert_eq!(ask("/?lastEventId=", ""), 3);
    assert_eq!(ask("/?lastEventId=3", "last-event-id: 1\r\n"), 2, "the header is later");
}

/// sse.js#14: credentials and `Authorization` can't work with `*`.
#[test]
fn pages_of_an_allowed_origin_can_read_even_with_credentials() {
    let ask = |url: &str, method: &str, more: &str| {
        let text = format!("{method} / HTTP/1.1\r\nhost: localhost\r\n{more}\r\n");
        head_of(&read_until(&mut request(url, text.as_bytes()), "\r\n\r\n"))
    };
    let asks = "access-control-request-headers: authorization, x-own\r\n";
    let (_server, url) =
        Running::serve(&["--cors", "https://a.example", "--cors", "https://b.example"]);
    for origin in ["https://a.example", "https://b.example"] {
        let origin_line = format!("origin: {origin}\r\n");
        for head in [
            ask(&url, "GET", &origin_line),
            ask(&url, "POST", &origin_line),
            ask(&url, "OPTIONS", &format!("{origin_line}{asks}")),
        ] {
            for field in [
                format!("access-control-allow-origin: {origin}"),
                "access-control-allow-credentials: true".into(),
                "vary: origin".into(),
            ] {
                assert!(head.contains(&field), "{field}: {head:?}");
            }
        }
        let head = ask(&url, "OPTIONS", &format!("{origin_line}{asks}"));
        assert_eq!(head[0], "http/1.1 204 no content");
        for field in [
            "access-control-allow-headers: authorization, x-own",
            "access-control-allow-methods: get, head",
        ] {
            assert!(head.contains(&field.to_owned()), "{head:?}");
        }
    }
    let allows =
        |head: &[String]| head.iter().any(|line| line.starts_with("access-control-allow-o"));
    assert!(!allows(&ask(&url, "GET", "origin: https://evil.example\r\n")));

    let (_server, url) = Running::serve(&["--cors", "*"]);
    let head = ask(&url, "GET", "origin: https://a.example\r\n");
    assert!(head.contains(&"access-control-allow-origin: *".to_owned()), "{head:?}");
    assert!(!head.iter().any(|line| line.contains("credentials")), "{head:?}");
    let head = ask(&url, "OPTIONS", &format!("origin: https://a.example\r\n{asks}"));
    assert!(head.contains(&"access-control-allow-headers: authorization, x-own".to_owned()));

    let (_server, url) = Running::serve(&[]);
    assert!(!allows(&ask(&url, "GET", "origin: https://a.example\r\n")));
}

/// A page whose host name resolves to 127.0.0.1 has the same origin as a server there.
#[test]
fn on_loopback_a_foreign_host_is_refused_unless_allowed() {
    let ask = |url: &str, host: &str| {
        let text = format!("GET / HTTP/1.1\r\nhost: {host}\r\n\r\n");
        head_of(&read_until(&mut request(url, text.as_bytes()), "\r\n\r\n"))[0].clone()
    };
    let (forbidden, ok) = ("http/1.1 403 forbidden", "http/1.1 200 ok");
    let (_server, url) = Running::serve(&[]);
    for (host, expected) in [("evil.example", forbidden), ("localhost", ok), ("127.0.0.1:1", ok)] {
        assert_eq!(ask(&url, host), expected, "{host}");
    }
    let (_server, url) = Running::serve(&["--allow-host", "sse.example"]);
    for (host, expected) in [("sse.example", ok), ("localhost", ok), ("evil.example", forbidden)] {
        assert_eq!(ask(&url, host), expected, "{host}");
    }
    let (_server, url) = Running::serve(&["--allow-host", "*"]);
    assert_eq!(ask(&url, "evil.example"), ok);
    let (_server, url) = Running::serve(&["--host", "0.0.0.0"]);
    assert_eq!(ask(&url, "any.example"), ok, "on all addresses the names are not known");
}

#[test]
fn a_client_beyond_the_limit_is_answered_503_and_served_once_another_has_left() {
    let (mut server, url) = Running::serve(&["--max-clients", "2", "--verbose"]);
    server.write("x\n");
    let mut clients = [request(&url, GET), request(&url, GET)];
    for client in &mut clients {
        read_until(client, "data: x\n\n");
    }
    let answer = read_until(&mut request(&url, GET), "too many clients\n");
    assert_eq!(head_of(&answer)[0], "http/1.1 503 service unavailable");
    assert!(head_of(&answer).contains(&"retry-after: 5".to_owned()));
    let [left, _stays] = clients;
    drop(left);
    server.error_with("disconnected");
    // The place is free a moment after the message.
    until(|| read_until(&mut request(&url, GET), "\r\n\r\n").starts_with("HTTP/1.1 200"));
}

#[test]
fn a_browser_gets_a_page_and_any_other_client_the_stream() {
    let (mut server, url) = Running::serve(&[]);
    server.write("x\n");
    let ask = |accept: &str| {
        let text = format!("GET / HTTP/1.1\r\nhost: localhost\r\naccept: {accept}\r\n\r\n");
        read_until(&mut request(&url, text.as_bytes()), "\r\n\r\n")
    };
    let page = ask("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");
    assert!(page.contains("content-type: text/html; charset=utf-8\r\n"), "{page}");
    assert!(page.contains("content-security-policy: default-src 'none';"), "{page}");
    for accept in ["text/event-stream", "*/*", "application/json, text/event-stream"] {
        let stream = ask(accept);
        assert!(stream.contains("content-type: text/event-stream\r\n"), "{accept}: {stream}");
    }
}

#[test]
fn a_signal_ends_all_streams_clean() {
    for signal in ["-INT", "-TERM"] {
        let (mut server, url) = Running::serve(&["--verbose", "--keep-alive", "0"]);
        let mut clients = [request(&url, GET), request(&url, GET)];
        for client in &mut clients {
            read_until(client, "\r\n\r\n");
        }
        // One that has sent no request.
        let mut silent = request(&url, b"");
        server.write("last\n");
        for client in &mut clients {
            read_until(client, "data: last\n\n");
        }
        server.signal(signal);
        for client in &mut clients {
            let mut rest = String::new();
            client.read_to_string(&mut rest).unwrap();
            assert!(rest.ends_with("0\r\n\r\n"), "{rest:?}");
        }
        let _ = silent.read_to_end(&mut Vec::new());
        assert_eq!(server.end().code, Some(0));
    }
}

#[test]
fn the_end_of_stdin_ends_all_streams_on_request_and_nothing_is_lost() {
    let (mut server, url) = Running::serve(&["--exit-on-eof", "--keep-alive", "0"]);
    let mut client = request(&url, GET);
    read_until(&mut client, "\r\n\r\n");
    server.write("line\n".repeat(1000));
    server.stdin = None;
    let mut rest = String::new();
    client.read_to_string(&mut rest).unwrap();
    assert_eq!(rest.matches("data: line\n\n").count(), 1000);
    assert!(rest.ends_with("0\r\n\r\n"));
    assert_eq!(server.end().code, Some(0));
}

#[test]
fn a_rejected_line_is_reported_and_the_others_are_published() {
    let (mut server, url) = Running::serve(&["--json", "--replay-bytes", "2000", "--exit-on-eof"]);
    let long = "x".repeat(2000);
    server.write(format!(
        "{{\"id\": \"1\\ndata: injected\", \"data\": \"x\"}}\n\nno JSON\n{{\"data\": \"{long}\"}}\n\
         {{\"id\": \"a\\u0001\", \"data\": \"\"}}\n{{\"data\": \"good\"}}\n"
    ));
    let answer = get(&url, b"", "data: good\n\n");
    assert!(!answer.contains("injected"), "{answer}");
    server.stdin = None;
    let ended = server.end();
    assert_eq!((ended.code, ended.stderr.len()), (Some(1), 4), "{ended:?}");
    for (said, expected) in ended.stderr.iter().zip([
        "sse-wire: stdin: line 1: the id has a line break at byte 1",
        "sse-wire: stdin: line 3: not valid JSON at column",
        "sse-wire: stdin: line 4: the line has 2012 bytes; at most 2000 are allowed",
        "sse-wire: stdin: line 5: the ID \"a\\u{1}\" does not survive `Last-Event-ID`",
    ]) {
        assert!(said.starts_with(expected), "{said}");
    }

    let mut child = command(&["serve", "--port", "0", "--exit-on-eof"]).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"good\n\xff\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8(output.stderr).unwrap().contains("stdin: line 2: not UTF-8 at byte 0")
    );
}

#[test]
fn a_port_that_is_in_use_is_an_error() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ended = Running::start(&["serve", "--port", &port]).end();
    assert_eq!((ended.code, ended.stderr.len()), (Some(1), 1));
    let said = format!("sse-wire: cannot listen on port {port} of 127.0.0.1: ");
    assert!(ended.stderr[0].starts_with(&said), "{ended:?}");
    assert!(ended.stderr[0].contains("--port"), "{ended:?}");
}

#[test]
fn clients_that_leave_free_their_state() {
    let (_server, url) = Running::serve(&["--verbose", "--keep-alive", "0"]);
    for _ in 0..3 {
        let mut client = request(&url, GET);
        read_until(&mut client, "\r\n\r\n");
        let said = _server.error();
        assert!(said.ends_with(" connected (new); clients: 1"), "{said}");
        drop(client);
        let said = _server.error();
        assert!(said.ends_with(" disconnected; clients: 0"), "{said}");
    }
}

/// The peak memory of the process, in KiB.
#[cfg(target_os = "linux")]
fn peak(running: &Running) -> u64 {
    system_number(&running.child, "status", "VmHWM:")
}

/// How many file descriptors the process has.
#[cfg(target_os = "linux")]
fn descriptors(running: &Running) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", running.child.id())).unwrap().count()
}

/// gmux#243, sse-starlette#173, netpulse#67: a client that stops reading was kept forever, each with a
/// copy of the event.
#[cfg(target_os = "linux")]
#[test]
fn memory_is_bounded_clients_that_do_not_read_are_dropped_and_share_each_event() {
    const CLIENTS: usize = 100;
    let (mut server, url) = Running::serve(&["--write-timeout", "1"]);
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let mut client = request(&url, GET);
            read_until(&mut client, "\r\n\r\n");
            client
        })
        .collect();
    let with_clients = descriptors(&server);
    assert!(with_clients > CLIENTS);
    // A client that always reads.
    let listener = Running::start(&["listen", "--json", &url]);
    let line = format!("{}\n", "x".repeat(8_000_000));
    for _ in 0..4 {
        server.write(&line);
        assert!(listener.line().contains("xxx"), "a slow client holds up no other");
    }
    for _ in 0..CLIENTS {
        let said = server.error();
        assert!(said.contains("was dropped: the client has taken nothing for 1s"), "{said}");
    }
    // The connection is dropped a moment after the message.
    until(|| descriptors(&server) <= with_clients - CLIENTS + 1);
    let peak = peak(&server);
    assert!(peak < 160 * 1024, "{peak} KiB, for 100 clients and events of 8 MB");
    drop(clients);
}

#[cfg(target_os = "linux")]
#[test]
fn bounded_memory_five_thousand_broken_connections_leave_nothing() {
    let (mut server, url) = Running::serve(&[]);
    server.write("x\n");
    let come_and_break = |count: usize| {
        for at in 0..count {
            let mut client = request(&url, GET);
            if at % 2 == 0 {
                read_until(&mut client, "data: x\n\n");
            }
        }
    };
    let before = descriptors(&server);
    come_and_break(1000);
    let warm = peak(&server);
    come_and_break(4000);
    until(|| descriptors(&server) <= before + 1);
    let grown = peak(&server) - warm;
    assert!(grown < 2048, "{grown} KiB more than after the first thousand");
}

#[cfg(target_os = "linux")]
#[test]
fn bounded_memory_a_long_line_of_stdin_is_rejected_as_it_arrives() {
    let (mut server, url) = Running::serve(&["--replay-bytes", "1000000", "--exit-on-eof"]);
    let part = "x".repeat(1 << 20);
    for _ in 0..64 {
        server.write(&part);
    }
    server.write("\nshort\n");
    get(&url, b"", "data: short\n\n");
    let said = server.error();
    assert!(
        said.contains("line 1: the line has 67108864 bytes; at most 1000000 are allowed"),
        "{said}"
    );
    let peak = peak(&server);
    assert!(peak < 24 * 1024, "{peak} KiB, of a line of 64 MiB");
    server.stdin = None;
    assert_eq!(server.end().code, Some(1));
}
