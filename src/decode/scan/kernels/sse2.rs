//! The kernel for x86-64, of which SSE2 is a part.

use core::arch::x86_64::{
    __m128i, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128,
    _mm_set1_epi8,
};

use super::{BLOCK, CR, LF, Look};

#[allow(unsafe_code)]
#[inline(always)]
pub(in super::super) fn look(block: &[u8; BLOCK]) -> Look {
    // SAFETY: SSE2 is enabled for the whole build (see the `cfg` of this module). The pointer is to
    // the 64 readable bytes of the block, of which each load reads 16, and requires no alignment.
    unsafe {
        let quarters: *const __m128i = block.as_ptr().cast();
        let [a, b, c, d] = [0, 1, 2, 3].map(|i| _mm_loadu_si128(quarters.add(i)));
        let (lf, cr) = (_mm_set1_epi8(LF as i8), _mm_set1_epi8(CR as i8));
        let any = _mm_or_si128(_mm_or_si128(a, b), _mm_or_si128(c, d));
        let ascii = _mm_movemask_epi8(any) == 0;
        // Most blocks of a long line have no control character, which the smallest of all bytes shows.
        let least = _mm_min_epu8(_mm_min_epu8(a, b), _mm_min_epu8(c, d));
        if _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(least, cr), least)) == 0 {
            return Look { ends: 0, ascii };
        }
        let ends = |lane| {
            let ends = _mm_or_si128(_mm_cmpeq_epi8(lane, lf), _mm_cmpeq_epi8(lane, cr));
            u64::from(_mm_movemask_epi8(ends) as u32)
        };
        Look { ends: ends(a) | ends(b) << 16 | ends(c) << 32 | ends(d) << 48, ascii }
    }
}
