//! The rules of a connection: the vectors, and the laws of `Connection`, each under its name. (Policies are in
//! `tests/policies.rs`.)

#![cfg(feature = "std")]

mod support;

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use sse_wire::{
    Action, Connection, End, Interruption, Item, Notice, ParseError, Parser, Policy, ReadyState,
    ResponseHead, Silence,
};
use support::connection::{
    Delivered, Outcome, Response, Step, connection_cases, connections, head, response,
};
use support::{every_chunking, milliseconds};

const EVENT_STREAM: ResponseHead<'_> = ResponseHead {
    status: 200,
    content_type: Some(b"text/event-stream"),
    content_encoding: None,
    retry_after: None,
    date: None,
};

const BARE: Policy = Policy::specification();

#[test]
fn every_connection_vector_holds_for_every_kind_of_connection() {
    let cases = connection_cases();
    assert!(cases.len() >= 150, "{} cases", cases.len());
    for case in &cases {
        case.set_retried();
        for (connection, mut take) in connections(case.policy.as_ref()) {
            for (at, (step, expected)) in case.steps.iter().enumerate() {
                let outcome = take(step);
                let place = format!("{}\nstep {at}, {connection}", case.name);
                assert!(outcome.is(expected), "{place}\n{outcome:?}\n{expected:?}");
            }
        }
    }
}

#[test]
fn the_default_policy_does_what_the_vectors_of_the_policy_for_programs_have() {
    let mut cases = connection_cases();
    cases.retain(|case| case.name.starts_with("The policy for programs "));
    assert_eq!(cases.len(), 2);
    for case in cases {
        for (connection, mut take) in connections(Some(&Policy::default())) {
            for (at, (step, expected)) in case.steps.iter().enumerate() {
                let outcome = take(step);
                let place = format!("{}\nstep {at}, {connection}", case.name);
                assert!(outcome.is(expected), "{place}\n{outcome:?}\n{expected:?}");
            }
        }
    }
}

#[test]
fn chunk_invariance_every_connection_vector_holds_in_every_chunking() {
    for case in connection_cases() {
        case.set_retried();
        let steps = |step: &(Step, Outcome)| matches!(step.0, Step::Bytes(_));
        for cut in case.steps.iter().enumerate().filter(|(_, step)| steps(step)).map(|(at, _)| at) {
            let Step::Bytes(bytes) = &case.steps[cut].0 else { unreachable!() };
            every_chunking(bytes, |chunks| {
                for (connection, mut take) in connections(case.policy.as_ref()) {
                    for (at, (step, expected)) in case.steps.iter().enumerate() {
                        let outcome =
                            if at == cut { in_chunks(&mut take, chunks) } else { take(step) };
                        let place = format!("{}\nstep {at}, {connection}", case.name);
                        assert!(outcome.is(expected), "{place}\n{outcome:?}\n{expected:?}");
                    }
                }
            });
        }
    }
}

/// Pushes bytes piecewise.
fn in_chunks(take: &mut dyn FnMut(&Step) -> Outcome, chunks: &[&[u8]]) -> Outcome {
    let mut all = Vec::new();
    for chunk in chunks {
        match take(&Step::Bytes(chunk.to_vec())) {
            Outcome::Events(events) => all.extend(events),
            other => panic!("{other:?}"),
        }
    }
    Outcome::Events(all)
}

/// A second implementation of the rules, slow and obvious: the whole stream of a connection is parsed again for each
/// chunk.
struct Naive {
    state: ReadyState,
    last_event_id: String,
    reconnection_time: u64,
    /// The last event ID and the reconnection time at the start of the stream.
    before: (String, u64),
    stream: Vec<u8>,
    delivered: usize,
}

impl Naive {
    fn new() -> Self {
        Naive {
            state: ReadyState::Connecting,
            last_event_id: String::new(),
            reconnection_time: 3000,
            before: (String::new(), 0),
            stream: Vec::new(),
            delivered: 0,
        }
    }

    fn header(&self) -> Option<String> {
        (!self.last_event_id.is_empty()).then(|| self.last_event_id.clone())
    }

