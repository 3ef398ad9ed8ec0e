//! The table of the README: `cargo bench --bench table` prints it as Markdown.
//!
//! Everything is measured in this one process and in turns, parser and floor directly after each
//! other, so that what disturbs the machine disturbs all cells alike. A cell is the median speed of
//! lent events and, in brackets, the median of each round's ratio to the floor.
//!
//! A word after `--` keeps the workloads whose name has it: `cargo bench --bench table -- llm`.

use std::env;
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use sse_wire::Parser;

#[allow(dead_code, reason = "each bench uses its part")]
mod drive;
#[allow(dead_code, reason = "each bench uses its part")]
mod workloads;

use workloads::Workload;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    if has("--list") {
        return;
    }
    // As criterion has it: only `cargo bench` says `--bench`, and all else is a test.
    let is_test = has("--test") || !has("--bench");
    let (rounds, time) = if is_test { (1, Duration::ZERO) } else { (7, Duration::from_millis(10)) };
    let mut inputs = workloads::all();
    if let Some(wanted) = arguments.iter().find(|argument| !argument.starts_with('-')) {
        inputs.retain(|workload| workload.name.contains(wanted.as_str()));
    }
    let cells = measure(&inputs, rounds, time);
    print(&inputs, &cells);
}

/// One speed and its ratio to the floor.
#[derive(Clone, Copy)]
struct Sample {
    megabytes_per_second: f64,
    ratio: f64,
}

/// The samples of every cell, row by row.
fn measure(inputs: &[Workload], rounds: usize, time: Duration) -> Vec<Vec<Sample>> {
    let mut cells = vec![Vec::new(); inputs.len() * drive::CHUNK_SIZES.len()];
    for _ in 0..rounds {
        let places = inputs.iter().flat_map(|input| drive::CHUNK_SIZES.map(|size| (input, size)));
        for (cell, (workload, chunk_size)) in cells.iter_mut().zip(places) {
            let stream = drive::stream(workload, chunk_size);
            let mut parser = Parser::new();
            let lent = speed(stream, time, || drive::lent_events(&mut parser, stream, chunk_size));
            let floor = speed(stream, time, || drive::floor(stream, chunk_size));
            cell.push(Sample { megabytes_per_second: lent, ratio: lent / floor });
        }
    }
    cells
}

/// The speed of `pass` in MB/s, after one that warms up.
fn speed(stream: &[u8], time: Duration, mut pass: impl FnMut()) -> f64 {
    pass();
    let (start, mut passes) = (Instant::now(), 0);
    loop {
        pass();
        passes += 1;
        let elapsed = start.elapsed();
        if elapsed >= time {
            return (passes * stream.len()) as f64 / 1e6 / elapsed.as_secs_f64();
        }
    }
}

fn print(inputs: &[Workload], cells: &[Vec<Sample>]) {
    println!("Lent events in MB/s (ratio to `memchr2_iter` + `from_utf8`); {}\n", machine());
    println!("| stream | bytes an event | 64 KiB chunks | 1460 B | 64 B | 1 B |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    for (workload, row) in inputs.iter().zip(cells.chunks(drive::CHUNK_SIZES.len())) {
        print!("| {} | {} |", workload.name, workload.event_size);
        for samples in row {
            let speed = median(samples, |sample| sample.megabytes_per_second);
            let ratio = median(samples, |sample| sample.ratio);
            print!(" {speed:.0} ({ratio:.2}) |");
        }
        println!();
    }
}

fn median(samples: &[Sample], value: impl Fn(&Sample) -> f64) -> f64 {
    let mut values: Vec<f64> = samples.iter().map(value).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// What the numbers were measured on and with.
fn machine() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo
        .lines()
        .find(|line| line.starts_with("model name"))
        .and_then(|line| line.split_once(": "))
        .map_or("unknown CPU", |(_, model)| model);
    let rustc = Command::new("rustc").arg("-V").output().map_or_else(
        |_| "unknown rustc".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    );
    format!("{model}, {}, {rustc}", env::consts::ARCH)
}
