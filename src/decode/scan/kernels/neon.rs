//! The kernel for aarch64 with NEON.

use core::arch::aarch64::{
    uint8x16_t, vandq_u8, vceqq_u8, vdupq_n_u8, vgetq_lane_u64, vld1q_u8, vmaxvq_u8, vorrq_u8,
    vpaddq_u8, vreinterpretq_u64_u8,
};

use super::{BLOCK, CR, LF, Look};

/// NEON has no mask of a vector's bytes, so each byte keeps the bit of its place among eight, and
/// three rounds of pairwise sums leave eight bytes of eight bits each.
#[allow(unsafe_code)]
#[inline(always)]
pub(in super::super) fn look(block: &[u8; BLOCK]) -> Look {
    const PLACES: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];
    // SAFETY: NEON is enabled for the whole build (see the `cfg` of this module). The pointers are
    // to the 64 readable bytes of the block and the 16 of `PLACES`, of which each load reads 16, and
    // requires no alignment.
    unsafe {
        let [a, b, c, d] = [0, 16, 32, 48].map(|at| vld1q_u8(block.as_ptr().add(at)));
        let places = vld1q_u8(PLACES.as_ptr());
        let bits = |lane: uint8x16_t| {
            let ends = vorrq_u8(vceqq_u8(lane, vdupq_n_u8(LF)), vceqq_u8(lane, vdupq_n_u8(CR)));
            vandq_u8(ends, places)
        };
        let (ab, cd) = (vpaddq_u8(bits(a), bits(b)), vpaddq_u8(bits(c), bits(d)));
        let abcd = vpaddq_u8(ab, cd);
        Look {
            ends: vgetq_lane_u64::<0>(vreinterpretq_u64_u8(vpaddq_u8(abcd, abcd))),
            ascii: vmaxvq_u8(vorrq_u8(vorrq_u8(a, b), vorrq_u8(c, d))) < 0x80,
        }
    }
}
