//! Encoder vectors on the device.

use core::fmt::{self, Write};
use core::time::Duration;

use sse_wire::{Block, EncodeError, FmtSink, Part, SliceSink};

use crate::{Bytes, Verdict};

/// A vector, as `test-vectors/README.md` describes it.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) comment: Option<Bytes>,
    pub(crate) event_type: Option<Bytes>,
    pub(crate) id: Option<Bytes>,
    pub(crate) retry: Option<u64>,
    pub(crate) data: Option<Bytes>,
    pub(crate) strict: bool,
    pub(crate) expected: Result<Bytes, (&'static str, &'static str)>,
}

type What = &'static str;

impl Case {
    /// Encodes the block into memory, into memory that is too small, and into a `core::fmt::Write`; then writes its data
    /// byte by byte.
    pub(crate) fn check(&self, memory: &mut [u8]) -> Verdict {
        let texts = [self.comment, self.event_type, self.id, self.data];
        let texts_len: usize = texts.iter().flatten().map(|text| text.len()).sum();
        let expected_len = self.expected.map_or(0, Bytes::len);
        if memory.len() < texts_len + expected_len {
            return Verdict::LeftOut;
        }
        let mut rest = memory;
        let [comment, event_type, id, data] = texts.map(|text| {
            let (text, others) = text?.write_text_to(core::mem::take(&mut rest));
            rest = others;
            Some(text)
        });
        let Case { retry, strict, .. } = *self;
        let retry = retry.map(Duration::from_millis);
        let block = Block { comment, event_type, id, retry, data, strict };
        let mut runs = 0;
        match self.run(block, rest, &mut runs) {
            Ok(()) => Verdict::Held(runs),
            Err((what, way)) => Verdict::Failed(what, way),
        }
    }

    fn run(
        &self,
        block: Block<'_>,
        memory: &mut [u8],
        runs: &mut usize,
    ) -> Result<(), (What, &'static str)> {
        *runs += 1;
        let mut sink = SliceSink::new(memory);
        let result = block.encode(&mut sink);
        self.judge(result, sink.written()).map_err(|what| (what, "into memory"))?;

        *runs += 1;
        let mut comparison = FmtSink(Comparison { expected: self.expected.ok(), at: 0 });
        let result = block.encode(&mut comparison);
        let end = comparison.0.at;
        if names(result) != self.expected.map(|_| ()) || end != self.expected.map_or(0, Bytes::len)
        {
            return Err(("bytes or error", "into `core::fmt::Write`"));
        }

        if let Some(data) = block.data {
            *runs += 1;
            let mut sink = SliceSink::new(memory);
            let result = write_piecewise(Block { data: None, ..block }, data, &mut sink);
            self.judge(result, sink.written()).map_err(|what| (what, "data byte by byte"))?;
        }

        let Ok(expected) = self.expected else { return Ok(()) };
        let needed = expected.len();
        if block.encoded_len() != Ok(needed) {
            return Err(("length", "predicted"));
        }
        for room in 0..needed.min(64) {
            *runs += 1;
            let mut sink = SliceSink::new(&mut memory[..room]);
            let result = block.encode(&mut sink);
            if result != Err(EncodeError::NoRoom { needed }) || !sink.written().is_empty() {
                return Err(("no refusal", "memory that is too small"));
            }
        }
        Ok(())
    }

    fn judge(&self, result: Result<(), EncodeError>, written: &[u8]) -> Result<(), What> {
        match (names(result), self.expected) {
            (Ok(()), Ok(expected)) if expected == *written => Ok(()),
            (Err(error), Err(expected)) if error == expected && written.is_empty() => Ok(()),
            (Err(_), Err(_)) => Err("another error, or a trace"),
            _ => Err("bytes or error"),
        }
    }
}

fn write_piecewise(
    head: Block<'_>,
    data: &str,
    sink: &mut SliceSink<'_>,
) -> Result<(), EncodeError> {
    let mut writer = head.data_writer(sink)?;
    for byte in data.as_bytes().chunks(1) {
        // `finish` returns the error of a write again.
        let _ = writer.write_bytes(byte);
    }
    writer.finish()
}

/// Returns the vectors' name of an error.
fn names(result: Result<(), EncodeError>) -> Result<(), (&'static str, &'static str)> {
    let Err(error) = result else { return Ok(()) };
    Err(match error {
        EncodeError::Nul { .. } => ("id", "nul"),
        EncodeError::LineBreak { part: Part::Comment, .. } => ("comment", "line_break"),
        EncodeError::LineBreak { part: Part::EventType, .. } => ("type", "line_break"),
        EncodeError::LineBreak { part: Part::Id, .. } => ("id", "line_break"),
        EncodeError::LineBreak { part: Part::Data, .. } => ("data", "line_break"),
        _ => ("none", "that a vector names"),
    })
}

/// A target that compares what is written with what is expected.
struct Comparison {
    expected: Option<Bytes>,
    at: usize,
}

impl Write for Comparison {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let expected = self.expected.ok_or(fmt::Error)?.iter().skip(self.at).take(text.len());
        self.at += text.len();
        if expected.eq(text.as_bytes()) { Ok(()) } else { Err(fmt::Error) }
    }
}
