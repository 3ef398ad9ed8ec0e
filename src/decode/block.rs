//! A block: what each field does to the buffers, what the limits allow, and dispatch
//! ([9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)).
//!
//! # Implementation notes
//!
//! The specification's buffers are the three [`Slot`]s of the storage. A value stays in the chunk,
//! lent, as long as it is one whole line; it is kept when a chunk border cuts it, when another `data`
//! line follows, or when the chunk ends. What a slot had stays in the storage as garbage after its
//! block, so that the event can be lent: slots say what counts.
//!
//! The ids are one text: the last event ID string, from `string` on the last event ID buffer if it is
//! kept, and from `line` on the line that is being read, an `id` or an observed comment.
//!
//! Every limit is judged in [`Parser::fits`], with the bytes as they came until they are decoded: data
//! and type at the blank line, an id at the end of its line. If nothing in the chunk can reach a limit
//! ([`Parser::begin_block_chunk`]), it is not asked for values that are not decoded.

use super::line::Piece;
use super::parser::Parser;
use super::scan::LF;
use super::storage::Storage;
use super::text::Slot;
use super::token::Field;
use crate::error::{Limit, LimitError, ParseError, Refused};

/// The `id` line that is being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IdLine {
    Fits,
    /// It is longer than an id may be.
    TooLong,
    /// It sets no id: it has a NUL, or the caller has set one meanwhile.
    Ignored,
}

/// The `retry` line that is being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Retry {
    Empty,
    /// The value of its digits, in milliseconds.
    Digits(u64),
    Invalid,
}

/// What a blank line makes of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Event,
    NoEvent,
    /// The event is refused now; before, there was no reason to.
    Refused,
}

/// Lengths of data, event type and ids, for the limits.
type Sizes = [usize; 3];

impl<S: Storage> Parser<S> {
    /// Begins a chunk of so many bytes: can it reach a limit, whatever they are?
    #[inline]
    pub(super) fn begin_block_chunk(&mut self, len: usize) {
        match self.room.checked_sub(len) {
            Some(room) => (self.far, self.room) = (true, room),
            None => self.find_room(len),
        }
    }

    #[inline(never)]
    fn find_room(&mut self, len: usize) {
        let ([data, event_type, _], arrays) = (self.sizes(), self.storage.arrays());
        let room = self.limit.saturating_sub(self.sizes().iter().sum());
        let room = room.min(arrays.data.max_len() - data);
        // A value of one byte can come with the LF between two lines, whose name came before.
        let room = room.min(arrays.event_type.max_len() - event_type).saturating_sub(1);
        (self.far, self.room) = (len <= room, room.saturating_sub(len));
    }

    /// Takes a piece of a field's value; returns whether something was refused.
    #[inline(always)]
    pub(super) fn value(&mut self, field: Field, chunk: &[u8], piece: Piece) -> bool {
        let (span, whole) = (piece.span(), piece.first && piece.last);
        let is_ascii = self.lines.scan.is_ascii(span.start);
        // Not one `match`: the most frequent field needs no table of jumps.
        if field == Field::Data {
            if !self.far && self.refuses(field, span.len(), piece.first) {
                return true;
            }
            let data = &mut self.storage.arrays_mut().data;
            if whole && data.slot == Slot::Unset {
                data.slot = Slot::Lent(span);
            } else if data.slot != Slot::Refused {
                if piece.first {
                    self.begin_kept_data(chunk);
                }
                self.storage.arrays_mut().data.push(span.bytes(chunk), is_ascii);
            }
        } else if field == Field::Event {
            if !self.far && self.refuses(field, span.len(), piece.first) {
                return true;
            }
            let arrays = self.storage.arrays_mut();
            if whole && arrays.data.slot != Slot::Refused {
                arrays.event_type.slot = Slot::Lent(span);
            } else if arrays.data.slot != Slot::Refused {
                if piece.first {
                    arrays.event_type.truncate(0);
                    arrays.event_type.slot = Slot::Kept;
                }
                arrays.event_type.push(span.bytes(chunk), is_ascii);
            }
        } else if field == Field::Id {
            let nul = first_nul(span.bytes(chunk));
            if whole
                && self.far
                && is_ascii
                && nul.is_none()
                && span.len() <= self.limit_of_ids().bytes
            {
                self.forget_id();
                self.storage.arrays_mut().ids.slot = Slot::Lent(span);
            } else {
                return self.append_id(chunk, piece, nul);
            }
        } else {
            self.append_retry(span.bytes(chunk), piece.first, piece.last);
        }
        false
    }

