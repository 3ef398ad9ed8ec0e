//! `axum`, through the events of its responses.

use std::hint::black_box;

use axum::response::sse::Event;

use super::Encode;

#[derive(Default)]
pub struct Peer;

impl Encode for Peer {
    const NAME: &'static str = "axum";
    const NOTE: &'static str = "`Event::data`, which borrows the data and allocates its bytes. Without the blank line, which only its \
         response body adds; what it writes can't be looked at.";

    #[inline]
    fn encode(&mut self, data: &str, look: impl FnOnce(Option<&[u8]>)) {
        black_box(&Event::default().data(data));
        look(None);
    }
}
