//! The functions that the page calls. An instance serves one call of [`explain`], so memory is never freed.
#![allow(unsafe_code)] // The page writes to this memory and reads from it.

use alloc::vec;
use core::slice;

#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

/// Allocates this many bytes, aligned for numbers of four bytes, for the page to fill.
#[unsafe(no_mangle)]
extern "C" fn allocate(len: usize) -> *mut u32 {
    vec![0_u32; len.div_ceil(4)].leak().as_mut_ptr()
}

/// Explains the stream. The result begins with its length.
///
/// # Safety
///
/// Both pointers come from `allocate`, for at least `len` bytes and `count` numbers.
#[unsafe(no_mangle)]
unsafe extern "C" fn explain(
    stream: *const u8,
    len: usize,
    ends: *const u32,
    count: usize,
) -> *const u8 {
    // SAFETY: the caller guarantees it.
    let (stream, ends) =
        unsafe { (slice::from_raw_parts(stream, len), slice::from_raw_parts(ends, count)) };
    let json = crate::explain(stream, ends);
    let mut result = (json.len() as u32).to_le_bytes().to_vec();
    result.extend(json.as_bytes());
    result.leak().as_ptr()
}
