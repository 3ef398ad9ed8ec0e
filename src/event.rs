//! What a parser returns
//! ([9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#dispatchMessage)).

#[cfg(feature = "alloc")]
use alloc::{borrow::Cow, string::String};
use core::ops::Range;
use core::time::Duration;

#[cfg(feature = "alloc")]
pub use self::last_event_id::LastEventId;
#[cfg(feature = "alloc")]
mod last_event_id;

/// The type of an event that names none.
pub(crate) const DEFAULT_EVENT_TYPE: &str = "message";

/// An event as `EventSource` would dispatch it, lent by the parser and the chunk.
///
/// ```
/// let mut parser = sse_wire::Parser::new();
/// let mut events = parser.push(b"event: tick\ndata: 1\ndata: 2\nid: 7\n\n");
/// let event = events.next()?.unwrap();
/// assert_eq!((event.event_type, event.data, event.last_event_id), ("tick", "1\n2", "7"));
/// # Ok::<(), sse_wire::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Event<'a> {
    /// The event's type; `message` if the stream names none.
    pub event_type: &'a str,
    /// The data: the values of the block's `data` lines, joined by LF.
    pub data: &'a str,
    /// The last event ID string, which this block or an earlier one has set; empty if none has.
    pub last_event_id: &'a str,
    /// Whether this block has set the last event ID.
    pub sets_id: bool,
    /// The range of the event's block in the stream: from the first byte of its first line to just
    /// after the first byte that ends its blank line, however the stream was cut into chunks.
    pub range: Range<u64>,
}

impl<'a> Pending<'a> {
    /// The event that the blank line would have made of it; `None` without data, or if it was refused.
    ///
    /// ```
    /// use sse_wire::{End, Parser};
    ///
    /// let mut parser = Parser::new();
    /// parser.push(b"data: {\"done\": true}").discard()?;
    /// let End::Incomplete(pending) = parser.finish()? else { panic!() };
    /// assert_eq!(pending.into_event().unwrap().data, "{\"done\": true}");
    /// # Ok::<(), sse_wire::ParseError>(())
    /// ```
    pub fn into_event(self) -> Option<Event<'a>> {
        let event_type = match self.event_type {
            "" => DEFAULT_EVENT_TYPE,
            event_type => event_type,
        };
        Some(Event {
            event_type,
            data: self.data.filter(|_| !self.refused)?,
            last_event_id: self.last_event_id,
            sets_id: self.sets_id,
            range: self.range,
        })
    }
}

impl<'a> Event<'a> {
    /// An event as a stream without ids would give it: to call a handler with, in a test for example.
    ///
    /// ```
    /// let mut event = sse_wire::Event::new("tick", "1");
    /// event.last_event_id = "7";
    /// assert_eq!((event.event_type, event.data, event.sets_id), ("tick", "1", false));
    /// ```
    pub const fn new(event_type: &'a str, data: &'a str) -> Self {
        Event { event_type, data, last_event_id: "", sets_id: false, range: 0..0 }
    }

    /// A copy to keep.
    ///
    /// ```
    /// use sse_wire::{OwnedEvent, ParseError, Parser};
    ///
    /// fn first(stream: &[u8]) -> Result<Option<OwnedEvent>, ParseError> {
    ///     Ok(Parser::new().push(stream).next()?.map(|event| event.into_owned()))
    /// }
    /// assert_eq!(first(b"data: x\n\n")?.unwrap().data, "x");
    /// # Ok::<(), ParseError>(())
    /// ```
    ///
    /// # Memory
    ///
    /// One allocation for the data, one for a type other than `message`, one for an ID; none for
    /// what is empty. [`Events::next_owned`](crate::Events::next_owned) needs fewer.
    #[cfg(feature = "alloc")]
    pub fn into_owned(self) -> OwnedEvent {
        OwnedEvent {
            event_type: owned_event_type(self.event_type),
            data: self.data.into(),
            last_event_id: self.last_event_id.into(),
            sets_id: self.sets_id,
            range: self.range,
        }
    }
}

