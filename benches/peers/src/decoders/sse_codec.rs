//! `sse-codec`, through its decoder without I/O.

use futures_codec::{BytesMut, Decoder};
use sse_codec::{Event, SSECodec};

use crate::candidate::{Decode, Seen};
use crate::input::Part;

#[derive(Default)]
pub struct Peer {
    codec: SSECodec,
    left: BytesMut,
}

impl Decode for Peer {
    const NAME: &'static str = "sse-codec";
    const NOTE: &'static str = "Takes a `BytesMut`, to which slices are appended as its `FramedRead` does; gives events of \
        `String`s. Ill-formed UTF-8 is an error; no limit.";

    fn new() -> Self {
        Self::default()
    }

    #[inline]
    fn feed(&mut self, part: Part, mut see: impl FnMut(Seen<'_>)) {
        for chunk in part.chunks() {
            self.left.extend_from_slice(chunk);
            while let Some(event) = self.codec.decode(&mut self.left).expect("text is well-formed")
            {
                // Reconnection times are separate items.
                if let Event::Message { id, event, data } = event {
                    see(Seen {
                        event_type: &event,
                        data: &data,
                        id: id.as_deref().unwrap_or_default(),
                        number: 0,
                    });
                }
            }
        }
    }
}
