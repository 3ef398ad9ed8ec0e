//! A slow and plain model of the limits, which are choices of this project: the reference interprets the lines, and
//! the model decides what is refused. The fuzz targets share it.

use std::ops::Range;
use std::time::Duration;

use sse_wire::{Event, Field, Refused};
use sse_wire_reference::grammar::{self, Line};
use sse_wire_reference::{self as reference, State, Text, Verdict};

use super::outcome::{Outcome, Output, Pending};

/// What a parser may retain: in total, for an ID, and in the arrays for data, type, and IDs.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub all: usize,
    pub id: usize,
    pub arrays: Option<[usize; 3]>,
}

impl Limits {
    /// Those of the parser, besides the arrays.
    pub const fn of_parser(self) -> sse_wire::Limits {
        sse_wire::Limits { retained: self.all, id: self.id }
    }
}

/// The results of a stream, with everything that can be observed, after a stream that has set a last event ID.
pub fn decode(stream: &[u8], last_event_id: &str, limits: Limits) -> Outcome {
    // A line without an end counts toward the limits as far as it had arrived.
    let unfinished = {
        let text = reference::decode(stream);
        let (tail, _) = grammar::stream(&text.characters).unwrap();
        !grammar::lines(tail).unwrap().0.is_empty()
    };
    let text = match unfinished {
        true => reference::decode(&[stream, b"\n"].concat()),
        false => reference::decode(stream),
    };
    let (tail, events) = grammar::stream(&text.characters).unwrap();
    let (_, rest) = grammar::lines(tail).unwrap();
    let mut model = Model::new(&text, last_event_id, limits);
    if events.bom.is_some() {
        model.take("\u{FEFF}");
        model.block = model.here();
    }
    for event in &events.events {
        event.lines.iter().for_each(|line| model.line(line, true));
        model.blank_line(event.end_of_line);
    }
    for (at, line) in rest.iter().enumerate() {
        model.line(line, !unfinished || at + 1 < rest.len());
    }
    model.end(unfinished, stream.len())
}

/// A limit in bytes, and the field whose array it is.
type Limit = (usize, Option<Field>);

struct Model<'t> {
    text: &'t Text,
    /// The characters before this offset were taken.
    at: usize,
    limits: Limits,
    state: State,
    outcome: Outcome,
    /// The start of the block.
    block: usize,
    /// The lengths of its data, if there is any, and of its type, in bytes as they arrived.
    data: Option<usize>,
    event_type: usize,
    /// Whether its event was refused.
    refused: bool,
}

impl<'t> Model<'t> {
    fn new(text: &'t Text, last_event_id: &str, limits: Limits) -> Self {
        let (state, outcome) = (State::new(last_event_id), Outcome::default());
        Model {
            text,
            at: 0,
            limits,
            state,
            outcome,
            block: 0,
            data: None,
            event_type: 0,
            refused: false,
        }
    }

    /// The offset of the next character in the stream.
    fn here(&self) -> usize {
        self.text.bytes(self.at..self.at).start
    }

    /// Takes these characters, and returns their bytes in the stream.
    fn take(&mut self, characters: &str) -> Range<usize> {
        let start = self.at;
        self.at += characters.len();
        self.text.bytes(start..self.at)
    }

    /// The lengths of data, type, and IDs as they arrived, with this much of a line that is being read.
    fn sizes(&self, line: usize) -> [usize; 3] {
        let id = if self.state.sets_id { self.state.last_event_id_buffer.len() } else { 0 };
        [self.data.unwrap_or_default(), self.event_type, self.state.last_event_id.len() + id + line]
    }

    /// The same with data and type as text.
    fn decoded_sizes(&self) -> [usize; 3] {
        let data = self.state.data_buffer.len().saturating_sub(1);
        [data, self.state.event_type_buffer.len(), self.sizes(0)[2]]
    }

    /// The limit that is exceeded first if one of these sizes grows to this.
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

