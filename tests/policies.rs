//! The policies of a connection, beyond the vectors in `test-vectors/connection/policies-*.json`: laws for any
//! numbers, and time limits for silence by every sign of life. Time is only a number here.

#![cfg(feature = "std")]

mod support;

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use sse_wire::{
    Action, Connection, Failure, Interruption, Liveness, Notice, Parser, Policy, ReadyState,
    ResponseHead, Silence, Storage,
};
use support::connection::over_arrays;

const EVENT_STREAM: ResponseHead<'_> = ResponseHead {
    status: 200,
    content_type: Some(b"text/event-stream"),
    content_encoding: None,
    retry_after: None,
    date: None,
};

const BARE: Policy = Policy::specification();

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Opens a connection at the time until which it waits. Returns that time.
fn open<S: Storage>(connection: &mut Connection<S>, mut now: Duration) -> Duration {
    loop {
        match connection.poll(now) {
            Action::Connect => connection.handle_response(EVENT_STREAM),
            Action::Receive { .. } => return now,
            Action::Wait { until } => now = until,
            Action::Stop => panic!(),
        }
    }
}

/// Loses the connection, or the request, and returns why and how long the wait is; `None` if it failed.
fn lose<S: Storage>(connection: &mut Connection<S>, now: &mut Duration) -> Option<Duration> {
    loop {
        match connection.poll(*now) {
            Action::Connect | Action::Receive { .. } => {
                _ = connection.handle_network_error().unwrap();
                let _ = connection.poll(*now);
                return reconnecting(connection).map(|(_, delay)| delay);
            }
            Action::Wait { until } => *now = until,
            Action::Stop => return None,
        }
    }
}

/// The last notice, if there will be another connection.
fn reconnecting<S: Storage>(connection: &mut Connection<S>) -> Option<(Interruption, Duration)> {
    let mut last = None;
    while let Some(notice) = connection.next_notice() {
        last = Some(notice);
    }
    match last {
        Some(Notice::Reconnecting { reason, delay, .. }) => Some((reason, delay)),
        _ => None,
    }
}

fn push<S: Storage>(connection: &mut Connection<S>, chunk: &[u8]) {
    let mut events = connection.push(chunk);
    while !matches!(events.next(), Ok(None)) {}
}

// Waits

#[test]
fn a_wait_is_in_whole_milliseconds_and_no_shorter_than_the_reconnection_time() {
    for (nanoseconds, wait) in [(0, 0), (1, 1), (999_999, 1), (1_000_000, 1), (1_000_001, 2)] {
        let reconnection_time = Duration::from_nanos(nanoseconds);
        let mut connection = Connection::new(Policy { reconnection_time, ..BARE });
        let wait = Some(Duration::from_millis(wait));
        assert_eq!(lose(&mut connection, &mut seconds(0)), wait, "{reconnection_time:?}");
    }
    let mut connection = Connection::new(Policy { reconnection_time: Duration::MAX, ..BARE });
    assert_eq!(lose(&mut connection, &mut seconds(0)), Some(Duration::from_millis(u64::MAX)));
}

proptest! {
    #![proptest_config(support::kept::failures())]

    #[test]
    fn every_wait_is_that_of_the_formula_and_jitter_only_adds(
        time in prop_oneof![0..10_000_u64, any::<u64>()],
        retry_after in prop_oneof![Just(0), 0..100_u64, any::<u64>()],
        floor in prop_oneof![0..1000_u64, any::<u64>()],
        cap in prop_oneof![0..100_000_u64, any::<u64>()],
        backoff in proptest::option::of(prop_oneof![0..100_000_u64, any::<u64>()]),
        jitter in any::<u8>(),
        seed in any::<u64>(),
    ) {
        let milliseconds = Duration::from_millis;
        let policy = Policy {
            reconnection_time: milliseconds(time),
            floor: milliseconds(floor),
            cap: milliseconds(cap),
            backoff: backoff.map(milliseconds),
            retry_status: |_| true,
            ..BARE
        };
        let mut exact = Connection::new(policy.clone());
        let mut jittered = Connection::new(Policy { jitter, ..policy }).with_seed(seed);
        let retry_after_value = retry_after.to_string();
        let busy = ResponseHead {
            status: 503,
            retry_after: Some(retry_after_value.as_bytes()),
            ..ResponseHead::default()
        };
        let [mut now, mut other_now] = [Duration::ZERO; 2];
        for n in 0..70_u32 {
            for (connection, now) in [(&mut exact, &mut now), (&mut jittered, &mut other_now)] {
                while let Action::Wait { until } = connection.poll(*now) {
                    let early = until - Duration::from_nanos(1);
                    prop_assert_eq!(connection.poll(early), Action::Wait { until });
                    *now = until;
                }
                connection.handle_response(busy);
                let _ = connection.poll(*now);
            }
            let least = reconnecting(&mut exact).unwrap().1.as_millis();
            let wait = reconnecting(&mut jittered).unwrap().1.as_millis();
            // The formula of the documentation, with unbounded numbers.
            let [time, floor, cap] = [time, floor, cap].map(u128::from);
            let asked = time.max(u128::from(retry_after) * 1000).min(cap);
            let first = time.min(cap).max(floor).max(1);
            let grown = backoff.map_or(0, |most| (first << n.min(63)).min(most.into()));
            let expected = asked.max(floor).max(grown).min(u64::MAX.into());
            prop_assert_eq!(least, expected);
            let most = (expected + expected * u128::from(jitter) / 100).min(u64::MAX.into());
            prop_assert!(wait >= least && wait <= most, "{least} {wait} {most}");
        }
    }
}

