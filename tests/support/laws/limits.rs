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
    /// The limit that takes turns with the first, and the one for IDs.
    other_limit: u8,
    arrays: [u8; 3],
}

impl Controls for Steering {
    const LEN: usize = Cuts::LEN + 5;
}

/// An event comes whole, or it is refused with one error and the next one comes: just those that the
/// rule says, whatever the chunks, over growable buffers and arrays. What is retained never passes the
/// limit, and what is allocated no small multiple of it.
pub fn limits(input: &[u8]) {
    let (stream, steering) = stream_and_controls::<Steering>(input);
    let chunks = steering.cuts.chunks(stream);
    let (all, id) = (limit(steering.limit), limit(steering.other_limit));

    agree(Parser::new(), Limits { all, id, arrays: None }, stream, &chunks);
    let arrays = steering.arrays.map(limit);
    let [data, event_type, ids] = arrays.map(|len| vec![0xFF; len]);
    let parser = over_arrays(data, event_type, ids);
    agree(parser, Limits { all, id, arrays: Some(arrays) }, stream, &chunks);

    peak_of_allocation(&chunks, all);
    changing_limit(stream, &chunks, [all, id]);
}

/// The parser gives what the model gives, at both entry points.
fn agree<S: Storage + Clone>(
    mut parser: Parser<S>,
    limits: Limits,
    stream: &[u8],
    chunks: &[&[u8]],
) {
    parser.set_limit(limits.all).unwrap();
    parser.set_id_limit(limits.id).unwrap();
    let expected = model::decode(stream, "", limits);
    assert_eq!(outcome(parser.clone(), Way::Observe, chunks), expected);
    assert_eq!(outcome(parser, Way::Push, chunks), expected.of_push());
}

/// Counts what the parser has allocated at most.
fn peak_of_allocation(chunks: &[&[u8]], limit: usize) {
    let mut parser = Parser::with_limit(limit);
    let info = measure(|| {
        for chunk in chunks {
            let mut events = parser.push(chunk);
            while !matches!(events.next(), Ok(None)) {}
            assert!(parser.retained() <= limit);
        }
    });
    // Three buffers, each of which has held all of the limit at some time and twice of it at most, and
    // the old half of one of them while it is copied. Nothing is below eight bytes.
    assert!(info.bytes_max <= 7 * limit as u64 + 64, "{info:?}");
}

/// The limit is one, then another, at each border, unless an ID is too long for it. What is retained is
/// never beyond what is allowed just then.
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

    // Each event is there as it is without a limit, or refused once.
    let whole = outcome(Parser::with_limit(usize::MAX), Way::Observe, &[stream]).output;
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
        // A block cannot need more than its bytes, each of which may be U+FFFD, and the ID in force,
        // which is a quarter of a limit at most.
        let need = 3 * (range.end - range.start) as usize + limits[0].max(limits[1]) / 4;
        assert!(!refused || need > limits[0].min(limits[1]), "refused without need: {of_whole:?}");
    }
    // The block that did not end.
    let unfinished = output.next();
    assert!(matches!(unfinished, None | Some(Output::Refused { .. })), "{unfinished:?}");
    assert_eq!(output.next(), None);
}
