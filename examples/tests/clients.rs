//! The example clients: their length, and what they return for each fault of a server, over loopback sockets.

#[path = "../llm_client.rs"]
#[allow(dead_code)] // Its `main`.
mod llm_client;
#[path = "../reqwest_client.rs"]
#[allow(dead_code)] // Its `main`.
mod reqwest_client;

use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use sse_wire::{EventSource, Failure, Incoming, Policy, ResponseError, SourceError, SourceNotice};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};

/// Counts the lines of a function's body that are neither empty nor a comment.
fn lines(program: &str, function: &str) -> usize {
    let body = program.split_once(function).expect("the function").1;
    let body = body.split_once("{\n").unwrap().1.split_once("\n}\n").unwrap().0;
    let code = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with("//");
    body.lines().filter(code).count()
}

#[test]
fn a_reconnecting_client_has_10_lines_and_a_model_s_answer_12_at_most() {
    let reconnecting = lines(include_str!("../reqwest_client.rs"), "pub async fn listen");
    assert!((5..=10).contains(&reconnecting), "{reconnecting}");
    let answer = lines(include_str!("../llm_client.rs"), "pub async fn complete");
    assert!((5..=12).contains(&answer), "{answer}");
    let blocking = lines(include_str!("../blocking_client.rs"), "fn listen");
    assert!((5..=13).contains(&blocking), "{blocking}");
}

/// What a server does with a connection.
#[derive(Clone, Copy)]
enum Answer {
    /// Sends these bytes, and closes.
    Close(&'static str),
    /// Sends these bytes, and resets.
    Reset(&'static str),
    /// Sends these bytes, and nothing more until the client disconnects.
    Stall(&'static str),
    /// Sends these bytes repeatedly, until the client disconnects.
    Endless(&'static str, &'static str),
}

use Answer::{Close, Endless, Reset, Stall};

/// The head of each request.
type Heads = Arc<Mutex<Vec<String>>>;

/// A server that sends these answers, one for each connection, and the last one to each later connection.
async fn server(answers: &'static [Answer]) -> (String, Heads) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/events?token=secret", listener.local_addr().unwrap());
    let heads = Heads::default();
    let seen = heads.clone();
    tokio::spawn(async move {
        let mut number = 0;
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let answer = answers[number.min(answers.len() - 1)];
            number += 1;
            tokio::spawn(serve(stream, answer, seen.clone()));
        }
    });
    (url, heads)
}

async fn serve(mut stream: TcpStream, answer: Answer, heads: Heads) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    // All of it, because closing with unread bytes is a reset.
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    _ = stream.read_exact(&mut body).await;
    heads.lock().unwrap().push(head);
    let (Close(bytes) | Reset(bytes) | Stall(bytes) | Endless(bytes, _)) = answer;
    _ = stream.write_all(bytes.as_bytes()).await;
    match answer {
        Close(_) => {}
        Reset(_) => _ = stream.set_zero_linger(),
        Stall(_) => _ = stream.read_to_end(&mut Vec::new()).await,
        Endless(_, more) => while stream.write_all(more.as_bytes()).await.is_ok() {},
    }
}

macro_rules! ok {
    ($body:literal) => {
        concat!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n",
            $body
        )
    };
}

const GONE: Answer = Close("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");

/// A policy with waits that are short enough for a test.
fn quick() -> Policy {
    Policy {
        reconnection_time: Duration::from_millis(1),
        floor: Duration::ZERO,
        backoff: None,
        jitter: 0,
        ..Policy::default()
    }
}

/// What the client returns for these answers: the data of events, and notices and errors as text.
async fn record(answers: &'static [Answer], policy: Policy) -> (Vec<String>, Vec<String>, Heads) {
    let (url, heads) = server(answers).await;
    let http = reqwest_client::http().unwrap();
    let request = |attempt: sse_wire::Attempt| http.get(&url).headers(attempt.headers()).send();
    let mut source = EventSource::new(request).with_policy(policy);
    let (mut events, mut notices) = (Vec::new(), Vec::new());
    let all = async {
        while let Some(item) = source.next().await {
            match item {
                Ok(Incoming::Event(event)) => events.push(event.data),
                Ok(Incoming::Notice(SourceNotice::Open)) => {}
                Ok(Incoming::Notice(notice)) => notices.push(notice.to_string()),
                Err(error) => notices.push(error.to_string()),
            }
        }
    };
    timeout(Duration::from_secs(30), all).await.expect("it ends");
    (events, notices, heads)
}

