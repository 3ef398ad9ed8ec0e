//! Connection requests of the conformance protocol: each step has one result. The clock is simulated, so nothing waits.

use std::rc::Rc;
use std::time::Duration;

use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};
use sse_wire::{Action, Connection, Notice, Policy, ReadyState, ResponseHead};

use super::stream::{Chunk, ParsedEvent, SharedId};
use crate::arguments;
use crate::json::Integer;

/// What happens to a connection.
#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Step {
    Request {},
    Response {
        #[serde(deserialize_with = "status")]
        status: u16,
        #[serde(default)]
        content_type: Option<String>,
    },
    Bytes {
        b64: Chunk,
    },
    End {},
    NetworkError {},
    Close {},
}

fn status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let Integer(status) = Integer::deserialize(deserializer)?;
    u16::try_from(status)
        .map_err(|_| D::Error::custom(format_args!("{status} is not a status of a response")))
}

/// The result of a step.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum StepResult {
    Request { last_event_id_header: Option<Rc<str>> },
    Reconnect { action: &'static str, delay_ms: u128, last_event_id_header: Option<Rc<str>> },
    Bytes { events: Vec<ParsedEvent> },
    Action { action: &'static str },
}

pub(super) fn run<'s>(steps: impl Iterator<Item = &'s Step>) -> Vec<StepResult> {
    let parser = arguments::parser(Some(usize::MAX));
    let connection = Connection::with_parser(parser, Policy::specification());
    let mut driver = Driver { connection, now: Duration::ZERO, shared_id: SharedId::default() };
    steps.map(|step| driver.take(step)).collect()
}

struct Driver {
    connection: Connection,
    now: Duration,
    shared_id: SharedId,
}

impl Driver {
    /// Takes a step. One that does not fit the state has the result that follows from the state, as the protocol
    /// requires.
    fn take(&mut self, step: &Step) -> StepResult {
        match step {
            Step::Request {} => {
                self.request();
                StepResult::Request { last_event_id_header: self.header() }
            }
            Step::Response { status, content_type } => {
                self.request();
                self.connection.handle_response(ResponseHead {
                    status: *status,
                    content_type: content_type.as_ref().map(String::as_bytes),
                    ..ResponseHead::default()
                });
                let open = self.connection.ready_state() == ReadyState::Open;
                StepResult::Action { action: if open { "open" } else { "fail" } }
            }
            Step::Bytes { b64: Chunk(bytes) } => StepResult::Bytes { events: self.events(bytes) },
            Step::End {} => {
                self.request();
                let _ = self.connection.handle_end();
                self.reconnect()
            }
            Step::NetworkError {} => {
                self.request();
                let _ = self.connection.handle_network_error();
                self.reconnect()
            }
            Step::Close {} => {
                self.connection.close();
                StepResult::Action { action: "closed" }
            }
        }
    }

    /// Sends a request if one is due or will be, because steps can omit it.
    fn request(&mut self) {
        while self.connection.ready_state() == ReadyState::Connecting {
            match self.connection.poll(self.now) {
                Action::Wait { until } => self.now = until,
                Action::Connect => {}
                Action::Receive { .. } | Action::Stop => break,
            }
        }
    }

    fn events(&mut self, bytes: &[u8]) -> Vec<ParsedEvent> {
        let mut events = Vec::new();
        let mut cursor = self.connection.push(bytes);
        // Without a limit there are no errors.
        while let Ok(Some(event)) = cursor.next() {
            events.push(ParsedEvent::new(&event, &mut self.shared_id));
        }
        events
    }

    fn reconnect(&mut self) -> StepResult {
        let _ = self.connection.poll(self.now);
        // The response already had `open` or `fail` as its result.
        while let Some(notice) = self.connection.next_notice() {
            if let Notice::Reconnecting { delay, .. } = notice {
                return StepResult::Reconnect {
                    action: "reconnect",
                    delay_ms: delay.as_millis(),
                    last_event_id_header: self.header(),
                };
            }
        }
        StepResult::Action { action: "none" }
    }

    /// Returns the header by the specification: any ID, whether or not HTTP can carry it.
    fn header(&mut self) -> Option<Rc<str>> {
        Some(self.connection.parser().last_event_id())
            .filter(|id| !id.is_empty())
            .map(|id| self.shared_id.of(id))
    }
}
