//! What every reader does between two reads: it holds the bytes that were read, and takes one
//! event out of them at a time.
//!
//! A letter to the maintainer. An event can't be lent out of [`Events`] past the cursor's end, and
//! no loop can go on behind a borrow that it may return. So [`Intake::find`] decides first, and
//! says in plain numbers where the event stands; the cursor is dropped, and [`Intake::lend`]
//! borrows last. What has been taken is known from the parser's position, not from a count of our
//! own: a cursor can be dropped or forgotten at any time.

use core::ops::Range;

use crate::buffer::Buffers;
use crate::error::LimitError;
use crate::event::{DEFAULT_EVENT_TYPE, End, Event};
use crate::parser::{Events, Items, Parser};

/// A parser, and a buffer to read into.
#[derive(Clone, Debug)]
pub(crate) struct Intake<B, M> {
    pub(crate) parser: Parser<B>,
    buffer: M,
    /// How many bytes the last read gave.
    len: usize,
    /// The parser's position then.
    origin: u64,
}

/// What was found, without a borrow.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    event_type: Place,
    data: Place,
    sets_id: bool,
    range: Range<u64>,
}

/// Where a text stands that was found.
#[derive(Clone, Debug)]
enum Place {
    /// In the buffer.
    Read(Range<usize>),
    /// Where the parser keeps it.
    Kept,
    /// Nowhere: it is the type of an event that names none.
    Default,
}

impl<B: Buffers, M: AsRef<[u8]> + AsMut<[u8]>> Intake<B, M> {
    pub(crate) fn new(parser: Parser<B>, buffer: M) -> Self {
        assert!(!buffer.as_ref().is_empty(), "nothing can be read into an empty buffer");
        Intake { origin: parser.position(), parser, buffer, len: 0 }
    }

    /// Where to read to, once all is taken.
    pub(crate) fn buffer(&mut self) -> &mut [u8] {
        self.buffer.as_mut()
    }

    /// Says how many bytes were read to the start of the buffer.
    pub(crate) fn filled(&mut self, len: usize) {
        self.len = len.min(self.buffer.as_ref().len());
        self.origin = self.parser.position();
    }

    /// Whether all that was read is taken.
    pub(crate) fn is_taken(&self) -> bool {
        self.unread().is_empty()
    }

    /// What was read and not taken.
    pub(crate) fn unread(&self) -> &[u8] {
        self.buffer.as_ref().get(self.taken()..self.len).unwrap_or_default()
    }

    fn taken(&self) -> usize {
        self.parser.position().wrapping_sub(self.origin).try_into().unwrap_or(usize::MAX)
    }

    /// The parser, and what it takes next.
    fn parts(&mut self) -> (&mut Parser<B>, &[u8]) {
        let taken = self.taken();
        let unread = self.buffer.as_ref().get(taken..self.len);
        (&mut self.parser, unread.unwrap_or_default())
    }

    /// The events of what was read and not taken.
    pub(crate) fn events(&mut self) -> Events<'_, '_, B> {
        let (parser, unread) = self.parts();
        parser.push(unread)
    }

    /// All that can be observed in it.
    pub(crate) fn items(&mut self) -> Items<'_, '_, B> {
        let (parser, unread) = self.parts();
        parser.observe(unread)
    }

    /// Takes what was read up to the end of the next event; `None` once all of it is taken.
    pub(crate) fn find(&mut self) -> Result<Option<Found>, LimitError> {
        let read = self.buffer.as_ref().as_ptr_range();
        let place = |text: &str| {
            let at = |byte: *const u8| byte.addr() - read.start.addr();
            match text.as_bytes().as_ptr_range() {
                // It may have no place at all.
                text if text.is_empty() => Place::Read(0..0),
                // Two borrows never overlap: such a text was lent from the buffer.
                text if read.start <= text.start && text.end <= read.end => {
                    Place::Read(at(text.start)..at(text.end))
                }
                _ => Place::Kept,
            }
        };
        let found = self.events().next()?.map(|event| Found {
            event_type: match event.event_type {
                DEFAULT_EVENT_TYPE => Place::Default,
                event_type => place(event_type),
            },
            data: place(event.data),
            sets_id: event.sets_id,
            range: event.range,
        });
        Ok(found)
    }

