//! The steps of a connection, as the vectors have them and as a connection takes them.

use std::cell::RefCell;
use std::time::Duration;

use sse_wire::{
    Action, Arrays, Connection, Event, Failure, Interruption, Item, Notice, Policy, ReadyState,
    ResponseHead, SendAgain, Silence, Storage,
};
use sse_wire_vectors as vectors;
pub use sse_wire_vectors::Response;

use super::milliseconds;

/// What happens to a connection.
#[derive(Clone, Debug)]
pub enum Step {
    Request,
    Response(Response),
    Bytes(Vec<u8>),
    End,
    /// Of a connection that was dropped.
    LateEnd,
    NetworkError,
    Time(Duration),
    Reconnect,
    Close,
}

pub fn response(status: u16, content_type: Option<&str>) -> Response {
    let content_type = content_type.map(str::to_owned);
    Response { status, content_type, ..Response::default() }
}

/// The head as a connection takes it.
pub fn head(response: &Response) -> ResponseHead<'_> {
    ResponseHead {
        status: response.status,
        content_type: response.content_type.as_ref().map(String::as_bytes),
        content_encoding: response.content_encoding.as_ref().map(String::as_bytes),
        retry_after: response.retry_after.as_ref().map(String::as_bytes),
        date: response.date.as_ref().map(String::as_bytes),
    }
}

/// What a connection returns. In a vector `reason` is optional.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Header(Option<String>),
    Events(Vec<Delivered>),
    Reconnect { delay_ms: u64, jitter_ms: u64, reason: Option<String>, header: Option<String> },
    Action { action: String, reason: Option<String> },
}

impl Outcome {
    pub fn action(action: &str) -> Self {
        Outcome::Action { action: action.to_owned(), reason: None }
    }

    pub fn reconnect(delay_ms: u64, header: Option<String>) -> Self {
        Outcome::Reconnect { delay_ms, jitter_ms: 0, reason: None, header }
    }

    /// Returns whether this is what a vector expects.
    pub fn is(&self, expected: &Outcome) -> bool {
        let of_reason = |reason: &Option<String>, expected: &Option<String>| {
            expected.is_none() || reason == expected
        };
        match (self, expected) {
            (
                Outcome::Reconnect { delay_ms, reason, header, .. },
                Outcome::Reconnect {
                    delay_ms: least,
                    jitter_ms,
                    reason: expected,
                    header: expected_header,
                },
            ) => {
                (*least..=least.saturating_add(*jitter_ms)).contains(delay_ms)
                    && of_reason(reason, expected)
                    && header == expected_header
            }
            (
                Outcome::Action { action, reason },
                Outcome::Action { action: expected, reason: expected_reason },
            ) => action == expected && of_reason(reason, expected_reason),
            _ => self == expected,
        }
    }
}

/// Type, data, last event ID.
pub type Delivered = (String, String, String);

pub struct ConnectionCase {
    pub name: String,
    /// `None` for the bare specification.
    pub policy: Option<Policy>,
    pub steps: Vec<(Step, Outcome)>,
    /// The statuses that the policy retries: see [`Self::set_retried`].
    retried: Vec<u16>,
}

impl ConnectionCase {
    /// Makes the policies on this thread retry these statuses, because a policy has a function that captures nothing.
    pub fn set_retried(&self) {
        RETRIED.set(self.retried.clone());
    }
}

thread_local! {
    static RETRIED: RefCell<Vec<u16>> = const { RefCell::new(Vec::new()) };
}

pub fn connection_cases() -> Vec<ConnectionCase> {
    let cases = sse_wire_vectors::connection().into_iter();
    cases
        .map(|case| ConnectionCase {
            name: case.case.name,
            retried: case.policy.as_ref().map_or(Vec::new(), |it| it.retry_statuses.clone()),
            policy: case.policy.map(policy),
            steps: case.steps.into_iter().map(|(it, result)| (step(it), outcome(result))).collect(),
        })
        .collect()
}

fn policy(policy: vectors::Policy) -> Policy {
    let time = Duration::from_millis;
    let bare = Policy::specification();
    Policy {
        floor: policy.floor_ms.map_or(bare.floor, time),
        cap: policy.cap_ms.map_or(bare.cap, time),
        backoff: policy.backoff_ms.map(time),
        jitter: policy.jitter_percent.unwrap_or(bare.jitter),
        healthy_after: policy.healthy_after_ms.map_or(bare.healthy_after, time),
        max_reconnections: policy.max_reconnections,
        retry_status: |status| RETRIED.with_borrow(|all| all.contains(&status)),
        additional_type: policy.additional_type.map(|name| &*name.leak()),
        send_again: if policy.send_again_if_safe { SendAgain::IfSafe } else { bare.send_again },
        head_timeout: policy.head_timeout_ms.map(time),
        silence: Silence {
            bytes: policy.silence_ms.bytes.map(time),
            comments: policy.silence_ms.comments.map(time),
            blocks: policy.silence_ms.blocks.map(time),
            events: policy.silence_ms.events.map(time),
        },
        ..bare
    }
}

