//! Chunks → events, by chunk size and workload, with the baseline for the same chunks.
//!
//! `cargo bench --manifest-path benches/Cargo.toml --bench parse -- 65536/llm` runs one group.

use criterion::{Criterion, Throughput};
use sse_wire::Parser;

#[allow(dead_code, reason = "each bench uses its part")]
#[path = "../drive/mod.rs"]
mod drive;
mod settings;
#[allow(dead_code, reason = "each bench uses its part")]
#[path = "../workloads/mod.rs"]
mod workloads;

fn main() {
    let mut criterion = settings::criterion();
    for chunk_size in drive::CHUNK_SIZES {
        // Recorded streams only check the generated ones, so the common chunk sizes are enough.
        let inputs = if chunk_size < 1460 { workloads::generated() } else { workloads::all() };
        for workload in &inputs {
            parse(&mut criterion, workload, chunk_size);
        }
    }
    criterion.final_summary();
}

fn parse(criterion: &mut Criterion, workload: &workloads::Workload, chunk_size: usize) {
    let stream = drive::stream(workload, chunk_size);
    let mut group = criterion.benchmark_group(format!("parse/{chunk_size}/{}", workload.name));
    group.throughput(Throughput::Bytes(stream.len() as u64));
    group.bench_function("lent", |bencher| {
        let mut parser = Parser::new();
        bencher.iter(|| drive::lent_events(&mut parser, stream, chunk_size));
    });
    group.bench_function("floor", |bencher| bencher.iter(|| drive::floor(stream, chunk_size)));
    if chunk_size == drive::LARGE_CHUNK {
        group.bench_function("owned", |bencher| {
            let mut parser = Parser::new();
            bencher.iter(|| drive::owned_events(&mut parser, stream, chunk_size));
        });
        group.bench_function("fixed", |bencher| {
            let mut parser = drive::fixed_parser();
            bencher.iter(|| drive::lent_events(&mut parser, stream, chunk_size));
        });
        group.bench_function("items", |bencher| {
            let mut parser = Parser::new();
            bencher.iter(|| drive::items(&mut parser, stream, chunk_size));
        });
    }
    group.finish();
}
