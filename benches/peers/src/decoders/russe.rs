//! `russe`, which `actix-web-lab` uses, through its decoder.

use bytes::BytesMut;
use russe::{Decoder, Event};
use tokio_util::codec::Decoder as _;

use crate::candidate::{Decode, Seen};
use crate::input::Part;

#[derive(Default)]
pub struct Peer {
    decoder: Decoder,
    left: BytesMut,
}

impl Decode for Peer {
    const NAME: &'static str = "russe";
    const NOTE: &'static str = "Takes a `BytesMut`, to which slices are appended as `FramedRead` does; gives events of \
        shared strings, and comments. No last event ID across events; ill-formed UTF-8 is an error; no limit.";

    fn new() -> Self {
        Self::default()
    }

    #[inline]
    fn feed(&mut self, part: Part, mut see: impl FnMut(Seen<'_>)) {
        for chunk in part.chunks() {
            self.left.extend_from_slice(chunk);
            while let Some(event) =
                self.decoder.decode(&mut self.left).expect("text is well-formed")
            {
                if let Event::Message(message) = event {
                    see(Seen {
                        event_type: message.event.as_deref().unwrap_or("message"),
                        data: &message.data,
                        id: message.id.as_deref().unwrap_or_default(),
                        number: message.retry.map_or(0, |retry| u64::from(retry.subsec_nanos())),
                    });
                }
            }
        }
    }
}
