//! Reads events from any [`std::io::Read`], and writes blocks to any [`std::io::Write`] (feature `std`).
//!
//! The source is the body of a response: an HTTP client has to remove the head and the transfer encoding first.
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
//!         Err(ReadError::Parse(error)) => eprintln!("{error}"), // skipped; the next event follows
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
use crate::decode::{Events, Growable, Memory, Parser, Storage};
use crate::event::{End, Event, OwnedEvent};

/// How many bytes are read at once if the caller provides no buffer.
const READ: usize = 16 * 1024;

/// Reads events from a [`Read`], and lends them one by one.
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
/// The reader has its own buffer, so a `BufReader` around the source is not needed. It reads once, and only after
/// everything before was parsed, so it never waits for more than the source has: an event is returned as soon as its
/// blank line was read.
///
/// # Errors
///
/// A [`ReadError`], which `?` converts to an [`io::Error`]. No error is final or loses anything: after an event beyond
/// the limit the next call returns the next event, and after an error of the source (including
/// [`WouldBlock`](ErrorKind::WouldBlock) and [`TimedOut`](ErrorKind::TimedOut)) it reads again. After
/// [`Interrupted`](ErrorKind::Interrupted) the reader retries without an error.
///
/// # Memory and cost
///
/// The buffer, and what the parser retains. A well-formed event with one `data` line that lies in one read is lent
/// from the buffer, without a copy or an allocation. The cost is the parser's.
#[derive(Clone, Debug)]
pub struct EventReader<R, S = Growable, M = Vec<u8>> {
    reader: R,
    intake: Intake<S, M>,
    unfinished: bool,
}

impl<R: Read> EventReader<R> {
    /// Creates a reader that reads at most 16 KiB at once, with a limit of 16 MiB.
    pub fn new(reader: R) -> Self {
        Self::with_parser(reader, Parser::new())
    }
}

impl<R: Read, S: Storage> EventReader<R, S> {
    /// Creates a reader with this parser: one with another limit, or with the last event ID of an earlier stream.
    ///
    /// ```
    /// use sse_wire::{Parser, io::EventReader};
    ///
    /// let mut parser = Parser::with_limit(1024);
    /// parser.set_last_event_id("41")?;
    /// let mut reader = EventReader::with_parser(&b"data: x\n\n"[..], parser);
    /// assert_eq!(reader.next()?.unwrap().last_event_id, "41");
    ///
    /// // The next connection continues with the same parser.
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
    /// Creates a reader that reads into this buffer, owned or borrowed. Its length bounds how much is read at once,
    /// but not the events.
    ///
    /// # Panics
    ///
    /// If the buffer is empty.
    pub fn with_buffer(reader: R, parser: Parser<S>, buffer: M) -> Self {
        EventReader { reader, intake: Intake::new(parser, buffer), unfinished: false }
    }

    /// Also returns the last event if its blank line is missing, since some servers end their streams without it. The
    /// specification discards such an event, because any part of it may be missing. The end of the source then ends
    /// the stream, even if the source has more bytes later.
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

    /// Returns the next event, which borrows the reader; `None` if the source has ended. If the source has more bytes
    /// later, like a file that grows, the next call continues.
    ///
    /// # Errors
    ///
    /// See [`EventReader`].
    #[inline(always)]
    #[allow(clippy::should_implement_trait)] // An iterator could not lend.
    pub fn next(&mut self) -> Result<Option<Event<'_>>, ReadError<io::Error>> {
        while !self.intake.find()? {
            if !self.read()? {
                return self.unfinished();
            }
        }
        Ok(Some(self.intake.event()))
    }

    /// Returns the next event as an owned one, which is cheaper than a copy of what [`next`](Self::next) lends
    /// ([`Events::next_owned`]).
    ///
    /// # Errors
    ///
    /// As for [`next`](Self::next).
    pub fn next_owned(&mut self) -> Result<Option<OwnedEvent>, ReadError<io::Error>> {
        while !self.intake.find()? {
            if !self.read()? {
                return Ok(self.unfinished()?.map(Event::into_owned));
            }
        }
        Ok(Some(self.intake.owned_event()))
    }

    /// At the end of the source, returns the event whose blank line is missing, if `deliver_unfinished` was called.
    fn unfinished(&mut self) -> Result<Option<Event<'_>>, ReadError<io::Error>> {
        if !self.unfinished {
            return Ok(None);
        }
        Ok(match self.intake.finish()? {
            End::Incomplete(pending) => pending.into_event(),
            End::Clean => None,
        })
    }

    /// Returns a cursor over the events of one read, or of what is left of the last one. It may have no events, or
    /// many; `None` if the source has ended. The next call continues where a dropped cursor stopped.
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
    /// Those of the source; the cursor returns those of the limits.
    pub fn next_events(&mut self) -> Result<Option<Events<'_, '_, S>>, io::Error> {
        let more = self.read()?;
        Ok(more.then(|| self.intake.events()))
    }

    /// Returns an iterator of owned events; `for event in &mut reader` does the same.
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

    /// Reads once if everything before was parsed, and returns whether there is something to parse.
    fn read(&mut self) -> io::Result<bool> {
        if self.intake.is_taken() {
            let len = uninterrupted(|| self.reader.read(self.intake.memory()))?;
            self.intake.filled(len);
        }
        Ok(!self.intake.is_taken())
    }

    reader_methods!();
}

/// An iterator of owned events: see [`EventReader::owned_events`].
///
/// ```
/// let mut reader = sse_wire::io::EventReader::new(&b"data: 1\n\n"[..]);
/// for event in &mut reader {
///     println!("{}", event?.data);
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// After an error the iterator continues, as the reader does; after `None`, [`EventReader::finish`] returns how the
/// stream ended.
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

/// Retries while it is interrupted.
fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
