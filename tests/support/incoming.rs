//! The items of a client that reconnects, as text.

use sse_wire::{Incoming, SourceError};

/// An item as text.
pub fn text<B>(item: Option<Result<Incoming, SourceError<B>>>) -> String {
    match item {
        None => "none".into(),
        Some(Ok(Incoming::Event(event))) => format!("{}:{}", event.last_event_id, event.data),
        Some(Ok(Incoming::Notice(notice))) => notice.to_string(),
        Some(Err(error)) => format!("error: {error}"),
    }
}
