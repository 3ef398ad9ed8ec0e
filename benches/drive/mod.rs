//! Shared by the benches: ways to parse a stream, and a baseline to compare them with.
//!
//! A parser is reused from pass to pass, as on a long connection, so its buffers have grown before timing starts.

use std::hint::black_box;

use sse_wire::{Arrays, Event, Item, Line, Parser, Storage, Token, Tokenizer};

use crate::workloads::Workload;

/// A large read, the payload of a TCP segment, a short read, and the worst case.
pub(crate) const CHUNK_SIZES: [usize; 4] = [LARGE_CHUNK, 1460, 64, 1];
/// The chunk size of measurements that use only one.
pub(crate) const LARGE_CHUNK: usize = 64 * 1024;

/// The length of the stream in chunks of single bytes, which are slow and cost the same everywhere in a stream.
const STREAM_OF_SINGLE_BYTES: usize = 32 * 1024;

/// Returns the workload's stream, or as much of it as is enough for the chunk size. It can end anywhere.
pub(crate) fn stream(workload: &Workload, chunk_size: usize) -> &[u8] {
    let most = if chunk_size == 1 { STREAM_OF_SINGLE_BYTES } else { usize::MAX };
    &workload.bytes[..workload.bytes.len().min(most)]
}

/// Creates a parser over arrays that are large enough for every workload.
pub(crate) fn fixed_parser() -> Parser<impl Storage> {
    Parser::with_arrays(Arrays {
        data: vec![0; 2 * 1024 * 1024],
        event_type: [0; 64],
        ids: [0; 192],
    })
}

/// Reads every event as a lent one.
pub(crate) fn lent_events<S: Storage>(parser: &mut Parser<S>, stream: &[u8], chunk_size: usize) {
    for chunk in stream.chunks(chunk_size) {
        let mut events = parser.push(chunk);
        while let Some(event) = events.next().expect(WITHIN_THE_LIMIT) {
            black_box(touch(&event));
        }
    }
    black_box(&parser.finish());
}

/// Reads every event as an owned one, and drops it.
pub(crate) fn owned_events<S: Storage>(parser: &mut Parser<S>, stream: &[u8], chunk_size: usize) {
    for chunk in stream.chunks(chunk_size) {
        let mut events = parser.push(chunk);
        while let Some(event) = events.next_owned().expect(WITHIN_THE_LIMIT) {
            black_box(event);
        }
    }
    black_box(&parser.finish());
}

/// Reads every item.
pub(crate) fn items<S: Storage>(parser: &mut Parser<S>, stream: &[u8], chunk_size: usize) {
    for chunk in stream.chunks(chunk_size) {
        let mut items = parser.push(chunk);
        while let Some(item) = items.next_item().expect(WITHIN_THE_LIMIT) {
            black_box(match item {
                Item::Event(event) => touch(&event),
                Item::Block { id, range, .. } => touch_text(id.unwrap_or_default()) + range.end,
                Item::Comment { text, position, .. } => touch_text(text) + position,
                Item::ReconnectionTime { time, .. } => time.as_secs(),
                _ => 0,
            });
        }
    }
    black_box(&parser.finish());
}

/// Reads every token.
pub(crate) fn tokens(tokenizer: &mut Tokenizer, stream: &[u8], chunk_size: usize) {
    for chunk in stream.chunks(chunk_size) {
        for token in tokenizer.push(chunk) {
            black_box(touch_token(&token));
        }
    }
    black_box(tokenizer.finish());
}

/// The baseline: finds the line ends of each chunk and checks its UTF-8, which every parser has to do.
pub(crate) fn floor(stream: &[u8], chunk_size: usize) {
    for chunk in stream.chunks(chunk_size) {
        line_ends(chunk);
        // Skips the rest of a character that the previous chunk cut, at which the check would stop.
        let cut = chunk.iter().take(3).take_while(|&&byte| byte & 0xC0 == 0x80).count();
        black_box(std::str::from_utf8(&chunk[cut..]).is_ok());
    }
}

/// Finds the line ends of one chunk with `memchr`.
pub(crate) fn line_ends(chunk: &[u8]) {
    for end in memchr::memchr2_iter(b'\n', b'\r', chunk) {
        black_box(end);
    }
}

const WITHIN_THE_LIMIT: &str = "no workload comes near the limit";

/// Uses every field of an event, so that the compiler keeps it: all lengths, first bytes, and numbers.
///
/// They are added up, because passing each field to `black_box` would cost as much as parsing a small event.
#[inline(always)]
fn touch(event: &Event<'_>) -> u64 {
    touch_text(event.event_type)
        + touch_text(event.data)
        + touch_text(event.last_event_id)
        + u64::from(event.sets_id)
        + event.range.start
        + event.range.end
}

#[inline(always)]
fn touch_text(text: &str) -> u64 {
    text.len() as u64 + text.as_bytes().first().map_or(0, |&first| u64::from(first))
}

/// Uses every part of a token, so that the compiler keeps it.
#[inline(always)]
fn touch_token(token: &Token<'_>) -> u64 {
    match *token {
        Token::Line { line, bytes, position, complete, .. } => {
            let field = if let Line::Field(field) = line { field as u64 } else { 9 };
            touch_bytes(bytes) + position + u64::from(complete) + field
        }
        Token::BlankLine { ref block, .. } => block.start + block.end,
        _ => 0,
    }
}

#[inline(always)]
fn touch_bytes(bytes: &[u8]) -> u64 {
    bytes.len() as u64 + bytes.first().map_or(0, |&first| u64::from(first))
}
