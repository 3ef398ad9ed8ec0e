//! The least program: each chunk goes to the host as it is. What `with_parser` has more than this
//! is the parser's.
#![no_std]
#![no_main]

use core::hint::black_box;
use core::panic::PanicInfo;

use bare_metal::{CHUNKS, deepest_stack, fail, print, print_number, succeed};

#[cortex_m_rt::entry]
fn main() -> ! {
    for chunk in black_box(CHUNKS) {
        print(chunk);
        print(b"\n");
    }
    print_number("stack", deepest_stack());
    succeed()
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    fail()
}
