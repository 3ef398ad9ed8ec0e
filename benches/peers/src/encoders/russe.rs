//! `russe`, which `actix-web-lab` uses.

use bytes::BytesMut;
use russe::{Encoder, Event, Message};
use tokio_util::codec::Encoder as _;

use super::Encode;

#[derive(Default)]
pub struct Peer {
    events: Vec<Event>,
    stream: BytesMut,
}

impl Encode for Peer {
    const NAME: &'static str = "russe";
    const NOTE: &'static str = "`Encoder`, which uses up an event with a shared string, made before the clock starts, into a `BytesMut` that \
         is used again. `actix-web-lab` encodes by it.";

    fn prepare(&mut self, data: &str, events: usize) {
        self.events.clear();
        let message = || Message { data: data.into(), event: None, id: None, retry: None };
        self.events.extend((0..events).map(|_| Event::Message(message())));
    }

    #[inline]
    fn encode(&mut self, _: &str, look: impl FnOnce(Option<&[u8]>)) {
        let event = self.events.pop().expect("enough events were prepared");
        self.stream.clear();
        Encoder::default().encode(event, &mut self.stream).expect("data can't be refused");
        look(Some(&self.stream));
    }
}
