//! The `text/event-stream` wire format in both directions.
#![no_std]
extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

mod scan;

