//! The `text/event-stream` format of Server-Sent Events, in both directions: an incremental push parser
//! that lends its events, an encoder that rejects values that would break framing, a client that
//! reconnects, and a server hub with replay.
//!
//! ```
//! use sse_wire::{Block, Parser};
//!
//! let mut stream = Vec::new();
//! Block::new().event_type("tick").data("one\ntwo").encode(&mut stream)?;
//!
//! let mut parser = Parser::new();
//! let mut events = parser.push(&stream);
//! while let Some(event) = events.next()? {
//!     assert_eq!((event.event_type, event.data), ("tick", "one\ntwo"));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Which layer do I need?
//!
//! | to | use | feature |
//! | --- | --- | --- |
//! | read the events of one response, such as a language model's answer | [`events`](fn.events.html) | `http-body` |
//! | stay connected, resume, and retry | [`EventSource`](struct.EventSource.html); [`blocking::EventSource`](blocking/struct.EventSource.html) in a thread | `client`; `http` |
//! | do the same over a transport of your own | [`Connection`], the same rules without I/O | |
//! | read events from a `Read`, a `Stream`, a body, a codec | [`io`](io/index.html), [`stream`](stream/index.html), [`http_body`](http_body/index.html), [`codec`](codec/index.html) | `std`, `stream`, `http-body`, `codec` |
//! | read events from chunks | [`Parser`] | |
//! | see comments, `retry`, and blocks without data too | [`Events::next_item`] | |
//! | see every line, and data of any size | [`Tokenizer`] | |
//! | write events | [`Block`] | |
//! | answer a request with the items of a stream | [`response`](fn.response.html) | `server` |
//! | send one stream to many clients, which can resume | [`server::Hub`](server/struct.Hub.html) | `server` |
//! | work without an allocator | [`Parser::with_arrays`], [`embedded_io`](embedded_io/index.html) | `embedded-io` |
//!
//! [`migration`](migration/index.html) shows how to move from eventsource-stream, sse-stream, reqwest-eventsource, or axum's
//! `Sse`.
//!
//! # From the specification to this crate
//!
//! | [WHATWG HTML](https://html.spec.whatwg.org/multipage/server-sent-events.html) | here |
//! | --- | --- |
//! | 9.2.2 `readyState`, `close()` | [`ReadyState`], [`Connection::close`] |
//! | 9.2.2 last event ID string | [`Event::last_event_id`], [`Parser::last_event_id`] |
//! | 9.2.2 reconnection time | [`Parser::reconnection_time`], [`Item::ReconnectionTime`], [`Connection::reconnection_time`] |
//! | 9.2.3 the request | [`Action::Connect`] |
//! | 9.2.3 the response: announce the connection, or fail it | [`Connection::handle_response`]; [`Notice::Open`], [`Notice::Failed`] |
//! | 9.2.3 reestablish the connection | [`Connection::handle_end`], [`Connection::handle_network_error`]; [`Notice::Reconnecting`], [`Action::Wait`] |
//! | 9.2.4 `Last-Event-ID` | [`Connection::last_event_id_header`] |
//! | 9.2.5 event stream: lines, comments, fields | [`Tokenizer`], [`Token`], [`Line`], [`Field`] |
//! | 9.2.5 an event's lines and its blank line | [`Token::BlankLine`], [`Event::range`]; to write one, [`Block`] |
//! | 9.2.6 UTF-8 decode, byte order mark | [`Parser`]; a [`Token`] has the stream's bytes |
//! | 9.2.6 event type buffer, data buffer | [`Event::event_type`], [`Event::data`]; at the end, [`Pending`] |
//! | 9.2.6 last event ID buffer | [`Event::sets_id`], [`Item::Block`], [`Pending::last_event_id`] |
//! | 9.2.6 end of the stream | [`Parser::finish`], [`End`] |
//! | 9.2.4 `Last-Event-ID` on the server; 9.2.7 keep-alive comments | [`server`] |
//!
//! # Where the specification is silent
//!
//! Each choice has its test vectors, marked as such.
//!
//! - **CR at the end of a block**: the event is dispatched at once. An LF directly after it, even in a later chunk,
//!   belongs to that line end.
//! - **A new stream** keeps the last event ID string and the reconnection time of the previous one, and nothing else.
//! - **Reconnection time**: an empty `retry` is ignored; one beyond the integer is capped at `u64::MAX` milliseconds.
//! - **The first reconnection time** is 3000 ms. [`Policy`] and [`Connection`] document the other choices of a client.
//! - **Memory** has a limit, 16 MiB by default. An event that exceeds it gives one [`LimitError`] and is skipped to
//!   its blank line; parsing continues. The limit counts bytes as they arrive, and decoded text at the blank line,
//!   whether lent or copied.
//! - **IDs** have a separate limit, 64 KiB and never more than a quarter of the limit. A longer one gives one
//!   [`LimitError`], and the previous last event ID stays in force.
//! - **The end of a stream** is clean if it follows the grammar: after a blank line, or if the stream is empty.
//! - **Positions** of blocks do not depend on the chunks, so the LF of a CRLF that ends a block is not part of it:
//!   [`Event::range`].
//! - **Comments** are returned without one space after the colon, and encoded with one.
//! - **Encoding**: LF ends lines, and one space follows each colon. CR and CRLF in data become line breaks as LF does. CR
//!   or LF in a type, an ID, or a comment and NUL in an ID are rejected.
//!
//! # Features
//!
//! The last column counts all packages that the library then depends on, directly or indirectly.
//!
//! | feature | adds | packages |
//! | --- | --- | ---: |
//! | none | `core` alone: [`Tokenizer`], [`Parser::with_arrays`], [`Connection`] with such a parser, and [`Block`] into fixed memory or a [`core::fmt::Write`] | 1 |
//! | `alloc` | [`Growable`] buffers and with them `Parser::new`, `OwnedEvent`, `Vec` and `String` as [`Sink`] | 1 |
//! | `std` (default) | `alloc`; `io`; `std::io::Write` for [`DataWriter`]; vector instructions chosen at run time | 2 |
//! | `http` | a [`ResponseHead`] of an `http::Response`; `blocking::EventSource` | 5 |
//! | `stream` | `stream`: events of any `futures_core::Stream` of chunks | 4 |
//! | `http-body` | `events`, `EventSource` on any timer, `http_body` | 9 |
//! | `client` | `EventSource::new`, on tokio's timer | 10 |
//! | `server` | `response`, `server::Hub`, `server::WriteTimeout`, on tokio's timer | 9 |
//! | `embedded-io`, `embedded-io-async` | `embedded_io`, `embedded_io_async`: readers and writers without an allocator | 2, 3 |
//! | `codec` | `codec`: tokio-util's `Decoder` and `Encoder` | 9 |
//! | `json` | `Event::json`, `OwnedEvent::json`, `Block::encode_json` | 7 |
//! | `serde` | `Serialize` and `Deserialize` for `OwnedEvent` and `LastEventId` | 8 |
//!
//! # What blocks, what allocates, what can be cancelled
//!
//! - [`Parser`], [`Tokenizer`], [`Connection`], and [`Block`] never block. `io`, `embedded_io`, and `blocking` block
//!   while their transport does. A blocking client checks its time limits between two reads only, so set the read
//!   timeout of the HTTP client too.
//! - A lent event allocates nothing. What a chunk border cuts is copied into the parser's memory, which is reused.
//! - Dropping a future of `next`, `try_next`, or `next_events` loses nothing, so it can be used in `select!`.
//!
//! # What this crate does not do
//!
//! It opens no connections: you choose the HTTP client, which handles redirects, credentials, and proxies. It does not
//! interpret data, except as JSON with `json`.
//!
//! There is `unsafe` code in two places: it loads vectors in the scanning loop, and it converts bytes to `str` that
//! were checked to be UTF-8.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

