//! Small worlds: every stream up to a length over a hostile alphabet, in one piece, at every two-way split, and byte
//! by byte. A growable parser, by events or items, one over fixed arrays, and a fold over the tokenizer return the same
//! as the reference, and end in the same state.
//!
//! The large ones take minutes:
//!
//! ```sh
//! cargo test --release --test small_worlds -- --ignored --nocapture
//! ```

#![cfg(feature = "alloc")]

mod support;

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use support::equality::{Reference, Ways};

/// The last event ID of the previous stream, so that keeping it and emptying it differ.
const BEFORE: &str = "before";

struct World {
    name: &'static str,
    alphabet: &'static [&'static [u8]],
    /// The length of its streams, in symbols.
    small: u32,
    large: u32,
}

/// Symbols for every rule, a few of each.
const MIXED: World = World {
    name: "mixed",
    alphabet: &[
        b"d",
        b"a",
        b"t",
        b":",
        b" ",
        b"\n",
        b"\r",
        b"\0",
        b"1",
        b"data",
        b"id",
        b"event",
        b"retry",
        b"\xEF\xBB\xBF",
        b"\xEF\xBB",
        b"\xBF",
        b"\xE2\x82",
    ],
    small: 4,
    large: 6,
};

/// Where lines and blocks end.
const LINES: World = World {
    name: "lines",
    alphabet: &[b"data", b":", b" ", b"\n", b"\r", b"x"],
    small: 6,
    large: 8,
};

/// Blocks of whole lines: what carries over from one to the next.
const BLOCKS: World = World {
    name: "blocks",
    alphabet: &[
        b"data\n",
        b"data: x\r\n",
        b"event: e\n",
        b"event\n",
        b"id: 12\n",
        b"id: 3\n",
        b"id\n",
        b"id: \0\n",
        b"retry: 5\n",
        b"retry: 99999999999999999999\n",
        b": c\n",
        b"\n",
        b"\r",
    ],
    small: 4,
    large: 5,
};

/// Byte order marks and cut sequences, among the bytes that they must not swallow.
const UTF_8: World = World {
    name: "UTF-8",
    alphabet: &[b"\xEF", b"\xBB", b"\xBF", b"\xF0", b"\x9F", b"data", b":", b"\n"],
    small: 5,
    large: 7,
};

#[test]
fn every_stream_of_the_small_mixed_world_is_equal_to_the_reference_in_every_way() {
    MIXED.explore(MIXED.small);
}

#[test]
fn every_stream_of_the_small_world_of_lines_is_equal_to_the_reference_in_every_way() {
    LINES.explore(LINES.small);
}

#[test]
fn every_stream_of_the_small_world_of_blocks_is_equal_to_the_reference_in_every_way() {
    BLOCKS.explore(BLOCKS.small);
}

#[test]
fn every_stream_of_the_small_world_of_utf_8_is_equal_to_the_reference_in_every_way() {
    UTF_8.explore(UTF_8.small);
}

#[test]
#[ignore = "takes minutes, with optimizations"]
fn every_stream_of_the_large_worlds_is_equal_to_the_reference_in_every_way() {
    let explored = [LINES, BLOCKS, UTF_8, MIXED].map(|world| world.explore(world.large));
    let sum = explored.iter().fold((0, 0), |sum, world| (sum.0 + world.0, sum.1 + world.1));
    println!("all large worlds: {} streams, {} runs, all equal", sum.0, sum.1);
}

impl World {
    /// Compares all streams of up to `length` symbols, on all cores. Returns the number of streams and of decodings.
    fn explore(&self, length: u32) -> (u64, u64) {
        // A stream with two spellings counts once.
        let symbols = self.alphabet.len() as u64;
        let spellings: u64 = (0..=length).map(|length| symbols.pow(length)).sum();
        let (next, streams, runs) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
        const SHARE: u64 = 1 << 12;
        let explorer = || {
            let longest = self.alphabet.iter().map(|symbol| symbol.len()).max().unwrap();
            let mut explorer = Explorer {
                alphabet: self.alphabet,
                stream: Vec::new(),
                ways: Ways::new(longest * length as usize + BEFORE.len()),
            };
            loop {
                let start = next.fetch_add(SHARE, Ordering::Relaxed);
                if start >= spellings {
                    break;
                }
                let mut share = (0, 0);
                for number in start..spellings.min(start + SHARE) {
                    if explorer.spell(number) {
                        share = (share.0 + 1, share.1 + explorer.compare());
                    }
                }
                streams.fetch_add(share.0, Ordering::Relaxed);
                runs.fetch_add(share.1, Ordering::Relaxed);
                let done = |number| number * 20 / spellings;
                if done(start) < done(start + SHARE) && spellings > 1_000_000 {
                    let percent = 5 * done(start + SHARE).min(20);
                    eprintln!("{}: {percent} %, {} runs", self.name, runs.load(Ordering::Relaxed));
                }
            }
        };
        thread::scope(|scope| {
            for _ in 1..thread::available_parallelism().map_or(1, usize::from) {
                scope.spawn(explorer);
            }
            explorer();
        });
        let (streams, runs) = (streams.into_inner(), runs.into_inner());
        println!(
            "{}: {streams} streams of up to {length} out of {symbols} symbols, {runs} runs, all equal",
            self.name,
        );
        assert!(
            streams > spellings / 2 && runs > streams,
            "most spellings are streams of their own"
        );
        (streams, runs)
    }
}

struct Explorer {
    alphabet: &'static [&'static [u8]],
    stream: Vec<u8>,
    ways: Ways,
}

impl Explorer {
    /// Writes the stream with this number: shorter ones come first. Returns `false` if a shorter one is the same,
    /// because a symbol can start with others.
    fn spell(&mut self, mut number: u64) -> bool {
        let symbols = self.alphabet.len() as u64;
        let (mut length, mut of_length) = (0, 1);
        while number >= of_length {
            number -= of_length;
            of_length *= symbols;
            length += 1;
        }
        self.stream.clear();
        let mut starts = [(0, 0); 16];
        for start in &mut starts[..length] {
            let symbol = self.alphabet[(number % symbols) as usize];
            number /= symbols;
            *start = (self.stream.len(), symbol.len());
            self.stream.extend_from_slice(symbol);
        }
        // Each symbol has to be the longest at its position, or the stream has another spelling.
        starts[..length].iter().all(|&(start, len)| {
            let rest = &self.stream[start..];
            !self.alphabet.iter().any(|symbol| symbol.len() > len && rest.starts_with(symbol))
        })
    }

    fn compare(&mut self) -> u64 {
        let stream = self.stream.as_slice();
        let whole = [stream];
        let single: Vec<&[u8]> = stream.chunks(1).collect();
        let halves: Vec<[&[u8]; 2]> =
            (1..stream.len()).map(|at| stream.split_at(at).into()).collect();
        // Two bytes have only one split: byte by byte.
        let single = (single.len() > 2).then_some(single.as_slice());
        let halves = halves.iter().map(|halves| halves.as_slice());
        let chunkings = [whole.as_slice()].into_iter().chain(halves).chain(single);
        let reference = Reference::new(stream, BEFORE);
        match self.ways.compare(&reference, chunkings) {
            Ok(runs) => runs,
            Err(difference) => panic!("{difference}"),
        }
    }
}
