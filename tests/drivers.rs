//! Drivers of `Connection`, as a blocking, an async, and an embedded program would write them: each is a loop without
//! rules, and all receive the same from the same server.

#![cfg(feature = "std")]

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use sse_wire::{Action, Arrays, Connection, Notice, Parser, Policy, ResponseHead, Silence};

const EVENT_STREAM: &str = "text/event-stream";

// A blocking driver, over a socket.

struct Response {
    status: u16,
    content_type: Option<String>,
    body: BufReader<TcpStream>,
}

/// The part of HTTP that the server below uses.
fn request(address: SocketAddr, last_event_id: Option<&str>) -> io::Result<Response> {
    let mut stream = TcpStream::connect(address)?;
    let mut head =
        "GET / HTTP/1.0\r\nAccept: text/event-stream\r\nCache-Control: no-cache\r\n".to_owned();
    if let Some(id) = last_event_id {
        head += &format!("Last-Event-ID: {id}\r\n");
    }
    stream.write_all((head + "\r\n").as_bytes())?;
    let mut body = BufReader::new(stream);
    let (mut status, mut content_type) = (None, None);
    for line in body.by_ref().lines() {
        let line = line?;
        match line.split_once(": ") {
            _ if line.is_empty() => break,
            Some((name, value)) if name.eq_ignore_ascii_case("content-type") => {
                content_type = Some(value.to_owned());
            }
            Some(_) => {}
            None => status = line.split(' ').nth(1).and_then(|status| status.parse().ok()),
        }
    }
    let status = status.ok_or(io::ErrorKind::InvalidData)?;
    Ok(Response { status, content_type, body })
}