    fn take(&mut self, step: &Step) -> Outcome {
        match step {
            Step::Request => Outcome::Header(self.header()),
            Step::Response(Response { status, content_type, .. }) => {
                if self.state == ReadyState::Connecting {
                    let opens =
                        *status == 200 && content_type.as_deref() == Some("text/event-stream");
                    self.state = if opens { ReadyState::Open } else { ReadyState::Closed };
                    self.before = (self.last_event_id.clone(), self.reconnection_time);
                    self.stream.clear();
                    self.delivered = 0;
                }
                let open = self.state == ReadyState::Open;
                Outcome::action(if open { "open" } else { "fail" })
            }
            Step::Bytes(bytes) => Outcome::Events(match self.state {
                ReadyState::Open => self.parse(bytes),
                _ => Vec::new(),
            }),
            Step::End | Step::NetworkError if self.state == ReadyState::Closed => {
                Outcome::action("none")
            }
            Step::End | Step::NetworkError => {
                self.state = ReadyState::Connecting;
                Outcome::reconnect(self.reconnection_time, self.header())
            }
            Step::Close => {
                self.state = ReadyState::Closed;
                Outcome::action("closed")
            }
            other => panic!("{other:?}"),
        }
    }

    fn parse(&mut self, bytes: &[u8]) -> Vec<Delivered> {
        self.stream.extend_from_slice(bytes);
        let mut parser = Parser::new();
        parser.set_last_event_id(&self.before.0).unwrap();
        let mut events = parser.push(&self.stream);
        let mut all = Vec::new();
        while let Some(event) = events.next().unwrap() {
            all.push((event.event_type.into(), event.data.into(), event.last_event_id.into()));
        }
        self.last_event_id = parser.last_event_id().to_owned();
        self.reconnection_time = parser.reconnection_time().map_or(self.before.1, milliseconds);
        let new = all.split_off(self.delivered);
        self.delivered += new.len();
        new
    }
}

fn any_step() -> impl Strategy<Value = Step> {
    let pieces: &[&[u8]] = &[
        b"data: x\n\n",
        b"data: y\r",
        b"\r",
        b"\n",
        b"da",
        b"ta: z\r\n",
        b"id: 1\n",
        b"id: \xE2\x82\xAC\n",
        b"id\n",
        b"id: a\0\n",
        b"retry: 5\n",
        b"retry: 18446744073709551615\n",
        b"retry: 7",
        b"event: e\n",
        b": comment\n",
        b"\xEF\xBB",
        b"\xBF",
        b"\xEF\xBB\xBF",
        b"\xE2\x82",
        b"",
    ];
    let types = ["text/event-stream", "text/html", "text/event-streamx"];
    prop_oneof![
        2 => Just(Step::Request),
        4 => Just(Step::Response(response(200, Some("text/event-stream")))),
        1 => (select(vec![200, 204, 301, 500]), proptest::option::of(select(types.to_vec())))
            .prop_map(|(status, name)| Step::Response(response(status, name))),
        10 => vec(select(pieces), 0..5).prop_map(|pieces| Step::Bytes(pieces.concat())),
        3 => Just(Step::End),
        2 => Just(Step::NetworkError),
        1 => Just(Step::Close),
    ]
}

