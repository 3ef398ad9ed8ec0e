//! Bytes → characters: "UTF-8 decode" of 9.2.6, by the
//! [Encoding Standard](https://encoding.spec.whatwg.org/#utf-8-decoder).

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

/// The characters of a stream, which know their bytes: see [`decode`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The characters.
    pub characters: String,
    /// For each byte of `characters`, and for their end, where in the stream its character begins.
    origins: Vec<usize>,
}

impl Text {
    /// The bytes of the stream that have become the characters in this range of
    /// [`characters`](Self::characters).
    ///
    /// ```
    /// let text = sse_wire_reference::decode(b"a\xFFb");
    /// assert_eq!(text.characters, "a\u{FFFD}b");
    /// assert_eq!(text.bytes(1..4), 1..2);
    /// ```
    ///
    /// # Panics
    ///
    /// Where the range is outside.
    pub fn bytes(&self, characters: Range<usize>) -> Range<usize> {
        self.origins[characters.start]..self.origins[characters.end]
    }
}

/// Decodes UTF-8: a maximal subpart of a sequence that is none becomes one U+FFFD. A byte order
/// mark stays: the grammar has it.
pub fn decode(stream: &[u8]) -> Text {
    let mut text = Text { characters: String::new(), origins: Vec::new() };
    let mut at = 0;
    for chunk in stream.utf8_chunks() {
        for character in chunk.valid().chars() {
            text.push(character, at);
            at += character.len_utf8();
        }
        if !chunk.invalid().is_empty() {
            text.push(char::REPLACEMENT_CHARACTER, at);
            at += chunk.invalid().len();
        }
    }
    text.origins.push(at);
    text
}

impl Text {
    fn push(&mut self, character: char, origin: usize) {
        self.characters.push(character);
        self.origins.resize(self.characters.len(), origin);
    }
}
