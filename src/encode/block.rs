//! Encodes events, comments, IDs, and reconnection times: the other direction of
//! [9.2.5](https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream).
//!
//! Implementation notes. A block is checked before its first byte is written, so a rejected one writes nothing.
//! [`write_lines`] writes the lines of data, and [`write_field`] all others. The order of the lines is fixed, and data
//! comes last so that it can be written piecewise: [`DataWriter`].

use core::time::Duration;

use super::data_writer::{DATA, DataWriter, check_strict, find_line_break, write_lines};
use super::sink::{Counter, Sink, SliceSink};
use crate::decode::scan::{CR, LF};
use crate::error::{EncodeError, Part};
#[cfg(feature = "alloc")]
use crate::event::OwnedEvent;
use crate::event::{DEFAULT_EVENT_TYPE, Event};
use crate::field::Field;

/// A block to encode: an event, or anything else that ends with a blank line. Each field that is set writes its lines.
///
/// ```
/// use sse_wire::Block;
///
/// let mut stream = Vec::new();
/// Block::new().event_type("tick").id("7").data("one\ntwo").encode(&mut stream)?;
/// Block::new().comment("keep-alive").encode(&mut stream)?;
/// assert_eq!(
///     stream,
///     b"event: tick\nid: 7\ndata: one\ndata: two\n\n: keep-alive\n\n"
/// );
/// # Ok::<(), sse_wire::EncodeError>(())
/// ```
///
/// # Laws
///
/// - Round trip: an encoded block decodes to itself, alone and between others, or it is rejected. Only line breaks in
///   data change: CR and CRLF decode as LF, because the format can't represent CR (see
///   [`strict`](field@Self::strict)).
/// - A rejected block writes nothing.
///
/// # Errors
///
/// An [`EncodeError`] names the field that can't be encoded and the reason: a line break in the event type, the ID, or
/// the comment, or a NUL in the ID.
///
/// # Memory and cost
///
/// A block borrows its texts. Encoding reads them twice, to check and to copy them, and allocates only what the sink
/// does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Block<'a> {
    /// A comment of one line, which decoders ignore. It can keep a connection alive.
    pub comment: Option<&'a str>,
    /// The event's type. An empty one means the default, `message`, and writes no line. Decoders ignore the type of a
    /// block without data, because it is not an event.
    pub event_type: Option<&'a str>,
    /// The last event ID from this block on; an empty one resets it. A block with an ID but without data only sets the
    /// last event ID.
    pub id: Option<&'a str>,
    /// The reconnection time, written in whole milliseconds (rounded down), of which there are at most `u64::MAX`.
    pub retry: Option<Duration>,
    /// The event's data: any text. Each LF, CR, or CRLF in it decodes as one LF.
    pub data: Option<&'a str>,
    /// Whether to reject data that would decode to a different text: data with a CR.
    pub strict: bool,
}

impl<'a> Block<'a> {
    /// Creates an empty block, which encodes as a blank line.
    pub const fn new() -> Self {
        Block { comment: None, event_type: None, id: None, retry: None, data: None, strict: false }
    }

    /// Sets [`comment`](field@Self::comment).
    #[must_use]
    pub const fn comment(mut self, text: &'a str) -> Self {
        self.comment = Some(text);
        self
    }

    /// Sets [`event_type`](field@Self::event_type).
    #[must_use]
    pub const fn event_type(mut self, event_type: &'a str) -> Self {
        self.event_type = Some(event_type);
        self
    }

    /// Sets [`id`](field@Self::id).
    #[must_use]
    pub const fn id(mut self, id: &'a str) -> Self {
        self.id = Some(id);
        self
    }

    /// Sets [`retry`](field@Self::retry).
    #[must_use]
    pub const fn retry(mut self, time: Duration) -> Self {
        self.retry = Some(time);
        self
    }

    /// Sets [`data`](field@Self::data).
    #[must_use]
    pub const fn data(mut self, data: &'a str) -> Self {
        self.data = Some(data);
        self
    }

