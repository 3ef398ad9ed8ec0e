//! Blocks → bytes, by block and target.
//!
//! `cargo bench --manifest-path benches/Cargo.toml --bench encode -- json/vec` runs one bench.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use sse_wire::Block;

#[allow(dead_code, reason = "each bench uses its part")]
#[path = "../drive/mod.rs"]
mod drive;
mod settings;
#[allow(dead_code, reason = "each bench uses its part")]
#[path = "../workloads/mod.rs"]
mod workloads;

fn main() {
    let mut criterion = settings::criterion();
    for (name, data) in workloads::data() {
        encode(&mut criterion, name, Block::new(), &data);
    }
    let head = Block::new()
        .comment("note")
        .event_type("update")
        .id("00000123")
        .retry(Duration::from_secs(3));
    encode(&mut criterion, "full", head, "{\"text\":\"Hi\"}");
    criterion.final_summary();
}

fn encode(criterion: &mut Criterion, name: &str, head: Block<'_>, data: &str) {
    const ENCODES: &str = "the block has nothing to refuse, and there is room";
    let block = head.data(data);
    let len = block.encoded_len().expect(ENCODES);
    let mut group = criterion.benchmark_group(format!("encode/{name}"));
    group.throughput(Throughput::Bytes(len as u64));
    group.bench_function("vec", |bencher| {
        let mut stream = Vec::new();
        bencher.iter(|| {
            stream.clear();
            black_box(&block).encode(&mut stream).expect(ENCODES);
            black_box(stream.as_slice());
        });
    });
    group.bench_function("slice", |bencher| {
        let mut memory = vec![0; len];
        bencher.iter(|| {
            let written = black_box(&block).encode_to_slice(&mut memory).expect(ENCODES);
            black_box(&memory[..written]);
        });
    });
    group.bench_function("data_writer", |bencher| {
        // The pieces that a serializer writes, which end at punctuation.
        let pieces: Vec<_> =
            data.split_inclusive(|c: char| c != '\n' && !c.is_ascii_alphanumeric()).collect();
        let mut stream = Vec::new();
        bencher.iter(|| {
            stream.clear();
            let mut writer = black_box(&head).data_writer(&mut stream).expect(ENCODES);
            for piece in &pieces {
                writer.write(piece).expect(ENCODES);
            }
            writer.finish().expect(ENCODES);
            black_box(stream.as_slice());
        });
    });
    group.bench_function("encoded_len", |bencher| {
        bencher.iter(|| black_box(&block).encoded_len().expect(ENCODES));
    });
    group.finish();
}
