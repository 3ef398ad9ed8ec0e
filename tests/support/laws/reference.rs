//! Equality with the reference.

use arbitrary::Arbitrary;

use super::super::equality::{Reference, Ways};
use super::input::{Controls, Cuts, stream_and_controls};

#[derive(Arbitrary, Debug)]
struct Steering {
    cuts: Cuts,
    /// Whether there was a stream before that left an ID.
    second: u8,
}

impl Controls for Steering {
    const LEN: usize = Cuts::LEN + 1;
}

/// On every stream, in any chunks, in every way, the parser gives just what the specification as code does: events, IDs,
/// reconnection times, comments, blocks, and what is left.
pub fn reference(input: &[u8]) {
    let (stream, steering) = stream_and_controls::<Steering>(input);
    let id = if steering.second % 2 == 1 { "before" } else { "" };
    let chunks = steering.cuts.chunks(stream);
    let reference = Reference::new(stream, id);
    let compared = Ways::new(stream.len() + id.len()).compare(&reference, [&chunks[..]]);
    assert!(compared.is_ok(), "{}", compared.unwrap_err());
}
