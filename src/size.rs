//! Speed or size: what a machine without an operating system does without.
//!
//! A letter to the maintainer. Many rules have two ways here: a fast one for what is usual, and one
//! that is complete, which all must take near the limit or at a chunk border. So the fast ways can
//! be left out without a change to what is read, and where flash is counted in KiB, they are: what
//! asks [`FAST`] first is no code there. Every line is read by the state machine for cut lines, every
//! value is checked when it comes, and every ID is copied at once. A few functions that are inlined
//! into many places for speed are left to the compiler there.
//!
//! `RUSTFLAGS='--cfg sse_wire_small' cargo test` reads so on any machine, and `.ci/run` meets the laws so;
//! `tests/bare-metal/run` reads all vectors on one that does, and says how large the code is.

/// Whether speed counts more than the size of the code.
pub(crate) const FAST: bool = cfg!(not(any(target_os = "none", sse_wire_small)));
