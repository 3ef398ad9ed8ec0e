//! The requests of `sse-wire listen`: options with the names of curl's mean the same.
#![cfg(all(feature = "http", unix))]

#[path = "support/loopback.rs"]
#[allow(dead_code)] // Each file of tests needs another part of it.
mod loopback;
#[path = "support/run.rs"]
#[allow(dead_code)] // Here, too.
mod run;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use loopback::{answer, stream};
use run::{Ended, Running};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A self-signed certificate for 127.0.0.1, with its key.
const CERTIFICATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/localhost.pem");

/// Sends one request, and returns what the server got, as lines of the head and the body.
#[track_caller]
fn sent(options: &[&str]) -> (Vec<String>, String) {
    let (url, requests) = loopback::server(vec![stream("")]);
    let ended = listen(&[options, &[&url]].concat());
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let request = String::from_utf8(requests.recv().unwrap()).unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    (head.lines().map(str::to_owned).collect(), body.to_owned())
}

/// Runs `listen` for one stream.
fn listen(options: &[&str]) -> Ended {
    Running::start(&[&["listen", "--once"], options].concat()).end()
}

fn file(name: &str, content: &str) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, content).unwrap();
    format!("@{}", path.to_str().unwrap())
}

#[track_caller]
fn has(head: &[String], line: &str) {
    assert!(head.iter().any(|it| it == line), "no {line} in {head:#?}");
}

#[test]
fn data_is_posted_and_a_named_method_is_used() {
    let (head, body) = sent(&["-d", "a=1", "--data", "b=2"]);
    assert_eq!((head[0].as_str(), body.as_str()), ("POST / HTTP/1.1", "a=1&b=2"));
    has(&head, "content-type: application/x-www-form-urlencoded");
    has(&head, "accept: text/event-stream");
    let (head, body) = sent(&["-X", "PUT", "-d", ""]);
    assert_eq!((head[0].as_str(), body.as_str()), ("PUT / HTTP/1.1", ""));
    let (head, _) = sent(&["--request", "DELETE"]);
    assert_eq!(head[0], "DELETE / HTTP/1.1");
    assert!(!head.iter().any(|line| line.starts_with("content-type")), "{head:#?}");
}

#[test]
fn data_comes_from_a_file_or_stdin_without_line_breaks() {
    let request = file("request.json", "{\r\n  \"stream\": true\n}\n");
    let (head, body) = sent(&["-d", &request, "-H", "Content-Type: application/json"]);
    assert_eq!(body, "{  \"stream\": true}");
    has(&head, "content-type: application/json");
    assert!(!head.iter().any(|line| line.contains("urlencoded")), "{head:#?}");

    let (url, requests) = loopback::server(vec![stream("")]);
    let mut running = Running::start(&["listen", "--once", "-d", "@-", &url]);
    running.write("from\nstdin");
    running.stdin = None;
    assert_eq!(running.end().code, Some(0));
    assert!(requests.recv().unwrap().ends_with(b"\r\n\r\nfromstdin"));
}

#[test]
fn headers_come_from_a_file_and_replace_remove_and_empty_others() {
    let headers = file("headers.txt", "X-One: 1\n\nX-Two: 2\r\nUser-Agent:\n");
    let (head, _) = sent(&["-H", &headers, "-H", "X-Three;", "-H", "Accept: text/plain"]);
    for line in ["x-one: 1", "x-two: 2", "x-three: ", "accept: text/plain"] {
        has(&head, line);
    }
    let names: Vec<_> = head.iter().map(|line| line.split(':').next().unwrap()).collect();
    assert!(!names.contains(&"user-agent"), "{head:#?}");
    assert_eq!(names.iter().filter(|name| **name == "accept").count(), 1);

    let bad = file("bad-headers.txt", "A: 1\nno colon\n");
    let ended = listen(&["-H", &bad, "http://127.0.0.1:1/"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.concat().contains("bad-headers.txt: line 2: no colon"), "{ended:?}");
}

#[test]
fn a_redirect_keeps_the_method_and_body_or_becomes_get_by_its_status() {
    for (status, method, body) in
        [("301 Moved", "GET", ""), ("303 See Other", "GET", ""), ("307 Again", "POST", "x")]
    {
        let (there, requests) = loopback::server(vec![stream("")]);
        let location = format!("location: {there}\r\n");
        let (here, _requests) = loopback::server(vec![answer(status, &location, "")]);
        let ended = listen(&["-d", "x", "-H", "X-Key: k", "-H", "Content-Type: text/plain", &here]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let request = String::from_utf8(requests.recv().unwrap()).unwrap();
        assert!(request.starts_with(method) && request.ends_with(&format!("\r\n\r\n{body}")));
        assert!(!request.contains("x-key"), "another origin: {request}");
        assert_eq!(request.contains("content-type: text/plain"), method == "POST", "{request}");
    }
}

#[test]
fn a_post_is_not_sent_again_unless_an_event_had_an_id() {
    let quick = ["listen", "--retry", "1ms", "--min-wait", "0", "--backoff", "0", "-d", "x"];
    let (url, requests) = loopback::server(vec![stream("data: 1\n\n")]);
    let ended = Running::start(&[&quick[..], &[&url]].concat()).end();
    assert_eq!((ended.code, requests.iter().count()), (Some(1), 1), "{ended:?}");
    assert!(
        ended.stderr.concat().contains("not sent again") && ended.stderr[1].ends_with("use --once"),
        "{ended:?}"
    );

    let (url, requests) =
        loopback::server(vec![stream("id: 7\ndata: 1\n\n"), answer("204 None", "", "")]);
    let ended = Running::start(&[&quick[..], &[&url]].concat()).end();
    assert_eq!(ended.code, Some(3), "{ended:?}");
    let request = String::from_utf8(requests.iter().last().unwrap()).unwrap();
    assert!(request.contains("last-event-id: 7\r\n") && request.ends_with("\r\n\r\nx"));
}

/// A server with a certificate that is not trusted by default. It answers one connection.
fn tls_server() -> String {
    let certificate = CertificateDer::from_pem_file(CERTIFICATE).unwrap();
    let key = PrivateKeyDer::from_pem_file(CERTIFICATE).unwrap();
    let config = ServerConfig::builder().with_no_client_auth();
    let config = Arc::new(config.with_single_cert(vec![certificate], key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (client, _) = listener.accept().unwrap();
        client.set_read_timeout(Some(run::PATIENCE)).unwrap();
        let mut stream = StreamOwned::new(ServerConnection::new(config).unwrap(), client);
        // A client that does not trust it disconnects after the handshake.
        let mut byte = [0];
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
            head.push(byte[0]);
        }
        let _ = stream.write_all(&loopback::stream("data: secret\n\n"));
        stream.conn.send_close_notify();
        let _ = stream.flush();
    });
    url
}

#[test]
fn a_certificate_is_trusted_if_its_authority_is_named_or_with_insecure() {
    for options in [&["--cacert", CERTIFICATE][..], &["--insecure"], &["-k"]] {
        let ended = listen(&[options, &["--data-only", &tls_server()]].concat());
        assert_eq!((ended.code, ended.stdout.concat()), (Some(0), "secret".into()), "{ended:?}");
    }
    let ended = listen(&[&tls_server()]);
    assert_eq!((ended.code, ended.stdout.len(), ended.stderr.len()), (Some(1), 0, 1), "{ended:?}");
    assert!(ended.stderr[0].contains("--cacert names an authority to trust"), "{ended:?}");
}
