//! Buffers on the heap.

use alloc::{string::String, vec::Vec};
use core::convert::Infallible;
use core::ops::Range;

use super::sealed::{Buffer, DataBuffer, TextBuffer};
use crate::utf8::{REPLACEMENT, decode, well_formed};

/// Allocations up to this size stay.
const ALWAYS_KEPT: usize = 4096;

/// What to shrink an allocation to of which only `used` bytes are still needed, if it pays.
#[inline(always)]
fn shrunk(capacity: usize, used: usize) -> Option<usize> {
    (capacity > ALWAYS_KEPT && capacity / 4 > used).then(|| (2 * used).max(ALWAYS_KEPT))
}

/// Appends the text of bytes of which some are ill-formed.
fn push_decoded(text: &mut String, bytes: &[u8]) {
    let Ok(()) = decode(bytes, Ok(REPLACEMENT), &mut |part| {
        text.push_str(part);
        Ok::<(), Infallible>(())
    });
}

impl Buffer for String {
    #[inline(always)]
    fn len(&self) -> usize {
        self.len()
    }

    #[inline(always)]
    fn max_len(&self) -> usize {
        usize::MAX
    }

    #[inline(always)]
    fn push_str(&mut self, text: &str) {
        self.push_str(text);
    }

    #[inline(always)]
    fn truncate(&mut self, len: usize) {
        self.truncate(len);
    }

    #[inline(always)]
    fn is_large(&self) -> bool {
        self.capacity() > ALWAYS_KEPT
    }

    #[inline(always)]
    fn release(&mut self, used: usize) {
        if let Some(capacity) = shrunk(self.capacity(), used) {
            crate::work::count_bytes(used);
            self.truncate(used);
            self.shrink_to(capacity);
        }
    }
}

impl TextBuffer for String {
    #[inline(always)]
    fn get(&self, range: Range<usize>) -> &str {
        str::get(self, range).unwrap_or_default()
    }

    #[inline(always)]
    fn remove(&mut self, start: usize, end: usize) {
        crate::work::count_bytes(self.len() - end);
        self.drain(start..end);
    }
}

/// Bytes, and the text that they stand for where that is another.
#[derive(Clone)]
pub struct HeapData {
    bytes: Vec<u8>,
    /// Empty, or all of it as text that was asked for: safe code can't put it in the place of
    /// `bytes` and lend it without checking it twice.
    decoded: String,
}

impl HeapData {
    pub(super) const fn new() -> Self {
        HeapData { bytes: Vec::new(), decoded: String::new() }
    }
}

impl Buffer for HeapData {
    #[inline(always)]
    fn len(&self) -> usize {
        self.bytes.len()
    }

    #[inline(always)]
    fn max_len(&self) -> usize {
        usize::MAX
    }

    #[inline(always)]
    fn push_str(&mut self, text: &str) {
        self.push_bytes(text.as_bytes());
    }

    #[inline(always)]
    fn truncate(&mut self, len: usize) {
        self.bytes.truncate(len);
        if !self.decoded.is_empty() {
            self.decoded = String::new();
        }
    }

    #[inline(always)]
    fn is_large(&self) -> bool {
        self.bytes.capacity() > ALWAYS_KEPT || !self.decoded.is_empty()
    }

    #[inline(always)]
    fn release(&mut self, used: usize) {
        if !self.is_large() {
            return;
        }
        self.decoded = String::new();
        if let Some(capacity) = shrunk(self.bytes.capacity(), used) {
            crate::work::count_bytes(used);
            self.bytes.truncate(used);
            self.bytes.shrink_to(capacity);
        }
    }
}

impl DataBuffer for HeapData {
    #[inline(always)]
    fn push_byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    #[inline(always)]
    fn push_bytes(&mut self, bytes: &[u8]) {
        match bytes {
            &[byte] => self.push_byte(byte),
            _ => self.bytes.extend_from_slice(bytes),
        }
    }

    fn bytes(&self, start: usize) -> &[u8] {
        self.bytes.get(start..).unwrap_or_default()
    }

    fn text(&self, start: usize) -> &str {
        if !self.decoded.is_empty() {
            return str::get(&self.decoded, start..).unwrap_or_default();
        }
        let bytes = self.bytes(start);
        crate::work::count_bytes(bytes.len());
        well_formed(bytes).unwrap_or_default()
    }

    #[inline(always)]
    fn decode_text(&mut self) -> &str {
        crate::work::count_bytes(self.bytes.len());
        match well_formed(&self.bytes) {
            Some(text) => text,
            None => {
                self.decoded.clear();
                push_decoded(&mut self.decoded, &self.bytes);
                &self.decoded
            }
        }
    }

    fn decode(&mut self, start: usize) {
        let bytes = self.bytes(start);
        crate::work::count_bytes(bytes.len());
        if well_formed(bytes).is_none() {
            let mut text = String::with_capacity(bytes.len());
            push_decoded(&mut text, bytes);
            crate::work::count_bytes(text.len());
            self.bytes.truncate(start);
            self.push_str(&text);
        }
    }
}
