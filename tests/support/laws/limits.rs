//! Bounded memory.

use allocation_counter::measure;
use arbitrary::Arbitrary;
use sse_wire::{Parser, Refused, Storage};

use super::super::arrays::over_arrays;
use super::super::model::{self, Limits};
use super::super::outcome::{Output, Way, end, outcome, take};
use super::input::{Controls, Cuts, limit, stream_and_controls};

#[derive(Arbitrary, Debug)]
struct Steering {
    cuts: Cuts,
    limit: u8,
    /// The limit that alternates with the first, and the one for IDs.
    other_limit: u8,
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
    let (all, id) = (limit(steering.limit), limit(steering.other_limit));

    let calls = steering.other_limit % 4;
    agree(Limits { all, id, arrays: None }, stream, &chunks, calls);
    agree(Limits { all, id, arrays: Some(steering.arrays.map(limit)) }, stream, &chunks, calls);

    peak_of_allocation(&chunks, all);
    changing_limit(stream, &chunks, [all, id]);
}

/// An event is returned whole, or it is refused with one error and the next one follows: exactly as the rule requires,
/// for any chunks, in every way, over growable buffers or arrays.
pub fn agree(limits: Limits, stream: &[u8], chunks: &[&[u8]], calls: u8) {
    let outcome = |way| match limits.arrays {
        None => outcome(within(Parser::new(), limits), way, chunks),
        Some(arrays) => {
            let [data, event_type, ids] = arrays.map(|len| vec![0xFF; len]);
            outcome(within(over_arrays(data, event_type, ids), limits), way, chunks)
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

fn within<S: Storage>(mut parser: Parser<S>, limits: Limits) -> Parser<S> {
    parser.set_limit(limits.all).unwrap();
    parser.set_id_limit(limits.id).unwrap();
    parser
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

/// The limit alternates at each chunk border, unless an ID is too long for it. What is retained never exceeds the
/// limit in force.
fn changing_limit(stream: &[u8], chunks: &[&[u8]], limits: [usize; 2]) {
    let mut parser = Parser::with_limit(limits[0]);
    let mut output = Vec::new();
    for (at, chunk) in chunks.iter().enumerate() {
        let (before, limit) = (parser.limit(), limits[at % 2]);
        let block = parser.unfinished_block().start;
        match parser.set_limit(limit) {
            Err(error) if error.refused() == Refused::Id => {
                assert_eq!((error.limit(), parser.limit()), (limit / 4, before));
            }
            Err(error) => {
                assert_eq!((error.position(), error.limit()), (block, limit));
                output.push(sse_wire::ParseError::from(error).into());
                assert_eq!(parser.set_limit(limit), Ok(()), "reported once");
            }
            Ok(()) => assert_eq!(parser.limit(), limit),
        }
        take(&mut parser, Way::Push, at, chunk, &mut output);
        assert!(parser.retained() <= parser.limit());
    }
    let mut output = end(&mut parser, output).output;
    output.retain(|output| !matches!(output, Output::Refused { what: Refused::Id, .. }));

    // Each event is returned as without a limit, or refused once.
    let whole = outcome(Parser::with_limit(usize::MAX), Way::Items, &[stream]).output;
    let mut output = output.iter().peekable();
    for of_whole in &whole {
        let (range, event) = match of_whole {
            Output::Event(event) => (&event.range, Some(event)),
            Output::Block { range, .. } => (range, None),
            _ => continue,
        };
        let refused = output
            .next_if(|output| {
                matches!(output, Output::Refused { what: Refused::Event, position, .. } if *position == range.start)
            })
            .is_some();
        if let (Some(event), false) = (event, refused) {
            let delivered = output.next();
            assert!(
                matches!(delivered, Some(Output::Event(it)) if it.event_type == event.event_type
                    && it.data == event.data && it.range == event.range),
                "{delivered:?} for {of_whole:?}"
            );
        }
        // A block can't need more than its bytes, each of which may become U+FFFD, and the ID in force, which is at
        // most a quarter of a limit.
        let need = 3 * (range.end - range.start) as usize + limits[0].max(limits[1]) / 4;
        assert!(!refused || need > limits[0].min(limits[1]), "refused without need: {of_whole:?}");
    }
    // The block that did not end.
    let unfinished = output.next();
    assert!(matches!(unfinished, None | Some(Output::Refused { .. })), "{unfinished:?}");
    assert_eq!(output.next(), None);
}
