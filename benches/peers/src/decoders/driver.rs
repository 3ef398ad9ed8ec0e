//! Without a parser: the baseline, and the loops that drive the parsers.

use std::hint::black_box;
use std::pin::pin;

use bytes::Bytes;

use crate::candidate::{Candidate, Loop};
use crate::drive;
use crate::feed::{Chunk, Supply, poll_all};
use crate::input::Input;

pub const FLOOR: &str = "floor";

pub fn all() -> Vec<Box<dyn Candidate>> {
    let loops = [
        Loop {
            name: FLOOR,
            note: "No parser: `memchr2_iter` for line ends and `std::str::from_utf8` over each chunk.",
            pass: |input| drive::floor(input.stream, input.chunk_size),
        },
        Loop {
            name: "driver: slices",
            note: "The loop over slices alone; part of every candidate that takes slices.",
            pass: |input| {
                for chunk in input.whole().chunks() {
                    black_box(chunk);
                }
            },
        },
        Loop {
            name: "driver: polled slices",
            note: "Polling a stream of ready slices; part of every candidate that pulls slices.",
            pass: polled::<&[u8]>,
        },
        Loop {
            name: "driver: polled Bytes",
            note: "Polling a stream of ready `Bytes`, each cloned and dropped.",
            pass: polled::<Bytes>,
        },
    ];
    loops.into_iter().map(|candidate| Box::new(candidate) as Box<dyn Candidate>).collect()
}

fn polled<C: Chunk>(input: &'static Input) {
    let (supply, feed) = Supply::new::<C>();
    supply.put(input.whole());
    poll_all(pin!(feed), |chunk| {
        black_box(&chunk);
    });
}
