//! `sse-parse`, through its parser without I/O.

use sse_parse::SseParser;

use crate::candidate::{Decode, Seen};
use crate::input::Part;

pub struct Peer(SseParser);

impl Decode for Peer {
    const NAME: &'static str = "sse-parse";
    const NOTE: &'static str =
        "Takes slices (`SseParser::feed`), copies them, queues events of `String`s. No limit.";

    fn new() -> Self {
        Peer(SseParser::new())
    }

    #[inline]
    fn feed(&mut self, part: Part, mut see: impl FnMut(Seen<'_>)) {
        for chunk in part.chunks() {
            self.0.feed(chunk);
            while let Some(event) = self.0.next_event() {
                see(Seen {
                    event_type: &event.event,
                    data: &event.data,
                    id: &event.id,
                    number: event.retry.map_or(0, |retry| u64::from(retry.subsec_nanos())),
                });
            }
        }
    }
}
