//! This crate.

use sse_wire::Parser;

use crate::candidate::{Decode, Seen};
use crate::input::Part;

pub const LENT: &str = "sse-wire";
pub const OWNED: &str = "sse-wire, owned";

pub const WITHIN_THE_LIMIT: &str = "no workload comes near the limit";

/// Lent events.
pub struct Lent(Parser);

impl Decode for Lent {
    const NAME: &'static str = LENT;
    const NOTE: &'static str =
        "Takes slices, lends type, data and last event ID; with the event's range.";

    fn new() -> Self {
        Lent(Parser::new())
    }

    #[inline]
    fn feed(&mut self, part: Part, mut see: impl FnMut(Seen<'_>)) {
        for chunk in part.chunks() {
            let mut events = self.0.push(chunk);
            while let Some(event) = events.next().expect(WITHIN_THE_LIMIT) {
                see(Seen {
                    event_type: event.event_type,
                    data: event.data,
                    id: event.last_event_id,
                    number: u64::from(event.sets_id) + event.range.start + event.range.end,
                });
            }
        }
    }
}

/// Owned events.
pub struct Owned(Parser);

impl Decode for Owned {
    const NAME: &'static str = OWNED;
    const NOTE: &'static str = "The same, each event taken by `next_owned` and dropped.";

    fn new() -> Self {
        Owned(Parser::new())
    }

    #[inline]
    fn feed(&mut self, part: Part, mut see: impl FnMut(Seen<'_>)) {
        for chunk in part.chunks() {
            let mut events = self.0.push(chunk);
            while let Some(event) = events.next_owned().expect(WITHIN_THE_LIMIT) {
                see(Seen {
                    event_type: &event.event_type,
                    data: &event.data,
                    id: &event.last_event_id,
                    number: u64::from(event.sets_id) + event.range.start + event.range.end,
                });
            }
        }
    }
}
