//! `sse_wire::io`: events from any `Read`, blocks to any `Write`.
#![cfg(feature = "std")]

mod reader;
#[path = "../support/mod.rs"]
mod support;
mod vectors;
mod writer;
