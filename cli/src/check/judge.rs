//! Compares an answer with what is expected.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use sse_wire::{End, Item, Parser};
use sse_wire_vectors::{ConnectionCase, DecoderCase, EncoderCase, Event, Level, Outcome};

use super::cases::{Case, Trial};

pub(crate) enum Answered {
    /// The program does not support the request, or does not show the result.
    Unsupported(String),
    /// There is nothing to compare.
    Wrong(String),
    /// It differs in these members; in none if it is right.
    Differs(Vec<Difference>),
}

/// A member of the answer that differs from what is expected.
pub(crate) struct Difference {
    pub(super) member: String,
    /// The level: what decides the expected value.
    pub(super) level: Level,
    pub(super) expected: Value,
    pub(super) got: Value,
}

pub(super) fn judge(
    case: &Case,
    trial: &Trial,
    answer: &Map<String, Value>,
    needs: &[String],
) -> Answered {
    if let Some(Value::String(why)) = answer.get("unsupported") {
        return Answered::Unsupported(why.clone());
    }
    let mut comparison = Comparison { level: case.about().level, differences: Vec::new() };
    let refused = matches!(case, Case::Encoder(case) if case.expected.is_err());
    if let (Some(error), false) = (answer.get("error"), refused) {
        return Answered::Wrong(format!("error: the answer is the error {error}"));
    }
    let done = match case {
        Case::Decoder(case) => comparison.decoder(case, trial, answer, needs),
        Case::Connection(case) => comparison.connection(case, trial, answer),
        Case::Encoder(case) => comparison.encoder(case, answer),
    };
    done.err().unwrap_or(Answered::Differs(comparison.differences))
}

struct Comparison {
    level: Level,
    differences: Vec<Difference>,
}

impl Comparison {
    /// Compares a member that the standard defines, or that another level decides.
    fn member(&mut self, member: &str, level: Level, expected: Value, got: &Value) {
        if *got != expected {
            let level = if self.level == Level::Must { level } else { self.level };
            let (member, got) = (member.to_owned(), got.clone());
            self.differences.push(Difference { member, level, expected, got });
        }
    }

    fn decoder(
        &mut self,
        case: &DecoderCase,
        trial: &Trial,
        answer: &Map<String, Value>,
        needs: &[String],
    ) -> Result<(), Answered> {
        let Some(Value::Array(events)) = answer.get("events") else {
            return Err(Answered::Wrong("error: the answer has no list `events`".into()));
        };
        for need in needs {
            let of_events = || events.iter().all(|event| event.get(need).is_some());
            let shown = match need.as_str() {
                "bytes" => of_events(),
                "last_event_id" => answer.contains_key(need) || !events.is_empty() && of_events(),
                _ => answer.contains_key(need),
            };
            if !shown {
                return Err(Answered::Unsupported(format!("the answer has no `{need}`")));
            }
        }
        self.events("events", &case.events, events);
        let ranges = |events: &[Event]| -> Value {
            let ranges = events.iter().filter_map(|event| event.range.as_ref());
            ranges.map(|range| json!([range.start, range.end])).collect()
        };
        if !events.is_empty() && events.iter().all(|event| event.get("bytes").is_some()) {
            let got = events.iter().map(|event| event["bytes"].clone()).collect();
            self.member("bytes", Level::Position, ranges(&case.events), &got);
        }
        let errors = match answer.get("errors") {
            None => None,
            Some(Value::Array(errors)) => Some(json!(errors.len())),
            Some(_) => return Err(Answered::Wrong("error: `errors` is no list".into())),
        };
        let end = if case.clean { "clean" } else { "incomplete" };
        for (member, level, expected, got) in [
            ("last_event_id", Level::Must, json!(case.last_event_id), answer.get("last_event_id")),
            ("retry", Level::Must, json!(case.retry), answer.get("retry")),
            ("after", Level::Choice, json!(trial.after), answer.get("after")),
            ("end", Level::Choice, json!(end), answer.get("end")),
            ("errors", Level::Limit, json!(case.errors), errors.as_ref()),
            // An observed comment may count toward the limit.
            (
                "comments",
                Level::Choice,
                json!(case.comments),
                answer.get("comments").filter(|_| case.limit.is_none()),
            ),
        ] {
            if let Some(got) = got {
                self.member(member, level, expected, got);
            }
        }
        Ok(())
    }

