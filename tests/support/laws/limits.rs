//! Bounded memory.

use allocation_counter::measure;
use arbitrary::Arbitrary;
use sse_wire::{Growable, Parser};

use super::super::arrays::within;
use super::super::model::{self, Limits};
use super::super::outcome::{Way, outcome};
use super::input::{Controls, Cuts, limit, stream_and_controls};

#[derive(Arbitrary, Debug)]
struct Steering {
    cuts: Cuts,
    limit: u8,
    id_limit: u8,
    arrays: [u8; 3],
}

impl Controls for Steering {
    const LEN: usize = Cuts::LEN + 5;
}

/// What is retained never exceeds the limit, and what is allocated never exceeds a small multiple of it; see also
/// [`agree`].
pub fn limits(input: &[u8]) {
    let (stream, steering) = stream_and_controls::<Steering>(input);
    let chunks = steering.cuts.chunks(stream);
    let (all, id) = (limit(steering.limit), limit(steering.id_limit));

    let calls = steering.id_limit % 4;
    agree(Limits { all, id, arrays: None }, stream, &chunks, calls);
    agree(Limits { all, id, arrays: Some(steering.arrays.map(limit)) }, stream, &chunks, calls);

    peak_of_allocation(&chunks, all);
}

/// An event is returned whole, or it is refused with one error and the next one follows: exactly as the rule requires,
/// for any chunks, in every way, over growable buffers or arrays.
pub fn agree(limits: Limits, stream: &[u8], chunks: &[&[u8]], calls: u8) {
    let outcome = |way| match limits.arrays {
        None => outcome(Parser::with_limits(Growable::new(), limits.of_parser()), way, chunks),
        Some(arrays) => {
            let [data, event_type, ids] = arrays.map(|len| vec![0xFF; len]);
            outcome(within(limits.of_parser(), data, event_type, ids), way, chunks)
        }
    };
    let expected = model::decode(stream, "", limits);
    for way in [Way::Items, Way::RestItems(calls)] {
        assert_eq!(outcome(way), expected, "{way:?}");
    }
    let expected = expected.of_push();
    for way in [Way::Push, Way::Owned, Way::Alternate, Way::Rest(calls)] {
        assert_eq!(outcome(way).of_push(), expected, "{way:?}");
    }
}

/// Returns the peak of the parser's allocations.
fn peak_of_allocation(chunks: &[&[u8]], limit: usize) {
    let mut parser = Parser::with_limit(limit);
    let info = measure(|| {
        for chunk in chunks {
            let mut events = parser.push(chunk);
            while !matches!(events.next(), Ok(None)) {}
            assert!(parser.retained() <= limit);
        }
    });
    // Three buffers, each of at most twice the limit, and the old half of one of them while it is copied. No
    // allocation is below eight bytes.
    assert!(info.bytes_max <= 7 * limit as u64 + 64, "{info:?}");
}