    /// Sets [`strict`](field@Self::strict).
    ///
    /// ```
    /// use sse_wire::Block;
    ///
    /// let block = Block::new().data("a\r\nb");
    /// assert!(block.encode(&mut Vec::new()).is_ok());
    /// assert!(block.strict().encode(&mut Vec::new()).is_err());
    /// ```
    #[must_use]
    pub const fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// Returns the exact number of bytes that [`encode`](Self::encode) writes. It saturates at `usize::MAX`, which can
    /// happen on 32-bit targets only.
    ///
    /// # Errors
    ///
    /// Those of `encode`, if the block can't be encoded.
    pub fn encoded_len(&self) -> Result<usize, EncodeError> {
        let mut counter = Counter::default();
        self.encode(&mut counter)?;
        Ok(counter.len())
    }

    /// Appends the block to a `Vec<u8>`, a `String`, or another [`Sink`].
    ///
    /// # Errors
    ///
    /// A block that can't be encoded is rejected before anything is written. One that does not fit into fixed memory is
    /// rolled back.
    #[inline]
    pub fn encode<S: Sink + ?Sized>(&self, sink: &mut S) -> Result<(), EncodeError> {
        self.check()?;
        let mark = sink.mark();
        self.write(sink).map_err(|error| {
            sink.truncate(mark);
            self.explain(error)
        })
    }

    /// Encodes the block to the start of `memory`, and returns the number of bytes.
    ///
    /// ```
    /// let block = sse_wire::Block::new().data("x");
    /// let mut memory = [0; 16];
    /// let len = block.encode_to_slice(&mut memory)?;
    /// assert_eq!(len, block.encoded_len()?);
    /// assert_eq!(&memory[..len], b"data: x\n\n");
    /// # Ok::<(), sse_wire::EncodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`encode`](Self::encode). If the memory is too small, the error has the size that is needed.
    pub fn encode_to_slice(&self, memory: &mut [u8]) -> Result<usize, EncodeError> {
        let mut sink = SliceSink::new(memory);
        self.encode(&mut sink)?;
        Ok(sink.written().len())
    }

    /// Writes the start of the block, and returns a writer for its data, which goes straight into the sink. Data that
    /// the block already has comes first.
    ///
    /// ```
    /// use sse_wire::Block;
    ///
    /// let mut stream = String::new();
    /// let mut data = Block::new().event_type("sum").data_writer(&mut stream)?;
    /// std::fmt::Write::write_fmt(&mut data, format_args!("{} + {}", 1, 2)).unwrap();
    /// data.finish()?;
    /// assert_eq!(stream, "event: sum\ndata: 1 + 2\n\n");
    /// # Ok::<(), sse_wire::EncodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`encode`](Self::encode).
    pub fn data_writer<'s, S: Sink + ?Sized>(
        &self,
        sink: &'s mut S,
    ) -> Result<DataWriter<'s, S>, EncodeError> {
        self.check()?;
        let mut writer = DataWriter::new(sink, self.strict);
        writer.begin(|sink| self.write_head(sink))?;
        writer.write(self.data.unwrap_or_default())?;
        Ok(writer)
    }

    /// Finds what can't be encoded, in the order of the lines.
    #[inline(always)]
    fn check(&self) -> Result<(), EncodeError> {
        if self.has_head() {
            self.check_head()?;
        }
        match self.data {
            Some(data) if self.strict => check_strict(data, 0),
            _ => Ok(()),
        }
    }

    /// Whether there is more than data. Most blocks have nothing else, and so nothing to reject.
    #[inline(always)]
    const fn has_head(&self) -> bool {
        self.comment.is_some()
            || self.event_type.is_some()
            || self.id.is_some()
            || self.retry.is_some()
    }

    /// The same for all but the data.
    fn check_head(&self) -> Result<(), EncodeError> {
        check_line(Part::Comment, self.comment)?;
        check_line(Part::EventType, self.event_type)?;
        if let Some(id) = self.id {
            if let Some(at) = memchr::memchr3(0, LF, CR, id.as_bytes()) {
                return Err(match id.as_bytes().get(at) {
                    Some(0) => EncodeError::Nul { at },
                    _ => EncodeError::LineBreak { part: Part::Id, at },
                });
            }
        }
        Ok(())
    }

    #[inline(always)]
    fn write<S: Sink + ?Sized>(&self, sink: &mut S) -> Result<(), EncodeError> {
        if self.has_head() {
            self.write_head(sink)?;
        } else {
            sink.reserve(self.data.map_or(0, str::len).saturating_add("data: \n\n".len()));
        }
        let Some(data) = self.data else { return sink.write("\n") };
        sink.write(DATA)?;
        write_lines(sink, data, &mut false)?;
        sink.write("\n\n")
    }

    /// Everything but the data and the blank line.
    fn write_head<S: Sink + ?Sized>(&self, sink: &mut S) -> Result<(), EncodeError> {
        /// More than all names, colons, spaces, line ends, and a reconnection time need.
        const OVERHEAD: usize = 64;
        let len = |text: Option<&str>| text.map_or(0, str::len);
        let texts = [self.comment, self.event_type, self.id, self.data];
        sink.reserve(texts.into_iter().map(len).fold(OVERHEAD, usize::saturating_add));
        write_field(sink, ": ", self.comment)?;
        write_field(
            sink,
            Field::Event.head(),
            self.event_type.filter(|event_type| !event_type.is_empty()),
        )?;
        write_field(sink, Field::Id.head(), self.id)?;
        if let Some(time) = self.retry {
            let milliseconds =
                time.as_secs().saturating_mul(1000).saturating_add(time.subsec_millis().into());
            write_field(sink, Field::Retry.head(), Some(decimal(milliseconds, &mut [0; 20])))?;
        }
        Ok(())
    }

    /// Adds to an error for lack of room how much the whole block needs.
    #[cold]
    fn explain(&self, error: EncodeError) -> EncodeError {
        match (error, self.encoded_len()) {
            (EncodeError::NoRoom { .. }, Ok(needed)) => EncodeError::NoRoom { needed },
            (error, _) => error,
        }
    }
}

