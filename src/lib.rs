//! The `text/event-stream` wire format of Server-Sent Events, in both directions: an incremental
//! push parser that lends its events, and an encoder that can't be made to inject.
//!
//! No I/O and no runtime; with or without an allocator. `unsafe` only loads vectors in the scanning loop
//! (AVX2, SSE2 or NEON, whichever the machine has) and lends bytes as text that were seen to be UTF-8.
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
//! # How data walks through
//!
//! ```text
//! bytes ──▶ scan ──▶ lines ──▶ block ──▶ Event           Event ──▶ Block ──▶ bytes
//!         line ends  one line   the buffers, lent to              checked,
//!         + ASCII    = field    the limits,  the caller           then written
//!                    + value    dispatch
//!                                  ▲
//!                            Connection: connect, open, reconnect
//! ```
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
//! | 9.2.5 event stream: lines, comments, fields | [`Tokenizer`], [`Token`], [`Field`] |
//! | 9.2.5 an event's lines and its blank line | [`Token::BlankLine`], [`Event::range`]; to write one, [`Block`] |
//! | 9.2.6 UTF-8 decode, byte order mark | [`Parser`]; a [`Token`] has the stream's bytes |
//! | 9.2.6 event type buffer, data buffer | [`Event::event_type`], [`Event::data`]; at the end, [`Pending`] |
//! | 9.2.6 last event ID buffer | [`Event::sets_id`], [`Item::Block`], [`Pending::last_event_id`] |
//! | 9.2.6 end of the stream | [`Parser::finish`], [`End`] |
//! | 9.2.4 `Last-Event-ID` and what it asks for; 9.2.7 keep-alive comments | [`server`] |
//!
//! # Where the specification is silent
//!
//! Each choice has its test vectors, marked as such.
//!
//! - **CR at the end of a block**: the event is out at once; an LF directly behind, in a later
//!   chunk too, belongs to that line end.
//! - **A new stream** starts with the last event ID string of the one before, and afresh in all
//!   else.
//! - **Reconnection time**: an empty `retry` is ignored, one beyond the integer is capped at
//!   `u64::MAX` milliseconds.
//! - **The first reconnection time** is 3000 ms; [`Policy`] and [`Connection`] have what else is chosen.
//! - **Memory** has a limit, 16 MiB unless another is given: what passes it is one [`LimitError`],
//!   the event is skipped to its blank line, parsing goes on. It counts bytes as they came, and
//!   decoded text at the blank line, lent or kept.
//! - **Ids** have a limit of their own, 64 KiB and never more than a quarter of the limit: a longer one
//!   is one [`LimitError`], and the last event ID before it stays in force.
//! - **A stream ends clean** where it follows the grammar: after a blank line, or empty.
//! - **Positions** of blocks do not depend on the chunks, so the LF of a CRLF that ends a block is
//!   outside: [`Event::range`].
//! - **Comments** are handed out without one space behind the colon, as they are encoded with one.
//! - **Encoding**: LF ends lines, one space follows each colon; CR and CRLF in data become line
//!   breaks as LF does; CR or LF in a type, an id or a comment and NUL in an id are refused.
//!
//! # Features
//!
//! | feature | adds |
//! | --- | --- |
//! | `std` (default) | `alloc`; `io`: events from any `std::io::Read`, blocks to any `Write`; `std::io::Write` for [`DataWriter`]; wider vectors in `memchr` and `simdutf8` |
//! | `alloc` | [`Growable`] buffers and with them `Parser::new`, `OwnedEvent`, `Vec` and `String` as [`Sink`] |
//! | `client` | `EventSource::new`, on tokio's timer; with `http-body` |
//! | `http` | a [`ResponseHead`] of a response of the crate `http`; `blocking::EventSource`, a client that connects again |
//! | `stream` | `stream`: events of any `futures_core::Stream` of chunks |
//! | `http-body` | `events`: the events of a response, of any HTTP client; `EventSource`, a client that connects again; `http_body`: events of any `http_body::Body` |
//! | `server` | `response`: a response of any stream; in [`server`] a hub for many subscribers, and connections that a client can't block for ever; on tokio's timer |
//! | `embedded-io`, `embedded-io-async` | `embedded_io`, `embedded_io_async`: the same without an allocator, over the traits of those crates |
//! | `codec` | `codec`: `Decoder` and `Encoder` of tokio-util |
//! | `json` | `Event::json`, `OwnedEvent::json`, `Block::encode_json` |
//! | `serde` | `Serialize` and `Deserialize` for `OwnedEvent` and `LastEventId` |
//!
//! Without any there is `core` alone: [`Tokenizer`], [`Parser::with_arrays`], [`Connection`] with
//! such a parser, and [`Block`] into fixed memory or a [`core::fmt::Write`].
//!
//! # What this crate does not do
//!
//! It opens no connection: HTTP is a client's of your choice, with its redirects, credentials and proxies. It
//! does not interpret data (except as JSON, with `json`). Of HTTP it knows a response's status and four of its
//! headers, and the header `Last-Event-ID`.

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
    BoxBody, BoxEventSource, BoxRequest, BoxResponseFuture, BoxSleep, BoxTimer, EventSource,
    LocalBoxBody, LocalBoxEventSource, LocalBoxRequest, LocalBoxResponseFuture, LocalBoxSleep,
    LocalBoxTimer, ResponseEvents, StreamEnd, StreamError, Timer, events,
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
    Action, Connection, ConnectionEvents, ConnectionItems, Failure, Interruption, Liveness, Notice,
    Policy, ReadyState, ResponseHead, SendAgain, Silence,
};
pub use decode::{
    Arrays, Events, Field, Growable, Items, Memory, Parser, Storage, Token, Tokenizer, Tokens,
};
pub use encode::{Block, DataWriter, FmtSink, Sink, SliceSink};
pub use error::{EncodeError, LastEventIdError, LimitError, ParseError, Part, Refused};
pub use event::{End, Event, Item, Pending};
#[cfg(feature = "alloc")]
pub use event::{LastEventId, OwnedEvent};
#[cfg(feature = "server")]
pub use server::relay::response;

#[cfg(all(feature = "stream", any(doc, doctest)))]
#[doc = include_str!("adapters/migration.md")]
pub mod migration {}

/// Runs the examples of the README.
#[cfg(all(doctest, feature = "server"))]
#[doc = include_str!("../README.md")]
struct Readme;
