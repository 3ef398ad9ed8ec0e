//! The kernel for all other machines: eight bytes at a time in a word.

use super::{BLOCK, CR, LF, Look};

const LOW_BITS: u64 = repeat(0x7F);

pub(in super::super) fn look(block: &[u8; BLOCK]) -> Look {
    let (mut ends, mut any) = (0, 0);
    let mut words = block.as_slice();
    let mut shift = 0;
    while let Some((word, rest)) = words.split_first_chunk() {
        let word = u64::from_le_bytes(*word);
        let high_bits = zero_bytes(word ^ repeat(LF)) | zero_bytes(word ^ repeat(CR));
        // Gathers the bits 7, 15, … 63 into the top byte, lowest first.
        ends |= ((high_bits >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) << shift;
        any |= word;
        (words, shift) = (rest, shift + 8);
    }
    Look { ends, ascii: any & !LOW_BITS == 0 }
}

const fn repeat(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// The high bit of each byte that is zero, and no other bit.
const fn zero_bytes(word: u64) -> u64 {
    !(((word & LOW_BITS) + LOW_BITS) | word | LOW_BITS)
}
