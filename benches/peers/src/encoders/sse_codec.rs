//! `sse-codec`.

use std::fmt::Write;

use sse_codec::Event;

use super::Encode;

#[derive(Default)]
pub struct Peer {
    event: Option<Event>,
    stream: String,
}

impl Encode for Peer {
    const NAME: &'static str = "sse-codec";
    const NOTE: &'static str = "What its encoder does (`Display` and a line end), but of an event that isn't used up, into a `String` that is \
         used again.";

    fn prepare(&mut self, data: &str, _: usize) {
        self.event = Some(Event::message("message", data, None));
    }

    #[inline]
    fn encode(&mut self, _: &str, look: impl FnOnce(Option<&[u8]>)) {
        let event = self.event.as_ref().expect("an event was prepared");
        self.stream.clear();
        writeln!(self.stream, "{event}").expect("writing to a string can't fail");
        look(Some(self.stream.as_bytes()));
    }
}
