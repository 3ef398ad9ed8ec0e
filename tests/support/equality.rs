//! A stream in some chunking, decoded in every way, and compared with the reference.
//!
//! Results are compared as they are returned, without collecting them, so that hundreds of millions of streams are
//! feasible.

use std::fmt::Debug;
use std::ops::Range;
use std::time::Duration;

use sse_wire::{End, Event, Growable, Item, Parser, Storage};
use sse_wire_reference::{Interpretation, Unfinished, Verdict, interpret};

use super::arrays::{NO_LIMITS, within};
use super::fold::{Step, fold};

/// What any way to decode returns for a stream.
#[derive(Clone, Debug, PartialEq)]
pub enum Returned<'a> {
    Event(Dispatched<'a>),
    Block { id: Option<&'a str>, range: Range<u64> },
    Comment { text: &'a str, position: u64 },
    ReconnectionTime { milliseconds: u64 },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Dispatched<'a> {
    pub event_type: &'a str,
    pub data: &'a str,
    pub last_event_id: &'a str,
    pub sets_id: bool,
    pub range: Range<u64>,
}

impl<'a> From<Event<'a>> for Returned<'a> {
    fn from(event: Event<'a>) -> Self {
        let Event { event_type, data, last_event_id, sets_id, range, .. } = event;
        Returned::Event(Dispatched { event_type, data, last_event_id, sets_id, range })
    }
}

impl<'a> From<Item<'a>> for Returned<'a> {
    fn from(item: Item<'a>) -> Self {
        match item {
            Item::Event(event) => event.into(),
            Item::Block { id, range, .. } => Returned::Block { id, range },
            Item::Comment { text, position, .. } => Returned::Comment { text, position },
            Item::ReconnectionTime { time, .. } => {
                Returned::ReconnectionTime { milliseconds: milliseconds(time) }
            }
            other => panic!("{other:?}"),
        }
    }
}

/// What the end of the stream discards, and what is kept.
#[derive(Clone, Debug, PartialEq)]
struct Final<'a> {
    last_event_id: &'a str,
    reconnection_time: Option<u64>,
    discarded: Option<Discarded<'a>>,
}

#[derive(Clone, Debug, PartialEq)]
struct Discarded<'a> {
    event_type: &'a str,
    data: Option<&'a str>,
    last_event_id: &'a str,
    sets_id: bool,
    in_line: bool,
    range: Range<u64>,
}

/// What the reference returns for a stream.
pub struct Reference {
    stream: Vec<u8>,
    before: String,
    meaning: Interpretation,
    /// What it would return if the unfinished line had an end, and where its value starts.
    ended: Option<Interpretation>,
}

impl Reference {
    /// Runs the reference over `stream`, which follows one with the last event ID `before`.
    pub fn new(stream: &[u8], before: &str) -> Self {
        let meaning = interpret(stream, before);
        let ended = interpret(&[stream, b"\n"].concat(), before);
        let value = match &ended.lines.last().unwrap().verdict {
            Verdict::EventType { value } | Verdict::Data { value } => value.as_str(),
            _ => "",
        };
        let ended = (!value.is_empty()).then_some(ended);
        Reference { stream: stream.to_vec(), before: before.to_owned(), meaning, ended }
    }

    /// The results, in order, each with the number of bytes that it needs.
    fn returned(&self) -> Vec<(usize, Returned<'_>)> {
        let mut events = self.meaning.events.iter();
        let mut block_start = 0;
        let returned = self.meaning.lines.iter().filter_map(|line| {
            // The first byte of a line's end ends it.
            let end = line.range.end - usize::from(line.source.ends_with("\r\n"));
            let returned = match &line.verdict {
                Verdict::Comment { text } => Returned::Comment {
                    text: text.strip_prefix(' ').unwrap_or(text),
                    position: line.range.start as u64,
                },
                Verdict::Retry { milliseconds } => {
                    Returned::ReconnectionTime { milliseconds: milliseconds.unwrap_or(u64::MAX) }
                }
                Verdict::Dispatch { .. } => {
                    let event = events.next().unwrap();
                    Returned::Event(Dispatched {
                        event_type: &event.event_type,
                        data: &event.data,
                        last_event_id: &event.last_event_id,
                        sets_id: event.sets_id,
                        range: wide(&event.range),
                    })
                }
                Verdict::NothingToDispatch { id, .. } => {
                    Returned::Block { id: id.as_deref(), range: wide(&(block_start..end)) }
                }
                Verdict::ByteOrderMark => {
                    block_start = line.range.end;
                    return None;
                }
                _ => return None,
            };
            if matches!(returned, Returned::Event(_) | Returned::Block { .. }) {
                block_start = line.range.end;
            }
            Some((end, returned))
        });
        returned.collect()
    }

