//! The `text/event-stream` wire format in both directions.
#![no_std]
#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

mod buffer;
mod encoder;
mod error;
mod event;
mod parser;
mod retained;
mod scan;
mod sink;
mod tokenizer;
mod utf8;
mod work;

pub use buffer::{Buffers, Fixed, Growable};
pub use encoder::{Block, DataWriter};
pub use error::{EncodeError, LastEventIdError, LimitError, Part, Refused};
#[cfg(feature = "alloc")]
pub use event::OwnedEvent;
pub use event::{End, Event, Item, Pending};
pub use parser::{Events, Items, Parser};
pub use sink::{FmtSink, Sink, SliceSink};
pub use tokenizer::{Field, Token, Tokenizer, Tokens};
