//! The examples do what they document, run as processes over sockets of this machine.

#[path = "../embedded_client.rs"]
#[allow(dead_code)] // Its `main`.
mod embedded_client;
#[path = "support/example.rs"]
mod example;
#[path = "../gateway.rs"]
#[allow(dead_code)] // All but the rewriter.
mod gateway;

use std::convert::Infallible;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use allocation_counter::measure;
use embedded_client::Board;
use example::{PATIENCE, Process, start};
use gateway::{LONGEST_LINE, Rewriter};
use sse_wire::io::EventReader;
use sse_wire::{End, Notice};
use ureq::BodyReader;

type Events = EventReader<BodyReader<'static>>;

/// One request at a time, on a new connection.
fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .http_status_as_error(false)
        .build()
        .into()
}

// The server.

fn connect(server: &str, last_event_id: Option<&str>) -> Events {
    let mut request = agent().get(format!("{server}/events"));
    if let Some(id) = last_event_id {
        request = request.header("last-event-id", id);
    }
    let response = request.call().unwrap();
    assert_eq!(response.status(), 200);
    for &(name, value) in sse_wire::server::RESPONSE_HEADERS {
        assert_eq!(response.headers()[name], value);
    }
    EventReader::new(response.into_body().into_reader())
}

/// Returns the event's ID.
fn publish(server: &str, data: &str) -> String {
    let mut response = agent().post(format!("{server}/publish")).send(data).unwrap();
    assert_eq!(response.status(), 201);
    response.body_mut().read_to_string().unwrap().trim_end().to_owned()
}

fn stats(server: &str) -> serde_json::Value {
    let mut response = agent().get(format!("{server}/stats")).call().unwrap();
    serde_json::from_str(&response.body_mut().read_to_string().unwrap()).unwrap()
}

/// Polls until the server has noticed that a connection was dropped.
fn wait_for_clients(server: &str, count: u64) {
    let start = Instant::now();
    while stats(server)["clients"] != count {
        assert!(start.elapsed() < PATIENCE, "{}", stats(server));
    }
}

fn next(events: &mut EventReader<impl Read>) -> (String, String, String) {
    let event = events.next().unwrap().expect("the stream continues");
    (event.last_event_id.into(), event.event_type.into(), event.data.into())
}

fn message(id: &str, data: &str) -> (String, String, String) {
    (id.into(), "message".into(), data.into())
}

#[test]
fn the_server_sends_each_event_to_every_client_and_counts_the_connected_ones() {
    let mut process = start(env!("CARGO_BIN_EXE_axum_server"), &["127.0.0.1:0"]);
    let server = process.address();
    let mut clients: Vec<Events> = (0..3).map(|_| connect(&server, None)).collect();
    assert_eq!(stats(&server)["clients"], 3);
    for data in ["one", "two\nlines", ""] {
        let id = publish(&server, data);
        for client in &mut clients {
            assert_eq!(next(client), message(&id, data));
        }
    }
    assert_eq!(stats(&server)["events"], 3);
    drop(clients.pop());
    wait_for_clients(&server, 2);
    drop(clients);
    wait_for_clients(&server, 0);
}

#[test]
fn the_server_sends_a_client_what_it_has_missed_or_a_gap_event() {
    let mut process = start(env!("CARGO_BIN_EXE_axum_server"), &["127.0.0.1:0"]);
    let server = process.address();
    let ids = ["one", "two", "three"].map(|data| publish(&server, data));

    let mut missed = connect(&server, Some(&ids[0]));
    assert_eq!(next(&mut missed), message(&ids[1], "two"));
    assert_eq!(next(&mut missed), message(&ids[2], "three"));

    let mut up_to_date = connect(&server, Some(&ids[2]));
    for unknown in ["of another server", "\u{ff}"] {
        let mut lost = connect(&server, Some(unknown));
        assert_eq!(next(&mut lost).1, "gap");
        assert_eq!(next(&mut lost), message(&ids[0], "one"));
    }
    let id = publish(&server, "four");
    assert_eq!(next(&mut missed), message(&id, "four"));
    assert_eq!(next(&mut up_to_date), message(&id, "four"));
}

