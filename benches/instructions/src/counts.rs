//! The recorded counts, and how new ones compare with them.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::process::Command;

use crate::callgrind::Pass;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/counts.tsv");
const UPDATE: &str = "benches/instructions/run --update";
/// By which factor a count may grow: more than another C library changes it, and less than a user notices.
const TOLERANCE: f64 = 0.03;

/// The counts of all passes, and what they depend on.
pub struct Counts {
    made_with: String,
    instructions: BTreeMap<String, u64>,
    bytes: BTreeMap<String, u64>,
}

impl Counts {
    pub fn of_here(passes: Vec<Pass>) -> Self {
        Counts {
            made_with: made_with(),
            bytes: passes.iter().map(|pass| (pass.name.clone(), pass.bytes)).collect(),
            instructions: passes.into_iter().map(|pass| (pass.name, pass.instructions)).collect(),
        }
    }

    pub fn load() -> io::Result<Self> {
        let text = fs::read_to_string(PATH).map_err(|error| {
            io::Error::new(error.kind(), format!("{PATH}: {error}; run {UPDATE}"))
        })?;
        let mut counts = Counts {
            made_with: String::new(),
            instructions: BTreeMap::new(),
            bytes: BTreeMap::new(),
        };
        for line in text.lines() {
            if let Some(made_with) = line.strip_prefix("# with ") {
                counts.made_with = made_with.to_owned();
            }
            let mut columns = line.split('\t');
            if let (Some(name), Some(count)) = (columns.next(), columns.next())
                && let Ok(count) = count.parse()
            {
                counts.instructions.insert(name.to_owned(), count);
            }
        }
        Ok(counts)
    }

    /// One line for each pass, sorted: name, instructions, instructions for one byte.
    pub fn save(&self) -> io::Result<()> {
        let mut text = format!("# made by {UPDATE}\n# with {}\n", self.made_with);
        for (name, instructions) in &self.instructions {
            let for_a_byte = *instructions as f64 / self.bytes[name] as f64;
            text += &format!("{name}\t{instructions}\t{for_a_byte:.3}\n");
        }
        fs::write(PATH, text)?;
        println!("{} counts are in {PATH}", self.instructions.len());
        Ok(())
    }
}

/// Prints the differences, and returns whether the check passes.
pub fn compare(kept: &Counts, counted: &Counts) -> bool {
    let (mut grown, mut shrunk) = (0, 0);
    for (name, &now) in &counted.instructions {
        let Some(&before) = kept.instructions.get(name) else {
            println!("{name}: added, {now} instructions");
            shrunk += 1;
            continue;
        };
        let change = now as f64 / before as f64 - 1.0;
        if change.abs() > TOLERANCE {
            println!("{name}: {before} → {now} instructions ({:+.1} %)", change * 100.0);
        }
        grown += u32::from(change > TOLERANCE);
        shrunk += u32::from(change < -TOLERANCE);
    }
    for name in kept.instructions.keys().filter(|name| !counted.instructions.contains_key(*name)) {
        println!("{name}: removed");
        shrunk += 1;
    }
    let all = counted.instructions.len();
    println!("instructions: {all} passes, {grown} more than 3 % slower, {shrunk} faster or new");
    if grown + shrunk > 0 {
        println!("to record the new counts (give the reason in the commit): {UPDATE}");
    }
    if kept.made_with != counted.made_with {
        println!(
            "warning: the counts were recorded with {}, and this is {}: growth does not fail the check",
            kept.made_with, counted.made_with
        );
        return true;
    }
    grown == 0
}

/// Returns what the counts depend on.
fn made_with() -> String {
    let rustc = Command::new("rustc").arg("-V").output();
    let rustc = rustc.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let rustc = rustc.unwrap_or_else(|_| "unknown rustc".to_owned());
    let vectors = if has_avx2() { "AVX2" } else { "no AVX2" };
    format!("{rustc}, {}, {vectors}", std::env::consts::ARCH)
}

#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    std::arch::is_x86_feature_detected!("avx2")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_avx2() -> bool {
    false
}
