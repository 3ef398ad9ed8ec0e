//! Equality with the reference.

use arbitrary::Arbitrary;

use super::super::equality::{Reference, Ways};
use super::input::{Controls, Cuts, stream_and_controls};

#[derive(Arbitrary, Debug)]
struct Steering {
    cuts: Cuts,
    /// Whether an earlier stream has set an ID.
    second: u8,
}

impl Controls for Steering {
    const LEN: usize = Cuts::LEN + 1;
}

/// For every stream, in any chunks, in every way, the parser returns the same as the reference: events, IDs,
/// reconnection times, comments, blocks, and the end.
pub fn reference(input: &[u8]) {
    let (stream, steering) = stream_and_controls::<Steering>(input);
    let id = if steering.second % 2 == 1 { "before" } else { "" };
    let chunks = steering.cuts.chunks(stream);
    let reference = Reference::new(stream, id);
    let compared = Ways::new(stream.len() + id.len()).compare(&reference, [&chunks[..]]);
    assert!(compared.is_ok(), "{}", compared.unwrap_err());
}
