//! The parsers that are compared: one file for each crate.

mod driver;
mod eventsource_stream;
mod eventsource_stream2;
mod russe;
mod sse_codec;
mod sse_core;
mod sse_parse;
mod sse_stream;
mod sse_wire;
mod sseer;

use crate::candidate::{Candidate, Parser};

/// This crate's events as it lends them: what the goals are about.
pub const LENT: &str = sse_wire::LENT;
/// This crate's events, copied.
pub const OWNED: &str = sse_wire::OWNED;
/// What a parser can't do without.
pub const FLOOR: &str = driver::FLOOR;

/// This crate, the floor, and what driving costs.
pub fn own() -> Vec<Box<dyn Candidate>> {
    let mut own = vec![Parser::<sse_wire::Lent>::boxed(), Parser::<sse_wire::Owned>::boxed()];
    own.extend(driver::all());
    own
}

/// The published crates.
pub fn peers() -> Vec<Box<dyn Candidate>> {
    vec![
        Parser::<sse_stream::Peer>::boxed(),
        Parser::<sse_core::Peer>::boxed(),
        Parser::<sse_parse::Peer>::boxed(),
        Parser::<sseer::Peer>::boxed(),
        Parser::<russe::Peer>::boxed(),
        Parser::<sse_codec::Peer>::boxed(),
        Parser::<eventsource_stream::Peer>::boxed(),
        Parser::<eventsource_stream2::Peer>::boxed(),
    ]
}
