//! Bounded memory.

use allocation_counter::measure;
use arbitrary::Arbitrary;
use sse_wire::{Parser, Refused};

use crate::input::{Controls, Cuts, limit, stream_and_controls};
use crate::model::{self, Limits};
use crate::told::{Told, Way, end, outcome, take};

#[derive(Arbitrary, Debug)]
struct Steering {
    cuts: Cuts,
    limit: u8,
    other_limit: u8,
    arrays: [u8; 3],
}

impl Controls for Steering {
    const LEN: usize = Cuts::LEN + 5;
}

/// An event is delivered whole, or it is refused with one error and the next one comes: just those
/// that the rule says, whatever the chunks, over growable buffers and fixed arrays. What is retained
/// never passes the limit, and what is allocated no small multiple of it.
pub fn limits(input: &[u8]) {
    let (stream, steering) = stream_and_controls::<Steering>(input);
    let chunks = steering.cuts.chunks(stream);
    let all = limit(steering.limit);

    let model = model::decode(stream, Limits { all, arrays: None });
    let parsed = outcome(Parser::with_limit(all), Way::Push, &chunks);
    agree(&model, &parsed.told, &parsed.last_event_id, parsed.reconnection_time);

    let arrays = steering.arrays.map(limit);
    let mut memory = arrays.map(|len| vec![0xFF; len]);
    let [data, event_type, ids] = &mut memory;
    let mut parser = Parser::with_arrays(&mut data[..], &mut event_type[..], &mut ids[..]);
    parser.set_limit(all).unwrap();
    let model = model::decode(stream, Limits { all, arrays: Some(arrays) });
    let parsed = outcome(parser, Way::Push, &chunks);
    agree(&model, &parsed.told, &parsed.last_event_id, parsed.reconnection_time);

    peak_of_allocation(&chunks, all);
    changing_limit(stream, &chunks, [all, limit(steering.other_limit)]);
}

fn agree(model: &model::Model, told: &[Told], last_event_id: &str, reconnection_time: Option<u64>) {
    assert_eq!(told, model.told);
    assert_eq!(last_event_id, model.last_event_id);
    assert_eq!(reconnection_time, model.reconnection_time);
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

/// The limit is one, then another, at each border. What is retained is never beyond what is allowed
/// just then, but for an ID that is in force.
fn changing_limit(stream: &[u8], chunks: &[&[u8]], limits: [usize; 2]) {
    let mut parser = Parser::with_limit(limits[0]);
    let mut told = Vec::new();
    for (at, chunk) in chunks.iter().enumerate() {
        let limit = limits[at % 2];
        let before = parser.unfinished_block();
        if let Err(error) = parser.set_limit(limit) {
            assert_eq!((error.position(), error.limit()), (before.start, limit));
            told.push(error.into());
            assert_eq!(parser.set_limit(limit), Ok(()), "told once");
        }
        take(&mut parser, Way::Push, at, chunk, &mut told);
        assert_eq!(parser.limit(), limit);
        assert!(parser.retained() <= limit.max(limits[(at + 1) % 2]));
    }
    let told = end(&mut parser, told).told;

    // Each event is there as it is without a limit, or refused once.
    let whole = outcome(Parser::with_limit(usize::MAX), Way::Observe, &[stream]).told;
    let mut told = told.iter().peekable();
    let mut longest_id = 0;
    for of_whole in &whole {
        let (range, event) = match of_whole {
            Told::Event { range, event_type, data, last_event_id, .. } => {
                longest_id = longest_id.max(last_event_id.len());
                (range, Some((event_type, data)))
            }
            Told::Block { range, id } => {
                longest_id = longest_id.max(id.as_ref().map_or(0, String::len));
                (range, None)
            }
            _ => continue,
        };
        let refused = told
            .next_if(|told| {
                matches!(told, Told::Refused { what: Refused::Event, position, .. } if *position == range.start)
            })
            .is_some();
        if let (Some((event_type, data)), false) = (event, refused) {
            let delivered = told.next();
            assert!(
                matches!(delivered, Some(Told::Event { event_type: t, data: d, range: r, .. })
                    if t == event_type && d == data && r == range),
                "{delivered:?} for {of_whole:?}"
            );
        }
        // A block cannot need more than its bytes, each of which may be U+FFFD, and the ID in force.
        let need = 3 * (range.end - range.start) as usize + longest_id;
        assert!(!refused || need > limits[0].min(limits[1]), "refused without need: {of_whole:?}");
    }
    // The block that did not end.
    let unfinished = told.next();
    assert!(matches!(unfinished, None | Some(Told::Refused { .. })), "{unfinished:?}");
    assert_eq!(told.next(), None);
}
