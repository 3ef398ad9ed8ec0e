//! What is optional about a connection: backoff, a limit of reconnections, deadlines for silence.
//! Each test is named for its law; time is only ever a number here.

#![cfg(feature = "std")]

mod support;

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use sse_wire::{
    Action, Backoff, EventSource, Failure, Interruption, Item, Liveness, Parser, ReadyState,
    Storage,
};
use support::connection::over_arrays;

const EVENT_STREAM: Option<&[u8]> = Some(b"text/event-stream");

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Lets a source connect, at the time that it waits for, and opens the connection. The time then.
fn open<S: Storage>(source: &mut EventSource<S>, mut now: Duration) -> Duration {
    loop {
        match source.poll(now) {
            Action::Connect { .. } => source.handle_response(200, EVENT_STREAM),
            Action::Opened => return now,
            Action::Wait { until } => now = until,
            other => panic!("{other:?}"),
        }
    }
}

/// Loses the connection, or the request, and says how long the wait is; `None` where it failed.
fn lose<S: Storage>(source: &mut EventSource<S>, now: &mut Duration) -> Option<u64> {
    loop {
        match source.poll(*now) {
            Action::Connect { .. } => _ = source.handle_network_error().unwrap(),
            Action::Receive { .. } => _ = source.handle_end().unwrap(),
            Action::Opened => {}
            Action::Wait { until } => *now = until,
            Action::Reconnecting { delay, .. } => {
                return Some(u64::try_from(delay.as_millis()).unwrap());
            }
            Action::Failed(_) | Action::Stop => return None,
        }
    }
}

fn push<S: Storage>(source: &mut EventSource<S>, chunk: &[u8]) {
    let mut events = source.push(chunk);
    while !matches!(events.next(), Ok(None)) {}
}

// Backoff

#[test]
fn without_backoff_every_wait_is_the_reconnection_time() {
    let (mut source, mut now) = (EventSource::new(), Duration::ZERO);
    for _ in 0..10 {
        assert_eq!(lose(&mut source, &mut now), Some(3000));
    }
}

#[test]
fn a_wait_is_in_whole_milliseconds_and_no_shorter_than_the_reconnection_time() {
    for (nanoseconds, wait) in [(0, 0), (1, 1), (999_999, 1), (1_000_000, 1), (1_000_001, 2)] {
        let time = Duration::from_nanos(nanoseconds);
        let (mut source, mut now) =
            (EventSource::new().with_reconnection_time(time), Duration::ZERO);
        assert_eq!(lose(&mut source, &mut now), Some(wait), "{time:?}");
    }
    let mut source = EventSource::new().with_reconnection_time(Duration::MAX);
    let mut now = Duration::ZERO;
    assert_eq!(lose(&mut source, &mut now), Some(u64::MAX));
}

#[test]
fn backoff_doubles_each_wait_from_the_reconnection_time_on() {
    let mut source = EventSource::new().with_backoff(Backoff::new(seconds(20)));
    let mut now = Duration::ZERO;
    let waits: Vec<_> = (0..6).map(|_| lose(&mut source, &mut now).unwrap()).collect();
    assert_eq!(waits, [3000, 6000, 12_000, 20_000, 20_000, 20_000]);
    now = open(&mut source, now);
    push(&mut source, b"retry: 1000\n");
    assert_eq!(lose(&mut source, &mut now), Some(20_000), "1000 ms, doubled 6 times, capped");
    let mut source = EventSource::new().with_backoff(Backoff::new(seconds(20)));
    now = open(&mut source, Duration::ZERO);
    push(&mut source, b"retry: 100\n");
    let waits: Vec<_> = (0..4).map(|_| lose(&mut source, &mut now).unwrap()).collect();
    assert_eq!(waits, [100, 200, 400, 800]);
}

#[test]
fn backoff_begins_anew_at_an_event_and_not_at_an_opening_a_comment_or_an_id() {
    let mut source = EventSource::new().with_backoff(Backoff::new(seconds(1000)));
    let mut now = Duration::ZERO;
    assert_eq!(lose(&mut source, &mut now), Some(3000));
    for (stream, wait) in [
        (&b""[..], 6000),
        (b": hi\n\n", 12_000),
        (b"id: 1\n\n", 24_000),
        (b"data: cut\n", 48_000),
        (b"data: x\n\n", 3000),
        (b"", 6000),
        (b"data: x\n\ndata: y\n\n", 3000),
    ] {
        now = open(&mut source, now);
        push(&mut source, stream);
        assert_eq!(lose(&mut source, &mut now), Some(wait), "{}", stream.escape_ascii());
    }
}