#[tokio::test]
async fn the_client_survives_every_fault_of_a_server_and_loses_no_event() {
    let (events, notices, heads) = record(
        &[
            Close(ok!("id: 1\ndata: a\n\nid: 2\ndata: cut\n")),
            Close(""),
            Close("no HTTP at all\r\n\r\n"),
            Close("HTTP/1.1 200 OK\r\ncontent-ty"),
            Reset(ok!("id: 2\ndata: b\n\n")),
            Close("HTTP/1.1 503 Busy\r\ncontent-length: 0\r\nretry-after: 0\r\n\r\n"),
            Close("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\nff\r\nid: 3\ndata: c\n\nda"),
            Close(ok!("id: a\u{1}b\ndata: d\n\n")),
            Close(ok!("id: \u{e9}\ndata: e\n\n")),
            GONE,
        ],
        quick(),
    )
    .await;
    assert_eq!(events, ["a", "b", "c", "d", "e"]);
    assert_eq!(notices.len(), 10, "{notices:#?}");
    assert!(notices[9].contains("204") && notices.iter().all(|notice| !notice.contains("secret")));
    let heads = heads.lock().unwrap();
    let ids: Vec<_> = heads
        .iter()
        .map(|head| head.lines().find_map(|line| line.strip_prefix("last-event-id: ")))
        .collect();
    let one = Some("1");
    assert_eq!(
        ids,
        [None, one, one, one, one, Some("2"), Some("2"), Some("3"), None, Some("\u{e9}")]
    );
    assert!(heads.iter().all(|head| head.contains("accept: text/event-stream\r\n")));
    assert!(heads.iter().all(|head| head.contains("cache-control: no-cache\r\n")));
}

#[tokio::test]
async fn the_example_itself_reads_resumes_and_ends() {
    let (url, heads) =
        server(&[Close(ok!("retry: 0\nid: 1\ndata: a\n\n")), Close(ok!("data: b\n\n")), GONE])
            .await;
    let mut events = Vec::new();
    let http = reqwest_client::http().unwrap();
    let start = Instant::now();
    reqwest_client::listen(&http, &url, |event| events.push(event.data)).await.unwrap();
    assert_eq!((events.len(), heads.lock().unwrap().len()), (2, 3));
    assert!(start.elapsed() >= Duration::from_millis(1500), "500 ms at least, then twice that");
}

