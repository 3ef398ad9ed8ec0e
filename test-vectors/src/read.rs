//! Members that several kinds of case have, read from JSON.

use std::collections::BTreeMap;

use crate::json::Value;
use crate::{Case, Event, Level};

pub(crate) fn map(value: &Value) -> BTreeMap<String, String> {
    let Value::Object(members) = value else { panic!("an object") };
    members.iter().map(|(key, value)| (key.clone(), value.text())).collect()
}

pub(crate) fn case(value: &Value) -> Case {
    let tags = &value["tags"];
    Case {
        id: value["id"].text(),
        name: value["name"].text(),
        rule: tags["rule"].text(),
        section: tags["section"].text(),
        level: match tags["level"].str() {
            "must" => Level::Must,
            "choice" => Level::Choice,
            "limit" => Level::Limit,
            "position" => Level::Position,
            other => panic!("{other}"),
        },
        since: value["since"].text(),
        choice: value.get("choice").map(Value::text),
    }
}

pub(crate) fn event(value: &Value) -> Event {
    let range = |bytes: &Value| bytes.list()[0].integer()..bytes.list()[1].integer();
    Event {
        event_type: value["type"].text(),
        data: value["data"].text(),
        last_event_id: value["last_event_id"].text(),
        range: value.get("bytes").map(range),
    }
}
