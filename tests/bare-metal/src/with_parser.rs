//! The parser over fixed arrays, and nothing else: each event goes to the host.
#![no_std]
#![no_main]

use core::hint::black_box;
use core::panic::PanicInfo;

use bare_metal::{Arrays, CHUNKS, fail, report, show, succeed};
use sse_wire::{End, Fixed, Parser};

/// A parser that owns its arrays.
type Small = Parser<Fixed<[u8; 256], [u8; 32], [u8; 64]>>;

#[cortex_m_rt::entry]
fn main() -> ! {
    let mut parser: Small = Parser::with_arrays([0; 256], [0; 32], [0; 64]);
    for chunk in black_box(CHUNKS) {
        let mut events = parser.push(chunk);
        loop {
            match events.next() {
                Ok(Some(event)) => show(
                    event.event_type.as_bytes(),
                    event.data.as_bytes(),
                    event.last_event_id.as_bytes(),
                ),
                Ok(None) => break,
                Err(_) => show(b"refused", b"", b""),
            }
        }
    }
    let ended = matches!(parser.finish(), End::Clean);
    let arrays = size_of::<Arrays>();
    let state = size_of::<Small>() - arrays;
    report(ended, parser.reconnection_time().unwrap_or(0), state, arrays);
    succeed()
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    fail()
}