#[test]
fn jitter_differs_between_seeds_and_repeats_with_the_same_seed() {
    let waits = |seed| {
        let mut connection = Connection::new(Policy { jitter: 50, ..BARE }).with_seed(seed);
        let mut now = Duration::ZERO;
        [(); 8].map(|()| lose(&mut connection, &mut now).unwrap())
    };
    let all: Vec<_> = (0..100).map(waits).collect();
    assert_eq!(waits(7), all[7]);
    for at in 0..8 {
        let mut waits: Vec<_> = all.iter().map(|waits| waits[at]).collect();
        waits.sort_unstable();
        waits.dedup();
        assert!(waits.len() > 80, "{} different ones of 100", waits.len());
    }
}

// Giving up

#[test]
fn a_failure_has_the_count_of_reconnections_and_the_last_reason() {
    let mut connection = Connection::new(Policy { max_reconnections: Some(1), ..BARE });
    let mut now = Duration::ZERO;
    assert!(lose(&mut connection, &mut now).is_some());
    now = open(&mut connection, now);
    _ = connection.handle_end().unwrap();
    assert_eq!(connection.poll(now), Action::Stop);
    assert_eq!(connection.ready_state(), ReadyState::Closed);
    assert_eq!(connection.next_notice(), Some(Notice::Open));
    let Some(Notice::Failed(failure)) = connection.next_notice() else { panic!() };
    let Failure::Reconnections { count, last, .. } = failure else { panic!("{failure:?}") };
    assert_eq!((count, last), (1, Interruption::End));
    assert_eq!(
        failure.to_string(),
        "1 reconnections in a row gave no lasting connection; last reason: the server ended the stream"
    );
}

// Time limits for silence

fn silence(class: Liveness, limit: Duration) -> Silence {
    let mut silence = Silence::default();
    *match class {
        Liveness::Bytes => &mut silence.bytes,
        Liveness::Comments => &mut silence.comments,
        Liveness::Blocks => &mut silence.blocks,
        _ => &mut silence.events,
    } = Some(limit);
    silence
}

fn with_silence(class: Liveness, limit: u64) -> Connection {
    Connection::new(Policy { silence: silence(class, seconds(limit)), ..BARE })
}

/// A sign of life of each class, and of none of the stronger ones.
const SIGNS: [(Liveness, &[u8]); 13] = [
    (Liveness::Bytes, b":"),
    (Liveness::Bytes, b"\n"),
    (Liveness::Bytes, b"data: x\n"),
    (Liveness::Bytes, b"unknown: x\n\n"),
    (Liveness::Comments, b": comment\n"),
    (Liveness::Comments, b":\n\n"),
    (Liveness::Comments, b":\nunknown\n\n"),
    (Liveness::Blocks, b"id: 1\n\n"),
    (Liveness::Blocks, b"retry: 1\n\n"),
    (Liveness::Blocks, b"event: e\r\r"),
    (Liveness::Events, b"data\n\n"),
    (Liveness::Events, b": comment\nid: 1\ndata: x\r\n\r\n"),
    (Liveness::Events, b"data: x\n\nid: 1\n\n:\n"),
];