fn step(step: vectors::Step) -> Step {
    match step {
        vectors::Step::Request => Step::Request,
        vectors::Step::Response(response) => Step::Response(response),
        vectors::Step::Bytes(bytes) => Step::Bytes(bytes),
        vectors::Step::End => Step::End,
        vectors::Step::LateEnd => Step::LateEnd,
        vectors::Step::NetworkError => Step::NetworkError,
        vectors::Step::Time(milliseconds) => Step::Time(Duration::from_millis(milliseconds)),
        vectors::Step::Reconnect => Step::Reconnect,
        vectors::Step::Close => Step::Close,
    }
}

fn outcome(outcome: vectors::Outcome) -> Outcome {
    match outcome {
        vectors::Outcome::Request(header) => Outcome::Header(header),
        vectors::Outcome::Events(events) => {
            let delivered =
                |event: vectors::Event| (event.event_type, event.data, event.last_event_id);
            Outcome::Events(events.into_iter().map(delivered).collect())
        }
        vectors::Outcome::Reconnect { delay_ms, jitter_ms, last_event_id_header, reason } => {
            Outcome::Reconnect { delay_ms, jitter_ms, reason, header: last_event_id_header }
        }
        vectors::Outcome::Action { action, reason } => Outcome::Action { action, reason },
    }
}

/// How bytes are pushed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Delivery {
    Push,
    Items,
    /// `push`, with the cursor ended after each event and the rest pushed again.
    OneEventAPush,
}

/// A connection that takes steps.
pub struct Stepper<S> {
    pub connection: Connection<S>,
    pub now: Duration,
    delivery: Delivery,
    /// Whether the connection has the bare specification: an end is a failure, and any ID is sent.
    bare: bool,
}

/// A connection over arrays that are full of earlier bytes.
pub fn over_arrays(policy: Policy) -> Connection<Arrays<Vec<u8>, Vec<u8>, Vec<u8>>> {
    let array = || vec![0xFF; 4096];
    Connection::with_parser(super::over_arrays(array(), array(), array()), policy)
}

impl<S: Storage> Stepper<S> {
    pub fn take(&mut self, step: &Step) -> Outcome {
        match step {
            Step::Request => {
                self.request();
                Outcome::Header(self.header())
            }
            Step::Response(response) => {
                self.request();
                self.connection.handle_response(head(response));
                let outcome = self.outcome();
                let open = self.connection.ready_state() == ReadyState::Open;
                match outcome {
                    Outcome::Action { action, .. } if action == "none" => {
                        Outcome::action(if open { "open" } else { "fail" })
                    }
                    Outcome::Action { action, .. } if action == "end" && self.bare => {
                        Outcome::action("fail")
                    }
                    outcome => outcome,
                }
            }
            Step::Bytes(bytes) => {
                let mut events = Vec::new();
                self.bytes(bytes, &mut events);
                Outcome::Events(events)
            }
            Step::End => {
                self.request();
                let _ = self.connection.handle_end().unwrap();
                self.outcome()
            }
            Step::LateEnd => {
                let _ = self.connection.handle_end().unwrap();
                self.outcome()
            }
            Step::NetworkError => {
                self.request();
                let _ = self.connection.handle_network_error().unwrap();
                self.outcome()
            }
            Step::Time(time) => {
                let _ = self.connection.poll(self.now);
                self.now = self.now.saturating_add(*time);
                self.outcome()
            }
            Step::Reconnect => {
                self.connection.reconnect();
                // `poll` would consume the action, which `request` needs.
                self.notices()
            }
            Step::Close => {
                self.connection.close();
                assert_eq!(self.connection.ready_state(), ReadyState::Closed);
                Outcome::action("closed")
            }
        }
    }

    /// Waits, and sends a request, if one is due or will be.
    fn request(&mut self) {
        while self.connection.ready_state() == ReadyState::Connecting {
            match self.connection.poll(self.now) {
                Action::Wait { until } => {
                    assert!(until > self.now, "a wait that is over");
                    self.now = until;
                }
                Action::Connect => {}
                Action::Receive { .. } | Action::Stop => return,
            }
        }
    }

