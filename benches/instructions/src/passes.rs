//! The passes that are counted, each after a pass that warms up.

use std::hint::black_box;

use sse_wire::{Block, Parser, Tokenizer};

use crate::drive;
use crate::workloads;

/// How many blocks are encoded in a pass. A single one would cost less than the code around it.
const BLOCKS: usize = 100;

/// Runs all passes, and prints the name and the number of bytes of each.
pub fn run() {
    let workloads = workloads::generated();
    for chunk_size in drive::CHUNK_SIZES {
        for workload in &workloads {
            let stream = drive::stream(workload, chunk_size);
            let (mut parser, mut tokenizer) = (Parser::new(), Tokenizer::new());
            cell(&format!("lent/{chunk_size}/{}", workload.name), stream.len(), || {
                drive::lent_events(&mut parser, stream, chunk_size);
            });
            cell(&format!("tokens/{chunk_size}/{}", workload.name), stream.len(), || {
                drive::tokens(&mut tokenizer, stream, chunk_size);
            });
        }
    }
    for (name, data) in workloads::data() {
        let mut stream = Vec::new();
        cell(&format!("encode/{name}"), BLOCKS * data.len(), || {
            for _ in 0..BLOCKS {
                stream.clear();
                let block = Block::new().data(black_box(&data));
                block.encode(&mut stream).expect("data can't be refused");
                black_box(stream.as_slice());
            }
        });
    }
}

fn cell(name: &str, bytes: usize, mut pass: impl FnMut()) {
    pass();
    measured(&mut pass);
    counted();
    println!("{name}\t{bytes}");
}

/// Callgrind counts the instructions in this function, which it finds by name.
#[inline(never)]
fn measured(pass: &mut dyn FnMut()) {
    pass();
    // As the last expression, the call would be compiled to a jump, and callgrind would not see it return.
    black_box(());
}

/// Callgrind dumps and resets the count when this function is called.
#[inline(never)]
fn counted() {
    black_box(());
}
