//! The hot byte-scanning loop: where the lines of a chunk end
//! ([9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)).
//!
//! A line ends at LF or CR and at nothing else. [`LineEnds`] finds both as one 64-bit mask per 64
//! bytes and hands the set bits out one by one, so that short lines cost no search call each.

use crate::size::FAST;

pub(crate) const LF: u8 = b'\n';
pub(crate) const CR: u8 = b'\r';

/// Whether a byte ends a line.
#[inline(always)]
pub(crate) const fn is_line_end(byte: u8) -> bool {
    matches!(byte, LF | CR)
}

/// Bytes that one mask covers.
const BLOCK: usize = 64;

/// The line ends of one chunk, in order, each looked at as often as wanted and passed once.
///
/// No byte is looked at before [`find`](Self::find) needs it, so a cursor that is dropped early
/// has scanned no more than a block (or one long line) ahead.
#[derive(Clone, Debug, Default)]
pub(crate) struct LineEnds {
    /// Line ends of the current block that were not passed yet; bit 0 is `block_start`.
    mask: u64,
    block_start: usize,
    /// Everything before this index has been scanned.
    scanned: usize,
}

impl LineEnds {
    /// Nothing before `index` is wanted.
    pub(crate) fn starting_at(index: usize) -> Self {
        LineEnds { mask: 0, block_start: index, scanned: index }
    }

    /// The first line end that has not been passed, where it has been found.
    #[inline(always)]
    pub(crate) fn found(&self) -> Option<usize> {
        if self.mask == 0 {
            return None;
        }
        Some(self.block_start + self.mask.trailing_zeros() as usize)
    }

    /// The first line end that has not been passed. `chunk` is the same at each call.
    #[inline(always)]
    pub(crate) fn find(&mut self, chunk: &[u8]) -> Option<usize> {
        if self.mask == 0 && self.scanned < chunk.len() {
            self.scan(chunk);
        }
        self.found()
    }

    /// Passes the line end that was found.
    #[inline(always)]
    pub(crate) fn pass(&mut self) {
        self.mask &= self.mask.wrapping_sub(1);
    }

    /// Scans on to the next block with a line end, if there is one.
    #[inline(never)]
    pub(crate) fn scan(&mut self, chunk: &[u8]) {
        let rest = chunk.get(self.scanned..).unwrap_or_default();
        if !FAST {
            // A block up to the next line end and no further.
            let len = rest.iter().position(|&byte| is_line_end(byte));
            self.mask = len.is_some().into();
            self.block_start = self.scanned + len.unwrap_or(0);
            self.scanned = len.map_or(chunk.len(), |_| self.block_start + 1);
            crate::work::count_bytes(self.scanned - (chunk.len() - rest.len()));
            return;
        }
        if let &[byte] = rest {
            crate::work::count_bytes(1);
            self.mask = is_line_end(byte).into();
            self.block_start = self.scanned;
            self.scanned = chunk.len();
            return;
        }
        let mut blocks = rest.chunks_exact(BLOCK);
        let mut block_start = self.scanned;
        for block in &mut blocks {
            crate::work::count_bytes(BLOCK);
            let mask = block.try_into().map_or(0, line_end_mask);
            if mask != 0 {
                self.mask = mask;
                self.block_start = block_start;
                self.scanned = block_start + BLOCK;
                return;
            }
            block_start += BLOCK;
        }
        self.mask = line_end_mask_of_tail(chunk, blocks.remainder());
        self.block_start = block_start;
        self.scanned = chunk.len();
    }
}

