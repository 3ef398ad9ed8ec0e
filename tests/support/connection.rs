//! The steps of a connection, as the vectors have them and as a connection takes them.

use std::cell::RefCell;
use std::time::Duration;

use serde_json::Value;
use sse_wire::{
    Action, Arrays, Connection, Event, Failure, Interruption, Item, Notice, Policy, ReadyState,
    ResponseHead, SendAgain, Silence, Storage,
};

use super::{bytes, milliseconds, text, vector_files};

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

/// A response's head.
#[derive(Clone, Debug, Default)]
pub struct Response {
    pub status: u16,
    pub content_type: Option<String>,
    pub content_encoding: Option<String>,
    pub retry_after: Option<String>,
    pub date: Option<String>,
}

impl Response {
    pub fn new(status: u16, content_type: Option<&str>) -> Self {
        let content_type = content_type.map(str::to_owned);
        Response { status, content_type, ..Response::default() }
    }

    pub fn head(&self) -> ResponseHead<'_> {
        ResponseHead {
            status: self.status,
            content_type: self.content_type.as_ref().map(String::as_bytes),
            content_encoding: self.content_encoding.as_ref().map(String::as_bytes),
            retry_after: self.retry_after.as_ref().map(String::as_bytes),
            date: self.date.as_ref().map(String::as_bytes),
        }
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
    let list = |value: &Value| value.as_array().unwrap().clone();
    vector_files("connection")
        .iter()
        .flat_map(|file| list(&file["cases"]))
        .map(|case| ConnectionCase {
            name: case["name"].as_str().unwrap().to_owned(),
            policy: case.get("policy").map(policy),
            steps: list(&case["steps"]).iter().map(|step| (read(step), expected(step))).collect(),
            retried: case["policy"]["retry_statuses"].as_array().map_or(Vec::new(), |statuses| {
                statuses.iter().map(|status| status.as_u64().unwrap() as u16).collect()
            }),
        })
        .collect()
}

fn policy(value: &Value) -> Policy {
    let Some(members) = value.as_object() else {
        assert_eq!(value, "default");
        return Policy::default();
    };
    let mut policy = Policy::specification();
    let number = |value: &Value| u32::try_from(value.as_u64().unwrap()).unwrap();
    let time = |value: &Value| Duration::from_millis(value.as_u64().unwrap());
    for (name, value) in members {
        match name.as_str() {
            "floor_ms" => policy.floor = time(value),
            "cap_ms" => policy.cap = time(value),
            "backoff_ms" => policy.backoff = Some(time(value)),
            "jitter_percent" => policy.jitter = u8::try_from(number(value)).unwrap(),
            "healthy_after_ms" => policy.healthy_after = time(value),
            "max_reconnections" => policy.max_reconnections = Some(number(value)),
            "retry_statuses" => {
                policy.retry_status = |status| RETRIED.with_borrow(|all| all.contains(&status));
            }
            "head_timeout_ms" => policy.head_timeout = Some(time(value)),
            "silence_ms" => {
                let class = |name| value.get(name).map(time);
                policy.silence = Silence {
                    bytes: class("bytes"),
                    comments: class("comments"),
                    blocks: class("blocks"),
                    events: class("events"),
                };
            }
            "additional_type" => policy.additional_type = Some(text(value).leak()),
            "send_again" => {
                assert_eq!(value, "if_safe");
                policy.send_again = SendAgain::IfSafe;
            }
            other => panic!("{other}"),
        }
    }
    policy
}

fn read(step: &Value) -> Step {
    match step["op"].as_str().unwrap() {
        "request" => Step::Request,
        "response" => Step::Response(Response {
            status: u16::try_from(step["status"].as_u64().unwrap()).unwrap(),
            content_type: optional(&step["content_type"]),
            content_encoding: optional(&step["content_encoding"]),
            retry_after: optional(&step["retry_after"]),
            date: optional(&step["date"]),
        }),
        "bytes" => Step::Bytes(bytes(&step["bytes"])),
        "end" => Step::End,
        "late_end" => Step::LateEnd,
        "network_error" => Step::NetworkError,
        "time" => Step::Time(Duration::from_millis(step["ms"].as_u64().unwrap())),
        "reconnect" => Step::Reconnect,
        "close" => Step::Close,
        other => panic!("{other}"),
    }
}

fn expected(step: &Value) -> Outcome {
    let expect = &step["expect"];
    match (step["op"].as_str().unwrap(), expect["action"].as_str()) {
        ("request", None) => Outcome::Header(optional(&expect["last_event_id_header"])),
        ("bytes", None) => Outcome::Events(
            expect["events"]
                .as_array()
                .unwrap()
                .iter()
                .map(|event| {
                    (text(&event["type"]), text(&event["data"]), text(&event["last_event_id"]))
                })
                .collect(),
        ),
        (_, Some("reconnect")) => Outcome::Reconnect {
            delay_ms: expect["delay_ms"].as_u64().unwrap(),
            jitter_ms: expect["jitter_ms"].as_u64().unwrap_or(0),
            reason: optional(&expect["reason"]),
            header: optional(&expect["last_event_id_header"]),
        },
        (_, Some(action)) => {
            Outcome::Action { action: action.to_owned(), reason: optional(&expect["reason"]) }
        }
        _ => panic!("{step}"),
    }
}

fn optional(value: &Value) -> Option<String> {
    (!value.is_null()).then(|| text(value))
}

/// How bytes are pushed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Delivery {
    Push,
    Observe,
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
                self.connection.handle_response(response.head());
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
            Delivery::Observe => {
                let mut items = self.connection.observe(chunk);
                while let Some(item) = items.next().unwrap() {
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
        ("observe", take(Connection::new(policy()), Delivery::Observe, bare)),
        ("one event a push", take(Connection::new(policy()), Delivery::OneEventAPush, bare)),
        ("fixed arrays, push", take(over_arrays(policy()), Delivery::Push, bare)),
        ("fixed arrays, observe", take(over_arrays(policy()), Delivery::Observe, bare)),
        (
            "fixed arrays, one event a push",
            take(over_arrays(policy()), Delivery::OneEventAPush, bare),
        ),
    ]
}
