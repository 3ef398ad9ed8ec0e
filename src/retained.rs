//! What a parser retains: the specification's data buffer, event type buffer, last event ID buffer
//! and last event ID string, the line that a chunk border cuts, and the limit for all of them
//! ([9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)).
//!
//! A letter to the maintainer. What is over stays in its buffer as garbage until something is put
//! there again, so that an event can be lent after it is over: `block_data` and its like say what
//! counts, never a buffer's length. A comment that the caller wants and a border cuts is built up
//! behind the data: no data comes while its line is read.
//!
//! Far from the limit, data is kept as the bytes that came, and decoded once, when its event is
//! handed out. [`Retained::settle`] decodes it before, where the length of its text is asked for:
//! near the limit, and where the limit changes. Then it is appended as text, as it always is where
//! the code is to be small ([`FAST`]).

use core::ops::Range;

use crate::buffer::Buffers;
use crate::buffer::sealed::{Buffer, DataBuffer, TextBuffer};
use crate::error::Limit;
use crate::ids::Ids;
use crate::line::{Line, ReconnectionTime};
use crate::scan::LF;
use crate::size::FAST;
use crate::token::Field;
use crate::utf8::{CutSequence, REPLACEMENT};

#[derive(Clone, Debug)]
pub(crate) struct Retained<B> {
    buffers: B,
    limit: usize,
    /// So many bytes of the stream fit at the least, whatever they decode to: what has come since
    /// they were counted is taken off.
    room: usize,
    /// Whether the last cursor has taken its whole chunk.
    pub(crate) drained: bool,
    /// Whether anything below has to be looked at when the block ends.
    in_use: bool,
    pub(crate) block_data: BlockData,
    /// How much of the block's data is text at the least; the rest is bytes as they came.
    settled: usize,
    pub(crate) has_event_type: bool,
    ids: Ids,
    pub(crate) line: Line,
    /// The sequence that the last piece of text ended in. Of data that is bytes it is a part.
    cut: CutSequence,
    pub(crate) reconnection_time: Option<u64>,
}

/// What the block's data is, beside what the cursor has lent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BlockData {
    None,
    /// In its buffer.
    Kept,
    /// Refused, and the event with it: only ids and reconnection times count up to the blank line.
    Refused,
}

impl<B: Buffers> Retained<B> {
    pub(crate) const fn new(buffers: B, limit: usize) -> Self {
        Retained {
            buffers,
            limit,
            room: 0,
            drained: true,
            in_use: false,
            block_data: BlockData::None,
            settled: 0,
            has_event_type: false,
            ids: Ids::new(),
            line: Line::Start,
            cut: CutSequence::new(),
            reconnection_time: None,
        }
    }

    pub(crate) const fn limit(&self) -> usize {
        self.limit
    }

    pub(crate) fn set_limit(&mut self, limit: usize) {
        self.settle();
        self.limit = limit;
        self.room = 0;
    }

    /// The data of the block that was dispatched last, or of the unfinished one at the stream's
    /// end.
    pub(crate) fn data(&self) -> &str {
        self.buffers.data().text(0)
    }

    /// The data, event type and last event ID string of the block that was just dispatched.
    #[inline(always)]
    pub(crate) fn parts(&mut self) -> (&str, &str, &str) {
        let string = self.ids.string();
        let (data, event_type, ids) = self.buffers.all();
        (data.decode_text(), event_type.get(0..event_type.len()), ids.get(string))
    }

    /// The event type, of this block or of the one that was dispatched last.
    #[inline(always)]
    pub(crate) fn event_type(&self) -> &str {
        self.buffers.event_type().get(0..self.buffers.event_type().len())
    }

    /// The last event ID string.
    #[inline(always)]
    pub(crate) fn last_event_id(&self) -> &str {
        self.id(self.ids.string())
    }

    /// Whether the block has data in its buffer.
    #[inline(always)]
    pub(crate) fn has_data(&self) -> bool {
        self.block_data == BlockData::Kept
    }

    /// Whether the block's event was refused.
    #[inline(always)]
    pub(crate) fn is_skipping(&self) -> bool {
        self.block_data == BlockData::Refused
    }