/// Bit `i` is set where `block[i]` ends a line.
///
/// Most blocks of a long line have no control character, which is told by the least of all bytes:
/// the first test asks no more.
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
#[allow(unsafe_code)]
#[inline(always)]
fn line_end_mask(block: &[u8; BLOCK]) -> u64 {
    use core::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128,
        _mm_set1_epi8,
    };
    let lanes: [&[u8]; 4] = core::array::from_fn(|i| &block[16 * i..][..16]);
    // SAFETY: SSE2 is enabled for the whole build (see the `cfg` above), and the only pointers are
    // those of the lanes, 16 readable bytes each, read by a load that asks for no alignment.
    unsafe {
        let [a, b, c, d] = lanes.map(|lane| _mm_loadu_si128(lane.as_ptr().cast()));
        let least = _mm_min_epu8(_mm_min_epu8(a, b), _mm_min_epu8(c, d));
        let controls = _mm_cmpeq_epi8(_mm_min_epu8(least, _mm_set1_epi8(CR as i8)), least);
        if _mm_movemask_epi8(controls) == 0 {
            return 0;
        }
        let bits = |lane: __m128i| {
            let lf = _mm_cmpeq_epi8(lane, _mm_set1_epi8(LF as i8));
            let cr = _mm_cmpeq_epi8(lane, _mm_set1_epi8(CR as i8));
            _mm_movemask_epi8(_mm_or_si128(lf, cr)) as u32 as u64
        };
        bits(a) | bits(b) << 16 | bits(c) << 32 | bits(d) << 48
    }
}

/// Bit `i` is set where `block[i]` ends a line.
///
/// The same test first. NEON has no mask of a vector's bytes, so each byte keeps the bit of its
/// place among eight, and three rounds of pairwise sums leave eight bytes of eight bits each.
#[cfg(all(target_arch = "aarch64", target_feature = "neon", target_endian = "little"))]
#[allow(unsafe_code)]
#[inline(always)]
fn line_end_mask(block: &[u8; BLOCK]) -> u64 {
    use core::arch::aarch64::{
        uint8x16_t, vandq_u8, vceqq_u8, vdupq_n_u8, vgetq_lane_u64, vld1q_u8, vminq_u8, vminvq_u8,
        vorrq_u8, vpaddq_u8, vreinterpretq_u64_u8,
    };
    const PLACES: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];
    let lanes: [&[u8]; 4] = core::array::from_fn(|i| &block[16 * i..][..16]);
    // SAFETY: NEON is enabled for the whole build (see the `cfg` above), and the only pointers are
    // those of the lanes and of `PLACES`, 16 readable bytes each, read by a load that asks for no
    // alignment.
    unsafe {
        let [a, b, c, d] = lanes.map(|lane| vld1q_u8(lane.as_ptr()));
        let least = vminq_u8(vminq_u8(a, b), vminq_u8(c, d));
        if vminvq_u8(least) > CR {
            return 0;
        }
        let places = vld1q_u8(PLACES.as_ptr());
        let bits = |lane: uint8x16_t| {
            let lf = vceqq_u8(lane, vdupq_n_u8(LF));
            let cr = vceqq_u8(lane, vdupq_n_u8(CR));
            vandq_u8(vorrq_u8(lf, cr), places)
        };
        let [ab, cd] = [vpaddq_u8(bits(a), bits(b)), vpaddq_u8(bits(c), bits(d))];
        let abcd = vpaddq_u8(ab, cd);
        vgetq_lane_u64::<0>(vreinterpretq_u64_u8(vpaddq_u8(abcd, abcd)))
    }
}

/// Bit `i` is set where `block[i]` ends a line.
#[cfg(not(any(
    all(target_arch = "x86_64", target_feature = "sse2"),
    all(target_arch = "aarch64", target_feature = "neon", target_endian = "little"),
)))]
#[inline(always)]
fn line_end_mask(block: &[u8; BLOCK]) -> u64 {
    portable_mask(block)
}

/// The same for the end of a chunk that is shorter than a block.
#[inline(never)]
fn line_end_mask_of_tail(chunk: &[u8], tail: &[u8]) -> u64 {
    match chunk.last_chunk::<BLOCK>() {
        // Bytes before the tail come along, which costs less than a mask of another length.
        Some(block) if !tail.is_empty() => {
            crate::work::count_bytes(BLOCK);
            line_end_mask(block) >> (BLOCK - tail.len())
        }
        _ => {
            crate::work::count_bytes(tail.len());
            portable_mask(tail)
        }
    }
}

