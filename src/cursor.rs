//! Tokens → events: fields and dispatch
//! ([9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)).
//!
//! A letter to the maintainer. [`Cursor::process`] is the whole of it: one token, one rule. The
//! first `data` and `event` value of a block stay in the chunk, lent, as long as nothing forces a
//! copy: a chunk border, more data, ill-formed text, or something handed out in the middle of the
//! block (the caller may drop the cursor then). So between two calls nothing is lent, and a cursor
//! can be dropped or forgotten without loss. Rules decide first and borrow last: it returns
//! a plain [`Outcome`], and only then an event is built that borrows the buffers.

use core::ops::Range;

use crate::buffer::Buffers;
use crate::error::{Limit, LimitError, Refused};
use crate::event::{DEFAULT_EVENT_TYPE, Event, Item};
use crate::line::Line;
use crate::retained::Retained;
use crate::token::Field;
use crate::tokenizer::{Step, Tokens};
use crate::utf8::CheckedText;

/// Text that is handed out: where it is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Text<'c> {
    /// Lent from the chunk.
    Lent(&'c str),
    /// In the parser's buffers.
    Kept,
}

impl<'c> Text<'c> {
    #[inline(always)]
    fn or<'a>(self, kept: impl FnOnce() -> &'a str) -> &'a str
    where
        'c: 'a,
    {
        match self {
            Text::Lent(text) => text,
            Text::Kept => kept(),
        }
    }
}

/// What a cursor has decided to hand out, before it borrows for it.
pub(crate) enum Outcome<'c> {
    Event(Dispatched<'c>),
    Block { sets_id: bool, range: Range<u64> },
    Comment { text: Text<'c>, position: u64 },
    ReconnectionTime { milliseconds: u64 },
}

pub(crate) struct Dispatched<'c> {
    event_type: Text<'c>,
    data: Text<'c>,
    sets_id: bool,
    range: Range<u64>,
}

/// The way through one chunk.
#[derive(Debug)]
pub(crate) struct Cursor<'p, 'c, B> {
    tokens: Tokens<'p, 'c>,
    retained: &'p mut Retained<B>,
    text: CheckedText<'c>,
    /// The block's only data so far, where it is lent.
    data: Option<&'c str>,
    /// The block's event type, where it is lent.
    event_type: Option<&'c str>,
}

impl<'p, 'c, B: Buffers> Cursor<'p, 'c, B> {
    #[inline]
    pub(crate) fn new(tokens: Tokens<'p, 'c>, retained: &'p mut Retained<B>) -> Self {
        Cursor { tokens, retained, text: CheckedText::new(), data: None, event_type: None }
    }

