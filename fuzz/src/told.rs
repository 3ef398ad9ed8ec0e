//! What a parser tells, to keep and compare.

use std::ops::Range;

use sse_wire::{Buffers, End, Event, Field, Item, LimitError, Parser, Refused};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    Event {
        event_type: String,
        data: String,
        last_event_id: String,
        sets_id: bool,
        range: Range<u64>,
    },
    Block {
        id: Option<String>,
        range: Range<u64>,
    },
    Comment {
        text: String,
        position: u64,
    },
    ReconnectionTime {
        milliseconds: u64,
    },
    Refused {
        what: Refused,
        position: u64,
        limit: usize,
        array: Option<Field>,
    },
}

impl Told {
    /// Whether [`Parser::push`] tells it too.
    pub fn is_of_push(&self) -> bool {
        matches!(self, Told::Event { .. } | Told::Refused { what: Refused::Event, .. })
    }
}

impl From<Event<'_>> for Told {
    fn from(event: Event<'_>) -> Self {
        Told::Event {
            event_type: event.event_type.to_owned(),
            data: event.data.to_owned(),
            last_event_id: event.last_event_id.to_owned(),
            sets_id: event.sets_id,
            range: event.range,
        }
    }
}

impl From<Item<'_>> for Told {
    fn from(item: Item<'_>) -> Self {
        match item {
            Item::Event(event) => event.into(),
            Item::Block { id, range, .. } => Told::Block { id: id.map(str::to_owned), range },
            Item::Comment { text, position, .. } => {
                Told::Comment { text: text.to_owned(), position }
            }
            Item::ReconnectionTime { milliseconds, .. } => Told::ReconnectionTime { milliseconds },
            other => panic!("{other:?}"),
        }
    }
}

impl From<LimitError> for Told {
    fn from(error: LimitError) -> Self {
        Told::Refused {
            what: error.refused(),
            position: error.position(),
            limit: error.limit(),
            array: error.array(),
        }
    }
}

/// How a stream ended.
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

/// All that a stream comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub told: Vec<Told>,
    pub last_event_id: String,
    pub reconnection_time: Option<u64>,
    pub pending: Option<Pending>,
}

impl Outcome {
    /// What [`Parser::push`] would have told.
    pub fn of_push(mut self) -> Self {
        self.told.retain(Told::is_of_push);
        self
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Push,
    Observe,
    /// By one, then the other.
    Alternate,
    /// By `push`, the cursor dropped after so many calls and the rest pushed again.
    Drop(u8),
    /// The same by `observe`.
    DropObserved(u8),
}

/// Gives the next chunk to the parser and appends what it tells.
pub fn take<B: Buffers>(
    parser: &mut Parser<B>,
    way: Way,
    at: usize,
    chunk: &[u8],
    told: &mut Vec<Told>,
) {
    let observe = match way {
        Way::Push | Way::Drop(_) => false,
        Way::Observe | Way::DropObserved(_) => true,
        Way::Alternate => at % 2 == 1,
    };
    let calls = match way {
        // Without a call nothing is taken.
        Way::Drop(calls) | Way::DropObserved(calls) => usize::from(calls).max(1),
        _ => usize::MAX,
    };
    let mut rest = chunk;
    loop {
        let before = parser.position();
        let (drained, left) = if observe {
            let mut items = parser.observe(rest);
            let drained = tell(calls, told, || Ok(items.next()?.map(Told::from)));
            assert_eq!(items.taken() + items.remaining().len(), rest.len());
            (drained, items.remaining())
        } else {
            let mut events = parser.push(rest);
            let drained = tell(calls, told, || Ok(events.next()?.map(Told::from)));
            assert_eq!(events.taken() + events.remaining().len(), rest.len());
            (drained, events.remaining())
        };
        assert!(rest.ends_with(left));
        assert_eq!(parser.position(), before + (rest.len() - left.len()) as u64);
        rest = left;
        if drained {
            assert!(rest.is_empty(), "a cursor that said None has taken the whole chunk");
            return;
        }
    }
}

/// Calls a cursor so many times, or until it says `None`: then `true`.
pub fn tell(
    calls: usize,
    told: &mut Vec<Told>,
    mut next: impl FnMut() -> Result<Option<Told>, LimitError>,
) -> bool {
    for _ in 0..calls {
        match next() {
            Ok(Some(item)) => told.push(item),
            Ok(None) => {
                assert_eq!(next(), Ok(None), "None is said again");
                return true;
            }
            Err(error) => told.push(error.into()),
        }
    }
    false
}

/// Ends the stream.
pub fn end<B: Buffers>(parser: &mut Parser<B>, told: Vec<Told>) -> Outcome {
    let pending = pending(parser.finish());
    assert_eq!(parser.retained(), parser.last_event_id().len());
    assert_eq!((parser.position(), parser.unfinished_block()), (0, 0..0));
    Outcome {
        told,
        last_event_id: parser.last_event_id().to_owned(),
        reconnection_time: parser.reconnection_time(),
        pending,
    }
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

/// What a stream comes to, in these chunks and by this way.
pub fn outcome<B: Buffers>(mut parser: Parser<B>, way: Way, chunks: &[&[u8]]) -> Outcome {
    let mut told = Vec::new();
    for (at, chunk) in chunks.iter().enumerate() {
        take(&mut parser, way, at, chunk, &mut told);
    }
    end(&mut parser, told)
}
