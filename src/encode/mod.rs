//! Checks and writes blocks
//! ([9.2.5](https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream)).

mod block;
mod data_writer;
pub(crate) mod sink;

pub use block::Block;
pub use data_writer::DataWriter;
pub use sink::{FmtSink, Sink, SliceSink};
