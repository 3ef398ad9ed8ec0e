//! Measures the encoders, in rounds like the parsers.

use std::collections::BTreeMap;
use std::time::Duration;

use cpu_time::ThreadTime;

use crate::encoders::{self, Candidate};
use crate::measure::{Effort, median};
use crate::workloads;

/// One event, and the nanoseconds that each encoder takes for it in each round.
pub struct Event {
    pub name: &'static str,
    pub bytes: usize,
    data: String,
    nanoseconds: BTreeMap<&'static str, Vec<f64>>,
}

/// How many bytes of events are prepared at once, few enough to stay in the cache.
const BATCH: usize = 128 * 1024;

pub fn measure(effort: Effort) -> Vec<Event> {
    let mut encoders = encoders::all();
    let mut events: Vec<Event> = workloads::data()
        .into_iter()
        .map(|(name, data)| {
            let right = reference(&data);
            for encoder in &mut encoders {
                check(&mut **encoder, &data, &right);
            }
            Event { name, bytes: right.len(), data, nanoseconds: BTreeMap::new() }
        })
        .collect();
    for round in 0..effort.rounds {
        for event in &mut events {
            let count = encoders.len();
            for encoder in (0..count).map(|number| (round + number) % count) {
                let encoder = &mut *encoders[encoder];
                let time = nanoseconds(encoder, &event.data, effort.time);
                event.nanoseconds.entry(encoder.name()).or_default().push(time);
            }
        }
    }
    events
}

impl Event {
    /// Returns the median time of each encoder.
    pub fn times(&self) -> BTreeMap<&'static str, f64> {
        self.nanoseconds.iter().map(|(&name, times)| (name, median(times.clone()))).collect()
    }

    /// Returns the fastest other encoder, and the median over the rounds of the ratio of this crate's time to its time.
    pub fn ratio(&self) -> (&'static str, f64) {
        let peers = self.times().into_iter().filter(|&(name, _)| name != encoders::OWN);
        let (fastest, _) = peers.min_by(|a, b| a.1.total_cmp(&b.1)).expect("there are others");
        let rounds = self.nanoseconds[encoders::OWN].iter().zip(&self.nanoseconds[fastest]);
        (fastest, median(rounds.map(|(own, peer)| own / peer).collect()))
    }
}

/// Returns the nanoseconds for one event. Preparing events that an encoder consumes is not timed.
fn nanoseconds(encoder: &mut dyn Candidate, data: &str, time: Duration) -> f64 {
    let batch = (BATCH / data.len()).clamp(1, 1024);
    let (mut encoded, mut elapsed, mut is_warm) = (0, Duration::ZERO, false);
    while elapsed < time {
        encoder.prepare(data, batch);
        let start = ThreadTime::now();
        encoder.pass(data, batch);
        if is_warm {
            elapsed += start.elapsed();
            encoded += batch;
        }
        is_warm = true;
    }
    elapsed.as_nanos() as f64 / encoded as f64
}

fn reference(data: &str) -> Vec<u8> {
    let lines: String = data.split('\n').map(|line| format!("data: {line}\n")).collect();
    (lines + "\n").into_bytes()
}

/// Checks the bytes, so that an encoder that writes others is not measured.
fn check(encoder: &mut dyn Candidate, data: &str, right: &[u8]) {
    if let Some(bytes) = encoder.bytes(data) {
        assert!(bytes == right, "{} writes other bytes", encoder.name());
    }
}
