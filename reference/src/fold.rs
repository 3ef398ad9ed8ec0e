//! Folds the [`State`] over the lines of a stream, with their positions.

use alloc::string::String;
use core::mem::take;
use core::ops::Range;

use crate::explanation::Verdict;
use crate::grammar::Line;
use crate::state::{Dispatched, State};
use crate::{End, Event, Unfinished};

/// The state, and its position in the stream.
#[derive(Clone, Debug)]
pub(crate) struct Fold {
    pub(crate) state: State,
    /// The largest length of the data buffer in bytes.
    limit: usize,
    /// Whether a line of the current block exceeded the limit.
    skipped: bool,
    /// The start of the current block in the stream.
    block_start: usize,
}

impl Fold {
    pub(crate) fn new(last_event_id: &str) -> Self {
        let state = State::new(last_event_id);
        Fold { state, limit: usize::MAX, skipped: false, block_start: 0 }
    }

    pub(crate) fn with_limit(self, limit: usize) -> Self {
        Fold { limit, ..self }
    }

    /// Processes a comment or a field. Returns the whole line and its verdict.
    pub(crate) fn process_line<'t>(&mut self, line: &Line<'t>) -> (&'t str, Verdict) {
        let (source, verdict) = match *line {
            Line::Comment { source, text } => (source, Verdict::Comment { text: text.into() }),
            Line::Field { source, name, value } => (source, self.state.process_field(name, value)),
        };
        let fits = self.state.data_buffer.len() <= self.limit;
        (source, if fits { verdict } else { self.skip() })
    }

    /// Skips a line that exceeds the limit.
    pub(crate) fn skip(&mut self) -> Verdict {
        self.skipped = true;
        self.state.data_buffer = String::new();
        Verdict::OverLimit { limit: self.limit }
    }

    /// Dispatches the event at a blank line with these bytes.
    pub(crate) fn dispatch(&mut self, blank_line: Range<usize>) -> (Verdict, Option<Event>) {
        let Dispatched { event_type, data, sets_id } = self.state.dispatch();
        let last_event_id = self.state.last_event_id.clone();
        let id = sets_id.then(|| last_event_id.clone());
        let range = self.block_start..blank_line.start + 1;
        self.begin_block(blank_line.end);
        match data {
            _ if take(&mut self.skipped) => (Verdict::SkippedBlock { id }, None),
            None => (Verdict::NothingToDispatch { event_type, id }, None),
            Some(data) => {
                let verdict = Verdict::Dispatch { event_type: event_type.clone(), id };
                (verdict, Some(Event { event_type, data, last_event_id, sets_id, range }))
            }
        }
    }

    pub(crate) fn begin_block(&mut self, start: usize) {
        self.block_start = start;
    }

    /// Returns the end state if the stream ends here, with this unfinished line.
    pub(crate) fn end(self, unfinished_line: &str, here: usize) -> End {
        let range = self.block_start..here;
        let State { last_event_id, reconnection_time, .. } = self.state;
        let unfinished = (!range.is_empty()).then(|| Unfinished {
            event_type_buffer: self.state.event_type_buffer,
            data_buffer: self.state.data_buffer,
            last_event_id_buffer: self.state.last_event_id_buffer,
            sets_id: self.state.sets_id,
            line: unfinished_line.into(),
            range,
        });
        End { last_event_id, reconnection_time, unfinished }
    }
}
