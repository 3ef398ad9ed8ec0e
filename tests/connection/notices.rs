//! Notices and ready states: the order of notices, and nothing after `close`.

use std::time::Duration;

use sse_wire::{Action, Connection, Interruption, Item, Notice, ReadyState, ResponseHead};

use crate::{BARE, EVENT_STREAM, open};

#[test]
fn nothing_is_delivered_after_close_not_even_the_rest_of_a_chunk() {
    let chunk = b"data: 1\n\ndata: 2\n\n: comment\n";
    let mut connection = open();
    let mut events = connection.push(chunk);
    assert_eq!(events.next().unwrap().unwrap().data, "1");
    events.close();
    assert_eq!(events.next(), Ok(None));
    assert_eq!(events.into_rest(), b"");
    assert_eq!(connection.ready_state(), ReadyState::Closed);

    let mut connection = open();
    let mut events = connection.push(chunk);
    assert_eq!(events.next_owned().unwrap().unwrap().data, "1");
    events.close();
    assert_eq!(events.next_owned(), Ok(None));

    let mut connection = open();
    let mut items = connection.push(chunk);
    assert!(matches!(items.next_item(), Ok(Some(Item::Event(_)))));
    items.close();
    assert_eq!(items.next_item(), Ok(None));
    assert_eq!(items.into_rest(), b"");

    let mut connection = open();
    let mut events = connection.push(chunk);
    assert!(events.next().unwrap().is_some());
    let rest = events.into_rest();
    assert_eq!(rest, &chunk[9..]);
    connection.close();
    assert_eq!(connection.push(rest).next(), Ok(None));
    assert_eq!(connection.push(rest).next_item(), Ok(None));
    assert_eq!(connection.poll(Duration::MAX), Action::Stop);
}

#[test]
fn nothing_is_reported_after_close() {
    let mut opened = Connection::new(BARE);
    assert_eq!(opened.poll(Duration::ZERO), Action::Connect);
    opened.handle_response(EVENT_STREAM);
    let mut failed = Connection::new(BARE);
    assert_eq!(failed.poll(Duration::ZERO), Action::Connect);
    failed.handle_response(ResponseHead { status: 500, ..EVENT_STREAM });
    let mut interrupted = open();
    _ = interrupted.handle_end().unwrap();
    let _ = interrupted.poll(Duration::ZERO);
    for mut connection in [opened, failed, interrupted, Connection::new(BARE)] {
        connection.close();
        assert_eq!(connection.next_notice(), None);
        assert_eq!(connection.poll(Duration::ZERO), Action::Stop);
        assert_eq!(connection.poll(Duration::MAX), Action::Stop);
        assert_eq!(connection.next_notice(), None);
    }
}

#[test]
fn an_opening_is_reported_before_the_loss_of_the_same_connection() {
    let mut connection = Connection::new(BARE);
    assert_eq!(connection.poll(Duration::ZERO), Action::Connect);
    connection.handle_response(EVENT_STREAM);
    _ = connection.handle_network_error().unwrap();
    assert_eq!(connection.ready_state(), ReadyState::Connecting);
    assert!(matches!(connection.poll(Duration::ZERO), Action::Wait { .. }));
    assert_eq!(connection.next_notice(), Some(Notice::Open));
    let reconnecting = connection.next_notice();
    assert!(matches!(
        reconnecting,
        Some(Notice::Reconnecting { reason: Interruption::NetworkError, .. })
    ));
    assert_eq!(connection.next_notice(), None);
}

#[test]
fn untaken_notices_are_those_of_the_last_connection() {
    let mut connection = Connection::new(BARE);
    let mut now = Duration::ZERO;
    for _ in 0..3 {
        assert_eq!(connection.poll(now), Action::Connect);
        connection.handle_response(EVENT_STREAM);
        _ = connection.handle_end().unwrap();
        let Action::Wait { until } = connection.poll(now) else { panic!() };
        now = until;
    }
    assert_eq!(connection.poll(now), Action::Connect);
    connection.handle_response(EVENT_STREAM);
    assert_eq!(connection.next_notice(), Some(Notice::Open));
    assert_eq!(connection.next_notice(), None);
}

#[test]
fn ready_states_have_the_numbers_of_the_specification() {
    use ReadyState::{Closed, Connecting, Open};
    assert_eq!([Connecting, Open, Closed].map(|state| state as u8), [0, 1, 2]);
}

#[test]
fn a_notice_is_a_message_for_people() {
    let mut connection = Connection::new(BARE);
    assert_eq!(connection.poll(Duration::ZERO), Action::Connect);
    connection.handle_response(EVENT_STREAM);
    assert_eq!(connection.next_notice().unwrap().to_string(), "open");
    _ = connection.handle_end().unwrap();
    let Action::Wait { until } = connection.poll(Duration::ZERO) else { panic!() };
    let message = connection.next_notice().unwrap().to_string();
    assert_eq!(message, "reconnecting in 3s: the server ended the stream");
    for (status, message) in [
        (204, "the server asks clients not to reconnect (status 204)"),
        (404, "the response has the status 404; an event stream needs 200"),
    ] {
        let mut connection = connection.clone();
        assert_eq!(connection.poll(until), Action::Connect);
        connection.handle_response(ResponseHead { status, ..EVENT_STREAM });
        assert_eq!(connection.next_notice().unwrap().to_string(), message);
    }
}