/// The same for at most 64 bytes on any machine, eight at a time.
#[inline(always)]
fn portable_mask(bytes: &[u8]) -> u64 {
    let mut mask = 0;
    let mut words = bytes.chunks_exact(8);
    let mut shift = 0;
    for word in &mut words {
        let word = u64::from_le_bytes(word.try_into().unwrap_or_default());
        let high_bits = zero_bytes(word ^ repeat(LF)) | zero_bytes(word ^ repeat(CR));
        // Gathers the bits 7, 15, … 63 into the top byte, lowest first.
        mask |= ((high_bits >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) << shift;
        shift += 8;
    }
    for &byte in words.remainder() {
        mask |= u64::from(is_line_end(byte)) << shift;
        shift += 1;
    }
    mask
}

const fn repeat(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// The high bit of each byte that is zero, and no other bit.
const fn zero_bytes(word: u64) -> u64 {
    const LOW_BITS: u64 = repeat(0x7F);
    !(((word & LOW_BITS) + LOW_BITS) | word | LOW_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line_ends(chunk: &[u8]) -> impl Iterator<Item = usize> + '_ {
        let mut ends = LineEnds::default();
        core::iter::from_fn(move || {
            let end = ends.find(chunk);
            assert_eq!(end, ends.find(chunk), "finding it again changes nothing");
            ends.pass();
            end
        })
    }

    fn naive(chunk: &[u8]) -> impl Iterator<Item = usize> + '_ {
        (0..chunk.len()).filter(|&i| chunk[i] == LF || chunk[i] == CR)
    }

    /// Neighbours of LF and CR, their twins with the high bit, and both extremes.
    const HOSTILE: [u8; 12] = [0, 9, 11, 12, 14, 0x7F, 0x80, 0x8A, 0x8D, 0x89, 0xFF, b'a'];

    #[test]
    fn every_line_end_is_found_at_every_place_of_every_length() {
        for filler in HOSTILE {
            for len in 0..200 {
                let mut chunk = [filler; 200];
                for at in 0..len {
                    for end in [LF, CR] {
                        chunk[at] = end;
                        assert!(line_ends(&chunk[..len]).eq([at]), "{filler} {len} {at}");
                        chunk[at] = filler;
                    }
                }
                assert_eq!(line_ends(&chunk[..len]).next(), None, "{filler} {len}");
            }
        }
    }

    #[test]
    fn a_long_line_is_left_at_its_end_and_short_lines_behind_it_are_all_found() {
        for long in [511, 512, 513, 575, 576, 577, 3000] {
            let mut chunk = [b'x'; 3200];
            for (i, byte) in chunk[long..].iter_mut().enumerate() {
                if i % 3 == 0 {
                    *byte = if i % 2 == 0 { LF } else { CR };
                }
            }
            assert!(line_ends(&chunk).eq(naive(&chunk)), "{long}");
        }
    }

    #[test]
    fn each_line_end_of_a_block_has_its_bit_and_no_other_byte_has_one() {
        for (at, other) in (0..BLOCK).flat_map(|at| (0..=u8::MAX).map(move |byte| (at, byte))) {
            let mut block = [b'x'; BLOCK];
            block[at] = other;
            let expected = u64::from(other == LF || other == CR) << at;
            assert_eq!(line_end_mask(&block), expected, "{other} at {at}");
        }
        assert_eq!(line_end_mask(&[LF; BLOCK]), u64::MAX);
        assert_eq!(line_end_mask(&[CR; BLOCK]), u64::MAX);
    }

    #[test]
    fn the_portable_mask_equals_this_machines() {
        let mut block = [0; BLOCK];
        let mut seed = 1_u32;
        for _ in 0..10_000 {
            for byte in &mut block {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let pick = (seed >> 24) as usize;
                *byte = *[LF, CR].iter().chain(&HOSTILE).nth(pick % 14).unwrap();
            }
            assert_eq!(portable_mask(&block), line_end_mask(&block));
            for len in 0..BLOCK {
                let low = (1_u64 << len) - 1;
                assert_eq!(portable_mask(&block[..len]), line_end_mask(&block) & low);
            }
        }
    }
}