    /// How many bytes are retained.
    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        self.held(Field::Data) + self.held(Field::Event) + self.held(Field::Id)
    }

    /// How many of them for a field.
    #[inline(always)]
    fn held(&self, field: Field) -> usize {
        match field {
            Field::Data => match self.line {
                // A comment begins where the data ends, and without data at 0.
                Line::AfterComment { start } => start,
                Line::Comment { .. } => self.buffers.data().len(),
                _ if self.has_data() => self.buffers.data().len(),
                _ => 0,
            },
            Field::Event if self.has_event_type => self.buffers.event_type().len(),
            Field::Id if self.line == Line::Id => self.buffers.ids().len(),
            Field::Id => self.ids.len(),
            Field::Event | Field::Retry => 0,
        }
    }

    /// Whether `more` bytes for a field fit, beside what is retained and `lent` bytes that the
    /// block has lent from the chunk: what is lent counts, so that the chunks decide nothing.
    #[cfg_attr(not(target_os = "none"), inline(always))]
    pub(crate) fn check(&self, field: Field, lent: usize, more: usize) -> Result<(), Limit> {
        let max_len = match field {
            Field::Data => self.buffers.data().max_len(),
            Field::Event => self.buffers.event_type().max_len(),
            Field::Id | Field::Retry => self.buffers.ids().max_len(),
        };
        let room = self.limit.saturating_sub(self.len() + lent);
        let room_in_array = max_len.saturating_sub(self.held(field));
        if more <= room.min(room_in_array) {
            Ok(())
        } else if room <= room_in_array {
            Err(Limit { bytes: self.limit, array: None })
        } else {
            // What a byte-wise walk would meet first.
            Err(Limit { bytes: max_len, array: Some(field) })
        }
    }

    /// Whether there is room for all that so many bytes of the stream can decode to: then nothing
    /// in them has to be checked.
    #[inline(always)]
    pub(crate) fn reserve_room(&mut self, len: usize) -> bool {
        if len > self.room {
            self.room = self.find_room();
        }
        let fits = len <= self.room;
        // What does not fit as a whole may fit in part: then nothing is known any more.
        self.room = self.room.saturating_sub(len);
        fits
    }

    /// How many bytes fit, whatever they are.
    #[inline(never)]
    fn find_room(&mut self) -> usize {
        self.settle();
        let in_array = |field, max_len: usize| max_len.saturating_sub(self.held(field));
        (self.limit.saturating_sub(self.len()))
            .min(in_array(Field::Data, self.buffers.data().max_len()))
            .min(in_array(Field::Event, self.buffers.event_type().max_len()))
            .min(in_array(Field::Id, self.buffers.ids().max_len()))
            // What was cut is text when the next byte comes: at the most U+FFFD or a character of
            // four bytes, of which that byte brings three.
            .saturating_sub(if self.cut.is_empty() { 0 } else { REPLACEMENT.len() })
            // The LF before a line of data whose value begins with the next byte.
            .saturating_sub(JOINT.len())
            // A byte may become U+FFFD.
            / REPLACEMENT.len()
    }

    /// Makes text of the block's data, but for a sequence that the last chunk has cut.
    fn settle(&mut self) {
        if !FAST
            || !self.has_data()
            || matches!(self.line, Line::Comment { .. } | Line::AfterComment { .. })
        {
            return;
        }
        let data = self.buffers.data_mut();
        if self.line == Line::Value(Field::Data) && self.cut.is_empty() {
            let cut = self.cut.keep_end(data.bytes(self.settled));
            data.truncate(data.len() - cut);
        }
        data.decode(self.settled);
        self.settled = data.len();
    }

    /// Decodes a piece to the end of a field's buffer; `last` where the line ends with it.
    fn append(&mut self, field: Field, piece: &[u8], last: bool, lent: usize) -> Result<(), Limit> {
        let mut cut = self.cut;
        let appended =
            cut.decode(piece, last, Ok(REPLACEMENT), |text| self.push_str(field, text, lent));
        self.cut = cut;
        appended
    }

    fn push_str(&mut self, field: Field, text: &str, lent: usize) -> Result<(), Limit> {
        self.check(field, lent, text.len())?;
        self.put(field, text);
        Ok(())
    }

    /// Appends text that is known to fit: the only way into a buffer.
    #[inline(always)]
    fn put(&mut self, field: Field, text: &str) {
        crate::work::count_bytes(text.len());
        self.in_use = true;
        match field {
            Field::Data => self.buffers.data_mut().push_str(text),
            Field::Event => self.buffers.event_type_mut().push_str(text),
            Field::Id | Field::Retry => self.buffers.ids_mut().push_str(text),
        }
    }

    /// Keeps data that was lent from a chunk that ends, or that more data follows.
    #[inline(always)]
    pub(crate) fn keep_data(&mut self, bytes: &[u8]) {
        self.begin_data();
        self.put_bytes(bytes);
    }

    #[inline(always)]
    fn begin_data(&mut self) {
        self.buffers.data_mut().truncate(0);
        self.settled = 0;
        self.in_use = true;
        self.block_data = BlockData::Kept;
    }

    #[inline(always)]
    fn put_bytes(&mut self, bytes: &[u8]) {
        crate::work::count_bytes(bytes.len());
        self.buffers.data_mut().push_bytes(bytes);
    }

    /// Keeps an event type that was lent from a chunk that ends.
    pub(crate) fn keep_event_type(&mut self, text: &str) {
        self.buffers.event_type_mut().truncate(0);
        self.put(Field::Event, text);
        self.has_event_type = true;
    }

    /// Takes a piece of a `data` line. The values of several lines are joined by LF, which is the
    /// specification's LF behind each and none behind the last.
    pub(crate) fn append_data(
        &mut self,
        piece: &[u8],
        last: bool,
        lent: usize,
    ) -> Result<(), Limit> {
        let begun = match self.line {
            Line::Start if self.has_data() => self.push_str(Field::Data, JOINT, lent),
            Line::Start => {
                self.begin_data();
                Ok(())
            }
            _ => Ok(()),
        };
        self.append_value(Field::Data, begun, piece, last, lent)
    }

    /// Takes a piece of a `data` line, which is known to fit, where the line counts.
    #[inline(always)]
    pub(crate) fn put_data(&mut self, piece: &[u8], last: bool) -> bool {
        match self.line {
            Line::Value(Field::Data) => self.put_cut(),
            Line::Start => match self.block_data {
                BlockData::None => self.begin_data(),
                BlockData::Kept => self.buffers.data_mut().push_byte(LF),
                BlockData::Refused => return false,
            },
            _ => return false,
        }
        self.put_bytes(piece);
        self.line = if last { Line::Start } else { Line::Value(Field::Data) };
        true
    }

    /// Takes a chunk that is part of a value of `field` and no more of it than that, if it is known
    /// to fit, and if that is simple.
    #[inline(always)]
    pub(crate) fn put_chunk(&mut self, field: Field, chunk: &[u8]) -> bool {
        let put = chunk.len() <= self.room
            && self.cut.is_empty()
            && match (field, self.line) {
                (Field::Data, _) => self.put_data(chunk, false),
                (Field::Event, Line::Value(_)) => self.put_ascii(field, chunk),
                (Field::Id, Line::Id) => self.put_ascii(field, chunk),
                _ => false,
            };
        if put {
            self.room -= chunk.len();
        }
        put
    }

    /// Takes a chunk that is the line end of a `data` line, as [`put_chunk`](Self::put_chunk) does.
    #[inline(always)]
    pub(crate) fn end_data_line(&mut self) -> bool {
        let ended = self.room > 0 && self.cut.is_empty() && self.put_data(&[], true);
        if ended {
            self.room -= 1;
        }
        ended
    }

    #[inline(always)]
    fn put_ascii(&mut self, field: Field, bytes: &[u8]) -> bool {
        // An ID with NUL is none.
        let is_simple = |&byte: &u8| byte.is_ascii() && byte != 0;
        let simple = bytes.iter().all(is_simple);
        if simple {
            self.put(field, core::str::from_utf8(bytes).unwrap_or_default());
        }
        simple
    }

    /// What the data's text ended in is bytes again.
    #[inline(always)]
    fn put_cut(&mut self) {
        if !self.cut.is_empty() {
            let cut = core::mem::replace(&mut self.cut, CutSequence::new());
            self.put_bytes(cut.bytes());
        }
    }

    /// Takes a whole `data` line that others came before, and that is known to fit.
    #[inline(always)]
    pub(crate) fn put_data_line(&mut self, line: &[u8]) {
        debug_assert!(self.has_data() && self.line == Line::Start);
        self.buffers.data_mut().push_byte(LF);
        self.put_bytes(line);
    }

    /// Takes a whole `data` line that others came before.
    pub(crate) fn append_data_line(&mut self, text: &str, lent: usize) -> Result<(), Limit> {
        self.check(Field::Data, lent, JOINT.len() + text.len())?;
        self.put_data_line(text.as_bytes());
        Ok(())
    }

    /// Takes a piece of an `event` line, which replaces what an earlier one said.
    pub(crate) fn append_event_type(
        &mut self,
        piece: &[u8],
        last: bool,
        lent: usize,
    ) -> Result<(), Limit> {
        if self.line == Line::Start {
            self.keep_event_type("");
        }
        self.append_value(Field::Event, Ok(()), piece, last, lent)
    }

    /// Where the value does not fit, or its line could not be begun, the event is refused.
    fn append_value(
        &mut self,
        field: Field,
        begun: Result<(), Limit>,
        piece: &[u8],
        last: bool,
        lent: usize,
    ) -> Result<(), Limit> {
        self.line = Line::Value(field);
        let appended = begun.and_then(|()| self.append(field, piece, last, lent));
        if appended.is_err() {
            self.refuse_event();
        }
        self.pass(last);
        appended
    }

    /// Takes a piece of an `id` line. Where it does not fit, the event gives way first; an id that
    /// does not fit alone is dropped, and the earlier one stays.
    pub(crate) fn append_id(&mut self, piece: &[u8], last: bool, lent: usize) -> Result<(), Limit> {
        let mut refused = Ok(());
        if self.line == Line::Start {
            self.ids.begin_line(self.buffers.ids_mut());
            self.line = Line::Id;
            // An empty ID puts nothing anywhere, and sets the last event ID nevertheless.
            self.in_use = true;
        }
        if self.line == Line::Id {
            crate::work::count_bytes(piece.len());
            let nul = first_nul(piece);
            let piece = &piece[..nul.unwrap_or(piece.len())];
            let ends = last || nul.is_some();
            let (len, cut) = (self.buffers.ids().len(), self.cut);
            let mut appended = self.append(Field::Id, piece, ends, lent);
            if let Err(limit) = appended {
                self.buffers.ids_mut().truncate(len);
                if !self.is_skipping() {
                    self.refuse_event();
                    refused = Err(limit);
                    self.cut = cut;
                    appended = self.append(Field::Id, piece, ends, 0);
                }
            }
            if appended.is_err() || nul.is_some() {
                self.ignore_line();
            } else if last {
                self.ids.end_line(self.buffers.ids_mut());
            }
        }
        self.pass(last);
        refused
    }

    /// Takes a whole `id` line where that is simple: it fits beside the event and has no NUL.
    pub(crate) fn take_id(&mut self, text: &str, lent: usize) -> bool {
        let simple = !has_nul(text) && self.check(Field::Id, lent, text.len()).is_ok();
        if simple {
            self.put_id(text);
        }
        simple
    }

    /// Makes `text`, which is an ID and known to fit, the last event ID buffer.
    pub(crate) fn put_id(&mut self, text: &str) {
        self.ids.begin_line(self.buffers.ids_mut());
        self.put(Field::Id, text);
        self.ids.end_line(self.buffers.ids_mut());
    }

    /// Makes `text`, which is an ID and known to fit, the last event ID string.
    #[inline(always)]
    pub(crate) fn put_last_event_id(&mut self, text: &str) {
        crate::work::count_bytes(text.len());
        self.buffers.ids_mut().truncate(0);
        self.buffers.ids_mut().push_str(text);
        self.ids.replace(self.buffers.ids());
        if self.buffers.ids().is_large() {
            self.buffers.ids_mut().release(text.len());
        }
    }

    /// Takes the value of a whole `retry` line; the reconnection time where it is one.
    #[inline(always)]
    pub(crate) fn take_reconnection_time(&mut self, value: &[u8]) -> Option<u64> {
        let time = ReconnectionTime::of(value)?;
        self.reconnection_time = Some(time);
        self.reconnection_time
    }

    /// Takes a piece of a `retry` line; the reconnection time where the line ends and sets it.
    pub(crate) fn read_reconnection_time(&mut self, piece: &[u8], last: bool) -> Option<u64> {
        let before = match self.line {
            Line::Retry(time) => time,
            _ => ReconnectionTime::Empty,
        };
        let time = before.read(piece);
        self.line = Line::Retry(time);
        self.pass(last);
        match time {
            ReconnectionTime::Digits(milliseconds) if last => {
                self.reconnection_time = Some(milliseconds);
                self.reconnection_time
            }
            _ => None,
        }
    }

    /// Takes a piece of a comment whose colon is at `position`; where the line ends, the position
    /// of the comment that [`comment`](Self::comment) gives.
    pub(crate) fn append_comment(
        &mut self,
        piece: &[u8],
        last: bool,
        position: u64,
    ) -> Result<Option<u64>, (Limit, u64)> {
        if self.line == Line::Start {
            self.settle();
            if !self.has_data() {
                self.buffers.data_mut().truncate(0);
            }
            self.line = Line::Comment { start: self.buffers.data().len(), position };
        }
        let Line::Comment { start, position } = self.line else {
            self.pass(last);
            return Ok(None);
        };
        if let Err(limit) = self.append(Field::Data, piece, last, 0) {
            self.buffers.data_mut().truncate(start);
            self.ignore_line();
            self.pass(last);
            return Err((limit, position));
        }
        if !last {
            return Ok(None);
        }
        self.line = Line::AfterComment { start };
        Ok(Some(position))
    }

    /// The comment whose line has just ended.
    pub(crate) fn comment(&self) -> &str {
        match self.line {
            Line::AfterComment { start } => self.buffers.data().text(start),
            _ => "",
        }
    }

    /// Takes away a comment that was handed out.
    #[inline(always)]
    pub(crate) fn drop_told_comment(&mut self) {
        if let Line::AfterComment { start } = self.line {
            self.buffers.data_mut().truncate(start);
            self.line = Line::Start;
        }
    }

    /// Takes away a comment that is being read: nobody wants it any more.
    #[inline(always)]
    pub(crate) fn drop_unfinished_comment(&mut self) {
        if let Line::Comment { start, .. } = self.line {
            self.buffers.data_mut().truncate(start);
            self.ignore_line();
        }
    }

    /// Ignores a piece of a line, and the line with it.
    #[inline(always)]
    pub(crate) fn ignore(&mut self, last: bool) {
        if !last {
            self.ignore_line();
        }
        self.pass(last);
    }

    fn ignore_line(&mut self) {
        self.line = Line::Ignored;
        self.cut = CutSequence::new();
    }

    #[inline(always)]
    fn pass(&mut self, last: bool) {
        if last {
            self.line = Line::Start;
        }
    }

    /// Drops the block's event: what comes up to the blank line is skipped.
    pub(crate) fn refuse_event(&mut self) {
        self.block_data = BlockData::Refused;
        self.has_event_type = false;
        self.in_use = true;
        if let Line::Value(_) = self.line {
            self.ignore_line();
        }
    }

    /// Ends the block. Its data and event type stay readable until more is put there.
    #[inline(always)]
    pub(crate) fn end_block(&mut self) -> EndedBlock {
        if !self.in_use {
            return EndedBlock::default();
        }
        self.end_retained_block()
    }

    fn end_retained_block(&mut self) -> EndedBlock {
        let (data, event_type) = (self.held(Field::Data), self.held(Field::Event));
        let sets_id = self.ids.end_block(self.buffers.ids_mut());
        self.buffers.data_mut().release(data);
        self.buffers.event_type_mut().release(event_type);
        self.buffers.ids_mut().release(self.ids.len());
        // A large buffer is looked at again at the end of the next block, and so is all data: its
        // text may have taken another.
        self.in_use = self.has_data()
            || self.buffers.event_type().is_large()
            || self.buffers.ids().is_large();
        EndedBlock {
            has_data: self.end_block_data() == BlockData::Kept,
            has_event_type: core::mem::take(&mut self.has_event_type),
            sets_id,
        }
    }

    /// Ends the stream: the last event ID string and the reconnection time stay. What the block
    /// had is told, and stays readable until more is put there.
    pub(crate) fn end_stream(&mut self) -> UnfinishedBlock {
        self.settle();
        if let Line::Value(field) = self.line {
            // A cut sequence ends with the stream. Where its U+FFFD does not fit, it is left out.
            let _ = self.append(field, &[], true, 0);
        }
        self.drop_told_comment();
        self.drop_unfinished_comment();
        self.line = Line::Start;
        self.cut = CutSequence::new();
        let block_data = self.end_block_data();
        let block = UnfinishedBlock {
            has_data: block_data == BlockData::Kept,
            has_event_type: core::mem::take(&mut self.has_event_type),
            sets_id: self.ids.sets_id(),
            id: self.ids.buffer(),
            refused: block_data == BlockData::Refused,
        };
        self.ids.end_stream();
        block
    }

    fn end_block_data(&mut self) -> BlockData {
        core::mem::replace(&mut self.block_data, BlockData::None)
    }

    /// A part of the ids, as [`end_stream`](Self::end_stream) names it.
    #[inline(always)]
    pub(crate) fn id(&self, range: Range<usize>) -> &str {
        self.buffers.ids().get(range)
    }

    /// Replaces the last event ID string, and what the block has set; or says how much room there
    /// is for it.
    pub(crate) fn replace_last_event_id(&mut self, id: &str) -> Result<(), usize> {
        self.settle();
        let others = self.len() - self.held(Field::Id);
        let room = self.limit.saturating_sub(others).min(self.buffers.ids().max_len());
        if id.len() > room {
            return Err(room);
        }
        if self.line == Line::Id {
            self.ignore_line();
        }
        self.room = 0;
        self.buffers.ids_mut().truncate(0);
        self.put(Field::Id, id);
        self.ids.replace(self.buffers.ids());
        Ok(())
    }
}