    /// The event that was found last.
    pub(crate) fn lend(&self, found: Found) -> Event<'_> {
        Event {
            event_type: self.text(found.event_type, Parser::kept_event_type),
            data: self.text(found.data, Parser::kept_data),
            last_event_id: self.parser.last_event_id(),
            sets_id: found.sets_id,
            range: found.range,
        }
    }

    fn text(&self, place: Place, kept: impl FnOnce(&Parser<B>) -> &str) -> &str {
        match place {
            Place::Default => DEFAULT_EVENT_TYPE,
            Place::Kept => kept(&self.parser),
            Place::Read(range) => {
                crate::work::count_bytes(range.len());
                let text = self.buffer.as_ref().get(range).unwrap_or_default();
                // The parser has found it to be UTF-8.
                core::str::from_utf8(text).unwrap_or_default()
            }
        }
    }

    /// Ends the stream.
    pub(crate) fn finish(&mut self) -> End<'_> {
        self.len = 0;
        self.origin = 0;
        self.parser.finish()
    }
}

/// What all readers offer beside the loop.
macro_rules! reader_methods {
    () => {
        /// Ends the stream, says how it ended, and makes the reader ready for the next one, as
        /// [`Parser::finish`](crate::Parser::finish) does. What was read and not taken is dropped:
        /// nothing, after `next` has said `None`.
        pub fn finish(&mut self) -> crate::End<'_> {
            self.intake.finish()
        }

        /// The last event ID string: what a `Last-Event-ID` header must say.
        pub fn last_event_id(&self) -> &str {
            self.intake.parser.last_event_id()
        }

        /// The reconnection time in milliseconds; `None` while no `retry` line has set it.
        pub fn reconnection_time(&self) -> Option<u64> {
            self.intake.parser.reconnection_time()
        }

        /// The parser.
        pub fn parser(&self) -> &crate::Parser<B> {
            &self.intake.parser
        }

        /// The parser, to change its limit or its last event ID. Bytes that are pushed to it
        /// directly take the place of as many that were read.
        pub fn parser_mut(&mut self) -> &mut crate::Parser<B> {
            &mut self.intake.parser
        }

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

        /// The transport and the parser, for the next connection: the stream is
        /// [ended](Self::finish), the last event ID and the reconnection time stay.
        pub fn into_parts(mut self) -> (R, crate::Parser<B>) {
            self.intake.finish();
            (self.reader, self.intake.parser)
        }
    };
}

pub(crate) use reader_methods;

#[cfg(all(test, feature = "std"))]
mod tests {
    use std::format;
    use std::string::String;

    use crate::Parser;
    use crate::adapters::io::EventReader;
    use crate::work::{counted, streams};

    #[test]
    fn linear_time_a_reader_looks_at_each_byte_a_bounded_number_of_times() {
        const LEN: usize = 20_000;
        let mut failures = String::new();
        for (name, stream) in streams(LEN) {
            for size in [1, 64, 1460, 2 * LEN] {
                for limit in [usize::MAX, LEN / 2, 10] {
                    let parser = Parser::with_limit(limit);
                    let buffer = std::vec![0; size];
                    let mut reader = EventReader::with_buffer(&stream[..], parser, buffer);
                    let work = counted(|| while !matches!(reader.next(), Ok(None)) {});
                    // That of a cursor an event, and the text once more.
                    if work > 329 * stream.len() {
                        let ratio = work / stream.len();
                        failures += &format!(
                            "{name}, {size} bytes a read, limit {limit}: {ratio} for each byte\n"
                        );
                    }
                }
            }
        }
        assert!(failures.is_empty(), "{failures}");
    }
}
