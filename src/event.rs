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

/// The type of an event without an `event` line.
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
    /// The event's type; `message` unless the block sets another.
    pub event_type: &'a str,
    /// The data: the values of the block's `data` lines, joined by LF.
    pub data: &'a str,
    /// The last event ID string, set by this block or an earlier one; empty if there is none.
    pub last_event_id: &'a str,
    /// Whether this block has set the last event ID.
    pub sets_id: bool,
    /// The range of the event's block in the stream: from the first byte of its first line to just after the first byte
    /// that ends its blank line. It does not depend on the chunks.
    pub range: Range<u64>,
}

impl<'a> Pending<'a> {
    /// Returns the event that a blank line would have dispatched; `None` without data, or if it was refused.
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
            data: self.data?,
            last_event_id: self.last_event_id,
            sets_id: self.sets_id,
            range: self.range,
        })
    }
}

impl<'a> Event<'a> {
    /// Creates an event like one of a stream without IDs, for example to test a handler.
    ///
    /// ```
    /// let mut event = sse_wire::Event::new("tick", "1");
    /// event.last_event_id = "7";
    /// assert_eq!((event.event_type, event.data, event.sets_id), ("tick", "1", false));
    /// ```
    pub const fn new(event_type: &'a str, data: &'a str) -> Self {
        Event { event_type, data, last_event_id: "", sets_id: false, range: 0..0 }
    }

    /// Copies the event into an owned one.
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
    /// One allocation each for the data, a type other than `message`, and an ID, unless it is empty.
    /// [`Events::next_owned`](crate::Events::next_owned) needs fewer.
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

/// Copies a type; `message` needs no allocation.
#[cfg(feature = "alloc")]
pub(crate) fn owned_event_type(event_type: &str) -> Cow<'static, str> {
    match event_type {
        DEFAULT_EVENT_TYPE => Cow::Borrowed(DEFAULT_EVENT_TYPE),
        other => Cow::Owned(other.into()),
    }
}

/// An [`Event`] that owns its texts.
///
/// ```
/// use sse_wire::{OwnedEvent, ParseError, Parser};
///
/// fn collect(parser: &mut Parser, chunk: &[u8], queue: &mut Vec<OwnedEvent>) -> Result<(), ParseError> {
///     let mut events = parser.push(chunk);
///     while let Some(event) = events.next_owned()? {
///         queue.push(event);
///     }
///     Ok(())
/// }
/// # let mut queue = Vec::new();
/// # collect(&mut Parser::new(), b"data: x\n\n", &mut queue)?;
/// # assert_eq!(queue[0].data, "x");
/// # Ok::<(), ParseError>(())
/// ```
#[cfg(feature = "alloc")]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
#[non_exhaustive]
pub struct OwnedEvent {
    /// The event's type; `message` unless the block sets another.
    pub event_type: Cow<'static, str>,
    /// The data: the values of the block's `data` lines, joined by LF.
    pub data: String,
    /// The last event ID string, set by this block or an earlier one; empty if there is none.
    pub last_event_id: LastEventId,
    /// Whether this block has set the last event ID.
    pub sets_id: bool,
    /// The range of the event's block in the stream, as in [`Event::range`].
    pub range: Range<u64>,
}

/// An event of the type `message` with empty data.
#[cfg(feature = "alloc")]
impl Default for OwnedEvent {
    fn default() -> Self {
        Event::new(DEFAULT_EVENT_TYPE, "").into_owned()
    }
}

#[cfg(feature = "alloc")]
impl OwnedEvent {
    /// Returns the event as a borrowed one.
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

/// An event or another part of a stream: see [`Events::next_item`](crate::Events::next_item).
///
/// ```
/// use sse_wire::Item;
///
/// fn log(item: &Item<'_>) {
///     match item {
///         Item::Event(event) => println!("{}: {}", event.event_type, event.data),
///         Item::Comment { text, .. } => println!("comment {text}"),
///         Item::ReconnectionTime { time, .. } => println!("retry {time:?}"),
///         Item::Block { id: Some(id), .. } => println!("id {id}"),
///         _ => {}
///     }
/// }
/// # let mut parser = sse_wire::Parser::new();
/// # log(&parser.push(b"retry: 1\n").next_item()?.unwrap());
/// # Ok::<(), sse_wire::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Item<'a> {
    /// An event.
    Event(Event<'a>),
    /// A block that ended without an event, because it had no data. A block whose event was refused is only an error;
    /// its ID is in force even so.
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
        /// The text after the colon, without one space directly after the colon.
        text: &'a str,
        /// The offset of its colon in the stream.
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
///
/// ```
/// use sse_wire::{End, ParseError, Parser};
///
/// fn is_complete(parser: &mut Parser) -> Result<bool, ParseError> {
///     Ok(match parser.finish()? {
///         End::Clean => true,
///         End::Incomplete(pending) => {
///             eprintln!("cut in the event at bytes {:?}", pending.range);
///             false
///         }
///     })
/// }
/// # assert!(is_complete(&mut Parser::new())?);
/// # Ok::<(), ParseError>(())
/// ```
#[must_use = "a stream that was cut in the middle of an event is reported here"]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum End<'a> {
    /// After a blank line, or empty: nothing is lost.
    Clean,
    /// In the middle of a block, which the specification discards.
    Incomplete(Pending<'a>),
}

/// What was pending when a stream ended in the middle of a block.
///
/// The specification discards it. If you use it, note that any part of it may be missing: the value of a line that did
/// not end counts as far as it had arrived.
///
/// ```
/// use sse_wire::{End, Parser};
///
/// let mut parser = Parser::new();
/// parser.push(b"event: delta\ndata: Hel").discard()?;
/// let End::Incomplete(pending) = parser.finish()? else { panic!() };
/// assert_eq!((pending.event_type, pending.data, pending.in_line), ("delta", Some("Hel"), true));
/// # Ok::<(), sse_wire::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Pending<'a> {
    /// The event type buffer; empty if the block did not set it.
    pub event_type: &'a str,
    /// The data; `None` if there was no `data` line, or the event was refused or left unread in part.
    pub data: Option<&'a str>,
    /// The last event ID string that a blank line would have set. An `id` line that did not end does not count, because
    /// half an ID is a different ID.
    pub last_event_id: &'a str,
    /// Whether the block would have set it.
    pub sets_id: bool,
    /// Whether the stream ended in the middle of a line, whose value may be cut. If not, only later lines can be missing:
    /// at least the blank line.
    pub in_line: bool,
    /// Whether the event had been refused because of its size, or a part of it was left unread.
    pub refused: bool,
    /// The range of the block in the stream, as far as it had arrived.
    pub range: Range<u64>,
}
