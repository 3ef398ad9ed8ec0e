//! Owned events through serde.
#![cfg(feature = "serde")]

use sse_wire::{OwnedEvent, Parser};

fn events(stream: &[u8]) -> Vec<OwnedEvent> {
    let mut parser = Parser::new();
    let mut events = parser.push(stream);
    std::iter::from_fn(|| events.next_owned().unwrap()).collect()
}

#[test]
fn round_trip_an_owned_event_is_deserialized_from_its_serialized_form() {
    let stream =
        b"data: 0\n\nevent: e\nid: \"7\\\ndata: a\ndata: \xC3\xA9\n\ndata\n\nid\ndata: 1\n\n";
    let events = events(stream);
    assert_eq!(events.len(), 4);
    let text = serde_json::to_string(&events).unwrap();
    assert_eq!(serde_json::from_str::<Vec<OwnedEvent>>(&text).unwrap(), events);
    // Also from text that can't be borrowed.
    let value = serde_json::to_value(&events).unwrap();
    let again: Vec<OwnedEvent> = serde_json::from_value(value).unwrap();
    assert_eq!(again, events);
    assert_eq!((&*again[1].last_event_id, &*again[2].last_event_id), ("\"7\\", "\"7\\"));
    assert_eq!(again[3].last_event_id, "");
}

#[test]
fn the_serialized_form_has_the_fields_of_the_event() {
    let event = &events(b"id: 7\ndata: x\n\n")[0];
    assert_eq!(
        serde_json::to_string(event).unwrap(),
        r#"{"event_type":"message","data":"x","last_event_id":"7","sets_id":true,"range":{"start":0,"end":15}}"#
    );
}

#[test]
fn missing_fields_are_those_of_a_default_event() {
    let mut expected = OwnedEvent::default();
    expected.data = "x".to_owned();
    assert_eq!(serde_json::from_str::<OwnedEvent>(r#"{"data":"x"}"#).unwrap(), expected);
}
