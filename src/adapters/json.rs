//! An event's data from JSON, and a value as JSON into a block's data (feature `json`).

use core::error::Error;
use core::fmt::{self, Display, Formatter};
use core::ops::Range;

use serde::{Deserialize, Serialize};

use crate::encode::Block;
use crate::encode::Sink;
use crate::error::EncodeError;
use crate::event::{Event, OwnedEvent};

impl<'a> Event<'a> {
    /// Deserializes the data from JSON. The value may borrow from the event's data.
    ///
    /// ```
    /// #[derive(Debug, serde::Deserialize)]
    /// struct Delta<'a> {
    ///     text: &'a str,
    /// }
    ///
    /// let mut parser = sse_wire::Parser::new();
    /// let mut events = parser.push(b"data: {\"text\": \"Hel\"}\n\ndata: [DONE]\n\n");
    /// assert_eq!(events.next()?.unwrap().json::<Delta>()?.text, "Hel");
    ///
    /// let error = events.next()?.unwrap().json::<Delta>().unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "the data of the event `message` at bytes 23..37 could not be read as JSON: `[DONE]`"
    /// );
    /// assert_eq!(
    ///     std::error::Error::source(&error).unwrap().to_string(),
    ///     "expected value at line 1 column 2"
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`DecodeJsonError`], with the event's type and range, if the data is not JSON for a `T`. Its source is the error
    /// of `serde_json`.
    ///
    /// # Memory and cost
    ///
    /// Only the value allocates. It can borrow text without escapes, as `&str` or, with `#[serde(borrow)]`, `Cow<str>`.
    pub fn json<T: Deserialize<'a>>(&self) -> Result<T, DecodeJsonError> {
        decode(self.data, self.event_type, &self.range)
    }

    /// Returns whether the data is a JSON object with a member `error` that is not `null`: how many servers report an
    /// error in the middle of a stream.
    ///
    /// ```
    /// use sse_wire::Event;
    ///
    /// assert!(Event::new("message", "{\"error\": {\"code\": 429}}").is_error_object());
    /// assert!(!Event::new("message", "{\"text\": \"Hel\", \"error\": null}").is_error_object());
    /// assert!(!Event::new("message", "[DONE]").is_error_object());
    /// ```
    ///
    /// # Memory and cost
    ///
    /// Data that begins with `{` is parsed. Only a name with escapes allocates.
    pub fn is_error_object(&self) -> bool {
        has_error(self.data)
    }
}

impl OwnedEvent {
    /// Deserializes the data from JSON, as [`Event::json`] does. The value may borrow from the event.
    ///
    /// # Errors
    ///
    /// Those of `Event::json`.
    pub fn json<'a, T: Deserialize<'a>>(&'a self) -> Result<T, DecodeJsonError> {
        decode(&self.data, &self.event_type, &self.range)
    }

    /// Returns whether the data is a JSON object with a member `error` that is not `null`, as
    /// [`Event::is_error_object`] does.
    pub fn is_error_object(&self) -> bool {
        has_error(&self.data)
    }
}

/// Returns whether the data is a JSON object with a member `error` that is not `null`.
fn has_error(data: &str) -> bool {
    struct Members(bool);

    impl<'de> Deserialize<'de> for Members {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_map(Members(false))
        }
    }

    impl<'de> serde::de::Visitor<'de> for Members {
        type Value = Self;

        fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: serde::de::MapAccess<'de>>(mut self, mut map: A) -> Result<Self, A::Error> {
            while let Some(name) = map.next_key::<alloc::borrow::Cow<'_, str>>()? {
                let value: Option<serde::de::IgnoredAny> = map.next_value()?;
                self.0 |= name == "error" && value.is_some();
            }
            Ok(self)
        }
    }

    data.starts_with('{') && serde_json::from_str(data).is_ok_and(|Members(has_error)| has_error)
}

fn decode<'a, T: Deserialize<'a>>(
    data: &'a str,
    event_type: &str,
    range: &Range<u64>,
) -> Result<T, DecodeJsonError> {
    serde_json::from_str(data).map_err(|source| DecodeJsonError {
        event_type: event_type.into(),
        data: alloc::format!("{}", super::excerpt::Excerpt(data)).into(),
        range: range.clone(),
        source,
    })
}