const CLASSES: [Liveness; 4] =
    [Liveness::Bytes, Liveness::Comments, Liveness::Blocks, Liveness::Events];

#[test]
fn a_sign_of_life_postpones_only_the_deadlines_of_its_class_and_of_weaker_ones() {
    for class in CLASSES {
        for (sign, stream) in SIGNS {
            for size in [1, 2, stream.len()] {
                let mut connection = with_silence(class, 10);
                open(&mut connection, seconds(0));
                let before = Action::Receive { until: Some(seconds(10)) };
                assert_eq!(connection.poll(seconds(0)), before);
                stream.chunks(size).for_each(|chunk| push(&mut connection, chunk));
                let until = if class <= sign { seconds(15) } else { seconds(10) };
                let stream = stream.escape_ascii();
                let expected = Action::Receive { until: Some(until) };
                assert_eq!(connection.poll(seconds(5)), expected, "{class:?} {stream}");
            }
        }
    }
}

#[test]
fn a_keep_alive_comment_does_not_postpone_the_time_limit_for_events() {
    let mut connection = with_silence(Liveness::Events, 60);
    open(&mut connection, seconds(0));
    for second in 0..60 {
        let expected = Action::Receive { until: Some(seconds(60)) };
        assert_eq!(connection.poll(seconds(second)), expected);
        push(&mut connection, b": keep-alive\n\n");
    }
    assert_eq!(connection.poll(seconds(60)), Action::Wait { until: seconds(63) });
    let reason = Interruption::Silence(Liveness::Events);
    assert_eq!(reconnecting(&mut connection), Some((reason, seconds(3))));
    assert_eq!(connection.ready_state(), ReadyState::Connecting);
}

#[test]
fn the_deadline_that_comes_first_is_the_next_one_and_names_its_class() {
    for first in CLASSES {
        let later = Some(seconds(20));
        let mut silence = silence(first, seconds(10));
        for limit in
            [&mut silence.bytes, &mut silence.comments, &mut silence.blocks, &mut silence.events]
        {
            *limit = limit.or(later);
        }
        let mut connection = Connection::new(Policy { silence, ..BARE });
        open(&mut connection, seconds(0));
        assert_eq!(connection.poll(seconds(0)), Action::Receive { until: Some(seconds(10)) });
        assert!(matches!(connection.poll(seconds(30)), Action::Wait { .. }));
        let (reason, _) = reconnecting(&mut connection).unwrap();
        assert_eq!(reason, Interruption::Silence(first));
    }
}

#[test]
fn a_sign_of_life_counts_even_if_the_poll_is_late() {
    let mut connection = with_silence(Liveness::Bytes, 10);
    open(&mut connection, seconds(0));
    assert_eq!(connection.poll(seconds(0)), Action::Receive { until: Some(seconds(10)) });
    push(&mut connection, b":");
    assert_eq!(connection.poll(seconds(100)), Action::Receive { until: Some(seconds(110)) });
    push(&mut connection, b"");
    let _ = connection.poll(seconds(110));
    let (reason, _) = reconnecting(&mut connection).unwrap();
    let expected = Interruption::Silence(Liveness::Bytes);
    assert_eq!(reason, expected, "an empty chunk is not a sign of life");
}

#[test]
fn a_rest_that_is_pushed_again_counts_once_as_a_sign_of_life() {
    let mut connection = with_silence(Liveness::Blocks, 10);
    open(&mut connection, seconds(0));
    assert!(matches!(connection.poll(seconds(0)), Action::Receive { .. }));
    let mut events = connection.push(b"data: 1\n\ndata: 2\n\nid: 1\n");
    assert!(events.next().unwrap().is_some());
    let rest = events.into_rest();
    assert_eq!(connection.poll(seconds(1)), Action::Receive { until: Some(seconds(11)) });
    push(&mut connection, rest);
    assert_eq!(connection.poll(seconds(2)), Action::Receive { until: Some(seconds(11)) });
    push(&mut connection, b"\n");
    assert_eq!(connection.poll(seconds(3)), Action::Receive { until: Some(seconds(13)) });
}

