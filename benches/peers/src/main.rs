//! Compares `sse-wire` with the other published crates in one process: see `benches/peers/run --help`.
//!
//! Each parser has a file in `decoders`, and each encoder one in `encoders`, which also describes what it takes and
//! returns; the data contain these descriptions. Each candidate is checked before it is measured: if a parser returns
//! wrong events, it is left out of the cell, with the reason.

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

/// Compare the speed of sse-wire with that of the other published crates for Server-Sent Events.
///
/// Without arguments, measures everything and writes benches/peers/results/speed.json.
#[derive(Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// What to measure: names of streams or parts of names, `encode`, `growth`.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    only: Vec<String>,
    /// Chunk sizes, for example 65536, 1460, 64, or 1.
    #[arg(long, value_name = "BYTES", value_delimiter = ',')]
    chunk: Vec<usize>,
    /// How many times each candidate is timed.
    #[arg(long, default_value_t = 9)]
    rounds: usize,
    /// The shortest time of one measurement, in milliseconds.
    #[arg(long, default_value_t = 10)]
    time: u64,
    /// Show the speed of every candidate, and why any is left out.
    #[arg(long)]
    all: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Write the tables and the chart of docs/performance.md from the data of the last full run.
    Report,
    /// Show the data of the last full run.
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
    // The message of a parser's panic is part of the results.
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

    /// Returns whether to measure this part, which is not a stream.
    fn wants(&self, name: &str) -> bool {
        self.is_full() || self.only.iter().any(|only| only == name)
    }

    fn inputs(&self) -> Vec<&'static Input> {
        let mut inputs = Vec::new();
        let generated = workloads::generated().len();
        if workloads::recorded().is_empty() {
            eprintln!("skipped: the recorded streams, which are not part of the repository");
        }
        for (number, workload) in workloads::all().iter().enumerate() {
            let is_wanted = |only: &String| workload.name.contains(only.as_str());
            if !self.only.is_empty() && !self.only.iter().any(is_wanted) {
                continue;
            }
            let is_recorded = number >= generated;
            for &size in if self.chunk.is_empty() { &drive::CHUNK_SIZES[..] } else { &self.chunk } {
                // Recorded streams only check the generated ones, so the common chunk sizes are enough.
                if size > 0 && (!is_recorded || size >= 1460 || !self.chunk.is_empty()) {
                    inputs.push(Input::new(workload, size));
                }
            }
        }
        inputs
    }
}
