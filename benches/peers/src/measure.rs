//! Measures in rounds: each round times every candidate of every cell once, one directly after the other.
//!
//! The clock is the thread's CPU time, so time that other processes use does not count. A disturbance that lasts longer
//! than one measurement affects all candidates of a cell equally, and the median removes shorter ones. Ratios are taken
//! within a round; the result is their median, which may differ a little from the ratio of the median speeds.

use std::collections::BTreeMap;
use std::time::Duration;

use cpu_time::ThreadTime;

use crate::candidate::Candidate;
use crate::check;
use crate::decoders;
use crate::input::Input;

/// How long and how often to measure.
#[derive(Clone, Copy)]
pub struct Effort {
    pub rounds: usize,
    /// The shortest time of one measurement.
    pub time: Duration,
}

/// A candidate whose pass takes longer is not measured.
const PATIENCE: Duration = Duration::from_millis(300);

/// One input, and all candidates for it.
pub struct Cell {
    pub input: &'static Input,
    /// The speeds in MB/s, by candidate and round.
    pub speeds: BTreeMap<&'static str, Vec<f64>>,
    /// The candidates that are not measured, and why.
    pub left_out: BTreeMap<&'static str, String>,
    runners: Vec<Runner>,
}

struct Runner {
    candidate: Box<dyn Candidate>,
    /// The number of passes that take about the shortest time.
    passes: u32,
}

impl Cell {
    /// Checks every candidate, and keeps those that return the right events.
    pub fn new(input: &'static Input) -> Self {
        let right = check::reference(input.stream);
        let mut cell =
            Cell { input, speeds: BTreeMap::new(), left_out: BTreeMap::new(), runners: Vec::new() };
        for mut candidate in decoders::own().into_iter().chain(decoders::peers()) {
            match candidate.check(input, &right, PATIENCE) {
                Ok(()) => cell.runners.push(Runner { candidate, passes: 0 }),
                Err(reason) => _ = cell.left_out.insert(candidate.name(), reason),
            }
        }
        cell
    }

    fn round(&mut self, round: usize, time: Duration) {
        // Each round starts with another candidate, so that none always follows the same one.
        let count = self.runners.len();
        for runner in (0..count).map(|number| (round + number) % count) {
            let runner = &mut self.runners[runner];
            let speed = runner.speed(self.input, time);
            self.speeds.entry(runner.candidate.name()).or_default().push(speed);
        }
    }

    /// Returns the median speed in MB/s.
    pub fn speed(&self, name: &str) -> Option<f64> {
        self.speeds.get(name).map(|speeds| median(speeds.clone()))
    }

    /// Returns the median of the ratios of all rounds.
    pub fn ratio(&self, name: &str, to: &str) -> Option<f64> {
        let (speeds, others) = (self.speeds.get(name)?, self.speeds.get(to)?);
        Some(median(speeds.iter().zip(others).map(|(speed, other)| speed / other).collect()))
    }

    /// Returns the other crate with the highest median speed.
    pub fn fastest_peer(&self) -> Option<&'static str> {
        let peers = decoders::peers();
        let names =
            peers.iter().map(|peer| peer.name()).filter(|name| self.speeds.contains_key(name));
        names.max_by(|a, b| {
            f64::total_cmp(&self.speed(a).unwrap_or(0.0), &self.speed(b).unwrap_or(0.0))
        })
    }
}

impl Runner {
    /// Returns MB/s, after a pass that warms up.
    fn speed(&mut self, input: &'static Input, time: Duration) -> f64 {
        let start = ThreadTime::now();
        self.candidate.pass(input);
        if self.passes == 0 {
            let pass = start.elapsed().as_secs_f64().max(1e-9);
            self.passes = (time.as_secs_f64() / pass).ceil().max(1.0) as u32;
        }
        let start = ThreadTime::now();
        let mut passes = 0;
        // The number of passes is an estimate, since the first pass may have been slow; the time is exact.
        while passes == 0 || start.elapsed() < time {
            for _ in 0..self.passes.div_ceil(4) {
                self.candidate.pass(input);
            }
            passes += self.passes.div_ceil(4);
        }
        input.stream.len() as f64 * f64::from(passes) / 1e6 / start.elapsed().as_secs_f64()
    }
}

/// Measures all cells.
pub fn rounds(cells: &mut [Cell], effort: Effort) {
    for round in 0..effort.rounds {
        for cell in &mut *cells {
            cell.round(round, effort.time);
        }
    }
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        values[middle]
    } else {
        f64::midpoint(values[middle - 1], values[middle])
    }
}