    /// Polls, and returns what has happened.
    fn outcome(&mut self) -> Outcome {
        let requested = self.connection.ready_state() == ReadyState::Connecting;
        let action = self.connection.poll(self.now);
        assert!(action != Action::Connect || requested, "a request without a wait");
        self.notices()
    }

    fn notices(&mut self) -> Outcome {
        let mut outcome = Outcome::action("none");
        while let Some(notice) = self.connection.next_notice() {
            outcome = match notice {
                Notice::Open => Outcome::action("open"),
                Notice::Reconnecting { reason, delay, .. } => {
                    assert_eq!(self.connection.ready_state(), ReadyState::Connecting);
                    Outcome::Reconnect {
                        delay_ms: milliseconds(delay),
                        jitter_ms: 0,
                        reason: reason_of_interruption(reason),
                        header: self.header(),
                    }
                }
                Notice::Ended => Outcome::action("end"),
                Notice::Failed(failure) => {
                    let reason = Some(reason_of_failure(failure).to_owned());
                    Outcome::Action { action: "fail".to_owned(), reason }
                }
                other => panic!("{other:?}"),
            };
        }
        outcome
    }

    fn bytes(&mut self, chunk: &[u8], delivered: &mut Vec<Delivered>) {
        match self.delivery {
            Delivery::Push => {
                let mut events = self.connection.push(chunk);
                while let Some(event) = events.next().unwrap() {
                    delivered.push(values(&event));
                }
                assert_eq!(events.into_rest(), b"");
            }
            Delivery::Items => {
                let mut items = self.connection.push(chunk);
                while let Some(item) = items.next_item().unwrap() {
                    if let Item::Event(event) = item {
                        delivered.push(values(&event));
                    }
                }
                assert_eq!(items.into_rest(), b"");
            }
            Delivery::OneEventAPush => {
                let mut rest = chunk;
                loop {
                    let mut events = self.connection.push(rest);
                    let Some(event) = events.next().unwrap() else { break };
                    delivered.push(values(&event));
                    rest = events.into_rest();
                }
            }
        }
    }

    fn header(&self) -> Option<String> {
        let id = self.connection.parser().last_event_id();
        let sent = self.connection.last_event_id_header();
        if self.bare { Some(id).filter(|id| !id.is_empty()) } else { sent }.map(str::to_owned)
    }
}

fn reason_of_interruption(reason: Interruption) -> Option<String> {
    let name = match reason {
        Interruption::Status(_) => "status",
        Interruption::NoResponse => "no response",
        Interruption::Silence(_) => "silence",
        _ => return None,
    };
    Some(name.to_owned())
}

fn reason_of_failure(failure: Failure) -> &'static str {
    match failure {
        Failure::Status(_) => "status",
        Failure::ContentType => "type",
        Failure::ContentEncoding => "encoding",
        Failure::Reconnections { .. } => "reconnections",
        Failure::NotSafe { .. } => "not safe",
        other => panic!("{other:?}"),
    }
}

fn values(event: &Event<'_>) -> Delivered {
    (event.event_type.to_owned(), event.data.to_owned(), event.last_event_id.to_owned())
}

/// A boxed stepper of any kind.
pub type Take = Box<dyn FnMut(&Step) -> Outcome>;

/// A new connection of every kind, and its name; `None` is the bare specification.
pub fn connections(policy: Option<&Policy>) -> Vec<(&'static str, Take)> {
    fn take<S: Storage + 'static>(
        connection: Connection<S>,
        delivery: Delivery,
        bare: bool,
    ) -> Take {
        let mut stepper = Stepper { connection, now: Duration::ZERO, delivery, bare };
        Box::new(move |step| stepper.take(step))
    }
    let bare = policy.is_none();
    let policy = || policy.cloned().unwrap_or_else(Policy::specification);
    vec![
        ("push", take(Connection::new(policy()), Delivery::Push, bare)),
        ("items", take(Connection::new(policy()), Delivery::Items, bare)),
        ("one event a push", take(Connection::new(policy()), Delivery::OneEventAPush, bare)),
        ("fixed arrays, push", take(over_arrays(policy()), Delivery::Push, bare)),
        ("fixed arrays, items", take(over_arrays(policy()), Delivery::Items, bare)),
        (
            "fixed arrays, one event a push",
            take(over_arrays(policy()), Delivery::OneEventAPush, bare),
        ),
    ]
}
