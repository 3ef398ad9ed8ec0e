//! JSON lines in both directions, for all commands.

use std::fmt::{self, Formatter};
use std::io;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error, MapAccess, Visitor};

use crate::{escape, lines};

/// Appends a value as one line of JSON.
pub(crate) fn write_line(
    value: &impl serde::Serialize,
    out: &mut impl io::Write,
) -> io::Result<()> {
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, ForTerminals))?;
    out.write_all(b"\n")
}

/// How a byte of a text is written in a JSON string.
#[derive(Clone, Copy, PartialEq)]
enum Need {
    /// Unchanged.
    Plain,
    /// A backslash before this.
    Backslash(u8),
    /// Its number, as a character that [needs escaping](escape::needs_escape).
    Number,
    /// Depending on the character that it begins.
    Look,
}

const NEEDS: [Need; 256] = {
    let mut needs = [Need::Plain; 256];
    let mut byte = 0;
    while byte < 0x80 {
        if escape::needs_escape(byte as u8 as char) {
            needs[byte] = Need::Number;
        }
        byte += 1;
    }
    // JSON's own.
    needs[b'"' as usize] = Need::Backslash(b'"');
    needs[b'\\' as usize] = Need::Backslash(b'\\');
    needs[0x08] = Need::Backslash(b'b');
    needs[b'\t' as usize] = Need::Backslash(b't');
    needs[b'\n' as usize] = Need::Backslash(b'n');
    needs[0x0C] = Need::Backslash(b'f');
    needs[b'\r' as usize] = Need::Backslash(b'r');
    // The first bytes of U+0080 to U+00BF, U+0600 to U+063F, and U+2000 to U+2FFF.
    needs[0xC2] = Need::Look;
    needs[0xD8] = Need::Look;
    needs[0xE2] = Need::Look;
    needs
};

/// Returns whether the byte may need escaping, like [`NEEDS`], but with operations that the compiler can vectorize.
const fn needs(byte: u8) -> bool {
    (byte < 0x20)
        | (byte == b'"')
        | (byte == b'\\')
        | (byte == 0x7F)
        | (byte == 0xC2)
        | (byte == 0xD8)
        | (byte == 0xE2)
}

/// Appends a string of JSON that is safe on a terminal.
pub(crate) fn write_string(text: &str, out: &mut Vec<u8>) {
    const WIDTH: usize = 16;
    out.reserve(text.len() + 2);
    out.push(b'"');
    let (mut done, mut at) = (0, 0);
    let bytes = text.as_bytes();
    while at < bytes.len() {
        if let Some(block) = bytes[at..].first_chunk::<WIDTH>() {
            if !block.iter().fold(false, |any, &byte| any | needs(byte)) {
                at += WIDTH;
                continue;
            }
        }
        let end = bytes.len().min(at + WIDTH);
        while at < end {
            let need = NEEDS[usize::from(bytes[at])];
            if need == Need::Plain {
                at += 1;
                continue;
            }
            // Each of these begins a character.
            let c = text[at..].chars().next().unwrap_or_default();
            if need == Need::Look && !escape::needs_escape(c) {
                at += c.len_utf8();
                continue;
            }
            out.extend(&bytes[done..at]);
            match need {
                Need::Backslash(byte) => out.extend([b'\\', byte]),
                // Each of these has at most four digits.
                _ => out.extend(format!("\\u{:04x}", u32::from(c)).as_bytes()),
            }
            at += c.len_utf8();
            done = at;
        }
    }
    out.extend(&bytes[done..]);
    out.push(b'"');
}

/// Appends a number.
pub(crate) fn write_number(number: impl itoa::Integer, out: &mut Vec<u8>) {
    out.extend(itoa::Buffer::new().format(number).as_bytes());
}

/// Compact JSON that is safe on a terminal: JSON itself escapes only the controls below U+0020.
struct ForTerminals;

impl serde_json::ser::Formatter for ForTerminals {
    fn write_string_fragment<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        mut fragment: &str,
    ) -> io::Result<()> {
        while let Some((at, c)) = fragment.char_indices().find(|&(_, c)| escape::needs_escape(c)) {
            // Each of these has at most four digits.
            write!(writer, "{}\\u{:04x}", &fragment[..at], u32::from(c))?;
            fragment = &fragment[at + c.len_utf8()..];
        }
        writer.write_all(fragment.as_bytes())
    }
}

/// Reads one line, an object. The error is for users.
pub(crate) fn read_line<T: DeserializeOwned>(line: &[u8]) -> Result<T, String> {
    let text = lines::text(line)?;
    if text.trim_ascii().is_empty() {
        return Err("an empty line, but a JSON object is expected".into());
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
        not_json(at, &format!("{reason}; write one object per line"))
    })?;
    Ok(value)
}

fn not_json(column: usize, reason: &str) -> String {
    format!("not valid JSON at column {column}: {reason}")
}

/// Separates the column and the message of an error. The line is always the same.
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

/// Deserializes a value whose key can be absent, but is not `null`.
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
                    "a string (encode other JSON as a string first, for example with `tojson` of jq)",
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

/// Declares an object with the values of a block, all of which can be absent, and these other members. It is a macro
/// because serde does not support `flatten` together with `deny_unknown_fields`.
macro_rules! values {
    ($(#[$about:meta])* struct $name:ident { $($more:tt)* }) => {
        $(#[$about])*
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct $name {
            #[serde(default, deserialize_with = "crate::json::present")]
            r#type: Option<String>,
            #[serde(default, deserialize_with = "crate::json::present")]
            data: Option<crate::json::Data>,
            #[serde(default, deserialize_with = "crate::json::present")]
            id: Option<String>,
            #[serde(default, deserialize_with = "crate::json::present")]
            retry: Option<crate::json::Integer>,
            #[serde(default, deserialize_with = "crate::json::present")]
            comment: Option<String>,
            $($more)*
        }

        impl $name {
            fn block(&self, strict: bool) -> sse_wire::Block<'_> {
                sse_wire::Block {
                    comment: self.comment.as_deref(),
                    event_type: self.r#type.as_deref(),
                    id: self.id.as_deref(),
                    retry: self.retry.as_ref().map(|&crate::json::Integer(time)| std::time::Duration::from_millis(time)),
                    data: self.data.as_ref().map(|crate::json::Data(data)| data.as_str()),
                    strict,
                }
            }
        }
    };
}

pub(crate) use values;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_character_at_each_place_is_written_as_by_serde_and_reads_as_itself() {
        for c in '\0'..=char::MAX {
            let text = format!("{c}é{c}");
            check(&text);
            let hot = NEEDS[usize::from(text.as_bytes()[0])] != Need::Plain;
            assert!(hot == needs(text.as_bytes()[0]), "{c:?}");
            if hot && c < '\u{2100}' {
                for before in 0..33 {
                    check(&format!("{}{c}{}{c}", "x".repeat(before), "y".repeat(33 - before)));
                }
            }
        }
    }

    #[track_caller]
    fn check(text: &str) {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        write_string(text, &mut ours);
        ours.push(b'\n');
        write_line(&text, &mut theirs).unwrap();
        assert!(ours == theirs, "{text:?}");
        assert_eq!(serde_json::from_slice::<String>(&ours).unwrap(), text);
    }
}
