//! Tokens → events: fields and dispatch
//! ([9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)).
//!
//! A letter to the maintainer. [`Cursor::process`] is the whole of it: one step, one rule. The
//! first `data` value, the type and the ID of a block stay in the chunk, lent, as long as nothing
//! forces a copy: a chunk border, more data, ill-formed text, or something handed out in the middle
//! of the block (the caller may drop the cursor then). So between two calls nothing of a block that
//! goes on is lent, and a cursor can be dropped or forgotten without loss.
//!
//! Each field has two ways. `take_` is for what is usual, a whole line in a chunk that is far from
//! the limit, and says whether it was; `append_` is for all. Rules decide first and borrow last:
//! `process` leaves what it found in the cursor and returns a plain [`Stop`], and only then an event
//! is built that borrows the buffers. (A `Result<Option<Event>>` built on the way costs a tenth of
//! the time of a small event: what it is made of is moved from place to place.)

use core::ops::Range;

use crate::buffer::Buffers;
use crate::error::{Limit, LimitError, Refused};
use crate::event::{DEFAULT_EVENT_TYPE, Event, Item};
use crate::line::Line;
use crate::retained::{BlockData, EndedBlock, Retained, has_nul};
use crate::size::FAST;
use crate::token::Field;
use crate::tokenizer::{Cut, Step, Tokens};
use crate::utf8::CheckedText;

/// Why a cursor stops: what [`Cursor::advance`] found, and where it left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The chunk is used up.
    End,
    /// An event: [`Cursor::event`].
    Event,
    /// A block without an event, a comment or a reconnection time: [`Cursor::item`].
    Other,
    /// Something was refused: [`Cursor::refusal`].
    Refused,
}

/// What is found beside events.
#[derive(Clone, Copy, Debug)]
enum Other<'c> {
    Block,
    Comment { text: Text<'c>, position: u64 },
    ReconnectionTime { milliseconds: u64 },
}

/// Where a comment is.
#[derive(Clone, Copy, Debug)]
enum Text<'c> {
    /// Lent from the chunk.
    Lent(&'c str),
    /// In the parser's buffers.
    Kept,
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
    /// The text of `lent.data`, once its event is there.
    data: &'c str,
    /// The block that ended last.
    ended: EndedBlock,
    range: Range<u64>,
    other: Other<'c>,
    refusal: Option<LimitError>,
}

/// What the block has so far that is lent from the chunk.
#[derive(Clone, Copy, Debug, Default)]
struct Lent<'c> {
    /// The only data so far, which may be ill-formed where all fits.
    data: Option<Span>,
    /// The event type; empty where the block has none, or where it is kept.
    event_type: &'c str,
    /// The last event ID buffer, where the block has set it.
    id: Option<&'c str>,
}

/// Where something stands in the chunk.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: usize,
    end: usize,
}

impl<'c> Lent<'c> {
    /// What the block has set the last event ID buffer to; it is copied at once where the code is
    /// small.
    #[inline(always)]
    fn id(self) -> Option<&'c str> {
        if FAST { self.id } else { None }
    }

    /// How many bytes of it the limit counts. An ID is lent only where all fits.
    fn len(self) -> usize {
        self.data.map_or(0, |span| span.end - span.start) + self.event_type.len()
    }
}

impl<'p, 'c, B: Buffers> Cursor<'p, 'c, B> {
    #[inline]
    pub(crate) fn new(tokens: Tokens<'p, 'c>, retained: &'p mut Retained<B>) -> Self {
        retained.drop_told_comment();
        Cursor {
            fits: FAST && retained.reserve_room(tokens.chunk().len()),
            text: CheckedText::new(core::mem::take(&mut retained.drained)),
            tokens,
            retained,
            lent: Lent::default(),
            data: "",
            ended: EndedBlock::default(),
            range: 0..0,
            other: Other::Block,
            refusal: None,
        }
    }

    /// Whether nothing in the chunk has to be checked.
    #[inline(always)]
    fn fits(&self) -> bool {
        FAST && self.fits
    }

