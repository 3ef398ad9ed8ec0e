//! `sse-wire` beside the other published crates, measured in one process: see `--help` of
//! `benches/peers/run`.
//!
//! A file for each parser is in `decoders`, one for each encoder in `encoders`; what each takes and
//! gives is said there and written into the data. What is measured is checked first: a parser whose
//! events are not the right ones is left out of its cell, with the reason.

mod candidate;
mod chart;
mod check;
mod decoders;
#[allow(dead_code, reason = "the benches use the rest")]
#[path = "../../drive/mod.rs"]
mod drive;
mod encoders;
mod encoding;
mod feed;
mod goals;
mod growth;
mod input;
mod measure;
mod report;
mod results;
mod table;
#[allow(dead_code, reason = "the benches use the rest")]
#[path = "../../workloads/mod.rs"]
mod workloads;

use std::io;
use std::time::Duration;

use clap::{Parser, Subcommand};

use input::Input;
use measure::{Cell, Effort};
use results::Results;

/// Measures sse-wire beside the other published crates for Server-Sent Events.
///
/// Without arguments everything is measured and written to benches/peers/results/speed.json.
#[derive(Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// What to measure: names of streams or parts of them, `encode`, `growth`.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    only: Vec<String>,
    /// Chunk sizes, of 65536, 1460, 64, 1 or others.
    #[arg(long, value_name = "BYTES", value_delimiter = ',')]
    chunk: Vec<usize>,
    /// How often each candidate is timed.
    #[arg(long, default_value_t = 9)]
    rounds: usize,
    /// The least time of one timing, in milliseconds.
    #[arg(long, default_value_t = 10)]
    time: u64,
    /// Show the speed of every candidate, and why some are left out.
    #[arg(long)]
    all: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Writes the tables of docs/performance.md, and its chart, from the last full run's data.
    Report,
    /// Shows the last full run's data again.
    Show,
}

fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    match arguments.command {
        Some(Command::Report) => report::write(&Results::load()?),
        Some(Command::Show) => {
            table::print(&Results::load()?, true);
            Ok(())
        }
        None => measure(&arguments),
    }
}

fn measure(arguments: &Arguments) -> io::Result<()> {
    let effort =
        Effort { rounds: arguments.rounds.max(1), time: Duration::from_millis(arguments.time) };
    // What a parser panics with is part of the results.
    std::panic::set_hook(Box::new(|_| {}));
    let mut cells: Vec<Cell> = arguments.inputs().into_iter().map(Cell::new).collect();
    _ = std::panic::take_hook();

    let mut results = Results::new(effort);
    measure::rounds(&mut cells, effort);
    results.parse = cells.iter().map(results::Parse::new).collect();
    if arguments.wants("encode") {
        results.encode = encoding::measure(effort).iter().map(results::Encode::new).collect();
    }
    if arguments.wants("growth") {
        results.growth = growth::measure(effort);
    }
    table::print(&results, arguments.all);
    if arguments.is_full() {
        println!("\nwritten to {}", results.save()?.display());
    }
    Ok(())
}

impl Arguments {
    fn is_full(&self) -> bool {
        self.only.is_empty() && self.chunk.is_empty()
    }

    /// Whether something that is no stream is wanted.
    fn wants(&self, name: &str) -> bool {
        self.is_full() || self.only.iter().any(|only| only == name)
    }

    fn inputs(&self) -> Vec<&'static Input> {
        let mut inputs = Vec::new();
        let generated = workloads::generated().len();
        if workloads::recorded().is_empty() {
            eprintln!("ignored: the recorded streams, which are not beside the project");
        }
        for (number, workload) in workloads::all().iter().enumerate() {
            let is_wanted = |only: &String| workload.name.contains(only.as_str());
            if !self.only.is_empty() && !self.only.iter().any(is_wanted) {
                continue;
            }
            let is_recorded = number >= generated;
            for &size in if self.chunk.is_empty() { &drive::CHUNK_SIZES[..] } else { &self.chunk } {
                // Recorded streams are checks on the generated ones: the common sizes suffice.
                if size > 0 && (!is_recorded || size >= 1460 || !self.chunk.is_empty()) {
                    inputs.push(Input::new(workload, size));
                }
            }
        }
        inputs
    }
}
