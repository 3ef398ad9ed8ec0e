//! A scripted source of bytes and a scripted target, for tests of adapters.
//!
//! If no bytes are available, `std::io` returns `WouldBlock`, and the asynchronous traits are pending.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};

use super::{Decoded, Returned, values};
use sse_wire::{Event, ParseError};

/// What a source does next.
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    /// It has these bytes; the part that does not fit into the reader's buffer is read in the next step.
    Bytes(&'a [u8]),
    /// The call is interrupted.
    Interrupted,
    /// No bytes are available.
    Pause,
    /// It fails.
    Reset,
}

/// An error of a source or a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Interrupted,
    Pause,
    Reset,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for Fault {}

impl From<Fault> for io::Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Interrupted => ErrorKind::Interrupted.into(),
            Fault::Pause => ErrorKind::WouldBlock.into(),
            Fault::Reset => ErrorKind::ConnectionReset.into(),
        }
    }
}

impl From<&io::Error> for Fault {
    fn from(error: &io::Error) -> Self {
        match error.kind() {
            ErrorKind::Interrupted => Fault::Interrupted,
            ErrorKind::WouldBlock => Fault::Pause,
            ErrorKind::ConnectionReset => Fault::Reset,
            kind => panic!("{kind}"),
        }
    }
}

/// A source.
#[derive(Clone, Debug)]
pub struct Script<'a> {
    steps: VecDeque<Step<'a>>,
    pub reads: usize,
}

impl<'a> Script<'a> {
    pub fn new(steps: impl IntoIterator<Item = Step<'a>>) -> Self {
        Script { steps: steps.into_iter().collect(), reads: 0 }
    }

    /// Each chunk at the first read, then a pause.
    pub fn of(chunks: &[&'a [u8]]) -> Self {
        Self::new(chunks.iter().flat_map(|&chunk| {
            let bytes = (!chunk.is_empty()).then_some([Step::Interrupted, Step::Bytes(chunk)]);
            bytes.into_iter().flatten().chain([Step::Pause])
        }))
    }

    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        assert!(!buffer.is_empty());
        self.reads += 1;
        match self.steps.pop_front() {
            None => Ok(0),
            Some(Step::Interrupted) => Err(Fault::Interrupted),
            Some(Step::Pause) => Err(Fault::Pause),
            Some(Step::Reset) => Err(Fault::Reset),
            Some(Step::Bytes(bytes)) => {
                let (now, later) = bytes.split_at(bytes.len().min(buffer.len()));
                buffer[..now.len()].copy_from_slice(now);
                if !later.is_empty() {
                    self.steps.push_front(Step::Bytes(later));
                }
                Ok(now.len())
            }
        }
    }
}

impl io::Read for Script<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(Script::read(self, buffer)?)
    }
}

/// A target that takes at most this many bytes at once, and fails before each call that its list names.
#[derive(Clone, Debug)]
pub struct Target {
    pub taken: Vec<u8>,
    pub at_once: usize,
    pub faults: VecDeque<Option<Fault>>,
    /// How many bytes each successful write was passed.
    pub writes: Vec<usize>,
    pub flushes: usize,
}

impl Target {
    pub fn new(at_once: usize) -> Self {
        Target {
            taken: Vec::new(),
            at_once,
            faults: VecDeque::new(),
            writes: Vec::new(),
            flushes: 0,
        }
    }

    pub fn fault(&mut self) -> Result<(), Fault> {
        self.faults.pop_front().flatten().map_or(Ok(()), Err)
    }

    pub fn write(&mut self, bytes: &[u8]) -> Result<usize, Fault> {
        self.fault()?;
        let len = bytes.len().min(self.at_once);
        self.taken.extend_from_slice(&bytes[..len]);
        self.writes.push(bytes.len());
        Ok(len)
    }

    pub fn flush(&mut self) -> Result<(), Fault> {
        self.fault()?;
        self.flushes += 1;
        Ok(())
    }
}

impl io::Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(Target::write(self, bytes)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(Target::flush(self)?)
    }
}

/// The results of a reader over a script.
#[derive(Debug)]
pub enum ReadItem {
    Event(Returned),
    Refused,
    Pause,
    End,
}

impl ReadItem {
    /// The result of a reader that lends events.
    pub fn of<T>(
        event: Result<Option<Event<'_>>, T>,
        fault: impl FnOnce(T) -> Result<ParseError, Fault>,
    ) -> Self {
        match event.map_err(fault) {
            Ok(Some(event)) => ReadItem::Event(values(&event)),
            Ok(None) => ReadItem::End,
            Err(Ok(_)) => ReadItem::Refused,
            Err(Err(Fault::Pause)) => ReadItem::Pause,
            Err(Err(other)) => panic!("{other}"),
        }
    }
}

/// Collects the results of a reader up to the end, which has to be final.
pub fn collect(mut next: impl FnMut() -> ReadItem) -> Decoded {
    let mut decoded = Decoded::default();
    loop {
        match next() {
            ReadItem::Event(event) => decoded.events.push(event),
            ReadItem::Refused => decoded.errors += 1,
            ReadItem::Pause => decoded.after.push(decoded.events.len()),
            ReadItem::End => break,
        }
    }
    assert!(matches!(next(), ReadItem::End));
    decoded
}
