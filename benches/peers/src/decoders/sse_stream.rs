//! `sse-stream`, through its stream over byte buffers.

use std::pin::Pin;

use sse_stream::SseByteStream;

use crate::candidate::{Decode, Seen};
use crate::feed::{Feed, Supply, poll_all};
use crate::input::Part;

pub struct Peer {
    supply: Supply,
    events: Pin<Box<SseByteStream<Feed<&'static [u8]>>>>,
}

impl Decode for Peer {
    const NAME: &'static str = "sse-stream";
    const NOTE: &'static str = "Pulls slices (`SseByteStream`), gives blocks of `String`s. With its default features \
        `memchr` and `simdutf8`. No last event ID across events; ill-formed UTF-8 ends the stream.";

    fn new() -> Self {
        let (supply, feed) = Supply::new();
        Peer { supply, events: Box::pin(SseByteStream::new(feed)) }
    }

    #[inline]
    fn feed(&mut self, part: Part, mut see: impl FnMut(Seen<'_>)) {
        self.supply.put(part);
        poll_all(self.events.as_mut(), |block| {
            let block = block.expect("text is well-formed");
            // A block without data is not an event.
            if let Some(data) = &block.data {
                see(Seen {
                    event_type: block.event.as_deref().unwrap_or("message"),
                    data,
                    id: block.id.as_deref().unwrap_or_default(),
                    number: block.retry.unwrap_or_default(),
                });
            }
        });
    }
}
