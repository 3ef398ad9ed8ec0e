//! The last event ID buffer and the last event ID string
//! ([9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)).
//!
//! One text holds both, and the `id` line that is being read, so that each ID is copied once or
//! twice however its line is cut:
//!
//! ```text
//! last event ID string | last event ID buffer, where this block has set it | id line being read
//! ```
//!
//! What stands behind the parts that count is garbage, and goes when the next line begins.

use core::ops::Range;

use crate::buffer::sealed::TextBuffer;

/// How long the parts are.
#[derive(Clone, Debug)]
pub(crate) struct Ids {
    /// Length of the last event ID string.
    string: usize,
    /// Length of the last event ID buffer where this block has set it.
    buffer: Option<usize>,
}

impl Ids {
    pub(crate) const fn new() -> Self {
        Ids { string: 0, buffer: None }
    }

    /// The length of both.
    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        self.string + self.buffer.unwrap_or(0)
    }

    /// Where the last event ID string stands.
    #[inline(always)]
    pub(crate) const fn string(&self) -> Range<usize> {
        0..self.string
    }

    /// Where the last event ID buffer stands; in a block that has not set it, that is the string.
    pub(crate) fn buffer(&self) -> Range<usize> {
        self.buffer.map_or(self.string(), |len| self.string..self.string + len)
    }

    /// Whether the block has set the last event ID buffer.
    pub(crate) const fn sets_id(&self) -> bool {
        self.buffer.is_some()
    }

    /// Begins an `id` line behind both.
    #[inline(always)]
    pub(crate) fn begin_line(&self, text: &mut impl TextBuffer) {
        text.truncate(self.len());
    }

    /// The `id` line that was read becomes the last event ID buffer.
    pub(crate) fn end_line(&mut self, text: &mut impl TextBuffer) {
        let start = self.len();
        let len = text.len() - start;
        if start > self.string {
            text.remove(self.string, start);
        }
        self.buffer = Some(len);
    }

    /// The last event ID buffer, where the block has set it, becomes the last event ID string.
    /// Says whether it has.
    #[inline(always)]
    pub(crate) fn end_block(&mut self, text: &mut impl TextBuffer) -> bool {
        let Some(len) = self.buffer.take() else { return false };
        text.truncate(self.string + len);
        if self.string > 0 {
            text.remove(0, self.string);
        }
        self.string = len;
        true
    }

    /// The last event ID buffer does not become the string.
    pub(crate) fn end_stream(&mut self) {
        self.buffer = None;
    }

    /// Makes the whole text the last event ID string.
    pub(crate) fn replace(&mut self, text: &impl TextBuffer) {
        *self = Ids { string: text.len(), buffer: None };
    }
}
