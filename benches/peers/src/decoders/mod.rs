//! The parsers that are compared, with a file for each crate.

mod adapters;
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

/// This crate's lent events, to which the goals apply.
pub const LENT: &str = sse_wire::LENT;
/// This crate's owned events.
pub const OWNED: &str = sse_wire::OWNED;
/// This crate's adapters, each with the candidate to compare it with.
pub use adapters::BASES;
/// The work that no parser can avoid.
pub const FLOOR: &str = driver::FLOOR;

/// This crate, the baseline, and the cost of the driver.
pub fn own() -> Vec<Box<dyn Candidate>> {
    let mut own = vec![Parser::<sse_wire::Lent>::boxed(), Parser::<sse_wire::Owned>::boxed()];
    own.extend(adapters::all());
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
