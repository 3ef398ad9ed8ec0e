//! Connection requests of the conformance protocol: steps in, one result each. The clock is one
//! that jumps, so nobody waits.

use std::time::Duration;

use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};
use sse_wire::{Action, EventSource, ReadyState};

use crate::arguments;
use crate::conform::{Chunk, ParsedEvent};
use crate::json::Integer;
use crate::output::milliseconds;

/// What happens to a connection.
#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Step {
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
        .map_err(|_| D::Error::custom(format_args!("{status} is no status of a response")))
}

/// What comes of it.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum StepResult {
    Request { last_event_id_header: Option<String> },
    Reconnect { action: &'static str, delay_ms: u64, last_event_id_header: Option<String> },
    Bytes { events: Vec<ParsedEvent> },
    Action { action: &'static str },
}

pub(crate) fn run<'s>(steps: impl Iterator<Item = &'s Step>) -> Vec<StepResult> {
    let source = EventSource::with_parser(arguments::parser(Some(usize::MAX)));
    let mut connection = Connection { source, now: Duration::ZERO };
    steps.map(|step| connection.take(step)).collect()
}

struct Connection {
    source: EventSource,
    now: Duration,
}

impl Connection {
    /// A step that does not fit the state has the result that the state gives: there is no other
    /// shape.
    fn take(&mut self, step: &Step) -> StepResult {
        match step {
            Step::Request {} => {
                self.request();
                StepResult::Request { last_event_id_header: self.header() }
            }
            Step::Response { status, content_type } => {
                self.request();
                let content_type = content_type.as_ref().map(String::as_bytes);
                self.source.handle_response(*status, content_type);
                let open = self.source.ready_state() == ReadyState::Open;
                StepResult::Action { action: if open { "open" } else { "fail" } }
            }
            Step::Bytes { b64: Chunk(bytes) } => StepResult::Bytes { events: self.events(bytes) },
            Step::End {} => {
                self.request();
                let _ = self.source.handle_end();
                self.reconnect()
            }
            Step::NetworkError {} => {
                self.request();
                let _ = self.source.handle_network_error();
                self.reconnect()
            }
            Step::Close {} => {
                self.source.close();
                StepResult::Action { action: "closed" }
            }
        }
    }

    /// Sends a request where one is due or will be: steps need not say that it was sent.
    fn request(&mut self) {
        while self.source.ready_state() == ReadyState::Connecting {
            match self.source.poll(self.now) {
                Action::Wait { until } => self.now = until,
                Action::Receive { .. } => break,
                _ => {}
            }
        }
    }

    fn events(&mut self, bytes: &[u8]) -> Vec<ParsedEvent> {
        let mut events = Vec::new();
        let mut cursor = self.source.push(bytes);
        // Without a limit there is no error.
        while let Ok(Some(event)) = cursor.next() {
            events.push(event.into());
        }
        events
    }

    fn reconnect(&mut self) -> StepResult {
        loop {
            match self.source.poll(self.now) {
                Action::Reconnecting { delay, .. } => {
                    return StepResult::Reconnect {
                        action: "reconnect",
                        delay_ms: milliseconds(delay),
                        last_event_id_header: self.header(),
                    };
                }
                // The opening and the failure are results of the response already.
                Action::Opened | Action::Failed(_) => {}
                _ => return StepResult::Action { action: "none" },
            }
        }
    }

    fn header(&self) -> Option<String> {
        self.source.last_event_id_header().map(str::to_owned)
    }
}