    /// The final state without the unfinished line, as in the specification.
    fn end(&self) -> Final<'_> {
        Final {
            last_event_id: &self.meaning.last_event_id,
            reconnection_time: self.meaning.reconnection_time,
            discarded: self.meaning.unfinished.as_ref().map(|unfinished| Discarded {
                last_event_id: &unfinished.last_event_id_buffer,
                sets_id: unfinished.sets_id,
                in_line: !unfinished.line.is_empty(),
                range: wide(&unfinished.range),
                ..buffers(unfinished)
            }),
        }
    }

    /// The final state as a parser returns it: the unfinished line counts as far as it had arrived, except for IDs.
    fn end_with_line(&self) -> Final<'_> {
        let mut end = self.end();
        if let (Some(discarded), Some(ended)) = (&mut end.discarded, &self.ended) {
            let Discarded { event_type, data, .. } = buffers(ended.unfinished.as_ref().unwrap());
            (discarded.event_type, discarded.data) = (event_type, data);
        }
        end
    }

    #[cold]
    fn explain(&self, way: &str, chunks: &[&[u8]], difference: &str) -> String {
        let shown = |bytes: &[u8]| format!("\"{}\"", bytes.escape_ascii());
        let chunks: Vec<_> = chunks.iter().map(|chunk| shown(chunk)).collect();
        format!(
            "{way} differs from the reference\nstream {}\nchunks {}\nbehind a stream that left the last event ID {:?}\n{difference}\nWhy the reference says so:\n{}\n",
            shown(&self.stream),
            chunks.join(" "),
            self.before,
            self.meaning,
        )
    }
}

fn buffers(unfinished: &Unfinished) -> Discarded<'_> {
    Discarded {
        event_type: &unfinished.event_type_buffer,
        data: unfinished.data_buffer.strip_suffix('\n'),
        last_event_id: "",
        sets_id: false,
        in_line: false,
        range: 0..0,
    }
}

fn wide(range: &Range<usize>) -> Range<u64> {
    range.start as u64..range.end as u64
}

/// Every way to decode, with memory that is reused.
pub struct Ways {
    data: Vec<u8>,
    event_type: Vec<u8>,
    ids: Vec<u8>,
}

impl Ways {
    /// For streams of up to this many bytes, after an ID that is no longer than that.
    pub fn new(longest: usize) -> Self {
        // Each byte can become a U+FFFD of three bytes, and there are up to three IDs at once.
        let array = |times| vec![0xFF; times * longest];
        Ways { data: array(3), event_type: array(3), ids: array(9) }
    }

    /// Decodes a stream in each way for each of the chunkings. Returns the number of decodings, or the first
    /// difference and the explanation of the reference.
    pub fn compare<'s>(
        &mut self,
        reference: &Reference,
        chunkings: impl IntoIterator<Item = &'s [&'s [u8]]>,
    ) -> Result<u64, String> {
        let returned = reference.returned();
        let is_event = |returned: &&(usize, Returned<'_>)| matches!(returned.1, Returned::Event(_));
        let events: Vec<_> = returned.iter().filter(is_event).cloned().collect();
        let (end, end_with_line) = (reference.end(), reference.end_with_line());
        let id = reference.before.as_str();
        let mut runs = 0;
        for chunks in chunkings {
            let returned = || Beside { due: &returned, arrived: 0 };
            let events = || Beside { due: &events, arrived: 0 };
            let mut check = |way, outcome: Result<(), String>| {
                runs += 1;
                outcome.map_err(|difference| reference.explain(way, chunks, &difference))
            };
            let growable = || Parser::with_limits(Growable::new(), NO_LIMITS);
            check("Parser::push", push(growable(), id, chunks, events(), &end_with_line))?;
            check(
                "Events::next_item",
                push_items(growable(), id, chunks, returned(), &end_with_line),
            )?;
            let (data, event_type, ids) = (&mut self.data, &mut self.event_type, &mut self.ids);
            let fixed = within(NO_LIMITS, &mut data[..], &mut event_type[..], &mut ids[..]);
            check("fixed arrays", push(fixed, id, chunks, events(), &end_with_line))?;
            check("the fold over Tokenizer", folded(id, chunks, returned(), &end))?;
        }
        Ok(runs)
    }
}