/// The block that decodes to the event: its type, unless that is `message`, its data, and its ID if
/// this event has set it.
impl<'a> From<&Event<'a>> for Block<'a> {
    fn from(event: &Event<'a>) -> Self {
        Block {
            event_type: Some(event.event_type)
                .filter(|&event_type| event_type != DEFAULT_EVENT_TYPE),
            id: event.sets_id.then_some(event.last_event_id),
            data: Some(event.data),
            ..Block::new()
        }
    }
}

/// As for an [`Event`].
///
/// ```
/// use sse_wire::{Block, Parser};
///
/// let mut parser = Parser::new();
/// let mut events = parser.push(b"id: 7\ndata: 1\n\ndata: 2\n\n");
/// let (first, second) = (events.next_owned()?.unwrap(), events.next_owned()?.unwrap());
/// assert_eq!(Block::from(&first), Block::new().id("7").data("1"));
/// assert_eq!(Block::from(&second), Block::new().data("2"));
/// # Ok::<(), sse_wire::ParseError>(())
/// ```
#[cfg(feature = "alloc")]
impl<'a> From<&'a OwnedEvent> for Block<'a> {
    fn from(event: &'a OwnedEvent) -> Self {
        Block::from(&event.as_event())
    }
}

/// Rejects a value that is not one line.
#[inline]
fn check_line(part: Part, text: Option<&str>) -> Result<(), EncodeError> {
    match text.and_then(find_line_break) {
        Some(at) => Err(EncodeError::LineBreak { part, at }),
        None => Ok(()),
    }
}

#[inline]
fn write_field<S: Sink + ?Sized>(
    sink: &mut S,
    name: &str,
    value: Option<&str>,
) -> Result<(), EncodeError> {
    if let Some(value) = value {
        sink.write(name)?;
        sink.write(value)?;
        sink.write("\n")?;
    }
    Ok(())
}

/// The decimal digits of a number.
fn decimal(mut number: u64, digits: &mut [u8; 20]) -> &str {
    let mut start = digits.len();
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
        start -= 1;
        if number == 0 {
            break;
        }
    }
    core::str::from_utf8(&digits[start..]).unwrap_or_default()
}
