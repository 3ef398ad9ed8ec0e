//! Buffers of a fixed size.

use core::ops::Range;

use super::sealed::{Buffer, DataBuffer, TextBuffer};
use crate::size::FAST;
use crate::utf8::decode_in_place;

/// An array and how much of it is in use.
#[derive(Clone)]
pub struct ArrayBuffer<A> {
    array: A,
    len: usize,
}

impl<A> ArrayBuffer<A> {
    pub(super) const fn new(array: A) -> Self {
        ArrayBuffer { array, len: 0 }
    }
}

impl<A: AsRef<[u8]> + AsMut<[u8]>> Buffer for ArrayBuffer<A> {
    fn len(&self) -> usize {
        self.len
    }

    fn max_len(&self) -> usize {
        self.array.as_ref().len()
    }

    fn push_str(&mut self, text: &str) {
        self.push_bytes(text.as_bytes());
    }

    fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    fn is_large(&self) -> bool {
        false
    }

    fn release(&mut self, _used: usize) {}
}

impl<A: AsRef<[u8]> + AsMut<[u8]>> TextBuffer for ArrayBuffer<A> {
    fn get(&self, range: Range<usize>) -> &str {
        crate::work::count_bytes(range.len());
        let text = self.array.as_ref().get(range).unwrap_or_default();
        // Text is all that was put there, or data that was decoded since.
        core::str::from_utf8(text).unwrap_or_default()
    }

    fn remove(&mut self, start: usize, end: usize) {
        if let Some(text) = self.array.as_mut().get_mut(..self.len) {
            if start <= end && end <= text.len() {
                crate::work::count_bytes(text.len() - end);
                text.copy_within(end.., start);
                self.len -= end - start;
            }
        }
    }
}

impl<A: AsRef<[u8]> + AsMut<[u8]>> DataBuffer for ArrayBuffer<A> {
    fn push_byte(&mut self, byte: u8) {
        self.push_bytes(&[byte]);
    }

    fn push_bytes(&mut self, bytes: &[u8]) {
        let free = self.array.as_mut().get_mut(self.len..).unwrap_or_default();
        if let Some(place) = free.get_mut(..bytes.len()) {
            place.copy_from_slice(bytes);
            self.len += bytes.len();
        }
    }

    fn bytes(&self, start: usize) -> &[u8] {
        self.array.as_ref().get(start..self.len).unwrap_or_default()
    }

    fn text(&self, start: usize) -> &str {
        self.get(start..self.len)
    }

    fn decode_text(&mut self) -> &str {
        // Else it came as text.
        if FAST {
            self.decode(0);
        }
        DataBuffer::text(self, 0)
    }

    fn decode(&mut self, start: usize) {
        let used = self.len.saturating_sub(start);
        if let Some(array) = self.array.as_mut().get_mut(start..) {
            self.len = start + decode_in_place(array, used);
        }
    }
}
