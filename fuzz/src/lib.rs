//! What the fuzz targets share: the laws, each a function that panics where an input breaks it.
//!
//! A letter to the maintainer. The targets in `fuzz_targets` hold no rule; they hand libFuzzer's
//! bytes to a law. `input` says how bytes are read, so that a stream is its own bytes and what
//! steers the run stands behind it: mutations of the stream stay local, and the seeds made from the
//! test vectors are the streams of the vectors. `told` is what a parser tells; `model` is the
//! format once more, with the limits, slow and obvious.

pub mod input;
pub mod laws;
mod model;
mod told;
