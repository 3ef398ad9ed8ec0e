//! The rules of a connection: the vectors, and the laws of `Connection`, each under its name. (Policies are in
//! `tests/policies.rs`.)

#![cfg(feature = "std")]

mod any_order;
mod notices;
mod stream;
#[path = "../support/mod.rs"]
mod support;
mod time;
mod vectors;

use std::time::Duration;

use sse_wire::{Action, Connection, Notice, Policy, ResponseHead};

const EVENT_STREAM: ResponseHead<'_> = ResponseHead {
    status: 200,
    content_type: Some(b"text/event-stream"),
    content_encoding: None,
    retry_after: None,
    date: None,
};

const BARE: Policy = Policy::specification();

/// A connection that is open, after its notice.
fn open() -> Connection {
    let mut connection = Connection::new(BARE);
    assert_eq!(connection.poll(Duration::ZERO), Action::Connect);
    connection.handle_response(EVENT_STREAM);
    assert_eq!(connection.next_notice(), Some(Notice::Open));
    connection
}
