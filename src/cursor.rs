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
use crate::retained::{BlockData, Retained, has_nul};
use crate::token::Field;
use crate::tokenizer::{Cut, Step, Tokens};
use crate::utf8::{CheckedText, well_formed};

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
    /// Whether the limit is too far away for anything in the chunk to reach it.
    fits: bool,
    lent: Lent<'c>,
}

/// What the block has so far that is lent from the chunk.
#[derive(Clone, Copy, Debug, Default)]
struct Lent<'c> {
    /// The only data so far.
    data: Option<&'c str>,
    /// The event type; empty where the block has none, or where it is kept.
    event_type: &'c str,
    /// The last event ID buffer, where the block has set it.
    id: Option<&'c str>,
}

impl Lent<'_> {
    /// How many bytes of it the limit counts. An ID is lent only where all fits.
    fn len(self) -> usize {
        self.data.map_or(0, str::len) + self.event_type.len()
    }
}

impl<'p, 'c, B: Buffers> Cursor<'p, 'c, B> {
    #[inline]
    pub(crate) fn new(tokens: Tokens<'p, 'c>, retained: &'p mut Retained<B>) -> Self {
        retained.drop_told_comment();
        Cursor {
            fits: retained.reserve_room(tokens.chunk().len()),
            text: CheckedText::new(core::mem::take(&mut retained.drained)),
            tokens,
            retained,
            lent: Lent::default(),
        }
    }

