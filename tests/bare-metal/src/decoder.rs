//! Decoder vectors on the device.

use core::iter;
use core::time::Duration;

use sse_wire::{
    Arrays, End, Event as Returned, Item, Limits, ParseError, Parser, Refused, Storage,
};

use crate::{Bytes, Verdict};

/// A vector, as `test-vectors/README.md` describes it.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) chunks: &'static [Bytes],
    pub(crate) last_event_id: Bytes,
    pub(crate) limit: Option<usize>,
    pub(crate) events: &'static [Event],
    pub(crate) comments: &'static [Bytes],
    pub(crate) id_at_end: Bytes,
    pub(crate) retry: Option<u64>,
    pub(crate) after: &'static [usize],
    pub(crate) clean: bool,
    pub(crate) errors: usize,
}

pub(crate) struct Event {
    pub(crate) event_type: Bytes,
    pub(crate) data: Bytes,
    pub(crate) last_event_id: Bytes,
    pub(crate) range: (u64, u64),
}

type What = &'static str;

impl Case {
    /// Decodes the stream in its chunks, as one chunk, byte by byte, and in two chunks.
    pub(crate) fn check(&'static self, memory: &mut [u8]) -> Verdict {
        let stream_len = self.chunks.iter().map(|chunk| chunk.len()).sum();
        let id_len = self.last_event_id.len();
        let Some(free) = memory.len().checked_sub(stream_len + id_len) else {
            return Verdict::LeftOut;
        };
        let (id, memory) = self.last_event_id.write_text_to(memory);
        let (stream, mut rest) = memory.split_at_mut(stream_len);
        let mut start = 0;
        for chunk in self.chunks {
            chunk.write_to(&mut stream[start..]);
            start += chunk.len();
        }
        let stream = &*stream;
        // An ill-formed byte becomes three bytes.
        let growth = if core::str::from_utf8(stream).is_ok() { 1 } else { 3 };
        // An ID can have a third of its array.
        let room = free / 5;
        if room < growth * stream_len + id_len {
            return Verdict::LeftOut;
        }
        // Each array has exactly the room that the limit allows.
        let arrays = [room, room, 3 * room].map(|room| {
            let len = self.limit.map_or(room, |limit| limit.min(room));
            let (array, others) = core::mem::take(&mut rest).split_at_mut(len);
            rest = others;
            array
        });
        let mut runs = Runs { case: self, id, arrays, count: 0 };
        match runs.all(stream) {
            Ok(()) => Verdict::Held(runs.count),
            Err((what, way)) => Verdict::Failed(what, way),
        }
    }
}

struct Runs<'m> {
    case: &'static Case,
    id: &'m str,
    arrays: [&'m mut [u8]; 3],
    count: usize,
}