/// A type to keep, which is no allocation for `message`.
#[cfg(feature = "alloc")]
pub(crate) fn owned_event_type(event_type: &str) -> Cow<'static, str> {
    match event_type {
        DEFAULT_EVENT_TYPE => Cow::Borrowed(DEFAULT_EVENT_TYPE),
        other => Cow::Owned(other.into()),
    }
}

/// An [`Event`] to keep.
#[cfg(feature = "alloc")]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
#[non_exhaustive]
pub struct OwnedEvent {
    /// The event's type; `message` if the stream names none.
    pub event_type: Cow<'static, str>,
    /// The data: the values of the block's `data` lines, joined by LF.
    pub data: String,
    /// The last event ID string, which this block or an earlier one has set; empty if none has.
    pub last_event_id: LastEventId,
    /// Whether this block has set the last event ID.
    pub sets_id: bool,
    /// The range of the event's block in the stream, as in [`Event::range`].
    pub range: Range<u64>,
}

/// An event of the type `message` without data: to be filled in where one is made by hand.
#[cfg(feature = "alloc")]
impl Default for OwnedEvent {
    fn default() -> Self {
        Event::new(DEFAULT_EVENT_TYPE, "").into_owned()
    }
}

#[cfg(feature = "alloc")]
impl OwnedEvent {
    /// The event, lent.
    ///
    /// ```
    /// # let owned = sse_wire::Parser::new().push(b"data: x\n\n").next_owned()?.unwrap();
    /// assert_eq!(owned.as_event().into_owned(), owned);
    /// # Ok::<(), sse_wire::ParseError>(())
    /// ```
    pub fn as_event(&self) -> Event<'_> {
        Event {
            event_type: &self.event_type,
            data: &self.data,
            last_event_id: &self.last_event_id,
            sets_id: self.sets_id,
            range: self.range.clone(),
        }
    }
}

#[cfg(feature = "alloc")]
impl From<Event<'_>> for OwnedEvent {
    fn from(event: Event<'_>) -> Self {
        event.into_owned()
    }
}

/// What can be observed in a stream: see [`Parser::observe`](crate::Parser::observe).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Item<'a> {
    /// An event.
    Event(Event<'a>),
    /// A block that ended without an event, because it had no data or its event was refused.
    #[non_exhaustive]
    Block {
        /// The last event ID string, if this block has set it.
        id: Option<&'a str>,
        /// The range of the block in the stream, as in [`Event::range`].
        range: Range<u64>,
    },
    /// A comment.
    #[non_exhaustive]
    Comment {
        /// What follows the colon, without one space directly after it.
        text: &'a str,
        /// Where in the stream its colon stands.
        position: u64,
    },
    /// A `retry` line that sets the reconnection time.
    #[non_exhaustive]
    ReconnectionTime {
        /// The time.
        time: Duration,
    },
}

/// How a stream ended: see [`Parser::finish`](crate::Parser::finish).
#[must_use = "a stream that was cut in the middle of an event is reported here"]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum End<'a> {
    /// After a blank line, or before anything came: nothing is lost.
    Clean,
    /// In the middle of a block, which the specification discards.
    Incomplete(Pending<'a>),
}

/// What was pending when a stream ended in the middle of a block.
///
/// The specification discards it. If you want it nevertheless, note that any part of it may be
/// cut: a line that did not end counts as far as it came, from the first byte of its value on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Pending<'a> {
    /// The event type buffer; empty if the block named none.
    pub event_type: &'a str,
    /// The data; `None` if there was no `data` line, or the event was refused.
    pub data: Option<&'a str>,
    /// What the blank line would have made the last event ID string. An `id` line that did not end
    /// does not count: half an ID is another ID.
    pub last_event_id: &'a str,
    /// Whether the block would have set it.
    pub sets_id: bool,
    /// Whether the stream ended in the middle of a line: the value of that line may be cut. If not,
    /// only lines after it can be missing, the blank line at the least.
    pub in_line: bool,
    /// Whether the event had been refused for its size.
    pub refused: bool,
    /// Where the block stands in the stream, as far as it came.
    pub range: Range<u64>,
}