mod adapters;
mod client;
mod decode;
mod encode;
mod error;
mod event;
mod field;
pub mod server;
mod work;

#[cfg(feature = "client")]
pub use adapters::client::TokioTimer;
#[cfg(feature = "http")]
pub use adapters::client::{
    Attempt, FinalError, Incoming, ResponseError, SourceError, SourceNotice, blocking,
};
#[cfg(feature = "http-body")]
pub use adapters::client::{
    BoxBody, BoxEventSource, EventSource, LocalBoxBody, LocalBoxEventSource, ResponseEvents,
    StreamEnd, StreamError, Timer, events,
};
#[cfg(feature = "codec")]
pub use adapters::codec;
#[cfg(feature = "embedded-io")]
pub use adapters::embedded_io;
#[cfg(feature = "embedded-io-async")]
pub use adapters::embedded_io_async;
#[cfg(feature = "http-body")]
pub use adapters::http_body;
#[cfg(feature = "std")]
pub use adapters::io;
#[cfg(feature = "stream")]
pub use adapters::stream;
#[cfg(feature = "json")]
pub use adapters::{DecodeJsonError, EncodeJsonError};
#[cfg(any(
    feature = "std",
    feature = "stream",
    feature = "embedded-io",
    feature = "embedded-io-async"
))]
pub use adapters::{ReadError, WriteError};
pub use client::{
    Action, Connection, ConnectionEvents, Failure, Interruption, Liveness, Notice, Policy,
    ReadyState, ResponseHead, SendAgain, Silence,
};
pub use decode::{
    Arrays, Events, Growable, Limits, Line, Memory, Parser, Storage, Token, Tokenizer, Tokens,
};
pub use encode::{Block, DataWriter, FmtSink, Sink, SliceSink};
pub use error::{EncodeError, LastEventIdError, LimitError, ParseError, Part, Refused};
pub use event::{End, Event, Item, Pending};
#[cfg(feature = "alloc")]
pub use event::{LastEventId, OwnedEvent};
pub use field::Field;
#[cfg(feature = "server")]
pub use server::relay::response;

#[cfg(all(feature = "stream", any(doc, doctest)))]
#[doc = include_str!("adapters/migration.md")]
pub mod migration {}

/// Runs the examples of the README.
#[cfg(all(doctest, feature = "server"))]
#[doc = include_str!("../README.md")]
struct Readme;