impl Runs<'_> {
    fn all(&mut self, stream: &[u8]) -> Result<(), (What, &'static str)> {
        let mut rest = stream;
        let given = self.case.chunks.iter().map(move |chunk| {
            let (head, tail) = rest.split_at(chunk.len());
            rest = tail;
            head
        });
        self.each(given, Some(self.case.after)).map_err(|what| (what, "as given"))?;
        self.each(iter::once(stream), None).map_err(|what| (what, "one chunk"))?;
        self.each(stream.chunks(1), None).map_err(|what| (what, "byte by byte"))?;
        let with_empty = stream.chunks(1).flat_map(|byte| [&byte[..0], byte, &byte[..0]]);
        self.each(with_empty, None).map_err(|what| (what, "with empty chunks"))?;
        let len = stream.len();
        let (edge, step) = if len <= 200 { (0, 1) } else { (40, len / 20) };
        for at in (0..=len).filter(|at| *at < edge || len - at < edge || at % step == 0) {
            let (head, tail) = stream.split_at(at);
            let two = [head, tail].into_iter();
            self.each(two, None).map_err(|what| (what, "in two chunks"))?;
        }
        Ok(())
    }

    /// Decodes the stream cut in one way, by events and by items.
    fn each<'s>(
        &mut self,
        chunks: impl Iterator<Item = &'s [u8]> + Clone,
        after: Option<&[usize]>,
    ) -> Result<(), What> {
        self.run(chunks.clone(), after, false)?;
        self.run(chunks, after, true)
    }

    fn run<'s>(
        &mut self,
        chunks: impl Iterator<Item = &'s [u8]>,
        after: Option<&[usize]>,
        items: bool,
    ) -> Result<(), What> {
        self.count += 1;
        let case = self.case;
        let [data, event_type, ids] = &mut self.arrays;
        let arrays = Arrays { data: &mut **data, event_type: &mut **event_type, ids: &mut **ids };
        let limits = Limits { retained: case.limit.unwrap_or(usize::MAX), id: usize::MAX };
        let mut parser = Parser::with_limits(arrays, limits);
        parser.set_last_event_id(self.id).map_err(|_| "the last event ID before")?;
        let mut seen = Seen { case, events: 0, errors: 0, comments: 0 };
        let mut fed = 0;
        for chunk in chunks {
            if items {
                seen.items(&mut parser, chunk)?;
            } else {
                let mut events = parser.push(chunk);
                while let Some(event) = events.next().transpose() {
                    seen.event(event)?;
                }
            }
            if after.is_some_and(|after| after.get(fed) != Some(&seen.events)) {
                return Err("events after a chunk");
            }
            fed += 1;
        }
        let clean = matches!(parser.finish(), Ok(End::Clean));
        let wrong = [
            (after.is_some_and(|after| after.len() != fed), "chunks"),
            (seen.events != case.events.len(), "fewer events"),
            (seen.errors != case.errors, "errors"),
            // Observed comments count toward the limit.
            (
                items && case.limit.is_none() && seen.comments != case.comments.len(),
                "fewer comments",
            ),
            (clean != case.clean, "the end"),
            (case.id_at_end != *parser.last_event_id().as_bytes(), "last event ID at the end"),
            (
                parser.reconnection_time() != case.retry.map(Duration::from_millis),
                "reconnection time",
            ),
        ];
        wrong.iter().find(|(is_wrong, _)| *is_wrong).map_or(Ok(()), |(_, what)| Err(what))
    }
}

/// What a run has returned, and what it should have returned.
struct Seen {
    case: &'static Case,
    events: usize,
    errors: usize,
    comments: usize,
}

impl Seen {
    fn event(&mut self, returned: Result<Returned<'_>, ParseError>) -> Result<(), What> {
        let returned = match returned {
            Ok(returned) => returned,
            Err(ParseError::Limit(_)) => {
                self.errors += 1;
                return Ok(());
            }
            Err(_) => return Err("an error that is no limit"),
        };
        let expected = self.case.events.get(self.events).ok_or("one event more")?;
        self.events += 1;
        let wrong = [
            (expected.event_type != *returned.event_type.as_bytes(), "event type"),
            (expected.data != *returned.data.as_bytes(), "data"),
            (expected.last_event_id != *returned.last_event_id.as_bytes(), "last event ID"),
            (expected.range != (returned.range.start, returned.range.end), "range"),
        ];
        wrong.iter().find(|(is_wrong, _)| *is_wrong).map_or(Ok(()), |(_, what)| Err(what))
    }

    fn items(&mut self, parser: &mut Parser<impl Storage>, chunk: &[u8]) -> Result<(), What> {
        let mut items = parser.push(chunk);
        while let Some(item) = items.next_item().transpose() {
            match item {
                Ok(Item::Event(event)) => self.event(Ok(event))?,
                Ok(Item::Comment { text, .. }) => {
                    let expected = self.case.comments.get(self.comments);
                    if self.case.limit.is_none() && expected.is_none_or(|e| *e != *text.as_bytes())
                    {
                        return Err("comment");
                    }
                    self.comments += 1;
                }
                // Observed comments count toward the limit.
                Err(ParseError::Limit(error)) if error.refused() == Refused::Comment => {}
                Err(error) => self.event(Err(error))?,
                Ok(_) => {}
            }
        }
        Ok(())
    }
}
