//! This crate.

use sse_wire::Block;

use super::Encode;

pub const NAME: &str = "sse-wire";

#[derive(Default)]
pub struct Own {
    stream: Vec<u8>,
}

impl Encode for Own {
    const NAME: &'static str = NAME;
    const NOTE: &'static str = "A `Block` that borrows the data, into a `Vec` that is used again.";

    #[inline]
    fn encode(&mut self, data: &str, look: impl FnOnce(Option<&[u8]>)) {
        self.stream.clear();
        Block::new().data(data).encode(&mut self.stream).expect("data can't be refused");
        look(Some(&self.stream));
    }
}
