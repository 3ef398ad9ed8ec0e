//! The head of the response that carries an event stream
//! ([9.2.3](https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model),
//! [9.2.7](https://html.spec.whatwg.org/multipage/server-sent-events.html#authoring-notes)).
//!
//! Implementation notes. Names are lower case, since HTTP/2 and 3 carry no others and
//! `http::HeaderName::from_static` panics at others. What is not in the list is left out for the
//! reasons that its documentation gives.

/// The header fields of a response with an event stream, its status being 200.
///
/// ```
/// use std::io::Write;
/// use sse_wire::server::RESPONSE_HEADERS;
///
/// let mut head = b"HTTP/1.1 200 OK\r\n".to_vec();
/// for (name, value) in RESPONSE_HEADERS {
///     write!(head, "{name}: {value}\r\n")?;
/// }
/// head.extend(b"\r\n");
/// assert!(head.starts_with(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// With the crate `http`, `HeaderName::from_static` and `HeaderValue::from_static` take them as
/// they are.
///
/// - **`content-type: text/event-stream`**: without it a browser fails the connection for good. Event
///   streams are always UTF-8, so there is no `charset`.
/// - **`cache-control: no-cache, no-transform`**: no cache may answer with a stream that it has kept,
///   and nothing on the way may compress it. Much middleware compresses `text/event-stream` as it does
///   any text, and holds events, or even the head, back until its window is full. Most of it heeds
///   `no-transform`; if yours doesn't, turn it off for this response.
/// - **`x-accel-buffering: no`**: nginx, and what follows it, hands on each piece as it comes. Others
///   ignore it.
///
/// # What is not among them
///
/// - **`connection: keep-alive`** is HTTP/1.1's default, and an HTTP/2 or 3 message with it is
///   malformed ([RFC 9113, 8.2.2](https://www.rfc-editor.org/rfc/rfc9113#section-8.2.2),
///   [RFC 9114, 4.2](https://www.rfc-editor.org/rfc/rfc9114#section-4.2)). It does not keep a
///   silent stream alive either: that is [`KeepAlive`](super::KeepAlive)'s duty.
/// - **`content-length`**: the length is not known. HTTP/1.1 sends the body chunked, or to the end
///   of the connection.
/// - **`cache-control: no-store`** forbids to keep what `no-cache` only forbids to use unasked.
///   `EventSource` asks past every cache, so for a stream the two differ if something on the
///   way, or a client of another kind, writes it down: for confidential data say `no-store`.
/// - **`access-control-allow-origin`** and its like: they depend on who may read.
///
/// A status of 204 in place of 200 keeps a browser from connecting again.
pub const RESPONSE_HEADERS: &[(&str, &str)] = &[
    ("content-type", "text/event-stream"),
    ("cache-control", "no-cache, no-transform"),
    ("x-accel-buffering", "no"),
];
