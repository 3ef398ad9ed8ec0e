//! What an [`EventSource`](crate::EventSource) delivers of a chunk: the parser's cursors, as long
//! as the connection is open. A cursor that is never asked takes nothing, so this is the one place
//! that keeps bytes of a connection that is not open away from the parser.

use super::connection::Connection;
use crate::buffer::{Buffers, Growable};
use crate::error::LimitError;
use crate::event::{Event, Item};
use crate::parser::{Events, Items};

/// The events of one chunk: see [`EventSource::push`](crate::EventSource::push).
#[must_use = "nothing is read before the cursor is asked"]
#[derive(Debug)]
pub struct SourceEvents<'s, 'c, B = Growable> {
    pub(super) connection: &'s mut Connection,
    pub(super) events: Events<'s, 'c, B>,
    pub(super) len: usize,
}

/// All that can be observed in one chunk: see [`EventSource::observe`](crate::EventSource::observe).
#[must_use = "nothing is read before the cursor is asked"]
#[derive(Debug)]
pub struct SourceItems<'s, 'c, B = Growable> {
    pub(super) connection: &'s mut Connection,
    pub(super) items: Items<'s, 'c, B>,
    pub(super) len: usize,
}

impl<B: Buffers> SourceEvents<'_, '_, B> {
    /// The next event, which borrows the cursor; `None` once the whole chunk is taken, and from
    /// then on where the source is closed.
    ///
    /// # Errors
    ///
    /// An event that needs more than the parser's limit is refused. The next call goes on behind
    /// it.
    #[inline]
    #[allow(clippy::should_implement_trait)] // An iterator could not lend.
    pub fn next(&mut self) -> Result<Option<Event<'_>>, LimitError> {
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

impl<B: Buffers> SourceItems<'_, '_, B> {
    /// The next item, which borrows the cursor; `None` once the whole chunk is taken, and from
    /// then on where the source is closed.
    ///
    /// # Errors
    ///
    /// An event or a comment that needs more than the parser's limit is refused. The next call goes
    /// on behind it.
    #[inline]
    #[allow(clippy::should_implement_trait)] // An iterator could not lend.
    pub fn next(&mut self) -> Result<Option<Item<'_>>, LimitError> {
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
        impl<'c, B: Buffers> $name<'_, 'c, B> {
            /// The bytes of the chunk that have not been taken: push them again after dropping the
            /// cursor. None where the source is not open: nobody wants them.
            #[inline]
            pub fn remaining(&self) -> &'c [u8] {
                if self.connection.is_open() { self.$field.remaining() } else { &[] }
            }

            /// How many bytes of the chunk have been taken.
            #[inline]
            pub fn taken(&self) -> usize {
                self.len - self.remaining().len()
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
