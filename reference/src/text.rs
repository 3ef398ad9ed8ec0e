//! Decodes bytes into characters: "UTF-8 decode" of 9.2.6, by the [Encoding
//! Standard](https://encoding.spec.whatwg.org/#utf-8-decoder).

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

/// The characters of a stream, with their positions: see [`decode`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The characters.
    pub characters: String,
    /// The characters that replace ill-formed bytes, in order.
    replacements: Vec<Replacement>,
}

/// An ill-formed sequence, and its U+FFFD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Replacement {
    /// The offset of its U+FFFD in the characters.
    at: usize,
    /// The offset of its bytes in the stream.
    start: usize,
    /// How many bytes it has.
    len: usize,
}

impl Text {
    /// Returns the bytes of the stream for this range of [`characters`](Self::characters).
    ///
    /// ```
    /// let text = sse_wire_reference::decode(b"a\xFFb");
    /// assert_eq!(text.characters, "a\u{FFFD}b");
    /// assert_eq!(text.bytes(1..4), 1..2);
    /// ```
    pub fn bytes(&self, characters: Range<usize>) -> Range<usize> {
        self.origin(characters.start)..self.origin(characters.end)
    }

    /// Returns the bytes of each ill-formed sequence in this range of [`characters`](Self::characters).
    ///
    /// ```
    /// let text = sse_wire_reference::decode(b"a\xE2\x82b\xFF");
    /// assert_eq!(text.ill_formed(0..text.characters.len()).collect::<Vec<_>>(), [1..3, 4..5]);
    /// ```
    pub fn ill_formed(&self, characters: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let from = self.replacements.partition_point(|it| it.at < characters.start);
        let inside = self.replacements[from..].iter().take_while(move |it| it.at < characters.end);
        inside.map(|it| it.start..it.start + it.len)
    }

    /// Returns the offset in the stream of the character at this offset.
    fn origin(&self, offset: usize) -> usize {
        match self.replacements[..self.replacements.partition_point(|it| it.at < offset)] {
            [] => offset,
            [.., Replacement { at, start, len }] => {
                start + len + (offset - at - char::REPLACEMENT_CHARACTER.len_utf8())
            }
        }
    }
}

/// Decodes UTF-8: each maximal subpart of an ill-formed sequence becomes one U+FFFD. A byte order mark stays, because
/// the grammar takes it.
pub fn decode(stream: &[u8]) -> Text {
    let mut text = Text { characters: String::new(), replacements: Vec::new() };
    let mut at = 0;
    for chunk in stream.utf8_chunks() {
        text.characters.push_str(chunk.valid());
        at += chunk.valid().len();
        let len = chunk.invalid().len();
        if len > 0 {
            text.replacements.push(Replacement { at: text.characters.len(), start: at, len });
            text.characters.push(char::REPLACEMENT_CHARACTER);
            at += len;
        }
    }
    text
}
