//! A stream in the messages of the conformance protocol: its bytes in a request, and its events in an answer.

use std::fmt::{self, Formatter};
use std::rc::Rc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use sse_wire::Event;

/// Bytes of a stream, in Base64.
pub(super) struct Chunk(pub(super) Vec<u8>);

impl<'de> Deserialize<'de> for Chunk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ChunkVisitor;

        impl Visitor<'_> for ChunkVisitor {
            type Value = Chunk;

            fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
                f.write_str("a string of standard Base64 with padding")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Chunk, E> {
                STANDARD.decode(text).map(Chunk).map_err(|error| {
                    E::custom(format_args!("not standard Base64 with padding: {error}"))
                })
            }
        }

        deserializer.deserialize_str(ChunkVisitor)
    }
}

#[derive(Serialize)]
pub(super) struct ParsedEvent {
    r#type: String,
    data: String,
    last_event_id: Rc<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bytes: Option<[u64; 2]>,
}

impl ParsedEvent {
    pub(super) fn new(event: &Event<'_>, last_event_id: &mut SharedId) -> Self {
        ParsedEvent {
            r#type: event.event_type.to_owned(),
            data: event.data.to_owned(),
            last_event_id: last_event_id.of(event.last_event_id),
            bytes: None,
        }
    }
}

/// The last event ID of an answer, which many events may have: it is copied only if it is another one.
#[derive(Default)]
pub(super) struct SharedId(Rc<str>);

impl SharedId {
    pub(super) fn of(&mut self, id: &str) -> Rc<str> {
        if *self.0 != *id {
            self.0 = id.into();
        }
        self.0.clone()
    }
}
