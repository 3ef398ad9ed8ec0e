//! The part that all readers share: it keeps the bytes that were read, and takes one event at a time.
//!
//! # Implementation notes
//!
//! What was read is one chunk, and the parser knows how much of it it has taken. So a cursor can be dropped at any
//! time, and the next one continues there. Between calls, the parser remembers ranges of the chunk and that they are
//! text. This is valid because the memory is a [`Memory`], to which nothing else writes, and because it is filled only
//! after all of it was taken.
//!
//! A loop can't continue after a borrow that it may return, so [`Intake::find`] takes the event, and [`Intake::event`]
//! lends it. Both are inlined into the readers' `next`, and that into its caller, as the parser's own cursor is: with a
//! call for each event, `next` had 0.7 to 0.9 of the parser's speed.

use crate::decode::{Events, Memory, Parser, Storage};
use crate::error::ParseError;
#[cfg(feature = "alloc")]
use crate::event::OwnedEvent;
use crate::event::{End, Event};

/// A parser, and memory to read into.
#[derive(Clone, Debug)]
pub(crate) struct Intake<S, M> {
    pub(crate) parser: Parser<S>,
    memory: M,
    /// How many bytes the last read returned.
    len: usize,
}

impl<S: Storage, M: Memory> Intake<S, M> {
    pub(crate) fn new(mut parser: Parser<S>, memory: M) -> Self {
        assert!(!memory.as_ref().is_empty(), "nothing can be read into an empty buffer");
        // If its last cursor was dropped, this chunk is not ours to continue, and the parser reports that.
        parser.begin(&[]);
        Intake { parser, memory, len: 0 }
    }

    /// Returns the memory to read into, after everything was taken.
    pub(crate) fn memory(&mut self) -> &mut [u8] {
        self.memory.as_mut()
    }

    /// Starts a chunk of this many bytes that were read.
    pub(crate) fn filled(&mut self, len: usize) {
        self.len = len.min(self.memory.as_ref().len());
        self.parser.begin(&self.memory.as_ref()[..self.len]);
    }

    /// Returns whether everything that was read was taken.
    pub(crate) fn is_taken(&self) -> bool {
        self.parser.is_done()
    }

    /// Returns what was read, but not parsed yet.
    pub(crate) fn unread(&self) -> &[u8] {
        &self.chunk()[self.len - self.parser.unread()..]
    }

    fn chunk(&self) -> &[u8] {
        &self.memory.as_ref()[..self.len]
    }

    /// Returns the events of what was read, but not parsed yet.
    pub(crate) fn events(&mut self) -> Events<'_, '_, S> {
        Events { parser: &mut self.parser, chunk: &self.memory.as_ref()[..self.len] }
    }

    /// Parses up to the end of the next event. Returns whether there is one.
    #[inline(always)]
    pub(crate) fn find(&mut self) -> Result<bool, ParseError> {
        self.parser.find_event(&self.memory.as_ref()[..self.len])
    }

    /// Returns the event that was found.
    #[inline(always)]
    pub(crate) fn event(&self) -> Event<'_> {
        self.parser.event(self.chunk())
    }

    /// Returns the event that was found as an owned one.
    #[cfg(feature = "alloc")]
    pub(crate) fn owned_event(&mut self) -> OwnedEvent {
        self.parser.owned_event(&self.memory.as_ref()[..self.len])
    }

    /// Ends the stream.
    pub(crate) fn finish(&mut self) -> Result<End<'_>, ParseError> {
        self.len = 0;
        self.parser.finish()
    }
}

/// The methods of the parser that readers and decoders share.
macro_rules! parser_methods {
    ($($parser:ident).+) => {
        /// Returns the last event ID string, the value for a `Last-Event-ID` header; empty if there is none.
        pub fn last_event_id(&self) -> &str {
            self.$($parser).+.last_event_id()
        }

        /// Returns the reconnection time; `None` if no `retry` line has set it.
        pub fn reconnection_time(&self) -> Option<core::time::Duration> {
            self.$($parser).+.reconnection_time()
        }

        /// Returns the parser.
        pub fn parser(&self) -> &crate::Parser<S> {
            &self.$($parser).+
        }

        /// Sets the last event ID string: see [`Parser::set_last_event_id`](crate::Parser::set_last_event_id).
        ///
        /// # Errors
        ///
        /// Those of the parser's method.
        pub fn set_last_event_id(&mut self, id: &str) -> Result<(), crate::LastEventIdError> {
            self.$($parser).+.set_last_event_id(id)
        }
    };
}

/// The methods that all readers share.
macro_rules! reader_methods {
    () => {
        /// Ends the stream, returns how it ended, and makes the reader ready for the next one, as
        /// [`Parser::finish`](crate::Parser::finish) does.
        ///
        /// # Errors
        ///
        /// [`ParseError::Unread`](crate::ParseError::Unread) if bytes that were read were not parsed. They are
        /// dropped. After `next` has returned `None` there are none.
        pub fn finish(&mut self) -> Result<crate::End<'_>, crate::ParseError> {
            self.intake.finish()
        }

        super::intake::parser_methods!(intake.parser);

        /// Returns what was read, but not parsed yet.
        pub fn unread(&self) -> &[u8] {
            self.intake.unread()
        }

        /// Returns the transport.
        pub fn get_ref(&self) -> &R {
            &self.reader
        }

        /// Returns the transport. What is read from it directly is missing from the stream.
        pub fn get_mut(&mut self) -> &mut R {
            &mut self.reader
        }

        /// Ends the stream, and returns the transport and the parser for the next connection. What was read, but not
        /// parsed, is dropped; the last event ID and the reconnection time stay.
        pub fn into_parts(mut self) -> (R, crate::Parser<S>) {
            let _ = self.intake.finish();
            (self.reader, self.intake.parser)
        }
    };
}

pub(crate) use {parser_methods, reader_methods};
