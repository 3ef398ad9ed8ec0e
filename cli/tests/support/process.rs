//! The command `sse-wire` while it runs, and servers and clients for it on loopback.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

/// How long anything may take before a test fails.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A run of the command.
pub struct Running {
    pub child: Child,
    pub stdin: Option<ChildStdin>,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
}

/// How a run ended, and what it wrote that was not read before.
#[derive(Debug, PartialEq)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: Vec<String>,
    pub stderr: Vec<String>,
}

pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sse-wire"));
    command.args(arguments).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    for proxy in
        ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
    {
        command.env_remove(proxy);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn lines(from: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(from).lines() {
            let _ = sender.send(line.unwrap());
        }
    });
    lines
}

impl Running {
    pub fn start(arguments: &[&str]) -> Self {
        let mut child = command(arguments).spawn().unwrap();
        let stdin = child.stdin.take();
        let stdout = lines(child.stdout.take().unwrap());
        let stderr = lines(child.stderr.take().unwrap());
        Running { child, stdin, stdout, stderr }
    }

    /// `serve` on a port that is free, and where it listens.
    pub fn serve(arguments: &[&str]) -> (Self, String) {
        let running = Running::start(&[&["serve", "--port", "0"], arguments].concat());
        let said = running.error();
        let url = said.strip_prefix("listening on ").expect(&said).to_owned();
        (running, url)
    }

    pub fn write(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(text.as_bytes()).unwrap();
        stdin.flush().unwrap();
    }

    /// The next line of stdout.
    #[track_caller]
    pub fn line(&self) -> String {
        self.stdout.recv_timeout(PATIENCE).expect("a line of stdout")
    }

    /// The next line of stderr.
    #[track_caller]
    pub fn error(&self) -> String {
        self.stderr.recv_timeout(PATIENCE).expect("a line of stderr")
    }

    /// The first line of stderr that has a text.
    #[track_caller]
    pub fn error_with(&self, text: &str) -> String {
        loop {
            let line = self.error();
            if line.contains(text) {
                return line;
            }
        }
    }

    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    /// Waits for the end.
    pub fn end(mut self) -> Ended {
        // Both end when the process does.
        let rest = |lines: &Receiver<String>| {
            let mut rest = Vec::new();
            loop {
                match lines.recv_timeout(PATIENCE) {
                    Ok(line) => rest.push(line),
                    Err(mpsc::RecvTimeoutError::Disconnected) => return rest,
                    Err(mpsc::RecvTimeoutError::Timeout) => panic!("it does not end: {rest:?}"),
                }
            }
        };
        let (stdout, stderr) = (rest(&self.stdout), rest(&self.stderr));
        Ended { code: self.child.wait().unwrap().code(), stdout, stderr }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server that gives one answer a connection, in order, and where it is; it returns the requests.
pub fn server(answers: Vec<Vec<u8>>) -> (String, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (sender, requests) = mpsc::channel();
    thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = sender.send(whole_request(&mut stream));
            // The client may have enough of it.
            let _ = stream.write_all(&answer);
        }
    });
    (url, requests)
}

/// Reads a head, and the body that it announces.
fn whole_request(stream: &mut TcpStream) -> Vec<u8> {
    let mut request = head(stream);
    let text = String::from_utf8_lossy(&request);
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).unwrap();
    request.extend(body);
    request
}

/// A server whose connection stays open after these bytes.
pub fn open_server(body: &'static str) -> (String, thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        head(&mut client);
        client.write_all(&stream(body)).unwrap();
        // Until the client goes.
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

/// An answer with an event stream, whose end is that of the connection.
pub fn stream(body: impl AsRef<[u8]>) -> Vec<u8> {
    answer("200 OK", "content-type: text/event-stream\r\n", body)
}

pub fn answer(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\n{headers}\r\n");
    [head.as_bytes(), body.as_ref()].concat()
}

/// Connects to a server as a client without any library, and sends a request.
pub fn request(url: &str, request: &[u8]) -> TcpStream {
    let address = url.strip_prefix("http://").unwrap().split('/').next().unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request).unwrap();
    stream
}

/// Reads until what was read has a text.
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
