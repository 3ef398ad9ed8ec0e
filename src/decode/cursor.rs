//! The cursor over one chunk, which [`Parser::push`] returns. It calls the parser's one step, and lends what that has
//! found.
//!
//! # Implementation notes
//!
//! Adapters make a cursor for a chunk that has [begun](Parser::begin); it continues after what the last cursor has
//! taken. The bytes must be unchanged since `begin`: borrowed since then, or in memory that only this crate writes to;
//! otherwise [`rescan`](Parser::rescan) comes first.

use core::ops::Range;

use super::parser::Parser;
use super::step::Stop;
use super::storage::{Growable, Place, Storage};
use crate::error::ParseError;
use crate::event::{DEFAULT_EVENT_TYPE, Event, Item};
#[cfg(feature = "alloc")]
use crate::event::{LastEventId, OwnedEvent, owned_event_type};

/// The events of one chunk, or all its [items](Self::next_item): see [`Parser::push`].
///
/// ```
/// use sse_wire::Parser;
///
/// let mut parser = Parser::new();
/// let mut events = parser.push(b"data: 1\n\ndata: 2\n\n");
/// while let Some(event) = events.next()? {
///     println!("{}", event.data);
/// }
/// # Ok::<(), sse_wire::ParseError>(())
/// ```
///
/// To stop before the end of the chunk, call [`discard`](Self::discard) or [`into_rest`](Self::into_rest). If the cursor
/// is dropped instead, the next call of the parser reports [`ParseError::Unread`].
#[must_use = "cursors read nothing until `next` is called"]
#[derive(Debug)]
pub struct Events<'p, 'c, S = Growable> {
    // Adapters make cursors, too: see the implementation notes.
    pub(crate) parser: &'p mut Parser<S>,
    pub(crate) chunk: &'c [u8],
}

impl<'c, S: Storage> Events<'_, 'c, S> {
    /// Returns the next event, which borrows the cursor; `None` at the end of the chunk.
    ///
    /// # Errors
    ///
    /// An event or an ID that exceeds its limit is refused, and bytes that an earlier cursor left unread are reported.
    /// The next call continues after the error.
    #[inline(always)]
    #[allow(clippy::should_implement_trait)] // An iterator could not lend.
    pub fn next(&mut self) -> Result<Option<Event<'_>>, ParseError> {
        let found = self.parser.find_event(self.chunk)?;
        Ok(if found { Some(self.parser.event(self.chunk)) } else { None })
    }

    /// Returns the next event as an owned one, like [`next`](Self::next) with [`Event::into_owned`], but cheaper: it
    /// takes over the memory of data of more than 16 KiB that the parser had to keep, unless that is much larger than the
    /// data, and shares the last event ID.
    ///
    /// ```
    /// let mut parser = sse_wire::Parser::new();
    /// let mut events = parser.push(b"id: 7\ndata: 1\n\ndata: 2\n\n");
    /// let (first, second) = (events.next_owned()?.unwrap(), events.next_owned()?.unwrap());
    /// assert_eq!((&*first.data, &*second.data), ("1", "2"));
    /// assert_eq!(second.last_event_id, "7");
    /// # Ok::<(), sse_wire::ParseError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`next`](Self::next).
    #[cfg(feature = "alloc")]
    #[inline(always)]
    pub fn next_owned(&mut self) -> Result<Option<OwnedEvent>, ParseError> {
        let found = self.parser.find_event(self.chunk)?;
        Ok(if found { Some(self.parser.owned_event(self.chunk)) } else { None })
    }

    /// Returns the next event or other item, in order: a comment, a reconnection time, or a block without an event;
    /// `None` at the end of the chunk.
    ///
    /// Comments are returned whole, so they count toward the limit here. A comment of which another method has taken a
    /// part is not returned.
    ///
    /// ```
    /// use sse_wire::{Item, Parser};
    ///
    /// let mut parser = Parser::new();
    /// let mut events = parser.push(b": ping\nretry: 500\nid: 7\n\ndata: 1\n\n");
    /// while let Some(item) = events.next_item()? {
    ///     match item {
    ///         Item::Event(event) => println!("{}", event.data),
    ///         Item::Comment { text, .. } => println!("comment: {text}"),
    ///         Item::ReconnectionTime { time, .. } => println!("retry after {time:?}"),
    ///         Item::Block { id, .. } => println!("no event, but the ID {id:?}"),
    ///         _ => {}
    ///     }
    /// }
    /// # Ok::<(), sse_wire::ParseError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`next`](Self::next); also, a comment that exceeds the limit is refused, with a separate error
    /// ([`Refused::Comment`](crate::Refused::Comment)).
    pub fn next_item(&mut self) -> Result<Option<Item<'_>>, ParseError> {
        let stop = self.parser.step::<true>(self.chunk)?;
        Ok(self.parser.item(stop, self.chunk))
    }

    /// Reads the rest of the chunk without returning anything: its IDs and reconnection times take effect, and
    /// its events and refusals are dropped.
    ///
    /// # Errors
    ///
    /// [`ParseError::Unread`] if an earlier cursor was dropped before the end of its chunk.
    pub fn discard(self) -> Result<(), ParseError> {
        let unread = self.parser.errors[0].filter(|it| matches!(it, ParseError::Unread { .. }));
        while !matches!(self.parser.find_event(self.chunk), Ok(false)) {}
        unread.map_or(Ok(()), Err)
    }

    /// Ends the cursor, and returns the bytes of the chunk that it has not taken, so that they can be pushed
    /// again, alone or followed by new bytes. Nothing is lost.
    pub fn into_rest(self) -> &'c [u8] {
        self.parser.clear_ended();
        self.parser.keep_lent(self.chunk);
        &self.chunk[self.parser.lines.leave()..]
    }
}

