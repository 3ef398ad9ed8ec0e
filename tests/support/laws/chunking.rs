//! Chunk-invariance, promptness, nothing lost in silence.

use arbitrary::Arbitrary;
use sse_wire::Parser;

use super::super::outcome::{Output, Way, end, outcome, take};
use super::input::{Controls, Cuts, limit, stream_and_controls};

#[derive(Arbitrary, Debug)]
struct Steering {
    cuts: Cuts,
    limit: u8,
    calls: u8,
}

impl Controls for Steering {
    const LEN: usize = Cuts::LEN + 2;
}

pub fn chunking(input: &[u8]) {
    let (stream, steering) = stream_and_controls::<Steering>(input);
    let limit = match steering.limit {
        0 => usize::MAX,
        byte => limit(byte),
    };
    any_split(stream, &steering.cuts.chunks(stream), limit, steering.calls % 4);
}

/// Any split of a stream, at any entry point, gives the same, even if the rest is pushed again after some calls. While
/// a stream grows, everything is returned that the bytes so far complete.
pub fn any_split(stream: &[u8], chunks: &[&[u8]], limit: usize, calls: u8) {
    let parser = || Parser::with_limit(limit);
    let whole = outcome(parser(), Way::Push, &[stream]);
    let items = outcome(parser(), Way::Items, &[stream]);
    assert_eq!(items.clone().of_push(), whole, "both ways agree");
    for way in [Way::Push, Way::Owned, Way::Rest(calls), Way::Alternate] {
        assert_eq!(outcome(parser(), way, chunks).of_push(), whole, "{way:?}");
    }
    for way in [Way::Items, Way::RestItems(calls)] {
        assert_eq!(outcome(parser(), way, chunks), items, "{way:?}");
    }

    // It grows, and everything is returned that can be.
    let mut parser = parser();
    let mut output = Vec::new();
    for chunk in chunks {
        take(&mut parser, Way::Push, 0, chunk, &mut output);
        let position = parser.position();
        let is_due = |output: &&Output| matches!(output, Output::Event(event) if event.range.end <= position);
        let events = output.iter().filter(|output| matches!(output, Output::Event(_))).count();
        assert_eq!(events, whole.output.iter().filter(is_due).count(), "prompt");
        assert_eq!(whole.output.get(..output.len()), Some(&output[..]));
    }
    assert_eq!(end(&mut parser, output), whole);
}
