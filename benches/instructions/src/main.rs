//! A check of speed without noise: counts the instructions of each pass with valgrind's callgrind, and compares the
//! counts with those in `counts.tsv`.
//!
//! `benches/instructions/run` compares, and `benches/instructions/run --update` records the new counts.
//!
//! One run of valgrind counts all passes: callgrind collects instructions in one function only, and dumps the count
//! after each of its calls (see `passes.rs`).
//!
//! The counts are the same in each run. They depend on the compiler, on whether the CPU has AVX2 (`memchr` and the C
//! library choose their vector instructions at run time, and valgrind reports most features of the real CPU), and a
//! little on the C library. `counts.tsv` records the compiler and AVX2: if they differ, growth is only a warning, so
//! that a new toolchain does not fail the check.

mod callgrind;
mod counts;
#[allow(dead_code, reason = "the benches use the rest")]
#[path = "../../drive/mod.rs"]
mod drive;
mod passes;
#[allow(dead_code, reason = "the benches use the rest")]
#[path = "../../workloads/mod.rs"]
mod workloads;

use std::env;
use std::io;
use std::process::ExitCode;

use counts::Counts;

fn main() -> io::Result<ExitCode> {
    match env::args().nth(1).as_deref() {
        None => {
            let kept = Counts::load()?;
            let counted = Counts::of_here(callgrind::count()?);
            Ok(if counts::compare(&kept, &counted) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Some("--update") => {
            Counts::of_here(callgrind::count()?).save()?;
            Ok(ExitCode::SUCCESS)
        }
        Some(callgrind::CHILD) => {
            passes::run();
            Ok(ExitCode::SUCCESS)
        }
        Some(other) => {
            eprintln!("unknown argument {other}: use none to compare, or --update");
            Ok(ExitCode::FAILURE)
        }
    }
}
