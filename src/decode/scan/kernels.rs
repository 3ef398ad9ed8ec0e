//! The kernels, with a file for each architecture. A build has one of them, and on x86-64 also AVX2, which is chosen at
//! run time.

#[cfg(all(target_arch = "x86_64", feature = "std"))]
pub(super) mod avx2;
#[cfg(all(target_arch = "aarch64", target_feature = "neon", target_endian = "little"))]
#[path = "kernels/neon.rs"]
mod own;
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
#[path = "kernels/sse2.rs"]
mod own;
#[cfg(not(any(
    all(target_arch = "aarch64", target_feature = "neon", target_endian = "little"),
    all(target_arch = "x86_64", target_feature = "sse2")
)))]
#[path = "kernels/swar.rs"]
mod own;
#[cfg(test)]
pub(super) mod swar;

pub(super) use own::look;

use super::{BLOCK, CR, LF, Look, Scan};

/// Looks at windows up to the first that has line ends.
#[inline(never)] // Inlined, it makes the compiler read two fields at once that were written one by one.
pub(super) fn fill<const MASKS: usize>(scan: &mut Scan<MASKS>, chunk: &[u8]) -> bool {
    #[cfg(all(target_arch = "x86_64", feature = "std"))]
    if chunk.len() >= super::WINDOW * BLOCK && std::arch::is_x86_feature_detected!("avx2") {
        return avx2::fill(scan, chunk);
    }
    fill_any(scan, chunk)
}

#[inline(never)] // So that AVX2 does not save its registers.
fn fill_any<const MASKS: usize>(scan: &mut Scan<MASKS>, chunk: &[u8]) -> bool {
    scan.fill_with(chunk, look)
}
