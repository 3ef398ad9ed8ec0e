//! What the commands that show streams can show, in every form.

use std::ops::Range;
use std::time::Duration;

use sse_wire::{Event, Item};

/// An item that can be shown.
pub(crate) enum Shown<'a> {
    Event(Event<'a>),
    /// A block without an event that has set the last event ID, and its range.
    Id(&'a str, Range<u64>),
    /// A comment and its position.
    Comment(&'a str, u64),
    ReconnectionTime(Duration),
    Nothing,
}

impl<'a> From<Item<'a>> for Shown<'a> {
    fn from(item: Item<'a>) -> Self {
        match item {
            Item::Event(event) => Shown::Event(event),
            Item::Block { id: Some(id), range, .. } => Shown::Id(id, range),
            Item::Comment { text, position, .. } => Shown::Comment(text, position),
            Item::ReconnectionTime { time, .. } => Shown::ReconnectionTime(time),
            _ => Shown::Nothing,
        }
    }
}