    /// Goes on to the next thing to hand out. `ALL` also stops at what is no event.
    #[inline(always)]
    pub(crate) fn advance<const ALL: bool>(&mut self) -> Stop {
        if ALL {
            self.retained.drop_told_comment();
        }
        // What was lent for the event before.
        self.lent = Lent::default();
        let stop = self.process::<ALL>();
        self.tokens.commit();
        stop
    }

    #[inline(always)]
    fn process<const ALL: bool>(&mut self) -> Stop {
        if FAST && self.tokens.is_in_value(Field::Data) {
            if let Some(stop) = self.resume_data() {
                return stop;
            }
        }
        while let Some(step) = self.tokens.step() {
            let done = match step {
                // Where the code is small, every line comes as a piece.
                Step::Field { .. } | Step::Comment { .. } | Step::Unknown { .. } if !FAST => true,
                Step::Field { field: Field::Data, start, end } => {
                    self.take_data(start, end) || self.append_data(start, end, true)
                }
                Step::Field { field: Field::Event, start, end } => {
                    self.take_event_type(start, end) || self.append_event_type(start, end, true)
                }
                Step::Field { field: Field::Id, start, end } => {
                    self.take_id(start, end) || self.append_id(start, end, true)
                }
                Step::Field { field: Field::Retry, start, end } => {
                    let time = self.retained.take_reconnection_time(self.bytes(start, end));
                    if ALL && self.finds_reconnection_time(time) {
                        return Stop::Other;
                    }
                    true
                }
                Step::Comment { start, end } => {
                    if ALL {
                        if let Some(stop) = self.process_comment(start, end, true) {
                            return stop;
                        }
                    }
                    true
                }
                Step::Unknown { .. } | Step::UnknownPrefix { .. } => true,
                Step::BlankLine { block_start, block_end } => {
                    self.range = block_start..block_end;
                    if self.dispatch() {
                        return Stop::Event;
                    }
                    if ALL {
                        self.other = Other::Block;
                        return Stop::Other;
                    }
                    true
                }
                Step::Piece { of: Cut::Value(Field::Data), start, end, last: false }
                    if self.take_piece_of_data(start, end, false) =>
                {
                    return self.end_chunk();
                }
                Step::Piece { of, start, end, last } => {
                    if let Some(stop) = self.process_piece::<ALL>(of, start, end, last) {
                        return stop;
                    }
                    true
                }
            };
            if !done {
                return Stop::Refused;
            }
        }
        self.end_chunk()
    }

    #[inline(always)]
    fn end_chunk(&mut self) -> Stop {
        self.keep_lent();
        self.retained.drained = true;
        Stop::End
    }

    /// What the chunk has of a line that a border cuts.
    #[inline(never)]
    fn process_piece<const ALL: bool>(
        &mut self,
        of: Cut,
        start: usize,
        end: usize,
        last: bool,
    ) -> Option<Stop> {
        let done = match of {
            Cut::Value(Field::Data) => {
                self.take_piece_of_data(start, end, last) || self.append_data(start, end, last)
            }
            Cut::Value(Field::Event) => self.append_event_type(start, end, last),
            Cut::Value(Field::Id) => self.append_id(start, end, last),
            Cut::Value(Field::Retry) => {
                let time = self.retained.read_reconnection_time(self.bytes(start, end), last);
                if ALL && self.finds_reconnection_time(time) {
                    return Some(Stop::Other);
                }
                true
            }
            Cut::Comment if ALL => return self.process_comment(start, end, last),
            Cut::Comment => {
                self.retained.drop_unfinished_comment();
                self.retained.ignore(last);
                true
            }
            Cut::Unknown => true,
        };
        if !done {
            Some(Stop::Refused)
        } else if last {
            None
        } else {
            // Nothing of the chunk is left.
            Some(self.end_chunk())
        }
    }

    /// Goes on with a `data` line that earlier chunks began, for which many small chunks come.
    #[inline(never)]
    fn resume_data(&mut self) -> Option<Stop> {
        let Some((start, end, last)) = self.tokens.rest_of_line() else {
            return Some(self.end_chunk());
        };
        let put = self.fits() && self.retained.put_data(self.bytes(start, end), last);
        if !put && !self.append_data(start, end, last) {
            return Some(Stop::Refused);
        }
        if last { None } else { Some(self.end_chunk()) }
    }

