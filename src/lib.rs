//! The `text/event-stream` wire format in both directions.
#![no_std]
#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

mod scan;
mod tokenizer;
mod utf8;

#[cfg(feature = "alloc")]
pub use tokenizer::{Field, Token, Tokenizer, Tokens};
