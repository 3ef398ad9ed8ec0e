//! What an [`Connection`](crate::Connection) delivers of a chunk: the parser's cursors, as long
//! as the connection is open. A cursor that is never asked takes nothing, so this is the one place
//! that keeps bytes of a connection that is not open away from the parser.

use super::rules::Rules;
use crate::decode::{Events, Growable, Items, Storage};
use crate::error::ParseError;
#[cfg(feature = "alloc")]
use crate::event::OwnedEvent;
use crate::event::{Event, Item};

/// The events of one chunk: see [`Connection::push`](crate::Connection::push).
#[must_use = "nothing is read before the cursor is asked"]
#[derive(Debug)]
pub struct ConnectionEvents<'s, 'c, S = Growable> {
    pub(super) rules: &'s mut Rules,
    pub(super) events: Events<'s, 'c, S>,
}

/// All that can be observed in one chunk: see [`Connection::observe`](crate::Connection::observe).
#[must_use = "nothing is read before the cursor is asked"]
#[derive(Debug)]
pub struct ConnectionItems<'s, 'c, S = Growable> {
    pub(super) rules: &'s mut Rules,
    pub(super) items: Items<'s, 'c, S>,
}

impl<S: Storage> ConnectionEvents<'_, '_, S> {
    /// The next event, which borrows the cursor; `None` once the whole chunk is taken, and from
    /// then on if the connection is closed.
    ///
    /// # Errors
    ///
    /// Those of [`Events::next`](crate::Events::next). The next call goes on after them.
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
    /// The next event, to keep: like [`next`](Self::next), but cheaper than a copy of what it lends
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
    /// The next item, which borrows the cursor; `None` once the whole chunk is taken, and from
    /// then on if the connection is closed.
    ///
    /// # Errors
    ///
    /// Those of [`Items::next`](crate::Items::next). The next call goes on after them.
    #[inline]
    #[allow(clippy::should_implement_trait)] // An iterator could not lend.
    pub fn next(&mut self) -> Result<Option<Item<'_>>, ParseError> {
        if !self.rules.is_open() {
            return Ok(None);
        }
        self.items.next()
    }
}

/// What both cursors can do beside.
macro_rules! cursor {
    ($name:ident, $field:ident) => {
        impl<'c, S: Storage> $name<'_, 'c, S> {
            /// Ends the cursor here, and returns the bytes of the chunk that it has not taken: to be
            /// pushed again. None if the connection is not open.
            pub fn into_rest(self) -> &'c [u8] {
                let rest = self.$field.into_rest();
                if self.rules.is_open() { rest } else { &[] }
            }

            /// Closes the connection, as [`Connection::close`](crate::Connection::close) does: what
            /// is left of the chunk is not delivered.
            pub fn close(&mut self) {
                self.rules.close();
            }
        }
    };
}

cursor!(ConnectionEvents, events);
cursor!(ConnectionItems, items);