impl Block<'_> {
    /// Appends the block with a value as JSON in place of its [`data`](field@Self::data).
    ///
    /// ```
    /// use sse_wire::Block;
    ///
    /// #[derive(serde::Serialize)]
    /// struct Delta<'a> {
    ///     text: &'a str,
    /// }
    ///
    /// let mut stream = Vec::new();
    /// Block::new().event_type("delta").encode_json(&Delta { text: "a\nb" }, &mut stream)?;
    /// assert_eq!(stream, b"event: delta\ndata: {\"text\":\"a\\nb\"}\n\n");
    /// # Ok::<(), sse_wire::EncodeJsonError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`encode`](Self::encode), and those of the value: an error of its `Serialize`, or a map whose keys are
    /// not strings. After an error of the value nothing is written.
    ///
    /// # Memory and cost
    ///
    /// The JSON is first written to a `String`, which is faster than to check each of its many short pieces. To write a
    /// large value without that memory, pass [`data_writer`](Self::data_writer) to `serde_json::to_writer`.
    #[inline]
    pub fn encode_json<T, S>(&self, value: &T, sink: &mut S) -> Result<(), EncodeJsonError>
    where
        T: Serialize + ?Sized,
        S: Sink + ?Sized,
    {
        let json = serde_json::to_string(value).map_err(EncodeJsonError::Value)?;
        Ok(Block { data: Some(&json), ..*self }.encode(sink)?)
    }
}

/// The error of [`Event::json`] and [`OwnedEvent::json`]. Displayed, it has the event's type and range and the beginning
/// of the data.
///
/// ```
/// let event = sse_wire::Event::new("delta", "[DONE]");
/// let error = event.json::<u32>().unwrap_err();
/// assert!(error.to_string().contains("[DONE]"));
/// assert!(error.get_ref().is_data());
/// ```
#[derive(Debug)]
pub struct DecodeJsonError {
    event_type: alloc::boxed::Box<str>,
    /// The excerpt of the data.
    data: alloc::boxed::Box<str>,
    range: Range<u64>,
    source: serde_json::Error,
}

impl DecodeJsonError {
    /// Returns the range of the event's block in the stream.
    pub fn range(&self) -> Range<u64> {
        self.range.clone()
    }

    /// Returns the error of `serde_json`, which is also the [source](Error::source).
    pub const fn get_ref(&self) -> &serde_json::Error {
        &self.source
    }
}

impl Display for DecodeJsonError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { event_type, data, range: Range { start, end }, .. } = self;
        let event_type = super::excerpt::Excerpt(event_type);
        write!(
            f,
            "the data of the event {event_type} at bytes {start}..{end} could not be read as JSON: {data}"
        )
    }
}

impl Error for DecodeJsonError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

/// The error of [`Block::encode_json`].
///
/// ```
/// use sse_wire::{Block, EncodeJsonError};
///
/// let keys_that_are_not_strings = std::collections::BTreeMap::from([((), 1)]);
/// let mut out = Vec::new();
/// let result = Block::new().encode_json(&keys_that_are_not_strings, &mut out);
/// assert!(matches!(result, Err(EncodeJsonError::Value(_))));
/// assert!(out.is_empty());
/// ```
#[derive(Debug)]
pub enum EncodeJsonError {
    /// The block can't be encoded, or the sink has failed.
    Encode(EncodeError),
    /// The value could not be serialized; the error of `serde_json` is also the
    /// [source](Error::source).
    Value(serde_json::Error),
}

impl From<EncodeError> for EncodeJsonError {
    fn from(error: EncodeError) -> Self {
        EncodeJsonError::Encode(error)
    }
}

impl Display for EncodeJsonError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            EncodeJsonError::Encode(error) => error.fmt(f),
            EncodeJsonError::Value(_) => f.write_str("the data could not be written as JSON"),
        }
    }
}

impl Error for EncodeJsonError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            EncodeJsonError::Encode(_) => None,
            EncodeJsonError::Value(error) => Some(error),
        }
    }
}
