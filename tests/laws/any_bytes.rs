//! Any bytes: no panic, equality with the reference, bounded memory, and the text of any UTF-8.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::model::Limits;
use crate::support::shapes::{cut, places};
use crate::support::{self, Decoded, Driver, GrowableDriver, Way, drivers, every_chunking};
use crate::{hostile_stream, laws};

/// UTF-8 sequences, whole, cut, and invalid.
const SEQUENCES: [&[u8]; 12] = [
    b"a",
    b"\xC3\xA9",
    b"\xC3",
    b"\xE2\x82\xAC",
    b"\xE2\x82",
    b"\xE2",
    b"\xF0\x9F\x98\x80",
    b"\xF0\x9F\x98",
    b"\xED\xA0",
    b"\xF4\x90",
    b"\x80",
    b"\xFF",
];

/// Everything that must not depend on the chunks.
fn outcome(decoded: Decoded) -> Decoded {
    Decoded { after: Vec::new(), comments: None, ..decoded }
}

proptest! {
    #![proptest_config(support::kept::failures())]

    #[test]
    fn every_law_holds_for_random_bytes(
        stream in hostile_stream(),
        steering in vec(any::<u8>(), 0..20),
    ) {
        let input = [stream, steering].concat();
        laws::reference(&input);
        laws::fixed_buffers(&input);
        laws::data_writer(&input);
        laws::last_event_id(&input);
        laws::event_source(&input);
    }

    #[test]
    fn bounded_memory_events_within_the_limits_are_whole_and_others_are_one_error(
        stream in hostile_stream(),
        places in places(),
        all in 0_usize..60,
        calls in 0_u8..4,
    ) {
        let limits = Limits { all, id: usize::MAX, arrays: None };
        laws::limits::agree(limits, &stream, &cut(&stream, &places), calls);
    }

    #[test]
    fn decoding_gives_each_field_and_comment_the_text_of_its_bytes_wherever_they_are_cut(
        sequences in vec(select(&SEQUENCES[..]), 0..5),
    ) {
        let bytes = sequences.concat();
        // The same decoder (Encoding Standard): one U+FFFD for each maximal subpart.
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let parts: [&[u8]; 5] = [b"id: ", b"\nevent: ", b"\ndata: ", b"\n: ", b"\n\n"];
        let stream = parts.join(&bytes[..]);
        let event_type = if text.is_empty() { "message" } else { &text };
        for driver in &mut drivers() {
            every_chunking(&stream, |chunks| {
                let decoded = driver.decode(chunks, None, None);
                let (told_type, data, id, _) = &decoded.events[0];
                assert_eq!([told_type, data, id], [event_type, &text, &text], "{}", driver.name());
                if let Some(comments) = &decoded.comments {
                    assert_eq!(comments, &[text.as_str()]);
                }
            });
        }
    }

    #[test]
    fn no_panic_and_no_error_on_any_bytes(stream in vec(any::<u8>(), 0..300), places in places()) {
        let chunks = cut(&stream, &places);
        let whole = outcome(GrowableDriver(Way::Push, "").decode(&[&stream], None, None));
        prop_assert_eq!(whole.errors, 0);
        for driver in &mut drivers() {
            prop_assert_eq!(&outcome(driver.decode(&chunks, None, None)), &whole, "{}", driver.name());
        }
    }
}
