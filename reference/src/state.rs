//! The rules of 9.2.6: what a field sets, and what a blank line dispatches.

use alloc::string::String;
use core::mem::take;

use crate::explanation::Verdict;

/// The buffers of 9.2.6, and what remains when they are reset.
///
/// [`interpret`](crate::interpret) folds it over the lines of a stream. It can also be used with lines from another
/// parser:
///
/// ```
/// use sse_wire_reference::State;
///
/// let mut state = State::new("");
/// state.process_field("data", "x");
/// state.process_field("id", "7");
/// assert_eq!(state.dispatch().data.as_deref(), Some("x"));
/// assert_eq!(state.last_event_id, "7");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct State {
    /// The event type buffer.
    pub event_type_buffer: String,
    /// The data buffer: each `data` line of the block followed by an LF, so it is empty only if there was none.
    pub data_buffer: String,
    /// The last event ID buffer.
    pub last_event_id_buffer: String,
    /// Whether a line of the block has set it.
    pub sets_id: bool,
    /// The last event ID string.
    pub last_event_id: String,
    /// The reconnection time in milliseconds, if one was set.
    pub reconnection_time: Option<u64>,
}

/// The result of a blank line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dispatched {
    /// The event's type, `message` if the buffer was empty; without an event, the contents of the buffer.
    pub event_type: String,
    /// The event's data; `None` if the data buffer was empty, so that there is no event.
    pub data: Option<String>,
    /// Whether a line of the block has set the last event ID.
    pub sets_id: bool,
}

impl State {
    /// Returns the state at the start of a stream. `last_event_id` is the last event ID string of the previous stream;
    /// empty if there was none.
    pub fn new(last_event_id: &str) -> Self {
        State {
            last_event_id_buffer: last_event_id.into(),
            last_event_id: last_event_id.into(),
            ..State::default()
        }
    }

    /// "The steps to process the field".
    pub fn process_field(&mut self, name: &str, value: &str) -> Verdict {
        match name {
            "event" => {
                self.event_type_buffer = value.into();
                Verdict::EventType { value: value.into() }
            }
            "data" => {
                self.data_buffer += value;
                self.data_buffer += "\n";
                Verdict::Data { value: value.into() }
            }
            "id" if value.contains('\0') => Verdict::IdWithNul,
            "id" => {
                self.last_event_id_buffer = value.into();
                self.sets_id = true;
                Verdict::Id { value: value.into() }
            }
            "retry" if value.is_empty() => Verdict::EmptyRetry,
            "retry" if value.chars().all(|c| c.is_ascii_digit()) => {
                // Digits fail to parse only if the number is too large.
                let milliseconds = value.parse().ok();
                self.reconnection_time = Some(milliseconds.unwrap_or(u64::MAX));
                Verdict::Retry { milliseconds }
            }
            "retry" => Verdict::RetryNotDigits { value: value.into() },
            _ => Verdict::UnknownField { name: name.into() },
        }
    }

    /// "The steps to dispatch the event", at a blank line.
    pub fn dispatch(&mut self) -> Dispatched {
        self.last_event_id.clone_from(&self.last_event_id_buffer);
        let mut data = take(&mut self.data_buffer);
        let mut event_type = take(&mut self.event_type_buffer);
        let sets_id = take(&mut self.sets_id);
        if data.is_empty() {
            return Dispatched { event_type, data: None, sets_id };
        }
        if data.ends_with('\n') {
            data.pop();
        }
        if event_type.is_empty() {
            event_type = "message".into();
        }
        Dispatched { event_type, data: Some(data), sets_id }
    }
}