#[test]
fn backoff_begins_anew_at_an_event_that_is_observed_too() {
    let mut source = EventSource::new().with_backoff(Backoff::new(seconds(1000)));
    let mut now = Duration::ZERO;
    assert_eq!(lose(&mut source, &mut now), Some(3000));
    now = open(&mut source, now);
    let mut items = source.observe(b": comment\nretry: 5\nid: 1\n\n");
    while items.next().unwrap().is_some() {}
    assert_eq!(lose(&mut source, &mut now), Some(10));
    now = open(&mut source, now);
    let mut items = source.observe(b"data: x\n\n");
    assert!(matches!(items.next(), Ok(Some(Item::Event(_)))));
    assert_eq!(lose(&mut source, &mut now), Some(5));
}

proptest! {
    #![proptest_config(support::kept::failures())]

    #[test]
    fn no_wait_is_shorter_than_the_reconnection_time_and_jitter_stays_within_its_bounds(
        time in prop_oneof![0..10_000_u64, any::<u64>()],
        cap in prop_oneof![0..100_000_u64, any::<u64>()],
        percent in any::<u8>(),
        seed in any::<u64>(),
    ) {
        let plain = Backoff::new(Duration::from_millis(cap));
        let source = EventSource::new().with_reconnection_time(Duration::from_millis(time));
        let mut exact = source.clone().with_backoff(plain.clone());
        let mut jittered = source.with_backoff(plain.with_jitter(percent, seed));
        let (mut now, mut other_now) = (Duration::ZERO, Duration::ZERO);
        let mut last = 0;
        for n in 0..70_u32 {
            let least = lose(&mut exact, &mut now).unwrap();
            let wait = lose(&mut jittered, &mut other_now).unwrap();
            // The formula of the documentation, in numbers without end.
            let grown = u128::from(time.max(1)) * 2_u128.pow(n.min(64));
            let expected = u128::from(time).max(grown.min(u128::from(cap)));
            prop_assert_eq!(u128::from(least), expected);
            let most = expected + expected * u128::from(percent) / 100;
            prop_assert!(wait >= least && u128::from(wait) <= most, "{least} {wait} {most}");
            prop_assert!(least >= time);
            prop_assert!(least >= last, "without jitter, waits don't shrink");
            last = least;
            // Nothing happens before the wait is over.
            let Action::Wait { until } = jittered.poll(other_now) else {
                prop_assert!(wait == 0 || other_now == Duration::MAX);
                continue;
            };
            prop_assert_eq!(until, other_now.saturating_add(Duration::from_millis(wait)));
            let early = until - Duration::from_nanos(1);
            prop_assert_eq!(jittered.poll(early), Action::Wait { until });
            other_now = until;
        }
    }
}

