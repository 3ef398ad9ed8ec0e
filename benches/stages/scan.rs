//! The scanning loop alone: [`decode::scan::Scan`] compared with `memchr2_iter`, by chunk size and workload.
//!
//! `cargo bench --manifest-path benches/Cargo.toml --bench scan -- 65536/llm` runs one group.

use std::hint::black_box;

use criterion::{Criterion, Throughput};

#[allow(dead_code, reason = "each bench uses its part")]
#[path = "../drive/mod.rs"]
mod drive;
/// The library's source, because its scan is not public.
#[allow(dead_code, reason = "the library uses the rest")]
#[path = "../../src/decode"]
mod decode {
    pub(crate) mod scan;
}
mod settings;
/// Replaces the library's counter, which only counts in the library's tests.
mod work {
    pub(crate) const fn count_bytes(_bytes: usize) {}
}
#[allow(dead_code, reason = "each bench uses its part")]
#[path = "../workloads/mod.rs"]
mod workloads;

fn main() {
    let mut criterion = settings::criterion();
    let inputs = workloads::generated();
    for chunk_size in [drive::LARGE_CHUNK, 64] {
        for workload in &inputs {
            scan(&mut criterion, workload, chunk_size);
        }
    }
    criterion.final_summary();
}

fn scan(criterion: &mut Criterion, workload: &workloads::Workload, chunk_size: usize) {
    let stream = drive::stream(workload, chunk_size);
    let mut group = criterion.benchmark_group(format!("scan/{chunk_size}/{}", workload.name));
    group.throughput(Throughput::Bytes(stream.len() as u64));
    group.bench_function("line_ends", |bencher| {
        bencher.iter(|| stream.chunks(chunk_size).for_each(line_ends));
    });
    group.bench_function("memchr2_iter", |bencher| {
        bencher.iter(|| stream.chunks(chunk_size).for_each(drive::line_ends));
    });
    group.finish();
}

/// Finds the line ends of one chunk with this crate.
fn line_ends(chunk: &[u8]) {
    let mut scan: decode::scan::Scan = decode::scan::Scan::new();
    scan.begin(chunk, 0);
    while let Some(end) = scan.peek(chunk) {
        black_box(end);
        scan.pass();
    }
}
