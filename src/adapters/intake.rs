//! What every reader does between two reads: it keeps the bytes that were read, and takes one event
//! out of them at a time.
//!
//! # Implementation notes
//!
//! What was read is one chunk, and the parser knows what it has taken of it. So a cursor can be
//! dropped at any time, and the next one goes on there. The parser also remembers places in the
//! chunk, and that their bytes are text, from one call to the next: the memory is a [`Memory`],
//! which nobody else writes to, and it is read into only when all of it is taken.
//!
//! No loop can go on after a borrow that it may return, so [`Intake::find`] takes the event, and
//! [`Intake::event`] lends it.

use crate::decode::{Events, Items, Memory, Parser, Storage};
use crate::error::ParseError;
use crate::event::{End, Event};

/// A parser, and memory to read into.
#[derive(Clone, Debug)]
pub(crate) struct Intake<S, M> {
    pub(crate) parser: Parser<S>,
    memory: M,
    /// How many bytes the last read gave.
    len: usize,
}

impl<S: Storage, M: Memory> Intake<S, M> {
    pub(crate) fn new(mut parser: Parser<S>, memory: M) -> Self {
        assert!(!memory.as_ref().is_empty(), "nothing can be read into an empty buffer");
        // If its last cursor was left, it reports that, and nothing of that chunk is ours.
        parser.begin(&[]);
        Intake { parser, memory, len: 0 }
    }

    /// Where to read to, once all is taken.
    pub(crate) fn memory(&mut self) -> &mut [u8] {
        self.memory.as_mut()
    }

    /// Begins the chunk of so many bytes that was read.
    pub(crate) fn filled(&mut self, len: usize) {
        self.len = len.min(self.memory.as_ref().len());
        self.parser.begin(&self.memory.as_ref()[..self.len]);
    }

    /// Whether all that was read is taken.
    pub(crate) fn is_taken(&self) -> bool {
        self.parser.is_done()
    }

    /// What was read and not taken.
    pub(crate) fn unread(&self) -> &[u8] {
        &self.chunk()[self.len - self.parser.unread()..]
    }

    fn chunk(&self) -> &[u8] {
        &self.memory.as_ref()[..self.len]
    }

    /// The events of what was read and not taken.
    pub(crate) fn events(&mut self) -> Events<'_, '_, S> {
        self.parser.resume(&self.memory.as_ref()[..self.len])
    }

    /// All that can be observed in it.
    pub(crate) fn items(&mut self) -> Items<'_, '_, S> {
        self.parser.resume_items(&self.memory.as_ref()[..self.len])
    }

    /// Takes what was read up to the end of the next event; returns whether there is one.
    pub(crate) fn find(&mut self) -> Result<bool, ParseError> {
        self.parser.find_event(&self.memory.as_ref()[..self.len])
    }

    /// The event that was found.
    pub(crate) fn event(&self) -> Event<'_> {
        self.parser.event(self.chunk())
    }

    /// Ends the stream.
    pub(crate) fn finish(&mut self) -> Result<End<'_>, ParseError> {
        self.len = 0;
        self.parser.finish()
    }
}

/// What readers and decoders offer of their parser.
macro_rules! parser_methods {
    ($($parser:ident).+) => {
        /// The last event ID string: what a `Last-Event-ID` header must say.
        pub fn last_event_id(&self) -> &str {
            self.$($parser).+.last_event_id()
        }

        /// The reconnection time; `None` as long as no `retry` line has set it.
        pub fn reconnection_time(&self) -> Option<core::time::Duration> {
            self.$($parser).+.reconnection_time()
        }

        /// The parser.
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

        /// Changes the limit in bytes: see [`Parser::set_limit`](crate::Parser::set_limit).
        ///
        /// # Errors
        ///
        /// Those of the parser's method.
        pub fn set_limit(&mut self, limit: usize) -> Result<(), crate::LimitError> {
            self.$($parser).+.set_limit(limit)
        }

        /// Changes the limit for ids in bytes: see [`Parser::set_id_limit`](crate::Parser::set_id_limit).
        ///
        /// # Errors
        ///
        /// Those of the parser's method.
        pub fn set_id_limit(&mut self, limit: usize) -> Result<(), crate::LimitError> {
            self.$($parser).+.set_id_limit(limit)
        }
    };
}

/// What all readers offer beside the loop.
macro_rules! reader_methods {
    () => {
        /// Ends the stream, returns how it ended, and makes the reader ready for the next one, as
        /// [`Parser::finish`](crate::Parser::finish) does.
        ///
        /// # Errors
        ///
        /// [`ParseError::Unread`](crate::ParseError::Unread), if something that was read was not
        /// taken: it is dropped. There is nothing after `next` has returned `None`.
        pub fn finish(&mut self) -> Result<crate::End<'_>, crate::ParseError> {
            self.intake.finish()
        }

        super::intake::parser_methods!(intake.parser);

        /// What was read and not taken.
        pub fn unread(&self) -> &[u8] {
            self.intake.unread()
        }

        /// The transport.
        pub fn get_ref(&self) -> &R {
            &self.reader
        }

        /// The transport. What is read from it directly is missing from the stream.
        pub fn get_mut(&mut self) -> &mut R {
            &mut self.reader
        }

        /// The transport and the parser, for the next connection. The stream is ended, what was read
        /// and not taken is dropped, and the last event ID and the reconnection time stay.
        pub fn into_parts(mut self) -> (R, crate::Parser<S>) {
            let _ = self.intake.finish();
            (self.reader, self.intake.parser)
        }
    };
}

pub(crate) use {parser_methods, reader_methods};
