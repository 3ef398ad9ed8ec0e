//! The laws, each written once, for the inputs of libFuzzer and of the property tests.
#![allow(dead_code, unused_imports)] // Each test file uses its part.

pub mod chunking;
mod data_writer;
pub mod encoding;
mod event_source;
mod fixed_buffers;
pub mod input;
mod last_event_id;
pub mod limits;
pub mod positions;
mod reference;

pub use chunking::chunking;
pub use data_writer::data_writer;
pub use encoding::encoding;
pub use event_source::event_source;
pub use fixed_buffers::fixed_buffers;
pub use last_event_id::last_event_id;
pub use limits::limits;
pub use positions::positions;
pub use reference::reference;
