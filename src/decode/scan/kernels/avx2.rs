//! The kernel for x86-64 processors with AVX2.

use core::arch::x86_64::{
    __m256i, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256,
    _mm256_set1_epi8,
};

use super::{BLOCK, CR, LF, Look, Scan};

/// [`fill`](super::fill); only for a processor that was seen to have AVX2.
#[allow(unsafe_code)]
#[inline]
pub(in super::super) fn fill<const MASKS: usize>(scan: &mut Scan<MASKS>, chunk: &[u8]) -> bool {
    debug_assert!(std::arch::is_x86_feature_detected!("avx2"));
    // SAFETY: the caller has seen AVX2.
    unsafe { fill_with_avx2(scan, chunk) }
}

#[allow(unsafe_code)]
#[target_feature(enable = "avx2")]
unsafe fn fill_with_avx2<const MASKS: usize>(scan: &mut Scan<MASKS>, chunk: &[u8]) -> bool {
    // SAFETY: as for this function.
    scan.fill_with(chunk, |block| unsafe { look(block) })
}

#[allow(unsafe_code)]
#[target_feature(enable = "avx2")]
#[inline]
unsafe fn look(block: &[u8; BLOCK]) -> Look {
    // SAFETY: the caller has seen AVX2. The pointer is to the 64 readable bytes of the block, of which
    // each load reads 32, and requires no alignment.
    unsafe {
        let halves: *const __m256i = block.as_ptr().cast();
        let (a, b) = (_mm256_loadu_si256(halves), _mm256_loadu_si256(halves.add(1)));
        let (lf, cr) = (_mm256_set1_epi8(LF as i8), _mm256_set1_epi8(CR as i8));
        let ends_a = _mm256_or_si256(_mm256_cmpeq_epi8(a, lf), _mm256_cmpeq_epi8(a, cr));
        let ends_b = _mm256_or_si256(_mm256_cmpeq_epi8(b, lf), _mm256_cmpeq_epi8(b, cr));
        let low = _mm256_movemask_epi8(ends_a) as u32;
        let high = _mm256_movemask_epi8(ends_b) as u32;
        Look {
            ends: u64::from(low) | u64::from(high) << 32,
            ascii: _mm256_movemask_epi8(_mm256_or_si256(a, b)) == 0,
        }
    }
}
