//! Servers and clients for the command `sse-wire`, on loopback.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use super::run::PATIENCE;

/// Starts a server that gives one answer for each connection, in order. Returns its address and a handle to the requests.
pub fn server(answers: Vec<Vec<u8>>) -> (String, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (sender, requests) = mpsc::channel();
    thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = sender.send(whole_request(&mut stream));
            // The client may have disconnected.
            let _ = stream.write_all(&answer);
        }
    });
    (url, requests)
}

/// Reads a head and its body.
fn whole_request(stream: &mut TcpStream) -> Vec<u8> {
    let mut request = head(stream);
    let text = String::from_utf8_lossy(&request);
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).unwrap();
    request.extend(body);
    request
}

/// Starts a server whose connection stays open after these bytes.
pub fn open_server(body: &'static str) -> (String, thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        head(&mut client);
        client.write_all(&stream(body)).unwrap();
        // Until the client disconnects.
        let _ = client.read_to_end(&mut Vec::new());
    });
    (url, server)
}

/// Reads up to the blank line of a head.
pub fn head(stream: &mut TcpStream) -> Vec<u8> {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    head
}

/// A response with an event stream that ends with the connection.
pub fn stream(body: impl AsRef<[u8]>) -> Vec<u8> {
    answer("200 OK", "content-type: text/event-stream\r\n", body)
}

pub fn answer(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\n{headers}\r\n");
    [head.as_bytes(), body.as_ref()].concat()
}

/// Connects to a server without an HTTP library, and sends a request.
pub fn request(url: &str, request: &[u8]) -> TcpStream {
    let address = url.strip_prefix("http://").unwrap().split('/').next().unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request).unwrap();
    stream
}

/// Reads until a text has arrived.
#[track_caller]
pub fn read_until(stream: &mut TcpStream, text: &str) -> String {
    let mut read = Vec::new();
    let mut buffer = [0; 4096];
    while !String::from_utf8_lossy(&read).contains(text) {
        let len = stream.read(&mut buffer).unwrap();
        assert!(len > 0, "{:?} ends without {text:?}", String::from_utf8_lossy(&read));
        read.extend(&buffer[..len]);
    }
    String::from_utf8(read).unwrap()
}
