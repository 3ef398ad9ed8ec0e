//! Everything that a parser returns, collected for comparison. The fuzz targets share it.

use std::ops::Range;
use std::time::Duration;

use sse_wire::{End, Event, Field, Item, OwnedEvent, ParseError, Parser, Refused, Storage};

/// An item of a cursor, or its error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    Event(OwnedEvent),
    Block { id: Option<String>, range: Range<u64> },
    Comment { text: String, position: u64 },
    ReconnectionTime(Duration),
    Refused { what: Refused, position: u64, limit: usize, array: Option<Field> },
    Unread { bytes: usize },
}

impl Output {
    /// Returns whether [`Parser::push`] returns it too.
    pub fn is_of_push(&self) -> bool {
        match self {
            Output::Event(_) | Output::Unread { .. } => true,
            Output::Refused { what, .. } => *what != Refused::Comment,
            _ => false,
        }
    }
}

impl From<Event<'_>> for Output {
    fn from(event: Event<'_>) -> Self {
        Output::Event(event.into())
    }
}

impl From<Item<'_>> for Output {
    fn from(item: Item<'_>) -> Self {
        match item {
            Item::Event(event) => event.into(),
            Item::Block { id, range, .. } => Output::Block { id: id.map(str::to_owned), range },
            Item::Comment { text, position, .. } => {
                Output::Comment { text: text.to_owned(), position }
            }
            Item::ReconnectionTime { time, .. } => Output::ReconnectionTime(time),
            other => panic!("{other:?}"),
        }
    }
}

impl From<ParseError> for Output {
    fn from(error: ParseError) -> Self {
        match error {
            ParseError::Limit(error) => Output::Refused {
                what: error.refused(),
                position: error.position(),
                limit: error.limit(),
                array: error.array(),
            },
            ParseError::Unread { bytes, .. } => Output::Unread { bytes },
            other => panic!("{other:?}"),
        }
    }
}

/// What the end of the stream discards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    pub event_type: String,
    pub data: Option<String>,
    pub last_event_id: String,
    pub sets_id: bool,
    pub in_line: bool,
    pub refused: bool,
    pub range: Range<u64>,
}

pub fn pending(end: End<'_>) -> Option<Pending> {
    match end {
        End::Clean => None,
        End::Incomplete(pending) => Some(Pending {
            event_type: pending.event_type.to_owned(),
            data: pending.data.map(str::to_owned),
            last_event_id: pending.last_event_id.to_owned(),
            sets_id: pending.sets_id,
            in_line: pending.in_line,
            refused: pending.refused,
            range: pending.range,
        }),
    }
}

/// Everything that a stream gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    pub output: Vec<Output>,
    pub last_event_id: String,
    pub reconnection_time: Option<Duration>,
    pub pending: Option<Pending>,
}

impl Outcome {
    /// The part that [`Parser::push`] returns.
    pub fn of_push(mut self) -> Self {
        self.output.retain(Output::is_of_push);
        self
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Push,
    /// By `next_owned`.
    Owned,
    Items,
    /// By `next`, `next_item`, and `next_owned` in turn.
    Alternate,
    /// By `next`; after this many calls, at least one, the rest is pushed again.
    Rest(u8),
    /// The same by `next_item`.
    RestItems(u8),
}

/// Pushes the chunk with this number and appends what the parser returns.
pub fn take<S: Storage>(
    parser: &mut Parser<S>,
    way: Way,
    at: usize,
    chunk: &[u8],
    output: &mut Vec<Output>,
) {
    let calls = match way {
        Way::Rest(calls) | Way::RestItems(calls) => usize::from(calls).max(1),
        _ => usize::MAX,
    };
    let mut rest = chunk;
    loop {
        let before = parser.position();
        let (drained, left) = match way {
            Way::Items | Way::RestItems(_) => push_items(parser, calls, rest, output),
            Way::Alternate => {
                let (mut events, mut turn) = (parser.push(rest), at);
                let next = || {
                    turn += 1;
                    match turn % 3 {
                        0 => Ok(events.next()?.map(Output::from)),
                        1 => Ok(events.next_item()?.map(Output::from)),
                        _ => Ok(events.next_owned()?.map(Output::Event)),
                    }
                };
                (drain(calls, output, next), events.into_rest())
            }
            Way::Owned => {
                let mut events = parser.push(rest);
                let next = || Ok(events.next_owned()?.map(Output::Event));
                (drain(calls, output, next), events.into_rest())
            }
            _ => push(parser, calls, rest, output),
        };
        assert!(rest.ends_with(left));
        assert_eq!(parser.position(), before + (rest.len() - left.len()) as u64);
        rest = left;
        if drained {
            assert!(rest.is_empty(), "a cursor that returned None has taken the whole chunk");
            return;
        }
    }
}

/// Pushes, and calls the cursor this often. Returns whether it returned `None`, and its rest.
pub fn push<'c, S: Storage>(
    parser: &mut Parser<S>,
    calls: usize,
    chunk: &'c [u8],
    output: &mut Vec<Output>,
) -> (bool, &'c [u8]) {
    let mut events = parser.push(chunk);
    let drained = drain(calls, output, || Ok(events.next()?.map(Output::from)));
    (drained, events.into_rest())
}

/// The same by `next_item`.
pub fn push_items<'c, S: Storage>(
    parser: &mut Parser<S>,
    calls: usize,
    chunk: &'c [u8],
    output: &mut Vec<Output>,
) -> (bool, &'c [u8]) {
    let mut items = parser.push(chunk);
    let drained = drain(calls, output, || Ok(items.next_item()?.map(Output::from)));
    (drained, items.into_rest())
}

/// Calls a cursor this often, or until it returns `None`, and then returns `true`.
pub fn drain(
    calls: usize,
    output: &mut Vec<Output>,
    mut next: impl FnMut() -> Result<Option<Output>, ParseError>,
) -> bool {
    for _ in 0..calls {
        match next() {
            Ok(Some(item)) => output.push(item),
            Ok(None) => {
                assert_eq!(next(), Ok(None), "None is returned again");
                return true;
            }
            Err(error) => output.push(error.into()),
        }
    }
    false
}

/// Ends the stream.
pub fn end<S: Storage>(parser: &mut Parser<S>, output: Vec<Output>) -> Outcome {
    let pending = pending(parser.finish().expect("the last chunk was taken"));
    assert_eq!(parser.retained(), parser.last_event_id().len());
    assert_eq!((parser.position(), parser.unfinished_block()), (0, 0..0));
    Outcome {
        output,
        last_event_id: parser.last_event_id().to_owned(),
        reconnection_time: parser.reconnection_time(),
        pending,
    }
}

/// Decodes a stream in these chunks and in this way.
pub fn outcome<S: Storage>(mut parser: Parser<S>, way: Way, chunks: &[&[u8]]) -> Outcome {
    let mut output = Vec::new();
    for (at, chunk) in chunks.iter().enumerate() {
        take(&mut parser, way, at, chunk, &mut output);
    }
    end(&mut parser, output)
}
