//! The laws about memory, checked with a counting allocator.

#![cfg(feature = "alloc")]

mod buffers;
mod encoding;
mod owned;
mod zero_copy;

use allocation_counter::{AllocationInfo, measure};
use sse_wire::{Block, Growable, Limits, OwnedEvent, Parser};

/// A parser without a separate limit for IDs.
fn without_id_limit() -> Parser {
    Parser::with_limits(Growable::new(), Limits { retained: usize::MAX, id: usize::MAX })
}

/// The number of events, and the allocations, of decoding `chunks` with an existing parser.
fn decode<'c>(
    parser: &mut Parser,
    chunks: impl Iterator<Item = &'c [u8]>,
) -> (usize, AllocationInfo) {
    let mut count = 0;
    let info = measure(|| {
        for chunk in chunks {
            let mut events = parser.push(chunk);
            loop {
                match events.next() {
                    Ok(Some(event)) => count += usize::from(!event.data.is_empty()),
                    Ok(None) => break,
                    Err(_) => {}
                }
            }
        }
    });
    (count, info)
}

fn event_of(data_len: usize) -> Vec<u8> {
    let mut stream = Vec::new();
    Block::new().data(&"x".repeat(data_len)).encode(&mut stream).unwrap();
    stream
}

/// The owned events of `chunks`, and the total allocations of them and their parser.
fn owned<'c>(
    parser: &mut Parser,
    chunks: impl Iterator<Item = &'c [u8]>,
) -> (Vec<OwnedEvent>, AllocationInfo) {
    let mut owned = Vec::with_capacity(1000);
    let info = measure(|| {
        for chunk in chunks {
            let mut events = parser.push(chunk);
            while let Some(event) = events.next_owned().unwrap() {
                owned.push(event);
            }
        }
    });
    (owned, info)
}
