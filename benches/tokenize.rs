//! Chunks → tokens, by chunk size and workload, beside the search for line ends in the same chunks:
//! a tokenizer does not look at UTF-8.
//!
//! `cargo bench --bench tokenize -- 65536/llm` runs one group.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use sse_wire::{Token, Tokenizer};

#[allow(dead_code, reason = "each bench uses its part")]
mod drive;
#[allow(dead_code, reason = "each bench uses its part")]
mod workloads;

fn main() {
    let mut criterion = drive::criterion();
    let inputs = workloads::generated();
    for chunk_size in drive::CHUNK_SIZES {
        for workload in &inputs {
            tokenize(&mut criterion, workload, chunk_size);
        }
    }
    criterion.final_summary();
}

fn tokenize(criterion: &mut Criterion, workload: &workloads::Workload, chunk_size: usize) {
    let stream = drive::stream(workload, chunk_size);
    let mut group = criterion.benchmark_group(format!("tokenize/{chunk_size}/{}", workload.name));
    group.throughput(Throughput::Bytes(stream.len() as u64));
    group.bench_function("tokens", |bencher| {
        let mut tokenizer = Tokenizer::new();
        bencher.iter(|| {
            for chunk in stream.chunks(chunk_size) {
                for token in tokenizer.push(chunk) {
                    black_box(touch(&token));
                }
            }
            tokenizer.finish()
        });
    });
    group.bench_function("memchr2_iter", |bencher| {
        bencher.iter(|| stream.chunks(chunk_size).for_each(drive::line_ends));
    });
    group.finish();
}

/// Makes every part of a token needed.
#[inline(always)]
fn touch(token: &Token<'_>) -> u64 {
    match *token {
        Token::Value { field, bytes, position, complete, .. } => {
            touch_bytes(bytes) + position + u64::from(complete) + field as u64
        }
        Token::Comment { bytes, position, complete, .. }
        | Token::Unknown { bytes, position, complete, .. } => {
            touch_bytes(bytes) + position + u64::from(complete)
        }
        Token::BlankLine { ref block, .. } => block.start + block.end,
        _ => 0,
    }
}

#[inline(always)]
fn touch_bytes(bytes: &[u8]) -> u64 {
    bytes.len() as u64 + bytes.first().map_or(0, |&first| u64::from(first))
}