fn drive(
    source: &mut Connection,
    address: SocketAddr,
    mut on_event: impl FnMut(&str),
) -> io::Result<Option<Notice>> {
    let start = Instant::now();
    let mut body = None;
    loop {
        match source.poll(start.elapsed()) {
            Action::Connect => match request(address, source.last_event_id_header()) {
                Ok(response) => {
                    let content_type = response.content_type.as_ref().map(String::as_bytes);
                    source.handle_response(head(response.status, content_type));
                    body = Some(response.body);
                }
                Err(_) => _ = source.handle_network_error(),
            },
            Action::Receive { until } => {
                let body = body.as_mut().expect("a response came");
                // A socket would treat a timeout of zero as none.
                let timeout = until.map(|until| until.saturating_sub(start.elapsed()));
                let timeout = timeout.map(|timeout| timeout.max(Duration::from_millis(1)));
                body.get_ref().set_read_timeout(timeout)?;
                match body.fill_buf() {
                    Ok([]) => _ = source.handle_end(),
                    Ok(chunk) => {
                        let len = chunk.len();
                        let mut events = source.push(chunk);
                        loop {
                            match events.next() {
                                Ok(Some(event)) => on_event(event.data),
                                Ok(None) => break,
                                Err(error) => eprintln!("{error}"),
                            }
                        }
                        body.consume(len);
                    }
                    Err(error) if is_timeout(&error) => {}
                    Err(_) => _ = source.handle_network_error(),
                }
            }
            Action::Wait { until } => {
                body = None;
                thread::sleep(until.saturating_sub(start.elapsed()));
            }
            Action::Stop => return Ok(std::iter::from_fn(|| source.next_notice()).last()),
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

#[test]
fn a_blocking_driver_reads_resumes_and_ends_over_a_socket() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let responses = [
        "HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\nretry: 1\nid: é1\ndata: a\n\nid: 2\ndata: cut\n",
        "no HTTP\r\n",
        "HTTP/1.0 200 OK\r\nContent-Type: Text/Event-Stream;charset=utf-8\r\n\r\ndata: b\n\nid\n\n",
        "HTTP/1.0 204 No Content\r\n\r\n",
    ];
    let server = thread::spawn(move || {
        responses.map(|response| {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let head: Vec<String> =
                lines.by_ref().map(Result::unwrap).take_while(|line| !line.is_empty()).collect();
            stream.write_all(response.as_bytes()).unwrap();
            head.iter().find_map(|line| Some(line.strip_prefix("Last-Event-ID: ")?.to_owned()))
        })
    });
    let mut events = Vec::new();
    let mut source = Connection::new(Policy::specification());
    let end = drive(&mut source, address, |data| events.push(data.to_owned()));
    assert_eq!(events, ["a", "b"]);
    assert_eq!(end.unwrap(), Some(Notice::Ended));
    let headers = server.join().unwrap();
    assert_eq!(headers, [None, Some("é1".into()), Some("é1".into()), None]);
}

fn head(status: u16, content_type: Option<&[u8]>) -> ResponseHead<'_> {
    ResponseHead { status, content_type, ..ResponseHead::default() }
}

// A scripted server, and a clock that jumps.

/// The next step on a connection.
#[derive(Clone, Copy)]
enum Turn {
    Refused,
    Response(u16, &'static str),
    Chunk(&'static [u8]),
    /// Nothing, for this many seconds.
    Quiet(u64),
    End,
}

use Turn::{Chunk, End, Quiet, Refused, Response as Head};

const SCRIPT: [Turn; 13] = [
    Refused,
    Head(200, EVENT_STREAM),
    Chunk(b"retry: 500\nid: 1\ndata: a\n\nda"),
    Quiet(9),
    Chunk(b"ta: b\n\ndata: c"),
    End,
    Head(200, "text/event-stream; charset=utf-8"),
    Chunk(b": comment\n\n"),
    Quiet(9),
    Chunk(b": comment\n\n"),
    // For too long, without an event.
    Quiet(2),
    Refused,
    Head(500, "text/html"),
];

const EXPECTED: [&str; 14] = [
    "0.0: request after None",
    "0.0: reconnecting in 3s: there was a network error",
    "3.0: request after None",
    "3.0: open",
    "3.0: a",
    "12.0: b",
    "12.0: reconnecting in 500ms: the server ended the stream",
    "12.5: request after Some(\"1\")",
    "12.5: open",
    "22.5: reconnecting in 500ms: no event arrived in time",
    "23.0: request after Some(\"1\")",
    "23.0: reconnecting in 500ms: there was a network error",
    "23.5: request after Some(\"1\")",
    "23.5: the response has the status 500; an event stream needs 200",
];

const POLICY: Policy = Policy {
    silence: Silence {
        bytes: None,
        comments: None,
        blocks: None,
        events: Some(Duration::from_secs(10)),
    },
    ..Policy::specification()
};

#[derive(Default)]
struct World {
    now: Cell<Duration>,
    script: RefCell<VecDeque<Turn>>,
    log: RefCell<Vec<String>>,
}

impl World {
    fn new() -> Self {
        World { script: RefCell::new(SCRIPT.into()), ..World::default() }
    }

    fn record(&self, what: impl std::fmt::Display) {
        let line = format!("{:.1}: {what}", self.now.get().as_secs_f64());
        self.log.borrow_mut().push(line);
    }

    /// What has arrived by now, if anything.
    fn next(&self, silent_until: &Cell<Option<Duration>>) -> Option<Turn> {
        if silent_until.get().is_some_and(|until| self.now.get() < until) {
            return None;
        }
        silent_until.set(None);
        let turn = self.script.borrow_mut().pop_front().expect("no further step is expected");
        if let Quiet(seconds) = turn {
            silent_until.set(Some(self.now.get() + Duration::from_secs(seconds)));
            return None;
        }
        Some(turn)
    }
}

// An async driver.

/// A connection; dropping it ends it.
struct Body<'w> {
    world: &'w World,
    silent_until: Cell<Option<Duration>>,
}

impl World {
    async fn get(&self, last_event_id: Option<&str>) -> Result<(u16, &'static str, Body<'_>), ()> {
        self.record(format_args!("request after {last_event_id:?}"));
        let silent_until = Cell::new(None);
        match self.next(&silent_until) {
            Some(Head(status, name)) => Ok((status, name, Body { world: self, silent_until })),
            _ => Err(()),
        }
    }

    async fn sleep_until(&self, until: Duration) {
        assert!(until > self.now.get(), "a wait that is over");
        self.now.set(until);
    }

    /// Returns the future's result, or `None` at this time.
    async fn timeout<T>(
        &self,
        until: Option<Duration>,
        future: impl Future<Output = T>,
    ) -> Option<T> {
        let mut future: Pin<&mut dyn Future<Output = T>> = pin!(future);
        poll_fn(|context| {
            loop {
                if let Poll::Ready(output) = future.as_mut().poll(context) {
                    return Poll::Ready(Some(output));
                }
                // Nothing else happens here, so the time advances at once.
                self.now.set(self.now.get() + Duration::from_secs(1));
                if until.is_some_and(|until| self.now.get() >= until) {
                    return Poll::Ready(None);
                }
            }
        })
        .await
    }
}

impl Body<'_> {
    async fn chunk(&mut self) -> Option<&'static [u8]> {
        poll_fn(|_| match self.world.next(&self.silent_until) {
            None => Poll::Pending,
            Some(Chunk(chunk)) => Poll::Ready(Some(chunk)),
            Some(_) => Poll::Ready(None),
        })
        .await
    }
}