#[test]
fn a_chunk_after_a_dropped_cursor_is_a_sign_of_life() {
    let mut connection = with_silence(Liveness::Bytes, 10);
    open(&mut connection, seconds(0));
    assert!(connection.push(b"data: 1\n\ndata: 2\n\n").next().unwrap().is_some());
    assert_eq!(connection.poll(seconds(1)), Action::Receive { until: Some(seconds(11)) });
    push(&mut connection, b"data: 3");
    assert_eq!(connection.poll(seconds(2)), Action::Receive { until: Some(seconds(12)) });
}

#[test]
fn an_event_refused_because_of_its_size_is_a_sign_of_life() {
    let policy = Policy { silence: silence(Liveness::Events, seconds(10)), ..BARE };
    let mut connection = Connection::with_parser(Parser::with_limit(4), policy);
    open(&mut connection, seconds(0));
    assert!(connection.push(b"data: 12345\n\n").next().is_err());
    assert_eq!(connection.poll(seconds(5)), Action::Receive { until: Some(seconds(15)) });
}

#[test]
fn a_new_connection_starts_with_full_deadlines_and_without_the_previous_block() {
    for lost in [true, false] {
        let mut connection = with_silence(Liveness::Events, 10);
        open(&mut connection, seconds(0));
        assert!(matches!(connection.poll(seconds(0)), Action::Receive { .. }));
        push(&mut connection, b"id: 7\ndata: half\nda");
        if lost {
            _ = connection.handle_end().unwrap();
        }
        assert!(matches!(connection.poll(seconds(10)), Action::Wait { .. }));
        let now = open(&mut connection, seconds(13));
        assert_eq!(now, seconds(13));
        assert_eq!(
            connection.last_event_id_header(),
            None,
            "the id of the cut block does not count"
        );
        assert_eq!(connection.poll(seconds(20)), Action::Receive { until: Some(seconds(23)) });
        push(&mut connection, b"\n");
        assert_eq!(connection.poll(seconds(21)), Action::Receive { until: Some(seconds(23)) });
        let mut events = connection.push(b"data: whole\n\n");
        assert_eq!(events.next().unwrap().unwrap().data, "whole");
        assert_eq!(connection.poll(seconds(21)), Action::Receive { until: Some(seconds(31)) });
    }
}

#[test]
fn an_unfinished_line_of_the_previous_connection_hides_no_sign_of_life() {
    let mut connection = with_silence(Liveness::Events, 10);
    open(&mut connection, seconds(0));
    push(&mut connection, b": comm");
    _ = connection.handle_end().unwrap();
    assert!(matches!(connection.poll(seconds(0)), Action::Wait { .. }));
    open(&mut connection, seconds(3));
    assert_eq!(connection.poll(seconds(3)), Action::Receive { until: Some(seconds(13)) });
    push(&mut connection, b"data: x\n\n");
    assert_eq!(connection.poll(seconds(5)), Action::Receive { until: Some(seconds(15)) });
}

proptest! {
    #![proptest_config(support::kept::failures())]

    #[test]
    fn deadlines_are_only_postponed_and_are_the_same_over_arrays(
        limits in prop::array::uniform4(proptest::option::of(1..30_u64)),
        turns in vec((0..6_u64, select(&SIGNS[..]), any::<bool>()), 0..40),
    ) {
        let [bytes, comments, blocks, events] = limits.map(|limit| limit.map(seconds));
        let policy = Policy { silence: Silence { bytes, comments, blocks, events }, ..BARE };
        let (mut connection, mut fixed) = (Connection::new(policy.clone()), over_arrays(policy));
        let mut now = open(&mut connection, seconds(0));
        open(&mut fixed, seconds(0));
        let mut last = seconds(0);
        for (later, (_, stream), speaks) in turns {
            now += seconds(later);
            if speaks {
                push(&mut connection, stream);
                push(&mut fixed, stream);
            }
            let action = connection.poll(now);
            prop_assert_eq!(action, fixed.poll(now));
            match action {
                Action::Receive { until: Some(until) } => {
                    prop_assert!(until >= last && until > now);
                    prop_assert_eq!(connection.poll(now), Action::Receive { until: Some(until) });
                    last = until;
                }
                Action::Receive { until: None } => prop_assert_eq!(limits, [None; 4]),
                Action::Wait { .. } => {
                    prop_assert!(last <= now, "no sooner than announced");
                    let reason = reconnecting(&mut connection).unwrap().0;
                    prop_assert!(matches!(reason, Interruption::Silence(_)));
                    return Ok(());
                }
                other => prop_assert!(false, "{other:?}"),
            }
        }
    }
}
