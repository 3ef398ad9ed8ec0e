//! Linear time of the adapters, checked by counting bytes: see [`crate::work`].

use std::format;
use std::string::String;
#[cfg(feature = "stream")]
use std::vec::Vec;

use crate::Parser;
use crate::work::{counted, streams};

const LEN: usize = 20_000;

/// Runs an adapter over every stream in pieces of several sizes and with several limits; `most` is how often it may
/// read each byte.
fn check(most: usize, run: impl Fn(Parser, &[u8], usize)) {
    let mut failures = String::new();
    for (name, stream) in streams(LEN) {
        for size in [1, 64, 1460, 2 * LEN] {
            for limit in [usize::MAX, LEN / 2, 10] {
                let work = counted(|| run(Parser::with_limit(limit), &stream, size));
                if work > most * stream.len() {
                    let ratio = work / stream.len();
                    failures += &format!(
                        "{name}, {size} bytes at once, limit {limit}: {ratio} for each byte\n"
                    );
                }
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn linear_time_a_reader_reads_each_byte_a_bounded_number_of_times() {
    // The parser's work alone.
    check(8, |parser, stream, size| {
        let buffer = std::vec![0; size];
        let mut reader = super::io::EventReader::with_buffer(stream, parser, buffer);
        while !matches!(reader.next(), Ok(None)) {}
    });
}

#[cfg(feature = "codec")]
#[test]
fn linear_time_a_decoder_reads_each_byte_a_bounded_number_of_times() {
    use tokio_util::bytes::BytesMut;
    use tokio_util::codec::Decoder;

    // The parser's work, and what it reads ahead for each event of 6 bytes or more.
    check(8 + 256 / 6, |parser, stream, size| {
        let mut decoder = super::codec::EventDecoder::with_parser(parser);
        let mut bytes = BytesMut::new();
        for chunk in stream.chunks(size) {
            bytes.extend_from_slice(chunk);
            while let Ok(Some(_)) = decoder.decode(&mut bytes) {}
        }
    });
}

#[cfg(feature = "stream")]
#[test]
fn linear_time_the_rest_of_a_chunk_is_not_read_again_for_each_event() {
    use core::convert::Infallible;

    use futures::{StreamExt, executor::block_on, stream};

    use super::stream::EventStreamExt;

    for len in [LEN, 10 * LEN] {
        let bytes = b"data: x\n\n".repeat(len / 9);
        let mut events = stream::iter([Ok::<_, Infallible>(&bytes[..])]).events();
        let mut count = 0;
        let work = counted(|| count = block_on(events.by_ref().collect::<Vec<_>>()).len());
        let work = work / bytes.len();
        assert_eq!(count, len / 9);
        // The parser's work, and what it reads ahead for each event.
        assert!(work <= 8 + 256 / 9, "{work} for each byte");
    }
}
