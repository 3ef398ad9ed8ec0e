//! Steps of a connection: as the vectors write them, and as an event source takes them.

use std::time::Duration;

use serde_json::Value;
use sse_wire::{Action, Arrays, Event, EventSource, Item, ReadyState, Storage};

use super::{bytes, milliseconds, text, vector_files};

/// What happens to a connection.
#[derive(Clone, Debug)]
pub enum Step {
    Request,
    Response(u16, Option<String>),
    Bytes(Vec<u8>),
    End,
    NetworkError,
    Close,
}

/// What comes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Header(Option<String>),
    Events(Vec<Delivered>),
    Reconnect { delay_ms: u64, header: Option<String> },
    Action(String),
}

/// Type, data, last event ID.
pub type Delivered = (String, String, String);

pub struct ConnectionCase {
    pub name: String,
    pub steps: Vec<(Step, Outcome)>,
}

pub fn connection_cases() -> Vec<ConnectionCase> {
    let list = |value: &Value| value.as_array().unwrap().clone();
    vector_files("connection")
        .iter()
        .flat_map(|(_, file)| list(&file["cases"]))
        .map(|case| ConnectionCase {
            name: case["name"].as_str().unwrap().to_owned(),
            steps: list(&case["steps"]).iter().map(|step| (read(step), expected(step))).collect(),
        })
        .collect()
}

fn read(step: &Value) -> Step {
    match step["op"].as_str().unwrap() {
        "request" => Step::Request,
        "response" => Step::Response(
            u16::try_from(step["status"].as_u64().unwrap()).unwrap(),
            optional(&step["content_type"]),
        ),
        "bytes" => Step::Bytes(bytes(&step["bytes"])),
        "end" => Step::End,
        "network_error" => Step::NetworkError,
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
        ("end" | "network_error", Some("reconnect")) => Outcome::Reconnect {
            delay_ms: expect["delay_ms"].as_u64().unwrap(),
            header: optional(&expect["last_event_id_header"]),
        },
        (_, Some(action)) => Outcome::Action(action.to_owned()),
        _ => panic!("{step}"),
    }
}

fn optional(value: &Value) -> Option<String> {
    (!value.is_null()).then(|| text(value))
}

/// How bytes are handed in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Delivery {
    Push,
    Observe,
    /// `push`, the cursor ended after each event and the rest pushed again.
    OneEventAPush,
}

/// An event source that takes steps.
pub struct Stepper<S> {
    pub source: EventSource<S>,
    pub now: Duration,
    delivery: Delivery,
}

/// A source over arrays that are full of earlier bytes.
pub fn over_arrays() -> EventSource<Arrays<Vec<u8>, Vec<u8>, Vec<u8>>> {
    let array = || vec![0xFF; 4096];
    EventSource::with_parser(super::over_arrays(array(), array(), array()))
}

impl<S: Storage> Stepper<S> {
    pub fn new(source: EventSource<S>, delivery: Delivery) -> Self {
        Stepper { source, now: Duration::ZERO, delivery }
    }

    pub fn take(&mut self, step: &Step) -> Outcome {
        match step {
            Step::Request => {
                self.request();
                Outcome::Header(self.header())
            }
            Step::Response(status, content_type) => {
                self.request();
                self.source.handle_response(*status, content_type.as_ref().map(String::as_bytes));
                let open = self.source.ready_state() == ReadyState::Open;
                Outcome::Action(if open { "open" } else { "fail" }.into())
            }
            Step::Bytes(bytes) => {
                let mut events = Vec::new();
                self.bytes(bytes, &mut events);
                Outcome::Events(events)
            }
            Step::End => {
                self.request();
                let _ = self.source.handle_end().unwrap();
                self.reconnect()
            }
            Step::NetworkError => {
                self.request();
                let _ = self.source.handle_network_error().unwrap();
                self.reconnect()
            }
            Step::Close => {
                self.source.close();
                assert_eq!(self.source.ready_state(), ReadyState::Closed);
                Outcome::Action("closed".into())
            }
        }
    }

    /// Waits, and sends a request, where one is due or will be.
    fn request(&mut self) {
        while self.source.ready_state() == ReadyState::Connecting {
            let header = self.header();
            match self.source.poll(self.now) {
                Action::Wait { until } => {
                    assert!(until > self.now, "a wait that is over");
                    self.now = until;
                }
                Action::Connect { last_event_id } => {
                    assert_eq!(last_event_id.map(str::to_owned), header);
                }
                Action::Receive { until: None } => return,
                other => panic!("{other:?}"),
            }
        }
    }

    fn reconnect(&mut self) -> Outcome {
        loop {
            match self.source.poll(self.now) {
                Action::Reconnecting { delay, .. } => {
                    assert_eq!(self.source.ready_state(), ReadyState::Connecting);
                    return Outcome::Reconnect {
                        delay_ms: milliseconds(delay),
                        header: self.header(),
                    };
                }
                Action::Opened | Action::Failed(_) => {}
                Action::Stop => return Outcome::Action("none".into()),
                other => panic!("{other:?}"),
            }
        }
    }

    fn bytes(&mut self, chunk: &[u8], delivered: &mut Vec<Delivered>) {
        match self.delivery {
            Delivery::Push => {
                let mut events = self.source.push(chunk);
                while let Some(event) = events.next().unwrap() {
                    delivered.push(tell(&event));
                }
                assert_eq!(events.into_rest(), b"");
            }
            Delivery::Observe => {
                let mut items = self.source.observe(chunk);
                while let Some(item) = items.next().unwrap() {
                    if let Item::Event(event) = item {
                        delivered.push(tell(&event));
                    }
                }
                assert_eq!(items.into_rest(), b"");
            }
            Delivery::OneEventAPush => {
                let mut rest = chunk;
                loop {
                    let mut events = self.source.push(rest);
                    let Some(event) = events.next().unwrap() else { break };
                    delivered.push(tell(&event));
                    rest = events.into_rest();
                }
            }
        }
    }

    fn header(&self) -> Option<String> {
        self.source.last_event_id_header().map(str::to_owned)
    }
}

fn tell(event: &Event<'_>) -> Delivered {
    (event.event_type.to_owned(), event.data.to_owned(), event.last_event_id.to_owned())
}

/// A boxed stepper of any kind.
pub type Take = Box<dyn FnMut(&Step) -> Outcome>;

/// A fresh source of every kind, and its name.
pub fn sources() -> Vec<(&'static str, Take)> {
    fn take<S: Storage + 'static>(source: EventSource<S>, delivery: Delivery) -> Take {
        let mut stepper = Stepper::new(source, delivery);
        Box::new(move |step| stepper.take(step))
    }
    vec![
        ("push", take(EventSource::new(), Delivery::Push)),
        ("observe", take(EventSource::new(), Delivery::Observe)),
        ("one event a push", take(EventSource::new(), Delivery::OneEventAPush)),
        ("fixed arrays, push", take(over_arrays(), Delivery::Push)),
        ("fixed arrays, observe", take(over_arrays(), Delivery::Observe)),
        ("fixed arrays, one event a push", take(over_arrays(), Delivery::OneEventAPush)),
    ]
}
