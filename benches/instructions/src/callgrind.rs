//! Runs this program again under callgrind.

use std::env;
use std::fs;
use std::io;
use std::process::{self, Command};

/// The argument of the run under callgrind.
pub const CHILD: &str = "--passes";

/// The function whose instructions are counted.
const MEASURED: &str = "*passes::measured*";
/// The function at whose call callgrind dumps the count.
const COUNTED: &str = "*passes::counted*";

/// One pass.
pub struct Pass {
    pub name: String,
    pub bytes: u64,
    pub instructions: u64,
}

/// Returns the instructions of every pass.
pub fn count() -> io::Result<Vec<Pass>> {
    let profile = env::temp_dir().join(format!("sse-wire-instructions.{}", process::id()));
    let output = Command::new("valgrind")
        .args(["--quiet", "--tool=callgrind", "--combine-dumps=yes"])
        .arg(format!("--toggle-collect={MEASURED}"))
        .arg(format!("--dump-before={COUNTED}"))
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .arg(env::current_exe()?)
        .arg(CHILD)
        // The environment moves the start of the stack, and so changes the alignment of memory.
        .env_clear()
        .env("PATH", env::var_os("PATH").unwrap_or_default())
        .stderr(process::Stdio::inherit())
        .output()
        .map_err(|error| io::Error::new(error.kind(), format!("valgrind: {error}; install it")))?;
    let dumps = fs::read_to_string(&profile);
    // The file is not needed any more.
    _ = fs::remove_file(&profile);
    if !output.status.success() {
        return Err(io::Error::other(format!("valgrind ended with {}", output.status)));
    }
    passes(&String::from_utf8_lossy(&output.stdout), &dumps?)
}

/// Pairs the names, in the order in which they were printed, with the counts, in the order of their dumps.
fn passes(names: &str, dumps: &str) -> io::Result<Vec<Pass>> {
    let mut counts = Vec::new();
    let mut is_measured = false;
    for line in dumps.lines() {
        if let Some(trigger) = line.strip_prefix("desc: Trigger: ") {
            // The last dump is the one at the end of the program.
            is_measured = trigger.contains("--dump-before");
        } else if let Some(summary) = line.strip_prefix("summary: ").filter(|_| is_measured) {
            counts.push(summary.trim().parse::<u64>().map_err(io::Error::other)?);
        }
    }
    let names: Vec<_> = names.lines().filter_map(|line| line.split_once('\t')).collect();
    if names.len() != counts.len() {
        let text =
            format!("{} passes and {} counts: has valgrind changed?", names.len(), counts.len());
        return Err(io::Error::other(text));
    }
    names
        .into_iter()
        .zip(counts)
        .map(|((name, bytes), instructions)| {
            let bytes = bytes.parse().map_err(io::Error::other)?;
            Ok(Pass { name: name.to_owned(), bytes, instructions })
        })
        .collect()
}
