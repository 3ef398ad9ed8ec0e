//! The connection rules: the vectors, and the laws of `EventSource`, each under its name. (Backoff,
//! limits and deadlines are in `tests/policies.rs`.)

#![cfg(feature = "std")]

mod support;

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use sse_wire::{
    Action, End, EventSource, Interruption, Item, Liveness, ParseError, Parser, ReadyState,
};
use support::connection::{Delivered, Outcome, Step, connection_cases, sources};
use support::{every_chunking, milliseconds};

const EVENT_STREAM: Option<&[u8]> = Some(b"text/event-stream");

#[test]
fn every_connection_vector_holds_for_every_kind_of_source() {
    let cases = connection_cases();
    assert!(cases.len() >= 80, "{} cases", cases.len());
    for case in &cases {
        for (source, mut take) in sources() {
            for (at, (step, expected)) in case.steps.iter().enumerate() {
                assert_eq!(take(step), *expected, "{}\nstep {at}, {source}", case.name);
            }
        }
    }
}

#[test]
fn chunk_invariance_every_connection_vector_holds_in_every_chunking() {
    for case in connection_cases() {
        let steps = |step: &(Step, Outcome)| matches!(step.0, Step::Bytes(_));
        for cut in case.steps.iter().enumerate().filter(|(_, step)| steps(step)).map(|(at, _)| at) {
            let Step::Bytes(bytes) = &case.steps[cut].0 else { unreachable!() };
            every_chunking(bytes, |chunks| {
                for (source, mut take) in sources() {
                    for (at, (step, expected)) in case.steps.iter().enumerate() {
                        let outcome =
                            if at == cut { in_chunks(&mut take, chunks) } else { take(step) };
                        assert_eq!(outcome, *expected, "{}\nstep {at}, {source}", case.name);
                    }
                }
            });
        }
    }
}

/// Hands bytes in piecewise.
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

/// The connection rules once more, slow and obvious: the whole stream of a connection is parsed
/// again for each chunk.
struct Naive {
    state: ReadyState,
    last_event_id: String,
    reconnection_time: u64,
    /// With what the stream began: last event ID, reconnection time.
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
            Step::Response(status, content_type) => {
                if self.state == ReadyState::Connecting {
                    let opens =
                        *status == 200 && content_type.as_deref() == Some("text/event-stream");
                    self.state = if opens { ReadyState::Open } else { ReadyState::Closed };
                    self.before = (self.last_event_id.clone(), self.reconnection_time);
                    self.stream.clear();
                    self.delivered = 0;
                }
                let open = self.state == ReadyState::Open;
                Outcome::Action(if open { "open" } else { "fail" }.into())
            }
            Step::Bytes(bytes) => Outcome::Events(match self.state {
                ReadyState::Open => self.parse(bytes),
                _ => Vec::new(),
            }),
            Step::End | Step::NetworkError if self.state == ReadyState::Closed => {
                Outcome::Action("none".into())
            }
            Step::End | Step::NetworkError => {
                self.state = ReadyState::Connecting;
                Outcome::Reconnect { delay_ms: self.reconnection_time, header: self.header() }
            }
            Step::Close => {
                self.state = ReadyState::Closed;
                Outcome::Action("closed".into())
            }
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
        4 => Just(Step::Response(200, Some("text/event-stream".into()))),
        1 => (select(vec![200, 204, 301, 500]), proptest::option::of(select(types.to_vec())))
            .prop_map(|(status, name)| Step::Response(status, name.map(str::to_owned))),
        10 => vec(select(pieces), 0..5).prop_map(|pieces| Step::Bytes(pieces.concat())),
        3 => Just(Step::End),
        2 => Just(Step::NetworkError),
        1 => Just(Step::Close),
    ]
}