#[test]
fn the_server_does_not_wait_for_a_slow_client_and_retains_no_more_than_its_bound() {
    let mut process = start(env!("CARGO_BIN_EXE_axum_server"), &["127.0.0.1:0"]);
    let server = process.address();
    let mut slow = connect(&server, None);
    let mut fast = connect(&server, None);
    // More than the retention and all socket buffers together.
    let data = "x".repeat(1 << 20);
    let ids: Vec<String> = (0..48)
        .map(|_| {
            let id = publish(&server, &data);
            assert_eq!(next(&mut fast).0, id);
            id
        })
        .collect();
    assert!(stats(&server)["bytes"].as_u64().unwrap() <= 16 << 20);

    // The slow client gets what was in flight, in order, then the gap event, then what is retained.
    let seen: Vec<_> =
        std::iter::from_fn(|| Some(next(&mut slow)).filter(|event| event.1 != "gap"))
            .map(|(id, ..)| id)
            .collect();
    assert!(seen.len() < ids.len() - 15, "it was not slow: {}", seen.len());
    assert_eq!(seen, ids[..seen.len()]);
    let oldest = next(&mut slow).0;
    let at = ids.iter().position(|id| *id == oldest).expect("one of those that were published");
    assert!(at > seen.len(), "nothing is missing");
    for id in &ids[at + 1..] {
        assert_eq!(next(&mut slow).0, *id);
    }
}

#[test]
fn a_server_that_is_killed_and_restarted_sends_its_clients_a_gap_event() {
    let mut process = start(env!("CARGO_BIN_EXE_axum_server"), &["127.0.0.1:0"]);
    let server = process.address();
    let id = publish(&server, "one");
    let mut client = connect(&server, None);
    process.kill();
    assert!(!matches!(client.next(), Ok(Some(_))));
    let address = server.strip_prefix("http://").unwrap();
    let mut again = start(env!("CARGO_BIN_EXE_axum_server"), &[address]);
    assert_eq!(again.address(), server);
    // Its first event has the number of the previous server's, but is a different event.
    publish(&server, "another");
    let mut client = connect(&server, Some(&id));
    assert_eq!(next(&mut client).1, "gap");
    assert_eq!(next(&mut client).2, "another");
}

#[test]
#[cfg(unix)]
fn a_server_that_is_terminated_ends_all_streams_between_two_events() {
    let mut process = start(env!("CARGO_BIN_EXE_axum_server"), &["127.0.0.1:0", "1"]);
    let server = process.address();
    let mut client = connect(&server, None);
    assert!(next(&mut client).2.ends_with(" ms"));
    process.signal("TERM");
    while client.next().unwrap().is_some() {}
    assert_eq!(client.finish(), Ok(End::Clean));
    assert!(process.end().1.success());
}

// The clients.

/// Starts a server that sends these answers, one for each connection. Returns its address, and a handle that returns the
/// last event IDs of the requests at its end.
fn script(answers: &'static [&str]) -> (String, thread::JoinHandle<Vec<Option<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = thread::spawn(move || {
        let answer = |answer: &&str| {
            let (mut stream, _) = listener.accept().unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let head: Vec<String> =
                lines.map(Result::unwrap).take_while(|line| !line.is_empty()).collect();
            stream.write_all(answer.as_bytes()).unwrap();
            head.iter().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                name.eq_ignore_ascii_case("last-event-id").then(|| value.to_owned())
            })
        };
        answers.iter().map(answer).collect()
    });
    (address, server)
}

const ANSWERS: [&str; 4] = [
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n\
     retry: 1\nid: \u{e9}1\ndata: a\n\nevent: x\ndata\n\nid: 2\ndata: cut\n",
    "no HTTP\r\n\r\n",
    "HTTP/1.1 200 OK\r\ncontent-type: Text/Event-Stream;charset=utf-8\r\nConnection: close\r\n\r\n\
     data: b\n\nid\n\n",
    "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
];

fn check_client(client: impl FnOnce(&str) -> Process) {
    let (address, server) = script(&ANSWERS);
    let (lines, status) = client(&address).end();
    assert_eq!(lines, ["\u{e9}1 message \"a\"", "\u{e9}1 x \"\"", "\u{e9}1 message \"b\""]);
    assert!(status.success());
    let id = Some("\u{e9}1".to_owned());
    assert_eq!(server.join().unwrap(), [None, id.clone(), id, None]);
}

#[test]
fn the_reqwest_client_resumes_and_ends_as_specified() {
    check_client(|address| {
        start(env!("CARGO_BIN_EXE_reqwest_client"), &[&format!("http://{address}/")])
    });
}

#[test]
fn the_blocking_client_resumes_and_ends_as_specified() {
    check_client(|address| {
        start(env!("CARGO_BIN_EXE_blocking_client"), &[&format!("http://{address}/")])
    });
}

