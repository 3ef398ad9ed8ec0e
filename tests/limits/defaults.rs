//! The limits of a new parser.

use sse_wire::{Growable, Limits, Parser};

use crate::support::over_arrays;

#[test]
fn the_default_limit_is_16_mib() {
    assert_eq!(Parser::new().limits(), Limits::DEFAULT);
    assert_eq!(Limits::DEFAULT.retained, 1 << 24);
    assert_eq!(Parser::with_limit(7).limits().retained, 7);
    assert_eq!(over_arrays([0; 8], [0; 8], [0; 8]).limits().retained, usize::MAX);
}

#[test]
fn the_limit_for_ids_is_64_kib_a_quarter_of_the_limit_or_a_third_of_the_array() {
    assert_eq!(Parser::new().limits().id, 1 << 16);
    let limits = Limits { id: usize::MAX, ..Limits::DEFAULT };
    assert_eq!(Parser::with_limits(Growable::new(), limits).limits().id, 1 << 22);
    assert_eq!(Parser::with_limit(1 << 18).limits().id, 1 << 16);
    assert_eq!(Parser::with_limit((1 << 18) - 1).limits().id, (1 << 16) - 1);
    assert_eq!(over_arrays([], [], [0; 95]).limits().id, 31);
}
