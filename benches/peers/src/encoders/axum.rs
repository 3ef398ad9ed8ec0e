//! `axum`, by the event of its responses.

use axum::response::sse::Event;

use super::{Encode, Encoded};

#[derive(Default)]
pub struct Peer;

impl Encode for Peer {
    fn name(&self) -> &'static str {
        "axum"
    }

    fn note(&self) -> &'static str {
        "`Event::data`, which borrows the data and allocates its bytes. Without the blank line, which only its \
         response body adds; what it writes can't be looked at."
    }

    fn encode(&mut self, data: &str) -> Encoded<'_> {
        Encoded::Opaque(Event::default().data(data))
    }
}
