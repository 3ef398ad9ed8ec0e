//! Events from any [`std::io::Read`], blocks to any [`std::io::Write`] (feature `std`).
//!
//! ```no_run
//! use std::net::TcpStream;
//! use sse_wire::io::EventReader;
//! use sse_wire::{End, ReadError};
//!
//! # fn main() -> std::io::Result<()> {
//! # let response = TcpStream::connect("127.0.0.1:80")?;
//! let mut reader = EventReader::new(response);
//! loop {
//!     match reader.next() {
//!         Ok(Some(event)) => println!("{}: {}", event.event_type, event.data),
//!         Ok(None) => break,
//!         Err(ReadError::Parse(error)) => eprintln!("{error}"), // and on with the next event
//!         Err(ReadError::Transport(error)) => return Err(error),
//!     }
//! }
//! if let End::Incomplete(pending) = reader.finish()? {
//!     eprintln!("cut in the middle of an event: {:?}", pending.data);
//! }
//! # Ok(())
//! # }
//! ```

mod writer;

use alloc::{vec, vec::Vec};
use std::io::{self, ErrorKind, Read};

pub use writer::BlockWriter;

use super::error::ReadError;
use super::intake::{Intake, reader_methods};
use crate::decode::{Events, Growable, Items, Memory, Parser, Storage};
use crate::event::{End, Event, OwnedEvent};

/// How many bytes are read at once if the caller brings no buffer.
const READ: usize = 16 * 1024;

/// Events from a [`Read`], lent one by one.
///
/// ```
/// use sse_wire::{End, io::EventReader};
///
/// let mut reader = EventReader::new(&b"event: tick\ndata: 1\n\ndata: 2\n\ndata: cut"[..]);
/// while let Some(event) = reader.next()? {
///     println!("{}: {}", event.event_type, event.data);
/// }
/// assert!(matches!(reader.finish()?, End::Incomplete(_)));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// The reader has a buffer of its own: give it the plain source, not a `BufReader`. It reads only
/// when all that was read is taken, once, and never waits for more than the source has: an event
/// is out as soon as the bytes of its blank line were read.
///
/// # Errors
///
/// [`ReadError`], which turns into an [`io::Error`] by `?`. None of them is final and none loses
/// anything: after an event beyond the limit the next call returns the next one, and after an error
/// of the source ([`WouldBlock`](ErrorKind::WouldBlock) and [`TimedOut`](ErrorKind::TimedOut)
/// among them) it reads again. [`Interrupted`](ErrorKind::Interrupted) is not reported: reading is
/// tried again.
///
/// # Memory and cost
///
/// The buffer, and what the parser retains. An event that lies in one read, with one `data` line
/// and well-formed, is lent from the buffer: nothing is copied or allocated. The cost is the
/// parser's.
#[derive(Clone, Debug)]
pub struct EventReader<R, S = Growable, M = Vec<u8>> {
    reader: R,
    intake: Intake<S, M>,
    unfinished: bool,
}

impl<R: Read> EventReader<R> {
    /// A reader with the default limit that reads at most 16 KiB at once.
    pub fn new(reader: R) -> Self {
        Self::with_parser(reader, Parser::new())
    }
}

impl<R: Read, S: Storage> EventReader<R, S> {
    /// A reader with this parser: for another limit, or a last event ID that is carried over from
    /// an earlier stream.
    ///
    /// ```
    /// use sse_wire::{Parser, io::EventReader};
    ///
    /// let mut parser = Parser::with_limit(1024);
    /// parser.set_last_event_id("41")?;
    /// let mut reader = EventReader::with_parser(&b"data: x\n\n"[..], parser);
    /// assert_eq!(reader.next()?.unwrap().last_event_id, "41");
    ///
    /// // The next connection goes on with the same parser.
    /// let (_, parser) = reader.into_parts();
    /// let reader = EventReader::with_parser(&b"data: y\n\n"[..], parser);
    /// assert_eq!(reader.last_event_id(), "41");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_parser(reader: R, parser: Parser<S>) -> Self {
        Self::with_buffer(reader, parser, vec![0; READ])
    }
}

impl<R: Read, S: Storage, M: Memory> EventReader<R, S, M> {
    /// A reader that reads into this buffer, owned or borrowed. Its length bounds only how much is
    /// read at once, not the events.
    ///
    /// # Panics
    ///
    /// If the buffer is empty.
    pub fn with_buffer(reader: R, parser: Parser<S>, buffer: M) -> Self {
        EventReader { reader, intake: Intake::new(parser, buffer), unfinished: false }
    }