    /// Begins a `data` line that is kept. The specification appends each value and an LF, and takes
    /// the last LF off when it dispatches; here the LF comes before all values but the first.
    #[inline]
    fn begin_kept_data(&mut self, chunk: &[u8]) {
        let data = &mut self.storage.arrays_mut().data;
        match data.slot {
            Slot::Kept => {}
            Slot::Lent(_) => data.keep(chunk, &self.lines.scan),
            _ => {
                data.truncate(0);
                data.slot = Slot::Kept;
                return;
            }
        }
        data.push(&[LF], true);
    }

    /// Takes a piece of an `id` line that is kept, in which the first NUL is at `nul`. If the id does
    /// not fit beside the event, the event gives way.
    #[inline(never)]
    fn append_id(&mut self, chunk: &[u8], piece: Piece, nul: Option<usize>) -> bool {
        let is_ascii = self.lines.scan.is_ascii(piece.start);
        let bytes = piece.span().bytes(chunk);
        let limit = self.limit_of_ids();
        self.large = true;
        if piece.first {
            self.keep_id(chunk, self.string);
            self.id_line = IdLine::Fits;
        }
        if self.id_line == IdLine::Fits {
            let value = &bytes[..nul.unwrap_or(bytes.len())];
            let ids = &mut self.storage.arrays_mut().ids;
            let room = limit.bytes - (ids.len() - self.line);
            ids.push(&value[..value.len().min(room)], is_ascii);
            if value.len() > room {
                self.id_line = IdLine::TooLong;
            }
            self.refuse_event_unless_fits(self.sizes());
        }
        if nul.is_some() {
            self.id_line = IdLine::Ignored;
        }
        let ids = &mut self.storage.arrays_mut().ids;
        if piece.last && self.id_line == IdLine::Fits {
            let decoded_len = ids.kept_decoded_len();
            if decoded_len - self.line > limit.bytes {
                self.id_line = IdLine::TooLong;
            } else {
                let mut sizes = self.sizes();
                (sizes[2], self.far, self.room) = (decoded_len, false, 0);
                self.refuse_event_unless_fits(sizes);
                let ids = &mut self.storage.arrays_mut().ids;
                ids.decode(decoded_len);
                ids.remove(self.string, self.line);
                (ids.slot, self.line) = (Slot::Kept, ids.len());
            }
        }
        if piece.last && self.id_line == IdLine::TooLong {
            self.report(Refused::Id, limit, piece.line_start);
        }
        if self.id_line != IdLine::Fits {
            self.storage.arrays_mut().ids.truncate(self.line);
        }
        self.errors[0].is_some()
    }

    /// Takes a piece of a `retry` line.
    fn append_retry(&mut self, bytes: &[u8], first: bool, last: bool) {
        let before = if first { Retry::Empty } else { self.retry };
        self.retry =
            bytes.iter().fold(before, |retry, byte| match (retry, byte.wrapping_sub(b'0')) {
                (Retry::Empty, digit @ 0..10) => Retry::Digits(digit.into()),
                (Retry::Digits(number), digit @ 0..10) => {
                    Retry::Digits(number.saturating_mul(10).saturating_add(digit.into()))
                }
                _ => Retry::Invalid,
            });
        if let (Retry::Digits(milliseconds), true) = (self.retry, last) {
            self.milliseconds = Some(milliseconds);
        }
    }

