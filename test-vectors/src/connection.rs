//! Connections: what happens, its results, and policies.

use crate::json::Value;
use crate::read::{case, event};
use crate::{Case, Event};

/// What happens to a client's connection, and the results.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionCase {
    /// Its id, name, and tags, whose fields this struct also has by `Deref`.
    pub case: Case,
    /// What the client does beyond the specification; `None` for nothing.
    pub policy: Option<Policy>,
    /// What happens, in order, each step with its result.
    pub steps: Vec<(Step, Outcome)>,
}

/// What a client may do beyond the specification. Whatever is `None`, empty, or `false` is off. The README has the formula
/// of the wait before a reconnection. Times are in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// The shortest wait.
    pub floor_ms: Option<u64>,
    /// The longest wait that a server can request.
    pub cap_ms: Option<u64>,
    /// The longest wait that doubling leads to while no connection is healthy.
    pub backoff_ms: Option<u64>,
    /// The largest percentage by which a wait can be longer.
    pub jitter_percent: Option<u8>,
    /// How long a connection must stay open to be healthy; 5000 if it is `None`.
    pub healthy_after_ms: Option<u64>,
    /// After how many reconnections in a row without a healthy connection the client fails.
    pub max_reconnections: Option<u32>,
    /// The statuses that lead to a retry.
    pub retry_statuses: Vec<u16>,
    /// A type other than `text/event-stream` that opens the connection.
    pub additional_type: Option<String>,
    /// Time limit for the head of a response.
    pub head_timeout_ms: Option<u64>,
    /// Time limits for silence after it.
    pub silence_ms: Silence,
    /// Whether a request is sent again only if nothing of a body was received, or there is a last event ID.
    pub send_again_if_safe: bool,
}

/// Time limits for silence, in milliseconds, by what ends it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Silence {
    /// Any byte.
    pub bytes: Option<u64>,
    /// A comment, a block, or an event.
    pub comments: Option<u64>,
    /// A block, or an event.
    pub blocks: Option<u64>,
    /// An event.
    pub events: Option<u64>,
}

/// What happens to a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A request is about to be sent.
    Request,
    /// The head of a response arrives.
    Response(Response),
    /// Bytes of the body arrive.
    Bytes(Vec<u8>),
    /// The body ends.
    End,
    /// No response arrives, or the body breaks off.
    NetworkError,
    /// The user closes the source.
    Close,
    /// This many milliseconds pass, and nothing arrives from the server. Only with a policy.
    Time(u64),
    /// The user asks for another connection now. Only with a policy.
    Reconnect,
    /// The body of a connection that was dropped ends. Only with a policy.
    LateEnd,
}

/// The head of a response: its status and the relevant headers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Content-Encoding`. Only with a policy, like the two below.
    pub content_encoding: Option<String>,
    /// `Retry-After`.
    pub retry_after: Option<String>,
    /// `Date`.
    pub date: Option<String>,
}

/// The result of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The value of `Last-Event-ID`, if the request has one.
    Request(Option<String>),
    /// Events are delivered.
    Events(Vec<Event>),
    /// The client will reconnect.
    Reconnect {
        /// The delay in milliseconds.
        delay_ms: u64,
        /// By how many milliseconds the delay can be longer; 0 without a policy.
        jitter_ms: u64,
        /// The value of `Last-Event-ID` then, if the request has one.
        last_event_id_header: Option<String>,
        /// Why, in some cases with a policy: `status`, `no response`, or `silence`.
        reason: Option<String>,
    },
    /// Something else.
    Action {
        /// `open`, `fail`, `none`, or `closed`; with a policy also `end`, if the server requests no reconnection.
        action: String,
        /// Why it failed, in some cases with a policy: `status`, `type`, `encoding`, `reconnections`, or `not safe`.
        reason: Option<String>,
    },
}

pub(crate) fn read(value: &Value) -> ConnectionCase {
    let steps = value["steps"].list().iter().map(|step| (read_step(step), outcome(step)));
    ConnectionCase {
        case: case(value),
        policy: value.get("policy").map(policy),
        steps: steps.collect(),
    }
}

fn policy(value: &Value) -> Policy {
    let integer = |key| value.get(key).map(Value::integer);
    let silence = |class| value.get("silence_ms")?.get(class).map(Value::integer);
    let statuses = value.get("retry_statuses").map(|statuses| statuses.list().iter());
    Policy {
        floor_ms: integer("floor_ms"),
        cap_ms: integer("cap_ms"),
        backoff_ms: integer("backoff_ms"),
        jitter_percent: integer("jitter_percent").map(narrow),
        healthy_after_ms: integer("healthy_after_ms"),
        max_reconnections: integer("max_reconnections").map(narrow),
        retry_statuses: statuses.into_iter().flatten().map(|it| narrow(it.integer())).collect(),
        additional_type: value.get("additional_type").map(Value::text),
        head_timeout_ms: integer("head_timeout_ms"),
        silence_ms: Silence {
            bytes: silence("bytes"),
            comments: silence("comments"),
            blocks: silence("blocks"),
            events: silence("events"),
        },
        send_again_if_safe: value.get("send_again").is_some_and(|it| it.str() == "if_safe"),
    }
}

/// An integer that the schema bounds.
fn narrow<T: TryFrom<u64, Error: std::fmt::Debug>>(integer: u64) -> T {
    T::try_from(integer).unwrap()
}

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key).filter(|it| !it.is_null()).map(Value::text)
}

fn read_step(value: &Value) -> Step {
    match value["op"].str() {
        "request" => Step::Request,
        "response" => Step::Response(Response {
            status: narrow(value["status"].integer()),
            content_type: text(value, "content_type"),
            content_encoding: text(value, "content_encoding"),
            retry_after: text(value, "retry_after"),
            date: text(value, "date"),
        }),
        "bytes" => Step::Bytes(value["bytes"].bytes()),
        "end" => Step::End,
        "network_error" => Step::NetworkError,
        "close" => Step::Close,
        "time" => Step::Time(value["ms"].integer()),
        "reconnect" => Step::Reconnect,
        "late_end" => Step::LateEnd,
        other => panic!("{other}"),
    }
}

fn outcome(step: &Value) -> Outcome {
    let expect = &step["expect"];
    let last_event_id_header = text(expect, "last_event_id_header");
    let reason = text(expect, "reason");
    match (step["op"].str(), expect.get("action").map(Value::str)) {
        ("request", _) => Outcome::Request(last_event_id_header),
        ("bytes", _) => Outcome::Events(expect["events"].list().iter().map(event).collect()),
        (_, Some("reconnect")) => Outcome::Reconnect {
            delay_ms: expect["delay_ms"].integer(),
            jitter_ms: expect.get("jitter_ms").map_or(0, Value::integer),
            last_event_id_header,
            reason,
        },
        (_, action) => Outcome::Action { action: action.unwrap().to_owned(), reason },
    }
}
