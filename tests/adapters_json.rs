//! An event's data from JSON, and a value as JSON into a block's data.
#![cfg(feature = "json")]

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::error::Error as _;

use allocation_counter::measure;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use sse_wire::io::BlockWriter;
use sse_wire::{Block, EncodeError, EncodeJsonError, Event, OwnedEvent, Parser, Part, SliceSink};

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Delta<'a> {
    text: &'a str,
    #[serde(borrow)]
    escaped: Cow<'a, str>,
    numbers: [u8; 2],
}

fn owned(stream: &[u8]) -> OwnedEvent {
    Parser::new().push(stream).next_owned().unwrap().unwrap()
}

#[test]
fn zero_copy_a_value_borrows_from_the_event_and_outlives_it_as_the_data_does() {
    let stream = b"data: {\"text\": \"a\", \"escaped\":\ndata: \"\\n\", \"numbers\": [1, 2]}\n\n";
    let expected = Delta { text: "a", escaped: "\n".into(), numbers: [1, 2] };
    let mut parser = Parser::new();
    let mut events = parser.push(stream);
    let delta: Delta<'_> = {
        let event = events.next().unwrap().unwrap();
        event.json().unwrap()
    };
    assert_eq!(delta, expected);
    assert_eq!(owned(stream).json::<Delta<'_>>().unwrap(), expected);

    let plain = owned(b"data: {\"text\": \"a\", \"escaped\": \"b\", \"numbers\": [1, 2]}\n\n");
    let info = measure(|| {
        let delta = plain.json::<Delta<'_>>().unwrap();
        assert!(matches!(delta.escaped, Cow::Borrowed("b")));
    });
    assert_eq!(info.count_total, 0);
}

#[test]
fn an_error_object_is_one_in_a_lent_event_and_in_an_owned_one() {
    for (data, is_error) in [(r#"{"error": 1}"#, true), (r#"{"error": null}"#, false), ("1", false)]
    {
        let event = Event::new("message", data);
        assert_eq!(event.is_error_object(), is_error, "{data}");
        assert_eq!(event.into_owned().is_error_object(), is_error, "{data}");
    }
}

#[test]
fn data_that_is_not_the_json_is_an_error_with_the_event_and_the_source() {
    let mut parser = Parser::new();
    let mut events = parser.push(b"data: 1\n\nevent: end\ndata: [DONE]\n\ndata: {}\n\n");
    assert_eq!(events.next().unwrap().unwrap().json::<u8>().unwrap(), 1);
    let event = events.next().unwrap().unwrap();
    let error = event.json::<Value>().unwrap_err();
    assert_eq!(error.range(), event.range);
    assert_eq!(
        error.to_string(),
        "the data of the event `end` at bytes 9..34 could not be read as JSON: `[DONE]`"
    );
    assert!(error.source().unwrap().is::<serde_json::Error>());
    assert!(error.get_ref().is_syntax());
    assert_eq!(event.data, "[DONE]", "the event is still there");
    let error = events.next().unwrap().unwrap().json::<Delta<'_>>().unwrap_err();
    assert!(error.get_ref().is_data(), "{:?}", error.get_ref());
}

#[test]
fn round_trip_a_value_decodes_to_itself_through_every_sink() {
    let value = json!({"text": "line\nline\r\n\u{2028} \u{0} 漢", "list": [1, null, {"a": "\""}]});
    let block = Block::new().event_type("e").id("1").data("is replaced");
    let mut vec = Vec::new();
    block.encode_json(&value, &mut vec).unwrap();
    assert_eq!(vec.iter().filter(|&&byte| byte == b'\n').count(), 4, "JSON is one line");
    let event = owned(&vec);
    assert_eq!((event.event_type.as_ref(), event.last_event_id.as_str()), ("e", "1"));
    assert_eq!(event.json::<Value>().unwrap(), value);

    let mut string = String::new();
    block.encode_json(&value, &mut string).unwrap();
    assert_eq!(string.as_bytes(), vec);
    let mut writer = BlockWriter::new(Vec::new());
    block.encode_json(&value, &mut writer).unwrap();
    writer.flush().unwrap();
    assert_eq!(writer.get_ref(), &vec);
    let mut memory = vec![0; vec.len()];
    let mut sink = SliceSink::new(&mut memory);
    block.encode_json(&value, &mut sink).unwrap();
    assert_eq!(sink.written(), vec);
}

#[test]
fn raw_json_of_several_lines_is_several_lines_of_data_and_cannot_inject() {
    let raw = RawValue::from_string("{\n\n\"a\":\r\n1\r}".into()).unwrap();
    let mut stream = Vec::new();
    Block::new().encode_json(&raw, &mut stream).unwrap();
    assert_eq!(stream, b"data: {\ndata: \ndata: \"a\":\ndata: 1\ndata: }\n\n");
    assert_eq!(owned(&stream).json::<Value>().unwrap(), json!({"a": 1}));
    let error = Block::new().strict().encode_json(&raw, &mut stream).unwrap_err();
    assert!(matches!(
        error,
        EncodeJsonError::Encode(EncodeError::LineBreak { part: Part::Data, at: 7 })
    ));
}

#[test]
fn a_value_that_fails_halfway_is_an_error_with_its_source_and_writes_nothing() {
    struct Fails;
    impl Serialize for Fails {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("no value"))
        }
    }
    let mut stream = b"before".to_vec();
    let error = Block::new().encode_json(&(1, Fails), &mut stream).unwrap_err();
    assert_eq!(error.source().unwrap().to_string(), "no value");
    assert_eq!(error.to_string(), "the data could not be written as JSON");
    assert_eq!(stream, b"before");

    let keys = BTreeMap::from([((1, 2), 3)]);
    let error = Block::new().encode_json(&keys, &mut stream).unwrap_err();
    assert!(matches!(error, EncodeJsonError::Value(_)), "{error:?}");
    assert_eq!(stream, b"before");
}

#[test]
fn a_rejected_block_and_a_full_sink_are_different_errors() {
    let mut memory = [0; 16];
    let mut sink = SliceSink::new(&mut memory);
    let error = Block::new().id("1\n2").encode_json(&1, &mut sink).unwrap_err();
    let EncodeJsonError::Encode(error) = error else { panic!("{error:?}") };
    assert_eq!(error, EncodeError::LineBreak { part: Part::Id, at: 1 });
    for value in [&["x"; 4][..], &["12345"]] {
        // In the middle of the value, and at its end.
        let error = Block::new().encode_json(value, &mut sink).unwrap_err();
        assert!(matches!(error, EncodeJsonError::Encode(EncodeError::NoRoom { .. })), "{error:?}");
        assert!(sink.written().is_empty());
    }
    Block::new().encode_json("1234", &mut sink).unwrap();
}

#[test]
fn an_error_in_the_data_has_the_offset_in_the_json() {
    let raw = RawValue::from_string(format!("[\"{}\",\r1]", "x".repeat(300))).unwrap();
    let value = (vec![10; 200], raw);
    let at = serde_json::to_string(&value).unwrap().find('\r').unwrap();
    let error = Block::new().strict().encode_json(&value, &mut Vec::new()).unwrap_err();
    let EncodeJsonError::Encode(error) = error else { panic!("{error:?}") };
    assert_eq!(error, EncodeError::LineBreak { part: Part::Data, at });
}