    /// Also gives the last event if its blank line is missing, as some servers end their streams. The
    /// specification discards it, because any part of it may be missing.
    /// The end of the source ends the stream then, also if it goes on later.
    ///
    /// ```
    /// let mut reader = sse_wire::io::EventReader::new(&b"data: whole\n\ndata: [DONE]"[..]).deliver_unfinished();
    /// assert_eq!(reader.next()?.unwrap().data, "whole");
    /// assert_eq!(reader.next()?.unwrap().data, "[DONE]");
    /// assert!(reader.next()?.is_none());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn deliver_unfinished(mut self) -> Self {
        self.unfinished = true;
        self
    }

    /// The next event, which borrows the reader; `None` if the source has ended. If it goes on later,
    /// as a growing file does, so does the next call.
    ///
    /// # Errors
    ///
    /// See [`EventReader`]: the limits, or the source.
    #[allow(clippy::should_implement_trait)] // An iterator could not lend.
    pub fn next(&mut self) -> Result<Option<Event<'_>>, ReadError<io::Error>> {
        while self.read()? {
            if self.intake.find()? {
                return Ok(Some(self.intake.event()));
            }
        }
        self.unfinished()
    }

    /// The next event, to keep: like [`next`](Self::next), but cheaper than a copy of what it lends
    /// ([`Events::next_owned`]).
    ///
    /// # Errors
    ///
    /// As for [`next`](Self::next).
    pub fn next_owned(&mut self) -> Result<Option<OwnedEvent>, ReadError<io::Error>> {
        while self.read()? {
            if let Some(event) = self.intake.events().next_owned()? {
                return Ok(Some(event));
            }
        }
        Ok(self.unfinished()?.map(Event::into_owned))
    }

    /// At the end of the source: the event whose blank line is missing, if that was asked for.
    fn unfinished(&mut self) -> Result<Option<Event<'_>>, ReadError<io::Error>> {
        if !self.unfinished {
            return Ok(None);
        }
        Ok(match self.intake.finish()? {
            End::Incomplete(pending) => pending.into_event(),
            End::Clean => None,
        })
    }

    /// A cursor over the events of what was read and not taken, or else of what one read brings:
    /// none of them, or many; `None` if the source has ended. What a dropped cursor has not taken is
    /// left to the next call.
    ///
    /// ```
    /// use sse_wire::io::EventReader;
    ///
    /// let mut reader = EventReader::new(&b"data: 1\n\ndata: 2\n\n"[..]);
    /// let mut data = String::new();
    /// while let Some(mut events) = reader.next_events()? {
    ///     while let Some(event) = events.next()? {
    ///         data += event.data;
    ///     }
    /// }
    /// assert_eq!(data, "12");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the source; those of the limits come from the cursor.
    pub fn next_events(&mut self) -> Result<Option<Events<'_, '_, S>>, io::Error> {
        let more = self.read()?;
        Ok(more.then(|| self.intake.events()))
    }

    /// Like [`next_events`](Self::next_events), but the cursor also shows comments, reconnection
    /// times and blocks without an event, in order: [`Parser::observe`].
    ///
    /// # Errors
    ///
    /// Those of the source; those of the limits come from the cursor.
    pub fn next_items(&mut self) -> Result<Option<Items<'_, '_, S>>, io::Error> {
        let more = self.read()?;
        Ok(more.then(|| self.intake.items()))
    }

    /// An iterator of events to keep; `&mut reader` in a `for` loop is the same.
    ///
    /// ```
    /// use sse_wire::io::EventReader;
    ///
    /// let mut reader = EventReader::new(&b"data: 1\n\ndata: 2\n\n"[..]);
    /// let events = reader.owned_events().collect::<Result<Vec<_>, _>>()?;
    /// assert_eq!(events[1].data, "2");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn owned_events(&mut self) -> OwnedEvents<'_, R, S, M> {
        OwnedEvents { reader: self }
    }

    /// Reads once if all that was read is taken, and returns whether there is something to take.
    fn read(&mut self) -> io::Result<bool> {
        if self.intake.is_taken() {
            let len = uninterrupted(|| self.reader.read(self.intake.memory()))?;
            self.intake.filled(len);
        }
        Ok(!self.intake.is_taken())
    }

    reader_methods!();
}

/// Events to keep: see [`EventReader::owned_events`].
///
/// After an error the iterator goes on as the reader does; after `None`, [`EventReader::finish`]
/// returns how the stream ended.
#[derive(Debug)]
pub struct OwnedEvents<'r, R, S = Growable, M = Vec<u8>> {
    reader: &'r mut EventReader<R, S, M>,
}

impl<R: Read, S: Storage, M: Memory> Iterator for OwnedEvents<'_, R, S, M> {
    type Item = Result<OwnedEvent, ReadError<io::Error>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.reader.next_owned().transpose()
    }
}

impl<'r, R: Read, S: Storage, M: Memory> IntoIterator for &'r mut EventReader<R, S, M> {
    type Item = Result<OwnedEvent, ReadError<io::Error>>;
    type IntoIter = OwnedEvents<'r, R, S, M>;

    fn into_iter(self) -> Self::IntoIter {
        self.owned_events()
    }
}

/// Tries until it is not interrupted.
fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
