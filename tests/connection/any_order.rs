//! Any order of steps and calls: what the rules say, no panic, and notices in order.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use sse_wire::{Action, Connection, Interruption, Notice, Parser, ReadyState};

use crate::support::connection::{Delivered, Outcome, Response, Step, connections, head, response};
use crate::support::{self, milliseconds};
use crate::{BARE, EVENT_STREAM};

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
