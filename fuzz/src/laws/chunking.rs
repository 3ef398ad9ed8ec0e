//! Chunk-invariance, promptness, drained input.

use arbitrary::Arbitrary;
use sse_wire::Parser;

use crate::input::{Controls, Cuts, limit, stream_and_controls};
use crate::told::{Told, Way, end, outcome, take};

#[derive(Arbitrary, Debug)]
struct Steering {
    cuts: Cuts,
    limit: u8,
    calls: u8,
}

impl Controls for Steering {
    const LEN: usize = Cuts::LEN + 2;
}

/// Any split of a stream, by any entry point, comes to the same; and a stream that grows tells at
/// each moment what the whole one tells up to there.
pub fn chunking(input: &[u8]) {
    let (stream, steering) = stream_and_controls::<Steering>(input);
    let limit = match steering.limit {
        0 => usize::MAX,
        byte => limit(byte),
    };
    let parser = || Parser::with_limit(limit);
    let chunks = steering.cuts.chunks(stream);
    let calls = steering.calls % 4;

    let whole = outcome(parser(), Way::Push, &[stream]);
    let observed = outcome(parser(), Way::Observe, &[stream]);
    assert_eq!(observed.clone().of_push(), whole, "both entry points agree");
    for way in [Way::Push, Way::Drop(calls), Way::Alternate] {
        assert_eq!(outcome(parser(), way, &chunks).of_push(), whole, "{way:?}");
    }
    for way in [Way::Observe, Way::DropObserved(calls)] {
        assert_eq!(outcome(parser(), way, &chunks), observed, "{way:?}");
    }

    // It grows, and what is out of it is all that can be.
    let mut parser = parser();
    let mut told = Vec::new();
    for chunk in chunks {
        take(&mut parser, Way::Push, 0, chunk, &mut told);
        let due = |told: &&Told| matches!(told, Told::Event { range, .. } if range.end <= parser.position());
        let events =
            |told: &[Told]| told.iter().filter(|told| matches!(told, Told::Event { .. })).count();
        assert_eq!(events(&told), whole.told.iter().filter(due).count(), "prompt");
        assert_eq!(whole.told.get(..told.len()), Some(&told[..]));
    }
    assert_eq!(end(&mut parser, told), whole);
}
