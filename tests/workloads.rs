//! The inputs of the benchmarks have the properties that they state.
#![cfg(feature = "alloc")]

use sse_wire::{End, Parser};

#[path = "../benches/workloads/mod.rs"]
mod workloads;

use workloads::Workload;

#[test]
fn every_workload_has_its_events_and_ends_clean_however_it_is_cut() {
    for workload in workloads::all() {
        for chunk_size in [workload.bytes.len(), 64] {
            let (name, mut parser, mut events) = (workload.name, Parser::new(), 0);
            for chunk in workload.bytes.chunks(chunk_size) {
                let mut cursor = parser.push(chunk);
                while cursor.next().expect(name).is_some() {
                    events += 1;
                }
            }
            assert_eq!(events, workload.events, "{name} in chunks of {chunk_size}");
            assert_eq!(parser.finish(), Ok(End::Clean), "{name} in chunks of {chunk_size}");
        }
    }
}

#[test]
fn every_workload_has_about_the_event_size_that_it_states() {
    for Workload { name, bytes, events, event_size } in workloads::all() {
        let ratio = bytes.len() as f64 / events as f64 / event_size as f64;
        assert!((0.9..=1.1).contains(&ratio), "{name}: {ratio} of {event_size} bytes");
    }
}

#[test]
fn every_workload_is_long_enough_to_time_and_short_enough_to_wait_for() {
    for Workload { name, bytes, .. } in workloads::all() {
        assert!((256 * 1024..=1100 * 1024).contains(&bytes.len()), "{name}: {}", bytes.len());
    }
}

#[test]
#[ignore = "needs recorded streams in a folder next to the repository"]
fn every_event_of_a_recorded_stream_has_one_data_line() {
    let recorded = workloads::recorded();
    assert!(!recorded.is_empty(), "no recorded streams");
    for Workload { name, bytes, events, .. } in recorded {
        let lines = bytes.split(|&byte| byte == b'\n');
        assert_eq!(lines.filter(|line| line.starts_with(b"data:")).count(), events, "{name}");
    }
}

#[test]
fn the_data_to_encode_is_small_a_kilobyte_and_50_lines() {
    let [(_, small), (_, json), (_, lines)] = workloads::data();
    assert!(small.len() < 20 && json.len() == 1024, "{} and {} bytes", small.len(), json.len());
    assert!(lines.lines().count() == 50 && lines.lines().all(|line| line.len() == 79));
}
