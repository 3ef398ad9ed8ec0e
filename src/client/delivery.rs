//! The cursor of a [`Connection`](crate::Connection): the parser's, which returns nothing more once the connection
//! is closed.

use super::rules::Rules;
use crate::decode::{Events, Growable, Storage};
use crate::error::ParseError;
#[cfg(feature = "alloc")]
use crate::event::OwnedEvent;
use crate::event::{Event, Item};

/// The events of one chunk: see [`Connection::push`](crate::Connection::push).
///
/// ```
/// use sse_wire::{Connection, ParseError};
///
/// /// Prints the events, and closes the connection after `[DONE]`.
/// fn receive(connection: &mut Connection, chunk: &[u8]) -> Result<(), ParseError> {
///     let mut events = connection.push(chunk);
///     while let Some(event) = events.next()? {
///         match event.data {
///             "[DONE]" => events.close(),
///             data => println!("{data}"),
///         }
///     }
///     Ok(())
/// }
/// # receive(&mut Connection::new(Default::default()), b"").unwrap();
/// ```
#[must_use = "cursors read nothing until `next` is called"]
#[derive(Debug)]
pub struct ConnectionEvents<'s, 'c, S = Growable> {
    pub(super) rules: &'s mut Rules,
    pub(super) events: Events<'s, 'c, S>,
}

impl<'c, S: Storage> ConnectionEvents<'_, 'c, S> {
    /// Returns the next event, which borrows the cursor; `None` at the end of the chunk, or if the connection is
    /// closed.
    ///
    /// # Errors
    ///
    /// Those of [`Events::next`](crate::Events::next). The next call continues after them.
    #[inline]
    #[allow(clippy::should_implement_trait)] // An iterator could not lend.
    pub fn next(&mut self) -> Result<Option<Event<'_>>, ParseError> {
        if self.rules.is_open() { self.events.next() } else { Ok(None) }
    }

    /// Returns the next event as an owned one, which is cheaper than a copy of what [`next`](Self::next) lends
    /// ([`Events::next_owned`](crate::Events::next_owned)).
    ///
    /// # Errors
    ///
    /// As for `next`.
    #[cfg(feature = "alloc")]
    pub fn next_owned(&mut self) -> Result<Option<OwnedEvent>, ParseError> {
        if self.rules.is_open() { self.events.next_owned() } else { Ok(None) }
    }

    /// Returns the next event, comment, or other item: see [`Events::next_item`](crate::Events::next_item).
    ///
    /// # Errors
    ///
    /// Those of the parser's cursor.
    pub fn next_item(&mut self) -> Result<Option<Item<'_>>, ParseError> {
        if self.rules.is_open() { self.events.next_item() } else { Ok(None) }
    }

    /// Ends the cursor, and returns the bytes of the chunk that it has not taken, so that they can be
    /// pushed again; an empty slice if the connection is not open.
    pub fn into_rest(self) -> &'c [u8] {
        let rest = self.events.into_rest();
        if self.rules.is_open() { rest } else { &[] }
    }

    /// Closes the connection, as [`Connection::close`](crate::Connection::close) does. The rest of the
    /// chunk is not delivered.
    pub fn close(&mut self) {
        self.rules.close();
    }
}
