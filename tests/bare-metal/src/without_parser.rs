//! The same program with nothing in the parser's place: each chunk is kept and shown as if it were
//! an event. What `with_parser` has more than this is the parser's.
#![no_std]
#![no_main]

use core::hint::black_box;
use core::panic::PanicInfo;
use core::time::Duration;

use bare_metal::{Arrays, CHUNKS, fail, report, show, succeed};

#[cortex_m_rt::entry]
fn main() -> ! {
    let mut arrays: Arrays = ([0; 256], [0; 32], [0; 96]);
    for chunk in black_box(CHUNKS) {
        let (data, event_type, ids) = &mut arrays;
        // Firmware has a copy loop, with a parser and without.
        let len = black_box(chunk.len()).min(data.len()).min(chunk.len());
        data[..len].copy_from_slice(&chunk[..len]);
        show(event_type, &data[..len], ids);
    }
    report(true, Duration::ZERO, 0, size_of::<Arrays>());
    succeed()
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    fail()
}
