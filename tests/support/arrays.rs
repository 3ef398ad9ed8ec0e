//! Parsers over arrays, for the tests and the fuzz targets.

use sse_wire::{Arrays, Limits, Memory, Parser};

pub const NO_LIMITS: Limits = Limits { retained: usize::MAX, id: usize::MAX };

/// A parser over arrays of any kind.
pub const fn within<D: Memory, E: Memory, I: Memory>(
    limits: Limits,
    data: D,
    event_type: E,
    ids: I,
) -> Parser<Arrays<D, E, I>> {
    Parser::with_limits(Arrays { data, event_type, ids }, limits)
}