    /// Takes a piece of a comment; returns whether it is the last one, and nothing was refused.
    pub(super) fn append_comment(&mut self, chunk: &[u8], piece: Piece) -> bool {
        let span = piece.span();
        if piece.first {
            self.comment_start = piece.line_start;
            if piece.last && span.is_text(chunk, &self.lines.scan) {
                self.comment = Slot::Lent(span);
                return self.comment_fits(span.len());
            }
            self.keep_id(chunk, self.string);
            (self.comment, self.large) = (Slot::Kept, true);
        }
        if self.comment != Slot::Kept || !self.comment_fits(span.len()) {
            return false;
        }
        let ids = &mut self.storage.arrays_mut().ids;
        ids.push(span.bytes(chunk), self.lines.scan.is_ascii(span.start));
        if !piece.last {
            return false;
        }
        let (len, decoded_len) = (ids.len(), ids.kept_decoded_len());
        let fits = self.comment_fits(decoded_len - len);
        if fits {
            self.storage.arrays_mut().ids.decode(decoded_len);
        }
        fits
    }

    /// Whether a comment may have so many bytes more; if not, it is refused.
    fn comment_fits(&mut self, more: usize) -> bool {
        let mut sizes = self.sizes();
        sizes[2] += more;
        let fits = self.fits(sizes);
        if let Err(limit) = fits {
            self.drop_comment();
            self.report(Refused::Comment, limit, self.comment_start);
        }
        fits.is_ok()
    }

    /// Drops a comment that was handed out or is being read.
    pub(super) fn drop_comment(&mut self) {
        if self.comment == Slot::Kept {
            self.storage.arrays_mut().ids.truncate(self.line);
        }
        self.comment = Slot::Unset;
    }

    /// What is retained or lent.
    pub(super) fn sizes(&self) -> Sizes {
        let arrays = self.storage.arrays();
        let lent_id = if let Slot::Lent(span) = arrays.ids.slot { span.len() } else { 0 };
        [arrays.data.slot_len(), arrays.event_type.slot_len(), arrays.ids.len() + lent_id]
    }

    /// Whether that is within the limits. If several are passed, the error names the one that is met
    /// first, byte by byte.
    fn fits(&self, sizes: Sizes) -> Result<(), Limit> {
        let arrays = self.storage.arrays();
        let max_lens = [arrays.data.max_len(), arrays.event_type.max_len(), arrays.ids.max_len()];
        let sum = sizes.iter().fold(0, |sum: usize, &size| sum.saturating_add(size));
        for (i, field) in [Field::Data, Field::Event, Field::Id].into_iter().enumerate() {
            let (size, max_len) = (sizes[i], max_lens[i]);
            if size > max_len && sum - size + max_len < self.limit {
                return Err(Limit { bytes: max_len, array: Some(field) });
            }
        }
        if sum > self.limit { Err(Limit { bytes: self.limit, array: None }) } else { Ok(()) }
    }

    /// How long an id may be: however long ids are, an event with a quarter of the limit fits.
    pub(super) fn limit_of_ids(&self) -> Limit {
        let array = self.storage.arrays().ids.max_len() / 3;
        let bytes = self.max_id_len.min(self.limit / 4);
        let is_array = array < bytes;
        Limit { bytes: bytes.min(array), array: is_array.then_some(Field::Id) }
    }

    /// Whether the event is refused, since a piece of so many bytes of its data or type does not fit.
    #[cold]
    fn refuses(&mut self, field: Field, len: usize, first: bool) -> bool {
        let mut sizes = self.sizes();
        if field == Field::Data {
            let joint = first && self.storage.arrays().data.slot != Slot::Unset;
            sizes[0] += len + usize::from(joint);
        } else {
            sizes[1] = len + if first { 0 } else { sizes[1] };
        }
        self.refuse_event_unless_fits(sizes)
    }

    /// Refuses the event of the block if it does not fit, and if that was not done before.
    fn refuse_event_unless_fits(&mut self, sizes: Sizes) -> bool {
        match self.fits(sizes) {
            Err(limit) if self.storage.arrays().data.slot != Slot::Refused => {
                self.report(Refused::Event, limit, self.lines.unfinished_block().start);
                self.drop_event();
                self.storage.arrays_mut().data.slot = Slot::Refused;
                true
            }
            _ => false,
        }
    }

