//! Chunks → tokens, by chunk size and workload, compared with the search for line ends in the same chunks, because a
//! tokenizer does not check UTF-8.
//!
//! `cargo bench --manifest-path benches/Cargo.toml --bench tokenize -- 65536/llm` runs one group.

use criterion::{Criterion, Throughput};
use sse_wire::Tokenizer;

#[allow(dead_code, reason = "each bench uses its part")]
#[path = "../drive/mod.rs"]
mod drive;
mod settings;
#[allow(dead_code, reason = "each bench uses its part")]
#[path = "../workloads/mod.rs"]
mod workloads;

fn main() {
    let mut criterion = settings::criterion();
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
        bencher.iter(|| drive::tokens(&mut tokenizer, stream, chunk_size));
    });
    group.bench_function("memchr2_iter", |bencher| {
        bencher.iter(|| stream.chunks(chunk_size).for_each(drive::line_ends));
    });
    group.finish();
}
