//! The format once more, with limits, slow and obvious: whole lines, one character at a time. What
//! the limit counts is from the README of the test vectors.

use std::ops::Range;

use sse_wire::{Field, Refused};

use crate::told::Told;

/// The limit for all that is retained, and the lengths of fixed arrays for data, type and IDs.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub all: usize,
    pub arrays: Option<[usize; 3]>,
}

/// What a stream comes to.
#[derive(Debug, Default)]
pub struct Model {
    pub told: Vec<Told>,
    pub last_event_id: String,
    pub reconnection_time: Option<u64>,
    /// What the unfinished block holds.
    data: Option<String>,
    event_type: String,
    /// The last event ID buffer, where the block has set it.
    id: Option<String>,
    /// The value of the `id` line that is being read.
    id_line: String,
    refused: bool,
    /// Where the block begins.
    block: usize,
}

pub fn decode(stream: &[u8], limits: Limits) -> Model {
    let mut model = Model::default();
    if stream.starts_with(b"\xEF\xBB\xBF") {
        model.block = 3;
    }
    for line in lines(stream, model.block) {
        let bytes = &stream[line.bytes.clone()];
        if bytes.is_empty() && line.ended {
            model.dispatch(line.bytes.end + 1, line.next);
        } else {
            model.line(bytes, line.ended, limits);
        }
    }
    model
}

struct Line {
    bytes: Range<usize>,
    ended: bool,
    next: usize,
}

/// The lines of a stream; the last one has no end.
fn lines(stream: &[u8], mut start: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    loop {
        let end = (start..stream.len()).find(|&at| matches!(stream[at], b'\n' | b'\r'));
        let Some(end) = end else {
            lines.push(Line { bytes: start..stream.len(), ended: false, next: stream.len() });
            return lines;
        };
        let next = if stream[end..].starts_with(b"\r\n") { end + 2 } else { end + 1 };
        lines.push(Line { bytes: start..end, ended: true, next });
        start = next;
    }
}

/// What a value decodes to. The start of a character at the end of an unfinished line is not known
/// yet.
fn decode_value(value: &[u8], ended: bool) -> String {
    let mut text = String::new();
    let mut chunks = value.utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        text += chunk.valid();
        let invalid = chunk.invalid();
        let cut = std::str::from_utf8(invalid).is_err_and(|error| error.error_len().is_none());
        let may_go_on = cut && !ended && chunks.peek().is_none();
        if !invalid.is_empty() && !may_go_on {
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    text
}

impl Model {
    fn len_of(&self, field: Field) -> usize {
        match field {
            Field::Data => self.data.as_ref().map_or(0, String::len),
            Field::Event => self.event_type.len(),
            _ => {
                self.last_event_id.len()
                    + self.id.as_ref().map_or(0, String::len)
                    + self.id_line.len()
            }
        }
    }

    /// Whether so many bytes more fit; the limit that they would pass.
    fn check(
        &self,
        limits: Limits,
        field: Field,
        more: usize,
    ) -> Result<(), (usize, Option<Field>)> {
        let all = [Field::Data, Field::Event, Field::Id].map(|field| self.len_of(field));
        let room = limits.all.saturating_sub(all.iter().sum());
        let array = limits.arrays.map(|arrays| match field {
            Field::Data => arrays[0],
            Field::Event => arrays[1],
            _ => arrays[2],
        });
        let in_array = array.map_or(usize::MAX, |array| array.saturating_sub(self.len_of(field)));
        if more <= room.min(in_array) {
            Ok(())
        } else if room <= in_array {
            Err((limits.all, None))
        } else {
            Err((array.unwrap(), Some(field)))
        }
    }

    fn refuse(&mut self, (limit, array): (usize, Option<Field>)) {
        self.data = None;
        self.event_type.clear();
        self.refused = true;
        self.told.push(Told::Refused {
            what: Refused::Event,
            position: self.block as u64,
            limit,
            array,
        });
    }

    fn line(&mut self, line: &[u8], ended: bool, limits: Limits) {
        let colon = line.iter().position(|&byte| byte == b':');
        let name = &line[..colon.unwrap_or(line.len())];
        let value = colon.map_or(&b""[..], |colon| &line[colon + 1..]);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        if !ended && value.is_empty() {
            return;
        }
        match name {
            b"data" if !self.refused => {
                let joint = if self.data.is_some() { "\n" } else { "" };
                self.data.get_or_insert_default();
                for character in joint.chars().chain(decode_value(value, ended).chars()) {
                    if let Err(limit) = self.check(limits, Field::Data, character.len_utf8()) {
                        return self.refuse(limit);
                    }
                    self.data.get_or_insert_default().push(character);
                }
            }
            b"event" if !self.refused => {
                self.event_type.clear();
                for character in decode_value(value, ended).chars() {
                    if let Err(limit) = self.check(limits, Field::Event, character.len_utf8()) {
                        return self.refuse(limit);
                    }
                    self.event_type.push(character);
                }
            }
            b"id" => {
                let id = decode_value(value, ended);
                for character in id.chars().take_while(|&character| character != '\0') {
                    let mut fits = self.check(limits, Field::Id, character.len_utf8());
                    if let (Err(limit), false) = (fits, self.refused) {
                        self.refuse(limit);
                        fits = self.check(limits, Field::Id, character.len_utf8());
                    }
                    if fits.is_err() {
                        self.id_line.clear();
                        return;
                    }
                    self.id_line.push(character);
                }
                let id_line = std::mem::take(&mut self.id_line);
                if ended && !id.contains('\0') {
                    self.id = Some(id_line);
                }
            }
            b"retry" if ended && !value.is_empty() && value.iter().all(u8::is_ascii_digit) => {
                let digits = std::str::from_utf8(value).unwrap();
                self.reconnection_time = Some(digits.parse().unwrap_or(u64::MAX));
            }
            _ => {}
        }
    }

    fn dispatch(&mut self, end: usize, next: usize) {
        let sets_id = self.id.is_some();
        if let Some(id) = self.id.take() {
            self.last_event_id = id;
        }
        let event_type = std::mem::take(&mut self.event_type);
        if let Some(data) = self.data.take() {
            self.told.push(Told::Event {
                event_type: if event_type.is_empty() { "message".into() } else { event_type },
                data,
                last_event_id: self.last_event_id.clone(),
                sets_id,
                range: self.block as u64..end as u64,
            });
        }
        self.refused = false;
        self.block = next;
    }
}
