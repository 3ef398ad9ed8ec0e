//! A client for a microcontroller: arrays, no allocator, and any network stack that implements the traits of
//! `embedded-io`.
//!
//! ```sh
//! cargo run -p sse-wire-examples --bin embedded_client 127.0.0.1:3000 /events
//! ```
//!
//! Everything except `main` and `Host`, which simulates the board, uses `core` only. HTTP is done by hand: the request
//! is HTTP/1.0, so that the body is not chunked, and httparse parses the response.

use core::fmt::Write as _;
use core::ops::Range;
use core::time::Duration;

use embedded_io::{Read, Write};
use sse_wire::{Action, Arrays, Connection, Event, Notice, Parser, Policy, ResponseHead};

/// What the client needs from a board.
pub trait Board {
    /// A connection; dropping it ends it.
    type Connection: Read + Write;

    /// Connects to the server; `None` if that fails.
    fn connect(&mut self) -> Option<Self::Connection>;

    /// Returns the time since the start.
    fn now(&mut self) -> Duration;

    /// Sleeps until this time.
    fn sleep_until(&mut self, time: Duration);
}

/// Data of up to 512 bytes, types of up to 32, and IDs of up to 32: the last array has room for three of them.
type Source = Connection<Arrays<[u8; 512], [u8; 32], [u8; 96]>>;

/// Reads events until the connection is closed for good, and returns why.
pub fn listen<B: Board>(
    board: &mut B,
    host: &str,
    path: &str,
    mut on_event: impl FnMut(Event<'_>),
) -> Notice {
    let parser = Parser::with_arrays(Arrays { data: [0; 512], event_type: [0; 32], ids: [0; 96] });
    // Set a seed from the hardware, so that waits differ between boards.
    let mut source: Source = Connection::with_parser(parser, Policy::default());
    let mut connection = None;
    // First the head of the response, then its body.
    let mut buffer = [0; 1024];
    loop {
        match source.poll(board.now()) {
            Action::Connect => {
                connection = board.connect();
                let sent = match &mut connection {
                    Some(connection) => {
                        request(connection, host, path, source.last_event_id_header())
                    }
                    None => Err(()),
                };
                match sent.and_then(|()| head(connection.as_mut().ok_or(())?, &mut buffer)) {
                    Ok(head) => {
                        let header =
                            |range: Option<Range<usize>>| range.map(|range| &buffer[range]);
                        source.handle_response(ResponseHead {
                            status: head.status,
                            content_type: header(head.content_type),
                            content_encoding: header(head.content_encoding),
                            retry_after: header(head.retry_after),
                            date: header(head.date),
                        });
                        take(&mut source, &buffer[head.body], &mut on_event);
                    }
                    Err(()) => _ = source.handle_network_error(),
                }
            }
            Action::Receive { until: _ } => {
                match connection.as_mut().map(|c| c.read(&mut buffer)) {
                    Some(Ok(0)) => _ = source.handle_end(),
                    Some(Ok(len)) => take(&mut source, &buffer[..len], &mut on_event),
                    Some(Err(_)) | None => _ = source.handle_network_error(),
                }
            }
            Action::Wait { until } => {
                connection = None;
                board.sleep_until(until);
            }
            Action::Stop => break,
        }
    }
    // The last notice is the reason for the stop.
    let mut last = Notice::Ended;
    while let Some(notice) = source.next_notice() {
        last = notice;
    }
    last
}

fn take(source: &mut Source, bytes: &[u8], on_event: &mut impl FnMut(Event<'_>)) {
    let mut events = source.push(bytes);
    loop {
        match events.next() {
            Ok(Some(event)) => on_event(event),
            Ok(None) => return,
            // An event or an ID is too large for the arrays, and is skipped.
            Err(_) => {}
        }
    }
}

fn request(to: &mut impl Write, host: &str, path: &str, id: Option<&str>) -> Result<(), ()> {
    // Sent in one write.
    let mut head = Text { bytes: [0; 512], len: 0 };
    write!(head, "GET {path} HTTP/1.0\r\nHost: {host}\r\nAccept: text/event-stream\r\n")
        .and_then(|()| write!(head, "Cache-Control: no-cache\r\n"))
        .and_then(|()| id.map_or(Ok(()), |id| write!(head, "Last-Event-ID: {id}\r\n")))
        .and_then(|()| write!(head, "\r\n"))
        .map_err(|_| ())?;
    to.write_all(&head.bytes[..head.len]).and_then(|()| to.flush()).map_err(|_| ())
}

struct Text {
    bytes: [u8; 512],
    len: usize,
}

impl core::fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        let place = self.bytes.get_mut(self.len..self.len + text.len()).ok_or(core::fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.len += text.len();
        Ok(())
    }
}

/// The head of a response, as ranges of the buffer.
struct Head {
    status: u16,
    content_type: Option<Range<usize>>,
    content_encoding: Option<Range<usize>>,
    retry_after: Option<Range<usize>>,
    date: Option<Range<usize>>,
    /// The part of the body that was read with the head.
    body: Range<usize>,
}

fn head(from: &mut impl Read, buffer: &mut [u8]) -> Result<Head, ()> {
    let mut len = 0;
    loop {
        // If the buffer is full, this reads nothing: the head is too long.
        match from.read(&mut buffer[len..]) {
            Ok(read @ 1..) => len += read,
            Ok(0) | Err(_) => return Err(()),
        }
        let mut headers = [httparse::EMPTY_HEADER; 16];
        let mut response = httparse::Response::new(&mut headers);
        if let httparse::Status::Complete(end) = response.parse(&buffer[..len]).map_err(|_| ())? {
            let range = |name: &str| {
                let mut headers = response.headers.iter();
                let header = headers.find(|header| header.name.eq_ignore_ascii_case(name))?;
                let start = header.value.as_ptr() as usize - buffer.as_ptr() as usize;
                Some(start..start + header.value.len())
            };
            return Ok(Head {
                status: response.code.ok_or(())?,
                content_type: range("content-type"),
                content_encoding: range("content-encoding"),
                retry_after: range("retry-after"),
                date: range("date"),
                body: end..len,
            });
        }
    }
}

// The host, which simulates a board.

/// Uses the network stack of the operating system through an adapter.
struct Host {
    address: String,
    start: std::time::Instant,
}

impl Board for Host {
    type Connection = embedded_io_adapters::std::FromStd<std::net::TcpStream>;

    fn connect(&mut self) -> Option<Self::Connection> {
        std::net::TcpStream::connect(&self.address).ok().map(Self::Connection::new)
    }

    fn now(&mut self) -> Duration {
        self.start.elapsed()
    }

    fn sleep_until(&mut self, time: Duration) {
        std::thread::sleep(time.saturating_sub(self.start.elapsed()));
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().ok_or("usage: embedded_client HOST:PORT PATH")?;
    let path = arguments.next().unwrap_or("/".into());
    let mut host = Host { address: address.clone(), start: std::time::Instant::now() };
    let end = listen(&mut host, &address, &path, |event| {
        println!("{} {} {:?}", event.last_event_id, event.event_type, event.data);
    });
    eprintln!("{end}");
    Ok(())
}
