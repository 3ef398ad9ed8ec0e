//! The cursors over one chunk: what [`Parser::push`] and [`Parser::observe`] return. Both are the
//! parser's one step, and what is lent of what it has found.

use super::parser::Parser;
use super::step::Stop;
use super::storage::{Growable, Storage};
use crate::error::ParseError;
#[cfg(feature = "alloc")]
use crate::event::OwnedEvent;
use crate::event::{Event, Item};

/// The events of one chunk: see [`Parser::push`].
#[must_use = "nothing is read before the cursor is asked"]
#[derive(Debug)]
pub struct Events<'p, 'c, S = Growable> {
    pub(super) parser: &'p mut Parser<S>,
    pub(super) chunk: &'c [u8],
}

/// All that can be observed in one chunk: see [`Parser::observe`].
#[must_use = "nothing is read before the cursor is asked"]
#[derive(Debug)]
pub struct Items<'p, 'c, S = Growable> {
    pub(super) parser: &'p mut Parser<S>,
    pub(super) chunk: &'c [u8],
}

impl<'c, S: Storage> Events<'_, 'c, S> {
    /// The next event, which borrows the cursor; `None` once the whole chunk is taken.
    ///
    /// # Errors
    ///
    /// An event or an id that needs more than its limit is refused, and what an earlier cursor has left
    /// unread is reported. The next call goes on after it.
    #[inline(always)]
    #[allow(clippy::should_implement_trait)] // An iterator could not lend.
    pub fn next(&mut self) -> Result<Option<Event<'_>>, ParseError> {
        match self.parser.step::<false>(self.chunk) {
            Stop::Event => Ok(Some(self.parser.event(self.chunk))),
            Stop::Error => self.parser.take_error(),
            _ => Ok(None),
        }
    }

    /// The next event, to keep: like [`next`](Self::next) with [`Event::into_owned`], but cheaper. The memory
    /// of data that the parser had to keep is handed over, if it is not much more than the data, and the last
    /// event ID is shared.
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
    pub fn next_owned(&mut self) -> Result<Option<OwnedEvent>, ParseError> {
        match self.parser.step::<false>(self.chunk) {
            Stop::Event => Ok(Some(self.parser.owned_event(self.chunk))),
            Stop::Error => self.parser.take_error(),
            _ => Ok(None),
        }
    }
}

impl<'c, S: Storage> Items<'_, 'c, S> {
    /// The next item, which borrows the cursor; `None` once the whole chunk is taken.
    ///
    /// # Errors
    ///
    /// Those of [`Events::next`], and a comment that needs more than the limit is refused.
    #[allow(clippy::should_implement_trait)] // An iterator could not lend.
    pub fn next(&mut self) -> Result<Option<Item<'_>>, ParseError> {
        match self.parser.step::<true>(self.chunk) {
            Stop::Error => self.parser.take_error(),
            stop => Ok(self.parser.item(stop, self.chunk)),
        }
    }
}

/// What both cursors can do with the rest of the chunk.
macro_rules! rest_methods {
    ($cursor:ident) => {
        impl<'c, S: Storage> $cursor<'_, 'c, S> {
            /// Reads the rest of the chunk without handing anything out: its ids and reconnection
            /// times have their effect; its events are gone, those that would be refused too.
            ///
            /// # Errors
            ///
            /// [`ParseError::Unread`], if an earlier cursor was left.
            pub fn discard(mut self) -> Result<(), ParseError> {
                let mut result = Ok(());
                loop {
                    match self.next() {
                        Ok(None) => return result,
                        Err(error @ ParseError::Unread { .. }) => result = Err(error),
                        _ => {}
                    }
                }
            }

            /// Ends the cursor here, and returns the bytes of the chunk that it has not taken: to be
            /// pushed again, alone or with what came since. Nothing is lost.
            pub fn into_rest(self) -> &'c [u8] {
                &self.chunk[self.parser.leave(self.chunk)..]
            }
        }
    };
}

rest_methods!(Events);
rest_methods!(Items);
