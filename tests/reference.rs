//! The reference itself: against the vectors, which were worked out by hand, and what it explains.

#![cfg(all(feature = "std", feature = "reference"))]

mod support;

use sse_wire::reference::interpret;
use support::reference::ReferenceDriver;
use support::{Driver, decoder_cases};

#[test]
fn every_decoder_vector_without_a_limit_holds_in_the_reference() {
    let cases = decoder_cases();
    let (limited, cases): (Vec<_>, Vec<_>) = cases.iter().partition(|case| case.limit.is_some());
    for case in &cases {
        let chunks: Vec<&[u8]> = case.chunks.iter().map(Vec::as_slice).collect();
        let id = case.last_event_id.as_deref();
        assert_eq!(
            ReferenceDriver.decode(&chunks, id, None),
            case.expected,
            "{}\n{}",
            case.name,
            interpret(&chunks.concat(), id.unwrap_or_default()),
        );
    }
    // The specification has no limit, so the reference has none.
    println!("{} vectors hold, {} have a limit and were left out", cases.len(), limited.len());
    assert!(cases.len() >= 400 && limited.len() < cases.len() / 5);
}

#[test]
fn the_lines_of_a_stream_are_all_of_its_bytes_in_order() {
    for case in decoder_cases() {
        let stream = case.chunks.concat();
        let mut end = 0;
        let mut text = String::new();
        for line in interpret(&stream, "").lines {
            assert_eq!(line.range.start, end, "{}", case.name);
            assert_eq!(String::from_utf8_lossy(&stream[line.range.clone()]), line.source);
            end = line.range.end;
            text += &line.source;
        }
        assert_eq!(end, stream.len(), "{}", case.name);
        assert_eq!(text, String::from_utf8_lossy(&stream), "{}", case.name);
    }
}