/// What stands between the values of two `data` lines.
const JOINT: &str = "\n";

/// Whether no ID can be this text.
#[inline(always)]
pub(crate) fn has_nul(text: &str) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH_BITS: u64 = ONES << 7;
    crate::work::count_bytes(text.len());
    // Most IDs are shorter than a search pays for. A word has a zero byte where, if 1 is taken from
    // each byte, some high bit appears that was not there.
    let mut words = text.as_bytes().chunks_exact(8);
    let in_words = words.any(|word| {
        let word = u64::from_ne_bytes(word.try_into().unwrap_or_default());
        word.wrapping_sub(ONES) & !word & HIGH_BITS != 0
    });
    in_words || words.remainder().contains(&0)
}

fn first_nul(bytes: &[u8]) -> Option<usize> {
    memchr::memchr(0, bytes)
}

/// What a block had in the buffers, at its blank line.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct EndedBlock {
    pub(crate) has_data: bool,
    pub(crate) has_event_type: bool,
    /// Whether it set the last event ID.
    pub(crate) sets_id: bool,
}

/// What a block had, at the end of the stream.
pub(crate) struct UnfinishedBlock {
    pub(crate) has_data: bool,
    pub(crate) has_event_type: bool,
    /// Whether an `id` line has set the last event ID buffer.
    pub(crate) sets_id: bool,
    /// The part of the ids that would have become the last event ID string.
    pub(crate) id: Range<usize>,
    /// Whether its event was refused.
    pub(crate) refused: bool,
}
