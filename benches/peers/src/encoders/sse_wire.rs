//! This crate.

use sse_wire::Block;

use super::{Encode, Encoded};

pub const NAME: &str = "sse-wire";

#[derive(Default)]
pub struct Own {
    stream: Vec<u8>,
}

impl Encode for Own {
    fn name(&self) -> &'static str {
        NAME
    }

    fn note(&self) -> &'static str {
        "A `Block` that borrows the data, into a `Vec` that is used again."
    }

    fn encode(&mut self, data: &str) -> Encoded<'_> {
        self.stream.clear();
        Block::new().data(data).encode(&mut self.stream).expect("data can't be refused");
        Encoded::Lent(&self.stream)
    }
}
