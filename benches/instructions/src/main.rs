//! A guard of speed that noise can't break: how many instructions each pass takes, counted by
//! valgrind's callgrind, beside the counts that are kept in `counts.tsv`.
//!
//! `benches/instructions/run` compares, `benches/instructions/run --update` keeps what is counted.
//!
//! One run of valgrind counts all cells: instructions are collected in one function only, and
//! written down behind each of its calls (see `passes.rs`).
//!
//! The counts are the same on each run. They depend on the compiler, on whether the CPU has AVX2
//! (`memchr` and the C library choose their vectors when they run, and valgrind shows them the real
//! CPU's as far as it can), and a little on the C library. Compiler and AVX2 stand beside the
//! counts: with others growth is a warning, so that a new toolchain breaks nothing.

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
