//! An event's data from JSON, and a value as JSON into a block's data (feature `json`).

use core::error::Error;
use core::fmt::{self, Display, Formatter};
use core::mem::take;
use core::ops::Range;
use std::io;

use serde::{Deserialize, Serialize};

use crate::encode::Block;
use crate::encode::DataWriter;
use crate::encode::Sink;
use crate::error::EncodeError;
use crate::event::{Event, OwnedEvent};

impl<'a> Event<'a> {
    /// The data, read as JSON. What the value borrows is lent as the event is.
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
    /// [`DecodeJsonError`], with the event's type and place, if its data is not what was asked for;
    /// its source is the error of `serde_json`.
    ///
    /// # Memory and cost
    ///
    /// What the value itself allocates. Text without an escape can be borrowed, as `&str` or, with
    /// `#[serde(borrow)]`, `Cow<str>`.
    pub fn json<T: Deserialize<'a>>(&self) -> Result<T, DecodeJsonError> {
        decode(self.data, self.event_type, &self.range)
    }
}

impl OwnedEvent {
    /// The data, read as JSON, as [`Event::json`] does. The value may borrow from the event.
    ///
    /// # Errors
    ///
    /// Those of `Event::json`.
    pub fn json<'a, T: Deserialize<'a>>(&'a self) -> Result<T, DecodeJsonError> {
        decode(&self.data, &self.event_type, &self.range)
    }
}

/// Whether it is a JSON object with a member `error` that is not `null`.
#[cfg(feature = "http-body")]
pub(crate) fn has_error(data: &str) -> bool {
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
    /// Appends the block with a value as JSON for its data, in the place of [`data`](field@Self::data).
    /// No string is made in between.
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
    /// Those of [`encode`](Self::encode), and those of the value: that of its `Serialize`, or a map
    /// whose keys are no strings. What had been written is rolled back then, if the sink can do that.
    ///
    /// # Memory and cost
    ///
    /// Nothing is allocated beside what the sink and the value do. The JSON is gathered in 256
    /// bytes on the stack and written as
    /// [`DataWriter::write_bytes`](crate::DataWriter::write_bytes) does.
    pub fn encode_json<T, S>(&self, value: &T, sink: &mut S) -> Result<(), EncodeJsonError>
    where
        T: Serialize + ?Sized,
        S: Sink + ?Sized,
    {
        let mut data = Block { data: None, ..*self }.data_writer(sink)?;
        let mut pieces = Pieces { data: &mut data, gathered: [0; GATHERED], len: 0 };
        if let Err(error) = serde_json::to_writer(&mut pieces, value) {
            // If something went wrong in the writer, it reports that again.
            data.write_bytes(b"")?;
            return Err(EncodeJsonError::Value(error));
        }
        pieces.pass_on()?;
        Ok(data.finish()?)
    }
}

/// Most of the pieces that `serde_json` writes are one or two bytes long. They are gathered, since
/// each look for UTF-8 and line breaks costs more than such a piece.
struct Pieces<'d, 's, S: Sink + ?Sized> {
    data: &'d mut DataWriter<'s, S>,
    gathered: [u8; GATHERED],
    len: usize,
}

const GATHERED: usize = 256;

impl<S: Sink + ?Sized> Pieces<'_, '_, S> {
    /// Passes on what was gathered.
    fn pass_on(&mut self) -> Result<(), EncodeError> {
        let len = take(&mut self.len);
        self.data.write_bytes(&self.gathered[..len])
    }
}

impl<S: Sink + ?Sized> io::Write for Pieces<'_, '_, S> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.write_all(piece)?;
        Ok(piece.len())
    }

    #[inline]
    fn write_all(&mut self, piece: &[u8]) -> io::Result<()> {
        if piece.len() > GATHERED - self.len {
            self.pass_on()?;
            if piece.len() > GATHERED {
                return Ok(self.data.write_bytes(piece)?);
            }
        }
        self.gathered[self.len..][..piece.len()].copy_from_slice(piece);
        self.len += piece.len();
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(self.pass_on()?)
    }
}

/// An event whose data is not the JSON that was asked for: see [`Event::json`].
#[derive(Debug)]
pub struct DecodeJsonError {
    event_type: alloc::boxed::Box<str>,
    /// The beginning of the data, as it is quoted.
    data: alloc::boxed::Box<str>,
    range: Range<u64>,
    source: serde_json::Error,
}

impl DecodeJsonError {
    /// The range of the event's block in the stream.
    pub fn range(&self) -> Range<u64> {
        self.range.clone()
    }

    /// The error of `serde_json`, which is also the [source](Error::source).
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

/// A block that was not encoded: see [`Block::encode_json`].
#[derive(Debug)]
pub enum EncodeJsonError {
    /// The block was refused, or the sink could not take it.
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