#[test]
fn the_embedded_client_resumes_and_ends_as_specified() {
    check_client(|address| start(env!("CARGO_BIN_EXE_embedded_client"), &[address, "/"]));
}

/// A board without a network, which reads pieces of seven bytes.
struct Scripted {
    answers: std::slice::Iter<'static, &'static str>,
    now: Duration,
}

struct Connection(&'static [u8]);

impl Board for Scripted {
    type Connection = Connection;

    fn connect(&mut self) -> Option<Connection> {
        self.answers.next().map(|answer| Connection(answer.as_bytes()))
    }

    fn now(&mut self) -> Duration {
        self.now
    }

    fn sleep_until(&mut self, time: Duration) {
        self.now = time;
    }
}

impl embedded_io::ErrorType for Connection {
    type Error = Infallible;
}

impl embedded_io::Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        let len = buffer.len().min(7);
        embedded_io::Read::read(&mut self.0, &mut buffer[..len])
    }
}

impl embedded_io::Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

#[test]
fn the_embedded_client_allocates_nothing() {
    let mut board = Scripted { answers: ANSWERS.iter(), now: Duration::ZERO };
    let (mut count, mut failure) = (0, None);
    let allocations = measure(|| {
        failure = Some(embedded_client::listen(&mut board, "host", "/", |event| {
            count += usize::from(event.last_event_id == "\u{e9}1");
        }));
    });
    assert_eq!((count, failure), (3, Some(Notice::Ended)));
    assert_eq!(allocations.count_total, 0);
}

// The gateway.

const STREAM: &str = "\u{feff}: \u{fc}ber\r\ndata: {\"model\":\"secret\",\"n\": 1}\r\n\r\n\
    data:{ \"n\" : 2 , \"model\"  : {\"name\": \"secret\"} }\rid: 7\r\r\
    data\nunknown: {\"model\": \"kept\"}\nevent: {\"model\": \"kept\"}\ndata: [DONE]\n\n\
    data: {\"nested\": {\"model\": \"kept\"}}\n\ndata: {\"model\": \"cut";

fn rewritten(chunks: &[&[u8]]) -> Vec<u8> {
    let (mut rewriter, mut out) = (Rewriter::default(), Vec::new());
    for chunk in chunks {
        rewriter.push(chunk, &mut out);
    }
    out.extend(rewriter.finish());
    out
}

#[test]
fn the_gateway_changes_only_the_field_wherever_the_stream_is_cut() {
    let expected = STREAM
        .replace("{\"model\":\"secret\"", "{\"model\":\"our-model\"")
        .replace("{\"name\": \"secret\"}", "\"our-model\"");
    assert_ne!(expected, STREAM);
    let stream = STREAM.as_bytes();
    for at in 0..=stream.len() {
        let (a, b) = stream.split_at(at);
        assert_eq!(rewritten(&[a, b]), expected.as_bytes(), "cut at {at}");
    }
    let bytes: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(rewritten(&bytes), expected.as_bytes());
}

#[test]
fn the_gateway_forwards_ill_formed_text_and_lines_that_are_too_long_unchanged() {
    let long = format!("data: {{\"model\": \"{}\"}}\n\n", "x".repeat(LONGEST_LINE));
    for stream in [&b"data: {\"model\": \"\xFF\"}\n\n\xFF\xFE: \0\n"[..], long.as_bytes()] {
        for len in [1, 1000, stream.len()] {
            let chunks: Vec<&[u8]> = stream.chunks(len).collect();
            assert_eq!(rewritten(&chunks), stream);
        }
    }
    // The next line is parsed again.
    let next = rewritten(&[long.as_bytes(), b"data: {\"model\": 1}\n\n"]);
    assert!(next.ends_with(b"\n\ndata: {\"model\": \"our-model\"}\n\n"));
}

/// Returns what upstream received, and what the gateway sent until its end.
fn through_gateway(request: &str, answer: &[u8]) -> (String, Vec<u8>) {
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", upstream.local_addr().unwrap());
    let answer = answer.to_vec();
    let server = thread::spawn(move || {
        let (mut stream, _) = upstream.accept().unwrap();
        let lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
        let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
        stream.write_all(&answer).unwrap();
        // A body shorter than its length is a stream that breaks off.
        drop(stream);
        head.join("\n").to_ascii_lowercase()
    });
    let mut process = start(env!("CARGO_BIN_EXE_gateway"), &[&base, "127.0.0.1:0"]);
    let address = process.address();
    let mut client =
        std::net::TcpStream::connect(address.strip_prefix("http://").unwrap()).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client.write_all(request.as_bytes()).unwrap();
    let mut came = Vec::new();
    let _ = client.read_to_end(&mut came);
    (server.join().unwrap(), came)
}

