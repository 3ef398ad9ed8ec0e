//! JSON, as far as the vectors use it: no negative numbers, no fractions, no lone surrogates.

use std::collections::BTreeMap;
use std::ops::Index;

#[derive(Clone, Debug)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Integer(u64),
    String(String),
    List(Vec<Value>),
    Object(BTreeMap<String, Value>),
}

impl Value {
    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        match self {
            Value::Object(members) => members.get(key),
            _ => None,
        }
    }

    pub(crate) fn list(&self) -> &[Value] {
        match self {
            Value::List(values) => values,
            other => panic!("a list, not {other:?}"),
        }
    }

    pub(crate) fn str(&self) -> &str {
        match self {
            Value::String(text) => text,
            other => panic!("a string, not {other:?}"),
        }
    }

    pub(crate) fn integer(&self) -> u64 {
        match self {
            Value::Integer(integer) => *integer,
            other => panic!("an integer, not {other:?}"),
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The bytes that a vector writes as text, hex, a repetition, or a list of those.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match self {
            Value::String(text) => text.clone().into_bytes(),
            Value::List(parts) => parts.iter().flat_map(Value::bytes).collect(),
            _ => match self.get("hex") {
                Some(hex) => {
                    hex.str().split(' ').map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
                }
                None => self["repeat"].bytes().repeat(self["times"].integer() as usize),
            },
        }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.bytes()).unwrap()
    }
}

impl Index<&str> for Value {
    type Output = Value;

    fn index(&self, key: &str) -> &Value {
        self.get(key).unwrap_or_else(|| panic!("no {key}"))
    }
}

/// Reads a whole text.
pub(crate) fn read(text: &str) -> Value {
    let mut reader = Reader { rest: text };
    let value = reader.value();
    assert_eq!(reader.rest.trim_start(), "", "nothing after the value");
    value
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    /// Takes the text if it comes next, after white space.
    fn take(&mut self, text: &str) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    #[track_caller]
    fn expect(&mut self, text: &str) {
        assert!(self.take(text), "{text} before {:.40}", self.rest);
    }

    fn value(&mut self) -> Value {
        if self.take("{") {
            let member = |reader: &mut Self| {
                reader.expect("\"");
                let key = reader.string();
                reader.expect(":");
                (key, reader.value())
            };
            Value::Object(self.items("}", member).into_iter().collect())
        } else if self.take("[") {
            Value::List(self.items("]", Self::value))
        } else if self.take("\"") {
            Value::String(self.string())
        } else if self.take("null") {
            Value::Null
        } else if self.take("true") {
            Value::Bool(true)
        } else if self.take("false") {
            Value::Bool(false)
        } else {
            let is_digit = |c: char| c.is_ascii_digit();
            let digits = self.rest.len() - self.rest.trim_start_matches(is_digit).len();
            let (number, rest) = self.rest.split_at(digits);
            self.rest = rest;
            Value::Integer(number.parse().unwrap_or_else(|_| panic!("a value before {rest:.40}")))
        }
    }

    fn items<T>(&mut self, end: &str, mut item: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let mut items = Vec::new();
        if self.take(end) {
            return items;
        }
        loop {
            items.push(item(self));
            if self.take(end) {
                return items;
            }
            self.expect(",");
        }
    }

    /// What comes after the quotation mark that begins a string.
    fn string(&mut self) -> String {
        let mut units = Vec::new();
        let mut characters = self.rest.chars();
        loop {
            match characters.next().expect("the end of a string") {
                '"' => break,
                '\\' => units.push(match characters.next().expect("an escape") {
                    'n' => 0x0A,
                    'r' => 0x0D,
                    't' => 0x09,
                    'b' => 0x08,
                    'f' => 0x0C,
                    'u' => {
                        let digits: String = characters.by_ref().take(4).collect();
                        u16::from_str_radix(&digits, 16).unwrap()
                    }
                    other => u16::try_from(u32::from(other)).unwrap(),
                }),
                other => units.extend_from_slice(other.encode_utf16(&mut [0; 2])),
            }
        }
        self.rest = characters.as_str();
        String::from_utf16(&units).expect("no lone surrogate")
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn every_form_of_json_that_the_vectors_have_is_read() {
        let value = read(
            r#" {"a": [1, 18446744073709551615, null, true, false, {}, []], "b": "\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é😀"} "#,
        );
        assert_eq!(value["a"].list()[1].integer(), u64::MAX);
        assert!(value["a"].list()[2].is_null());
        assert_eq!(value["a"].list().len(), 7);
        assert_eq!(value["b"].str(), "\"\\/\u{8}\u{c}\n\r\té😀é😀");
    }

    #[test]
    fn bytes_are_text_hex_repetitions_and_lists_of_those() {
        let value = read(r#"["é", {"hex": "00 FF"}, {"repeat": ["a", "b"], "times": 2}]"#);
        assert_eq!(value.bytes(), b"\xC3\xA9\x00\xFFabab");
    }

    #[test]
    #[should_panic(expected = "nothing after the value")]
    fn a_second_value_is_refused() {
        read("1 2");
    }
}
