//! The encoders that are compared, each by its cheapest honest call.
//!
//! Not here, because they are built on one that is, or can't be cheaper than one that is:
//! `actix-web-lab` encodes by `russe`; `async-sse` formats each line into a string of its own and
//! sends it through a channel.

use std::hint::black_box;

mod axum;
mod russe;
mod sse_codec;
mod sse_stream;
mod sse_wire;

/// This crate.
pub const OWN: &str = sse_wire::NAME;

/// An encoder of events that have nothing but data.
pub trait Encode: Default + 'static {
    const NAME: &'static str;
    /// What it takes and gives, and what it doesn't do.
    const NOTE: &'static str;

    /// Makes events of the data that `encode` may use up, one by one: outside of what is timed.
    fn prepare(&mut self, _data: &str, _events: usize) {}

    /// Encodes one event and shows its bytes, or `None` where they can't be looked at.
    fn encode(&mut self, data: &str, look: impl FnOnce(Option<&[u8]>));
}

/// An [`Encode`], without its type.
pub trait Candidate {
    fn name(&self) -> &'static str;
    fn note(&self) -> &'static str;
    fn prepare(&mut self, data: &str, events: usize);
    /// Encodes so many events.
    fn pass(&mut self, data: &str, events: usize);
    /// Encodes one.
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

/// All encoders, this crate's first.
pub fn all() -> Vec<Box<dyn Candidate>> {
    vec![
        Box::<sse_wire::Own>::default(),
        Box::<sse_stream::Peer>::default(),
        Box::<sse_codec::Peer>::default(),
        Box::<russe::Peer>::default(),
        Box::<axum::Peer>::default(),
    ]
}