    /// Takes a whole `data` line. The specification appends each value and an LF, and takes the last
    /// LF off again when it dispatches; here the LF comes before all but the first.
    #[inline(always)]
    fn take_data(&mut self, start: usize, end: usize) -> bool {
        if !self.fits() {
            return false;
        }
        debug_assert_eq!(self.retained.line, Line::Start);
        match self.retained.block_data {
            BlockData::None => match self.lent.data {
                None => self.lent.data = Some(Span { start, end }),
                Some(first) => {
                    self.lent.data = None;
                    self.keep_data(first);
                    self.retained.put_data_line(self.bytes(start, end));
                }
            },
            BlockData::Kept => self.retained.put_data_line(self.bytes(start, end)),
            BlockData::Refused => return false,
        }
        true
    }

    #[inline(always)]
    fn take_piece_of_data(&mut self, start: usize, end: usize, last: bool) -> bool {
        if !self.fits() {
            return false;
        }
        if let Some(first) = self.lent.data.take() {
            self.keep_data(first);
        }
        self.retained.put_data(self.bytes(start, end), last)
    }

    #[cfg_attr(not(target_os = "none"), inline(always))]
    fn keep_data(&mut self, Span { start, end }: Span) {
        self.retained.keep_data(self.bytes(start, end));
    }

    #[inline(never)]
    fn append_data(&mut self, start: usize, end: usize, last: bool) -> bool {
        if self.retained.is_skipping() {
            self.retained.ignore(last);
            return true;
        }
        let whole = self.lend(start, end, last);
        match (whole, self.lent.data.take()) {
            (Some(text), None) if !self.retained.has_data() => {
                let checked = self.retained.check(Field::Data, self.lent.len(), text.len());
                self.lent.data = Some(Span { start, end });
                return self.refuse_unless(checked);
            }
            (_, Some(first)) => self.keep_data(first),
            _ => {}
        }
        let appended = match whole {
            Some(text) => self.retained.append_data_line(text, self.lent.len()),
            None => self.retained.append_data(self.bytes(start, end), last, self.lent.len()),
        };
        self.refuse_unless(appended)
    }

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
    fn append_event_type(&mut self, start: usize, end: usize, last: bool) -> bool {
        if self.retained.is_skipping() {
            self.retained.ignore(last);
            return true;
        }
        self.lent.event_type = "";
        if let Some(text) = self.lend(start, end, last) {
            self.retained.has_event_type = false;
            let checked = self.retained.check(Field::Event, self.lent.len(), text.len());
            self.lent.event_type = text;
            return self.refuse_unless(checked);
        }
        let lent = self.lent.len();
        let appended = self.retained.append_event_type(self.bytes(start, end), last, lent);
        self.refuse_unless(appended)
    }

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
    fn append_id(&mut self, start: usize, end: usize, last: bool) -> bool {
        if FAST {
            self.keep_id();
            let whole = self.lend(start, end, last);
            if whole.is_some_and(|text| self.retained.take_id(text, self.lent.len())) {
                return true;
            }
        }
        let appended = self.retained.append_id(self.bytes(start, end), last, self.lent.len());
        self.refuse_unless(appended)
    }

    /// Whether a `retry` line is to be told.
    fn finds_reconnection_time(&mut self, time: Option<u64>) -> bool {
        let Some(milliseconds) = time else { return false };
        self.keep_lent();
        self.other = Other::ReconnectionTime { milliseconds };
        true
    }

    fn process_comment(&mut self, start: usize, end: usize, last: bool) -> Option<Stop> {
        self.keep_lent();
        let position = self.tokens.position_of(start) - 1;
        let comment = if let Some(text) = self.lend(start, end, last) {
            self.retained
                .check(Field::Data, 0, text.len())
                .map(|()| Some((Text::Lent(text), position)))
                .map_err(|limit| (limit, position))
        } else {
            self.retained
                .append_comment(self.bytes(start, end), last, position)
                .map(|told| told.map(|position| (Text::Kept, position)))
        };
        match comment {
            Ok(Some((text, position))) => {
                self.other = Other::Comment { text, position };
                Some(Stop::Other)
            }
            Ok(None) => None,
            Err((limit, position)) => {
                self.refusal = Some(LimitError { refused: Refused::Comment, limit, position });
                Some(Stop::Refused)
            }
        }
    }

