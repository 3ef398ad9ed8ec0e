//! The laws of the parser, the tokenizer, and the encoder, each under its name, on streams of hostile pieces in random
//! order. (Linear time is in `src/work.rs`, memory in `tests/memory`, and limits in `tests/limits`, including that
//! no input wedges a parser.)

#![cfg(feature = "std")]

mod any_bytes;
mod chunk_invariance;
mod end;
mod last_event_id;
#[path = "../support/laws/mod.rs"]
mod laws;
mod positions;
mod round_trip;
#[path = "../support/mod.rs"]
mod support;
mod unread;
mod zero_copy;

use std::ops::Range;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use sse_wire::{Token, Tokenizer};
use support::outcome::Output;
use support::{Driver, GrowableDriver, Way, arrays, equality, model, outcome};

/// Pieces that exercise every rule, in an order that no server would choose.
fn hostile_stream() -> impl Strategy<Value = Vec<u8>> {
    let pieces: &[&[u8]] = &[
        b"\n",
        b"\r",
        b"\r\n",
        b"\n\n",
        b"\r\n\r\n",
        b"data",
        b"event",
        b"id",
        b"retry",
        b":",
        b" ",
        b": ",
        b"data: x",
        b"data:\n",
        b"data: two words\n",
        b"event: e\n",
        b"id: 1\n",
        b"id: \xC3\xA9\n",
        b"id:\0",
        b"retry: 10\n",
        b"retry: 18446744073709551616\n",
        b": comment\n",
        b"unknown: x\n",
        b"dat",
        b"datax",
        b"\xEF\xBB\xBF",
        b"\xEF\xBB",
        b"\xE2\x82\xAC",
        b"\xE2\x82",
        b"\xF0\x9F\x98\x80",
        b"\xF0\x9F",
        b"\xFF",
        b"\0",
        b"7",
        b"some longer text that fills a block of sixty-four bytes and a little more",
    ];
    vec(select(pieces), 0..24).prop_map(|pieces| pieces.concat())
}

/// The texts of the events.
fn texts(output: &[Output]) -> Vec<[&str; 3]> {
    let texts = output.iter().filter_map(|output| match output {
        Output::Event(event) => Some([&event.event_type, &*event.data, &event.last_event_id]),
        _ => None,
    });
    texts.collect()
}

fn events_of(stream: &[u8]) -> Vec<support::Returned> {
    GrowableDriver(Way::Push, "").decode(&[stream], None, None).events
}

/// The kind, the bytes, and the range of a line or a block.
type Part = (String, Vec<u8>, Range<u64>);

/// The lines of a stream, joined from a tokenizer's pieces, and its blocks.
fn lines(chunks: &[&[u8]]) -> Vec<Part> {
    let mut tokenizer = Tokenizer::new();
    let mut pieces = Vec::new();
    for chunk in chunks {
        pieces.extend(tokenizer.push(chunk));
    }
    joined(pieces.into_iter(), tokenizer.finish())
}

fn joined<'c>(pieces: impl Iterator<Item = Token<'c>>, unfinished: Range<u64>) -> Vec<Part> {
    let mut lines: Vec<Part> = Vec::new();
    let mut open = false;
    for token in pieces {
        let range = token.range();
        let (kind, bytes, complete) = match token {
            Token::Line { line, bytes, complete, .. } => (format!("{line:?}"), bytes, complete),
            Token::BlankLine { block, .. } => {
                lines.push(("block".into(), Vec::new(), block));
                continue;
            }
            other => panic!("{other:?}"),
        };
        if open {
            let line = lines.last_mut().unwrap();
            assert_eq!((&line.0, line.2.end), (&kind, range.start));
            line.1.extend_from_slice(bytes);
            line.2.end = range.end;
        } else {
            lines.push((kind, bytes.to_vec(), range));
        }
        open = !complete;
    }
    lines.push(("unfinished block".into(), Vec::new(), unfinished));
    lines
}
