//! `sse-stream`.

use sse_stream::Sse;

use super::Encode;

#[derive(Default)]
pub struct Peer {
    events: Vec<Sse>,
}

impl Encode for Peer {
    const NAME: &'static str = "sse-stream";
    const NOTE: &'static str = "`Sse::encode`, which uses up an event with a `String`, made before the clock starts, and allocates its `Bytes`.";

    fn prepare(&mut self, data: &str, events: usize) {
        self.events.clear();
        self.events.extend((0..events).map(|_| Sse::default().data(data)));
    }

    #[inline]
    fn encode(&mut self, _: &str, look: impl FnOnce(Option<&[u8]>)) {
        let event = self.events.pop().expect("enough events were prepared");
        look(Some(&event.encode().expect("data can't be refused")));
    }
}