proptest! {
    #![proptest_config(support::kept::failures())]

    #[test]
    fn every_kind_of_connection_does_what_the_rules_say_in_any_order_of_steps(
        steps in vec(any_step(), 0..24)
    ) {
        let mut naive = Naive::new();
        let mut connections = connections(None);
        for step in &steps {
            let expected = naive.take(step);
            for (connection, take) in &mut connections {
                let outcome = take(step);
                prop_assert!(outcome.is(&expected), "{connection}\n{outcome:?}\n{expected:?}");
            }
        }
    }

    #[test]
    fn no_call_in_any_order_panics_or_breaks_the_order_of_notices(
        calls in vec((0..13_u8, 0..10_000_u64, any_step()), 0..60)
    ) {
        let mut connection = Connection::new(BARE);
        // Whether a request was sent, whether the open connection was reported, and whether it was closed.
        let (mut requested, mut opened, mut closed) = (false, false, false);
        for (call, millisecond, step) in calls {
            let before = connection.ready_state();
            match (call, step) {
                (0..=4, _) => {
                    let action = connection.poll(Duration::from_millis(millisecond));
                    while let Some(notice) = connection.next_notice() {
                        match notice {
                            Notice::Open => {
                                prop_assert!(requested && !opened && !closed);
                                opened = true;
                            }
                            Notice::Reconnecting { reason, .. } => {
                                prop_assert!(requested || reason == Interruption::Asked);
                                prop_assert!(!closed);
                                (requested, opened) = (false, false);
                            }
                            Notice::Ended | Notice::Failed(_) => {
                                prop_assert!(requested && !closed);
                                (requested, opened) = (false, false);
                            }
                            other => prop_assert!(false, "{other:?}"),
                        }
                    }
                    match action {
                        Action::Connect => {
                            prop_assert!(!requested && !closed);
                            requested = true;
                        }
                        Action::Receive { until } => {
                            prop_assert!(requested);
                            prop_assert_eq!(until, None);
                        }
                        Action::Wait { until } => {
                            prop_assert!(!requested);
                            prop_assert!(until > Duration::from_millis(millisecond));
                        }
                        Action::Stop => {
                            prop_assert_eq!(connection.ready_state(), ReadyState::Closed);
                        }
                    }
                }
                (5, _) => {
                    connection.handle_response(EVENT_STREAM);
                    prop_assert!(connection.ready_state() == before || requested);
                }
                (12, _) => {
                    connection.reconnect();
                    prop_assert_eq!(connection.ready_state() == ReadyState::Closed, closed);
                }
                (_, Step::Response(response)) => {
                    connection.handle_response(head(&response));
                    prop_assert!(connection.ready_state() == before || requested);
                }
                (_, Step::Bytes(bytes)) => {
                    let mut events = connection.push(&bytes);
                    let mut count = 0;
                    while events.next().unwrap().is_some() {
                        count += 1;
                        if call == 11 {
                            events.close();
                            closed = true;
                        }
                    }
                    prop_assert!(count == 0 || before == ReadyState::Open);
                    prop_assert!(count <= 1 || call != 11);
                }
                (_, Step::End) => _ = connection.handle_end().unwrap(),
                (_, Step::NetworkError) => _ = connection.handle_network_error().unwrap(),
                (_, Step::Close) => {
                    connection.close();
                    closed = true;
                }
                _ => {}
            }
            if closed {
                prop_assert_eq!(connection.ready_state(), ReadyState::Closed);
            }
            prop_assert_eq!(
                connection.last_event_id_header().unwrap_or_default(),
                connection.parser().last_event_id()
            );
            prop_assert_ne!(connection.last_event_id_header(), Some(""));
        }
    }
}

/// A connection that is open, after its notice.
fn open() -> Connection {
    let mut connection = Connection::new(BARE);
    assert_eq!(connection.poll(Duration::ZERO), Action::Connect);
    connection.handle_response(EVENT_STREAM);
    assert_eq!(connection.next_notice(), Some(Notice::Open));
    connection
}

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
    let mut items = connection.observe(chunk);
    assert!(matches!(items.next(), Ok(Some(Item::Event(_)))));
    items.close();
    assert_eq!(items.next(), Ok(None));
    assert_eq!(items.into_rest(), b"");

    let mut connection = open();
    let mut events = connection.push(chunk);
    assert!(events.next().unwrap().is_some());
    let rest = events.into_rest();
    assert_eq!(rest, &chunk[9..]);
    connection.close();
    assert_eq!(connection.push(rest).next(), Ok(None));
    assert_eq!(connection.observe(rest).next(), Ok(None));
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
fn the_end_of_a_stream_returns_what_was_pending() {
    for error in [false, true] {
        let mut connection = open();
        let mut events = connection.push(b"data: 1\n\ndata: 2");
        assert_eq!(events.next().unwrap().unwrap().data, "1");
        assert_eq!(events.next(), Ok(None));
        let end = if error { connection.handle_network_error() } else { connection.handle_end() };
        let Ok(End::Incomplete(pending)) = end else { panic!("{end:?}") };
        assert_eq!(pending.data, Some("2"));
        assert_eq!(connection.handle_end(), Ok(End::Clean), "the stream was dropped");
        assert_eq!(connection.handle_network_error(), Ok(End::Clean));
    }
}

