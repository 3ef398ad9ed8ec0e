//! The cursors of a [`Connection`](crate::Connection): the parser's, which return nothing more once the connection
//! is closed.

use super::rules::Rules;
use crate::decode::{Events, Growable, Items, Storage};
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

/// The events, comments, and other items of one chunk: see [`Connection::observe`](crate::Connection::observe).
///
/// ```
/// use sse_wire::{Connection, Item, ParseError};
///
/// fn receive(connection: &mut Connection, chunk: &[u8]) -> Result<(), ParseError> {
///     let mut items = connection.observe(chunk);
///     while let Some(item) = items.next()? {
///         match item {
///             Item::Event(event) => println!("{}", event.data),
///             Item::Comment { text, .. } => eprintln!("comment: {text}"),
///             _ => {}
///         }
///     }
///     Ok(())
/// }
/// # receive(&mut Connection::new(Default::default()), b"").unwrap();
/// ```
#[must_use = "cursors read nothing until `next` is called"]
#[derive(Debug)]
pub struct ConnectionItems<'s, 'c, S = Growable> {
    pub(super) rules: &'s mut Rules,
    pub(super) items: Items<'s, 'c, S>,
}

impl<S: Storage> ConnectionEvents<'_, '_, S> {
    /// Returns the next event, which borrows the cursor; `None` at the end of the chunk, or if the connection is
    /// closed.
    ///
    /// # Errors
    ///
    /// Those of [`Events::next`](crate::Events::next). The next call continues after them.
    #[inline]
    #[allow(clippy::should_implement_trait)] // An iterator could not lend.
    pub fn next(&mut self) -> Result<Option<Event<'_>>, ParseError> {
        if !self.rules.is_open() {
            return Ok(None);
        }
        self.events.next()
    }
}

#[cfg(feature = "alloc")]
impl<S: Storage> ConnectionEvents<'_, '_, S> {
    /// Returns the next event as an owned one, which is cheaper than a copy of what [`next`](Self::next) lends
    /// ([`Events::next_owned`](crate::Events::next_owned)).
    ///
    /// # Errors
    ///
    /// As for `next`.
    pub fn next_owned(&mut self) -> Result<Option<OwnedEvent>, ParseError> {
        if self.rules.is_open() { self.events.next_owned() } else { Ok(None) }
    }
}

impl<S: Storage> ConnectionItems<'_, '_, S> {
    /// Returns the next item, which borrows the cursor; `None` at the end of the chunk, or if the connection is
    /// closed.
    ///
    /// # Errors
    ///
    /// Those of [`Items::next`](crate::Items::next). The next call continues after them.
    #[inline]
    #[allow(clippy::should_implement_trait)] // An iterator could not lend.
    pub fn next(&mut self) -> Result<Option<Item<'_>>, ParseError> {
        if !self.rules.is_open() {
            return Ok(None);
        }
        self.items.next()
    }
}

/// The other methods of both cursors.
macro_rules! cursor {
    ($name:ident, $field:ident) => {
        impl<'c, S: Storage> $name<'_, 'c, S> {
            /// Ends the cursor, and returns the bytes of the chunk that it has not taken, so that they can be
            /// pushed again; an empty slice if the connection is not open.
            pub fn into_rest(self) -> &'c [u8] {
                let rest = self.$field.into_rest();
                if self.rules.is_open() { rest } else { &[] }
            }

            /// Closes the connection, as [`Connection::close`](crate::Connection::close) does. The rest of the
            /// chunk is not delivered.
            pub fn close(&mut self) {
                self.rules.close();
            }
        }
    };
}

cursor!(ConnectionEvents, events);
cursor!(ConnectionItems, items);