    /// Remembers a refusal: that of an id can come behind that of its event, and nothing else.
    #[cold]
    fn report(&mut self, refused: Refused, limit: Limit, position: u64) {
        let place = usize::from(self.errors[0].is_some());
        self.errors[place] = Some(ParseError::Limit(LimitError { refused, limit, position }));
    }

    /// Applies new limits, unless the ids in use are longer than they allow.
    pub(super) fn apply_limits(&mut self) -> Result<(), LimitError> {
        (self.room, self.far) = (0, false);
        let (limit, position) = (self.limit_of_ids(), self.lines.unfinished_block().start);
        if self.string.max(self.line - self.string) > limit.bytes {
            return Err(LimitError { refused: Refused::Id, limit, position });
        }
        if self.storage.arrays().ids.len() - self.line > limit.bytes && self.comment != Slot::Kept {
            self.id_line = IdLine::TooLong;
            self.storage.arrays_mut().ids.truncate(self.line);
        }
        if self.fits(self.sizes()).is_err() {
            self.drop_comment();
        }
        if !self.refuse_event_unless_fits(self.sizes()) {
            return Ok(());
        }
        let place = usize::from(self.errors[1].is_some());
        match self.errors[place].take() {
            Some(ParseError::Limit(error)) => Err(error),
            _ => Ok(()),
        }
    }

    /// Drops data and type.
    fn drop_event(&mut self) {
        self.large = true;
        let arrays = self.storage.arrays_mut();
        arrays.data.truncate(0);
        arrays.event_type.truncate(0);
        (arrays.data.slot, arrays.event_type.slot) = (Slot::Unset, Slot::Unset);
    }

    /// Drops the whole block, of which something was not read.
    pub(super) fn drop_block(&mut self) {
        self.drop_comment();
        self.drop_event();
        self.forget_id();
    }

    /// Forgets the last event ID buffer and the line that is being read.
    fn forget_id(&mut self) {
        self.line = self.string;
        let ids = &mut self.storage.arrays_mut().ids;
        ids.truncate(self.string);
        ids.slot = Slot::Unset;
    }

    /// Keeps a lent id, which is ASCII, behind index `start` of the ids.
    #[inline]
    fn keep_id(&mut self, chunk: &[u8], start: usize) {
        let ids = &mut self.storage.arrays_mut().ids;
        if let Slot::Lent(span) = ids.slot {
            ids.truncate(start);
            ids.push(span.bytes(chunk), true);
            ids.slot = Slot::Kept;
            self.line = ids.len();
        }
    }

    /// Keeps what is lent, since its chunk ends.
    #[inline]
    pub(super) fn keep_lent(&mut self, chunk: &[u8]) {
        let arrays = self.storage.arrays_mut();
        arrays.data.keep(chunk, &self.lines.scan);
        arrays.event_type.keep(chunk, &self.lines.scan);
        self.keep_id(chunk, self.string);
    }

    /// Ends the block at its blank line. The slots of an event stay until [`clear`](Self::clear).
    #[inline(always)]
    pub(super) fn dispatch(&mut self, chunk: &[u8]) -> Outcome {
        let (arrays, scan) = (self.storage.arrays(), &self.lines.scan);
        if self.large
            || !arrays.data.is_lent_text(chunk, scan)
            || !arrays.event_type.is_lent_text(chunk, scan)
        {
            return self.dispatch_kept(chunk);
        }
        let has_data = arrays.data.slot != Slot::Unset;
        if arrays.ids.slot != Slot::Unset {
            self.commit_id(chunk);
        }
        if has_data { Outcome::Event } else { Outcome::NoEvent }
    }

