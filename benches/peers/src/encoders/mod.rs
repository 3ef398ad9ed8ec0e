//! The encoders that are compared, each by its cheapest honest call.
//!
//! Not here, because they are built on one that is, or can't be cheaper than one that is:
//! `actix-web-lab` encodes by `russe`; `async-sse` formats each line into a string of its own and
//! sends it through a channel.

mod axum;
mod russe;
mod sse_codec;
mod sse_stream;
mod sse_wire;

/// This crate.
pub const OWN: &str = sse_wire::NAME;

/// An encoder of events that have nothing but data.
pub trait Encode {
    fn name(&self) -> &'static str;
    /// What it takes and gives, and what it doesn't do.
    fn note(&self) -> &'static str;
    /// Makes events of the data that `encode` may use up, one by one: outside of what is timed.
    fn prepare(&mut self, _data: &str, _events: usize) {}
    /// Encodes one event, and gives its bytes.
    fn encode(&mut self, data: &str) -> Encoded<'_>;
}

/// Encoded bytes, lent or handed out.
pub enum Encoded<'a> {
    Lent(&'a [u8]),
    Owned(bytes::Bytes),
    /// What can't be looked at from outside.
    Opaque(::axum::response::sse::Event),
}

/// All encoders, this crate's first.
pub fn all() -> Vec<Box<dyn Encode>> {
    vec![
        Box::<sse_wire::Own>::default(),
        Box::<sse_stream::Peer>::default(),
        Box::<sse_codec::Peer>::default(),
        Box::<russe::Peer>::default(),
        Box::<axum::Peer>::default(),
    ]
}

/// The events: the smallest, a kilobyte in one line, 50 lines.
pub fn inputs() -> [(&'static str, String); 3] {
    let json =
        "{\"id\":123456,\"name\":\"sensor-17-east\",\"value\":3.14159,\"ok\":true},".repeat(16);
    let line = "One line of text that is sent as it stands, eighty characters with its line end";
    [
        ("small", "{\"text\":\"Hi\"}".to_owned()),
        ("json", json),
        ("lines", vec![line; 50].join("\n")),
    ]
}
