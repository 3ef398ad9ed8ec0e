//! `sseer`, through its stream over `Bytes`.

use std::pin::Pin;

use bytes::Bytes;
use sseer::EventStream;

use crate::candidate::{Decode, Seen};
use crate::feed::{Feed, Supply, poll_all};
use crate::input::Part;

pub struct Peer {
    supply: Supply,
    events: Pin<Box<EventStream<Feed<Bytes>>>>,
}

impl Decode for Peer {
    const NAME: &'static str = "sseer";
    const NOTE: &'static str = "Pulls `Bytes`, made before and cloned here; gives events whose texts are views of them \
        where a chunk holds them. The row of polled `Bytes` shows what cloning costs. With its feature `std`. Ill-formed UTF-8 is an error; no limit.";

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