fn push<S: Storage>(
    mut parser: Parser<S>,
    id: &str,
    chunks: &[&[u8]],
    mut beside: Beside<'_>,
    expected: &Final<'_>,
) -> Result<(), String> {
    parser.set_last_event_id(id).unwrap();
    for chunk in chunks {
        let mut events = parser.push(chunk);
        while let Some(event) = events.next().unwrap() {
            beside.check(&event.into())?;
        }
        beside.chunk_is_over(chunk.len())?;
    }
    end(&mut parser, expected)
}

fn push_items<S: Storage>(
    mut parser: Parser<S>,
    id: &str,
    chunks: &[&[u8]],
    mut beside: Beside<'_>,
    expected: &Final<'_>,
) -> Result<(), String> {
    parser.set_last_event_id(id).unwrap();
    for chunk in chunks {
        let mut items = parser.push(chunk);
        while let Some(item) = items.next_item().unwrap() {
            beside.check(&item.into())?;
        }
        beside.chunk_is_over(chunk.len())?;
    }
    end(&mut parser, expected)
}

fn end<S: Storage>(parser: &mut Parser<S>, expected: &Final<'_>) -> Result<(), String> {
    let discarded = match parser.finish().unwrap() {
        End::Clean => None,
        End::Incomplete(pending) => Some(Discarded {
            event_type: pending.event_type,
            data: pending.data,
            last_event_id: pending.last_event_id,
            sets_id: pending.sets_id,
            in_line: pending.in_line,
            range: pending.range,
        }),
    };
    same("at the end is discarded", &discarded, &expected.discarded)?;
    same("the last event ID is", parser.last_event_id(), expected.last_event_id)?;
    let reconnection_time = parser.reconnection_time().map(milliseconds);
    same("the reconnection time is", &reconnection_time, &expected.reconnection_time)
}

/// What a user with memory for the values would write over a tokenizer.
fn folded(
    id: &str,
    chunks: &[&[u8]],
    mut beside: Beside<'_>,
    expected: &Final<'_>,
) -> Result<(), String> {
    let (state, range) = fold(id, chunks, |step| match step {
        Step::Returned(returned) => beside.check(&returned),
        Step::Taken(bytes) => beside.chunk_is_over(bytes),
    })?;
    let discarded = (!range.is_empty()).then(|| Discarded {
        event_type: &state.event_type_buffer,
        data: state.data_buffer.strip_suffix('\n'),
        last_event_id: &state.last_event_id_buffer,
        sets_id: state.sets_id,
        // A tokenizer does not report this.
        in_line: expected.discarded.as_ref().is_some_and(|it| it.in_line),
        range,
    });
    let (last_event_id, reconnection_time) = (&*state.last_event_id, state.reconnection_time);
    same("at the end", &Final { last_event_id, reconnection_time, discarded }, expected)
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap()
}

/// The results of the reference that are still expected.
#[derive(Clone, Copy)]
struct Beside<'r> {
    due: &'r [(usize, Returned<'r>)],
    arrived: usize,
}

impl Beside<'_> {
    fn check(&mut self, returned: &Returned<'_>) -> Result<(), String> {
        match self.due {
            [(_, expected), rest @ ..] if expected == returned => {
                self.due = rest;
                Ok(())
            }
            _ => Err(differs("next comes", &Some(returned), &self.due.first().map(|due| &due.1))),
        }
    }

    /// What the bytes so far complete has to be returned.
    fn chunk_is_over(&mut self, bytes: usize) -> Result<(), String> {
        self.arrived += bytes;
        match self.due.first() {
            Some((at, due)) if *at <= self.arrived => Err(differs(
                &format!("after {} bytes comes", self.arrived),
                &None::<Returned>,
                &due,
            )),
            _ => Ok(()),
        }
    }
}

#[inline]
fn same<T: PartialEq + Debug + ?Sized>(
    what: &str,
    decoded: &T,
    expected: &T,
) -> Result<(), String> {
    if decoded == expected { Ok(()) } else { Err(differs(what, &decoded, &expected)) }
}

#[cold]
fn differs(what: &str, decoded: &dyn Debug, expected: &dyn Debug) -> String {
    format!("{what}\n    here           {decoded:?}\n    the reference: {expected:?}")
}
