//! The same program without the parser: each chunk is kept and shown as if it were an event. The difference to
//! `with_parser` is the cost of the parser.
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
        // Firmware has a copy loop with or without a parser.
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