/// The interface of the parser for the cursor and the adapters.
impl<S: Storage> Parser<S> {
    /// Takes the chunk up to the end of the next event, and returns whether there is one.
    #[inline(always)]
    pub(crate) fn find_event(&mut self, chunk: &[u8]) -> Result<bool, ParseError> {
        Ok(self.step::<false>(chunk)? == Stop::Event)
    }

    /// Returns the range of the last block that ended.
    fn range(&self) -> Range<u64> {
        self.start..self.start + self.len
    }

    fn event_type<'a>(&'a self, chunk: &'a [u8]) -> &'a str {
        match self.buffers.len(Place::EventType) {
            0 => DEFAULT_EVENT_TYPE,
            _ => self.buffers.text(Place::EventType, chunk),
        }
    }

    /// Returns the event that a step has found in this chunk.
    #[inline(always)]
    pub(crate) fn event<'a>(&'a self, chunk: &'a [u8]) -> Event<'a> {
        Event {
            event_type: self.event_type(chunk),
            data: self.buffers.text(Place::Data, chunk),
            last_event_id: self.last_event_id(),
            sets_id: self.sets_id,
            range: self.range(),
        }
    }

    /// Returns the same as an owned event. It is not inlined, so that it is written to where the caller returns it,
    /// instead of field by field into a copy.
    #[cfg(feature = "alloc")]
    #[inline(never)]
    pub(crate) fn owned_event(&mut self, chunk: &[u8]) -> OwnedEvent {
        if self.shared_id.is_empty() {
            self.shared_id = LastEventId::from(self.last_event_id());
        }
        OwnedEvent {
            event_type: owned_event_type(self.event_type(chunk)),
            last_event_id: self.shared_id.clone(),
            sets_id: self.sets_id,
            range: self.range(),
            data: self.buffers.take(Place::Data, chunk),
        }
    }

    /// Returns the item that a step has found in this chunk.
    fn item<'a>(&'a self, stop: Stop, chunk: &'a [u8]) -> Option<Item<'a>> {
        Some(match stop {
            Stop::End | Stop::Error => return None,
            Stop::Event => Item::Event(self.event(chunk)),
            Stop::Block => {
                let id = self.sets_id.then(|| self.last_event_id());
                Item::Block { id, range: self.range() }
            }
            Stop::Comment => {
                let text = self.buffers.text(self.line, chunk);
                Item::Comment { text, position: self.start }
            }
            Stop::ReconnectionTime => Item::ReconnectionTime { time: self.reconnection_time()? },
        })
    }

    /// Returns how many bytes of the chunk have not been taken.
    #[allow(dead_code)] // Only adapters ask.
    pub(crate) fn unread(&self) -> usize {
        self.lines.unread()
    }

    /// Returns whether there is nothing to return before the next chunk.
    #[allow(dead_code)] // Only adapters ask.
    pub(crate) fn is_done(&self) -> bool {
        self.lines.unread() == 0 && self.errors[0].is_none()
    }

    /// Forgets what is known about the chunk, because its owner may have changed it. If it has another length,
    /// what was not taken is lost.
    #[cfg(feature = "stream")]
    pub(crate) fn rescan(&mut self, chunk: &[u8]) {
        if chunk.len() == self.lines.len {
            self.lines.scan.begin(chunk, self.lines.at);
        } else {
            self.begin(chunk);
        }
    }
}