    /// The blank line: 9.2.6, "dispatch the event". Says whether there is one.
    #[inline(always)]
    fn dispatch(&mut self) -> bool {
        if let Some(data) = self.lent.data {
            match self.text.get(self.tokens.chunk(), data.start, data.end) {
                Some(text) => self.data = text,
                None => {
                    self.keep_data(data);
                    self.lent.data = None;
                }
            }
        }
        self.ended = self.retained.end_block();
        if let Some(id) = self.lent.id() {
            self.retained.put_last_event_id(id);
            self.ended.sets_id = true;
        }
        let dispatched = self.lent.data.is_some() || self.ended.has_data;
        if !dispatched {
            self.lent = Lent::default();
        }
        dispatched
    }

    /// The event that was found.
    #[inline(always)]
    pub(crate) fn event(&mut self) -> Event<'_> {
        let (data, kept_event_type, last_event_id) = match self.lent.data {
            Some(_) => (self.data, self.retained.event_type(), self.retained.last_event_id()),
            None => self.retained.parts(),
        };
        let event_type =
            if self.ended.has_event_type { kept_event_type } else { self.lent.event_type };
        Event {
            event_type: if event_type.is_empty() { DEFAULT_EVENT_TYPE } else { event_type },
            data,
            last_event_id,
            sets_id: self.ended.sets_id,
            range: self.range.clone(),
        }
    }

    /// What was found that is no event.
    pub(crate) fn item(&self) -> Item<'_> {
        match self.other {
            Other::Block => Item::Block {
                id: self.ended.sets_id.then(|| self.retained.last_event_id()),
                range: self.range.clone(),
            },
            Other::Comment { text, position } => {
                let text = match text {
                    Text::Lent(text) => text,
                    Text::Kept => self.retained.comment(),
                };
                Item::Comment { text: text.strip_prefix(' ').unwrap_or(text), position }
            }
            Other::ReconnectionTime { milliseconds } => Item::ReconnectionTime { milliseconds },
        }
    }

    /// What was refused.
    #[cold]
    pub(crate) fn refusal(&self) -> Option<LimitError> {
        self.refusal
    }

    #[inline(always)]
    pub(crate) fn remaining(&self) -> &'c [u8] {
        self.tokens.remaining()
    }

    #[inline(always)]
    pub(crate) fn taken(&self) -> usize {
        self.tokens.taken()
    }

    /// The value of a whole line as text, where it is well-formed and nothing has to be checked.
    #[inline(always)]
    fn whole(&mut self, start: usize, end: usize) -> Option<&'c str> {
        if !self.fits() {
            return None;
        }
        debug_assert_eq!(self.retained.line, Line::Start);
        self.text.get(self.tokens.chunk(), start, end)
    }

    /// A value or comment as text, where it lies whole in the chunk and is well-formed; `last`
    /// where its line ends there.
    #[cfg_attr(not(target_os = "none"), inline(always))]
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
        if let Some(data) = self.lent.data.take() {
            self.keep_data(data);
        }
        if !self.lent.event_type.is_empty() {
            self.retained.keep_event_type(self.lent.event_type);
            self.lent.event_type = "";
        }
        self.keep_id();
    }

    #[inline(always)]
    fn keep_id(&mut self) {
        if let Some(id) = self.lent.id() {
            self.lent.id = None;
            self.retained.put_id(id);
        }
    }

    /// Refuses the block's event where something did not fit; says whether it did.
    fn refuse_unless(&mut self, fits: Result<(), Limit>) -> bool {
        let Err(limit) = fits else { return true };
        self.lent.data = None;
        self.lent.event_type = "";
        self.retained.refuse_event();
        let position = self.tokens.block_start();
        self.refusal = Some(LimitError { refused: Refused::Event, limit, position });
        false
    }
}
