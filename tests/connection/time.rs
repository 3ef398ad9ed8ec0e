//! Time: when a wait starts and ends, and how long it is.

use std::time::Duration;

use sse_wire::{Action, Connection, Interruption, Notice, Policy, ResponseHead};

use crate::{BARE, EVENT_STREAM, open};

/// Polls a connection that was lost, and returns why, and how long the wait is.
fn lost(connection: &mut Connection, now: Duration) -> (Interruption, Duration) {
    let _ = connection.poll(now);
    let Some(Notice::Reconnecting { reason, delay, .. }) = connection.next_notice() else {
        panic!()
    };
    assert_eq!(connection.next_notice(), None);
    (reason, delay)
}

#[test]
fn poll_returns_the_same_until_something_happens() {
    let second = Duration::from_secs(1);
    let mut connection = Connection::new(BARE);
    assert_eq!(connection.poll(second), Action::Connect);
    for _ in 0..2 {
        assert_eq!(connection.poll(second), Action::Receive { until: None });
    }
    _ = connection.handle_end().unwrap();
    for _ in 0..2 {
        assert_eq!(connection.poll(second), Action::Wait { until: 4 * second });
    }
    assert_eq!(connection.poll(4 * second), Action::Connect);
    connection.handle_response(ResponseHead { status: 404, ..EVENT_STREAM });
    for _ in 0..2 {
        assert_eq!(connection.poll(4 * second), Action::Stop);
    }
}

#[test]
fn time_never_goes_back() {
    let seconds = Duration::from_secs;
    let mut connection = open();
    assert_eq!(connection.poll(seconds(10)), Action::Receive { until: None });
    _ = connection.handle_end().unwrap();
    assert_eq!(connection.poll(seconds(2)), Action::Wait { until: seconds(13) });
    assert_eq!(connection.poll(seconds(0)), Action::Wait { until: seconds(13) });
    assert_eq!(connection.poll(seconds(13)), Action::Connect);
}

#[test]
fn a_wait_starts_when_the_loss_is_polled_and_ends_exactly_on_time() {
    let mut connection = open();
    _ = connection.handle_end().unwrap();
    let start = Duration::from_nanos(7_000_000_123);
    let end = start + Duration::from_millis(3000);
    assert_eq!(connection.poll(start), Action::Wait { until: end });
    let before = end - Duration::from_nanos(1);
    assert_eq!(connection.poll(before), Action::Wait { until: end });
    assert_eq!(connection.poll(end), Action::Connect);
}

#[test]
fn the_longest_wait_at_the_latest_time_saturates() {
    let mut connection = open();
    connection.push(b"retry: 99999999999999999999\n").next().unwrap();
    _ = connection.handle_end().unwrap();
    let late = Duration::MAX - Duration::from_nanos(1);
    let delay = Duration::from_millis(u64::MAX);
    assert_eq!(lost(&mut connection, late), (Interruption::End, delay));
    assert_eq!(connection.poll(late), Action::Wait { until: Duration::MAX });
    assert_eq!(connection.poll(Duration::MAX), Action::Connect);
}

#[test]
fn the_first_reconnection_time_can_be_set_and_a_retry_line_replaces_it() {
    let delay = Duration::from_millis(50);
    let mut connection = Connection::new(Policy { reconnection_time: delay, ..BARE });
    assert_eq!(connection.poll(Duration::ZERO), Action::Connect);
    _ = connection.handle_end().unwrap();
    assert_eq!(connection.reconnection_time(), delay);
    assert_eq!(lost(&mut connection, Duration::ZERO), (Interruption::End, delay));
    assert_eq!(connection.poll(delay), Action::Connect);
    connection.handle_response(EVENT_STREAM);
    assert_eq!(connection.push(b"retry: 0\n").next(), Ok(None));
    assert_eq!(connection.reconnection_time(), Duration::ZERO);
}