#[test]
fn a_dropped_cursor_is_reported_once_by_the_next_one_or_by_the_end_of_the_stream() {
    for error in [false, true] {
        let mut connection = open();
        assert_eq!(connection.push(b"data: 1\n\ndata: 2\n\n").next().unwrap().unwrap().data, "1");
        let mut events = connection.push(b"data: 3\n\ndata: 4\n\n");
        assert!(matches!(events.next(), Err(ParseError::Unread { bytes: 9, .. })));
        assert_eq!(events.next().unwrap().unwrap().data, "4");
        assert_eq!(events.next(), Ok(None));

        assert!(connection.observe(b"data: 5\n\ndata: 6\n\n").next().unwrap().is_some());
        let end = if error { connection.handle_network_error() } else { connection.handle_end() };
        assert!(matches!(end, Err(ParseError::Unread { bytes: 9, .. })));
        assert_eq!(connection.ready_state(), ReadyState::Connecting, "it is lost even so");
        assert!(matches!(connection.poll(Duration::ZERO), Action::Wait { .. }));
    }
}

#[test]
fn a_parser_keeps_its_id_and_time_but_not_an_unfinished_stream() {
    let mut parser = Parser::with_limit(100);
    let mut events = parser.push(b"\xEF\xBB\xBFid: 1\nretry: 7\n\nid: 2\ndata: half");
    while events.next().unwrap().is_some() {}
    let policy = Policy { reconnection_time: Duration::from_millis(9), ..BARE };
    let mut connection = Connection::with_parser(parser, policy);
    assert_eq!(connection.reconnection_time(), Duration::from_millis(7));
    assert_eq!(connection.last_event_id_header(), Some("1"));
    assert_eq!(connection.poll(Duration::ZERO), Action::Connect);
    connection.handle_response(EVENT_STREAM);
    let mut events = connection.push(b"\xEF\xBB\xBFdata: x\n\n");
    let event = events.next().unwrap().unwrap();
    assert_eq!((event.data, event.last_event_id, event.range), ("x", "1", 3..12));
    let parser = connection.into_parser();
    assert_eq!((parser.limit(), parser.last_event_id()), (100, "1"));
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

#[test]
fn an_event_beyond_the_limit_is_an_error_and_the_connection_stays_open() {
    let mut connection = Connection::with_parser(Parser::with_limit(8), BARE);
    assert_eq!(connection.poll(Duration::ZERO), Action::Connect);
    connection.handle_response(EVENT_STREAM);
    let mut events = connection.push(b"data: 123456789\n\ndata: x\n\n");
    let Err(ParseError::Limit(error)) = events.next() else { panic!() };
    assert_eq!(error.limit(), 8);
    assert_eq!(events.next().unwrap().unwrap().data, "x");
    assert_eq!(connection.ready_state(), ReadyState::Open);
}

#[test]
fn zero_copy_an_event_is_lent_through_a_connection_that_allocates_nothing() {
    let silence = Silence { events: Some(Duration::MAX), ..Silence::default() };
    let mut connection = Connection::new(Policy { silence, ..Policy::default() });
    let stream = b": comment\nevent: e\ndata: x\n\n".repeat(10);
    let mut count = 0;
    let info = allocation_counter::measure(|| {
        assert_eq!(connection.poll(Duration::ZERO), Action::Connect);
        connection.handle_response(EVENT_STREAM);
        let mut events = connection.push(&stream);
        while let Some(event) = events.next().unwrap() {
            assert!(stream.as_ptr_range().contains(&event.data.as_ptr()));
            count += 1;
        }
    });
    assert_eq!((count, info.count_total), (10, 0));
}

#[test]
fn ready_states_have_the_numbers_of_the_specification() {
    use ReadyState::{Closed, Connecting, Open};
    assert_eq!([Connecting, Open, Closed].map(|state| state as u8), [0, 1, 2]);
}
