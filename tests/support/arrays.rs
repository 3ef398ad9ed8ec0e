//! Parsers over arrays, for the tests and the fuzz targets.

use sse_wire::{Array, Arrays, Memory, Parser};

/// A parser over arrays of any kind.
pub const fn over_arrays<D: Memory, E: Memory, I: Memory>(
    data: D,
    event_type: E,
    ids: I,
) -> Parser<Arrays<D, E, I>> {
    Parser::with_arrays(Arrays {
        data: Array::new(data),
        event_type: Array::new(event_type),
        ids: Array::new(ids),
    })
}