    /// However long IDs are, an event of a quarter of the limit fits.
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
            (self.data, self.event_type, self.refused) = (None, 0, true);
            self.state.data_buffer.clear();
            self.state.event_type_buffer.clear();
        }
    }

    /// A line, or the start of one that does not end.
    fn line(&mut self, line: &Line<'_>, ended: bool) {
        match *line {
            Line::Comment { source, text } => {
                let range = self.take(source);
                let text = text.strip_prefix(' ').unwrap_or(text);
                if ended || !text.is_empty() {
                    self.comment(text, source, range, ended);
                }
            }
            Line::Field { source, name, value } => {
                let value_end = self.at + source.trim_end_matches(['\r', '\n']).len();
                let value_at = value_end - value.len();
                let range = self.take(source);
                if ended || !value.is_empty() {
                    self.field(name, value, value_at, range.start, ended);
                }
            }
        }
    }

    fn field(&mut self, name: &str, value: &str, at: usize, start: usize, ended: bool) {
        let came = |part: &str| self.text.bytes(at..at + part.len()).len();
        match name {
            "data" if !self.refused => {
                self.data = Some(self.data.map_or(0, |data| data + 1) + came(value));
                self.state.process_field(name, value);
                self.check(self.sizes(0));
            }
            "event" if !self.refused => {
                self.event_type = came(value);
                self.state.process_field(name, value);
                self.check(self.sizes(0));
            }
            "id" => {
                let limit = self.id_limit();
                // Text after a NUL is not retained.
                let retained = value.split('\0').next().unwrap_or_default();
                self.check(self.sizes(came(retained).min(limit.0)));
                if retained.len() < value.len() || !ended {
                    return;
                }
                if value.len() > limit.0 {
                    return self.refuse(Refused::Id, start, limit);
                }
                self.check(self.sizes(value.len()));
                self.state.process_field(name, value);
            }
            "retry" if ended => {
                if let Verdict::Retry { .. } = self.state.process_field(name, value) {
                    self.outcome
                        .output
                        .push(Output::ReconnectionTime(self.reconnection_time().unwrap()));
                }
            }
            _ => {}
        }
    }

    fn comment(&mut self, text: &str, source: &str, range: Range<usize>, ended: bool) {
        let came = range.len() - (source.len() - text.len());
        let len = if ended { text.len() } else { came };
        let third = self.limits.arrays.map_or(usize::MAX, |[_, _, ids]| ids / 3);
        let others: usize = self.sizes(0).iter().sum();
        let array = len > third && others + third < self.limits.all;
        let passed =
            if array { Some((third, Some(Field::Id))) } else { self.passed(self.sizes(len)) };
        if let Some(passed) = passed {
            self.refuse(Refused::Comment, range.start, passed);
        } else if ended {
            let position = range.start as u64;
            self.outcome.output.push(Output::Comment { text: text.to_owned(), position });
        }
    }

    fn reconnection_time(&self) -> Option<Duration> {
        self.state.reconnection_time.map(Duration::from_millis)
    }

    fn blank_line(&mut self, end_of_line: &str) {
        let line = self.take(end_of_line);
        if self.data.is_some() {
            // Data first: the limit that is exceeded can be another one with the type as text.
            let [data, event_type, ids] = self.decoded_sizes();
            self.check([data, self.event_type, ids]);
            self.check([data, event_type, ids]);
        }
        let dispatched = self.state.dispatch();
        let (id, sets_id) = (&self.state.last_event_id, dispatched.sets_id);
        let range = self.block as u64..line.start as u64 + 1;
        self.outcome.output.extend(match &dispatched.data {
            // An error was returned instead.
            _ if self.refused => None,
            Some(data) => {
                let mut event = Event::new(&dispatched.event_type, data);
                (event.last_event_id, event.sets_id, event.range) = (id, sets_id, range);
                Some(event.into())
            }
            None => Some(Output::Block { id: sets_id.then(|| id.clone()), range }),
        });
        (self.block, self.data, self.event_type, self.refused) = (line.end, None, 0, false);
    }

    /// The end of the stream, perhaps in a line.
    fn end(mut self, in_line: bool, len: usize) -> Outcome {
        let refused = self.refused || self.passed(self.decoded_sizes()).is_some();
        let data = self.state.data_buffer.strip_suffix('\n');
        self.outcome.pending = (self.block < len).then(|| Pending {
            event_type: if refused { String::new() } else { self.state.event_type_buffer.clone() },
            data: data.filter(|_| !refused).map(str::to_owned),
            last_event_id: self.state.last_event_id_buffer.clone(),
            sets_id: self.state.sets_id,
            in_line,
            refused,
            range: self.block as u64..len as u64,
        });
        self.outcome.reconnection_time = self.reconnection_time();
        self.outcome.last_event_id = self.state.last_event_id;
        self.outcome
    }
}
