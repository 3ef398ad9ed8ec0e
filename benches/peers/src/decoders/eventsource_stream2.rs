//! `eventsource-stream2`, through its stream over slices.

use std::pin::Pin;

use eventsource_stream2::EventStream;

use crate::candidate::{Decode, Seen};
use crate::feed::{Feed, Supply, poll_all};
use crate::input::Part;

pub struct Peer {
    supply: Supply,
    events: Pin<Box<EventStream<Feed<&'static [u8]>>>>,
}

impl Decode for Peer {
    const NAME: &'static str = "eventsource-stream2";
    const NOTE: &'static str = "Pulls slices, copies them, gives events of `String`s. No limit.";

    fn new() -> Self {
        let (supply, feed) = Supply::new();
        Peer { supply, events: Box::pin(EventStream::new(feed)) }
    }

    #[inline]
    fn feed(&mut self, part: Part, mut see: impl FnMut(Seen<'_>)) {
        self.supply.put(part);
        poll_all(self.events.as_mut(), |event| {
            let event = event.expect("text is well-formed");
            see(Seen {
                event_type: &event.event,
                data: &event.data,
                id: &event.id,
                number: event.retry.map_or(0, |retry| u64::from(retry.subsec_nanos())),
            });
        });
    }
}
