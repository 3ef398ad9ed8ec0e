//! Measures whether a byte costs the same in a stream of 64 KiB and in one of 16 MiB.
//!
//! Larger memory is slower by itself, so each time is compared with that of a loop that accesses memory as any parser of
//! the stream must. Growth is the growth of the difference.

use std::hint::black_box;
use std::ops::RangeInclusive;
use std::time::Duration;

use cpu_time::ThreadTime;
use serde::{Deserialize, Serialize};
use sse_wire::Parser;

use crate::measure::{Effort, median};

/// From 64 KiB to 16 MiB, in steps of a factor of four.
const SIZES: [usize; 5] = [64 << 10, 256 << 10, 1 << 20, 4 << 20, 16 << 20];

/// One shape of stream in one size.
#[derive(Serialize, Deserialize)]
pub struct Size {
    pub shape: String,
    pub bytes: usize,
    /// Nanoseconds per byte.
    pub parser: f64,
    /// Nanoseconds per byte of the loop that only keeps or reads the bytes.
    pub memory: f64,
}

struct Shape {
    name: &'static str,
    chunk_size: usize,
    /// The limit, as a fraction of the stream's length.
    limit: fn(usize) -> usize,
    /// The number of events.
    events: fn(usize) -> RangeInclusive<usize>,
    stream: fn(usize) -> Vec<u8>,
    memory: fn(&[u8], usize),
}

static SHAPES: [Shape; 5] = [
    Shape {
        name: "one line in 64-byte chunks",
        chunk_size: 64,
        limit: |_| usize::MAX,
        events: |_| 1..=1,
        stream: one_line,
        memory: keep,
    },
    Shape {
        name: "many lines of one event in 1460-byte chunks",
        chunk_size: 1460,
        limit: |_| usize::MAX,
        events: |_| 1..=1,
        stream: many_lines,
        memory: keep,
    },
    Shape {
        name: "many tiny events in one chunk",
        chunk_size: usize::MAX,
        limit: |_| usize::MAX,
        events: |bytes| bytes / 9..=bytes / 9 + 1,
        stream: |bytes| b"data: x\n\n".repeat(bytes / 9 + 1),
        memory: touch,
    },
    Shape {
        name: "one line in 64-byte chunks with a limit of half of it",
        chunk_size: 64,
        limit: |bytes| bytes / 2,
        events: |_| 0..=0,
        stream: one_line,
        memory: keep_half,
    },
    Shape {
        name: "many lines of one event in 1460-byte chunks with a limit of half of them",
        chunk_size: 1460,
        limit: |bytes| bytes / 2,
        events: |_| 0..=0,
        stream: many_lines,
        memory: keep_half,
    },
];

/// Measures all shapes and sizes in rounds, so that temporary load affects all of them equally.
pub fn measure(effort: Effort) -> Vec<Size> {
    let mut cells: Vec<Cell> =
        SHAPES.iter().flat_map(|shape| SIZES.map(|bytes| Cell::new(shape, bytes))).collect();
    for _ in 0..effort.rounds {
        cells.iter_mut().for_each(|cell| cell.round(effort.time));
    }
    cells.into_iter().map(Cell::size).collect()
}

struct Cell {
    shape: &'static Shape,
    bytes: usize,
    stream: Vec<u8>,
    parser: Vec<f64>,
    memory: Vec<f64>,
}

impl Cell {
    fn new(shape: &'static Shape, bytes: usize) -> Self {
        let stream = (shape.stream)(bytes);
        let cell = Cell { shape, bytes, stream, parser: Vec::new(), memory: Vec::new() };
        let events = cell.parse();
        assert!((shape.events)(bytes).contains(&events), "{}: {events} events", shape.name);
        cell
    }

    fn round(&mut self, time: Duration) {
        self.parser.push(nanoseconds(&self.stream, time, || {
            black_box(self.parse());
        }));
        let memory = self.shape.memory;
        self.memory
            .push(nanoseconds(&self.stream, time, || memory(&self.stream, self.chunk_size())));
    }

    fn size(self) -> Size {
        let shape = self.shape.name.to_owned();
        let (parser, memory) = (median(self.parser), median(self.memory));
        Size { shape, bytes: self.bytes, parser, memory }
    }

    fn parse(&self) -> usize {
        parse(&self.stream, self.chunk_size(), (self.shape.limit)(self.bytes))
    }

    fn chunk_size(&self) -> usize {
        self.shape.chunk_size.min(self.stream.len())
    }
}

/// Returns the growth of the time per byte beyond the cost of memory: the maximum over all sizes, relative to the smallest.
pub fn factor(sizes: &[Size], shape: &str) -> f64 {
    let rest = |size: &Size| size.parser - size.memory;
    let mut of_shape = sizes.iter().filter(|size| size.shape == shape);
    let Some(smallest) = of_shape.next() else { return f64::NAN };
    of_shape.map(|size| rest(size) / rest(smallest)).fold(1.0, f64::max)
}

/// Uses a new parser each time, because one that has already grown would hide the cost of growing.
fn parse(stream: &[u8], chunk_size: usize, limit: usize) -> usize {
    let (mut parser, mut count) = (Parser::with_limit(limit), 0);
    for chunk in stream.chunks(chunk_size) {
        let mut events = parser.push(chunk);
        loop {
            match events.next() {
                Ok(Some(event)) => count += black_box(&event).data.len().min(1),
                Ok(None) => break,
                // The limit is exceeded once.
                Err(error) => _ = black_box(error),
            }
        }
    }
    count
}

/// Appends each chunk to a buffer that grows.
fn keep(stream: &[u8], chunk_size: usize) {
    let mut buffer = Vec::new();
    for chunk in stream.chunks(chunk_size) {
        buffer.extend_from_slice(black_box(chunk));
    }
    black_box(buffer);
}

/// Does the same with the first half of the stream, and reads the other half.
fn keep_half(stream: &[u8], chunk_size: usize) {
    let (kept, touched) = stream.split_at(stream.len() / 2);
    keep(kept, chunk_size);
    touch(touched, chunk_size);
}

/// Reads each chunk as fast as possible.
fn touch(stream: &[u8], chunk_size: usize) {
    for chunk in stream.chunks(chunk_size) {
        black_box(memchr::memchr(0, black_box(chunk)));
    }
}

fn one_line(bytes: usize) -> Vec<u8> {
    let mut stream = b"data: ".to_vec();
    stream.resize(bytes - 2, b'x');
    stream.extend_from_slice(b"\n\n");
    stream
}

fn many_lines(bytes: usize) -> Vec<u8> {
    let line = b"data: a line of about thirty bytes\n";
    let mut stream = line.repeat(bytes / line.len());
    stream.push(b'\n');
    stream
}

fn nanoseconds(stream: &[u8], time: Duration, mut pass: impl FnMut()) -> f64 {
    pass();
    let (start, mut passes) = (ThreadTime::now(), 0);
    while passes == 0 || start.elapsed() < time {
        pass();
        passes += 1;
    }
    start.elapsed().as_nanos() as f64 / f64::from(passes) / stream.len() as f64
}