    /// Goes on to the next thing to hand out. `ALL` also stops at what is no event.
    #[inline(always)]
    pub(crate) fn advance<const ALL: bool>(&mut self) -> Result<Option<Outcome<'c>>, LimitError> {
        self.retained.drop_told_comment();
        let outcome = self.process::<ALL>();
        self.tokens.commit();
        outcome
    }

    #[inline(always)]
    fn process<const ALL: bool>(&mut self) -> Result<Option<Outcome<'c>>, LimitError> {
        while let Some(step) = self.tokens.step() {
            match step {
                Step::Value { field: Field::Data, start, end, complete } => {
                    self.process_data(start, end, complete)?;
                }
                Step::Value { field: Field::Event, start, end, complete } => {
                    self.process_event_type(start, end, complete)?;
                }
                Step::Value { field: Field::Id, start, end, complete } => {
                    self.process_id(start, end, complete)?;
                }
                Step::Value { field: Field::Retry, start, end, complete } => {
                    let time =
                        self.retained.read_reconnection_time(self.bytes(start, end), complete);
                    if let (true, Some(milliseconds)) = (ALL, time) {
                        self.keep_lent();
                        return Ok(Some(Outcome::ReconnectionTime { milliseconds }));
                    }
                }
                Step::Comment { start, end, complete } if ALL => {
                    if let Some(outcome) = self.process_comment(start, end, complete)? {
                        return Ok(Some(outcome));
                    }
                }
                Step::Comment { complete, .. } => {
                    self.retained.drop_unfinished_comment();
                    self.retained.ignore(complete);
                }
                Step::Unknown { .. } | Step::UnknownPrefix { .. } => {}
                Step::BlankLine { block_start, block_end } => {
                    let outcome = self.dispatch(block_start..block_end);
                    if ALL || matches!(outcome, Outcome::Event(_)) {
                        return Ok(Some(outcome));
                    }
                }
            }
        }
        self.keep_lent();
        Ok(None)
    }

    #[inline(always)]
    fn process_data(&mut self, start: usize, end: usize, last: bool) -> Result<(), LimitError> {
        let retained = &*self.retained;
        if retained.skipping {
            self.retained.ignore(last);
            return Ok(());
        }
        let first = self.data.is_none() && !retained.has_data;
        let whole = self.lend(start, end, last);
        if let (Some(text), true) = (whole, first) {
            let checked = self.retained.check(Field::Data, self.lent(), text.len());
            self.data = Some(text);
            return self.refuse_if(checked);
        }
        if let Some(text) = self.data.take() {
            self.retained.keep_data(text);
        }
        if let Some(text) = whole {
            let appended = self.retained.append_data_line(text, self.lent());
            return self.refuse_if(appended);
        }
        let appended = self.retained.append_data(self.bytes(start, end), last, self.lent());
        self.refuse_if(appended)
    }

    #[inline(always)]
    fn process_event_type(
        &mut self,
        start: usize,
        end: usize,
        last: bool,
    ) -> Result<(), LimitError> {
        if self.retained.skipping {
            self.retained.ignore(last);
            return Ok(());
        }
        self.event_type = None;
        if let Some(text) = self.lend(start, end, last) {
            self.retained.has_event_type = false;
            let checked = self.retained.check(Field::Event, self.lent(), text.len());
            self.event_type = Some(text);
            return self.refuse_if(checked);
        }
        let appended = self.retained.append_event_type(self.bytes(start, end), last, self.lent());
        self.refuse_if(appended)
    }

    #[inline(always)]
    fn process_id(&mut self, start: usize, end: usize, last: bool) -> Result<(), LimitError> {
        let whole = self.lend(start, end, last);
        if whole.is_some_and(|text| self.retained.take_id(text, self.lent())) {
            return Ok(());
        }
        let appended = self.retained.append_id(self.bytes(start, end), last, self.lent());
        self.refuse_if(appended)
    }

    fn process_comment(
        &mut self,
        start: usize,
        end: usize,
        last: bool,
    ) -> Result<Option<Outcome<'c>>, LimitError> {
        self.keep_lent();
        let position = self.tokens.position_of(start) - 1;
        let comment = if let Some(text) = self.lend(start, end, last) {
            self.retained
                .check(Field::Data, 0, text.len())
                .map(|()| Some(Outcome::Comment { text: Text::Lent(text), position }))
                .map_err(|limit| (limit, position))
        } else {
            self.retained
                .append_comment(self.bytes(start, end), last, position)
                .map(|told| told.map(|position| Outcome::Comment { text: Text::Kept, position }))
        };
        comment.map_err(|(limit, position)| LimitError {
            refused: Refused::Comment,
            limit,
            position,
        })
    }

    /// The blank line: 9.2.6, "dispatch the event".
    #[inline(always)]
    fn dispatch(&mut self, range: Range<u64>) -> Outcome<'c> {
        let block = self.retained.end_block();
        let event_type = match self.event_type.take() {
            Some(text) => Text::Lent(text),
            None if block.has_event_type => Text::Kept,
            None => Text::Lent(""),
        };
        let data = match self.data.take() {
            Some(text) => Text::Lent(text),
            None if block.has_data => Text::Kept,
            None => return Outcome::Block { sets_id: block.sets_id, range },
        };
        Outcome::Event(Dispatched { event_type, data, sets_id: block.sets_id, range })
    }

    #[inline(always)]
    pub(crate) fn event(&self, event: Dispatched<'c>) -> Event<'_> {
        Event {
            event_type: match event.event_type.or(|| self.retained.event_type()) {
                "" => DEFAULT_EVENT_TYPE,
                event_type => event_type,
            },
            data: event.data.or(|| self.retained.data()),
            last_event_id: self.retained.last_event_id(),
            sets_id: event.sets_id,
            range: event.range,
        }
    }

    #[inline(always)]
    pub(crate) fn item(&self, outcome: Outcome<'c>) -> Item<'_> {
        match outcome {
            Outcome::Event(event) => Item::Event(self.event(event)),
            Outcome::Block { sets_id, range } => {
                Item::Block { id: sets_id.then(|| self.retained.last_event_id()), range }
            }
            Outcome::Comment { text, position } => {
                let text = text.or(|| self.retained.comment());
                Item::Comment { text: text.strip_prefix(' ').unwrap_or(text), position }
            }
            Outcome::ReconnectionTime { milliseconds } => Item::ReconnectionTime { milliseconds },
        }
    }

    #[inline(always)]
    pub(crate) fn remaining(&self) -> &'c [u8] {
        self.tokens.remaining()
    }

    #[inline(always)]
    pub(crate) fn taken(&self) -> usize {
        self.tokens.taken()
    }

    /// A value or comment as text, where it lies whole in the chunk and is well-formed; `last`
    /// where its line ends there.
    #[inline(always)]
    fn lend(&mut self, start: usize, end: usize, last: bool) -> Option<&'c str> {
        let whole = last && self.retained.line == Line::Start;
        if whole { self.text.get(self.tokens.chunk(), start, end) } else { None }
    }

    #[inline(always)]
    fn bytes(&self, start: usize, end: usize) -> &'c [u8] {
        self.tokens.chunk().get(start..end).unwrap_or_default()
    }

    /// How many bytes the block has lent.
    #[inline(always)]
    fn lent(&self) -> usize {
        self.data.map_or(0, str::len) + self.event_type.map_or(0, str::len)
    }

    /// Copies what the block has lent, which the cursor may not outlive.
    #[inline(always)]
    fn keep_lent(&mut self) {
        if let Some(text) = self.data.take() {
            self.retained.keep_data(text);
        }
        if let Some(text) = self.event_type.take() {
            self.retained.keep_event_type(text);
        }
    }

    /// Refuses the block's event where something did not fit.
    #[inline(always)]
    fn refuse_if(&mut self, fits: Result<(), Limit>) -> Result<(), LimitError> {
        fits.map_err(|limit| {
            self.data = None;
            self.event_type = None;
            self.retained.refuse_event();
            LimitError { refused: Refused::Event, limit, position: self.tokens.block_start() }
        })
    }
}