async fn drive_async(source: &mut Connection, world: &World) {
    let mut body = None;
    loop {
        let action = source.poll(world.now.get());
        while let Some(notice) = source.next_notice() {
            world.record(notice);
        }
        match action {
            Action::Connect => match world.get(source.last_event_id_header()).await {
                Ok((status, content_type, response)) => {
                    source.handle_response(head(status, Some(content_type.as_bytes())));
                    body = Some(response);
                }
                Err(()) => _ = source.handle_network_error(),
            },
            Action::Receive { until } => {
                let body: &mut Body = body.as_mut().expect("a response came");
                match world.timeout(until, body.chunk()).await {
                    Some(Some(chunk)) => {
                        let mut events = source.push(chunk);
                        while let Some(event) = events.next().expect("small events") {
                            world.record(event.data);
                        }
                    }
                    Some(None) => _ = source.handle_end(),
                    None => {}
                }
            }
            Action::Wait { until } => {
                body = None;
                world.sleep_until(until).await;
            }
            Action::Stop => return,
        }
    }
}

#[test]
fn an_async_driver_gets_the_expected_sequence() {
    let world = World::new();
    let mut source = Connection::new(POLICY);
    let driver = pin!(drive_async(&mut source, &world));
    let mut context = Context::from_waker(Waker::noop());
    assert_eq!(driver.poll(&mut context), Poll::Ready(()));
    assert_eq!(*world.log.borrow(), EXPECTED);
}

// An embedded driver: no allocator in it, no threads, a tick that never blocks.

struct Device<'w> {
    source: Connection<Arrays<[u8; 64], [u8; 8], [u8; 16]>>,
    world: &'w World,
    silent_until: Cell<Option<Duration>>,
}

impl Device<'_> {
    /// Does what can be done now. Returns when to call it again if nothing arrives earlier; `None` at the end.
    fn tick(&mut self, now: Duration) -> Option<Duration> {
        loop {
            let action = self.source.poll(now);
            while let Some(notice) = self.source.next_notice() {
                self.world.record(notice);
            }
            match action {
                // Into the output of a socket; the response arrives in a later turn.
                Action::Connect => {
                    let id = self.source.last_event_id_header();
                    self.world.record(format_args!("request after {id:?}"));
                }
                Action::Receive { until } => match self.world.next(&self.silent_until) {
                    Some(Head(status, name)) => {
                        self.source.handle_response(head(status, Some(name.as_bytes())));
                    }
                    Some(Chunk(chunk)) => {
                        let mut events = self.source.push(chunk);
                        while let Ok(Some(event)) = events.next() {
                            self.world.record(event.data);
                        }
                    }
                    Some(Refused) => _ = self.source.handle_network_error(),
                    Some(_) => _ = self.source.handle_end(),
                    None => return Some(until.unwrap_or(Duration::MAX)),
                },
                Action::Wait { until } => {
                    self.silent_until.set(None);
                    return Some(until);
                }
                Action::Stop => return None,
            }
        }
    }
}

#[test]
fn an_embedded_driver_gets_the_expected_sequence() {
    let world = World::new();
    let parser = Parser::with_arrays(Arrays { data: [0; 64], event_type: [0; 8], ids: [0; 16] });
    let mut device = Device {
        source: Connection::with_parser(parser, POLICY),
        world: &world,
        silent_until: Cell::new(None),
    };
    while let Some(deadline) = device.tick(world.now.get()) {
        // Woken by the timer, or by the socket.
        let arrival = device.silent_until.get().unwrap_or(Duration::MAX);
        assert!(deadline > world.now.get(), "a deadline that is over");
        world.now.set(deadline.min(arrival));
    }
    assert_eq!(*world.log.borrow(), EXPECTED);
}
