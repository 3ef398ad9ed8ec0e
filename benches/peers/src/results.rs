//! The results of a run as data, from which the report is written.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::decoders;
use crate::drive::LARGE_CHUNK;
use crate::encoders;
use crate::encoding;
use crate::goals;
use crate::growth;
use crate::measure::{Cell, Effort};

#[derive(Serialize, Deserialize)]
pub struct Results {
    pub machine: Machine,
    /// What each candidate takes and returns, by name.
    pub parsers: BTreeMap<String, About>,
    pub encoders: BTreeMap<String, About>,
    pub parse: Vec<Parse>,
    pub encode: Vec<Encode>,
    pub growth: Vec<growth::Size>,
}

/// The machine, the compiler, and the versions of the measurement.
#[derive(Serialize, Deserialize)]
pub struct Machine {
    pub cpu: String,
    pub architecture: String,
    pub cores: usize,
    pub rustc: String,
    pub date: String,
    pub commit: String,
    pub rounds: usize,
    pub milliseconds: u64,
}

#[derive(Serialize, Deserialize)]
pub struct About {
    /// Empty for a candidate that is not published.
    pub version: String,
    pub note: String,
}

/// One stream in chunks of one size.
#[derive(Serialize, Deserialize)]
pub struct Parse {
    pub stream: String,
    pub bytes: usize,
    pub bytes_an_event: usize,
    pub chunk: usize,
    /// The other crate with the highest median speed.
    pub fastest_peer: Option<String>,
    pub to_peer: Ratio,
    pub to_floor: Ratio,
    pub owned_to_peer: Ratio,
    /// This crate's adapters, to the parser with the same reads and events.
    #[serde(default)]
    pub adapters: BTreeMap<String, Ratio>,
    /// The median speeds in MB/s.
    pub speeds: BTreeMap<String, f64>,
    /// The candidates that are left out, and why.
    pub left_out: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
pub struct Encode {
    pub event: String,
    pub bytes: usize,
    pub fastest_peer: String,
    /// This crate's time relative to that of the fastest other encoder.
    pub time_to_peer: f64,
    pub nanoseconds: BTreeMap<String, f64>,
}

/// The median of the ratios of all rounds, and its goal.
#[derive(Serialize, Deserialize, Clone, Copy)]
pub struct Ratio {
    pub is: Option<f64>,
    pub goal: Option<f64>,
}

impl Ratio {
    /// Returns whether the goal is met, if there is one.
    pub fn is_met(self) -> Option<bool> {
        self.goal.map(|goal| self.is.is_some_and(|is| is >= goal))
    }
}

impl Parse {
    pub fn new(cell: &Cell) -> Self {
        let input = cell.input;
        let goals = goals::of(input.workload, input.chunk_size);
        let fastest = cell.fastest_peer();
        let to_fastest = |name| fastest.and_then(|fastest| cell.ratio(name, fastest));
        let named = |name: &str| name.to_owned();
        Parse {
            stream: named(input.workload),
            bytes: input.stream.len(),
            bytes_an_event: input.event_size,
            chunk: input.chunk_size,
            fastest_peer: fastest.map(named),
            to_peer: Ratio { is: to_fastest(decoders::LENT), goal: goals.peer },
            to_floor: Ratio { is: cell.ratio(decoders::LENT, decoders::FLOOR), goal: goals.floor },
            owned_to_peer: Ratio { is: to_fastest(decoders::OWNED), goal: goals.owned },
            adapters: decoders::BASES
                .iter()
                .map(|&(name, base)| {
                    let goal = (input.chunk_size == LARGE_CHUNK).then_some(goals::ADAPTER);
                    (named(name), Ratio { is: cell.ratio(name, base), goal })
                })
                .collect(),
            speeds: cell
                .speeds
                .keys()
                .filter_map(|&name| Some((named(name), rounded(cell.speed(name)?))))
                .collect(),
            left_out: cell.left_out.iter().map(|(&name, why)| (named(name), why.clone())).collect(),
        }
    }
}

impl Encode {
    pub fn new(event: &encoding::Event) -> Self {
        let (fastest, ratio) = event.ratio();
        Encode {
            event: event.name.to_owned(),
            bytes: event.bytes,
            fastest_peer: fastest.to_owned(),
            time_to_peer: ratio,
            nanoseconds: event
                .times()
                .into_iter()
                .map(|(name, time)| (name.to_owned(), rounded(time)))
                .collect(),
        }
    }
}

impl Results {
    pub fn new(effort: Effort) -> Self {
        let parsers = decoders::own().into_iter().chain(decoders::peers());
        Results {
            machine: machine(effort),
            parsers: parsers.map(|parser| about(parser.name(), parser.note())).collect(),
            encoders: encoders::all()
                .iter()
                .map(|encoder| about(encoder.name(), encoder.note()))
                .collect(),
            parse: Vec::new(),
            encode: Vec::new(),
            growth: Vec::new(),
        }
    }

    /// Writes the data.
    pub fn save(&self) -> io::Result<PathBuf> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        fs::write(DATA, text)?;
        Ok(PathBuf::from(DATA))
    }

    /// Reads the data of the last run.
    pub fn load() -> io::Result<Self> {
        Ok(serde_json::from_str(&fs::read_to_string(DATA)?)?)
    }
}

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/results/speed.json");

/// Rounds to four digits, which are more than the accuracy of a measurement.
fn rounded(value: f64) -> f64 {
    let unit = 10f64.powf(value.abs().log10().floor() - 3.0);
    if unit.is_normal() { ((value / unit).round() * unit * 1e6).round() / 1e6 } else { value }
}

fn about(name: &str, note: &str) -> (String, About) {
    (name.to_owned(), About { version: version(name), note: note.to_owned() })
}

/// Returns the version in the lock file.
fn version(name: &str) -> String {
    let wanted = format!("name = \"{name}\"");
    let mut lines = include_str!("../../Cargo.lock").lines();
    let version = lines.find(|&line| line == wanted).and_then(|_| lines.next());
    let version = version.and_then(|line| line.strip_prefix("version = "));
    version.unwrap_or_default().trim_matches('"').to_owned()
}

fn machine(effort: Effort) -> Machine {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpuinfo
        .lines()
        .find(|line| line.starts_with("model name"))
        .and_then(|line| line.split_once(": "))
        .map_or("unknown CPU", |(_, cpu)| cpu);
    Machine {
        cpu: cpu.to_owned(),
        architecture: std::env::consts::ARCH.to_owned(),
        cores: cpuinfo.lines().filter(|line| line.starts_with("processor")).count(),
        rustc: output("rustc", &["-V"]),
        date: output("date", &["-u", "+%F"]),
        commit: commit(),
        rounds: effort.rounds,
        milliseconds: effort.time.as_millis() as u64,
    }
}

/// Returns the last commit, and whether the measured sources differ from it.
fn commit() -> String {
    let measured = ["status", "--porcelain", "--", "../../src", "../workloads", "../drive", "src"];
    let changed = if output("git", &measured).is_empty() { "" } else { " with changes" };
    output("git", &["log", "-1", "--format=%h"]) + changed
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    output.unwrap_or_default()
}
