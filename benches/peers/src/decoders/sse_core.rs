//! `sse-core`, through its decoder without I/O.

use std::num::NonZeroUsize;

use sse_core::{SseDecoder, SseEvent};

use crate::candidate::{Decode, Seen};
use crate::input::Part;

pub struct Peer(SseDecoder);

impl Decode for Peer {
    const NAME: &'static str = "sse-core";
    const NOTE: &'static str = "Takes slices (`SseDecoder::next`), gives events with a `String` of data, an owned type \
        where it is set and a shared ID. With a limit of 16 MiB.";

    fn new() -> Self {
        Peer(SseDecoder::with_limit(NonZeroUsize::new(16 * 1024 * 1024).expect("not zero")))
    }

    #[inline]
    fn feed(&mut self, part: Part, mut see: impl FnMut(Seen<'_>)) {
        for mut chunk in part.chunks() {
            while let Some(event) = self.0.next(&mut chunk) {
                // Reconnection times are separate items.
                if let SseEvent::Message(event) = event.expect("below the limit") {
                    see(Seen {
                        event_type: &event.event,
                        data: &event.data,
                        id: event.last_event_id.as_deref().unwrap_or_default(),
                        number: 0,
                    });
                }
            }
        }
    }
}
