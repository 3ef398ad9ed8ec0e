//! Checks that a candidate returns the right events, so that only complete parsers are measured.

use std::hash::{DefaultHasher, Hasher};

use crate::candidate::Seen;

/// The number of events, and a hash of their types and data.
#[derive(Default)]
pub struct Digest {
    events: usize,
    bytes: usize,
    hasher: DefaultHasher,
}

impl Digest {
    pub fn add(&mut self, seen: &Seen<'_>) {
        self.events += 1;
        self.bytes += seen.data.len();
        for text in [seen.event_type, seen.data] {
            self.hasher.write(text.as_bytes());
            self.hasher.write_u8(0xFF);
        }
    }

    pub fn compare(&self, right: &Digest) -> Result<(), String> {
        if self.events != right.events {
            return Err(format!("returns {} events of {}", self.events, right.events));
        }
        if self.bytes != right.bytes {
            return Err(format!("returns {} bytes of data instead of {}", self.bytes, right.bytes));
        }
        if self.hasher.finish() != right.hasher.finish() {
            return Err("gives other types or other data".to_owned());
        }
        Ok(())
    }
}

/// Returns the right events, for streams like the workloads: complete lines of well-formed text that end with LF or
/// CRLF and have a space after each colon.
pub fn reference(stream: &[u8]) -> Digest {
    let text = std::str::from_utf8(stream).expect("workloads are well-formed");
    let (mut digest, mut event_type, mut data) = (Digest::default(), "", Vec::new());
    for line in text.lines() {
        match line.split_once(": ") {
            Some(("data", value)) => data.push(value),
            Some(("event", value)) => event_type = value,
            None if line.is_empty() => {
                if !data.is_empty() {
                    let event_type = if event_type.is_empty() { "message" } else { event_type };
                    digest.add(&Seen { event_type, data: &data.join("\n"), ..Seen::default() });
                }
                data.clear();
                event_type = "";
            }
            _ => {}
        }
    }
    digest
}
