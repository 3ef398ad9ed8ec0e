//! Chunk-invariance and promptness: any split gives the same, as early as it can.

use proptest::prelude::*;

use crate::support::shapes::{cut, places};
use crate::{hostile_stream, laws, lines, support};

proptest! {
    #![proptest_config(support::kept::failures())]

    #[test]
    fn chunk_invariance_and_promptness_any_split_gives_the_same_as_early_as_it_can_at_every_entry_point(
        stream in hostile_stream(),
        places in places(),
        limit in prop_oneof![Just(usize::MAX), 1_usize..90],
        calls in 0_u8..4,
    ) {
        laws::chunking::any_split(&stream, &cut(&stream, &places), limit, calls);
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        laws::chunking::any_split(&stream, &bytes, limit, calls);
    }

    #[test]
    fn chunk_invariance_any_split_gives_the_same_values_of_tokens_at_the_same_positions(
        stream in hostile_stream(),
        places in places(),
    ) {
        prop_assert_eq!(lines(&[&stream]), lines(&cut(&stream, &places)));
    }
}
