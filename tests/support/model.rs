//! The decoder once more, with its limits, slow and plain: the whole stream at once, line by line, one
//! rule after the other. Where the choices of this project decide, this decides; the fuzz targets
//! share it. (Without limits the judge is `sse_wire_reference`.)

use std::mem::take;
use std::time::Duration;

use sse_wire::{Event, Field, Refused};

use super::outcome::{Outcome, Output, Pending};

/// What a parser may retain: in all, for an id, and in the arrays for data, type and ids.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub all: usize,
    pub id: usize,
    pub arrays: Option<[usize; 3]>,
}

/// What comes of a stream after one that has left a last event ID, with all that can be observed.
pub fn decode(stream: &[u8], last_event_id: &str, limits: Limits) -> Outcome {
    let mut at = if stream.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
    let mut model = Model::new(limits, at);
    model.outcome.last_event_id = last_event_id.to_owned();
    loop {
        let rest = &stream[at..];
        let Some(len) = rest.iter().position(|&byte| matches!(byte, b'\n' | b'\r')) else {
            model.line(rest, at, false);
            return model.end(at, stream.len());
        };
        let next = at + len + if rest[len..].starts_with(b"\r\n") { 2 } else { 1 };
        match len {
            0 => model.dispatch(at + 1, next),
            _ => model.line(&rest[..len], at, true),
        }
        at = next;
    }
}

/// A limit in bytes, and the field whose array it is.
type Limit = (usize, Option<Field>);

struct Model {
    limits: Limits,
    outcome: Outcome,
    /// Where the block begins.
    block: usize,
    /// Its buffers, as the bytes came.
    data: Option<Vec<u8>>,
    event_type: Vec<u8>,
    /// The last event ID buffer, if the block has set it.
    id: Option<String>,
    /// Whether its event was refused.
    refused: bool,
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl Model {
    fn new(limits: Limits, block: usize) -> Self {
        let outcome = Outcome::default();
        Model { limits, outcome, block, data: None, event_type: vec![], id: None, refused: false }
    }

    /// The lengths of data, type and ids, with so much of a line that is being read, as they came.
    fn sizes(&self, line: usize) -> [usize; 3] {
        let data = self.data.as_ref().map_or(0, Vec::len);
        let id = self.id.as_deref().map_or(0, str::len);
        [data, self.event_type.len(), self.outcome.last_event_id.len() + id + line]
    }

    /// The limit that is passed first if one of these sizes grew to what it is.
    fn passed(&self, sizes: [usize; 3]) -> Option<Limit> {
        let arrays = self.limits.arrays.unwrap_or([usize::MAX; 3]);
        let sum: usize = sizes.iter().sum();
        for (i, field) in [Field::Data, Field::Event, Field::Id].into_iter().enumerate() {
            if sizes[i] > arrays[i] && sum - sizes[i] + arrays[i] < self.limits.all {
                return Some((arrays[i], Some(field)));
            }
        }
        (sum > self.limits.all).then_some((self.limits.all, None))
    }

    /// However long ids are, an event with a quarter of the limit fits.
    fn id_limit(&self) -> Limit {
        let limit = self.limits.id.min(self.limits.all / 4);
        match self.limits.arrays {
            Some([_, _, ids]) if ids / 3 < limit => (ids / 3, Some(Field::Id)),
            _ => (limit, None),
        }
    }

    fn refuse(&mut self, what: Refused, at: usize, (limit, array): Limit) {
        self.outcome.output.push(Output::Refused { what, position: at as u64, limit, array });
    }

    /// Refuses the event if it does not fit.
    fn check(&mut self, sizes: [usize; 3]) {
        if let (Some(passed), false) = (self.passed(sizes), self.refused) {
            self.refuse(Refused::Event, self.block, passed);
            (self.data, self.event_type, self.refused) = (None, vec![], true);
        }
    }

    /// Data and type as text, and the sizes with them.
    fn texts(&self) -> (Option<String>, String, [usize; 3]) {
        let data = self.data.as_ref().map(|data| text(data));
        let event_type = text(&self.event_type);
        let sizes = [data.as_deref().map_or(0, str::len), event_type.len(), self.sizes(0)[2]];
        (data, event_type, sizes)
    }

    /// A line, or the start of one that does not end.
    fn line(&mut self, line: &[u8], start: usize, ended: bool) {
        let colon = line.iter().position(|&byte| byte == b':');
        let (name, value) = line.split_at(colon.unwrap_or(line.len()));
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        if !ended && value.is_empty() {
            return;
        }
        match name {
            b"data" if !self.refused => {
                let before = self.data.take().map(|data| [&data[..], b"\n"].concat());
                self.data = Some([&before.unwrap_or_default()[..], value].concat());
                self.check(self.sizes(0));
            }
            b"event" if !self.refused => {
                self.event_type = value.to_vec();
                self.check(self.sizes(0));
            }
            b"id" => self.id(value, start, ended),
            b"retry" if ended && !value.is_empty() && value.iter().all(u8::is_ascii_digit) => {
                let time = Duration::from_millis(text(value).parse().unwrap_or(u64::MAX));
                self.outcome.reconnection_time = Some(time);
                self.outcome.output.push(Output::ReconnectionTime(time));
            }
            b"" => {
                let text = text(value);
                let len = if ended { text.len() } else { value.len() };
                if let Some(passed) = self.passed(self.sizes(len)) {
                    self.refuse(Refused::Comment, start, passed);
                } else if ended {
                    self.outcome.output.push(Output::Comment { text, position: start as u64 });
                }
            }
            _ => {}
        }
    }

    fn id(&mut self, value: &[u8], start: usize, ended: bool) {
        let limit = self.id_limit();
        let nul = value.iter().position(|&byte| byte == 0);
        self.check(self.sizes(nul.unwrap_or(value.len()).min(limit.0)));
        if nul.is_some() || !ended {
            return;
        }
        let id = text(value);
        if id.len() > limit.0 {
            return self.refuse(Refused::Id, start, limit);
        }
        self.check(self.sizes(id.len()));
        self.id = Some(id);
    }

    fn dispatch(&mut self, end: usize, next: usize) {
        let (data, event_type, sizes) = self.texts();
        if data.is_some() {
            self.check(sizes);
        }
        let sets_id = self.id.is_some();
        let id = self.id.take().unwrap_or_else(|| self.outcome.last_event_id.clone());
        let range = self.block as u64..end as u64;
        self.outcome.output.push(match data {
            Some(data) if !self.refused => {
                let event_type = if event_type.is_empty() { "message" } else { &event_type };
                let mut event = Event::new(event_type, &data);
                (event.last_event_id, event.sets_id, event.range) = (&id, sets_id, range);
                event.into()
            }
            _ => Output::Block { id: sets_id.then(|| id.clone()), range },
        });
        self.outcome.last_event_id = id;
        *self = Model { outcome: take(&mut self.outcome), ..Model::new(self.limits, next) };
    }

    /// The end of the stream, in the line that begins at `line`.
    fn end(mut self, line: usize, len: usize) -> Outcome {
        let (data, event_type, sizes) = self.texts();
        let refused = self.refused || self.passed(sizes).is_some();
        self.outcome.pending = (self.block < len).then(|| Pending {
            event_type: if refused { String::new() } else { event_type },
            data: data.filter(|_| !refused),
            last_event_id: self.id.clone().unwrap_or_else(|| self.outcome.last_event_id.clone()),
            sets_id: self.id.is_some(),
            in_line: line < len,
            refused,
            range: self.block as u64..len as u64,
        });
        self.outcome
    }
}