proptest! {
    #![proptest_config(support::kept::failures())]

    #[test]
    fn every_kind_of_source_does_what_the_rules_say_in_any_order_of_steps(
        steps in vec(any_step(), 0..24)
    ) {
        let mut naive = Naive::new();
        let mut sources = sources();
        for step in &steps {
            let expected = naive.take(step);
            for (source, take) in &mut sources {
                prop_assert_eq!(take(step), expected.clone(), "{}", source);
            }
        }
    }

    #[test]
    fn no_call_in_any_order_panics_or_breaks_the_order_of_announcements(
        calls in vec((0..12_u8, 0..10_000_u64, any_step()), 0..60)
    ) {
        let mut source = EventSource::new();
        // Of the connection: whether a request was sent, its opening told; whether it was closed.
        let (mut requested, mut opened, mut closed, mut stopped) = (false, false, false, false);
        for (call, millisecond, step) in calls {
            let before = source.ready_state();
            match (call, step) {
                (0..=4, _) => match source.poll(Duration::from_millis(millisecond)) {
                    Action::Connect { .. } => {
                        prop_assert!(!requested && !stopped);
                        requested = true;
                    }
                    Action::Opened => {
                        prop_assert!(requested && !opened && !closed);
                        opened = true;
                    }
                    Action::Reconnecting { .. } => {
                        prop_assert!(requested && !closed);
                        (requested, opened) = (false, false);
                    }
                    Action::Receive { until } => {
                        prop_assert!(requested);
                        prop_assert_eq!(until, None);
                    }
                    Action::Wait { until } => {
                        prop_assert!(!requested);
                        prop_assert!(until > Duration::from_millis(millisecond));
                    }
                    Action::Failed(_) => {
                        prop_assert!(!closed && !stopped);
                        (requested, opened, closed) = (false, false, true);
                    }
                    Action::Stop => {
                        prop_assert!(closed);
                        stopped = true;
                    }
                },
                (5, _) => {
                    source.handle_response(200, EVENT_STREAM);
                    prop_assert!(source.ready_state() == before || requested);
                }
                (_, Step::Response(status, name)) => {
                    source.handle_response(status, name.as_ref().map(String::as_bytes));
                    prop_assert!(source.ready_state() == before || requested);
                }
                (_, Step::Bytes(bytes)) => {
                    let mut events = source.push(&bytes);
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
                (_, Step::End) => _ = source.handle_end().unwrap(),
                (_, Step::NetworkError) => _ = source.handle_network_error().unwrap(),
                (_, Step::Close) => {
                    source.close();
                    closed = true;
                }
                (_, Step::Request) => {}
            }
            if before == ReadyState::Closed {
                prop_assert_eq!(source.ready_state(), ReadyState::Closed);
            }
            prop_assert_eq!(
                source.last_event_id_header().unwrap_or_default(),
                source.parser().last_event_id()
            );
            prop_assert_ne!(source.last_event_id_header(), Some(""));
        }
    }
}

/// A source that is open, and has said so.
fn open() -> EventSource {
    let mut source = EventSource::new();
    assert_eq!(source.poll(Duration::ZERO), Action::Connect { last_event_id: None });
    source.handle_response(200, EVENT_STREAM);
    assert_eq!(source.poll(Duration::ZERO), Action::Opened);
    source
}

#[test]
fn nothing_is_delivered_after_close_not_even_the_rest_of_a_chunk() {
    let chunk = b"data: 1\n\ndata: 2\n\n: comment\n";
    let mut source = open();
    let mut events = source.push(chunk);
    assert_eq!(events.next().unwrap().unwrap().data, "1");
    events.close();
    assert_eq!(events.next(), Ok(None));
    assert_eq!(events.into_rest(), b"");
    assert_eq!(source.ready_state(), ReadyState::Closed);

    let mut source = open();
    let mut items = source.observe(chunk);
    assert!(matches!(items.next(), Ok(Some(Item::Event(_)))));
    items.close();
    assert_eq!(items.next(), Ok(None));
    assert_eq!(items.into_rest(), b"");

    let mut source = open();
    let mut events = source.push(chunk);
    assert!(events.next().unwrap().is_some());
    let rest = events.into_rest();
    assert_eq!(rest, &chunk[9..]);
    source.close();
    assert_eq!(source.push(rest).next(), Ok(None));
    assert_eq!(source.observe(rest).next(), Ok(None));
    assert_eq!(source.poll(Duration::MAX), Action::Stop);
}

#[test]
fn nothing_is_announced_after_close() {
    let mut opened = EventSource::new();
    assert!(matches!(opened.poll(Duration::ZERO), Action::Connect { .. }));
    opened.handle_response(200, EVENT_STREAM);
    let mut failed = EventSource::new();
    assert!(matches!(failed.poll(Duration::ZERO), Action::Connect { .. }));
    failed.handle_response(500, EVENT_STREAM);
    let mut interrupted = open();
    _ = interrupted.handle_end().unwrap();
    for mut source in [opened, failed, interrupted, EventSource::new()] {
        source.close();
        assert_eq!(source.poll(Duration::ZERO), Action::Stop);
        assert_eq!(source.poll(Duration::MAX), Action::Stop);
    }
}

#[test]
fn an_opening_is_announced_before_the_loss_of_the_same_connection() {
    let mut source = EventSource::new();
    assert!(matches!(source.poll(Duration::ZERO), Action::Connect { .. }));
    source.handle_response(200, EVENT_STREAM);
    _ = source.handle_network_error().unwrap();
    assert_eq!(source.ready_state(), ReadyState::Connecting);
    assert_eq!(source.poll(Duration::ZERO), Action::Opened);
    let delay = Duration::from_secs(3);
    let reason = Interruption::NetworkError;
    assert_eq!(source.poll(Duration::ZERO), Action::Reconnecting { reason, delay });
}

#[test]
fn poll_says_the_same_until_something_happens() {
    let second = Duration::from_secs(1);
    let mut source = EventSource::new();
    assert!(matches!(source.poll(second), Action::Connect { .. }));
    for _ in 0..2 {
        assert_eq!(source.poll(second), Action::Receive { until: None });
    }
    _ = source.handle_end().unwrap();
    assert!(matches!(source.poll(second), Action::Reconnecting { .. }));
    for _ in 0..2 {
        assert_eq!(source.poll(second), Action::Wait { until: 4 * second });
    }
    assert!(matches!(source.poll(4 * second), Action::Connect { .. }));
    source.handle_response(404, None);
    assert!(matches!(source.poll(4 * second), Action::Failed(_)));
    for _ in 0..2 {
        assert_eq!(source.poll(4 * second), Action::Stop);
    }
}

#[test]
fn time_never_goes_back() {
    let seconds = Duration::from_secs;
    let mut source = open();
    assert_eq!(source.poll(seconds(10)), Action::Receive { until: None });
    _ = source.handle_end().unwrap();
    assert!(matches!(source.poll(seconds(2)), Action::Reconnecting { .. }));
    assert_eq!(source.poll(seconds(0)), Action::Wait { until: seconds(13) });
    assert!(matches!(source.poll(seconds(13)), Action::Connect { .. }));
}

#[test]
fn a_wait_begins_when_the_loss_is_polled_and_is_over_exactly_at_its_end() {
    let mut source = open();
    _ = source.handle_end().unwrap();
    let start = Duration::from_nanos(7_000_000_123);
    assert!(matches!(source.poll(start), Action::Reconnecting { .. }));
    let end = start + Duration::from_millis(3000);
    let before = end - Duration::from_nanos(1);
    assert_eq!(source.poll(before), Action::Wait { until: end });
    assert!(matches!(source.poll(end), Action::Connect { .. }));
}

#[test]
fn the_longest_wait_at_the_latest_time_ends_where_time_does() {
    let mut source = open();
    source.push(b"retry: 99999999999999999999\n").next().unwrap();
    _ = source.handle_end().unwrap();
    let late = Duration::MAX - Duration::from_nanos(1);
    let delay = Duration::from_millis(u64::MAX);
    let reason = Interruption::End;
    assert_eq!(source.poll(late), Action::Reconnecting { reason, delay });
    assert_eq!(source.poll(late), Action::Wait { until: Duration::MAX });
    assert!(matches!(source.poll(Duration::MAX), Action::Connect { .. }));
}

#[test]
fn the_end_of_a_stream_tells_what_was_pending() {
    for error in [false, true] {
        let mut source = open();
        let mut events = source.push(b"data: 1\n\ndata: 2");
        assert_eq!(events.next().unwrap().unwrap().data, "1");
        assert_eq!(events.next(), Ok(None));
        let end = if error { source.handle_network_error() } else { source.handle_end() };
        let Ok(End::Incomplete(pending)) = end else { panic!("{end:?}") };
        assert_eq!(pending.data, Some("2"));
        assert_eq!(source.handle_end(), Ok(End::Clean), "there is no stream any more");
        assert_eq!(source.handle_network_error(), Ok(End::Clean));
    }
}

#[test]
fn a_cursor_that_was_left_is_reported_once_by_the_next_one_or_by_the_end_of_the_stream() {
    for error in [false, true] {
        let mut source = open();
        assert_eq!(source.push(b"data: 1\n\ndata: 2\n\n").next().unwrap().unwrap().data, "1");
        let mut events = source.push(b"data: 3\n\ndata: 4\n\n");
        assert!(matches!(events.next(), Err(ParseError::Unread { bytes: 9, .. })));
        assert_eq!(events.next().unwrap().unwrap().data, "4");
        assert_eq!(events.next(), Ok(None));

        assert!(source.observe(b"data: 5\n\ndata: 6\n\n").next().unwrap().is_some());
        let end = if error { source.handle_network_error() } else { source.handle_end() };
        assert!(matches!(end, Err(ParseError::Unread { bytes: 9, .. })));
        assert_eq!(source.ready_state(), ReadyState::Connecting, "it is lost all the same");
        assert!(matches!(source.poll(Duration::ZERO), Action::Reconnecting { .. }));
    }
}

#[test]
fn a_parser_brings_its_id_and_time_along_and_no_half_stream() {
    let mut parser = Parser::with_limit(100);
    let mut events = parser.push(b"\xEF\xBB\xBFid: 1\nretry: 7\n\nid: 2\ndata: half");
    while events.next().unwrap().is_some() {}
    let mut source =
        EventSource::with_parser(parser).with_reconnection_time(Duration::from_millis(9));
    assert_eq!(source.reconnection_time(), Duration::from_millis(7));
    assert_eq!(source.poll(Duration::ZERO), Action::Connect { last_event_id: Some("1") });
    source.handle_response(200, EVENT_STREAM);
    let mut events = source.push(b"\xEF\xBB\xBFdata: x\n\n");
    let event = events.next().unwrap().unwrap();
    assert_eq!((event.data, event.last_event_id, event.range), ("x", "1", 3..12));
    let parser = source.into_parser();
    assert_eq!((parser.limit(), parser.last_event_id()), (100, "1"));
}

#[test]
fn the_first_reconnection_time_can_be_chosen_and_gives_way_to_a_retry_line() {
    let delay = Duration::from_millis(50);
    let mut source = open().with_reconnection_time(delay);
    _ = source.handle_end().unwrap();
    assert_eq!(source.reconnection_time(), delay);
    let reason = Interruption::End;
    assert_eq!(source.poll(Duration::ZERO), Action::Reconnecting { reason, delay });
    assert!(matches!(source.poll(delay), Action::Connect { .. }));
    source.handle_response(200, EVENT_STREAM);
    assert_eq!(source.push(b"retry: 0\n").next(), Ok(None));
    assert_eq!(source.reconnection_time(), Duration::ZERO);
}

#[test]
fn an_event_beyond_the_limit_is_an_error_and_the_connection_stays_open() {
    let mut source = EventSource::with_parser(Parser::with_limit(8));
    assert!(matches!(source.poll(Duration::ZERO), Action::Connect { .. }));
    source.handle_response(200, EVENT_STREAM);
    let mut events = source.push(b"data: 123456789\n\ndata: x\n\n");
    let Err(ParseError::Limit(error)) = events.next() else { panic!() };
    assert_eq!(error.limit(), 8);
    assert_eq!(events.next().unwrap().unwrap().data, "x");
    assert_eq!(source.ready_state(), ReadyState::Open);
}

#[test]
fn zero_copy_an_event_is_lent_through_a_source_that_allocates_nothing() {
    let mut source = EventSource::new().with_idle_timeout(Liveness::Events, Duration::MAX);
    let stream = b": comment\nevent: e\ndata: x\n\n".repeat(10);
    let mut count = 0;
    let info = allocation_counter::measure(|| {
        assert!(matches!(source.poll(Duration::ZERO), Action::Connect { .. }));
        source.handle_response(200, EVENT_STREAM);
        let mut events = source.push(&stream);
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
