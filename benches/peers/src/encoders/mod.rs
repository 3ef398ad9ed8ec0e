//! The encoders that are compared, each through its cheapest complete call.
//!
//! Two are left out: `actix-web-lab` uses `russe`, and `async-sse` formats each line into a new string and sends it
//! through a channel, so it can't be cheaper than the others.

use std::hint::black_box;

mod axum;
mod russe;
mod sse_codec;
mod sse_stream;
mod sse_wire;

/// This crate.
pub const OWN: &str = sse_wire::NAME;

/// An encoder of events that have only data.
pub trait Encode: Default + 'static {
    const NAME: &'static str;
    /// What it takes and returns, and what it does not do.
    const NOTE: &'static str;

    /// Prepares events with this data, which `encode` may consume one by one. Not timed.
    fn prepare(&mut self, _data: &str, _events: usize) {}

    /// Encodes one event and passes on its bytes, or `None` if they are not accessible.
    fn encode(&mut self, data: &str, look: impl FnOnce(Option<&[u8]>));
}

/// An [`Encode`] whose type is erased.
pub trait Candidate {
    fn name(&self) -> &'static str;
    fn note(&self) -> &'static str;
    fn prepare(&mut self, data: &str, events: usize);
    /// Encodes this many events.
    fn pass(&mut self, data: &str, events: usize);
    /// Encodes one event.
    fn bytes(&mut self, data: &str) -> Option<Vec<u8>>;
}

impl<E: Encode> Candidate for E {
    fn name(&self) -> &'static str {
        E::NAME
    }

    fn note(&self) -> &'static str {
        E::NOTE
    }

    fn prepare(&mut self, data: &str, events: usize) {
        Encode::prepare(self, data, events);
    }

    fn pass(&mut self, data: &str, events: usize) {
        for _ in 0..events {
            self.encode(black_box(data), |bytes| _ = black_box(bytes));
        }
    }

    fn bytes(&mut self, data: &str) -> Option<Vec<u8>> {
        let mut copy = None;
        Encode::prepare(self, data, 1);
        self.encode(data, |bytes| copy = bytes.map(<[u8]>::to_vec));
        copy
    }
}

/// Returns all encoders, this crate's first.
pub fn all() -> Vec<Box<dyn Candidate>> {
    vec![
        Box::<sse_wire::Own>::default(),
        Box::<sse_stream::Peer>::default(),
        Box::<sse_codec::Peer>::default(),
        Box::<russe::Peer>::default(),
        Box::<axum::Peer>::default(),
    ]
}
