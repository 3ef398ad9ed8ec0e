//! `sse-stream`.

use sse_stream::Sse;

use super::{Encode, Encoded};

#[derive(Default)]
pub struct Peer {
    events: Vec<Sse>,
}

impl Encode for Peer {
    fn name(&self) -> &'static str {
        "sse-stream"
    }

    fn note(&self) -> &'static str {
        "`Sse::encode`, which uses up an event with a `String`, made before the clock starts, and allocates its `Bytes`."
    }

    fn prepare(&mut self, data: &str, events: usize) {
        self.events.clear();
        self.events.extend((0..events).map(|_| Sse::default().data(data)));
    }

    fn encode(&mut self, _: &str) -> Encoded<'_> {
        let event = self.events.pop().expect("enough events were prepared");
        Encoded::Owned(event.encode().expect("data can't be refused"))
    }
}
