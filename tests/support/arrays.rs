//! Parsers over arrays, for the tests and the fuzz targets.

use sse_wire::{Arrays, Memory, Parser};

/// A parser over arrays of any kind.
pub const fn over_arrays<D: Memory, E: Memory, I: Memory>(
    data: D,
    event_type: E,
    ids: I,
) -> Parser<Arrays<D, E, I>> {
    Parser::with_arrays(Arrays { data, event_type, ids })
}