#[tokio::test]
async fn with_retry_0_and_without_backoff_there_are_at_most_120_requests_a_minute() {
    let (url, heads) = server(&[Close(ok!("retry: 0\nid: 1\ndata: x\n\n"))]).await;
    let http = reqwest_client::http().unwrap();
    let request = |attempt: sse_wire::Attempt| http.get(&url).headers(attempt.headers()).send();
    let policy = Policy { backoff: None, ..Policy::default() };
    let mut source = EventSource::new(request).with_policy(policy);
    let start = Instant::now();
    while heads.lock().unwrap().len() < 5 {
        source.next().await.unwrap().unwrap();
    }
    assert!(start.elapsed() >= Duration::from_millis(4 * 500), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_head_that_never_ends_and_endless_early_hints_time_out() {
    let policy = Policy { head_timeout: Some(Duration::from_millis(200)), ..quick() };
    let hints = "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n";
    let answers = const {
        &[
            Stall("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"),
            Endless(
                "HTTP/1.1 103 Early Hints\r\n\r\n",
                "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n",
            ),
            Endless("HTTP/1.1 200 OK\r\n", "x: y\r\n"),
            GONE,
        ]
    };
    assert!(hints.starts_with("HTTP/1.1 103"));
    let (events, notices, _) = record(answers, policy).await;
    assert!(events.is_empty());
    assert_eq!(notices.len(), 4, "{notices:#?}");
    assert!(
        notices[..2].iter().all(|notice| notice.contains("no response arrived in time")),
        "{notices:#?}"
    );
}

#[tokio::test]
async fn the_policy_gives_up_a_stalled_stream() {
    let silence =
        sse_wire::Silence { events: Some(Duration::from_millis(200)), ..Default::default() };
    let answers =
        const { &[Stall(ok!("data: a\n\n")), Endless(ok!(""), ": keep-alive\n\n"), GONE] };
    let (events, notices, _) = record(answers, Policy { silence, ..quick() }).await;
    assert_eq!(events, ["a"]);
    assert!(
        notices[..2].iter().all(|notice| notice.contains("no event arrived in time")),
        "{notices:#?}"
    );
}

#[tokio::test]
async fn a_compressed_body_a_wrong_type_and_a_wrong_status_are_different_failures() {
    for (answer, failure) in [
        (
            &[Close(
                "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: gzip\r\n\r\n\x1f",
            )],
            Failure::ContentEncoding,
        ),
        (
            &[Close("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<html>")],
            Failure::ContentType,
        ),
        (&[Close("HTTP/1.1 401 No\r\ncontent-length: 5\r\n\r\nwhy??")], Failure::Status(401)),
    ] {
        let (url, _) = server(answer).await;
        let http = reqwest_client::http().unwrap();
        let request = |attempt: sse_wire::Attempt| http.get(&url).headers(attempt.headers()).send();
        let mut source = EventSource::new(request);
        let Some(Err(SourceError::Response(error))) = source.next().await else { panic!() };
        assert_eq!(error.failure(), failure);
        if failure == Failure::Status(401) {
            assert_eq!(error.body_text(100).await, "why??");
        }
        assert!(source.next().await.is_none());
    }
}

#[tokio::test]
async fn a_redirect_is_followed_to_the_same_origin_and_no_other() {
    let (other, heads) = server(&[Close(ok!("data: stolen\n\n"))]).await;
    let elsewhere =
        format!("HTTP/1.1 302 Found\r\nlocation: {other}\r\ncontent-length: 0\r\n\r\n").leak();
    let answers: &'static [Answer] = vec![
        Close("HTTP/1.1 307 Moved\r\nlocation: /here\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"),
        Close(elsewhere),
    ]
    .leak();
    let (url, seen) = server(answers).await;
    let http = reqwest_client::http().unwrap();
    let request = |attempt: sse_wire::Attempt| {
        http.get(&url).header("x-api-key", "secret").headers(attempt.headers()).send()
    };
    let mut source = EventSource::new(request);
    let Some(Err(SourceError::Response(error))) = source.next().await else { panic!() };
    assert_eq!(error.status(), 302);
    assert!(heads.lock().unwrap().is_empty());
    let seen = seen.lock().unwrap();
    assert!(seen[1].starts_with("get /here ") && !seen[1].contains("referer"));
}

#[tokio::test]
async fn a_new_token_is_sent_with_each_request() {
    let (url, heads) = server(&[
        Close(ok!("data: a\n\n")),
        Close("HTTP/1.1 401 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"),
        GONE,
    ])
    .await;
    let http = reqwest_client::http().unwrap();
    let policy = Policy { retry_status: |status| status == 401, ..quick() };
    let mut source = EventSource::new(|attempt: sse_wire::Attempt| {
        let token = format!("token-{}", attempt.number());
        http.get(&url).bearer_auth(token).headers(attempt.headers()).send()
    })
    .with_policy(policy);
    while let Some(item) = source.next().await {
        item.unwrap();
    }
    let heads = heads.lock().unwrap();
    for (at, head) in heads.iter().enumerate() {
        assert!(head.contains(&format!("authorization: bearer token-{}\r\n", at + 1)), "{head}");
    }
    assert_eq!(heads.len(), 3);
}

// The answer of a language model.

const HELLO: &str = ok!("data: {\"choices\": [{\"delta\": {\"content\": \"Hel\"}}]}\n\n\
     : keep-alive\n\ndata: {\"choices\": [{\"delta\": {\"content\": \"lo\"}}]}\n\n\
     data: {\"choices\": [{\"delta\": {}}]}\n\ndata: [DONE]\n\n");

async fn complete(answer: Answer) -> (String, Result<(), Box<dyn Error + Send + Sync>>, String) {
    let (url, heads) = server(vec![answer].leak()).await;
    let http = reqwest::Client::builder().referer(false).build().unwrap();
    let mut text = String::new();
    let request = json!({"stream": true});
    let done = llm_client::complete(&http, &url, "key", &request, |part| text += part).await;
    let head = heads.lock().unwrap().concat();
    (text, done, head)
}

#[tokio::test]
async fn an_answer_is_complete_or_an_error_after_the_text_that_has_arrived() {
    let (text, done, head) = complete(Stall(HELLO)).await;
    assert_eq!((text.as_str(), done.is_ok()), ("Hello", true));
    assert!(head.starts_with("post /") && head.contains("authorization: bearer key\r\n"));

    for (answer, text, error) in [
        (
            Close(ok!("data: {\"choices\": [{\"delta\": {\"content\": \"Hel\"}}]}\n\n")),
            "Hel",
            "ended before",
        ),
        (
            Close(ok!("data: {\"choices\": [{\"delta\": {\"content\": \"Hel\"}}]}\n\ndata: {\"ch")),
            "Hel",
            "in the middle",
        ),
        (
            Reset(ok!("data: {\"choices\": [{\"delta\": {\"content\": \"Hel\"}}]}\n\n")),
            "Hel",
            "could not be read",
        ),
        (
            Close(ok!(
                "data: {\"choices\": []}\n\ndata: {\"error\": {\"message\": \"overloaded\"}}\n\ndata: [DONE]\n\n"
            )),
            "",
            "overloaded",
        ),
        (Close(ok!("data: {\"choices\": 7}\n\n")), "", "event `message` at bytes 0..22"),
        (
            Close(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}",
            ),
            "",
            "`application/json`",
        ),
        (Close("HTTP/1.1 429 Slow\r\ncontent-length: 0\r\n\r\n"), "", "the status 429"),
    ] {
        let (came, done, _) = complete(answer).await;
        assert_eq!(came, text);
        let read_result = done.unwrap_err().to_string();
        assert!(read_result.contains(error), "{read_result}");
    }
}

#[tokio::test]
async fn a_json_body_in_place_of_a_stream_can_be_read() {
    let answer = Close(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 23\r\n\r\n{\"error\": \"no credits\"}",
    );
    let (_, done, _) = complete(answer).await;
    let error = done.unwrap_err().downcast::<ResponseError<reqwest::Body>>().unwrap();
    assert_eq!(error.body_text(1000).await, "{\"error\": \"no credits\"}");
}
