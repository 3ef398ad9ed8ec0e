//! The head of the response that carries an event stream
//! ([9.2.3](https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model),
//! [9.2.7](https://html.spec.whatwg.org/multipage/server-sent-events.html#authoring-notes)).
//!
//! Implementation notes. Names are lower case, because HTTP/2 and 3 allow no others, and
//! `http::HeaderName::from_static` panics for others.

/// The header fields of a response with an event stream, whose status is 200.
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
/// They can be passed to `HeaderName::from_static` and `HeaderValue::from_static` of the crate `http`.
///
/// - **`content-type: text/event-stream`**: without it a browser fails the connection for good. Event
///   streams are always UTF-8, so there is no `charset`.
/// - **`cache-control: no-cache, no-transform`**: caches may not answer with a stored stream, and intermediaries may
///   not compress it. Much middleware compresses `text/event-stream` like any text, and so delays events, or even the
///   head, until its window is full. Most respects `no-transform`; if yours doesn't, turn compression off for this
///   response.
/// - **`x-accel-buffering: no`**: nginx, and proxies that follow its convention, forward each piece as it arrives.
///   Others ignore it.
///
/// # What is not included
///
/// - **`connection: keep-alive`** is HTTP/1.1's default, and an HTTP/2 or 3 message with it is
///   malformed ([RFC 9113, 8.2.2](https://www.rfc-editor.org/rfc/rfc9113#section-8.2.2),
///   [RFC 9114, 4.2](https://www.rfc-editor.org/rfc/rfc9114#section-4.2)). It does not keep a
///   silent stream alive either: use [`KeepAlive`](super::KeepAlive).
/// - **`content-length`**: the length is unknown. HTTP/1.1 sends the body chunked, or until the end of the connection.
/// - **`cache-control: no-store`** forbids storing, while `no-cache` only forbids using a stored response without
///   asking the server. `EventSource` bypasses caches, so the two differ only if an intermediary or another kind of
///   client stores the stream: use `no-store` for confidential data.
/// - **`access-control-allow-origin`** and related headers: they depend on who may read the stream.
///
/// The status 204 in place of 200 stops a browser from reconnecting.
pub const RESPONSE_HEADERS: &[(&str, &str)] = &[
    ("content-type", "text/event-stream"),
    ("cache-control", "no-cache, no-transform"),
    ("x-accel-buffering", "no"),
];
