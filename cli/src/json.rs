//! JSON lines, in both directions: what all commands have in common.

use std::fmt::{self, Formatter};
use std::io;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error, MapAccess, Visitor};
use sse_wire::Block;

use crate::escape;

/// Appends a value as one line of JSON.
pub(crate) fn write_line(
    value: &impl serde::Serialize,
    out: &mut impl io::Write,
) -> io::Result<()> {
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, ForTerminals))?;
    out.write_all(b"\n")
}

/// Compact JSON that is safe on a terminal: JSON itself escapes only the controls below U+0020.
struct ForTerminals;

impl serde_json::ser::Formatter for ForTerminals {
    fn write_string_fragment<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        mut fragment: &str,
    ) -> io::Result<()> {
        while let Some((at, c)) = fragment.char_indices().find(|&(_, c)| escape::drives(c)) {
            // All of them have four digits at most.
            write!(writer, "{}\\u{:04x}", &fragment[..at], u32::from(c))?;
            fragment = &fragment[at + c.len_utf8()..];
        }
        writer.write_all(fragment.as_bytes())
    }
}

/// Reads one line, an object, and says in words for users what is wrong with it.
pub(crate) fn read_line<T: DeserializeOwned>(line: &[u8]) -> Result<T, String> {
    let text = std::str::from_utf8(line)
        .map_err(|error| format!("not UTF-8 from byte {} on", error.valid_up_to()))?;
    if text.trim_ascii().is_empty() {
        return Err("an empty line where a JSON object is expected".into());
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = format!("`{}`", error.path());
        let (at, reason) = reason(error.inner());
        match error.inner().classify() {
            serde_json::error::Category::Data if path == "`.`" || reason.contains(&path) => reason,
            serde_json::error::Category::Data => format!("{path}: {reason}"),
            _ => not_json(at, &reason),
        }
    });
    let Object(value) = value?;
    json.end().map_err(|error| {
        let (at, reason) = reason(&error);
        not_json(at, &format!("{reason}; write one object a line"))
    })?;
    Ok(value)
}

fn not_json(column: usize, reason: &str) -> String {
    format!("not valid JSON at column {column}: {reason}")
}

/// The column and the message of an error, apart: there is only one line.
fn reason(error: &serde_json::Error) -> (usize, String) {
    let (text, column) = (error.to_string(), error.column());
    let position = format!(" at line {} column {column}", error.line());
    (column, text.strip_suffix(&position).map_or(text.clone(), str::to_owned))
}

/// A JSON object: serde would take an array for a struct, too.
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }

        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

/// For a key that may be absent, but not `null`.
pub(crate) fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// The data of an event.
pub(crate) struct Data(pub(crate) String);

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DataVisitor;

        impl Visitor<'_> for DataVisitor {
            type Value = Data;

            fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a string (put other JSON into a string first; jq does it with `tojson`)",
                )
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Data, E> {
                Ok(Data(text.to_owned()))
            }

            fn visit_string<E: Error>(self, text: String) -> Result<Data, E> {
                Ok(Data(text))
            }
        }

        deserializer.deserialize_string(DataVisitor)
    }
}

/// A number from 0 to 2^64-1, exactly.
pub(crate) struct Integer(pub(crate) u64);

impl<'de> Deserialize<'de> for Integer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IntegerVisitor;

        impl Visitor<'_> for IntegerVisitor {
            type Value = Integer;

            fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
                write!(f, "an integer from 0 to {}", u64::MAX)
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Integer, E> {
                Ok(Integer(number))
            }
        }

        deserializer.deserialize_u64(IntegerVisitor)
    }
}

/// The block with these values, as far as they are there.
pub(crate) fn block<'a>(
    comment: Option<&'a str>,
    event_type: Option<&'a str>,
    id: Option<&'a str>,
    retry: Option<&Integer>,
    data: Option<&'a Data>,
) -> Block<'a> {
    Block {
        comment,
        event_type,
        id,
        retry: retry.map(|&Integer(milliseconds)| milliseconds),
        data: data.map(|Data(data)| data.as_str()),
        ..Block::new()
    }
}
