//! The [`State`] over the lines of a stream, which know their bytes.

use alloc::string::String;
use core::mem::take;
use core::ops::Range;

use crate::explanation::Verdict;
use crate::grammar::Line;
use crate::state::{Dispatched, State};
use crate::{End, Event, Unfinished};

/// The state, and where in the stream it is.
#[derive(Clone, Debug)]
pub(crate) struct Fold {
    pub(crate) state: State,
    /// How many bytes the data buffer may have.
    limit: usize,
    /// Whether a line of the current block was over the limit.
    skipped: bool,
    /// Where in the stream the current block begins.
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

    /// Processes a comment or a field. Returns the whole line, and what it was.
    pub(crate) fn process_line<'t>(&mut self, line: &Line<'t>) -> (&'t str, Verdict) {
        let (source, verdict) = match *line {
            Line::Comment { source, text } => (source, Verdict::Comment { text: text.into() }),
            Line::Field { source, name, value } => (source, self.state.process_field(name, value)),
        };
        let fits = self.state.data_buffer.len() <= self.limit;
        (source, if fits { verdict } else { self.skip() })
    }

    /// Leaves out a line that is over the limit.
    pub(crate) fn skip(&mut self) -> Verdict {
        self.skipped = true;
        self.state.data_buffer = String::new();
        Verdict::OverLimit { limit: self.limit }
    }

    /// Dispatches, at a blank line with these bytes.
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

    /// What there is if the stream ends here, with this line unfinished.
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