#[test]
fn the_gateway_forwards_request_and_response_except_for_hop_by_hop_headers() {
    let (request, came) = through_gateway(
        "DELETE /a?b=c HTTP/1.1\r\nhost: here\r\nlast-event-id: 7\r\nx-own: 1\r\nconnection: close, x-hop\r\n\
         x-hop: 1\r\naccept-encoding: gzip\r\nte: trailers\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nlocation: /there\r\nretry-after: 9\r\nset-cookie: a\r\nset-cookie: b\r\n\
          keep-alive: timeout=5\r\ncontent-length: 3\r\n\r\nyes",
    );
    assert!(request.starts_with("delete /a?b=c http/1.1\n"), "{request}");
    assert!(request.contains("last-event-id: 7") && request.contains("x-own: 1"), "{request}");
    for name in ["x-hop", "accept-encoding", "te:", "host: here"] {
        assert!(!request.contains(name), "{request}");
    }
    let came = String::from_utf8(came).unwrap();
    assert!(came.starts_with("HTTP/1.1 302 Found\r\n") && came.ends_with("\r\n\r\nyes"), "{came}");
    for header in [
        "location: /there",
        "retry-after: 9",
        "set-cookie: a",
        "set-cookie: b",
        "content-length: 3",
    ] {
        assert!(came.contains(header), "{came}");
    }
    assert!(!came.contains("keep-alive"), "{came}");
}

#[test]
fn the_gateway_forwards_a_compressed_stream_unchanged() {
    let answer =
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: gzip\r\n\
        content-length: 24\r\n\r\ndata: {\"model\":\"secret\"}";
    let (_, came) =
        through_gateway("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", answer);
    assert!(came.ends_with(b"data: {\"model\":\"secret\"}"), "{}", came.escape_ascii());
}

#[test]
fn a_stream_that_breaks_off_upstream_breaks_off_downstream() {
    for (length, clean) in [("content-length: 14\r\n", true), ("content-length: 99\r\n", false)] {
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n{length}\r\ndata: 1\n\ndata:"
        );
        let request = "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        let (_, came) = through_gateway(request, answer.as_bytes());
        // A clean end has the last chunk of the transfer encoding.
        assert!(came.windows(9).any(|bytes| bytes == b"data: 1\n\n"), "{}", came.escape_ascii());
        assert_eq!(came.ends_with(b"0\r\n\r\n"), clean, "{}", came.escape_ascii());
    }
}

#[test]
fn the_gateway_forwards_each_piece_before_the_next_one_arrives() {
    // What upstream sends, and what has to be forwarded before it sends more.
    let pieces = [
        (": keep-alive\r\n", ": keep-alive\r\n"),
        ("\r", "\r"),
        ("\nevent: del", "\nevent: del"),
        ("ta\ndata: {\"mod", "ta\ndata: "),
        ("el\": 1}\r", "{\"model\": \"our-model\"}\r"),
        ("\n\r\n", "\n\r\n"),
    ];
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", upstream.local_addr().unwrap());
    let (arrived, wait) = channel();
    let server = thread::spawn(move || {
        let (mut stream, _) = upstream.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
        let request = lines.next().unwrap();
        let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
        assert!(head.contains(&"last-event-id: 7".into()), "{head:?}");
        let head =
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        for (piece, _) in pieces {
            stream.write_all(piece.as_bytes()).unwrap();
            wait.recv().unwrap();
        }
        request
    });

    let mut process = start(env!("CARGO_BIN_EXE_gateway"), &[&base, "127.0.0.1:0"]);
    let gateway = process.address();
    let request = agent().get(format!("{gateway}/v1/chat?stream=1")).header("last-event-id", "7");
    let mut body = request.call().unwrap().into_body().into_reader();
    for (_, expected) in pieces {
        let mut came = vec![0; expected.len()];
        body.read_exact(&mut came).unwrap();
        assert_eq!(String::from_utf8_lossy(&came), expected);
        arrived.send(()).unwrap();
    }
    assert_eq!(body.read(&mut [0]).unwrap(), 0);
    assert_eq!(server.join().unwrap(), "GET /v1/chat?stream=1 HTTP/1.1");
}