    /// Compares type, data and, if each event has it, the last event ID.
    fn events(&mut self, member: &str, expected: &[Event], got: &[Value]) {
        let with_ids = got.iter().all(|event| event.get("last_event_id").is_some());
        let expected = expected.iter().map(|event| {
            let mut value = json!({"type": event.event_type, "data": event.data});
            if with_ids {
                value["last_event_id"] = json!(event.last_event_id);
            }
            value
        });
        let got = got.iter().map(|event| {
            let mut value = json!({"type": event["type"], "data": event["data"]});
            if with_ids {
                value["last_event_id"] = event["last_event_id"].clone();
            }
            value
        });
        self.member(member, Level::Must, expected.collect(), &got.collect());
    }

    fn connection(
        &mut self,
        case: &ConnectionCase,
        trial: &Trial,
        answer: &Map<String, Value>,
    ) -> Result<(), Answered> {
        let results = match answer.get("results") {
            Some(Value::Array(results)) if results.len() == trial.steps.len() => results,
            _ => {
                let count = trial.steps.len();
                return Err(Answered::Wrong(format!(
                    "error: the answer does not have {count} results"
                )));
            }
        };
        for (n, (_, outcome)) in case.steps.iter().enumerate() {
            let of_step = trial.steps.iter().zip(results).filter(|(step, _)| **step == n);
            let of_step: Vec<&Value> = of_step.map(|(_, result)| result).collect();
            let step = format!("step {}", n + 1);
            let got = of_step.first().copied().unwrap_or(&Value::Null);
            match outcome {
                Outcome::Events(expected) => {
                    let mut events = Vec::new();
                    for result in of_step {
                        let Some(Value::Array(of_piece)) = result.get("events") else {
                            let reason = format!("error: a result of {step} has no list `events`");
                            return Err(Answered::Wrong(reason));
                        };
                        events.extend(of_piece.iter().cloned());
                    }
                    self.events(&step, expected, &events);
                }
                Outcome::Request(header) => {
                    self.member(&step, Level::Must, json!({"last_event_id_header": header}), got)
                }
                Outcome::Reconnect { delay_ms, last_event_id_header, .. } => self.member(
                    &step,
                    Level::Must,
                    json!({
                        "action": "reconnect",
                        "delay_ms": delay_ms,
                        "last_event_id_header": last_event_id_header,
                    }),
                    got,
                ),
                Outcome::Action { action, .. } => {
                    self.member(&step, Level::Must, json!({"action": action}), got);
                }
            }
        }
        Ok(())
    }

    /// Compares what the blocks decode to, because the layout is the encoder's choice.
    fn encoder(&mut self, case: &EncoderCase, answer: &Map<String, Value>) -> Result<(), Answered> {
        let bytes =
            match answer.get("bytes").map(|bytes| bytes.as_str().map(|b| STANDARD.decode(b))) {
                None => None,
                Some(Some(Ok(bytes))) => Some(bytes),
                Some(_) => return Err(Answered::Wrong("error: `bytes` is no Base64".into())),
            };
        let text = |bytes: &[u8]| json!(bytes.escape_ascii().to_string());
        match (&case.expected, bytes) {
            (Ok(expected), Some(bytes)) => {
                if meaning(expected) != meaning(&bytes) {
                    self.member("bytes", Level::Must, text(expected), &text(&bytes));
                }
            }
            (Ok(_), None) => {
                return Err(Answered::Wrong("error: the answer has no `bytes`".into()));
            }
            (Err(refusal), Some(bytes)) => {
                let expected = json!({"field": refusal.field, "reason": refusal.reason});
                self.member("error", Level::Must, expected, &text(&bytes));
            }
            (Err(refusal), None) => {
                for (member, expected) in [("field", &refusal.field), ("reason", &refusal.reason)] {
                    if let Some(got) = answer.get(member) {
                        self.member(member, Level::Must, json!(expected), got);
                    }
                }
                if !answer.get("error").is_some_and(Value::is_string) {
                    let reason = "error: neither `bytes` nor a string `error`";
                    return Err(Answered::Wrong(reason.into()));
                }
            }
        }
        Ok(())
    }
}

/// Decodes a block.
fn meaning(block: &[u8]) -> Value {
    let mut parser = Parser::new();
    let mut parts = Vec::new();
    let mut items = parser.push(block);
    // Nothing in the vectors exceeds the default limit.
    while let Ok(Some(item)) = items.next_item() {
        match item {
            Item::Event(event) => {
                parts.push(json!([event.event_type, event.data, event.last_event_id]));
            }
            Item::Comment { text, .. } => parts.push(json!(text)),
            _ => {}
        }
    }
    let clean = parser.finish() == Ok(End::Clean);
    let retry = parser.reconnection_time().map(|time| time.as_millis());
    json!([parts, parser.last_event_id(), retry, clean])
}