    #[inline(never)]
    fn dispatch_kept(&mut self, chunk: &[u8]) -> Outcome {
        let has_data = !matches!(self.storage.arrays().data.slot, Slot::Unset | Slot::Refused);
        let refused = has_data && self.decode(chunk);
        if self.storage.arrays().ids.slot != Slot::Unset {
            self.commit_id(chunk);
        }
        let arrays = self.storage.arrays_mut();
        // Of what is lent nothing is used.
        let used = |slot, len| if slot == Slot::Kept { len } else { 0 };
        let data = arrays.data.release(used(arrays.data.slot, arrays.data.len()));
        let event_type = used(arrays.event_type.slot, arrays.event_type.len());
        let event_type = arrays.event_type.release(event_type);
        self.large = data | event_type | arrays.ids.release(self.string);
        match has_data {
            true if refused => Outcome::Refused,
            true => Outcome::Event,
            false => Outcome::NoEvent,
        }
    }

    /// Makes text of data and type; returns whether the event is refused instead.
    fn decode(&mut self, chunk: &[u8]) -> bool {
        let before = self.sizes();
        let mut sizes = before;
        let arrays = self.storage.arrays_mut();
        sizes[0] = arrays.data.decoded_len(chunk, &self.lines.scan);
        sizes[1] = arrays.event_type.decoded_len(chunk, &self.lines.scan);
        if sizes != before && self.refuse_event_unless_fits(sizes) {
            return true;
        }
        let arrays = self.storage.arrays_mut();
        arrays.data.decode(sizes[0]);
        arrays.event_type.decode(sizes[1]);
        false
    }

    /// The last event ID buffer, which the block has set, becomes the last event ID string.
    #[inline]
    fn commit_id(&mut self, chunk: &[u8]) {
        if self.storage.arrays().ids.slot == Slot::Kept {
            self.storage.arrays_mut().ids.remove(0, self.string);
        }
        self.keep_id(chunk, 0);
        let ids = &mut self.storage.arrays_mut().ids;
        (self.string, self.line) = (ids.len(), ids.len());
        self.large |= ids.release(self.string);
    }

    /// Ends the stream; returns whether the event of the unfinished block was or is refused. What the
    /// block had stays until [`clear`](Self::clear).
    pub(super) fn end_block_unfinished(&mut self) -> bool {
        self.drop_comment();
        self.storage.arrays_mut().ids.truncate(self.line);
        self.decode(&[]);
        self.errors = [None, None];
        self.storage.arrays().data.slot == Slot::Refused
    }

    /// Clears the buffers of a block that has ended.
    #[inline]
    pub(super) fn clear(&mut self) {
        let arrays = self.storage.arrays_mut();
        (arrays.data.slot, arrays.event_type.slot) = (Slot::Unset, Slot::Unset);
        if arrays.ids.slot != Slot::Unset {
            self.forget_id();
        }
    }

    /// Replaces the last event ID string, and what the block has set; or returns how much room
    /// there is for it.
    pub(super) fn replace_last_event_id(&mut self, id: &str) -> Result<(), usize> {
        let [data, event_type, _] = self.sizes();
        let room = self.limit_of_ids().bytes.min(self.limit.saturating_sub(data + event_type));
        if id.len() > room {
            return Err(room);
        }
        (self.id_line, self.string, self.room, self.large) = (IdLine::Ignored, 0, 0, true);
        self.drop_comment();
        self.forget_id();
        self.storage.arrays_mut().ids.push(id.as_bytes(), true);
        (self.string, self.line) = (id.len(), id.len());
        Ok(())
    }
}

/// Where the first NUL is.
#[inline]
fn first_nul(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH_BITS: u64 = ONES << 7;
    crate::work::count_bytes(bytes.len());
    // Most ids are shorter than a search pays for. A word has a zero byte if some high bit appears,
    // that was not there, when 1 is taken from each byte.
    let (mut rest, mut found) = (bytes, 0);
    while let Some((word, behind)) = rest.split_first_chunk() {
        let word = u64::from_ne_bytes(*word);
        found |= word.wrapping_sub(ONES) & !word & HIGH_BITS;
        rest = behind;
    }
    if found == 0 && !rest.contains(&0) { None } else { memchr::memchr(0, bytes) }
}