    /// Goes on to the next thing to hand out. `ALL` also stops at what is no event.
    #[inline(always)]
    pub(crate) fn advance<const ALL: bool>(&mut self) -> Result<Option<Outcome<'c>>, LimitError> {
        if ALL {
            self.retained.drop_told_comment();
        }
        let outcome = self.process::<ALL>();
        self.tokens.commit();
        outcome
    }

    #[inline(always)]
    fn process<const ALL: bool>(&mut self) -> Result<Option<Outcome<'c>>, LimitError> {
        if self.tokens.is_in_value(Field::Data) && !self.resume_data()? {
            self.retained.drained = true;
            return Ok(None);
        }
        while let Some(step) = self.tokens.step() {
            match step {
                Step::Field { field: Field::Data, start, end } => {
                    if !self.take_data(start, end) {
                        self.append_data(start, end, true)?;
                    }
                }
                Step::Field { field: Field::Event, start, end } => {
                    if !self.take_event_type(start, end) {
                        self.append_event_type(start, end, true)?;
                    }
                }
                Step::Field { field: Field::Id, start, end } => {
                    if !self.take_id(start, end) {
                        self.append_id(start, end, true)?;
                    }
                }
                Step::Field { field: Field::Retry, start, end } => {
                    let time = self.retained.take_reconnection_time(self.bytes(start, end));
                    if let (true, Some(milliseconds)) = (ALL, time) {
                        self.keep_lent();
                        return Ok(Some(Outcome::ReconnectionTime { milliseconds }));
                    }
                }
                Step::Comment { start, end } => {
                    if ALL {
                        if let Some(outcome) = self.process_comment(start, end, true)? {
                            return Ok(Some(outcome));
                        }
                    }
                }
                Step::Piece { of, start, end, last } => {
                    if let Some(outcome) = self.process_piece::<ALL>(of, start, end, last)? {
                        return Ok(Some(outcome));
                    }
                    if !last {
                        break;
                    }
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
        self.retained.drained = true;
        Ok(None)
    }

    /// What the chunk has of a line that a border cuts.
    #[inline(never)]
    fn process_piece<const ALL: bool>(
        &mut self,
        of: Cut,
        start: usize,
        end: usize,
        last: bool,
    ) -> Result<Option<Outcome<'c>>, LimitError> {
        match of {
            Cut::Value(Field::Data) => {
                if !self.take_piece_of_data(start, end, last) {
                    self.append_data(start, end, last)?;
                }
            }
            Cut::Value(Field::Event) => self.append_event_type(start, end, last)?,
            Cut::Value(Field::Id) => self.append_id(start, end, last)?,
            Cut::Value(Field::Retry) => {
                let time = self.retained.read_reconnection_time(self.bytes(start, end), last);
                if let (true, Some(milliseconds)) = (ALL, time) {
                    self.keep_lent();
                    return Ok(Some(Outcome::ReconnectionTime { milliseconds }));
                }
            }
            Cut::Comment if ALL => return self.process_comment(start, end, last),
            Cut::Comment => {
                self.retained.drop_unfinished_comment();
                self.retained.ignore(last);
            }
            Cut::Unknown => {}
        }
        Ok(None)
    }

    /// Takes a whole `data` line where that is simple.
    #[inline(always)]
    fn take_data(&mut self, start: usize, end: usize) -> bool {
        let Some(text) = self.whole(start, end) else { return false };
        match self.retained.block_data {
            BlockData::None if self.lent.data.is_none() => self.lent.data = Some(text),
            BlockData::Kept => self.retained.put_data_line(text),
            _ => return false,
        }
        true
    }

    /// Goes on with a `data` line that earlier chunks began, and says whether it ends in this one.
    #[inline(never)]
    fn resume_data(&mut self) -> Result<bool, LimitError> {
        let Some((start, end, last)) = self.tokens.rest_of_line() else { return Ok(false) };
        let text = if self.fits { well_formed(self.bytes(start, end)) } else { None };
        if !text.is_some_and(|text| self.retained.put_data(text, last)) {
            self.append_data(start, end, last)?;
        }
        Ok(last)
    }

    /// Takes a piece of a `data` line where that is simple.
    #[inline(always)]
    fn take_piece_of_data(&mut self, start: usize, end: usize, last: bool) -> bool {
        if !self.fits {
            return false;
        }
        let known = self.text.known(start, end);
        let Some(text) = known.or_else(|| well_formed(self.bytes(start, end))) else {
            return false;
        };
        if let Some(earlier) = self.lent.data.take() {
            self.retained.keep_data(earlier);
        }
        self.retained.put_data(text, last)
    }

    #[inline(never)]
    fn append_data(&mut self, start: usize, end: usize, last: bool) -> Result<(), LimitError> {
        if self.retained.is_skipping() {
            self.retained.ignore(last);
            return Ok(());
        }
        let whole = self.lend(start, end, last);
        match (whole, self.lent.data.take()) {
            (Some(text), None) if !self.retained.has_data() => {
                let checked = self.retained.check(Field::Data, self.lent.len(), text.len());
                self.lent.data = Some(text);
                return self.refuse_unless(checked);
            }
            (_, Some(first)) => self.retained.keep_data(first),
            _ => {}
        }
        let appended = match whole {
            Some(text) => self.retained.append_data_line(text, self.lent.len()),
            None => self.retained.append_data(self.bytes(start, end), last, self.lent.len()),
        };
        self.refuse_unless(appended)
    }

    /// Takes a whole `event` line where that is simple.
    #[inline(always)]
    fn take_event_type(&mut self, start: usize, end: usize) -> bool {
        match self.whole(start, end) {
            Some(text) if !self.retained.is_skipping() => {
                self.retained.has_event_type = false;
                self.lent.event_type = text;
                true
            }
            _ => false,
        }
    }

    #[inline(never)]
    fn append_event_type(
        &mut self,
        start: usize,
        end: usize,
        last: bool,
    ) -> Result<(), LimitError> {
        if self.retained.is_skipping() {
            self.retained.ignore(last);
            return Ok(());
        }
        self.lent.event_type = "";
        if let Some(text) = self.lend(start, end, last) {
            self.retained.has_event_type = false;
            let checked = self.retained.check(Field::Event, self.lent.len(), text.len());
            self.lent.event_type = text;
            return self.refuse_unless(checked);
        }
        let appended =
            self.retained.append_event_type(self.bytes(start, end), last, self.lent.len());
        self.refuse_unless(appended)
    }

    /// Takes a whole `id` line where that is simple.
    #[inline(always)]
    fn take_id(&mut self, start: usize, end: usize) -> bool {
        match self.whole(start, end) {
            Some(text) if !has_nul(text) => {
                self.lent.id = Some(text);
                true
            }
            _ => false,
        }
    }

    #[inline(never)]
    fn append_id(&mut self, start: usize, end: usize, last: bool) -> Result<(), LimitError> {
        if let Some(earlier) = self.lent.id.take() {
            self.retained.put_id(earlier);
        }
        let whole = self.lend(start, end, last);
        if whole.is_some_and(|text| self.retained.take_id(text, self.lent.len())) {
            return Ok(());
        }
        let appended = self.retained.append_id(self.bytes(start, end), last, self.lent.len());
        self.refuse_unless(appended)
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
        let mut sets_id = block.sets_id;
        if let Some(id) = self.lent.id.take() {
            self.retained.put_last_event_id(id);
            sets_id = true;
        }
        let lent_type = core::mem::take(&mut self.lent.event_type);
        let event_type = if block.has_event_type { Text::Kept } else { Text::Lent(lent_type) };
        let data = match self.lent.data.take() {
            Some(text) => Text::Lent(text),
            None if block.has_data => Text::Kept,
            None => return Outcome::Block { sets_id, range },
        };
        Outcome::Event(Dispatched { event_type, data, sets_id, range })
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

    /// A value as text, where its line lies whole in the chunk, it is well-formed, and nothing has
    /// to be checked.
    #[inline(always)]
    fn whole(&mut self, start: usize, end: usize) -> Option<&'c str> {
        if !self.fits {
            return None;
        }
        debug_assert_eq!(self.retained.line, Line::Start);
        self.text.get(self.tokens.chunk(), start, end)
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

    /// Copies what the block has lent, which the cursor may not outlive.
    #[inline(always)]
    fn keep_lent(&mut self) {
        let lent = core::mem::take(&mut self.lent);
        if let Some(text) = lent.data {
            self.retained.keep_data(text);
        }
        if !lent.event_type.is_empty() {
            self.retained.keep_event_type(lent.event_type);
        }
        if let Some(text) = lent.id {
            self.retained.put_id(text);
        }
    }

    /// Refuses the block's event where something did not fit.
    fn refuse_unless(&mut self, fits: Result<(), Limit>) -> Result<(), LimitError> {
        match fits {
            Ok(()) => Ok(()),
            Err(limit) => {
                self.lent.data = None;
                self.lent.event_type = "";
                self.retained.refuse_event();
                Err(LimitError {
                    refused: Refused::Event,
                    limit,
                    position: self.tokens.block_start(),
                })
            }
        }
    }
}
