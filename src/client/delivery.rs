//! What an [`EventSource`](crate::EventSource) delivers of a chunk: the parser's cursors, as long
//! as the connection is open. A cursor that is never asked takes nothing, so this is the one place
//! that keeps bytes of a connection that is not open away from the parser.

use super::connection::Connection;
use crate::decode::{Events, Growable, Items, Storage};
use crate::error::ParseError;
use crate::event::{Event, Item};

/// The events of one chunk: see [`EventSource::push`](crate::EventSource::push).
#[must_use = "nothing is read before the cursor is asked"]
#[derive(Debug)]
pub struct SourceEvents<'s, 'c, S = Growable> {
    pub(super) connection: &'s mut Connection,
    pub(super) events: Events<'s, 'c, S>,
}

/// All that can be observed in one chunk: see [`EventSource::observe`](crate::EventSource::observe).
#[must_use = "nothing is read before the cursor is asked"]
#[derive(Debug)]
pub struct SourceItems<'s, 'c, S = Growable> {
    pub(super) connection: &'s mut Connection,
    pub(super) items: Items<'s, 'c, S>,
}

impl<S: Storage> SourceEvents<'_, '_, S> {
    /// The next event, which borrows the cursor; `None` once the whole chunk is taken, and from
    /// then on where the source is closed.
    ///
    /// # Errors
    ///
    /// Those of [`Events::next`](crate::Events::next). The next call goes on after them.
    #[inline]
    #[allow(clippy::should_implement_trait)] // An iterator could not lend.
    pub fn next(&mut self) -> Result<Option<Event<'_>>, ParseError> {
        if !self.connection.is_open() {
            return Ok(None);
        }
        let event = self.events.next()?;
        if event.is_some() {
            self.connection.deliver_event();
        }
        Ok(event)
    }
}

impl<S: Storage> SourceItems<'_, '_, S> {
    /// The next item, which borrows the cursor; `None` once the whole chunk is taken, and from
    /// then on where the source is closed.
    ///
    /// # Errors
    ///
    /// Those of [`Items::next`](crate::Items::next). The next call goes on after them.
    #[inline]
    #[allow(clippy::should_implement_trait)] // An iterator could not lend.
    pub fn next(&mut self) -> Result<Option<Item<'_>>, ParseError> {
        if !self.connection.is_open() {
            return Ok(None);
        }
        let item = self.items.next()?;
        if matches!(item, Some(Item::Event(_))) {
            self.connection.deliver_event();
        }
        Ok(item)
    }
}

/// What both cursors can do beside.
macro_rules! cursor {
    ($name:ident, $field:ident) => {
        impl<'c, S: Storage> $name<'_, 'c, S> {
            /// Ends the cursor here, and returns the bytes of the chunk that it has not taken: to be
            /// pushed again. None if the source is not open: nobody wants them.
            pub fn into_rest(self) -> &'c [u8] {
                let rest = self.$field.into_rest();
                if self.connection.is_open() { rest } else { &[] }
            }

            /// Closes the source, as [`EventSource::close`](crate::EventSource::close) does: what
            /// is left of the chunk is not delivered.
            pub fn close(&mut self) {
                self.connection.close();
            }
        }
    };
}

cursor!(SourceEvents, events);
cursor!(SourceItems, items);