#[test]
fn jitter_differs_from_seed_to_seed_and_comes_again_with_a_seed() {
    let waits = |seed| {
        let backoff = Backoff::new(seconds(60)).with_jitter(50, seed);
        let (mut source, mut now) = (EventSource::new().with_backoff(backoff), Duration::ZERO);
        [(); 8].map(|()| lose(&mut source, &mut now).unwrap())
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

#[test]
fn jitter_alone_needs_no_growth() {
    let backoff = Backoff::new(Duration::ZERO).with_jitter(100, 1);
    let (mut source, mut now) = (EventSource::new().with_backoff(backoff), Duration::ZERO);
    for _ in 0..50 {
        assert!((3000..=6000).contains(&lose(&mut source, &mut now).unwrap()));
    }
}

// Limit of reconnections

/// The failure of a source that has given up, announced once.
fn failure(source: &mut EventSource, now: Duration) -> Failure {
    assert_eq!(source.ready_state(), ReadyState::Closed);
    let Action::Failed(failure) = source.poll(now) else { panic!("not told") };
    assert_eq!(source.poll(Duration::MAX), Action::Stop);
    failure
}

#[test]
fn a_limit_of_reconnections_allows_so_many_and_then_fails_for_good() {
    for limit in [0, 1, 5] {
        let mut source = EventSource::new().with_max_reconnections(limit);
        let mut now = Duration::ZERO;
        let mut requests = 0;
        loop {
            match source.poll(now) {
                Action::Connect { .. } => {
                    requests += 1;
                    _ = source.handle_network_error().unwrap();
                    if requests > limit {
                        break;
                    }
                    assert_eq!(source.ready_state(), ReadyState::Connecting);
                }
                Action::Wait { until } => now = until,
                Action::Reconnecting { .. } => {}
                other => panic!("{other:?}"),
            }
        }
        let failure = failure(&mut source, now);
        let Failure::Reconnections { count, last, .. } = failure else { panic!("{failure:?}") };
        assert_eq!((count, last), (limit, Interruption::NetworkError));
        let text =
            format!("{limit} reconnections brought no event; at last, there was a network error");
        assert_eq!(failure.to_string(), text);
    }
}

#[test]
fn a_limit_of_reconnections_begins_anew_at_an_event_and_not_at_an_opening() {
    let mut source = EventSource::new().with_max_reconnections(2);
    let mut now = Duration::ZERO;
    for _ in 0..5 {
        assert!(lose(&mut source, &mut now).is_some());
        assert!(lose(&mut source, &mut now).is_some());
        now = open(&mut source, now);
        push(&mut source, b"data: x\n\n");
    }
    assert!(lose(&mut source, &mut now).is_some());
    for _ in 0..2 {
        now = open(&mut source, now);
        push(&mut source, b": only a comment\n\n");
        _ = source.handle_end().unwrap();
        if source.ready_state() == ReadyState::Connecting {
            assert!(matches!(source.poll(now), Action::Reconnecting { .. }));
        }
    }
    let failure = failure(&mut source, now);
    assert!(matches!(failure, Failure::Reconnections { last: Interruption::End, .. }));
}

#[test]
fn a_connection_that_is_lost_for_good_was_open_before_and_says_both() {
    let mut source = EventSource::new().with_max_reconnections(0);
    assert!(matches!(source.poll(seconds(0)), Action::Connect { .. }));
    source.handle_response(200, EVENT_STREAM);
    _ = source.handle_end().unwrap();
    assert_eq!(source.poll(seconds(0)), Action::Opened);
    assert!(matches!(failure(&mut source, seconds(0)), Failure::Reconnections { .. }));
}

#[test]
fn a_user_who_closes_hears_of_no_limit() {
    let mut source = EventSource::new().with_max_reconnections(0);
    let mut now = open(&mut source, seconds(0));
    source.close();
    assert_eq!(lose(&mut source, &mut now), None);
    assert_eq!(source.poll(now), Action::Stop);
}

// Deadlines for silence

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
fn without_deadlines_an_open_connection_may_be_silent_for_ever() {
    let mut source = EventSource::new();
    open(&mut source, seconds(0));
    assert_eq!(source.poll(Duration::MAX), Action::Receive { until: None });
}

#[test]
fn a_sign_of_life_puts_off_the_deadlines_of_its_class_and_of_weaker_ones_alone() {
    for class in CLASSES {
        for (sign, stream) in SIGNS {
            for size in [1, 2, stream.len()] {
                let mut source = EventSource::new().with_idle_timeout(class, seconds(10));
                open(&mut source, seconds(0));
                let before = Action::Receive { until: Some(seconds(10)) };
                assert_eq!(source.poll(seconds(0)), before);
                stream.chunks(size).for_each(|chunk| push(&mut source, chunk));
                let until = if class <= sign { seconds(15) } else { seconds(10) };
                let stream = stream.escape_ascii();
                let expected = Action::Receive { until: Some(until) };
                assert_eq!(source.poll(seconds(5)), expected, "{class:?} {stream}");
            }
        }
    }
}

#[test]
fn a_keep_alive_comment_does_not_feed_the_clock_of_events() {
    let mut source = EventSource::new().with_idle_timeout(Liveness::Events, seconds(60));
    open(&mut source, seconds(0));
    for second in 0..60 {
        let expected = Action::Receive { until: Some(seconds(60)) };
        assert_eq!(source.poll(seconds(second)), expected);
        push(&mut source, b": keep-alive\n\n");
    }
    let reason = Interruption::Idle(Liveness::Events);
    let delay = seconds(3);
    assert_eq!(source.poll(seconds(60)), Action::Reconnecting { reason, delay });
    assert_eq!(source.ready_state(), ReadyState::Connecting);
    assert_eq!(source.poll(seconds(60)), Action::Wait { until: seconds(63) });
}

#[test]
fn the_deadline_that_comes_first_is_the_next_one_and_names_its_class() {
    for first in CLASSES {
        let mut source = EventSource::new();
        for class in CLASSES {
            let timeout = if class == first { 10 } else { 20 };
            source = source.with_idle_timeout(class, seconds(timeout));
        }
        open(&mut source, seconds(0));
        assert_eq!(source.poll(seconds(0)), Action::Receive { until: Some(seconds(10)) });
        let Action::Reconnecting { reason, .. } = source.poll(seconds(30)) else { panic!() };
        assert_eq!(reason, Interruption::Idle(first));
    }
}

#[test]
fn a_sign_of_life_that_was_handed_in_counts_though_the_poll_is_late() {
    let mut source = EventSource::new().with_idle_timeout(Liveness::Bytes, seconds(10));
    open(&mut source, seconds(0));
    assert_eq!(source.poll(seconds(0)), Action::Receive { until: Some(seconds(10)) });
    push(&mut source, b":");
    assert_eq!(source.poll(seconds(100)), Action::Receive { until: Some(seconds(110)) });
    push(&mut source, b"");
    let reason = Interruption::Idle(Liveness::Bytes);
    let Action::Reconnecting { reason: told, .. } = source.poll(seconds(110)) else { panic!() };
    assert_eq!(told, reason, "an empty chunk is no sign of life");
}

#[test]
fn a_rest_that_is_pushed_again_is_one_sign_of_life() {
    let mut source = EventSource::new().with_idle_timeout(Liveness::Blocks, seconds(10));
    open(&mut source, seconds(0));
    assert!(matches!(source.poll(seconds(0)), Action::Receive { .. }));
    let mut events = source.push(b"data: 1\n\ndata: 2\n\nid: 1\n");
    assert!(events.next().unwrap().is_some());
    let rest = events.into_rest();
    assert_eq!(source.poll(seconds(1)), Action::Receive { until: Some(seconds(11)) });
    push(&mut source, rest);
    assert_eq!(source.poll(seconds(2)), Action::Receive { until: Some(seconds(11)) });
    push(&mut source, b"\n");
    assert_eq!(source.poll(seconds(3)), Action::Receive { until: Some(seconds(13)) });
}

#[test]
fn a_chunk_after_a_cursor_that_was_left_is_a_sign_of_life() {
    let mut source = EventSource::new().with_idle_timeout(Liveness::Bytes, seconds(10));
    open(&mut source, seconds(0));
    assert!(source.push(b"data: 1\n\ndata: 2\n\n").next().unwrap().is_some());
    assert_eq!(source.poll(seconds(1)), Action::Receive { until: Some(seconds(11)) });
    push(&mut source, b"data: 3");
    assert_eq!(source.poll(seconds(2)), Action::Receive { until: Some(seconds(12)) });
}

#[test]
fn an_event_that_is_refused_for_its_size_is_a_sign_of_life() {
    let source = EventSource::with_parser(Parser::with_limit(4));
    let mut source = source.with_idle_timeout(Liveness::Events, seconds(10));
    open(&mut source, seconds(0));
    assert!(source.push(b"data: 12345\n\n").next().is_err());
    assert_eq!(source.poll(seconds(5)), Action::Receive { until: Some(seconds(15)) });
}

#[test]
fn a_new_connection_has_its_whole_deadline_and_none_of_the_block_before() {
    for lost in [true, false] {
        let mut source = EventSource::new().with_idle_timeout(Liveness::Events, seconds(10));
        open(&mut source, seconds(0));
        assert!(matches!(source.poll(seconds(0)), Action::Receive { .. }));
        push(&mut source, b"id: 7\ndata: half\nda");
        if lost {
            _ = source.handle_end().unwrap();
        }
        assert!(matches!(source.poll(seconds(10)), Action::Reconnecting { .. }));
        let now = open(&mut source, seconds(13));
        assert_eq!(now, seconds(13));
        assert_eq!(source.last_event_id_header(), None, "the id of the cut block does not count");
        assert_eq!(source.poll(seconds(20)), Action::Receive { until: Some(seconds(30)) });
        push(&mut source, b"\n");
        assert_eq!(source.poll(seconds(25)), Action::Receive { until: Some(seconds(30)) });
        let mut events = source.push(b"data: whole\n\n");
        assert_eq!(events.next().unwrap().unwrap().data, "whole");
        assert_eq!(source.poll(seconds(25)), Action::Receive { until: Some(seconds(35)) });
    }
}

#[test]
fn a_line_that_the_connection_before_left_unfinished_hides_no_sign_of_life() {
    let mut source = EventSource::new().with_idle_timeout(Liveness::Events, seconds(10));
    open(&mut source, seconds(0));
    push(&mut source, b": comm");
    _ = source.handle_end().unwrap();
    assert!(matches!(source.poll(seconds(0)), Action::Reconnecting { .. }));
    open(&mut source, seconds(3));
    assert_eq!(source.poll(seconds(3)), Action::Receive { until: Some(seconds(13)) });
    push(&mut source, b"data: x\n\n");
    assert_eq!(source.poll(seconds(5)), Action::Receive { until: Some(seconds(15)) });
}

#[test]
fn a_response_that_does_not_come_has_no_deadline() {
    let mut source = EventSource::new().with_idle_timeout(Liveness::Bytes, seconds(10));
    assert!(matches!(source.poll(seconds(0)), Action::Connect { .. }));
    assert_eq!(source.poll(seconds(1000)), Action::Receive { until: None });
}

#[test]
fn silence_counts_for_backoff_and_for_the_limit_of_reconnections() {
    let mut source = EventSource::new()
        .with_idle_timeout(Liveness::Bytes, seconds(10))
        .with_backoff(Backoff::new(seconds(60)))
        .with_max_reconnections(2);
    let mut now = Duration::ZERO;
    for wait in [3, 6] {
        now = open(&mut source, now);
        let Action::Receive { until: Some(until) } = source.poll(now) else { panic!() };
        now = until;
        let reason = Interruption::Idle(Liveness::Bytes);
        assert_eq!(source.poll(now), Action::Reconnecting { reason, delay: seconds(wait) });
    }
    now = open(&mut source, now);
    assert!(matches!(source.poll(now), Action::Receive { .. }));
    let Action::Failed(failure) = source.poll(now + seconds(10)) else { panic!() };
    let text = "2 reconnections brought no event; at last, no bytes came in time";
    assert_eq!(failure.to_string(), text);
    assert_eq!(source.ready_state(), ReadyState::Closed);
}

proptest! {
    #![proptest_config(support::kept::failures())]

    #[test]
    fn deadlines_only_ever_move_away_and_are_the_same_over_arrays(
        timeouts in vec((select(&CLASSES[..]), 1..30_u64), 1..5),
        turns in vec((0..6_u64, select(&SIGNS[..]), any::<bool>()), 0..40),
    ) {
        let (mut source, mut fixed) = (EventSource::new(), over_arrays());
        for &(class, timeout) in &timeouts {
            source = source.with_idle_timeout(class, seconds(timeout));
            fixed = fixed.with_idle_timeout(class, seconds(timeout));
        }
        let mut now = open(&mut source, seconds(0));
        open(&mut fixed, seconds(0));
        let mut last = seconds(0);
        for (later, (_, stream), speaks) in turns {
            now += seconds(later);
            if speaks {
                push(&mut source, stream);
                push(&mut fixed, stream);
            }
            let action = source.poll(now);
            prop_assert_eq!(action, fixed.poll(now));
            match action {
                Action::Receive { until: Some(until) } => {
                    prop_assert!(until >= last && until > now);
                    prop_assert_eq!(source.poll(now), Action::Receive { until: Some(until) });
                    last = until;
                }
                Action::Reconnecting { reason: Interruption::Idle(_), .. } => {
                    prop_assert!(last <= now, "no sooner than it said");
                    return Ok(());
                }
                other => prop_assert!(false, "{other:?}"),
            }
        }
    }
}
